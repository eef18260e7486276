/* SPDX-License-Identifier: MIT */
#ifndef SN_LANGUAGE_KEY_H
#define SN_LANGUAGE_KEY_H

#include "cache/digest.h"
#include "language/language.h"

/* Parts of the keys that artifacts and preparations are kept by. */

void sn__key_add_limits(struct sn__digest *digest, const sn_limits *limits);
void sn__key_add_command(struct sn__digest *digest, const struct sn__language_command *command);
/*
 * What a policy is, not how it is called: the filter that it compiles to. `policy` NULL: the one of this name. Errors:
 * those of sn_policy_load() and sn_policy_compile().
 */
int sn__key_add_policy(struct sn__digest *digest, const char *name, const sn_policy *policy, sn_error **ret_error);
/* The processor, as far as programs can ask it: what is compiled for this one need not run on another. */
void sn__key_add_processor(struct sn__digest *digest);

#endif
