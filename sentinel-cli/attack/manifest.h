/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_ATTACK_MANIFEST_H
#define SENTINEL_ATTACK_MANIFEST_H

#include "attack.h"

/*
 * Loads every <class>/<name>.json of `directory`; programs in C are looked for in `programs`. Only those whose name
 * matches one of `only` (shell patterns; none: all). 0, or -1 with *ret_why (to be freed).
 */
int attack_list_load(const char *directory, const char *programs, const struct string_list *only,
                     struct attack_list *ret_list, char **ret_why);
void attack_list_clear(struct attack_list *list);

#endif
