/* SPDX-License-Identifier: MIT */
#include "session.h"

#include "hostfiles.h"
#include "message.h"
#include "output_json.h"
#include "output_text.h"
#include "passthrough.h"
#include "policyfile.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What the program will read: a file, our own stdin, or nothing. */
static int open_stdin(struct session *session, bool source_is_stdin)
{
    const struct cli *cli = session->cli;
    const char *path = session->settings->stdin_path;
    struct stat status;

    session->stdin_fd = -1;
    if (path) {
        session->stdin_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (session->stdin_fd < 0)
            return fail(cli, STATUS_USAGE, "open stdin", "--stdin %s: %s", path, strerror(errno));
    } else if (source_is_stdin) {
        return 0;
    } else if (cli->stdin_unusable) {
        return fail(cli, STATUS_USAGE, "open stdin",
                    "standard input is closed (or not open for reading); give the program an empty one with "
                    "</dev/null, or a file with --stdin FILE");
    } else {
        session->stdin_fd = STDIN_FILENO;
    }
    if (fstat(session->stdin_fd, &status) == 0 && S_ISDIR(status.st_mode))
        return fail(cli, STATUS_USAGE, "open stdin", "%s%s: is a directory", path ? "--stdin " : "standard input",
                    path ? path : "");
    return 0;
}

int session_open(struct session *session, struct cli *cli, struct settings *settings, bool source_is_stdin)
{
    int status;

    memset(session, 0, sizeof(*session));
    session->cli = cli;
    session->settings = settings;
    session->stdin_fd = -1;
    status = open_stdin(session, source_is_stdin);
    if (status == 0)
        status = check_gets(cli, settings);
    if (status == 0)
        status = policy_load_settings(cli, settings, &session->policy);
    return status;
}

void session_close(struct session *session)
{
    if (session->stdin_fd > STDERR_FILENO)
        close(session->stdin_fd);
    sn_policy_free(session->policy);
    session->stdin_fd = -1;
    session->policy = NULL;
}

void session_run_options(const struct session *session, sn_run_options *options)
{
    sn_run_options_init(options);
    options->limits = &session->run_limits;
    options->policy = session->policy;
    options->cancel_fd = signals_cancel_fd();
    options->stdin_mode = session->stdin_fd >= 0 ? SN_STDIN_FEED : SN_STDIN_DATA;
    options->output_mode = session->cli->json ? SN_OUTPUT_CAPTURE : SN_OUTPUT_STREAM;
}

int session_error(const struct session *session, int status, const char *what, sn_error *error)
{
    if (signals_caught()) {
        sn_error_free(error);
        return 128 + signals_caught();
    }
    return fail_error(session->cli, status, what, NULL, error);
}

/* --get, all of them. In a JSON document each is an entry, with the error if there was one. */
static int take_files(struct session *session, sn_sandbox *sandbox, json_t *files)
{
    struct cli quiet = *session->cli;
    int worst = 0;

    quiet.json = false;
    for (size_t i = 0; i < session->settings->get_count; i++) {
        const struct transfer *get = &session->settings->gets[i];
        size_t length = 0;
        int status = take_file(&quiet, session->settings, i, sandbox, &length);

        if (status)
            worst = status;
        json_array_append_new(files,
                              json_pack("{s:o, s:o, s:o}", "name", json_text(get->inside), "path", json_text(get->host),
                                        "bytes", status ? json_null() : json_integer((json_int_t)length)));
    }
    return worst;
}

static json_t *document(const struct session *session, const sn_result *decides, int status)
{
    json_t *whole = json_object();

    json_object_set_new(whole, "sentinel", json_string(sn_version_string()));
    json_object_set_new(whole, "language", session->language ? json_string(session->language) : json_null());
    json_object_set_new(whole, "verdict", json_string(sn_verdict_name(sn_result_verdict(decides))));
    json_object_set_new(whole, "exit_status", json_integer(status));
    json_object_set_new(whole, "compile",
                        session->compile ? json_step(session->compile, &session->compile_limits) : json_null());
    json_object_set_new(whole, "compile_cached", json_boolean(session->compile_is_cached));
    return whole;
}

/* The one note that explains a program's own failure: a fork that it was refused. */
static void say_refused_processes(const sn_result *result)
{
    static const char prefix[] = "processes: ";
    const char *note = sn_result_notes(result);

    while (*note) {
        size_t length = strcspn(note, "\n");

        if (strncmp(note, prefix, strlen(prefix)) == 0 && sn_result_verdict(result) == SN_VERDICT_RUNTIME_ERROR)
            say("note: %.*s", (int)length, note);
        note += length + (note[length] == '\n');
    }
}

/* Says on stderr what the sandbox could not say in its verdict, then the verdict. */
static void print_summary(const struct session *session, const char *step, const sn_result *result,
                          const sn_limits *limits, const sn_result *compile, bool mid_line)
{
    cleanup_free char *line = NULL;

    if (session->cli->quiet)
        return;
    line = summary(step, result, limits, compile, session->compile_is_cached);
    if (mid_line)
        fputc('\n', stderr);
    say_refused_processes(result);
    say("%s", line);
}

