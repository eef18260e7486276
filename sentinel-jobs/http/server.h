/* SPDX-License-Identifier: MIT */
#ifndef JOBS_HTTP_SERVER_H
#define JOBS_HTTP_SERVER_H

#include "http/address.h"
#include "http/head.h"
#include "http/http.h"
#include "http/pool.h"
#include "http/route.h"

#include <h2o.h>
#include <pthread.h>
#include <stdatomic.h>

/*
 * What the files of this directory share. "Loop" marks what only the loop's thread may touch.
 *
 * A connection is ours from accept to close; h2o's own state of it, and its h2o_req_t, come and go without asking us.
 * An exchange is one request with its answer: a copy of everything, counted, because the client may hang up (and h2o
 * free its request) while a thread of the pool still works on it. exchange->req is the one link to h2o, and is NULL
 * from the moment h2o frees the request; then the answer has nowhere to go and is dropped.
 */

/* All bodies that wait or are worked on, in bytes; beyond, requests with a body are answered 503. */
#define HTTP__BODIES_MAX ((size_t)256 << 20)
/* All that is received of requests that are not whole yet; beyond, the largest are cut. */
#define HTTP__RECEIVE_MAX ((size_t)256 << 20)
/* All that streams were given and clients have not taken; beyond, each may only have HTTP__STREAM_SHARE. */
#define HTTP__STREAMS_MAX ((size_t)256 << 20)
#define HTTP__STREAM_SHARE ((size_t)64 << 10)
/* Kernel buffers of a connection: without a bound, a client that does not read holds megabytes. */
#define HTTP__SOCKET_BUFFER (256 << 10)
#define HTTP__SLICE (128U << 10) /* of a response's body: one write */

struct http__websocket;

enum http__phase {
    HTTP__RECEIVING, /* idle, or a request is coming: h2o reads */
    HTTP__HANDLING,  /* there is an exchange, not answered yet */
    HTTP__SENDING,
    HTTP__REFUSING, /* an answer of ours goes out past h2o; then it is closed */
    HTTP__UPGRADED, /* a WebSocket, or about to be one */
    HTTP__CLOSING   /* closed by us; TLS may still say so to the client */
};

/* Loop. */
struct http__connection {
    h2o_linklist_t link;
    struct http_server *server;
    h2o_socket_t *sock;
    enum http__phase phase;
    uint64_t since;      /* of the phase, or of the last progress in it */
    uint64_t begun;      /* when the first byte of a request was there; 0: idle */
    uint64_t whole_head; /* when its head was; 0: not yet */
    uint64_t stuck;      /* since when h2o does not read though it should; 0: it does */
    bool is_watched;     /* for the client's hanging up, while h2o does not read */
    bool is_watched_slowly;
    SSL_CTX *tls;  /* a reference to what it was accepted with: h2o has none before the handshake; NULL: plain */
    int linger_fd; /* a second descriptor of the socket; -1: none */
    struct http__exchange *exchange;
    struct http__websocket *websocket;
    h2o_socket_cb h2o_read; /* REFUSING: what h2o waited with */
    char *refusal;
    /* Of the peer, from the first request on. */
    bool has_peer;
    struct http__address peer;
};

struct http__exchange {
    struct http_request request; /* the first: a request is found back by it */
    atomic_uint refs;
    struct http_server *server;
    const char *pattern;         /* of the route that matched; "static" for the web interface; "" none */
    struct http__exchange *next; /* in the queue of the pool, or of what it has done */
    uint64_t begun;
    char *cut; /* the path again, for request.parts to point into */
    bool is_head;
    bool wants_websocket; /* Upgrade and Connection say so */
    const char *cors;     /* for Access-Control-Allow-Origin; NULL: none */
    /* Whoever works on it: the loop, or the thread of the pool that has it. */
    http_handler handler;
    void *handler_arg;
    struct http_response response;
    /* Loop. */
    h2o_req_t *req;
    struct http__connection *connection;
    struct http_stream *stream;
    bool is_at_pool;
    h2o_generator_t generator;
    size_t sent;
    bool is_started; /* h2o_start_response() was called */
    bool is_aborted; /* the end of it is being written; h2o has not freed the request yet */
    bool is_closing; /* the connection ends with it */
    bool is_endless; /* of no length known before */
};

struct http_server {
    struct http_options options; /* with defaults filled in; its pointers are not kept */
    pthread_t thread;
    struct http__pool *pool;
    struct http__routes *routes;
    struct http__ranges *proxies;
    char **cors_origins; /* NULL-terminated */
    int static_fd;       /* -1: none */
    char *socket_path;   /* of a unix socket; NULL: none */
    int listener_fd;

    /* Other threads tell the loop. */
    pthread_mutex_t lock;
    int wake_fd;
    struct http__exchange *done, **done_tail;
    struct http_stream *ready, **ready_tail;
    SSL_CTX *next_tls; /* a reference; NULL: it stays as it is */
    atomic_bool is_stopping;
    uint64_t drain_ms; /* before is_stopping */

