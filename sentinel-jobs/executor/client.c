/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. One thread receives and calls the listener, without a lock held, so that a listener may call
 * anything here. Any thread sends; the executor's reader never waits for us, so sending cannot wait for receiving.
 *
 * The client knows of each job what it needs to keep to the protocol: how many there are (not more than slots), how
 * much input is on its way (the executor says when it has taken some, and takes no more than INPUT_MAX), and the test
 * cases told so far, which it gives to the listener once more, whole, with the outcome.
 */
#include "executor/client.h"

#include "base/cleanup.h"
#include "common/log.h"
#include "executor/channel.h"
#include "executor/message.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

struct client_job {
    struct client_job *next;
    uint64_t tag;
    void *arg;
    bool is_interactive;
    size_t input_out; /* told and not yet taken */
    struct case_outcome *cases;
    size_t case_count; /* of the spec */
    size_t told_count; /* of those, the first ones */
};

struct executor_client {
    struct channel channel;
    struct executor_listener listener;
    void *owner;
    struct executor_hello hello;
    pthread_t thread;
    pthread_mutex_t lock; /* of what is below */
    struct client_job *jobs;
    unsigned count;
    uint64_t last_tag;
    bool is_gone;
    bool is_leaving;   /* we ended it: nobody is told */
    bool frees_itself; /* executor_disconnect() was called by a listener */
};

/* ---- jobs ---- */

static void free_job(struct client_job *job)
{
    struct outcome cases = {.cases = NULL};

    if (!job)
        return;
    cases.cases = job->cases;
    cases.case_count = job->case_count;
    outcome_free(&cases);
    free(job);
}

static struct client_job *find(const struct executor_client *client, uint64_t tag)
{
    struct client_job *job = client->jobs;

    while (job && job->tag != tag)
        job = job->next;
    return job;
}

/* Takes it out. NULL: it is not there. */
static struct client_job *take_job(struct executor_client *client, uint64_t tag)
{
    struct client_job *job = NULL;

    pthread_mutex_lock(&client->lock);
    for (struct client_job **at = &client->jobs; *at; at = &(*at)->next) {
        if ((*at)->tag == tag) {
            job = *at;
            *at = job->next;
            client->count--;
            break;
        }
    }
    pthread_mutex_unlock(&client->lock);
    return job;
}

/* ---- what the executor says ---- */

/* Only the receiving thread takes jobs out, so this one stays. */
static struct client_job *look_up(struct executor_client *client, uint64_t tag)
{
    struct client_job *job;

    pthread_mutex_lock(&client->lock);
    job = find(client, tag);
    pthread_mutex_unlock(&client->lock);
    return job;
}

static int take_taken(struct executor_client *client, struct client_job *job, uint64_t taken, struct failure *failure)
{
    int r = 0;

    pthread_mutex_lock(&client->lock);
    if (taken > job->input_out)
        r = fail(failure, FAIL_INTERNAL, "the executor took more input than it was given");
    else
        job->input_out -= taken;
    pthread_mutex_unlock(&client->lock);
    return r;
}

static int take_case(const struct executor_client *client, struct client_job *job, struct message *message,
                     struct failure *failure)
{
    struct case_outcome *kept;

    if (message->index >= job->case_count || message->index != job->told_count)
        return fail(failure, FAIL_INTERNAL, "the executor told of test case %u, where %zu was next", message->index,
                    job->told_count);
    kept = &job->cases[job->told_count++];
    *kept = message->test_case;
    message->test_case = (struct case_outcome){0};
    client->listener.on_case(job->arg, message->index, kept);
    return 0;
}

/* A test case that was not run. */
static int fill_case(struct case_outcome *test_case)
{
    struct step_outcome *step = &test_case->step;

    test_case->status = step->status = JOB_CANCELLED;
    test_case->explanation = strdup("");
    step->verdict = strdup("");
    step->limit = strdup("");
    step->out.data = strdup("");
    step->err.data = strdup("");
    step->denied = strdup("");
    step->notes = strdup("");
    step->cpu_source = strdup("");
    step->memory_source = strdup("");
    return test_case->explanation && step_outcome_is_whole(step) ? 0 : FAIL_NOMEM;
}

static int take_end(struct executor_client *client, struct client_job *job, struct message *message,
                    struct failure *failure)
{
    struct outcome *outcome = &message->outcome;

    if (outcome->case_count && outcome->case_count != job->case_count)
        return fail(failure, FAIL_INTERNAL, "the executor told of %zu test cases, of %zu that there are",
                    outcome->case_count, job->case_count);
    if (outcome->case_count) {
        for (size_t i = job->told_count; i < job->case_count; i++)
            if (fill_case(&job->cases[i]) < 0)
                return fail_nomem(failure);
        outcome->cases = steal_ptr(&job->cases);
        job->case_count = 0;
    }
    take_job(client, job->tag);
    client->listener.on_end(job->arg, outcome);
    /* what the listener left */
    outcome_free(outcome);
    free_job(job);
    return 0;
}

