/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. One thread takes from the store what is due, but never more than there are idle carriers, and
 * each of the carriers, threads too, delivers one at a time: a receiver that is slow holds up one of them, and a store
 * that is slow no transfer. What was taken is leased for longer than a delivery may take, so that nothing is lost with
 * this process; what was delivered but could not be settled is delivered again, which Sentinel-Delivery lets a receiver
 * see. Without anything to do the store is asked every few seconds, and when something is known to become due.
 */
#include "webhook/webhook.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "common/log.h"
#include "common/wallclock.h"
#include "observe/transfer.h"
#include "webhook/post.h"
#include "webhook/sign.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CARRIERS 16
#define TIMEOUT_MS 10000
#define POLL_MS 2000
#define LEASE_SLACK_MS 60000
#define SETTLE_TRIES 10
#define SETTLE_PAUSE_MS 1000
#define US_PER_MS 1000
#define NS_PER_MS 1000000U

static const int64_t backoff_ms[] = {5000, 30000, 120000, 600000, 3600000, 21600000};

struct carrier {
    struct courier *courier;
    struct transfer transfer;
    pthread_t thread;
    bool has_thread;
};

struct courier {
    struct courier_options options; /* with strings of its own */
    char *secret;
    char *user_agent;
    char *ca_file;
    char **allow;
    struct carrier carriers[CARRIERS];
    pthread_t taker;
    bool has_taker;
    bool has_sync;
    pthread_mutex_t mutex;
    pthread_cond_t for_taker; /* all three of the monotonic clock */
    pthread_cond_t for_carriers;
    pthread_cond_t for_stop; /* of those that make a pause */
    /* under the mutex: */
    bool is_stopping;
    bool is_all_taken; /* the taker is gone */
    bool is_woken;
    uint64_t poll_ns; /* when to ask the store even if nobody wakes us */
    size_t idle;      /* carriers that nothing in `hooks` is for */
    size_t hook_count;
    struct webhook hooks[CARRIERS];
};

static struct timespec timespec_of(uint64_t ns)
{
    return sn__timespec(ns);
}

static bool is_stopping(void *arg)
{
    struct courier *courier = arg;
    bool stopping;

    pthread_mutex_lock(&courier->mutex);
    stopping = courier->is_stopping;
    pthread_mutex_unlock(&courier->mutex);
    return stopping;
}

/* Ends early when the courier stops. */
static void pause_ms(struct courier *courier, uint64_t ms)
{
    uint64_t until_ns = sn__now_ns() + ms * NS_PER_MS;
    struct timespec until = timespec_of(until_ns);

    pthread_mutex_lock(&courier->mutex);
    while (!courier->is_stopping && sn__now_ns() < until_ns)
        pthread_cond_timedwait(&courier->for_stop, &courier->mutex, &until);
    pthread_mutex_unlock(&courier->mutex);
}

/* ---- taking ------------------------------------------------------------------------------------------------------ */

/* How many to take; 0: it is the end. */
static size_t wait_for_need(struct courier *courier)
{
    size_t need;

    pthread_mutex_lock(&courier->mutex);
    while (!courier->is_stopping && (courier->idle == 0 || (!courier->is_woken && sn__now_ns() < courier->poll_ns))) {
        struct timespec until = timespec_of(courier->poll_ns);

        if (courier->idle == 0)
            pthread_cond_wait(&courier->for_taker, &courier->mutex);
        else
            pthread_cond_timedwait(&courier->for_taker, &courier->mutex, &until);
    }
    need = courier->is_stopping ? 0 : courier->idle;
    courier->is_woken = false;
    courier->poll_ns = sn__now_ns() + (uint64_t)POLL_MS * NS_PER_MS;
    pthread_mutex_unlock(&courier->mutex);
    return need;
}

static void hand_out(struct courier *courier, const struct webhook *hooks, size_t count, bool may_be_more)
{
    pthread_mutex_lock(&courier->mutex);
    for (size_t i = 0; i < count; i++)
        courier->hooks[courier->hook_count++] = hooks[i];
    courier->idle -= count;
    if (may_be_more)
        courier->is_woken = true;
    pthread_cond_broadcast(&courier->for_carriers);
    pthread_mutex_unlock(&courier->mutex);
}

