/* SPDX-License-Identifier: MIT */
#ifndef SN_PLAN_CHILD_PROBE_H
#define SN_PLAN_CHILD_PROBE_H

#include <stdint.h>

/* What the throwaway child tries once it sits in its new namespaces. */
enum sn__trial {
    SN__TRIAL_NOTHING,
    SN__TRIAL_HOSTNAME, /* needs a capability over the new user namespace: AppArmor may take it away */
    SN__TRIAL_PRIVATE,  /* the same, but by a call that no filter takes away alone: make mounts private */
    SN__TRIAL_PROC,     /* mount a new proc, as the sandbox has it */
    SN__TRIAL_MOUNTS,   /* open_tree, mount_setattr, move_mount */
    SN__TRIAL_NOTIFY,   /* a seccomp filter with a listener */
    SN__TRIAL_APPARMOR  /* asks for the profile of programs; ends with an enum sn__apparmor_state instead of an errno */
};

/*
 * Clones a child into these namespaces (CLONE_NEW...), has it try, and waits for it. 0; else the errno, with
 * *ret_cloned telling whether it came from the trial (1) or from clone (0). The child has no exit signal: the host
 * program's wait(-1) and SIGCHLD handler do not see it. The caller has blocked all signals.
 */
int sn__child_probe(uint64_t namespaces, enum sn__trial trial, int *ret_cloned);

#endif
