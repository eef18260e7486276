/* SPDX-License-Identifier: MIT */
#include "spawn/spawn.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "init/namespaces.h"
#include "plan/apparmor.h"
#include "plan/confinement.h"
#include "spawn/child_launch.h"
#include "spawn/control.h"
#include "spawn/init_blob.h"
#include "spawn/kept.h"
#include "spawn/pid_numbers.h"
#include "spawn/stem.h"
#include "supervise/cpuset.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define READY_TIMEOUT_MS 60000 /* a safety net for a stuck host, not a limit anyone should meet */
#define MANY_DESCRIPTORS 256
#define DEATH_TIMEOUT_MS 10000 /* likewise: some calls of the kernel cannot be interrupted */

/* The clone that makes the namespaces fails as a whole: say what usually stands behind each errno. */
static int explain_clone(int error, sn_error **ret_error)
{
    int r;

    if (sn__confinement_is_filtered() && (error == ENOSYS || (error == EPERM && sn__confinement_is_container())))
        return sn__error_set(ret_error, SN_EHOST, "clone namespaces",
                             "new namespaces are refused (%s): this looks like a container whose system call filter "
                             "forbids them; start it with " SN__OPTION_SECCOMP "; 'sentinel doctor' has all that is "
                             "missing",
                             strerrordesc_np(error));
    r = sn__apparmor_explain(SN__STEP_NONE, "clone namespaces", error, ret_error);
    if (r < 0)
        return r;
    if (error == EPERM)
        return sn__error_set(ret_error, SN_EHOST, "clone namespaces",
                             "the kernel refuses new namespaces (EPERM): unprivileged user namespaces may be switched "
                             "off (sysctl kernel.unprivileged_userns_clone=1), a container's seccomp profile "
                             "may forbid them, or the process is in a chroot; 'sentinel doctor' tells which");
    if (error == ENOSPC || error == EUSERS)
        return sn__error_set(ret_error, SN_EHOST, "clone namespaces",
                             "the limit of namespaces is reached: raise user.max_user_namespaces and its siblings "
                             "(sysctl user.max_user_namespaces=65536)");
    if (error == EAGAIN && sched_getscheduler(0) == SCHED_DEADLINE)
        return sn__error_set(ret_error, SN_EHOST, "clone namespaces",
                             "a thread of the class SCHED_DEADLINE may not make processes: give it "
                             "SCHED_FLAG_RESET_ON_FORK, or make sandboxes from another thread");
    if (error == EAGAIN)
        return sn__error_errno(ret_error, error, "clone namespaces",
                               "cannot start PID 1: the limit of processes (RLIMIT_NPROC or pids.max) is reached");
    return sn__error_errno(ret_error, error, "clone namespaces", "cannot start PID 1 in its namespaces");
}

/* What PID 1 uses of our memory until its exec: its stack, the launcher's, and the arguments of both. */
struct launch_memory {
    char init_stack[SN__LAUNCH_STACK];
    char launcher_stack[SN__LAUNCH_STACK];
    struct sn__launch launch;
};

static void unmap_launch(struct launch_memory **memory)
{
    if (*memory)
        munmap(*memory, sizeof(**memory));
}

/*
 * PID 1 was named by number: was it the one that the number meant until now? It cannot have been reaped by us, but by
 * whoever reaps this process's orphans. One that is dead and not reaped yet is no use either.
 */
static int check_alive(const sn_sandbox *sandbox, int r, sn_error **ret_error)
{
    struct pollfd gone = {.fd = sandbox->pidfd, .events = POLLIN};
    int count;

    do
        count = poll(&gone, 1, 0);
    while (count < 0 && errno == EINTR);
    if (count == 0)
        return r;
    if (count > 0) /* then that is why, whatever could not be done with it */
        return sn__error_set(ret_error, SN_EDIED, "start PID 1", "PID 1 was killed while the sandbox was made");
    return r < 0 ? r : sn__error_errno(ret_error, errno, "start PID 1", "cannot tell whether PID 1 is alive");
}

/*
 * A network namespace that the caller's user namespace owns, with nothing in it that works, and no right over it in the
 * sandbox. Only where no process of the sandbox is root outside, so that it stays so.
 */
static void choose_network(sn_sandbox *sandbox)
{
    const uint64_t needed =
        SN_LAYER_NETWORK_NS | SN_LAYER_USER_NS | SN_LAYER_UID | SN_LAYER_CAPABILITIES | SN_LAYER_PID_NS;

    if (!sandbox->ids.privileged || (sandbox->spec.layers & needed) != needed ||
        sandbox->spec.network != SN_NETWORK_NONE || sandbox->spec.is_joined)
        return;
    sandbox->network = sn__network_take();
    if (!sandbox->network)
        sandbox->network = sn__network_new();
}

