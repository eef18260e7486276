/* SPDX-License-Identifier: MIT */
/* What the library must not do to the process that embeds it. */
#include "support.h"

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
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void round_trip(void)
{
    sn_sandbox *sandbox = make_sandbox(NULL);
    sn_result *result = run_shell(sandbox, "echo hi", NULL);

    pid_t first = sandbox_pid();

    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
    assert_true(is_alive(first));
    sn_sandbox_destroy(sandbox);
    assert_false(is_alive(first));
}

static void fifty_sandboxes_leave_nothing(void **state)
{
    struct footprint before;

    (void)state;
    round_trip();
    footprint_take(&before);
    for (int i = 0; i < 50; i++)
        round_trip();
    assert_nothing_left(&before);
}

static void failed_runs_leave_no_descriptor(void **state)
{
    const char *argv[] = {"/no/such/program", NULL};
    sn_sandbox_options unarmed;
    sn_sandbox *sandbox;
    int before;

    (void)state;
    sn_sandbox_options_init(&unarmed);
    unarmed.arm = SN_ARM_NEVER;
    sandbox = make_sandbox(&unarmed);
    before = count_descriptors();
    for (int i = 0; i < 30; i++) {
        sn_run_options options;
        sn_result *result = NULL;

        sn_run_options_init(&options);
        options.argv = argv;
        assert_int_equal(sn_run(sandbox, &options, &result, NULL), SN_ENOENT);
        assert_null(result);
    }
    assert_int_equal(count_descriptors(), before);
    sn_sandbox_destroy(sandbox);
}

static void every_descriptor_is_close_on_exec(void **state)
{
    sn_sandbox *sandbox = make_sandbox(NULL);
    const char *argv[] = {"/bin/sleep", "10", NULL};
    sn_running *running = NULL;
    sn_run_options options;
    sn_error *error = NULL;
    sn_result *result = NULL;
    bool known[4096] = {0};
    DIR *dir;

    (void)state;
    for (int fd = 0; fd < 4096; fd++)
        known[fd] = fcntl(fd, F_GETFD) >= 0;
    /* Those of a second sandbox are all the library's. */
    sn_sandbox *second = make_sandbox(NULL);
    sn_run_options_init(&options);
    options.argv = argv;
    options.stdin_mode = SN_STDIN_FEED;
    assert_ok(sn_run_start(second, &options, &running, &error), error);
    dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        int fd = (int)strtol(entry->d_name, NULL, 10);

        if (entry->d_name[0] != '.' && fd < 4096 && !known[fd] && !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
            fail_msg("descriptor %d is not close-on-exec", fd);
    }
    closedir(dir);
    sn_run_cancel(running);
    assert_ok(sn_run_wait(running, &result, &error), error);
    sn_result_free(result);
    sn_running_free(running);
    sn_sandbox_destroy(second);
    sn_sandbox_destroy(sandbox);
}

static void no_child_that_wait_would_find(void **state)
{
    sn_sandbox *sandbox = make_sandbox(NULL);
    const char *argv[] = {"/bin/sleep", "0.3", NULL};
    sn_running *running = NULL;
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;

    (void)state;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    sn_run_options_init(&options);
    options.argv = argv;
    assert_ok(sn_run_start(sandbox, &options, &running, &error), error);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_ok(sn_run_wait(running, &result, &error), error);
    assert_verdict(result, SN_VERDICT_OK);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    sn_result_free(result);
    sn_running_free(running);
    sn_sandbox_destroy(sandbox);
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1); /* nor a zombie of any kind */
    assert_int_equal(errno, ECHILD);
}

/*
 * PID 1 of a container adopts orphans, and then reaps by wait(-1) whatever it finds: neither may a zombie stay for it,
 * nor may its reaping disturb us.
 */
