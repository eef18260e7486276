/* SPDX-License-Identifier: MIT */
#ifndef SN_INIT_CHECK_H
#define SN_INIT_CHECK_H

/*
 * What PID 1 is told comes from its own library; a host process that has gone wrong, or that somebody has taken over,
 * shall not be able to make it read or jump anywhere else. Pure functions: 0 if everything that the header says lies
 * within the `size` bytes that came, or -EBADMSG.
 */
#include "init/protocol.h"

#include <stddef.h>

/* `fds` is how many descriptors came with the message. */
int check_plan(const char *bytes, size_t size, uint32_t fds);
int check_request(const char *bytes, size_t size, uint32_t fds);
int check_message(const struct sn__message *message, size_t size);

#endif
