/* SPDX-License-Identifier: MIT */
#include "config/policy.h"

#include "base/cleanup.h"
#include "base/datadir.h"
#include "base/error.h"
#include "base/file.h"
#include "config/policy_kafel.h"
#include "config/policy_names.h"

#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/stat.h>

/*
 * A recursive-descent parser. Rules outside of a POLICY block belong to the top-level policy, which is the result;
 * USE copies the rules of a block to where it stands. A file is read once, however often it is included.
 */

#define DEPTH_MAX 16 /* of includes */
#define FILES_MAX 64 /* included by one policy, all together */

int sn__kafel_fail(const struct sn__kafel *k, const struct sn__token *at, sn_error **ret_error, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return sn__error_parse(ret_error, "parse policy", at->line, at->column, "%s:%u:%u: %s", k->lexer.label, at->line,
                           at->column, text);
}

int sn__kafel_advance(struct sn__kafel *k, sn_error **ret_error)
{
    return sn__lexer_next(&k->lexer, &k->token, ret_error);
}

bool sn__kafel_is(const struct sn__kafel *k, const char *name)
{
    return k->token.kind == SN__TOKEN_NAME && k->token.length == strlen(name) &&
           memcmp(k->token.text, name, k->token.length) == 0;
}

int sn__kafel_unexpected(const struct sn__kafel *k, const char *wanted, sn_error **ret_error)
{
    if (k->token.kind == SN__TOKEN_END)
        return sn__kafel_fail(k, &k->token, ret_error, "the text ends where %s was expected", wanted);
    return sn__kafel_fail(k, &k->token, ret_error, "\"%.*s\" stands where %s was expected",
                          k->token.length > 40 ? 40 : (int)k->token.length, k->token.text, wanted);
}

int sn__kafel_expect(struct sn__kafel *k, int kind, const char *wanted, sn_error **ret_error)
{
    if (k->token.kind != kind)
        return sn__kafel_unexpected(k, wanted, ret_error);
    return sn__kafel_advance(k, ret_error);
}

int sn__kafel_copy_name(const struct sn__kafel *k, char *ret_name, size_t size, const char *wanted,
                        sn_error **ret_error)
{
    if (k->token.kind != SN__TOKEN_NAME)
        return sn__kafel_unexpected(k, wanted, ret_error);
    if (k->token.length >= size)
        return sn__kafel_fail(k, &k->token, ret_error, "this name is longer than %zu characters", size - 1);
    memcpy(ret_name, k->token.text, k->token.length);
    ret_name[k->token.length] = '\0';
    return 0;
}

/* An action: its name, and for ERRNO and TRAP a number in parentheses. */
static int parse_action(struct sn__kafel *k, struct sn__policy_action *ret_action, sn_error **ret_error)
{
    static const struct {
        const char *name;
        enum sn__policy_action_kind kind;
    } actions[] = {
        {"ALLOW", SN__ACTION_ALLOW},     {"LOG", SN__ACTION_LOG},           {"KILL", SN__ACTION_KILL},
        {"DENY", SN__ACTION_KILL},       {"KILL_PROCESS", SN__ACTION_KILL}, {"KILL_THREAD", SN__ACTION_KILL},
        {"USER_NOTIF", SN__ACTION_KILL}, {"ERRNO", SN__ACTION_ERRNO},       {"TRAP", SN__ACTION_TRAP},
    };
    struct sn__token at = k->token;
    size_t i = 0;
    uint64_t value = 0;
    int r;

    while (i < SN_ARRAY_SIZE(actions) && !sn__kafel_is(k, actions[i].name))
        i++;
    if (i == SN_ARRAY_SIZE(actions))
        return sn__kafel_is(k, "TRACE")
                   ? sn__kafel_fail(k, &at, ret_error, "TRACE needs a tracer and there is none in a sandbox; use KILL")
                   : sn__kafel_unexpected(k, "an action (ALLOW, KILL, ERRNO(n), TRAP(n), LOG)", ret_error);
    r = sn__kafel_advance(k, ret_error);
    if (r < 0)
        return r;
    if (actions[i].kind == SN__ACTION_ERRNO || actions[i].kind == SN__ACTION_TRAP) {
        if ((r = sn__kafel_expect(k, '(', "( with a number", ret_error)) < 0 ||
            (r = sn__kafel_constant(k, &value, ret_error)) < 0)
            return r;
        /* The kernel cuts a larger errno down to this one, which no libc takes for an error any more. */
        if (value > (actions[i].kind == SN__ACTION_ERRNO ? 4095 : 65535))
            return sn__kafel_fail(k, &at, ret_error, "the number of %s is too large", actions[i].name);
        r = sn__kafel_expect(k, ')', ")", ret_error);
        if (r < 0)
            return r;
    }
    *ret_action = (struct sn__policy_action){.kind = actions[i].kind, .value = (uint32_t)value};
    return 0;
}

