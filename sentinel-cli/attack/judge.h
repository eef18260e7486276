/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_ATTACK_JUDGE_H
#define SENTINEL_ATTACK_JUDGE_H

#include "stage.h"

/* Says how a performance went; the strings of the outcome are the caller's. */
void judge(const struct attack *attack, const struct attack_variant *variant, const struct performance *performance,
           struct attack_outcome *ret_outcome);

#endif
