/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include "api/admit.h"
#include "api/api.h"
#include "api/errands.h"
#include "api/languages.h"
#include "api/statistics.h"
#include "base/cleanup.h"
#include "common/wallclock.h"
#include "job/result.h"
#include "process/check.h"
#include "process/health.h"
#include "process/parts.h"
#include "process/process.h"
#include "pulse.h"
#include "webhook/webhook.h"

#include <sentinel/version.h>
#include <string.h>

/* The whole of a running server; what is NULL was not started. */
struct server {
    const struct config *config;
    int listener;
    struct http_tls *tls; /* from before privileges were dropped; NULL: plain */
    int web_root;         /* opened before privileges were dropped, too; 0: none */
    struct languages *languages;
    struct parts parts;
    struct api api;
    struct relay *relay;
    struct courier *courier;
    struct pulse *pulse;
    struct health *health;
    struct http_server *http;
};

static void warn_of(void *arg, const char *key, const char *sentence)
{
    (void)arg;
    log_warn("%s: %s", key, sentence);
}

static void decide_who_may_come(struct server *server)
{
    const struct config *config = server->config;

    server->api.is_open_to_all = strcmp(config->auth, "open") == 0;
    server->api.is_open =
        server->api.is_open_to_all || (strcmp(config->auth, "auto") == 0 && check_is_local(config->listen));
    server->api.is_socket = strncmp(config->listen, "unix:", 5) == 0;
    check_exposure(config, warn_of, NULL);
}

static char *webhook_body(void *arg, const struct uuid *id)
{
    struct server *server = arg;
    cleanup_job struct job *job = NULL;
    cleanup_json json_t *view = NULL;

    if (store_get(server->parts.store, id, STORE_WITH_SPEC | STORE_WITH_RESULT, &job, NULL) < 0)
        return NULL;
    view = json_pack("{s:s, s:o}", "event", "submission.finished", "submission", job_view(job, 0));
    return json_print(view, NULL);
}

static void on_webhook(void *arg, const char *what)
{
    struct server *server = arg;

    metrics_add(server->parts.metrics, "sentinel_webhook_deliveries_total", (const char *const[]){what, NULL}, 1);
}

/* From the beginning, for the same reason as counters without labels: the first one given up is an increase too. */
static void begin_webhook_figures(struct metrics *metrics)
{
    static const char *const outcomes[][2] = {{"delivered", NULL}, {"retried", NULL}, {"given_up", NULL}};

    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
        metrics_add(metrics, "sentinel_webhook_deliveries_total", outcomes[i], 0);
}

static void on_finished(void *arg)
{
    struct server *server = arg;

    courier_wake(server->courier);
}

static int start_http(struct server *server, struct failure *failure)
{
    const struct config *config = server->config;
    struct http_options options = {
        .listen = config->listen,
        .tls = server->tls,
        .trusted_proxies = (const char *const *)config->trusted_proxies,
        .cors_origins = (const char *const *)config->cors_origins,
        .web_missing = handle_web_missing,
        .body_max = config->body_max,
        .websocket_protocol = "sentinel",
        .arg = &server->api,
        .routes = api_routes,
        .on_error = api_on_error,
        .on_done = api_on_done,
    };
    int listener = steal_fd(&server->listener);

    options.web_root = server->web_root;
    server->web_root = 0;
    return http_start(&options, listener, &server->http, failure);
}

/* One that was asked for has to be readable; of one that was found it is said why it is not shown. */
static int check_web(struct server *server, struct failure *failure)
{
    struct failure why;

    if (!server->web_root || http_check_web(server->web_root, &why) == 0)
        return 0;
    if (*server->config->web_root) {
        *failure = why;
        return FAIL_INVALID;
    }
    log_warn("%s; / says that there is none", why.message);
    close(server->web_root);
    server->web_root = 0;
    return 0;
}

/* Ready is who accepts: what is back already is not while submissions are still refused (api/submit.c). */
static int ask_queue(void *arg, struct failure *failure)
{
    struct api *api = arg;
    int error = queue_ping(api->queue, failure);

    if (error == 0 && api->is_queue_away)
        error = fail(failure, FAIL_UNAVAILABLE, "it answers again, and is used within a second");
    return error;
}

