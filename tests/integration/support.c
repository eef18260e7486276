/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool must_work(void)
{
    const char *must = getenv("SN_MUST_WORK");
    const char *ci = getenv("CI");

    return (must && strcmp(must, "1") == 0) || (ci && strcmp(ci, "true") == 0);
}

void skip_because(const char *format, ...)
{
    char reason[512];
    va_list args;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() is right above */
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    if (must_work())
        fail_msg("would be skipped: %s", reason);
    print_message("SKIP: %s\n", reason);
    skip();
    abort(); /* skip() jumps out of the test, which the compiler cannot know */
}

void assert_ok_at(int code, sn_error *error, const char *expression, const char *file, int line)
{
    if (code == 0 && error == NULL)
        return;
    print_error("%s\n  = %s at step \"%s\": %s\n", expression, sn_code_name(code), sn_error_step(error),
                sn_error_message(error));
    sn_error_free(error);
    _fail(file, line);
}

void assert_refused_at(int code, int wanted, sn_error *error, const char *expression, const char *file, int line)
{
    bool told = error && sn_error_code(error) == wanted && sn_error_message(error)[0] && sn_error_step(error)[0];

    if (code != wanted || !told) {
        print_error("%s\n  = %s, expected %s; error: %s, step \"%s\", \"%s\"\n", expression, sn_code_name(code),
                    sn_code_name(wanted), error ? sn_code_name(sn_error_code(error)) : "none", sn_error_step(error),
                    sn_error_message(error));
        sn_error_free(error);
        _fail(file, line);
    }
    sn_error_free(error);
}

uint64_t relaxed_by_environment(void)
{
    const char *names = getenv("SN_TEST_RELAX");
    uint64_t layers = 0;

    while (names && *names) {
        size_t length = strcspn(names, ",");
        char name[64];

        snprintf(name, sizeof(name), "%.*s", (int)length, names);
        layers |= sn_layer_by_name(name);
        names += length;
        names += *names == ',';
    }
    return layers;
}

/* SN_TEST_ARM=always or never: for every test that does not say itself when runs are armed. */
static uint32_t armed_by_environment(void)
{
    const char *when = getenv("SN_TEST_ARM");

    if (!when)
        return SN_ARM_AUTO;
    return strcmp(when, "always") == 0 ? SN_ARM_ALWAYS : SN_ARM_NEVER;
}

int create_sandbox(const sn_sandbox_options *options, sn_sandbox **ret_sandbox, sn_error **ret_error)
{
    sn_sandbox_options changed;

    if (relaxed_by_environment() == 0 && armed_by_environment() == SN_ARM_AUTO)
        return sn_sandbox_create(options, ret_sandbox, ret_error);
    sn_sandbox_options_init(&changed);
    if (options) {
        /* A test of the size field itself has nothing to change. */
        if (options->size != sizeof(changed))
            return sn_sandbox_create(options, ret_sandbox, ret_error);
        changed = *options;
    }
    changed.relax |= relaxed_by_environment();
    if (changed.arm == SN_ARM_AUTO)
        changed.arm = armed_by_environment();
    return sn_sandbox_create(&changed, ret_sandbox, ret_error);
}

sn_sandbox *make_sandbox(const sn_sandbox_options *options)
{
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    int code = create_sandbox(options, &sandbox, &error);

    if (code == SN_EHOST) {
        char reason[400];

        snprintf(reason, sizeof(reason), "%s: %s", sn_error_step(error), sn_error_message(error));
        sn_error_free(error);
        skip_because("no sandbox on this host: %s", reason);
    }
    assert_ok_at(code, error, "sn_sandbox_create", __FILE__, __LINE__);
    assert_non_null(sandbox);
    return sandbox;
}

/* The times that a test leaves to the defaults are for it to end in: they have to do here, too. */
static void give_time(sn_limits *limits)
{
    if (limits->cpu_ms == 0)
        limits->cpu_ms = 5000 * slowness();
    if (limits->wall_ms == 0)
        limits->wall_ms = 10000 * slowness();
}

sn_result *run_argv(sn_sandbox *sandbox, const char *const *argv, const sn_limits *limits)
{
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_limits longer;

    sn_run_options_init(&options);
    options.argv = argv;
    options.limits = limits;
    if (slowness() > 1) {
        sn_limits_init(&longer);
        if (limits)
            longer = *limits;
        give_time(&longer);
        options.limits = &longer;
    }
    assert_ok(sn_run(sandbox, &options, &result, &error), error);
    assert_non_null(result);
    return result;
}

sn_result *run_shell(sn_sandbox *sandbox, const char *script, const sn_limits *limits)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};

    return run_argv(sandbox, argv, limits);
}

sn_result *run_python(sn_sandbox *sandbox, const char *script, const sn_limits *limits)
{
    const char *argv[] = {"/usr/bin/python3", "-I", "-S", "-c", script, NULL};

    need_program("/usr/bin/python3");
    return run_argv(sandbox, argv, limits);
}

