/* SPDX-License-Identifier: MIT */
/* Hosts that are odd processes: priority, files, terminal, stack, locale, environment, seccomp filters. */
#include "hostile_support.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- what a process is ---- */

static int idle_and_nice(void)
{
    struct sched_param none = {0};

    return nice(19) != 19 || sched_setscheduler(0, SCHED_IDLE, &none) < 0 ? UNABLE : use_once();
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

CASE(idle_and_nice)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_and_nice),
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
    };

    return run_hostile_group(tests);
}
