/* SPDX-License-Identifier: MIT */
/*
 * Hosts as they should not be: each test puts a forked process into some awkward state and uses sandboxes there. What
 * cannot work must be refused with an error that names the cause.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNABLE 77 /* exit status of a body whose state cannot be had here */

/* ---- in the forked process: no asserts of cmocka's there, a line on stderr and a status ---- */

static const sn_policy *loaded_policy; /* by root, for those who cannot read the tree any more */

static int wrong(const char *what, sn_error *error)
{
    fprintf(stderr, "  %s: %s at \"%s\": %s\n", what, sn_code_name(sn_error_code(error)), sn_error_step(error),
            sn_error_message(error));
    sn_error_free(error);
    return 1;
}

static int create_here(sn_sandbox **ret_sandbox, sn_error **ret_error)
{
    sn_sandbox_options options;

    sn_sandbox_options_init(&options);
    options.policy = loaded_policy;
    return create_sandbox(&options, ret_sandbox, ret_error);
}

/* Files in and out and a run between them, with every result looked at. */
static int use_once(void)
{
    const char *argv[] = {"/bin/sh", "-c", "cat; cat in > out; exit 5", NULL};
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options options;
    void *data = NULL;
    size_t length = 0, got = 0;
    int status = 1;

    sn_run_options_init(&options);
    options.argv = argv;
    options.stdin_data = "standard input";
    options.stdin_length = 14;
    if (create_here(&sandbox, &error) < 0)
        return wrong("create", error);
    if (sn_sandbox_put(sandbox, "in", "a file", 6, 0, &error) < 0)
        wrong("put", error);
    else if (sn_run(sandbox, &options, &result, &error) < 0)
        wrong("run", error);
    else if (sn_sandbox_get(sandbox, "out", 100, &data, &length, &error) < 0)
        wrong("get", error);
    else if (sn_result_exit_code(result) != 5 || !sn_result_stdout(result, &got) || got != 14 || length != 6 ||
             memcmp(data, "a file", 6) != 0)
        fprintf(stderr, "  wrong result: %s, exit %d, %zu bytes of output, %zu in the file\n",
                sn_verdict_name(sn_result_verdict(result)), (int)sn_result_exit_code(result), got, length);
    else
        status = 0;
    sn_free(data);
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    return status;
}

/* 0 if using a sandbox is refused with this code and a message that has `word` in it. */
static int is_refused(int code, const char *word)
{
    const char *argv[] = {"/bin/true", NULL};
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options options;
    int r = create_here(&sandbox, &error);

    sn_run_options_init(&options);
    options.argv = argv;
    if (r == 0)
        r = sn_run(sandbox, &options, &result, &error);
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    if (r == code && strstr(sn_error_message(error), word)) {
        sn_error_free(error);
        return 0;
    }
    fprintf(stderr, "  wanted %s with \"%s\"\n", sn_code_name(code), word);
    return wrong("got", error);
}

static void in_forked(int (*body)(void), const char *name)
{
    int status = 0;
    pid_t pid;

    sn_sandbox_destroy(make_sandbox(NULL)); /* skips where the host has none */
    fflush(stdout);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(120);
        _exit(body());
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == UNABLE)
        skip_because("%s: this host cannot be put into that state", name);
    if (status != 0)
        fail_msg("%s: wait status %x", name, (unsigned)status);
}

static int with_rlimit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
    struct rlimit limit = {soft, hard};

    return setrlimit(resource, &limit) == 0 ? 0 : UNABLE;
}

/* ---- signals ---- */

static int all_signals_blocked(void)
{
    sigset_t all, now;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    if (use_once() != 0)
        return 1;
    sigprocmask(SIG_SETMASK, NULL, &now);
    for (int i = 1; i < 32; i++)
        if (i != SIGKILL && i != SIGSTOP && !sigismember(&now, i))
            return 2;
    return 0;
}

static volatile sig_atomic_t reaped;

static void reap_all(int number)
{
    int saved = errno;

    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        reaped++;
    errno = saved;
}

static int sigchld_handler_reaps_everything(void)
{
    struct sigaction action = {.sa_handler = reap_all};

    sigaction(SIGCHLD, &action, NULL);
    for (int i = 0; i < 5; i++) {
        pid_t pid = fork();

        if (pid == 0)
            _exit(0);
        if (use_once() != 0)
            return 1;
    }
    return reaped == 5 ? 0 : 2;
}

static volatile sig_atomic_t ticks;

static void tick(int number)
{
    (void)number;
    ticks++;
}