/* Whether it is kept. */
static void keep_network(sn_sandbox *sandbox)
{
    struct sn__network *network = sandbox->network;

    if (!network)
        return;
    if (network->file.fd >= 0 && sn__kept_fd_is_low(network->file.fd, 2) &&
        sn__kept_fd_take(&network->file, network->file.fd) == 0)
        return;
    sn__close(network->file.fd);
    free(network);
    sandbox->network = NULL;
}

static void give_fds(struct sn__launch_fds **fds)
{
    if (*fds)
        sn__launch_fds_give(*fds);
}

static int make_control(sn_sandbox *sandbox, const struct sn__launch_fds *fds)
{
    int pair[2], r = 0;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    sandbox->control = pair[0];
    if (dup3(pair[1], fds->control.fd, O_CLOEXEC) < 0)
        r = -errno;
    sn__close(pair[1]);
    return r;
}

/*
 * Of a caller with many descriptors PID 1 first shares the table, then copies the low ones: closing a copy of each
 * would take longer than all the rest. 0: it is to have a copy of all.
 */
static int shared_below(const struct sn__launch_fds *fds, int lowest_free)
{
    const int numbers[] = {fds->null.fd, fds->init.fd, fds->host.fd, fds->control.fd};
    int highest = 0;

    for (size_t i = 0; i < SN_ARRAY_SIZE(numbers); i++)
        if (numbers[i] > highest)
            highest = numbers[i];
    return lowest_free >= MANY_DESCRIPTORS && highest < MANY_DESCRIPTORS / 2 ? highest + 1 : 0;
}

static int launch(sn_sandbox *sandbox, const struct sn__planner *planner, struct launch_memory *memory,
                  sn_error **ret_error)
{
    struct sn__launch *launch = &memory->launch;
    cleanup_launch struct sn__cgroup_launch groups = {.init = -1};
    struct sn__launch_fds *fds __attribute__((cleanup(give_fds))) = NULL;
    const char *what = "";
    sigset_t all, old;
    int r = sn__pid_numbers_possible(ret_error);

    if (r < 0)
        return r;
    r = sn__launch_fds_take(&fds, &what);
    if (r == -EFBIG)
        return sn__error_set(ret_error, SN_EHOST, "start PID 1",
                             "this process may not write files of %zu bytes: raise RLIMIT_FSIZE (ulimit -f)",
                             sn__init_blob_size);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "start PID 1", "%s", what);
    r = make_control(sandbox, fds);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "start PID 1", "cannot make the control socket");
    if (sandbox->cgroup && (planner->born & SN__BORN_SETTLED)) {
        r = sandbox->driver->launch(sandbox->cgroup, &groups, ret_error);
        if (r < 0)
            return r;
    }
    choose_network(sandbox);
    *launch = (struct sn__launch){
        .control_fd = fds->control.fd,
        .host_fd = fds->host.fd,
        .init_fd = fds->init.fd,
        .null_fd = fds->null.fd,
        .shared_below = shared_below(fds, sandbox->control),
        .take_root = sandbox->ids.take_root,
        .keep_by_ambient = sandbox->ids.by_ambient,
        .stack_top = memory->init_stack + sizeof(memory->init_stack),
        .join = groups.launcher,
        .join_count = groups.launcher_count,
        .join_init = groups.init,
        .network = sandbox->network,
        .tree_fd = sandbox->tree_fd,
    };
    launch->namespaces = namespaces_of(sandbox->spec.layers);
    if (sandbox->network)
        launch->namespaces &= ~(uint32_t)CLONE_NEWNET;
    if ((planner->born & SN__BORN_SETTLED) && (sandbox->spec.layers & SN_LAYER_CGROUP_NS))
        launch->namespaces |= CLONE_NEWCGROUP;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    sn__child_launch(launch, memory->launcher_stack + sizeof(memory->launcher_stack));
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    keep_network(sandbox);
    if (launch->failed == SN__LAUNCH_TREE)
        return sn__error_errno(ret_error, launch->error, "enter the tree", "cannot enter the mounts of the sandbox");
    if (launch->failed == SN__LAUNCH_JOIN)
        return sn__error_errno(ret_error, launch->error, "cgroup enter", "cannot enter the groups of the sandbox");
    if (launch->error)
        return explain_clone(launch->error, ret_error);
    sandbox->pidfd = launch->pidfd;
    r = sn__pid_numbers(sandbox->pidfd, fds->host.fd, &sandbox->pid, &sandbox->pid_in_proc, ret_error);
    return check_alive(sandbox, r, ret_error);
}

