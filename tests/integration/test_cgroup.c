/* SPDX-License-Identifier: MIT */
/*
 * The cgroup drivers with real processes, whichever driver this host gives: a stand-in for the sandbox's PID 1 enters
 * the groups as an unprivileged user of its own user and cgroup namespace, and starts jobs in the leaves as PID 1 does.
 */
#include "support.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "plan/slot.h"
#include "supervise/cgroup.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define INIT_UID 77777

enum job { JOB_NOTHING, JOB_BURN, JOB_TOUCH, JOB_FORK, JOB_BOMB, JOB_SLEEP };

struct order {
    enum job job;
    uint64_t amount; /* ms of CPU, bytes, or processes */
    int clone_into;
    uint32_t procs_count;
};

/* How a job ended, and the CPU time of it and its children as wait4(2) tells it: another source than the groups. */
struct ending {
    int status;
    uint64_t cpu_ns;
};

struct world {
    const struct sn__cgroup_driver *driver;
    char *parent;
    uint32_t slot;
    int slot_fd;
    struct sn__cgroup *cgroup;
    pid_t init;
    int socket;
};

/* --- what runs inside --- */

static uint64_t cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void burn(uint64_t ms)
{
    while (cpu_ms() < ms)
        ;
}

static int job_burn(uint64_t ms)
{
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            burn(ms / 4);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    return 0;
}

static int job_touch(uint64_t bytes)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return 1;
    for (uint64_t i = 0; i < bytes; i += 4096)
        memory[i] = 1;
    return 0;
}

/* Exit status: 0 if that many children could be had at once. */
static int job_fork(uint64_t count)
{
    int failed = 0;

    for (uint64_t i = 0; i < count; i++) {
        pid_t child = fork();

        if (child == 0) {
            pause();
            _exit(0);
        }
        failed |= child < 0;
    }
    return failed;
}

_Noreturn static void job_bomb(void)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;)
        (void)!fork();
}

static int run_job(enum job job, uint64_t amount)
{
    switch (job) {
    case JOB_NOTHING:
        return 0;
    case JOB_BURN:
        return job_burn(amount);
    case JOB_TOUCH:
        return job_touch(amount);
    case JOB_FORK:
        return job_fork(amount);
    case JOB_BOMB:
        job_bomb();
    case JOB_SLEEP:
        for (;;)
            pause();
    }
    return 99;
}

/* What PID 1 does for a run: the new process is in the leaf before it does anything else. Status as of waitpid. */
static struct ending start_and_wait(const struct order *order, const int *fds, int report)
{
    struct clone_args args = {.exit_signal = SIGCHLD};
    struct ending ending = {.status = -1};
    struct rusage used;
    pid_t child;

    if (order->clone_into >= 0) {
        args.flags = CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)fds[0];
    }
    child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
    if (child == 0) {
        for (uint32_t i = 0; i < order->procs_count; i++)
            if (write(fds[i], "0", 1) != 1)
                _exit(98);
        /* only now: who kills a run kills what has joined it */
        child = getpid();
        (void)!write(report, &child, sizeof(child));
        _exit(run_job(order->job, order->amount));
    }
    if (child > 0 && wait4(child, &ending.status, 0, &used) == child)
        ending.cpu_ns = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000 +
                        (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
    return ending;
}