void need_program(const char *path)
{
    if (access(path, X_OK) != 0)
        skip_because("%s is not installed", path);
}

/* Copies because what was captured has no NUL at its end; a small ring so that several can be compared. */
static const char *text_of(const void *data, size_t length)
{
    static char *ring[8];
    static unsigned next;
    char **slot = &ring[next++ % 8];

    free(*slot);
    *slot = malloc(length + 1);
    assert_non_null(*slot);
    memcpy(*slot, data, length);
    (*slot)[length] = '\0';
    return *slot;
}

const char *out(const sn_result *result)
{
    size_t length = 0;
    const void *data = sn_result_stdout(result, &length);

    return text_of(length ? data : "", length);
}

const char *err(const sn_result *result)
{
    size_t length = 0;
    const void *data = sn_result_stderr(result, &length);

    return text_of(length ? data : "", length);
}

void assert_verdict_at(const sn_result *result, sn_verdict verdict, const char *file, int line)
{
    if (sn_result_verdict(result) == verdict)
        return;
    print_error("verdict %s (limit %s, exit %d, signal %d), expected %s\n"
                "  cpu %" PRIu64 " ms, wall %" PRIu64 " ms, memory %" PRIu64 " KiB, denied: %s\n"
                "  stdout: %.500s\n  stderr: %.500s\n",
                sn_verdict_name(sn_result_verdict(result)), sn_limit_name(sn_result_limit(result)),
                (int)sn_result_exit_code(result), (int)sn_result_signal(result), sn_verdict_name(verdict),
                sn_result_cpu_ns(result) / 1000000, sn_result_wall_ns(result) / 1000000,
                sn_result_memory_bytes(result) / 1024, sn_result_denied(result) ? sn_result_denied(result) : "none",
                out(result), err(result));
    _fail(file, line);
}

int count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = -3; /* ".", "..", and the one that reads it */

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static pid_t parent_of(pid_t pid)
{
    char path[64], text[512];
    const char *after;
    ssize_t length;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    length = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (length <= 0)
        return -1;
    text[length] = '\0';
    after = strrchr(text, ')'); /* the name before it may contain anything */
    if (!after || strlen(after) < 5)
        return -1;
    return (pid_t)strtol(after + 4, NULL, 10);
}

static bool descends_from(pid_t pid, pid_t ancestor)
{
    for (int depth = 0; depth < 64 && pid > 1; depth++) {
        pid = parent_of(pid);
        if (pid == ancestor)
            return true;
    }
    return false;
}

static bool is_armed(pid_t pid)
{
    char path[64], name[32] = "";
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return false;
    if (!fgets(name, sizeof(name), file))
        name[0] = '\0';
    fclose(file);
    return strcmp(name, "sentinel-init\n") == 0;
}

static int count_descendants(pid_t parent, bool with_armed)
{
    DIR *dir = opendir("/proc");
    int count = 0;

    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (pid > 0 && descends_from(pid, parent) && (with_armed || !is_armed(pid)))
            count++;
    }
    closedir(dir);
    return count;
}

int count_children(pid_t parent)
{
    return count_descendants(parent, true);
}

int count_programs(pid_t init)
{
    return count_descendants(init, false);
}

void end_children(void)
{
    DIR *dir = opendir("/proc");

    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (pid > 0 && descends_from(pid, getpid()))
            kill(pid, SIGKILL);
    }
    if (dir)
        closedir(dir);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}

int count_processes_named(const char *word)
{
    DIR *dir = opendir("/proc");
    int count = 0;

    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        char path[64], text[4096];
        ssize_t length;
        int fd;

        if (pid <= 0 || pid == getpid())
            continue;
        snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        length = read(fd, text, sizeof(text));
        close(fd);
        count += length > 0 && memmem(text, (size_t)length, word, strlen(word)) != NULL;
    }
    closedir(dir);
    return count;
}

bool await_processes_named(const char *word, int count)
{
    uint64_t deadline = now_ms() + 10000 * slowness();

    for (;;) {
        int found = count_processes_named(word);

        if (count ? found >= count : found == 0)
            return true;
        if (now_ms() >= deadline)
            return false;
        sleep_ms(5);
    }
}

/* Mounts of this namespace, but for those in places where containers and tests of others mount. */
static int count_mounts(void)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char line[4096], where[1024];
    int count = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        count += sscanf(line, "%*s %*s %*s %*s %1023s", where) == 1 && strncmp(where, "/tmp/", 5) != 0 &&
                 strncmp(where, "/var/", 5) != 0 && strncmp(where, "/run/", 5) != 0;
    fclose(file);
    return count;
}

static int count_lines(const char *path)
{
    FILE *file = fopen(path, "re");
    int count = 0;

    if (!file)
        return 0;
    for (int c = getc(file); c != EOF; c = getc(file))
        count += c == '\n';
    fclose(file);
    return count;
}

/* nftw() has no argument for its callback. */
static struct footprint *taking;
static int processes_found;

