/* SPDX-License-Identifier: MIT */
/* Gets a run under way: options -> request, descriptors, cgroup leaf, watchers. */
#include "supervise/run.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "config/policy.h"
#include "plan/seccomp_compile.h"
#include "spawn/control.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#define STRINGS_MAX (2U << 20) /* argv and envp together: execve(2) takes no more with a stack of 8 MiB */
#define LEAST_MEMORY (UINT64_C(1) << 20)
#define SEARCH_PATH "/usr/local/bin:/usr/bin:/bin"

/* ---- the request ---- */

struct request_builder {
    struct sn__request head;
    struct sn__buffer offsets; /* of argv, 0, of envp, 0 */
    struct sn__buffer strings;
};

static uint32_t add_string(struct request_builder *builder, const char *text)
{
    uint32_t offset = (uint32_t)builder->strings.length;

    sn__buffer_add(&builder->strings, text, strlen(text) + 1);
    return offset;
}

static int add_vector(struct request_builder *builder, const char *const *vector, uint32_t *ret_count,
                      sn_error **ret_error)
{
    uint32_t count = 0;

    for (; vector && vector[count]; count++) {
        uint32_t offset;

        if (builder->strings.length + strlen(vector[count]) > STRINGS_MAX)
            return sn__error_set(ret_error, SN_ELIMIT, "check run options",
                                 "arguments and environment together are larger than %u bytes", STRINGS_MAX);
        offset = add_string(builder, vector[count]);
        sn__buffer_add(&builder->offsets, &offset, sizeof(offset));
    }
    *ret_count = count;
    return 0;
}

static void add_rlimit(struct request_builder *builder, uint32_t resource, uint64_t value)
{
    builder->head.rlimits[builder->head.rlimit_count++] =
        (struct sn__request_rlimit){.resource = resource, .value = value};
}

static void add_rlimits(struct request_builder *builder, const sn_sandbox *sandbox, const sn_limits *limits)
{
    /* 1, not 0: with 0 the kernel still feeds a core_pattern that is a pipe; 1 is its own "never" (fs/coredump.c) */
    add_rlimit(builder, RLIMIT_CORE, 1);
    add_rlimit(builder, RLIMIT_FSIZE, limits->file_bytes);
    add_rlimit(builder, RLIMIT_NOFILE, limits->open_files);
    add_rlimit(builder, RLIMIT_STACK, limits->stack_bytes);
    add_rlimit(builder, RLIMIT_MEMLOCK, 65536);
    add_rlimit(builder, RLIMIT_RTPRIO, 0);
    add_rlimit(builder, RLIMIT_NICE, 0);
    /* the caller's own are not for the program; a hard one stays, and the result notes it */
    add_rlimit(builder, RLIMIT_DATA, RLIM64_INFINITY);
    add_rlimit(builder, RLIMIT_AS, RLIM64_INFINITY);
    if (sandbox->driver) {
        add_rlimit(builder, RLIMIT_CPU, RLIM64_INFINITY);
        return;
    }
    /* without cgroups: rlimits where one process is what counts, sampling (running.c) for the rest */
    add_rlimit(builder, RLIMIT_NPROC, limits->processes + (sandbox->ids.own_uid ? 0 : 1));
    add_rlimit(builder, RLIMIT_CPU, limits->cpu_ms == SN_UNLIMITED ? RLIM64_INFINITY : limits->cpu_ms / 1000 + 2);
}

static const char *find_path(const char *const *envp)
{
    for (; *envp; envp++)
        if (strncmp(*envp, "PATH=", 5) == 0)
            return *envp + 5;
    return SEARCH_PATH;
}

static bool lets_through(struct sn__policy_action action)
{
    return action.kind == SN__ACTION_ALLOW || action.kind == SN__ACTION_LOG;
}

static bool lets_keys_through(const sn_policy *policy)
{
    if (lets_through(policy->default_action))
        return true;
    for (size_t i = 0; i < policy->rules_count; i++) {
        int32_t number = policy->rules[i].number;

        if ((number == __NR_add_key || number == __NR_request_key || number == __NR_keyctl) &&
            lets_through(policy->rules[i].action))
            return true;
    }
    return false;
}

/*
 * Files of earlier runs are memory of this one: only what they leave can be used. Not less than it takes to start, or
 * the program's end would tell nothing; it is over its limit then all the same (finish.c).
 */
static uint64_t left_of_memory(const sn_sandbox *sandbox, const sn_limits *limits)
{
    uint64_t least = limits->memory_bytes < LEAST_MEMORY ? limits->memory_bytes : LEAST_MEMORY;

    return sandbox->left_bytes + least < limits->memory_bytes ? limits->memory_bytes - sandbox->left_bytes : least;
}