    atomic_uint_fast64_t connections, streams;
    atomic_size_t bodies, unsent;

    /* The start. */
    pthread_cond_t started;
    int start_result; /* 1: not yet */
    bool is_handed_out;

    /* Loop. */
    h2o_globalconf_t config;
    h2o_context_t context;
    h2o_accept_ctx_t accept_context; /* its ssl_ctx is a reference of ours */
    h2o_socket_t *listener, *waker;
    bool is_accepting;
    uint64_t accept_at; /* after the kernel was out of descriptors; 0: not waiting */
    bool is_draining;
    uint64_t cut_at;
    h2o_linklist_t all_connections, all_streams, all_lingers;
    uint64_t tick_ns;
};

/* ---- server.c: the loop */
/* Any thread. Takes the reference over. */
void http__post_exchange(struct http_server *server, struct http__exchange *exchange);
/* Any thread, while the stream is open. */
void http__post_stream(struct http_server *server, struct http_stream *stream);

/* ---- connection.c; loop */
void http__on_accept(h2o_socket_t *listener, const char *err);
struct http__connection *http__connection_of(h2o_req_t *req);
void http__connection_phase(struct http__connection *connection, enum http__phase phase);
/* Bounds of time and memory. */
void http__connections_sweep(struct http_server *server, uint64_t now);
/* Closes those without a request at once. */
void http__connections_close_idle(struct http_server *server);
void http__connections_cut_all(struct http_server *server);
/* At once, whatever it does; what belongs to it hears of it the usual ways. */
void http__connection_cut(struct http__connection *connection);
/* What the kernel still has for the client is thrown away at the close: who does not read would keep it for long. */
void http__connection_reset(struct http__connection *connection);
/* Notices if the client hangs up, though h2o does not read while a request is worked on. */
void http__connection_watch(struct http__connection *connection);
void http__connection_unwatch(struct http__connection *connection);

/* ---- linger.c; loop */
/* The client may still be sending: once the socket is closed, read that away for a while, or it loses the answer. */
void http__linger_prepare(struct http__connection *connection);
void http__linger_begin(struct http_server *server, int fd);
void http__lingers_sweep(struct http_server *server, uint64_t now, bool all);

/* ---- exchange.c */
/* Copies everything; *ret_status is 0, or with what to refuse it. NULL: no memory. One reference is h2o's. Loop. */
struct http__exchange *http__exchange_make(struct http_server *server, h2o_req_t *req, int *ret_status);
void http__exchange_ref(struct http__exchange *exchange);
void http__exchange_unref(struct http__exchange *exchange);
void http__exchange_close_stream(struct http__exchange *exchange);
/* A request that never was: for on_error and on_done. NULL: no memory. */
struct http__exchange *http__exchange_make_empty(struct http_server *server);

/* ---- dispatch.c; loop */
int http__on_request(h2o_handler_t *handler, h2o_req_t *req);
/* A handler is done with it. */
void http__exchange_handled(struct http__exchange *exchange);
/* Runs the handler on the pool. False: its queue is full (never if `force`). */
bool http__exchange_submit(struct http__exchange *exchange, http_handler handler, void *arg, bool force);

/* ---- response.c */
void http__response_clear(struct http_response *response);
/* A handler's way to say that the server shall make the error. */
void http__response_error(struct http_response *response, int status);
/* Loop. Fills the response by on_error. */
void http__error_body(struct http__exchange *exchange, int status);
const char *http__reason(int status);
/* Loop. Answers with response, and after that does not touch the exchange: it may be gone. */
void http__exchange_send(struct http__exchange *exchange);
void http__exchange_fail(struct http__exchange *exchange, int status);
/* Status, and all headers but those about the length. */
void http__exchange_add_headers(struct http__exchange *exchange);
/* Whatever it is in the middle of: an end that is none. */
void http__exchange_abort(struct http__exchange *exchange);
/* Replaces the body of the errors that h2o itself answers. */
void http__register_filter(h2o_pathconf_t *path, struct http_server *server);
void http__report_done(struct http__exchange *exchange, int status);
/* The whole answer as bytes, for a connection that has no request; freed by the caller, NULL without memory. */
char *http__refusal_bytes(struct http_server *server, int status, size_t *ret_length);

/* ---- cors.c */
const char *http__cors_origin(const struct http_server *server, const char *origin);
/* May a page of this origin (NULL: no page) open a WebSocket? */
bool http__websocket_origin(const struct http__exchange *exchange);
void http__cors_preflight(struct http__exchange *exchange, const char *allow);

/* ---- static.c; on the pool, the argument is the server */
void http__static_handler(void *arg, const struct http_request *request, struct http_response *response);

/* ---- tls.c */
/* A reference, to be dropped by SSL_CTX_free(); NULL for NULL. */
SSL_CTX *http__tls_context(const struct http_tls *tls);

#endif
