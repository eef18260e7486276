/* SPDX-License-Identifier: MIT */
#ifndef SN_RESULT_RESULT_H
#define SN_RESULT_RESULT_H

#include "base/buffer.h"
#include "base/steps.h"
#include "result/verdict.h"

/* What one run did; filled by supervise/, read through the accessors. */
struct sn_result {
    sn_verdict verdict;
    sn_limit limit;
    int32_t exit_code;
    int32_t signal;
    uint64_t wall_ns;
    struct sn__usage usage;
    struct sn__buffer out[2]; /* stdout, stderr */
    bool truncated[2];
    bool has_denied;
    char denied_name[64];
    char denied[256];
    uint64_t denied_args[6];
    uint64_t layers;  /* in force */
    uint64_t relaxed; /* not in force by choice: a host without AppArmor chose nothing */
    struct sn__buffer notes;
    uint32_t suspect; /* SN_SUSPECT_... */
    uint64_t waited_ns, stolen_ns, throttled_above_ns;
    struct sn__steps steps;
};

/* For the compile step: a compiler that says no is no runtime error. */
void sn__result_set_verdict(sn_result *result, sn_verdict verdict);

#endif
