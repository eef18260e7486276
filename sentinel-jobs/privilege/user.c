/* SPDX-License-Identifier: MIT */
#include "privilege/privilege.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A uid by its digits; (uid_t)-1 is none, for system calls take it for "unchanged". */
static bool parse_uid(const char *text, uid_t *ret_uid)
{
    uint64_t value = 0;

    if (!*text || strlen(text) > 10)
        return false;
    for (; *text; text++) {
        if (!isdigit((unsigned char)*text))
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    if (value >= UINT32_MAX)
        return false;
    *ret_uid = (uid_t)value;
    return true;
}

static int find_by_name(const char *name, struct privilege_user *user, struct failure *failure)
{
    size_t size = 1024;
    cleanup_free char *space = NULL;
    struct passwd entry;
    struct passwd *found = NULL;
    int error = ERANGE;

    while (error == ERANGE && size <= 1U << 20) {
        char *larger = realloc(space, size);

        if (!larger)
            return fail_nomem(failure);
        space = larger;
        error = getpwnam_r(name, &entry, space, size, &found);
        size *= 4;
    }
    /* What getpwnam_r(3) returns for "no such user" depends on the source that was asked: all of it means that. */
    if (!found)
        return fail(failure, FAIL_NOT_FOUND,
                    "there is no user %.40s: useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin %.40s",
                    name, name);
    user->uid = entry.pw_uid;
    user->gid = entry.pw_gid;
    return 0;
}

int privilege_user_find(const char *name, struct privilege_user *ret_user, struct failure *failure)
{
    struct privilege_user user = {.uid = geteuid(), .gid = getegid()};

    if (user.uid != 0) {
        *ret_user = user;
        return 0;
    }
    user.is_switched = true;
    if (parse_uid(name, &user.uid)) {
        user.gid = user.uid;
    } else {
        int r = find_by_name(name, &user, failure);

        if (r < 0)
            return r;
    }
    if (user.uid == 0 || user.gid == 0)
        return fail(failure, FAIL_INVALID, "user %.40s is root, or in root's group: what reads the network must not be",
                    name);
    *ret_user = user;
    return 0;
}
