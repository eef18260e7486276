/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. Spans wait in one list, oldest first; its head is the batch that the thread is sending, of which
 * nobody else takes anything away. The thread waits until there is a span, then a second longer or until a batch is
 * full, and POSTs it. While the collector is away (no answer, or one that says to come again) the batch stays and is
 * tried again, less and less often; what is added beyond the list's bound is dropped. A batch that the collector
 * refuses for good is dropped. At the end everything is tried once, until the time for that is over.
 */
#include "observe/trace.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "common/log.h"
#include "common/uuid.h"
#include "observe/span.h"
#include "observe/transfer.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 4096
#define BATCH_MAX 512
#define ANSWER_MAX 4096
#define NS_PER_MS 1000000U
#define GATHER_MS 1000
#define ATTEMPT_MS 10000
#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 30000
/* A transfer is given up some moments after its time: together less than the two seconds that are promised. */
#define CLOSE_MS 1800

struct tracer {
    char *url;
    char *service;
    char instance[UUID_TEXT_SIZE];
    struct transfer transfer;
    pthread_t thread;
    bool is_away; /* the collector; the thread's own */
    atomic_uint_fast64_t dropped;
    pthread_mutex_t mutex;
    pthread_cond_t cond; /* of the monotonic clock */
    /* under the mutex: */
    struct kept_span *first;
    struct kept_span **last;
    size_t count;
    bool is_closing;
    uint64_t close_ns; /* when closing has to be over */
};

enum verdict { SENT, AWAY, REFUSED };

struct answer {
    char data[ANSWER_MAX];
    size_t length;
};

/* What is longer is cut short: it matters only where it is short. */
static size_t on_answer(char *data, size_t size, size_t count, void *arg)
{
    struct answer *answer = arg;
    size_t length = size * count;
    size_t room = sizeof(answer->data) - answer->length;

    if (length > room)
        return 0;
    memcpy(answer->data + answer->length, data, length);
    answer->length += length;
    return length;
}

static bool is_time_over(void *arg)
{
    struct tracer *tracer = arg;
    bool over;

    pthread_mutex_lock(&tracer->mutex);
    over = tracer->is_closing && sn__now_ns() >= tracer->close_ns;
    pthread_mutex_unlock(&tracer->mutex);
    return over;
}

static CURLcode set_options(struct tracer *tracer, const char *text, struct curl_slist *headers, struct answer *answer)
{
    CURLcode code = transfer_reset(&tracer->transfer);
    CURL *easy = tracer->transfer.easy;

    TRANSFER_SET(code, easy, CURLOPT_URL, tracer->url);
    TRANSFER_SET(code, easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(text));
    TRANSFER_SET(code, easy, CURLOPT_POSTFIELDS, text);
    TRANSFER_SET(code, easy, CURLOPT_HTTPHEADER, headers);
    TRANSFER_SET(code, easy, CURLOPT_TIMEOUT_MS, (long)ATTEMPT_MS);
    TRANSFER_SET(code, easy, CURLOPT_WRITEFUNCTION, on_answer);
    TRANSFER_SET(code, easy, CURLOPT_WRITEDATA, answer);
    return code;
}

/* OTLP/HTTP: which answers mean to come again. *ret_pause_ms is left alone unless the collector asks for one. */
static enum verdict judge(struct tracer *tracer, CURLcode code, const struct answer *answer, uint64_t *ret_pause_ms)
{
    curl_off_t pause = 0;
    long status = 0;

    curl_easy_getinfo(tracer->transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && status))
        return AWAY;
    if (status >= 200 && status < 300) {
        atomic_fetch_add(&tracer->dropped, span_rejected(answer->data, answer->length));
        return SENT;
    }
    if (status != 429 && status != 502 && status != 503 && status != 504)
        return REFUSED;
    if (curl_easy_getinfo(tracer->transfer.easy, CURLINFO_RETRY_AFTER, &pause) == CURLE_OK && pause > 0)
        *ret_pause_ms = pause < BACKOFF_MAX_MS / 1000 ? (uint64_t)pause * 1000 : BACKOFF_MAX_MS;
    return AWAY;
}

