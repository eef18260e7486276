/* SPDX-License-Identifier: MIT */
#ifndef JOBS_QUEUE_RABBITMQ_H
#define JOBS_QUEUE_RABBITMQ_H

#include "queue/queue.h"
#include "queue/rabbitmq_link.h"

/* rabbitmq_publish.c: a thread that publishes and waits for the broker's confirmation. */
struct rabbitmq_publisher;

int rabbitmq_publisher_start(const struct rabbitmq_address *address, struct rabbitmq_publisher **ret_publisher,
                             struct failure *failure);
void rabbitmq_publisher_stop(struct rabbitmq_publisher *publisher);
/* `dead_reason` NULL: as tasks; otherwise as dead letters. */
int rabbitmq_publisher_publish(struct rabbitmq_publisher *publisher, const struct queue_message *messages, size_t count,
                               const char *dead_reason, struct failure *failure);
/* Is it connected, and does the broker take messages? Waits for a connection that is under way. */
int rabbitmq_publisher_check(struct rabbitmq_publisher *publisher, struct failure *failure);

/* rabbitmq_consume.c: a thread that gets deliveries and settles them. */
struct rabbitmq_consumer;

int rabbitmq_consumer_start(const struct rabbitmq_address *address, unsigned prefetch,
                            struct rabbitmq_publisher *publisher, struct rabbitmq_consumer **ret_consumer,
                            struct failure *failure);
void rabbitmq_consumer_end(struct rabbitmq_consumer *consumer);
int rabbitmq_consumer_take(struct rabbitmq_consumer *consumer, unsigned timeout_ms, struct delivery *ret_delivery,
                           struct failure *failure);
int rabbitmq_consumer_settle(struct rabbitmq_consumer *consumer, const struct delivery *delivery,
                             enum queue_settlement settlement, const char *reason, struct failure *failure);
void rabbitmq_consumer_stop(struct rabbitmq_consumer *consumer);
int rabbitmq_consumer_check(struct rabbitmq_consumer *consumer, struct failure *failure);

/* rabbitmq_admin.c: a third connection, of whichever thread asks, for what is rare. Made at its first use. */
struct rabbitmq_admin;

int rabbitmq_admin_make(const struct rabbitmq_address *address, struct rabbitmq_admin **ret_admin,
                        struct failure *failure);
void rabbitmq_admin_free(struct rabbitmq_admin *admin);
int rabbitmq_admin_depth(struct rabbitmq_admin *admin, struct queue_depth *ret_depth, struct failure *failure);
int rabbitmq_admin_dead_list(struct rabbitmq_admin *admin, struct dead_letter *ret_letters, size_t max,
                             size_t *ret_count, struct failure *failure);
int rabbitmq_admin_dead_take(struct rabbitmq_admin *admin, const struct uuid *job, struct dead_letter *ret_letter,
                             struct failure *failure);
int rabbitmq_admin_dead_purge(struct rabbitmq_admin *admin, uint64_t *ret_count, struct failure *failure);

#endif
