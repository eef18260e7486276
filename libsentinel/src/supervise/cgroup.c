/* SPDX-License-Identifier: MIT */
#include "supervise/cgroup.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/kept_fd.h"
#include "plan/slot.h"
#include "supervise/cgroup_internal.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#define TABLE_MAX (4U << 20) /* a host with very many mounts */
#define REAP_LOOKS 32        /* groups looked at in one search */

void sn__cgroup_sleep_us(unsigned microseconds)
{
    struct timespec pause = {.tv_sec = microseconds / 1000000, .tv_nsec = (long)(microseconds % 1000000) * 1000};

    nanosleep(&pause, NULL);
}

int sn__cgroup_tables_read(struct sn__cgroup_tables *ret_tables)
{
    struct sn__cgroup_tables tables = {0};
    size_t length;
    int r = sn__file_read_at(AT_FDCWD, "/proc/self/mountinfo", TABLE_MAX, &tables.mounts, &length);

    if (r == 0)
        r = sn__file_read_at(AT_FDCWD, "/proc/self/cgroup", TABLE_MAX, &tables.membership, &length);
    if (r < 0) {
        sn__cgroup_tables_clear(&tables);
        return r;
    }
    *ret_tables = tables;
    return 0;
}

void sn__cgroup_tables_clear(struct sn__cgroup_tables *tables)
{
    free(tables->mounts);
    free(tables->membership);
    *tables = (struct sn__cgroup_tables){0};
}

void sn__cgroup_launch_clear(struct sn__cgroup_launch *launch)
{
    for (uint32_t i = 0; i < launch->launcher_count; i++)
        sn__close(launch->launcher[i]);
    sn__close(launch->init);
    *launch = (struct sn__cgroup_launch){.init = -1};
}

void sn__cgroup_place_clear(struct sn__cgroup_place *place)
{
    free(place->mount);
    free(place->own);
    *place = (struct sn__cgroup_place){0};
}

