/* SPDX-License-Identifier: MIT */
/* A host process that dies, a sandbox that ends: what is left, and from when on its slot may be somebody else's. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

/* The next start, which cleans up after the dead. */
static void round_trip(void)
{
    sn_sandbox *sandbox = make_sandbox(NULL);
    sn_result *result = run_shell(sandbox, "echo hi", NULL);

    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
}

/* What a host process tells of its only sandbox. */
struct told {
    pid_t init;
    char slot[256]; /* the file that stands for its slot */
};

/* This process holds the file open, and so does PID 1. */
static bool find_slot(char *path, size_t size)
{
    DIR *dir = opendir("/proc/self/fd");
    bool is_found = false;

    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry && !is_found; entry = readdir(dir)) {
        ssize_t length = readlinkat(dirfd(dir), entry->d_name, path, size - 1);

        path[length < 0 ? 0 : length] = '\0';
        is_found = strstr(path, "/slots/") != NULL;
    }
    if (dir)
        closedir(dir);
    return is_found;
}

/* A process of its own that makes a sandbox and starts this script in it, unless that is NULL; then waits to be killed.
 */
static pid_t fork_host(uint64_t relax, const char *script, struct told *ret_told)
{
    int pipe_fds[2];
    pid_t host;

    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        const char *argv[] = {"/bin/sh", "-c", script, NULL};
        struct told told = {0};
        sn_sandbox *sandbox = NULL;
        sn_running *running = NULL;
        sn_sandbox_options options;
        sn_run_options run;

        sn_sandbox_options_init(&options);
        options.relax = relax;
        sn_run_options_init(&run);
        run.argv = argv;
        if (create_sandbox(&options, &sandbox, NULL) != 0 || !find_slot(told.slot, sizeof(told.slot)))
            _exit(1);
        told.init = sandbox_pid();
        if (script && sn_run_start(sandbox, &run, &running, NULL) != 0)
            _exit(2);
        (void)!write(pipe_fds[1], &told, sizeof(told));
        pause();
        _exit(0);
    }
    close(pipe_fds[1]);
    assert_int_equal(read(pipe_fds[0], ret_told, sizeof(*ret_told)), sizeof(*ret_told));
    close(pipe_fds[0]);
    return host;
}

static void kill_host(pid_t host)
{
    kill(host, SIGKILL);
    waitpid(host, NULL, 0);
}

static bool await_end(pid_t pid)
{
    uint64_t deadline = now_ms() + 10000 * slowness();

    while (is_alive(pid) && now_ms() < deadline)
        sleep_ms(5);
    return !is_alive(pid);
}

/* The host is killed in the middle of a run: nothing of the sandbox lives on, and the next start cleans up. */
static void a_killed_host_leaves_nothing(void **state)
{
    char word[32], script[128];
    struct footprint before;
    struct told told;
    bool has_begun;
    pid_t host;

    (void)state;
    round_trip();
    footprint_take(&before);
    snprintf(word, sizeof(word), "75319.%d", (int)getpid());
    snprintf(script, sizeof(script), "setsid sleep %s & sleep %s; :", word, word);
    host = fork_host(0, script, &told);
    has_begun = await_processes_named(word, 2);
    kill_host(host);
    assert_true(has_begun);
    assert_true(await_processes_named(word, 0));
    assert_true(await_end(told.init));
    round_trip();
    assert_nothing_left(&before);
}

/*
 * Without a pid namespace PID 1 takes along the process group of the program. What left that is the next start's, which
 * looks at a part of the groups if there are very many.
 */
static void a_killed_host_without_a_pid_namespace_leaves_nothing(void **state)
{
    char near[32], far[32], script[128];
    uint64_t deadline;
    struct footprint before;
    struct told told;
    bool has_begun;
    pid_t host;

    (void)state;
    round_trip();
    footprint_take(&before);
    snprintf(near, sizeof(near), "75320.%d", (int)getpid());
    snprintf(far, sizeof(far), "75321.%d", (int)getpid());
    snprintf(script, sizeof(script), "setsid sleep %s & sleep %s; :", far, near);
    host = fork_host(SN_LAYER_PID_NS, script, &told);
    /* the shell has both words in its command line */
    has_begun = await_processes_named(far, 2) && await_processes_named(near, 2);
    kill_host(host);
    assert_true(has_begun);
    assert_true(await_processes_named(near, 0));
    assert_true(await_end(told.init));
    deadline = now_ms() + 10000 * slowness();
    do
        round_trip();
    while (count_processes_named(far) > 0 && now_ms() < deadline);
    assert_int_equal(count_processes_named(far), 0);
    assert_nothing_left(&before);
}

