#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    fwrite("\xc3|\xc0\xaf|\xed\xa0\x80|\xf5\x80\x80\x80", 1, 13, stdout);
    return 0;
}
