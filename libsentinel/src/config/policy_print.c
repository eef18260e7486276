/* SPDX-License-Identifier: MIT */
#include "config/policy.h"

#include "base/buffer.h"
#include "base/error.h"
#include "config/policy_names.h"

#include <inttypes.h>
#include <seccomp.h>
#include <string.h>

/* How the arguments of the rule at hand are called. */
struct names {
    struct sn__arg args[6];
    bool declared; /* they are not the customary ones, and have to be declared */
};

static void print_action(struct sn__buffer *out, struct sn__policy_action action)
{
    static const char *const names[] = {"KILL", "ALLOW", "LOG", "ERRNO", "TRAP"};

    sn__buffer_add_string(out, names[action.kind]);
    if (action.kind == SN__ACTION_ERRNO) {
        const char *name = action.value ? sn__constant_name("E", action.value) : NULL;

        if (name)
            sn__buffer_addf(out, "(%s)", name);
        else
            sn__buffer_addf(out, "(%u)", action.value);
    } else if (action.kind == SN__ACTION_TRAP) {
        sn__buffer_addf(out, "(%u)", action.value);
    }
}

static const char *operator_text(enum sn__policy_op op)
{
    switch (op) {
    case SN__OP_OR:
        return "||";
    case SN__OP_AND:
        return "&&";
    case SN__OP_EQ:
        return "==";
    case SN__OP_NE:
        return "!=";
    case SN__OP_LT:
        return "<";
    case SN__OP_LE:
        return "<=";
    case SN__OP_GT:
        return ">";
    case SN__OP_GE:
        return ">=";
    default:
        return "!";
    }
}

static void print_number(struct sn__buffer *out, uint64_t value)
{
    sn__buffer_addf(out, value < 10 ? "%" PRIu64 : "0x%" PRIx64, value);
}

static bool is_chain(enum sn__policy_op op)
{
    return op == SN__OP_OR || op == SN__OP_AND;
}

static void print_expr(struct sn__buffer *out, const struct sn__policy_expr *expr, const struct names *names)
{
    const struct sn__policy_expr *sides[] = {expr->left, expr->right};

    if (is_chain(expr->op)) {
        for (int i = 0; i < 2; i++) {
            /* a chain of one operator leans to the left and needs no parentheses there */
            bool plain = !is_chain(sides[i]->op) || (i == 0 && sides[i]->op == expr->op);

            if (i)
                sn__buffer_addf(out, " %s ", operator_text(expr->op));
            sn__buffer_add_string(out, plain ? "" : "(");
            print_expr(out, sides[i], names);
            sn__buffer_add_string(out, plain ? "" : ")");
        }
    } else if (expr->op == SN__OP_NOT) {
        bool plain = expr->left->op == SN__OP_NOT;

        sn__buffer_add_string(out, plain ? "!" : "!(");
        print_expr(out, expr->left, names);
        sn__buffer_add_string(out, plain ? "" : ")");
    } else {
        uint64_t all = sn__arg_mask(names->args[expr->arg].kind);

        if (expr->mask == all) {
            sn__buffer_add_string(out, names->args[expr->arg].name);
        } else {
            sn__buffer_addf(out, "(%s & ", names->args[expr->arg].name);
            print_number(out, expr->mask);
            sn__buffer_add_string(out, ")");
        }
        sn__buffer_addf(out, " %s ", operator_text(expr->op));
        print_number(out, expr->value);
    }
}

static uint32_t highest_argument(const struct sn__policy_expr *expr)
{
    uint32_t left, right;

    if (!is_chain(expr->op))
        return expr->op == SN__OP_NOT ? highest_argument(expr->left) : expr->arg;
    left = highest_argument(expr->left);
    right = highest_argument(expr->right);
    return left > right ? left : right;
}

static void print_rule(struct sn__buffer *out, const struct sn__policy_rule *rule)
{
    struct names names;
    char name[64];
    int known = -1;

    print_action(out, rule->action);
    sn__buffer_add_string(out, " { ");
    if (sn__syscall_name(seccomp_arch_native(), rule->number, name, sizeof(name))) {
        sn__buffer_add_string(out, name);
        known = sn__syscall_arguments(name, names.args);
    } else {
        sn__buffer_addf(out, "SYSCALL[%d]", rule->number);
    }
    if (rule->condition) {
        names.declared = known <= (int)highest_argument(rule->condition);
        for (int i = 0; names.declared && i < 6; i++) {
            snprintf(names.args[i].name, sizeof(names.args[i].name), "a%d", i);
            if (i >= known)
                names.args[i].kind = SN__ARG_LONG;
        }
        sn__buffer_add_string(out, names.declared ? "(a0, a1, a2, a3, a4, a5) { " : " { ");
        print_expr(out, rule->condition, &names);
        sn__buffer_add_string(out, " }");
    }
    sn__buffer_add_string(out, " }\n");
}