static int interval_timer_interrupts_everything(void)
{
    struct sigaction action = {.sa_handler = tick}; /* no SA_RESTART */
    struct itimerval every_ms = {.it_interval.tv_usec = 1000, .it_value.tv_usec = 1000};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every_ms, NULL);
    for (int i = 0; i < 20; i++)
        if (use_once() != 0)
            return 1;
    return ticks > 20 ? 0 : 2;
}

/* ---- limits ---- */

static int few_descriptors(void)
{
    return with_rlimit(RLIMIT_NOFILE, 64, 64) ? UNABLE : use_once();
}

static int few_processes_as_root(void)
{
    return with_rlimit(RLIMIT_NPROC, 2, 2) ? UNABLE : use_once();
}

/* An ordinary user whose processes are counted: what cannot be cloned must be told. */
static int few_processes_as_user(void)
{
    if (relaxed_by_environment() != 0 || setgroups(0, NULL) < 0 || setresgid(54322, 54322, 54322) < 0 ||
        setresuid(54322, 54322, 54322) < 0)
        return UNABLE;
    prctl(PR_SET_DUMPABLE, 1); /* as after an exec */
    setenv("SN_TEST_RELAX", "cgroup,uid", 1);
    if (use_once() != 0)
        return 1;
    return with_rlimit(RLIMIT_NPROC, 1, 1) ? UNABLE : is_refused(SN_ESYS, "RLIMIT_NPROC");
}

static int tiny_files(void)
{
    return with_rlimit(RLIMIT_FSIZE, 100, 100) ? UNABLE : is_refused(SN_EHOST, "RLIMIT_FSIZE");
}

static int small_files(void)
{
    static char large[800000];
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    int r;

    if (with_rlimit(RLIMIT_FSIZE, 400000, 400000) != 0)
        return UNABLE;
    if (use_once() != 0)
        return 1;
    if (create_here(&sandbox, &error) < 0)
        return wrong("create", error);
    r = sn_sandbox_put(sandbox, "large", large, sizeof(large), 0, &error);
    sn_sandbox_destroy(sandbox);
    if (r != SN_ESYS || sn_error_errno(error) != EFBIG || !strstr(sn_error_message(error), "RLIMIT_FSIZE"))
        return wrong("put", error);
    sn_error_free(error);
    return 0;
}

/* Counted from what there is: a sanitizer's shadow alone takes terabytes. */
static int little_address_space(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;
    rlim_t most;

    if (!file || fscanf(file, "%lu", &pages) != 1)
        return UNABLE;
    fclose(file);
    most = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (64U << 20);
    return with_rlimit(RLIMIT_AS, most, most) ? UNABLE : use_once();
}

static int little_stack(void)
{
    return with_rlimit(RLIMIT_STACK, 256 << 10, 8 << 20) ? UNABLE : use_once();
}

static int core_files(void)
{
    return with_rlimit(RLIMIT_CORE, 0, 0) ? UNABLE : use_once();
}

static int locked_memory(void)
{
    return mlockall(MCL_CURRENT | MCL_FUTURE) ? UNABLE : use_once();
}

/* A run of a shell script with these limits, or NULL after saying why; the sandbox goes with it. */
static sn_result *run_here(const char *script, const sn_limits *limits)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options options;

    sn_run_options_init(&options);
    options.argv = argv;
    options.limits = limits;
    if (create_here(&sandbox, &error) < 0 || sn_run(sandbox, &options, &result, &error) < 0)
        wrong("run", error);
    sn_sandbox_destroy(sandbox);
    return result;
}

/* 0 if a program is fine under this limit of CPU time, and its notes tell of the caller's own (or do not). */
static int is_noted(uint64_t cpu_ms, const char *word, bool wanted)
{
    sn_limits limits;
    sn_result *result;
    int status = 1;

    sn_limits_init(&limits);
    limits.cpu_ms = cpu_ms;
    limits.memory_bytes = 64 * MIB;
    result = run_here("exit 0", &limits);
    if (!result)
        return 1;
    if (sn_result_verdict(result) == SN_VERDICT_OK && (strstr(sn_result_notes(result), word) != NULL) == wanted)
        status = 0;
    else
        fprintf(stderr, "  %s, notes: %s\n", sn_verdict_name(sn_result_verdict(result)), sn_result_notes(result));
    sn_result_free(result);
    return status;
}

/* What nobody in the sandbox can raise is told. */
static int little_cpu_time(void)
{
    if (with_rlimit(RLIMIT_CPU, 60, 60) != 0)
        return UNABLE;
    return is_noted(61000, "hard RLIMIT_CPU", true) || is_noted(59000, "RLIMIT_CPU", false) || use_once();
}

/*
 * The CPU limit ends a run though the caller has no descriptor left to look with. That its figures cannot be read then
 * may be said; what may not be is that it goes on until its wall limit.
 */
