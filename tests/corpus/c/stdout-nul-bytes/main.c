#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    fwrite("a\0b\x01\x1f\x7f\"\\\r\n", 1, 10, stdout);
    return 0;
}