static int build_request(struct request_builder *builder, const sn_sandbox *sandbox, const sn_policy *policy,
                         const sn_run_options *options, const sn_limits *limits, const char *cwd, sn_error **ret_error)
{
    static const char *const standard_environment[] = {"PATH=" SEARCH_PATH, "HOME=/work", "LANG=C.UTF-8", NULL};
    const char *const *envp = options->envp ? options->envp : standard_environment;
    int r;

    builder->head.magic = SN__REQUEST_MAGIC;
    builder->head.memory_bytes = left_of_memory(sandbox, limits);
    builder->head.may_leave_keys = !policy || lets_keys_through(policy);
    add_rlimits(builder, sandbox, limits);
    r = add_vector(builder, options->argv, &builder->head.argc, ret_error);
    if (r == 0)
        r = add_vector(builder, envp, &builder->head.envc, ret_error);
    if (r < 0)
        return r;
    builder->head.cwd = add_string(builder, cwd);
    builder->head.search = strchr(options->argv[0], '/') ? UINT32_MAX : add_string(builder, find_path(envp));
    return 0;
}

/* Header, offsets of argv and envp, filter, strings: everything moves by where the strings begin. */
static int freeze_request(struct request_builder *builder, const struct sn__bpf *bpf, int *ret_fd, sn_error **ret_error)
{
    struct sn__request *head = &builder->head;
    size_t bpf_bytes = bpf->count * sizeof(*bpf->instructions);
    uint32_t argv_at = sizeof(*head);
    uint32_t envp_at = argv_at + head->argc * (uint32_t)sizeof(uint32_t);
    uint32_t bpf_at = (envp_at + head->envc * (uint32_t)sizeof(uint32_t) + 7U) & ~7U;
    uint32_t strings_at = bpf_at + (uint32_t)bpf_bytes;
    uint32_t *offsets = (uint32_t *)(void *)builder->offsets.data;
    cleanup_free char *bytes = NULL;
    int fd;

    if (builder->offsets.failed || builder->strings.failed)
        return sn__error_nomem(ret_error);
    head->size = strings_at + (uint32_t)builder->strings.length;
    bytes = calloc(1, head->size);
    if (!bytes)
        return sn__error_nomem(ret_error);
    head->argv = argv_at;
    head->envp = envp_at;
    head->bpf = bpf_at;
    head->bpf_count = bpf->count;
    head->watched = bpf->watched;
    head->cwd += strings_at;
    head->search = head->search == UINT32_MAX ? 0 : head->search + strings_at;
    for (uint32_t i = 0; i < head->argc + head->envc; i++)
        offsets[i] += strings_at;
    memcpy(bytes, head, sizeof(*head));
    memcpy(bytes + argv_at, offsets, (head->argc + head->envc) * sizeof(uint32_t));
    if (bpf_bytes)
        memcpy(bytes + bpf_at, bpf->instructions, bpf_bytes);
    memcpy(bytes + strings_at, builder->strings.data, builder->strings.length);
    fd = sn__file_sealed_memfd("sentinel-request", bytes, head->size);
    if (fd < 0)
        return sn__error_errno(ret_error, -fd, "start run", "cannot make a memfd for the request");
    *ret_fd = fd;
    return 0;
}

/* ---- its descriptors ---- */

/* The program's ends. They are closed here once PID 1 has them. */
struct program_ends {
    int request;
    int stdio[3];
};

static void close_ends(struct program_ends *ends)
{
    sn__close(ends->request);
    for (int i = 0; i < 3; i++)
        sn__close(ends->stdio[i]);
}

/*
 * A pipe whose two ends behave differently: ours never blocks. Anybody may open it again by /proc/self/fd or /dev/stdin
 * (the program's uid is not the inode's owner), which reaches nobody but the holder of the pipe.
 */
static int make_pipe(int *ret_ours, int *ret_theirs, bool ours_reads, sn_error **ret_error)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) < 0)
        return sn__error_errno(ret_error, errno, "start run", "cannot make a pipe");
    *ret_ours = fds[ours_reads ? 0 : 1];
    *ret_theirs = fds[ours_reads ? 1 : 0];
    if (fchmod(fds[0], 0666) < 0 || fcntl(*ret_ours, F_SETFL, O_NONBLOCK) < 0)
        return sn__error_errno(ret_error, errno, "start run", "cannot set up a pipe");
    return 0;
}

/*
 * Input that is known beforehand is a sealed file: nothing to feed while it runs. It is opened again read-only; where
 * /proc is missing the sealed descriptor itself is as harmless.
 */