static int unknown_syscall(const struct sn__kafel *k, const struct sn__token *at, const char *name, int32_t number,
                           sn_error **ret_error)
{
    char nearest[64];

    if (number == SN__SYSCALL_ELSEWHERE)
        return sn__kafel_fail(k, at, ret_error,
                              "the system call %s does not exist on this architecture; write %s? if it may be absent",
                              name, name);
    if (sn__syscall_nearest(name, nearest, sizeof(nearest)))
        return sn__kafel_fail(k, at, ret_error,
                              "there is no system call %s; did you mean %s? (%s? if it may be absent)", name, nearest,
                              name);
    return sn__kafel_fail(k, at, ret_error, "there is no system call %s; write %s? if it may be absent", name, name);
}

/* `ON x86_64` or `ON { x86_64, aarch64 }`: elsewhere the rule does not exist. */
static int parse_architectures(struct sn__kafel *k, bool *ret_native, sn_error **ret_error)
{
    bool native = false, braces;
    int r = sn__kafel_advance(k, ret_error);

    braces = r == 0 && k->token.kind == '{';
    if (braces)
        r = sn__kafel_advance(k, ret_error);
    while (r == 0) {
        char name[32];

        r = sn__kafel_copy_name(k, name, sizeof(name), "the name of an architecture", ret_error);
        if (r < 0)
            return r;
        if (!seccomp_arch_resolve_name(name))
            return sn__kafel_fail(k, &k->token, ret_error, "there is no architecture %s", name);
        native |= seccomp_arch_resolve_name(name) == seccomp_arch_native();
        r = sn__kafel_advance(k, ret_error);
        if (r < 0 || !braces || k->token.kind != ',')
            break;
        r = sn__kafel_advance(k, ret_error);
    }
    if (r == 0 && braces)
        r = sn__kafel_expect(k, '}', "}", ret_error);
    *ret_native = native;
    return r;
}

/* The call of a rule: a name, a number by #define, or SYSCALL[n]. */
static int parse_syscall(struct sn__kafel *k, struct sn__policy_rule *rule, char *ret_name, size_t size,
                         sn_error **ret_error)
{
    struct sn__token at = k->token;
    const struct sn__kafel_define *define;
    uint64_t number;
    int r = sn__kafel_copy_name(k, ret_name, size, "the name of a system call", ret_error);

    if (r < 0 || (r = sn__kafel_advance(k, ret_error)) < 0)
        return r;
    define = sn__kafel_find_define(k, ret_name);
    if (define || (strcmp(ret_name, "SYSCALL") == 0 && k->token.kind == '[')) {
        if (define)
            number = define->value;
        else if ((r = sn__kafel_advance(k, ret_error)) < 0 || (r = sn__kafel_constant(k, &number, ret_error)) < 0 ||
                 (r = sn__kafel_expect(k, ']', "]", ret_error)) < 0)
            return r;
        if (number > INT32_MAX)
            return sn__kafel_fail(k, &at, ret_error, "no system call can have this number");
        if (number >= SN__SYSCALL_X32_BEGIN)
            return sn__kafel_fail(k, &at, ret_error,
                                  "this is a number of x32: calls by foreign ABIs are denied, whatever a policy says");
        rule->number = (int32_t)number;
        if (!sn__syscall_name(seccomp_arch_native(), rule->number, ret_name, size))
            ret_name[0] = '\0';
    } else {
        rule->number = sn__syscall_number(ret_name);
    }
    if (k->token.kind == '?') {
        rule->optional = true;
        r = sn__kafel_advance(k, ret_error);
    } else if (rule->number == SN__SYSCALL_UNKNOWN) {
        /* one of another architecture may still be excused by an ON guard */
        return unknown_syscall(k, &at, ret_name, rule->number, ret_error);
    }
    return r;
}