static int no_descriptors_left(void)
{
    const char *argv[] = {"/bin/sh", "-c", "while :; do :; done", NULL};
    sn_sandbox *sandbox = NULL;
    sn_running *running = NULL;
    sn_error *error = NULL;
    sn_run_options options;
    sn_limits limits;
    sn_event event;
    sn_result *result = NULL;
    uint64_t begun;
    int r = 0;

    sn_event_init(&event);
    sn_limits_init(&limits);
    limits.cpu_ms = 400;
    limits.wall_ms = 30000 * slowness();
    sn_run_options_init(&options);
    options.argv = argv;
    options.limits = &limits;
    if (with_rlimit(RLIMIT_NOFILE, 256, 256) != 0)
        return UNABLE;
    if (create_here(&sandbox, &error) < 0 || sn_run_start(sandbox, &options, &running, &error) < 0)
        return wrong("start", error);
    begun = now_ms();
    while (r == 0 && event.type != SN_EVENT_DONE) {
        struct pollfd poller = {.fd = sn_run_fd(running), .events = POLLIN};

        while (fcntl(2, F_DUPFD_CLOEXEC, 0) >= 0) /* what the library closes meanwhile is taken, too */
            continue;
        if (errno != EMFILE)
            return UNABLE;
        poll(&poller, 1, 1000);
        r = sn_run_next(running, &event, &error);
    }
    if (now_ms() - begun > limits.wall_ms / 2) {
        fprintf(stderr, "  it ended only after %d ms\n", (int)(now_ms() - begun));
        return 1;
    }
    if (r < 0 || sn_run_wait(running, &result, &error) < 0)
        return wrong("next", error);
    if (sn_result_limit(result) != SN_LIMIT_CPU) {
        fprintf(stderr, "  the verdict is %s\n", sn_verdict_name(sn_result_verdict(result)));
        return 1;
    }
    sn_result_free(result);
    sn_running_free(running);
    sn_sandbox_destroy(sandbox);
    return 0;
}

/* ---- what a process is ---- */

static int idle_and_nice(void)
{
    struct sched_param none = {0};

    return nice(19) != 19 || sched_setscheduler(0, SCHED_IDLE, &none) < 0 ? UNABLE : use_once();
}

/* What a program prints has to be this. */
static int prints(const char *const *argv, const char *expected)
{
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options options;
    size_t length = 0;
    int r;

    sn_run_options_init(&options);
    options.argv = argv;
    if (create_here(&sandbox, &error) < 0)
        return wrong("create", error);
    r = sn_run(sandbox, &options, &result, &error);
    if (r < 0) {
        r = wrong("run", error);
    } else {
        const char *output = sn_result_stdout(result, &length);

        r = length != strlen(expected) || memcmp(output, expected, length) != 0;
        if (r)
            fprintf(stderr, "  it printed '%.*s', not '%s'\n", (int)length, output, expected);
    }
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    return r;
}

/* Its own limits are for it, not for the programs that it has run elsewhere: time, data, address space. */
static int soft_limits_of_its_own(void)
{
    const char *argv[] = {"/bin/sh", "-c", "ulimit -d; ulimit -v", NULL};
    const char *argv_groups[] = {"/bin/sh", "-c", "ulimit -d; ulimit -v; ulimit -t", NULL};
    bool no_groups = relaxed_by_environment() & SN_LAYER_CGROUP; /* RLIMIT_CPU is then the run's */
    const __rlimit_resource_t resources[] = {RLIMIT_CPU, RLIMIT_DATA, RLIMIT_AS};
    struct rlimit limit;

    for (int i = 0; i < 3; i++) {
        /* much for this program, whatever a sanitizer takes, and less than no limit */
        if (getrlimit(resources[i], &limit) < 0 || limit.rlim_max != RLIM_INFINITY ||
            with_rlimit(resources[i], i == 0 ? 1000 : (rlim_t)1 << 46, RLIM_INFINITY) != 0)
            return UNABLE;
    }
    return prints(no_groups ? argv : argv_groups,
                  no_groups ? "unlimited\nunlimited\n" : "unlimited\nunlimited\nunlimited\n");
}

/* A debugger's choice (setarch -R) would take the program's randomization away. */
static int without_randomization(void)
{
    const char *argv[] = {"/bin/cat", "/proc/self/personality", NULL};

    if (personality(ADDR_NO_RANDOMIZE) < 0)
        return UNABLE;
    return prints(argv, "00000000\n") || use_once() || personality(0xffffffff) != ADDR_NO_RANDOMIZE;
}

