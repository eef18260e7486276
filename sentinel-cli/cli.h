/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_CLI_H
#define SENTINEL_CLI_H

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * The exit statuses that are ours (docs/cli.md). A program may end with the same numbers: --json tells them apart.
 * 124, 125, 126 and 127 follow timeout(1) and the shell as far as they can.
 */
enum {
    STATUS_CHECK_FAILED = 1, /* policy check, doctor */
    STATUS_USAGE = 2,        /* bad input: nothing was run */
    STATUS_COMPILE = 119,    /* the source did not compile, whatever the reason */
    STATUS_TIME = 120,
    STATUS_MEMORY = 121,
    STATUS_OUTPUT = 122,
    STATUS_PROCESSES = 123,
    STATUS_SECURITY = 124,
    STATUS_INTERNAL = 125, /* the sandbox or this command failed */
    STATUS_CANNOT_EXECUTE = 126,
    STATUS_NOT_FOUND = 127, /* no such command inside, or the language's toolchain is not installed */
};

/* What every part of the command needs to know about how it was called. */
struct cli {
    bool json;            /* one document on stdout, errors included */
    bool quiet;           /* no summary line */
    bool stdin_unusable;  /* descriptor 0 was closed, or not open for reading, when we started */
    bool stdout_unusable; /* the same for descriptor 1 and writing */
    int output_errno;     /* why what we print could not be written; 0 */
    int end_signal;       /* end by this signal instead of by an exit status; 0 */
};

#define cleanup_free __attribute__((cleanup(cli_cleanup_free)))
#define cleanup_close __attribute__((cleanup(cli_cleanup_close)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void cli_cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void cli_cleanup_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* argv[0] is the name of the command. Each returns the exit status of the process. */
int cmd_run(struct cli *cli, int argc, char **argv);
int cmd_exec(struct cli *cli, int argc, char **argv);
int cmd_doctor(struct cli *cli, int argc, char **argv);
int cmd_languages(struct cli *cli, int argc, char **argv);
int cmd_policy(struct cli *cli, int argc, char **argv);
int cmd_bench(struct cli *cli, int argc, char **argv);

#endif
