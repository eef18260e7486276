/* SPDX-License-Identifier: MIT */
#include "plan/idmap.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "plan/apparmor.h"
#include "plan/slot.h"
#include "spawn/helper.h"

#include <sentinel/layer.h>

#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <sys/capability.h>

#define PROGRAM_ID 1000
/* Above every range that systemd's UIDS-GIDS document gives away, below the sign bit. */
#define PREFERRED_BASE UINT32_C(0x70000000)
#define IDS_WANTED (2 * SN__SLOT_COUNT)
#define KEEP_AT_TOP 16 /* 65534 is nobody in the usual 65536 ids of a container */

/* Is PREFERRED_BASE ours to use here, else where does the largest range of ids we have leave room? */
static int find_base(const char *map_file, uint32_t *ret_base, sn_error **ret_error)
{
    cleanup_free char *text = NULL;
    uint64_t best_start = 0, best_count = 0;
    int r = sn__file_read_at(AT_FDCWD, map_file, 65536, &text, NULL);

    if (r < 0)
        return sn__error_errno(ret_error, -r, "choose uid", "cannot read %s", map_file);
    for (char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        uint64_t inside, outside, count;

        if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64, &inside, &outside, &count) != 3)
            continue;
        if (inside <= PREFERRED_BASE && inside + count >= (uint64_t)PREFERRED_BASE + IDS_WANTED) {
            *ret_base = PREFERRED_BASE;
            return 0;
        }
        if (count > best_count) {
            best_start = inside;
            best_count = count;
        }
    }
    if (best_count < IDS_WANTED + KEEP_AT_TOP + PROGRAM_ID)
        return sn__error_set(ret_error, SN_EHOST, "choose uid",
                             "this user namespace has only %" PRIu64 " ids in one range (%s) and sandboxes need %u of "
                             "their own: give the container a larger range in /etc/subuid, or relax uid",
                             best_count, map_file, IDS_WANTED);
    *ret_base = (uint32_t)(best_start + best_count - IDS_WANTED - KEEP_AT_TOP);
    return 0;
}

static int choose_privileged(uint64_t layers, uint32_t slot, struct sn__idmap *map, sn_error **ret_error)
{
    uint32_t base;
    int r = find_base("/proc/self/uid_map", &base, ret_error);

    if (r < 0)
        return r;
    map->own_uid = true;
    map->init_inside = 0;
    map->init_outside = map->user_ns ? base + 2 * slot : geteuid();
    map->program_outside = base + 2 * slot + 1;
    r = find_base("/proc/self/gid_map", &base, ret_error);
    if (r < 0)
        return r;
    map->init_gid_outside = map->user_ns ? base + 2 * slot : getegid();
    map->program_gid_outside = base + 2 * slot + 1;
    map->take_root = map->user_ns;
    if (!(layers & SN_LAYER_UID)) {
        map->own_uid = false;
        map->program_outside = map->init_outside;
        map->program_gid_outside = map->init_gid_outside;
    }
    /* without a user namespace the numbers inside are those outside */
    map->program_inside = !map->own_uid ? 0 : map->user_ns ? PROGRAM_ID : map->program_outside;
    return 0;
}

/*
 * The first range of this user in /etc/subuid or /etc/subgid, by name or by number: subuid(5). A count of 0: there is
 * none. That this cannot be told is an error: the program would have the caller's own uid for want of a descriptor.
 */
static int find_subordinate(const char *file, uint32_t *ret_start, uint32_t *ret_count)
{
    cleanup_free char *text = NULL;
    struct passwd entry, *found = NULL;
    char room[4096], number[16];
    uid_t uid = getuid();
    int r = sn__file_read_at(AT_FDCWD, file, 1 << 20, &text, NULL);

    *ret_count = 0;
    if (r < 0)
        return r == -ENOENT || r == -EACCES ? 0 : r;
    r = getpwuid_r(uid, &entry, room, sizeof(room), &found);
    if (r == ENOMEM || r == EMFILE || r == ENFILE || r == EIO)
        return -r;
    if (r != 0) /* a name that is too long, or a service that is away: the number may be there */
        found = NULL;
    snprintf(number, sizeof(number), "%u", uid);
    for (char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        size_t n = strcspn(line, ":\n");
        bool ours = (found && strlen(found->pw_name) == n && memcmp(line, found->pw_name, n) == 0) ||
                    (strlen(number) == n && memcmp(line, number, n) == 0);

        if (ours && line[n] == ':' && sscanf(line + n + 1, "%" SCNu32 ":%" SCNu32, ret_start, ret_count) == 2 &&
            *ret_count > 0)
            return 0;
        *ret_count = 0;
    }
    return 0;
}

/* Whether this user has ranges that the helpers map. */
static int find_ranges(uint64_t layers, struct sn__idmap *map, sn_error **ret_error)
{
    uint32_t uid_count = 0, gid_count = 0;
    int r = 0;

    if ((layers & SN_LAYER_UID) && access("/usr/bin/newuidmap", X_OK) == 0 && access("/usr/bin/newgidmap", X_OK) == 0) {
        r = find_subordinate("/etc/subuid", &map->uid_start, &uid_count);
        if (r == 0)
            r = find_subordinate("/etc/subgid", &map->gid_start, &gid_count);
    }
    if (r < 0)
        return sn__error_errno(ret_error, -r, "choose uid",
                               "cannot look for this user's ranges in /etc/subuid and /etc/subgid");
    if (!uid_count || !gid_count)
        return 0;
    map->use_helpers = true;
    map->slots = uid_count < map->slots ? uid_count : map->slots;
    map->slots = gid_count < map->slots ? gid_count : map->slots;
    return 0;
}

