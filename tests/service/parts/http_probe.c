/* SPDX-License-Identifier: MIT */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "common/log.h"
#include "http/http.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

/*
 * A server whose routes do what test_http.py wants to see done: it prints "port N", serves until SIGTERM, stops, and
 * prints how many streams were made and closed. Not a test of its own.
 */

static struct http_server *server;
static atomic_ulong streams_made, streams_closed, violations, handlers_run, reports[600];

static void pause_ms(unsigned long ms)
{
    struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};

    nanosleep(&time, NULL);
}

static unsigned long number(const struct http_request *request, const char *name, unsigned long otherwise)
{
    cleanup_free char *text = http_request_parameter(request, name);

    return text ? strtoul(text, NULL, 10) : otherwise;
}

static void respond_text(struct http_response *response, int status, const char *text)
{
    http_respond(response, status, "text/plain", strdup(text), strlen(text));
}

/* ---- plain answers ----------------------------------------------------------------------------------------------- */

static void handle_health(void *arg, const struct http_request *request, struct http_response *response)
{
    (void)arg;
    (void)request;
    respond_text(response, 200, "ok");
}

/* Lines of "name=value", which the test takes apart. */
static void handle_echo(void *arg, const struct http_request *request, struct http_response *response)
{
    cleanup_buffer struct sn__buffer text = {0};
    size_t length;
    char *body;

    (void)arg;
    atomic_fetch_add(&handlers_run, 1);
    sn__buffer_addf(&text, "method=%s\npath=%s\nquery=%s\nid=%s\naddress=%s\nloopback=%d\ntls=%d\nbody_length=%zu\n",
                    request->method, request->path, request->query, request->id, request->address, request->is_loopback,
                    request->is_tls, request->body_length);
    for (size_t i = 0; i < 4 && request->parts[i]; i++)
        sn__buffer_addf(&text, "part%zu=%s\n", i, request->parts[i]);
    for (size_t i = 0; i < request->header_count; i++)
        sn__buffer_addf(&text, "header:%s=%s\n", request->headers[i].name, request->headers[i].value);
    sn__buffer_add_string(&text, "body=");
    sn__buffer_add(&text, request->body, request->body_length);
    body = sn__buffer_steal(&text, &length);
    http_respond(response, 200, "text/plain", body, length);
}

static void handle_literal(void *arg, const struct http_request *request, struct http_response *response)
{
    (void)arg;
    (void)request;
    respond_text(response, 200, "literal");
}

static void handle_parameter(void *arg, const struct http_request *request, struct http_response *response)
{
    cleanup_free char *value = http_request_parameter(request, "q");

    (void)arg;
    respond_text(response, 200, value ? value : "(none)");
}

static void handle_inject(void *arg, const struct http_request *request, struct http_response *response)
{
    cleanup_free char *name = http_request_parameter(request, "name");
    cleanup_free char *value = http_request_parameter(request, "value");
    char text[16];
    int r = http_add_header(response, name ? name : "x-test", "%s", value ? value : "");

    (void)arg;
    snprintf(text, sizeof(text), "%d", r);
    respond_text(response, 200, text);
}

static void handle_slow(void *arg, const struct http_request *request, struct http_response *response)
{
    (void)arg;
    pause_ms(number(request, "ms", 100));
    atomic_fetch_add(&handlers_run, 1);
    respond_text(response, 200, "slow");
}

/* Holds its thread until /unblock. */
static atomic_bool is_unblocked;

static void handle_block(void *arg, const struct http_request *request, struct http_response *response)
{
    (void)arg;
    (void)request;
    atomic_fetch_add(&handlers_run, 1);
    while (!atomic_load(&is_unblocked))
        pause_ms(5);
    respond_text(response, 200, "unblocked");
}

static void handle_unblock(void *arg, const struct http_request *request, struct http_response *response)
{
    (void)arg;
    (void)request;
    atomic_store(&is_unblocked, true);
    respond_text(response, 200, "ok");
}

static void handle_big(void *arg, const struct http_request *request, struct http_response *response)
{
    size_t size = number(request, "size", 1 << 20);
    char *body = malloc(size + 1);

    (void)arg;
    for (size_t i = 0; body && i < size; i++)
        body[i] = (char)('a' + i % 26);
    http_respond(response, 200, "text/plain", body, size);
}

