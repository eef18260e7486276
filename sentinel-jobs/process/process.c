/* SPDX-License-Identifier: MIT */
#include "process/process.h"

#include "base/clock.h"
#include "common/log.h"
#include "executor/executor.h"
#include "observe/process.h"
#include "privilege/privilege.h"
#include "process/files.h"
#include "process/state.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <sentinel/layer.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* One process has one end: the only state here that is nobody's. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned count;
    int status;
    void (*on_next)(void *arg);
    void *arg;
} ending = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* Held while the function runs. */
static struct {
    pthread_mutex_t lock;
    void (*function)(void *arg);
    void *arg;
    bool is_due; /* it came before there was a function */
} reloading = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- the frontend ------------------------------------------------------------------------------------------------ */

static void fill_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

/* In every thread: one of them waits for these. */
static void block_signals(void)
{
    sigset_t set;

    fill_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGHUP, SIG_DFL); /* one that is ignored would not wait */
}

static void note_end(int status)
{
    void (*function)(void *arg) = NULL;
    void *arg = NULL;

    pthread_mutex_lock(&ending.lock);
    ending.count++;
    if (status && !ending.status)
        ending.status = status;
    if (ending.count > 1) {
        function = ending.on_next;
        arg = ending.arg;
    }
    pthread_cond_broadcast(&ending.changed);
    pthread_mutex_unlock(&ending.lock);
    if (function)
        function(arg);
}

static void note_reload(void)
{
    pthread_mutex_lock(&reloading.lock);
    reloading.is_due = !reloading.function;
    if (reloading.function)
        reloading.function(reloading.arg);
    pthread_mutex_unlock(&reloading.lock);
}

void process_on_reload(void (*function)(void *arg), void *arg)
{
    pthread_mutex_lock(&reloading.lock);
    reloading.function = function;
    reloading.arg = arg;
    if (function && reloading.is_due) {
        reloading.is_due = false;
        function(arg);
    }
    pthread_mutex_unlock(&reloading.lock);
}

static void *take_signals(void *unused)
{
    sigset_t set;
    int number;

    (void)unused;
    fill_signals(&set);
    for (;;) {
        if (sigwait(&set, &number) != 0)
            continue;
        if (number == SIGHUP) {
            note_reload();
            continue;
        }
        log_info("asked to end by signal %d", number);
        note_end(0);
    }
    return NULL;
}

int process_wait(void)
{
    int status;

    pthread_mutex_lock(&ending.lock);
    while (ending.count == 0)
        pthread_cond_wait(&ending.changed, &ending.lock);
    status = ending.status;
    pthread_mutex_unlock(&ending.lock);
    return status;
}

void process_end(int status)
{
    note_end(status);
}

unsigned process_end_count(void)
{
    unsigned count;

    pthread_mutex_lock(&ending.lock);
    count = ending.count;
    pthread_mutex_unlock(&ending.lock);
    return count;
}

void process_on_next_signal(void (*function)(void *arg), void *arg)
{
    bool is_due;

    pthread_mutex_lock(&ending.lock);
    ending.on_next = function;
    ending.arg = arg;
    is_due = ending.count > 1;
    pthread_mutex_unlock(&ending.lock);
    if (is_due && function)
        function(arg);
}

bool process_pause(uint64_t ms)
{
    uint64_t ns = sn__now_ns() + ms * 1000000;
    struct timespec until = sn__timespec(ns);
    bool is_ending;
    int error = 0;

    pthread_mutex_lock(&ending.lock);
    while (ending.count == 0 && error == 0)
        error = pthread_cond_clockwait(&ending.changed, &ending.lock, CLOCK_MONOTONIC, &until);
    is_ending = ending.count > 0;
    pthread_mutex_unlock(&ending.lock);
    return is_ending;
}

/*
 * libpq looks for certificates and passwords in the home directory, and takes what it may not read there for an error:
 * as of root's, when we are not root any more, or of a user's, by Landlock. So what it shall use is in the URL only.
 */
