/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_ATTACK_REPORT_H
#define SENTINEL_ATTACK_REPORT_H

#include "attack.h"

/* Text on stdout as it goes, or one JSON document at the end. */
struct report {
    bool json;
    json_t *attacks;
    const char *class; /* of the attack reported last */
    size_t tried[OUTCOME_BROKEN + 1];
    size_t controls[3]; /* as they have to be; otherwise; not tried */
    json_t *by;         /* layer -> number held */
    size_t planned;
    bool interrupted; /* there were to be more */
};

void report_open(struct report *report, bool json, size_t planned);
/* An attack as the caller's configuration met it. */
void report_attack(struct report *report, const struct attack *attack, const struct attack_outcome *outcome);
/* The same with layers relaxed; `expected` is OUTCOME_HELD or OUTCOME_BREACHED. */
void report_control(struct report *report, const struct attack *attack, const struct attack_variant *variant,
                    enum attack_kind expected, const struct attack_outcome *outcome);
/* The manifest says why nothing shows the attack working. */
void report_no_control(struct report *report, const struct attack *attack, const char *why);
/* Prints the end of it: 0 if everything held and every control showed what it has to, 1 if not, or STATUS_INTERNAL. */
int report_close(struct report *report);

#endif
