/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_FAULTS_TRACE_H
#define SN_TESTS_FAULTS_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Theory of operation
 *
 * The library is followed by ptrace(2), because it installs the one seccomp listener that a filter may have itself.
 * The host program is seized when it starts, and brackets what is to be disturbed by two signals that it sends itself
 * (SIGUSR1, SIGUSR2: they are never delivered); SIGSTOP says that a cycle is over. Between the brackets every system
 * call of it and of what it clones stops here. The n-th call of one kind by one of the parties (a site) is kept from
 * happening, by giving the kernel the number -1, and returns what is wanted. After that everybody runs on untraced, so
 * that what follows happens in its usual order. A program in the sandbox is left alone from its exec on.
 */

/* The parties. */
enum party {
    PARTY_HOST,     /* the caller's process */
    PARTY_LAUNCHER, /* what it clones with its own memory for two system calls */
    PARTY_LAUNCHED, /* the future PID 1 until its exec */
    PARTY_INIT,     /* sentinel-init */
    PARTY_CHILD,    /* its clone until the program's exec */
    PARTY_HELPER,   /* the future newuidmap until its exec */
    PARTY_OTHER,    /* the host's probes */
    PARTY_MEMORY,   /* no process: the host's allocations (allocator.h) */
    PARTY_COUNT,
    PARTY_UNKNOWN
};

/* The numbers of PARTY_MEMORY. */
enum { MEMORY_ONCE, MEMORY_FROM };

struct site {
    enum party party;
    long number;      /* of a system call */
    unsigned ordinal; /* from 1: of this party's calls of this number */
    int error;        /* what to fail it with */
};

#define PROGRAM_BEGIN 0x400000 /* where programs lie that are not PIE */
#define PROGRAM_END 0x2000000

#define TRACE_FRAMES 6

/* A site as it was met. */
struct met {
    struct site site;
    uint64_t arguments[3];
    char path[96]; /* an argument of it, where it has one */
    uint64_t frames[TRACE_FRAMES];
};

enum trace_end {
    TRACE_OVER, /* the host program has said so */
    TRACE_DIED, /* it is dead */
    TRACE_HUNG  /* the time is up */
};

#define TRACE_PROCESSES 64

struct traced {
    pid_t pid;
    enum party party;
    bool is_held;    /* stopped, until it is known what it is */
    bool is_failing; /* at its next exit from the system call */
    bool is_moved;   /* its first argument was taken away for that */
    uint64_t first;  /* that argument */
};

struct trace {
    pid_t host;
    int host_status;   /* of its end */
    bool is_following; /* there is something to fail or to record */
    bool is_inside;    /* the bracket */
    bool is_injected;
    bool has_options;
    const struct site *target; /* NULL: nothing is failed */
    struct met *met;           /* what was met, where it is recorded */
    size_t met_count;
    size_t met_max; /* 0: nothing is recorded */
    struct met hit; /* where it was injected */
    unsigned counts[PARTY_COUNT][512];
    struct traced processes[TRACE_PROCESSES];
};

const char *party_name(enum party party);

/* Takes a child of this process under control; -1 with errno. */
int trace_begin(struct trace *trace, pid_t host);
/* Lets the host program go on to the end of its next cycle. */
enum trace_end trace_cycle(struct trace *trace, const struct site *target, unsigned timeout_ms);
/* Kills the host program and takes all that is dead. */
void trace_kill(struct trace *trace);

#endif
