#include <iostream>

int main()
{
    for (;;)
        std::cout << "again" << std::endl;
}