static int take_message(struct executor_client *client, struct message *message, struct failure *failure)
{
    struct client_job *job = look_up(client, message->tag);

    if (!job)
        return fail(failure, FAIL_INTERNAL, "the executor told of a job that is over");
    switch (message->type) {
    case MESSAGE_STATUS:
        client->listener.on_status(job->arg, message->status);
        return 0;
    case MESSAGE_OUTPUT:
        client->listener.on_output(job->arg, message->stream, message->data, message->length);
        return 0;
    case MESSAGE_TAKEN:
        return take_taken(client, job, message->taken, failure);
    case MESSAGE_CASE:
        return take_case(client, job, message, failure);
    case MESSAGE_END:
        return take_end(client, job, message, failure);
    default:
        return fail(failure, FAIL_INTERNAL, "the executor sent a second hello");
    }
}

static int receive(struct executor_client *client, struct message *ret_message, struct failure *failure)
{
    struct message_header header;
    const void *payload;
    int r = channel_receive(&client->channel, &header, &payload, failure);

    return r < 0 ? r : message_read(&header, payload, ret_message, failure);
}

static int receive_and_take(struct executor_client *client, struct failure *failure)
{
    struct message message = {0};
    int r = receive(client, &message, failure);

    if (r == 0) {
        r = take_message(client, &message, failure);
        message_clear(&message);
    }
    return r;
}

static bool is_leaving(struct executor_client *client)
{
    bool leaving;

    pthread_mutex_lock(&client->lock);
    leaving = client->is_leaving;
    pthread_mutex_unlock(&client->lock);
    return leaving;
}

static void free_client(struct executor_client *client)
{
    while (client->jobs) {
        struct client_job *job = client->jobs;

        client->jobs = job->next;
        free_job(job);
    }
    channel_close(&client->channel);
    executor_hello_clear(&client->hello);
    pthread_mutex_destroy(&client->lock);
    free(client);
}

static void *client_thread(void *arg)
{
    struct executor_client *client = arg;
    struct failure failure = {0};
    bool tells, frees;
    int r;

    do
        r = receive_and_take(client, &failure);
    while (r == 0 && !is_leaving(client));
    if (r < 0 && r != FAIL_CLOSED)
        log_error("the executor is given up: %s", failure.message);
    channel_end(&client->channel);
    pthread_mutex_lock(&client->lock);
    client->is_gone = true;
    tells = !client->is_leaving;
    pthread_mutex_unlock(&client->lock);
    if (tells)
        client->listener.on_gone(client->owner);
    pthread_mutex_lock(&client->lock);
    frees = client->frees_itself;
    pthread_mutex_unlock(&client->lock);
    if (frees)
        free_client(client);
    return NULL;
}

/* ---- connecting ---- */

static int take_hello(struct executor_client *client, struct failure *failure)
{
    struct message message = {0};
    int r = receive(client, &message, failure);

    if (r < 0)
        return r == FAIL_CLOSED ? fail(failure, FAIL_CLOSED, "the executor ended before it was ready; its log says why")
               : r == FAIL_NOMEM ? r
                                 : fail(failure, FAIL_INTERNAL, "what the executor says is no hello");
    if (message.type != MESSAGE_HELLO || message.hello.slots < 1) {
        message_clear(&message);
        return fail(failure, FAIL_INTERNAL, "the executor's first message is no hello");
    }
    client->hello = message.hello;
    message.hello = (struct executor_hello){0};
    message_clear(&message);
    return 0;
}

static int start_thread(struct executor_client *client, struct failure *failure)
{
    sigset_t all, old;
    int r;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    /* a listener that ends the client at once compares itself with this thread */
    pthread_mutex_lock(&client->lock);
    r = pthread_create(&client->thread, NULL, client_thread, client);
    pthread_mutex_unlock(&client->lock);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return r ? fail(failure, FAIL_INTERNAL, "cannot make a thread: %s", strerror(r)) : 0;
}

int executor_connect(int socket, const struct executor_listener *listener, void *owner,
                     struct executor_client **ret_client, struct failure *failure)
{
    struct executor_client *client = calloc(1, sizeof(*client));
    int r;

    if (!client || pthread_mutex_init(&client->lock, NULL) != 0) {
        free(client);
        sn__close(socket);
        return fail_nomem(failure);
    }
    client->listener = *listener;
    client->owner = owner;
    r = channel_open(&client->channel, socket, FROM_EXECUTOR, failure);
    if (r < 0) {
        pthread_mutex_destroy(&client->lock);
        free(client);
        return r;
    }
    r = take_hello(client, failure);
    if (r == 0)
        r = start_thread(client, failure);
    if (r < 0) {
        free_client(client);
        return r;
    }
    *ret_client = client;
    return 0;
}

