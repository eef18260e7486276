/* SPDX-License-Identifier: MIT */
#ifndef SN_PLAN_SECCOMP_COMPILE_H
#define SN_PLAN_SECCOMP_COMPILE_H

#include <sentinel/policy.h>

#include <linux/filter.h>

/* A compiled filter; instructions are freed with free(). */
struct sn__bpf {
    struct sock_filter *instructions;
    uint16_t count;
    uint16_t watched; /* bit 0: mmap, bit 1: mremap reach the listener only when large, never to be denied */
};

/*
 * A private anonymous mapping that asks for at least this much writable, reserved memory at once goes to the
 * listener, which refuses it with ENOMEM if it is more than the run's memory limit: a program that checks malloc()
 * sees the limit as it would see the end of a machine's memory. Smaller ones pay nothing.
 */
#define SN__SECCOMP_LARGE_MAPPING (UINT64_C(32) << 20)

/*
 * Compiles for the native architecture. KILL and everything outside the allow-list become SECCOMP_RET_USER_NOTIF (the
 * listener records the call and kills), also for a foreign ABI (x32, int 0x80). SN_EINVAL if the policy does not allow
 * execve and exit_group unconditionally: nothing could be started with it.
 */
int sn__seccomp_compile(const sn_policy *policy, struct sn__bpf *ret_bpf, sn_error **ret_error);

/* The same, compiled once for each policy: what ret_bpf points to lives as long as the policy. Thread-safe. */
int sn__policy_filter(sn_policy *policy, struct sn__bpf *ret_bpf, sn_error **ret_error);

#endif
