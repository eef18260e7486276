/* SPDX-License-Identifier: MIT */
#include "config/policy.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "config/policy_names.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <seccomp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/utsname.h>

/*
 * The "seccomp" object of an OCI runtime spec, and Docker's profiles, which add conditions on capabilities,
 * architecture and kernel. They are decided here for a program without capabilities on this machine. System calls that
 * this machine does not have are left out (Docker's list is for all architectures at once); keys and actions that are
 * unknown are errors, because guessing what a security policy means is not an option.
 */

struct oci {
    sn_policy *policy;
    const char *label;
    size_t entry; /* of "syscalls", for messages */
};

static int fail(const struct oci *oci, sn_error **ret_error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* jansson keeps no positions of values: the message says which entry it is. */
static int fail(const struct oci *oci, sn_error **ret_error, const char *format, ...)
{
    char text[512], entry[48] = "";
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (oci->entry)
        snprintf(entry, sizeof(entry), "syscalls[%zu]: ", oci->entry - 1);
    return sn__error_set(ret_error, SN_EPARSE, "parse policy", "%s: %s%s", oci->label, entry, text);
}

static int check_keys(const struct oci *oci, json_t *object, const char *const *known, const char *what,
                      sn_error **ret_error)
{
    const char *key;
    json_t *value;

    if (!json_is_object(object))
        return fail(oci, ret_error, "%s is not an object", what);
    json_object_foreach(object, key, value)
    {
        size_t i = 0;

        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (!known[i])
            return fail(oci, ret_error, "\"%.64s\" is not a known key of %s", key, what);
    }
    return 0;
}

static int read_errno(const struct oci *oci, json_t *object, const char *key, uint32_t *ret_errno, sn_error **ret_error)
{
    json_t *value = json_object_get(object, key);

    if (!value || json_is_null(value))
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > 4095)
        return fail(oci, ret_error, "%s is not a number from 0 to 4095", key);
    *ret_errno = (uint32_t)json_integer_value(value);
    return 0;
}

static int read_action(const struct oci *oci, json_t *object, const char *key, const char *errno_key,
                       struct sn__policy_action *ret_action, sn_error **ret_error)
{
    static const struct {
        const char *name;
        enum sn__policy_action_kind kind;
    } actions[] = {
        {"ALLOW", SN__ACTION_ALLOW},       {"ERRNO", SN__ACTION_ERRNO},      {"KILL", SN__ACTION_KILL},
        {"KILL_PROCESS", SN__ACTION_KILL}, {"KILL_THREAD", SN__ACTION_KILL}, {"NOTIFY", SN__ACTION_KILL},
        {"LOG", SN__ACTION_LOG},           {"TRAP", SN__ACTION_TRAP},
    };
    const char *name = json_string_value(json_object_get(object, key));
    struct sn__policy_action action = {.value = EPERM};

    if (!name)
        return fail(oci, ret_error, "%s is missing or no string", key);
    for (size_t i = 0; i < SN_ARRAY_SIZE(actions); i++) {
        if (strncmp(name, "SCMP_ACT_", 9) != 0 || strcmp(name + 9, actions[i].name) != 0)
            continue;
        action.kind = actions[i].kind;
        if (action.kind == SN__ACTION_ERRNO) {
            int r = read_errno(oci, object, errno_key, &action.value, ret_error);

            if (r < 0)
                return r;
        } else {
            action.value = 0;
        }
        *ret_action = action;
        return 0;
    }
    return fail(oci, ret_error, "%s \"%.64s\" is not an action that a sandbox can carry out", key, name);
}

/* The machine's architecture as Docker calls it. */
static const char *docker_architecture(void)
{
    switch (seccomp_arch_native()) {
    case SCMP_ARCH_X86_64:
        return "amd64";
    case SCMP_ARCH_X86:
        return "x86";
    case SCMP_ARCH_AARCH64:
        return "arm64";
    case SCMP_ARCH_ARM:
        return "arm";
    case SCMP_ARCH_RISCV64:
        return "riscv64";
    case SCMP_ARCH_PPC64LE:
        return "ppc64le";
    case SCMP_ARCH_S390X:
        return "s390x";
    default:
        return "";
    }
}