static int parse_rule(struct sn__kafel *k, struct sn__policy_action action, sn_policy *into, sn_error **ret_error)
{
    struct sn__token at = k->token;
    struct sn__policy_rule rule = {.action = action, .file = k->file, .line = at.line, .column = at.column};
    struct sn__policy_expr *condition = NULL;
    bool native = true;
    char name[64];
    int r = parse_syscall(k, &rule, name, sizeof(name), ret_error);

    if (r < 0 || (r = sn__kafel_arguments(k, name, ret_error)) < 0)
        return r;
    if (k->token.kind == '{' && (r = sn__kafel_condition(k, &condition, ret_error)) < 0)
        return r;
    if (sn__kafel_is(k, "ON") && (r = parse_architectures(k, &native, ret_error)) < 0)
        return r;
    if (!native || (rule.number < 0 && rule.optional))
        return 0;
    if (rule.number < 0)
        return unknown_syscall(k, &at, name, rule.number, ret_error);
    rule.condition = condition;
    return sn__policy_add_rule(into, &rule, ret_error);
}

static int parse_rules(struct sn__kafel *k, sn_policy *into, sn_error **ret_error)
{
    struct sn__policy_action action;
    int r = parse_action(k, &action, ret_error);

    if (r < 0 || (r = sn__kafel_expect(k, '{', "{", ret_error)) < 0)
        return r;
    while (k->token.kind != '}') {
        r = parse_rule(k, action, into, ret_error);
        if (r < 0)
            return r;
        if (k->token.kind == ',')
            r = sn__kafel_advance(k, ret_error);
        else if (k->token.kind != '}')
            r = sn__kafel_unexpected(k, ", or }", ret_error);
        if (r < 0)
            return r;
    }
    return sn__kafel_advance(k, ret_error);
}

static struct sn__kafel_block *find_block(const struct sn__kafel *k, const char *name)
{
    for (struct sn__kafel_block *block = k->shared->blocks; block; block = block->next)
        if (strcmp(block->name, name) == 0)
            return block;
    return NULL;
}

/* USE a, b: the rules of these blocks, here. */
static int parse_use(struct sn__kafel *k, sn_policy *into, sn_error **ret_error)
{
    int r;

    do {
        struct sn__kafel_block *block;
        char name[64];

        if ((r = sn__kafel_advance(k, ret_error)) < 0 ||
            (r = sn__kafel_copy_name(k, name, sizeof(name), "the name of a policy", ret_error)) < 0)
            return r;
        block = find_block(k, name);
        if (!block)
            return sn__kafel_fail(k, &k->token, ret_error, "there is no POLICY %s above this line", name);
        if (&block->rules == into)
            return sn__kafel_fail(k, &k->token, ret_error, "POLICY %s uses itself", name);
        block->is_used = true;
        for (size_t i = 0; i < block->rules.rules_count; i++) {
            r = sn__policy_add_rule(into, &block->rules.rules[i], ret_error);
            if (r < 0)
                return r;
        }
        r = sn__kafel_advance(k, ret_error);
        if (r < 0)
            return r;
    } while (k->token.kind == ',' && into == k->shared->policy);
    return 0;
}

static int parse_block(struct sn__kafel *k, sn_error **ret_error)
{
    struct sn__kafel_block *block, *other;
    char name[64];
    int r = sn__kafel_advance(k, ret_error);

    if (r < 0 || (r = sn__kafel_copy_name(k, name, sizeof(name), "the name of the policy", ret_error)) < 0)
        return r;
    other = find_block(k, name);
    if (other)
        return sn__kafel_fail(k, &k->token, ret_error, "POLICY %s is already defined at %s:%u", name,
                              k->shared->policy->files[other->file], other->line);
    block = calloc(1, sizeof(*block));
    if (!block)
        return sn__error_nomem(ret_error);
    memcpy(block->name, name, sizeof(name));
    block->file = k->file;
    block->line = k->token.line;
    /* borrowed: add_rule() names files in its errors */
    block->rules.files = k->shared->policy->files;
    block->next = k->shared->blocks;
    k->shared->blocks = block;
    if ((r = sn__kafel_advance(k, ret_error)) < 0 || (r = sn__kafel_expect(k, '{', "{", ret_error)) < 0)
        return r;
    while (r == 0 && k->token.kind != '}') {
        if (k->token.kind == ',' || k->token.kind == ';')
            r = sn__kafel_advance(k, ret_error);
        else if (sn__kafel_is(k, "USE"))
            r = parse_use(k, &block->rules, ret_error);
        else
            r = parse_rules(k, &block->rules, ret_error);
    }
    return r < 0 ? r : sn__kafel_advance(k, ret_error);
}

