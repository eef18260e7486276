/* SPDX-License-Identifier: MIT */
/* Gets a run under way: options -> request, descriptors, cgroup leaf, watchers. */
#include "supervise/run.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "config/policy.h"
#include "plan/seccomp_compile.h"
#include "spawn/control.h"
#include "supervise/armed.h"
#include "supervise/request.h"
#include "supervise/stdio.h"
#include "template/template.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

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

static int make_stdin(const sn_run_options *options, int *ret_fd, sn_error **ret_error)
{
    struct sn__stdin input;
    int r = sn__stdin_make(&input, ret_error);

    if (r == 0)
        r = sn__stdin_fill(&input, options->stdin_data, options->stdin_length, ret_error);
    if (r < 0)
        sn__stdin_close(&input);
    else
        *ret_fd = input.reading;
    return r;
}

static int make_stdio(sn_running *running, const sn_run_options *options, struct program_ends *ends,
                      sn_error **ret_error)
{
    int r;

    if (running->is_fed)
        r = sn__pipe_make(&running->in, &ends->stdio[0], false, ret_error);
    else
        r = make_stdin(options, &ends->stdio[0], ret_error);
    for (int i = 0; r == 0 && i < 2; i++)
        r = sn__pipe_make(&running->out[i], &ends->stdio[1 + i], true, ret_error);
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
    if (r == 0 && running->group && (running->oom = running->sandbox->driver->run_oom_fd(running->group)) >= 0)
        r = watch(running, running->oom, EPOLLIN, ret_error);
    return r;
}

/* ---- start ---- */

static int send_run(sn_running *running, struct sn__request_builder *builder, const struct sn__bpf *bpf,
                    struct program_ends *ends, sn_error **ret_error)
{
    struct sn__message message = {.type = SN__MSG_RUN};
    int fds[SN__RUN_FDS_MAX];
    uint32_t count = sn__request_join(builder, running->sandbox, running->group, fds);
    int r = sn__request_freeze(builder, bpf, &ends->request, ret_error);

    if (r < 0)
        return r;
    fds[SN__RUN_FD_REQUEST] = ends->request;
    memcpy(fds + SN__RUN_FD_STDIO, ends->stdio, sizeof(ends->stdio));
    message.serial = running->serial = ++running->sandbox->serial;
    running->started_ns = sn__now_ns();
    r = sn__control_send(running->sandbox->control, &message, fds, count);
    if (r == -EPIPE)
        return sn__sandbox_died(running->sandbox, "start run", ret_error);
    return r < 0 ? sn__error_errno(ret_error, -r, "start run", "cannot hand PID 1 the run") : 0;
}

/* What was taken of an armed run, and what watches that. */
static void give_back(sn_running *running)
{
    running->sandbox->driver->run_end(running->group);
    running->group = NULL;
    for (int i = 0; i < 2; i++) {
        sn__close(running->out[i]);
        running->out[i] = -1;
    }
    sn__close(running->in);
    sn__close(running->epoll);
    sn__close(running->timer);
    sn__close(running->cancel);
    running->in = -1;
    running->epoll = running->timer = running->cancel = running->oom = -1;
    running->is_armed = running->is_forked = false;
}

/* 1: it has started, 0: there was nothing armed for it. */
static int start_armed(sn_running *running, struct sn__request_builder *builder, const sn_run_options *options,
                       const sn_limits *of_group, sn_error **ret_error)
{
    int r = sn__armed_take(running, builder, options, of_group, ret_error);

    if (r == 0 && running->template) {
        sn__armed_prepare(running->sandbox, running->policy, &running->limits, running->cwd, running->template,
                          running->is_fed);
        r = sn__armed_take(running, builder, options, of_group, ret_error);
    }
    if (r <= 0)
        return r;
    r = make_watchers(running, ret_error);
    if (r < 0) {
        sn__armed_drop(running->sandbox);
        return r;
    }
    if (sn__armed_go(running))
        return 1;
    give_back(running);
    return 0;
}

