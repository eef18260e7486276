/* SPDX-License-Identifier: MIT */
#include "plan/seccomp_compile.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "config/policy.h"
#include "config/policy_names.h"
#include "plan/bpf.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/*
 * Theory of operation
 *
 * A filter is a search for the call's number in a sorted list of ranges, and behind it what is done with the calls of
 * that range: most often one answer. Neighbours with the same answer are one range, so an allow-list of 330 calls is
 * some 60 ranges, found by 6 comparisons; the kernel goes through all numbers once when it loads a filter, which is
 * what loading costs. A call with conditions has its rules one after the other, each as jumps past what does not hold.
 *
 * Numbers of x32 (from 0x40000000) are the answer for foreign ABIs, but for -1: what a tracer sets to skip a call.
 */

#define NO_CALL UINT32_MAX
#define NATIVE_ARCH AUDIT_ARCH_X86_64

static uint32_t answer(struct sn__policy_action action)
{
    switch (action.kind) {
    case SN__ACTION_ALLOW:
        return SECCOMP_RET_ALLOW;
    case SN__ACTION_LOG:
        return SECCOMP_RET_LOG;
    case SN__ACTION_ERRNO:
        return SECCOMP_RET_ERRNO | (action.value & SECCOMP_RET_DATA);
    case SN__ACTION_TRAP:
        return SECCOMP_RET_TRAP | (action.value & SECCOMP_RET_DATA);
    default:
        return SECCOMP_RET_USER_NOTIF;
    }
}

/* ---- conditions ---- */

/* A word of an argument, masked, against a number. */
static sn__bpf_label word(struct sn__bpf_writer *writer, uint32_t offset, uint32_t mask, uint16_t how, uint32_t value,
                          sn__bpf_label then, sn__bpf_label otherwise)
{
    if (then == otherwise)
        return then;
    sn__bpf_jump(writer, how, value, then, otherwise);
    if (mask != UINT32_MAX)
        sn__bpf_and(writer, mask);
    return sn__bpf_load(writer, offset);
}

static sn__bpf_label word_equal(struct sn__bpf_writer *writer, uint32_t offset, uint32_t mask, uint32_t value,
                                sn__bpf_label then, sn__bpf_label otherwise)
{
    if (value & ~mask)
        return otherwise;
    if (mask == 0)
        return then;
    if (value == 0 && mask != UINT32_MAX)
        return word(writer, offset, UINT32_MAX, BPF_JSET, mask, otherwise, then);
    return word(writer, offset, mask, BPF_JEQ, value, then, otherwise);
}

/* (arg & mask) > value, or with `or_equal` >=, from the upper word to the lower. */
static sn__bpf_label greater(struct sn__bpf_writer *writer, const struct sn__policy_expr *expr, bool or_equal,
                             sn__bpf_label then, sn__bpf_label otherwise)
{
    uint32_t low = (uint32_t)offsetof(struct seccomp_data, args) + expr->arg * 8, high = low + 4;
    uint32_t high_mask = (uint32_t)(expr->mask >> 32), high_value = (uint32_t)(expr->value >> 32);
    sn__bpf_label below;

    if (high_mask == 0 && high_value != 0)
        return otherwise;
    below =
        word(writer, low, (uint32_t)expr->mask, or_equal ? BPF_JGE : BPF_JGT, (uint32_t)expr->value, then, otherwise);
    if (high_mask == 0)
        return below;
    below = word(writer, high, high_mask, BPF_JEQ, high_value, below, otherwise);
    return word(writer, high, high_mask, BPF_JGT, high_value, then, below);
}

static sn__bpf_label equal(struct sn__bpf_writer *writer, const struct sn__policy_expr *expr, sn__bpf_label then,
                           sn__bpf_label otherwise)
{
    uint32_t low = (uint32_t)offsetof(struct seccomp_data, args) + expr->arg * 8, high = low + 4;

    then = word_equal(writer, high, (uint32_t)(expr->mask >> 32), (uint32_t)(expr->value >> 32), then, otherwise);
    return word_equal(writer, low, (uint32_t)expr->mask, (uint32_t)expr->value, then, otherwise);
}

