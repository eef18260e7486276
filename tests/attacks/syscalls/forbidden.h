/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_ATTACK_FORBIDDEN_H
#define SENTINEL_ATTACK_FORBIDDEN_H

/*
 * The call that these attacks try to get past the filter: a TCP socket, which no default policy allows and every kernel
 * gives to everybody. Nothing is done with it.
 */
#include "attack.h"

#include <sys/socket.h>
#include <sys/syscall.h>

__attribute__((unused)) static int forbidden(void)
{
    return (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

#endif