static int procs_seen(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    if (type == FTW_F && strcmp(path + walk->base, "cgroup.procs") == 0)
        processes_found += count_lines(path);
    return 0;
}

/* Sandboxes of other programs have processes in their groups: only empty ones can be what somebody forgot. */
static int group_seen(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    const char *name = path + walk->base;

    if (type == FTW_D && name[0] == 's' && name[1] >= '0' && name[1] <= '9' && strstr(path, "/sentinel/")) {
        processes_found = 0;
        nftw(path, procs_seen, 16, FTW_PHYS);
        if (processes_found == 0 && taking->groups < GROUPS_MAX) {
            struct empty_group *group = &taking->group[taking->groups++];

            *group = (struct empty_group){.device = info->st_dev, .inode = info->st_ino};
            snprintf(group->path, sizeof(group->path), "%s", path);
        }
    }
    return 0;
}

/* What the library makes where everybody does: "sentinel" and "sentinel-<uid>". */
static int count_temporary(const char *path)
{
    static const char name[] = "sentinel";
    DIR *dir = opendir(path);
    int count = 0;

    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        const char *rest = entry->d_name + strlen(name);

        count += strncmp(entry->d_name, name, strlen(name)) == 0 &&
                 (*rest == '\0' || (*rest == '-' && rest[1 + strspn(rest + 1, "0123456789")] == '\0'));
    }
    if (dir)
        closedir(dir);
    return count;
}

void footprint_take(struct footprint *ret)
{
    ret->descriptors = count_descriptors();
    ret->processes = count_children(getpid());
    ret->mounts = count_mounts();
    ret->temporary = count_temporary("/tmp") + count_temporary("/dev/shm") + count_temporary("/run");
    ret->groups = 0;
    taking = ret;
    /* every hierarchy, wherever below it a folder "sentinel" is */
    nftw("/sys/fs/cgroup", group_seen, 16, FTW_PHYS);
}

static bool has_group(const struct footprint *footprint, const struct empty_group *group)
{
    for (size_t i = 0; i < footprint->groups; i++)
        if (footprint->group[i].device == group->device && footprint->group[i].inode == group->inode)
            return true;
    return false;
}

/* Keeps of `groups` those that `other` has (or has not) too. */
static void keep_groups(struct footprint *groups, const struct footprint *other, bool has)
{
    size_t kept = 0;

    for (size_t i = 0; i < groups->groups; i++)
        if (has_group(other, &groups->group[i]) == has)
            groups->group[kept++] = groups->group[i];
    groups->groups = kept;
}

void assert_nothing_left_at(const struct footprint *before, const char *file, int line)
{
    static struct footprint after, left;
    uint64_t deadline = now_ms() + 5000;

    footprint_take(&left);
    after = left;
    keep_groups(&left, before, false);
    /* a look takes long where the machine is busy, and few looks say little */
    for (int looks = 0; looks < 40 || now_ms() < deadline; looks++) {
        keep_groups(&left, &after, true);
        if (after.descriptors <= before->descriptors && after.processes <= before->processes &&
            after.mounts <= before->mounts && after.temporary <= before->temporary && left.groups == 0)
            return;
        sleep_ms(25);
        footprint_take(&after);
    }
    print_error("left behind (before -> after): descriptors %d -> %d, processes %d -> %d, mounts %d -> %d, "
                "entries named sentinel in /tmp, /dev/shm and /run %d -> %d, %zu groups%s%s\n",
                before->descriptors, after.descriptors, before->processes, after.processes, before->mounts,
                after.mounts, before->temporary, after.temporary, left.groups, left.groups ? ", the first is " : "",
                left.groups ? left.group[0].path : "");
    _fail(file, line);
}

pid_t sandbox_pid(void)
{
    DIR *dir = opendir("/proc/self/fdinfo");
    pid_t found = -1;

    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[300], line[128];
        FILE *file;

        snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
        file = fopen(path, "re");
        if (!file)
            continue;
        while (fgets(line, sizeof(line), file)) {
            pid_t pid = strncmp(line, "Pid:", 4) == 0 ? (pid_t)strtol(line + 4, NULL, 10) : -1;

            if (pid > 0 && pid != getpid()) /* the library keeps one of this process, too */
                found = pid;
        }
        fclose(file);
    }
    closedir(dir);
    return found;
}

bool is_alive(pid_t pid)
{
    char path[64], text[512], state = 'X';
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return false;
    if (fgets(text, sizeof(text), file) && strrchr(text, ')'))
        state = strrchr(text, ')')[2];
    fclose(file);
    return state != 'X' && state != 'Z';
}

uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void sleep_ms(uint64_t ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

uint64_t slowness(void)
{
    const char *factor = getenv("SN_TEST_SLOW");
    unsigned long value = factor ? strtoul(factor, NULL, 10) : 1;

    return value >= 1 && value <= 100 ? value : 1;
}

void tests_prepare(void)
{
    /* A test that is killed half-way must still have said how far it came. */
    setvbuf(stdout, NULL, _IOLBF, 0);
}
