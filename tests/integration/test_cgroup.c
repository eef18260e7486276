/* SPDX-License-Identifier: MIT */
/* The cgroup drivers with real processes, whichever driver this host gives. */
#include "cgroup_world.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "plan/slot.h"
#include "supervise/cgroup_internal.h"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A test that fails leaves no process to the next one. */
static int end_processes(void **state)
{
    (void)state;
    end_children();
    return 0;
}

#define SHOW(...) print_message("           " __VA_ARGS__)

static void cpu_time_of_four_processes_is_counted(void **state)
{
    struct world world = {0};
    struct sn__usage usage;
    struct sn__cgroup_run *leaf;
    struct ending ending;
    sn_error *error = NULL;
    sn_limits limits;

    (void)state;
    world_open(&world);
    world_limits(&limits);
    leaf = world_begin(&world, &limits);
    world_start(&world, leaf, JOB_BURN, 500);
    ending = world_finish_measured(&world);
    assert_ok(world.driver->run_usage(leaf, &usage, &error), error);
    world.driver->run_end(leaf);
    world_close(&world);
    SHOW("%s: 500 ms in four processes: %.1f ms (user %.1f, system %.1f), by wait4 %.1f ms\n", usage.cpu_source,
         (double)usage.cpu_ns / 1e6, (double)usage.user_ns / 1e6, (double)usage.system_ns / 1e6,
         (double)ending.cpu_ns / 1e6);
    assert_int_equal(ending.status, 0);
    assert_true(usage.cpu_ns >= 495000000);
    assert_in_range(usage.cpu_ns, ending.cpu_ns * 98 / 100, ending.cpu_ns * 102 / 100);
    assert_in_range(usage.user_ns + usage.system_ns, usage.cpu_ns - 1000000, usage.cpu_ns + 1000000);
}

static void peak_memory_is_what_was_touched(void **state)
{
    struct world world = {0};
    struct sn__usage base, usage, again;
    sn_limits limits;

    (void)state;
    world_open(&world);
    world_limits(&limits);
    assert_int_equal(world_run(&world, &limits, JOB_TOUCH, 4096, &base), 0);
    assert_int_equal(world_run(&world, &limits, JOB_TOUCH, 100 * MIB, &usage), 0);
    assert_int_equal(world_run(&world, &limits, JOB_TOUCH, 4096, &again), 0);
    SHOW("%s: one page %.2f MiB, 100 MiB more %.2f MiB, one page again %.2f MiB\n", usage.memory_source,
         (double)base.memory_peak / (double)MIB, (double)usage.memory_peak / (double)MIB,
         (double)again.memory_peak / (double)MIB);
    assert_in_range(usage.memory_peak, base.memory_peak + 98 * MIB, base.memory_peak + 102 * MIB);
    assert_true(again.memory_peak < 4 * MIB);
    assert_int_equal(usage.oom_kills, 0);
    world_close(&world);
}

static void too_much_memory_is_seen(void **state)
{
    struct world world = {0};
    struct sn__usage usage;
    sn_limits limits;
    int status;

    (void)state;
    world_open(&world);
    world_limits(&limits);
    limits.memory_bytes = 32 * MIB;
    status = world_run(&world, &limits, JOB_TOUCH, 100 * MIB, &usage);
    SHOW("killed by signal %d; refused %lu, killed %lu, peak %.2f MiB\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0,
         (unsigned long)usage.memory_refused, (unsigned long)usage.oom_kills, (double)usage.memory_peak / (double)MIB);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(usage.oom_kills >= 1);
    assert_true(usage.memory_refused >= 1);
    assert_in_range(usage.memory_peak, 31 * MIB, 33 * MIB);
    /* the next run starts from nothing */
    world_limits(&limits);
    assert_int_equal(world_run(&world, &limits, JOB_TOUCH, MIB, &usage), 0);
    assert_int_equal(usage.oom_kills, 0);
    assert_int_equal(usage.memory_refused, 0);
    world_close(&world);
}

static void exactly_as_many_processes_as_allowed(void **state)
{
    struct world world = {0};
    struct sn__usage usage;
    sn_limits limits;

    (void)state;
    world_open(&world);
    world_limits(&limits);
    limits.processes = 10;
    assert_int_equal(world_run(&world, &limits, JOB_FORK, 9, &usage), 0);
    assert_int_equal(usage.processes_refused, 0);
    assert_int_equal(WEXITSTATUS(world_run(&world, &limits, JOB_FORK, 10, &usage)), 1);
    assert_int_equal(usage.processes_refused, 1);
    limits.processes = 1;
    assert_int_equal(world_run(&world, &limits, JOB_NOTHING, 0, &usage), 0);
    assert_int_equal(WEXITSTATUS(world_run(&world, &limits, JOB_FORK, 1, &usage)), 1);
    assert_int_equal(usage.processes_refused, 1);
    world_close(&world);
}

