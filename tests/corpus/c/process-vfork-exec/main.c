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


#include <spawn.h>
extern char **environ;
int main(void)
{
    pid_t child;
    int status;
    char *arguments[] = {"/bin/echo", "spawned", NULL};
    if (posix_spawn(&child, "/bin/echo", NULL, NULL, arguments, environ))
        return 1;
    waitpid(child, &status, 0);
    return status || system("echo from a shell; exit 0");
}
