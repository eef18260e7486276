#include <cstdio>
#include <cstring>
#include <new>

int main()
{
    volatile std::size_t size = std::size_t(1) << 30;
    char *block = new char[size];
    std::memset(block, 1, size);
    std::printf("%d\n", block[size / 2]);
    delete[] block;
}