static void a_host_that_adopts_and_reaps_orphans(void **state)
{
    int was = 0, reaped = 0;
    sn_sandbox *sandbox;
    bool zombie_seen;

    (void)state;
    assert_int_equal(prctl(PR_GET_CHILD_SUBREAPER, &was), 0);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    for (int i = 0; i < 3; i++)
        round_trip();
    sleep_ms(100);
    zombie_seen = waitpid(-1, NULL, WNOHANG) > 0;
    sandbox = make_sandbox(NULL);
    kill(sandbox_pid(), SIGKILL);
    for (int i = 0; i < 40 && reaped == 0; i++) {
        reaped = waitpid(-1, NULL, WNOHANG) > 0;
        sleep_ms(5);
    }
    sn_sandbox_destroy(sandbox); /* does not wait for what is no longer there */
    prctl(PR_SET_CHILD_SUBREAPER, was);
    assert_false(zombie_seen);
    round_trip();
}

static void sigchld_is_neither_needed_nor_raised(void **state)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before, now;
    sn_result *result;

    (void)state;
    assert_int_equal(sigaction(SIGCHLD, &ignore, &before), 0);
    round_trip();
    assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_IGN);
    sn_sandbox *sandbox = make_sandbox(NULL);
    result = run_shell(sandbox, "exit 7", NULL); /* the status is not lost to SIG_IGN's automatic reaping */
    assert_int_equal(sn_result_exit_code(result), 7);
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    assert_int_equal(sigaction(SIGCHLD, &before, NULL), 0);
}

static volatile sig_atomic_t signals_seen;

static void count_signal(int signal)
{
    (void)signal;
    signals_seen++;
}

static void a_sigchld_handler_is_not_called(void **state)
{
    struct sigaction counting = {.sa_handler = count_signal}, before;

    (void)state;
    signals_seen = 0;
    assert_int_equal(sigaction(SIGCHLD, &counting, &before), 0);
    for (int i = 0; i < 3; i++)
        round_trip();
    assert_int_equal(sigaction(SIGCHLD, &before, NULL), 0);
    assert_int_equal(signals_seen, 0);
}

