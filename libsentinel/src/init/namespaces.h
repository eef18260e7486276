/* SPDX-License-Identifier: MIT */
#ifndef SN_INIT_NAMESPACES_H
#define SN_INIT_NAMESPACES_H

#include <sentinel/layer.h>

#include <linux/sched.h>
#include <stddef.h>

/* The CLONE_NEW... of PID 1's namespaces under these layers; that of cgroups is made apart, once it is in its group. */
static inline uint32_t namespaces_of(uint64_t layers)
{
    static const struct {
        uint64_t layer;
        uint32_t flag;
    } namespaces[] = {
        {SN_LAYER_USER_NS, CLONE_NEWUSER},   {SN_LAYER_PID_NS, CLONE_NEWPID}, {SN_LAYER_MOUNT_NS, CLONE_NEWNS},
        {SN_LAYER_NETWORK_NS, CLONE_NEWNET}, {SN_LAYER_IPC_NS, CLONE_NEWIPC}, {SN_LAYER_UTS_NS, CLONE_NEWUTS},
    };
    uint32_t flags = 0;

    for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
        if (layers & namespaces[i].layer)
            flags |= namespaces[i].flag;
    return flags;
}

#endif
