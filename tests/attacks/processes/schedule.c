/* SPDX-License-Identifier: MIT */
/* Changes how others are scheduled, or itself above everybody: nothing but time is lost by it, but that of others. */
#include "target.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define IDLE (3 << 13)
#define REAL_TIME (1 << 13)

static void check(int r, const char *what)
{
    if (r < 0)
        held_by_errno(what);
    breach("%s worked", what);
}

int main(int argc, char **argv)
{
    struct sched_param first = {.sched_priority = 1};
    const char *what = argc > 1 ? argv[argc - 1] : "";
    cpu_set_t set;
    pid_t pid;

    if (strcmp(what, "real-time") == 0)
        check(sched_setscheduler(0, SCHED_FIFO, &first), what);
    if (strcmp(what, "first") == 0)
        check(setpriority(PRIO_PROCESS, 0, -20), what);
    if (strcmp(what, "first-disk") == 0)
        check((int)syscall(SYS_ioprio_set, 1, 0, REAL_TIME), what);
    pid = target(argc, argv);
    if (strcmp(what, "nice") == 0)
        check(setpriority(PRIO_PROCESS, (id_t)pid, 19), what); /* whatever it is, this is allowed without privilege */
    if (strcmp(what, "disk") == 0)
        check((int)syscall(SYS_ioprio_set, 1, pid, IDLE), what);
    if (strcmp(what, "processors") == 0) {
        if (sched_getaffinity(pid, sizeof(set), &set) < 0)
            held_by_errno(what);
        check(sched_setaffinity(pid, sizeof(set), &set), what); /* as it is */
    }
    if (strcmp(what, "batch") == 0) {
        first.sched_priority = 0;
        check(sched_setscheduler(pid, SCHED_BATCH, &first), what);
    }
    return 1;
}
