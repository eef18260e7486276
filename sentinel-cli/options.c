/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "message.h"
#include "options_help.h"
#include "options_table.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* Long options have values above every character. */
#define FIRST_VALUE 256
#define HELP_VALUE 'h'

void string_list_add(struct string_list *list, const char *text)
{
    list->items = xrealloc(list->items, list->count + 2, sizeof(*list->items));
    list->items[list->count++] = text;
    list->items[list->count] = NULL;
}

static int unknown_option(const struct cli *cli, unsigned command, const char *option)
{
    const char *name_of_command = command == FOR_RUN ? "run" : "exec";
    cleanup_free char *name = xstrndup(option, strcspn(option, "="));
    struct string_list names = {0};
    const char *near;
    int status;

    string_list_add(&names, "--help");
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (row->commands & command)
            string_list_add(&names, row->dashed);
    }
    near = nearest(name, names.items);
    if (near)
        status = fail(cli, STATUS_USAGE, "command line", "unknown option '%s'; did you mean '%s'?", name, near);
    else
        status = fail(cli, STATUS_USAGE, "command line", "unknown option '%s'; \"sentinel %s --help\" lists them%s",
                      name, name_of_command, command == FOR_RUN ? " (options of the program itself go after --)" : "");
    free(names.items);
    return status;
}

/*
 * CPU time that cannot be had in the wall time: not by so many threads, not at that bandwidth. One thread that is
 * always stopped by the wall limit first is unusual, but may be meant.
 */
static int check_times(const struct cli *cli, const sn_limits *limits, const char *prefix)
{
    uint64_t threads = limits->processes ? limits->processes : 64;
    double factor = (double)threads;

    if (!limits->cpu_ms || !limits->wall_ms || limits->cpu_ms == SN_UNLIMITED || limits->wall_ms >= limits->cpu_ms)
        return OPTIONS_GO;
    if (limits->cpu_percent && limits->cpu_percent / 100.0 < factor)
        factor = limits->cpu_percent / 100.0;
    if ((double)limits->wall_ms * factor < (double)limits->cpu_ms)
        return fail(cli, STATUS_USAGE, "command line",
                    "--%swall-ms %llu and --%scpu-ms %llu contradict each other: in %llu ms, %llu threads%s cannot use "
                    "%llu ms of CPU time; raise --%swall-ms",
                    prefix, (unsigned long long)limits->wall_ms, prefix, (unsigned long long)limits->cpu_ms,
                    (unsigned long long)limits->wall_ms, (unsigned long long)threads,
                    limits->cpu_percent ? " at --cpu-percent" : "", (unsigned long long)limits->cpu_ms, prefix);
    if (!cli->quiet)
        say("note: --%swall-ms %llu is shorter than --%scpu-ms %llu: wall time will be the limit that is hit first",
            prefix, (unsigned long long)limits->wall_ms, prefix, (unsigned long long)limits->cpu_ms);
    return OPTIONS_GO;
}

/* Options that contradict each other, each on its own fine. */
static int check_combinations(const struct cli *cli, const struct settings *settings)
{
    int status = check_times(cli, &settings->limits, "");

    if (status == OPTIONS_GO)
        status = check_times(cli, &settings->compile_limits, "compile-");
    if (status != OPTIONS_GO)
        return status;
    if (settings->network != SN_NETWORK_NONE && (settings->relax & SN_LAYER_NETWORK_NS))
        return fail(cli, STATUS_USAGE, "command line",
                    "--network loopback and --relax %s contradict each other: relaxed, it has the host's network",
                    sn_layer_name(SN_LAYER_NETWORK_NS));
    if (settings->rootfs && (settings->relax & SN_LAYER_ROOT))
        return fail(cli, STATUS_USAGE, "command line",
                    "--rootfs and --relax %s contradict each other: relaxed, it has the host's tree",
                    sn_layer_name(SN_LAYER_ROOT));
    if (settings->limits.cpu_percent && (settings->relax & SN_LAYER_CGROUP))
        return fail(cli, STATUS_USAGE, "command line",
                    "--cpu-percent and --relax %s contradict each other: only a cgroup can bound the bandwidth",
                    sn_layer_name(SN_LAYER_CGROUP));
    if (settings->cpus && (settings->relax & SN_LAYER_CGROUP))
        return fail(cli, STATUS_USAGE, "command line",
                    "--cpus and --relax %s contradict each other: only a cgroup holds a program on its processors",
                    sn_layer_name(SN_LAYER_CGROUP));
    if (settings->policy && (settings->relax & SN_LAYER_SECCOMP))
        return fail(cli, STATUS_USAGE, "command line",
                    "--policy and --relax %s contradict each other: relaxed, no policy is in force",
                    sn_layer_name(SN_LAYER_SECCOMP));
    return OPTIONS_GO;
}