static void json_action(struct sn__buffer *out, const char *key, const char *errno_key, struct sn__policy_action action)
{
    static const char *const names[] = {"KILL_PROCESS", "ALLOW", "LOG", "ERRNO", "TRAP"};

    sn__buffer_addf(out, "\"%s\": \"SCMP_ACT_%s\"", key, names[action.kind]);
    if (action.kind == SN__ACTION_ERRNO)
        sn__buffer_addf(out, ", \"%s\": %u", errno_key, action.value);
}

static void json_term(struct sn__buffer *out, const struct sn__policy_term *term)
{
    static const char *const ops[] = {[SN__OP_NE] = "NE", [SN__OP_LT] = "LT", [SN__OP_LE] = "LE",
                                      [SN__OP_GT] = "GT", [SN__OP_GE] = "GE", [SN__OP_EQ] = "EQ"};
    const char *separator = ", \"args\": [";

    for (int i = 0; i < 6; i++) {
        const struct sn__policy_comparison *c = &term->args[i];

        if (c->kind == SN__COMPARE_NONE)
            continue;
        sn__buffer_addf(out, "%s{\"index\": %d, ", separator, i);
        if (c->kind == SN__COMPARE_NATIVE || c->mask == UINT64_MAX)
            sn__buffer_addf(out, "\"value\": %" PRIu64 ", \"op\": \"SCMP_CMP_%s\"}", c->value, ops[c->op]);
        else
            sn__buffer_addf(out, "\"value\": %" PRIu64 ", \"valueTwo\": %" PRIu64 ", \"op\": \"SCMP_CMP_MASKED_EQ\"}",
                            c->mask, c->value);
        separator = ", ";
    }
    if (separator[1] == ' ' && separator[2] == '\0')
        sn__buffer_add_string(out, "]");
}

/* OCI, in the normal form: entries with different actions exclude each other, because there order does not count. */
static int print_json(struct sn__buffer *out, const sn_policy *policy, sn_error **ret_error)
{
    const char *separator = "\n";

    sn__buffer_add_string(out, "{\n  ");
    json_action(out, "defaultAction", "defaultErrnoRet", policy->default_action);
    sn__buffer_add_string(out, ",\n  \"syscalls\": [");
    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct sn__policy_rule *rule = &policy->rules[i];
        struct sn__policy_terms terms = {0};
        char name[64];
        int r = sn__policy_rule_terms(policy, i, &terms);

        if (r == -ENOMEM)
            return sn__error_nomem(ret_error);
        if (r < 0)
            return sn__error_set(ret_error, SN_EINVAL, "print policy",
                                 "%s:%u:%u: the condition is too complex for JSON", policy->files[rule->file],
                                 rule->line, rule->column);
        if (!sn__syscall_name(seccomp_arch_native(), rule->number, name, sizeof(name))) {
            sn__policy_terms_clear(&terms);
            return sn__error_set(ret_error, SN_EINVAL, "print policy",
                                 "system call %d has no name, and JSON knows names only", rule->number);
        }
        for (size_t j = 0; j < terms.count; j++) {
            sn__buffer_addf(out, "%s    {\"names\": [\"%s\"], ", separator, name);
            json_action(out, "action", "errnoRet", rule->action);
            json_term(out, &terms.terms[j]);
            sn__buffer_add_string(out, "}");
            separator = ",\n";
        }
        sn__policy_terms_clear(&terms);
    }
    sn__buffer_add_string(out, "\n  ]\n}\n");
    return 0;
}

int sn_policy_print(const sn_policy *policy, uint32_t format, char **ret_text, sn_error **ret_error)
{
    cleanup_buffer struct sn__buffer out = {0};
    char *text;
    int r = 0;

    if (!policy || !ret_text || format > 1)
        return sn__error_set(ret_error, SN_EINVAL, "print policy",
                             "policy and ret_text must not be NULL, format is 0 or 1");
    if (format == 1) {
        r = print_json(&out, policy, ret_error);
    } else {
        for (size_t i = 0; i < policy->rules_count; i++)
            print_rule(&out, &policy->rules[i]);
        sn__buffer_add_string(&out, "DEFAULT ");
        print_action(&out, policy->default_action);
        sn__buffer_add_string(&out, "\n");
    }
    if (r < 0)
        return r;
    text = sn__buffer_steal(&out, NULL);
    if (!text)
        return sn__error_nomem(ret_error);
    *ret_text = text;
    return 0;
}
