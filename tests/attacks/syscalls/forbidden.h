/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_ATTACK_FORBIDDEN_H
#define SENTINEL_ATTACK_FORBIDDEN_H

/*
 * The call that these attacks try to get past the filter: unshare() of nothing. No policy that comes with Sentinel lets
 * it through, every kernel does it for everybody, and it does nothing.
 */
#include "attack.h"

#include <sys/syscall.h>

#define FORBIDDEN SYS_unshare /* with an argument of 0 */

__attribute__((unused)) static int forbidden(void)
{
    return (int)syscall(FORBIDDEN, 0L);
}

#endif
