/* SPDX-License-Identifier: MIT */
#include "http/server.h"
#include "base/clock.h"
#include "common/log.h"
#include "http/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * Theory of operation. All of h2o lives in one thread, which is started, drained and ended here; h2o keeps memory per
 * thread, so everything of it is made and freed there, too. Other threads reach the loop by two lists under one lock,
 * exchanges that are done and streams with something to send, and by an eventfd that wakes it.
 *
 * Stopping: the listener is closed, idle connections too, streams are told to end, and every answer from now on says
 * that it is the last of its connection. When none is left, or the time is over and the rest was cut, the loop ends;
 * then the pool, whose handlers nobody can interrupt; then what they posted to a loop that is no more is freed.
 */

#define CUT_NS (2 * 1000000000ULL) /* for what was cut to be gone */

/* ---- messages to the loop ---------------------------------------------------------------------------------------- */

static void wake(struct http_server *server)
{
    uint64_t one = 1;
    ssize_t ignored = write(server->wake_fd, &one, sizeof(one));

    (void)ignored;
}

void http__post_exchange(struct http_server *server, struct http__exchange *exchange)
{
    pthread_mutex_lock(&server->lock);
    exchange->next = NULL;
    *server->done_tail = exchange;
    server->done_tail = &exchange->next;
    wake(server);
    pthread_mutex_unlock(&server->lock);
}

void http__post_stream(struct http_server *server, struct http_stream *stream)
{
    pthread_mutex_lock(&server->lock);
    if (!stream->is_ready) {
        stream->is_ready = true;
        atomic_fetch_add(&stream->refs, 1);
        stream->next_ready = NULL;
        *server->ready_tail = stream;
        server->ready_tail = &stream->next_ready;
        wake(server);
    }
    pthread_mutex_unlock(&server->lock);
}

static struct http__exchange *next_done(struct http_server *server)
{
    struct http__exchange *exchange;

    pthread_mutex_lock(&server->lock);
    exchange = server->done;
    if (exchange) {
        server->done = exchange->next;
        if (!server->done)
            server->done_tail = &server->done;
    }
    pthread_mutex_unlock(&server->lock);
    return exchange;
}

static struct http_stream *next_ready(struct http_server *server)
{
    struct http_stream *stream;

    pthread_mutex_lock(&server->lock);
    stream = server->ready;
    if (stream) {
        server->ready = stream->next_ready;
        if (!server->ready)
            server->ready_tail = &server->ready;
        stream->is_ready = false;
    }
    pthread_mutex_unlock(&server->lock);
    return stream;
}

static void take_next_tls(struct http_server *server)
{
    SSL_CTX *next;

    pthread_mutex_lock(&server->lock);
    next = server->next_tls;
    server->next_tls = NULL;
    pthread_mutex_unlock(&server->lock);
    if (!next)
        return;
    SSL_CTX_free(server->accept_context.ssl_ctx);
    server->accept_context.ssl_ctx = next;
}