/* Is `word` one of the comma-separated words of the first `length` bytes of `list`? */
static bool has_word(const char *list, size_t length, const char *word)
{
    size_t word_length = strlen(word);
    const char *end = list + length;

    while (list <= end) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        const char *stop = comma ? comma : end;

        if ((size_t)(stop - list) == word_length && memcmp(list, word, word_length) == 0)
            return true;
        if (!comma)
            return false;
        list = comma + 1;
    }
    return false;
}

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static char *unescape(const char *text, size_t length)
{
    char *copy = malloc(length + 1);
    size_t used = 0;

    if (!copy)
        return NULL;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\' && i + 3 < length && text[i + 1] >= '0' && text[i + 1] <= '3') {
            copy[used++] = (char)((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else {
            copy[used++] = text[i];
        }
    }
    copy[used] = '\0';
    return copy;
}

struct field {
    const char *text;
    size_t length;
};

/* Splits a line at single spaces; returns the number of fields. */
static size_t split(const char *line, size_t length, struct field *ret_fields, size_t max)
{
    const char *end = line + length;
    size_t count = 0;

    while (line < end && count < max) {
        const char *space = memchr(line, ' ', (size_t)(end - line));
        const char *stop = space ? space : end;

        ret_fields[count++] = (struct field){line, (size_t)(stop - line)};
        line = stop + 1;
    }
    return count;
}

static bool field_is(const struct field *field, const char *text)
{
    return field->length == strlen(text) && memcmp(field->text, text, field->length) == 0;
}

/*
 * proc(5): 36 35 98:0 /root /point rw,noatime master:1 - fstype source super-options. Sets the escaped root and the
 * unescaped mount point of the first mount that matches.
 */
static int find_mount(const char *mounts, const char *controller, struct field *ret_root, char **ret_point,
                      bool *ret_read_only)
{
    const char *next;

    for (const char *line = mounts; *line; line = next) {
        const char *newline = strchrnul(line, '\n');
        struct field fields[24];
        size_t count = split(line, (size_t)(newline - line), fields, SN_ARRAY_SIZE(fields));
        size_t dash = 6;

        next = *newline ? newline + 1 : newline;
        while (dash < count && !field_is(&fields[dash], "-"))
            dash++;
        if (dash + 3 >= count || !field_is(&fields[dash + 1], controller ? "cgroup" : "cgroup2"))
            continue;
        if (controller && !has_word(fields[dash + 3].text, fields[dash + 3].length, controller))
            continue;
        *ret_point = unescape(fields[4].text, fields[4].length);
        if (!*ret_point)
            return -ENOMEM;
        *ret_root = fields[3];
        *ret_read_only = has_word(fields[5].text, fields[5].length, "ro") ||
                         has_word(fields[dash + 3].text, fields[dash + 3].length, "ro");
        return 0;
    }
    return -ENOENT;
}

/* Lines are "4:memory:/path" or "0::/path". */
static int find_membership(const char *membership, const char *controller, struct field *ret_path)
{
    const char *next;

    for (const char *line = membership; *line; line = next) {
        const char *newline = strchrnul(line, '\n');
        const char *first = memchr(line, ':', (size_t)(newline - line));
        const char *second = first ? memchr(first + 1, ':', (size_t)(newline - first - 1)) : NULL;

        next = *newline ? newline + 1 : newline;
        if (!second)
            continue;
        if (controller ? !has_word(first + 1, (size_t)(second - first - 1), controller) : second != first + 1)
            continue;
        *ret_path = (struct field){second + 1, (size_t)(newline - second - 1)};
        return 0;
    }
    return -ENOENT;
}

int sn__cgroup_locate(const struct sn__cgroup_tables *tables, const char *controller,
                      struct sn__cgroup_place *ret_place)
{
    cleanup_place struct sn__cgroup_place place = {0};
    cleanup_free char *root = NULL;
    struct field root_field;
    struct field own;
    struct stat st;
    size_t root_length;
    int r = find_mount(tables->mounts, controller, &root_field, &place.mount, &place.read_only);

    if (r < 0)
        return r;
    r = find_membership(tables->membership, controller, &own);
    if (r < 0)
        return r;
    root = unescape(root_field.text, root_field.length);
    if (!root)
        return -ENOMEM;
    root_length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    /* containers show a part of the tree: the own path counts from the mount's root */
    if (own.length >= root_length && memcmp(own.text, root, root_length) == 0 &&
        (own.length == root_length || own.text[root_length] == '/')) {
        own.text += root_length;
        own.length -= root_length;
    } else {
        own.length = 0;
        place.own_hidden = true;
    }
    if (own.length == 1)
        own.length = 0;
    if (asprintf(&place.own, "%s%.*s", place.mount, (int)own.length, own.text) < 0) {
        place.own = NULL;
        return -ENOMEM;
    }
    if (stat(place.own, &st) < 0) {
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
            return -errno;
        place.own_hidden = true;
        free(place.own);
        place.own = strdup(place.mount);
        if (!place.own)
            return -ENOMEM;
    }
    *ret_place = place;
    place = (struct sn__cgroup_place){0}; /* NOLINT(clang-analyzer-deadcode.DeadStores): the cleanup reads it */
    return 0;
}

int sn__cgroup_mkdir(int dirfd, const char *name)
{
    struct stat st;

    /* nobody else opens it: whoever could might lock it, as only the owner of a live sandbox does */
    if (mkdirat(dirfd, name, 0700) < 0)
        return -errno;
    /* the host program's umask is not ours to change */
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & 0777) != 0700)
        (void)fchmodat(dirfd, name, 0700, 0);
    return 0;
}

/* The listed processes of a group, as text; 0 or -errno. */
static int read_procs(int dirfd, const char *name, char **ret_text)
{
    char path[PATH_MAX];
    size_t length;

    snprintf(path, sizeof(path), "%s/cgroup.procs", name);
    return sn__file_read_at(dirfd, path, TABLE_MAX, ret_text, &length);
}

static bool lists_pid(const char *text, pid_t pid)
{
    while (*text) {
        char *end;

        if (strtol(text, &end, 10) == pid)
            return true;
        if (end == text)
            return false;
        text = end + (*end == '\n');
    }
    return false;
}

struct victim {
    int pidfd;
    pid_t pid;
};

/*
 * One batch of a listing. A number that was listed may belong to a stranger by the time it is signalled, so a pidfd is
 * opened first and the group listed again: a process that is still in it then is the one the pidfd means, or dead.
 */
