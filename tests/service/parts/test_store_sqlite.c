/* SPDX-License-Identifier: MIT */
/* What only the SQLite store promises: its file, its schema's steps, what it says when the disk fails it. */
#include "store_suite.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static char directory[PATH_MAX];
static char path[PATH_MAX + 20];
static char url[PATH_MAX + 40];
static const struct store_options may_migrate = {.may_migrate = true};
static const struct store_options may_not = {.may_migrate = false};

/* ---- what the tests do to the system ----------------------------------------------------------------------------- */

static int syncs;
static bool is_full;

/* SQLite calls this one, for it is found before the C library's. */
int fdatasync(int fd)
{
    __atomic_add_fetch(&syncs, 1, __ATOMIC_SEQ_CST);
    return (int)syscall(SYS_fdatasync, fd);
}

static ssize_t write_to_disk(int fd, const void *data, size_t length, off_t offset)
{
    if (__atomic_load_n(&is_full, __ATOMIC_SEQ_CST)) {
        errno = ENOSPC;
        return -1;
    }
    return pwrite(fd, data, length, offset);
}

static void set_disk_full(bool full)
{
    static const char *const calls[] = {"pwrite", "pwrite64"};
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

    __atomic_store_n(&is_full, full, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 2; i++)
        vfs->xSetSystemCall(vfs, calls[i], (sqlite3_syscall_ptr)write_to_disk);
}

