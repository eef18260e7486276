/* SPDX-License-Identifier: MIT */
#ifndef SN_TEMPLATE_PROTOCOL_H
#define SN_TEMPLATE_PROTOCOL_H

#include "init/protocol.h"

/*
 * What the library sends to a template, one packet a child (template/template.h). There is no answer on this socket but
 * one byte when the template is warm: what becomes of the child is told to its PID 1, which tells the library.
 */
struct sn__template_request {
    uint64_t layers; /* in force in the sandbox */
    uint32_t uid;    /* of the program, inside */
    uint32_t gid;
    uint32_t owner_uid;
    uint32_t serial;     /* of the run to be */
    int32_t landlock_fd; /* PID 1's number of its ruleset, or -1 */
    uint32_t reserved;
};

/* Its descriptors: a copy of the host's end of the control socket, a pidfd of PID 1, then those of RUN. */
#define SN__TEMPLATE_FD_CONTROL 0
#define SN__TEMPLATE_FD_INIT 1
#define SN__TEMPLATE_FD_RUN 2
#define SN__TEMPLATE_FDS_MAX 16

/* What a template is started with. */
#define SN__TEMPLATE_SOCKET_FD 3
#define SN__TEMPLATE_HOST_FD 4   /* a pidfd of the host process */
#define SN__TEMPLATE_HELPER_FD 5 /* the code in helper_*.c, a sealed memfd */

#endif
