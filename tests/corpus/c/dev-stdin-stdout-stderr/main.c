#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>


int main(void)
{
    char word[32] = "";
    FILE *in = fopen("/dev/stdin", "r"), *out = fopen("/dev/stdout", "w"), *err = fopen("/dev/stderr", "w");
    if (!in || !out || !err) {
        printf("%d %d %d: %s\n", !!in, !!out, !!err, strerror(errno));
        return 1;
    }
    if (fscanf(in, "%31s", word) != 1)
        return 2;
    fprintf(out, "out %s\n", word);
    fprintf(err, "err %s\n", word);
    return 0;
}
