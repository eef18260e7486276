/* SPDX-License-Identifier: MIT */
/*
 * The answer that is lost: between the store and the server is a proxy that, when it is told to, passes a request on,
 * waits until it is answered, and closes the connection instead of passing the answer back. What the store tries once
 * more was done already, and must not be done twice nor be called a conflict.
 */
#include "postgres_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

static char proxy_directory[100];
static char proxy_url[300];
static struct sockaddr_un server_address = {.sun_family = AF_UNIX};
static int proxy_listener = -1;
static int proxy_end[2]; /* a pipe: its closing ends the proxy, also with a store that a failed test left open */
static pthread_t proxy_thread;
static atomic_bool proxy_loses;
static atomic_int proxy_lost;

/* False: one of them is gone, or the answer was lost. */
static bool pass_on(int client, int server)
{
    struct pollfd polled[] = {
        {.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}, {.fd = proxy_end[0], .events = POLLIN}};
    char bytes[16384];

    if (poll(polled, 3, -1) < 0)
        return true;
    if (polled[2].revents)
        return false;
    for (int i = 0; i < 2; i++) {
        ssize_t got;

        if (!polled[i].revents)
            continue;
        got = read(polled[i].fd, bytes, sizeof(bytes));
        if (got <= 0)
            return false;
        if (i == 1 && atomic_exchange(&proxy_loses, false)) {
            atomic_fetch_add(&proxy_lost, 1);
            return false;
        }
        if (send(polled[1 - i].fd, bytes, (size_t)got, MSG_NOSIGNAL) != got)
            return false;
    }
    return true;
}

/* One connection after the other: the store has one. */
static void *run_proxy(void *arg)
{
    (void)arg;
    for (;;) {
        int client = accept4(proxy_listener, NULL, NULL, SOCK_CLOEXEC);
        int server;

        if (client < 0)
            return NULL;
        server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(server, (struct sockaddr *)&server_address, sizeof(server_address)) == 0)
            while (pass_on(client, server))
                ;
        close(server);
        close(client);
    }
}

static int start_proxy(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    PGconn *pg;

    if (make_database(state) < 0 || !*url)
        return 0;
    pg = PQconnectdb(url);
    snprintf(server_address.sun_path, sizeof(server_address.sun_path), "%s/.s.PGSQL.5432", PQhost(pg));
    PQfinish(pg);
    snprintf(proxy_directory, sizeof(proxy_directory), "/tmp/lost-XXXXXX");
    assert_non_null(mkdtemp(proxy_directory));
    snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/.s.PGSQL.5432", proxy_directory);
    snprintf(proxy_url, sizeof(proxy_url), "postgresql://%.*s@/%s?host=%s",
             (int)strcspn(url + strlen("postgresql://"), "@"), url + strlen("postgresql://"), database,
             proxy_directory);
    proxy_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(proxy_listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(proxy_listener, 5), 0);
    assert_int_equal(pipe2(proxy_end, O_CLOEXEC), 0);
    return pthread_create(&proxy_thread, NULL, run_proxy, NULL);
}

static int stop_proxy(void **state)
{
    char path[120];

    (void)state;
    if (!*url)
        return 0;
    close(proxy_end[1]);
    shutdown(proxy_listener, SHUT_RDWR);
    pthread_join(proxy_thread, NULL);
    close(proxy_end[0]);
    close(proxy_listener);
    snprintf(path, sizeof(path), "%s/.s.PGSQL.5432", proxy_directory);
    unlink(path);
    return rmdir(proxy_directory);
}

static struct store *open_through_proxy(void)
{
    const struct store_options options = {.connections = 1};
    struct store *store = NULL;

    assert_done(store_migrate(url, STORE_NEWEST, WHY));
    assert_done(store_open(proxy_url, &options, &store, WHY));
    return store;
}

/*
 * Loses the answer to a call, after one of the same kind (so that the statement is prepared: what is lost is the answer
 * to its execution).
 */
