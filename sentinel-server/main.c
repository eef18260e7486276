/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include "common/log.h"
#include "process/check.h"
#include "process/process.h"

#include <getopt.h>
#include <sentinel/version.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: sentinel-server [--config FILE] [COMMAND]\n"
    "\n"
    "  serve                              answer HTTP (the default)\n"
    "  keys create [--name N] [--scopes submit,read,admin] [--per-minute N]\n"
    "  keys list\n"
    "  keys revoke ID\n"
    "  dlq list | retry ID | retry --all | purge\n"
    "  republish                          the broker lost its queue: publish all jobs that wait once more\n"
    "  migrate                            bring the database's schema up to date\n"
    "  migrate VERSION --yes              to a version, also an earlier one\n"
    "\n"
    "  --config FILE    KEY=VALUE lines; the environment wins over them\n"
    "  --check-config   is the configuration right? prints it, without secrets, and what is wrong with what it leads "
    "to\n"
    "  --print-config   every key with its meaning and default: a complete file\n"
    "  --version, --help\n"
    "\n"
    "Without configuration it listens on 127.0.0.1:8080, keeps jobs in a file and executes them by itself. With\n"
    "DATABASE_URL and RABBITMQ_URL it hands them to sentinel-worker processes. docs/operations.md has the rest.\n";

int complain(int status, const char *format, ...)
{
    va_list args;

    fputs("sentinel-server: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

int complain_usage(const char *format, ...)
{
    va_list args;

    fputs("sentinel-server: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("; --help lists what there is\n", stderr);
    return 2;
}

static int dispatch(const struct config *config, int argc, char **argv)
{
    uid_t uid = getuid();
    struct failure failure;

    if (argc == 0)
        return cmd_serve(config);
    if (strcmp(argv[0], "serve") == 0)
        return argc == 1 ? cmd_serve(config) : complain_usage("serve takes no arguments");
    if (process_become_frontend(config, &failure) < 0)
        return complain(1, "%s", failure.message);
    if (strcmp(argv[0], "keys") == 0)
        return cmd_keys(config, uid, argc, argv);
    if (strcmp(argv[0], "dlq") == 0)
        return cmd_dlq(config, argc, argv);
    if (strcmp(argv[0], "migrate") == 0)
        return cmd_migrate(config, argc, argv);
    if (strcmp(argv[0], "republish") == 0)
        return cmd_republish(config, argc, argv);
    return complain_usage("there is no command \"%s\"", argv[0]);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"check-config", no_argument, NULL, 'k'},
        {"print-config", no_argument, NULL, 'p'}, {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    const char *path = getenv("SENTINEL_CONFIG");
    enum log_level level = LOG_INFO_LEVEL;
    struct config *config = NULL;
    struct failure failure;
    bool is_check = false;
    int status;
    int option;

    /* "+": what comes after the command is the command's. */
    while ((option = getopt_long(argc, argv, "+h", options, NULL)) >= 0) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'k':
            is_check = true;
            break;
        case 'p':
            return config_print_example(stdout) < 0;
        case 'V':
            printf("sentinel-server %s\n", sn_version_string());
            return 0;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            return 2;
        }
    }
    process_find_data("sentinel-server");
    if (config_load(CONFIG_SERVER, path, environ, &config, &failure) < 0)
        return complain(2, "%s", failure.message);
    log_level_parse(config->log_level, &level);
    log_setup("server", level);
    process_tell_library(config);
    if (is_check && check_print(config, CONFIG_SERVER, stdout) < 0)
        status = 1;
    else if (is_check)
        status = check_config(config, CONFIG_SERVER, stderr) ? 0 : 2;
    else
        status = dispatch(config, argc - optind, argv + optind);
    config_free(config);
    return status;
}
