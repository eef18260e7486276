/* SPDX-License-Identifier: MIT */
/*
 * Serves one run: starts its first process, answers the seccomp listener, reaps, and reports DONE when no process of
 * the run exists any more. Limits are the host's business; init only carries out KILL.
 */
#include "init/check.h"
#include "init/clone.h"
#include "init/init.h"

#include <sentinel/layer.h>

#include <asm/signal.h>
#include <linux/audit.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/ioctl.h>
#include <linux/keyctl.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/ptrace.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/time_types.h>
#include <linux/wait.h>

#define WATCHED_FDS 4
#define ARMING_LOOK_NS 100000U
/*
 * Answers of the listener, and reaping what was left to us, are work of PID 1 that the program causes. A little is
 * nothing; what is more is the program's CPU time, which the host is told of every so often.
 */
#define BUSY_FREE_NS 20000000U
#define BUSY_EVERY_NS 5000000U
#define LONG_RUN_NS 50000000U

struct run {
    struct init *init;
    const struct sn__request *request;
    const char *bytes;
    struct received *received; /* what came with it */
    struct child first;        /* its first process, which shares our memory until its exec */
    size_t vector_bytes;       /* mapped for its arguments */
    int is_arming;             /* it is on its way to where it waits in front of its exec */
    int is_foreign;            /* a template forked it, who has not said yet that it is done with it */
    int is_held;               /* and it waits already */
    uint64_t notification;     /* what for */
    long child;
    int signals; /* signalfd of SIGCHLD */
    int first_reaped;
    uint64_t busy_from;     /* our own CPU time when the program began, and what samples for the host took since */
    uint64_t busy_told;     /* what of it since the host has heard of */
    uint64_t waited_before; /* for a processor, by an armed child on its way */
    struct rusage before;
    uint64_t files_before; /* bytes of the files that it found */
    struct sn__message done;
};

/* `fds`: how many came with it, 0: its child has them. */
static long map_request(struct run *run, const struct received *received, uint32_t fds)
{
    size_t size;
    long r = map_whole(received, SN__RUN_FD_REQUEST, &run->bytes, &size);

    if (r < 0)
        return r;
    run->request = (const struct sn__request *)(const void *)run->bytes;
    if (!fds && size >= sizeof(*run->request))
        fds = SN__RUN_FD_JOIN + run->request->join_count + run->request->clone_into;
    if (check_request(run->bytes, size, fds) < 0) {
        sn__sys(__NR_munmap, run->bytes, size);
        return -EBADMSG;
    }
    return 0;
}

/* Room for argv and envp; of an armed child it is not known yet how much they need. */
static long make_vectors(struct run *run)
{
    static const char *armed[SN__ARMED_STRINGS + 2];
    const struct sn__request *request = run->request;
    size_t bytes = ((size_t)request->argc + request->envc + 2) * sizeof(char *);
    long r;

    if (request->is_armed) {
        run->first.vectors = armed;
        return 0;
    }
    r = sn__sys(__NR_mmap, NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (r < 0 && r > -4096)
        return r;
    run->first.vectors = (const char **)r;
    run->vector_bytes = bytes;
    return 0;
}

static void renew_stdio(const struct init *init)
{
    for (int i = 0; i < 3; i++)
        sn__sys(__NR_dup3, init->null_fd, i, 0);
}

/*
 * A child that is not armed has exec'd or failed when this returns, because the kernel keeps us waiting until then
 * (CLONE_VFORK). 0, or -1 with *failure filled and nothing left of the child.
 */
static int start(struct run *run, struct sn__failure *failure)
{
    static char stack[65536] __attribute__((aligned(16)));
    const struct sn__request *request = run->request;
    struct clone_args args = {
        .flags = CLONE_VM | CLONE_FILES | (request->is_armed ? 0 : CLONE_VFORK),
        .exit_signal = SIGCHLD,
        .stack = (uint64_t)(uintptr_t)stack,
        .stack_size = sizeof(stack),
    };

    run->first = (struct child){
        .init = run->init,
        .request = request,
        .bytes = run->bytes,
        .stdio = run->received->fds + SN__RUN_FD_STDIO,
        .join = run->received->fds + SN__RUN_FD_JOIN,
        .fd_count = run->received->fd_count,
        .shares_table = 1,
        .needs_keyring = request->may_leave_keys || !run->init->has_keyring,
        .listener = -1,
    };
    if (make_vectors(run) < 0) {
        *failure = (struct sn__failure){.step = SN__STEP_REQUEST, .error = ENOMEM};
        return -1;
    }
    if (run->init->plan->layers & SN_LAYER_IPC_NS)
        args.flags |= CLONE_NEWIPC;
    if (request->clone_into) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)run->received->fds[SN__RUN_FD_JOIN + request->join_count];
    }
    run->is_arming = (int)request->is_armed;
    run->done.done.start_ns = rt_now_ns();
    run->child = clone_call(&args, child_main, &run->first);
    if (run->child < 0) {
        *failure = (struct sn__failure){.step = SN__STEP_CLONE, .error = (int32_t)-run->child};
        return -1;
    }
    if (run->is_arming)
        return 0;
    if (run->first.failure.step != SN__STEP_NONE) {
        *failure = run->first.failure;
        sn__sys(__NR_wait4, run->child, NULL, __WALL, NULL);
        return -1;
    }
    return 0;
}