static void signals_of_the_host_do_not_disturb_a_run(void **state)
{
    struct sigaction counting = {.sa_handler = count_signal}, before;
    sn_sandbox *sandbox = make_sandbox(NULL);
    sn_result *result;
    pid_t self = getpid(), pest;

    (void)state;
    signals_seen = 0;
    assert_int_equal(sigaction(SIGUSR1, &counting, &before), 0); /* without SA_RESTART: every wait gets EINTR */
    pest = fork();
    assert_true(pest >= 0);
    if (pest == 0) {
        for (int i = 0; i < 200; i++) {
            kill(self, SIGUSR1);
            usleep(2000);
        }
        _exit(0);
    }
    for (int i = 0; i < 10; i++) {
        result = run_shell(sandbox, "cat > /dev/null; echo x; sleep 0.02; exit 5", NULL);
        assert_int_equal(sn_result_exit_code(result), 5);
        assert_string_equal(out(result), "x\n");
        sn_result_free(result);
    }
    sn_sandbox_destroy(sandbox);
    for (int i = 0; i < 3; i++)
        round_trip();
    while (waitpid(pest, NULL, 0) < 0 && errno == EINTR)
        continue;
    assert_true(signals_seen > 0);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

static void read_status(char *text, size_t size, const char *const *keys)
{
    char line[256];
    FILE *file = fopen("/proc/self/status", "re");
    size_t used = 0;

    assert_non_null(file);
    text[0] = '\0';
    while (fgets(line, sizeof(line), file)) {
        for (const char *const *key = keys; *key; key++) {
            if (strncmp(line, *key, strlen(*key)) == 0)
                used += (size_t)snprintf(text + used, size - used, "%s", line);
        }
    }
    fclose(file);
}

static void the_process_is_as_it_was(void **state)
{
    static const char *const keys[] = {"SigBlk",   "SigIgn",  "SigCgt", "Umask",   "Uid",
                                       "Gid",      "CapEff",  "CapPrm", "CapBnd",  "NoNewPrivs",
                                       "Seccomp:", "Threads", "Groups", "CapAmb:", NULL};
    char before[2048], after[2048], cwd_before[512], cwd_after[512];
    int dumpable = prctl(PR_GET_DUMPABLE), subreaper = -1, subreaper_after = -1;
    struct rlimit limits_before[RLIM_NLIMITS], limits_after;
    sn_sandbox *sandbox;

    (void)state;
    round_trip();
    prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
    assert_non_null(getcwd(cwd_before, sizeof(cwd_before)));
    for (int i = 0; i < RLIM_NLIMITS; i++)
        getrlimit((__rlimit_resource_t)i, &limits_before[i]);
    read_status(before, sizeof(before), keys);
    sandbox = make_sandbox(NULL);
    for (int i = 0; i < 2; i++) { /* while one lives, and after */
        read_status(after, sizeof(after), keys);
        assert_string_equal(before, after);
        assert_non_null(getcwd(cwd_after, sizeof(cwd_after)));
        assert_string_equal(cwd_before, cwd_after);
        assert_int_equal(prctl(PR_GET_DUMPABLE), dumpable);
        prctl(PR_GET_CHILD_SUBREAPER, &subreaper_after);
        assert_int_equal(subreaper, subreaper_after);
        for (int n = 0; n < RLIM_NLIMITS; n++) {
            getrlimit((__rlimit_resource_t)n, &limits_after);
            assert_memory_equal(&limits_before[n], &limits_after, sizeof(limits_after));
        }
        if (i == 0) {
            sn_result_free(run_shell(sandbox, ":", NULL));
            sn_sandbox_destroy(sandbox);
        }
    }
}

static void the_hosts_umask_does_not_matter(void **state)
{
    mode_t before = umask(0777);
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    int code = create_sandbox(NULL, &sandbox, &error);

    (void)state;
    umask(before);
    if (code == SN_EHOST)
        skip_because("%s", sn_error_message(error));
    assert_ok(code, error);
    assert_ok(sn_sandbox_put(sandbox, "d/x", "1", 1, 0, &error), error);
    sn_result *result = run_shell(sandbox, "stat -c %a d d/x; umask; touch /tmp/y /work/z && cat d/x", NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "755\n644\n0022\n1");
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
}

#define THREADS 8

struct worker {
    pthread_t thread;
    long number;
    int wrong;
};

static void *ten_sandboxes(void *argument)
{
    struct worker *worker = argument;
    long number = worker->number;

    /* No asserts here: cmocka's jump out of a test belongs to the main thread. */
    for (int i = 0; i < 10; i++) {
        char script[64], expected[32];
        const char *argv[] = {"/bin/sh", "-c", script, NULL};
        sn_sandbox *sandbox = NULL;
        sn_result *result = NULL;
        sn_run_options options;
        sn_error *error = NULL;
        size_t length = 0;
        const void *text;

        snprintf(expected, sizeof(expected), "%ld.%d\n", number, i);
        snprintf(script, sizeof(script), "echo %ld.%d; exit %d", number, i, (int)number);
        sn_run_options_init(&options);
        options.argv = argv;
        if (create_sandbox(NULL, &sandbox, &error) != 0 || sn_run(sandbox, &options, &result, &error) != 0) {
            print_error("thread %ld: %s: %s\n", number, sn_error_step(error), sn_error_message(error));
            sn_error_free(error);
            worker->wrong++;
        } else {
            text = sn_result_stdout(result, &length);
            if (sn_result_exit_code(result) != number || length != strlen(expected) ||
                memcmp(text, expected, length) != 0)
                worker->wrong++;
        }
        sn_result_free(result);
        sn_sandbox_destroy(sandbox);
    }
    return NULL;
}

static void eight_threads_with_ten_sandboxes_each(void **state)
{
    struct footprint before;
    struct worker workers[THREADS];

    (void)state;
    round_trip();
    footprint_take(&before);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.number = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, ten_sandboxes, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].wrong, 0);
    }
    assert_nothing_left(&before);
}

static volatile int stop_forking;

/* Forks and execs all the time, as a threaded server does. */
static void *fork_all_the_time(void *ret_leaked)
{
    int *leaked = ret_leaked;

    while (!stop_forking) {
        pid_t pid = fork();

        if (pid == 0) {
            /* What a program that we did not start inherits: everything above 2 must be close-on-exec. */
            execl("/bin/sh", "sh", "-c",
                  "for f in /proc/$$/fd/*; do [ ${f##*/} -gt 2 ] && [ ${f##*/} -ne 10 ] && "
                  "[ -e $f ] && readlink $f | grep -qE 'pipe|socket|memfd|cgroup|eventfd|eventpoll|pidfd' && exit 9; "
                  "done; exit 0",
                  (char *)NULL);
            _exit(127);
        }
        if (pid > 0) {
            int status = 0;

            waitpid(pid, &status, 0);
            *leaked += WIFEXITED(status) && WEXITSTATUS(status) == 9;
        }
        sleep_ms(2);
    }
    return NULL;
}