static void a_fork_bomb_dies_at_once(void **state)
{
    struct world world = {0};
    struct sn__usage usage;
    struct sn__cgroup_run *leaf;
    sn_error *error = NULL;
    sn_limits limits;
    uint64_t began, took, cpu;

    (void)state;
    world_open(&world);
    world_limits(&limits);
    limits.processes = 50;
    leaf = world_begin(&world, &limits);
    world_start(&world, leaf, JOB_BOMB, 0);
    /* so much CPU time makes more than 50 processes even in an emulated machine */
    began = now_ms();
    do {
        sleep_ms(20);
        assert_int_equal(world.driver->run_cpu(leaf, &cpu), 0);
    } while (cpu < 1500000000 && now_ms() - began < 20000);
    assert_true(cpu >= 1500000000);
    began = now_ms();
    world.driver->run_kill(leaf);
    took = now_ms() - began;
    assert_true(WIFSIGNALED(world_finish(&world)));
    assert_ok(world.driver->run_usage(leaf, &usage, &error), error);
    SHOW("50 processes killed in %lu ms, %lu forks refused\n", (unsigned long)took,
         (unsigned long)usage.processes_refused);
    assert_true(usage.processes_refused > 0);
    world.driver->run_end(leaf);
    world_close(&world);
}

/* A program in the midst of forking is killed by refusing it forks: those are not its own doing. */
static void killing_does_not_look_like_a_refused_fork(void **state)
{
    struct world world = {0};
    sn_limits limits;

    (void)state;
    world_open(&world);
    world_limits(&limits);
    for (int i = 0; i < 20; i++) {
        struct sn__cgroup_run *leaf = world_begin(&world, &limits);
        struct sn__usage usage;
        sn_error *error = NULL;

        world_start(&world, leaf, i ? JOB_CHURN : JOB_SLEEP, 0);
        sleep_ms(5);
        world.driver->run_kill(leaf);
        world.driver->run_kill(leaf);
        assert_int_equal(WTERMSIG(world_finish(&world)), SIGKILL);
        assert_ok(world.driver->run_usage(leaf, &usage, &error), error);
        assert_int_equal(usage.processes_refused, 0);
        assert_int_equal(usage.oom_kills, 0);
        world.driver->run_end(leaf);
    }
    world_close(&world);
}

/* PID 1's leaf: what it cannot do without are itself, a child, and those that are armed ahead of a run. */
static void pid_1_is_bounded_too(void **state)
{
    struct world world = {0};
    char text[32] = "";
    bool is_read;

    (void)state;
    world_open(&world);
    is_read = world_read(&world, "pids", "init/pids.max", text, sizeof(text));
    world_close(&world);
    assert_true(is_read);
    assert_string_equal(text, "16\n");
}

/* What does not fit into the memory must not go to the swap instead: the files that say so, where this kernel has them.
 */
static void swap_does_not_extend_the_memory(void **state)
{
    struct world world = {0};
    struct sn__cgroup_run *leaf;
    sn_limits limits;
    char text[32] = "";
    bool is_v2;

    (void)state;
    world_open(&world);
    world_limits(&limits);
    is_v2 = strcmp(world.driver->name, "v2") == 0;
    leaf = world_begin(&world, &limits);
    assert_true(world_read(&world, "memory", is_v2 ? "r*/memory.max" : "r*/memory.limit_in_bytes", text, sizeof(text)));
    assert_int_equal(strtoull(text, NULL, 10), limits.memory_bytes);
    if (is_v2 && world_read(&world, "memory", "r*/memory.swap.max", text, sizeof(text)))
        assert_string_equal(text, "0\n");
    if (!is_v2 && world_read(&world, "memory", "r*/memory.memsw.limit_in_bytes", text, sizeof(text)))
        assert_in_range(strtoull(text, NULL, 10), limits.memory_bytes, limits.memory_bytes + MIB);
    if (!is_v2 && world_read(&world, "memory", "r*/memory.swappiness", text, sizeof(text)))
        assert_string_equal(text, "0\n");
    world.driver->run_end(leaf);
    world_close(&world);
}

