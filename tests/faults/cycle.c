/* SPDX-License-Identifier: MIT */
#include "cycle.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT "the input of the program\n"
#define FED_BYTES 200000 /* more than a pipe holds */
#define POLL_MS 30000

/* One use of the library. What failed may be tried again, so what it made stands here. */
struct cycle {
    const struct cycle_options *options;
    struct report *report;
    sn_sandbox *sandbox;
    sn_sandbox *other; /* while there is one, the library keeps things for the next */
};

static char input[FED_BYTES];
static char output[FED_BYTES];
static size_t output_length;

static __attribute__((format(printf, 2, 3))) void problem(struct report *report, const char *format, ...)
{
    va_list args;

    if (report->problem[0])
        return;
    va_start(args, format);
    vsnprintf(report->problem, sizeof(report->problem), format, args);
    va_end(args);
}

/* Notes that a call failed, and whether it said so properly. */
static void note_error(struct report *report, const char *call, int code, sn_error *error)
{
    if (code > 0 || code < SN_ETOOLCHAIN)
        problem(report, "%s returned %d, which is no code", call, code);
    if (!error)
        problem(report, "%s returned %s without an error", call, sn_code_name(code));
    else if (sn_error_code(error) != code)
        problem(report, "%s returned %s, its error says %s", call, sn_code_name(code),
                sn_code_name(sn_error_code(error)));
    else if (!sn_error_step(error)[0] || !sn_error_message(error)[0])
        problem(report, "%s returned %s with the step '%s' and the message '%s'", call, sn_code_name(code),
                sn_error_step(error), sn_error_message(error));
    else if (code == SN_ESYS && !sn_error_errno(error))
        problem(report, "%s returned SN_ESYS without an errno", call);
    if (report->errors++ > 0)
        return;
    snprintf(report->call, sizeof(report->call), "%s", call);
    report->code = code;
    report->sys_errno = sn_error_errno(error);
    snprintf(report->step, sizeof(report->step), "%s", sn_error_step(error));
    snprintf(report->message, sizeof(report->message), "%s", sn_error_message(error));
}

/* ---- the calls ---- */

static int do_create_with(struct cycle *cycle, const sn_sandbox_options *wanted, sn_error **ret_error)
{
    sn_sandbox_options options = *wanted;

    options.relax |= cycle->options->relax;
    if (!(options.relax & SN_LAYER_CGROUP))
        options.cgroup_parent = cycle->options->cgroup_parent;
    return sn_sandbox_create(&options, &cycle->sandbox, ret_error);
}

static int do_create(struct cycle *cycle, sn_error **ret_error)
{
    sn_sandbox_options options;

    sn_sandbox_options_init(&options);
    return do_create_with(cycle, &options, ret_error);
}

static void destroy(struct cycle *cycle)
{
    sn_sandbox_destroy(cycle->sandbox);
    cycle->sandbox = NULL;
}

static int do_create_other(struct cycle *cycle, sn_error **ret_error)
{
    int r = do_create(cycle, ret_error);

    cycle->other = cycle->sandbox;
    cycle->sandbox = NULL;
    return r;
}

/* The next sandbox is the third of its place: it comes of a stem. */
static int do_use_place(struct cycle *cycle, sn_error **ret_error)
{
    int r = 0;

    for (int i = 0; r == 0 && i < 2; i++) {
        r = do_create(cycle, ret_error);
        destroy(cycle);
    }
    return r;
}

static int do_create_again(struct cycle *cycle, sn_error **ret_error)
{
    destroy(cycle);
    return do_create(cycle, ret_error);
}

static int do_create_armed(struct cycle *cycle, sn_error **ret_error)
{
    sn_sandbox_options options;

    sn_sandbox_options_init(&options);
    options.arm = SN_ARM_ALWAYS;
    return do_create_with(cycle, &options, ret_error);
}

static int do_create_loopback(struct cycle *cycle, sn_error **ret_error)
{
    const sn_mount *mounts[3];
    sn_sandbox_options options;
    sn_mount mount, absent;
    sn_limits limits;

    sn_sandbox_options_init(&options);
    sn_limits_init(&limits);
    sn_mount_init(&mount);
    sn_mount_init(&absent);
    mount.source = "/etc/hosts";
    mount.target = "/data/hosts";
    absent.source = "/nonexistent";
    absent.flags = SN_MOUNT_OPTIONAL;
    mounts[0] = &mount;
    mounts[1] = &absent;
    mounts[2] = NULL;
    limits.cpu_percent = 100;
    options.network = SN_NETWORK_LOOPBACK;
    options.mounts = mounts;
    options.limits = &limits;
    options.hostname = "other";
    return do_create_with(cycle, &options, ret_error);
}

