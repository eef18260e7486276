/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EXECUTOR_CHANNEL_H
#define JOBS_EXECUTOR_CHANNEL_H

#include "executor/message.h"

#include <pthread.h>

/* One end of the socket. One thread receives; any thread sends, a message at a time. */
struct channel {
    int socket;
    enum message_side from; /* who the other end is */
    pthread_mutex_t lock;   /* of sending */
    uint8_t *bytes;         /* what was received */
    size_t capacity;
    size_t begin, end; /* of what is in `bytes` and has not been handed out */
};

/* Takes the socket over. `other` is the side at its other end. FAIL_NOMEM: the socket is closed then, too. */
int channel_open(struct channel *channel, int socket, enum message_side other, struct failure *failure);
/* No other thread uses it any more. */
void channel_close(struct channel *channel);
/* Whoever waits for the other side, here or there, is told that it is over. Any thread, any number of times. */
void channel_end(struct channel *channel);

/*
 * Sends a whole message. It waits for a peer that does not read, but not for good: after CHANNEL_PATIENCE_S without a
 * byte taken the channel is ended. FAIL_CLOSED.
 */
#define CHANNEL_PATIENCE_S 60
int channel_send(struct channel *channel, const struct sn__buffer *message, struct failure *failure);
/*
 * Waits for a message. *ret_payload is valid until the next call. FAIL_CLOSED (the other side ended it), FAIL_INVALID
 * (what came is no message), FAIL_NOMEM.
 */
int channel_receive(struct channel *channel, struct message_header *ret_header, const void **ret_payload,
                    struct failure *failure);

#endif
