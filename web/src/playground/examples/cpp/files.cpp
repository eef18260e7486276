// SPDX-License-Identifier: MIT
#include <iostream>

#include "shapes.hpp"

int main()
{
    for (double radius : {1.0, 2.0, 3.0})
        std::cout << "radius " << radius << ": area " << shapes::circle(radius) << "\n";
}
