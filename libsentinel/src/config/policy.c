/* SPDX-License-Identifier: MIT */
#include "config/policy.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/datadir.h"
#include "base/error.h"
#include "base/file.h"
#include "config/policy_names.h"
#include "plan/seccomp_compile.h"

#include <ctype.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/stat.h>

#define cleanup_policy __attribute__((cleanup(cleanup_policy_pointer)))

static void cleanup_policy_pointer(sn_policy **policy)
{
    sn_policy_free(*policy);
}

int sn__policy_new(const char *name, sn_policy **ret_policy, sn_error **ret_error)
{
    cleanup_policy sn_policy *policy = calloc(1, sizeof(*policy));

    if (!policy)
        return sn__error_nomem(ret_error);
    atomic_init(&policy->references, 1);
    policy->name = strdup(name);
    if (!policy->name)
        return sn__error_nomem(ret_error);
    *ret_policy = steal_ptr(&policy);
    return 0;
}

sn_policy *sn_policy_ref(sn_policy *policy)
{
    if (policy)
        atomic_fetch_add_explicit(&policy->references, 1, memory_order_relaxed);
    return policy;
}

void sn_policy_free(sn_policy *policy)
{
    struct sn__policy_expr *next;

    if (!policy || atomic_fetch_sub_explicit(&policy->references, 1, memory_order_acq_rel) > 1)
        return;
    for (struct sn__policy_expr *node = policy->nodes; node; node = next) {
        next = node->next;
        free(node);
    }
    for (size_t i = 0; i < policy->files_count; i++)
        free(policy->files[i]);
    free(policy->files);
    free(policy->rules);
    free(policy->name);
    free(atomic_load(&policy->compiled));
    free(policy);
}

const char *sn_policy_name(const sn_policy *policy)
{
    return policy ? policy->name : "";
}

int sn__policy_add_file(sn_policy *policy, const char *name)
{
    char **larger = realloc(policy->files, (policy->files_count + 1) * sizeof(*larger));
    char *copy = strdup(name);

    if (larger)
        policy->files = larger;
    if (!larger || !copy) {
        free(copy);
        return -1;
    }
    larger[policy->files_count] = copy;
    return (int)policy->files_count++;
}

static int refuse_unreachable(const sn_policy *policy, const struct sn__policy_rule *earlier,
                              const struct sn__policy_rule *rule, sn_error **ret_error)
{
    char name[64];

    if (!sn__syscall_name(seccomp_arch_native(), rule->number, name, sizeof(name)))
        snprintf(name, sizeof(name), "SYSCALL[%d]", rule->number);
    return sn__error_parse(ret_error, "parse policy", rule->line, rule->column,
                           "%s:%u:%u: %s is already decided without condition at %s:%u:%u, so this rule could never "
                           "take effect; remove one of them",
                           policy->files[rule->file], rule->line, rule->column, name, policy->files[earlier->file],
                           earlier->line, earlier->column);
}

int sn__policy_add_rule(sn_policy *policy, const struct sn__policy_rule *rule, sn_error **ret_error)
{
    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct sn__policy_rule *earlier = &policy->rules[i];

        if (earlier->number != rule->number)
            continue;
        if (earlier->file == rule->file && earlier->line == rule->line && earlier->column == rule->column)
            return 0;
        if (!earlier->condition)
            return refuse_unreachable(policy, earlier, rule, ret_error);
    }
    if (policy->rules_count == SN__POLICY_RULES_MAX)
        return sn__error_parse(ret_error, "parse policy", rule->line, rule->column, "%s:%u:%u: more than %d rules",
                               policy->files[rule->file], rule->line, rule->column, SN__POLICY_RULES_MAX);
    if (policy->rules_count == policy->rules_capacity) {
        size_t capacity = policy->rules_capacity ? policy->rules_capacity * 2 : 64;
        struct sn__policy_rule *larger = realloc(policy->rules, capacity * sizeof(*larger));

        if (!larger)
            return sn__error_nomem(ret_error);
        policy->rules = larger;
        policy->rules_capacity = capacity;
    }
    policy->rules[policy->rules_count++] = *rule;
    return 0;
}

