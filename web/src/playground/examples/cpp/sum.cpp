// SPDX-License-Identifier: MIT
// Two numbers a test: see the tests below, one of which expects something wrong.
#include <iostream>

int main()
{
    long long a, b;

    std::cin >> a >> b;
    std::cout << a + b << "\n";
}
