/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include "hostfiles.h"
#include "message.h"
#include "options.h"
#include "session.h"
#include "signals.h"

#include <errno.h>
#include <string.h>

/* What a command sees when the caller says nothing; sentinel/run.h documents the same. */
static const char *const default_env[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/work",
    "LANG=C.UTF-8",
};

static bool is_set(const struct string_list *env, const char *variable)
{
    size_t name_length = strcspn(variable, "=") + 1;

    for (size_t i = 0; i < env->count; i++) {
        if (strncmp(env->items[i], variable, name_length) == 0)
            return true;
    }
    return false;
}

static void make_env(const struct string_list *asked, struct string_list *env)
{
    for (size_t i = 0; i < ARRAY_SIZE(default_env); i++) {
        if (!is_set(asked, default_env[i]))
            string_list_add(env, default_env[i]);
    }
    for (size_t i = 0; i < asked->count; i++)
        string_list_add(env, asked->items[i]);
}

static int put_files(const struct session *session, const struct host_files *files, sn_sandbox *sandbox)
{
    for (size_t i = 0; i < files->count; i++) {
        const sn_file *file = &files->items[i];
        sn_error *error = NULL;

        if (sn_sandbox_put(sandbox, file->path, file->data, file->length, file->mode, &error) < 0) {
            cleanup_free char *what = xprintf("--file: %s", file->path);

            return session_error(session, status_of_error(error), what, error);
        }
    }
    return 0;
}

static int run_command(struct session *session, sn_sandbox *sandbox)
{
    const struct settings *settings = session->settings;
    struct string_list env = {0};
    sn_run_options options;
    sn_running *running = NULL;
    sn_error *error = NULL;
    int code;

    make_env(&settings->env, &env);
    session_run_options(session, &options);
    options.argv = settings->operands.items;
    options.envp = env.items;
    options.cwd = settings->cwd;
    code = sn_run_start(sandbox, &options, &running, &error);
    free(env.items);
    if (code < 0)
        return session_not_started(session, error);
    return session_finish(session, running, sandbox);
}

static int create_and_run(struct session *session, const struct host_files *files)
{
    struct sandbox_setup setup;
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    int status;
    int code;

    sandbox_setup_fill(&setup, session->settings, &session->run_limits);
    if (signals_install() < 0) {
        say("cannot prepare for signals: %s", strerror(errno));
        sandbox_setup_clear(&setup);
        return STATUS_INTERNAL;
    }
    code = sn_sandbox_create(&setup.options, &sandbox, &error);
    sandbox_setup_clear(&setup);
    if (code < 0)
        return session_no_sandbox(session, error);
    status = put_files(session, files, sandbox);
    if (status == 0)
        status = signals_caught() ? 128 + signals_caught() : run_command(session, sandbox);
    sn_sandbox_destroy(sandbox);
    return status;
}

int cmd_exec(struct cli *cli, int argc, char **argv)
{
    struct settings settings;
    struct session session = {.stdin_fd = -1};
    struct host_files files = {0};
    int status = parse_options(cli, FOR_EXEC, argc, argv, &settings);

    if (status != OPTIONS_GO)
        goto out;
    if (!settings.operands.count) {
        status = fail(cli, STATUS_USAGE, "command line",
                      "exec needs a COMMAND, as in: sentinel exec -- /bin/ls; \"sentinel exec --help\" tells more");
        goto out;
    }
    status = session_open(&session, cli, &settings, false);
    if (status == 0)
        status = host_files_collect(cli, &settings, NULL, &files);
    if (status == 0) {
        resolve_limits(&settings.limits, NULL, &session.run_limits);
        status = create_and_run(&session, &files);
    }
out:
    session_close(&session);
    host_files_clear(&files);
    settings_clear(&settings);
    return status;
}
