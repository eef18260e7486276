/* SPDX-License-Identifier: MIT */
#ifndef JOBS_PRIVILEGE_STEPS_H
#define JOBS_PRIVILEGE_STEPS_H

#include "privilege/privilege.h"

/*
 * The steps of confine.c. A build with a sanitizer needs more than the product may: its runtime reads /proc, and looks
 * for leaks from a process of its own that traces this one. Such a build is not for production.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PRIVILEGE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define PRIVILEGE_SANITIZED 1
#endif
#endif

/* Fails if there is a second thread: what follows is in force for the calling one only. */
int privilege_check_alone(struct failure *failure);
/* Groups, ids, every set of capabilities, securebits; read back. What needs root is left out if we were not started so.
 */
int privilege_become(const struct privilege_user *user, struct failure *failure);
/*
 * Opens the paths, which may need root, and makes a ruleset of them, which is in force after
 * privilege_landlock_enter(). *ret_ruleset is -1 where the kernel has no Landlock.
 */
int privilege_landlock_prepare(const char *const *read_paths, const char *const *write_paths, int *ret_ruleset,
                               struct failure *failure);
int privilege_landlock_enter(int ruleset, struct failure *failure);
/* The last step: whatever is not on the list ends the process by SIGSYS from here on. */
int privilege_seccomp_enter(struct failure *failure);

#endif
