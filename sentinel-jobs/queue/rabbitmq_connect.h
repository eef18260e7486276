/* SPDX-License-Identifier: MIT */
#ifndef JOBS_QUEUE_RABBITMQ_CONNECT_H
#define JOBS_QUEUE_RABBITMQ_CONNECT_H

#include "queue/rabbitmq_link.h"

/* The steps of a connection: a socket (and TLS), then who we are, and an open channel. Each is bounded in time. */
int rabbitmq_connect_socket(amqp_connection_state_t connection, const struct rabbitmq_address *address,
                            struct failure *failure);
int rabbitmq_connect_login(amqp_connection_state_t connection, const struct rabbitmq_address *address,
                           const char *purpose, int heartbeat_s, struct failure *failure);

#endif
