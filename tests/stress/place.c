/* SPDX-License-Identifier: MIT */
#include "place.h"

#include "plan/slot.h"
#include "supervise/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() is right above */
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(2);
}

static int write_file(const char *directory, const char *name, const char *text)
{
    char path[640];
    int fd, error = 0;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) < 0)
        error = -errno;
    close(fd);
    return error;
}

/* What is not there (a controller of another hierarchy, another version) is no business of this root. */
static void bound(const char *root, uint64_t memory_bytes, unsigned processes)
{
    char number[32];

    snprintf(number, sizeof(number), "%" PRIu64, memory_bytes);
    (void)write_file(root, "memory.limit_in_bytes", number);
    (void)write_file(root, "memory.max", number);
    snprintf(number, sizeof(number), "%u", processes);
    (void)write_file(root, "pids.max", number);
}

/* v2: what lies below gets the controllers that are here. */
static void hand_down(const char *root)
{
    (void)write_file(root, "cgroup.subtree_control", "+cpu");
    (void)write_file(root, "cgroup.subtree_control", "+memory");
    (void)write_file(root, "cgroup.subtree_control", "+pids");
}

static void add_root(struct place *place, const char *parent, size_t length, const char *name)
{
    char *root = place->roots[place->count];

    if (place->count == PLACE_ROOTS)
        die("more cgroup hierarchies than there can be");
    snprintf(root, sizeof(place->roots[0]), "%.*s/%s", (int)length, parent, name);
    if (mkdir(root, 0755) < 0 && errno != EEXIST)
        die("cannot make %s: %s", root, strerror(errno));
    place->count++;
}

/* A "parent" is a directory (v2), or lines of "controllers directory" (v1). */
void place_make(struct place *ret_place, const char *name, uint64_t memory_bytes, unsigned processes)
{
    const struct sn__cgroup_driver *driver;
    struct place place = {0};
    sn_error *error = NULL;
    char *parent = NULL, *rest = NULL;

    if (sn__cgroup_pick(NULL, &driver, &parent, &error) < 0) {
        printf("SKIP: no cgroups: %s\n", sn_error_message(error));
        exit(77);
    }
    place.is_v2 = driver == &sn__cgroup_v2;
    if (place.is_v2) {
        hand_down(parent);
        add_root(&place, parent, strlen(parent), name);
        hand_down(place.roots[0]);
    } else {
        for (char *line = strtok_r(parent, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
            const char *directory = strchr(line, ' ') + 1;

            add_root(&place, directory, (size_t)(strrchr(directory, '/') - directory), name);
        }
    }
    for (unsigned i = 0; i < place.count; i++)
        bound(place.roots[i], memory_bytes, processes);
    free(parent);
    *ret_place = place;
}

void place_make_below(const struct place *place, const char *name, struct place *ret_place)
{
    struct place below = {.is_v2 = place->is_v2};

    for (unsigned i = 0; i < place->count; i++)
        add_root(&below, place->roots[i], strlen(place->roots[i]), name);
    *ret_place = below;
}

int place_enter(const struct place *place, pid_t pid)
{
    char number[16];

    snprintf(number, sizeof(number), "%d", (int)pid);
    for (unsigned i = 0; i < place->count && !place->is_v2; i++) {
        int r = write_file(place->roots[i], "cgroup.procs", number);

        if (r < 0)
            return r;
    }
    return 0;
}

const char *place_parent(const struct place *place)
{
    return place->is_v2 ? place->roots[0] : NULL;
}

static int remove_directory(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)walk;
    if (type == FTW_DP)
        rmdir(path);
    return 0;
}

bool place_remove(const struct place *place)
{
    bool gone = true;

    for (unsigned i = 0; i < place->count; i++) {
        for (int tries = 0; tries < 100 && access(place->roots[i], F_OK) == 0; tries++) {
            nftw(place->roots[i], remove_directory, 16, FTW_PHYS | FTW_DEPTH);
            if (tries)
                sleep_us(10000);
        }
        gone = gone && access(place->roots[i], F_OK) < 0;
    }
    return gone;
}

/* nftw() has no argument for its callback; each process looks at one place at a time. */
static struct {
    uint32_t *slots;
    pid_t *pids;
    unsigned max, count;
} found;

static bool is_slot_group(const char *name)
{
    return name[0] == 's' && name[1] >= '0' && name[1] <= '9';
}

static int slot_seen(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    uint32_t slot;

    (void)info;
    if (type != FTW_D || !is_slot_group(path + walk->base))
        return 0;
    slot = (uint32_t)strtoul(path + walk->base + 1, NULL, 10);
    for (unsigned i = 0; i < found.count && i < found.max; i++)
        if (found.slots[i] == slot)
            return 0;
    if (found.count < found.max)
        found.slots[found.count] = slot;
    found.count++;
    return 0;
}

unsigned place_slots(const struct place *place, uint32_t *slots, unsigned max)
{
    found.slots = slots;
    found.max = max;
    found.count = 0;
    for (unsigned i = 0; i < place->count; i++)
        nftw(place->roots[i], slot_seen, 16, FTW_PHYS);
    return found.count < max ? found.count : max;
}

static int procs_seen(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    FILE *file;
    int pid;

    (void)info;
    /* tasks, not cgroup.procs: a thread group whose leader has gone is in the former only */
    if (type != FTW_F || !strstr(path, "/s") ||
        (strcmp(path + walk->base, "tasks") != 0 && strcmp(path + walk->base, "cgroup.threads") != 0))
        return 0;
    file = fopen(path, "re");
    while (file && fscanf(file, "%d", &pid) == 1) {
        if (found.count < found.max)
            found.pids[found.count] = pid;
        found.count++;
    }
    if (file)
        fclose(file);
    return 0;
}

/* The groups of slots only: a process that entered the place itself sits above them. */
static int slot_group_seen(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    if (type == FTW_D && is_slot_group(path + walk->base))
        nftw(path, procs_seen, 16, FTW_PHYS);
    return 0;
}

unsigned place_processes(const struct place *place, pid_t *pids, unsigned max)
{
    found.pids = pids;
    found.max = max;
    found.count = 0;
    for (unsigned i = 0; i < place->count; i++)
        nftw(place->roots[i], slot_group_seen, 16, FTW_PHYS);
    return found.count;
}

void own_mounts(void)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        die("no mount namespace of our own: %s", strerror(errno));
}

unsigned count_mounts(void)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    unsigned count = 0;

    if (!file)
        return 0;
    for (int c = getc(file); c != EOF; c = getc(file))
        count += c == '\n';
    fclose(file);
    return count;
}

static unsigned count_entries(DIR *dir)
{
    unsigned count = 0;

    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir))
        count += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return count;
}

unsigned count_slot_files(void)
{
    int directory = sn__slot_directory(NULL);

    return directory < 0 ? 0 : count_entries(fdopendir(directory));
}

unsigned count_own_descriptors(void)
{
    return count_entries(opendir("/proc/self/fd")) - 1; /* the one that reads it */
}

uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void sleep_us(uint64_t us)
{
    struct timespec left = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}
