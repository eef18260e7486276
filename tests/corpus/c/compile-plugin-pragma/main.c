#include <stdio.h>
#pragma GCC optimize("-fplugin=/work/evil.so")
int main(void)
{
    puts("compiled without it");
    return 0;
}