static void bandwidth_is_bounded(void **state)
{
    struct world world = {0};
    struct sn__usage usage;
    sn_limits limits;
    struct sn__cgroup_run *probe = NULL;
    sn_error *error = NULL;
    uint64_t began, took;

    (void)state;
    world_open(&world);
    world_limits(&limits);
    limits.cpu_percent = 10;
    if (world.driver->run_begin(world.cgroup, &limits, false, &probe, &error) == SN_EHOST) {
        sn_error_free(error);
        world_close(&world);
        skip_because("the controller cpu is not delegated here");
    }
    world.driver->run_end(probe);
    began = now_ms();
    assert_int_equal(world_run(&world, &limits, JOB_BURN, 100, &usage), 0);
    took = now_ms() - began;
    SHOW("100 ms at 10 %%: %lu ms, throttled %.0f ms\n", (unsigned long)took, (double)usage.throttled_ns / 1e6);
    /* holds however busy the machine is: on a busy one it may never have been throttled */
    assert_true(usage.cpu_ns <= took * 1000000 / 10 + 30000000);
    world_close(&world);
}

static bool group_exists(const struct world *world)
{
    char directory[PATH_MAX], path[PATH_MAX + 16];

    world_directory(world->parent, "pids", directory, sizeof(directory));
    snprintf(path, sizeof(path), "%s/s%u", directory, world->slot);
    return access(path, F_OK) == 0;
}

static void destroy_kills_and_leaves_nothing(void **state)
{
    struct world world = {0};
    struct footprint before;
    sn_limits limits;
    struct sn__cgroup_run *leaf;
    pid_t pid;

    (void)state;
    footprint_take(&before);
    world_open(&world);
    world_limits(&limits);
    leaf = world_begin(&world, &limits);
    pid = world_start(&world, leaf, JOB_SLEEP, 0);
    assert_true(group_exists(&world));
    world.driver->run_end(leaf);
    assert_true(kill(pid, 0) < 0 || world_finish(&world) == SIGKILL);
    world.driver->destroy(world.cgroup);
    assert_false(group_exists(&world));
    assert_int_equal(waitpid(world.init, NULL, 0), world.init);
    close(world.socket);
    close(world.slot_fd);
    free(world.parent);
    assert_nothing_left(&before);
}

/* A host process dies with a sandbox, and a process of that sandbox outlives it. */
static void what_a_dead_host_left_is_removed(void **state)
{
    struct world world = {0};
    int pipes[2];
    struct {
        uint32_t slot;
        pid_t straggler;
    } told = {0};
    pid_t host;
    sn_error *error = NULL;

    (void)state;
    world_open(&world);
    assert_int_equal(pipe(pipes), 0);
    host = fork();
    if (host == 0) {
        struct world inner = {.driver = world.driver, .parent = world.parent};
        pid_t straggler = fork();

        if (straggler == 0) {
            for (;;)
                pause();
        }
        if (sn__slot_take(SN__SLOT_COUNT, &inner.slot, &inner.slot_fd, NULL) < 0 ||
            inner.driver->create(inner.parent, inner.slot, geteuid(), &inner.cgroup, NULL) < 0 ||
            inner.driver->enter(inner.cgroup, straggler, NULL) < 0 ||
            inner.driver->settle(inner.cgroup, straggler, NULL) < 0)
            _exit(1);
        told.slot = inner.slot;
        told.straggler = straggler;
        _exit(write(pipes[1], &told, sizeof(told)) != (ssize_t)sizeof(told));
    }
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &told, sizeof(told)), sizeof(told));
    close(pipes[0]);
    assert_int_equal(waitpid(host, NULL, 0), host);
    {
        struct world left = {.driver = world.driver, .parent = world.parent, .slot = told.slot};
        uint64_t deadline = now_ms() + 10000;

        /* the straggler was forked before the slot was taken, so nothing holds it now: but another search of a busy
         * machine may, for a moment, and of very many groups each looks at a part */
        do
            world.driver->reap_stale(world.parent);
        while (group_exists(&left) && now_ms() < deadline);
        assert_false(group_exists(&left));
    }
    assert_true(kill(told.straggler, 0) < 0 || count_children(told.straggler) == 0);
    /* those of a live sandbox stay */
    assert_true(group_exists(&world));
    /* nobody else gets them, even with the slot: another container may have slots of its own */
    {
        struct sn__cgroup *second = NULL;

        assert_int_equal(world.driver->create(world.parent, world.slot, geteuid(), &second, &error), SN_EBUSY);
        sn_error_free(error);
        error = NULL;
    }
    /* and whoever takes a slot clears himself what a dead host left there */
    world.driver->destroy(world.cgroup);
    world.cgroup = NULL;
    host = fork();
    if (host == 0)
        _exit(world.driver->create(world.parent, world.slot, geteuid(), &world.cgroup, NULL) < 0);
    assert_int_equal(waitpid(host, NULL, 0), host);
    assert_true(group_exists(&world));
    assert_ok(world.driver->create(world.parent, world.slot, geteuid(), &world.cgroup, &error), error);
    world_close(&world);
}

