/* SPDX-License-Identifier: MIT */
/* Conformance of the stores: many threads, several processes, and the end of one of them. */
#include "store_suite.h"

#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>

#define THREADS 64

static void run_threads(int count, void *(*body)(void *), void *arg)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < count; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, body, arg), 0);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

/* What a thread says failed: cmocka's assertions are for the test's own thread only. */
static void complain(int *complaints, const char *what, int code, const struct failure *failure)
{
    print_error("%s: %d, %s\n", what, code, failure->message);
    __atomic_add_fetch(complaints, 1, __ATOMIC_SEQ_CST);
}

/* ---- one of two that say the same -------------------------------------------------------------------------------- */

struct race {
    pthread_barrier_t barrier;
    char key[80];
    int inserted;
    int replayed;
    int complaints;
    struct uuid ids[THREADS];
    int next;
};

static void *insert_same(void *arg)
{
    struct race *race = arg;
    int mine = __atomic_fetch_add(&race->next, 1, __ATOMIC_SEQ_CST);
    cleanup_job struct job *job = draft("c");
    const struct job *jobs[] = {job};
    struct failure failure = {0};
    char id[UUID_TEXT_SIZE];
    char *response = NULL;
    struct store_idempotency idempotency = {.key_id = "", .key = race->key, .digest = "d", .response = id};
    int code;

    uuid_print(&job->id, id);
    race->ids[mine] = job->id;
    pthread_barrier_wait(&race->barrier);
    code = store_insert(store, jobs, 1, &idempotency, &response, &failure);
    if (code == 0)
        __atomic_add_fetch(&race->inserted, 1, __ATOMIC_SEQ_CST);
    else if (code == 1 && response && strcmp(response, id) != 0)
        __atomic_add_fetch(&race->replayed, 1, __ATOMIC_SEQ_CST);
    else
        complain(&race->complaints, "insert", code, &failure);
    free(response);
    return NULL;
}

static void of_two_that_make_the_same_request_at_once_one_is_stored(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct race race = {0};
        int found = 0;

        new_name("race", race.key, sizeof(race.key));
        pthread_barrier_init(&race.barrier, NULL, 2);
        run_threads(2, insert_same, &race);
        pthread_barrier_destroy(&race.barrier);
        assert_int_equal(race.complaints, 0);
        assert_int_equal(race.inserted, 1);
        assert_int_equal(race.replayed, 1);
        for (int i = 0; i < 2; i++) {
            struct job *job = NULL;

            if (store_get(store, &race.ids[i], 0, &job, NULL) == 0) {
                end(&race.ids[i]);
                found++;
            }
            job_free(job);
        }
        assert_int_equal(found, 1);
    }
}

/* ---- every job ends once ----------------------------------------------------------------------------------------- */

#define JOBS_EACH 10
#define JOBS (THREADS * JOBS_EACH)

struct crowd {
    pthread_barrier_t stored;
    struct uuid ids[JOBS];
    int ends[JOBS]; /* how often store_finish() returned 0 */
    int next;
    int complaints;
};

/* Each thread is a worker that takes jobs from others, and is robbed itself. */
static void work_on(struct crowd *crowd, int at, const char *worker)
{
    struct store_outcome outcome = {.status = JOB_SUCCESS, .result = worker, .times = {.finished = wallclock_us()}};
    struct failure failure = {0};
    struct job *job = NULL;
    int64_t now = wallclock_us();
    int code = store_claim(store, &crowd->ids[at], worker, now, now + HOUR, at % 3 != 0, &job, &failure);
    uint32_t attempt;

    if (code == FAIL_CONFLICT || code == 1) {
        job_free(job);
        return;
    }
    if (code < 0) {
        complain(&crowd->complaints, "claim", code, &failure);
        return;
    }
    attempt = job->attempt;
    job_free(job);
    code = store_advance(store, &crowd->ids[at], attempt, JOB_RUNNING, now, &failure);
    if (code == 0)
        code = store_finish(store, &crowd->ids[at], attempt, &outcome, &failure);
    if (code == 0)
        __atomic_add_fetch(&crowd->ends[at], 1, __ATOMIC_SEQ_CST);
    else if (code != FAIL_CONFLICT)
        complain(&crowd->complaints, "finish", code, &failure);
}

static void *be_one_of_many(void *arg)
{
    struct crowd *crowd = arg;
    int mine = __atomic_fetch_add(&crowd->next, 1, __ATOMIC_SEQ_CST);
    char worker[40];

    snprintf(worker, sizeof(worker), "\"worker %d\"", mine);
    for (int i = 0; i < JOBS_EACH; i++) {
        cleanup_job struct job *job = draft("crowd");
        const struct job *jobs[] = {job};
        struct failure failure = {0};
        int code = store_insert(store, jobs, 1, NULL, NULL, &failure);

        if (code != 0)
            complain(&crowd->complaints, "insert", code, &failure);
        crowd->ids[mine * JOBS_EACH + i] = job->id;
    }
    pthread_barrier_wait(&crowd->stored);
    /* From a neighbour's jobs on, so that several are after the same ones. */
    for (int i = 0; i < 4 * JOBS_EACH; i++)
        work_on(crowd, (mine * JOBS_EACH + i) % JOBS, worker);
    return NULL;
}

static void among_many_workers_every_job_ends_once(void **state)
{
    struct crowd *crowd = calloc(1, sizeof(*crowd));

    (void)state;
    assert_non_null(crowd);
    pthread_barrier_init(&crowd->stored, NULL, THREADS);
    run_threads(THREADS, be_one_of_many, crowd);
    pthread_barrier_destroy(&crowd->stored);
    assert_int_equal(crowd->complaints, 0);
    for (int i = 0; i < JOBS; i++) {
        cleanup_job struct job *job = get(&crowd->ids[i], STORE_WITH_RESULT);

        assert_int_equal(crowd->ends[i], 1);
        assert_int_equal(job->status, JOB_SUCCESS);
        assert_non_null(strstr(job->result, job->worker));
    }
    free(crowd);
}

