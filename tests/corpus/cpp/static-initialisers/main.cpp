#include <cstdlib>
#include <iostream>

struct early {
    early()
    {
        std::cout << "early" << std::endl;
        std::exit(6);
    }
} instance;

int main()
{
    std::cout << "main" << std::endl;
}
