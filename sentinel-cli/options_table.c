/* SPDX-License-Identifier: MIT */
#include "options_table.h"

#include "message.h"

#include <stddef.h>
#include <string.h>

static void *field(struct settings *settings, const struct option_row *row)
{
    return (char *)settings + row->offset;
}

static int apply_number(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    return parse_number(value, &row->range, field(settings, row), ret_why);
}

static int apply_text(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    (void)ret_why;
    *(const char **)field(settings, row) = value;
    return 0;
}

static int apply_flag(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    (void)value;
    (void)ret_why;
    *(bool *)field(settings, row) = true;
    return 0;
}

static int apply_list(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    (void)ret_why;
    string_list_add(field(settings, row), value);
    return 0;
}

static int apply_absolute(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    if (value[0] != '/') {
        *ret_why = xprintf("not an absolute path; give one that starts with /");
        return -1;
    }
    return apply_text(settings, row, value, ret_why);
}

static int apply_env(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    if (check_env(value, ret_why) < 0)
        return -1;
    return apply_list(settings, row, value, ret_why);
}

static int apply_relax(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    return parse_layers(value, field(settings, row), ret_why);
}

/* A word among those of an enumeration, which are in its order. */
static int apply_choice(struct settings *settings, const struct option_row *row, const char *value,
                        const char *const *names, size_t count)
{
    uint32_t *choice = field(settings, row);

    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(value, names[i]) == 0) {
            *choice = i;
            return 0;
        }
    }
    return -1;
}

static int apply_arm(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    static const char *const names[] = {[SN_ARM_AUTO] = "auto", [SN_ARM_NEVER] = "never", [SN_ARM_ALWAYS] = "always"};

    if (apply_choice(settings, row, value, names, ARRAY_SIZE(names)) == 0)
        return 0;
    *ret_why = xprintf("no time at which a run can be got ready; give auto, never or always");
    return -1;
}

static int apply_start(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    static const char *const names[] = {
        [SN_START_AUTO] = "auto", [SN_START_TEMPLATE] = "template", [SN_START_EXEC] = "exec"};

    if (apply_choice(settings, row, value, names, ARRAY_SIZE(names)) == 0)
        return 0;
    *ret_why = xprintf("no way in which a program can be started; give auto, template or exec");
    return -1;
}

static int apply_network(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    static const char *const names[] = {[SN_NETWORK_NONE] = "none", [SN_NETWORK_LOOPBACK] = "loopback"};

    if (apply_choice(settings, row, value, names, ARRAY_SIZE(names)) == 0)
        return 0;
    *ret_why = xprintf("no kind of network that there is; give none or loopback");
    return -1;
}

static int apply_hostname(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    if (!*value || strlen(value) > 64) {
        *ret_why = xprintf("no host name; give 1 to 64 characters");
        return -1;
    }
    return apply_text(settings, row, value, ret_why);
}

static int apply_bind(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    struct bind bind;

    (void)row;
    if (parse_bind(value, &bind, ret_why) < 0)
        return -1;
    settings->binds = xrealloc(settings->binds, settings->bind_count + 1, sizeof(bind));
    settings->binds[settings->bind_count++] = bind;
    return 0;
}

static int add_transfer(struct transfer **list, size_t *count, char *host, char *inside, char **ret_why)
{
    const char *fault = inside ? relative_path_fault(inside) : NULL;

    if (!fault && host && !*host)
        fault = "the host path is empty";
    if (fault) {
        *ret_why = inside ? xprintf("\"%s\" %s", inside, fault) : xprintf("%s", fault);
        free(host);
        free(inside);
        return -1;
    }
    *list = xrealloc(*list, *count + 1, sizeof(**list));
    (*list)[(*count)++] = (struct transfer){host, inside};
    return 0;
}

static int apply_file(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    char *host;
    char *inside;

    (void)row;
    split_colon(value, &host, &inside);
    return add_transfer(&settings->files, &settings->file_count, host, inside, ret_why);
}