static int do_create_confined(struct cycle *cycle, sn_error **ret_error)
{
    sn_sandbox_options options;
    cpu_set_t set;
    char list[16];
    int cpu = 0;

    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &set))
            cpu++;
    snprintf(list, sizeof(list), "%d", cpu);
    sn_sandbox_options_init(&options);
    options.cpus = list;
    return do_create_with(cycle, &options, ret_error);
}

static int do_create_without_cgroup(struct cycle *cycle, sn_error **ret_error)
{
    sn_sandbox_options options;

    sn_sandbox_options_init(&options);
    options.relax = SN_LAYER_CGROUP;
    return do_create_with(cycle, &options, ret_error);
}

static int do_create_without_pid_ns(struct cycle *cycle, sn_error **ret_error)
{
    sn_sandbox_options options;

    sn_sandbox_options_init(&options);
    options.relax = SN_LAYER_PID_NS | SN_LAYER_PROC;
    return do_create_with(cycle, &options, ret_error);
}

static int do_put_victim(struct cycle *cycle, sn_error **ret_error)
{
    return sn_sandbox_put(cycle->sandbox, "victim", cycle->options->victim, cycle->options->victim_size, 0755,
                          ret_error);
}

static int do_put(struct cycle *cycle, sn_error **ret_error)
{
    return sn_sandbox_put(cycle->sandbox, "a/b/file", INPUT, strlen(INPUT), 0, ret_error);
}

static int do_mkdir(struct cycle *cycle, sn_error **ret_error)
{
    return sn_sandbox_mkdir(cycle->sandbox, "a/c/d", ret_error);
}

static int do_get(struct cycle *cycle, sn_error **ret_error)
{
    size_t length = 0;
    void *data = NULL;
    int r = sn_sandbox_get(cycle->sandbox, "a/b/file", 4096, &data, &length, ret_error);

    if (r == 0 && (length != strlen(INPUT) || memcmp(data, INPUT, length) != 0))
        problem(cycle->report, "get brought %zu other bytes than put took", length);
    sn_free(data);
    return r;
}

static int do_list(struct cycle *cycle, sn_error **ret_error)
{
    sn_file_list *list = NULL;
    int r = sn_sandbox_list(cycle->sandbox, "a", &list, ret_error);

    if (r == 0 && sn_file_list_count(list) != 2)
        problem(cycle->report, "the listing has %zu entries, not 2", sn_file_list_count(list));
    sn_file_list_free(list);
    return r;
}

static void check_result(struct cycle *cycle, const sn_result *result, sn_verdict verdict, sn_limit limit,
                         const char *expected)
{
    struct report *report = cycle->report;
    size_t length = 0;
    const void *bytes = sn_result_stdout(result, &length);

    if (sn_result_verdict(result) != verdict || sn_result_limit(result) != limit)
        problem(report, "verdict %s (limit %s, exit status %d, signal %d, notes: %s), expected %s",
                sn_verdict_name(sn_result_verdict(result)), sn_limit_name(sn_result_limit(result)),
                (int)sn_result_exit_code(result), (int)sn_result_signal(result), sn_result_notes(result),
                sn_verdict_name(verdict));
    /* a verdict depends on the figures: there is none without them. A peak that is only sampled may have been missed.
     */
    if (sn_result_cpu_ns(result) == 0 ||
        (sn_result_memory_bytes(result) == 0 && !strstr(sn_result_memory_source(result), "sampled")))
        problem(report, "a result of %" PRIu64 " ns of CPU time and %" PRIu64 " bytes of memory",
                sn_result_cpu_ns(result), sn_result_memory_bytes(result));
    if (expected && (length != strlen(expected) || memcmp(bytes, expected, length) != 0))
        problem(report, "%zu bytes of output, expected '%s'", length, expected);
    report->layers = sn_result_layers(result);
}

