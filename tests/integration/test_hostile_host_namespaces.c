/* SPDX-License-Identifier: MIT */
/* Hosts in namespaces, between them, and with other roots: processes, clocks, user ids, mounts. */
#include "hostile_support.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- processes ---- */

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

/* ---- clocks ---- */

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

/* ---- user ids ---- */

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

/* ---- mounts and roots ---- */

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
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("/", "/tmp", NULL, MS_BIND | MS_REC, NULL) < 0 || chroot("/tmp") < 0 || chdir("/") < 0)
        return UNABLE;
    return is_refused(SN_EHOST, "chroot");
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };

    return run_hostile_group(tests);
}