#define lose(first, call, expected)                                                                                    \
    do {                                                                                                               \
        int lost_ = atomic_load(&proxy_lost);                                                                          \
                                                                                                                       \
        (void)(first);                                                                                                 \
        atomic_store(&proxy_loses, true);                                                                              \
        assert_int_equal((call), expected);                                                                            \
        assert_int_equal(atomic_load(&proxy_lost), lost_ + 1);                                                         \
    } while (0)

static int insert(struct store *store, struct uuid *ret_id, const struct store_idempotency *idempotency)
{
    struct job job = {.key_id = (char *)"",
                      .user_id = (char *)"u",
                      .language = (char *)"c",
                      .callback_url = (char *)"http://localhost/",
                      .traceparent = (char *)"",
                      .spec = (char *)"{}"};
    const struct job *jobs[] = {&job};
    char *response = NULL;
    int error;

    uuid_make(&job.id);
    job.times.created = wallclock_us();
    *ret_id = job.id;
    error = store_insert(store, jobs, 1, idempotency, &response, NULL);
    free(response);
    return error;
}

static int claim(struct store *store, const struct uuid *id, uint32_t *ret_attempt)
{
    struct job *job = NULL;
    int error = store_claim(store, id, "w", 1000, 1000 + HOUR, false, &job, NULL);

    if (job)
        *ret_attempt = job->attempt;
    job_free(job);
    return error;
}

static int finish(struct store *store, const struct uuid *id, uint32_t attempt, enum job_status status)
{
    struct store_outcome outcome = {.status = status, .result = "{}", .times.finished = 2000};

    return store_finish(store, id, attempt, &outcome, NULL);
}

static void an_insertion_is_done_once(void **state)
{
    struct store_idempotency first = {.key_id = "", .key = "1", .digest = "d", .response = "r"};
    struct store_idempotency second = {.key_id = "", .key = "2", .digest = "d", .response = "r"};
    struct store *store;
    struct uuid id;

    (void)state;
    NEEDS_SERVER;
    store = open_through_proxy();
    lose(insert(store, &id, NULL), insert(store, &id, NULL), 0);
    assert_int_equal(sql("SELECT count(*) FROM jobs"), 2);
    lose(insert(store, &id, &first), insert(store, &id, &second), 0);
    assert_int_equal(sql("SELECT count(*) FROM jobs"), 4);
    /* And what is somebody else's stays so. */
    lose(insert(store, &id, &first), insert(store, &id, &second), 1);
    second.digest = "e";
    lose(insert(store, &id, &first), insert(store, &id, &second), FAIL_CONFLICT);
    assert_int_equal(sql("SELECT count(*) FROM jobs"), 4);
    store_close(store);
}

static void a_claim_is_one_attempt_and_given_back_once(void **state)
{
    struct store *store;
    struct uuid ids[2];
    uint32_t attempt = 0;

    (void)state;
    NEEDS_SERVER;
    store = open_through_proxy();
    for (int i = 0; i < 2; i++)
        assert_int_equal(insert(store, &ids[i], NULL), 0);
    lose(claim(store, &ids[0], &attempt), claim(store, &ids[1], &attempt), 0);
    assert_int_equal(attempt, 1);
    assert_int_equal(sql("SELECT sum(attempt) FROM jobs"), 2);
    /* The same worker claims at the same time by its clock: a claim of its own. */
    assert_int_equal(claim(store, &ids[1], &attempt), 0);
    assert_int_equal(attempt, 2);
    lose(store_release(store, &ids[0], 1, NULL), store_release(store, &ids[1], 2, NULL), 0);
    assert_int_equal(sql("SELECT sum(attempt) FROM jobs"), 1);
    lose(store_release(store, &ids[0], 1, NULL), store_release(store, &ids[1], 1, NULL), FAIL_CONFLICT);
    store_close(store);
}