static int kill_batch(int dirfd, const char *name, const char **text)
{
    struct victim victims[64];
    size_t count = 0;
    cleanup_free char *again = NULL;
    int r;

    while (**text && count < SN_ARRAY_SIZE(victims)) {
        char *end;
        long pid = strtol(*text, &end, 10);

        if (end == *text)
            break;
        *text = end + (*end == '\n');
        /* 0 stands for one that this pid namespace does not see */
        if (pid <= 0 || pid == getpid())
            continue;
        victims[count] = (struct victim){(int)syscall(SYS_pidfd_open, (pid_t)pid, 0), (pid_t)pid};
        if (victims[count].pidfd < 0 && errno == ESRCH)
            continue;
        count++;
    }
    r = read_procs(dirfd, name, &again);
    for (size_t i = 0; i < count; i++) {
        if (r == 0 && lists_pid(again, victims[i].pid)) {
            /* no descriptor left in the host program: by number, listed a moment ago */
            if (victims[i].pidfd < 0)
                (void)kill(victims[i].pid, SIGKILL);
            else
                (void)syscall(SYS_pidfd_send_signal, victims[i].pidfd, SIGKILL, NULL, 0);
        }
        sn__close(victims[i].pidfd);
    }
    return r;
}

int sn__cgroup_kill_listed(int dirfd, const char *name, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++) {
        cleanup_free char *text = NULL;
        const char *at;
        int r = read_procs(dirfd, name, &text);

        if (r == -ENOENT || r == -ENODEV)
            return 0;
        if (r == -EMFILE || r == -ENFILE) {
            sn__cgroup_sleep_us(1000);
            continue;
        }
        if (r < 0)
            return r;
        if (!*text)
            return 0;
        at = text;
        do {
            const char *before = at;

            r = kill_batch(dirfd, name, &at);
            if (at == before)
                break;
        } while (*at && r == 0);
        sn__cgroup_sleep_us(500);
    }
    return -EBUSY;
}

/* The kernel's own kill (5.14) reaches groups below and everything that forks meanwhile; -ENOENT on v1. */
static int kill_whole(int dirfd, const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/cgroup.kill", name);
    return sn__file_write_at(dirfd, path, "1");
}

static int remove_below(int dirfd, const char *name, unsigned depth, unsigned rounds)
{
    cleanup_dir DIR *dir = NULL;
    cleanup_close int fd = -1;
    struct dirent *entry;
    int copy, r;

    fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    /* what is being killed must not fork: see cgroup_v1.c */
    if (kill_whole(dirfd, name) < 0)
        (void)sn__file_write_at(fd, "pids.max", "0");
    r = sn__cgroup_kill_listed(fd, ".", rounds);
    if (r < 0)
        return r;
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    dir = fdopendir(copy);
    if (!dir)
        sn__close(copy);
    while (dir && (entry = readdir(dir))) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.' || depth == 0)
            continue;
        (void)remove_below(fd, entry->d_name, depth - 1, rounds);
    }
    /* the last process may still be on its way out */
    for (unsigned round = 0; round < rounds; round++) {
        if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return 0;
        if (errno != EBUSY)
            return -errno;
        sn__cgroup_sleep_us(round < 20 ? 50 : 500);
    }
    return -EBUSY;
}

int sn__cgroup_remove(int dirfd, const char *name, unsigned rounds)
{
    /* almost always it is empty */
    if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    return remove_below(dirfd, name, 4, rounds);
}

/* The N of "s<N>", or -1. */
static long slot_of(const char *name)
{
    char *end;
    long slot;

    if (name[0] != 's' || name[1] < '0' || name[1] > '9')
        return -1;
    slot = strtol(name + 1, &end, 10);
    return *end || slot >= SN__SLOT_COUNT ? -1 : slot;
}

int sn__cgroup_reaper_init(struct sn__cgroup_reaper *ret_reaper)
{
    int slots = sn__slot_directory(NULL);

    if (slots < 0)
        return slots;
    *ret_reaper = (struct sn__cgroup_reaper){.slots = slots};
    if (getrandom(&ret_reaper->random, sizeof(ret_reaper->random), GRND_NONBLOCK) < 0)
        ret_reaper->random = (uint32_t)getpid();
    return 0;
}

