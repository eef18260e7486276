/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_POLICYFILE_H
#define SENTINEL_POLICYFILE_H

#include "options.h"

#include <sentinel/policy.h>

/*
 * Loads what a user named as a policy: a path, or the name of an installed one; a file of that name in the current
 * directory comes first. `option` (may be NULL) goes before messages. 0, or the exit status after a message.
 */
int policy_load_argument(const struct cli *cli, const char *option, const char *name, sn_policy **ret_policy);

/* The same, quietly: the library's code, and the path to show with an error (NULL: an installed one; to be freed). */
int policy_load_name(const char *name, sn_policy **ret_policy, char **ret_path, sn_error **ret_error);

/* --policy, or none (NULL): then the library chooses. 0, or the exit status after a message. */
int policy_load_settings(const struct cli *cli, const struct settings *settings, sn_policy **ret_policy);

#endif
