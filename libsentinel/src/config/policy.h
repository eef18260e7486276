/* SPDX-License-Identifier: MIT */
#ifndef SN_CONFIG_POLICY_H
#define SN_CONFIG_POLICY_H

#include <sentinel/policy.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A policy flattened: includes, defines and USE are gone. Rules keep the order of the text, because the first one that
 * matches decides; two unconditional rules for one call, or any rule behind an unconditional one, are refused when the
 * policy is read, so that no line of a policy is silently without effect.
 */

enum sn__policy_action_kind {
    SN__ACTION_KILL, /* tell and kill; also the usual default */
    SN__ACTION_ALLOW,
    SN__ACTION_LOG,
    SN__ACTION_ERRNO,
    SN__ACTION_TRAP,
};

struct sn__policy_action {
    enum sn__policy_action_kind kind;
    uint32_t value; /* of ERRNO and TRAP */
};

enum sn__policy_op {
    SN__OP_OR,
    SN__OP_AND,
    SN__OP_NOT,
    SN__OP_EQ,
    SN__OP_NE,
    SN__OP_LT,
    SN__OP_LE,
    SN__OP_GT,
    SN__OP_GE
};

/* A condition. A comparison is `(args[arg] & mask) op value`, unsigned; a 32-bit argument has a mask of 32 bits. */
struct sn__policy_expr {
    enum sn__policy_op op;
    struct sn__policy_expr *left, *right;
    uint32_t arg;
    uint64_t mask;
    uint64_t value;
    struct sn__policy_expr *next; /* in the policy's list of all its nodes */
};

struct sn__policy_rule {
    int32_t number;
    struct sn__policy_action action;
    const struct sn__policy_expr *condition; /* NULL: always */
    bool optional;
    uint32_t file; /* index into files */
    uint32_t line, column;
};

struct sn_policy {
    atomic_uint references;
    char *name;
    struct sn__policy_action default_action;
    struct sn__policy_rule *rules;
    size_t rules_count, rules_capacity;
    struct sn__policy_expr *nodes;
    char **files; /* names of the files that rules came from */
    size_t files_count;
    char unused_block[64];    /* of the file itself, not of what it includes: what may be missing from it; "" */
    _Atomic(void *) compiled; /* plan/seccomp_compile.c keeps its program here; freed with free() */
};

#define SN__POLICY_RULES_MAX 8192
#define SN__POLICY_FILE_MAX (1u << 20)

/* Makes an empty policy with one reference, default KILL. */
int sn__policy_new(const char *name, sn_policy **ret_policy, sn_error **ret_error);
struct sn__policy_expr *sn__policy_expr_new(sn_policy *policy, enum sn__policy_op op, struct sn__policy_expr *left,
                                            struct sn__policy_expr *right);
/* Remembers a file name; its index, or -1 without memory. */
int sn__policy_add_file(sn_policy *policy, const char *name);
/*
 * Appends a rule unless an earlier one for the same call is unconditional: then SN_EPARSE with both positions (the
 * very same rule reached by two ways is skipped).
 */
int sn__policy_add_rule(sn_policy *policy, const struct sn__policy_rule *rule, sn_error **ret_error);

/* "default" or "network", as sn_policy_load() does; the policy may be one that others have, too. */
int sn__policy_load_standard(bool network, sn_policy **ret_policy, sn_error **ret_error);

/* The two syntaxes. `directory` is where includes are looked for first; NULL: only among the installed policies. */
int sn__policy_parse_kafel(sn_policy *policy, const char *text, size_t length, const char *label, const char *directory,
                           sn_error **ret_error);
int sn__policy_parse_oci(sn_policy *policy, const char *text, size_t length, const char *label, sn_error **ret_error);

/* Can a program under it have no socket but of AF_UNIX? When in doubt, no. */
bool sn__policy_only_unix_sockets(const sn_policy *policy);
/* May one add keys to the keyrings of its user? */
bool sn__policy_lets_keys(const sn_policy *policy);

/* What the policy says about a call: the reference that the compiled program is tested against. */
struct sn__policy_action sn__policy_evaluate(const sn_policy *policy, int32_t number, const uint64_t args[6]);
/* Is the call made? */
static inline bool sn__policy_lets_through(struct sn__policy_action action)
{
    return action.kind == SN__ACTION_ALLOW || action.kind == SN__ACTION_LOG;
}
bool sn__policy_action_equal(struct sn__policy_action a, struct sn__policy_action b);

/*
 * Normal form: what OCI JSON can say. One term is a conjunction with at most one comparison for each
 * argument; terms with different actions never overlap, so their order does not matter.
 */
struct sn__policy_comparison {
    enum { SN__COMPARE_NONE, SN__COMPARE_NATIVE, SN__COMPARE_MASKED } kind;
    enum sn__policy_op op; /* NATIVE: on all 64 bits */
    uint64_t mask;         /* MASKED: (arg & mask) == value */
    uint64_t value;
};

struct sn__policy_term {
    struct sn__policy_comparison args[6];
};

struct sn__policy_terms {
    struct sn__policy_term *terms;
    size_t count, capacity;
};

void sn__policy_terms_clear(struct sn__policy_terms *terms);
/* All the cases in which rule `index` is the one that decides; no term: never. 0, -ENOMEM, or -E2BIG: too many. */
int sn__policy_rule_terms(const sn_policy *policy, size_t index, struct sn__policy_terms *ret_terms);

#endif
