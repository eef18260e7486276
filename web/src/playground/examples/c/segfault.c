/* SPDX-License-Identifier: MIT */
#include <stdio.h>

int main(void)
{
    int *nowhere = NULL;

    printf("about to write where nothing is\n");
    fflush(stdout);
    *nowhere = 42;
    printf("this is never printed\n");
    return 0;
}
