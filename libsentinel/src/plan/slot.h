/* SPDX-License-Identifier: MIT */
#ifndef SN_PLAN_SLOT_H
#define SN_PLAN_SLOT_H

#include <sentinel/error.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * A slot is the right to a number: it stands for the sandbox's host uids and the names of its cgroups. It is an
 * flock() on an empty file of a directory that only this user can write (/run/sentinel/slots for root,
 * $XDG_RUNTIME_DIR/sentinel/slots or /tmp/sentinel-UID/slots else), so the kernel gives it back when its holders die.
 * The sandbox's PID 1 keeps the same open file description: a slot is free only when the sandbox is gone too.
 */
#define SN__SLOT_COUNT 8192

/* Takes a free slot below `count`. *ret_fd is close-on-exec and read-only; closing every copy gives the slot back. */
int sn__slot_take(uint32_t count, uint32_t *ret_slot, int *ret_fd, sn_error **ret_error);
/* Tries one slot: 1 and a descriptor if it was free, 0 if somebody holds it, or a negative code. */
int sn__slot_try(uint32_t slot, int *ret_fd, sn_error **ret_error);

/* The same for many slots: opens the directory once (a descriptor, or a negative code); then 1, 0 or -errno each. */
int sn__slot_directory(sn_error **ret_error);
int sn__slot_try_in(int directory, uint32_t slot, int *ret_fd);

#endif