static void a_fork_in_another_thread_inherits_nothing(void **state)
{
    pthread_t thread;
    int leaked = 0;

    (void)state;
    /* A descriptor that this process was itself started with is not ours to judge. */
    for (int fd = 3; fd < 256; fd++) {
        int flags = fcntl(fd, F_GETFD);

        if (flags >= 0)
            fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
    }
    stop_forking = 0;
    assert_int_equal(pthread_create(&thread, NULL, fork_all_the_time, &leaked), 0);
    for (int i = 0; i < 20; i++)
        round_trip();
    stop_forking = 1;
    pthread_join(thread, NULL);
    assert_int_equal(leaked, 0);
}

/* The sandbox belongs to the process, not to the thread that made it. */
static void *make_one(void *ret_sandbox)
{
    (void)create_sandbox(NULL, ret_sandbox, NULL);
    return NULL;
}

static void a_sandbox_outlives_the_thread_that_made_it(void **state)
{
    sn_sandbox *sandbox = NULL;
    sn_result *result;
    pthread_t thread;

    (void)state;
    round_trip();
    assert_int_equal(pthread_create(&thread, NULL, make_one, &sandbox), 0);
    pthread_join(thread, NULL);
    assert_non_null(sandbox);
    sleep_ms(50);
    result = run_shell(sandbox, "echo alive", NULL);
    assert_string_equal(out(result), "alive\n");
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
}

/* With fewer and fewer descriptors left, each point of failure is met once; none may leak or crash. */
static void too_few_descriptors(void **state)
{
    struct rlimit before, now;
    struct footprint footprint;
    const char *argv[] = {"/bin/sh", "-c", "exit 0", NULL};
    int worked = 0, refused = 0;

    (void)state;
    round_trip();
    footprint_take(&footprint);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int spare = 0; spare < 64 && worked < 3; spare++) {
        sn_sandbox *sandbox = NULL;
        sn_result *result = NULL;
        sn_error *error = NULL;
        sn_run_options options;
        int code, limit = 0;

        for (int holes = 0; holes < spare || fcntl(limit, F_GETFD) >= 0; limit++)
            holes += fcntl(limit, F_GETFD) < 0;
        now = before;
        now.rlim_cur = (rlim_t)limit;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
        code = create_sandbox(NULL, &sandbox, &error);
        if (code == 0) {
            sn_run_options_init(&options);
            options.argv = argv;
            code = sn_run(sandbox, &options, &result, &error);
        }
        sn_sandbox_destroy(sandbox);
        setrlimit(RLIMIT_NOFILE, &before);
        if (code == 0) {
            assert_verdict(result, SN_VERDICT_OK);
            worked++;
        } else {
            refused++;
            if (code != SN_ESYS || sn_error_message(error)[0] == '\0')
                fail_msg("%d spare descriptors: %s at \"%s\": %s", spare, sn_code_name(code), sn_error_step(error),
                         sn_error_message(error));
            assert_null(result);
        }
        sn_error_free(error);
        sn_result_free(result);
        if (count_descriptors() != footprint.descriptors)
            fail_msg("%d spare descriptors: leaked %d", spare, count_descriptors() - footprint.descriptors);
    }
    assert_true(worked >= 3);
    assert_true(refused >= 1);
    assert_nothing_left(&footprint);
}