static int start_health(struct server *server, struct failure *failure)
{
    const struct parts *parts = &server->parts;
    struct health_check checks[HEALTH_DEPENDENCIES + 1] = {
        [HEALTH_DEPENDENCIES] = {"workers", check_workers, &server->api}};

    health_dependencies(parts->store, parts->queue, parts->events, parts->guard, checks);
    checks[HEALTH_QUEUE].ask = ask_queue;
    checks[HEALTH_QUEUE].arg = &server->api;
    return health_start(checks, HEALTH_DEPENDENCIES + 1, &server->health, failure);
}

static int start(struct server *server, int socket, struct host *host, struct failure *failure)
{
    const struct config *config = server->config;
    struct parts *parts = &server->parts;
    struct api *api = &server->api;
    struct relay_options relay = {.retention_us = config->retention_hours * UINT64_C(3600000000)};
    struct courier_options courier = {.secret = config->webhook_secret,
                                      .allow = (const char *const *)config->webhook_allow,
                                      .user_agent = "sentinel",
                                      .make_body = webhook_body,
                                      .on_outcome = on_webhook,
                                      .arg = server};
    int error = parts_open(config, "sentinel-server", socket, host, parts, failure);

    if (error < 0)
        return error;
    *api = (struct api){.config = config,
                        .store = parts->store,
                        .queue = parts->queue,
                        .events = parts->events,
                        .guard = parts->guard,
                        .metrics = parts->metrics,
                        .host = parts->work ? NULL : host,
                        .tracer = parts->tracer,
                        .work = parts->work,
                        .languages = server->languages,
                        .keys = key_cache_make(),
                        .statistics = statistics_cache_make()};
    decide_who_may_come(server);
    begin_webhook_figures(parts->metrics);
    relay.store = courier.store = parts->store;
    relay.queue = parts->queue;
    relay.metrics = parts->metrics;
    relay.is_queue_volatile = parts->is_embedded;
    if (!api->keys || !api->statistics)
        return fail_nomem(failure);
    error = guard_open("memory:", &api->own_guard, failure);
    if (error == 0)
        error = errands_start(&api->errands, failure);
    if (error == 0)
        error = relay_start(&relay, &server->relay, failure);
    api->relay = server->relay;
    if (error == 0)
        error = courier_start(&courier, &server->courier, failure);
    if (error == 0)
        error = parts_start_work(parts, config, on_finished, server, failure);
    if (error == 0)
        error = pulse_start(api, &server->pulse, failure);
    if (error == 0)
        error = start_health(server, failure);
    api->health = server->health;
    if (error == 0)
        error = check_web(server, failure);
    if (error == 0)
        error = start_http(server, failure);
    api->http = server->http;
    return error;
}

static void hurry(void *arg)
{
    work_hurry(arg);
}

/* ---- its certificate --------------------------------------------------------------------------------------------- */

/* One that expired is used all the same: who meets it is told what is wrong, unlike who meets no server. */
static void tell_validity(const struct http_tls *tls, const char *what)
{
    char until_text[WALLCLOCK_TEXT_SIZE];
    int64_t from;
    int64_t until;
    int64_t now = wallclock_us() / 1000000;

    http_tls_validity(tls, &from, &until);
    wallclock_print(until * 1000000, until_text);
    if (now > until || now < from)
        log_error("%s is %s: clients will refuse it (until %s)", what,
                  now > until ? "not valid any more" : "not valid yet", until_text);
    else
        log_info("%s is valid until %s", what, until_text);
}

static int load_tls(const struct config *config, struct http_tls **ret_tls, struct failure *failure)
{
    return http_tls_load(config->tls_certificate, config->tls_key, ret_tls, failure);
}

/* On SIGHUP. */
static void load_anew(void *arg)
{
    struct server *server = arg;
    struct http_tls *tls = NULL;
    struct failure failure;

    if (!server->tls) {
        log_info("nothing to load anew: no certificate is configured, and the rest needs a restart");
        return;
    }
    if (load_tls(server->config, &tls, &failure) < 0) {
        log_error("the certificate was not loaded anew, the former one stays: %s", failure.message);
        return;
    }
    http_use_tls(server->http, tls);
    tell_validity(tls, "the certificate, loaded anew,");
    http_tls_free(tls);
}

