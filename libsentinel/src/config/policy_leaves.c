/* SPDX-License-Identifier: MIT */
/* What a program can have left behind, by its policy, where the next one would find it. */
#include "config/policy.h"

#include <sys/socket.h>
#include <sys/syscall.h>

/* Is the first argument AF_UNIX, whatever else? The kernel reads 32 bits of it. */
static bool is_unix(const struct sn__policy_comparison *family)
{
    switch (family->kind) {
    case SN__COMPARE_NATIVE:
        return family->op == SN__OP_EQ && family->value == AF_UNIX;
    case SN__COMPARE_MASKED:
        return (family->mask & UINT32_MAX) == UINT32_MAX && (family->value & UINT32_MAX) == AF_UNIX;
    default:
        return false;
    }
}

static bool is_only_unix(const sn_policy *policy, size_t rule)
{
    struct sn__policy_terms terms = {0};
    bool is_only = sn__policy_rule_terms(policy, rule, &terms) == 0;

    for (size_t i = 0; is_only && i < terms.count; i++)
        is_only = is_unix(&terms.terms[i].args[0]);
    sn__policy_terms_clear(&terms);
    return is_only;
}

bool sn__policy_only_unix_sockets(const sn_policy *policy)
{
    if (sn__policy_lets_through(policy->default_action))
        return false;
    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct sn__policy_rule *rule = &policy->rules[i];

        if (!sn__policy_lets_through(rule->action))
            continue;
        /* these can make, or fetch, any socket */
        if (rule->number == SYS_io_uring_setup || rule->number == SYS_pidfd_getfd)
            return false;
        if ((rule->number == SYS_socket || rule->number == SYS_socketpair) && !is_only_unix(policy, i))
            return false;
    }
    return true;
}

bool sn__policy_lets_keys(const sn_policy *policy)
{
    if (sn__policy_lets_through(policy->default_action))
        return true;
    for (size_t i = 0; i < policy->rules_count; i++) {
        int32_t number = policy->rules[i].number;

        if ((number == SYS_add_key || number == SYS_request_key || number == SYS_keyctl) &&
            sn__policy_lets_through(policy->rules[i].action))
            return true;
    }
    return false;
}