static enum verdict send_request(struct tracer *tracer, const char *text, uint64_t *ret_pause_ms)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    struct curl_slist *more = headers ? curl_slist_append(headers, "Expect:") : NULL;
    struct answer answer = {.length = 0};
    enum verdict verdict = AWAY;

    if (more) {
        CURLcode code = set_options(tracer, text, headers, &answer);

        if (code == CURLE_OK)
            code = transfer_perform(&tracer->transfer, is_time_over, tracer);
        verdict = judge(tracer, code, &answer, ret_pause_ms);
    }
    curl_slist_free_all(headers);
    return verdict;
}

/* Takes the first `count` off the list. */
static void remove_batch(struct tracer *tracer, size_t count)
{
    pthread_mutex_lock(&tracer->mutex);
    tracer->count -= count;
    for (; count > 0; count--) {
        struct kept_span *span = tracer->first;

        tracer->first = span->next;
        free(span);
    }
    if (!tracer->first)
        tracer->last = &tracer->first;
    pthread_mutex_unlock(&tracer->mutex);
}

/* With the mutex held: until the time, a full batch (if that matters) or the end. */
static void wait_until(struct tracer *tracer, uint64_t until_ns, bool or_full)
{
    struct timespec until = sn__timespec(until_ns);

    while (!tracer->is_closing && sn__now_ns() < until_ns && !(or_full && tracer->count >= BATCH_MAX))
        pthread_cond_timedwait(&tracer->cond, &tracer->mutex, &until);
}

/* How many spans the next batch has; 0: it is the end. *ret_first is its first. */
static size_t gather(struct tracer *tracer, struct kept_span **ret_first)
{
    size_t count;

    pthread_mutex_lock(&tracer->mutex);
    while (!tracer->count && !tracer->is_closing)
        pthread_cond_wait(&tracer->cond, &tracer->mutex);
    wait_until(tracer, sn__now_ns() + (uint64_t)GATHER_MS * NS_PER_MS, true);
    count = tracer->count < BATCH_MAX ? tracer->count : BATCH_MAX;
    *ret_first = tracer->first;
    pthread_mutex_unlock(&tracer->mutex);
    return count;
}

/* True: go on trying. */
static bool pause_after_failure(struct tracer *tracer, uint64_t pause_ms)
{
    bool is_closing;

    pthread_mutex_lock(&tracer->mutex);
    is_closing = tracer->is_closing;
    if (!is_closing)
        wait_until(tracer, sn__now_ns() + pause_ms * NS_PER_MS, false);
    pthread_mutex_unlock(&tracer->mutex);
    return !is_closing;
}

/* Sends one batch, however long that takes; false if it was not sent and it is the end. */
static bool deliver(struct tracer *tracer, const char *text)
{
    uint64_t backoff_ms = BACKOFF_MIN_MS;

    while (true) {
        uint64_t pause_ms = backoff_ms;
        enum verdict verdict = send_request(tracer, text, &pause_ms);

        if (verdict == SENT) {
            if (tracer->is_away)
                log_info("the collector of traces is back");
            tracer->is_away = false;
            return true;
        }
        if (verdict == REFUSED) {
            log_warn("the collector of traces refuses spans; they are dropped");
            return false;
        }
        if (!tracer->is_away)
            log_warn("the collector of traces is away; spans wait");
        tracer->is_away = true;
        if (!pause_after_failure(tracer, pause_ms))
            return false;
        backoff_ms = backoff_ms * 2 < BACKOFF_MAX_MS ? backoff_ms * 2 : BACKOFF_MAX_MS;
    }
}

static void *run(void *arg)
{
    struct tracer *tracer = arg;
    struct kept_span *first;

    for (size_t count = gather(tracer, &first); count > 0 && !is_time_over(tracer); count = gather(tracer, &first)) {
        cleanup_free char *text = span_print_request(tracer->service, tracer->instance, first, count);

        if (!text || !deliver(tracer, text))
            atomic_fetch_add(&tracer->dropped, count);
        remove_batch(tracer, count);
    }
    return NULL;
}

static void free_tracer(struct tracer *tracer)
{
    struct kept_span *next;

    for (struct kept_span *span = tracer->first; span; span = next) {
        next = span->next;
        free(span);
    }
    transfer_close(&tracer->transfer);
    free(tracer->url);
    free(tracer->service);
    free(tracer);
}

