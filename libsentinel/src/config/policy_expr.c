/* SPDX-License-Identifier: MIT */
#include "config/policy.h"

#include "base/cleanup.h"

#include <string.h>

/*
 * Conditions are any and/or/not of comparisons; an OCI profile, and libseccomp, to which container runtimes hand it,
 * take an or of conjunctions that compare an argument at most once and know neither "masked and not equal" nor 32-bit
 * arguments. The common ground is the masked equality: every comparison is a union of at most 64 of them (a range is a
 * set of prefixes, as in routing), and two of them on one argument are again one, or contradict.
 *
 * An ordered comparison or != of all 64 bits stays only if it is all that is said about its call. libseccomp 2.5.4 gets
 * several of them for one call wrong: with A >= 0x200000000 and A <= 5 in two rules, it takes 0xffffffff for one of the
 * latter; and with another argument beside each, seccomp_rule_add() may never return.
 */

#define TERMS_MAX 256

struct sn__policy_expr *sn__policy_expr_new(sn_policy *policy, enum sn__policy_op op, struct sn__policy_expr *left,
                                            struct sn__policy_expr *right)
{
    struct sn__policy_expr *expr = calloc(1, sizeof(*expr));

    if (!expr)
        return NULL;
    expr->op = op;
    expr->left = left;
    expr->right = right;
    expr->mask = UINT64_MAX;
    expr->next = policy->nodes;
    policy->nodes = expr;
    return expr;
}

static bool compare(enum sn__policy_op op, uint64_t a, uint64_t b)
{
    switch (op) {
    case SN__OP_EQ:
        return a == b;
    case SN__OP_NE:
        return a != b;
    case SN__OP_LT:
        return a < b;
    case SN__OP_LE:
        return a <= b;
    case SN__OP_GT:
        return a > b;
    case SN__OP_GE:
        return a >= b;
    default:
        return false;
    }
}

static bool holds(const struct sn__policy_expr *expr, const uint64_t args[6])
{
    if (!expr)
        return true;
    switch (expr->op) {
    case SN__OP_OR:
        return holds(expr->left, args) || holds(expr->right, args);
    case SN__OP_AND:
        return holds(expr->left, args) && holds(expr->right, args);
    case SN__OP_NOT:
        return !holds(expr->left, args);
    default:
        return compare(expr->op, args[expr->arg] & expr->mask, expr->value);
    }
}

bool sn__policy_action_equal(struct sn__policy_action a, struct sn__policy_action b)
{
    return a.kind == b.kind && a.value == b.value;
}

struct sn__policy_action sn__policy_evaluate(const sn_policy *policy, int32_t number, const uint64_t args[6])
{
    for (size_t i = 0; i < policy->rules_count; i++)
        if (policy->rules[i].number == number && holds(policy->rules[i].condition, args))
            return policy->rules[i].action;
    return policy->default_action;
}

void sn__policy_terms_clear(struct sn__policy_terms *terms)
{
    free(terms->terms);
    *terms = (struct sn__policy_terms){0};
}

#define cleanup_terms __attribute__((cleanup(sn__policy_terms_clear)))

/* a says no less than b on this argument: whatever passes b passes a */
static bool comparison_covers(const struct sn__policy_comparison *a, const struct sn__policy_comparison *b)
{
    if (a->kind == SN__COMPARE_NONE)
        return true;
    if (a->kind != b->kind)
        return false;
    if (a->kind == SN__COMPARE_NATIVE)
        return a->op == b->op && a->value == b->value;
    return (a->mask & ~b->mask) == 0 && (b->value & a->mask) == a->value;
}

static bool term_covers(const struct sn__policy_term *a, const struct sn__policy_term *b)
{
    for (int i = 0; i < 6; i++)
        if (!comparison_covers(&a->args[i], &b->args[i]))
            return false;
    return true;
}