static void a_job_ends_once_and_is_no_conflict_with_itself(void **state)
{
    struct store *store;
    struct uuid ids[4];
    uint32_t attempt = 0;

    (void)state;
    NEEDS_SERVER;
    store = open_through_proxy();
    for (int i = 0; i < 4; i++)
        assert_int_equal(insert(store, &ids[i], NULL), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(claim(store, &ids[i], &attempt), 0);
    lose(finish(store, &ids[0], 1, JOB_INTERNAL_ERROR), finish(store, &ids[1], 1, JOB_INTERNAL_ERROR), 0);
    lose(finish(store, &ids[0], 1, JOB_SUCCESS), finish(store, &ids[1], 1, JOB_SUCCESS), FAIL_CONFLICT);
    lose(store_cancel(store, &ids[2], "{}", 5, NULL), store_cancel(store, &ids[3], "{}", 5, NULL), 0);
    lose(store_cancel(store, &ids[2], "{}", 6, NULL), store_cancel(store, &ids[3], "{}", 6, NULL), FAIL_CONFLICT);
    assert_int_equal(sql("SELECT count(*) FROM webhooks"), 4);
    lose(store_revive(store, &ids[0], NULL), store_revive(store, &ids[1], NULL), 0);
    lose(store_revive(store, &ids[2], NULL), store_revive(store, &ids[3], NULL), FAIL_CONFLICT);
    assert_int_equal(sql("SELECT count(*) FROM webhooks"), 2);
    store_close(store);
}

static void a_key_is_added_once(void **state)
{
    struct api_key first = {.id = "a", .name = "n", .hash = {1}, .created = 1};
    struct api_key second = {.id = "b", .name = "n", .hash = {2}, .created = 1};
    struct store *store;

    (void)state;
    NEEDS_SERVER;
    store = open_through_proxy();
    lose(store_key_add(store, &first, NULL), store_key_add(store, &second, NULL), 0);
    assert_int_equal(sql("SELECT count(*) FROM api_keys"), 2);
    assert_int_equal(store_key_add(store, &second, NULL), FAIL_CONFLICT);
    second.hash[0] = 3;
    lose(store_key_add(store, &first, NULL), store_key_add(store, &second, NULL), FAIL_CONFLICT);
    store_close(store);
}

static void webhooks_that_nobody_heard_of_are_due_again_after_their_lease(void **state)
{
    struct webhook hooks[4];
    struct store *store;
    struct uuid id;
    size_t count = 99;

    (void)state;
    NEEDS_SERVER;
    store = open_through_proxy();
    assert_int_equal(store_webhook_take(store, 10, 20, hooks, 4, &count, NULL), 0);
    assert_int_equal(count, 0);
    assert_int_equal(insert(store, &id, NULL), 0);
    assert_done(store_cancel(store, &id, "{}", 5, WHY));
    lose(0, store_webhook_take(store, 10, 20, hooks, 4, &count, NULL), FAIL_UNAVAILABLE);
    assert_done(store_webhook_take(store, 10, 20, hooks, 4, &count, WHY));
    assert_int_equal(count, 0);
    assert_done(store_webhook_take(store, 20, 30, hooks, 4, &count, WHY));
    assert_int_equal(count, 1);
    free(hooks[0].url);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_insertion_is_done_once, start_proxy, stop_proxy),
        cmocka_unit_test_setup_teardown(a_claim_is_one_attempt_and_given_back_once, start_proxy, stop_proxy),
        cmocka_unit_test_setup_teardown(a_job_ends_once_and_is_no_conflict_with_itself, start_proxy, stop_proxy),
        cmocka_unit_test_setup_teardown(a_key_is_added_once, start_proxy, stop_proxy),
        cmocka_unit_test_setup_teardown(webhooks_that_nobody_heard_of_are_due_again_after_their_lease, start_proxy,
                                        stop_proxy),
    };

    return cmocka_run_group_tests_name("store: lost answers of PostgreSQL", tests, NULL, NULL);
}