static void on_wake(h2o_socket_t *waker, const char *err)
{
    struct http_server *server = waker->data;
    struct http__exchange *exchange;
    struct http_stream *stream;
    uint64_t count;
    ssize_t ignored = read(server->wake_fd, &count, sizeof(count));
    unsigned left = 4096; /* sockets must have their turn, however busy the others are */

    (void)ignored;
    (void)err;
    take_next_tls(server);
    while (left && (exchange = next_done(server))) {
        http__exchange_handled(exchange);
        http__exchange_unref(exchange);
        left--;
    }
    while (left && (stream = next_ready(server))) {
        http__stream_pump(stream);
        http__stream_unref(stream);
        left--;
    }
    if (!left)
        wake(server);
}

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static int duplicate(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static void begin_drain(struct http_server *server)
{
    server->is_draining = true;
    server->is_accepting = false;
    server->cut_at = sn__now_ns() + server->drain_ms * 1000000;
    h2o_socket_close(server->listener);
    server->listener = NULL;
    if (server->socket_path)
        unlink(server->socket_path);
    /* Not h2o_context_request_shutdown(): that starts a timer for HTTP/2 which outlives the context. */
    server->context.shutdown_requested = 1;
}

/* True: nothing is left. */
static bool drain(struct http_server *server, uint64_t now)
{
    http__connections_close_idle(server);
    if (now >= server->cut_at) {
        http__connections_cut_all(server);
        http__lingers_sweep(server, now, true);
    }
    return h2o_linklist_is_empty(&server->all_connections) && h2o_linklist_is_empty(&server->all_lingers);
}

static void loop(struct http_server *server)
{
    uint64_t now, next = 0;

    for (;;) {
        now = sn__now_ns();
        if (!server->is_draining && atomic_load(&server->is_stopping)) {
            begin_drain(server);
            next = 0;
        }
        if (now >= next) {
            http__connections_sweep(server, now);
            http__streams_sweep(server, now);
            http__lingers_sweep(server, now, false);
            next = now + server->tick_ns;
        }
        if (server->is_draining && drain(server, now))
            break;
        if (server->is_draining && now >= server->cut_at + CUT_NS) {
            log_error("%llu connections could not be ended", (unsigned long long)atomic_load(&server->connections));
            break;
        }
        h2o_evloop_run(server->context.loop, server->is_draining ? 10 : (int32_t)((next - now) / 1000000 + 1));
    }
}

/* h2o aborts where it gets no descriptor, so it is not even asked if there are none. */
static bool has_descriptors(struct http_server *server)
{
    int fds[8];
    bool is_good = true;

    for (size_t i = 0; i < SN_ARRAY_SIZE(fds); i++) {
        fds[i] = duplicate(server->wake_fd);
        is_good = is_good && fds[i] >= 0;
    }
    for (size_t i = 0; i < SN_ARRAY_SIZE(fds); i++)
        sn__close(fds[i]);
    return is_good;
}

static int make_loop(struct http_server *server)
{
    h2o_hostconf_t *host;
    h2o_handler_t *handler;
    h2o_evloop_t *evloop;

    if (!has_descriptors(server))
        return FAIL_UNAVAILABLE;
    evloop = h2o_evloop_create();
    /* Never into a file: there is none that this process may make where h2o wants it. Sizes are bounded by ours. */
    h2o_socket_buffer_mmap_settings.threshold = SIZE_MAX;
    h2o_config_init(&server->config);
    server->config.server_name = h2o_iovec_init(H2O_STRLIT("sentinel"));
    server->config.http1.upgrade_to_http2 = 0;
    /* By the wall clock, and for all kinds of waiting: the sweep does better, and this is only behind it. */
    server->config.http1.req_timeout = 24 * 3600 * 1000;
    server->config.handshake_timeout = server->options.head_ms;
    /* One more, for h2o refuses chunks of exactly this size, too. */
    server->config.max_request_entity_size = server->options.body_max + 1;
    host = h2o_config_register_host(&server->config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    handler = h2o_create_handler(&host->fallback_path, sizeof(*handler) + sizeof(server));
    handler->on_req = http__on_request;
    memcpy(handler + 1, &server, sizeof(server));
    http__register_filter(&host->fallback_path, server);
    h2o_context_init(&server->context, evloop, &server->config);
    server->accept_context.ctx = &server->context;
    server->accept_context.hosts = server->config.hosts;
    server->waker = h2o_evloop_socket_create(evloop, duplicate(server->wake_fd), H2O_SOCKET_FLAG_DONT_READ);
    server->waker->data = server;
    h2o_socket_read_start(server->waker, on_wake);
    server->listener = h2o_evloop_socket_create(evloop, server->listener_fd, H2O_SOCKET_FLAG_DONT_READ);
    server->listener_fd = -1;
    server->listener->data = server;
    h2o_socket_read_start(server->listener, http__on_accept);
    server->is_accepting = true;
    return 0;
}

static void free_loop(struct http_server *server)
{
    h2o_evloop_t *evloop = server->context.loop;
    h2o_multithread_queue_t *queue = server->context.queue;

    h2o_socket_close(server->waker);
    /* h2o would find what it believes impossible, and abort. */
    if (!h2o_linklist_is_empty(&server->all_connections))
        return;
    h2o_context_dispose(&server->context);
    /* The packaged version forgets it, as it forgets the epoll descriptor of the loop. */
    free(queue);
    h2o_config_dispose(&server->config);
    h2o_evloop_destroy(evloop);
}

static void *run(void *arg)
{
    struct http_server *server = arg;
    int r = make_loop(server);

    pthread_mutex_lock(&server->lock);
    server->start_result = r;
    pthread_cond_signal(&server->started);
    /* Handlers may use the handle that http_start() gives out, so none runs before it did. */
    while (r == 0 && !server->is_handed_out)
        pthread_cond_wait(&server->started, &server->lock);
    pthread_mutex_unlock(&server->lock);
    if (r == 0) {
        loop(server);
        free_loop(server);
    }
    return NULL;
}

/* ---- start and stop ---------------------------------------------------------------------------------------------- */

static void free_strings(char **strings)
{
    for (size_t i = 0; strings && strings[i]; i++)
        free(strings[i]);
    free(strings);
}

static int copy_strings(const char *const *from, char ***ret_strings, struct failure *failure)
{
    size_t count = 0;
    char **strings;

    while (from && from[count])
        count++;
    if (!count)
        return 0;
    strings = calloc(count + 1, sizeof(*strings));
    if (!strings)
        return fail_nomem(failure);
    for (size_t i = 0; i < count; i++) {
        strings[i] = strdup(from[i]);
        if (!strings[i]) {
            free_strings(strings);
            return fail_nomem(failure);
        }
    }
    *ret_strings = strings;
    return 0;
}

static void free_server(struct http_server *server)
{
    struct http__exchange *exchange;
    struct http_stream *stream;

    while ((exchange = next_done(server)))
        http__exchange_unref(exchange);
    while ((stream = next_ready(server)))
        http__stream_unref(stream);
    sn__close(server->listener_fd);
    sn__close(server->wake_fd);
    sn__close(server->static_fd);
    SSL_CTX_free(server->accept_context.ssl_ctx);
    SSL_CTX_free(server->next_tls);
    http__routes_free(server->routes);
    http__ranges_free(server->proxies);
    free_strings(server->cors_origins);
    free(server->socket_path);
    pthread_cond_destroy(&server->started);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

static unsigned or_default(unsigned value, unsigned otherwise)
{
    return value ? value : otherwise;
}

static void set_options(struct http_server *server, const struct http_options *options)
{
    struct http_options *own = &server->options;
    struct rlimit files;
    unsigned shortest;

    *own = *options;
    own->pool_threads = or_default(own->pool_threads, 16);
    own->connections_max = or_default(own->connections_max, 12000);
    own->head_ms = or_default(own->head_ms, 10000);
    own->body_ms = or_default(own->body_ms, 30000);
    own->idle_ms = or_default(own->idle_ms, 60000);
    own->ping_ms = or_default(own->ping_ms, 30000);
    own->comment_ms = or_default(own->comment_ms, 15000);
    shortest = own->head_ms < own->body_ms ? own->head_ms : own->body_ms;
    shortest = own->idle_ms < shortest ? own->idle_ms : shortest;
    shortest = own->ping_ms < shortest ? own->ping_ms : shortest;
    shortest = own->comment_ms < shortest ? own->comment_ms : shortest;
    server->tick_ns = (uint64_t)(shortest / 4 > 250 ? 250 : shortest / 4 < 10 ? 10 : shortest / 4) * 1000000;
    /* Waiting in the backlog is better than a descriptor that is missing elsewhere. */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < (rlim_t)own->connections_max + 256) {
        own->connections_max = files.rlim_cur > 512 ? (unsigned)files.rlim_cur - 256 : 256;
        log_warn("RLIMIT_NOFILE is %llu: no more than %u connections", (unsigned long long)files.rlim_cur,
                 own->connections_max);
    }
}

/* Bounds what the kernel keeps for a connection, and finds peers that are gone without a word. Inherited by accept. */
static void set_socket(int listener)
{
    static const struct {
        int level, name, value;
    } settings[] = {
        {SOL_SOCKET, SO_SNDBUF, HTTP__SOCKET_BUFFER},
        {SOL_SOCKET, SO_RCVBUF, HTTP__SOCKET_BUFFER},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 60},
        {IPPROTO_TCP, TCP_KEEPINTVL, 15},
        {IPPROTO_TCP, TCP_KEEPCNT, 4},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, 120 * 1000},
    };

    /* A unix socket does not know the latter ones, and does not need them. */
    for (size_t i = 0; i < SN_ARRAY_SIZE(settings); i++)
        setsockopt(listener, settings[i].level, settings[i].name, &settings[i].value, sizeof(settings[i].value));
}