static int run_simple(struct cycle *cycle, const char *mode, const char *data, const sn_limits *limits,
                      sn_verdict verdict, sn_limit limit, const char *expected, sn_error **ret_error)
{
    const char *argv[] = {"./victim", mode, NULL};
    sn_run_options options;
    sn_result *result = NULL;
    int r;

    sn_run_options_init(&options);
    options.argv = argv;
    options.stdin_data = data;
    options.stdin_length = data ? strlen(data) : 0;
    options.limits = limits;
    r = sn_run(cycle->sandbox, &options, &result, ret_error);
    if (r == 0)
        check_result(cycle, result, verdict, limit, expected);
    sn_result_free(result);
    return r;
}

static int do_run(struct cycle *cycle, sn_error **ret_error)
{
    return run_simple(cycle, "echo", INPUT, NULL, SN_VERDICT_OK, SN_LIMIT_NONE, INPUT, ret_error);
}

static int do_run_found_by_path(struct cycle *cycle, sn_error **ret_error)
{
    const char *argv[] = {"true", NULL};
    const char *envp[] = {"PATH=/nowhere:/usr/bin:/bin", NULL};
    sn_run_options options;
    sn_result *result = NULL;
    int r;

    sn_run_options_init(&options);
    options.argv = argv;
    options.envp = envp;
    r = sn_run(cycle->sandbox, &options, &result, ret_error);
    if (r == 0)
        check_result(cycle, result, SN_VERDICT_OK, SN_LIMIT_NONE, "");
    sn_result_free(result);
    return r;
}

static int do_denied(struct cycle *cycle, sn_error **ret_error)
{
    return run_simple(cycle, "socket", NULL, NULL, SN_VERDICT_SECURITY_VIOLATION, SN_LIMIT_NONE, "", ret_error);
}

static int do_large(struct cycle *cycle, sn_error **ret_error)
{
    return run_simple(cycle, "large", NULL, NULL, SN_VERDICT_OK, SN_LIMIT_NONE, "refused", ret_error);
}

static int do_memory(struct cycle *cycle, sn_error **ret_error)
{
    sn_limits limits;

    sn_limits_init(&limits);
    limits.memory_bytes = 4U << 20;
    return run_simple(cycle, "memory", NULL, &limits, SN_VERDICT_MEMORY_LIMIT_EXCEEDED, SN_LIMIT_MEMORY, "", ret_error);
}

static int do_wall(struct cycle *cycle, sn_error **ret_error)
{
    sn_limits limits;

    sn_limits_init(&limits);
    limits.wall_ms = 40;
    return run_simple(cycle, "sleep", NULL, &limits, SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_WALL, "", ret_error);
}

static int do_cpu(struct cycle *cycle, sn_error **ret_error)
{
    sn_limits limits;

    sn_limits_init(&limits);
    limits.cpu_ms = 30;
    limits.wall_ms = 60000; /* does not stand in for it */
    return run_simple(cycle, "spin", NULL, &limits, SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_CPU, "", ret_error);
}

static int do_fork(struct cycle *cycle, sn_error **ret_error)
{
    return run_simple(cycle, "fork", NULL, NULL, SN_VERDICT_OK, SN_LIMIT_NONE, "", ret_error);
}

/* This process's own waiting is not the library's: a fault there is waited for again. */
static void wait_for(const sn_running *running)
{
    struct pollfd poll_fd = {.fd = sn_run_fd(running), .events = POLLIN};

    while (poll(&poll_fd, 1, POLL_MS) < 0)
        continue;
}

static int feed(struct cycle *cycle, sn_running *running, sn_result **ret_result, sn_error **ret_error)
{
    sn_event event = {.size = sizeof(event)};
    size_t fed = 0;
    bool is_closed = false;
    int r = 0;

    while (r == 0) {
        if (!is_closed && fed < sizeof(input)) {
            size_t taken = 0;

            r = sn_run_write(running, input + fed, sizeof(input) - fed, &taken, ret_error);
            fed += taken;
        }
        if (r == 0 && !is_closed && fed == sizeof(input)) {
            r = sn_run_close_stdin(running, ret_error);
            is_closed = true;
        }
        if (r == 0)
            r = sn_run_next(running, &event, ret_error);
        if (r < 0)
            break;
        if (event.type == SN_EVENT_DONE)
            return sn_run_wait(running, ret_result, ret_error);
        if (event.type == SN_EVENT_STDOUT && output_length + event.length <= sizeof(output)) {
            memcpy(output + output_length, event.data, event.length);
            output_length += event.length;
        } else if (event.type == SN_EVENT_STDOUT) {
            problem(cycle->report, "more came out than went in");
        } else if (event.type == SN_EVENT_NONE) {
            wait_for(running);
        }
    }
    return r;
}