/* Root reads what the frontend may not: said now, rather than when the certificate is about to expire. */
static void try_reload(const struct server *server)
{
    struct http_tls *tls = NULL;
    struct failure failure;

    if (!server->tls)
        return;
    tell_validity(server->tls, "the certificate");
    if (load_tls(server->config, &tls, &failure) < 0)
        log_warn("a new certificate will need a restart, SIGHUP cannot load it: %s", failure.message);
    http_tls_free(tls);
}

/* The executor has no use for it. */
static void forget_tls(void *arg)
{
    struct server *server = arg;

    http_tls_free(server->tls);
    server->tls = NULL;
}

/* ---- its life ---------------------------------------------------------------------------------------------------- */

/* In an order in which nothing is used after it ended: who asks first, who is asked last. */
static void stop(struct server *server)
{
    uint64_t drain_ms = server->config->drain_ms;

    if (server->parts.work && process_end_count() > 0) {
        server->api.is_draining = true;
        process_on_next_signal(hurry, server->parts.work);
        work_drain(server->parts.work, drain_ms);
        process_on_next_signal(NULL, NULL);
    }
    process_on_reload(NULL, NULL);
    if (server->http)
        http_stop(server->http, 2000);
    health_stop(server->health);
    pulse_stop(server->pulse);
    work_stop(server->parts.work);
    server->parts.work = NULL;
    courier_stop(server->courier);
    relay_stop(server->relay);
    errands_stop(server->api.errands);
    if (server->api.own_guard)
        guard_close(server->api.own_guard);
    key_cache_free(server->api.keys);
    statistics_cache_free(server->api.statistics);
    parts_close(&server->parts);
}

static int serve(void *arg, int socket, struct host *host)
{
    struct server *server = arg;
    struct failure failure = {0};
    int status = 1;

    if (start(server, socket, host, &failure) == 0) {
        log_info("sentinel-server %s listens on %s%s, %s; %s", sn_version_string(),
                 *server->config->tls_certificate ? "https://" : "http://", server->config->listen,
                 server->parts.work ? "executes by itself" : "workers execute",
                 server->api.is_open ? "asks for no key" : "asks for a key");
        try_reload(server);
        process_on_reload(load_anew, server);
        status = process_wait();
    } else if (process_end_count() == 0) {
        log_error("%s", failure.message);
    } else {
        status = 0;
    }
    stop(server);
    return status;
}

/* As root, or whoever we are. *ret_path is its directory, to be freed, or NULL. */
static int open_web(struct server *server, char **ret_path, struct failure *failure)
{
    const char *given = server->config->web_root;
    cleanup_free char *path = *given ? strdup(given) : process_find_web("sentinel-server");
    int fd;

    *ret_path = NULL;
    if (!path)
        return *given ? fail_nomem(failure) : 0;
    fd = http_open_web(path, failure);
    if (fd < 0 && *given)
        return fd;
    if (fd < 0) {
        log_warn("%s; / says that there is none", failure->message);
        return 0;
    }
    server->web_root = fd;
    *ret_path = steal_ptr(&path);
    return 0;
}

/* What is easier, or only possible, before privileges are dropped. */
static int prepare(struct server *server, char **ret_web, struct failure *failure)
{
    const struct config *config = server->config;
    int r = languages_load(&server->languages, failure);

    if (r == 0 && *config->tls_certificate)
        r = load_tls(config, &server->tls, failure);
    if (r == 0)
        r = open_web(server, ret_web, failure);
    if (r < 0)
        return r;
    server->listener = http_listen(config->listen, failure);
    return server->listener < 0 ? server->listener : 0;
}

int cmd_serve(const struct config *config)
{
    cleanup_free char *web = NULL;
    struct server server = {.config = config, .listener = -1};
    struct process_options options = {.config = config,
                                      .has_executor = !*config->rabbitmq_url,
                                      .executor_begins = forget_tls,
                                      .frontend = serve,
                                      .arg = &server};
    struct failure failure;
    int status = 1;

    if (prepare(&server, &web, &failure) < 0) {
        log_error("%s", failure.message);
    } else {
        options.web_root = web;
        status = process_main(&options);
    }
    http_tls_free(server.tls);
    languages_free(server.languages);
    return status;
}
