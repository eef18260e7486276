/* SPDX-License-Identifier: MIT */
#include "base/cpus.h"

#include <errno.h>
#include <string.h>

/* At most as many digits as the largest number has. */
static int parse_number(const char **at, unsigned *ret_number)
{
    const char *begin = *at;
    unsigned number = 0;

    while (**at >= '0' && **at <= '9') {
        number = number * 10 + (unsigned)(**at - '0');
        if (number >= SN__CPUS_MAX)
            return -ERANGE;
        (*at)++;
    }
    *ret_number = number;
    return *at == begin ? -EINVAL : 0;
}

int sn__cpus_parse(const char *text, struct sn__cpus *ret_cpus)
{
    struct sn__cpus cpus = {0};

    for (const char *at = text;; at++) {
        unsigned first, last;
        int r = parse_number(&at, &first);

        last = first;
        if (r == 0 && *at == '-') {
            at++;
            r = parse_number(&at, &last);
        }
        if (r < 0)
            return r;
        if (last < first)
            return -EINVAL;
        for (unsigned cpu = first; cpu <= last; cpu++)
            cpus.words[cpu / 64] |= UINT64_C(1) << cpu % 64;
        if (*at == ',')
            continue;
        if (strcmp(at, "") != 0 && strcmp(at, "\n") != 0)
            return -EINVAL;
        *ret_cpus = cpus;
        return 0;
    }
}

bool sn__cpus_has(const struct sn__cpus *cpus, unsigned cpu)
{
    return cpu < SN__CPUS_MAX && (cpus->words[cpu / 64] >> cpu % 64 & 1);
}

unsigned sn__cpus_count(const struct sn__cpus *cpus)
{
    unsigned count = 0;

    for (size_t i = 0; i < sizeof(cpus->words) / sizeof(cpus->words[0]); i++)
        count += (unsigned)__builtin_popcountll(cpus->words[i]);
    return count;
}

int sn__cpus_first_outside(const struct sn__cpus *cpus, const struct sn__cpus *within)
{
    for (unsigned cpu = 0; cpu < SN__CPUS_MAX; cpu++)
        if (sn__cpus_has(cpus, cpu) && !sn__cpus_has(within, cpu))
            return (int)cpu;
    return -1;
}
