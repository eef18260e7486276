/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/error.h"
#include "config/options.h"

#include <inttypes.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

/* One row a field: where it is, what 0 means, what is accepted. */
static const struct {
    const char *name;
    size_t offset;
    uint64_t standard, least, most;
    bool may_be_unlimited;
} fields[] = {
    {"cpu_ms", offsetof(sn_limits, cpu_ms), 5000, 1, UINT64_C(1) << 40, true},
    {"wall_ms", offsetof(sn_limits, wall_ms), 10000, 1, UINT64_C(1) << 40, true},
    {"memory_bytes", offsetof(sn_limits, memory_bytes), 256 * MIB, MIB, UINT64_C(1) << 50, false},
    {"processes", offsetof(sn_limits, processes), 64, 1, UINT64_C(1) << 22, false},
    {"output_bytes", offsetof(sn_limits, output_bytes), 16 * MIB, 1, UINT64_C(1) << 40, false},
    {"file_bytes", offsetof(sn_limits, file_bytes), 256 * MIB, 1, INT64_MAX, true},
    {"open_files", offsetof(sn_limits, open_files), 256, 6, UINT64_C(1) << 20, false},
    {"stack_bytes", offsetof(sn_limits, stack_bytes), 64 * MIB, 65536, UINT64_C(1) << 40, true},
    {"cpu_percent", offsetof(sn_limits, cpu_percent), 0, 1, 1000000, false},
};

static uint64_t *field(sn_limits *limits, size_t i)
{
    return (uint64_t *)(void *)((char *)limits + fields[i].offset);
}

void sn_limits_init_sized(sn_limits *limits, size_t size)
{
    sn__options_init(limits, size);
}

void sn__options_init(void *options, size_t size)
{
    memset(options, 0, size);
    if (size >= sizeof(size))
        memcpy(options, &size, sizeof(size));
}

int sn__options_copy(void *to, size_t to_size, const void *from, const char *what, sn_error **ret_error)
{
    size_t from_size;

    memcpy(&from_size, from, sizeof(from_size));
    if (from_size < sizeof(size_t) || from_size > 65536)
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "%s.size is %zu: call its init function before setting fields", what, from_size);
    for (size_t i = to_size; i < from_size; i++)
        if (((const char *)from)[i])
            return sn__error_set(ret_error, SN_EINVAL, "check options",
                                 "%s has a field set that this version (%s) of the library does not know", what,
                                 SN_VERSION);
    memset(to, 0, to_size);
    memcpy(to, from, from_size < to_size ? from_size : to_size);
    memcpy(to, &to_size, sizeof(to_size));
    return 0;
}

void sn__options_give(void *to, const void *from, size_t from_size)
{
    size_t to_size;

    memcpy(&to_size, to, sizeof(to_size));
    memset(to, 0, to_size);
    memcpy(to, from, from_size < to_size ? from_size : to_size);
    memcpy(to, &to_size, sizeof(to_size));
}

int sn__limits_resolve(const sn_limits *limits, const sn_limits *base, sn_limits *ret_limits, sn_error **ret_error)
{
    sn_limits resolved;

    sn_limits_init(&resolved);
    if (limits) {
        int r = sn__options_copy(&resolved, sizeof(resolved), limits, "sn_limits", ret_error);

        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < SN_ARRAY_SIZE(fields); i++) {
        uint64_t *value = field(&resolved, i);

        if (*value == 0)
            *value = base ? *field((sn_limits *)base, i) : fields[i].standard;
        if (*value == 0 && fields[i].standard == 0)
            continue;
        if (*value == SN_UNLIMITED && fields[i].may_be_unlimited)
            continue;
        if (*value == SN_UNLIMITED)
            return sn__error_set(ret_error, SN_EINVAL, "check limits", "%s cannot be unlimited", fields[i].name);
        if (*value < fields[i].least || *value > fields[i].most)
            return sn__error_set(ret_error, SN_EINVAL, "check limits",
                                 "%s is %" PRIu64 ", not between %" PRIu64 " and %" PRIu64, fields[i].name, *value,
                                 fields[i].least, fields[i].most);
    }
    *ret_limits = resolved;
    return 0;
}
