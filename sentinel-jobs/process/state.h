/* SPDX-License-Identifier: MIT */
#ifndef JOBS_PROCESS_STATE_H
#define JOBS_PROCESS_STATE_H

#include "common/failure.h"
#include "config/config.h"
#include "privilege/privilege.h"

/*
 * The state directory: is it the frontend's, with the files of store and queue that are kept there, and can it be
 * written to? FAIL_INVALID: with what mends it. What is not there yet is no failure. Forks: with one thread.
 */

/* Makes the directory if it is missing. Of a fleet, which keeps nothing in it, it need not be writable. */
int state_prepare(const struct config *config, const struct privilege_user *user, struct failure *failure);
/* The file of a store's or queue's URL, which is a part of it; NULL: it is a server's. */
const char *state_file_of(const char *url);
/* Changes nothing. */
int state_check(const struct config *config, const struct privilege_user *user, struct failure *failure);

#endif