static void make_getopt_table(unsigned command, struct option *options)
{
    *options++ = (struct option){"help", no_argument, NULL, HELP_VALUE};
    for (int i = 0; option_rows[i].name; i++) {
        if (option_rows[i].commands & command)
            *options++ = (struct option){option_rows[i].name, option_rows[i].metavar ? required_argument : no_argument,
                                         NULL, FIRST_VALUE + i};
    }
    *options = (struct option){0};
}

/* One option that getopt found: OPTIONS_GO, or a status. */
static int apply_option(struct cli *cli, unsigned command, int value, char **argv, int before,
                        struct settings *settings)
{
    const struct option_row *row;
    cleanup_free char *why = NULL;

    if (value == HELP_VALUE) {
        print_run_help(command);
        return 0;
    }
    if (value == ':') {
        return fail(cli, STATUS_USAGE, "command line", "option '%s' needs a value", argv[optind - 1]);
    }
    if (value == '?' && optopt >= FIRST_VALUE)
        return fail(cli, STATUS_USAGE, "command line", "option '--%s' takes no value",
                    option_rows[optopt - FIRST_VALUE].name);
    if (value == '?')
        return unknown_option(cli, command, argv[before]);

    row = &option_rows[value - FIRST_VALUE];
    if (row->apply(settings, row, optarg, &why) < 0)
        return fail(cli, STATUS_USAGE, "command line", "--%s %s: %s", row->name, optarg, why);
    cli->json = settings->json;
    cli->quiet = settings->quiet;
    return OPTIONS_GO;
}

int parse_options(struct cli *cli, unsigned command, int argc, char **argv, struct settings *settings)
{
    struct option options[OPTION_ROWS_MAX + 2];
    int value;

    memset(settings, 0, sizeof(*settings));
    sn_limits_init(&settings->limits);
    sn_limits_init(&settings->compile_limits);
    settings->json = cli->json;
    make_getopt_table(command, options);

    /*
     * "-": operands come in order as the value 1, so that run can take options after FILE and stop at "--";
     * "+": exec stops at COMMAND, whose options are its own. ":" tells a missing value from an unknown option.
     */
    opterr = 0;
    optind = 1;
    while (true) {
        int before = optind;
        int status;

        value = getopt_long(argc, argv, command == FOR_RUN ? "-:h" : "+:h", options, NULL);
        if (value < 0)
            break;
        if (value == 1) {
            string_list_add(&settings->operands, optarg);
            continue;
        }
        status = apply_option(cli, command, value, argv, before, settings);
        if (status != OPTIONS_GO)
            return status;
    }
    for (int i = optind; i < argc; i++)
        string_list_add(&settings->operands, argv[i]);
    return check_combinations(cli, settings);
}

int parse_simple(struct cli *cli, int argc, char **argv, const char *help, bool takes_json, int *ret_first)
{
    int first = argc;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return 0;
        }
        if (takes_json && strcmp(argv[i], "--json") == 0)
            cli->json = true;
        else if (argv[i][0] == '-' && argv[i][1])
            return fail(cli, STATUS_USAGE, "command line", "unknown option '%s'; \"sentinel %s --help\" lists them",
                        argv[i], argv[0]);
    }
    /* the operands move to the end, in order */
    for (int i = argc - 1; i > 0; i--) {
        if (argv[i][0] != '-' || !argv[i][1])
            argv[--first] = argv[i];
    }
    *ret_first = first;
    return OPTIONS_GO;
}

