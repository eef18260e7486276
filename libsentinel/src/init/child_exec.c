/* SPDX-License-Identifier: MIT */
/*
 * The program's last steps before its exec: it shares PID 1's memory and descriptor table (CLONE_VM, CLONE_FILES;
 * PID 1 stands still meanwhile, or waits for this), so there is nothing to copy, a failure is written where PID 1 reads
 * it, and the seccomp listener appears in PID 1's table. exec gives the program memory and a table of its own; every
 * descriptor but 0, 1 and 2 is close-on-exec.
 *
 * child_request() is what the request brings beforehand, child_confine() what the sandbox knows. The filter is last:
 * from there on only execve and exit_group are called, which every policy has to allow, and the one call that no policy
 * can. An armed child then waits: what is left to do when it is told its arguments is their exec.
 *
 * The child of a template (template/helper.c) goes through the same steps in memory of its own, and execs nothing.
 */
#include "init/apparmor.h"
#include "init/check.h"
#include "init/init.h"

#include <sentinel/layer.h>

#include <asm/signal.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/seccomp.h>

/* rlimit64 as prlimit64 wants it; raising a hard limit is not ours to do, so the value is lowered to it. */
static long set_rlimit(const struct sn__request_rlimit *wanted)
{
    struct {
        uint64_t soft, hard;
    } now, next;
    long r = sn__sys(__NR_prlimit64, 0, wanted->resource, NULL, &now);

    if (r < 0)
        return r;
    next.hard = wanted->value < now.hard ? wanted->value : now.hard;
    next.soft = next.hard;
    return sn__sys(__NR_prlimit64, 0, wanted->resource, &next, NULL);
}

int child_request(struct child *child)
{
    long r;

    for (uint32_t i = 0; i < child->request->join_count; i++) {
        r = sn__sys(__NR_write, child->join[i], "0", 1);
        if (r < 0)
            return fail(&child->failure, SN__STEP_CGROUP_JOIN, i, r);
    }
    for (uint32_t i = 0; i < 3; i++) {
        r = sn__sys(__NR_dup3, child->stdio[i], i, 0);
        if (r < 0)
            return fail(&child->failure, SN__STEP_STDIO, i, r);
    }
    for (uint32_t i = 0; i < child->request->rlimit_count; i++) {
        r = set_rlimit(&child->request->rlimits[i]);
        if (r < 0)
            return fail(&child->failure, SN__STEP_RLIMIT, child->request->rlimits[i].resource, r);
    }
    child->at_ns[SN__CHILD_JOIN] = rt_now_ns();
    child->at_tick[0] = __builtin_ia32_rdtsc();
    return 0;
}

/*
 * With these the program would own PID 1, who is root of the same user namespace: its memory, its mounts, its limits.
 * They go even where the caller relaxed the capabilities.
 */
#define CAP_BIT(cap) (UINT64_C(1) << (cap))
#define NEVER_KEPT                                                                                                     \
    (CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_SYS_PTRACE) | CAP_BIT(CAP_SYS_RESOURCE) | CAP_BIT(CAP_SYS_BOOT) |            \
     CAP_BIT(CAP_SYS_MODULE) | CAP_BIT(40 /* CAP_CHECKPOINT_RESTORE */))

static long drop_bounding_set(uint64_t which)
{
    long r;

    for (int cap = 0; cap < 64; cap++) {
        if (!(which & CAP_BIT(cap)))
            continue;
        r = sn__sys(__NR_prctl, PR_CAPBSET_DROP, cap, 0, 0, 0);
        if (r == -EINVAL)
            break; /* past the last one this kernel knows */
        if (r < 0)
            return r;
    }
    return 0;
}

int child_bound_capabilities(const struct init *init)
{
    return (int)drop_bounding_set(init->plan->layers & SN_LAYER_CAPABILITIES ? UINT64_MAX : NEVER_KEPT);
}

