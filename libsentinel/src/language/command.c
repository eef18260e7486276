/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/error.h"
#include "language/language.h"

#include <string.h>

/* What a run gets when its caller gives no environment; manifests and callers add to it. */
static const char *const base_env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/work", "LANG=C.UTF-8"};

static size_t list_length(const char *const *list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

static void list_free(char **list)
{
    for (char **entry = list; entry && *entry; entry++)
        free(*entry);
    free(list);
}

static bool append(char **list, size_t *count, char *text)
{
    if (!text)
        return false;
    list[(*count)++] = text;
    return true;
}

static bool append_all(char **list, size_t *count, const char *const *texts)
{
    for (; texts && *texts; texts++) {
        if (!append(list, count, strdup(*texts)))
            return false;
    }
    return true;
}

/* Puts NAME=value in, in place of an earlier one of that name. */
static bool set_variable(char **list, size_t *count, char *text)
{
    size_t name;

    if (!text)
        return false;
    name = strcspn(text, "=");
    for (size_t i = 0; i < *count; i++) {
        if (strncmp(list[i], text, name) == 0 && list[i][name] == text[name]) {
            free(list[i]);
            list[i] = text;
            return true;
        }
    }
    return append(list, count, text);
}

static bool append_prepared(char **list, size_t *count, const struct sn__manifest_additions *prepared,
                            const char *source, const sn_limits *limits)
{
    for (uint32_t i = 0; prepared && i < prepared->args_count; i++) {
        if (!append(list, count, sn__template_expand(prepared->args[i], source, limits)))
            return false;
    }
    return true;
}

static bool make_argv(const struct sn__manifest_step *step, const char *source, const sn_limits *limits,
                      const struct sn__manifest_additions *prepared, const char *const *args, char **argv)
{
    bool placed = false;
    size_t count = 0;

    for (uint32_t i = 0; i < step->command_count; i++) {
        if (strcmp(step->command[i], SN__TEMPLATE_ARGS) == 0) {
            placed = true;
            if (!append_all(argv, &count, args))
                return false;
        } else if (strcmp(step->command[i], SN__TEMPLATE_PREPARED) == 0) {
            if (!append_prepared(argv, &count, prepared, source, limits))
                return false;
        } else if (!append(argv, &count, sn__template_expand(step->command[i], source, limits))) {
            return false;
        }
    }
    return placed || append_all(argv, &count, args);
}

static bool make_envp(const struct sn__manifest_step *step, const char *source, const sn_limits *limits,
                      const struct sn__manifest_additions *prepared, const char *const *env, char **envp)
{
    size_t count = 0;

    for (size_t i = 0; i < SN_ARRAY_SIZE(base_env); i++) {
        if (!set_variable(envp, &count, strdup(base_env[i])))
            return false;
    }
    for (uint32_t i = 0; i < step->env_count; i++) {
        if (!set_variable(envp, &count, sn__template_expand(step->env[i], source, limits)))
            return false;
    }
    for (uint32_t i = 0; prepared && i < prepared->env_count; i++) {
        if (!set_variable(envp, &count, sn__template_expand(prepared->env[i], source, limits)))
            return false;
    }
    for (; env && *env; env++) {
        if (!set_variable(envp, &count, strdup(*env)))
            return false;
    }
    return true;
}

int sn__language_command_make(const struct sn__manifest_step *step, const char *source, const sn_limits *limits,
                              const struct sn__manifest_additions *prepared, const char *const *args,
                              const char *const *env, struct sn__language_command *ret_command, sn_error **ret_error)
{
    /* {args} may stand in the command more than once, and so may {prepared} */
    size_t places = 1, arg_count = list_length(args) + (prepared ? prepared->args_count : 0);
    size_t env_count = list_length(env) + (prepared ? prepared->env_count : 0);
    struct sn__language_command command;

    for (uint32_t i = 0; i < step->command_count; i++)
        places +=
            strcmp(step->command[i], SN__TEMPLATE_ARGS) == 0 || strcmp(step->command[i], SN__TEMPLATE_PREPARED) == 0;
    command.argv = calloc(step->command_count + places * arg_count + 1, sizeof(*command.argv));
    command.envp = calloc(SN_ARRAY_SIZE(base_env) + step->env_count + env_count + 1, sizeof(*command.envp));
    if (!command.argv || !command.envp || !make_argv(step, source, limits, prepared, args, command.argv) ||
        !make_envp(step, source, limits, prepared, env, command.envp)) {
        sn__language_command_clear(&command);
        return sn__error_nomem(ret_error);
    }
    *ret_command = command;
    return 0;
}

void sn__language_command_clear(struct sn__language_command *command)
{
    list_free(command->argv);
    list_free(command->envp);
    *command = (struct sn__language_command){0};
}