static int do_feed(struct cycle *cycle, sn_error **ret_error)
{
    const char *argv[] = {"./victim", "echo", NULL};
    sn_run_options options;
    sn_running *running = NULL;
    sn_result *result = NULL;
    int r;

    sn_run_options_init(&options);
    options.argv = argv;
    options.stdin_mode = SN_STDIN_FEED;
    options.output_mode = SN_OUTPUT_STREAM;
    output_length = 0;
    for (size_t i = 0; i < sizeof(input); i++)
        input[i] = (char)(i * 7 + i / 251);
    r = sn_run_start(cycle->sandbox, &options, &running, ret_error);
    if (r == 0)
        r = feed(cycle, running, &result, ret_error);
    if (r == 0) {
        check_result(cycle, result, SN_VERDICT_OK, SN_LIMIT_NONE, NULL);
        if (output_length != sizeof(input) || memcmp(input, output, sizeof(input)) != 0)
            problem(cycle->report, "%zu bytes came out of %zu, or others", output_length, sizeof(input));
    }
    sn_running_free(running);
    sn_result_free(result);
    return r;
}

static int cancel(struct cycle *cycle, int cancel_fd, sn_error **ret_error)
{
    const char *argv[] = {"./victim", "sleep", NULL};
    sn_run_options options;
    sn_running *running = NULL;
    sn_result *result = NULL;
    sn_event event = {.size = sizeof(event)};
    int r;

    sn_run_options_init(&options);
    options.argv = argv;
    options.cancel_fd = cancel_fd;
    r = sn_run_start(cycle->sandbox, &options, &running, ret_error);
    if (r == 0)
        r = sn_run_next(running, &event, ret_error);
    if (r == 0) {
        if (!cancel_fd)
            sn_run_cancel(running);
        r = sn_run_wait(running, &result, ret_error);
    }
    if (r == 0)
        check_result(cycle, result, SN_VERDICT_CANCELLED, SN_LIMIT_NONE, "");
    sn_running_free(running);
    sn_result_free(result);
    return r;
}

static int do_cancel(struct cycle *cycle, sn_error **ret_error)
{
    return cancel(cycle, 0, ret_error);
}

static int do_cancel_fd(struct cycle *cycle, sn_error **ret_error)
{
    static int fd = -1; /* readable for good */

    if (fd < 0)
        fd = eventfd(1, EFD_CLOEXEC);
    return cancel(cycle, fd, ret_error);
}

/* Freed while it runs: freeing has to end it. */
static int do_free(struct cycle *cycle, sn_error **ret_error)
{
    const char *argv[] = {"./victim", "sleep", NULL};
    sn_run_options options;
    sn_running *running = NULL;
    int r;

    sn_run_options_init(&options);
    options.argv = argv;
    r = sn_run_start(cycle->sandbox, &options, &running, ret_error);
    sn_running_free(running);
    return r;
}

static int do_languages(struct cycle *cycle, sn_error **ret_error)
{
    sn_languages *languages = NULL;
    int r = sn_languages_load(NULL, &languages, ret_error);

    if (r == 0 && !sn_languages_find(languages, "python"))
        problem(cycle->report, "the languages have no python");
    sn_languages_free(languages);
    return r;
}

static int do_policy(struct cycle *cycle, sn_error **ret_error)
{
    sn_policy *policy = NULL;
    void *bpf = NULL;
    size_t size = 0;
    char *text = NULL;
    int r = sn_policy_load("default", &policy, ret_error);

    (void)cycle;
    if (r == 0)
        r = sn_policy_compile(policy, &bpf, &size, ret_error);
    if (r == 0)
        r = sn_policy_print(policy, 0, &text, ret_error);
    sn_free(text);
    sn_free(bpf);
    sn_policy_free(policy);
    return r;
}

