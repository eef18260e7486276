/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_ATTACK_STAGE_H
#define SENTINEL_ATTACK_STAGE_H

#include "scene.h"

/* How attacks are put on. The strings belong to the caller. */
struct staging {
    const struct cli *cli;
    const struct string_list *configuration; /* the caller's options of exec, for every sandbox */
    struct scene *scene;
    const char *directory; /* of the manifests: attack.py lies there */
};

/* What happened on stage. */
struct performance {
    sn_result *plant; /* of the first of two programs; NULL */
    sn_result *look;  /* of the only or second one; NULL if it was not started */
    sn_limits limits; /* in force */
    char *evidence;   /* what the host saw by itself; NULL */
    char *failure;    /* no sandbox was made, or the program did not start; NULL */
    bool impossible;  /* this user, this host or the caller's own options cannot do without these layers */
};

/* Is there a sandbox in the caller's configuration? 0, or -1 with the reason (to be freed). */
int stage_try(const struct staging *staging, char **ret_why);

/* Puts a variant of an attack on; always fills in the performance. */
void stage_perform(const struct staging *staging, const struct attack *attack, const struct attack_variant *variant,
                   struct performance *ret_performance);
void performance_clear(struct performance *performance);

#endif
