/* SPDX-License-Identifier: MIT */
#include "supervise/armed.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "spawn/control.h"
#include "supervise/stdio.h"
#include "template/template.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define LEAST_MEMORY (UINT64_C(8) << 20)
#define ARM_TIMEOUT_MS 10000 /* a safety net, as in spawn.c */
#define TEMPLATE_LOOK_MS 20
#define RUNS_BEFORE_IT_PAYS 2

/* A request that PID 1 sees, too. */
struct area {
    int fd;
    char *bytes;
};

struct sn__armed {
    struct area areas[2]; /* in turn: PID 1 looks into one until the end of its run */
    unsigned turn;
    struct sn__cgroup_run *group; /* of the next run; NULL: to be made */
    struct sn__stdin input;
    int fed; /* our end of an input by feeding, or -1: it is known beforehand */
    int out[2];
    sn_policy *policy;
    struct sn__template *template; /* whose fork the child is; NULL: PID 1's */
    uint64_t process;              /* of that, which was asked */
    char *cwd;
    sn_limits limits; /* of the group */
};

/* PID 1 has the caller's clock, unless that has gone into another time namespace for its children. */
static bool has_same_clock(void)
{
    char own[64] = "", childrens[64] = "";

    if (readlink("/proc/self/ns/time", own, sizeof(own) - 1) < 0)
        return errno == ENOENT; /* this kernel has none, or there is no /proc, and then no pid namespace either */
    return readlink("/proc/self/ns/time_for_children", childrens, sizeof(childrens) - 1) > 0 &&
           strcmp(own, childrens) == 0;
}

