/* SPDX-License-Identifier: MIT */
#include "queue/rabbitmq_link.h"

#include "queue/rabbitmq_connect.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "common/log.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define PAUSE_MIN_NS UINT64_C(100000000)
#define PAUSE_MAX_NS UINT64_C(5000000000)
#define LEAVE_NS UINT64_C(2000000000)

int rabbitmq_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    int error;

    if (pthread_condattr_init(&attributes) != 0)
        return -1;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    error = pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
    return error ? -1 : 0;
}

void rabbitmq_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t until_ns)
{
    struct timespec until = sn__timespec(until_ns);

    pthread_cond_timedwait(cond, mutex, &until);
}

int rabbitmq_link_init(struct rabbitmq_link *link, const struct rabbitmq_address *address, const char *purpose,
                       struct failure *failure)
{
    *link = (struct rabbitmq_link){.address = address, .purpose = purpose, .wake_fd = -1, .socket = -1};
    if (rabbitmq_cond_init(&link->changed) < 0)
        return fail_nomem(failure);
    pthread_mutex_init(&link->mutex, NULL);
    link->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (link->wake_fd < 0) {
        rabbitmq_link_destroy(link);
        return fail(failure, FAIL_UNAVAILABLE, "cannot make an eventfd: %s", strerror(errno));
    }
    return 0;
}

void rabbitmq_link_destroy(struct rabbitmq_link *link)
{
    rabbitmq_link_drop(link, NULL);
    sn__close(link->wake_fd);
    pthread_mutex_destroy(&link->mutex);
    pthread_cond_destroy(&link->changed);
}

/* Lets others shut the socket down; false if the link was ended meanwhile. */
static bool show_socket(struct rabbitmq_link *link)
{
    bool is_ending;

    pthread_mutex_lock(&link->mutex);
    is_ending = link->is_ending;
    link->socket = amqp_get_sockfd(link->connection);
    pthread_mutex_unlock(&link->mutex);
    return !is_ending;
}

static int open_steps(struct rabbitmq_link *link, struct failure *failure)
{
    int error;

    link->connection = amqp_new_connection();
    if (!link->connection)
        return fail_nomem(failure);
    error = rabbitmq_connect_socket(link->connection, link->address, failure);
    if (error < 0)
        return error;
    if (!show_socket(link))
        return fail(failure, FAIL_CLOSED, "the queue is being closed");
    error = rabbitmq_connect_login(link->connection, link->address, link->purpose, link->heartbeat_s, failure);
    if (error == 0)
        error = rabbitmq_declare(link->connection, link->address->delivery_limit, failure);
    if (error == 0 && link->prepare)
        error = link->prepare(link->owner, link->connection, failure);
    return error;
}

int rabbitmq_link_open(struct rabbitmq_link *link, struct failure *failure)
{
    struct failure why = {0};
    int error = open_steps(link, &why);

    if (error < 0) {
        rabbitmq_link_drop(link, NULL);
        pthread_mutex_lock(&link->mutex);
        link->state = LINK_AWAY;
        link->last = why;
        pthread_cond_broadcast(&link->changed);
        pthread_mutex_unlock(&link->mutex);
        return fail(failure, error, "%s", why.message);
    }
    pthread_mutex_lock(&link->mutex);
    link->state = LINK_UP;
    pthread_cond_broadcast(&link->changed);
    pthread_mutex_unlock(&link->mutex);
    return 0;
}

void rabbitmq_link_drop(struct rabbitmq_link *link, const struct failure *why)
{
    amqp_connection_state_t connection = link->connection;

    if (why)
        log_warn("lost the broker (%s): %s", link->purpose, why->message);
    if (!connection)
        return;
    pthread_mutex_lock(&link->mutex);
    link->socket = -1; /* before its number can be another file's */
    link->state = LINK_CONNECTING;
    pthread_mutex_unlock(&link->mutex);
    link->connection = NULL;
    amqp_destroy_connection(connection);
}

bool rabbitmq_link_reopen(struct rabbitmq_link *link)
{
    uint64_t pause = PAUSE_MIN_NS;
    struct failure last = {0};

    for (;;) {
        struct failure failure = {0};
        uint64_t until;
        bool is_ending;

        if (rabbitmq_link_is_ending(link))
            return false;
        if (rabbitmq_link_open(link, &failure) == 0) {
            if (last.code)
                log_info("the broker is back (%s)", link->purpose);
            return true;
        }
        /* Once for each reason: a broker that starts gives several. */
        if (strcmp(failure.message, last.message) != 0 && !rabbitmq_link_is_ending(link))
            log_warn("no broker (%s), trying again until there is: %s", link->purpose, failure.message);
        last = failure;
        until = sn__now_ns() + pause;
        pause = pause * 2 < PAUSE_MAX_NS ? pause * 2 : PAUSE_MAX_NS;
        pthread_mutex_lock(&link->mutex);
        while (!link->is_ending && sn__now_ns() < until)
            rabbitmq_cond_wait_until(&link->changed, &link->mutex, until);
        is_ending = link->is_ending;
        pthread_mutex_unlock(&link->mutex);
        if (is_ending)
            return false;
    }
}

void rabbitmq_link_wait(struct rabbitmq_link *link, int timeout_ms)
{
    struct pollfd fds[2] = {
        {.fd = amqp_get_sockfd(link->connection), .events = POLLIN},
        {.fd = link->wake_fd, .events = POLLIN},
    };
    uint64_t count;

    if (poll(fds, 2, timeout_ms) > 0 && fds[1].revents && read(link->wake_fd, &count, sizeof(count)) < 0)
        return; /* somebody took it: it is only a hint to look */
}