static int prepare(struct http_server *server, const struct http_options *options, struct failure *failure)
{
    int r;

    set_options(server, options);
    set_socket(server->listener_fd);
    r = http__routes_make(options->routes, &server->routes, failure);
    if (r == 0)
        r = http__ranges_make(options->trusted_proxies, &server->proxies, failure);
    if (r == 0)
        r = copy_strings(options->cors_origins, &server->cors_origins, failure);
    if (r < 0)
        return r;
    if (options->listen && strncmp(options->listen, "unix:", 5) == 0) {
        server->socket_path = strdup(options->listen + 5);
        if (!server->socket_path)
            return fail_nomem(failure);
    }
    if (options->static_root) {
        server->static_fd = http__static_open(options->static_root, failure);
        if (server->static_fd < 0)
            return server->static_fd;
    }
    server->accept_context.ssl_ctx = http__tls_context(options->tls);
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->wake_fd < 0)
        return fail(failure, FAIL_UNAVAILABLE, "cannot make an eventfd: %s", strerror(errno));
    return 0;
}

/*
 * Signals are for the threads of whoever calls us, and SIGPIPE, which h2o's writes raise, for nobody: blocked in the
 * thread, it stays pending there. Those of a fault cannot wait.
 */
static void block_signals(sigset_t *ret_before)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    sigset_t all;

    sigfillset(&all);
    for (size_t i = 0; i < SN_ARRAY_SIZE(faults); i++)
        sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_SETMASK, &all, ret_before);
}

