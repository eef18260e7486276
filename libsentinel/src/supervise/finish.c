/* SPDX-License-Identifier: MIT */
/* From a run that is over to its result. */
#include "supervise/run.h"

#include "base/error.h"
#include "plan/apparmor.h"
#include "result/denied.h"
#include "supervise/armed.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#define ALL_LAYERS ((UINT64_C(1) << SN_LAYER_COUNT) - 1)

static void leave(sn_running *running)
{
    if (running->sandbox->driver)
        running->sandbox->driver->run_end(running->group);
    running->group = NULL;
    running->is_over = true;
    sn_run_cancel(running); /* whoever waits on the run's descriptor comes and sees */
    sn__sandbox_release(running->sandbox);
}

void sn__running_fail(sn_running *running, int32_t code, sn_error *error)
{
    if (running->is_over)
        return;
    running->error_code = code;
    running->error = error;
    leave(running);
}

static void usage_without_cgroup(const sn_running *running, struct sn__usage *usage)
{
    const struct sn__message_done *done = &running->done;

    usage->user_ns = done->user_ns;
    usage->system_ns = done->system_ns;
    usage->cpu_ns = done->user_ns + done->system_ns;
    usage->cpu_source = "rusage of reaped processes";
    usage->memory_peak = done->max_rss_bytes > running->sampled_peak ? done->max_rss_bytes : running->sampled_peak;
    usage->memory_source = "resident set size, sampled every 10 ms";
}

/* What no setting of the program's can raise, and no figure of the run explains. */
static void note_callers_limits(const sn_running *running, sn_result *result)
{
    const struct {
        int resource;
        const char *name;
        uint64_t wanted, unit;
    } inherited[] = {
        {RLIMIT_CPU, "RLIMIT_CPU", running->limits.cpu_ms, 1000},
        {RLIMIT_DATA, "RLIMIT_DATA", running->limits.memory_bytes, 1},
        {RLIMIT_AS, "RLIMIT_AS", running->limits.memory_bytes, 1},
    };

    for (size_t i = 0; i < SN_ARRAY_SIZE(inherited); i++) {
        struct rlimit limit;

        if (getrlimit(inherited[i].resource, &limit) == 0 && limit.rlim_max != RLIM_INFINITY &&
            limit.rlim_max < inherited[i].wanted / inherited[i].unit)
            sn__buffer_addf(&result->notes, "limits: the caller's own hard %s is lower than the run's limit\n",
                            inherited[i].name);
    }
}

static void add_notes(const sn_running *running, sn_result *result)
{
    const sn_sandbox *sandbox = running->sandbox;

    if (!sandbox->ids.own_uid)
        sn__buffer_add_string(&result->notes, "uid: the program runs as the uid of the sandbox's owner\n");
    if (!sandbox->landlock_abi && (sandbox->spec.layers & SN_LAYER_LANDLOCK))
        sn__buffer_add_string(&result->notes, "landlock: this kernel does not have it\n");
    if (sandbox->spec.layers & SN_LAYER_APPARMOR)
        sn__buffer_add_string(&result->notes, sn__apparmor_note(sandbox->apparmor));
    if (running->done.busy_ns)
        sn__buffer_addf(&result->notes,
                        "cpu: %" PRIu64
                        " ms of it are PID 1's, which answers for each large mapping of the program's and reaps what "
                        "it leaves\n",
                        running->done.busy_ns / 1000000);
    if (running->left_bytes >= running->limits.memory_bytes / 16)
        sn__buffer_addf(&result->notes,
                        "memory: %" PRIu64 " KiB of it are files that earlier runs left in /work and /tmp\n",
                        running->left_bytes / 1024);
    if (running->evidence.usage.processes_refused)
        sn__buffer_addf(
            &result->notes, "processes: %" PRIu64 " %s refused\n", running->evidence.usage.processes_refused,
            running->evidence.usage.processes_refused == 1 ? "fork or thread was" : "forks or threads were");
    if (result->verdict == SN_VERDICT_INTERNAL_ERROR)
        sn__buffer_add_string(&result->notes,
                              "memory: a cgroup above the sandbox's own ran out of memory, not the run\n");
    note_callers_limits(running, result);
    if (running->wanted_template && !running->is_forked)
        sn__buffer_add_string(&result->notes, "start: by exec; the run does not fit the language's template, or there "
                                              "is none\n");
    if (!sandbox->driver)
        sn__buffer_add_string(&result->notes,
                              "cgroup: limits are by rlimits and by polling every 10 ms; memory is the "
                              "sum of resident sets and does not count page cache or tmpfs; CPU time of processes "
                              "whose parents ignored their end is not counted\n");
}