static int receive_order(int socket, struct order *ret_order, int *ret_fds)
{
    char control[CMSG_SPACE(sizeof(int) * SN__CGROUP_JOIN_MAX)];
    struct iovec data = {ret_order, sizeof(*ret_order)};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    struct cmsghdr *header;

    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*ret_order))
        return -1;
    header = CMSG_FIRSTHDR(&message);
    if (!header)
        return 0;
    memcpy(ret_fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    return (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
}

/* The stand-in for PID 1. Entered before "go"; afterwards its user and cgroup namespaces are its own. */
static void init_main(int socket, bool as_root)
{
    char go;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (read(socket, &go, 1) != 1)
        _exit(1);
    if (as_root && (syscall(SYS_setgroups, 0, NULL) < 0 || setresgid(INIT_UID, INIT_UID, INIT_UID) < 0 ||
                    setresuid(INIT_UID, INIT_UID, INIT_UID) < 0))
        _exit(2);
    if (unshare(CLONE_NEWUSER) < 0 || unshare(CLONE_NEWCGROUP) < 0)
        _exit(3);
    if (write(socket, "r", 1) != 1 || read(socket, &go, 1) != 1)
        _exit(4);
    for (;;) {
        struct order order;
        int fds[SN__CGROUP_JOIN_MAX];
        int count = receive_order(socket, &order, fds);
        struct ending ending;

        if (count < 0)
            _exit(0);
        ending = start_and_wait(&order, fds, socket);
        for (int i = 0; i < count; i++)
            close(fds[i]);
        (void)!write(socket, &ending, sizeof(ending));
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
}

/* --- the host's side --- */

static void world_open(struct world *world)
{
    sn_error *error = NULL;
    int sockets[2];
    char ready;
    int r = sn__cgroup_pick(NULL, &world->driver, &world->parent, &error);

    if (r == SN_EHOST) {
        char why[512];

        snprintf(why, sizeof(why), "%s", sn_error_message(error));
        sn_error_free(error);
        skip_because("%s", why);
    }
    assert_ok(r, error);
    assert_ok(sn__slot_take(&world->slot, &world->slot_fd, &error), error);
    assert_ok(world->driver->create(world->parent, world->slot, geteuid() == 0 ? INIT_UID : geteuid(), &world->cgroup,
                                    &error),
              error);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
    world->socket = sockets[0];
    world->init = fork();
    if (world->init == 0) {
        close(sockets[0]);
        init_main(sockets[1], geteuid() == 0);
    }
    close(sockets[1]);
    assert_ok(world->driver->enter(world->cgroup, world->init, &error), error);
    assert_int_equal(write(world->socket, "g", 1), 1);
    assert_int_equal(read(world->socket, &ready, 1), 1);
    assert_ok(world->driver->settle(world->cgroup, world->init, &error), error);
    assert_int_equal(write(world->socket, "g", 1), 1);
}

static void world_close(struct world *world)
{
    close(world->socket);
    world->driver->destroy(world->cgroup);
    waitpid(world->init, NULL, 0);
    close(world->slot_fd);
    free(world->parent);
}

static void limits_of(sn_limits *limits)
{
    *limits = (sn_limits){
        .size = sizeof(*limits),
        .memory_bytes = 256 * MIB,
        .processes = 64,
    };
}

static struct sn__cgroup_run *begin(struct world *world, const sn_limits *limits)
{
    struct sn__cgroup_run *run = NULL;
    sn_error *error = NULL;

    assert_ok(world->driver->run_begin(world->cgroup, limits, &run, &error), error);
    return run;
}

/* Starts a job in the run's leaf; returns the process's number. */
static pid_t start(struct world *world, const struct sn__cgroup_run *run, enum job job, uint64_t amount)
{
    struct sn__cgroup_join join;
    struct order order = {.job = job, .amount = amount};
    char control[CMSG_SPACE(sizeof(int) * SN__CGROUP_JOIN_MAX)] = {0};
    struct iovec data = {&order, sizeof(order)};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control};
    struct cmsghdr *header;
    uint32_t count;
    pid_t pid = 0;

    world->driver->run_join(run, &join);
    order.clone_into = join.clone_into;
    order.procs_count = join.procs_count;
    count = join.clone_into >= 0 ? 1 : join.procs_count;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    header = CMSG_FIRSTHDR(&message);
    *header =
        (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int) * count)};
    memcpy(CMSG_DATA(header), join.clone_into >= 0 ? &join.clone_into : join.procs, sizeof(int) * count);
    assert_int_equal(sendmsg(world->socket, &message, MSG_NOSIGNAL), sizeof(order));
    assert_int_equal(read(world->socket, &pid, sizeof(pid)), sizeof(pid));
    assert_true(pid > 0);
    return pid;
}

static struct ending finish_measured(struct world *world)
{
    struct ending ending;

    assert_int_equal(read(world->socket, &ending, sizeof(ending)), sizeof(ending));
    return ending;
}

static int finish(struct world *world)
{
    return finish_measured(world).status;
}

static int run(struct world *world, const sn_limits *limits, enum job job, uint64_t amount, struct sn__usage *ret_usage)
{
    struct sn__cgroup_run *leaf = begin(world, limits);
    sn_error *error = NULL;
    int status;

    start(world, leaf, job, amount);
    status = finish(world);
    world->driver->run_kill(leaf);
    assert_ok(world->driver->run_usage(leaf, ret_usage, &error), error);
    world->driver->run_end(leaf);
    return status;
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
    limits_of(&limits);
    leaf = begin(&world, &limits);
    start(&world, leaf, JOB_BURN, 500);
    ending = finish_measured(&world);
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
    limits_of(&limits);
    assert_int_equal(run(&world, &limits, JOB_TOUCH, 4096, &base), 0);
    assert_int_equal(run(&world, &limits, JOB_TOUCH, 100 * MIB, &usage), 0);
    assert_int_equal(run(&world, &limits, JOB_TOUCH, 4096, &again), 0);
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
    limits_of(&limits);
    limits.memory_bytes = 32 * MIB;
    status = run(&world, &limits, JOB_TOUCH, 100 * MIB, &usage);
    SHOW("killed by signal %d; refused %lu, killed %lu, peak %.2f MiB\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0,
         (unsigned long)usage.memory_refused, (unsigned long)usage.oom_kills, (double)usage.memory_peak / (double)MIB);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(usage.oom_kills >= 1);
    assert_true(usage.memory_refused >= 1);
    assert_in_range(usage.memory_peak, 31 * MIB, 33 * MIB);
    /* the next run starts from nothing */
    limits_of(&limits);
    assert_int_equal(run(&world, &limits, JOB_TOUCH, MIB, &usage), 0);
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
    limits_of(&limits);
    limits.processes = 10;
    assert_int_equal(run(&world, &limits, JOB_FORK, 9, &usage), 0);
    assert_int_equal(usage.processes_refused, 0);
    assert_int_equal(WEXITSTATUS(run(&world, &limits, JOB_FORK, 10, &usage)), 1);
    assert_int_equal(usage.processes_refused, 1);
    limits.processes = 1;
    assert_int_equal(run(&world, &limits, JOB_NOTHING, 0, &usage), 0);
    assert_int_equal(WEXITSTATUS(run(&world, &limits, JOB_FORK, 1, &usage)), 1);
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
    limits_of(&limits);
    limits.processes = 50;
    leaf = begin(&world, &limits);
    start(&world, leaf, JOB_BOMB, 0);
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
    assert_true(WIFSIGNALED(finish(&world)));
    assert_ok(world.driver->run_usage(leaf, &usage, &error), error);
    SHOW("50 processes killed in %lu ms, %lu forks refused\n", (unsigned long)took,
         (unsigned long)usage.processes_refused);
    assert_true(usage.processes_refused > 0);
    world.driver->run_end(leaf);
    world_close(&world);
}