static int make_input_file(const sn_run_options *options, int *ret_fd, sn_error **ret_error)
{
    int fd = sn__file_sealed_memfd("stdin", options->stdin_data, options->stdin_length);
    char path[64];
    int read_only;

    if (fd == -EFBIG)
        return sn__error_errno(ret_error, -fd, "start run",
                               "stdin_data is larger than this process may write: raise RLIMIT_FSIZE (ulimit -f)");
    if (fd < 0)
        return sn__error_errno(ret_error, -fd, "start run", "cannot make a memfd for stdin");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    read_only = open(path, O_RDONLY | O_CLOEXEC);
    if (read_only >= 0) {
        sn__close(fd);
        fd = read_only;
    }
    *ret_fd = fd;
    return 0;
}

static int make_stdio(sn_running *running, const sn_run_options *options, struct program_ends *ends,
                      sn_error **ret_error)
{
    int r;

    if (options->stdin_mode == SN_STDIN_FEED)
        r = make_pipe(&running->in, &ends->stdio[0], false, ret_error);
    else
        r = make_input_file(options, &ends->stdio[0], ret_error);
    for (int i = 0; r == 0 && i < 2; i++)
        r = make_pipe(&running->out[i], &ends->stdio[1 + i], true, ret_error);
    return r;
}