static void choose_unprivileged(uint32_t slot, struct sn__idmap *map)
{
    map->init_outside = geteuid();
    map->init_gid_outside = getegid();
    map->program_inside = PROGRAM_ID;
    if (map->use_helpers) {
        map->own_uid = true;
        map->take_root = true;
        map->init_inside = 0;
        map->program_outside = map->uid_start + slot;
        map->program_gid_outside = map->gid_start + slot;
        return;
    }
    map->by_ambient = true;
    map->init_inside = PROGRAM_ID;
    map->program_outside = map->init_outside;
    map->program_gid_outside = map->init_gid_outside;
}

int sn__idmap_privileged(bool *ret_privileged)
{
    cap_flag_value_t setuid = CAP_CLEAR, setgid = CAP_CLEAR;
    cap_t caps = cap_get_proc();

    if (!caps)
        return -errno;
    (void)cap_get_flag(caps, CAP_SETUID, CAP_EFFECTIVE, &setuid);
    (void)cap_get_flag(caps, CAP_SETGID, CAP_EFFECTIVE, &setgid);
    cap_free(caps);
    *ret_privileged = setuid == CAP_SET && setgid == CAP_SET;
    return 0;
}

int sn__idmap_find(uint64_t layers, struct sn__idmap *ret_map, sn_error **ret_error)
{
    struct sn__idmap map = {.user_ns = layers & SN_LAYER_USER_NS, .slots = SN__SLOT_COUNT};
    int r = sn__idmap_privileged(&map.privileged);

    if (r < 0)
        return sn__error_errno(ret_error, -r, "choose uid", "cannot read the capabilities of this process");
    if (!map.privileged && !map.user_ns)
        return sn__error_set(ret_error, SN_EHOST, "choose uid",
                             "relaxing user-ns needs root: an ordinary user can make the other namespaces only in a "
                             "user namespace");
    if (!map.privileged)
        r = find_ranges(layers, &map, ret_error);
    if (r == 0)
        *ret_map = map;
    return r;
}

int sn__idmap_choose(uint64_t layers, uint32_t slot, struct sn__idmap *map, sn_error **ret_error)
{
    if (map->privileged)
        return choose_privileged(layers, slot, map, ret_error);
    choose_unprivileged(slot, map);
    return 0;
}

static int write_one(pid_t pid, const char *file, uint32_t inside0, uint32_t outside0, const uint32_t *second,
                     sn_error **ret_error)
{
    char path[64], text[128];
    int used = snprintf(text, sizeof(text), "%u %u 1\n", inside0, outside0);
    int r;

    if (second)
        snprintf(text + used, sizeof(text) - (size_t)used, "%u %u 1\n", second[0], second[1]);
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
    r = sn__file_write_at(AT_FDCWD, path, text);
    if (r == -EPERM && outside0 == 0 && !second)
        return sn__error_set(ret_error, SN_EHOST, "write id map",
                             "root without the capabilities SETUID and SETGID may map no uid, not even its own: give "
                             "the container --cap-add SETUID,SETGID, or start it as an ordinary user (--user "
                             "1000:1000) and relax the layer uid");
    if (r < 0 && sn__apparmor_explain(SN__STEP_LAUNCH_IDS, "write id map", -r, ret_error) < 0)
        return SN_EHOST;
    return r < 0 ? sn__error_errno(ret_error, -r, "write id map", "cannot write %s", file) : 0;
}

static int run_map_helper(const char *helper, pid_t pid, uint32_t init_outside, uint32_t program_outside,
                          sn_error **ret_error)
{
    char numbers[3][16];
    const char *const argv[] = {helper, numbers[0], "0", numbers[1], "1", "1000", numbers[2], "1", NULL};
    int r;

    snprintf(numbers[0], sizeof(numbers[0]), "%d", pid);
    snprintf(numbers[1], sizeof(numbers[1]), "%u", init_outside);
    snprintf(numbers[2], sizeof(numbers[2]), "%u", program_outside);
    r = sn__helper_run(argv);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "write id map", "cannot run %s", helper);
    if (r != 0)
        return sn__error_set(ret_error, SN_EHOST, "write id map",
                             "%s refused the map of this user's range (exit status %d): check /etc/subuid, /etc/subgid "
                             "and that the helper is setuid root (in a container: has the file capability instead, "
                             "'setcap cap_setuid=ep %s', and no-new-privileges is off), or relax uid",
                             helper, r, helper);
    return 0;
}

int sn__idmap_write(const struct sn__idmap *map, pid_t pid, sn_error **ret_error)
{
    const uint32_t uid[2] = {map->program_inside, map->program_outside};
    const uint32_t gid[2] = {map->program_inside, map->program_gid_outside};
    bool two = map->init_inside != map->program_inside;
    char path[64];
    int r;

    if (!map->user_ns)
        return 0;
    if (map->use_helpers) {
        r = run_map_helper("/usr/bin/newuidmap", pid, map->init_outside, map->program_outside, ret_error);
        return r < 0 ? r
                     : run_map_helper("/usr/bin/newgidmap", pid, map->init_gid_outside, map->program_gid_outside,
                                      ret_error);
    }
    if (map->by_ambient) { /* user_namespaces(7): without privilege a gid map needs setgroups shut first */
        snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
        r = sn__file_write_at(AT_FDCWD, path, "deny");
        if (r < 0)
            return sn__error_errno(ret_error, -r, "write id map", "cannot write setgroups");
    }
    r = write_one(pid, "uid_map", map->init_inside, map->init_outside, two ? uid : NULL, ret_error);
    return r < 0 ? r : write_one(pid, "gid_map", map->init_inside, map->init_gid_outside, two ? gid : NULL, ret_error);
}