static bool kernel_is_at_least(const char *wanted)
{
    unsigned major = 0, minor = 0, want_major = 0, want_minor = 0;
    struct utsname name;

    if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
        return false;
    return sscanf(wanted, "%u.%u", &want_major, &want_minor) == 2 &&
           (major > want_major || (major == want_major && minor >= want_minor));
}

struct filter {
    bool caps;     /* names a capability */
    bool arches;   /* names architectures */
    bool native;   /* among them this one */
    bool kernel;   /* names a kernel */
    bool is_newer; /* and this one is not older */
};

static int read_filter(const struct oci *oci, json_t *entry, const char *key, struct filter *ret_filter,
                       sn_error **ret_error)
{
    static const char *const known[] = {"caps", "arches", "minKernel", NULL};
    json_t *object = json_object_get(entry, key), *item;
    struct filter filter = {0};
    const char *kernel;
    size_t i;
    int r;

    *ret_filter = filter;
    if (!object || json_is_null(object))
        return 0;
    r = check_keys(oci, object, known, key, ret_error);
    if (r < 0)
        return r;
    filter.caps = json_array_size(json_object_get(object, "caps")) > 0;
    filter.arches = json_array_size(json_object_get(object, "arches")) > 0;
    json_array_foreach(json_object_get(object, "arches"), i,
                       item) if (json_is_string(item) && strcmp(json_string_value(item), docker_architecture()) == 0)
        filter.native = true;
    kernel = json_string_value(json_object_get(object, "minKernel"));
    filter.kernel = kernel && *kernel;
    filter.is_newer = filter.kernel && kernel_is_at_least(kernel);
    *ret_filter = filter;
    return 0;
}

static int entry_applies(const struct oci *oci, json_t *entry, bool *ret_applies, sn_error **ret_error)
{
    struct filter includes, excludes;
    int r = read_filter(oci, entry, "includes", &includes, ret_error);

    if (r == 0)
        r = read_filter(oci, entry, "excludes", &excludes, ret_error);
    if (r < 0)
        return r;
    *ret_applies = !includes.caps && (!includes.arches || includes.native) && (!includes.kernel || includes.is_newer) &&
                   !(excludes.arches && excludes.native) && !(excludes.kernel && excludes.is_newer);
    return 0;
}

static int read_argument(const struct oci *oci, json_t *argument, const struct sn__arg *known, int known_count,
                         struct sn__policy_expr *expr, sn_error **ret_error)
{
    static const char *const keys[] = {"index", "value", "valueTwo", "op", NULL};
    static const struct {
        const char *name;
        enum sn__policy_op op;
    } ops[] = {{"EQ", SN__OP_EQ}, {"NE", SN__OP_NE}, {"LT", SN__OP_LT},       {"LE", SN__OP_LE},
               {"GE", SN__OP_GE}, {"GT", SN__OP_GT}, {"MASKED_EQ", SN__OP_EQ}};
    json_t *index = json_object_get(argument, "index"), *value = json_object_get(argument, "value");
    json_t *second = json_object_get(argument, "valueTwo");
    const char *op = json_string_value(json_object_get(argument, "op"));
    size_t i = 0;
    int r = check_keys(oci, argument, keys, "args", ret_error);

    if (r < 0)
        return r;
    if (!json_is_integer(index) || json_integer_value(index) < 0 || json_integer_value(index) > 5)
        return fail(oci, ret_error, "the index of an argument is not a number from 0 to 5");
    if (!json_is_integer(value) || (second && !json_is_integer(second)))
        return fail(oci, ret_error, "value and valueTwo have to be whole numbers");
    while (op && i < SN_ARRAY_SIZE(ops) && (strncmp(op, "SCMP_CMP_", 9) != 0 || strcmp(op + 9, ops[i].name) != 0))
        i++;
    if (!op || i == SN_ARRAY_SIZE(ops))
        return fail(oci, ret_error, "\"%.64s\" is not a known op", op ? op : "");
    expr->op = ops[i].op;
    expr->arg = (uint32_t)json_integer_value(index);
    /* The kernel drops the rest of an int or umode_t argument; a filter that looked at it could be got around. */
    if ((int)expr->arg < known_count)
        expr->mask = sn__arg_mask(known[expr->arg].kind);
    if (!sn__arg_fits((uint64_t)json_integer_value(value), expr->mask) ||
        !sn__arg_fits((uint64_t)json_integer_value(second), expr->mask))
        return fail(oci, ret_error, "the kernel reads %d bits of argument %u, and a value does not fit into them",
                    __builtin_popcountll(expr->mask), expr->arg);
    expr->value = (uint64_t)json_integer_value(value) & expr->mask;
    if (strcmp(ops[i].name, "MASKED_EQ") == 0) {
        uint64_t wanted = (uint64_t)json_integer_value(second);

        expr->mask = expr->value;
        expr->value = wanted & expr->mask;
    }
    return 0;
}

