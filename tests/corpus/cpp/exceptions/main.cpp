#include <iostream>
#include <stdexcept>

static void deep(int n)
{
    if (n == 0)
        throw std::runtime_error("from below");
    deep(n - 1);
}

int main()
{
    try {
        deep(100);
    } catch (const std::exception &e) {
        std::cout << e.what() << '\n';
    }
}