static int start_threads(struct http_server *server, struct failure *failure)
{
    int r = http__pool_start(server->options.pool_threads, &server->pool, failure);

    if (r < 0)
        return r;
    r = pthread_create(&server->thread, NULL, run, server);
    if (r != 0) {
        http__pool_stop(server->pool);
        return fail(failure, FAIL_UNAVAILABLE, "cannot start the thread of the server: %s", strerror(r));
    }
    pthread_mutex_lock(&server->lock);
    while (server->start_result > 0)
        pthread_cond_wait(&server->started, &server->lock);
    r = server->start_result;
    pthread_mutex_unlock(&server->lock);
    if (r < 0) {
        pthread_join(server->thread, NULL);
        http__pool_stop(server->pool);
        return fail(failure, r, "cannot start the server's loop: out of descriptors");
    }
    return 0;
}

int http_start(const struct http_options *options, int listener, struct http_server **ret_server,
               struct failure *failure)
{
    struct http_server *server = calloc(1, sizeof(*server));
    sigset_t before;
    int r;

    if (!server) {
        sn__close(listener);
        return fail_nomem(failure);
    }
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->started, NULL);
    server->listener_fd = listener;
    server->wake_fd = server->static_fd = -1;
    server->start_result = 1;
    server->done_tail = &server->done;
    server->ready_tail = &server->ready;
    h2o_linklist_init_anchor(&server->all_connections);
    h2o_linklist_init_anchor(&server->all_streams);
    h2o_linklist_init_anchor(&server->all_lingers);
    r = prepare(server, options, failure);
    if (r == 0) {
        block_signals(&before);
        r = start_threads(server, failure);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (r < 0) {
        free_server(server);
        return r;
    }
    *ret_server = server;
    pthread_mutex_lock(&server->lock);
    server->is_handed_out = true;
    pthread_cond_signal(&server->started);
    pthread_mutex_unlock(&server->lock);
    return 0;
}

void http_stop(struct http_server *server, uint64_t drain_ms)
{
    if (!server)
        return;
    server->drain_ms = drain_ms;
    atomic_store(&server->is_stopping, true);
    wake(server);
    pthread_join(server->thread, NULL);
    http__pool_stop(server->pool);
    free_server(server);
}

void http_use_tls(struct http_server *server, const struct http_tls *tls)
{
    SSL_CTX *former;

    pthread_mutex_lock(&server->lock);
    former = server->next_tls;
    server->next_tls = http__tls_context(tls);
    wake(server);
    pthread_mutex_unlock(&server->lock);
    SSL_CTX_free(former);
}

void http_figures(struct http_server *server, struct http_figures *ret_figures)
{
    ret_figures->connections = atomic_load(&server->connections);
    ret_figures->streams = atomic_load(&server->streams);
    ret_figures->pool_waiting = http__pool_waiting(server->pool);
}
