/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_to(const char *directory, const char *file, const char *text)
{
    char path[400];
    int fd, r;

    snprintf(path, sizeof(path), "%s/%s", directory, file);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    r = write(fd, text, strlen(text)) < 0 ? -1 : 0;
    close(fd);
    return r;
}

/* Is `word` one of the comma-separated words of `list`? */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ',') && (!at[length] || strchr(",:\n ", at[length])))
            return true;
    return false;
}

/* Where a hierarchy is mounted: of a controller of v1, or v2 (NULL). */
static int find_mount(const char *controller, char *ret_point, size_t size)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char line[4096], point[300], type[64], options[1024];
    int r = -1;

    while (file && r < 0 && fgets(line, sizeof(line), file)) {
        const char *dash = strstr(line, " - ");

        if (!dash || sscanf(line, "%*s %*s %*s %*s %299s", point) != 1 ||
            sscanf(dash + 3, "%63s %*s %1023s", type, options) != 2)
            continue;
        if (controller ? strcmp(type, "cgroup") != 0 || !has_word(options, controller) : strcmp(type, "cgroup2") != 0)
            continue;
        snprintf(ret_point, size, "%s", point);
        r = 0;
    }
    if (file)
        fclose(file);
    return r;
}

static void find_own(const char *controller, char *ret_path, size_t size)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[1024];

    snprintf(ret_path, size, "%s", "");
    while (file && fgets(line, sizeof(line), file)) {
        char *first = strchr(line, ':');
        char *second = first ? strchr(first + 1, ':') : NULL;

        if (!second)
            continue;
        *second = '\0';
        second[strcspn(second + 1, "\n") + 1] = '\0';
        if (has_word(first + 1, controller) && strcmp(second + 1, "/") != 0)
            snprintf(ret_path, size, "%s", second + 1);
    }
    if (file)
        fclose(file);
}

static int move_into_v1(struct place *place)
{
    static const char *const controllers[] = {"memory", "cpu", "cpuacct", "pids"};
    char pid[16];

    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
        char point[300], own[200], original[300];
        char *group = place->groups[place->group_count];

        if (find_mount(controllers[i], point, sizeof(point)) < 0)
            return -1;
        find_own(controllers[i], own, sizeof(own));
        if (strstr(own, "/sn-faults-")) /* moved already: mounted together with an earlier one */
            continue;
        snprintf(original, sizeof(original), "%.200s%.99s", point, own);
        if (access(original, F_OK) != 0)
            snprintf(original, sizeof(original), "%.299s", point);
        snprintf(group, sizeof(place->groups[0]), "%.270s/sn-faults-%s", original, pid);
        if ((mkdir(group, 0755) < 0 && errno != EEXIST) || write_to(group, "cgroup.procs", pid) < 0)
            return -1;
        memcpy(place->original[place->group_count++], original, sizeof(original));
    }
    return 0;
}

static int prepare_v2(struct place *place)
{
    char point[300], controllers[400] = "";
    char *group = place->groups[0];
    FILE *file;

    if (find_mount(NULL, point, sizeof(point)) < 0)
        return -1;
    snprintf(controllers, sizeof(controllers), "%s/cgroup.controllers", point);
    file = fopen(controllers, "re");
    if (!file || !fgets(controllers, sizeof(controllers), file) || !strstr(controllers, "memory"))
        controllers[0] = '\0';
    if (file)
        fclose(file);
    if (!controllers[0])
        return -1;
    write_to(point, "cgroup.subtree_control", "+memory");
    write_to(point, "cgroup.subtree_control", "+pids");
    write_to(point, "cgroup.subtree_control", "+cpu");
    snprintf(group, sizeof(place->groups[0]), "%.250s/sn-faults-%d", point, (int)getpid());
    if (mkdir(group, 0755) < 0 && errno != EEXIST)
        return -1;
    place->group_count = 1;
    snprintf(place->cgroup_parent, sizeof(place->cgroup_parent), "%s", group);
    return 0;
}

int place_make(struct place *place, char *why, size_t size)
{
    *place = (struct place){0};
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") < 0) {
        snprintf(why, size, "a mount namespace: %s", strerror(errno));
        return -1;
    }
    if (prepare_v2(place) < 0 && move_into_v1(place) < 0) {
        snprintf(why, size, "groups of its own: %s", strerror(errno));
        return -1;
    }
    return 0;
}

/* nftw() has no argument for its callback. */
static bool does_remove;
static unsigned groups_found;
static size_t own_length;
static char first_found[300];

static int group_seen(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    if (type != FTW_DP && type != FTW_D)
        return 0;
    if (does_remove) {
        rmdir(path);
    } else if (strlen(path) > own_length && strncmp(path + walk->base, "sentinel", 8) != 0) {
        if (groups_found++ == 0)
            snprintf(first_found, sizeof(first_found), "%s", path);
    }
    return 0;
}

void place_leave(struct place *place)
{
    char pid[16];

    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    does_remove = true;
    for (size_t i = 0; i < place->group_count; i++) {
        if (place->original[i][0])
            write_to(place->original[i], "cgroup.procs", pid);
        nftw(place->groups[i], group_seen, 8, FTW_PHYS | FTW_DEPTH);
    }
    does_remove = false;
}

unsigned place_count_groups(const struct place *place, char *first, size_t size)
{
    groups_found = 0;
    first_found[0] = '\0';
    for (size_t i = 0; i < place->group_count; i++) {
        own_length = strlen(place->groups[i]);
        nftw(place->groups[i], group_seen, 8, FTW_PHYS);
    }
    snprintf(first, size, "%s", first_found);
    return groups_found;
}
