/* SPDX-License-Identifier: MIT */
#ifndef SN_CONFIG_POLICY_KAFEL_H
#define SN_CONFIG_POLICY_KAFEL_H

#include "config/policy.h"
#include "config/policy_lexer.h"

#include <stdarg.h>
#include <sys/types.h>

/* The parser's state, in two files: statements and rules (policy_kafel.c), conditions (policy_condition.c). */

struct sn__kafel_define {
    char name[64];
    uint64_t value;
    uint32_t file, line;
};

/* A POLICY block; of its `rules` only the rules are its own. */
struct sn__kafel_block {
    char name[64];
    uint32_t file, line;
    struct sn_policy rules;
    bool is_used;
    struct sn__kafel_block *next;
};

struct sn__kafel_seen {
    dev_t dev;
    ino_t ino;
    bool open; /* being read now: including it again is a cycle */
};

/* One for a policy and all that it includes. */
struct sn__kafel_shared {
    sn_policy *policy;
    struct sn__kafel_define *defines;
    size_t defines_count, defines_capacity;
    struct sn__kafel_block *blocks;
    struct sn__kafel_seen *seen;
    size_t seen_count;
    uint32_t default_file, default_line;
};

/* One for each file. */
struct sn__kafel {
    struct sn__kafel_shared *shared;
    struct sn__lexer lexer;
    struct sn__token token; /* not yet consumed */
    const char *directory;
    uint32_t file;
    uint32_t depth;
    /* the rule at hand: what its arguments are called, and how many bits of them count */
    struct {
        char name[32];
        uint64_t mask; /* what of it the kernel reads */
    } args[6];
    int args_count;
    uint32_t nodes, nesting;
};

int sn__kafel_advance(struct sn__kafel *k, sn_error **ret_error);
bool sn__kafel_is(const struct sn__kafel *k, const char *name);
int sn__kafel_expect(struct sn__kafel *k, int kind, const char *wanted, sn_error **ret_error);
int sn__kafel_unexpected(const struct sn__kafel *k, const char *wanted, sn_error **ret_error);
int sn__kafel_copy_name(const struct sn__kafel *k, char *ret_name, size_t size, const char *wanted,
                        sn_error **ret_error);
int sn__kafel_fail(const struct sn__kafel *k, const struct sn__token *at, sn_error **ret_error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

const struct sn__kafel_define *sn__kafel_find_define(const struct sn__kafel *k, const char *name);
int sn__kafel_add_define(struct sn__kafel *k, const struct sn__kafel_define *define, sn_error **ret_error);
/* A constant expression of numbers and names: | & ~ - and parentheses. */
int sn__kafel_constant(struct sn__kafel *k, uint64_t *ret_value, sn_error **ret_error);
/* The optional (names) behind a system call; without it the customary names hold. */
int sn__kafel_arguments(struct sn__kafel *k, const char *syscall, sn_error **ret_error);
/* { expression, ... }; NULL for { }. */
int sn__kafel_condition(struct sn__kafel *k, struct sn__policy_expr **ret_expr, sn_error **ret_error);

#endif
