/* SPDX-License-Identifier: MIT */
#include "plan/seccomp_compile.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "config/policy.h"
#include "config/policy_names.h"

#include <pthread.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void cleanup_filter_pointer(scmp_filter_ctx *filter)
{
    if (*filter)
        seccomp_release(*filter);
}

/*
 * libseccomp finds out what the kernel can do on first use and keeps the answers in plain variables of its own: one
 * compilation at a time. It is the dependency's state, not ours, that this guards.
 */
static pthread_mutex_t libseccomp_lock = PTHREAD_MUTEX_INITIALIZER;

static uint32_t libseccomp_action(struct sn__policy_action action)
{
    switch (action.kind) {
    case SN__ACTION_ALLOW:
        return SCMP_ACT_ALLOW;
    case SN__ACTION_LOG:
        return SCMP_ACT_LOG;
    case SN__ACTION_ERRNO:
        return SCMP_ACT_ERRNO(action.value);
    case SN__ACTION_TRAP:
        /* libseccomp has no way to hand the number on: the program gets SIGSYS with si_errno 0 */
        return SCMP_ACT_TRAP;
    default:
        return SCMP_ACT_NOTIFY;
    }
}

static bool lets_through(struct sn__policy_action action)
{
    return action.kind == SN__ACTION_ALLOW || action.kind == SN__ACTION_LOG;
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

static enum scmp_compare libseccomp_compare(enum sn__policy_op op)
{
    switch (op) {
    case SN__OP_EQ:
        return SCMP_CMP_EQ;
    case SN__OP_NE:
        return SCMP_CMP_NE;
    case SN__OP_LT:
        return SCMP_CMP_LT;
    case SN__OP_LE:
        return SCMP_CMP_LE;
    case SN__OP_GT:
        return SCMP_CMP_GT;
    default:
        return SCMP_CMP_GE;
    }
}

static int add_term(scmp_filter_ctx filter, uint32_t action, int32_t number, const struct sn__policy_term *term)
{
    struct scmp_arg_cmp comparisons[6];
    unsigned count = 0;

    for (unsigned i = 0; i < 6; i++) {
        const struct sn__policy_comparison *c = &term->args[i];

        if (c->kind == SN__COMPARE_NATIVE)
            comparisons[count++] = (struct scmp_arg_cmp){i, libseccomp_compare(c->op), c->value, 0};
        else if (c->kind == SN__COMPARE_MASKED && c->mask == UINT64_MAX)
            comparisons[count++] = (struct scmp_arg_cmp){i, SCMP_CMP_EQ, c->value, 0};
        else if (c->kind == SN__COMPARE_MASKED)
            comparisons[count++] = (struct scmp_arg_cmp){i, SCMP_CMP_MASKED_EQ, c->mask, c->value};
    }
    return seccomp_rule_add_exact_array(filter, action, number, count, comparisons);
}

static int add_rule(scmp_filter_ctx filter, const sn_policy *policy, size_t index)
{
    const struct sn__policy_rule *rule = &policy->rules[index];
    struct sn__policy_terms terms = {0};
    uint32_t action = libseccomp_action(rule->action);
    int r;

    /* libseccomp refuses a rule that says what the default says */
    if (action == libseccomp_action(policy->default_action))
        return 0;
    r = sn__policy_rule_terms(policy, index, &terms);
    for (size_t i = 0; r == 0 && i < terms.count; i++)
        r = add_term(filter, action, rule->number, &terms.terms[i]);
    sn__policy_terms_clear(&terms);
    return r;
}

/*
 * mmap and mremap of large writable memory go to the listener (see the header). The allowed rest is said in rules
 * that may overlap, since they agree; the remainder is the default, or a rule of its own where the default lets
 * through.
 */
static int add_large_mappings(scmp_filter_ctx filter, const sn_policy *policy)
{
    const uint64_t kind = MAP_PRIVATE | MAP_ANONYMOUS;
    int32_t mmap_number = sn__syscall_number("mmap"), mremap_number = sn__syscall_number("mremap");
    uint32_t base = libseccomp_action(policy->default_action);
    struct sn__policy_action action;
    int r = 0;

    if (mmap_number >= 0 && unconditional_action(policy, mmap_number, &action) && lets_through(action)) {
        const struct scmp_arg_cmp allowed[] = {
            SCMP_A1_64(SCMP_CMP_LT, SN__SECCOMP_LARGE_MAPPING),
            SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_WRITE, 0),
            SCMP_A3_64(SCMP_CMP_MASKED_EQ, MAP_NORESERVE, MAP_NORESERVE),
            SCMP_A3_64(SCMP_CMP_MASKED_EQ, MAP_PRIVATE, 0),
            SCMP_A3_64(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0),
        };

        for (size_t i = 0; r == 0 && i < SN_ARRAY_SIZE(allowed) && libseccomp_action(action) != base; i++)
            r = seccomp_rule_add_exact_array(filter, libseccomp_action(action), mmap_number, 1, &allowed[i]);
        if (r == 0 && base != SCMP_ACT_NOTIFY)
            r = seccomp_rule_add_exact(filter, SCMP_ACT_NOTIFY, mmap_number, 3,
                                       SCMP_A1_64(SCMP_CMP_GE, SN__SECCOMP_LARGE_MAPPING),
                                       SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_WRITE, PROT_WRITE),
                                       SCMP_A3_64(SCMP_CMP_MASKED_EQ, kind | MAP_NORESERVE, kind));
    }
    if (r == 0 && mremap_number >= 0 && unconditional_action(policy, mremap_number, &action) && lets_through(action)) {
        if (libseccomp_action(action) != base)
            r = seccomp_rule_add_exact(filter, libseccomp_action(action), mremap_number, 1,
                                       SCMP_A2_64(SCMP_CMP_LT, SN__SECCOMP_LARGE_MAPPING));
        if (r == 0 && base != SCMP_ACT_NOTIFY)
            r = seccomp_rule_add_exact(filter, SCMP_ACT_NOTIFY, mremap_number, 1,
                                       SCMP_A2_64(SCMP_CMP_GE, SN__SECCOMP_LARGE_MAPPING));
    }
    return r;
}