/* What its first process needs no more, or never will. */
static void let_go(struct run *run)
{
    renew_stdio(run->init);
    init_close_received(run->received);
    if (run->vector_bytes)
        sn__sys(__NR_munmap, run->first.vectors, run->vector_bytes);
    run->vector_bytes = 0;
}

static int has_pid_namespace(const struct run *run)
{
    return (run->init->plan->layers & SN_LAYER_PID_NS) != 0;
}

/* kill(-1) reaches all of the pid namespace but us, atomically against fork; without one the host kills by cgroup. */
static void kill_all(const struct run *run)
{
    const struct sn__message kill_group = {.type = SN__MSG_KILL_GROUP, .serial = run->init->serial};

    if (has_pid_namespace(run))
        sn__sys(__NR_kill, -1, SIGKILL);
    else
        init_must_send(&kill_group);
}

static void reap(struct run *run, int options)
{
    int status;
    long pid;

    while ((pid = sn__sys(__NR_wait4, -1, &status, options | __WALL, NULL)) > 0 || pid == -EINTR) {
        if (pid < 0)
            continue;
        if ((status & 0xff) == 0x7f) { /* a stop is told only to a tracer: it made us one by PTRACE_TRACEME */
            sn__sys(__NR_ptrace, PTRACE_DETACH, pid, 0, (status >> 8) & 0xff);
            continue;
        }
        if (pid != run->child || run->first_reaped)
            continue;
        run->first_reaped = 1;
        run->done.done.end_ns = rt_now_ns();
        run->done.done.signal = status & 0x7f;
        run->done.done.exit_code = run->done.done.signal ? -1 : (status >> 8) & 0xff;
        if (!(options & WNOHANG))
            continue;
        return;
    }
}

static uint64_t busy_ns(const struct run *run)
{
    uint64_t busy = rt_own_cpu_ns() - run->busy_from;

    return busy > BUSY_FREE_NS ? busy : 0;
}

static void tell_busy(struct run *run)
{
    struct sn__message message = {.type = SN__MSG_BUSY, .serial = run->init->serial, .busy.cpu_ns = busy_ns(run)};

    if (message.busy.cpu_ns < run->busy_told + BUSY_EVERY_NS)
        return;
    run->busy_told = message.busy.cpu_ns;
    init_must_send(&message);
}

/*
 * How long a process has waited for a processor so far: the second field of schedstat, which it has until it is reaped.
 * It is the first thread's alone; the kernel adds up no others.
 */
