#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    fputs("to stderr\n", stderr);
    puts("to stdout");
    return 0;
}