static void handle_status(void *arg, const struct http_request *request, struct http_response *response)
{
    (void)arg;
    http_respond(response, (int)number(request, "status", 204), NULL, NULL, 0);
}

static void handle_nothing(void *arg, const struct http_request *request, struct http_response *response)
{
    (void)arg;
    (void)request;
    (void)response;
}

static void handle_figures(void *arg, const struct http_request *request, struct http_response *response)
{
    cleanup_buffer struct sn__buffer text = {0};
    cleanup_file FILE *file = fopen("/proc/self/statm", "re");
    struct http_figures figures;
    unsigned long size = 0, resident = 0;
    size_t length;
    char *body;

    (void)arg;
    (void)request;
    http_figures(server, &figures);
    if (!file || fscanf(file, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    sn__buffer_addf(&text,
                    "connections=%llu\nstreams=%llu\nwaiting=%llu\nresident_kb=%lu\nmade=%lu\nclosed=%lu\nhandlers=%"
                    "lu\nviolations=%lu\n",
                    (unsigned long long)figures.connections, (unsigned long long)figures.streams,
                    (unsigned long long)figures.pool_waiting, resident * 4, atomic_load(&streams_made),
                    atomic_load(&streams_closed), atomic_load(&handlers_run), atomic_load(&violations));
    for (size_t i = 0; i < SN_ARRAY_SIZE(reports); i++) {
        if (atomic_load(&reports[i]))
            sn__buffer_addf(&text, "done%zu=%lu\n", i, atomic_load(&reports[i]));
    }
    body = sn__buffer_steal(&text, &length);
    http_respond(response, 200, "text/plain", body, length);
}

/* ---- streams ----------------------------------------------------------------------------------------------------- */

/* One of ours: whoever holds it, a thread or the list, has a reference; `stream` is released with the last. */
struct client {
    struct client *next;
    atomic_uint refs;
    struct http_stream *stream;
    char *key;
    unsigned long count, interval, size;
    atomic_bool is_gone;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct client *clients;

static void client_unref(struct client *client)
{
    if (atomic_fetch_sub(&client->refs, 1) != 1)
        return;
    http_stream_release(client->stream);
    free(client->key);
    free(client);
}

static struct client *client_make(const struct http_request *request, unsigned refs)
{
    struct client *client = calloc(1, sizeof(*client));

    if (!client)
        return NULL;
    atomic_init(&client->refs, refs);
    client->key = http_request_parameter(request, "key");
    client->count = number(request, "count", 3);
    client->interval = number(request, "interval", 0);
    client->size = number(request, "size", 4096);
    return client;
}

static void on_close(void *arg)
{
    struct client *client = arg;

    atomic_store(&client->is_gone, true);
    pthread_mutex_lock(&lock);
    for (struct client **at = &clients; *at; at = &(*at)->next) {
        if (*at == client) {
            *at = client->next;
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    atomic_fetch_add(&streams_closed, 1);
    client_unref(client);
}

static bool start_stream(struct client *client, const struct http_request *request, struct http_response *response,
                         enum http_stream_kind kind, const struct http_stream_handlers *handlers)
{
    struct failure failure;

    pthread_mutex_lock(&lock);
    if (http_respond_stream(request, response, kind, handlers, client, number(request, "timeout", 0), &client->stream,
                            &failure) < 0) {
        pthread_mutex_unlock(&lock);
        respond_text(response, 400, failure.message);
        free(client->key);
        free(client);
        return false;
    }
    client->next = clients;
    clients = client;
    pthread_mutex_unlock(&lock);
    atomic_fetch_add(&streams_made, 1);
    return true;
}

static void handle_timeout(void *arg, const struct http_request *request, struct http_response *response)
{
    struct client *client = arg;
    cleanup_free char *text = NULL;

    /* on_close, which may free the argument, must not come while this runs. */
    pause_ms(number(request, "linger", 0));
    if (atomic_load(&client->is_gone))
        atomic_fetch_add(&violations, 1);

    if (asprintf(&text, "timeout %s %s", client->key, request->path) < 0)
        text = NULL;
    respond_text(response, 202, text ? text : "");
}

static void handle_finished(void *arg, const struct http_request *request, struct http_response *response)
{
    (void)arg;
    http_add_header(response, "x-finished", "yes");
    pause_ms(number(request, "linger", 0));
    respond_text(response, 200, "finished");
}

static void handle_wait(void *arg, const struct http_request *request, struct http_response *response)
{
    static const struct http_stream_handlers handlers = {.on_close = on_close, .on_timeout = handle_timeout};
    struct client *client = client_make(request, 1);

    (void)arg;
    if (client)
        start_stream(client, request, response, HTTP_STREAM_WAIT, &handlers);
}

/* Finishes all waiting under a key, or sends them (and all others under it) the body. */
static void handle_finish(void *arg, const struct http_request *request, struct http_response *response)
{
    cleanup_free char *key = http_request_parameter(request, "key");
    unsigned count = 0;
    char text[16];

    (void)arg;
    pthread_mutex_lock(&lock);
    for (struct client *client = clients; client; client = client->next) {
        if (!key || !client->key || strcmp(client->key, key) != 0)
            continue;
        if (request->body_length)
            http_stream_send(client->stream, request->body, request->body_length);
        else
            http_stream_finish(client->stream, handle_finished, NULL);
        count++;
    }
    pthread_mutex_unlock(&lock);
    snprintf(text, sizeof(text), "%u", count);
    respond_text(response, 200, text);
}

/* Waits, and finishes itself before the handler has even returned. */
static void handle_wait_at_once(void *arg, const struct http_request *request, struct http_response *response)
{
    static const struct http_stream_handlers handlers = {.on_close = on_close};
    struct client *client = client_make(request, 2);

    (void)arg;
    if (!client || !start_stream(client, request, response, HTTP_STREAM_WAIT, &handlers))
        return;
    http_stream_finish(client->stream, handle_finished, NULL);
    client_unref(client);
}

static void *tick(void *arg)
{
    struct client *client = arg;
    cleanup_buffer struct sn__buffer event = {0};

    for (unsigned long i = 0; i < client->count && !atomic_load(&client->is_gone); i++) {
        event.length = 0;
        sn__buffer_addf(&event, "id: %lu\ndata: tick %lu\n\n", i, i);
        if (http_stream_send(client->stream, event.data, event.length) < 0)
            break;
        pause_ms(client->interval);
    }
    http_stream_finish(client->stream, NULL, NULL);
    client_unref(client);
    return NULL;
}

/* As fast as it goes, until the stream does not take any more. */
static void *flood(void *arg)
{
    struct client *client = arg;
    cleanup_free char *text = malloc(client->size + 1);

    memset(text, 'x', client->size);
    while (http_stream_send(client->stream, text, client->size) == 0)
        ;
    client_unref(client);
    return NULL;
}

static void start_thread(void *(*run)(void *), struct client *client)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run, client) != 0) {
        client_unref(client);
        return;
    }
    pthread_detach(thread);
}

static void handle_sse(void *arg, const struct http_request *request, struct http_response *response)
{
    static const struct http_stream_handlers handlers = {.on_close = on_close};
    struct client *client = client_make(request, 2);

    (void)arg;
    if (client && start_stream(client, request, response, HTTP_STREAM_SSE, &handlers))
        start_thread(tick, client);
}

static void handle_sse_quiet(void *arg, const struct http_request *request, struct http_response *response)
{
    static const struct http_stream_handlers handlers = {.on_close = on_close};
    struct client *client = client_make(request, 1);

    (void)arg;
    if (client)
        start_stream(client, request, response, HTTP_STREAM_SSE, &handlers);
}

static void handle_sse_flood(void *arg, const struct http_request *request, struct http_response *response)
{
    static const struct http_stream_handlers handlers = {.on_close = on_close};
    struct client *client = client_make(request, 2);

    (void)arg;
    if (client && start_stream(client, request, response, HTTP_STREAM_SSE, &handlers))
        start_thread(flood, client);
}

static void on_message(void *arg, const char *text, size_t length)
{
    struct client *client = arg;

    if (length == 3 && memcmp(text, "bye", 3) == 0)
        http_stream_finish(client->stream, NULL, NULL);
    else
        http_stream_send(client->stream, text, length);
}

static void handle_websocket(void *arg, const struct http_request *request, struct http_response *response)
{
    static const struct http_stream_handlers handlers = {.on_close = on_close, .on_message = on_message};
    struct client *client = client_make(request, 1);

    (void)arg;
    if (client)
        start_stream(client, request, response, HTTP_STREAM_WEBSOCKET, &handlers);
}

static void handle_websocket_deaf(void *arg, const struct http_request *request, struct http_response *response)
{
    static const struct http_stream_handlers handlers = {.on_close = on_close};
    struct client *client = client_make(request, 1);

    (void)arg;
    if (client)
        start_stream(client, request, response, HTTP_STREAM_WEBSOCKET, &handlers);
}

static void handle_websocket_flood(void *arg, const struct http_request *request, struct http_response *response)
{
    static const struct http_stream_handlers handlers = {.on_close = on_close, .on_message = on_message};
    struct client *client = client_make(request, 2);

    (void)arg;
    if (client && start_stream(client, request, response, HTTP_STREAM_WEBSOCKET, &handlers))
        start_thread(flood, client);
}

/* ---- the server -------------------------------------------------------------------------------------------------- */

static void on_error(void *arg, int status, const struct http_request *request, struct http_response *response)
{
    cleanup_free char *text = NULL;

    (void)arg;
    if (asprintf(&text, "{\"status\":%d,\"request\":\"%s\"}", status, request->id) < 0)
        text = NULL;
    if (text)
        http_respond(response, status, "application/problem+json", strdup(text), strlen(text));
}

static void on_done(void *arg, const struct http_request *request, const char *pattern, int status, uint64_t ns)
{
    (void)arg;
    (void)request;
    (void)pattern;
    (void)ns;
    if (status >= 0 && status < (int)SN_ARRAY_SIZE(reports))
        atomic_fetch_add(&reports[status], 1);
}

static const struct http_route routes[] = {
    {"GET", "/health", HTTP_ON_LOOP, handle_health},
    {"GET", "/figures", HTTP_ON_LOOP, handle_figures},
    {"GET", "/pool", HTTP_ON_POOL, handle_health},
    {"GET", "/echo", HTTP_ON_POOL, handle_echo},
    {"POST", "/echo", HTTP_ON_POOL, handle_echo},
    {"PUT", "/echo", HTTP_ON_LOOP, handle_echo},
    {"GET", "/parts/{}/x/{}", HTTP_ON_POOL, handle_echo},
    {"GET", "/parts/all/x/{}", HTTP_ON_POOL, handle_literal},
    {"DELETE", "/parts/{}", HTTP_ON_POOL, handle_echo},
    {"GET", "/parameter", HTTP_ON_POOL, handle_parameter},
    {"GET", "/inject", HTTP_ON_POOL, handle_inject},
    {"GET", "/slow", HTTP_ON_POOL, handle_slow},
    {"GET", "/block", HTTP_ON_POOL, handle_block},
    {"GET", "/unblock", HTTP_ON_LOOP, handle_unblock},
    {"GET", "/big", HTTP_ON_POOL, handle_big},
    {"GET", "/status", HTTP_ON_POOL, handle_status},
    {"GET", "/nothing", HTTP_ON_POOL, handle_nothing},
    {"GET", "/wait", HTTP_ON_POOL, handle_wait},
    {"GET", "/wait-at-once", HTTP_ON_POOL, handle_wait_at_once},
    {"POST", "/finish", HTTP_ON_POOL, handle_finish},
    {"GET", "/sse", HTTP_ON_POOL, handle_sse},
    {"GET", "/sse-quiet", HTTP_ON_LOOP, handle_sse_quiet},
    {"GET", "/sse-flood", HTTP_ON_POOL, handle_sse_flood},
    {"GET", "/ws", HTTP_ON_POOL, handle_websocket},
    {"GET", "/ws-deaf", HTTP_ON_LOOP, handle_websocket_deaf},
    {"GET", "/ws-flood", HTTP_ON_POOL, handle_websocket_flood},
    {NULL, NULL, HTTP_ON_LOOP, NULL},
};

#define LIST_MAX 8
static const char *proxies[LIST_MAX + 1], *origins[LIST_MAX + 1];

/* Of a web interface; NULL: none. */
static const char *web;

static void add(const char **list, const char *text)
{
    for (size_t i = 0; i < LIST_MAX; i++) {
        if (!list[i]) {
            list[i] = text;
            return;
        }
    }
}

static const char *certificate, *key;

static bool set_option(struct http_options *options, unsigned *drain_ms, const char *name, const char *value)
{
    unsigned figure = (unsigned)strtoul(value, NULL, 10);
    const struct {
        const char *name;
        unsigned *at;
    } figures[] = {{"threads", &options->pool_threads},  {"connections", &options->connections_max},
                   {"head-ms", &options->head_ms},       {"body-ms", &options->body_ms},
                   {"idle-ms", &options->idle_ms},       {"ping-ms", &options->ping_ms},
                   {"comment-ms", &options->comment_ms}, {"drain-ms", drain_ms}};

    for (size_t i = 0; i < SN_ARRAY_SIZE(figures); i++) {
        if (strcmp(name, figures[i].name) == 0) {
            *figures[i].at = figure;
            return true;
        }
    }
    if (strcmp(name, "listen") == 0)
        options->listen = value;
    else if (strcmp(name, "certificate") == 0)
        certificate = value;
    else if (strcmp(name, "key") == 0)
        key = value;
    else if (strcmp(name, "static") == 0)
        web = value;
    else if (strcmp(name, "body-max") == 0)
        options->body_max = figure;
    else if (strcmp(name, "protocol") == 0)
        options->websocket_protocol = value;
    else if (strcmp(name, "proxy") == 0)
        add(proxies, value);
    else if (strcmp(name, "origin") == 0)
        add(origins, value);
    else
        return false;
    return true;
}

/* On SIGHUP; says how that went on standard error. */
static void load_anew(void)
{
    struct http_tls *tls = NULL;
    struct failure failure = {0};

    if (http_tls_load(certificate, key, &tls, &failure) < 0)
        fprintf(stderr, "not loaded: %s\n", failure.message);
    else
        http_use_tls(server, tls);
    http_tls_free(tls);
}

static unsigned port_of(int fd)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof(name);

    if (getsockname(fd, (struct sockaddr *)&name, &length) < 0)
        return 0;
    if (name.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&name)->sin_port);
    return name.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&name)->sin6_port) : 0;
}

