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


#include "table.h"
int main(void)
{
    char line[64] = "";
    FILE *file = fopen("data.txt", "r");
    if (!file || !fgets(line, sizeof(line), file))
        return 1;
    printf("%d %s", TABLE_SIZE, line);
    return 0;
}
