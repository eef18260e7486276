/* SPDX-License-Identifier: MIT */
#ifndef JOBS_TESTS_EXECUTOR_SUPPORT_H
#define JOBS_TESTS_EXECUTOR_SUPPORT_H

/*
 * What tests of the executor need: an executor in a process of its own (this program, executed again), and a listener
 * that keeps what it hears. Include this first: cmocka has a fail() of its own.
 */
#include "base/buffer.h"
#include "common/log.h"
#include "executor/client.h"
#include "executor/executor.h"
#include "executor/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 120
#define UNUSED __attribute__((unused))

static char scratch[] = "/tmp/test-executor.XXXXXX"; /* cache, manifests */

/* ---- an executor ---- */

struct executor_process {
    pid_t pid;
    int socket; /* -1: a client has it */
    struct executor_client *client;
};

enum { WITHOUT_CACHE = 1, WITH_LOG = 2 };

/* Where the executor writes its log WITH_LOG. */
static UNUSED const char *log_path(void)
{
    static char path[200];

    snprintf(path, sizeof(path), "%s/log", scratch);
    return path;
}

/* The other half of start_executor(): argv is program, "executor", socket, slots, languages or "", flags. */
static int be_executor(char **argv)
{
    char cache[100];
    struct executor_options options = {
        .socket = atoi(argv[2]),
        .slots = (unsigned)atoi(argv[3]),
        .languages = *argv[4] ? argv[4] : NULL,
        .no_cache = atoi(argv[5]) & WITHOUT_CACHE,
        .cache_dir = cache,
    };

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fcntl(options.socket, F_SETFD, FD_CLOEXEC);
    snprintf(cache, sizeof(cache), "%s/cache", argv[6]);
    log_setup("executor", atoi(argv[5]) & WITH_LOG ? LOG_DEBUG_LEVEL : LOG_ERROR_LEVEL);
    return executor_main(&options);
}

static struct executor_process start_executor(unsigned slots, const char *languages, int flags)
{
    struct executor_process process = {.socket = -1};
    char socket_text[16], slots_text[16], flags_text[16];
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    snprintf(socket_text, sizeof(socket_text), "%d", pair[1]);
    snprintf(slots_text, sizeof(slots_text), "%u", slots);
    snprintf(flags_text, sizeof(flags_text), "%d", flags);
    process.pid = fork();
    assert_true(process.pid >= 0);
    if (process.pid == 0) {
        fcntl(pair[1], F_SETFD, 0);
        if (flags & WITH_LOG)
            dup2(open(log_path(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), STDERR_FILENO);
        execl("/proc/self/exe", "test-executor", "executor", socket_text, slots_text, languages ? languages : "",
              flags_text, scratch, NULL);
        _exit(99);
    }
    close(pair[1]);
    process.socket = pair[0];
    return process;
}

/* Its exit status, or minus the signal that ended it. */
static int await_executor(struct executor_process *process)
{
    int status = 0;

    for (int i = 0; i < PATIENCE_S * 100; i++) {
        pid_t pid = waitpid(process->pid, &status, WNOHANG);

        if (pid == process->pid) {
            process->pid = 0;
            return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        }
        poll(NULL, 0, 10);
    }
    kill(process->pid, SIGKILL);
    waitpid(process->pid, &status, 0);
    fail_msg("the executor did not end");
    return 0;
}

/* ---- a listener ---- */

struct heard {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct sn__buffer statuses; /* "COMPILING RUNNING " */
    struct sn__buffer order;    /* "1:text 2:text " by stream, as it came */
    struct sn__buffer out[4];   /* by stream */
    struct sn__buffer cases;    /* "0:SUCCESS 1:WRONG_ANSWER " */
    struct outcome outcome;
    unsigned ends;
};

static pthread_mutex_t gone_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gone_changed = PTHREAD_COND_INITIALIZER;
static unsigned gone_count;

static void hear_status(void *arg, enum job_status status)
{
    struct heard *heard = arg;

    pthread_mutex_lock(&heard->lock);
    sn__buffer_addf(&heard->statuses, "%s ", job_status_name(status));
    pthread_cond_broadcast(&heard->changed);
    pthread_mutex_unlock(&heard->lock);
}

static void hear_output(void *arg, enum executor_stream stream, const void *data, size_t length)
{
    struct heard *heard = arg;

    pthread_mutex_lock(&heard->lock);
    sn__buffer_addf(&heard->order, "%d:%.*s ", stream, length < 20 ? (int)length : 20, (const char *)data);
    sn__buffer_add(&heard->out[stream], data, length);
    pthread_cond_broadcast(&heard->changed);
    pthread_mutex_unlock(&heard->lock);
}

static void hear_case(void *arg, size_t index, const struct case_outcome *outcome)
{
    struct heard *heard = arg;

    pthread_mutex_lock(&heard->lock);
    sn__buffer_addf(&heard->cases, "%zu:%s ", index, job_status_name(outcome->status));
    pthread_cond_broadcast(&heard->changed);
    pthread_mutex_unlock(&heard->lock);
}

static void hear_end(void *arg, struct outcome *outcome)
{
    struct heard *heard = arg;

    pthread_mutex_lock(&heard->lock);
    heard->outcome = *outcome;
    *outcome = (struct outcome){0};
    heard->ends++;
    pthread_cond_broadcast(&heard->changed);
    pthread_mutex_unlock(&heard->lock);
}

static void hear_gone(void *owner)
{
    (void)owner;
    pthread_mutex_lock(&gone_lock);
    gone_count++;
    pthread_cond_broadcast(&gone_changed);
    pthread_mutex_unlock(&gone_lock);
}

static const struct executor_listener listener = {hear_status, hear_output, hear_case, hear_end, hear_gone};

static void begin_hearing(struct heard *heard)
{
    memset(heard, 0, sizeof(*heard));
    pthread_mutex_init(&heard->lock, NULL);
    pthread_cond_init(&heard->changed, NULL);
}

static void end_hearing(struct heard *heard)
{
    sn__buffer_clear(&heard->statuses);
    sn__buffer_clear(&heard->order);
    sn__buffer_clear(&heard->cases);
    for (int i = 0; i < 4; i++)
        sn__buffer_clear(&heard->out[i]);
    outcome_free(&heard->outcome);
    pthread_cond_destroy(&heard->changed);
    pthread_mutex_destroy(&heard->lock);
}

static struct timespec deadline(void)
{
    struct timespec when;