static void *take(void *arg)
{
    struct courier *courier = arg;
    bool is_away = false;

    for (size_t need = wait_for_need(courier); need > 0; need = wait_for_need(courier)) {
        struct webhook hooks[CARRIERS];
        int64_t now = wallclock_us();
        int64_t lease_until = now + (int64_t)(courier->options.timeout_ms + LEASE_SLACK_MS) * US_PER_MS;
        size_t count = 0;
        struct failure failure = {0};

        if (store_webhook_take(courier->options.store, now, lease_until, hooks, need, &count, &failure) < 0) {
            if (!is_away)
                log_warn("webhooks that are due cannot be taken: %s", failure.message);
            is_away = true;
            continue;
        }
        is_away = false;
        hand_out(courier, hooks, count, count == need);
    }
    return NULL;
}

/* ---- delivering -------------------------------------------------------------------------------------------------- */

static void free_headers(struct curl_slist **headers)
{
    curl_slist_free_all(*headers);
}

static bool add_header(struct curl_slist **headers, const char *name, const char *value)
{
    struct curl_slist *longer;
    char line[200];

    snprintf(line, sizeof(line), "%s: %s", name, value);
    longer = curl_slist_append(*headers, line);
    if (longer)
        *headers = longer;
    return longer;
}

/* False: without memory, and nothing is to be sent unsigned. */
static bool make_headers(const struct courier *courier, const struct webhook *hook, const char *body,
                         struct curl_slist **headers)
{
    int64_t seconds = wallclock_us() / 1000000;
    char signature[SIGNATURE_SIZE];
    char delivery[UUID_TEXT_SIZE];
    char attempt[16];
    char timestamp[24];

    uuid_print(&hook->job, delivery);
    snprintf(attempt, sizeof(attempt), "%" PRIu32, hook->attempt);
    snprintf(timestamp, sizeof(timestamp), "%" PRId64, seconds);
    /* "Expect:" takes the header away that libcurl would wait for an answer to */
    if (!add_header(headers, "Content-Type", "application/json") || !add_header(headers, "Expect", "") ||
        !add_header(headers, "Sentinel-Event", "submission.finished") ||
        !add_header(headers, "Sentinel-Delivery", delivery) || !add_header(headers, "Sentinel-Attempt", attempt) ||
        !add_header(headers, "Sentinel-Timestamp", timestamp))
        return false;
    if (!courier->secret || !*courier->secret)
        return true;
    return sign_body(courier->secret, seconds, body, strlen(body), signature) == 0 &&
           add_header(headers, "Sentinel-Signature", signature);
}

static enum post_verdict deliver(struct carrier *carrier, const struct webhook *hook, const char *body,
                                 char reason[POST_REASON_SIZE])
{
    __attribute__((cleanup(free_headers))) struct curl_slist *headers = NULL;
    struct courier *courier = carrier->courier;
    struct post post = {
        .url = hook->url,
        .body = body,
        .length = strlen(body),
        .user_agent = courier->user_agent,
        .ca_file = courier->ca_file,
        .allow = (const char *const *)courier->allow,
        .timeout_ms = courier->options.timeout_ms,
        .is_over = is_stopping,
        .arg = courier,
    };

    if (!make_headers(courier, hook, body, &headers)) {
        snprintf(reason, POST_REASON_SIZE, "the request could not be made");
        return POST_AGAIN;
    }
    post.headers = headers;
    return post_deliver(&carrier->transfer, &post, reason);
}

/* Tells the store, some times if it is away: what it is not told is delivered once more. due 0: it is done. */
static void settle(struct courier *courier, const struct webhook *hook, int64_t due, const char *reason)
{
    struct log_about about = {.job = &hook->job};
    struct failure failure = {0};
    int code = 0;

    for (int tries = 0; tries < SETTLE_TRIES; tries++) {
        if (tries > 0)
            pause_ms(courier, SETTLE_PAUSE_MS);
        code = due ? store_webhook_later(courier->options.store, &hook->job, due, reason, &failure)
                   : store_webhook_done(courier->options.store, &hook->job, reason, &failure);
        if (code != FAIL_UNAVAILABLE && code != FAIL_NOMEM)
            break;
        if (is_stopping(courier))
            break;
    }
    if (code < 0)
        log_line(LOG_WARN_LEVEL, &about, "what became of a webhook cannot be stored: %s", failure.message);
}

