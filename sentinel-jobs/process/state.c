/* SPDX-License-Identifier: MIT */
#include "process/state.h"

#include "base/cleanup.h"
#include "process/parts.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *state_file_of(const char *url)
{
    static const char prefix[] = "sqlite:";

    return strncmp(url, prefix, sizeof(prefix) - 1) == 0 ? url + sizeof(prefix) - 1 : NULL;
}

/* What its owner may do with it is said by itself: to those in its group it must not be open to be written. */
static int check_mode(const char *path, const struct stat *st, const struct privilege_user *user,
                      struct failure *failure)
{
    unsigned mode = S_ISDIR(st->st_mode) ? 0700 : 0600;

    if ((st->st_mode & mode) == mode)
        return 0;
    return fail(failure, FAIL_INVALID, "uid %u may not read and write %.100s: chmod u+rw%s %.100s", (unsigned)user->uid,
                path, S_ISDIR(st->st_mode) ? "x" : "", path);
}

static int check_file(const char *path, const char *directory, const struct privilege_user *user,
                      struct failure *failure)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return 0;
    if (st.st_uid != user->uid)
        return fail(failure, FAIL_INVALID, "%.100s belongs to uid %u, not to uid %u: chown -R %u %.100s", path,
                    (unsigned)st.st_uid, (unsigned)user->uid, (unsigned)user->uid, directory);
    return check_mode(path, &st, user, failure);
}

/*
 * SQLite opens a file that it may only read for reading, without a word: each write would fail, and nothing else. Such
 * are a backup that root has put back, and what root's own sqlite3 has left beside it.
 */
static int check_database(const char *path, const char *directory, const struct privilege_user *user,
                          struct failure *failure)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", ".taker"};
    int r = 0;

    for (size_t i = 0; r == 0 && i < SN_ARRAY_SIZE(suffixes); i++) {
        char *name = NULL;

        if (asprintf(&name, "%s%s", path, suffixes[i]) < 0)
            return fail_nomem(failure);
        r = check_file(name, directory, user, failure);
        free(name);
    }
    return r;
}

static int check(const struct config *config, const struct privilege_user *user, bool is_fleet_checked,
                 struct failure *failure)
{
    const char *directory = config->state_dir;
    cleanup_free char *store = parts_store_url(config);
    cleanup_free char *queue = parts_queue_url(config);
    bool is_used = is_fleet_checked || (store && state_file_of(store)) || (queue && state_file_of(queue));
    struct stat st;
    int r = 0;

    if (!store || !queue)
        return fail_nomem(failure);
    /* Root's empty one becomes the user's at the start. */
    if (stat(directory, &st) < 0 || st.st_uid != user->uid)
        return 0;
    if (is_used)
        r = check_mode(directory, &st, user, failure);
    if (r == 0 && is_used)
        r = privilege_check_user(user, directory, R_OK | W_OK | X_OK, failure);
    if (r == 0 && state_file_of(store))
        r = check_database(state_file_of(store), directory, user, failure);
    if (r == 0 && state_file_of(queue))
        r = check_database(state_file_of(queue), directory, user, failure);
    return r;
}

int state_prepare(const struct config *config, const struct privilege_user *user, struct failure *failure)
{
    int r = privilege_directory(config->state_dir, user, failure);

    return r < 0 ? r : check(config, user, false, failure);
}

int state_check(const struct config *config, const struct privilege_user *user, struct failure *failure)
{
    int r = privilege_directory_check(config->state_dir, user, failure);

    return r < 0 ? r : check(config, user, true, failure);
}