static bool make_area(struct area *area)
{
    area->fd = memfd_create("sentinel-request", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (area->fd >= 0 && ftruncate(area->fd, SN__ARMED_REQUEST) == 0 &&
        fcntl(area->fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW) == 0)
        area->bytes = mmap(NULL, SN__ARMED_REQUEST, PROT_READ | PROT_WRITE, MAP_SHARED, area->fd, 0);
    return area->bytes != MAP_FAILED;
}

static void free_areas(struct sn__armed *armed)
{
    for (int i = 0; i < 2; i++) {
        if (armed->areas[i].bytes != MAP_FAILED)
            munmap(armed->areas[i].bytes, SN__ARMED_REQUEST);
        sn__close(armed->areas[i].fd);
    }
}

static struct sn__armed *make(void)
{
    struct sn__armed *armed;

    if (!has_same_clock())
        return NULL;
    armed = calloc(1, sizeof(*armed));
    if (!armed)
        return NULL;
    armed->input = (struct sn__stdin){-1, -1};
    armed->out[0] = armed->out[1] = armed->fed = -1;
    armed->areas[0] = armed->areas[1] = (struct area){-1, MAP_FAILED};
    if (!make_area(&armed->areas[0]) || !make_area(&armed->areas[1])) {
        free_areas(armed);
        free(armed);
        return NULL;
    }
    return armed;
}

/* Of the next run, or of the one that is being started. */
static const struct area *next_area(const struct sn__armed *armed)
{
    return &armed->areas[armed->turn];
}

/* What was made for one run. */
static void clear(sn_sandbox *sandbox)
{
    struct sn__armed *armed = sandbox->armed;

    sn__stdin_close(&armed->input);
    sn__close(armed->fed);
    armed->fed = -1;
    for (int i = 0; i < 2; i++) {
        sn__close(armed->out[i]);
        armed->out[i] = -1;
    }
    sn__close(sandbox->waiting.listener);
    sandbox->waiting = (struct sn__waiting){.listener = -1};
    sn_policy_free(armed->policy);
    armed->policy = NULL;
    free(armed->cwd);
    armed->cwd = NULL;
    armed->template = NULL;
}

static void end_group(sn_sandbox *sandbox, struct sn__cgroup_run **group)
{
    sandbox->driver->run_end(*group);
    *group = NULL;
}

/* A template that died will not tell PID 1 what it was asked: we do, and hear what becomes of that. */
static void check_template(sn_sandbox *sandbox, bool *told)
{
    struct sn__message adopt = {.type = SN__MSG_ADOPT, .serial = sandbox->waiting.serial};

    if (*told || sn__template_is_alive(sandbox->armed->template, sandbox->armed->process))
        return;
    adopt.adopt.failure = (struct sn__failure){.step = SN__STEP_ENTER, .error = ESRCH};
    *told = sn__control_send(sandbox->control, &adopt, NULL, 0) == 0;
}

/* Until PID 1 has said what became of the child; what it has said already is heard in any case. */
static bool await_child(sn_sandbox *sandbox, enum sn__waiting_state state)
{
    const bool is_forked = sandbox->armed->template != NULL;
    int looks = is_forked ? ARM_TIMEOUT_MS / TEMPLATE_LOOK_MS : 1;
    bool told = false;

    for (;;) {
        bool is_there = sandbox->waiting.state >= state;
        struct sn__message message;
        int fd = -1;
        int r = sn__control_receive(sandbox->control, is_there ? 0 : ARM_TIMEOUT_MS / looks, &message, &fd);

        if (r == 0 && !is_there && is_forked && --looks > 0) {
            check_template(sandbox, &told);
            continue;
        }
        if (r == 0 && is_there)
            return sandbox->waiting.state == state;
        if (r <= 0)
            return false;
        if (!sn__sandbox_hear(sandbox, &message, fd))
            sn__close(fd);
    }
}

void sn__armed_drop(sn_sandbox *sandbox)
{
    const struct sn__message kill = {.type = SN__MSG_KILL, .serial = sandbox->waiting.serial};

    if (sandbox->waiting.state != SN__WAITING_NOBODY && sandbox->waiting.state != SN__WAITING_GONE &&
        sn__control_send(sandbox->control, &kill, NULL, 0) == 0)
        await_child(sandbox, SN__WAITING_GONE);
    clear(sandbox);
    end_group(sandbox, &sandbox->armed->group);
}

static int send_request(sn_sandbox *sandbox, struct sn__request_builder *builder, const struct sn__bpf *bpf,
                        const int theirs[2])
{
    struct sn__armed *armed = sandbox->armed;
    struct sn__message message = {.type = SN__MSG_RUN};
    int fds[SN__RUN_FDS_MAX];
    uint32_t count = sn__request_join(builder, sandbox, armed->group, fds);
    cleanup_close int procs = -1;

    if (armed->template && builder->head.clone_into) {
        /* who makes the fork has no rights of its own on the leaf: a descriptor of ours counts as we do */
        procs = openat(fds[count - 1], "cgroup.procs", O_WRONLY | O_CLOEXEC);
        if (procs < 0)
            return -errno;
        fds[count - 1] = procs;
        builder->head.join_count = 1;
        builder->head.clone_into = 0;
    }
    builder->head.is_armed = 1;
    if (!sn__request_write(builder, bpf, next_area(armed)->bytes))
        return -E2BIG;
    fds[SN__RUN_FD_REQUEST] = next_area(armed)->fd;
    fds[SN__RUN_FD_STDIO] = armed->input.reading;
    fds[SN__RUN_FD_STDIO + 1] = theirs[0];
    fds[SN__RUN_FD_STDIO + 2] = theirs[1];
    message.serial = ++sandbox->serial;
    return armed->template ? sn__template_fork(armed->template, sandbox, message.serial, fds, count, &armed->process)
                           : sn__control_send(sandbox->control, &message, fds, count);
}

/* Of what the leaf and the child's rlimits were made with. */
static bool are_same(const sn_limits *a, const sn_limits *b)
{
    return a->memory_bytes == b->memory_bytes && a->processes == b->processes && a->cpu_percent == b->cpu_percent &&
           a->file_bytes == b->file_bytes && a->open_files == b->open_files && a->stack_bytes == b->stack_bytes;
}

static int prepare(sn_sandbox *sandbox, struct sn__request_builder *builder, const sn_limits *limits, bool is_fed)
{
    struct sn__armed *armed = sandbox->armed;
    cleanup_close int out = -1, err = -1;
    struct sn__bpf bpf = {0};
    int r;

    armed->limits = *limits;
    armed->limits.memory_bytes = sn__request_memory(sandbox, limits);
    if (armed->limits.memory_bytes < LEAST_MEMORY)
        return SN_ELIMIT;
    r = sn__request_build(builder, sandbox, armed->policy, NULL, NULL, limits, armed->cwd, NULL);
    if (r == 0)
        r = sn__policy_filter(armed->policy, &bpf, NULL);
    if (r == 0)
        r = is_fed ? sn__pipe_make(&armed->fed, &armed->input.reading, false, NULL)
                   : sn__stdin_make(&armed->input, NULL);
    if (r == 0)
        r = sn__pipe_make(&armed->out[0], &out, true, NULL);
    if (r == 0)
        r = sn__pipe_make(&armed->out[1], &err, true, NULL);
    if (r == 0 && armed->input.reading < 0)
        r = SN_ESYS;
    if (r == 0)
        r = sandbox->driver->run_begin(sandbox->cgroup, &armed->limits, sandbox->left_bytes > 0, &armed->group, NULL);
    if (r == 0) {
        sandbox->driver->run_keep_open(armed->group);
        r = send_request(sandbox, builder, &bpf, (const int[2]){out, err});
    }
    return r;
}

static bool can_arm(const sn_sandbox *sandbox, const sn_policy *policy)
{
    const uint64_t needed = SN_LAYER_SECCOMP | SN_LAYER_PID_NS | SN_LAYER_CGROUP;

    return policy && sandbox->driver && (sandbox->layers & needed) == needed && !sandbox->cannot_arm &&
           !sandbox->is_dead;
}

void sn__armed_prepare(sn_sandbox *sandbox, sn_policy *policy, const sn_limits *limits, const char *cwd,
                       struct sn__template *template, bool is_fed)
{
    struct sn__request_builder builder = {0};
    struct sn__armed *armed;

    if (!can_arm(sandbox, policy))
        return;
    if (!sandbox->armed)
        sandbox->armed = make();
    armed = sandbox->armed;
    if (!armed) {
        sandbox->cannot_arm = true;
        return;
    }
    armed->turn ^= 1;
    armed->policy = sn_policy_ref(policy);
    armed->template = template;
    armed->cwd = strdup(cwd);
    if (armed->cwd && prepare(sandbox, &builder, limits, is_fed) == 0) {
        struct sn__request *request = (struct sn__request *)(void *)next_area(armed)->bytes;

        sandbox->waiting = (struct sn__waiting){
            .state = SN__WAITING_ASKED,
            .serial = sandbox->serial,
            .listener = -1,
            .put_bytes = &request->put_bytes,
            .go_ns = &request->go_ns,
        };
    } else {
        clear(sandbox);
        end_group(sandbox, &armed->group);
    }
    sn__request_clear(&builder);
}

void sn__armed_await(sn_sandbox *sandbox)
{
    if (sandbox->waiting.state != SN__WAITING_NOBODY)
        await_child(sandbox, SN__WAITING_READY);
}

void sn__armed_await_template(sn_sandbox *sandbox)
{
    if (sandbox->waiting.state == SN__WAITING_ASKED && sandbox->armed->template)
        await_child(sandbox, SN__WAITING_READY);
}

static bool fits(const sn_running *running, const sn_run_options *options, const sn_limits *of_group)
{
    const struct sn__armed *armed = running->sandbox->armed;

    return running->sandbox->waiting.state != SN__WAITING_NOBODY &&
           (options->stdin_mode == SN_STDIN_FEED) == (armed->fed >= 0) && running->policy == armed->policy &&
           running->template == armed->template && strcmp(running->cwd, armed->cwd) == 0 &&
           are_same(&armed->limits, of_group);
}

/* The arguments go to where the child reads them. */
static bool hand_over(struct sn__request_builder *builder, sn_sandbox *sandbox)
{
    struct sn__armed *armed = sandbox->armed;
    struct sn__bpf bpf = {0};
    int joined[SN__RUN_FDS_MAX];
    bool is_written;

    if (sn__policy_filter(armed->policy, &bpf, NULL) < 0)
        return false;
    bpf.count = 0; /* it has its filter */
    sn__request_join(builder, sandbox, armed->group, joined);
    builder->head.is_armed = 1;
    builder->head.put_bytes = *sandbox->waiting.put_bytes;
    is_written = sn__request_write(builder, &bpf, next_area(armed)->bytes);
    builder->head.is_armed = 0;
    return is_written;
}

/* It never got to where it would have waited. A template that died meanwhile says nothing of the next one. */
static void note_failure(sn_sandbox *sandbox)
{
    struct sn__template *template = sandbox->armed->template;

    if (!template)
        sandbox->cannot_arm = true;
    else if (sn__template_is_alive(template, sandbox->armed->process))
        sandbox->bad_forks++;
}

int sn__armed_take(sn_running *running, struct sn__request_builder *builder, const sn_run_options *options,
                   const sn_limits *of_group, sn_error **ret_error)
{
    sn_sandbox *sandbox = running->sandbox;
    struct sn__armed *armed = sandbox->armed;
    bool is_usable;
    int r;

    if (!armed)
        return 0;
    is_usable = fits(running, options, of_group) && await_child(sandbox, SN__WAITING_READY);
    if (sandbox->waiting.state == SN__WAITING_GONE && !sandbox->waiting.was_ready)
        note_failure(sandbox);
    if (!is_usable || !hand_over(builder, sandbox)) {
        sn__armed_drop(sandbox);
        return 0;
    }
    r = armed->fed >= 0 ? 0 : sn__stdin_fill(&armed->input, options->stdin_data, options->stdin_length, ret_error);
    if (r < 0) {
        sn__armed_drop(sandbox);
        return r;
    }
    running->is_armed = true;
    running->is_forked = armed->template != NULL;
    if (running->is_forked)
        sandbox->bad_forks = 0;
    running->group = steal_ptr(&armed->group);
    running->in = steal_fd(&armed->fed);
    for (int i = 0; i < 2; i++)
        running->out[i] = steal_fd(&armed->out[i]);
    return 1;
}

bool sn__armed_go(sn_running *running)
{
    sn_sandbox *sandbox = running->sandbox;
    struct seccomp_notif_resp answer = {.id = sandbox->waiting.notification};
    int r;

    running->serial = sandbox->waiting.serial;
    sandbox->driver->run_mark(running->group);
    running->started_ns = *sandbox->waiting.go_ns = sn__now_ns();
    do
        r = ioctl(sandbox->waiting.listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    while (r < 0 && errno == EINTR);
    if (r == 0)
        clear(sandbox);
    else
        sn__armed_drop(sandbox);
    return r == 0;
}

static bool will_run_again(const sn_sandbox *sandbox)
{
    if (sandbox->is_single_use || sandbox->spec.arm == SN_ARM_NEVER)
        return false;
    return sandbox->spec.arm == SN_ARM_ALWAYS || sandbox->runs >= RUNS_BEFORE_IT_PAYS;
}

/* A fork would be in the sandbox at once: not while a run is on. */
static bool can_fork(const sn_running *running)
{
    return running->fitting && running->sandbox->bad_forks < SN__BAD_FORKS_MAX &&
           sn__template_is_warm(running->fitting);
}

void sn__armed_prepare_next(sn_running *running)
{
    sn_sandbox *sandbox = running->sandbox;

    if (!running->is_fed && will_run_again(sandbox) && sandbox->waiting.state == SN__WAITING_NOBODY &&
        !can_fork(running))
        sn__armed_prepare(sandbox, running->policy, &running->limits, running->cwd, NULL, false);
}

void sn__armed_fork_next(sn_running *running)
{
    sn_sandbox *sandbox = running->sandbox;

    if (!running->is_over || running->error_code || running->is_fed || !will_run_again(sandbox) || !can_fork(running) ||
        sn__sandbox_claim(sandbox, NULL) < 0)
        return;
    if (sandbox->waiting.state == SN__WAITING_NOBODY)
        sn__armed_prepare(sandbox, running->policy, &running->limits, running->cwd, running->fitting, false);
    sn__sandbox_release(sandbox);
}

void sn__armed_free(sn_sandbox *sandbox)
{
    struct sn__armed *armed = sandbox->armed;

    if (!armed)
        return;
    clear(sandbox);
    if (sn__sandbox_is_ours(sandbox)) {
        end_group(sandbox, &armed->group);
    }
    free_areas(armed);
    free(armed);
    sandbox->armed = NULL;
}
