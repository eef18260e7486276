/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include "errnos.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ALWAYS (PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD)
#define INSIDE (ALWAYS | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC)
#define SYSCALL_STOP (SIGTRAP | 0x80)

const char *party_name(enum party party)
{
    static const char *const names[] = {"host", "launcher", "launched", "init", "child", "helper", "other", "memory"};

    return party < PARTY_COUNT ? names[party] : "unknown";
}

static struct traced *find(struct trace *trace, pid_t pid)
{
    for (size_t i = 0; i < TRACE_PROCESSES; i++)
        if (trace->processes[i].pid == pid)
            return &trace->processes[i];
    return NULL;
}

static struct traced *find_or_add(struct trace *trace, pid_t pid)
{
    struct traced *process = find(trace, pid);

    if (!process) {
        process = find(trace, 0);
        if (!process)
            return NULL;
        *process = (struct traced){.pid = pid, .party = PARTY_UNKNOWN};
    }
    return process;
}

static void go_on(struct trace *trace, struct traced *process, int signal)
{
    bool is_followed = trace->is_following && !trace->is_injected;
    bool is_stepped = (is_followed && trace->is_inside) || process->is_failing;

    if (process->pid == trace->host) {
        if (trace->has_options != is_followed) {
            ptrace(PTRACE_SETOPTIONS, process->pid, NULL, is_followed ? INSIDE : ALWAYS);
            trace->has_options = is_followed;
        }
        ptrace(is_stepped ? PTRACE_SYSCALL : PTRACE_CONT, process->pid, NULL, signal);
    } else if (is_followed || is_stepped) {
        ptrace(is_stepped ? PTRACE_SYSCALL : PTRACE_CONT, process->pid, NULL, signal);
    } else {
        ptrace(PTRACE_DETACH, process->pid, NULL, signal);
        process->pid = 0;
    }
}

/* Who runs on freely since before the bracket has to stop once to be followed closely. */
static void enter_bracket(struct trace *trace)
{
    trace->is_inside = true;
    if (trace->is_following)
        for (size_t i = 0; i < TRACE_PROCESSES; i++)
            if (trace->processes[i].pid && trace->processes[i].pid != trace->host)
                ptrace(PTRACE_INTERRUPT, trace->processes[i].pid, NULL, NULL);
}

static enum party party_of_child(enum party parent, int event)
{
    if (parent == PARTY_HOST)
        return event == PTRACE_EVENT_VFORK ? PARTY_LAUNCHER : PARTY_OTHER;
    if (parent == PARTY_LAUNCHER)
        return event == PTRACE_EVENT_CLONE ? PARTY_LAUNCHED : PARTY_HELPER;
    return parent == PARTY_INIT ? PARTY_CHILD : PARTY_OTHER;
}

static void met_child(struct trace *trace, const struct traced *parent, int event)
{
    unsigned long pid = 0;
    struct traced *child;

    if (ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid) < 0)
        return;
    child = find_or_add(trace, (pid_t)pid);
    if (!child)
        return;
    child->party = party_of_child(parent->party, event);
    if (child->is_held) {
        child->is_held = false;
        go_on(trace, child, 0);
    }
}

/* ---- system calls ---- */

static size_t peek(pid_t pid, uint64_t address, void *bytes, size_t size)
{
    struct iovec here = {bytes, size};
    struct iovec there = {(void *)(uintptr_t)address, size};
    ssize_t n = process_vm_readv(pid, &here, 1, &there, 1, 0);

    if (n < 0 && size > 4096 - (address & 4095)) { /* it may end with its page */
        there.iov_len = here.iov_len = 4096 - (address & 4095);
        n = process_vm_readv(pid, &here, 1, &there, 1, 0);
    }
    return n < 0 ? 0 : (size_t)n;
}

