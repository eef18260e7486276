#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    printf("%s|%s|%s\n", getenv("GREETING"), getenv("EQUATION"), getenv("EMPTY"));
    return 0;
}