/* ENDPOINT/v1/traces, if the endpoint is an http or https URL; the message does not repeat it. */
static int make_url(const char *endpoint, char **ret_url, struct failure *failure)
{
    static const char path[] = "/v1/traces";
    size_t length = strlen(endpoint);
    const char *host = NULL;
    CURLU *parsed;
    char *url;
    bool is_url;

    if (strncmp(endpoint, "http://", 7) == 0)
        host = endpoint + 7;
    else if (strncmp(endpoint, "https://", 8) == 0)
        host = endpoint + 8;
    if (!host || !*host || *host == '/')
        return fail(failure, FAIL_INVALID, "the endpoint for traces is no http or https URL");
    while (endpoint[length - 1] == '/')
        length--;
    parsed = curl_url();
    url = malloc(length + sizeof(path));
    if (!parsed || !url) {
        curl_url_cleanup(parsed);
        free(url);
        return fail_nomem(failure);
    }
    memcpy(url, endpoint, length);
    memcpy(url + length, path, sizeof(path));
    is_url = curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK;
    curl_url_cleanup(parsed);
    if (!is_url) {
        free(url);
        return fail(failure, FAIL_INVALID, "the endpoint for traces is no URL");
    }
    *ret_url = url;
    return 0;
}

static int start(struct tracer *tracer)
{
    pthread_condattr_t attributes;
    sigset_t all;
    sigset_t before;
    int error;

    if (pthread_condattr_init(&attributes) != 0)
        return FAIL_NOMEM;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    error = pthread_cond_init(&tracer->cond, &attributes);
    pthread_condattr_destroy(&attributes);
    if (error)
        return FAIL_NOMEM;
    pthread_mutex_init(&tracer->mutex, NULL);
    /* signals are the program's own threads' to see; SIGPIPE nobody's */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&tracer->thread, NULL, run, tracer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        pthread_mutex_destroy(&tracer->mutex);
        pthread_cond_destroy(&tracer->cond);
        return FAIL_NOMEM;
    }
    return 0;
}

int tracer_open(const char *endpoint, const char *service, struct tracer **ret_tracer, struct failure *failure)
{
    struct tracer *tracer = calloc(1, sizeof(*tracer));
    struct uuid instance;
    int code;

    if (!tracer)
        return fail_nomem(failure);
    tracer->last = &tracer->first;
    tracer->service = strdup(service);
    code = tracer->service ? make_url(endpoint, &tracer->url, failure) : fail_nomem(failure);
    if (code == 0)
        code = transfer_open(&tracer->transfer, failure);
    if (code == 0 && uuid_make(&instance) < 0)
        code = fail(failure, FAIL_INTERNAL, "there is no randomness for the id of this instance");
    if (code == 0) {
        uuid_print(&instance, tracer->instance);
        code = start(tracer);
        if (code < 0)
            fail(failure, code, "the thread for traces cannot be started");
    }
    if (code < 0) {
        free_tracer(tracer);
        return code;
    }
    *ret_tracer = tracer;
    return 0;
}

void tracer_close(struct tracer *tracer)
{
    if (!tracer)
        return;
    pthread_mutex_lock(&tracer->mutex);
    tracer->is_closing = true;
    tracer->close_ns = sn__now_ns() + (uint64_t)CLOSE_MS * NS_PER_MS;
    pthread_cond_signal(&tracer->cond);
    pthread_mutex_unlock(&tracer->mutex);
    pthread_join(tracer->thread, NULL);
    pthread_mutex_destroy(&tracer->mutex);
    pthread_cond_destroy(&tracer->cond);
    if (atomic_load(&tracer->dropped) || tracer->count)
        log_warn("%llu spans were not sent", (unsigned long long)(atomic_load(&tracer->dropped) + tracer->count));
    free_tracer(tracer);
}

void tracer_add(struct tracer *tracer, const struct trace_span *span)
{
    struct kept_span *kept;

    /* the caller of a trace that is not recorded has no use for parts of it */
    if (!tracer || !(span->context.flags & 1))
        return;
    kept = span_keep(span);
    pthread_mutex_lock(&tracer->mutex);
    if (!kept || tracer->count >= WAITING_MAX) {
        atomic_fetch_add(&tracer->dropped, 1);
        free(kept);
    } else {
        *tracer->last = kept;
        tracer->last = &kept->next;
        tracer->count++;
        if (tracer->count == 1 || tracer->count == BATCH_MAX)
            pthread_cond_signal(&tracer->cond);
    }
    pthread_mutex_unlock(&tracer->mutex);
}

uint64_t tracer_dropped(const struct tracer *tracer)
{
    return tracer ? atomic_load(&tracer->dropped) : 0;
}
