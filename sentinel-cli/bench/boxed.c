/* SPDX-License-Identifier: MIT */
#include "boxed.h"

#include "../message.h"

#include <sentinel/sentinel.h>

#include <time.h>

#define POOL_READY 4

int because(sn_error *error, char **ret_why)
{
    int r = sn_error_code(error) == SN_ETOOLCHAIN ? MISSING : -1;

    *ret_why = xprintf("%s: %s", sn_error_step(error), sn_error_message(error));
    sn_error_free(error);
    return r;
}

int ended_well(sn_result *result, char **ret_why)
{
    sn_verdict verdict = sn_result_verdict(result);

    sn_result_free(result);
    if (verdict == SN_VERDICT_OK)
        return 0;
    *ret_why = xprintf("the program's verdict was %s", sn_verdict_name(verdict));
    return -1;
}

int boxed_create(sn_sandbox **ret_sandbox, char **ret_why)
{
    sn_error *error = NULL;

    return sn_sandbox_create(NULL, ret_sandbox, &error) < 0 ? because(error, ret_why) : 0;
}

int boxed_run(sn_sandbox *sandbox, const char *const *argv, sn_result **ret_result, char **ret_why)
{
    sn_run_options options;
    sn_error *error = NULL;

    sn_run_options_init(&options);
    options.argv = argv;
    return sn_run(sandbox, &options, ret_result, &error) < 0 ? because(error, ret_why) : 0;
}

static int run_in(sn_sandbox *sandbox, const char *const *argv, char **ret_why)
{
    sn_result *result = NULL;
    int r = boxed_run(sandbox, argv, &result, ret_why);

    return r < 0 ? r : ended_well(result, ret_why);
}

int live_prepare(const struct contender *contender, void **ret_state, char **ret_why)
{
    sn_sandbox *sandbox = NULL;
    int r = boxed_create(&sandbox, ret_why);

    (void)contender;
    if (r == 0)
        *ret_state = sandbox;
    return r;
}

int live_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    uint64_t begin = bench_now();
    int r = run_in(state, contender->what, ret_why);

    *ret_ns = (double)(bench_now() - begin);
    return r;
}

void live_clear(void *state)
{
    sn_sandbox_destroy(state);
}

int pooled_prepare(const struct contender *contender, void **ret_state, char **ret_why)
{
    sn_pool *pool = NULL;
    sn_error *error = NULL;
    sn_pool_options options;

    (void)contender;
    sn_pool_options_init(&options);
    options.ready = POOL_READY;
    if (sn_pool_create(&options, &pool, &error) < 0)
        return because(error, ret_why);
    *ret_state = pool;
    return 0;
}

int pooled_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    uint64_t begin = bench_now();
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;
    int r;

    sn_run_options_init(&options);
    options.argv = contender->what;
    r = sn_pool_run(state, &options, &result, &error);
    *ret_ns = (double)(bench_now() - begin);
    return r < 0 ? because(error, ret_why) : ended_well(result, ret_why);
}

/* What the pool does after a run, whoever is measured next must not meet. */
static void settle(sn_pool *pool)
{
    const struct timespec moment = {.tv_nsec = 500000};
    sn_pool_status status;

    sn_pool_status_init(&status);
    for (int tries = 0; tries < 2000; tries++) {
        if (sn_pool_status_get(pool, &status, NULL) < 0 || (status.ready == POOL_READY && !status.retired))
            return;
        nanosleep(&moment, NULL);
    }
}

int pooled_measure_settled(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    int r;

    settle(state);
    r = pooled_measure(contender, state, ret_ns, ret_why);
    settle(state);
    return r;
}

void pooled_clear(void *state)
{
    sn_pool_destroy(state);
}

/* What it took to the result, and to the end. */
static int measure_new(const struct contender *contender, double *ret_result_ns, double *ret_ns, char **ret_why)
{
    uint64_t begin = bench_now();
    sn_sandbox *sandbox = NULL;
    int r = boxed_create(&sandbox, ret_why);

    if (r < 0)
        return r;
    r = run_in(sandbox, contender->what, ret_why);
    *ret_result_ns = (double)(bench_now() - begin);
    sn_sandbox_destroy(sandbox);
    *ret_ns = (double)(bench_now() - begin);
    return r;
}

int new_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    double result_ns;

    (void)state;
    return measure_new(contender, &result_ns, ret_ns, ret_why);
}

int new_measure_result(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    double whole_ns;

    (void)state;
    return measure_new(contender, ret_ns, &whole_ns, ret_why);
}
