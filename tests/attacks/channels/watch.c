/* SPDX-License-Identifier: MIT */
/*
 * Watches what others do with the files of the shared read-only tree: one sandbox opens a file again and again, the
 * other is told of it (or not).
 *
 *     watch inotify|fanotify|dnotify|lease|atime|mtime FILE plant|look
 */
#include "attack.h"

#include <fcntl.h>
#include <libgen.h>
#include <linux/fanotify.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static volatile sig_atomic_t told;

static void on_signal(int number)
{
    told = number;
}

static void plant(const char *file)
{
    char byte;

    printf("READY\n");
    fflush(stdout);
    for (int i = 0; i < 400; i++) {
        int fd = open(file, O_RDONLY);

        if (fd >= 0) {
            if (read(fd, &byte, 1) < 0)
                break;
            close(fd);
        }
        usleep(5000);
    }
}

static void wait_for(int fd)
{
    char events[4096];

    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 40; i++) {
        if (read(fd, events, sizeof(events)) > 0 || told)
            breach("saw what the neighbour does");
        usleep(10000);
    }
    held("watched, and saw nothing");
}

int main(int argc, char **argv)
{
    const char *how = argc > 3 ? argv[1] : "inotify";
    const char *file = argc > 3 ? argv[2] : "/usr/bin/env";
    struct sigaction action = {.sa_handler = on_signal};
    struct stat before, now;
    int fd;

    if (strcmp(argv[argc - 1], "plant") == 0) {
        plant(file);
        return 0;
    }
    if (strcmp(how, "inotify") == 0) {
        fd = inotify_init1(IN_CLOEXEC);
        if (fd < 0 || inotify_add_watch(fd, file, IN_OPEN | IN_ACCESS) < 0)
            held_by_errno("inotify");
        wait_for(fd);
    }
    if (strcmp(how, "fanotify") == 0) {
        fd = (int)syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY);
        if (fd < 0 && errno == ENOSYS)
            held_by_errno("fanotify_init");
        if (fd < 0)
            held_by_errno("fanotify_init");
        if (syscall(SYS_fanotify_mark, fd, FAN_MARK_ADD, FAN_OPEN | FAN_ACCESS, AT_FDCWD, file) < 0)
            held_by_errno("fanotify_mark");
        wait_for(fd);
    }
    if (strcmp(how, "dnotify") == 0) {
        sigaction(SIGIO, &action, NULL);
        fd = open(dirname(strdup(file)), O_RDONLY | O_DIRECTORY);
        if (fd < 0 || fcntl(fd, F_NOTIFY, DN_ACCESS | DN_MULTISHOT) < 0)
            held_by_errno("F_NOTIFY");
        wait_for(0);
    }
    if (strcmp(how, "lease") == 0) {
        fd = open(file, O_RDONLY);
        if (fd < 0 || fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
            held_by_errno("F_SETLEASE");
        breach("whoever opens %s for writing waits for this program", file);
    }
    if (strcmp(how, "atime") == 0) {
        if (stat(file, &before) < 0)
            held_by_errno(file);
        usleep(100000);
        if (stat(file, &now) < 0)
            held_by_errno(file);
        if (before.st_atim.tv_sec != now.st_atim.tv_sec || before.st_atim.tv_nsec != now.st_atim.tv_nsec)
            breach("the time of access tells of the neighbour");
        held("the time of access stays");
    }
    cannot("no way called %s", how);
}
