/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_CONTROL_H
#define SN_SPAWN_CONTROL_H

#include "init/protocol.h"

#include <sentinel/error.h>

#include <stddef.h>

/* The host's end of the control socket. */

/*
 * Sends one message with its descriptors (which stay the caller's): 0 or -errno; -EPIPE: PID 1 is gone. Never blocks:
 * PID 1 has at most a few messages to read at any time, so -EAGAIN is an error like others.
 */
int sn__control_send(int control, const struct sn__message *message, const int *fds, uint32_t fd_count);

/* The same of any packet, on any such socket; at most SN__MESSAGE_FDS_MAX descriptors. 0 or -errno. */
int sn__packet_send(int socket, const void *bytes, size_t length, const int *fds, uint32_t fd_count);

/* Receives one message, waiting at most timeout_ms (0: not at all): 1, 0 (nothing yet), or -errno; -EPIPE: gone. */
int sn__control_receive(int control, int timeout_ms, struct sn__message *ret_message, int *ret_fd);

/* "mount", "seccomp load", ... for a step that PID 1 reports. Static string. */
const char *sn__step_name(uint32_t step);

#endif
