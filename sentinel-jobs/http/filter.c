/* SPDX-License-Identifier: MIT */
#include "http/server.h"

/*
 * Theory of operation. h2o answers some errors itself, before a handler hears of the request: a body that is announced
 * too long (413), broken chunks (400), an expectation it does not know (417). It does so in plain text. Every response
 * passes the filters of its path, so this one puts our headers and body in place of h2o's. Responses of our own pass
 * untouched. What h2o cannot even parse is answered with a fixed text that passes no filter.
 */

struct filter {
    h2o_filter_t super;
    struct http_server *server;
};

struct replacer {
    h2o_ostream_t super;
    struct http__exchange *exchange;
};

static void replace_body(h2o_ostream_t *self, h2o_req_t *req, h2o_iovec_t *parts, size_t count, h2o_send_state_t state)
{
    struct http__exchange *exchange = ((struct replacer *)self)->exchange;
    h2o_iovec_t body = h2o_iovec_init(exchange->response.body, exchange->response.body_length);

    (void)parts;
    (void)count;
    h2o_ostream_send_next(self, req, &body, exchange->is_head || !body.len ? 0 : 1, state);
}

static void on_setup(h2o_filter_t *self, h2o_req_t *req, h2o_ostream_t **slot)
{
    struct http_server *server = ((struct filter *)self)->server;
    struct http__connection *connection = http__connection_of(req);
    struct http__exchange *exchange;
    struct replacer *replacer;
    int ignored;

    if (!connection->exchange) {
        exchange = http__exchange_make(server, req, &ignored);
        if (exchange) {
            http__connection_phase(connection, HTTP__SENDING);
            http__error_body(exchange, req->res.status);
            req->res.headers = (h2o_headers_t){0};
            exchange->is_closing = true;
            exchange->is_started = true;
            http__exchange_add_headers(exchange);
            req->res.content_length = exchange->response.body_length;
            http__linger_prepare(connection);
            replacer = (struct replacer *)h2o_add_ostream(req, sizeof(*replacer), slot);
            replacer->super.do_send = replace_body;
            replacer->exchange = exchange;
            slot = &replacer->super.next;
        }
    }
    h2o_setup_next_ostream(req, slot);
}

void http__register_filter(h2o_pathconf_t *path, struct http_server *server)
{
    struct filter *filter = (struct filter *)h2o_create_filter(path, sizeof(*filter));

    filter->super.on_setup_ostream = on_setup;
    filter->server = server;
}
