/* SPDX-License-Identifier: MIT */
/*
 * Leaves something that is no plain file where the host expects one: what blocks or misleads a host that opens it
 * without looking (a FIFO waits for ever, a device is the machine's, a sparse file is larger than memory).
 */
#include "attack.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

static void make_file(const char *name, mode_t mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, mode);

    if (fd < 0 || write(fd, "mine\n", 5) != 5)
        cannot("%s: %s", name, strerror(errno));
    close(fd);
}

static void make_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "out"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        held_by_errno("bind");
}

/* Deeper than PATH_MAX: no path leads to the bottom. */
static void make_depth(void)
{
    char name[201];
    int depth = 0;

    memset(name, 'd', 200);
    name[200] = '\0';
    while (depth < 100 && mkdir(name, 0777) == 0 && chdir(name) == 0)
        depth++;
    make_file("out", 0644);
}

static void make_odd_names(void)
{
    static const char *const names[] = {"new\nline", "\033]0;title\007", "-rf", " ", "\xff\xfe", "a\tb", "%s%n",
                                        "$(id)"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        make_file(names[i], 0644);
}

static void make_many(void)
{
    char name[256];
    int fd;

    memset(name, 'n', 250);
    for (int i = 0; i < 20000; i++) {
        snprintf(name + 240, 16, "%d", i);
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
        if (fd < 0)
            held("%d names, then %s", i, strerror(errno));
        close(fd);
    }
    breach("20000 files were made in the work directory");
}

/* A mount over the file, in a namespace of its own: is it seen from outside? */
static void make_mount(void)
{
    make_file("out", 0644);
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        held_by_errno("unshare");
    if (mount(scene("SN_CANARY"), "out", NULL, MS_BIND, NULL) < 0)
        held_by_errno("mount");
    held("mounted, for this process at least");
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "fifo";

    umask(0);
    if (chdir(scene("SN_BOX")) < 0)
        cannot("cannot enter the box: %s", strerror(errno));
    if (strcmp(what, "fifo") == 0) {
        if (mkfifo("out", 0666) < 0)
            held_by_errno("mkfifo");
    } else if (strcmp(what, "device") == 0) {
        if (mknod("out", S_IFCHR | 0666, makedev(1, 5)) < 0)
            held_by_errno("mknod");
    } else if (strcmp(what, "socket") == 0) {
        make_socket();
    } else if (strcmp(what, "directory") == 0) {
        if (mkdir("out", 0777) < 0)
            held_by_errno("mkdir");
        make_file("out/inner", 0644);
    } else if (strcmp(what, "unreadable") == 0) {
        make_file("out", 0);
    } else if (strcmp(what, "shut") == 0) {
        make_file("out", 0644);
        if (chmod(".", 0) < 0)
            held_by_errno("chmod");
    } else if (strcmp(what, "sparse") == 0) {
        signal(SIGXFSZ, SIG_IGN);
        make_file("out", 0644);
        if (truncate("out", 1L << 40) < 0)
            held_by_errno("truncate to 1 TiB");
        breach("a file of 1 TiB");
    } else if (strcmp(what, "large") == 0) {
        make_file("out", 0644);
        if (truncate("out", 200L << 20) < 0)
            held_by_errno("truncate");
    } else if (strcmp(what, "deep") == 0) {
        make_depth();
    } else if (strcmp(what, "names") == 0) {
        make_odd_names();
    } else if (strcmp(what, "many") == 0) {
        make_many();
    } else if (strcmp(what, "mount") == 0) {
        make_mount();
    } else if (strcmp(what, "hard-link") == 0) {
        if (link(scene("SN_CANARY"), "out") < 0)
            held_by_errno("link");
    } else {
        cannot("no %s", what);
    }
    held("laid %s", what);
}
