/* SPDX-License-Identifier: MIT */
#ifndef JOBS_HTTP_HTTP_H
#define JOBS_HTTP_HTTP_H

#include "common/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Theory of operation. An HTTP/1.1 server over h2o, with TLS 1.3. One thread runs h2o's loop and nothing that blocks;
 * a pool of threads runs the handlers, which are plain functions that may block: they get a request that is whole and
 * checked for size, and fill a response. What has to be fast and never blocks (health) is answered on the loop. What
 * outlives a request (waiting, streams) is a stream: the loop owns it, any thread may write to it.
 *
 * HTTP/2 is off: the packaged h2o is open to CVE-2023-44487.
 */
struct http_server;

struct http_header {
    const char *name; /* lower case in requests */
    const char *value;
};

/* Lives until its handler returns. Everything is NUL-terminated; bytes that HTTP forbids are not in it. */
struct http_request {
    const char *method;
    const char *path;    /* normalized: no dots, no escapes */
    const char *query;   /* after the '?', still encoded; "" none */
    const char *id;      /* of the request: X-Request-Id if that is well-formed, else made */
    const char *address; /* of the client, by the trusted proxies' word if it came through one */
    bool is_loopback;    /* the connection came from this host, not through a proxy */
    bool is_tls;
    const char *body;
    size_t body_length;
    const struct http_header *headers;
    size_t header_count;
    /* What the pattern's placeholders matched, in order. */
    const char *parts[4];
};
/* NULL if it has none, or more than one. */
const char *http_request_header(const struct http_request *request, const char *name);
/* A decoded parameter of the query, to be freed; NULL if it is not there or no UTF-8. */
char *http_request_parameter(const struct http_request *request, const char *name);
/* The next of a list of tokens with commas between them, *list moves behind it; NULL: there is none, or *list is. */
const char *http_next_token(const char **list, size_t *ret_length);

