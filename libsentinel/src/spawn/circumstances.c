/* SPDX-License-Identifier: MIT */
#include "spawn/circumstances.h"

#include "base/cleanup.h"
#include "base/cpus.h"
#include "base/file.h"
#include "base/fnv.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define TEXT_MAX 16384
#define IO_PROCESS 1 /* ioprio_get(2): IOPRIO_WHO_PROCESS */

static void add_number(uint64_t *sum, long number)
{
    sn__fnv_add(sum, &number, sizeof(number));
}

/* A file that is not there is as good as any that says so. */
static void add_file(uint64_t *sum, const char *path)
{
    cleanup_free char *text = NULL;
    size_t length = 0;
    int r = sn__file_read_at(AT_FDCWD, path, TEXT_MAX, &text, &length);

    add_number(sum, r);
    if (r == 0)
        sn__fnv_add(sum, text, length);
}

static void add_link(uint64_t *sum, const char *path)
{
    char text[64];
    ssize_t length = readlink(path, text, sizeof(text));

    add_number(sum, length);
    if (length > 0)
        sn__fnv_add(sum, text, (size_t)length);
}

static void add_limits(uint64_t *sum)
{
    for (int resource = 0; resource < (int)RLIM_NLIMITS; resource++) {
        struct rlimit limit = {0};

        getrlimit((__rlimit_resource_t)resource, &limit);
        add_number(sum, (long)limit.rlim_cur);
        add_number(sum, (long)limit.rlim_max);
    }
}

/* How many there are, of a thread that has any: they only become more. */
static void add_filters(uint64_t *sum)
{
    long mode = prctl(PR_GET_SECCOMP);

    add_number(sum, mode);
    if (mode == SECCOMP_MODE_FILTER) {
        cleanup_free char *text = NULL;
        uint64_t count = 0;

        if (sn__file_read_at(AT_FDCWD, "/proc/thread-self/status", TEXT_MAX, &text, NULL) == 0 &&
            strstr(text, "\nSeccomp_filters:"))
            count = strtoull(strstr(text, "\nSeccomp_filters:") + strlen("\nSeccomp_filters:"), NULL, 10);
        add_number(sum, (long)count);
    }
}

uint64_t sn__circumstances(void)
{
    uint64_t sum = SN__FNV_BEGIN;
    struct sn__cpus cpus = {0};
    int policy = 0;
    int saved = errno;

    add_number(&sum, syscall(SYS_sched_getaffinity, 0, sizeof(cpus.words), cpus.words));
    sn__fnv_add(&sum, cpus.words, sizeof(cpus.words));
    add_number(&sum, syscall(SYS_getpriority, PRIO_PROCESS, 0));
    add_number(&sum, syscall(SYS_sched_getscheduler, 0));
    add_number(&sum, syscall(SYS_ioprio_get, IO_PROCESS, 0));
    add_number(&sum, syscall(SYS_get_mempolicy, &policy, NULL, 0, NULL, 0));
    add_number(&sum, policy);
    add_number(&sum, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    add_number(&sum, prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
    add_number(&sum, prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0));
    add_number(&sum, prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, 0, 0, 0));
    add_limits(&sum);
    add_filters(&sum);
    add_file(&sum, "/proc/thread-self/cgroup");
    add_file(&sum, "/proc/thread-self/attr/current");
    add_file(&sum, "/proc/self/oom_score_adj");
    add_link(&sum, "/proc/thread-self/ns/pid_for_children");
    add_link(&sum, "/proc/thread-self/ns/time_for_children");
    errno = saved;
    return sum;
}
