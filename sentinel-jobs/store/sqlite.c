/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Theory of operation. One file in WAL mode: readers do not wait for the writer, nor it for them. What changes the file
 * goes through one thread (sqlite_writer.c); what only reads borrows one of a few connections. A caller returns from a
 * change when it is committed, so whatever it reads next has it. Another process may have the same file open: each
 * waits for the other's lock.
 */

static const char *const prefixes[] = {"sqlite:", NULL};

/* What SQLite takes for a file's name and for nothing else (":memory:", "file:..."). */
static int file_of_url(const char *url, char **ret_path, struct failure *failure)
{
    const char *path = url + strlen(prefixes[0]);
    char *made;

    if (!*path)
        return fail(failure, FAIL_INVALID, "the store's URL names no file: it is sqlite:PATH");
    if (asprintf(&made, "%s%s", *path == '/' ? "" : "./", path) < 0)
        return fail_nomem(failure);
    *ret_path = made;
    return 0;
}

/*
 * For nobody else's eyes, as are the log and the index that SQLite makes beside it in the same mode. One that is there
 * is not opened: to close it would release all locks that this process has on it, those of another store of the same
 * file.
 */
static int make_file(const char *path, struct failure *failure)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    else if (errno != EEXIST)
        return fail(failure, FAIL_UNAVAILABLE, "%s cannot be made: %s", path, strerrordesc_np(errno));
    return 0;
}

static int must_exist(const char *path, struct failure *failure)
{
    struct stat info;

    if (stat(path, &info) == 0)
        return 0;
    if (errno == ENOENT)
        return fail(failure, FAIL_CONFLICT, "there is no database %s yet, and this program needs schema version %u",
                    path, lite_schema_known());
    return fail(failure, FAIL_UNAVAILABLE, "%s cannot be looked at: %s", path, strerrordesc_np(errno));
}

static void close_store(void *self)
{
    struct lite *lite = self;

    lite_writer_stop(&lite->writer);
    for (size_t i = 0; i < LITE_READERS; i++)
        lite_disconnect(&lite->readers[i]);
    pthread_cond_destroy(&lite->returned);
    pthread_mutex_destroy(&lite->mutex);
    free(lite);
}

static int open_readers(struct lite *lite, const char *path, struct failure *failure)
{
    for (size_t i = 0; i < LITE_READERS; i++) {
        int error = lite_connect(path, &lite->readers[i], failure);

        if (error == 0)
            error = lite_exec(&lite->readers[i], "PRAGMA query_only = ON", failure);
        if (error < 0)
            return error;
        lite->idle[lite->idle_count++] = &lite->readers[i];
    }
    return 0;
}

static int open_store(const char *url, const struct store_options *options, void **ret_self, struct failure *failure)
{
    bool may_migrate = options && options->may_migrate;
    cleanup_free char *path = NULL;
    struct lite *lite;
    int error = file_of_url(url, &path, failure);

    if (error == 0)
        error = may_migrate ? make_file(path, failure) : must_exist(path, failure);
    if (error < 0)
        return error;
    lite = calloc(1, sizeof(*lite));
    if (!lite)
        return fail_nomem(failure);
    pthread_mutex_init(&lite->mutex, NULL);
    pthread_cond_init(&lite->returned, NULL);
    error = lite_connect(path, &lite->writer.connection, failure);
    if (error == 0)
        error = lite_schema_check(&lite->writer.connection, may_migrate, failure);
    if (error == 0)
        error = open_readers(lite, path, failure);
    if (error == 0)
        error = lite_writer_start(&lite->writer, failure);
    if (error < 0) {
        close_store(lite);
        return error;
    }
    *ret_self = lite;
    return 0;
}

struct lite_connection *lite_borrow(struct lite *lite)
{
    struct lite_connection *connection;

    pthread_mutex_lock(&lite->mutex);
    while (lite->idle_count == 0)
        pthread_cond_wait(&lite->returned, &lite->mutex);
    connection = lite->idle[--lite->idle_count];
    pthread_mutex_unlock(&lite->mutex);
    return connection;
}

void lite_give_back(struct lite *lite, struct lite_connection *connection)
{
    pthread_mutex_lock(&lite->mutex);
    lite->idle[lite->idle_count++] = connection;
    pthread_cond_signal(&lite->returned);
    pthread_mutex_unlock(&lite->mutex);
}

static int schema(void *self, unsigned *ret_known, unsigned *ret_present, struct failure *failure)
{
    struct lite_connection *connection = lite_borrow(self);
    int error = lite_schema_present(connection, ret_present, failure);

    lite_give_back(self, connection);
    if (error == 0)
        *ret_known = lite_schema_known();
    return error;
}

static int ping(void *self, struct failure *failure)
{
    unsigned known;
    unsigned present;
    int error = schema(self, &known, &present, failure);

    return error < 0 ? error : lite_probe(self, failure);
}

static int migrate(const char *url, unsigned version, struct failure *failure)
{
    struct lite_connection connection;
    cleanup_free char *path = NULL;
    int error = file_of_url(url, &path, failure);

    if (error == 0)
        error = make_file(path, failure);
    if (error == 0)
        error = lite_connect(path, &connection, failure);
    if (error < 0)
        return error;
    error = lite_schema_migrate(&connection, version, failure);
    lite_disconnect(&connection);
    return error;
}

const struct store_backend store_sqlite = {
    .name = "sqlite",
    .prefixes = prefixes,
    .open = open_store,
    .close = close_store,
    .ping = ping,
    .insert = lite_insert,
    .get = lite_get,
    .list = lite_list,
    .unpublished = lite_unpublished,
    .mark_published = lite_mark_published,
    .claim = lite_claim,
    .advance = lite_advance,
    .renew = lite_renew,
    .release = lite_release,
    .recall = lite_recall,
    .expire = lite_expire,
    .finish = lite_finish,
    .cancel = lite_cancel,
    .revive = lite_revive,
    .load = lite_load,
    .history = lite_history,
    .retire = lite_retire,
    .key_add = lite_key_add,
    .key_find = lite_key_find,
    .key_revoke = lite_key_revoke,
    .key_list = lite_key_list,
    .worker_beat = lite_worker_beat,
    .worker_gone = lite_worker_gone,
    .worker_list = lite_worker_list,
    .webhook_take = lite_webhook_take,
    .webhook_done = lite_webhook_done,
    .webhook_later = lite_webhook_later,
    .schema = schema,
    .migrate = migrate,
};
