/* Reads numbers, prints them in order. */
#include <stdio.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

int main(void)
{
    int numbers[1000];
    size_t count = 0;

    while (count < 1000 && scanf("%d", &numbers[count]) == 1)
        count++;
    qsort(numbers, count, sizeof(*numbers), by_value);
    for (size_t i = 0; i < count; i++)
        printf("%d%c", numbers[i], i + 1 < count ? ' ' : '\n');
    return 0;
}