/* Filled by http_respond...() and http_add_header(); freed by the server. */
struct http_response {
    int status;
    char *body; /* owned; malloc */
    size_t body_length;
    const char *type;            /* static string */
    struct http_header *headers; /* owned, with their strings */
    size_t header_count;
    struct http_stream *stream; /* set by http_respond_stream() */
};
/* Takes the body over. */
void http_respond(struct http_response *response, int status, const char *type, char *body, size_t length);
int http_add_header(struct http_response *response, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

typedef void (*http_handler)(void *arg, const struct http_request *request, struct http_response *response);

/*
 * A route: "GET /api/v1/submissions/{}" and who answers it. A path that a route has with another method is answered 405
 * with Allow, HEAD as GET without a body, OPTIONS by CORS.
 */
enum http_where { HTTP_ON_POOL, HTTP_ON_LOOP };
struct http_route {
    const char *method;
    const char *pattern;
    enum http_where where;
    http_handler handler;
};

/* ---- streams: responses that go on ------------------------------------------------------------------------------- */

enum http_stream_kind {
    HTTP_STREAM_WAIT,     /* nothing is sent until http_stream_finish(): ?wait=true */
    HTTP_STREAM_SSE,      /* text/event-stream, with a comment every 15 s */
    HTTP_STREAM_WEBSOCKET /* RFC 6455; pings every 30 s */
};
/* Reference counted; each function may be called from any thread. */
struct http_stream;

struct http_stream_handlers {
    /* A text message of a WebSocket client, at most 64 KiB; on the loop. NULL: none is accepted. */
    void (*on_message)(void *arg, const char *text, size_t length);
    /* On the loop: of what waited when http_stream_is_behind() said yes, most has gone out. NULL: nobody cares. */
    void (*on_drain)(void *arg);
    /*
     * Once, on the loop: the client is gone, or the stream was finished and sent, or it was dropped. Never while a
     * handler of the same request runs, and the last that happens with `arg`. (A stream whose handler outlives the
     * drain is closed by the thread that is in http_stop().)
     */
    void (*on_close)(void *arg);
    /* HTTP_STREAM_WAIT: the time is over, or the server stops; on the pool, with what to answer. NULL: 503. */
    http_handler on_timeout;
};
/*
 * Makes the response a stream: the handler returns at once, and the connection stays open. WEBSOCKET without the
 * headers of an upgrade is FAIL_INVALID. *ret_stream has one reference, which http_stream_release() drops. timeout_ms
 * ends any kind (0: never): WAIT by on_timeout, the others as http_stream_finish() does (a WebSocket with code 1001).
 */
int http_respond_stream(const struct http_request *request, struct http_response *response, enum http_stream_kind kind,
                        const struct http_stream_handlers *handlers, void *arg, uint64_t timeout_ms,
                        struct http_stream **ret_stream, struct failure *failure);
/*
 * A whole SSE event ("id: 1\ndata: x\n\n") or a text message, of any size. FAIL_CLOSED; FAIL_LIMIT: HTTP_STREAM_BUFFER
 * bytes of earlier ones wait for the client already, or very much for all clients together: it is dropped.
 */
int http_stream_send(struct http_stream *stream, const char *text, size_t length);
/* The same of a last message, which belongs to the ones before it: however much waits. */
int http_stream_send_last(struct http_stream *stream, const char *text, size_t length);
/* Does half of HTTP_STREAM_BUFFER wait for the client? Who stops sending then is told by on_drain() when to go on. */
bool http_stream_is_behind(struct http_stream *stream);
#define HTTP_STREAM_BUFFER (1U << 20)
/*
 * SSE, WEBSOCKET: sends what there is and closes. WAIT: runs `handler` on the pool, whose response is the answer; it
 * does not run if the time was over or the client gone before.
 */
void http_stream_finish(struct http_stream *stream, http_handler handler, void *arg);
void http_stream_release(struct http_stream *stream);

/* ---- the server -------------------------------------------------------------------------------------------------- */

/* A certificate (and its chain) with its key, ready for use. */
struct http_tls;
/*
 * From PEM files, which need not be there afterwards. FAIL_INVALID: with the file, why, and, of one that we may not
 * read, the command that lets us.
 */
int http_tls_load(const char *certificate, const char *key, struct http_tls **ret_tls, struct failure *failure);
/* NULL is accepted. Servers that use it are not concerned. */
void http_tls_free(struct http_tls *tls);
/* Seconds since the epoch. */
void http_tls_validity(const struct http_tls *tls, int64_t *ret_from, int64_t *ret_until);

struct http_options {
    const char *listen;                 /* "127.0.0.1:8080", "[::1]:8080", "unix:/path" */
    const struct http_tls *tls;         /* NULL: plain */
    const char *const *trusted_proxies; /* addresses and CIDR ranges, NULL-terminated, or NULL */
    const char *const *cors_origins;    /* NULL-terminated, "*" any; NULL: none */
    int web_root;                       /* by http_open_web(), taken over; 0: there is no web interface */
    http_handler web_missing;           /* then answers GET /, on the loop; NULL: 404 */
    size_t body_max;                    /* bytes; more is 413 */
    unsigned pool_threads;              /* 0: 16 */
    unsigned connections_max;           /* 0: 12000; beyond, new ones wait in the backlog */
    unsigned head_ms;                   /* for receiving the head of a request; 0: 10 s */
    unsigned body_ms;                   /* for its body, and for each 128 KiB of a response to be taken; 0: 30 s */
    unsigned idle_ms;                   /* of a connection without a request; 0: 60 s */
    unsigned ping_ms;                   /* between pings of a WebSocket, cut after two without a pong; 0: 30 s */
    const char *websocket_protocol;     /* chosen where a client offers it (RFC 6455, 1.9); NULL: none is */
    unsigned comment_ms;                /* between comments of an SSE stream; 0: 15 s */
    void *arg;                          /* of every handler */
    const struct http_route *routes;    /* ended by a NULL method */
    /*
     * Makes the body of errors that the server itself answers (400, 403, 404, 405, 408, 413, 417, 431, 500, 503); on
     * the loop. Of a request that was not understood, method and path are "".
     */
    void (*on_error)(void *arg, int status, const struct http_request *request, struct http_response *response);
    /* For metrics and the log: once a request. `pattern` is the route's, "static" of the web interface, "" none. */
    void (*on_done)(void *arg, const struct http_request *request, const char *pattern, int status, uint64_t ns);
};

/* Opens the socket (before privileges are dropped) and returns its descriptor, or FAIL_... */
int http_listen(const char *listen, struct failure *failure);
/* Is it an address that http_listen() could open? Without opening it: 0 or FAIL_INVALID. */
int http_listen_check(const char *listen, struct failure *failure);
/*
 * Opens the directory of a web interface, which has an index.html. Before privileges are dropped: the way to it may be
 * closed to whom the frontend becomes, as below a home directory. FAIL_INVALID.
 */
int http_open_web(const char *directory, struct failure *failure);
/* Afterwards: can it be read by who we are now? FAIL_INVALID. */
int http_check_web(int web_root, struct failure *failure);
/*
 * Starts the threads. Takes the descriptors over, also on failure. Copies what the options point to, but for `arg` and
 * `websocket_protocol`.
 * *ret_server ends by http_stop().
 */
int http_start(const struct http_options *options, int listener, struct http_server **ret_server,
               struct failure *failure);
/*
 * No new connections; what is going on has drain_ms to end, then is cut. Streams are told to end at once: WAIT by
 * on_timeout, SSE by a proper end, WebSockets by 1001. Blocks until all threads are done, however long a handler takes.
 */
void http_stop(struct http_server *server, uint64_t drain_ms);

/* Connections from now on get this certificate; those that there are keep theirs. Any thread. Not of a plain server. */
void http_use_tls(struct http_server *server, const struct http_tls *tls);

struct http_figures {
    uint64_t connections;
    uint64_t streams;
    uint64_t pool_waiting; /* requests that wait for a thread */
};
void http_figures(struct http_server *server, struct http_figures *ret_figures);

#endif