/* NAME[:HOSTPATH]; without HOSTPATH the file lands in the current directory under its base name. */
static int apply_get(struct settings *settings, const struct option_row *row, const char *value, char **ret_why)
{
    const char *colon = strchr(value, ':');
    char *inside = colon ? xstrndup(value, (size_t)(colon - value)) : xstrdup(value);
    const char *slash = strrchr(inside, '/');
    char *host = xstrdup(colon ? colon + 1 : slash ? slash + 1 : inside);

    (void)row;
    return add_transfer(&settings->gets, &settings->get_count, host, inside, ret_why);
}

#define BOTH (FOR_RUN | FOR_EXEC)
#define HEADING(c, text)                                                                                               \
    {                                                                                                                  \
        .name = "", .dashed = "", .commands = c, .help = text                                                          \
    }
#define OPTION(n, m, c, a, f, h)                                                                                       \
    {                                                                                                                  \
        .name = n, .dashed = "--" n, .metavar = m, .commands = c, .apply = a, .offset = offsetof(struct settings, f),  \
        .help = h                                                                                                      \
    }
#define NUMBER(n, c, f, least, most, times, u, unlimited, h)                                                           \
    {                                                                                                                  \
        .name = n, .dashed = "--" n, .metavar = "N", .commands = c, .apply = apply_number,                             \
        .offset = offsetof(struct settings, f), .range = {least, most, times, u, unlimited}, .help = h                 \
    }

