/* SPDX-License-Identifier: MIT */
#include "cgroup_world.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "plan/slot.h"

#include <glob.h>
#include <limits.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define INIT_UID 77777

struct order {
    enum job job;
    uint64_t amount; /* ms of CPU, bytes, or processes */
    int clone_into;
    uint32_t procs_count;
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

/* Forks all the time, but one at a time: its limit never refuses it one. */
_Noreturn static void job_churn(void)
{
    for (;;) {
        pid_t child = fork();

        if (child == 0)
            _exit(0);
        if (child > 0)
            waitpid(child, NULL, 0);
    }
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
    case JOB_CHURN:
        job_churn();
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

void world_open(struct world *world)
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
    assert_ok(sn__slot_take(SN__SLOT_COUNT, &world->slot, &world->slot_fd, &error), error);
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

void world_close(struct world *world)
{
    close(world->socket);
    world->driver->destroy(world->cgroup);
    waitpid(world->init, NULL, 0);
    close(world->slot_fd);
    free(world->parent);
}

void world_limits(sn_limits *limits)
{
    *limits = (sn_limits){
        .size = sizeof(*limits),
        .memory_bytes = 256 * MIB,
        .processes = 64,
    };
}

struct sn__cgroup_run *world_begin(struct world *world, const sn_limits *limits)
{
    struct sn__cgroup_run *run = NULL;
    sn_error *error = NULL;

    assert_ok(world->driver->run_begin(world->cgroup, limits, false, &run, &error), error);
    return run;
}

pid_t world_start(struct world *world, const struct sn__cgroup_run *run, enum job job, uint64_t amount)
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

struct ending world_finish_measured(struct world *world)
{
    struct ending ending;

    assert_int_equal(read(world->socket, &ending, sizeof(ending)), sizeof(ending));
    return ending;
}

int world_finish(struct world *world)
{
    return world_finish_measured(world).status;
}

int world_run(struct world *world, const sn_limits *limits, enum job job, uint64_t amount, struct sn__usage *ret_usage)
{
    struct sn__cgroup_run *leaf = world_begin(world, limits);
    sn_error *error = NULL;
    int status;

    world_start(world, leaf, job, amount);
    status = world_finish(world);
    world->driver->run_kill(leaf);
    assert_ok(world->driver->run_usage(leaf, ret_usage, &error), error);
    world->driver->run_end(leaf);
    return status;
}

void world_directory(const char *parent, const char *controller, char *path, size_t size)
{
    /* v2: one directory; v1: lines "cpu,cpuacct /directory" */
    for (const char *line = parent; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *directory = strchr(line, '/'), *name = strstr(line, controller);

        if (directory == line || (name && name < directory)) {
            snprintf(path, size, "%.*s", (int)strcspn(directory, "\n"), directory);
            return;
        }
    }
    fail_msg("%s names no directory of %s", parent, controller);
}

bool world_read(const struct world *world, const char *controller, const char *pattern, char *text, size_t size)
{
    char directory[PATH_MAX], path[PATH_MAX + 64];
    glob_t found = {0};
    bool is_read = false;

    world_directory(world->parent, controller, directory, sizeof(directory));
    snprintf(path, sizeof(path), "%s/s%u/%s", directory, world->slot, pattern);
    if (glob(path, 0, NULL, &found) == 0) {
        FILE *file = fopen(found.gl_pathv[0], "re");

        is_read = file && fgets(text, (int)size, file);
        if (file)
            fclose(file);
    }
    globfree(&found);
    return is_read;
}