/*
 * PID 1 is root of its own user namespace, so what it is refused was refused from outside: by a container's filter, a
 * masked /proc or a security module.
 */
static int explain_refused(const struct sn__failure *failure, const char *step, sn_error **ret_error)
{
    const char *error = strerrordesc_np(failure->error);
    bool proc = strcmp(step, "mount /proc") == 0 || failure->step == SN__STEP_NESTED_NS;

    if (proc && sn__confinement_covers_proc())
        return sn__error_set(
            ret_error, SN_EHOST, step,
            "the kernel refuses a private /proc (%s), because parts of this one are masked, as in a "
            "container: start it with " SN__OPTION_PROC "; or %s",
            error, failure->step == SN__STEP_NESTED_NS ? "relax the layer nested-ns" : "relax the layer proc");
    if (failure->error == EACCES && sn__confinement_has_profile() && sn__confinement_is_container())
        return sn__error_set(
            ret_error, SN_EHOST, step,
            "PID 1 could not %s (%s): an AppArmor profile forbids it; start the container with " SN__OPTION_APPARMOR,
            sn__step_name(failure->step), error);
    if (sn__confinement_is_filtered() && (sn__confinement_is_container() || !sn__confinement_has_profile()))
        return sn__error_set(ret_error, SN_EHOST, step,
                             "PID 1 could not %s (%s): the system call filter this process runs under forbids it; "
                             "start the container with " SN__OPTION_SECCOMP "%s",
                             sn__step_name(failure->step), error,
                             failure->step == SN__STEP_HOSTNAME ? "; or relax the layer uts-ns" : "");
    return 0;
}

static int explain_failure(const struct sn__failure *failure, const char *plan, size_t plan_size, sn_error **ret_error)
{
    const char *name = failure->step == SN__STEP_MOUNT ? sn__plan_mount_name(plan, plan_size, failure->index) : "";
    char step[128];
    int r = 0;

    snprintf(step, sizeof(step), "%s%s", failure->step == SN__STEP_MOUNT ? "mount " : sn__step_name(failure->step),
             name);
    if (failure->error == EPERM || failure->error == EACCES || failure->error == ENOSYS)
        r = explain_refused(failure, step, ret_error);
    if (r < 0)
        return r;
    if (failure->step == SN__STEP_MOUNT) {
        if (strcmp(name, "/proc") == 0 && failure->error == EPERM)
            return sn__error_set(ret_error, SN_EHOST, step,
                                 "the kernel refuses a private /proc (EPERM): a security module forbids it, or this "
                                 "process is in a user namespace that sees no whole /proc; or relax the layer proc");
        if (failure->error == EROFS || failure->error == ENOENT)
            return sn__error_errno(
                ret_error, failure->error, step,
                "cannot make the mount point %s: a target below a read-only mount has to exist there", name);
        if (failure->error == ELOOP)
            return sn__error_errno(ret_error, failure->error, step,
                                   "the mount target %s goes through a symbolic link: name the real place", name);
        if (failure->error == ESTALE)
            return sn__error_errno(ret_error, failure->error, step,
                                   "the source of %s was replaced by a symbolic link while the sandbox was made", name);
        r = sn__apparmor_explain(failure->step, step, failure->error, ret_error);
        return r < 0 ? r : sn__error_errno(ret_error, failure->error, step, "cannot mount %s", name);
    }
    r = sn__apparmor_explain(failure->step, sn__step_name(failure->step), failure->error, ret_error);
    if (r < 0)
        return r;
    if (failure->step == SN__STEP_NESTED_NS)
        return sn__error_errno(ret_error, failure->error, "forbid nested namespaces",
                               "cannot set user.max_user_namespaces to 0 inside: relax nested-ns to do without");
    return sn__error_errno(ret_error, failure->error, sn__step_name(failure->step), "PID 1 could not %s",
                           sn__step_name(failure->step));
}