static int add_term(struct sn__policy_terms *terms, const struct sn__policy_term *term)
{
    size_t kept = 0;

    for (size_t i = 0; i < terms->count; i++)
        if (term_covers(&terms->terms[i], term))
            return 0;
    for (size_t i = 0; i < terms->count; i++)
        if (!term_covers(term, &terms->terms[i]))
            terms->terms[kept++] = terms->terms[i];
    terms->count = kept;
    if (terms->count >= TERMS_MAX)
        return -E2BIG;
    if (terms->count == terms->capacity) {
        size_t capacity = terms->capacity ? terms->capacity * 2 : 16;
        struct sn__policy_term *larger = realloc(terms->terms, capacity * sizeof(*larger));

        if (!larger)
            return -ENOMEM;
        terms->terms = larger;
        terms->capacity = capacity;
    }
    terms->terms[terms->count++] = *term;
    return 0;
}

/* A set of (x & mask) == value, at most one for each bit and one more. */
struct cubes {
    struct sn__policy_comparison cubes[66];
    size_t count;
};

static void add_cube(struct cubes *cubes, uint64_t mask, uint64_t value)
{
    cubes->cubes[cubes->count++] =
        (struct sn__policy_comparison){.kind = SN__COMPARE_MASKED, .op = SN__OP_EQ, .mask = mask, .value = value};
}

/* x & mask is less (or greater) than value: equal to it in the higher bits, and then smaller (greater) in one bit. */
static void add_ordered(struct cubes *cubes, uint64_t mask, uint64_t value, bool less, bool or_equal)
{
    uint64_t fixed = 0, fixed_value = 0;

    for (int i = 63; i >= 0; i--) {
        uint64_t bit = UINT64_C(1) << i;

        if (!(mask & bit)) {
            if (!(value & bit))
                continue;
            if (less)
                add_cube(cubes, fixed, fixed_value);
            return;
        }
        if (less == !!(value & bit))
            add_cube(cubes, fixed | bit, fixed_value | (less ? 0 : bit));
        fixed |= bit;
        fixed_value |= value & bit;
    }
    if (or_equal)
        add_cube(cubes, fixed, fixed_value);
}

static void comparison_cubes(enum sn__policy_op op, uint64_t mask, uint64_t value, struct cubes *cubes)
{
    cubes->count = 0;
    switch (op) {
    case SN__OP_EQ:
        if (!(value & ~mask))
            add_cube(cubes, mask, value);
        break;
    case SN__OP_NE:
        if (value & ~mask) {
            add_cube(cubes, 0, 0);
            break;
        }
        add_ordered(cubes, mask, value, true, false);
        add_ordered(cubes, mask, value, false, false);
        break;
    case SN__OP_LT:
    case SN__OP_LE:
        add_ordered(cubes, mask, value, true, op == SN__OP_LE);
        break;
    default:
        add_ordered(cubes, mask, value, false, op == SN__OP_GE);
        break;
    }
}

static enum sn__policy_op negated(enum sn__policy_op op)
{
    switch (op) {
    case SN__OP_EQ:
        return SN__OP_NE;
    case SN__OP_NE:
        return SN__OP_EQ;
    case SN__OP_LT:
        return SN__OP_GE;
    case SN__OP_LE:
        return SN__OP_GT;
    case SN__OP_GT:
        return SN__OP_LE;
    default:
        return SN__OP_LT;
    }
}

static int add_merged(struct sn__policy_terms *terms, const struct sn__policy_term *a, const struct sn__policy_term *b)
{
    struct sn__policy_term merged = *a;

    for (int i = 0; i < 6; i++) {
        const struct sn__policy_comparison *left = &a->args[i], *right = &b->args[i];
        const struct sn__policy_comparison *native;

        if (left->kind == SN__COMPARE_NONE || right->kind == SN__COMPARE_NONE) {
            if (left->kind == SN__COMPARE_NONE)
                merged.args[i] = *right;
            continue;
        }
        native = left->kind == SN__COMPARE_NATIVE ? left : right->kind == SN__COMPARE_NATIVE ? right : NULL;
        if (native && comparison_covers(left, right) && comparison_covers(right, left))
            continue;
        if (native) {
            struct cubes cubes;

            comparison_cubes(native->op, UINT64_MAX, native->value, &cubes);
            for (size_t j = 0; j < cubes.count; j++) {
                struct sn__policy_term expanded = native == left ? *a : *b;
                int r;

                expanded.args[i] = cubes.cubes[j];
                r = add_merged(terms, &expanded, native == left ? b : a);
                if (r < 0)
                    return r;
            }
            return 0;
        }
        if ((left->value ^ right->value) & left->mask & right->mask)
            return 0;
        merged.args[i].mask |= right->mask;
        merged.args[i].value |= right->value;
    }
    return add_term(terms, &merged);
}