/* Users may share a directory of groups, and each counts slots by himself. */
static void groups_of_another_user_are_left_alone(void **state)
{
    struct world world = {0};
    char directory[PATH_MAX], path[PATH_MAX + 16];
    uint32_t slot;
    int fd;
    bool stays;

    (void)state;
    if (geteuid() != 0) {
        print_message("only root can make a group for another user\n");
        return;
    }
    world_open(&world);
    assert_int_equal(sn__slot_take(SN__SLOT_COUNT, &slot, &fd, NULL), 0);
    close(fd); /* nobody has the slot of that number among ours */
    world_directory(world.parent, "pids", directory, sizeof(directory));
    snprintf(path, sizeof(path), "%s/s%u", directory, slot);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(chown(path, 54321, 54321), 0);
    for (int i = 0; i < 20; i++)
        world.driver->reap_stale(world.parent);
    stays = access(path, F_OK) == 0;
    assert_true(chown(path, 0, 0) == 0 || !stays);
    for (int i = 0; i < 20; i++)
        world.driver->reap_stale(world.parent);
    assert_int_equal(access(path, F_OK), -1); /* our own would have gone */
    world_close(&world);
    assert_true(stays);
}

/* Can a user who is nobody here open it? */
static bool others_can_open(const char *path)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        if (setgroups(0, NULL) < 0 || setresgid(54321, 54321, 54321) < 0 || setresuid(54321, 54321, 54321) < 0)
            _exit(2);
        _exit(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 2);
    return WEXITSTATUS(status);
}

static void assert_private(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    if (geteuid() == 0)
        assert_false(others_can_open(path));
}

/* Who could open a group could lock it, as only the owner of a live sandbox does, and it would stay forever. */
static void nobody_else_opens_a_group(void **state)
{
    static const char *const controllers[] = {"cpuacct", "memory", "pids"};
    struct world world = {0};
    struct sn__cgroup_run *leaf;
    sn_limits limits;

    (void)state;
    world_open(&world);
    world_limits(&limits);
    leaf = world_begin(&world, &limits);
    for (size_t i = 0; i < SN_ARRAY_SIZE(controllers); i++) {
        char directory[PATH_MAX], path[PATH_MAX + 64];
        glob_t found = {0};

        world_directory(world.parent, controllers[i], directory, sizeof(directory));
        snprintf(path, sizeof(path), "%s/s%u", directory, world.slot);
        assert_private(path);
        snprintf(path, sizeof(path), "%s/s%u/[ir]*", directory, world.slot);
        assert_int_equal(glob(path, GLOB_ONLYDIR, NULL, &found), 0);
        for (size_t j = 0; j < found.gl_pathc; j++) {
            struct stat st;

            assert_int_equal(stat(found.gl_pathv[j], &st), 0);
            if (S_ISDIR(st.st_mode))
                assert_private(found.gl_pathv[j]);
        }
        globfree(&found);
    }
    world.driver->run_end(leaf);
    world_close(&world);
}

/* The umask of the caller neither opens nor shuts it. */
static void a_group_is_private_whatever_the_umask(void **state)
{
    static const mode_t masks[] = {0, 022, 0777};
    struct world world = {0};

    (void)state;
    world_open(&world);
    for (size_t i = 0; i < SN_ARRAY_SIZE(masks); i++) {
        char directory[PATH_MAX], path[PATH_MAX + 64];
        mode_t before = umask(masks[i]);
        int r;

        world_directory(world.parent, "pids", directory, sizeof(directory));
        snprintf(path, sizeof(path), "%s/test-%d", directory, (int)getpid());
        r = sn__cgroup_mkdir(AT_FDCWD, path);
        umask(before);
        assert_int_equal(r, 0);
        assert_private(path);
        assert_int_equal(rmdir(path), 0);
    }
    world_close(&world);
}

