#include <iostream>
#include <new>

int main()
{
    volatile std::size_t size = std::size_t(1) << 60;
    try {
        char *block = new char[size];
        std::cout << static_cast<void *>(block) << '\n';
    } catch (const std::bad_alloc &) {
        std::cout << "caught\n";
    }
}