/* Before all others, of which its programs get nothing: priority, nice value, real-time priority, policy. */
static int before_all_others(void)
{
    const char *argv[] = {"/usr/bin/cut", "-d ", "-f18,19,40,41", "/proc/self/stat", NULL};
    struct sched_param first = {.sched_priority = 1};

    if (setpriority(PRIO_PROCESS, 0, -10) < 0 || sched_setscheduler(0, SCHED_FIFO, &first) < 0)
        return UNABLE;
    return prints(argv, "20 0 0 0\n") || use_once() || sched_getscheduler(0) != SCHED_FIFO;
}

static int first_to_die(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, "900", 3) != 3)
        return UNABLE;
    close(fd);
    return use_once();
}

static int undumpable(void)
{
    prctl(PR_SET_DUMPABLE, 0);
    return use_once() || prctl(PR_GET_DUMPABLE) != 0;
}

static int without_a_cwd(void)
{
    char path[] = "/tmp/hostile.XXXXXX";

    return !mkdtemp(path) || chdir(path) < 0 || rmdir(path) < 0 ? UNABLE : use_once();
}

static int all_modes_masked(void)
{
    umask(0777);
    return use_once();
}

/* A leader of a session with a terminal: the sandbox must not get hold of it, nor take it away. */
static int with_a_terminal(void)
{
    const char *argv[] = {"/bin/sh", "-c", "exec 2>/dev/null; : < /dev/tty && exit 9; exit 3", NULL};
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), terminal;
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options options;

    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || setsid() < 0)
        return UNABLE;
    terminal = open(ptsname(master), O_RDWR | O_CLOEXEC);
    if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) < 0)
        return UNABLE;
    if (use_once() != 0)
        return 1;
    sn_run_options_init(&options);
    options.argv = argv;
    if (create_here(&sandbox, &error) < 0 || sn_run(sandbox, &options, &result, &error) < 0)
        return wrong("run", error);
    if (sn_result_exit_code(result) == 9)
        return 2;
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    return tcgetpgrp(terminal) == getpgrp() && open("/dev/tty", O_RDWR | O_CLOEXEC) >= 0 ? 0 : 3;
}

static void *use_in_thread(void *ret_status)
{
    *(int *)ret_status = use_once();
    return NULL;
}

static int on_a_small_stack(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int status = 1;

    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN + 49152) != 0)
        return UNABLE;
    if (pthread_create(&thread, &attributes, use_in_thread, &status) != 0)
        return 2;
    pthread_join(thread, NULL);
    return status;
}

/* Where i is no small I, and 0,5 is a half. */
static int in_turkish(void)
{
    char directory[] = "/tmp/sn-locale.XXXXXX";
    char command[256];
    int result = UNABLE;

    /* compiled here, so that the host need not have it */
    if (!mkdtemp(directory))
        return UNABLE;
    snprintf(command, sizeof(command), "localedef -c -i tr_TR -f UTF-8 %s/tr_TR.UTF-8 2>&1", directory);
    if (system(command) == 0 && setenv("LOCPATH", directory, 1) == 0 && setlocale(LC_ALL, "tr_TR.UTF-8"))
        result = use_once();
    snprintf(command, sizeof(command), "rm -r %s", directory);
    return system(command) == 0 ? result : 1;
}

static int with_other_standard_files(void)
{
    struct stat before[3], after;

    for (int i = 0; i < 2; i++)
        close(i);
    if (open("/etc/passwd", O_RDONLY) != 0 || open("/dev/null", O_RDWR) != 1)
        return UNABLE;
    for (int i = 0; i < 3; i++)
        fstat(i, &before[i]);
    if (use_once() != 0)
        return 1;
    for (int i = 0; i < 3; i++)
        if (fstat(i, &after) < 0 || before[i].st_ino != after.st_ino || (fcntl(i, F_GETFD) & FD_CLOEXEC))
            return 2;
    return lseek(0, 0, SEEK_CUR) == 0 ? 0 : 3;
}

/* ---- the environment ---- */

static int with_a_strange_environment(void)
{
    const char *argv[] = {"/usr/bin/env", NULL};
    char path[64], text[256];
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options options;
    const char *output;
    size_t length = 0;
    int fd;

    setenv("LD_PRELOAD", "/no/such/library.so", 1);
    setenv("LD_LIBRARY_PATH", "/tmp", 1);
    setenv("SECRET", "of the host", 1);
    setenv("TMPDIR", "/no/such/directory", 1);
    setenv("PATH", "/nowhere", 1);
    sn_run_options_init(&options);
    options.argv = argv;
    if (create_here(&sandbox, &error) < 0 || sn_run(sandbox, &options, &result, &error) < 0)
        return wrong("run", error);
    output = sn_result_stdout(result, &length);
    if (length != strlen("PATH=/usr/local/bin:/usr/bin:/bin\nHOME=/work\nLANG=C.UTF-8\n")) {
        fprintf(stderr, "  %.*s\n", (int)length, output);
        return 1;
    }
    snprintf(path, sizeof(path), "/proc/%d/environ", (int)sandbox_pid());
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, sizeof(text)) > 0)
        return 2;
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    return 0;
}