/* When the attempt after this one is due. */
static int64_t next_due(const struct courier *courier, uint32_t attempt)
{
    size_t i = attempt > 0 ? attempt - 1 : 0;

    if (i >= SN_ARRAY_SIZE(backoff_ms))
        i = SN_ARRAY_SIZE(backoff_ms) - 1;
    return wallclock_us() + backoff_ms[i] * courier->options.backoff_scale_percent * US_PER_MS / 100;
}

/* The taker is to look again by then. */
static void expect(struct courier *courier, int64_t due)
{
    int64_t in_us = due - wallclock_us();
    uint64_t at_ns = sn__now_ns() + (in_us > 0 ? (uint64_t)in_us * 1000 : 0);

    pthread_mutex_lock(&courier->mutex);
    if (at_ns < courier->poll_ns)
        courier->poll_ns = at_ns;
    pthread_mutex_unlock(&courier->mutex);
}

static void tell(const struct courier *courier, const char *what)
{
    if (courier->options.on_outcome)
        courier->options.on_outcome(courier->options.arg, what);
}

static void conclude(struct courier *courier, const struct webhook *hook, enum post_verdict verdict, const char *reason)
{
    struct log_about about = {.job = &hook->job};
    int64_t due;

    switch (verdict) {
    case POST_DELIVERED:
        settle(courier, hook, 0, NULL);
        tell(courier, "delivered");
        break;
    case POST_BROKEN_OFF:
        settle(courier, hook, wallclock_us(), reason);
        break;
    case POST_AGAIN:
        due = next_due(courier, hook->attempt);
        settle(courier, hook, due, reason);
        expect(courier, due);
        tell(courier, "retried");
        break;
    case POST_NEVER:
        log_line(LOG_WARN_LEVEL, &about, "a webhook is given up: %s", reason);
        settle(courier, hook, 0, reason);
        tell(courier, "given_up");
        break;
    }
}

static void carry_one(struct carrier *carrier, const struct webhook *hook)
{
    struct courier *courier = carrier->courier;
    char reason[POST_REASON_SIZE] = "the server stopped";
    enum post_verdict verdict = POST_BROKEN_OFF;

    if (!is_stopping(courier)) {
        cleanup_free char *body = courier->options.make_body(courier->options.arg, &hook->job);

        if (body) {
            verdict = deliver(carrier, hook, body, reason);
            if (verdict == POST_AGAIN && hook->attempt > SN_ARRAY_SIZE(backoff_ms))
                verdict = POST_NEVER;
        } else {
            /* nothing was tried at all: never a reason to give up */
            snprintf(reason, sizeof(reason), "the result could not be read");
            verdict = POST_AGAIN;
        }
    }
    conclude(courier, hook, verdict, reason);
}

static void *carry(void *arg)
{
    struct carrier *carrier = arg;
    struct courier *courier = carrier->courier;

    pthread_mutex_lock(&courier->mutex);
    while (true) {
        struct webhook hook;

        while (!courier->hook_count && !courier->is_all_taken)
            pthread_cond_wait(&courier->for_carriers, &courier->mutex);
        if (!courier->hook_count)
            break;
        hook = courier->hooks[--courier->hook_count];
        pthread_mutex_unlock(&courier->mutex);
        carry_one(carrier, &hook);
        free(hook.url);
        pthread_mutex_lock(&courier->mutex);
        courier->idle++;
        pthread_cond_signal(&courier->for_taker);
    }
    pthread_mutex_unlock(&courier->mutex);
    return NULL;
}

/* ---- beginning and end ------------------------------------------------------------------------------------------- */

static bool copy_string(const char *text, char **ret_copy)
{
    if (!text)
        return true;
    *ret_copy = strdup(text);
    return *ret_copy;
}

static bool copy_list(const char *const *list, char ***ret_copy)
{
    size_t count = 0;

    while (list && list[count])
        count++;
    *ret_copy = calloc(count + 1, sizeof(**ret_copy));
    if (!*ret_copy)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!copy_string(list[i], &(*ret_copy)[i]))
            return false;
    return true;
}

