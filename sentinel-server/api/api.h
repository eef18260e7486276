/* SPDX-License-Identifier: MIT */
#ifndef SERVER_API_API_H
#define SERVER_API_API_H

#include "common/json.h"
#include "common/log.h"
#include "config/config.h"
#include "events/events.h"
#include "guard/guard.h"
#include "http/http.h"
#include "observe/metrics.h"
#include "observe/trace.h"
#include "queue/queue.h"
#include "store/store.h"
#include "work/relay.h"
#include "work/work.h"

#include <stdatomic.h>

/*
 * The handlers of the REST interface, docs/api.md. Each file has those of one subject; routes.c lists them. A handler
 * admits its caller first (admit.c), and answers errors by problem.c.
 */
struct api {
    const struct config *config;
    struct store *store;
    struct queue *queue;
    struct events *events;
    struct guard *guard;
    struct guard *own_guard; /* rates are counted by it while the other is away */
    struct metrics *metrics;
    struct host *host; /* for the pulse; NULL: the work tells of it */
    struct tracer *tracer;
    struct relay *relay;
    struct work *work;                   /* NULL: workers execute */
    struct health *health;               /* process/health.h */
    struct http_server *_Atomic http;    /* NULL until it is started, when requests come already */
    struct languages *languages;         /* languages.h */
    struct errands *errands;             /* errands.h */
    struct key_cache *keys;              /* admit.h */
    struct statistics_cache *statistics; /* statistics.h */
    bool is_open;                        /* no key is asked for */
    bool is_socket;                      /* ... because only a socket leads here, which no browser opens */
    bool is_open_to_all;                 /* ... from anywhere, because the operator said so */
    atomic_bool is_draining;             /* nothing is accepted any more */
    atomic_bool is_queue_away;           /* as pulse.c saw it last */
    _Atomic uint64_t waiting;            /* jobs in the queue, the same */
};

/* ---- answers ----------------------------------------------------------------------------------------------------- */

/* Takes the document over; NULL is answered as out of memory. */
void answer_json(struct http_response *response, const struct http_request *request, int status, json_t *document);
/* JSON that is text already; takes it. */
void answer_text(struct http_response *response, int status, char **text);
/*
 * application/problem+json (RFC 9457): `code` is stable and for programs, the detail a sentence for people. `field`:
 * which part of the request is wrong; NULL none.
 */
void answer_problem(struct http_response *response, const struct http_request *request, int status, const char *code,
                    const char *field, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* 500: there is not enough memory for this. */
void answer_nomem(struct http_response *response, const struct http_request *request);
/* A failure of a dependency, or of ours, as a problem: 503 or 500. Logs it. */
void answer_failure(struct http_response *response, const struct http_request *request, const struct failure *failure);

/* ---- handlers ---------------------------------------------------------------------------------------------------- */

void handle_submit(void *api, const struct http_request *request, struct http_response *response);
void handle_submit_batch(void *api, const struct http_request *request, struct http_response *response);
void handle_list(void *api, const struct http_request *request, struct http_response *response);
void handle_get(void *api, const struct http_request *request, struct http_response *response);
void handle_timeline(void *api, const struct http_request *request, struct http_response *response);
void handle_cancel(void *api, const struct http_request *request, struct http_response *response);
void handle_websocket(void *api, const struct http_request *request, struct http_response *response);
void handle_events(void *api, const struct http_request *request, struct http_response *response);
void handle_languages(void *api, const struct http_request *request, struct http_response *response);
void handle_ready(void *api, const struct http_request *request, struct http_response *response);
void handle_load(void *api, const struct http_request *request, struct http_response *response);
void handle_statistics(void *api, const struct http_request *request, struct http_response *response);
void handle_metrics(void *api, const struct http_request *request, struct http_response *response);
/* GET / of a server without a web interface. */
void handle_web_missing(void *arg, const struct http_request *request, struct http_response *response);
void handle_openapi(void *api, const struct http_request *request, struct http_response *response);
void handle_dead_list(void *api, const struct http_request *request, struct http_response *response);
void handle_dead_retry(void *api, const struct http_request *request, struct http_response *response);

/* A health_check's question: is there somebody who executes, here, or a worker that was heard of? */
int check_workers(void *api, struct failure *failure);

/* Ended by a NULL method. */
extern const struct http_route api_routes[];
/* What the HTTP server itself answers, as problems. */
void api_on_error(void *api, int status, const struct http_request *request, struct http_response *response);
/* Counts and logs a request. */
void api_on_done(void *api, const struct http_request *request, const char *pattern, int status, uint64_t ns);

#endif