static sn__bpf_label condition(struct sn__bpf_writer *writer, const struct sn__policy_expr *expr, sn__bpf_label then,
                               sn__bpf_label otherwise)
{
    switch (expr->op) {
    case SN__OP_AND:
        then = condition(writer, expr->right, then, otherwise);
        return condition(writer, expr->left, then, otherwise);
    case SN__OP_OR:
        otherwise = condition(writer, expr->right, then, otherwise);
        return condition(writer, expr->left, then, otherwise);
    case SN__OP_NOT:
        return condition(writer, expr->left, otherwise, then);
    case SN__OP_EQ:
        return equal(writer, expr, then, otherwise);
    case SN__OP_NE:
        return equal(writer, expr, otherwise, then);
    case SN__OP_GT:
        return greater(writer, expr, false, then, otherwise);
    case SN__OP_LE:
        return greater(writer, expr, false, otherwise, then);
    case SN__OP_GE:
        return greater(writer, expr, true, then, otherwise);
    default: /* SN__OP_LT */
        return greater(writer, expr, true, otherwise, then);
    }
}

/* length >= LARGE && (prot & WRITE) && (flags & (PRIVATE | ANONYMOUS | NORESERVE)) == PRIVATE | ANONYMOUS */
static sn__bpf_label large_mmap(struct sn__bpf_writer *writer, sn__bpf_label then, sn__bpf_label otherwise)
{
    const uint64_t kind = MAP_PRIVATE | MAP_ANONYMOUS;
    const struct sn__policy_expr is_large = {
        .op = SN__OP_GE, .arg = 1, .mask = UINT64_MAX, .value = SN__SECCOMP_LARGE_MAPPING};
    const struct sn__policy_expr is_writable = {.op = SN__OP_NE, .arg = 2, .mask = PROT_WRITE};
    const struct sn__policy_expr is_of_kind = {.op = SN__OP_EQ, .arg = 3, .mask = kind | MAP_NORESERVE, .value = kind};

    then = condition(writer, &is_of_kind, then, otherwise);
    then = condition(writer, &is_writable, then, otherwise);
    return condition(writer, &is_large, then, otherwise);
}

static sn__bpf_label large_mremap(struct sn__bpf_writer *writer, sn__bpf_label then, sn__bpf_label otherwise)
{
    const struct sn__policy_expr is_large = {
        .op = SN__OP_GE, .arg = 2, .mask = UINT64_MAX, .value = SN__SECCOMP_LARGE_MAPPING};

    return condition(writer, &is_large, then, otherwise);
}

/* ---- calls ---- */

/* Numbers from `begin` up to the next range's. */
struct range {
    uint32_t begin;
    uint32_t answer;
    bool is_call; /* a single one whose arguments count: `answer` does not say it */
};

struct compilation {
    const sn_policy *policy;
    int32_t mmap_number, mremap_number; /* -1: not to be watched */
    struct range *ranges;
    size_t ranges_count;
    struct sn__bpf_writer writer;
};

static void compilation_clear(struct compilation *compilation)
{
    free(compilation->ranges);
    sn__bpf_clear(&compilation->writer);
}

/* The action for this call whatever its arguments are; false if it depends on them. */
static bool unconditional_action(const sn_policy *policy, int32_t number, struct sn__policy_action *ret_action)
{
    for (size_t i = 0; i < policy->rules_count; i++)
        if (policy->rules[i].number == number) {
            *ret_action = policy->rules[i].action;
            return !policy->rules[i].condition;
        }
    *ret_action = policy->default_action;
    return true;
}

/*
 * The number of a call whose large mappings are the listener's, or -1. Whatever of it reaches the listener is then
 * taken for one, so nothing of it may be what the policy denies: errors are fine, the end of the program is not.
 */
static int32_t watched_number(const sn_policy *policy, const char *name)
{
    int32_t number = sn__syscall_number(name);
    bool is_let_through = false;

    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct sn__policy_rule *rule = &policy->rules[i];

        if (rule->number != number)
            continue;
        if (rule->action.kind == SN__ACTION_KILL)
            return -1;
        is_let_through = is_let_through || sn__policy_lets_through(rule->action);
        if (!rule->condition)
            return is_let_through ? number : -1;
    }
    if (policy->default_action.kind == SN__ACTION_KILL)
        return -1;
    return is_let_through || sn__policy_lets_through(policy->default_action) ? number : -1;
}

