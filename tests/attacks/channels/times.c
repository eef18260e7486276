/* SPDX-License-Identifier: MIT */
/* The times of the host's device nodes, which every sandbox sees: a thing that all could write and read. */
#include "attack.h"

#include <fcntl.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    const char *node = argc > 1 ? argv[1] : "/dev/null";

    if (utimensat(AT_FDCWD, node, NULL, 0) < 0)
        held_by_errno(node);
    breach("the times of the host's %s were changed", node);
}