/* ---- seccomp ---- */

static int filter_everything_allowed(unsigned flags)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};

    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static int under_a_filter(void)
{
    if (filter_everything_allowed(0) < 0 &&
        (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || filter_everything_allowed(0) < 0))
        return UNABLE;
    return use_once();
}

static int under_a_listener(void)
{
    if (filter_everything_allowed(SECCOMP_FILTER_FLAG_NEW_LISTENER) < 0)
        return UNABLE;
    if (is_refused(SN_EHOST, "listener") != 0)
        return 1;
    setenv("SN_TEST_RELAX", "seccomp", 1);
    return use_once();
}

/* ---- namespaces and roots ---- */

static int in_own_pid_namespace(bool with_proc, int (*body)(void))
{
    int status = 0;
    pid_t pid;

    if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return UNABLE;
    pid = fork();
    if (pid == 0) {
        if (with_proc && mount("proc", "/proc", "proc", 0, NULL) < 0)
            _exit(UNABLE);
        _exit(getpid() == 1 ? body() : 76);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return 75;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 74;
}

/* It is every orphan's parent: no zombie may stay for it. */
static int use_as_init(void)
{
    for (int i = 0; i < 3; i++)
        if (use_once() != 0)
            return 1;
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : 2;
}

static int as_pid_1(void)
{
    return in_own_pid_namespace(true, use_as_init);
}

/*
 * Children that go into a namespace of their own have small numbers there, and those of this process's other children
 * are the same ones here: none of these may be moved or killed in the place of a PID 1.
 */
#define STRANGERS 12

static pid_t strangers[STRANGERS];

static pid_t fork_sleeper(void)
{
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            pause();
    return pid;
}

/* Where a process is, in every hierarchy. */
static int read_groups(pid_t pid, char text[4096])
{
    char path[64];
    ssize_t length;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    length = fd < 0 ? -1 : read(fd, text, 4095);
    text[length < 0 ? 0 : length] = '\0';
    close(fd);
    return length > 0 ? 0 : -1;
}

static int use_among_strangers(int (*body)(void))
{
    pid_t inner;
    int status;

    for (int i = 0; i < STRANGERS; i++) {
        strangers[i] = fork_sleeper();
        if (strangers[i] < 0)
            return UNABLE;
    }
    if (unshare(CLONE_NEWPID) < 0)
        return UNABLE;
    inner = fork_sleeper(); /* the init of that */
    status = body();
    sleep_ms(100); /* what is killed is dead then */
    for (int i = 0; i < STRANGERS; i++)
        if (waitpid(strangers[i], NULL, WNOHANG) != 0) {
            fprintf(stderr, "  the stranger %d was killed\n", (int)strangers[i]);
            status = 2;
        }
    for (int i = 0; i < STRANGERS; i++)
        kill(strangers[i], SIGKILL);
    kill(inner, SIGKILL);
    return status;
}

static int use_some(void)
{
    for (int i = 0; i < 4; i++)
        if (use_once() != 0)
            return 1;
    return 0;
}

/* While there are sandboxes, no stranger is in their groups. */
static int look_at_groups(void)
{
    sn_sandbox *sandboxes[3] = {NULL};
    static char before[STRANGERS][4096], after[4096];
    sn_error *error = NULL;
    int status = 0;

    for (int i = 0; i < STRANGERS; i++)
        if (read_groups(strangers[i], before[i]) < 0)
            return UNABLE;
    for (int i = 0; i < 3; i++)
        if (create_here(&sandboxes[i], &error) < 0)
            return wrong("create", error);
    for (int i = 0; i < STRANGERS; i++)
        if (read_groups(strangers[i], after) < 0 || strcmp(before[i], after) != 0) {
            fprintf(stderr, "  the stranger %d was moved\n", (int)strangers[i]);
            status = 3;
        }
    for (int i = 0; i < 3; i++)
        sn_sandbox_destroy(sandboxes[i]);
    return status;
}

static int use_some_among_strangers(void)
{
    return use_among_strangers(use_some);
}

static int look_at_groups_of_strangers(void)
{
    return use_among_strangers(look_at_groups);
}

static int children_elsewhere(void)
{
    return in_own_pid_namespace(true, use_some_among_strangers);
}

static int children_elsewhere_move_nobody(void)
{
    return in_own_pid_namespace(true, look_at_groups_of_strangers);
}

/* The same with a /proc that counts in a third way. */
static int children_elsewhere_and_proc_of_outside(void)
{
    return in_own_pid_namespace(false, use_some_among_strangers);
}

/* Whose next child would be an init is told so, and this one is not ours: it can be the caller's as before. */
static int first_child_would_be_an_init(void)
{
    int status = 0;
    pid_t pid;

    if (unshare(CLONE_NEWPID) < 0)
        return UNABLE;
    for (int i = 0; i < 2; i++)
        if (is_refused(SN_EHOST, "CLONE_NEWPID") != 0)
            return 1;
    pid = fork_sleeper();
    if (pid < 0)
        return 2;
    status = use_once();
    if (waitpid(pid, NULL, WNOHANG) != 0)
        return 3;
    kill(pid, SIGKILL);
    return status;
}

/* Is a wall limit kept by whoever's children have another clock? */
static int with_time_offset(const char *offsets)
{
    int fd = unshare(CLONE_NEWTIME) == 0 ? open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC) : -1;
    uint64_t begun;
    char script[32];
    sn_limits limits;
    sn_result *result;
    bool is_kept;

    if (fd < 0 || write(fd, offsets, strlen(offsets)) < 0)
        return UNABLE;
    close(fd);
    sn_limits_init(&limits);
    limits.cpu_ms = 400 * slowness(); /* looked at meanwhile, and with it how late it is */
    limits.wall_ms = 4000 * slowness();
    snprintf(script, sizeof(script), "sleep %d", (int)slowness());
    result = run_here(script, &limits);
    is_kept = result && sn_result_verdict(result) == SN_VERDICT_OK;
    if (!is_kept)
        fprintf(stderr, "  a short program: %s\n", result ? sn_verdict_name(sn_result_verdict(result)) : "error");
    sn_result_free(result);
    if (!is_kept)
        return 1;
    limits.wall_ms = 1000 * slowness();
    begun = now_ms();
    result = run_here("sleep 200", &limits);
    is_kept = result && sn_result_verdict(result) == SN_VERDICT_TIME_LIMIT_EXCEEDED &&
              sn_result_limit(result) == SN_LIMIT_WALL && now_ms() - begun >= limits.wall_ms;
    if (!is_kept)
        fprintf(stderr, "  a long program: %s after %d ms\n",
                result ? sn_verdict_name(sn_result_verdict(result)) : "error", (int)(now_ms() - begun));
    sn_result_free(result);
    return is_kept ? use_once() : 2;
}