/* A program that ended fine but whose output nobody got did not end fine. */
static int status_after_output(struct session *session, const struct passthrough *pass, int status)
{
    if (pass->output_errno == EPIPE) {
        session->cli->end_signal = SIGPIPE;
        return 128 + SIGPIPE;
    }
    if (pass->output_errno) {
        say("writing standard output: %s", strerror(pass->output_errno));
        return STATUS_INTERNAL;
    }
    return status;
}

static int report(struct session *session, sn_sandbox *sandbox, const sn_result *result, const struct passthrough *pass)
{
    bool cancelled = sn_result_verdict(result) == SN_VERDICT_CANCELLED;
    json_t *files = json_array();
    int status = status_of_result(result);
    int taken = 0;

    if (!cancelled)
        taken = take_files(session, sandbox, files);
    status = status_after_output(session, pass, status ? status : taken);
    if (signals_caught())
        status = 128 + signals_caught();
    if (session->cli->json) {
        json_t *whole = document(session, result, status);

        json_object_set_new(whole, "run", json_step(result, &session->run_limits));
        json_object_set(whole, "files", files);
        if (json_print(whole) < 0)
            status = STATUS_INTERNAL;
    } else {
        print_summary(session, NULL, result, &session->run_limits, session->compile, pass->mid_line);
    }
    json_decref(files);
    return status;
}

/* Is the path that the sandbox tripped over one that the caller gave? */
static bool is_about_callers_path(const struct settings *settings, const sn_error *error)
{
    static const int faults[] = {ENOENT, ENOTDIR, EISDIR, EACCES, ELOOP, ENAMETOOLONG, EEXIST, EROFS, EINVAL};
    static const char mount_step[] = "mount ";
    const char *step = sn_error_step(error);
    bool is_fault = sn_error_errno(error) == 0;

    for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
        is_fault |= sn_error_errno(error) == faults[i];
    if (sn_error_code(error) != SN_ESYS || !is_fault)
        return false;
    if (strcmp(step, "change directory") == 0)
        return settings->cwd != NULL;
    for (size_t i = 0; i < settings->bind_count; i++) {
        const struct bind *bind = &settings->binds[i];

        if (strncmp(step, mount_step, strlen(mount_step)) == 0 &&
            strcmp(step + strlen(mount_step), bind->target ? bind->target : bind->source) == 0)
            return true;
    }
    return false;
}

int session_no_sandbox(const struct session *session, sn_error *error)
{
    int status = is_about_callers_path(session->settings, error) ? STATUS_USAGE : status_of_error(error);

    return session_error(session, status, NULL, error);
}

static int status_of_start(const struct settings *settings, const sn_error *error)
{
    if (is_about_callers_path(settings, error))
        return STATUS_USAGE;
    switch (sn_error_code(error)) {
    case SN_ENOENT:
        return STATUS_NOT_FOUND;
    case SN_EINVAL:
        return STATUS_USAGE;
    default:
        /* everything before the exec is the sandbox's affair, the exec itself is the command's */
        return strcmp(sn_error_step(error), "exec") == 0 ? STATUS_CANNOT_EXECUTE : STATUS_INTERNAL;
    }
}

int session_not_started(const struct session *session, sn_error *error)
{
    const char *command = session->language ? NULL : session->settings->operands.items[0];
    int status = status_of_start(session->settings, error);

    /* our own trouble is not about the command */
    if (status == STATUS_INTERNAL || strcmp(sn_error_step(error), "change directory") == 0)
        command = NULL;
    return session_error(session, status, command, error);
}

int session_finish(struct session *session, sn_running *running, sn_sandbox *sandbox)
{
    struct passthrough pass = {.stdin_fd = session->stdin_fd, .forward = !session->cli->json};
    sn_error *error = NULL;
    sn_result *result = NULL;
    int status;
    int code;

    code = passthrough_drive(&pass, running, &error);
    if (code == 0)
        code = sn_run_wait(running, &result, &error);
    sn_running_free(running);
    if (code < 0) {
        return session_not_started(session, error);
    }
    status = report(session, sandbox, result, &pass);
    sn_result_free(result);
    return status;
}

int session_not_runnable(struct session *session)
{
    int status = sn_result_verdict(session->compile) == SN_VERDICT_INTERNAL_ERROR ? STATUS_INTERNAL : STATUS_COMPILE;

    if (signals_caught())
        status = 128 + signals_caught();
    if (session->cli->json) {
        json_t *whole = document(session, session->compile, status);

        json_object_set_new(whole, "run", json_null());
        json_object_set_new(whole, "files", json_array());
        if (json_print(whole) < 0)
            status = STATUS_INTERNAL;
    } else {
        print_summary(session, "compile", session->compile, &session->compile_limits, NULL, false);
    }
    return status;
}