static void note_steps(const sn_running *running, struct sn__steps *steps)
{
    static const char *const names[SN__CHILD_STEPS] = {"clone", "join", "confine", "seccomp", "exec"};
    const struct sn__message_done *done = &running->done;
    uint64_t run_ns = done->end_ns - done->start_ns;

    sn__steps_add(steps, "prepare", running->prepare_ns, false);
    for (int i = 0; i < SN__CHILD_STEPS; i++) {
        if (!done->step_ns[i])
            continue;
        sn__steps_add(steps, names[i], done->step_ns[i], running->is_armed);
        if (!running->is_armed) /* the figure of wall time has them in it, the time of the program's own not */
            run_ns -= done->step_ns[i] < run_ns ? done->step_ns[i] : run_ns;
    }
    sn__steps_add(steps, "run", run_ns, false);
    if (running->done_ns > done->end_ns) /* one clock, unless PID 1 has another */
        sn__steps_add(steps, "reap", running->done_ns - done->end_ns, false);
    steps->last_ns = running->done_ns;
    sn__steps_mark(steps, "figures");
}

void sn__running_finish(sn_running *running)
{
    const struct sn__message_done *done = &running->done;
    struct sn__evidence *evidence = &running->evidence;
    sn_result *result = running->result;
    sn_error *error = NULL;
    int r = 0;

    /* a caller without a descriptor left has its result all the same: each counter is read by one */
    sn__close(running->timer);
    running->timer = -1;
    if (running->group) {
        r = running->sandbox->driver->run_usage(running->group, &evidence->usage, &error);
    } else {
        usage_without_cgroup(running, &evidence->usage);
    }
    evidence->usage.memory_peak += running->left_bytes;
    /* it had what it takes to start, although files of earlier runs had left it nothing */
    if (running->is_starved && evidence->usage.memory_peak > running->limits.memory_bytes)
        evidence->memory_killed = true;
    evidence->usage.cpu_ns += done->busy_ns;
    evidence->usage.system_ns += done->busy_ns;
    if (r == 0 && (result->out[0].failed || result->out[1].failed))
        r = sn__error_nomem(&error);
    if (r == 0 && running->write_error)
        r = sn__error_errno(&error, running->write_error, "supervise run", "cannot feed the program's input");
    if (r == 0 && running->read_error)
        r = sn__error_errno(&error, running->read_error, "supervise run", "cannot read the program's output");
    if (r < 0) {
        sn__running_fail(running, r, error);
        return;
    }
    evidence->exit_code = done->exit_code;
    evidence->signal = done->signal;
    evidence->wall_ns = done->end_ns - done->start_ns;
    evidence->denied = done->denied;
    evidence->memory_refused_large = done->refused_mappings > 0;

    result->exit_code = done->exit_code;
    result->signal = done->signal;
    result->wall_ns = evidence->wall_ns;
    result->usage = evidence->usage;
    result->layers = running->sandbox->layers;
    result->relaxed = ALL_LAYERS & ~result->layers & ~(running->sandbox->spec.layers & SN_LAYER_APPARMOR);
    if (done->denied) {
        result->has_denied = true;
        memcpy(result->denied_args, done->denied_args, sizeof(result->denied_args));
        sn__denied_format(done->denied_arch, done->denied_number, done->denied_args, result->denied_name,
                          sizeof(result->denied_name), result->denied, sizeof(result->denied));
    }
    result->verdict = sn__verdict_decide(evidence, &running->limits, &result->limit);
    add_notes(running, result);
    sn__suspect_judge(running, result);
    note_steps(running, &result->steps);
    leave(running);
}
