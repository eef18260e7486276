/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_ATTACK_TERMINAL_H
#define SENTINEL_ATTACK_TERMINAL_H

#include "stage.h"

/*
 * The stage `terminal`: in a process of its own, which has a terminal as its controlling one, the attack is put on and
 * judged. A byte in the terminal's input queue afterwards is a breach. 0, or -1 with errno.
 */
int terminal_perform(const struct staging *staging, const struct attack *attack, const struct attack_variant *variant,
                     struct attack_outcome *ret_outcome);

#endif
