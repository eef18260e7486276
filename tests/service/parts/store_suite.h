/* SPDX-License-Identifier: MIT */
#ifndef TESTS_STORE_SUITE_H
#define TESTS_STORE_SUITE_H

/*
 * What the programs of the stores' conformance suite share. They run against the URL in TEST_STORE_URL (without one,
 * a SQLite file in a directory of their own), and every test works on a database with other tests' leftovers: its ids,
 * keys and names are new ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
/* common/failure.h has a function of this name */
#undef fail

#include "common/wallclock.h"
#include "store/backend.h"
#include "store/store.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define OUTBOX_MOST 20000

static struct store *store;
static char store_url[PATH_MAX + 20];
static char store_directory[PATH_MAX];

#define assert_done(call)                                                                                              \
    do {                                                                                                               \
        struct failure failure_ = {0};                                                                                 \
        int done_ = (call);                                                                                            \
                                                                                                                       \
        if (done_ != 0) {                                                                                              \
            print_error("%s: %d, %s\n", #call, done_, failure_.message);                                               \
            _fail(__FILE__, __LINE__);                                                                                 \
        }                                                                                                              \
    } while (0)
/* Inside of assert_done() and others that name no failure of their own. */
#define WHY &failure_

static inline bool suite_is_sqlite(void)
{
    return strncmp(store_url, "sqlite:", 7) == 0;
}

static inline void suite_url(void)
{
    const char *given = getenv("TEST_STORE_URL");
    const char *temporary = getenv("TMPDIR");

    if (given && *given) {
        snprintf(store_url, sizeof(store_url), "%s", given);
        return;
    }
    snprintf(store_directory, sizeof(store_directory), "%s/store-XXXXXX", temporary ? temporary : "/tmp");
    assert_non_null(mkdtemp(store_directory));
    snprintf(store_url, sizeof(store_url), "sqlite:%s/jobs.db", store_directory);
}

static inline int suite_setup(void **state)
{
    const struct store_options options = {.may_migrate = true};
    struct failure failure = {0};

    (void)state;
    suite_url();
    if (store_open(store_url, &options, &store, &failure) < 0) {
        print_error("%s\n", failure.message);
        return -1;
    }
    return 0;
}

static inline void suite_remove(const char *directory, const char *name)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char path[2 * PATH_MAX];

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s%s", directory, name, ends[i]);
        unlink(path);
    }
}

static inline int suite_teardown(void **state)
{
    (void)state;
    store_close(store);
    store = NULL;
    if (*store_directory) {
        suite_remove(store_directory, "jobs.db");
        rmdir(store_directory);
    }
    return 0;
}

static inline struct uuid new_id(void)
{
    struct uuid id;

    assert_int_equal(uuid_make(&id), 0);
    return id;
}

/* A name that no other test has. */
static inline const char *new_name(const char *prefix, char *text, size_t size)
{
    struct uuid id = new_id();
    char printed[UUID_TEXT_SIZE];

    /* Its end: random bits, where two of one millisecond differ. */
    uuid_print(&id, printed);
    snprintf(text, size, "%s%.8s%.4s", prefix, printed + 28, printed + 24);
    return text;
}

/* Everything that store_insert() looks at; the caller may change it. */
static inline struct job *draft(const char *language)
{
    struct job *job = calloc(1, sizeof(*job));

    assert_non_null(job);
    job->id = new_id();
    job->key_id = strdup("key-of-suite");
    job->user_id = strdup("user");
    job->language = strdup(language);
    job->callback_url = strdup("");
    job->traceparent = strdup("");
    job->spec = strdup("{\"language\":\"c\"}");
    job->times.created = wallclock_us();
    return job;
}

static inline void replace(char **text, const char *with)
{
    free(*text);
    *text = strdup(with);
    assert_non_null(*text);
}

static inline void store_draft(const struct job *job)
{
    assert_done(store_insert(store, &job, 1, NULL, NULL, WHY));
}

static inline struct uuid submit(void)
{
    cleanup_job struct job *job = draft("c");

    store_draft(job);
    return job->id;
}

static inline struct uuid submit_with_callback(const char *url)
{
    cleanup_job struct job *job = draft("c");

    replace(&job->callback_url, url);
    store_draft(job);
    return job->id;
}

static inline struct job *get(const struct uuid *id, unsigned with)
{
    struct job *job = NULL;

    assert_done(store_get(store, id, with, &job, WHY));
    assert_non_null(job);
    return job;
}

/* Claims for a worker whose lease is an hour; returns the attempt. */
static inline uint32_t claim(const struct uuid *id, const char *worker, bool takeover)
{
    cleanup_job struct job *job = NULL;
    int64_t now = wallclock_us();

    assert_done(store_claim(store, id, worker, now, now + HOUR, takeover, &job, WHY));
    return job->attempt;
}

static inline int finish(const struct uuid *id, uint32_t attempt, enum job_status status, const char *result)
{
    struct store_outcome outcome = {.status = status,
                                    .result = result,
                                    .time_used_ms = 12,
                                    .memory_used_kb = 3456,
                                    .times = {.running = wallclock_us() - 5, .finished = wallclock_us()}};

    return store_finish(store, id, attempt, &outcome, NULL);
}

/* A test's jobs end with it, so that the outbox and the leases of others' databases stay small. */
static inline void end(const struct uuid *id)
{
    assert_int_equal(finish(id, claim(id, "ender", true), JOB_SUCCESS, "{}"), 0);
}

static inline bool is_in_outbox(const struct uuid *id, int64_t before)
{
    struct uuid *ids = calloc(OUTBOX_MOST, sizeof(*ids));
    size_t count = 0;
    bool found = false;

    assert_non_null(ids);
    assert_done(store_unpublished(store, before, ids, OUTBOX_MOST, &count, WHY));
    assert_true(count < OUTBOX_MOST);
    for (size_t i = 0; i < count; i++)
        found = found || uuid_compare(&ids[i], id) == 0;
    free(ids);
    return found;
}

#endif
