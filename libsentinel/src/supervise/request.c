/* SPDX-License-Identifier: MIT */
/* What PID 1 is asked: options of a run -> struct sn__request. */
#include "supervise/request.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "config/policy.h"

#include <string.h>
#include <sys/resource.h>

#define STRINGS_MAX (2U << 20) /* argv and envp together: execve(2) takes no more with a stack of 8 MiB */
#define LEAST_MEMORY (UINT64_C(1) << 20)
#define SEARCH_PATH "/usr/local/bin:/usr/bin:/bin"

static uint32_t add_string(struct sn__request_builder *builder, const char *text)
{
    uint32_t offset = (uint32_t)builder->strings.length;

    sn__buffer_add(&builder->strings, text, strlen(text) + 1);
    return offset;
}

static int add_vector(struct sn__request_builder *builder, const char *const *vector, uint32_t *ret_count,
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

static void add_rlimit(struct sn__request_builder *builder, uint32_t resource, uint64_t value)
{
    builder->head.rlimits[builder->head.rlimit_count++] =
        (struct sn__request_rlimit){.resource = resource, .value = value};
}

static void add_rlimits(struct sn__request_builder *builder, const sn_sandbox *sandbox, const sn_limits *limits)
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

uint64_t sn__request_memory(const sn_sandbox *sandbox, const sn_limits *limits)
{
    uint64_t least = limits->memory_bytes < LEAST_MEMORY ? limits->memory_bytes : LEAST_MEMORY;

    return sandbox->left_bytes + least < limits->memory_bytes ? limits->memory_bytes - sandbox->left_bytes : least;
}

int sn__request_build(struct sn__request_builder *builder, const sn_sandbox *sandbox, const sn_policy *policy,
                      const char *const *argv, const char *const *envp, const sn_limits *limits, const char *cwd,
                      sn_error **ret_error)
{
    static const char *const standard_environment[] = {"PATH=" SEARCH_PATH, "HOME=/work", "LANG=C.UTF-8", NULL};
    int r;

    if (!envp)
        envp = standard_environment;
    builder->head.memory_bytes = sn__request_memory(sandbox, limits);
    builder->head.may_leave_keys = !policy || sn__policy_lets_keys(policy);
    add_rlimits(builder, sandbox, limits);
    r = add_vector(builder, argv, &builder->head.argc, ret_error);
    if (r == 0)
        r = add_vector(builder, envp, &builder->head.envc, ret_error);
    if (r < 0)
        return r;
    builder->head.cwd = add_string(builder, cwd);
    builder->head.search = !argv || strchr(argv[0], '/') ? UINT32_MAX : add_string(builder, find_path(envp));
    return 0;
}

/* Header, offsets of argv and envp, filter, strings: where each of them begins. */
struct layout {
    uint32_t argv, envp, bpf, strings;
    size_t size;
};

static struct layout lay_out(const struct sn__request_builder *builder, const struct sn__bpf *bpf)
{
    const struct sn__request *head = &builder->head;
    struct layout at;

    at.argv = sizeof(*head);
    at.envp = at.argv + head->argc * (uint32_t)sizeof(uint32_t);
    at.bpf = (at.envp + head->envc * (uint32_t)sizeof(uint32_t) + 7U) & ~7U;
    at.strings = at.bpf + bpf->count * (uint32_t)sizeof(*bpf->instructions);
    at.size = at.strings + builder->strings.length;
    return at;
}

/* Everything moves by where the strings begin. */
static void fill(const struct sn__request_builder *builder, const struct sn__bpf *bpf, const struct layout *at,
                 size_t size, char *bytes)
{
    struct sn__request head = builder->head;
    const uint32_t *offsets = (const uint32_t *)(const void *)builder->offsets.data;
    uint32_t *moved = (uint32_t *)(void *)(bytes + at->argv);

    head.magic = SN__REQUEST_MAGIC;
    head.size = (uint32_t)size;
    head.argv = at->argv;
    head.envp = at->envp;
    head.bpf = at->bpf;
    head.bpf_count = bpf->count;
    head.watched = bpf->watched;
    head.cwd += at->strings;
    head.search = head.search == UINT32_MAX ? 0 : head.search + at->strings;
    memcpy(bytes, &head, sizeof(head));
    for (uint32_t i = 0; i < head.argc + head.envc; i++)
        moved[i] = offsets[i] + at->strings;
    if (bpf->count)
        memcpy(bytes + at->bpf, bpf->instructions, bpf->count * sizeof(*bpf->instructions));
    memcpy(bytes + at->strings, builder->strings.data, builder->strings.length);
}

int sn__request_freeze(const struct sn__request_builder *builder, const struct sn__bpf *bpf, int *ret_fd,
                       sn_error **ret_error)
{
    struct layout at = lay_out(builder, bpf);
    cleanup_free char *bytes = NULL;
    int fd;

    if (builder->offsets.failed || builder->strings.failed)
        return sn__error_nomem(ret_error);
    bytes = calloc(1, at.size);
    if (!bytes)
        return sn__error_nomem(ret_error);
    fill(builder, bpf, &at, at.size, bytes);
    fd = sn__file_sealed_memfd("sentinel-request", bytes, at.size);
    if (fd < 0)
        return sn__error_errno(ret_error, -fd, "start run", "cannot make a memfd for the request");
    *ret_fd = fd;
    return 0;
}

bool sn__request_write(const struct sn__request_builder *builder, const struct sn__bpf *bpf, char *area)
{
    struct layout at = lay_out(builder, bpf);

    if (builder->offsets.failed || builder->strings.failed || at.size >= SN__ARMED_REQUEST ||
        builder->head.argc + builder->head.envc > SN__ARMED_STRINGS)
        return false;
    fill(builder, bpf, &at, SN__ARMED_REQUEST, area);
    return true;
}

void sn__request_clear(struct sn__request_builder *builder)
{
    sn__buffer_clear(&builder->offsets);
    sn__buffer_clear(&builder->strings);
}

uint32_t sn__request_join(struct sn__request_builder *builder, const sn_sandbox *sandbox,
                          const struct sn__cgroup_run *group, int ret_fds[SN__RUN_FDS_MAX])
{
    struct sn__cgroup_join join = {.clone_into = -1};
    uint32_t count = SN__RUN_FD_JOIN;

    if (group)
        sandbox->driver->run_join(group, &join);
    for (uint32_t i = 0; i < join.procs_count; i++)
        ret_fds[count++] = join.procs[i];
    if (join.clone_into >= 0)
        ret_fds[count++] = join.clone_into;
    builder->head.join_count = join.procs_count;
    builder->head.clone_into = join.clone_into >= 0;
    return count;
}
