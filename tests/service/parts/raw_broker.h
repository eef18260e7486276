/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SERVICE_RAW_BROKER_H
#define TESTS_SERVICE_RAW_BROKER_H

#include "common/url.h"

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A connection past the product's own code: to delete its queues, and to publish what it never would. */

static inline amqp_connection_state_t raw_broker_open(const char *text)
{
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *tcp = amqp_tcp_socket_new(connection);
    struct url url;

    if (url_parse(text, &url, NULL) < 0 ||
        amqp_socket_open(tcp, url.host, url.port ? url.port : 5672) != AMQP_STATUS_OK ||
        amqp_login(connection, *url.path ? url.path : "/", 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN,
                   *url.user ? url.user : "guest", *url.password ? url.password : "guest")
                .reply_type != AMQP_RESPONSE_NORMAL) {
        fprintf(stderr, "no broker at the URL of the test\n");
        abort();
    }
    url_free(&url);
    amqp_channel_open(connection, 1);
    return connection;
}

static inline void raw_broker_close(amqp_connection_state_t connection)
{
    amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(connection);
}

/* The next test declares both anew, with its own arguments. */
static inline void raw_broker_reset(const char *text)
{
    amqp_connection_state_t connection = raw_broker_open(text);

    amqp_queue_delete(connection, 1, amqp_cstring_bytes("execution_tasks"), 0, 0);
    amqp_queue_delete(connection, 1, amqp_cstring_bytes("dead_letter_queue"), 0, 0);
    raw_broker_close(connection);
}

static inline void raw_broker_unbind(const char *text)
{
    amqp_connection_state_t connection = raw_broker_open(text);

    amqp_queue_unbind(connection, 1, amqp_cstring_bytes("execution_tasks"), amqp_cstring_bytes("sentinel.direct"),
                      amqp_cstring_bytes("execution_tasks"), amqp_empty_table);
    raw_broker_close(connection);
}

static inline void raw_broker_publish(const char *text, const void *body, size_t length)
{
    amqp_connection_state_t connection = raw_broker_open(text);

    amqp_basic_publish(connection, 1, amqp_cstring_bytes("sentinel.direct"), amqp_cstring_bytes("execution_tasks"), 0,
                       0, NULL, (amqp_bytes_t){.bytes = (void *)(uintptr_t)body, .len = length});
    raw_broker_close(connection);
}

#endif