static int do_policy_oci(struct cycle *cycle, sn_error **ret_error)
{
    static const char json[] = "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86_64\"],"
                               " \"syscalls\": [{\"names\": [\"read\", \"write\", \"execve\", \"exit_group\"],"
                               " \"action\": \"SCMP_ACT_ALLOW\"}, {\"names\": [\"socket\"], \"action\":"
                               " \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 1, \"op\":"
                               " \"SCMP_CMP_EQ\"}]}]}";
    sn_policy *policy = NULL;
    void *bpf = NULL;
    size_t size = 0;
    int r = sn_policy_parse(json, sizeof(json) - 1, "profile.json", &policy, ret_error);

    (void)cycle;
    if (r == 0)
        r = sn_policy_compile(policy, &bpf, &size, ret_error);
    sn_free(bpf);
    sn_policy_free(policy);
    return r;
}

static int do_program(struct cycle *cycle, sn_error **ret_error)
{
    static const char source[] = "read line; echo \"$line\"\n";
    sn_sandbox_options sandbox;
    sn_program_options options;
    sn_languages *languages = NULL;
    sn_program *program = NULL;
    sn_run_options run;
    sn_result *result = NULL;
    int r = sn_languages_load(NULL, &languages, ret_error);

    sn_sandbox_options_init(&sandbox);
    sn_program_options_init(&options);
    sn_run_options_init(&run);
    sandbox.relax = cycle->options->relax;
    if (!(sandbox.relax & SN_LAYER_CGROUP))
        sandbox.cgroup_parent = cycle->options->cgroup_parent;
    options.sandbox = &sandbox;
    options.source = source;
    options.source_length = sizeof(source) - 1;
    run.stdin_data = INPUT;
    run.stdin_length = strlen(INPUT);
    if (r == 0)
        r = sn_program_create(sn_languages_find(languages, "bash"), &options, &program, ret_error);
    if (r == 0)
        r = sn_program_run(program, &run, &result, ret_error);
    if (r == 0)
        check_result(cycle, result, SN_VERDICT_OK, SN_LIMIT_NONE, INPUT);
    sn_result_free(result);
    sn_program_destroy(program);
    sn_languages_free(languages);
    return r;
}

static int do_host_probe(struct cycle *cycle, sn_error **ret_error)
{
    sn_host *host = NULL;
    int r = sn_host_probe(&host, ret_error);

    if (r == 0 && sn_host_count(host) == 0)
        problem(cycle->report, "the probe found nothing to say");
    sn_host_free(host);
    return r;
}

/* ---- scenarios ---- */

struct call {
    const char *name;
    int (*make)(struct cycle *cycle, sn_error **ret_error);
};

#define CALLS 8

/* `before` is not disturbed; destroying the sandbox is, where making it is. */
static const struct calls {
    struct call before[3];
    struct call disturbed[CALLS];
} calls[] = {
    {.disturbed = {{"create", do_create},
                   {"put", do_put_victim},
                   {"put", do_put},
                   {"mkdir", do_mkdir},
                   {"list", do_list},
                   {"get", do_get},
                   {"run", do_run}}},
    {.before = {{"create", do_create}, {"put", do_put_victim}}, .disturbed = {{"feed", do_feed}}},
    {.before = {{"create", do_create}, {"put", do_put_victim}}, .disturbed = {{"cancel", do_cancel}}},
    {.before = {{"create", do_create}, {"put", do_put_victim}}, .disturbed = {{"cancel_fd", do_cancel_fd}}},
    {.before = {{"create", do_create}, {"put", do_put_victim}}, .disturbed = {{"free", do_free}}},
    {.before = {{"create", do_create}, {"put", do_put_victim}}, .disturbed = {{"denied", do_denied}}},
    {.before = {{"create", do_create}, {"put", do_put_victim}}, .disturbed = {{"large", do_large}}},
    {.before = {{"create", do_create}, {"put", do_put_victim}}, .disturbed = {{"memory", do_memory}}},
    {.before = {{"create", do_create}, {"put", do_put_victim}}, .disturbed = {{"wall", do_wall}}},
    {.before = {{"create", do_create}, {"put", do_put_victim}}, .disturbed = {{"cpu", do_cpu}}},
    {.before = {{"create", do_create}, {"put", do_put_victim}}, .disturbed = {{"fork", do_fork}}},
    {.before = {{"create", do_create}}, .disturbed = {{"run", do_run_found_by_path}}},
    {.disturbed = {{"create", do_create_armed},
                   {"put", do_put_victim},
                   {"run", do_run},
                   {"put", do_put},
                   {"wall", do_wall},
                   {"run", do_run}}},
    {.before = {{"create", do_create_other}, {"create", do_use_place}},
     .disturbed = {{"create", do_create},
                   {"put", do_put_victim},
                   {"run", do_run},
                   {"create", do_create_again},
                   {"put", do_put_victim},
                   {"run", do_run}}},
    {.disturbed = {{"create", do_create_loopback}}},
    {.disturbed = {{"create", do_create_confined}}},
    {.disturbed = {{"create", do_create_without_cgroup}, {"put", do_put_victim}, {"wall", do_wall}}},
    {.disturbed = {{"create", do_create_without_pid_ns}, {"put", do_put_victim}, {"fork", do_fork}, {"wall", do_wall}}},
    {.disturbed = {{"languages", do_languages}, {"policy", do_policy}, {"oci", do_policy_oci}}},
    {.disturbed = {{"program", do_program}}},
    {.disturbed = {{"probe", do_host_probe}}},
};

