/* SPDX-License-Identifier: MIT */
#ifndef JOBS_QUEUE_RABBITMQ_LINK_H
#define JOBS_QUEUE_RABBITMQ_LINK_H

#include "common/failure.h"
#include "common/url.h"

#include <amqp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define RABBITMQ_EXCHANGE "sentinel.direct"
#define RABBITMQ_QUEUE "execution_tasks"
#define RABBITMQ_DEAD_EXCHANGE "sentinel.dlx"
#define RABBITMQ_DEAD_QUEUE "dead_letter_queue"

/* The channel that all is done on; topology has one of its own, for a refused declaration closes it. */
#define RABBITMQ_CHANNEL 1

/* How long one answer of the broker, and a connection's beginning, are waited for. */
#define RABBITMQ_ANSWER_MS 3000

/* Where the broker is, and what is declared there. */
struct rabbitmq_address {
    struct url url; /* with defaults filled in */
    bool is_tls;
    char *ca_file; /* NULL: the system's */
    unsigned delivery_limit;
};

/* amqp:// or amqps://; the only parameter of the query is cacertfile=PATH. */
int rabbitmq_address_parse(const char *text, unsigned delivery_limit, struct rabbitmq_address *ret_address,
                           struct failure *failure);
void rabbitmq_address_free(struct rabbitmq_address *address);

enum rabbitmq_link_state {
    LINK_CONNECTING, /* the first attempt, or the first after a loss, is under way */
    LINK_UP,
    LINK_AWAY /* the last attempt failed */
};

/*
 * One connection and who it belongs to: a single thread, for librabbitmq's are not thread-safe. Other threads may wake
 * that one, ask for the state, and end the link.
 */
struct rabbitmq_link {
    const struct rabbitmq_address *address;
    const char *purpose; /* for logs and the broker's list of connections */
    int heartbeat_s;     /* 0: none */
    /* What follows a connection, on RABBITMQ_CHANNEL, which is open. May be NULL. */
    int (*prepare)(void *owner, amqp_connection_state_t connection, struct failure *failure);
    void *owner;

    amqp_connection_state_t connection; /* NULL: none */
    int wake_fd;

    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t changed;
    int socket;     /* -1: none; so that another thread may shut it down */
    bool is_ending; /* the owner is to leave */
    bool is_left;
    enum rabbitmq_link_state state;
    struct failure last;
};

int rabbitmq_link_init(struct rabbitmq_link *link, const struct rabbitmq_address *address, const char *purpose,
                       struct failure *failure);
/* The owner's, when no other thread has it any more. */
void rabbitmq_link_destroy(struct rabbitmq_link *link);

/* One attempt. 0, or FAIL_UNAVAILABLE with what the broker or the system said. */
int rabbitmq_link_open(struct rabbitmq_link *link, struct failure *failure);
/* Attempts with pauses, for ever. False once the link is being ended. */
bool rabbitmq_link_reopen(struct rabbitmq_link *link);
/* Drops the connection without a word to the broker, which learns it by the socket's end. `why` is logged if given. */
void rabbitmq_link_drop(struct rabbitmq_link *link, const struct failure *why);
/* Drops it in good order: the broker has read all that was sent when it agrees. Blocks for at most a second. */
void rabbitmq_link_close(struct rabbitmq_link *link);
/* The owner's last: it does nothing with the link any more. */
void rabbitmq_link_leave(struct rabbitmq_link *link);
/* Waits until the broker says something, somebody wakes the owner, or the time is over. */
void rabbitmq_link_wait(struct rabbitmq_link *link, int timeout_ms);
bool rabbitmq_link_is_ending(struct rabbitmq_link *link);

/* Any thread: */
void rabbitmq_link_wake(struct rabbitmq_link *link);
/*
 * Asks the owner to leave, and waits for that; after two seconds the socket is shut down, so that nothing blocks the
 * owner any more.
 */
void rabbitmq_link_end(struct rabbitmq_link *link);
/* The state, and if it is LINK_AWAY why. */
enum rabbitmq_link_state rabbitmq_link_get_state(struct rabbitmq_link *link, struct failure *failure);

/* 0 if the link is up, and otherwise why not; waits some time for a connection that is under way. */
int rabbitmq_link_check_up(struct rabbitmq_link *link, struct failure *failure);
/* A thread in which no signal is handled. */
int rabbitmq_link_thread(pthread_t *ret_thread, void *(*run)(void *), void *arg, struct failure *failure);

/* A status or reply of librabbitmq as a sentence; 0 if it was good. `what` is what failed: "to declare a queue". */
int rabbitmq_check_status(int status, const char *what, struct failure *failure);
int rabbitmq_check_reply(amqp_rpc_reply_t reply, const char *what, struct failure *failure);
/* What a frame says that ends a channel or connection, or our consumer; 0 if it is none of those. */
int rabbitmq_check_frame(const amqp_frame_t *frame, struct failure *failure);

/* rabbitmq_topology.c: exchanges, queues and bindings, as long as they are not there already. */
int rabbitmq_declare(amqp_connection_state_t connection, unsigned delivery_limit, struct failure *failure);

/* pthread_cond_init() for the clock of sn__now_ns(); 0 or -1. */
int rabbitmq_cond_init(pthread_cond_t *cond);
/* Waits until that time at most. */
void rabbitmq_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t until_ns);

#endif