/* A range that says what the one before it says is the same range. */
static void add_range(struct compilation *compilation, uint32_t begin, uint32_t range_answer, bool is_call)
{
    const struct range *last = compilation->ranges_count ? &compilation->ranges[compilation->ranges_count - 1] : NULL;

    if (last && !is_call && !last->is_call && last->answer == range_answer)
        return;
    compilation->ranges[compilation->ranges_count++] =
        (struct range){.begin = begin, .answer = range_answer, .is_call = is_call};
}

static void add_call(struct compilation *compilation, uint32_t number)
{
    struct sn__policy_action action;
    bool is_simple = unconditional_action(compilation->policy, (int32_t)number, &action) &&
                     (int32_t)number != compilation->mmap_number && (int32_t)number != compilation->mremap_number;

    add_range(compilation, number, is_simple ? answer(action) : 0, !is_simple);
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return left < right ? -1 : left > right;
}

static int find_ranges(struct compilation *compilation)
{
    const sn_policy *policy = compilation->policy;
    uint32_t rest = answer(policy->default_action);
    uint32_t *numbers = calloc(policy->rules_count + 2, sizeof(*numbers));
    size_t count = 0;

    /* each call may have its own, one behind it, and one in front of all; two for x32 and -1 */
    compilation->ranges = calloc(2 * (policy->rules_count + 2) + 3, sizeof(*compilation->ranges));
    if (!numbers || !compilation->ranges) {
        free(numbers);
        return -ENOMEM;
    }
    for (size_t i = 0; i < policy->rules_count; i++)
        if (policy->rules[i].number >= 0 && (uint32_t)policy->rules[i].number < SN__SYSCALL_X32_BEGIN)
            numbers[count++] = (uint32_t)policy->rules[i].number;
    if (compilation->mmap_number >= 0)
        numbers[count++] = (uint32_t)compilation->mmap_number;
    if (compilation->mremap_number >= 0)
        numbers[count++] = (uint32_t)compilation->mremap_number;
    qsort(numbers, count, sizeof(*numbers), compare_numbers);
    if (count == 0 || numbers[0] > 0)
        add_range(compilation, 0, rest, false);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && numbers[i] == numbers[i - 1])
            continue;
        if (i > 0 && numbers[i] > numbers[i - 1] + 1)
            add_range(compilation, numbers[i - 1] + 1, rest, false);
        add_call(compilation, numbers[i]);
    }
    if (count > 0)
        add_range(compilation, numbers[count - 1] + 1, rest, false);
    add_range(compilation, SN__SYSCALL_X32_BEGIN, SECCOMP_RET_USER_NOTIF, false);
    add_range(compilation, NO_CALL, rest, false);
    free(numbers);
    return 0;
}

/* What is done with a call of this number once its action is known. */
static sn__bpf_label write_action(struct compilation *compilation, int32_t number, struct sn__policy_action action)
{
    struct sn__bpf_writer *writer = &compilation->writer;
    sn__bpf_label done = sn__bpf_return(writer, answer(action));

    if (sn__policy_lets_through(action) && number == compilation->mmap_number)
        return large_mmap(writer, sn__bpf_return(writer, SECCOMP_RET_USER_NOTIF), done);
    if (sn__policy_lets_through(action) && number == compilation->mremap_number)
        return large_mremap(writer, sn__bpf_return(writer, SECCOMP_RET_USER_NOTIF), done);
    return done;
}

/* The rules of one call, the first one in front. */
static sn__bpf_label write_call(struct compilation *compilation, int32_t number)
{
    const sn_policy *policy = compilation->policy;
    struct sn__bpf_writer *writer = &compilation->writer;
    sn__bpf_label next = write_action(compilation, number, policy->default_action);

    for (size_t i = policy->rules_count; i-- > 0;) {
        const struct sn__policy_rule *rule = &policy->rules[i];
        sn__bpf_label then;

        if (rule->number != number)
            continue;
        then = write_action(compilation, number, rule->action);
        next = rule->condition ? condition(writer, rule->condition, then, next) : then;
    }
    return next;
}