/* All arguments have to fit; but if one is named twice, any of them does (that is what the runtimes do). */
static int read_arguments(const struct oci *oci, json_t *arguments, const char *name, struct sn__policy_expr **ret_expr,
                          sn_error **ret_error)
{
    struct sn__policy_expr *all = NULL, *join = NULL;
    struct sn__arg known[6];
    int known_count = sn__syscall_arguments(name, known);
    unsigned used = 0;
    bool any = false;
    json_t *argument;
    size_t i;

    if (arguments && !json_is_array(arguments) && !json_is_null(arguments))
        return fail(oci, ret_error, "args is not a list");
    if (json_array_size(arguments) > 64)
        return fail(oci, ret_error, "args has more than 64 entries");
    json_array_foreach(arguments, i, argument)
    {
        struct sn__policy_expr *expr = sn__policy_expr_new(oci->policy, SN__OP_EQ, NULL, NULL);
        int r;

        if (!expr)
            return sn__error_nomem(ret_error);
        r = read_argument(oci, argument, known, known_count, expr, ret_error);
        if (r < 0)
            return r;
        any |= used & (1u << expr->arg);
        used |= 1u << expr->arg;
        if (all) {
            join = sn__policy_expr_new(oci->policy, SN__OP_AND, all, expr);
            if (!join)
                return sn__error_nomem(ret_error);
            expr = join;
        }
        all = expr;
    }
    for (; any && join && join->op == SN__OP_AND; join = join->left)
        join->op = SN__OP_OR;
    *ret_expr = all;
    return 0;
}

static int add_name(const struct oci *oci, const char *name, size_t position, struct sn__policy_action action,
                    json_t *arguments, sn_error **ret_error)
{
    struct sn__policy_rule rule = {.action = action, .line = (uint32_t)oci->entry, .column = (uint32_t)position + 1};
    struct sn__policy_expr *condition = NULL;
    int r;

    rule.number = sn__syscall_number(name);
    if (rule.number < 0)
        return 0;
    for (size_t i = 0; i < oci->policy->rules_count; i++) {
        const struct sn__policy_rule *earlier = &oci->policy->rules[i];

        if (earlier->number != rule.number || earlier->condition)
            continue;
        if (sn__policy_action_equal(earlier->action, action))
            return 0;
        return fail(oci, ret_error, "%s already has another action without condition in syscalls[%u]", name,
                    earlier->line - 1);
    }
    r = read_arguments(oci, arguments, name, &condition, ret_error);
    if (r < 0)
        return r;
    rule.condition = condition;
    return sn__policy_add_rule(oci->policy, &rule, ret_error);
}