static int parse_default(struct sn__kafel *k, sn_error **ret_error)
{
    struct sn__kafel_shared *shared = k->shared;
    struct sn__policy_action action;
    struct sn__token at = k->token;
    int r = sn__kafel_advance(k, ret_error);

    if (r < 0 || (r = parse_action(k, &action, ret_error)) < 0)
        return r;
    if (shared->default_line && !sn__policy_action_equal(action, shared->policy->default_action))
        return sn__kafel_fail(k, &at, ret_error, "another DEFAULT stands at %s:%u",
                              shared->policy->files[shared->default_file], shared->default_line);
    shared->default_file = k->file;
    shared->default_line = at.line;
    shared->policy->default_action = action;
    return 0;
}

static int parse_define(struct sn__kafel *k, sn_error **ret_error)
{
    struct sn__kafel_define define = {0};
    const struct sn__kafel_define *other;
    struct sn__token at;
    uint32_t line = k->token.line;
    int r = sn__kafel_advance(k, ret_error);

    at = k->token;
    if (r < 0 ||
        (r = sn__kafel_copy_name(k, define.name, sizeof(define.name), "the name of the constant", ret_error)) < 0 ||
        (r = sn__kafel_advance(k, ret_error)) < 0)
        return r;
    if (k->token.line != line)
        return sn__kafel_fail(k, &at, ret_error, "#define %s has no value on its line", define.name);
    define.file = k->file;
    define.line = at.line;
    r = sn__kafel_constant(k, &define.value, ret_error);
    if (r < 0)
        return r;
    if (k->token.line == line && k->token.kind != ';' && k->token.kind != SN__TOKEN_END)
        return sn__kafel_unexpected(k, "the end of the line", ret_error);
    other = sn__kafel_find_define(k, define.name);
    if (other && other->value != define.value)
        return sn__kafel_fail(k, &at, ret_error, "%s is already defined with another value at %s:%u", define.name,
                              k->shared->policy->files[other->file], other->line);
    return other ? 0 : sn__kafel_add_define(k, &define, ret_error);
}

static int parse_file(struct sn__kafel_shared *shared, const char *text, size_t length, const char *label,
                      const char *directory, uint32_t depth, sn_error **ret_error);

/* Finds the file of an include: beside the including one, then among the installed ones. A path, or NULL with errno. */
static char *find_include(const char *directory, const char *name)
{
    const char *places[] = {directory, sn__datadir()};

    if (name[0] == '/')
        return directory ? strdup(name) : NULL;
    for (size_t i = 0; i < SN_ARRAY_SIZE(places); i++) {
        char *path = NULL;

        if (!places[i])
            continue;
        if (asprintf(&path, "%s/%s", places[i], name) < 0)
            return NULL;
        if (access(path, F_OK) == 0)
            return path;
        free(path);
        errno = ENOENT;
    }
    return NULL;
}

static int include_file(struct sn__kafel *k, const struct sn__token *at, const char *name, sn_error **ret_error)
{
    struct sn__kafel_shared *shared = k->shared;
    cleanup_free char *path = NULL, *text = NULL, *directory = NULL;
    struct stat about;
    size_t length, seen;
    int r;

    /* A policy that came as bytes may have come from anybody: it reaches installed policies, not the file system. */
    if (!k->directory && strchr(name, '/'))
        return sn__kafel_fail(k, at, ret_error, "a policy from memory includes installed policies only, by plain name");
    errno = ENOENT;
    path = find_include(k->directory, name);
    if (!path)
        return errno == ENOMEM ? sn__error_nomem(ret_error)
                               : sn__kafel_fail(k, at, ret_error, "there is no file %s beside this one or in %s", name,
                                                sn__datadir());
    if (stat(path, &about) < 0 || !S_ISREG(about.st_mode))
        return sn__kafel_fail(k, at, ret_error, "%s is not a regular file that can be read", path);
    for (seen = 0; seen < shared->seen_count; seen++)
        if (shared->seen[seen].dev == about.st_dev && shared->seen[seen].ino == about.st_ino)
            return shared->seen[seen].open
                       ? sn__kafel_fail(k, at, ret_error, "%s includes itself through this line", path)
                       : 0;
    if (shared->seen_count == FILES_MAX || k->depth == DEPTH_MAX)
        return sn__kafel_fail(k, at, ret_error, "more than %d files are included, or more than %d deep", FILES_MAX,
                              DEPTH_MAX);
    r = sn__file_read_at(AT_FDCWD, path, SN__POLICY_FILE_MAX, &text, &length);
    if (r == -EFBIG || r == -EACCES)
        return sn__kafel_fail(k, at, ret_error, "cannot read %s: %s", path,
                              r == -EFBIG ? "larger than 1 MiB" : strerrordesc_np(-r));
    if (r < 0)
        return sn__error_errno(ret_error, -r, "parse policy", "cannot read %s", path);
    directory = strdup(path);
    if (!directory)
        return sn__error_nomem(ret_error);
    *strrchr(directory, '/') = '\0';
    shared->seen[shared->seen_count++] = (struct sn__kafel_seen){about.st_dev, about.st_ino, true};
    r = parse_file(shared, text, length, path, *directory ? directory : "/", k->depth + 1, ret_error);
    shared->seen[seen].open = false;
    return r;
}

