#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

static void say(const char *what, long result)
{
    printf("%s: %s\n", what, result >= 0 ? "works" : strerrorname_np(errno));
}

int main(void)
{
    int fd = open("/usr/bin", O_RDONLY | O_DIRECTORY);

    say("inotify_init", inotify_init());
    say("inotify_init1", inotify_init1(IN_CLOEXEC));
    say("inotify_add_watch", inotify_add_watch(fd, "/usr/bin", IN_ALL_EVENTS));
    say("fanotify_init", syscall(SYS_fanotify_init, 0x200, O_RDONLY)); /* FAN_REPORT_FID: needs no capability */
    say("F_NOTIFY", fcntl(fd, F_NOTIFY, (long)(DN_ACCESS | DN_MULTISHOT)));
    say("F_NOTIFY, upper half set", syscall(SYS_fcntl, fd, F_NOTIFY | 1ULL << 32, (long)DN_ACCESS));
    say("F_GETFL", fcntl(fd, F_GETFL));
    return 0;
}