static int rule_error(const sn_policy *policy, size_t index, int r, sn_error **ret_error)
{
    const struct sn__policy_rule *rule = &policy->rules[index];

    if (r == -ENOMEM)
        return sn__error_nomem(ret_error);
    if (r == -E2BIG)
        return sn__error_set(ret_error, SN_EINVAL, "compile policy",
                             "%s:%u:%u: the condition is too complex together with the earlier rules for this system "
                             "call; use fewer comparisons, or == instead of ranges and !=",
                             policy->files[rule->file], rule->line, rule->column);
    return sn__error_errno(ret_error, -r, "compile policy", "%s:%u:%u: libseccomp refuses the rule",
                           policy->files[rule->file], rule->line, rule->column);
}

/* libseccomp writes to a descriptor only. */
static int export(scmp_filter_ctx filter, struct sn__bpf *ret_bpf, sn_error **ret_error)
{
    cleanup_close int fd = memfd_create("sentinel-bpf", MFD_CLOEXEC);
    cleanup_free struct sock_filter *instructions = NULL;
    struct stat about;
    ssize_t n;
    int r;

    if (fd < 0)
        return sn__error_errno(ret_error, errno, "compile policy", "cannot create a memory file");
    r = seccomp_export_bpf(filter, fd);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "compile policy", "libseccomp cannot generate the filter");
    if (fstat(fd, &about) < 0)
        return sn__error_errno(ret_error, errno, "compile policy", "cannot read the filter back");
    if (about.st_size == 0 || about.st_size / sizeof(*instructions) > BPF_MAXINSNS)
        return sn__error_set(ret_error, SN_EINVAL, "compile policy",
                             "the policy becomes %zu instructions and the kernel takes %d; use fewer conditions",
                             (size_t)about.st_size / sizeof(*instructions), BPF_MAXINSNS);
    instructions = malloc((size_t)about.st_size);
    if (!instructions)
        return sn__error_nomem(ret_error);
    n = pread(fd, instructions, (size_t)about.st_size, 0);
    if (n != about.st_size)
        return sn__error_errno(ret_error, n < 0 ? errno : EIO, "compile policy", "cannot read the filter back");
    ret_bpf->count = (uint16_t)(about.st_size / sizeof(*instructions));
    ret_bpf->instructions = steal_ptr(&instructions);
    return 0;
}

static int compile(const sn_policy *policy, struct sn__bpf *ret_bpf, sn_error **ret_error)
{
    __attribute__((cleanup(cleanup_filter_pointer))) scmp_filter_ctx filter =
        seccomp_init(libseccomp_action(policy->default_action));
    int32_t mmap_number = sn__syscall_number("mmap"), mremap_number = sn__syscall_number("mremap");
    int r;

    if (!filter)
        return sn__error_set(ret_error, SN_EHOST, "compile policy",
                             "libseccomp cannot make a filter with user notification here: it needs Linux 5.0 with "
                             "CONFIG_SECCOMP_FILTER");
    /* The second means that no other ABI of the same machine (i386, x32) gets in; both are told, not killed unseen. */
    if ((r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2)) < 0 ||
        (r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_NOTIFY)) < 0 ||
        (r = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1)) < 0) /* errors as they are, not ECANCELED */
        return sn__error_errno(ret_error, -r, "compile policy", "libseccomp refuses the filter's attributes");
    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct sn__policy_rule *rule = &policy->rules[i];

        if (!rule->condition && lets_through(rule->action) &&
            (rule->number == mmap_number || rule->number == mremap_number) &&
            (i == 0 || unconditional_action(policy, rule->number, &(struct sn__policy_action){0})))
            continue;
        r = add_rule(filter, policy, i);
        if (r < 0)
            return rule_error(policy, i, r, ret_error);
    }
    r = add_large_mappings(filter, policy);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "compile policy", "libseccomp refuses the rule for large mappings");
    return export(filter, ret_bpf, ret_error);
}

int sn__seccomp_compile(const sn_policy *policy, struct sn__bpf *ret_bpf, sn_error **ret_error)
{
    static const char *const needed[] = {"execve", "exit_group"};
    struct sn__policy_action action;
    int r;

    for (size_t i = 0; i < SN_ARRAY_SIZE(needed); i++)
        if (!unconditional_action(policy, sn__syscall_number(needed[i]), &action) || !lets_through(action))
            return sn__error_set(ret_error, SN_EINVAL, "compile policy",
                                 "the policy \"%s\" does not allow %s without condition: no program could be run under "
                                 "it; add ALLOW { %s }",
                                 policy->name, needed[i], needed[i]);
    pthread_mutex_lock(&libseccomp_lock);
    r = compile(policy, ret_bpf, ret_error);
    pthread_mutex_unlock(&libseccomp_lock);
    if (r == 0) {
        ret_bpf->watched = 0;
        if (unconditional_action(policy, sn__syscall_number("mmap"), &action) && lets_through(action))
            ret_bpf->watched |= 1;
        if (unconditional_action(policy, sn__syscall_number("mremap"), &action) && lets_through(action))
            ret_bpf->watched |= 2;
    }
    return r;
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