static int parse_include(struct sn__kafel *k, sn_error **ret_error)
{
    uint32_t line = k->token.line;
    int r = sn__kafel_advance(k, ret_error);

    if (r < 0)
        return r;
    if (k->token.kind != SN__TOKEN_STRING || k->token.line != line)
        return sn__kafel_unexpected(k, "a file name in quotes", ret_error);
    while (k->token.kind == SN__TOKEN_STRING && k->token.line == line) {
        struct sn__token at = k->token;
        cleanup_free char *name = strndup(at.text, at.length);

        if (!name)
            return sn__error_nomem(ret_error);
        if ((r = include_file(k, &at, name, ret_error)) < 0 || (r = sn__kafel_advance(k, ret_error)) < 0)
            return r;
    }
    if (k->token.line == line && k->token.kind != ';' && k->token.kind != SN__TOKEN_END)
        return sn__kafel_unexpected(k, "the end of the line", ret_error);
    return 0;
}

static int parse_statement(struct sn__kafel *k, sn_error **ret_error)
{
    struct sn__token at = k->token;
    int r;

    if (at.kind == ';' || at.kind == ',')
        return sn__kafel_advance(k, ret_error);
    if (at.kind == '#') {
        r = sn__kafel_advance(k, ret_error);
        if (r < 0)
            return r;
        if (!sn__kafel_is(k, "define") && !sn__kafel_is(k, "include"))
            return sn__kafel_fail(k, &at, ret_error,
                                  "after # only define and include are known; comments are /* like this */ or // this");
    }
    if (sn__kafel_is(k, "define"))
        return parse_define(k, ret_error);
    if (sn__kafel_is(k, "include"))
        return parse_include(k, ret_error);
    if (sn__kafel_is(k, "POLICY"))
        return parse_block(k, ret_error);
    if (sn__kafel_is(k, "USE"))
        return parse_use(k, k->shared->policy, ret_error);
    if (sn__kafel_is(k, "DEFAULT"))
        return parse_default(k, ret_error);
    return parse_rules(k, k->shared->policy, ret_error);
}

static int parse_file(struct sn__kafel_shared *shared, const char *text, size_t length, const char *label,
                      const char *directory, uint32_t depth, sn_error **ret_error)
{
    struct sn__kafel k = {.shared = shared, .directory = directory, .depth = depth};
    int file = sn__policy_add_file(shared->policy, label);
    int r;

    if (file < 0)
        return sn__error_nomem(ret_error);
    k.file = (uint32_t)file;
    for (struct sn__kafel_block *block = shared->blocks; block; block = block->next)
        block->rules.files = shared->policy->files;
    sn__lexer_init(&k.lexer, label, text, length);
    r = sn__kafel_advance(&k, ret_error);
    while (r == 0 && k.token.kind != SN__TOKEN_END)
        r = parse_statement(&k, ret_error);
    return r;
}

/* The last one is most likely the whole: it may use those before it. */
static void remember_unused_block(const struct sn__kafel_shared *shared)
{
    for (const struct sn__kafel_block *block = shared->blocks; block; block = block->next)
        if (!block->is_used && block->file == 0) {
            memcpy(shared->policy->unused_block, block->name, sizeof(block->name));
            return;
        }
}

int sn__policy_parse_kafel(sn_policy *policy, const char *text, size_t length, const char *label, const char *directory,
                           sn_error **ret_error)
{
    struct sn__kafel_shared shared = {.policy = policy};
    struct stat about;
    int r;

    shared.seen = calloc(FILES_MAX, sizeof(*shared.seen));
    if (!shared.seen)
        return sn__error_nomem(ret_error);
    if (directory && stat(label, &about) == 0)
        shared.seen[shared.seen_count++] = (struct sn__kafel_seen){about.st_dev, about.st_ino, true};
    r = parse_file(&shared, text, length, label, directory, 0, ret_error);
    remember_unused_block(&shared);
    for (struct sn__kafel_block *block = shared.blocks, *next; block; block = next) {
        next = block->next;
        free(block->rules.rules);
        free(block);
    }
    free(shared.defines);
    free(shared.seen);
    return r;
}
