#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 100000; i++)
        printf("line %07d of a large output\n", i);
    return 0;
}
