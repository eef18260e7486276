/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_CHILD_HELPER_H
#define SN_SPAWN_CHILD_HELPER_H

/*
 * The same trick as child_launch.h: a launcher with exit signal 0 borrows the caller's memory, is the parent of the
 * helper, waits for it and leaves its status here. The caller's thread stands still until then.
 */
struct sn__child_helper {
    const char *const *argv;
    int null_fd;
    void *stack_top; /* of the helper until its exec */
    int status;
    int error; /* positive errno */
};

#define SN__HELPER_STACK 16384

/* All signals have to be blocked. */
void sn__child_helper_run(struct sn__child_helper *helper, void *launcher_stack_top);

#endif
