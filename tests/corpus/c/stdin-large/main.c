#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    long count, value, sum = 0;
    if (scanf("%ld", &count) != 1)
        return 1;
    for (long i = 0; i < count; i++) {
        if (scanf("%ld", &value) != 1)
            return 2;
        sum += value;
    }
    printf("%ld %ld\n", count, sum);
    return 0;
}
