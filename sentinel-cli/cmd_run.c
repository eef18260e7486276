/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include "hostfiles.h"
#include "message.h"
#include "options.h"
#include "session.h"
#include "signals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct run {
    struct session session;
    struct settings settings;
    sn_languages *languages;
    const sn_language *language;
    const char *file; /* FILE */
    bool file_is_stdin;
    void *source;
    size_t source_length;
    const char *inside_name; /* of the source; NULL: the manifest's */
    struct host_files files;
};

static char *language_names(const sn_languages *languages)
{
    char *names = xstrdup("");

    for (size_t i = 0; i < sn_languages_count(languages); i++) {
        char *longer = xprintf("%s%s%s", names, *names ? ", " : "", sn_language_name(sn_languages_entry(languages, i)));

        free(names);
        names = longer;
    }
    return names;
}

/* "python" of /usr/share/sentinel/languages/python.yaml */
static bool is_named(const char *path, const char *name)
{
    static const char suffix[] = ".yaml";
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t length = strlen(name);

    return strncasecmp(base, name, length) == 0 && strcmp(base + length, suffix) == 0;
}

/*
 * No language that loaded is it. A manifest that did not load may be: that of the wanted name is the error, and if none
 * has it, they are all told before it is said that there is no such language.
 */
static int check_broken(const struct cli *cli, const struct run *run)
{
    const char *wanted = run->settings.language;
    const sn_error *error;
    const char *path;

    for (size_t i = 0; wanted && (error = sn_languages_error(run->languages, i, &path)); i++) {
        if (is_named(path, wanted))
            return fail_kept_error(cli, status_of_error(error), "--language", NULL, error);
    }
    for (size_t i = 0; (error = sn_languages_error(run->languages, i, NULL)); i++)
        say_error(error);
    return 0;
}

/* A manifest of one's own, as --policy takes a policy: what has a slash in it, or ends as manifests do. */
static bool is_manifest_path(const char *wanted)
{
    const char *dot = strrchr(wanted, '.');

    return strchr(wanted, '/') || (dot && strcmp(dot, ".yaml") == 0);
}

static int load_manifest(const struct cli *cli, struct run *run)
{
    sn_error *error = NULL;

    if (sn_languages_load(run->settings.language, &run->languages, &error) < 0)
        return fail_error(cli, status_of_error(error), "--language", NULL, error);
    if (sn_languages_count(run->languages) != 1)
        return fail(cli, STATUS_USAGE, "choose language", "--language %s: a directory; name one manifest of it",
                    run->settings.language);
    run->language = sn_languages_entry(run->languages, 0);
    return 0;
}

/* --language, else the extension of FILE. */
static int choose_language(const struct cli *cli, struct run *run)
{
    const char *wanted = run->settings.language;
    cleanup_free char *names = NULL;
    sn_error *error = NULL;
    int status;

    if (wanted && is_manifest_path(wanted))
        return load_manifest(cli, run);
    if (sn_languages_load(NULL, &run->languages, &error) < 0)
        return fail_error(cli, status_of_error(error), "loading the languages", NULL, error);
    names = language_names(run->languages);
    if (!wanted && run->file_is_stdin)
        return fail(cli, STATUS_USAGE, "choose language",
                    "a source from standard input needs --language L; the languages are %s", names);
    run->language =
        wanted ? sn_languages_find(run->languages, wanted) : sn_languages_find_by_file(run->languages, run->file);
    if (run->language)
        return 0;
    status = check_broken(cli, run);
    if (status)
        return status;
    if (wanted)
        return fail(cli, STATUS_USAGE, "choose language", "--language: \"%s\" is unknown; the languages are %s", wanted,
                    names);
    return fail(cli, STATUS_USAGE, "choose language",
                "%s: its extension belongs to no language; give --language L, one of %s", run->file, names);
}

/*
 * A source keeps its own name if its language knows it by that: diagnostics then speak of it. One that a compiler
 * could take for an option does not.
 */
static void choose_inside_name(struct run *run)
{
    const char *slash = strrchr(run->file, '/');
    const char *base = slash ? slash + 1 : run->file;

    if (!run->file_is_stdin && !strchr("-.@~", *base) && !relative_path_fault(base) &&
        sn_languages_find_by_file(run->languages, base) == run->language)
        run->inside_name = base;
}

static int read_source(const struct cli *cli, struct run *run)
{
    cleanup_free char *why = NULL;
    uint64_t max = work_size(&run->settings);

    if (run->file_is_stdin && cli->stdin_unusable)
        return fail(cli, STATUS_USAGE, "read source",
                    "the source is to come from standard input, which is closed (or not open for reading)");
    if (run->file_is_stdin) {
        if (read_standard_input(max, &run->source, &run->source_length, &why) < 0)
            return fail(cli, STATUS_USAGE, "read source", "standard input: %s", why);
        return 0;
    }
    if (read_host_file(run->file, max, &run->source, &run->source_length, NULL, &why) < 0)
        return fail(cli, STATUS_USAGE, "read source", "%s: %s", run->file, why);
    return 0;
}

