/* SPDX-License-Identifier: MIT */
/*
 * A policy, Kafel or OCI JSON by its first byte. What parses is printed both ways and parsed again, and has to decide
 * as before; it is compiled, and the filter, run by an interpreter, has to decide the same. Behind a
 * first byte of 1, the bytes choose the parts of a policy that is always well-formed: conditions get deep that way.
 */
#include "../bpf.h"
#include "base/buffer.h"
#include "config/policy.h"
#include "fuzz.h"
#include "plan/seccomp_compile.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#define TEXT_MAX 16384
#define VALUES_MAX 24

/* Numbers on either side of what the policy compares with: where decisions change. */
struct values {
    uint64_t values[VALUES_MAX];
    size_t count;
};

static void add_value(struct values *values, uint64_t value)
{
    for (size_t i = 0; i < values->count; i++)
        if (values->values[i] == value)
            return;
    if (values->count < VALUES_MAX)
        values->values[values->count++] = value;
}

static void collect(const struct sn__policy_expr *expr, struct values *values)
{
    if (!expr)
        return;
    if (expr->op == SN__OP_OR || expr->op == SN__OP_AND || expr->op == SN__OP_NOT) {
        collect(expr->left, values);
        if (expr->op != SN__OP_NOT)
            collect(expr->right, values);
        return;
    }
    add_value(values, expr->value);
    add_value(values, expr->value + 1);
    add_value(values, expr->value - 1);
    add_value(values, expr->value | ~expr->mask);
    add_value(values, expr->value ^ expr->mask);
    add_value(values, expr->value | UINT64_C(1) << 32);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *seed >> 33;
}

/* JSON has no number for TRAP. */
static int same_action(struct sn__policy_action a, struct sn__policy_action b)
{
    return a.kind == b.kind && (a.kind == SN__ACTION_TRAP || a.value == b.value);
}

/* What is asked about a policy: calls `check` for some arguments of every call that it names, and for some others. */
typedef void check_function(const sn_policy *policy, const void *other, int32_t number, const uint64_t args[6]);

static void ask(const sn_policy *policy, const void *other, check_function *check)
{
    static const int32_t always[] = {0, 1, 59, 231, 1000};
    uint64_t seed = 1, args[6] = {0};

    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        check(policy, other, always[i], args);
    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct sn__policy_rule *rule = &policy->rules[i];
        struct values values = {{0, UINT64_MAX, UINT32_MAX, UINT64_C(1) << 63}, 4};
        int rounds = rule->condition ? 40 : 4;

        collect(rule->condition, &values);
        for (int round = 0; round < rounds; round++) {
            for (int j = 0; j < 6; j++)
                args[j] = values.values[next_random(&seed) % values.count];
            check(policy, other, rule->number, args);
        }
    }
}

static void check_same(const sn_policy *policy, const void *other, int32_t number, const uint64_t args[6])
{
    struct sn__policy_action a = sn__policy_evaluate(policy, number, args);
    struct sn__policy_action b = sn__policy_evaluate(other, number, args);

    MUST(same_action(a, b), "call %d (%#llx, %#llx, ...): %d %u, and printed %d %u", number,
         (unsigned long long)args[0], (unsigned long long)args[1], a.kind, a.value, b.kind, b.value);
}

static void print_and_parse(const sn_policy *policy, uint32_t format)
{
    sn_policy *again = NULL;
    sn_error *error = NULL;
    char *text = NULL;

    if (sn_policy_print(policy, format, &text, &error) < 0) {
        /* JSON cannot say all that Kafel can. */
        MUST(format == 1 && sn_error_code(error) == SN_EINVAL, "%s", sn_error_message(error));
        sn_error_free(error);
        return;
    }
    MUST(sn_policy_parse(text, strlen(text), "printed", &again, &error) == 0, "%s in:\n%s", sn_error_message(error),
         text);
    ask(policy, again, check_same);
    sn_policy_free(again);
    sn_free(text);
}

static uint32_t interpret(const struct sn__bpf *bpf, const struct seccomp_data *data)
{
    uint32_t answer = 0;

    MUST(bpf_run(bpf, data, &answer) == 0, "a program that the kernel would not take");
    return answer;
}

static uint32_t expected(struct sn__policy_action action)
{
    switch (action.kind) {
    case SN__ACTION_ALLOW:
        return SECCOMP_RET_ALLOW;
    case SN__ACTION_LOG:
        return SECCOMP_RET_LOG;
    case SN__ACTION_ERRNO:
        return SECCOMP_RET_ERRNO | action.value;
    case SN__ACTION_TRAP:
        return SECCOMP_RET_TRAP | action.value;
    default:
        return SECCOMP_RET_USER_NOTIF;
    }
}

static void check_filter(const sn_policy *policy, const void *other, int32_t number, const uint64_t args[6])
{
    struct seccomp_data data = {.nr = number, .arch = seccomp_arch_native()};
    uint32_t is, wanted = expected(sn__policy_evaluate(policy, number, args));

    /* Large mappings go elsewhere by design, and numbers from here on are the other ABI's (x32). */
    if (number == seccomp_syscall_resolve_name("mmap") || number == seccomp_syscall_resolve_name("mremap") ||
        number >= 0x40000000)
        return;
    memcpy(data.args, args, sizeof(data.args));
    is = interpret(other, &data);
    MUST(is == wanted, "call %d (%#llx, %#llx, %#llx, ...): the filter says %#x, the policy %#x", number,
         (unsigned long long)args[0], (unsigned long long)args[1], (unsigned long long)args[2], is, wanted);
}

