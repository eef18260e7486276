/* SPDX-License-Identifier: MIT */
#include "buildtree.h"
#include "cli.h"
#include "message.h"
#include "signals.h"

#include <sentinel/version.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    int (*run)(struct cli *cli, int argc, char **argv);
};

static const struct command commands[] = {
    {"run", cmd_run},       {"exec", cmd_exec},   {"doctor", cmd_doctor}, {"languages", cmd_languages},
    {"policy", cmd_policy}, {"bench", cmd_bench},
};

static const char help[] =
    "Usage: sentinel COMMAND [OPTION]...\n"
    "Runs programs that nobody trusts, and says truly what they did and what they used.\n"
    "\n"
    "  run FILE [ARG]...         compile if needed, and run a program in a sandbox\n"
    "  exec -- COMMAND [ARG]...  run any command in a sandbox\n"
    "  doctor                    what this host gives to a sandbox, what is in the way, how to change it\n"
    "  doctor --attack           attack a sandbox on this host, and say which layer held\n"
    "  languages                 the languages that run knows, and their versions here\n"
    "  languages check FILE...   check manifests of languages\n"
    "  policy check FILE         check a system call policy\n"
    "  policy show NAME          print the policy of a language, or of a file\n"
    "  bench                     measure what a sandbox costs on this host\n"
    "\n"
    "  sentinel COMMAND --help   tells all about one of them; there is a manual page for each, as in\n"
    "                            \"man sentinel-run\"\n"
    "  sentinel --version        prints the version\n"
    "\n"
    "Exit status: the program's own; 128+N when signal N ended it; 2 for bad input; 119 to 127 for limits,\n"
    "violations and errors of the sandbox (see \"sentinel run --help\").\n";

/*
 * Descriptors 0, 1 and 2 must be something before anything else is opened: a file of ours that became "stdout" would
 * be written to. What was closed gets /dev/null; who needs the real one refuses.
 */
static void fill_standard_descriptors(struct cli *cli)
{
    for (int fd = 0; fd <= 2; fd++) {
        int flags = fcntl(fd, F_GETFL);
        int mode = flags & O_ACCMODE;

        if (flags < 0 && open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
            _exit(STATUS_INTERNAL);
        if (fd == 0)
            cli->stdin_unusable = flags < 0 || mode == O_WRONLY || (flags & O_PATH);
        if (fd == 1)
            cli->stdout_unusable = flags < 0 || mode == O_RDONLY || (flags & O_PATH);
    }
}

/* stdio keeps that writing failed, and not why: what is done about it in the end depends on that. */
static ssize_t write_output(void *cookie, const char *data, size_t length)
{
    struct cli *cli = cookie;
    size_t done = 0;

    while (done < length) {
        ssize_t n = write(STDOUT_FILENO, data + done, length - done);

        if (n < 0 && errno == EINTR && !signals_caught())
            continue;
        if (n < 0) {
            cli->output_errno = cli->output_errno ? cli->output_errno : errno;
            break;
        }
        done += (size_t)n;
    }
    return (ssize_t)done;
}

/* Without memory for it, stdout stays as it is. */
static void watch_output(struct cli *cli)
{
    FILE *stream = fopencookie(cli, "w", (cookie_io_functions_t){.write = write_output});

    if (!stream)
        return;
    setvbuf(stream, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, BUFSIZ);
    stdout = stream;
}

/* The exit status. A reader that went away is no news to who sees us end by SIGPIPE. */
static int finish_output(struct cli *cli, int status)
{
    bool failed = ferror(stdout);

    failed = fclose(stdout) != 0 || failed;
    if (!failed || signals_caught())
        return status;
    if (cli->output_errno == EPIPE) {
        cli->end_signal = SIGPIPE;
        return status;
    }
    say("writing standard output: %s", strerror(cli->output_errno ? cli->output_errno : EIO));
    return status ? status : STATUS_INTERNAL;
}

/* Errors of the command line itself are JSON, too, wherever in it --json stands. */
static bool asks_for_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0)
            return true;
    }
    return false;
}

static int unknown_command(const struct cli *cli, const char *word)
{
    const char *names[ARRAY_SIZE(commands) + 1] = {0};
    const char *near;

    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        names[i] = commands[i].name;
    near = nearest(word, names);
    if (near)
        return fail(cli, STATUS_USAGE, "command line", "unknown command '%s'; did you mean '%s'?", word, near);
    return fail(cli, STATUS_USAGE, "command line", "unknown command '%s'; \"sentinel --help\" lists them", word);
}

static int dispatch(struct cli *cli, int argc, char **argv)
{
    if (argc < 2) {
        fputs(help, stderr);
        return STATUS_USAGE;
    }
    if (cli->stdout_unusable)
        return fail(cli, STATUS_USAGE, "open stdout",
                    "standard output is closed (or not open for writing); discard the output with >/dev/null");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("sentinel %s\n", sn_version_string());
        return 0;
    }
    cli->json = asks_for_json(argc, argv);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(cli, argc - 1, argv + 1);
    }
    return unknown_command(cli, argv[1]);
}

int main(int argc, char **argv)
{
    struct cli cli = {0};
    int status;

    fill_standard_descriptors(&cli);
    /* a line of ours is one write: it does not tear when others write there, too */
    setvbuf(stderr, NULL, _IOLBF, 0);
    /* a reader that goes away is an error of write(), which ends the run before it ends us */
    signal(SIGPIPE, SIG_IGN);
    watch_output(&cli);
    buildtree_find_data();
    status = finish_output(&cli, dispatch(&cli, argc, argv));
    if (signals_caught())
        return signals_die(signals_caught());
    if (cli.end_signal)
        return signals_die(cli.end_signal);
    return status;
}