int main(int argc, char **argv)
{
    struct http_options options = {.listen = "127.0.0.1:0",
                                   .body_max = 1 << 20,
                                   .trusted_proxies = proxies,
                                   .cors_origins = origins,
                                   .routes = routes,
                                   .on_error = on_error,
                                   .on_done = on_done};
    struct http_tls *tls = NULL;
    struct failure failure = {0};
    struct rlimit files;
    unsigned drain_ms = 5000;
    sigset_t signals;
    int fd, number_of_signal;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (!set_option(&options, &drain_ms, argv[i] + 2, argv[i + 1])) {
            fprintf(stderr, "what is %s?\n", argv[i]);
            return 2;
        }
    }
    log_setup("probe", LOG_WARN_LEVEL);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    fd = http_listen(options.listen, &failure);
    if (fd >= 0 && web) {
        options.web_root = http_open_web(web, &failure);
        fd = options.web_root < 0 ? -1 : fd;
    }
    if (fd < 0) {
        fprintf(stderr, "%s\n", failure.message);
        return 1;
    }
    if (certificate && http_tls_load(certificate, key ? key : "", &tls, &failure) < 0) {
        fprintf(stderr, "%s\n", failure.message);
        return 1;
    }
    options.tls = tls;
    printf("port %u\n", port_of(fd));
    if (http_start(&options, fd, &server, &failure) < 0) {
        fprintf(stderr, "%s\n", failure.message);
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    while (sigwait(&signals, &number_of_signal) == 0 && number_of_signal == SIGHUP)
        load_anew();
    http_stop(server, drain_ms);
    http_tls_free(tls);
    /* Threads of ours that still send must find their streams closed, not gone. */
    pause_ms(100);
    printf("stopped made %lu closed %lu\n", atomic_load(&streams_made), atomic_load(&streams_closed));
    return 0;
}