static uint64_t waited_ns(long pid)
{
    char path[64], text[128];
    const char *at = text;
    size_t used = rt_append(path, sizeof(path), 0, "/proc/");
    long fd, n;

    used = rt_append_u64(path, sizeof(path), used, (uint64_t)pid, 10);
    rt_append(path, sizeof(path), used, "/schedstat");
    fd = sn__sys(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    n = sn__sys(__NR_read, fd, text, sizeof(text) - 1);
    sn__sys(__NR_close, fd);
    text[n < 0 ? 0 : n] = '\0';
    rt_parse_u64(&at);
    if (*at != ' ')
        return 0;
    at++;
    return rt_parse_u64(&at);
}

static uint64_t start_ns(const struct run *run)
{
    return run->request->is_armed ? run->request->go_ns : run->done.done.start_ns;
}

/* In a short run there is nothing to be seen, and looking would make it longer. */
static void note_waited(struct run *run)
{
    int32_t info[32] = {0}; /* siginfo_t, whose first is the signal */
    uint64_t waited;

    if (rt_now_ns() - start_ns(run) < LONG_RUN_NS ||
        sn__sys(__NR_waitid, P_PID, run->child, info, WEXITED | WNOHANG | WNOWAIT, NULL) < 0 || info[0] == 0)
        return;
    waited = waited_ns(run->child);
    run->done.done.waited_ns = waited > run->waited_before ? waited - run->waited_before : 0;
}

/* `over_ns` is when a child that was not armed had exec'd. */
static void note_steps(struct run *run, uint64_t over_ns)
{
    const struct child *first = &run->first;
    uint64_t *steps = run->done.done.step_ns;
    uint64_t ticks = first->at_tick[1] - first->at_tick[0];

    if (!first->at_ns[SN__CHILD_CLONE]) /* a template made it */
        return;
    steps[SN__CHILD_CLONE] = first->at_ns[SN__CHILD_CLONE] - run->done.done.start_ns;
    steps[SN__CHILD_JOIN] = first->at_ns[SN__CHILD_JOIN] - first->at_ns[SN__CHILD_CLONE];
    steps[SN__CHILD_CONFINE] = first->at_ns[SN__CHILD_CONFINE] - first->at_ns[SN__CHILD_JOIN];
    if (ticks && first->at_tick[2]) /* so many ticks were that time */
        steps[SN__CHILD_SECCOMP] = (first->at_tick[2] - first->at_tick[1]) * steps[SN__CHILD_CONFINE] / ticks;
    if (over_ns > first->at_ns[SN__CHILD_CONFINE] + steps[SN__CHILD_SECCOMP])
        steps[SN__CHILD_EXEC] = over_ns - first->at_ns[SN__CHILD_CONFINE] - steps[SN__CHILD_SECCOMP];
}

/*
 * The child waits in front of its exec. The host starts it by answering; nothing of that comes by here. Our own 0, 1
 * and 2 are the program's until its end: the table of descriptors is shared up to an exec that we do not see.
 */
static void tell_armed(struct run *run, uint64_t notification)
{
    const struct sn__message message = {
        .type = SN__MSG_ARMED, .serial = run->init->serial, .armed.notification = notification};

    run->is_arming = 0;
    init_close_received(run->received);
    note_steps(run, 0);
    run->waited_before = waited_ns(run->child);
    run->busy_from = rt_own_cpu_ns();
    if (init_send(&message, run->first.listener) < 0)
        kill_all(run); /* no descriptor could be sent: the host hears of the child's end */
}

/* A mapping larger than the limit is refused as a machine of that size would; anything else was a denied call. */
static void answer_listener(struct run *run)
{
    union {
        struct seccomp_notif notification;
        char room[256]; /* later kernels may have a longer one */
    } in;
    struct seccomp_notif_resp answer = {0};
    struct seccomp_data *data = &in.notification.data;
    struct sn__message_done *done = &run->done.done;
    uint64_t wanted = 0;

    memset(&in, 0, sizeof(in));
    if (sn__sys(__NR_ioctl, run->first.listener, SECCOMP_IOCTL_NOTIF_RECV, &in) < 0)
        return; /* the caller died meanwhile */
    if (run->is_arming && run->is_foreign) {
        run->is_held = 1;
        run->notification = in.notification.id;
        return;
    }
    if (run->is_arming) {
        tell_armed(run, in.notification.id);
        return;
    }
    if (data->arch == AUDIT_ARCH_X86_64 && data->nr == __NR_mmap && (run->request->watched & 1))
        wanted = data->args[1];
    else if (data->arch == AUDIT_ARCH_X86_64 && data->nr == __NR_mremap && (run->request->watched & 2))
        wanted = data->args[2];
    if (wanted == 0) {
        if (!done->denied) {
            done->denied = 1;
            done->denied_arch = data->arch;
            done->denied_number = data->nr;
            memcpy(done->denied_args, data->args, sizeof(done->denied_args));
        }
        kill_all(run); /* until then the caller stays where it is */
        return;
    }
    answer.id = in.notification.id;
    if (wanted > run->request->memory_bytes) {
        done->refused_mappings++;
        answer.error = -ENOMEM;
    } else {
        answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE; /* only registers were looked at: nothing to race */
    }
    while (sn__sys(__NR_ioctl, run->first.listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) == -EINTR)
        continue;
    tell_busy(run);
}

#define TIME_NS(time) ((uint64_t)(time).tv_sec * 1000000000U + (uint64_t)(time).tv_usec * 1000U)

/* CPU time of what was reaped since the run began; returns the resident set of the largest process ever, bytes. */
static uint64_t reaped_since_start(const struct run *run, uint64_t *ret_user_ns, uint64_t *ret_system_ns)
{
    struct rusage now = {0};

    sn__sys(__NR_getrusage, RUSAGE_CHILDREN, &now);
    *ret_user_ns = TIME_NS(now.ru_utime) - TIME_NS(run->before.ru_utime);
    *ret_system_ns = TIME_NS(now.ru_stime) - TIME_NS(run->before.ru_stime);
    return (uint64_t)now.ru_maxrss * 1024U;
}

/* What the host says while a run goes on. */
static void answer_host(struct run *run)
{
    static struct received received;
    struct sn__message reply = {.serial = run->init->serial};
    int r = init_receive(&received);

    if (r <= 0) { /* the host is gone: so are we, and the kernel kills the rest of the namespace, if there is one */
        if (!has_pid_namespace(run))
            sn__sys(__NR_kill, -run->child, SIGKILL);
        sn__sys_exit(0);
    }
    if (received.message.type == SN__MSG_KILL && received.message.serial == run->init->serial) {
        kill_all(run);
    } else if (received.message.type == SN__MSG_ADOPT && run->is_foreign) { /* it could not get done with it */
        run->first.failure = received.message.adopt.failure;
        kill_all(run);
    } else if (received.message.type == SN__MSG_ADOPTED && received.message.serial == run->init->serial) {
        run->is_foreign = 0;
        if (run->is_held)
            tell_armed(run, run->notification);
    } else if (received.message.type == SN__MSG_SAMPLE) {
        uint64_t user_ns, system_ns, began = rt_own_cpu_ns();

        reply.type = SN__MSG_SAMPLED;
        sample_processes(&reply.sampled);
        reaped_since_start(run, &user_ns, &system_ns);
        reply.sampled.cpu_ns += user_ns + system_ns;
        init_must_send(&reply);
        run->busy_from += rt_own_cpu_ns() - began;
    } else if (received.message.type == SN__MSG_RUN && received.message.serial != run->init->serial &&
               !run->init->next) {
        static struct received next;

        next = received;
        run->init->next = &next;
        return;
    } else if (received.message.type == SN__MSG_FILE) { /* while the child waits */
        uint64_t before = files_bytes(run->init), began = rt_own_cpu_ns();

        files_serve(run->init, &received.message);
        run->files_before += files_bytes(run->init) - before;
        run->busy_from += rt_own_cpu_ns() - began;
    }
    init_close_received(&received);
}

static void wait_for_end(struct run *run)
{
    struct pollfd fds[WATCHED_FDS] = {
        {.fd = SN__INIT_CONTROL_FD, .events = POLLIN},
        {.fd = run->signals, .events = POLLIN},
        {.fd = run->first.listener, .events = POLLIN},
        {.fd = SN__INIT_HOST_FD, .events = POLLIN},
    };
    char drained[128];

    while (!run->first_reaped) {
        /* the child's last call makes the listener, and it can tell us by none after that */
        struct __kernel_timespec soon = {.tv_nsec = ARMING_LOOK_NS};
        int is_coming = run->is_arming && fds[2].fd < 0;

        if (sn__sys(__NR_ppoll, fds, WATCHED_FDS, is_coming ? &soon : NULL, NULL, 8) < 0)
            continue;
        if (is_coming)
            fds[2].fd = *(volatile int *)&run->first.listener;
        if (fds[1].revents) {
            sn__sys(__NR_read, run->signals, drained, sizeof(drained));
            note_waited(run);
            reap(run, WNOHANG);
            tell_busy(run);
        }
        if (fds[2].revents & POLLIN)
            answer_listener(run);
        else if (fds[2].revents)
            fds[2].fd = -1; /* nobody is left who carries the filter */
        if (fds[0].revents || (fds[3].revents & POLLIN))
            answer_host(run);
    }
}

/* The program may have taken its own rights on a keyring away: an owner can give them back. */
static long clear_ring(long ring)
{
    long r;

    sn__sys(__NR_keyctl, KEYCTL_SETPERM, ring, 0x3f3f0000, 0, 0);
    r = sn__sys(__NR_keyctl, KEYCTL_CLEAR, ring, 0, 0, 0);
    /* none was ever made, or this kernel or a container's filter has no keys */
    return r == -ENOKEY || r == -ENOSYS || r == -EPERM ? 0 : r;
}

/*
 * Keys outlive the processes that made them. The user keyring of a uid belongs to a user namespace, so clearing it as
 * the program's uid touches nothing of the host's; where there is neither a user namespace nor a uid of its own, the
 * keyring is the host's and is left alone.
 */
static int clear_keyrings(const struct init *init)
{
    const struct sn__plan *plan = init->plan;
    long r, ring;

    if (plan->uid == plan->owner_uid && !(plan->layers & SN_LAYER_USER_NS))
        return 0;
    /* the saved uid lets us come back, and come back to our capabilities */
    sn__sys(__NR_setresuid, plan->uid, plan->uid, plan->owner_uid);
    r = clear_ring(KEY_SPEC_USER_KEYRING);
    if (r == 0)
        r = clear_ring(KEY_SPEC_USER_SESSION_KEYRING);
    ring = sn__sys(__NR_keyctl, KEYCTL_GET_PERSISTENT, -1, KEY_SPEC_PROCESS_KEYRING, 0, 0);
    if (r == 0 && ring > 0) {
        r = clear_ring(ring);
        sn__sys(__NR_keyctl, KEYCTL_UNLINK, ring, KEY_SPEC_PROCESS_KEYRING, 0, 0);
    }
    sn__sys(__NR_setresuid, plan->owner_uid, plan->owner_uid, plan->owner_uid);
    return (int)r;
}

/* Whatever the first process left behind: dead and reaped before anything of it is cleaned up. */
static void end_rest(struct run *run)
{
    static struct received received;

    if (has_pid_namespace(run)) {
        /* whoever is in the namespace is our child or has an ancestor who is; kill(-1) looks at all processes there are
         */
        if (sn__sys(__NR_wait4, -1, NULL, WNOHANG | __WALL, NULL) == -ECHILD)
            return;
        kill_all(run);
        reap(run, 0);
        return;
    }
    kill_all(run);
    do {
        if (init_receive(&received) <= 0)
            sn__sys_exit(0);
        init_close_received(&received);
    } while (received.message.type != SN__MSG_KILLED);
    reap(run, WNOHANG);
}

/*
 * Files of an earlier run were charged to that, and its group is gone: as memory of this one they would be for nothing.
 * What the caller put is not meant; a program that removes that may leave as much.
 */
static void count_left(const struct run *run)
{
    uint64_t before = run->files_before + run->request->put_bytes;
    uint64_t now = files_bytes(run->init), left = run->init->left_bytes + now;

    left = left > before ? left - before : 0;
    run->init->left_bytes = left < now ? left : now;
}

static void end(struct run *run)
{
    struct init *init = run->init;
    int may_leave_keys = (int)run->request->may_leave_keys;
    struct sn__message failed = {.type = SN__MSG_FAILED, .serial = init->serial, .failure = run->first.failure};
    int r;

    end_rest(run);
    run->done.done.max_rss_bytes = reaped_since_start(run, &run->done.done.user_ns, &run->done.done.system_ns);
    run->done.done.busy_ns = busy_ns(run);
    run->done.done.start_ns = start_ns(run);
    count_left(run);
    run->done.done.left_bytes = init->left_bytes;
    if (run->is_arming && failed.failure.step == SN__STEP_NONE) /* a filter around us ended it */
        failed.failure = (struct sn__failure){.step = SN__STEP_ARM, .error = EPERM};
    init_must_send(failed.failure.step == SN__STEP_NONE ? &run->done : &failed);
    /* closing the pipes of an armed run would wake the host for each: it needs nothing but DONE */
    let_go(run);
    /* what the next one must not find; the host need not wait for this, since we serve it nothing before */
    r = may_leave_keys ? clear_keyrings(init) : 0;
    if (r == 0)
        r = setup_mount_shm_again(init);
    if (r < 0)
        sn__sys_exit(1); /* a sandbox whose runs could meet is worse than none: the host sees SN_EDIED */
}

/* SIGCHLD becomes readable; what was before is noted. 0 or -errno. */
static long watch_children(struct run *run)
{
    unsigned long child_signal = 1UL << (SIGCHLD - 1);

    sn__sys(__NR_rt_sigprocmask, 0 /* SIG_BLOCK */, &child_signal, NULL, 8);
    run->signals = (int)sn__sys(__NR_signalfd4, -1, &child_signal, 8, O_CLOEXEC | O_NONBLOCK);
    sn__sys(__NR_getrusage, RUSAGE_CHILDREN, &run->before);
    run->files_before = files_bytes(run->init);
    return run->signals < 0 ? run->signals : 0;
}

static void close_run(struct run *run)
{
    if (run->first.listener >= 0)
        sn__sys(__NR_close, run->first.listener);
    sn__sys(__NR_dup3, run->init->null_fd, SN__INIT_SPARE_FD, O_CLOEXEC);
    if (run->signals >= 0)
        sn__sys(__NR_close, run->signals);
    sn__sys(__NR_munmap, run->request, run->request->size);
}

void run_serve(struct init *init, struct received *received)
{
    struct run run = {.init = init, .received = received, .first.listener = -1, .done = {.type = SN__MSG_DONE}};
    struct sn__message reply = {.type = SN__MSG_FAILED};
    long r;

    run.done.serial = reply.serial = init->serial = received->message.serial;
    r = map_request(&run, received, received->fd_count);
    if (r < 0) {
        reply.failure = (struct sn__failure){.step = SN__STEP_REQUEST, .error = (int32_t)-r};
        init_must_send(&reply);
        return;
    }
    r = watch_children(&run);
    if (r < 0) {
        reply.failure = (struct sn__failure){.step = SN__STEP_REQUEST, .index = 1, .error = (int32_t)-r};
        init_must_send(&reply);
    } else if (start(&run, &reply.failure) < 0) {
        let_go(&run);
        init_must_send(&reply);
    } else {
        if (!run.is_arming) {
            let_go(&run);
            note_steps(&run, rt_now_ns());
            reply.type = SN__MSG_STARTED;
            reply.done.start_ns = run.done.done.start_ns;
            init_must_send(&reply);
        }
        run.busy_from = rt_own_cpu_ns();
        wait_for_end(&run);
        end(&run);
    }
    close_run(&run);
}

/* Whatever a template has put here, or still does: nobody runs in this sandbox. */
static void refuse_child(struct init *init, const struct received *received)
{
    struct sn__message reply = {.type = SN__MSG_FAILED, .serial = received->message.serial};

    reply.failure = received->message.adopt.failure;
    if (reply.failure.step == SN__STEP_NONE)
        reply.failure = (struct sn__failure){.step = SN__STEP_ENTER, .error = ECANCELED};
    if (!(init->plan->layers & SN_LAYER_PID_NS))
        sn__sys_exit(1);
    init->refused = received->message.serial; /* should it come after all */
    sn__sys(__NR_kill, -1, SIGKILL);
    while (sn__sys(__NR_wait4, -1, NULL, __WALL, NULL) != -ECHILD)
        continue;
    init_must_send(&reply);
}

void run_adopt(struct init *init, struct received *received)
{
    struct run run = {.init = init, .received = received, .first.listener = -1, .done = {.type = SN__MSG_DONE}};
    uint32_t serial = received->message.serial;
    int is_late = (int32_t)(serial - init->serial) <= 0 || serial == init->refused;

    if (is_late || received->fd_count != SN__ADOPT_FDS || received->message.adopt.pid <= 1 ||
        map_request(&run, received, 0) < 0) {
        refuse_child(init, received);
        return;
    }
    run.done.serial = init->serial = serial;
    run.first = (struct child){
        .init = init, .request = run.request, .bytes = run.bytes, .listener = received->fds[SN__ADOPT_FD_LISTENER]};
    received->fds[SN__ADOPT_FD_LISTENER] = -1;
    run.child = received->message.adopt.pid;
    run.is_arming = run.is_foreign = 1;
    if (watch_children(&run) < 0)
        sn__sys_exit(1);
    run.busy_from = rt_own_cpu_ns();
    reap(&run, WNOHANG); /* it may have died before we watched */
    wait_for_end(&run);
    end(&run);
    close_run(&run);
}