static void killing_does_not_look_like_a_refused_fork(void **state)
{
    struct world world = {0};
    struct sn__usage usage;
    struct sn__cgroup_run *leaf;
    sn_error *error = NULL;
    sn_limits limits;

    (void)state;
    world_open(&world);
    limits_of(&limits);
    leaf = begin(&world, &limits);
    start(&world, leaf, JOB_SLEEP, 0);
    world.driver->run_kill(leaf);
    world.driver->run_kill(leaf);
    assert_int_equal(WTERMSIG(finish(&world)), SIGKILL);
    assert_ok(world.driver->run_usage(leaf, &usage, &error), error);
    assert_int_equal(usage.processes_refused, 0);
    assert_int_equal(usage.oom_kills, 0);
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
    limits_of(&limits);
    limits.cpu_percent = 10;
    if (world.driver->run_begin(world.cgroup, &limits, &probe, &error) == SN_EHOST) {
        sn_error_free(error);
        world_close(&world);
        skip_because("the controller cpu is not delegated here");
    }
    world.driver->run_end(probe);
    began = now_ms();
    assert_int_equal(run(&world, &limits, JOB_BURN, 100, &usage), 0);
    took = now_ms() - began;
    SHOW("100 ms at 10 %%: %lu ms, throttled %.0f ms\n", (unsigned long)took, (double)usage.throttled_ns / 1e6);
    /* holds however busy the machine is: on a busy one it may never have been throttled */
    assert_true(usage.cpu_ns <= took * 1000000 / 10 + 30000000);
    world_close(&world);
}

/* The last line of the parent string ends in a directory under both drivers. */
static bool group_exists(const struct world *world)
{
    char path[4096];
    struct stat st;
    const char *directory = strchr(world->parent, '/');

    snprintf(path, sizeof(path), "%.*s/s%u", (int)strcspn(directory, "\n"), directory, world->slot);
    return stat(path, &st) == 0;
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
    limits_of(&limits);
    leaf = begin(&world, &limits);
    pid = start(&world, leaf, JOB_SLEEP, 0);
    assert_true(group_exists(&world));
    world.driver->run_end(leaf);
    assert_true(kill(pid, 0) < 0 || finish(&world) == SIGKILL);
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
        if (sn__slot_take(&inner.slot, &inner.slot_fd, NULL) < 0 ||
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

        /* the straggler was forked before the slot was taken, so nothing holds it now */
        world.driver->reap_stale(world.parent);
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

static int one_of_many(const struct sn__cgroup_driver *driver, const char *parent, sn_error **ret_error)
{
    struct sn__cgroup *cgroup = NULL;
    struct sn__cgroup_run *leaf = NULL;
    sn_limits limits;
    uint32_t slot;
    pid_t init;
    int fd;
    int r = sn__slot_take(&slot, &fd, ret_error);

    if (r < 0)
        return r;
    limits_of(&limits);
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
        r = driver->run_begin(cgroup, &limits, &leaf, ret_error);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_time_of_four_processes_is_counted),
        cmocka_unit_test(peak_memory_is_what_was_touched),
        cmocka_unit_test(too_much_memory_is_seen),
        cmocka_unit_test(exactly_as_many_processes_as_allowed),
        cmocka_unit_test(a_fork_bomb_dies_at_once),
        cmocka_unit_test(killing_does_not_look_like_a_refused_fork),
        cmocka_unit_test(bandwidth_is_bounded),
        cmocka_unit_test(destroy_kills_and_leaves_nothing),
        cmocka_unit_test(what_a_dead_host_left_is_removed),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(a_wanted_parent_that_is_none_is_refused),
        cmocka_unit_test(the_host_probe_tells_and_leaves_nothing),
    };

    return run_group(tests);
}