/* Opens and locks the group that has this name now: a descriptor, -EBUSY (it is somebody's), -ENOENT. */
static int lock_group(int parent, const char *name)
{
    cleanup_close int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat locked, named;
    int r;

    if (dir < 0) /* not to be opened: another user's */
        return errno == EACCES ? -EBUSY : -errno;
    do
        r = flock(dir, LOCK_EX | LOCK_NB);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    /* between the two calls it may have been removed, and another made */
    if (fstat(dir, &locked) < 0 || fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    return locked.st_ino == named.st_ino ? steal_fd(&dir) : -ENOENT;
}

/*
 * The lock is kept until it is gone, so that nobody makes and fills another of that name meanwhile. What does not go (a
 * process in a call that nothing interrupts) must not keep every creation waiting: whoever wants the name takes
 * another.
 */
static int remove_stale(int parent, const char *name)
{
    cleanup_close int dir = lock_group(parent, name);

    return dir < 0 ? dir : sn__cgroup_remove(parent, name, SN__CGROUP_HASTY);
}

static void reap_one(struct sn__cgroup_reaper *reaper, int directory, const char *name, uint32_t slot)
{
    cleanup_close int held = -1;
    struct stat st;

    if (reaper->live[slot / 8] & (1U << slot % 8))
        return;
    /* slots are counted per user: another user's s<N> says nothing about our slot N */
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_uid != geteuid())
        return;
    /* holding the slot while the group goes keeps a new owner from walking into it */
    if (sn__slot_try_in(reaper->slots, slot, &held) == 1)
        (void)remove_stale(directory, name);
    else
        reaper->live[slot / 8] |= (uint8_t)(1U << slot % 8);
}

void sn__cgroup_reap(struct sn__cgroup_reaper *reaper, const char *directory)
{
    cleanup_dir DIR *dir = opendir(directory);
    struct dirent *entry;
    uint32_t count = 0;

    if (!dir)
        return;
    while ((entry = readdir(dir)))
        count += slot_of(entry->d_name) >= 0;
    rewinddir(dir);
    while (count && (entry = readdir(dir))) {
        long slot = slot_of(entry->d_name);

        /* every creation comes through here: its cost must not grow with the number of live sandboxes */
        reaper->random = reaper->random * 1664525U + 1013904223U;
        if (slot >= 0 && (reaper->random >> 8) % count < REAP_LOOKS)
            reap_one(reaper, dirfd(dir), entry->d_name, (uint32_t)slot);
    }
}

int sn__cgroup_make_group(const char *parent, int (*open_parent)(const char *parent), const char *name, int *ret_dir)
{
    int r = -EBUSY;

    for (int attempt = 0; attempt < 8; attempt++) {
        cleanup_close int fd = open_parent(parent);

        r = fd < 0 ? fd : sn__cgroup_mkdir(fd, name);
        if (r == -EEXIST) {
            r = remove_stale(fd, name);
            if (r < 0 && r != -ENOENT)
                return r;
            r = -EBUSY;
            continue;
        }
        if (r == 0)
            r = lock_group(fd, name);
        if (r >= 0) {
            *ret_dir = r;
            return 0;
        }
        /* it, or the parent, was removed between two calls, or a reaper looks at it: made again */
        if (r != -ENOENT && r != -ENODEV && r != -EBUSY) {
            if (fd >= 0)
                (void)unlinkat(fd, name, AT_REMOVEDIR);
            return r;
        }
    }
    return r;
}

void sn__cgroup_drop_group(const char *parent, const char *name, int dir)
{
    cleanup_close int fd = -1;

    if (dir < 0)
        return;
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || sn__cgroup_remove(fd, name, SN__CGROUP_PATIENT) < 0) {
        /* a host program that has run out of descriptors: the lock's own one may be what is missing */
        sn__close(dir);
        if (fd < 0)
            fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
            (void)sn__cgroup_remove(fd, name, SN__CGROUP_PATIENT);
        return;
    }
    sn__close(dir);
}

int sn__cgroup_create_error(int r, const char *parent, const char *name, sn_error **ret_error)
{
    if (r == -EBUSY)
        return sn__error_set(ret_error, SN_EBUSY, "cgroup create", "%s/%s belongs to somebody else's sandbox", parent,
                             name);
    return sn__error_errno(ret_error, -r, "cgroup create", "cannot make %s/%s", parent, name);
}

/* What was picked, and what that depends on. */
struct picked {
    struct sn__kept_fd mounts; /* /proc/self/mountinfo, by which the kernel tells of changes: proc(5) */
    pid_t owner;
    char *membership;
    char *wanted; /* or NULL */
    const struct sn__cgroup_driver *driver;
    char *parent;
};

static _Atomic(struct picked *) last_pick;

static void picked_free(struct picked *picked)
{
    if (!picked)
        return;
    sn__kept_fd_close(&picked->mounts);
    free(picked->membership);
    free(picked->wanted);
    free(picked->parent);
    free(picked);
}

void sn__cgroup_forget(void)
{
    picked_free(atomic_exchange(&last_pick, NULL));
}