/* Which argument of a system call is a path, or -1. */
static int path_argument(long number)
{
    switch (number) {
    case SYS_open:
    case SYS_mkdir:
    case SYS_stat:
    case SYS_access:
    case SYS_chmod:
    case SYS_chdir:
    case SYS_rmdir:
    case SYS_unlink:
    case SYS_execve:
    case SYS_statfs:
    case SYS_readlink:
    case SYS_memfd_create:
    case SYS_umount2:
    case SYS_fsopen:
        return 0;
    case SYS_openat:
    case SYS_openat2:
    case SYS_mkdirat:
    case SYS_newfstatat:
    case SYS_unlinkat:
    case SYS_fchmodat:
    case SYS_fchownat:
    case SYS_faccessat:
    case SYS_faccessat2:
    case SYS_statx:
    case SYS_mount:
    case SYS_open_tree:
    case SYS_symlink:
        return 1;
    case SYS_symlinkat:
        return 2;
    default:
        return -1;
    }
}

/* Words of the stack that look like return addresses into a program that lies where programs lie (not PIE). */
static void look_at_stack(pid_t pid, uint64_t stack, uint64_t frames[TRACE_FRAMES])
{
    uint64_t words[160];
    size_t count = peek(pid, stack, words, sizeof(words)) / sizeof(words[0]);
    size_t found = 0;

    for (size_t i = 0; i < count && found < TRACE_FRAMES; i++) {
        unsigned char before[5];

        if (words[i] < PROGRAM_BEGIN || words[i] >= PROGRAM_END || peek(pid, words[i] - 5, before, 5) != 5)
            continue;
        if (before[0] == 0xe8 || before[3] == 0xff || before[2] == 0xff) /* call, near and by register */
            frames[found++] = words[i];
    }
}

static void describe(const struct traced *process, const struct __ptrace_syscall_info *info, struct met *met)
{
    int argument = path_argument((long)info->entry.nr);

    for (int i = 0; i < 3; i++)
        met->arguments[i] = info->entry.args[i];
    if (argument >= 0) {
        size_t n = peek(process->pid, info->entry.args[argument], met->path, sizeof(met->path) - 1);

        met->path[n] = '\0';
    } else if (info->entry.nr == SYS_read || info->entry.nr == SYS_write || info->entry.nr == SYS_pread64) {
        char link[64];
        ssize_t n;

        snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)process->pid, (int)info->entry.args[0]);
        n = readlink(link, met->path, sizeof(met->path) - 1);
        met->path[n > 0 ? n : 0] = '\0';
    }
    for (char *at = met->path; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    met->frames[0] = info->instruction_pointer;
    look_at_stack(process->pid, info->stack_pointer, met->frames + (process->party == PARTY_HOST ? 0 : 1));
    met->frames[TRACE_FRAMES - 1] = 0;
}

static void entered(struct trace *trace, struct traced *process, const struct __ptrace_syscall_info *info)
{
    struct met met = {{process->party, (long)info->entry.nr, 0, 0}, {0}, "", {0}};

    if (process->party >= PARTY_COUNT || info->entry.nr >= 512)
        return;
    met.site.ordinal = ++trace->counts[process->party][info->entry.nr];
    if (trace->met_count < trace->met_max && fault_find(met.site.number)) {
        describe(process, info, &met);
        trace->met[trace->met_count++] = met;
    }
    if (!trace->target || trace->target->party != met.site.party || trace->target->number != met.site.number ||
        trace->target->ordinal != met.site.ordinal)
        return;
    describe(process, info, &met);
    trace->hit = met;
    trace->is_injected = true;
    process->is_failing = true;
    /* the filter that is in force by then would not know the number -1: it gets a path that is none instead */
    if (met.site.number == SYS_execve) {
        process->is_moved = true;
        process->first = info->entry.args[0];
        ptrace(PTRACE_POKEUSER, process->pid, offsetof(struct user, regs.rdi), 0L);
    } else {
        ptrace(PTRACE_POKEUSER, process->pid, offsetof(struct user, regs.orig_rax), -1L);
    }
}

static void left(struct trace *trace, struct traced *process)
{
    if (!process->is_failing)
        return;
    ptrace(PTRACE_POKEUSER, process->pid, offsetof(struct user, regs.rax), (long)-trace->target->error);
    if (process->is_moved)
        ptrace(PTRACE_POKEUSER, process->pid, offsetof(struct user, regs.rdi), process->first);
    process->is_failing = process->is_moved = false;
}

