/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "common/json.h"
#include "common/log.h"
#include "http/http.h"
#include "process/check.h"
#include "process/health.h"
#include "process/parts.h"
#include "process/process.h"

#include <getopt.h>
#include <sentinel/version.h>
#include <string.h>

static const char usage[] =
    "usage: sentinel-worker [--config FILE]\n"
    "\n"
    "Executes jobs that sentinel-server processes accept: DATABASE_URL and RABBITMQ_URL say where they are.\n"
    "\n"
    "  --config FILE    KEY=VALUE lines; the environment wins over them\n"
    "  --check-config   is the configuration right? prints it, without secrets, and what is wrong with what it leads "
    "to\n"
    "  --version, --help\n"
    "\n"
    "SIGTERM lets what runs end (SENTINEL_DRAIN_MS) and hands back the rest; a second one hands back at once.\n";

struct worker {
    const struct config *config;
    int listener;
    struct parts parts;
    struct health *health;
    struct http_server *http;
};

/* ---- the port for those who watch it ----------------------------------------------------------------------------- */

static void handle_ready(void *arg, const struct http_request *request, struct http_response *response)
{
    struct worker *worker = arg;
    bool is_ready;
    cleanup_json json_t *answer = health_ask(worker->health, true, &is_ready);
    size_t length = 0;
    char *text = json_print(answer, &length);

    (void)request;
    if (text)
        http_respond(response, is_ready ? 200 : 503, "application/json", text, length);
}

static void handle_metrics(void *arg, const struct http_request *request, struct http_response *response)
{
    struct worker *worker = arg;
    struct parts *parts = &worker->parts;
    size_t length = 0;
    char *text;

    (void)request;
    metrics_set(parts->metrics, "sentinel_workers_active", NULL, 1);
    text = health_metrics(parts->metrics, parts->work, parts->tracer, &length);
    if (text)
        http_respond(response, 200, "text/plain; version=0.0.4; charset=utf-8", text, length);
}

static void on_error(void *arg, int status, const struct http_request *request, struct http_response *response)
{
    char text[64];

    (void)arg;
    (void)request;
    snprintf(text, sizeof(text), "{\"status\":%d}", status);
    http_respond(response, status, "application/problem+json", strdup(text), strlen(text));
}

static int start_http(struct worker *worker, struct failure *failure)
{
    static const struct http_route routes[] = {{"GET", "/health", HTTP_ON_LOOP, health_alive},
                                               {"GET", "/health/ready", HTTP_ON_POOL, handle_ready},
                                               {"GET", "/metrics", HTTP_ON_POOL, handle_metrics},
                                               {NULL, NULL, HTTP_ON_POOL, NULL}};
    struct http_options options = {.listen = worker->config->listen,
                                   .body_max = 1024,
                                   .pool_threads = 2,
                                   .connections_max = 256,
                                   .arg = worker,
                                   .routes = routes,
                                   .on_error = on_error};
    int listener = steal_fd(&worker->listener);

    return http_start(&options, listener, &worker->http, failure);
}

/* ---- its life ---------------------------------------------------------------------------------------------------- */

static int start_health(struct worker *worker, struct failure *failure)
{
    const struct parts *parts = &worker->parts;
    struct health_check checks[HEALTH_DEPENDENCIES];

    health_dependencies(parts->store, parts->queue, parts->events, parts->guard, checks);
    return health_start(checks, HEALTH_DEPENDENCIES, &worker->health, failure);
}

static void hurry(void *arg)
{
    work_hurry(arg);
}

static int work_on(void *arg, int socket, struct host *host)
{
    struct worker *worker = arg;
    struct parts *parts = &worker->parts;
    struct failure failure = {0};
    int status = 1;
    int error = parts_open(worker->config, "sentinel-worker", socket, host, parts, &failure);

    if (error == 0)
        error = parts_start_work(parts, worker->config, NULL, NULL, &failure);
    if (error == 0)
        error = start_health(worker, &failure);
    if (error == 0)
        error = start_http(worker, &failure);
    if (error == 0) {
        log_info("sentinel-worker %s is %s, with %u slots; %s has its health and metrics", sn_version_string(),
                 parts->worker, work_hello(parts->work)->slots, worker->config->listen);
        status = process_wait();
        process_on_next_signal(hurry, parts->work);
        work_drain(parts->work, worker->config->drain_ms);
        process_on_next_signal(NULL, NULL);
    } else if (process_end_count() == 0) {
        log_error("%s", failure.message);
    } else {
        status = 0;
    }
    if (worker->http)
        http_stop(worker->http, 500);
    health_stop(worker->health);
    parts_close(parts);
    return status;
}

static int run(const struct config *config)
{
    struct worker worker = {.config = config, .listener = -1};
    struct process_options options = {.config = config, .has_executor = true, .frontend = work_on, .arg = &worker};
    struct failure failure;

    worker.listener = http_listen(config->listen, &failure);
    if (worker.listener < 0) {
        log_error("%s", failure.message);
        return 1;
    }
    return process_main(&options);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"check-config", no_argument, NULL, 'k'},
                                            {"version", no_argument, NULL, 'V'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *path = getenv("SENTINEL_CONFIG");
    enum log_level level = LOG_INFO_LEVEL;
    struct config *config = NULL;
    struct failure failure;
    bool is_check = false;
    int status;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'k':
            is_check = true;
            break;
        case 'V':
            printf("sentinel-worker %s\n", sn_version_string());
            return 0;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "sentinel-worker: it takes no arguments; --help lists the options\n");
        return 2;
    }
    process_find_data("sentinel-worker");
    if (config_load(CONFIG_WORKER, path, environ, &config, &failure) < 0) {
        fprintf(stderr, "sentinel-worker: %s\n", failure.message);
        return 2;
    }
    if (!*config->database_url || !*config->rabbitmq_url) {
        fprintf(stderr, "sentinel-worker: DATABASE_URL and RABBITMQ_URL say where the jobs are; alone, sentinel-server "
                        "executes by itself\n");
        config_free(config);
        return 2;
    }
    log_level_parse(config->log_level, &level);
    log_setup("worker", level);
    process_tell_library(config);
    if (!is_check)
        status = run(config);
    else if (check_print(config, CONFIG_WORKER, stdout) < 0)
        status = 1;
    else
        status = check_config(config, CONFIG_WORKER, stderr) ? 0 : 2;
    config_free(config);
    return status;
}
