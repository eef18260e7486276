/* SPDX-License-Identifier: MIT */
/* What there is of processes, descriptors, mounts and groups: before something, and after it. */
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
    ssize_t length;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    length = read(fd, name, sizeof(name) - 1);
    close(fd);
    return length > 0 && strcmp(name, "sentinel-init\n") == 0;
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
