#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    static char buffer[65536];
    unsigned long total = 0, newlines = 0;
    ssize_t n;
    while ((n = read(0, buffer, sizeof(buffer))) > 0) {
        total += (unsigned long)n;
        for (ssize_t i = 0; i < n; i++)
            newlines += buffer[i] == '\n';
    }
    printf("%lu %lu\n", total, newlines);
    return 0;
}