static long clear_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};
    long r = sn__sys(__NR_capset, &header, none);

    return r < 0 ? r : sn__sys(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* The relaxed case: what the namespace's root may do, the program may do, exec included, but for what owns PID 1. */
static long keep_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[2];
    long r = sn__sys(__NR_capget, &header, caps);

    for (int i = 0; i < 2; i++) {
        caps[i].permitted &= ~(uint32_t)(NEVER_KEPT >> (32 * i));
        caps[i].effective = caps[i].inheritable = caps[i].permitted;
    }
    if (r == 0)
        r = sn__sys(__NR_capset, &header, caps);
    for (int cap = 0; r == 0 && cap < 64; cap++)
        if (caps[cap / 32].permitted & (1U << (cap % 32)))
            r = sn__sys(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
    return r;
}

static int change_ids(struct child *child, uint64_t layers)
{
    const struct sn__plan *plan = child->init->plan;
    long r;

    if (!(layers & SN_LAYER_CAPABILITIES)) {
        r = sn__sys(__NR_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
        if (r < 0)
            return fail(&child->failure, SN__STEP_CAPS, 0, r);
    }
    /* a user namespace that an ordinary user made without newgidmap forbids setgroups(2) for good */
    r = sn__sys(__NR_setgroups, 0, NULL);
    if (r < 0 && (layers & SN_LAYER_UID))
        return fail(&child->failure, SN__STEP_GROUPS, 0, r);
    r = sn__sys(__NR_setresgid, plan->gid, plan->gid, plan->gid);
    if (r == 0)
        r = sn__sys(__NR_setresuid, plan->uid, plan->uid, plan->uid);
    if (r < 0)
        return fail(&child->failure, SN__STEP_IDS, 0, r);
    r = layers & SN_LAYER_CAPABILITIES ? clear_capabilities() : keep_capabilities();
    return r < 0 ? fail(&child->failure, SN__STEP_CAPS, 1, r) : 0;
}

int child_join_keyring(void)
{
    long r = sn__sys(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0);

    /* no keys in this kernel, or a container's filter: nothing to share */
    return r >= 0 || r == -ENOSYS || r == -EPERM ? 0 : (int)r;
}

int child_confine(struct child *child)
{
    const uint64_t layers = child->init->plan->layers;
    long r;

    if (layers & SN_LAYER_SESSION) {
        r = sn__sys(__NR_setsid);
        if (r < 0)
            return fail(&child->failure, SN__STEP_SESSION, 0, r);
    }
    r = child->needs_keyring ? child_join_keyring() : 0;
    if (r < 0)
        return fail(&child->failure, SN__STEP_KEYRING, 0, r);
    if (change_ids(child, layers) < 0)
        return -1;
    r = sn__sys(__NR_chdir, child->bytes + child->request->cwd);
    if (r < 0)
        return fail(&child->failure, SN__STEP_CWD, 0, r);
    if (child->init->proc_fd >= 0) {
        r = sn__apparmor_ask_exec(child->init->proc_fd);
        if (r < 0)
            return fail(&child->failure, SN__STEP_APPARMOR, 0, r);
    }
    if (layers & SN_LAYER_NO_NEW_PRIVS) {
        r = sn__sys(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (r < 0)
            return fail(&child->failure, SN__STEP_NO_NEW_PRIVS, 0, r);
    }
    if (child->init->landlock_fd >= 0) {
        r = sn__sys(__NR_landlock_restrict_self, child->init->landlock_fd, 0);
        if (r < 0)
            return fail(&child->failure, SN__STEP_LANDLOCK, 0, r);
    }
    child->at_ns[SN__CHILD_CONFINE] = rt_now_ns();
    child->at_tick[1] = __builtin_ia32_rdtsc();
    return 0;
}

int child_filter(struct child *child)
{
    struct sock_fprog program = {
        .len = (unsigned short)child->request->bpf_count,
        .filter = (struct sock_filter *)(void *)(uintptr_t)(child->bytes + child->request->bpf),
    };
    long r;

    if (!(child->init->plan->layers & SN_LAYER_SECCOMP))
        return 0;
    if (child->shares_table)
        sn__sys(__NR_close, SN__INIT_SPARE_FD);
    r = sn__sys(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (r < 0)
        return fail(&child->failure, SN__STEP_SECCOMP, 0, r);
    child->at_tick[2] = __builtin_ia32_rdtsc(); /* no call that tells the time may be left */
    child->listener = (int)r;
    return 0;
}

/*
 * Waits for the listener's answer. In a container whose own filter refuses the call there is none: the host then starts
 * its runs without.
 */
int child_wait(struct child *child)
{
    long r = sn__sys(SN__ARMED_CALL);

    if (r < 0)
        return fail(&child->failure, SN__STEP_ARM, 0, r);
    if (check_request(child->bytes, SN__ARMED_REQUEST, child->fd_count) < 0 || child->request->argc == 0)
        return fail(&child->failure, SN__STEP_REQUEST, 2, -EBADMSG);
    /* the host may have put a file in the same moment; there is no call left to wait by, and not much to wait for */
    while (child->init->is_handing_over)
        __asm__ volatile("pause");
    return 0;
}

/* argv and envp as the kernel wants them. */
static void fill_vectors(const struct child *child)
{
    const struct sn__request *request = child->request;
    const uint32_t *offsets = (const uint32_t *)(const void *)(child->bytes + request->argv);
    const char **at = child->vectors;

    for (uint32_t i = 0; i < request->argc; i++)
        *at++ = child->bytes + offsets[i];
    *at++ = NULL;
    offsets = (const uint32_t *)(const void *)(child->bytes + request->envp);
    for (uint32_t i = 0; i < request->envc; i++)
        *at++ = child->bytes + offsets[i];
    *at = NULL;
}

/* execvp without its shell fallback: EACCES is remembered when nothing better is found further on. */
static long execute(const struct child *child)
{
    const char *path = child->request->search ? child->bytes + child->request->search : NULL;
    const char *const *argv = child->vectors;
    const char *const *envp = child->vectors + child->request->argc + 1;
    char candidate[SN__PATH_MAX];
    long result = -ENOENT;

    if (!path)
        return sn__sys(__NR_execve, argv[0], argv, envp);
    while (*path) {
        size_t used = 0;
        long r;

        for (; *path && *path != ':'; path++)
            if (used < sizeof(candidate) - 1)
                candidate[used++] = *path;
        if (*path == ':')
            path++;
        candidate[used] = '\0';
        used = rt_append(candidate, sizeof(candidate), used, "/");
        used = rt_append(candidate, sizeof(candidate), used, argv[0]);
        if (used >= sizeof(candidate))
            continue;
        r = sn__sys(__NR_execve, candidate, argv, envp);
        if (r == -EACCES)
            result = r;
        else if (r != -ENOENT && r != -ENOTDIR)
            return r;
    }
    return result;
}

int child_main(void *argument)
{
    struct child *child = argument;
    unsigned long none = 0;

    child->at_ns[SN__CHILD_CLONE] = rt_now_ns();
    sn__sys(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &none, NULL, 8);
    if (child_request(child) == 0 && child_confine(child) == 0 && child_filter(child) == 0 &&
        (!child->request->is_armed || child_wait(child) == 0)) {
        fill_vectors(child);
        fail(&child->failure, SN__STEP_EXEC, 0, execute(child));
    }
    sn__sys_exit(127);
}
