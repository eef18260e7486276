#include <atomic>
#include <future>
#include <iostream>
#include <thread>
#include <vector>

int main()
{
    std::atomic<int> total{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] { for (int j = 0; j < 1000; j++) total++; });
    for (auto &t : threads)
        t.join();
    auto future = std::async(std::launch::async, [] { return 42; });
    std::cout << total << ' ' << future.get() << '\n';
}
