#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, int result)
{
    printf("%s: %s\n", what, result == 0 ? "works" : strerrorname_np(errno));
}

int main(void)
{
    struct rlimit limit = {0, 0};
    pid_t child;

    say("read those of PID 1", prlimit(1, RLIMIT_NOFILE, NULL, &limit));
    limit.rlim_cur = limit.rlim_max = 0;
    say("set those of PID 1", prlimit(1, RLIMIT_NOFILE, &limit, NULL));
    child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    say("set those of a child", prlimit(child, RLIMIT_NOFILE, &limit, NULL));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    say("read its own", prlimit(0, RLIMIT_NOFILE, NULL, &limit));
    limit.rlim_cur = 16;
    say("set its own", setrlimit(RLIMIT_NOFILE, &limit));
    say("and read them again", getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur != 16);
    return 0;
}