static sn__bpf_label write_search(struct compilation *compilation, size_t first, size_t count)
{
    const struct range *range = &compilation->ranges[first];
    size_t half = count / 2;
    sn__bpf_label above, below;

    if (count == 1 && range->is_call)
        return write_call(compilation, (int32_t)range->begin);
    if (count == 1)
        return sn__bpf_return(&compilation->writer, range->answer);
    above = write_search(compilation, first + half, count - half);
    below = write_search(compilation, first, half);
    return sn__bpf_jump(&compilation->writer, BPF_JGE, compilation->ranges[first + half].begin, above, below);
}

static void write_filter(struct compilation *compilation)
{
    struct sn__bpf_writer *writer = &compilation->writer;
    sn__bpf_label native, foreign;

    write_search(compilation, 0, compilation->ranges_count);
    native = sn__bpf_load(writer, offsetof(struct seccomp_data, nr));
    foreign = sn__bpf_return(writer, SECCOMP_RET_USER_NOTIF);
    sn__bpf_jump(writer, BPF_JEQ, NATIVE_ARCH, native, foreign);
    sn__bpf_load(writer, offsetof(struct seccomp_data, arch));
}

static int refuse_without(const sn_policy *policy, const char *call, sn_error **ret_error)
{
    char remedy[192];

    if (*policy->unused_block)
        snprintf(remedy, sizeof(remedy), "POLICY %s is never used: add USE %s", policy->unused_block,
                 policy->unused_block);
    else
        snprintf(remedy, sizeof(remedy), "add ALLOW { %s }", call);
    return sn__error_set(ret_error, SN_EINVAL, "compile policy",
                         "the policy \"%s\" does not allow %s without condition: no program could be run under it; %s",
                         policy->name, call, remedy);
}

int sn__seccomp_compile(const sn_policy *policy, struct sn__bpf *ret_bpf, sn_error **ret_error)
{
    static const char *const needed[] = {"execve", "exit_group"};
    __attribute__((cleanup(compilation_clear))) struct compilation compilation = {
        .policy = policy,
        .mmap_number = watched_number(policy, "mmap"),
        .mremap_number = watched_number(policy, "mremap"),
    };
    struct sn__policy_action action;

    for (size_t i = 0; i < SN_ARRAY_SIZE(needed); i++)
        if (!unconditional_action(policy, sn__syscall_number(needed[i]), &action) || !sn__policy_lets_through(action))
            return refuse_without(policy, needed[i], ret_error);
    if (find_ranges(&compilation) < 0)
        return sn__error_nomem(ret_error);
    write_filter(&compilation);
    if (compilation.writer.is_large)
        return sn__error_set(ret_error, SN_EINVAL, "compile policy",
                             "the policy becomes more instructions than the kernel takes (%d); use fewer conditions",
                             BPF_MAXINSNS);
    ret_bpf->instructions = sn__bpf_steal(&compilation.writer);
    if (!ret_bpf->instructions)
        return sn__error_nomem(ret_error);
    ret_bpf->count = (uint16_t)compilation.writer.count;
    ret_bpf->watched = (uint16_t)((compilation.mmap_number >= 0) | (compilation.mremap_number >= 0) << 1);
    return 0;
}

/* A program in one allocation, so that the policy can let go of it without knowing what it is. */
struct compiled {
    uint16_t count, watched;
    struct sock_filter instructions[];
};

int sn__policy_filter(sn_policy *policy, struct sn__bpf *ret_bpf, sn_error **ret_error)
{
    struct compiled *compiled = atomic_load(&policy->compiled);
    void *nothing = NULL;

    if (!compiled) {
        struct sn__bpf bpf = {0};
        int r = sn__seccomp_compile(policy, &bpf, ret_error);

        if (r < 0)
            return r;
        compiled = malloc(sizeof(*compiled) + bpf.count * sizeof(*bpf.instructions));
        if (compiled) {
            compiled->count = bpf.count;
            compiled->watched = bpf.watched;
            memcpy(compiled->instructions, bpf.instructions, bpf.count * sizeof(*bpf.instructions));
        }
        free(bpf.instructions);
        if (!compiled)
            return sn__error_nomem(ret_error);
        if (!atomic_compare_exchange_strong(&policy->compiled, &nothing, compiled)) {
            free(compiled); /* another thread was first */
            compiled = nothing;
        }
    }
    ret_bpf->instructions = compiled->instructions;
    ret_bpf->count = compiled->count;
    ret_bpf->watched = compiled->watched;
    return 0;
}
