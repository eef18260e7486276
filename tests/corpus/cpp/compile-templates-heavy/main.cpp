#include <iostream>
#include <regex>
#include <string>
#include <tuple>
#include <variant>

int main()
{
    std::string text = "2026-11-21";
    std::smatch match;
    std::regex pattern("(\\d+)-(\\d+)-(\\d+)");
    std::variant<int, std::string> either = 5;
    auto [a, b] = std::tuple(1, 2);
    if (std::regex_match(text, match, pattern))
        std::cout << match[2] << ' ' << std::get<int>(either) << ' ' << a + b << '\n';
}