/* A daemon may have closed 0, 1 and 2: our descriptors then get these numbers and must not get lost. */
static void standard_descriptors_closed_in_the_host(void **state)
{
    (void)state;
    round_trip();
    for (int mask = 1; mask < 8; mask++) {
        int status = 0;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
            const char *argv[] = {"/bin/sh", "-c", "cat; echo out; echo err >&2; exit 4", NULL};
            sn_sandbox *sandbox = NULL;
            sn_result *result = NULL;
            sn_run_options options;
            size_t out_length = 0, err_length = 0;

            for (int fd = 0; fd < 3; fd++) {
                if (mask & (1 << fd))
                    close(fd);
            }
            sn_run_options_init(&options);
            options.argv = argv;
            options.stdin_data = "in\n";
            options.stdin_length = 3;
            if (create_sandbox(NULL, &sandbox, NULL) != 0)
                _exit(10);
            if (sn_run(sandbox, &options, &result, NULL) != 0)
                _exit(11);
            if (sn_result_exit_code(result) != 4)
                _exit(12);
            sn_result_stdout(result, &out_length);
            sn_result_stderr(result, &err_length);
            if (out_length != 7 || err_length != 4)
                _exit(13);
            sn_sandbox_destroy(sandbox);
            for (int fd = 0; fd < 3; fd++) {
                if ((mask & (1 << fd)) && fcntl(fd, F_GETFD) >= 0)
                    _exit(14);
            }
            _exit(0);
        }
        waitpid(pid, &status, 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("closed mask %d: status %x", mask, (unsigned)status);
    }
}

static void the_library_prints_nothing(void **state)
{
    int pipe_fds[2], saved[2];
    char text[512];
    ssize_t length;
    sn_sandbox *sandbox = NULL;
    sn_sandbox_options options;
    sn_run_options run_options;
    sn_result *result = NULL;
    const char *argv[] = {"/bin/sh", "-c", "echo hidden; echo hidden >&2", NULL};

    (void)state;
    round_trip();
    fflush(stdout);
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
    for (int i = 0; i < 2; i++) {
        saved[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 10);
        dup2(pipe_fds[1], i + 1);
    }
    sn_sandbox_options_init(&options);
    options.rootfs = "/no/such";
    (void)create_sandbox(&options, &sandbox, NULL);
    (void)create_sandbox(NULL, &sandbox, NULL);
    sn_run_options_init(&run_options);
    run_options.argv = argv;
    (void)sn_run(sandbox, &run_options, &result, NULL);
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    for (int i = 0; i < 2; i++) {
        dup2(saved[i], i + 1);
        close(saved[i]);
    }
    length = read(pipe_fds[0], text, sizeof(text));
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    assert_int_equal(length, -1);
}

/* PID 1 killed from outside: an honest error at once, then a clean end. */
static void a_killed_sandbox_is_told_as_such(void **state)
{
    struct footprint before;
    sn_sandbox *sandbox;
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;
    const char *argv[] = {"/bin/true", NULL};
    int code;

    (void)state;
    round_trip();
    footprint_take(&before);
    sandbox = make_sandbox(NULL);
    assert_int_equal(kill(sandbox_pid(), SIGKILL), 0);
    sn_run_options_init(&options);
    options.argv = argv;
    code = sn_run(sandbox, &options, &result, &error);
    assert_refused(code, SN_EDIED, error);
    assert_null(result);
    error = NULL;
    assert_refused(sn_sandbox_put(sandbox, "x", "y", 1, 0, &error), SN_EDIED, error);
    sn_sandbox_destroy(sandbox);
    assert_nothing_left(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifty_sandboxes_leave_nothing),
        cmocka_unit_test(failed_runs_leave_no_descriptor),
        cmocka_unit_test(every_descriptor_is_close_on_exec),
        cmocka_unit_test(no_child_that_wait_would_find),
        cmocka_unit_test(a_host_that_adopts_and_reaps_orphans),
        cmocka_unit_test(sigchld_is_neither_needed_nor_raised),
        cmocka_unit_test(a_sigchld_handler_is_not_called),
        cmocka_unit_test(signals_of_the_host_do_not_disturb_a_run),
        cmocka_unit_test(the_process_is_as_it_was),
        cmocka_unit_test(the_hosts_umask_does_not_matter),
        cmocka_unit_test(eight_threads_with_ten_sandboxes_each),
        cmocka_unit_test(a_fork_in_another_thread_inherits_nothing),
        cmocka_unit_test(a_sandbox_outlives_the_thread_that_made_it),
        cmocka_unit_test(too_few_descriptors),
        cmocka_unit_test(standard_descriptors_closed_in_the_host),
        cmocka_unit_test(the_library_prints_nothing),
        cmocka_unit_test(a_killed_sandbox_is_told_as_such),
    };

    return run_group(tests);
}