void executor_disconnect(struct executor_client *client)
{
    bool is_own_thread;

    if (!client)
        return;
    pthread_mutex_lock(&client->lock);
    is_own_thread = pthread_equal(pthread_self(), client->thread);
    client->is_leaving = true;
    client->frees_itself = is_own_thread;
    pthread_mutex_unlock(&client->lock);
    channel_end(&client->channel);
    if (is_own_thread) {
        pthread_detach(client->thread);
        return;
    }
    pthread_join(client->thread, NULL);
    free_client(client);
}

const struct executor_hello *executor_hello(const struct executor_client *client)
{
    return &client->hello;
}

/* ---- what the frontend says ---- */

static int make_job(const struct spec *spec, void *arg, struct client_job **ret_job, struct failure *failure)
{
    struct client_job *job = calloc(1, sizeof(*job));

    if (job && spec->case_count)
        job->cases = calloc(spec->case_count, sizeof(*job->cases));
    if (!job || (spec->case_count && !job->cases)) {
        free(job);
        return fail_nomem(failure);
    }
    job->arg = arg;
    job->case_count = spec->case_count;
    job->is_interactive = spec->is_interactive;
    *ret_job = job;
    return 0;
}

/* Takes a slot for it. */
static int enlist(struct executor_client *client, struct client_job *job, struct failure *failure)
{
    int r = 0;

    pthread_mutex_lock(&client->lock);
    if (client->is_gone || client->is_leaving)
        r = fail(failure, FAIL_CLOSED, "the executor is gone");
    else if (client->count >= client->hello.slots)
        r = fail(failure, FAIL_LIMIT, "all of the %u slots are taken", client->hello.slots);
    if (r == 0) {
        job->next = client->jobs;
        client->jobs = job;
        client->count++;
    }
    pthread_mutex_unlock(&client->lock);
    return r;
}

int executor_start(struct executor_client *client, const struct uuid *id, const struct spec *spec, void *arg,
                   uint64_t *ret_tag, struct failure *failure)
{
    cleanup_buffer struct sn__buffer message = {0};
    struct client_job *job = NULL;
    uint64_t tag;
    int r;

    pthread_mutex_lock(&client->lock);
    tag = ++client->last_tag;
    pthread_mutex_unlock(&client->lock);
    r = message_write_start(&message, tag, id, spec, failure);
    if (r == 0)
        r = make_job(spec, arg, &job, failure);
    if (r < 0)
        return r;
    job->tag = tag;
    r = enlist(client, job, failure);
    if (r < 0) {
        free_job(job);
        return r;
    }
    /* the listener may hear of it before this returns, with a tag that it can use */
    *ret_tag = tag;
    /* one that cannot be sent stays enlisted: the executor is gone for this one as for all */
    return channel_send(&client->channel, &message, failure);
}

int executor_stdin(struct executor_client *client, uint64_t tag, const void *data, size_t length,
                   struct failure *failure)
{
    cleanup_buffer struct sn__buffer message = {0};
    struct client_job *job;
    bool is_over = false;
    int r;

    if (length > INPUT_MAX)
        return fail(failure, FAIL_LIMIT, "more input than %u bytes at once", INPUT_MAX);
    r = message_write_input(&message, tag, data, length, failure);
    if (r < 0)
        return r;
    pthread_mutex_lock(&client->lock);
    job = find(client, tag);
    if (client->is_gone || client->is_leaving)
        r = fail(failure, FAIL_CLOSED, "the executor is gone");
    else if (!job)
        is_over = true;
    else if (!job->is_interactive)
        r = fail(failure, FAIL_CONFLICT, "the job is not interactive");
    else if (length > INPUT_MAX - job->input_out)
        r = fail(failure, FAIL_LIMIT, "the program has not yet read what it was given before");
    else
        job->input_out += length;
    pthread_mutex_unlock(&client->lock);
    return r < 0 || is_over || !length ? r : channel_send(&client->channel, &message, failure);
}

static void send_plain(struct executor_client *client, enum message_type type, uint64_t tag)
{
    cleanup_buffer struct sn__buffer message = {0};

    if (message_write_plain(&message, type, tag, NULL) == 0)
        channel_send(&client->channel, &message, NULL);
    else
        channel_end(&client->channel); /* a cancelling that is lost would be a promise broken */
}

void executor_stdin_end(struct executor_client *client, uint64_t tag)
{
    send_plain(client, MESSAGE_STDIN_END, tag);
}

void executor_cancel(struct executor_client *client, uint64_t tag)
{
    send_plain(client, MESSAGE_CANCEL, tag);
}