static void at_system_call(struct trace *trace, struct traced *process)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof(info), &info) <= 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_EXIT)
        left(trace, process);
    else if (info.op == PTRACE_SYSCALL_INFO_ENTRY && trace->is_inside && !trace->is_injected)
        entered(trace, process, &info);
}

/* ---- stops ---- */

/* Whether that was the end of the cycle. */
static bool at_stop(struct trace *trace, pid_t pid, int status)
{
    struct traced *process = find_or_add(trace, pid);
    int event = (int)((unsigned)status >> 16), signal = WSTOPSIG(status);

    if (!process) {
        ptrace(PTRACE_DETACH, pid, NULL, 0);
        return false;
    }
    if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK) {
        met_child(trace, process, event);
        signal = 0;
    } else if (event == PTRACE_EVENT_EXEC) {
        if (process->party != PARTY_LAUNCHED && process->party != PARTY_HOST) {
            ptrace(PTRACE_DETACH, pid, NULL, 0);
            process->pid = 0;
            return false;
        }
        if (process->party == PARTY_LAUNCHED)
            process->party = PARTY_INIT;
        signal = 0;
    } else if (event == PTRACE_EVENT_STOP) {
        if (process->party == PARTY_UNKNOWN) { /* its parent's event says what it is */
            process->is_held = true;
            return false;
        }
        signal = 0;
    } else if (signal == SYSCALL_STOP) {
        at_system_call(trace, process);
        signal = 0;
    } else if (pid == trace->host && signal == SIGSTOP) {
        return true;
    } else if (pid == trace->host && (signal == SIGUSR1 || signal == SIGUSR2)) {
        if (signal == SIGUSR1)
            enter_bracket(trace);
        else
            trace->is_inside = false;
        signal = 0;
    }
    go_on(trace, process, signal);
    return false;
}

static void on_alarm(int signal)
{
    (void)signal; /* it is there to interrupt waitpid() */
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int trace_begin(struct trace *trace, pid_t host)
{
    struct met *met = trace->met;
    size_t met_max = trace->met_max;
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval ticks = {{0, 200000}, {0, 200000}};

    *trace = (struct trace){.host = host, .met = met, .met_max = met_max};
    trace->processes[0] = (struct traced){.pid = host, .party = PARTY_HOST};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &ticks, NULL);
    return ptrace(PTRACE_SEIZE, host, NULL, ALWAYS) < 0 ? -1 : 0;
}

enum trace_end trace_cycle(struct trace *trace, const struct site *target, unsigned timeout_ms)
{
    uint64_t end = now_ms() + timeout_ms;
    int status;

    trace->target = target;
    trace->is_injected = trace->is_inside = false;
    trace->is_following = target || trace->met_max;
    trace->met_count = 0;
    memset(trace->counts, 0, sizeof(trace->counts));
    go_on(trace, &trace->processes[0], 0); /* the first time it runs already: ESRCH */
    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);

        if (pid > 0 && WIFSTOPPED(status)) {
            if (at_stop(trace, pid, status))
                return TRACE_OVER;
        } else if (pid > 0) {
            struct traced *process = find(trace, pid);

            if (process)
                process->pid = 0;
            if (pid == trace->host) {
                trace->host_status = status;
                return TRACE_DIED;
            }
        } else if (pid < 0 && errno == ECHILD) {
            return TRACE_DIED;
        }
        if (now_ms() > end)
            return TRACE_HUNG;
    }
}

void trace_kill(struct trace *trace)
{
    uint64_t end = now_ms() + 5000;

    for (size_t i = 0; i < TRACE_PROCESSES; i++)
        if (trace->processes[i].pid)
            kill(trace->processes[i].pid, SIGKILL);
    while (now_ms() < end && (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR))
        continue;
    memset(trace->processes, 0, sizeof(trace->processes));
}
