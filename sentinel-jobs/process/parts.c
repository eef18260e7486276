/* SPDX-License-Identifier: MIT */
#include "process/parts.h"

#include "base/cleanup.h"
#include "common/log.h"
#include "common/url.h"
#include "observe/families.h"
#include "process/process.h"

#include <openssl/rand.h>
#include <string.h>

static bool has_database(const struct config *config)
{
    static const char *const prefixes[] = {"postgresql://", "postgres://", NULL};

    return url_has_prefix(config->database_url, prefixes);
}

char *parts_store_url(const struct config *config)
{
    char *url = NULL;

    if (*config->database_url)
        return strdup(config->database_url);
    return asprintf(&url, "sqlite:%s/jobs.db", config->state_dir) < 0 ? NULL : url;
}

char *parts_queue_url(const struct config *config)
{
    char *url = NULL;

    if (*config->rabbitmq_url)
        return strdup(config->rabbitmq_url);
    return asprintf(&url, "sqlite:%s/queue.db", config->state_dir) < 0 ? NULL : url;
}

char *parts_events_url(const struct config *config)
{
    return strdup(has_database(config) ? config->database_url : "memory:");
}

/* Should this be tried again? Waits a second if so. */
static bool is_to_wait(const char *what, int error, const struct failure *failure, unsigned *tries)
{
    if (error != FAIL_UNAVAILABLE)
        return false;
    if (++*tries % 10 == 1)
        log_warn("waiting for the %s: %s", what, failure->message);
    return !process_pause(1000);
}

bool parts_may_migrate(const struct config *config)
{
    return !has_database(config);
}

static void make_name(struct parts *parts)
{
    unsigned char random[4] = {0};
    char host[48] = "host";

    gethostname(host, sizeof(host) - 1);
    RAND_bytes(random, sizeof(random));
    snprintf(parts->worker, sizeof(parts->worker), "%s-%d-%02x%02x%02x%02x", host, (int)getpid(), random[0], random[1],
             random[2], random[3]);
}

static int open_store(const struct config *config, struct parts *parts, struct failure *failure)
{
    cleanup_free char *url = parts_store_url(config);
    struct store_options options = {.may_migrate = parts_may_migrate(config)};
    unsigned tries = 0;
    int error;

    if (!url)
        return fail_nomem(failure);
    do {
        error = store_open(url, &options, &parts->store, failure);
    } while (is_to_wait("store", error, failure, &tries));
    return error;
}

static int open_queue(const struct config *config, struct parts *parts, struct failure *failure)
{
    cleanup_free char *url = parts_queue_url(config);
    struct queue_options options = {.prefetch = parts->work ? work_hello(parts->work)->slots : 0};
    unsigned tries = 0;
    int error;

    if (!url)
        return fail_nomem(failure);
    do {
        error = queue_open(url, &options, &parts->queue, failure);
    } while (is_to_wait("queue", error, failure, &tries));
    return error;
}

static int open_events(const struct config *config, struct parts *parts, struct failure *failure)
{
    cleanup_free char *url = parts_events_url(config);
    unsigned tries = 0;
    int error;

    if (!url)
        return fail_nomem(failure);
    do {
        error = events_open(url, &parts->events, failure);
    } while (is_to_wait("events", error, failure, &tries));
    return error;
}

static int open_guard(const struct config *config, struct parts *parts, struct failure *failure)
{
    unsigned tries = 0;
    int error;

    do {
        error = guard_open(*config->redis_url ? config->redis_url : "memory:", &parts->guard, failure);
    } while (is_to_wait("guard", error, failure, &tries));
    return error;
}

int parts_open(const struct config *config, const char *service, int socket, struct host *host, struct parts *parts,
               struct failure *failure)
{
    int error = 0;

    make_name(parts);
    parts->host = host;
    parts->is_embedded = !*config->rabbitmq_url;
    parts->metrics = metrics_make(service_families);
    if (!parts->metrics) {
        sn__close(socket);
        return fail_nomem(failure);
    }
    /* First: how many slots it has says how many deliveries the queue may hand out. */
    if (socket >= 0)
        error = work_connect(socket, &parts->work, failure);
    if (error == 0 && *config->otlp_endpoint)
        error = tracer_open(config->otlp_endpoint, service, &parts->tracer, failure);
    if (error == 0)
        error = open_store(config, parts, failure);
    if (error == 0)
        error = open_queue(config, parts, failure);
    if (error == 0)
        error = open_events(config, parts, failure);
    if (error == 0)
        error = open_guard(config, parts, failure);
    return error;
}

static void on_gone(void *arg)
{
    (void)arg;
    log_error("the executor is gone: ending");
    process_end(1);
}

int parts_start_work(struct parts *parts, const struct config *config, void (*on_finished)(void *arg), void *arg,
                     struct failure *failure)
{
    const struct work_options options = {.store = parts->store,
                                         .queue = parts->queue,
                                         .events = parts->events,
                                         .guard = parts->guard,
                                         .metrics = parts->metrics,
                                         .host = parts->host,
                                         .tracer = parts->tracer,
                                         .worker = parts->worker,
                                         .attempts_max = (uint32_t)config->attempts_max,
                                         .lease_ms = config->lease_ms,
                                         .on_finished = on_finished,
                                         .on_gone = on_gone,
                                         .arg = arg};

    return parts->work ? work_start(parts->work, &options, failure) : 0;
}

void parts_close(struct parts *parts)
{
    work_stop(parts->work);
    tracer_close(parts->tracer);
    if (parts->events)
        events_close(parts->events);
    if (parts->queue)
        queue_close(parts->queue);
    if (parts->guard)
        guard_close(parts->guard);
    if (parts->store)
        store_close(parts->store);
    metrics_free(parts->metrics);
    *parts = (struct parts){0};
}
