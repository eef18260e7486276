/* SPDX-License-Identifier: MIT */
#include "config/policy_kafel.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "config/policy_names.h"

#include <string.h>

#define NODES_MAX 512 /* in one condition */
#define NESTING_MAX 64
#define DEFINES_MAX 4096

const struct sn__kafel_define *sn__kafel_find_define(const struct sn__kafel *k, const char *name)
{
    for (size_t i = 0; i < k->shared->defines_count; i++)
        if (strcmp(k->shared->defines[i].name, name) == 0)
            return &k->shared->defines[i];
    return NULL;
}

int sn__kafel_add_define(struct sn__kafel *k, const struct sn__kafel_define *define, sn_error **ret_error)
{
    struct sn__kafel_shared *shared = k->shared;

    if (shared->defines_count == DEFINES_MAX)
        return sn__kafel_fail(k, &k->token, ret_error, "more than %d constants are defined", DEFINES_MAX);
    if (shared->defines_count == shared->defines_capacity) {
        size_t capacity = shared->defines_capacity ? shared->defines_capacity * 2 : 32;
        struct sn__kafel_define *larger = realloc(shared->defines, capacity * sizeof(*larger));

        if (!larger)
            return sn__error_nomem(ret_error);
        shared->defines = larger;
        shared->defines_capacity = capacity;
    }
    shared->defines[shared->defines_count++] = *define;
    return 0;
}

/*
 * What a piece of a condition is: a truth (expr), a number, or an argument with a mask. They are told apart only
 * behind the opening parenthesis, so one set of functions parses all three and each operator checks what it got.
 */
struct value {
    enum { TRUTH, NUMBER, ARGUMENT } kind;
    struct sn__policy_expr *expr;
    uint64_t number; /* NUMBER; the mask of an ARGUMENT */
    uint32_t arg;
    struct sn__token at;
};

static int parse_list(struct sn__kafel *k, struct value *ret_value, sn_error **ret_error);

static struct sn__policy_expr *new_node(struct sn__kafel *k, enum sn__policy_op op, struct sn__policy_expr *left,
                                        struct sn__policy_expr *right, sn_error **ret_error)
{
    struct sn__policy_expr *expr;

    if (++k->nodes > NODES_MAX) {
        sn__kafel_fail(k, &k->token, ret_error, "this condition has more than %d parts", NODES_MAX);
        return NULL;
    }
    expr = sn__policy_expr_new(k->shared->policy, op, left, right);
    if (!expr)
        sn__error_nomem(ret_error);
    return expr;
}

/* A failure of new_node() has already been told. */
static int told(const struct sn__kafel *k)
{
    return k->nodes > NODES_MAX ? SN_EPARSE : SN_ENOMEM;
}

/* Brings a number to the width of the argument it meets: -1 is all ones in each. */
static int fit_number(struct sn__kafel *k, uint32_t arg, const struct value *number, uint64_t *ret_value,
                      sn_error **ret_error)
{
    uint64_t mask = k->args[arg].mask;

    if (!sn__arg_fits(number->number, mask))
        return sn__kafel_fail(k, &number->at, ret_error,
                              "the kernel reads %d bits of %s, and this number does not fit into them",
                              __builtin_popcountll(mask), k->args[arg].name);
    *ret_value = number->number & mask;
    return 0;
}

static int name_value(struct sn__kafel *k, struct value *value, sn_error **ret_error)
{
    const struct sn__kafel_define *define;
    char name[64];
    int r = sn__kafel_copy_name(k, name, sizeof(name), "an argument or a constant", ret_error);

    if (r < 0)
        return r;
    for (int i = 0; i < k->args_count; i++)
        if (strcmp(k->args[i].name, name) == 0) {
            value->kind = ARGUMENT;
            value->arg = (uint32_t)i;
            value->number = k->args[i].mask;
            return 0;
        }
    value->kind = NUMBER;
    define = sn__kafel_find_define(k, name);
    if (define)
        value->number = define->value;
    else if (!sn__constant_value(name, &value->number))
        return sn__kafel_fail(k, &k->token, ret_error,
                              "%s is neither an argument of this system call nor a known constant", name);
    return 0;
}