static int make_directory(void **state)
{
    const char *temporary = getenv("TMPDIR");

    (void)state;
    /* Before any connection is open: the call is replaced once, and looks at a flag from then on. */
    set_disk_full(false);
    snprintf(directory, sizeof(directory), "%s/store-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof(path), "%s/jobs.db", directory);
    snprintf(url, sizeof(url), "sqlite:%s", path);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    __atomic_store_n(&is_full, false, __ATOMIC_SEQ_CST);
    store_close(store);
    store = NULL;
    suite_remove(directory, "jobs.db");
    suite_remove(directory, "other.db");
    rmdir(directory);
    return 0;
}

static void open_here(void)
{
    assert_done(store_open(url, &may_migrate, &store, WHY));
}

static void close_here(void)
{
    store_close(store);
    store = NULL;
}

static int count_rows(const char *sql)
{
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = NULL;
    int count;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    count = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}

/* With another program's eyes. */
static void execute(const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static int refused(const struct store_options *options, struct failure *failure)
{
    struct store *opened = NULL;
    int code = store_open(url, options, &opened, failure);

    if (code == 0)
        store_close(opened);
    assert_true(code < 0 && failure->code == code && *failure->message);
    return code;
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static void nobody_else_can_read_its_files(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    (void)state;
    open_here();
    submit();
    for (int i = 0; i < 3; i++) {
        char name[sizeof(path) + 8];
        struct stat info;

        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        assert_int_equal(stat(name, &info), 0);
        assert_int_equal(info.st_mode & 07777, 0600);
    }
}

static void a_url_without_a_path_is_refused(void **state)
{
    struct failure failure;
    struct store *none = NULL;

    (void)state;
    assert_int_equal(store_open("sqlite:", &may_migrate, &none, &failure), FAIL_INVALID);
    assert_null(none);
}

static void a_name_that_sqlite_would_take_for_another_thing_is_a_files(void **state)
{
    char before[PATH_MAX];
    struct uuid id;

    (void)state;
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(directory), 0);
    assert_done(store_open("sqlite::memory:", &may_migrate, &store, WHY));
    id = submit();
    close_here();
    assert_done(store_open("sqlite::memory:", &may_not, &store, WHY));
    end(&id);
    close_here();
    suite_remove(directory, ":memory:");
    assert_int_equal(chdir(before), 0);
}

static void a_file_that_cannot_be_made_is_unavailable(void **state)
{
    struct failure failure;
    struct store *none = NULL;

    (void)state;
    assert_int_equal(store_open("sqlite:/proc/no/such/place/jobs.db", &may_migrate, &none, &failure), FAIL_UNAVAILABLE);
    assert_non_null(strstr(failure.message, "No such file"));
}

static void a_database_that_is_not_there_is_not_made_without_leave(void **state)
{
    struct failure failure;
    struct stat info;

    (void)state;
    assert_int_equal(refused(&may_not, &failure), FAIL_CONFLICT);
    assert_int_equal(stat(path, &info), -1);
}

/* ---- the schema -------------------------------------------------------------------------------------------------- */

static void an_older_schema_is_refused_without_leave_and_migrated_with_it(void **state)
{
    struct failure failure;
    unsigned known;
    unsigned present;

    (void)state;
    assert_done(store_migrate(url, 1, WHY));
    assert_int_equal(refused(&may_not, &failure), FAIL_CONFLICT);
    assert_non_null(strstr(failure.message, "version 1"));
    open_here();
    assert_done(store_schema(store, &known, &present, WHY));
    assert_int_equal(known, present);
}

static void a_newer_schema_is_refused_with_both_versions(void **state)
{
    struct failure failure;
    unsigned known;
    unsigned present;
    char sql[60];
    char text[20];

    (void)state;
    open_here();
    assert_done(store_schema(store, &known, &present, WHY));
    close_here();
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %u", known + 41);
    execute(sql);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(i == 0   ? refused(&may_not, &failure)
                         : i == 1 ? refused(&may_migrate, &failure)
                                  : store_migrate(url, 1, &failure),
                         FAIL_CONFLICT);
        snprintf(text, sizeof(text), " %u", known);
        assert_non_null(strstr(failure.message, text));
        snprintf(text, sizeof(text), " %u", known + 41);
        assert_non_null(strstr(failure.message, text));
    }
}

static void jobs_outlast_a_step_down_and_up(void **state)
{
    struct uuid id;
    cleanup_job struct job *job = NULL;

    (void)state;
    open_here();
    id = submit();
    close_here();
    assert_done(store_migrate(url, 1, WHY));
    assert_done(store_migrate(url, STORE_NEWEST, WHY));
    assert_done(store_open(url, &may_not, &store, WHY));
    job = get(&id, STORE_WITH_SPEC);
    assert_non_null(job->spec);
}

static void down_to_nothing_leaves_nothing(void **state)
{
    (void)state;
    open_here();
    submit();
    close_here();
    assert_done(store_migrate(url, 0, WHY));
    execute("CREATE TABLE jobs (x); DROP TABLE jobs");
    for (unsigned version = 1; version <= 3; version++)
        assert_done(store_migrate(url, version, WHY));
    for (unsigned version = 3; version > 0; version--)
        assert_done(store_migrate(url, version - 1, WHY));
    open_here();
    submit();
}

static void another_programs_database_is_left_alone(void **state)
{
    struct failure failure;

    (void)state;
    execute("CREATE TABLE theirs (x)");
    assert_int_equal(refused(&may_migrate, &failure), FAIL_CONFLICT);
    assert_int_equal(store_migrate(url, STORE_NEWEST, &failure), FAIL_CONFLICT);
    execute("INSERT INTO theirs VALUES (1)");
}

/* ---- the disk ---------------------------------------------------------------------------------------------------- */

static void a_file_that_is_no_database_is_called_damaged(void **state)
{
    struct failure failure;
    FILE *file = fopen(path, "w");

    (void)state;
    assert_non_null(file);
    for (int i = 0; i < 2000; i++)
        fputs("this is no database", file);
    fclose(file);
    assert_int_equal(refused(&may_migrate, &failure), FAIL_INTERNAL);
    assert_non_null(strstr(failure.message, "damaged"));
}

static void a_damaged_page_is_an_error_and_no_crash(void **state)
{
    const struct store_filter filter = {.limit = 1000};
    struct failure failure = {0};
    struct job **jobs = NULL;
    size_t count = 0;
    char noise[4096];
    struct stat info;
    int code = 0;
    int fd;

    (void)state;
    open_here();
    for (int i = 0; i < 300; i++)
        submit();
    close_here();
    /* All but the first page, which has the schema's version and the tables' names. */
    memset(noise, 0xa5, sizeof(noise));
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    for (off_t at = 4096; at < info.st_size; at += 4096)
        assert_int_equal(pwrite(fd, noise, sizeof(noise), at), 4096);
    close(fd);
    code = store_open(url, &may_migrate, &store, &failure);
    if (code == 0)
        code = store_list(store, &filter, &jobs, &count, &failure);
    assert_int_equal(code, FAIL_INTERNAL);
    assert_non_null(strstr(failure.message, "damaged"));
}

static void a_full_disk_is_unavailable_until_it_is_not_full_any_more(void **state)
{
    cleanup_job struct job *job = draft("c");
    const struct job *jobs[] = {job};
    struct failure failure = {0};
    struct uuid before;
    struct job *none = NULL;

    (void)state;
    open_here();
    before = submit();
    __atomic_store_n(&is_full, true, __ATOMIC_SEQ_CST);
    assert_int_equal(store_insert(store, jobs, 1, NULL, NULL, &failure), FAIL_UNAVAILABLE);
    assert_non_null(strstr(failure.message, "full"));
    assert_int_equal(store_claim(store, &before, "w", 1, 2, false, &none, &failure), FAIL_UNAVAILABLE);
    assert_null(none);
    assert_int_equal(store_get(store, &job->id, 0, &none, NULL), FAIL_NOT_FOUND);
    assert_done(store_get(store, &before, 0, &none, WHY));
    assert_int_equal(none->attempt, 0);
    job_free(none);
    __atomic_store_n(&is_full, false, __ATOMIC_SEQ_CST);
    store_draft(job);
    end(&job->id);
    end(&before);
}

static void a_ping_writes_after_a_write_that_failed_and_only_then(void **state)
{
    cleanup_job struct job *job = draft("c");
    const struct job *jobs[] = {job};
    struct failure failure = {0};

    (void)state;
    open_here();
    submit();
    set_disk_full(true);
    assert_done(store_ping(store, WHY));
    assert_int_equal(store_insert(store, jobs, 1, NULL, NULL, NULL), FAIL_UNAVAILABLE);
    assert_int_equal(store_ping(store, &failure), FAIL_UNAVAILABLE);
    assert_non_null(strstr(failure.message, "full"));
    assert_int_equal(store_ping(store, NULL), FAIL_UNAVAILABLE);
    set_disk_full(false);
    assert_done(store_ping(store, WHY));
    /* It left nothing behind, and is over. */
    assert_int_equal(count_rows("SELECT count(*) FROM idempotency"), 0);
    set_disk_full(true);
    assert_done(store_ping(store, WHY));
    set_disk_full(false);
}

static int syncs_of_last(void)
{
    return __atomic_exchange_n(&syncs, 0, __ATOMIC_SEQ_CST);
}

static void what_is_promised_is_on_the_disk_and_what_is_not_does_not_wait_for_it(void **state)
{
    struct uuid id;
    uint32_t attempt;

    (void)state;
    open_here();
    submit();
    syncs_of_last();
    id = submit();
    assert_true(syncs_of_last() > 0);
    attempt = claim(&id, "w", false);
    assert_done(store_advance(store, &id, attempt, JOB_RUNNING, 5, WHY));
    assert_int_equal(syncs_of_last(), 0);
    assert_int_equal(finish(&id, attempt, JOB_INTERNAL_ERROR, "{}"), 0);
    assert_true(syncs_of_last() > 0);
    assert_done(store_revive(store, &id, WHY));
    assert_true(syncs_of_last() > 0);
    assert_done(store_cancel(store, &id, "{}", 7, WHY));
    assert_true(syncs_of_last() > 0);
}

#define OPENERS 8

struct opening {
    pthread_barrier_t barrier;
    int opened;
};

static void *open_at_once(void *arg)
{
    struct opening *opening = arg;
    struct failure failure = {0};
    struct store *mine = NULL;

    pthread_barrier_wait(&opening->barrier);
    if (store_open(url, &may_migrate, &mine, &failure) == 0)
        __atomic_add_fetch(&opening->opened, 1, __ATOMIC_SEQ_CST);
    else
        print_error("%s\n", failure.message);
    store_close(mine);
    return NULL;
}

static void all_that_make_the_database_at_once_open_it(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        struct opening opening = {0};
        pthread_t threads[OPENERS];

        pthread_barrier_init(&opening.barrier, NULL, OPENERS);
        for (int i = 0; i < OPENERS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, open_at_once, &opening), 0);
        for (int i = 0; i < OPENERS; i++)
            pthread_join(threads[i], NULL);
        pthread_barrier_destroy(&opening.barrier);
        assert_int_equal(opening.opened, OPENERS);
        suite_remove(directory, "jobs.db");
    }
}