static int one_of_many(const struct sn__cgroup_driver *driver, const char *parent, sn_error **ret_error)
{
    struct sn__cgroup *cgroup = NULL;
    struct sn__cgroup_run *leaf = NULL;
    sn_limits limits;
    uint32_t slot;
    pid_t init;
    int fd;
    int r = sn__slot_take(SN__SLOT_COUNT, &slot, &fd, ret_error);

    if (r < 0)
        return r;
    world_limits(&limits);
    init = fork();
    if (init == 0) {
        for (;;)
            pause();
    }
    r = driver->create(parent, slot, geteuid(), &cgroup, ret_error);
    if (r == 0)
        r = driver->enter(cgroup, init, ret_error);
    if (r == 0)
        r = driver->settle(cgroup, init, ret_error);
    if (r == 0)
        r = driver->run_begin(cgroup, &limits, false, &leaf, ret_error);
    driver->reap_stale(parent);
    driver->run_end(leaf);
    driver->destroy(cgroup);
    kill(init, SIGKILL);
    waitpid(init, NULL, 0);
    close(fd);
    return r;
}

static void many_at_once(void **state)
{
    const struct sn__cgroup_driver *driver;
    char *parent = NULL;
    sn_error *error = NULL;
    int r = sn__cgroup_pick(NULL, &driver, &parent, &error);

    (void)state;
    if (r == SN_EHOST) {
        sn_error_free(error);
        skip_because("no cgroup driver here");
    }
    assert_ok(r, error);
    for (int i = 0; i < 8; i++) {
        if (fork() == 0) {
            for (int round = 0; round < 10 && r == 0; round++)
                r = one_of_many(driver, parent, &error);
            if (r < 0)
                print_error("%s: %s\n", sn_error_step(error), sn_error_message(error));
            _exit(r < 0);
        }
    }
    for (int i = 0; i < 8; i++) {
        int status;

        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    free(parent);
}

/* Every line says something, and what is not in order says how to put it in order. */
static void the_host_probe_tells_and_leaves_nothing(void **state)
{
    struct footprint before;
    sn_error *error = NULL;
    sn_host *host = NULL;

    (void)state;
    footprint_take(&before);
    assert_ok(sn_host_probe(&host, &error), error);
    assert_true(sn_host_count(host) > 10);
    for (size_t i = 0; i < sn_host_count(host); i++) {
        const sn_host_item *item = sn_host_entry(host, i);

        assert_true(item->name[0] && item->detail[0]);
        assert_true(item->status == SN_HOST_OK || item->fix);
        if (item->status != SN_HOST_OK)
            SHOW("%s: %s -> %s\n", item->name, item->detail, item->fix);
    }
    assert_null(sn_host_entry(host, sn_host_count(host)));
    sn_host_free(host);
    /* its children are none of the host program's */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_nothing_left(&before);
}

static void a_wanted_parent_that_is_none_is_refused(void **state)
{
    const struct sn__cgroup_driver *driver;
    char *parent = NULL;
    sn_error *error = NULL;
    int r = sn__cgroup_pick("/tmp", &driver, &parent, &error);

    (void)state;
    assert_true(r == SN_EHOST || r == SN_EINVAL);
    assert_null(parent);
    assert_non_null(strstr(sn_error_message(error), "/tmp"));
    sn_error_free(error);
}

int main(void)
{
#define GROUP_TEST(name) cmocka_unit_test_teardown(name, end_processes)
    const struct CMUnitTest tests[] = {
        GROUP_TEST(cpu_time_of_four_processes_is_counted),
        GROUP_TEST(peak_memory_is_what_was_touched),
        GROUP_TEST(too_much_memory_is_seen),
        GROUP_TEST(exactly_as_many_processes_as_allowed),
        GROUP_TEST(a_fork_bomb_dies_at_once),
        GROUP_TEST(killing_does_not_look_like_a_refused_fork),
        GROUP_TEST(pid_1_is_bounded_too),
        GROUP_TEST(swap_does_not_extend_the_memory),
        GROUP_TEST(bandwidth_is_bounded),
        GROUP_TEST(destroy_kills_and_leaves_nothing),
        GROUP_TEST(what_a_dead_host_left_is_removed),
        GROUP_TEST(groups_of_another_user_are_left_alone),
        GROUP_TEST(nobody_else_opens_a_group),
        GROUP_TEST(a_group_is_private_whatever_the_umask),
        GROUP_TEST(many_at_once),
        GROUP_TEST(a_wanted_parent_that_is_none_is_refused),
        GROUP_TEST(the_host_probe_tells_and_leaves_nothing),
    };

    return run_group(tests);
}
