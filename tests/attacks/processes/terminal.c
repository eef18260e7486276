/* SPDX-License-Identifier: MIT */
/*
 * Types into the caller's terminal, so that the caller's shell runs it when the sandbox is gone: TIOCSTI puts a byte
 * into the input queue, TIOCLINUX pastes a selection (on a console). bubblewrap, Flatpak, su, snapd and others had
 * that. Every terminal that can be had is tried.
 */
#include "attack.h"

#include <fcntl.h>
#include <sys/ioctl.h>

static int type(int fd, int how)
{
    char paste[2] = {3 /* TIOCL_PASTESEL */, 0};

    return how == 's' ? ioctl(fd, TIOCSTI, "x") : ioctl(fd, TIOCLINUX, paste);
}

int main(int argc, char **argv)
{
    static const char *const paths[] = {"/dev/tty",  "/dev/console", "/dev/tty0",  "/dev/tty1",
                                        "/dev/ptmx", "/dev/pts/0",   "/dev/pts/1", "/dev/stdin"};
    int how = argc == 2 ? argv[1][0] : 0, error = 0;

    if (how != 's' && how != 'l' && how != 'o')
        return 1;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int fd = open(paths[i], O_RDWR | O_NOCTTY | O_CLOEXEC);

        if (fd >= 0 && isatty(fd) && how == 'o')
            breach("it opened the terminal %s", paths[i]);
    }
    if (how == 'o')
        held("no terminal could be opened");
    for (int fd = 0; fd < 256; fd++) {
        if (type(fd, how) == 0)
            breach("it typed into descriptor %d", fd);
        if (errno != EBADF)
            error = errno;
    }
    errno = error;
    held_by_errno(how == 's' ? "TIOCSTI" : "TIOCLINUX");
}