struct waiter {
    struct job *job;
    int code;
    bool is_done;
};

static void *insert_behind_lock(void *arg)
{
    struct waiter *waiter = arg;
    const struct job *jobs[] = {waiter->job};

    waiter->code = store_insert(store, jobs, 1, NULL, NULL, NULL);
    __atomic_store_n(&waiter->is_done, true, __ATOMIC_SEQ_CST);
    return NULL;
}

static void a_lock_of_another_process_is_waited_for(void **state)
{
    struct waiter waiter = {.job = draft("c")};
    sqlite3 *other = NULL;
    pthread_t thread;

    (void)state;
    open_here();
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(pthread_create(&thread, NULL, insert_behind_lock, &waiter), 0);
    /* Who reads does not wait at all. However late the other thread begins, it cannot be done. */
    assert_done(store_ping(store, WHY));
    usleep(50000);
    assert_false(__atomic_load_n(&waiter.is_done, __ATOMIC_SEQ_CST));
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    pthread_join(thread, NULL);
    assert_int_equal(waiter.code, 0);
    end(&waiter.job->id);
    job_free(waiter.job);
    sqlite3_close(other);
}

#define HERE(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HERE(nobody_else_can_read_its_files),
        HERE(a_url_without_a_path_is_refused),
        HERE(a_name_that_sqlite_would_take_for_another_thing_is_a_files),
        HERE(a_file_that_cannot_be_made_is_unavailable),
        HERE(a_database_that_is_not_there_is_not_made_without_leave),
        HERE(an_older_schema_is_refused_without_leave_and_migrated_with_it),
        HERE(a_newer_schema_is_refused_with_both_versions),
        HERE(jobs_outlast_a_step_down_and_up),
        HERE(down_to_nothing_leaves_nothing),
        HERE(another_programs_database_is_left_alone),
        HERE(a_file_that_is_no_database_is_called_damaged),
        HERE(a_damaged_page_is_an_error_and_no_crash),
        HERE(a_full_disk_is_unavailable_until_it_is_not_full_any_more),
        HERE(a_ping_writes_after_a_write_that_failed_and_only_then),
        HERE(what_is_promised_is_on_the_disk_and_what_is_not_does_not_wait_for_it),
        HERE(all_that_make_the_database_at_once_open_it),
        HERE(a_lock_of_another_process_is_waited_for),
    };

    return cmocka_run_group_tests_name("store: SQLite", tests, NULL, NULL);
}