static int read_entry(const struct oci *oci, json_t *entry, bool with_arguments, sn_error **ret_error)
{
    static const char *const known[] = {"names", "name",    "action",   "errnoRet", "errno",
                                        "args",  "comment", "includes", "excludes", NULL};
    json_t *names, *name, *arguments;
    struct sn__policy_action action;
    bool applies;
    size_t i;
    int r = check_keys(oci, entry, known, "a syscalls entry", ret_error);

    if (r < 0 || (r = read_action(oci, entry, "action", "errnoRet", &action, ret_error)) < 0 ||
        (r = entry_applies(oci, entry, &applies, ret_error)) < 0)
        return r;
    names = json_object_get(entry, "names");
    name = json_object_get(entry, "name");
    arguments = json_object_get(entry, "args");
    if (name && *(json_string_value(name) ? json_string_value(name) : "x") == '\0')
        name = NULL;
    if (!json_is_array(names) && !json_is_string(name))
        return fail(oci, ret_error, "neither names (a list) nor name (a string) is there");
    if (!applies || (json_array_size(arguments) > 0) != with_arguments)
        return 0;
    if (name)
        return json_is_string(name) ? add_name(oci, json_string_value(name), 0, action, arguments, ret_error)
                                    : fail(oci, ret_error, "name is not a string");
    json_array_foreach(names, i, name)
    {
        if (!json_is_string(name))
            return fail(oci, ret_error, "names[%zu] is not a string", i);
        r = add_name(oci, json_string_value(name), i, action, arguments, ret_error);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_root(struct oci *oci, json_t *root, sn_error **ret_error)
{
    static const char *const known[] = {
        "defaultAction", "defaultErrnoRet", "defaultErrno",     "architectures", "archMap",
        "flags",         "listenerPath",    "listenerMetadata", "syscalls",      NULL};
    json_t *syscalls = json_object_get(root, "syscalls"), *entry;
    size_t i;
    int r = check_keys(oci, root, known, "a seccomp profile", ret_error);

    if (r < 0 ||
        (r = read_action(oci, root, "defaultAction", "defaultErrnoRet", &oci->policy->default_action, ret_error)) < 0)
        return r;
    if (syscalls && !json_is_array(syscalls) && !json_is_null(syscalls))
        return fail(oci, ret_error, "syscalls is not a list");
    /* What is said without arguments holds whatever is said with them: first those, then the others. */
    for (int with_arguments = 0; with_arguments < 2; with_arguments++)
        json_array_foreach(syscalls, i, entry)
        {
            oci->entry = i + 1;
            r = read_entry(oci, entry, with_arguments, ret_error);
            if (r < 0)
                return r;
        }
    return 0;
}

/* The digits at `text` are a whole number above INT64_MAX that fits into 64 bits. */
static bool is_large_number(const char *text, size_t digits, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (size_t i = 0; i < digits; i++)
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
            return false;
    *ret_value = value;
    return value > INT64_MAX;
}

/*
 * Values and masks are unsigned 64-bit numbers in the spec, and jansson's integers are signed: those with the highest
 * bit set are written as the negative number with the same bits. Only what is not JSON could be changed in meaning by
 * looking at characters instead of tokens, and jansson refuses that with or without it.
 */
static void fold_large_numbers(const char *text, size_t length, struct sn__buffer *folded)
{
    bool in_string = false;
    size_t copied = 0;

    for (size_t at = 0; at < length; at++) {
        size_t digits = 0;
        uint64_t value;

        if (text[at] == '"')
            in_string = !in_string;
        else if (text[at] == '\\' && in_string)
            at++;
        if (in_string || !isdigit((unsigned char)text[at]))
            continue;
        while (at + digits < length && isdigit((unsigned char)text[at + digits]))
            digits++;
        /* not a part of -1, 1.0 or 1e1, and no leading zero, which would not be JSON */
        if ((at == 0 || !strchr("+-.eE", text[at - 1])) && text[at] != '0' &&
            (at + digits == length || !strchr(".eE", text[at + digits])) &&
            is_large_number(text + at, digits, &value)) {
            sn__buffer_add(folded, text + copied, at - copied);
            sn__buffer_addf(folded, "%" PRId64, (int64_t)value);
            copied = at + digits;
        }
        at += digits - 1;
    }
    sn__buffer_add(folded, text + copied, length - copied);
}

int sn__policy_parse_oci(sn_policy *policy, const char *text, size_t length, const char *label, sn_error **ret_error)
{
    struct oci oci = {.policy = policy, .label = label};
    cleanup_buffer struct sn__buffer folded = {0};
    json_error_t where;
    json_t *root;
    int r;

    fold_large_numbers(text, length, &folded);
    if (folded.failed)
        return sn__error_nomem(ret_error);
    errno = 0;
    root = json_loadb(folded.data, folded.length, JSON_REJECT_DUPLICATES, &where);
    /* jansson takes what it had no memory for as a wrong token: only malloc() itself tells */
    if (!root && errno == ENOMEM)
        return sn__error_nomem(ret_error);
    if (!root)
        return sn__error_parse(ret_error, "parse policy", (uint32_t)where.line, (uint32_t)where.column, "%s:%d:%d: %s",
                               label, where.line, where.column, where.text);
    r = sn__policy_add_file(policy, label) < 0 ? sn__error_nomem(ret_error) : read_root(&oci, root, ret_error);
    json_decref(root);
    return r;
}
