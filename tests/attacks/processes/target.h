/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_ATTACK_TARGET_H
#define SENTINEL_ATTACK_TARGET_H

#include "attack.h"

#include <sys/types.h>

/*
 * Whom these attacks are aimed at, by the first argument: "init" is PID 1 of the sandbox (our parent, whatever its
 * number is: with the host's numbers, 1 would be somebody else), "victim" and "host" are processes of the host.
 */
__attribute__((unused)) static pid_t target(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "init") == 0)
        return getppid();
    if (argc > 1 && strcmp(argv[1], "victim") == 0)
        return (pid_t)atoi(scene("SN_VICTIM_PID"));
    if (argc > 1 && strcmp(argv[1], "host") == 0)
        return (pid_t)atoi(scene("SN_HOST_PID"));
    fprintf(stderr, "the first argument is init, victim or host\n");
    _exit(1);
}

#endif