/* ---- one that fails beside many that do not ---------------------------------------------------------------------- */

struct neighbours {
    struct uuid taken;
    struct uuid ids[THREADS];
    struct uuid second_ids[THREADS];
    int next;
    int refused;
    int complaints;
};

static void *insert_beside(void *arg)
{
    struct neighbours *all = arg;
    int mine = __atomic_fetch_add(&all->next, 1, __ATOMIC_SEQ_CST);
    struct job *jobs[2] = {draft("c"), draft("c")};
    struct failure failure = {0};
    int code;

    all->ids[mine] = jobs[0]->id;
    all->second_ids[mine] = jobs[1]->id;
    if (mine % 2 == 1)
        jobs[1]->id = all->taken;
    code = store_insert(store, (const struct job *const *)jobs, 2, NULL, NULL, &failure);
    if (mine % 2 == 1 && code < 0)
        __atomic_add_fetch(&all->refused, 1, __ATOMIC_SEQ_CST);
    else if (code != 0)
        complain(&all->complaints, "insert", code, &failure);
    job_free(jobs[0]);
    job_free(jobs[1]);
    return NULL;
}

static void an_operation_that_fails_does_not_spoil_those_beside_it(void **state)
{
    struct neighbours all = {.taken = submit()};

    (void)state;
    run_threads(THREADS, insert_beside, &all);
    assert_int_equal(all.complaints, 0);
    assert_int_equal(all.refused, THREADS / 2);
    for (int i = 0; i < THREADS; i++) {
        struct job *job = NULL;
        int code = store_get(store, &all.ids[i], 0, &job, NULL);

        assert_int_equal(code, i % 2 == 1 ? FAIL_NOT_FOUND : 0);
        job_free(job);
        if (code == 0) {
            end(&all.ids[i]);
            end(&all.second_ids[i]);
        }
    }
    end(&all.taken);
}

/* ---- other processes --------------------------------------------------------------------------------------------- */

static pid_t start_self(const char *role, int *ret_output)
{
    char program[] = "/proc/self/exe";
    char *role_text = strdup(role);
    char *args[] = {program, role_text, store_url, NULL};
    posix_spawn_file_actions_t actions;
    int ends[2];
    pid_t pid;

    assert_non_null(role_text);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    assert_int_equal(posix_spawn(&pid, program, &actions, NULL, args, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    free(role_text);
    *ret_output = ends[0];
    return pid;
}

/* In the child: stores jobs and says which are stored, as bytes, until it is ended or has done `most`. */
static int insert_and_tell(const char *url, long most)
{
    const struct store_options options = {.may_migrate = true};
    struct failure failure = {0};

    if (store_open(url, &options, &store, &failure) < 0) {
        fprintf(stderr, "%s\n", failure.message);
        return 1;
    }
    for (long i = 0; i < most; i++) {
        cleanup_job struct job *job = draft("c");
        const struct job *jobs[] = {job};

        if (store_insert(store, jobs, 1, NULL, NULL, &failure) != 0) {
            fprintf(stderr, "%s\n", failure.message);
            return 1;
        }
        if (write(STDOUT_FILENO, job->id.bytes, 16) != 16)
            return 1;
    }
    store_close(store);
    return 0;
}

static bool read_id(int from, struct uuid *ret_id)
{
    size_t have = 0;

    while (have < sizeof(ret_id->bytes)) {
        ssize_t got = read(from, ret_id->bytes + have, sizeof(ret_id->bytes) - have);

        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

static void what_was_acknowledged_outlasts_the_process_that_stored_it(void **state)
{
    int output;
    pid_t pid = start_self("insert-until-killed", &output);
    struct uuid id;
    int count = 0;
    int status;

    (void)state;
    while (read_id(output, &id)) {
        cleanup_job struct job *job = get(&id, STORE_WITH_SPEC);

        assert_non_null(job->spec);
        end(&id);
        /* The pipe is read to its end: what was told before the signal counts. */
        if (++count == 200)
            kill(pid, SIGKILL);
    }
    close(output);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(count >= 200);
    assert_done(store_ping(store, WHY));
}

static void two_processes_write_beside_each_other(void **state)
{
    int outputs[2];
    pid_t pids[2];

    (void)state;
    for (int i = 0; i < 2; i++)
        pids[i] = start_self("insert-some", &outputs[i]);
    for (int i = 0; i < 100; i++) {
        struct uuid id = submit();

        end(&id);
    }
    for (int i = 0; i < 2; i++) {
        struct uuid id;
        int count = 0;
        int status;

        for (; read_id(outputs[i], &id); count++)
            end(&id);
        close(outputs[i]);
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_int_equal(count, 300);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_that_make_the_same_request_at_once_one_is_stored),
        cmocka_unit_test(among_many_workers_every_job_ends_once),
        cmocka_unit_test(an_operation_that_fails_does_not_spoil_those_beside_it),
        cmocka_unit_test(what_was_acknowledged_outlasts_the_process_that_stored_it),
        cmocka_unit_test(two_processes_write_beside_each_other),
    };

    if (argc == 3 && strcmp(argv[1], "insert-until-killed") == 0)
        return insert_and_tell(argv[2], LONG_MAX);
    if (argc == 3 && strcmp(argv[1], "insert-some") == 0)
        return insert_and_tell(argv[2], 300);
    return cmocka_run_group_tests_name("store: crowd", tests, suite_setup, suite_teardown);
}
