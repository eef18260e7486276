#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <math.h>
int main(void)
{
    volatile double x = 2;
    printf("%.6f %.6f\n", sqrt(x), pow(x, 0.25));
    return 0;
}
