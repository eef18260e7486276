/* SPDX-License-Identifier: MIT */
/*
 * A descriptor of somebody outside can be handed over by SCM_RIGHTS, past every namespace, if there is any socket to
 * receive it by: are 0, 1 and 2, or others that were left open, such sockets?
 */
#include "attack.h"

#include <sys/socket.h>

int main(void)
{
    for (int i = 0; i < 1024; i++) {
        int family;
        socklen_t length = sizeof(family);

        if (getsockopt(i, SOL_SOCKET, SO_DOMAIN, &family, &length) == 0)
            breach("descriptor %d is a socket of family %d", i, family);
    }
    held("no descriptor is a socket");
}
