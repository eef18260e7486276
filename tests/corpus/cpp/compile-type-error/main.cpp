#include <string>

int main()
{
    std::string text = 5 + std::string("x") * 2;
}