static void leave_home(void)
{
    setenv("HOME", "/nonexistent", 1); /* without memory it stays as it was, and libpq says what it does not like */
}

/* Each connection is a descriptor: as many as the host lets this process have. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int run_frontend(const struct process_options *options, const struct privilege_user *user,
                        const char *const *read_paths, int socket)
{
    const char *write_paths[] = {options->config->state_dir, NULL};
    struct privilege_confinement confinement = {.user = user, .read_paths = read_paths, .write_paths = write_paths};
    struct host *host = host_open("/proc");
    struct failure failure;
    pthread_t thread;
    int status;

    umask(077);
    block_signals();
    raise_descriptors();
    leave_home();
    process_figures_keep();
    if (privilege_confine_frontend(&confinement, &failure) < 0) {
        log_error("the frontend cannot be confined: %s", failure.message);
        return 1;
    }
    if (pthread_create(&thread, NULL, take_signals, NULL) != 0) {
        log_error("no thread for signals");
        return 1;
    }
    status = options->frontend(options->arg, socket, host);
    host_close(host);
    return status;
}

/* ---- the executor ------------------------------------------------------------------------------------------------ */

static unsigned long long relaxed(const struct config *config)
{
    unsigned long long layers = 0;

    for (char **name = config->relax; *name; name++)
        layers |= sn_layer_by_name(*name);
    return layers;
}

unsigned process_slots(const struct config *config)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    return (unsigned)(config->slots ? (long)config->slots : cpus > 0 ? cpus : 1);
}

/* How long the frontend has to end once its executor is gone. */
enum { FRONTEND_END_MS = 15000 };

static int run_executor(const struct process_options *options, const struct privilege_user *user,
                        struct privilege_split *split)
{
    const struct config *config = options->config;
    struct executor_options executor = {.socket = split->socket,
                                        .slots = process_slots(config),
                                        .relax = relaxed(config),
                                        .no_cache = !config->cache,
                                        .time_max_ms = config->time_max_ms,
                                        .memory_max_kb = config->memory_max_kb,
                                        .output_max_kb = config->output_max_kb};
    struct failure failure;
    int status;
    int frontend_status;

    log_rename("executor");
    if (options->executor_begins)
        options->executor_begins(options->arg);
    if (privilege_confine_executor(user, split, &failure) < 0 || privilege_forward_signals(split, &failure) < 0) {
        log_error("the executor cannot be confined: %s", failure.message);
        close(split->socket);
        status = 1;
    } else {
        status = executor_main(&executor);
    }
    frontend_status = privilege_wait(split, FRONTEND_END_MS);
    return status != 0 ? status : frontend_status;
}

int process_main(const struct process_options *options)
{
    __attribute__((cleanup(files_free_places))) char **places = NULL;
    struct privilege_split split = {.socket = -1};
    struct privilege_user user;
    struct failure failure;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (privilege_user_find(options->config->user, &user, &failure) < 0 ||
        state_prepare(options->config, &user, &failure) < 0 ||
        files_places(options->config, options->web_root, &places, &failure) < 0 ||
        (options->has_executor && privilege_split(&split, &failure) < 0)) {
        log_error("%s", failure.message);
        return 1;
    }
    if (options->has_executor && !split.is_frontend)
        return run_executor(options, &user, &split);
    return run_frontend(options, &user, (const char *const *)places, split.socket);
}

int process_become_frontend(const struct config *config, struct failure *failure)
{
    struct privilege_user user;
    int error = privilege_user_find(config->user, &user, failure);

    umask(077);
    if (error == 0)
        error = state_prepare(config, &user, failure);
    leave_home();
    if (error < 0 || !user.is_switched)
        return error;
    if (setgroups(0, NULL) < 0 || setresgid(user.gid, user.gid, user.gid) < 0 ||
        setresuid(user.uid, user.uid, user.uid) < 0)
        return fail(failure, FAIL_INTERNAL, "cannot become user %u: %s", (unsigned)user.uid, strerror(errno));
    return 0;
}
