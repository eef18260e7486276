/* SPDX-License-Identifier: MIT */
#include "process/process.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "common/log.h"
#include "executor/executor.h"
#include "privilege/privilege.h"

#include <pthread.h>
#include <sentinel/layer.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* One process has one end: the only state here that is nobody's. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned count;
    int status;
    void (*on_next)(void *arg);
    void *arg;
} ending = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void block_signals(sigset_t *ret_set)
{
    sigemptyset(ret_set);
    sigaddset(ret_set, SIGTERM);
    sigaddset(ret_set, SIGINT);
    pthread_sigmask(SIG_BLOCK, ret_set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

/* ---- the frontend ------------------------------------------------------------------------------------------------ */

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

static void *take_signals(void *unused)
{
    sigset_t set;
    int number;

    (void)unused;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    for (;;) {
        if (sigwait(&set, &number) != 0)
            continue;
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
    struct timespec until = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    bool is_ending;
    int error = 0;

    pthread_mutex_lock(&ending.lock);
    while (ending.count == 0 && error == 0)
        error = pthread_cond_clockwait(&ending.changed, &ending.lock, CLOCK_MONOTONIC, &until);
    is_ending = ending.count > 0;
    pthread_mutex_unlock(&ending.lock);
    return is_ending;
}

static int run_frontend(const struct process_options *options, const struct privilege_user *user, int socket)
{
    /* Names of hosts, certificates of authorities, and modules that the C library loads for the former. */
    static const char *const common[] = {
        "/etc",        "/usr/lib", "/usr/share/ca-certificates", "/usr/local/share",     "/lib",
        "/lib64",      "/proc",    "/sys/devices/system/cpu",    "/run/systemd/resolve", "/dev/null",
        "/dev/urandom"};
    const char *read_paths[40] = {NULL};
    const char *write_paths[] = {options->config->state_dir, NULL};
    struct privilege_confinement confinement = {.user = user, .read_paths = read_paths, .write_paths = write_paths};
    struct failure failure;
    pthread_t thread;
    size_t count = 0;

    for (size_t i = 0; i < SN_ARRAY_SIZE(common); i++)
        read_paths[count++] = common[i];
    for (size_t i = 0; options->read_paths[i] && count < SN_ARRAY_SIZE(read_paths) - 1; i++)
        read_paths[count++] = options->read_paths[i];
    if (privilege_confine_frontend(&confinement, &failure) < 0) {
        log_error("the frontend cannot be confined: %s", failure.message);
        return 1;
    }
    if (pthread_create(&thread, NULL, take_signals, NULL) != 0) {
        log_error("no thread for signals");
        return 1;
    }
    return options->frontend(options->arg, socket);
}

/* ---- the executor ------------------------------------------------------------------------------------------------ */

static void *pass_signals(void *arg)
{
    pid_t frontend = *(const pid_t *)arg;
    sigset_t set;
    int number;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    for (;;)
        if (sigwait(&set, &number) == 0)
            kill(frontend, number);
    return NULL;
}

static int wait_for(pid_t frontend)
{
    int status = 0;

    while (waitpid(frontend, &status, 0) < 0)
        if (errno != EINTR)
            return 1;
    if (WIFSIGNALED(status)) {
        log_error("the frontend was ended by signal %d%s", WTERMSIG(status),
                  WTERMSIG(status) == SIGSYS ? ": it made a system call that its filter does not allow" : "");
        return 1;
    }
    return WEXITSTATUS(status);
}

static unsigned long long relaxed(const struct config *config)
{
    unsigned long long layers = 0;

    for (char **name = config->relax; *name; name++)
        layers |= sn_layer_by_name(*name);
    return layers;
}

static int run_executor(const struct process_options *options, const struct privilege_user *user, int socket,
                        pid_t frontend)
{
    const struct config *config = options->config;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    static pid_t passed_to; /* outlives this function with its thread */
    struct executor_options executor = {.socket = socket,
                                        .slots =
                                            config->slots ? (unsigned)config->slots : (unsigned)(cpus > 0 ? cpus : 1),
                                        .relax = relaxed(config),
                                        .no_cache = !config->cache};
    struct failure failure;
    pthread_t thread;
    int status = 1;

    log_rename("executor");
    passed_to = frontend;
    if (privilege_confine_executor(user, &failure) < 0)
        log_error("the executor cannot be confined: %s", failure.message);
    else if (pthread_create(&thread, NULL, pass_signals, &passed_to) != 0)
        log_error("no thread for signals");
    else
        status = executor_main(&executor);
    if (status != 0) {
        /* The frontend sees the end of the socket when this process is gone. */
        kill(frontend, SIGKILL);
        wait_for(frontend);
        return status;
    }
    return wait_for(frontend);
}

int process_main(const struct process_options *options)
{
    struct privilege_split split = {.socket = -1};
    struct privilege_user user;
    struct failure failure;
    sigset_t set;

    block_signals(&set);
    if (privilege_user_find(options->config->user, &user, &failure) < 0 ||
        privilege_directory(options->config->state_dir, &user, &failure) < 0 ||
        (options->has_executor && privilege_split(&split, &failure) < 0)) {
        log_error("%s", failure.message);
        return 1;
    }
    if (options->has_executor && !split.is_frontend)
        return run_executor(options, &user, split.socket, split.other);
    return run_frontend(options, &user, split.socket);
}
