#include <condition_variable>
#include <mutex>
#include <thread>

int main()
{
    std::mutex mutex;
    std::condition_variable condition;
    std::thread waiter([&] {
        std::unique_lock<std::mutex> lock(mutex);
        condition.wait(lock, [] { return false; });
    });
    waiter.join();
}
