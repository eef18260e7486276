/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. executor.h says what the process is. Its threads are the reader, which is the one that called
 * executor_main(), and the slots. They meet in the table of tasks (task.h) and nowhere else:
 *
 *   frontend --> reader --> table --> slot --> frontend
 *
 * The reader only reads and hands over. It never sends, for a frontend that does not read would keep it from seeing the
 * next message, and never holds the table's lock for longer than a copy takes. A slot sends for itself, under a lock of
 * the channel, and may wait there as long as the frontend takes (CHANNEL_PATIENCE_S at most). That is why the two
 * cannot lock each other up.
 *
 * A slot takes its task out of the table before it sends its END: when the frontend hears of it there is room for the
 * next, although the slot may still have a sandbox to remove.
 *
 * The end of the socket, a message that is wrong, and a peer that takes nothing are one case: the reader closes the
 * table, which cancels all that runs by the descriptors that the library watches, and joins the slots.
 */
#include "executor/executor.h"

#include "common/log.h"
#include "executor/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

/* ---- messages ---- */

static int start(struct executor *executor, struct message *message, bool lacks_memory, struct failure *failure)
{
    struct task *task;
    int r = task_new(message->tag, &message->job, &message->spec, &task, failure);

    if (r < 0)
        return r;
    task->lacks_memory = lacks_memory;
    r = tasks_add(&executor->tasks, task, failure);
    if (r < 0)
        task_free(task);
    return r;
}

static int take_message(struct executor *executor, struct message *message, struct failure *failure)
{
    switch (message->type) {
    case MESSAGE_START:
        return start(executor, message, false, failure);
    case MESSAGE_STDIN:
        return tasks_give_input(&executor->tasks, message->tag, message->data, message->length, failure);
    case MESSAGE_STDIN_END:
        tasks_end_input(&executor->tasks, message->tag);
        return 0;
    case MESSAGE_CANCEL:
        tasks_cancel(&executor->tasks, message->tag);
        return 0;
    default:
        return fail(failure, FAIL_INVALID, "a message of type %u is not for the executor", message->type);
    }
}

/* Until the socket ends. 0 or what was wrong. */
static int read_messages(struct executor *executor, struct failure *failure)
{
    for (;;) {
        struct message message = {0};
        struct message_header header;
        const void *payload;
        int r = channel_receive(&executor->channel, &header, &payload, failure);

        if (r < 0)
            return r == FAIL_CLOSED ? 0 : r;
        r = message_read(&header, payload, &message, failure);
        if (r == FAIL_NOMEM && header.type == MESSAGE_START) {
            /* a job that is too large for now is not the end of the others */
            r = start(executor, &message, true, failure);
        } else if (r == 0) {
            r = take_message(executor, &message, failure);
        }
        message_clear(&message);
        if (r < 0)
            return r;
    }
}

/* ---- slots ---- */

static void *slot_thread(void *arg)
{
    struct executor *executor = arg;
    struct task *task;

    while ((task = tasks_take(&executor->tasks)))
        slot_execute(executor, task);
    return NULL;
}

/* Signals are for the thread that called us. */
static unsigned start_slots(struct executor *executor, pthread_t threads[EXECUTOR_SLOTS_MAX])
{
    unsigned count = 0;
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    while (count < executor->options->slots && pthread_create(&threads[count], NULL, slot_thread, executor) == 0)
        count++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return count;
}

static int say_hello(struct executor *executor, struct failure *failure)
{
    cleanup_buffer struct sn__buffer message = {0};
    struct executor_hello hello;
    int r = hello_make(executor, &hello, failure);

    if (r < 0)
        return r;
    r = message_write_hello(&message, &hello, failure);
    executor_hello_clear(&hello);
    /* a frontend that is gone already shows in reading */
    if (r == 0)
        channel_send(&executor->channel, &message, NULL);
    return r;
}

static int serve(struct executor *executor, struct failure *failure)
{
    pthread_t threads[EXECUTOR_SLOTS_MAX];
    unsigned count = start_slots(executor, threads);
    int r = 0;

    if (count < executor->options->slots)
        r = fail(failure, FAIL_UNAVAILABLE, "only %u of %u threads can be made", count, executor->options->slots);
    if (r == 0)
        r = say_hello(executor, failure);
    if (r == 0)
        r = read_messages(executor, failure);
    channel_end(&executor->channel);
    tasks_close(&executor->tasks);
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return r;
}

/* ---- the process ---- */

/* A sandbox takes some 50 descriptors, so as many as this process may have are wanted. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        log_warn("cannot raise the number of open files to %ju: %s", (uintmax_t)limit.rlim_max, strerror(errno));
}

static int load_languages(struct executor *executor, struct failure *failure)
{
    const sn_error *left_out;
    sn_error *error = NULL;
    const char *path;
    int r = sn_languages_load(executor->options->languages, &executor->languages, &error);

    if (r < 0) {
        fail(failure, FAIL_UNAVAILABLE, "cannot load the languages: %s", sn_error_message(error));
        sn_error_free(error);
        return FAIL_UNAVAILABLE;
    }
    for (size_t i = 0; (left_out = sn_languages_error(executor->languages, i, &path)); i++)
        log_warn("the manifest %s is left out: %s", path, sn_error_message(left_out));
    return 0;
}

static int run(struct executor *executor, struct failure *failure)
{
    unsigned slots = executor->options->slots;
    int r = 0;

    if (slots < 1 || slots > EXECUTOR_SLOTS_MAX)
        return fail(failure, FAIL_INVALID, "there can be 1 to %d slots, not %u", EXECUTOR_SLOTS_MAX, slots);
    r = tasks_open(&executor->tasks, slots, failure);
    if (r < 0)
        return r;
    r = load_languages(executor, failure);
    if (r == 0)
        r = serve(executor, failure);
    sn_languages_free(executor->languages);
    tasks_destroy(&executor->tasks);
    return r;
}

int executor_main(const struct executor_options *options)
{
    struct executor executor = {.options = options};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct failure failure = {0};
    int r = channel_open(&executor.channel, options->socket, FROM_FRONTEND, &failure);

    if (r < 0) {
        log_error("the executor cannot begin: %s", failure.message);
        return 1;
    }
    /* whoever reads our log may go before us */
    sigaction(SIGPIPE, &ignore, NULL);
    raise_descriptors();
    r = run(&executor, &failure);
    if (r < 0)
        log_error("the executor ends: %s", failure.message);
    channel_close(&executor.channel);
    return r < 0;
}