static bool is_current(const struct picked *picked, const char *wanted)
{
    struct pollfd changed = {.fd = picked->mounts.fd, .events = POLLPRI};
    cleanup_free char *membership = NULL;

    return picked->owner == getpid() && !wanted == !picked->wanted &&
           (!wanted || strcmp(wanted, picked->wanted) == 0) && sn__kept_fd_is_ours(&picked->mounts) &&
           poll(&changed, 1, 0) == 0 &&
           sn__file_read_at(AT_FDCWD, "/proc/self/cgroup", TABLE_MAX, &membership, NULL) == 0 &&
           strcmp(membership, picked->membership) == 0;
}

/* Takes `membership` and `mounts`, which are NULL and -1 then. Without memory nothing is remembered. */
static void remember_pick(int *mounts, char **membership, const char *wanted, const struct sn__cgroup_driver *driver,
                          const char *parent)
{
    struct picked *picked = *mounts < 0 ? NULL : calloc(1, sizeof(*picked));

    if (!picked || sn__kept_fd_take(&picked->mounts, *mounts) < 0) {
        free(picked);
        return;
    }
    *mounts = -1;
    picked->owner = getpid();
    picked->membership = steal_ptr(membership);
    picked->wanted = wanted ? strdup(wanted) : NULL;
    picked->driver = driver;
    picked->parent = strdup(parent);
    if (picked->parent && !wanted == !picked->wanted)
        picked = atomic_exchange(&last_pick, picked);
    picked_free(picked);
}

static int pick(bool is_kept, const char *wanted, const struct sn__cgroup_driver **ret_driver, char **ret_parent,
                sn_error **ret_error)
{
    /* before the table is read, so that no change after that is missed */
    cleanup_close int mounts = is_kept ? open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC) : -1;
    cleanup_tables struct sn__cgroup_tables tables = {0};
    sn_error *v1_error = NULL;
    sn_error *v2_error = NULL;
    int r = sn__cgroup_tables_read(&tables);

    if (r < 0)
        return sn__error_errno(ret_error, -r, "cgroup find",
                               "cannot read /proc/self/mountinfo or /proc/self/cgroup (is /proc mounted?)");
    r = sn__cgroup_v2_pick(&tables, wanted, ret_parent, &v2_error);
    if (r == 0) {
        *ret_driver = &sn__cgroup_v2;
        remember_pick(&mounts, &tables.membership, wanted, *ret_driver, *ret_parent);
        return 0;
    }
    /* what failed for want of memory or descriptors would do on another day: v1 is no way out of that */
    if (!wanted && r != SN_ENOMEM && sn_error_errno(v2_error) != EMFILE && sn_error_errno(v2_error) != ENFILE) {
        r = sn__cgroup_v1_pick(&tables, ret_parent, &v1_error);
        if (r == 0) {
            *ret_driver = &sn__cgroup_v1;
            remember_pick(&mounts, &tables.membership, wanted, *ret_driver, *ret_parent);
            sn_error_free(v2_error);
            return 0;
        }
    }
    /* v1 speaks only where its hierarchies are mounted: elsewhere what v2 lacks is what can be changed */
    if (v1_error && sn_error_code(v1_error) != SN_ENOENT) {
        sn_error *swap = v2_error;

        v2_error = v1_error;
        v1_error = swap;
    }
    r = sn_error_code(v2_error);
    sn_error_free(v1_error);
    if (ret_error) {
        sn_error_free(*ret_error);
        *ret_error = v2_error;
    } else {
        sn_error_free(v2_error);
    }
    return r;
}

int sn__cgroup_pick(const char *wanted, const struct sn__cgroup_driver **ret_driver, char **ret_parent,
                    sn_error **ret_error)
{
    return pick(false, wanted, ret_driver, ret_parent, ret_error);
}

int sn__cgroup_pick_again(const char *wanted, const struct sn__cgroup_driver **ret_driver, char **ret_parent,
                          sn_error **ret_error)
{
    struct picked *picked = atomic_exchange(&last_pick, NULL), *none = NULL;
    char *parent = picked && is_current(picked, wanted) ? strdup(picked->parent) : NULL;

    if (!parent) {
        picked_free(picked);
        return pick(true, wanted, ret_driver, ret_parent, ret_error);
    }
    *ret_driver = picked->driver;
    *ret_parent = parent;
    if (!atomic_compare_exchange_strong(&last_pick, &none, picked))
        picked_free(picked);
    return 0;
}