    clock_gettime(CLOCK_REALTIME, &when);
    when.tv_sec += PATIENCE_S;
    return when;
}

static void await_end(struct heard *heard)
{
    struct timespec until = deadline();
    unsigned ends;

    pthread_mutex_lock(&heard->lock);
    while (!heard->ends && pthread_cond_timedwait(&heard->changed, &heard->lock, &until) == 0)
        ;
    ends = heard->ends;
    pthread_mutex_unlock(&heard->lock);
    if (!ends)
        fail_msg("the job did not end");
}

/* Waits until what was heard has `wanted` in it. */
static UNUSED void await_text(struct heard *heard, const struct sn__buffer *of, const char *wanted)
{
    struct timespec until = deadline();
    bool is_there;

    pthread_mutex_lock(&heard->lock);
    while (!(of->data && strstr(of->data, wanted)) && !heard->ends &&
           pthread_cond_timedwait(&heard->changed, &heard->lock, &until) == 0)
        ;
    is_there = of->data && strstr(of->data, wanted);
    pthread_mutex_unlock(&heard->lock);
    if (!is_there)
        fail_msg("'%s' did not come, only '%s'", wanted, of->data ? of->data : "");
}

static UNUSED void await_gone(unsigned count)
{
    struct timespec until = deadline();

    pthread_mutex_lock(&gone_lock);
    while (gone_count < count && pthread_cond_timedwait(&gone_changed, &gone_lock, &until) == 0)
        ;
    assert_int_equal(gone_count, count);
    pthread_mutex_unlock(&gone_lock);
}

static UNUSED const char *text(const struct sn__buffer *buffer)
{
    return buffer->data ? buffer->data : "";
}

static void connect_to(struct executor_process *process)
{
    struct failure failure = {0};
    int r = executor_connect(process->socket, &listener, NULL, &process->client, &failure);

    process->socket = -1;
    if (r < 0)
        fail_msg("executor_connect: %s", failure.message);
}

/* An executor that is ended must end well. */
static void stop_executor(struct executor_process *process)
{
    executor_disconnect(process->client);
    process->client = NULL;
    assert_int_equal(await_executor(process), 0);
}

/* ---- jobs ---- */

#define TEXT(literal) ((char *)(uintptr_t)(literal))

/* Nothing of it is to be freed. */
static UNUSED struct spec make_spec(const char *language, const char *source)
{
    static char *none[] = {NULL};

    return (struct spec){
        .language = TEXT(language),
        .file_name = TEXT(""),
        .source = {TEXT(source), strlen(source)},
        .stdin_data = {TEXT(""), 0},
        .args = none,
        .env = none,
        .compile_options = none,
        .compare = COMPARE_TRAILING,
        .checker = {TEXT(""), {TEXT(""), 0}},
    };
}

static UNUSED struct spec_case make_case(const char *input, const char *expected)
{
    return (struct spec_case){
        .name = TEXT(""),
        .stdin_data = {TEXT(input), strlen(input)},
        .expected = {TEXT(expected ? expected : ""), expected ? strlen(expected) : 0},
        .has_expected = expected != NULL,
    };
}

/* What the executor is told that jobs are called. */
static const struct uuid job_id = {{1, 0x99, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 7}};
#define JOB_ID "01990000-0000-7000-8000-000000000007"

static uint64_t start_job(struct executor_client *client, const struct spec *spec, struct heard *heard)
{
    struct failure failure = {0};
    uint64_t tag = 0;

    begin_hearing(heard);
    if (executor_start(client, &job_id, spec, heard, &tag, &failure) < 0)
        fail_msg("executor_start: %s", failure.message);
    return tag;
}

static UNUSED void run_job(struct executor_client *client, const struct spec *spec, struct heard *heard)
{
    start_job(client, spec, heard);
    await_end(heard);
}

/* Shows why a job ended otherwise. */
static UNUSED void assert_ended(const struct heard *heard, enum job_status status)
{
    const struct outcome *outcome = &heard->outcome;

    if (outcome->status != status)
        fail_msg("the job ended as %s (%s), not as %s; compile: %s; stderr: %s", job_status_name(outcome->status),
                 outcome->reason ? outcome->reason : "", job_status_name(status),
                 outcome->has_compile ? outcome->compile.err.data : "", outcome->has_run ? outcome->run.err.data : "");
    assert_int_equal(heard->ends, 1);
}

/* ---- the whole ---- */

/* How long that compiler sleeps: a time by which its process is told from all others. */
static const char *long_compile(void)
{
    static char seconds[32];

    snprintf(seconds, sizeof(seconds), "1000.%d", (int)getpid());
    return seconds;
}

/*
 * A language whose compiler is a shell. It sleeps for good over a source that says SLEEP, and what it makes prints a
 * number that is another one each time that something is compiled.
 */
static void make_manifests(void)
{
    char path[200];
    FILE *file;

    snprintf(path, sizeof(path), "%s/languages", scratch);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof(path), "%s/languages/toy.yaml", scratch);
    file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file,
            "name: toy\nextensions: [toy]\nfile: main.toy\npackage: dash\n"
            "compile:\n  command: [/bin/sh, -euc, 'if grep -q SLEEP \"$1\"; then sleep %s; fi;"
            " if grep -q BAD \"$1\"; then echo no >&2; exit 1; fi;"
            " { cat \"$1\"; echo \"echo compiled $(date +%%s%%N)\"; } >a.out', sh, \"{source}\"]\n"
            "run:\n  command: [/bin/sh, ./a.out]\n"
            "toolchain:\n  files: [/bin/sh]\nvolatile: [TODAY]\n",
            long_compile());
    fclose(file);
    snprintf(path, sizeof(path), "%s/languages/sh.yaml", scratch);
    file = fopen(path, "we");
    assert_non_null(file);
    fputs("name: sh\nextensions: [sh]\nfile: main.sh\npackage: dash\nrun:\n  command: [/bin/sh, \"{source}\"]\n", file);
    fclose(file);
}

static UNUSED const char *own_languages(void)
{
    static char path[200];

    snprintf(path, sizeof(path), "%s/languages", scratch);
    return path;
}

static int begin_tests(void **state)
{
    (void)state;
    if (geteuid() != 0 || !getenv("SENTINEL_DATA_DIR")) {
        print_message("SKIP: this needs root, and SENTINEL_DATA_DIR (policies/ of the sources)\n");
        exit(77);
    }
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(scratch) || chmod(scratch, 0711) < 0)
        return -1;
    make_manifests();
    return 0;
}

static int end_tests(void **state)
{
    char command[100];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
    return system(command);
}

#endif