const struct scenario scenarios[] = {
    {"full", "create, put, mkdir, list, get, run, destroy", false},
    {"feed", "a run that is fed, and streams", false},
    {"cancel", "a run that is cancelled", false},
    {"cancel-fd", "a run that is cancelled by the caller's descriptor", false},
    {"free", "a run that is freed before its end", false},
    {"denied", "a run that makes a denied system call", false},
    {"large", "a run that maps more than its memory", false},
    {"memory", "a run that is killed for memory", true},
    {"wall", "a run that sleeps past its limit", false},
    {"cpu", "a run that computes past its limit", false},
    {"fork", "a run that leaves processes behind", false},
    {"path", "a run that is searched in PATH", false},
    {"armed", "runs whose process waited for them", false},
    {"again", "sandboxes whose PID 1 a stem forks, with what is kept for them", true},
    {"loopback", "create with loopback and mounts, destroy", false},
    {"cpus", "create with a list of processors, destroy", false},
    {"no-cgroup", "create, run, destroy without cgroups", false},
    {"no-pid-ns", "create, run, destroy without a pid namespace", false},
    {"load", "languages, a policy, an OCI profile", false},
    {"program", "languages, and a program of one", false},
    {"probe", "what the host can do", false},
};
const unsigned scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
_Static_assert(sizeof(scenarios) / sizeof(scenarios[0]) == sizeof(calls) / sizeof(calls[0]), "one for each");

int scenario_find(const char *name)
{
    for (unsigned i = 0; i < scenario_count; i++)
        if (strcmp(scenarios[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* 0, or -1: there is no going on. */
static int make(struct cycle *cycle, const struct call *call)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        sn_error *error = NULL;
        int r = call->make(cycle, &error);

        cycle->options->call_over();
        if (r == 0 && error)
            problem(cycle->report, "%s returned 0 with an error: %s", call->name, sn_error_message(error));
        if (r == 0) {
            sn_error_free(error);
            return 0;
        }
        if (attempt > 0 && r != SN_EDIED)
            problem(cycle->report, "%s failed for a second time, undisturbed: %s, %s: %s (at first %s: %s)", call->name,
                    sn_code_name(r), sn_error_step(error), sn_error_message(error), cycle->report->step,
                    cycle->report->message);
        note_error(cycle->report, call->name, r, error);
        sn_error_free(error);
        if (r == SN_EDIED)
            return -1;
    }
    return -1;
}

void cycle_run(const struct cycle_options *options, unsigned scenario, struct report *report)
{
    struct cycle cycle = {.options = options, .report = report};
    bool is_inside = calls[scenario].before[0].make == NULL;

    memset(report, 0, sizeof(*report));
    for (const struct call *call = calls[scenario].before; call->make; call++) {
        if (make(&cycle, call) < 0) {
            problem(report, "%s failed before anything was disturbed: %s: %s", call->name, report->step,
                    report->message);
            destroy(&cycle);
            sn_sandbox_destroy(cycle.other);
            return;
        }
    }
    options->mark(true);
    for (const struct call *call = calls[scenario].disturbed; call->make; call++)
        if (make(&cycle, call) < 0)
            break;
    if (is_inside)
        destroy(&cycle);
    options->mark(false);
    destroy(&cycle);
    sn_sandbox_destroy(cycle.other);
}