/* clang-format off */
const struct option_row option_rows[] = {
    HEADING(BOTH, "What runs"),
    OPTION("language", "L", FOR_RUN, apply_text, language,
           "the language of FILE: a name or alias of \"sentinel languages\", or the path of a manifest; without it, the file's extension decides"),
    OPTION("compile-arg", "ARG", FOR_RUN, apply_list, compile_args, "one more argument for the compiler; may be repeated"),
    OPTION("no-cache", NULL, FOR_RUN, apply_flag, no_cache,
           "compile, although the same may have been compiled before, and without headers that were compiled beforehand"),
    OPTION("stdin", "FILE", BOTH, apply_text, stdin_path, "the program reads this file instead of our standard input"),
    OPTION("env", "K=V", BOTH, apply_env, env, "a variable of the program's environment; may be repeated"),
    OPTION("cwd", "DIR", FOR_EXEC, apply_absolute, cwd, "where the command starts, a path inside; /work"),

    HEADING(BOTH, "Files"),
    OPTION("file", "PATH[:NAME]", BOTH, apply_file, files,
           "lay a host file, or the regular files of a directory, into the work directory under its base name or NAME; may be repeated"),
    OPTION("put", "PATH[:NAME]", FOR_EXEC, apply_file, files, "the same as --file"),
    OPTION("get", "NAME[:PATH]", BOTH, apply_get, gets,
           "afterwards, take NAME from the work directory to PATH (the base name, in the current directory); never replaces a file; may be repeated"),

    HEADING(FOR_RUN, "Limits (of the run step)"),
    HEADING(FOR_EXEC, "Limits"),
    NUMBER("cpu-ms", BOTH, limits.cpu_ms, 1, 1LL << 40, 1, "milliseconds", true,
           "CPU time of all processes together, or \"unlimited\"; 5000"),
    NUMBER("wall-ms", BOTH, limits.wall_ms, 1, 1LL << 40, 1, "milliseconds", true,
           "elapsed time, or \"unlimited\"; 10000, or twice --cpu-ms if that is more"),
    NUMBER("memory-kb", BOTH, limits.memory_bytes, 1024, 1LL << 40, 1024, "KiB", false,
           "memory of all processes together, with their files in /work, /tmp and /dev/shm; 262144"),
    NUMBER("output-kb", BOTH, limits.output_bytes, 1, 1LL << 30, 1024, "KiB", false, "KiB to stdout and to stderr, each; 16384"),
    NUMBER("pids", BOTH, limits.processes, 1, 1 << 22, 1, "processes", false, "processes and threads together; 64"),
    NUMBER("fsize-kb", BOTH, limits.file_bytes, 1, 0, 1024, "KiB", true, "the largest file it may write, or \"unlimited\"; 262144"),
    NUMBER("nofile", BOTH, limits.open_files, 6, 1 << 20, 1, "descriptors", false, "open files of one process; 256"),
    NUMBER("stack-kb", BOTH, limits.stack_bytes, 64, 1LL << 30, 1024, "KiB", true, "stack of the main thread, or \"unlimited\"; 65536"),
    NUMBER("cpu-percent", BOTH, limits.cpu_percent, 1, 1000000, 1, "percent of one core", false, "CPU bandwidth, 100 is one core; no bound"),
    NUMBER("work-kb", BOTH, work_bytes, 64, 1LL << 40, 1024, "KiB", false, "size of the work directory; 65536"),
    NUMBER("tmp-kb", BOTH, tmp_bytes, 64, 1LL << 40, 1024, "KiB", false, "size of /tmp; 65536"),
    NUMBER("shm-kb", BOTH, shm_bytes, 64, 1LL << 40, 1024, "KiB", false, "size of /dev/shm; 65536"),
    NUMBER("compile-cpu-ms", FOR_RUN, compile_limits.cpu_ms, 1, 1LL << 40, 1, "milliseconds", true, "CPU time of the compile step; the language says"),
    NUMBER("compile-wall-ms", FOR_RUN, compile_limits.wall_ms, 1, 1LL << 40, 1, "milliseconds", true, "elapsed time of the compile step; the language says"),
    NUMBER("compile-memory-kb", FOR_RUN, compile_limits.memory_bytes, 1024, 1LL << 40, 1024, "KiB", false, "memory of the compile step; the language says"),

    HEADING(BOTH, "The sandbox"),
    OPTION("policy", "FILE", BOTH, apply_text, policy, "system call policy: a path, or the name of an installed one"),
    OPTION("network", "KIND", BOTH, apply_network, network, 
           "the network inside: none, or loopback (its own 127.0.0.1, and the policy \"network\" unless --policy is given); none"),
    OPTION("bind", "SRC[:DST[:FLAG[,FLAG]...]]", BOTH, apply_bind, binds,
           "show a host file or directory inside, at DST or the same path; the flags are rw, ro (the default), noexec, and "
           "optional (skip it if SRC is not there); may be repeated. With rw, the program writes as a uid of its own: SRC "
           "must be writable for that (mode 0777, an ACL), or, for an ordinary user, give --relax uid to write as yourself"),
    OPTION("rootfs", "DIR", FOR_EXEC, apply_text, rootfs, "an unpacked root file system, shown read-only, instead of the host's /usr"),
    OPTION("arm", "WHEN", BOTH, apply_arm, arm,
           "get a run ready before it is asked for: never, always, or auto (once the sandbox has been used twice, which a "
           "command does not); auto"),
    OPTION("start", "HOW", FOR_RUN, apply_start, start,
           "start the program by exec, as a fork of a warm interpreter (template; Python), or auto (by exec, unless it has "
           "many runs, which a command does not); auto"),
    OPTION("hostname", "NAME", BOTH, apply_hostname, hostname, "the host name inside; sandbox"),
    OPTION("cpus", "LIST", BOTH, apply_text, cpus, "the processors it runs on, as in 0-3,8, by the cgroup controller cpuset; those of the caller"),
    OPTION("cgroup-parent", "DIR", BOTH, apply_absolute, cgroup_parent, "the cgroup v2 directory to make groups in; found automatically"),
    OPTION("relax", "LAYER[,LAYER]", BOTH, apply_relax, relax,
           "do without a layer of isolation; the result says so; may be repeated"),

    HEADING(BOTH, "Output"),
    OPTION("json", NULL, BOTH, apply_flag, json, "one JSON document on stdout, with the captured output, instead of the output itself"),
    OPTION("quiet", NULL, BOTH, apply_flag, quiet, "no summary line on stderr"),
    {.name = NULL},
};
/* clang-format on */
_Static_assert(ARRAY_SIZE(option_rows) < OPTION_ROWS_MAX, "make OPTION_ROWS_MAX larger");