static int nested(struct sn__kafel *k, struct value *value, sn_error **ret_error)
{
    int r;

    if (++k->nesting > NESTING_MAX)
        return sn__kafel_fail(k, &k->token, ret_error, "parentheses are nested more than %d deep", NESTING_MAX);
    if ((r = sn__kafel_advance(k, ret_error)) < 0 || (r = parse_list(k, value, ret_error)) < 0)
        return r;
    k->nesting--;
    return sn__kafel_expect(k, ')', ")", ret_error);
}

static int parse_operand(struct sn__kafel *k, struct value *ret_value, sn_error **ret_error)
{
    struct value value = {.kind = NUMBER, .at = k->token};
    int sign = k->token.kind;
    int r = 0;

    if (sign == '-' || sign == '~') {
        if (++k->nesting > NESTING_MAX)
            return sn__kafel_fail(k, &k->token, ret_error, "signs are nested more than %d deep", NESTING_MAX);
        if ((r = sn__kafel_advance(k, ret_error)) < 0 || (r = parse_operand(k, &value, ret_error)) < 0)
            return r;
        k->nesting--;
        if (value.kind != NUMBER)
            return sn__kafel_fail(k, &value.at, ret_error, "%c applies to constants only", sign);
        value.number = sign == '-' ? -value.number : ~value.number;
        *ret_value = value;
        return 0;
    }
    if (k->token.kind == '(') {
        r = nested(k, &value, ret_error);
        if (r < 0)
            return r;
        *ret_value = value;
        return 0;
    }
    if (k->token.kind == SN__TOKEN_NUMBER)
        value.number = k->token.number;
    else if (k->token.kind == SN__TOKEN_NAME)
        r = name_value(k, &value, ret_error);
    else
        r = sn__kafel_unexpected(k, "an argument, a number or a constant", ret_error);
    if (r < 0 || (r = sn__kafel_advance(k, ret_error)) < 0)
        return r;
    *ret_value = value;
    return 0;
}

static int parse_and_bits(struct sn__kafel *k, struct value *ret_value, sn_error **ret_error)
{
    struct value left, right;
    int r = parse_operand(k, &left, ret_error);

    while (r == 0 && k->token.kind == '&') {
        struct sn__token at = k->token;

        if ((r = sn__kafel_advance(k, ret_error)) < 0 || (r = parse_operand(k, &right, ret_error)) < 0)
            return r;
        if (left.kind == TRUTH || right.kind == TRUTH)
            return sn__kafel_fail(k, &at, ret_error, "& works on numbers; between conditions write &&");
        if (left.kind == ARGUMENT && right.kind == ARGUMENT)
            return sn__kafel_fail(k, &at, ret_error,
                                  "an argument can be masked with a constant, not with another argument");
        if (right.kind == ARGUMENT) {
            struct value swap = left;

            left = right;
            right = swap;
        }
        left.number &= right.number;
    }
    if (r == 0)
        *ret_value = left;
    return r;
}

static int parse_bits(struct sn__kafel *k, struct value *ret_value, sn_error **ret_error)
{
    struct value left, right;
    int r = parse_and_bits(k, &left, ret_error);

    while (r == 0 && k->token.kind == '|') {
        struct sn__token at = k->token;

        if ((r = sn__kafel_advance(k, ret_error)) < 0 || (r = parse_and_bits(k, &right, ret_error)) < 0)
            return r;
        if (left.kind != NUMBER || right.kind != NUMBER)
            return sn__kafel_fail(
                k, &at, ret_error,
                "| joins constants; the filter cannot set bits in an argument (between conditions write ||)");
        left.number |= right.number;
    }
    if (r == 0)
        *ret_value = left;
    return r;
}

static enum sn__policy_op comparison_op(int kind)
{
    switch (kind) {
    case SN__TOKEN_EQ:
        return SN__OP_EQ;
    case SN__TOKEN_NE:
        return SN__OP_NE;
    case '<':
        return SN__OP_LT;
    case SN__TOKEN_LE:
        return SN__OP_LE;
    case '>':
        return SN__OP_GT;
    case SN__TOKEN_GE:
        return SN__OP_GE;
    default:
        return SN__OP_OR; /* no comparison */
    }
}

