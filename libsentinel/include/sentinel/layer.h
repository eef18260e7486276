/* SPDX-License-Identifier: MIT */
/* the layers of isolation, and their names */
#ifndef SENTINEL_LAYER_H
#define SENTINEL_LAYER_H

#include <sentinel/visibility.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The layers of isolation. All are on by default; a layer the host cannot give makes sn_sandbox_create() fail unless
 * the caller relaxes it by name (sn_sandbox_options.relax). Which layers were in force is part of every result.
 */
#define SN_LAYER_USER_NS (UINT64_C(1) << 0)    /* user namespace: root inside is nobody outside */
#define SN_LAYER_PID_NS (UINT64_C(1) << 1)     /* own process numbers; relaxed: see below */
#define SN_LAYER_MOUNT_NS (UINT64_C(1) << 2)   /* own mounts; cannot be relaxed: everything else stands on it */
#define SN_LAYER_NETWORK_NS (UINT64_C(1) << 3) /* own, empty network; relaxed: the host's network */
#define SN_LAYER_IPC_NS (UINT64_C(1) << 4)     /* own SysV and POSIX message queues, anew for every run */
#define SN_LAYER_UTS_NS (UINT64_C(1) << 5)     /* own host name */
#define SN_LAYER_CGROUP_NS (UINT64_C(1) << 6)  /* cgroup paths of the host are not visible */
#define SN_LAYER_ROOT (UINT64_C(1) << 7)       /* pivot_root to a declared tree; relaxed: the host's tree, read-only */
#define SN_LAYER_PROC (UINT64_C(1) << 8)       /* private /proc (subset=pid, hidepid); relaxed: no /proc at all */
#define SN_LAYER_UID (UINT64_C(1) << 9)        /* a uid that neither the host nor another live sandbox uses */
#define SN_LAYER_CAPABILITIES (UINT64_C(1) << 10) /* every capability set is empty, the bounding set too */
#define SN_LAYER_NO_NEW_PRIVS                                                                                          \
    (UINT64_C(1) << 11)                        /* PR_SET_NO_NEW_PRIVS; relaxing it needs seccomp and landlock relaxed */
#define SN_LAYER_SECCOMP (UINT64_C(1) << 12)   /* system call allow-list */
#define SN_LAYER_LANDLOCK (UINT64_C(1) << 13)  /* file access rights by Landlock, where the kernel has it */
#define SN_LAYER_CGROUP (UINT64_C(1) << 14)    /* cgroup limits; relaxed: rlimits and polling only */
#define SN_LAYER_SESSION (UINT64_C(1) << 15)   /* setsid: no controlling terminal */
#define SN_LAYER_NESTED_NS (UINT64_C(1) << 16) /* no further user namespaces (user.max_user_namespaces = 0) */
#define SN_LAYER_APPARMOR (UINT64_C(1) << 17)  /* AppArmor profile sentinel-program, where the host has it loaded */
/*
 * Some take others along: user-ns relaxes nested-ns; pid-ns relaxes proc and nested-ns, needs a cgroup driver, and lets
 * a run outlive a host process that dies until the next sandbox is made. ipc-ns relaxed leaves SysV objects on the
 * host. caps relaxed keeps all capabilities over the sandbox's own user namespace but those that own its PID 1
 * (sys_admin, sys_ptrace, sys_resource, sys_boot, sys_module, checkpoint_restore).
 */

/* How many layers there are; the bits above are none. */
#define SN_LAYER_COUNT 18

/* The name of one layer bit ("seccomp"); NULL if it is not exactly one known bit. A static string; any thread. */
SN_API const char *sn_layer_name(uint64_t layer);
/* The layer bit of a name, or 0. Any thread. */
SN_API uint64_t sn_layer_by_name(const char *name);

#ifdef __cplusplus
}
#endif
#endif
