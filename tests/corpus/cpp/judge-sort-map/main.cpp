#include <algorithm>
#include <cstdio>
#include <map>
#include <unordered_map>
#include <vector>

int main()
{
    int n;
    if (scanf("%d", &n) != 1)
        return 1;
    std::vector<int> values(n);
    std::map<int, int> buckets;
    for (int &v : values) {
        if (scanf("%d", &v) != 1)
            return 2;
        buckets[v % 10]++;
    }
    std::sort(values.begin(), values.end());
    int total = 0;
    for (auto &[bucket, count] : buckets)
        total += count;
    printf("%d %d %d %d\n", values.front(), values[n / 2], values.back(), total);
}
