/* SPDX-License-Identifier: MIT */
/*
 * The way to files, by Landlock's system calls: the C library has no functions for them. Rules are tied to inodes, not
 * to names: a file that is replaced by another one of its name (as resolv.conf may be) is out of reach until the next
 * start, whereas what is in a directory stays in reach. Sockets in the file system are not Landlock's: their own
 * permissions guard those.
 */
#include "privilege/steps.h"

#include "base/cleanup.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/landlock.h as it is today, for headers that are older: larger by what is zero is accepted by every kernel. */
struct ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net; /* nothing: databases, brokers and webhooks may be anywhere */
    uint64_t scoped;
};
#define ACCESS_TRUNCATE (1ULL << 14)
#define ACCESS_IOCTL_DEV (1ULL << 15)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL (1ULL << 1)

#define ACCESS_READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define ACCESS_READ (ACCESS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE_FILE (ACCESS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE)
/* Plain files and directories; links, devices, pipes and sockets are nothing a database makes. */
#define ACCESS_WRITE                                                                                                   \
    (ACCESS_READ | ACCESS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |                     \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REFER)

/*
 * What libraries read by themselves, if it is there: names to addresses, certificates of authorities, time zones,
 * modules loaded on demand (NSS, OpenSSL, character sets). Nothing in these is secret.
 */
static const char *const always_read[] = {
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/passwd",
    "/etc/localtime",
    "/etc/ld.so.cache",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/openssl.cnf",
    "/etc/pki/ca-trust/extracted",
    "/etc/crypto-policies",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/crypto-policies",
    "/usr/share/zoneinfo",
    "/usr/share/locale",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/sys/devices/system/cpu",
    "/dev/urandom",
#ifdef PRIVILEGE_SANITIZED
    "/proc",
#endif
    NULL,
};
static const char *const always_write[] = {"/dev/null", NULL};

/* Rights that this version of Landlock knows; unknown ones would be refused. */
static uint64_t known_rights(long abi)
{
    uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

    if (abi >= 2)
        rights |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3)
        rights |= ACCESS_TRUNCATE;
    if (abi >= 5)
        rights |= ACCESS_IOCTL_DEV;
    return rights;
}

struct rules {
    int ruleset;
    uint64_t known;
};

/* `is_optional`: nothing happens if it is not there. */
static int allow(const struct rules *rules, const char *path, uint64_t rights, bool is_optional,
                 struct failure *failure)
{
    cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);
    struct landlock_path_beneath_attr rule = {.parent_fd = fd};
    struct stat st;

    if (fd < 0 && is_optional)
        return 0;
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail(failure, errno == ENOENT ? FAIL_NOT_FOUND : FAIL_INVALID,
                    "the frontend cannot be allowed %.150s: %s", path, strerror(errno));
    /* Rights of directories are refused for files. */
    rule.allowed_access = rights & rules->known & (S_ISDIR(st.st_mode) ? UINT64_MAX : ACCESS_WRITE_FILE);
    if (syscall(SYS_landlock_add_rule, rules->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
        return fail(failure, FAIL_INTERNAL, "Landlock does not take %.150s: %s", path, strerror(errno));
    return 0;
}

static int allow_all(const struct rules *rules, const char *const *paths, uint64_t rights, bool is_optional,
                     struct failure *failure)
{
    for (; paths && *paths; paths++) {
        int r = allow(rules, *paths, rights, is_optional, failure);

        if (r < 0)
            return r;
    }
    return 0;
}

/* Where a service such as systemd-resolved keeps resolv.conf it replaces the file: its directory has to be in reach. */
static int allow_resolver(const struct rules *rules, struct failure *failure)
{
    cleanup_free char *path = realpath("/etc/resolv.conf", NULL);
    char *slash = path ? strrchr(path, '/') : NULL;

    if (!path || strncmp(path, "/run/", 5) != 0 || slash == path + 4)
        return 0;
    *slash = '\0';
    return allow(rules, path, ACCESS_READ, true, failure);
}

int privilege_landlock_prepare(const char *const *read_paths, const char *const *write_paths, int *ret_ruleset,
                               struct failure *failure)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct ruleset handled = {0};
    cleanup_close int fd = -1;
    struct rules rules;
    int r;

    if (abi < 1) {
        log_warn("no Landlock (%s): the frontend's way to files is guarded by their permissions alone",
                 strerror(errno));
        *ret_ruleset = -1;
        return 0;
    }
    handled.handled_access_fs = known_rights(abi);
    handled.scoped = abi >= 6 ? SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL : 0;
    fd = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
    if (fd < 0)
        return fail(failure, FAIL_INTERNAL, "cannot make a Landlock ruleset: %s", strerror(errno));
    rules = (struct rules){.ruleset = fd, .known = handled.handled_access_fs};
    r = allow_all(&rules, always_read, ACCESS_READ, true, failure);
    if (r == 0)
        r = allow_resolver(&rules, failure);
    if (r == 0)
        r = allow_all(&rules, always_write, ACCESS_WRITE, true, failure);
    if (r == 0)
        r = allow_all(&rules, read_paths, ACCESS_READ, false, failure);
    if (r == 0)
        r = allow_all(&rules, write_paths, ACCESS_WRITE, false, failure);
    if (r == 0)
        *ret_ruleset = steal_fd(&fd);
    return r;
}

int privilege_landlock_enter(int ruleset, struct failure *failure)
{
    if (ruleset >= 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
        return fail(failure, FAIL_INTERNAL, "cannot enter the Landlock ruleset: %s", strerror(errno));
    return 0;
}
