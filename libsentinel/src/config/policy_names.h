/* SPDX-License-Identifier: MIT */
#ifndef SN_CONFIG_POLICY_NAMES_H
#define SN_CONFIG_POLICY_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What system calls, their arguments and their constants are called, both ways. Constant tables, no allocation. */

#define SN__SYSCALL_UNKNOWN (-1)          /* nobody knows the name */
#define SN__SYSCALL_ELSEWHERE (-2)        /* exists, but not on this architecture */
#define SN__SYSCALL_X32_BEGIN 0x40000000U /* numbers from here on are of another ABI */

/* The native number, or one of the two above. Knows the kernel's internal names that Kafel uses (newstat), too. */
int32_t sn__syscall_number(const char *name);
/* The name of a number of an AUDIT_ARCH_; false if it has none. */
bool sn__syscall_name(uint32_t arch, int32_t number, char *ret_name, size_t size);
/* The known name that looks most like this one, or NULL. */
bool sn__syscall_nearest(const char *name, char *ret_name, size_t size);

/* How an argument is written in a message; it also tells how many of its bits the kernel looks at. */
enum sn__arg_kind {
    SN__ARG_POINTER = 'p', /* 64 bits, hexadecimal */
    SN__ARG_LONG = 'l',    /* 64 bits, decimal, signed */
    SN__ARG_HEX = 'X',     /* 64 bits of flags, hexadecimal */
    SN__ARG_INT = 'i',     /* from here on 32 bits */
    SN__ARG_FLAGS = 'x',
    SN__ARG_MODE = 'o',
    SN__ARG_DIRFD = 'D',
    SN__ARG_OPEN = 'O',
    SN__ARG_FAMILY = 'F',
    SN__ARG_SOCKET_TYPE = 'T',
    SN__ARG_CLONE = 'C',
    SN__ARG_SIGNAL = 'S',
    SN__ARG_PRCTL = 'P',
    SN__ARG_KEYCTL = 'K',
    SN__ARG_IOCTL = 'I',
    SN__ARG_FCNTL = 'f',
    SN__ARG_FUTEX = 'u',
    SN__ARG_BPF = 'B',
    SN__ARG_PTRACE = 't', /* 64 bits, symbolic */
    SN__ARG_MOUNT = 'M',  /* 64 bits, symbolic */
    SN__ARG_PROT = 'R',   /* 64 bits, symbolic */
    SN__ARG_MAP = 'A',    /* 64 bits, symbolic */
};

struct sn__arg {
    char name[20];
    enum sn__arg_kind kind;
};

/* The number of arguments and what they are; -1 if the call is not in the table. */
int sn__syscall_arguments(const char *name, struct sn__arg ret_args[6]);
/* What of a register the kernel reads for this kind of argument: its lower 16, 32 or 64 bits. */
uint64_t sn__arg_mask(enum sn__arg_kind kind);
/* Can an argument of that mask be this number, or the negative one that its bits are? */
bool sn__arg_fits(uint64_t value, uint64_t mask);

/* Constants by name ("AF_INET", "EPERM", "CLONE_NEWUSER"). */
bool sn__constant_value(const char *name, uint64_t *ret_value);
/* The other way round, among those whose names begin with `prefix`; NULL if there is none. */
const char *sn__constant_name(const char *prefix, uint64_t value);
/* The n-th constant with that prefix; NULL at the end. */
const char *sn__constant_entry(const char *prefix, size_t n, uint64_t *ret_value);

#endif