static int with_a_clock_ahead(void)
{
    return with_time_offset("monotonic 1000 0\nboottime 1000 0\n");
}

static int with_a_clock_behind(void)
{
    return with_time_offset("monotonic -5 0\nboottime -5 0\n");
}

static int write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    int r = file && fputs(text, file) >= 0 ? 0 : -1;

    return file && fclose(file) == 0 ? r : -1;
}

/* The first host id besides the caller's own that a sandbox of this process has; another one than `known`. */
static long host_uid_but(long known)
{
    char path[64], line[128];
    long found = -1;

    for (int fd = 3; fd < 256; fd++) {
        long pid = -1;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
        file = fopen(path, "re");
        while (file && fgets(line, sizeof(line), file))
            if (strncmp(line, "Pid:", 4) == 0)
                pid = strtol(line + 4, NULL, 10);
        if (file)
            fclose(file);
        snprintf(path, sizeof(path), "/proc/%ld/uid_map", pid);
        file = pid > 0 ? fopen(path, "re") : NULL;
        while (file && fgets(line, sizeof(line), file)) {
            char *end;
            long outside;

            (void)strtol(line, &end, 10);
            outside = strtol(end, NULL, 10);
            if (outside != (long)geteuid() && outside != known)
                found = outside;
        }
        if (file)
            fclose(file);
    }
    return found;
}