/* Its id maps are written: it may take its ids and exec. */
static int send_go(const sn_sandbox *sandbox, sn_error **ret_error)
{
    ssize_t n;

    do
        n = send(sandbox->control, "g", 1, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == 1 ? 0 : sn__error_errno(ret_error, errno, "start PID 1", "cannot talk to PID 1");
}

static int send_setup(const sn_sandbox *sandbox, const struct sn__planner *planner, const char *plan, size_t plan_size,
                      sn_error **ret_error)
{
    const struct sn__message setup = {.type = SN__MSG_SETUP};
    int fds[SN__MESSAGE_FDS_MAX];
    cleanup_close int plan_fd = sn__file_sealed_memfd("sentinel-plan", plan, plan_size);
    int r;

    if (plan_fd < 0)
        return sn__error_errno(ret_error, -plan_fd, "start PID 1", "cannot make a memfd for the plan");
    fds[SN__SETUP_FD_PLAN] = plan_fd;
    fds[SN__SETUP_FD_SLOT] = sandbox->slot_fd;
    memcpy(fds + SN__SETUP_FD_SOURCES, planner->fds, planner->fd_count * sizeof(int));
    r = sn__control_send(sandbox->control, &setup, fds, SN__SETUP_FD_SOURCES + planner->fd_count);
    return r < 0 ? sn__error_errno(ret_error, -r, "start PID 1", "cannot hand PID 1 its plan") : 0;
}

/* PID 1 tells what of it the mounts took. */
static void note_setup(struct sn__steps *steps, uint64_t mounts_ns)
{
    uint64_t whole = sn__now_ns() - steps->last_ns;

    sn__steps_add(steps, "setup", whole > mounts_ns ? whole - mounts_ns : 0, false);
    sn__steps_add(steps, "mounts", mounts_ns, false);
}

/* Until READY. ENTERED comes on the way: PID 1 has its cgroup namespace and may be moved to its leaf. */
static int await_ready(sn_sandbox *sandbox, const char *plan, size_t plan_size, int *ret_fd, sn_error **ret_error)
{
    for (;;) {
        struct sn__message message;
        int r = sn__control_receive(sandbox->control, READY_TIMEOUT_MS, &message, ret_fd);

        if (r == 0)
            return sn__error_set(ret_error, SN_EDIED, "start PID 1", "PID 1 did not get ready within %d s",
                                 READY_TIMEOUT_MS / 1000);
        if (r == -EPIPE)
            return sn__error_set(ret_error, SN_EDIED, "start PID 1",
                                 "PID 1 died while the sandbox was made (killed from outside, or out of memory)");
        if (r < 0)
            return sn__error_errno(ret_error, -r, "start PID 1", "cannot hear PID 1");
        if (message.type == SN__MSG_FAILED)
            return explain_failure(&message.failure, plan, plan_size, ret_error);
        if (message.type == SN__MSG_ENTERED && sandbox->cgroup) {
            r = check_alive(sandbox, sandbox->driver->settle(sandbox->cgroup, sandbox->pid, ret_error), ret_error);
            /* PID 1 does not wait for this: it may have failed and gone meanwhile, and its own report says more */
            if (r < 0 && sn__control_receive(sandbox->control, 0, &message, ret_fd) > 0 &&
                message.type == SN__MSG_FAILED)
                return explain_failure(&message.failure, plan, plan_size, ret_error);
            if (r < 0)
                return r;
        }
        if (message.type == SN__MSG_READY) {
            sandbox->layers = message.ready.layers;
            sandbox->landlock_abi = message.ready.landlock_abi;
            sandbox->apparmor = message.ready.apparmor;
            sandbox->landlock_fd = message.ready.landlock_fd;
            note_setup(&sandbox->steps, message.ready.mounts_ns);
            return 0;
        }
    }
}

static int bring_up(sn_sandbox *sandbox, const struct sn__planner *planner, const char *plan, size_t plan_size,
                    sn_error **ret_error)
{
    cleanup_close int given_fd = -1;
    int r = 0;

    if (sandbox->cgroup && !(planner->born & SN__BORN_SETTLED))
        r = check_alive(sandbox, sandbox->driver->enter(sandbox->cgroup, sandbox->pid, ret_error), ret_error);
    if (r == 0 && sandbox->spec.cpus)
        r = check_alive(sandbox, sandbox->driver->enter_cpus(sandbox->cgroup, sandbox->pid, ret_error), ret_error);
    if (r == 0 && sandbox->spec.cpus)
        r = check_alive(sandbox, sn__cpuset_set_affinity(sandbox->pid, sandbox->spec.cpus, ret_error), ret_error);
    if (r == 0)
        r = check_alive(sandbox, sn__idmap_write(&sandbox->ids, sandbox->pid_in_proc, ret_error), ret_error);
    sn__steps_mark(&sandbox->steps, "ids");
    if (r == 0)
        r = send_go(sandbox, ret_error);
    if (r == 0)
        r = send_setup(sandbox, planner, plan, plan_size, ret_error);
    if (r == 0)
        r = await_ready(sandbox, plan, plan_size, &given_fd, ret_error);
    if (r == 0 && sandbox->spec.network == SN_NETWORK_LOOPBACK)
        r = sn__network_loopback(given_fd, ret_error);
    if (r == 0 && (planner->born & SN__BORN_AS_TREE))
        sandbox->tree_fd = steal_fd(&given_fd);
    return r;
}

/*
 * What failed here may have failed because PID 1 was gone already (a broken pipe, no such process): then what it said
 * last is the reason, and still waits to be read.
 */
static int look_for_reason(const sn_sandbox *sandbox, int r, const char *plan, size_t plan_size, sn_error **ret_error)
{
    struct sn__message message;

    while (sandbox->control >= 0 && sn__control_receive(sandbox->control, 0, &message, NULL) == 1)
        if (message.type == SN__MSG_FAILED)
            return explain_failure(&message.failure, plan, plan_size, ret_error);
    return r;
}

/* It was asked for: the plan is there when PID 1 is. */
static int spawn_of_stem(sn_sandbox *sandbox, const struct sn__planner *planner, const char *plan, size_t plan_size,
                         sn_error **ret_error)
{
    int r = send_setup(sandbox, planner, plan, plan_size, ret_error);

    if (r == 0) {
        r = sn__stem_hear(sandbox);
        if (r < 0)
            r = sn__error_errno(ret_error, -r, "start PID 1", "cannot have it forked");
    }
    sn__steps_mark(&sandbox->steps, "clone");
    return r < 0 ? r : await_ready(sandbox, plan, plan_size, NULL, ret_error);
}

static int spawn_launched(sn_sandbox *sandbox, const struct sn__planner *planner, const char *plan, size_t plan_size,
                          sn_error **ret_error)
{
    struct launch_memory *memory __attribute__((cleanup(unmap_launch))) =
        mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    int r;

    if (memory == MAP_FAILED) {
        memory = NULL;
        return sn__error_nomem(ret_error);
    }
    r = launch(sandbox, planner, memory, ret_error);
    sn__steps_mark(&sandbox->steps, "clone");
    if (r == 0)
        r = bring_up(sandbox, planner, plan, plan_size, ret_error);
    if (r < 0)
        r = look_for_reason(sandbox, r, plan, plan_size, ret_error);
    /* PID 1 may still stand on that memory: it must be gone before that is unmapped */
    if (r < 0 && !sn__spawn_kill(sandbox))
        memory = NULL;
    return r;
}

int sn__spawn(sn_sandbox *sandbox, const struct sn__planner *planner, const char *plan, size_t plan_size,
              sn_error **ret_error)
{
    return (planner->born & SN__BORN_OF_STEM ? spawn_of_stem : spawn_launched)(sandbox, planner, plan, plan_size,
                                                                               ret_error);
}

bool sn__spawn_is_over(int pidfd)
{
    struct pollfd gone = {.fd = pidfd, .events = POLLIN};

    return poll(&gone, 1, 0) != 0;
}

bool sn__spawn_kill(sn_sandbox *sandbox)
{
    struct pollfd gone = {.fd = sandbox->pidfd, .events = POLLIN};
    uint64_t until = sn__now_ns() + DEATH_TIMEOUT_MS * UINT64_C(1000000);
    siginfo_t info;
    int r;

    if (sandbox->pidfd < 0)
        return true;
    /* refused (the caller gave its privilege away meanwhile, or has a filter): the end of its socket ends it, too */
    if (pidfd_send_signal(sandbox->pidfd, SIGKILL, NULL, 0) < 0 && sandbox->control >= 0)
        shutdown(sandbox->control, SHUT_RDWR);
    /* its end takes that of every process of the namespace with it: zap_pid_ns_processes() in the kernel */
    do {
        uint64_t now = sn__now_ns();

        r = poll(&gone, 1, now < until ? (int)((until - now) / 1000000) + 1 : 0);
    } while (r < 0 && errno == EINTR);
    /* only if this process is the reaper of its orphans is there a zombie for us to take; ECHILD else */
    waitid(P_PIDFD, (id_t)sandbox->pidfd, &info, WEXITED | WNOHANG | __WALL);
    sn__close(sandbox->pidfd);
    sandbox->pidfd = -1;
    return r > 0;
}
