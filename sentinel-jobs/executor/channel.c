/* SPDX-License-Identifier: MIT */
#include "executor/channel.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ROOM (64U << 10)

int channel_open(struct channel *channel, int socket, enum message_side other, struct failure *failure)
{
    const struct timeval patience = {.tv_sec = CHANNEL_PATIENCE_S};

    *channel = (struct channel){.socket = socket, .from = other, .bytes = malloc(ROOM), .capacity = ROOM};
    if (!channel->bytes || pthread_mutex_init(&channel->lock, NULL) != 0) {
        free(channel->bytes);
        sn__close(socket);
        return fail_nomem(failure);
    }
    (void)setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    return 0;
}

void channel_close(struct channel *channel)
{
    sn__close(channel->socket);
    pthread_mutex_destroy(&channel->lock);
    free(channel->bytes);
    *channel = (struct channel){.socket = -1};
}

void channel_end(struct channel *channel)
{
    (void)shutdown(channel->socket, SHUT_RDWR);
}

static int send_all(int socket, const char *data, size_t length)
{
    while (length) {
        ssize_t n = send(socket, data, length, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        data += n;
        length -= (size_t)n;
    }
    return 0;
}

int channel_send(struct channel *channel, const struct sn__buffer *message, struct failure *failure)
{
    int r;

    pthread_mutex_lock(&channel->lock);
    r = send_all(channel->socket, message->data, message->length);
    /* a message of which a part was sent cannot be followed by another */
    if (r < 0)
        channel_end(channel);
    pthread_mutex_unlock(&channel->lock);
    return r < 0 ? fail(failure, FAIL_CLOSED, "the other side of the executor's socket is gone (%s)",
                        r == -EAGAIN ? "it takes nothing" : strerror(-r))
                 : 0;
}

/* Room for a message of `length` bytes, at the front. What a large one took is given back for the next small one. */
static bool make_room(struct channel *channel, size_t length)
{
    size_t held = channel->end - channel->begin, capacity;
    uint8_t *bytes;

    if (channel->begin && held)
        memmove(channel->bytes, channel->bytes + channel->begin, held);
    channel->begin = 0;
    channel->end = held;
    if (length > channel->capacity)
        capacity = length;
    else if (channel->capacity > ROOM && held <= ROOM && length <= ROOM)
        capacity = ROOM;
    else
        return true;
    bytes = realloc(channel->bytes, capacity);
    if (!bytes)
        return length <= channel->capacity;
    channel->bytes = bytes;
    channel->capacity = capacity;
    return true;
}

/* Until there are `length` bytes. */
static int receive_until(struct channel *channel, size_t length, struct failure *failure)
{
    if (channel->begin + length > channel->capacity || channel->begin == channel->end)
        if (!make_room(channel, length))
            return fail_nomem(failure);
    while (channel->end - channel->begin < length) {
        ssize_t n = recv(channel->socket, channel->bytes + channel->end, channel->capacity - channel->end, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(failure, FAIL_CLOSED, "the other side of the executor's socket is gone");
        channel->end += (size_t)n;
    }
    return 0;
}

int channel_receive(struct channel *channel, struct message_header *ret_header, const void **ret_payload,
                    struct failure *failure)
{
    struct message_header header;
    int r = receive_until(channel, MESSAGE_HEADER, failure);

    if (r == 0)
        r = message_header_read(channel->bytes + channel->begin, channel->from, &header, failure);
    if (r == 0)
        r = receive_until(channel, MESSAGE_HEADER + header.length, failure);
    if (r < 0)
        return r;
    *ret_header = header;
    *ret_payload = channel->bytes + channel->begin + MESSAGE_HEADER;
    channel->begin += MESSAGE_HEADER + header.length;
    return 0;
}