/* An ordinary user with two subordinate ids of each kind: two sandboxes, each with its own, and not a third. */
static int few_subordinate_ids(void)
{
    sn_sandbox *sandboxes[3] = {NULL};
    sn_error *error = NULL;
    long first, second;
    int r;

    if (relaxed_by_environment() != 0 || access("/usr/bin/newuidmap", X_OK) < 0 || unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("tmpfs", "/mnt", "tmpfs", 0, "mode=755") < 0)
        return UNABLE;
    if (write_text("/mnt/passwd", "root:x:0:0::/:/bin/sh\nsn-few:x:54329:54329::/:/bin/sh\n") < 0 ||
        write_text("/mnt/subids", "other:600000:65536\nsn-few:700000:2\n") < 0 ||
        mount("/mnt/passwd", "/etc/passwd", NULL, MS_BIND, NULL) < 0 || access("/etc/subuid", F_OK) < 0 ||
        mount("/mnt/subids", "/etc/subuid", NULL, MS_BIND, NULL) < 0 ||
        mount("/mnt/subids", "/etc/subgid", NULL, MS_BIND, NULL) < 0 || mkdir("/mnt/run", 0700) < 0 ||
        chown("/mnt/run", 54329, 54329) < 0 || setgroups(0, NULL) < 0 || setresgid(54329, 54329, 54329) < 0 ||
        setresuid(54329, 54329, 54329) < 0)
        return UNABLE;
    prctl(PR_SET_DUMPABLE, 1); /* as after an exec */
    setenv("XDG_RUNTIME_DIR", "/mnt/run", 1);
    setenv("SN_TEST_RELAX", "cgroup", 1);
    for (int i = 0; i < 2; i++)
        if (create_here(&sandboxes[i], &error) < 0)
            return wrong("create", error);
    first = host_uid_but(-1);
    second = host_uid_but(first);
    if (first + second != 700000 + 700001) {
        fprintf(stderr, "  the sandboxes have the ids %ld and %ld\n", first, second);
        return 2;
    }
    r = is_refused(SN_EHOST, "/etc/subuid");
    sn_sandbox_destroy(sandboxes[0]);
    if (r != 0 || use_once() != 0)
        return 3;
    sn_sandbox_destroy(sandboxes[1]);
    return 0;
}

static int propagation(unsigned long how)
{
    return unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | how, NULL) < 0 ? UNABLE : use_once();
}

static int with_private_mounts(void)
{
    return propagation(MS_PRIVATE);
}

static int with_shared_mounts(void)
{
    int r = propagation(MS_SHARED);
    struct footprint before, after;

    if (r != 0)
        return r;
    footprint_take(&before);
    if (use_once() != 0)
        return 1;
    footprint_take(&after);
    return after.mounts <= before.mounts ? 0 : 2;
}

static int with_slave_mounts(void)
{
    return propagation(MS_SLAVE);
}

static int in_a_chroot(void)
{
    char path[] = "/tmp/hostile.XXXXXX";
    int r;

    if (!mkdtemp(path))
        return UNABLE;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("/", path, NULL, MS_BIND | MS_REC, NULL) < 0 || chroot(path) < 0 || chdir("/") < 0)
        r = UNABLE;
    else
        r = is_refused(SN_EHOST, "chroot");
    rmdir(path);
    return r;
}

/* ---- children of the host ---- */

/*
 * A child that the host forked, in another thread and at any moment, has copies of all descriptors if it does not exec.
 * The host's death must be the sandbox's all the same.
 */
static void *fork_children(void *argument)
{
    int *fd = argument;

    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            prctl(PR_SET_NAME, "hostile-child");
            pause();
            _exit(0);
        }
        (void)!write(*fd, &pid, sizeof(pid));
        sleep_ms(3);
    }
    return NULL;
}

static void host_with_forking_thread(const char *script, int children_fd, int ready_fd)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    sn_sandbox *sandboxes[5] = {NULL};
    sn_running *running = NULL;
    sn_run_options options;
    pthread_t thread;

    sn_run_options_init(&options);
    options.argv = argv;
    if (pthread_create(&thread, NULL, fork_children, &children_fd) != 0)
        _exit(1);
    for (int i = 0; i < 5; i++)
        if (create_here(&sandboxes[i], NULL) != 0)
            _exit(2);
    if (sn_run_start(sandboxes[0], &options, &running, NULL) != 0)
        _exit(3);
    pthread_join(thread, NULL);
    (void)!write(ready_fd, "r", 1);
    pause();
    _exit(4);
}

static void a_forked_child_does_not_keep_sandboxes_alive(void **state)
{
    int children_fds[2], ready_fds[2];
    bool has_begun, has_ended;
    char word[32], script[64], byte = 0;
    pid_t host, child;

    (void)state;
    sn_sandbox_destroy(make_sandbox(NULL));
    snprintf(word, sizeof(word), "86421.%d", (int)getpid());
    snprintf(script, sizeof(script), "sleep %s", word);
    assert_int_equal(pipe2(children_fds, O_CLOEXEC), 0);
    assert_int_equal(pipe2(ready_fds, O_CLOEXEC), 0);
    host = fork();
    assert_true(host >= 0);
    if (host == 0)
        host_with_forking_thread(script, children_fds[1], ready_fds[1]);
    close(children_fds[1]);
    close(ready_fds[1]);
    assert_int_equal(read(ready_fds[0], &byte, 1), 1);
    has_begun = await_processes_named(word, 1);
    kill(host, SIGKILL);
    waitpid(host, NULL, 0);
    has_ended = await_processes_named(word, 0);
    /* the children hold the write end of this pipe, so its end never comes: 20 were announced */
    for (int i = 0; i < 20 && read(children_fds[0], &child, sizeof(child)) == sizeof(child); i++)
        kill(child, SIGKILL);
    close(children_fds[0]);
    close(ready_fds[0]);
    assert_true(has_begun);
    assert_true(has_ended);
}