static enum sn__policy_op mirrored(enum sn__policy_op op)
{
    switch (op) {
    case SN__OP_LT:
        return SN__OP_GT;
    case SN__OP_LE:
        return SN__OP_GE;
    case SN__OP_GT:
        return SN__OP_LT;
    case SN__OP_GE:
        return SN__OP_LE;
    default:
        return op;
    }
}

static int make_comparison(struct sn__kafel *k, enum sn__policy_op op, struct value *left, const struct value *right,
                           sn_error **ret_error)
{
    struct sn__policy_expr *expr;
    uint64_t number = 0;
    int r = fit_number(k, left->arg, right, &number, ret_error);

    if (r < 0)
        return r;
    if (op == SN__OP_EQ && (number & ~left->number))
        return sn__kafel_fail(k, &right->at, ret_error, "this can never be: the mask leaves no such value");
    expr = new_node(k, op, NULL, NULL, ret_error);
    if (!expr)
        return told(k);
    expr->arg = left->arg;
    expr->mask = left->number;
    expr->value = number;
    left->kind = TRUTH;
    left->expr = expr;
    return 0;
}

static int parse_comparison(struct sn__kafel *k, struct value *ret_value, sn_error **ret_error)
{
    struct value left, right;
    struct sn__token at;
    enum sn__policy_op op;
    int r = parse_bits(k, &left, ret_error);

    if (r < 0)
        return r;
    at = k->token;
    op = comparison_op(at.kind);
    if (op == SN__OP_OR) {
        *ret_value = left;
        return 0;
    }
    if ((r = sn__kafel_advance(k, ret_error)) < 0 || (r = parse_bits(k, &right, ret_error)) < 0)
        return r;
    if (left.kind == TRUTH || right.kind == TRUTH)
        return sn__kafel_fail(k, &at, ret_error, "a condition cannot be compared; compare an argument with a number");
    if (left.kind == right.kind)
        return sn__kafel_fail(k, &at, ret_error, "an argument can be compared with a constant only, not %s",
                              left.kind == NUMBER ? "a constant with a constant" : "with another argument");
    if (left.kind == NUMBER) {
        struct value swap = left;

        left = right;
        right = swap;
        op = mirrored(op);
    }
    r = make_comparison(k, op, &left, &right, ret_error);
    if (r == 0)
        *ret_value = left;
    return r;
}

/* A bare argument or masked argument in the place of a condition means "not zero", as in C. */
static int make_truth(struct sn__kafel *k, struct value *value, sn_error **ret_error)
{
    const struct value zero = {.kind = NUMBER};

    if (value->kind == TRUTH)
        return 0;
    if (value->kind == NUMBER)
        return sn__kafel_fail(k, &value->at, ret_error, "a constant is no condition; compare an argument with it");
    return make_comparison(k, SN__OP_NE, value, &zero, ret_error);
}

static int parse_not(struct sn__kafel *k, struct value *ret_value, sn_error **ret_error)
{
    struct value value = {0};
    int r;

    if (k->token.kind != '!')
        return parse_comparison(k, ret_value, ret_error);
    if (++k->nesting > NESTING_MAX)
        return sn__kafel_fail(k, &k->token, ret_error, "conditions are nested more than %d deep", NESTING_MAX);
    value.at = k->token;
    if ((r = sn__kafel_advance(k, ret_error)) < 0 || (r = parse_not(k, &value, ret_error)) < 0 ||
        (r = make_truth(k, &value, ret_error)) < 0)
        return r;
    k->nesting--;
    value.expr = new_node(k, SN__OP_NOT, value.expr, NULL, ret_error);
    if (!value.expr)
        return told(k);
    *ret_value = value;
    return 0;
}

typedef int parse_function(struct sn__kafel *k, struct value *ret_value, sn_error **ret_error);

static int parse_chain(struct sn__kafel *k, int token, enum sn__policy_op op, parse_function *parse_part,
                       struct value *ret_value, sn_error **ret_error)
{
    struct value left, right;
    int r = parse_part(k, &left, ret_error);

