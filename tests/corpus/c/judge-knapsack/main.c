#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    static long best[100001];
    for (int item = 1; item <= 100; item++) {
        int weight = 37 * item % 911 + 1, value = 53 * item % 1009;
        for (int w = 100000; w >= weight; w--)
            if (best[w - weight] + value > best[w])
                best[w] = best[w - weight] + value;
    }
    printf("%ld\n", best[20000]);
    return 0;
}