/* One case for each: a state that cannot be had skips only itself. */
#define CASE(body)                                                                                                     \
    static void test_##body(void **state)                                                                              \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        in_forked(body, #body);                                                                                        \
    }
CASE(all_signals_blocked)
CASE(sigchld_handler_reaps_everything)
CASE(interval_timer_interrupts_everything)
CASE(few_descriptors)
CASE(few_processes_as_root)
CASE(few_processes_as_user)
CASE(tiny_files)
CASE(small_files)
CASE(little_address_space)
CASE(little_cpu_time)
CASE(no_descriptors_left)
CASE(little_stack)
CASE(core_files)
CASE(locked_memory)
CASE(idle_and_nice)
CASE(soft_limits_of_its_own)
CASE(without_randomization)
CASE(before_all_others)
CASE(first_to_die)
CASE(undumpable)
CASE(without_a_cwd)
CASE(all_modes_masked)
CASE(with_a_terminal)
CASE(on_a_small_stack)
CASE(in_turkish)
CASE(with_other_standard_files)
CASE(with_a_strange_environment)
CASE(under_a_filter)
CASE(under_a_listener)
CASE(as_pid_1)
CASE(children_elsewhere)
CASE(children_elsewhere_and_proc_of_outside)
CASE(children_elsewhere_move_nobody)
CASE(first_child_would_be_an_init)
CASE(with_a_clock_ahead)
CASE(with_a_clock_behind)
CASE(few_subordinate_ids)
CASE(with_private_mounts)
CASE(with_shared_mounts)
CASE(with_slave_mounts)
CASE(in_a_chroot)

static int load_policy(void **state)
{
    (void)state;
    return sn_policy_load("default", (sn_policy **)&loaded_policy, NULL);
}

static int free_policy(void **state)
{
    (void)state;
    sn_policy_free((sn_policy *)loaded_policy);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_signals_blocked),
        cmocka_unit_test(test_sigchld_handler_reaps_everything),
        cmocka_unit_test(test_interval_timer_interrupts_everything),
        cmocka_unit_test(test_few_descriptors),
        cmocka_unit_test(test_few_processes_as_root),
        cmocka_unit_test(test_few_processes_as_user),
        cmocka_unit_test(test_tiny_files),
        cmocka_unit_test(test_small_files),
        cmocka_unit_test(test_little_address_space),
        cmocka_unit_test(test_little_cpu_time),
        cmocka_unit_test(test_no_descriptors_left),
        cmocka_unit_test(test_little_stack),
        cmocka_unit_test(test_core_files),
        cmocka_unit_test(test_locked_memory),
        cmocka_unit_test(test_idle_and_nice),
        cmocka_unit_test(test_soft_limits_of_its_own),
        cmocka_unit_test(test_without_randomization),
        cmocka_unit_test(test_before_all_others),
        cmocka_unit_test(test_first_to_die),
        cmocka_unit_test(test_undumpable),
        cmocka_unit_test(test_without_a_cwd),
        cmocka_unit_test(test_all_modes_masked),
        cmocka_unit_test(test_with_a_terminal),
        cmocka_unit_test(test_on_a_small_stack),
        cmocka_unit_test(test_in_turkish),
        cmocka_unit_test(test_with_other_standard_files),
        cmocka_unit_test(test_with_a_strange_environment),
        cmocka_unit_test(test_under_a_filter),
        cmocka_unit_test(test_under_a_listener),
        cmocka_unit_test(test_as_pid_1),
        cmocka_unit_test(test_children_elsewhere),
        cmocka_unit_test(test_children_elsewhere_and_proc_of_outside),
        cmocka_unit_test(test_children_elsewhere_move_nobody),
        cmocka_unit_test(test_first_child_would_be_an_init),
        cmocka_unit_test(test_with_a_clock_ahead),
        cmocka_unit_test(test_with_a_clock_behind),
        cmocka_unit_test(test_few_subordinate_ids),
        cmocka_unit_test(test_with_private_mounts),
        cmocka_unit_test(test_with_shared_mounts),
        cmocka_unit_test(test_with_slave_mounts),
        cmocka_unit_test(test_in_a_chroot),
        cmocka_unit_test(a_forked_child_does_not_keep_sandboxes_alive),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, load_policy, free_policy);
}
