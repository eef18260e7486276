/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation
 *
 * One lock guards two queues: `ready`, oldest first, and `retired`. The threads wait for work in this order: a retired
 * sandbox gives back memory and its slot, so it goes first; then one that is too old; then one is missing. Everything
 * that takes time is done without the lock.
 *
 * Nothing is reused here: what one sandbox and the next have in common is in docs/architecture.md ("What is reused
 * between sandboxes").
 */
#include <sentinel/pool.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "config/options.h"
#include "spawn/sandbox.h"
#include "spawn/spawn.h"
#include "supervise/armed.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#define MS UINT64_C(1000000)
#define READY_MAX 1024
#define DESCRIPTORS_EACH 32 /* that a ready sandbox takes of this process's, and what is kept for the next */
#define THREADS_MAX 64
#define DEFAULT_AGE_MS UINT64_C(600000)
#define FIRST_PAUSE_NS (100 * MS)
#define LONGEST_PAUSE_NS (5000 * MS)
#define REFILL_PAUSE_NS (10 * MS)

struct entry {
    sn_sandbox *sandbox;
    uint64_t since_ns;
};

/* A ring of entries; its room never changes. */
struct queue {
    struct entry *entries;
    uint32_t room, first, count;
};

struct sn_pool {
    struct sn__spec spec;
    uint32_t wanted; /* ready */
    uint32_t arm;    /* SN_ARM_...: for what a taker does with it; while it is ready it is armed in any case */
    uint64_t max_age_ns;
    pid_t owner;

    pthread_mutex_t lock;
    pthread_cond_t work; /* there may be some */
    struct queue ready, retired;
    uint32_t making, ending; /* by the threads at this moment */
    uint64_t pause_ns;       /* after a failure; 0: the last one worked */
    uint64_t not_before_ns;  /* nothing is made before then: after a failure, or so that others go first */
    sn_pool_status counts;
    bool is_ending;

    pthread_t threads[THREADS_MAX];
    uint32_t thread_count;
};

static bool queue_make(struct queue *queue, uint32_t room)
{
    queue->entries = calloc(room, sizeof(*queue->entries));
    queue->room = room;
    return queue->entries != NULL;
}

static bool queue_add(struct queue *queue, sn_sandbox *sandbox)
{
    if (queue->count == queue->room)
        return false;
    queue->entries[(queue->first + queue->count++) % queue->room] = (struct entry){sandbox, sn__now_ns()};
    return true;
}

static sn_sandbox *queue_take(struct queue *queue)
{
    sn_sandbox *sandbox;

    if (queue->count == 0)
        return NULL;
    sandbox = queue->entries[queue->first].sandbox;
    queue->first = (queue->first + 1) % queue->room;
    queue->count--;
    return sandbox;
}

static void queue_destroy(struct queue *queue)
{
    sn_sandbox *sandbox;

    while ((sandbox = queue_take(queue)))
        sn_sandbox_destroy(sandbox);
    free(queue->entries);
}

/* ---- the threads ---- */

static int make_ready(const sn_pool *pool, sn_sandbox **ret_sandbox, sn_error **ret_error)
{
    sn_sandbox *sandbox;
    int r = sn__sandbox_create(&pool->spec, &sandbox, ret_error);

    if (r < 0)
        return r;
    if (pool->spec.arm != SN_ARM_NEVER)
        sn__armed_await(sandbox);
    *ret_sandbox = sandbox;
    return 0;
}

/* With the lock: the next thing to do, or when to look again. */
enum task { NOTHING, END, DESTROY_RETIRED, DESTROY_OLD, MAKE };

static enum task next_task(const sn_pool *pool, uint64_t now, uint64_t *ret_wake_ns)
{
    const struct queue *ready = &pool->ready;
    uint64_t too_old = ready->count ? ready->entries[ready->first].since_ns + pool->max_age_ns : UINT64_MAX;

    *ret_wake_ns = too_old;
    if (pool->is_ending)
        return END;
    if (pool->retired.count)
        return DESTROY_RETIRED;
    if (now >= too_old)
        return DESTROY_OLD;
    if (ready->count + pool->making >= pool->wanted)
        return NOTHING;
    if (now >= pool->not_before_ns)
        return MAKE;
    *ret_wake_ns = pool->not_before_ns < too_old ? pool->not_before_ns : too_old;
    return NOTHING;
}

static void wait_for_work(sn_pool *pool, uint64_t wake_ns)
{
    struct timespec until = {.tv_sec = (time_t)(wake_ns / (1000 * MS)), .tv_nsec = (long)(wake_ns % (1000 * MS))};

    if (wake_ns == UINT64_MAX)
        pthread_cond_wait(&pool->work, &pool->lock);
    else
        pthread_cond_timedwait(&pool->work, &pool->lock, &until);
}

static void take_made(sn_pool *pool, int r, sn_sandbox *sandbox)
{
    if (r == 0) {
        pool->pause_ns = 0;
        queue_add(&pool->ready, sandbox); /* there is room: `making` is counted with what is ready */
        return;
    }
    pool->counts.failed++;
    pool->pause_ns = pool->pause_ns ? pool->pause_ns * 2 : FIRST_PAUSE_NS;
    if (pool->pause_ns > LONGEST_PAUSE_NS)
        pool->pause_ns = LONGEST_PAUSE_NS;
    pool->not_before_ns = sn__now_ns() + pool->pause_ns;
}

static void *work(void *argument)
{
    sn_pool *pool = argument;
    uint64_t wake_ns;
    enum task task;

    pthread_mutex_lock(&pool->lock);
    while ((task = next_task(pool, sn__now_ns(), &wake_ns)) != END) {
        sn_sandbox *sandbox = NULL;
        int r = 0;

        if (task == NOTHING) {
            wait_for_work(pool, wake_ns);
            continue;
        }
        pool->making += task == MAKE;
        pool->ending += task != MAKE;
        if (task != MAKE)
            sandbox = queue_take(task == DESTROY_OLD ? &pool->ready : &pool->retired);
        pool->counts.replaced += task == DESTROY_OLD;
        pthread_mutex_unlock(&pool->lock);
        if (task == MAKE)
            r = make_ready(pool, &sandbox, NULL);
        else
            sn_sandbox_destroy(sandbox);
        pthread_mutex_lock(&pool->lock);
        pool->making -= task == MAKE;
        pool->ending -= task != MAKE;
        if (task == MAKE)
            take_made(pool, r, sandbox);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* ---- made and ended ---- */

static int check_options(const sn_pool_options *options, sn_pool_options *ret_checked, sn_error **ret_error)
{
    struct rlimit limit;
    int r = 0;

    sn_pool_options_init(ret_checked);
    if (options)
        r = sn__options_copy(ret_checked, sizeof(*ret_checked), options, "sn_pool_options", ret_error);
    if (r < 0)
        return r;
    if (ret_checked->ready > READY_MAX)
        return sn__error_set(ret_error, SN_EINVAL, "check pool options", "ready is %u, more than %d",
                             ret_checked->ready, READY_MAX);
    if (ret_checked->threads > THREADS_MAX)
        return sn__error_set(ret_error, SN_EINVAL, "check pool options", "threads is %u, more than %d",
                             ret_checked->threads, THREADS_MAX);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && ret_checked->ready > limit.rlim_cur / DESCRIPTORS_EACH)
        return sn__error_set(ret_error, SN_ELIMIT, "check pool options",
                             "%u ready sandboxes take some %u descriptors, and this process may have %llu: raise "
                             "RLIMIT_NOFILE (ulimit -n), or ask for fewer",
                             ret_checked->ready, ret_checked->ready * DESCRIPTORS_EACH,
                             (unsigned long long)limit.rlim_cur);
    if (ret_checked->max_age_ms > UINT64_MAX / 2 / MS)
        return sn__error_set(ret_error, SN_EINVAL, "check pool options", "max_age_ms is more than a clock can tell");
    if (ret_checked->ready == 0) {
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);

        ret_checked->ready = cpus > 0 && cpus < READY_MAX / 2 ? 2 * (uint32_t)cpus : 2;
    }
    if (ret_checked->threads == 0)
        ret_checked->threads = 1;
    if (ret_checked->max_age_ms == 0)
        ret_checked->max_age_ms = DEFAULT_AGE_MS;
    return 0;
}

static int start_threads(sn_pool *pool, uint32_t count, sn_error **ret_error)
{
    sigset_t all, old;
    int r = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* the caller's handlers are not for them to run */
    for (uint32_t i = 0; i < count && r == 0; i++) {
        r = pthread_create(&pool->threads[i], NULL, work, pool);
        pool->thread_count += r == 0;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return r ? sn__error_errno(ret_error, r, "create pool", "cannot start a thread") : 0;
}

static int create(sn_pool *pool, const sn_pool_options *options, sn_error **ret_error)
{
    sn_sandbox *first = NULL;
    int r;

    pool->owner = getpid();
    pool->wanted = options->ready;
    pool->max_age_ns = options->max_age_ms * MS;
    r = sn__spec_make(options->sandbox, &pool->spec, ret_error);
    if (r < 0)
        return r;
    pool->arm = pool->spec.arm;
    if (pool->spec.arm == SN_ARM_AUTO) /* that is what it is for */
        pool->spec.arm = SN_ARM_ALWAYS;
    if (!queue_make(&pool->ready, options->ready) || !queue_make(&pool->retired, options->ready))
        return sn__error_nomem(ret_error);
    r = make_ready(pool, &first, ret_error);
    if (r < 0)
        return r;
    queue_add(&pool->ready, first);
    return start_threads(pool, options->threads, ret_error);
}

int sn_pool_create(const sn_pool_options *options, sn_pool **ret_pool, sn_error **ret_error)
{
    pthread_condattr_t monotonic;
    sn_pool_options checked;
    sn_pool *pool;
    int r;

    if (!ret_pool)
        return sn__error_set(ret_error, SN_EINVAL, "check pool options", "ret_pool is NULL");
    r = check_options(options, &checked, ret_error);
    if (r < 0)
        return r;
    pool = calloc(1, sizeof(*pool));
    if (!pool)
        return sn__error_nomem(ret_error);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    r = create(pool, &checked, ret_error);
    if (r < 0) {
        sn_pool_destroy(pool);
        return r;
    }
    *ret_pool = pool;
    return 0;
}

void sn_pool_destroy(sn_pool *pool)
{
    if (!pool)
        return;
    if (pool->owner == getpid()) {
        pthread_mutex_lock(&pool->lock);
        pool->is_ending = true;
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->lock);
        for (uint32_t i = 0; i < pool->thread_count; i++)
            pthread_join(pool->threads[i], NULL);
        pthread_cond_destroy(&pool->work);
        pthread_mutex_destroy(&pool->lock);
    }
    queue_destroy(&pool->ready);
    queue_destroy(&pool->retired);
    sn__spec_clear(&pool->spec);
    free(pool);
}

/* ---- used ---- */

static int check_pool(const sn_pool *pool, const void *ret, sn_error **ret_error)
{
    if (!pool || !ret)
        return sn__error_set(ret_error, SN_EINVAL, "use the pool", "the pool, or where its answer goes, is NULL");
    if (pool->owner != getpid())
        return sn__error_set(ret_error, SN_EINVAL, "use the pool",
                             "this process has the pool from its parent, by a fork: only the process that made it can "
                             "use it");
    return 0;
}

/*
 * Making a sandbox has locks of the kernel that the exec of the one just taken would wait for, so that goes first: the
 * pool is filled again when it is given back, or a moment later, or at once when half of it is gone.
 */
static void begin_to_refill(sn_pool *pool)
{
    uint64_t then = sn__now_ns() + REFILL_PAUSE_NS;

    if (2 * pool->ready.count >= pool->wanted && pool->not_before_ns < then)
        pool->not_before_ns = then;
    pthread_cond_signal(&pool->work);
}

int sn_pool_take(sn_pool *pool, sn_sandbox **ret_sandbox, sn_error **ret_error)
{
    sn_sandbox *sandbox, *dead = NULL;
    int r = check_pool(pool, ret_sandbox, ret_error);

    if (r < 0)
        return r;
    do {
        sn_pool_retire(pool, dead);
        pthread_mutex_lock(&pool->lock);
        pool->counts.taken += dead == NULL;
        pool->counts.replaced += dead != NULL;
        sandbox = queue_take(&pool->ready);
        pool->counts.missed += sandbox == NULL;
        begin_to_refill(pool);
        pthread_mutex_unlock(&pool->lock);
        /* was its PID 1 killed from outside while it waited? */
        dead = sandbox && sn__spawn_is_over(sandbox->pidfd) ? sandbox : NULL;
    } while (dead);
    if (!sandbox)
        r = sn__sandbox_create(&pool->spec, &sandbox, ret_error);
    if (r < 0)
        return r;
    sandbox->spec.arm = pool->arm;
    *ret_sandbox = sandbox;
    return 0;
}

void sn_pool_retire(sn_pool *pool, sn_sandbox *sandbox)
{
    bool is_taken;

    if (!sandbox)
        return;
    if (!pool || pool->owner != getpid()) {
        sn_sandbox_destroy(sandbox);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    is_taken = queue_add(&pool->retired, sandbox);
    if (!pool->pause_ns)
        pool->not_before_ns = 0;
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    if (!is_taken)
        sn_sandbox_destroy(sandbox);
}

int sn_pool_run(sn_pool *pool, const sn_run_options *options, sn_result **ret_result, sn_error **ret_error)
{
    sn_sandbox *sandbox;
    int r = check_pool(pool, ret_result, ret_error);

    if (r == 0)
        r = sn_pool_take(pool, &sandbox, ret_error);
    if (r < 0)
        return r;
    sandbox->is_single_use = true;
    r = sn_run(sandbox, options, ret_result, ret_error);
    sn_pool_retire(pool, sandbox);
    return r;
}

int sn_pool_status_get(sn_pool *pool, sn_pool_status *ret_status, sn_error **ret_error)
{
    sn_pool_status status;
    int r = check_pool(pool, ret_status, ret_error);

    if (r < 0)
        return r;
    if (ret_status->size < sizeof(ret_status->size) || ret_status->size > 65536)
        return sn__error_set(ret_error, SN_EINVAL, "use the pool", "ret_status->size is not set");
    pthread_mutex_lock(&pool->lock);
    status = pool->counts;
    status.ready = pool->ready.count;
    status.retired = pool->retired.count + pool->ending;
    pthread_mutex_unlock(&pool->lock);
    sn__options_give(ret_status, &status, sizeof(status));
    return 0;
}
