/* SPDX-License-Identifier: MIT */
#include "executor/engine.h"

#include <string.h>

#define OUTPUT_PIECE (256U << 10)

/* A message that cannot be made is a promise that cannot be kept: then nothing more is said at all. */
static void send_or_end(const struct job *job, int r, const struct sn__buffer *message, const struct failure *failure)
{
    struct channel *channel = &job->executor->channel;

    if (r == 0) {
        channel_send(channel, message, NULL);
        return;
    }
    log_line(LOG_ERROR_LEVEL, &job->about, "cannot tell the frontend: %s", failure->message);
    channel_end(channel);
}

void tell_status(const struct job *job, enum job_status status)
{
    cleanup_buffer struct sn__buffer message = {0};
    struct failure failure;
    int r = message_write_status(&message, job->task->tag, status, &failure);

    send_or_end(job, r, &message, &failure);
}

void tell_output(const struct job *job, enum executor_stream stream, const void *data, size_t length)
{
    const char *at = data;

    while (length) {
        cleanup_buffer struct sn__buffer message = {0};
        size_t piece = length < OUTPUT_PIECE ? length : OUTPUT_PIECE;
        struct failure failure;
        int r = message_write_output(&message, job->task->tag, stream, at, piece, &failure);

        send_or_end(job, r, &message, &failure);
        at += piece;
        length -= piece;
    }
}

void tell_taken(const struct job *job, uint64_t taken)
{
    cleanup_buffer struct sn__buffer message = {0};
    struct failure failure;
    int r = message_write_taken(&message, job->task->tag, taken, &failure);

    send_or_end(job, r, &message, &failure);
}

void tell_case(const struct job *job, uint32_t index, const struct case_outcome *test_case)
{
    cleanup_buffer struct sn__buffer message = {0};
    struct failure failure;
    int r = message_write_case(&message, job->task->tag, index, test_case, &failure);

    send_or_end(job, r, &message, &failure);
}

void tell_end(const struct job *job)
{
    cleanup_buffer struct sn__buffer message = {0};
    struct failure failure;
    int r = message_write_end(&message, job->task->tag, &job->outcome, &failure);

    if (r < 0) {
        /* the largest part of it is output: without that there may be room */
        struct outcome least = {.status = JOB_INTERNAL_ERROR, .reason = failure.message};

        log_line(LOG_ERROR_LEVEL, &job->about, "the outcome is lost: %s", failure.message);
        sn__buffer_clear(&message);
        r = message_write_end(&message, job->task->tag, &least, &failure);
    }
    send_or_end(job, r, &message, &failure);
}
