/* SPDX-License-Identifier: MIT */
#ifndef SN_BASE_STEPS_H
#define SN_BASE_STEPS_H

#include "base/clock.h"

#include <sentinel/steps.h>

#include <stdbool.h>

#define SN__STEPS_MAX 12

/* Steps as they are made; what does not fit is dropped. */
struct sn__steps {
    sn_step list[SN__STEPS_MAX];
    size_t count;
    uint64_t last_ns; /* when the latest one ended */
};

static inline void sn__steps_begin(struct sn__steps *steps)
{
    steps->count = 0;
    steps->last_ns = sn__now_ns();
}

static inline void sn__steps_add(struct sn__steps *steps, const char *name, uint64_t ns, bool is_ahead)
{
    if (steps->count < SN__STEPS_MAX)
        steps->list[steps->count++] = (sn_step){.name = name, .ns = ns, .is_ahead = is_ahead};
}

/* What was done since the latest one. */
static inline void sn__steps_mark(struct sn__steps *steps, const char *name)
{
    uint64_t now = sn__now_ns();

    sn__steps_add(steps, name, now - steps->last_ns, false);
    steps->last_ns = now;
}

#endif
