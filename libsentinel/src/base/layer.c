/* SPDX-License-Identifier: MIT */
#include <sentinel/layer.h>

#include <stddef.h>
#include <string.h>

/* Indexed by bit number. The names are the ones that --relax takes. */
static const char *const layer_names[SN_LAYER_COUNT] = {
    "user-ns", "pid-ns", "mount-ns",     "network-ns", "ipc-ns",   "uts-ns", "cgroup-ns", "root",      "proc",
    "uid",     "caps",   "no-new-privs", "seccomp",    "landlock", "cgroup", "session",   "nested-ns", "apparmor",
};

const char *sn_layer_name(uint64_t layer)
{
    for (size_t i = 0; i < SN_LAYER_COUNT; i++)
        if (layer == UINT64_C(1) << i)
            return layer_names[i];
    return NULL;
}

uint64_t sn_layer_by_name(const char *name)
{
    for (size_t i = 0; name && i < SN_LAYER_COUNT; i++)
        if (strcmp(name, layer_names[i]) == 0)
            return UINT64_C(1) << i;
    return 0;
}