static int watch(sn_running *running, int fd, uint32_t events, sn_error **ret_error)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    if (epoll_ctl(running->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        return sn__error_errno(ret_error, errno, "start run", "cannot watch a descriptor");
    return 0;
}

static int make_watchers(sn_running *running, sn_error **ret_error)
{
    int r;

    running->epoll = epoll_create1(EPOLL_CLOEXEC);
    running->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    running->cancel = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (running->epoll < 0 || running->timer < 0 || running->cancel < 0)
        return sn__error_errno(ret_error, errno, "start run", "cannot make the descriptors of a run");
    r = watch(running, running->sandbox->control, EPOLLIN, ret_error);
    if (r == 0)
        r = watch(running, running->timer, EPOLLIN, ret_error);
    if (r == 0)
        r = watch(running, running->cancel, EPOLLIN, ret_error);
    for (int i = 0; r == 0 && i < 2; i++)
        r = watch(running, running->out[i], EPOLLIN, ret_error);
    if (r == 0 && running->callers_cancel >= 0)
        r = watch(running, running->callers_cancel, EPOLLIN, ret_error);
    return r;
}

/* ---- start ---- */

static int send_run(sn_running *running, struct request_builder *builder, const struct sn__bpf *bpf,
                    struct program_ends *ends, sn_error **ret_error)
{
    struct sn__message message = {.type = SN__MSG_RUN};
    struct sn__cgroup_join join = {.clone_into = -1};
    int fds[SN__RUN_FD_JOIN + SN__CGROUP_JOIN_MAX + 1];
    uint32_t count = SN__RUN_FD_JOIN;
    int r;

    if (running->group)
        running->sandbox->driver->run_join(running->group, &join);
    for (uint32_t i = 0; i < join.procs_count; i++)
        fds[count++] = join.procs[i];
    if (join.clone_into >= 0)
        fds[count++] = join.clone_into;
    builder->head.join_count = join.procs_count;
    builder->head.clone_into = join.clone_into >= 0;
    r = freeze_request(builder, bpf, &ends->request, ret_error);
    if (r < 0)
        return r;
    fds[SN__RUN_FD_REQUEST] = ends->request;
    memcpy(fds + SN__RUN_FD_STDIO, ends->stdio, sizeof(ends->stdio));
    message.serial = ++running->sandbox->serial;
    running->started_ns = sn__now_ns();
    r = sn__control_send(running->sandbox->control, &message, fds, count);
    if (r == -EPIPE)
        return sn__sandbox_died(running->sandbox, "start run", ret_error);
    return r < 0 ? sn__error_errno(ret_error, -r, "start run", "cannot hand PID 1 the run") : 0;
}

static int start_claimed(sn_running *running, const sn_run_options *options, sn_error **ret_error)
{
    struct program_ends ends __attribute__((cleanup(close_ends))) = {-1, {-1, -1, -1}};
    struct request_builder builder = {0};
    struct sn__bpf bpf = {0};
    struct itimerspec soon = {.it_value.tv_nsec = 1};
    int r;

    r = sn__limits_resolve(options->limits, &running->sandbox->spec.limits, &running->limits, ret_error);
    if (r == 0)
        r = sn__path_normalise(options->cwd ? options->cwd : "/work", "cwd", &running->cwd, ret_error);
    if (r == 0)
        r = build_request(&builder, running->sandbox, running->policy, options, &running->limits, running->cwd,
                          ret_error);
    if (r == 0 && running->policy)
        r = sn__policy_filter(running->policy, &bpf, ret_error);
    if (r == 0)
        r = make_stdio(running, options, &ends, ret_error);
    if (r == 0)
        r = make_watchers(running, ret_error);
    if (r == 0 && running->sandbox->cgroup) {
        sn_limits of_group = running->limits;

        of_group.memory_bytes = builder.head.memory_bytes;
        running->left_bytes = running->sandbox->left_bytes;
        running->is_starved = of_group.memory_bytes + running->left_bytes > running->limits.memory_bytes;
        r = running->sandbox->driver->run_begin(running->sandbox->cgroup, &of_group, &running->group, ret_error);
    }
    if (r == 0 && running->group && (running->oom = running->sandbox->driver->run_oom_fd(running->group)) >= 0)
        r = watch(running, running->oom, EPOLLIN, ret_error);
    if (r == 0)
        r = send_run(running, &builder, &bpf, &ends, ret_error);
    if (r == 0)
        timerfd_settime(running->timer, 0, &soon, NULL); /* the first look arms it properly */
    sn__buffer_clear(&builder.offsets);
    sn__buffer_clear(&builder.strings);
    return r;
}

static int check_options(const sn_sandbox *sandbox, const sn_run_options *options, sn_run_options *ret_checked,
                         sn_error **ret_error)
{
    int r;

    if (!sandbox || !options)
        return sn__error_set(ret_error, SN_EINVAL, "check run options", "sandbox or options is NULL");
    r = sn__options_copy(ret_checked, sizeof(*ret_checked), options, "sn_run_options", ret_error);
    if (r < 0)
        return r;
    if (!ret_checked->argv || !ret_checked->argv[0] || !ret_checked->argv[0][0])
        return sn__error_set(ret_error, SN_EINVAL, "check run options", "argv is empty: there is nothing to run");
    if (ret_checked->stdin_mode > SN_STDIN_FEED || ret_checked->output_mode > SN_OUTPUT_STREAM)
        return sn__error_set(ret_error, SN_EINVAL, "check run options", "stdin_mode or output_mode is no known value");
    if (ret_checked->cancel_fd < 0 || ret_checked->reserved)
        return sn__error_set(ret_error, SN_EINVAL, "check run options", "cancel_fd is negative, or reserved is not 0");
    if (!ret_checked->stdin_data && ret_checked->stdin_length)
        return sn__error_set(ret_error, SN_EINVAL, "check run options", "stdin_length is set but stdin_data is NULL");
    if (ret_checked->stdin_data && ret_checked->stdin_mode != SN_STDIN_DATA)
        return sn__error_set(ret_error, SN_EINVAL, "check run options",
                             "stdin_data goes with SN_STDIN_DATA, not with SN_STDIN_FEED");
    for (const char *const *entry = ret_checked->envp; entry && *entry; entry++)
        if (!strchr(*entry, '=') || **entry == '=')
            return sn__error_set(ret_error, SN_EINVAL, "check run options",
                                 "the environment has '%s' without a name=", *entry);
    return 0;
}

int sn_run_start(sn_sandbox *sandbox, const sn_run_options *options, sn_running **ret_running, sn_error **ret_error)
{
    sn_run_options checked;
    sn_running *running;
    const sn_policy *policy;
    int r = check_options(sandbox, options, &checked, ret_error);

    if (r < 0)
        return r;
    if (!ret_running)
        return sn__error_set(ret_error, SN_EINVAL, "check run options", "ret_running is NULL");
    r = sn__sandbox_claim(sandbox, ret_error);
    if (r < 0)
        return r;
    running = calloc(1, sizeof(*running));
    if (!running) {
        sn__sandbox_release(sandbox);
        return sn__error_nomem(ret_error);
    }
    policy = checked.policy ? checked.policy : sandbox->spec.policy;
    if (sandbox->spec.layers & SN_LAYER_SECCOMP)
        running->policy = sn_policy_ref((sn_policy *)policy);
    sn__sandbox_note_policy(sandbox, running->policy);
    running->sandbox = sandbox;
    running->output_mode = checked.output_mode;
    running->is_fed = checked.stdin_mode == SN_STDIN_FEED;
    running->program = strdup(checked.argv[0]);
    running->epoll = running->timer = running->cancel = running->out[0] = running->out[1] = running->in = -1;
    running->callers_cancel = checked.cancel_fd ? checked.cancel_fd : -1;
    running->oom = -1;
    running->result = calloc(1, sizeof(*running->result));
    r = running->result && running->program ? start_claimed(running, &checked, ret_error) : sn__error_nomem(ret_error);
    if (r < 0) {
        sn__running_fail(running, r, NULL);
        sn_running_free(running);
        return r;
    }
    *ret_running = running;
    return 0;
}

int sn_run_fd(const sn_running *running)
{
    return running->epoll;
}