static int conjunction(const struct sn__policy_terms *a, const struct sn__policy_terms *b,
                       struct sn__policy_terms *terms)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++) {
            int r = add_merged(terms, &a->terms[i], &b->terms[j]);

            if (r < 0)
                return r;
        }
    return 0;
}

static int add_comparison(const struct sn__policy_expr *expr, bool negate, bool alone, struct sn__policy_terms *terms)
{
    enum sn__policy_op op = negate ? negated(expr->op) : expr->op;
    struct cubes cubes;

    if (expr->mask == UINT64_MAX && alone && op != SN__OP_EQ) {
        struct sn__policy_term term = {0};

        term.args[expr->arg] = (struct sn__policy_comparison){
            .kind = SN__COMPARE_NATIVE, .op = op, .mask = UINT64_MAX, .value = expr->value};
        return add_term(terms, &term);
    }
    comparison_cubes(op, expr->mask, expr->value, &cubes);
    for (size_t i = 0; i < cubes.count; i++) {
        struct sn__policy_term term = {0};
        int r;

        if (cubes.cubes[i].mask)
            term.args[expr->arg] = cubes.cubes[i];
        r = add_term(terms, &term);
        if (r < 0)
            return r;
    }
    return 0;
}

static int add_expr(const struct sn__policy_expr *expr, bool negate, bool alone, struct sn__policy_terms *terms)
{
    cleanup_terms struct sn__policy_terms left = {0}, right = {0};
    int r;

    if (!expr) {
        struct sn__policy_term always = {0};

        return negate ? 0 : add_term(terms, &always);
    }
    if (expr->op == SN__OP_NOT)
        return add_expr(expr->left, !negate, alone, terms);
    if (expr->op != SN__OP_OR && expr->op != SN__OP_AND)
        return add_comparison(expr, negate, alone, terms);
    if ((expr->op == SN__OP_OR) != negate) {
        r = add_expr(expr->left, negate, alone, terms);
        return r < 0 ? r : add_expr(expr->right, negate, alone, terms);
    }
    r = add_expr(expr->left, negate, alone, &left);
    if (r == 0)
        r = add_expr(expr->right, negate, alone, &right);
    return r < 0 ? r : conjunction(&left, &right, terms);
}

/* One comparison is all that the policy says about this call. */
static bool is_alone(const sn_policy *policy, const struct sn__policy_rule *rule)
{
    size_t count = 0;

    for (size_t i = 0; i < policy->rules_count; i++)
        count += policy->rules[i].number == rule->number;
    return count == 1 && rule->condition && rule->condition->op >= SN__OP_EQ;
}

int sn__policy_rule_terms(const sn_policy *policy, size_t index, struct sn__policy_terms *ret_terms)
{
    const struct sn__policy_rule *rule = &policy->rules[index];
    cleanup_terms struct sn__policy_terms terms = {0};
    int r = add_expr(rule->condition, false, is_alone(policy, rule), &terms);

    if (r < 0)
        return r;
    for (size_t i = 0; i < index; i++) {
        const struct sn__policy_rule *earlier = &policy->rules[i];
        cleanup_terms struct sn__policy_terms otherwise = {0}, both = {0};

        if (earlier->number != rule->number || sn__policy_action_equal(earlier->action, rule->action))
            continue;
        r = add_expr(earlier->condition, true, false, &otherwise);
        if (r == 0)
            r = conjunction(&terms, &otherwise, &both);
        if (r < 0)
            return r;
        sn__policy_terms_clear(&terms);
        terms = both;
        both = (struct sn__policy_terms){0};
    }
    *ret_terms = terms;
    terms = (struct sn__policy_terms){0};
    return 0;
}