void rabbitmq_link_wake(struct rabbitmq_link *link)
{
    uint64_t one = 1;

    if (write(link->wake_fd, &one, sizeof(one)) < 0)
        return; /* it is full, and therefore readable */
}

bool rabbitmq_link_is_ending(struct rabbitmq_link *link)
{
    bool is_ending;

    pthread_mutex_lock(&link->mutex);
    is_ending = link->is_ending;
    pthread_mutex_unlock(&link->mutex);
    return is_ending;
}

void rabbitmq_link_end(struct rabbitmq_link *link)
{
    uint64_t until = sn__now_ns() + LEAVE_NS;

    pthread_mutex_lock(&link->mutex);
    link->is_ending = true;
    pthread_cond_broadcast(&link->changed);
    rabbitmq_link_wake(link);
    while (!link->is_left && sn__now_ns() < until)
        rabbitmq_cond_wait_until(&link->changed, &link->mutex, until);
    if (link->socket >= 0)
        shutdown(link->socket, SHUT_RDWR);
    pthread_mutex_unlock(&link->mutex);
}

void rabbitmq_link_leave(struct rabbitmq_link *link)
{
    pthread_mutex_lock(&link->mutex);
    link->is_left = true;
    pthread_cond_broadcast(&link->changed);
    pthread_mutex_unlock(&link->mutex);
}

void rabbitmq_link_close(struct rabbitmq_link *link)
{
    struct timeval second = {.tv_sec = 1};

    if (link->connection && amqp_set_rpc_timeout(link->connection, &second) == AMQP_STATUS_OK)
        amqp_connection_close(link->connection, AMQP_REPLY_SUCCESS);
    rabbitmq_link_drop(link, NULL);
}

enum rabbitmq_link_state rabbitmq_link_get_state(struct rabbitmq_link *link, struct failure *failure)
{
    enum rabbitmq_link_state state;

    pthread_mutex_lock(&link->mutex);
    state = link->state;
    if (state == LINK_AWAY && failure)
        *failure = link->last;
    pthread_mutex_unlock(&link->mutex);
    return state;
}

int rabbitmq_link_check_up(struct rabbitmq_link *link, struct failure *failure)
{
    uint64_t until = sn__now_ns() + RABBITMQ_ANSWER_MS * UINT64_C(1000000);
    enum rabbitmq_link_state state;
    struct failure why;

    pthread_mutex_lock(&link->mutex);
    while (link->state == LINK_CONNECTING && sn__now_ns() < until)
        rabbitmq_cond_wait_until(&link->changed, &link->mutex, until);
    state = link->state;
    why = link->last;
    pthread_mutex_unlock(&link->mutex);
    if (state == LINK_UP)
        return 0;
    if (state == LINK_AWAY)
        return fail(failure, FAIL_UNAVAILABLE, "%s", why.message);
    return fail(failure, FAIL_UNAVAILABLE, "the broker has not answered yet");
}

int rabbitmq_link_thread(pthread_t *ret_thread, void *(*run)(void *), void *arg, struct failure *failure)
{
    sigset_t all;
    sigset_t before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(ret_thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return fail(failure, FAIL_UNAVAILABLE, "cannot start a thread for the broker: %s", strerror(error));
    return 0;
}

int rabbitmq_check_status(int status, const char *what, struct failure *failure)
{
    if (status >= 0)
        return 0;
    if (status == AMQP_STATUS_NO_MEMORY)
        return fail_nomem(failure);
    return fail(failure, FAIL_UNAVAILABLE, "the broker failed %s: %s", what, amqp_error_string2(status));
}

/* What the broker says when it closes something. */
static int fail_closed_by(const amqp_method_t *method, const char *what, struct failure *failure)
{
    if (method->id == AMQP_CONNECTION_CLOSE_METHOD) {
        const amqp_connection_close_t *said = method->decoded;

        return fail(failure, FAIL_UNAVAILABLE, "the broker refused %s: %.*s", what, (int)said->reply_text.len,
                    (const char *)said->reply_text.bytes);
    }
    if (method->id == AMQP_CHANNEL_CLOSE_METHOD) {
        const amqp_channel_close_t *said = method->decoded;

        return fail(failure, FAIL_UNAVAILABLE, "the broker refused %s: %.*s", what, (int)said->reply_text.len,
                    (const char *)said->reply_text.bytes);
    }
    return fail(failure, FAIL_UNAVAILABLE, "the broker refused %s", what);
}

int rabbitmq_check_reply(amqp_rpc_reply_t reply, const char *what, struct failure *failure)
{
    switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
        return 0;
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
        return rabbitmq_check_status(reply.library_error, what, failure);
    case AMQP_RESPONSE_SERVER_EXCEPTION:
        return fail_closed_by(&reply.reply, what, failure);
    default:
        return fail(failure, FAIL_UNAVAILABLE, "the broker gave no answer %s", what);
    }
}

int rabbitmq_check_frame(const amqp_frame_t *frame, struct failure *failure)
{
    if (frame->frame_type != AMQP_FRAME_METHOD)
        return 0;
    switch (frame->payload.method.id) {
    case AMQP_CONNECTION_CLOSE_METHOD:
    case AMQP_CHANNEL_CLOSE_METHOD:
        return fail_closed_by(&frame->payload.method, "to go on", failure);
    case AMQP_BASIC_CANCEL_METHOD:
        return fail(failure, FAIL_UNAVAILABLE, "the broker deleted the queue");
    default:
        return 0;
    }
}
