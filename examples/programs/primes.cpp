// Counts the primes below ten million.
#include <iostream>
#include <vector>

int main()
{
    std::vector<bool> composite(10'000'000);
    int primes = 0;

    for (std::size_t n = 2; n < composite.size(); n++) {
        if (composite[n])
            continue;
        primes++;
        for (std::size_t m = n * n; m < composite.size(); m += n)
            composite[m] = true;
    }
    std::cout << primes << " primes below " << composite.size() << '\n';
}