static void choose_limits(struct run *run)
{
    sn_limits manifest;

    sn_limits_init(&manifest);
    sn_language_run_limits(run->language, &manifest);
    resolve_limits(&run->settings.limits, &manifest, &run->session.run_limits);
    sn_limits_init(&manifest);
    sn_language_compile_limits(run->language, &manifest);
    resolve_limits(&run->settings.compile_limits, &manifest, &run->session.compile_limits);
}

/* Everything that can go wrong before there is a sandbox. */
static int prepare(struct cli *cli, struct run *run)
{
    int status;

    if (!run->settings.operands.count)
        return fail(cli, STATUS_USAGE, "command line", "run needs a FILE; \"sentinel run --help\" tells more");
    run->file = run->settings.operands.items[0];
    run->file_is_stdin = strcmp(run->file, "-") == 0;
    status = session_open(&run->session, cli, &run->settings, run->file_is_stdin);
    /* the source first: "no such file" says more than "unknown extension" */
    if (status == 0 && !run->file_is_stdin)
        status = read_source(cli, run);
    if (status == 0)
        status = choose_language(cli, run);
    if (status == 0 && run->file_is_stdin)
        status = read_source(cli, run);
    if (status != 0)
        return status;
    choose_inside_name(run);
    choose_limits(run);
    run->session.language = sn_language_name(run->language);
    return host_files_collect(cli, &run->settings,
                              run->inside_name ? run->inside_name : sn_language_file_name(run->language), &run->files);
}

/* The compiler's words go to stderr: stdout is the program's. */
static void show_compile_output(const struct cli *cli, const sn_result *compile)
{
    size_t length;
    const char *data;

    if (cli->json || !compile)
        return;
    data = sn_result_stdout(compile, &length);
    if (length)
        fwrite(data, 1, length, stderr);
    data = sn_result_stderr(compile, &length);
    if (length)
        fwrite(data, 1, length, stderr);
    if (length && data[length - 1] != '\n')
        fputc('\n', stderr);
    if (sn_result_stdout_truncated(compile) || sn_result_stderr_truncated(compile))
        say("the compiler said more than that (limit of its output)");
    fflush(stderr);
}

static int run_program(struct run *run, sn_program *program)
{
    sn_run_options options;
    sn_running *running = NULL;
    sn_error *error = NULL;
    int code;

    session_run_options(&run->session, &options);
    /* "FILE ARGS", "FILE -- ARGS": what follows FILE are the program's arguments */
    options.argv = run->settings.operands.items + 1;
    options.envp = run->settings.env.items;
    code = sn_program_run_start(program, &options, &running, &error);
    if (code < 0)
        return session_not_started(&run->session, error);
    return session_finish(&run->session, running, sn_program_sandbox(program));
}

static bool is_cache_wanted(const struct settings *settings)
{
    const char *no_cache = getenv("SENTINEL_NO_CACHE");

    return !settings->no_cache && !(no_cache && *no_cache);
}

static int compile_and_run(struct run *run)
{
    struct session *session = &run->session;
    struct sandbox_setup setup;
    sn_program_options options;
    sn_program *program = NULL;
    sn_error *error = NULL;
    int status;
    int code;

    sandbox_setup_fill(&setup, &run->settings, NULL);
    sn_program_options_init(&options);
    options.file_name = run->inside_name;
    options.source = run->source;
    options.source_length = run->source_length;
    options.files = run->files.list;
    options.compile_args = run->settings.compile_args.items;
    options.compile_limits = &session->compile_limits;
    options.sandbox = &setup.options;
    options.flags = is_cache_wanted(&run->settings) ? SN_PROGRAM_CACHED | SN_PROGRAM_PREPARED : 0;
    options.start = run->settings.start;
    if (signals_install() < 0) {
        say("cannot prepare for signals: %s", strerror(errno));
        sandbox_setup_clear(&setup);
        return STATUS_INTERNAL;
    }
    options.cancel_fd = signals_cancel_fd();
    code = sn_program_create(run->language, &options, &program, &error);
    sandbox_setup_clear(&setup);
    if (code < 0)
        return session_no_sandbox(session, error);
    session->compile = sn_program_compile_result(program);
    session->compile_is_cached = sn_program_is_cached(program) == 1;
    if (signals_caught()) {
        status = 128 + signals_caught();
    } else {
        show_compile_output(session->cli, session->compile);
        status = sn_program_is_runnable(program) ? run_program(run, program) : session_not_runnable(session);
    }
    session->compile = NULL;
    sn_program_destroy(program);
    return status;
}

int cmd_run(struct cli *cli, int argc, char **argv)
{
    struct run run = {.session = {.stdin_fd = -1}};
    int status = parse_options(cli, FOR_RUN, argc, argv, &run.settings);

    if (status == OPTIONS_GO)
        status = prepare(cli, &run);
    else
        goto out;
    if (status == 0)
        status = compile_and_run(&run);
out:
    session_close(&run.session);
    host_files_clear(&run.files);
    free(run.source);
    sn_languages_free(run.languages);
    settings_clear(&run.settings);
    return status;
}