/* 1: nobody has the slot (we do now, until `fd` is closed), 0: somebody has. */
static int try_slot(int fd)
{
    int r;

    do
        r = flock(fd, LOCK_EX | LOCK_NB);
    while (r < 0 && errno == EINTR);
    return r == 0;
}

/* A slot stands for uids: as long as a process has one of them, nobody else may get it, whoever is dead. */
static void a_slot_is_taken_for_as_long_as_pid_1_lives(void **state)
{
    struct told told;
    bool is_free_before, is_free_after = false;
    uint64_t deadline;
    pid_t host;
    int fd;

    (void)state;
    round_trip();
    host = fork_host(0, NULL, &told);
    fd = open(told.slot, O_RDONLY | O_CLOEXEC);
    kill(told.init, SIGSTOP); /* or it would see the end of its host */
    kill_host(host);
    is_free_before = try_slot(fd);
    kill(told.init, SIGCONT);
    assert_true(await_end(told.init));
    /* whoever looks for stale groups has it for a moment */
    deadline = now_ms() + 10000;
    while (!is_free_after && now_ms() < deadline)
        is_free_after = try_slot(fd);
    assert_true(fd >= 0);
    close(fd);
    assert_false(is_free_before);
    assert_true(is_free_after);
    round_trip();
}

#define GROUPS 16

/* What a destroyed sandbox still had when its slot was free. */
struct observer {
    pthread_t thread;
    int slot;
    pid_t init;
    int groups;
    char group[GROUPS][512];
    bool is_destroyed; /* the slot is not waited for any longer */
    bool init_was_alive;
    int groups_left;
};

static void *wait_for_slot(void *argument)
{
    struct observer *observer = argument;

    while (!__atomic_load_n(&observer->is_destroyed, __ATOMIC_ACQUIRE))
        if (try_slot(observer->slot))
            break;
    for (int i = 0; i < observer->groups; i++)
        observer->groups_left += access(observer->group[i], F_OK) == 0;
    observer->init_was_alive = is_alive(observer->init);
    return NULL;
}

/* "s<slot>" in each hierarchy that PID 1 is in, and that is mounted where they are everywhere. */
static void find_groups(struct observer *observer)
{
    char path[64], line[400];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)observer->init);
    file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) && observer->groups < GROUPS) {
        char *controllers = strchr(line, ':') + 1, *group = strchr(controllers, ':'),
             *end = strstr(line, "/sentinel/s");
        char *found = observer->group[observer->groups];

        if (!end)
            continue;
        end += strlen("/sentinel/s");
        end[strspn(end, "0123456789")] = '\0';
        *group++ = '\0';
        snprintf(found, sizeof(observer->group[0]), "/sys/fs/cgroup/%s%s", controllers, group);
        observer->groups += access(found, F_OK) == 0;
    }
    fclose(file);
}

/* Whoever takes a slot takes its uids and the names of its groups: both must be free by then. */
static void a_slot_is_free_when_all_else_is_gone(void **state)
{
    (void)state;
    round_trip();
    for (int i = 0; i < 20; i++) {
        struct observer observer = {0};
        sn_sandbox *sandbox = make_sandbox(NULL);
        char slot[256];

        assert_true(find_slot(slot, sizeof(slot)));
        observer.init = sandbox_pid();
        observer.slot = open(slot, O_RDONLY | O_CLOEXEC);
        assert_true(observer.slot >= 0);
        find_groups(&observer);
        if (i == 0)
            print_message("%d groups, the first is %s\n", observer.groups, observer.group[0]);
        assert_int_equal(pthread_create(&observer.thread, NULL, wait_for_slot, &observer), 0);
        sn_sandbox_destroy(sandbox);
        __atomic_store_n(&observer.is_destroyed, true, __ATOMIC_RELEASE);
        pthread_join(observer.thread, NULL);
        close(observer.slot);
        assert_false(observer.init_was_alive);
        assert_int_equal(observer.groups_left, 0);
    }
}

static int end_processes(void **state)
{
    (void)state;
    end_children();
    return 0;
}

int main(void)
{
#define HOST_TEST(name) cmocka_unit_test_teardown(name, end_processes)
    const struct CMUnitTest tests[] = {
        HOST_TEST(a_killed_host_leaves_nothing),
        HOST_TEST(a_killed_host_without_a_pid_namespace_leaves_nothing),
        HOST_TEST(a_slot_is_taken_for_as_long_as_pid_1_lives),
        HOST_TEST(a_slot_is_free_when_all_else_is_gone),
    };

    return run_group(tests);
}
