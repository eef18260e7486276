#include <iostream>

int main()
{
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
    int n;
    long long sum = 0;
    std::cin >> n;
    for (int i = 0, x; i < n && std::cin >> x; i++)
        sum += x;
    std::cout << n << ' ' << sum << '\n';
}