    while (r == 0 && k->token.kind == token) {
        if ((r = make_truth(k, &left, ret_error)) < 0 || (r = sn__kafel_advance(k, ret_error)) < 0 ||
            (r = parse_part(k, &right, ret_error)) < 0 || (r = make_truth(k, &right, ret_error)) < 0)
            return r;
        left.expr = new_node(k, op, left.expr, right.expr, ret_error);
        if (!left.expr)
            return told(k);
    }
    if (r == 0)
        *ret_value = left;
    return r;
}

static int parse_and(struct sn__kafel *k, struct value *ret_value, sn_error **ret_error)
{
    return parse_chain(k, SN__TOKEN_AND, SN__OP_AND, parse_not, ret_value, ret_error);
}

static int parse_or(struct sn__kafel *k, struct value *ret_value, sn_error **ret_error)
{
    return parse_chain(k, SN__TOKEN_OR, SN__OP_OR, parse_and, ret_value, ret_error);
}

/* A comma is an "or" that binds least. */
static int parse_list(struct sn__kafel *k, struct value *ret_value, sn_error **ret_error)
{
    return parse_chain(k, ',', SN__OP_OR, parse_or, ret_value, ret_error);
}

int sn__kafel_constant(struct sn__kafel *k, uint64_t *ret_value, sn_error **ret_error)
{
    struct value value = {0};
    int r;

    k->args_count = 0;
    k->nesting = 0;
    r = parse_bits(k, &value, ret_error);
    if (r < 0)
        return r;
    if (value.kind != NUMBER)
        return sn__kafel_fail(k, &value.at, ret_error, "a constant was expected here, not a condition");
    *ret_value = value.number;
    return 0;
}

int sn__kafel_arguments(struct sn__kafel *k, const char *syscall, sn_error **ret_error)
{
    struct sn__arg known[6];
    int known_count = sn__syscall_arguments(syscall, known);
    int r;

    k->args_count = 0;
    for (int i = 0; i < 6; i++)
        k->args[i].mask = i < known_count ? sn__arg_mask(known[i].kind) : UINT64_MAX;
    if (k->token.kind != '(') {
        for (int i = 0; i < known_count; i++)
            memcpy(k->args[i].name, known[i].name, sizeof(known[i].name));
        k->args_count = known_count > 0 ? known_count : 0;
        return 0;
    }
    r = sn__kafel_advance(k, ret_error);
    while (r == 0 && k->token.kind != ')') {
        char *name;

        if (k->args_count == 6)
            return sn__kafel_fail(k, &k->token, ret_error, "a system call has at most six arguments");
        name = k->args[k->args_count].name;
        r = sn__kafel_copy_name(k, name, sizeof(k->args[0].name), "the name of an argument", ret_error);
        if (r < 0)
            return r;
        for (int i = 0; i < k->args_count; i++)
            if (strcmp(k->args[i].name, name) == 0)
                return sn__kafel_fail(k, &k->token, ret_error, "two arguments are called %s", name);
        k->args_count++;
        r = sn__kafel_advance(k, ret_error);
        if (r == 0 && k->token.kind == ',')
            r = sn__kafel_advance(k, ret_error);
        else if (r == 0 && k->token.kind != ')')
            r = sn__kafel_unexpected(k, ", or )", ret_error);
    }
    return r < 0 ? r : sn__kafel_advance(k, ret_error);
}

int sn__kafel_condition(struct sn__kafel *k, struct sn__policy_expr **ret_expr, sn_error **ret_error)
{
    struct value value = {0};
    int r = sn__kafel_advance(k, ret_error);

    if (r < 0)
        return r;
    if (k->token.kind == '}')
        return sn__kafel_advance(k, ret_error);
    k->nodes = 0;
    k->nesting = 0;
    if ((r = parse_list(k, &value, ret_error)) < 0 || (r = make_truth(k, &value, ret_error)) < 0)
        return r;
    *ret_expr = value.expr;
    return sn__kafel_expect(k, '}', "} or an operator", ret_error);
}