/* Nothing is compiled that could not start a program: what the policy leaves open is allowed here. */
static void allow_start(sn_policy *policy)
{
    static const char *const needed[] = {"execve", "exit_group"};

    for (size_t i = 0; i < 2; i++) {
        struct sn__policy_rule rule = {.number = seccomp_syscall_resolve_name(needed[i]),
                                       .action = {SN__ACTION_ALLOW, 0}};

        for (size_t j = 0; j < policy->rules_count; j++)
            if (policy->rules[j].number == rule.number)
                rule.number = -1;
        if (rule.number >= 0)
            MUST(sn__policy_add_rule(policy, &rule, NULL) == 0, "%s", needed[i]);
    }
}

static void compile(sn_policy *policy)
{
    struct sn__bpf bpf = {0};
    sn_error *error = NULL;

    allow_start(policy);
    if (sn__seccomp_compile(policy, &bpf, &error) == 0) {
        ask(policy, &bpf, check_filter);
        free(bpf.instructions);
    } else {
        MUST(*sn_error_message(error), "no message");
    }
    sn_error_free(error);
}

/* Bytes that choose. */
struct choices {
    const uint8_t *data;
    size_t size;
};

static unsigned choose(struct choices *choices, unsigned count)
{
    return (unsigned)fuzz_take(&choices->data, &choices->size, 1) % count;
}

/* Calls with arguments of both widths, of which each rule names some. */
static const struct {
    const char *name;
    const char *args[4];
    unsigned count;
} calls[] = {
    {"ioctl", {"fd", "cmd", "arg"}, 3},
    {"pread64", {"fd", "buf", "count", "pos"}, 4},
    {"SYSCALL[900](a, b, c)", {"a", "b", "c"}, 3},
};

static void generate_number(struct choices *choices, struct sn__buffer *text)
{
    static const char *const numbers[] = {"0", "1", "-1", "0x7fffffff", "0x80000000", "0xffffffff", "0x10000000f"};
    unsigned which = choose(choices, 10);

    if (which < 7)
        sn__buffer_add_string(text, numbers[which]);
    else
        sn__buffer_addf(text, "%#llx", (unsigned long long)fuzz_take(&choices->data, &choices->size, (which - 6) * 2));
}

static void generate_condition(struct choices *choices, unsigned call, int depth, struct sn__buffer *text)
{
    static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">="};
    unsigned which = choose(choices, depth > 0 ? 8 : 4);
    const char *arg = calls[call].args[choose(choices, calls[call].count)];

    if (which >= 6) {
        sn__buffer_add_string(text, "!(");
        generate_condition(choices, call, depth - 1, text);
        sn__buffer_add_string(text, ")");
    } else if (which >= 4) {
        sn__buffer_add_string(text, "(");
        generate_condition(choices, call, depth - 1, text);
        sn__buffer_add_string(text, which == 4 ? " || " : " && ");
        generate_condition(choices, call, depth - 1, text);
        sn__buffer_add_string(text, ")");
    } else {
        sn__buffer_add_string(text, which ? arg : "(");
        if (!which) {
            sn__buffer_addf(text, "%s & ", arg);
            generate_number(choices, text);
            sn__buffer_add_string(text, ")");
        }
        sn__buffer_addf(text, " %s ", ops[choose(choices, 6)]);
        generate_number(choices, text);
    }
}

static char *generate(const uint8_t *data, size_t size)
{
    static const char *const actions[] = {"ALLOW", "ERRNO(1)", "ERRNO(2)", "LOG", "KILL", "TRAP(1)"};
    struct choices choices = {data, size};
    struct sn__buffer text = {0};
    unsigned last = choose(&choices, 6);
    char *made;

    for (unsigned rules = 1 + choose(&choices, 4); rules; rules--) {
        unsigned action = choose(&choices, 6), call = choose(&choices, 3);

        sn__buffer_addf(&text, "%s { %s { ", actions[action], calls[call].name);
        generate_condition(&choices, call, 3, &text);
        sn__buffer_add_string(&text, " } }\n");
    }
    sn__buffer_addf(&text, "DEFAULT %s", actions[last]);
    made = sn__buffer_steal(&text, NULL);
    MUST(made, "no memory");
    return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;
    sn_policy *policy = NULL;
    sn_error *error = NULL;

    if (size > TEXT_MAX)
        return 0;
    if (size && data[0] == 1) {
        text = generate(data + 1, size - 1);
        size = strlen(text);
    } else {
        text = fuzz_text(data, size);
    }
    if (sn_policy_parse(text, size, "input", &policy, &error) == 0) {
        print_and_parse(policy, 0);
        print_and_parse(policy, 1);
        compile(policy);
    } else {
        MUST(!policy && sn_error_code(error) < 0 && *sn_error_message(error), "a failure without an error");
    }
    sn_policy_free(policy);
    sn_error_free(error);
    free(text);
    return 0;
}