static bool make_sync(struct courier *courier)
{
    pthread_condattr_t attributes;

    if (pthread_mutex_init(&courier->mutex, NULL) != 0)
        return false;
    if (pthread_condattr_init(&attributes) != 0) {
        pthread_mutex_destroy(&courier->mutex);
        return false;
    }
    /* with glibc none of these fails */
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&courier->for_taker, &attributes);
    pthread_cond_init(&courier->for_carriers, &attributes);
    pthread_cond_init(&courier->for_stop, &attributes);
    pthread_condattr_destroy(&attributes);
    courier->has_sync = true;
    return true;
}

static int prepare(struct courier *courier, const struct courier_options *options, struct failure *failure)
{
    courier->options = *options;
    if (!courier->options.timeout_ms)
        courier->options.timeout_ms = TIMEOUT_MS;
    if (!courier->options.backoff_scale_percent)
        courier->options.backoff_scale_percent = 100;
    if (!copy_string(options->secret, &courier->secret) || !copy_string(options->user_agent, &courier->user_agent) ||
        !copy_string(options->ca_file, &courier->ca_file) || !copy_list(options->allow, &courier->allow) ||
        !make_sync(courier))
        return fail_nomem(failure);
    for (size_t i = 0; i < CARRIERS; i++) {
        int code = transfer_open(&courier->carriers[i].transfer, failure);

        if (code < 0)
            return code;
        courier->carriers[i].courier = courier;
    }
    courier->idle = CARRIERS;
    return 0;
}

static bool start_threads(struct courier *courier)
{
    sigset_t all;
    sigset_t before;
    bool ok = true;

    /* signals are the program's own threads' to see; SIGPIPE nobody's */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; ok && i < CARRIERS; i++) {
        struct carrier *carrier = &courier->carriers[i];

        ok = pthread_create(&carrier->thread, NULL, carry, carrier) == 0;
        carrier->has_thread = ok;
    }
    if (ok) {
        ok = pthread_create(&courier->taker, NULL, take, courier) == 0;
        courier->has_taker = ok;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

int courier_start(const struct courier_options *options, struct courier **ret_courier, struct failure *failure)
{
    struct courier *courier;
    int code = webhook_allow_check(options->allow, failure);

    if (code < 0)
        return code;
    courier = calloc(1, sizeof(*courier));
    if (!courier)
        return fail_nomem(failure);
    code = prepare(courier, options, failure);
    if (code == 0 && !start_threads(courier))
        code = fail(failure, FAIL_NOMEM, "the threads for webhooks cannot be started");
    if (code < 0) {
        courier_stop(courier);
        return code;
    }
    *ret_courier = courier;
    return 0;
}

void courier_wake(struct courier *courier)
{
    pthread_mutex_lock(&courier->mutex);
    courier->is_woken = true;
    pthread_cond_signal(&courier->for_taker);
    pthread_mutex_unlock(&courier->mutex);
}

static void stop_threads(struct courier *courier)
{
    pthread_mutex_lock(&courier->mutex);
    courier->is_stopping = true;
    pthread_cond_broadcast(&courier->for_taker);
    pthread_cond_broadcast(&courier->for_stop);
    pthread_mutex_unlock(&courier->mutex);
    /* the taker first: what it may just have taken is for the carriers to give back */
    if (courier->has_taker)
        pthread_join(courier->taker, NULL);
    pthread_mutex_lock(&courier->mutex);
    courier->is_all_taken = true;
    pthread_cond_broadcast(&courier->for_carriers);
    pthread_mutex_unlock(&courier->mutex);
    for (size_t i = 0; i < CARRIERS; i++)
        if (courier->carriers[i].has_thread)
            pthread_join(courier->carriers[i].thread, NULL);
}

void courier_stop(struct courier *courier)
{
    if (!courier)
        return;
    if (courier->has_sync) {
        stop_threads(courier);
        pthread_mutex_destroy(&courier->mutex);
        pthread_cond_destroy(&courier->for_taker);
        pthread_cond_destroy(&courier->for_carriers);
        pthread_cond_destroy(&courier->for_stop);
    }
    for (size_t i = 0; i < CARRIERS; i++)
        transfer_close(&courier->carriers[i].transfer);
    if (courier->secret)
        explicit_bzero(courier->secret, strlen(courier->secret));
    free(courier->secret);
    free(courier->user_agent);
    free(courier->ca_file);
    for (char **range = courier->allow; range && *range; range++)
        free(*range);
    free(courier->allow);
    free(courier);
}