void settings_clear(struct settings *settings)
{
    for (size_t i = 0; i < settings->bind_count; i++) {
        free(settings->binds[i].source);
        free(settings->binds[i].target);
    }
    for (size_t i = 0; i < settings->file_count; i++) {
        free(settings->files[i].host);
        free(settings->files[i].inside);
    }
    for (size_t i = 0; i < settings->get_count; i++) {
        free(settings->gets[i].host);
        free(settings->gets[i].inside);
    }
    free(settings->binds);
    free(settings->files);
    free(settings->gets);
    free(settings->env.items);
    free(settings->compile_args.items);
    free(settings->operands.items);
    memset(settings, 0, sizeof(*settings));
}

static uint64_t first_of(uint64_t asked, uint64_t base, uint64_t fallback)
{
    return asked ? asked : base ? base : fallback;
}

void resolve_limits(const sn_limits *asked, const sn_limits *base, sn_limits *ret_limits)
{
    /* The defaults that sentinel/limits.h documents. */
    static const sn_limits defaults = {.cpu_ms = 5000,
                                       .wall_ms = 10000,
                                       .memory_bytes = UINT64_C(256) << 20,
                                       .processes = 64,
                                       .output_bytes = UINT64_C(16) << 20,
                                       .file_bytes = UINT64_C(256) << 20,
                                       .open_files = 256,
                                       .stack_bytes = UINT64_C(64) << 20};
    static const sn_limits none = {0};
    const sn_limits *b = base ? base : &none;
    sn_limits limits;

    sn_limits_init(&limits);
    limits.cpu_ms = first_of(asked->cpu_ms, b->cpu_ms, defaults.cpu_ms);
    limits.wall_ms = first_of(asked->wall_ms, b->wall_ms, defaults.wall_ms);
    limits.memory_bytes = first_of(asked->memory_bytes, b->memory_bytes, defaults.memory_bytes);
    limits.processes = first_of(asked->processes, b->processes, defaults.processes);
    limits.output_bytes = first_of(asked->output_bytes, b->output_bytes, defaults.output_bytes);
    limits.file_bytes = first_of(asked->file_bytes, b->file_bytes, defaults.file_bytes);
    limits.open_files = first_of(asked->open_files, b->open_files, defaults.open_files);
    limits.stack_bytes = first_of(asked->stack_bytes, b->stack_bytes, defaults.stack_bytes);
    limits.cpu_percent = first_of(asked->cpu_percent, b->cpu_percent, 0);
    /* Whoever asks for more CPU time means to get it, not to be stopped by a wall limit nobody named. */
    if (asked->cpu_ms && !asked->wall_ms && limits.wall_ms != SN_UNLIMITED) {
        if (limits.cpu_ms == SN_UNLIMITED)
            limits.wall_ms = SN_UNLIMITED;
        else if (limits.cpu_ms > limits.wall_ms / 2)
            limits.wall_ms = limits.cpu_ms * 2;
    }
    *ret_limits = limits;
}

void sandbox_setup_fill(struct sandbox_setup *setup, const struct settings *settings, const sn_limits *limits)
{
    memset(setup, 0, sizeof(*setup));
    sn_sandbox_options_init(&setup->options);
    setup->options.relax = settings->relax;
    setup->options.rootfs = settings->rootfs;
    setup->options.hostname = settings->hostname;
    setup->options.limits = limits;
    setup->options.work_bytes = settings->work_bytes;
    setup->options.tmp_bytes = settings->tmp_bytes;
    setup->options.shm_bytes = settings->shm_bytes;
    setup->options.cgroup_parent = settings->cgroup_parent;
    setup->options.network = settings->network;
    setup->options.arm = settings->arm;
    setup->options.cpus = settings->cpus;
    if (!settings->bind_count)
        return;
    setup->mounts = xrealloc(NULL, settings->bind_count, sizeof(*setup->mounts));
    setup->mount_list = xrealloc(NULL, settings->bind_count + 1, sizeof(*setup->mount_list));
    for (size_t i = 0; i < settings->bind_count; i++) {
        sn_mount_init(&setup->mounts[i]);
        setup->mounts[i].source = settings->binds[i].source;
        setup->mounts[i].target = settings->binds[i].target;
        setup->mounts[i].flags = settings->binds[i].flags;
        setup->mount_list[i] = &setup->mounts[i];
    }
    setup->mount_list[settings->bind_count] = NULL;
    setup->options.mounts = setup->mount_list;
}

void sandbox_setup_clear(struct sandbox_setup *setup)
{
    free(setup->mounts);
    free(setup->mount_list);
    memset(setup, 0, sizeof(*setup));
}
