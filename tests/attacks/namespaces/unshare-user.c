/* SPDX-License-Identifier: MIT */
/* A user namespace of one's own brings every capability in it, and with these the kernel's less tried code. */
#include "attack.h"

#include <sched.h>

int main(void)
{
    if (unshare(CLONE_NEWUSER) < 0)
        held_by_errno("unshare(CLONE_NEWUSER)");
    breach("it has a user namespace of its own");
}