static int start_built(sn_running *running, struct sn__request_builder *builder, const sn_run_options *options,
                       sn_error **ret_error)
{
    struct program_ends ends __attribute__((cleanup(close_ends))) = {-1, {-1, -1, -1}};
    sn_limits of_group = running->limits;
    struct sn__bpf bpf = {0};
    int r;

    of_group.memory_bytes = builder->head.memory_bytes;
    if (running->sandbox->cgroup) {
        running->left_bytes = running->sandbox->left_bytes;
        running->is_starved = of_group.memory_bytes + running->left_bytes > running->limits.memory_bytes;
    }
    r = start_armed(running, builder, options, &of_group, ret_error);
    if (r != 0)
        return r < 0 ? r : 0;
    if (running->policy)
        r = sn__policy_filter(running->policy, &bpf, ret_error);
    if (r == 0)
        r = make_stdio(running, options, &ends, ret_error);
    if (r == 0 && running->sandbox->cgroup)
        r = running->sandbox->driver->run_begin(running->sandbox->cgroup, &of_group, running->left_bytes > 0,
                                                &running->group, ret_error);
    if (r == 0)
        r = make_watchers(running, ret_error);
    return r < 0 ? r : send_run(running, builder, &bpf, &ends, ret_error);
}

static int start_claimed(sn_running *running, const sn_run_options *options, sn_error **ret_error)
{
    sn_sandbox *sandbox = running->sandbox;
    struct sn__request_builder builder = {0};
    int r;

    r = sn__limits_resolve(options->limits, &sandbox->spec.limits, &running->limits, ret_error);
    if (r == 0)
        r = sn__path_normalise(options->cwd ? options->cwd : "/work", "cwd", &running->cwd, ret_error);
    if (r == 0)
        r = sn__request_build(&builder, sandbox, running->policy, options->argv, options->envp, &running->limits,
                              running->cwd, ret_error);
    if (r == 0)
        r = start_built(running, &builder, options, ret_error);
    if (r == 0) {
        running->prepare_ns = running->started_ns - running->result->steps.last_ns;
        sn__running_watch_limits(running);
        sn__armed_prepare_next(running); /* while the program is at work */
    }
    sn__request_clear(&builder);
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

static void choose_start(sn_running *running, const sn_run_options *options, struct sn__start start)
{
    running->wanted_template = start.template && start.is_wanted;
    if (!start.template || running->sandbox->bad_forks >= SN__BAD_FORKS_MAX || !options->envp ||
        !sn__template_fits(start.template, running->sandbox, options->argv, options->envp))
        return;
    running->fitting = start.template;
    if (sn__template_is_ready(start.template, start.is_wanted))
        running->template = start.template;
}

int sn_run_start(sn_sandbox *sandbox, const sn_run_options *options, sn_running **ret_running, sn_error **ret_error)
{
    return sn__run_start(sandbox, options, (struct sn__start){0}, ret_running, ret_error);
}

int sn__run_start(sn_sandbox *sandbox, const sn_run_options *options, struct sn__start start, sn_running **ret_running,
                  sn_error **ret_error)
{
    sn_run_options checked;
    sn_running *running;
    const sn_policy *policy;
    uint64_t begun_ns = sn__now_ns();
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
    sandbox->runs++;
    running->output_mode = checked.output_mode;
    running->is_fed = checked.stdin_mode == SN_STDIN_FEED;
    running->program = strdup(checked.argv[0]);
    running->epoll = running->timer = running->cancel = running->out[0] = running->out[1] = running->in = -1;
    running->callers_cancel = checked.cancel_fd ? checked.cancel_fd : -1;
    running->oom = -1;
    choose_start(running, &checked, start);
    running->result = calloc(1, sizeof(*running->result));
    if (running->result)
        running->result->steps.last_ns = begun_ns;
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