static int parse(const char *text, size_t length, const char *name, const char *label, const char *directory,
                 sn_policy **ret_policy, sn_error **ret_error)
{
    cleanup_policy sn_policy *policy = NULL;
    size_t first = 0;
    int r;

    if (length > SN__POLICY_FILE_MAX)
        return sn__error_set(ret_error, SN_ELIMIT, "parse policy", "%s is larger than 1 MiB", label);
    r = sn__policy_new(name, &policy, ret_error);
    if (r < 0)
        return r;
    while (first < length && isspace((unsigned char)text[first]))
        first++;
    if (first < length && text[first] == '{')
        r = sn__policy_parse_oci(policy, text, length, label, ret_error);
    else
        r = sn__policy_parse_kafel(policy, text, length, label, directory, ret_error);
    if (r < 0)
        return r;
    *ret_policy = steal_ptr(&policy);
    return 0;
}

int sn_policy_parse(const char *text, size_t length, const char *label, sn_policy **ret_policy, sn_error **ret_error)
{
    if (!text || !ret_policy)
        return sn__error_set(ret_error, SN_EINVAL, "parse policy", "text and ret_policy must not be NULL");
    if (!label)
        label = "policy";
    return parse(text, length, label, label, NULL, ret_policy, ret_error);
}

static int load_path(const char *path, const char *name, sn_policy **ret_policy, sn_error **ret_error)
{
    cleanup_free char *text = NULL, *directory = strdup(path);
    struct stat about;
    size_t length;
    char *slash;
    int r;

    if (!directory)
        return sn__error_nomem(ret_error);
    slash = strrchr(directory, '/');
    if (slash)
        slash[slash == directory] = '\0';
    /* A FIFO would block the caller for ever, a device never end. */
    if (stat(path, &about) < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? sn__error_set(ret_error, SN_ENOENT, "load policy", "there is no policy file %s", path)
                   : sn__error_errno(ret_error, errno, "load policy", "cannot read the policy %s", path);
    if (!S_ISREG(about.st_mode))
        return sn__error_set(ret_error, SN_EINVAL, "load policy", "the policy %s is not a regular file", path);
    r = sn__file_read_at(AT_FDCWD, path, SN__POLICY_FILE_MAX, &text, &length);
    if (r == -EFBIG)
        return sn__error_set(ret_error, SN_ELIMIT, "load policy", "the policy %s is larger than 1 MiB", path);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "load policy", "cannot read the policy %s", path);
    return parse(text, length, name, path, slash ? directory : ".", ret_policy, ret_error);
}

static int no_such_policy(const char *name, sn_error **ret_error)
{
    return sn__error_set(ret_error, SN_ENOENT, "load policy",
                         "there is no policy \"%s\" in %s (a file of your own needs a slash in its name: ./%s)", name,
                         sn__datadir(), name);
}

int sn_policy_load(const char *name, sn_policy **ret_policy, sn_error **ret_error)
{
    static const char *const suffixes[] = {".policy", ".json"};

    if (!name || !ret_policy)
        return sn__error_set(ret_error, SN_EINVAL, "load policy", "name and ret_policy must not be NULL");
    if (strchr(name, '/'))
        return load_path(name, name, ret_policy, ret_error);
    if (!*name || *name == '.')
        return no_such_policy(name, ret_error);
    for (size_t i = 0; i < SN_ARRAY_SIZE(suffixes); i++) {
        cleanup_free char *path = NULL;

        if (asprintf(&path, "%s/%s%s", sn__datadir(), name, suffixes[i]) < 0) {
            path = NULL;
            return sn__error_nomem(ret_error);
        }
        if (access(path, F_OK) == 0)
            return load_path(path, name, ret_policy, ret_error);
    }
    return no_such_policy(name, ret_error);
}

int sn_policy_compile(const sn_policy *policy, void **ret_bpf, size_t *ret_size, sn_error **ret_error)
{
    struct sn__bpf bpf = {0};
    int r;

    if (!policy || !ret_bpf || !ret_size)
        return sn__error_set(ret_error, SN_EINVAL, "compile policy", "policy, ret_bpf and ret_size must not be NULL");
    r = sn__seccomp_compile(policy, &bpf, ret_error);
    if (r < 0)
        return r;
    *ret_bpf = bpf.instructions;
    *ret_size = bpf.count * sizeof(struct sock_filter);
    return 0;
}
