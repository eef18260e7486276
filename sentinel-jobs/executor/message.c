/* SPDX-License-Identifier: MIT */
#include "executor/message.h"

#include "executor/message_parts.h"
#include "executor/wire.h"

#include <string.h>

static bool is_from(enum message_side side, uint32_t type)
{
    return side == FROM_FRONTEND ? type >= MESSAGE_START && type <= MESSAGE_CANCEL
                                 : type >= MESSAGE_HELLO && type <= MESSAGE_END;
}

int message_header_read(const uint8_t bytes[MESSAGE_HEADER], enum message_side side, struct message_header *ret_header,
                        struct failure *failure)
{
    struct wire_reader reader = wire_reader(bytes, MESSAGE_HEADER);
    struct message_header header;

    header.length = wire_get_u32(&reader);
    header.type = wire_get_u32(&reader);
    header.tag = wire_get_u64(&reader);
    if (header.length > MESSAGE_MAX - MESSAGE_HEADER)
        return fail(failure, FAIL_INVALID, "a message of %u bytes is longer than one may be", header.length);
    if (!is_from(side, header.type))
        return fail(failure, FAIL_INVALID, "a message of type %u is none that this side sends", header.type);
    *ret_header = header;
    return 0;
}

static void get_status(struct wire_reader *reader, struct message *message)
{
    uint32_t status = wire_get_u32(reader);

    if (status != JOB_COMPILING && status != JOB_RUNNING)
        wire_refuse(reader, FAIL_INVALID);
    else
        message->status = (enum job_status)status;
}

static void get_output(struct wire_reader *reader, struct message *message)
{
    uint32_t stream = wire_get_u32(reader);

    message->data = wire_get_view(reader, &message->length);
    if (stream < EXECUTOR_COMPILE_OUTPUT || stream > EXECUTOR_STDERR)
        wire_refuse(reader, FAIL_INVALID);
    else
        message->stream = (enum executor_stream)stream;
}

static void get_fields(struct wire_reader *reader, struct message *message)
{
    switch (message->type) {
    case MESSAGE_START:
        wire_get_uuid(reader, &message->job);
        if (uuid_is_zero(&message->job))
            wire_refuse(reader, FAIL_INVALID);
        message_get_spec(reader, &message->spec);
        if (!reader->code && message_check_spec(&message->spec, NULL) < 0)
            wire_refuse(reader, FAIL_INVALID);
        break;
    case MESSAGE_STDIN:
        message->data = wire_get_view(reader, &message->length);
        break;
    case MESSAGE_STDIN_END:
    case MESSAGE_CANCEL:
        break;
    case MESSAGE_HELLO:
        message_get_hello(reader, &message->hello);
        if (message->tag) /* it is about no job */
            wire_refuse(reader, FAIL_INVALID);
        break;
    case MESSAGE_STATUS:
        get_status(reader, message);
        break;
    case MESSAGE_OUTPUT:
        get_output(reader, message);
        break;
    case MESSAGE_TAKEN:
        message->taken = wire_get_u64(reader);
        break;
    case MESSAGE_CASE:
        message->index = wire_get_u32(reader);
        message_get_case(reader, &message->test_case);
        break;
    case MESSAGE_END:
        message_get_outcome(reader, &message->outcome);
        break;
    default:
        wire_refuse(reader, FAIL_INVALID);
    }
}

int message_read(const struct message_header *header, const void *payload, struct message *ret_message,
                 struct failure *failure)
{
    struct wire_reader reader = wire_reader(payload, header->length);
    struct message message = {.type = (enum message_type)header->type, .tag = header->tag};
    int r;

    get_fields(&reader, &message);
    r = wire_end(&reader);
    if (r < 0) {
        struct message about = {.type = message.type, .tag = message.tag, .job = message.job};

        message_clear(&message);
        if (r == FAIL_NOMEM)
            *ret_message = about;
        return r == FAIL_NOMEM
                   ? fail_nomem(failure)
                   : fail(failure, r, "a message of type %u and %u bytes is malformed", header->type, header->length);
    }
    *ret_message = message;
    return 0;
}

void message_clear(struct message *message)
{
    spec_free(&message->spec);
    executor_hello_clear(&message->hello);
    step_outcome_free(&message->test_case.step);
    free(message->test_case.explanation);
    message->outcome.case_count = 0; /* a number only: there are none here */
    outcome_free(&message->outcome);
    memset(message, 0, sizeof(*message));
}

/* ---- writing ---- */

static void begin(struct sn__buffer *buffer, enum message_type type, uint64_t tag)
{
    wire_put_u32(buffer, 0);
    wire_put_u32(buffer, type);
    wire_put_u64(buffer, tag);
}

/* Now the length is known. */
static int end(struct sn__buffer *buffer, struct failure *failure)
{
    size_t length = buffer->length - MESSAGE_HEADER;

    if (buffer->failed)
        return fail_nomem(failure);
    if (buffer->length > MESSAGE_MAX)
        return fail(failure, FAIL_LIMIT, "what is to be told takes %zu bytes, more than a message may have (%u)",
                    buffer->length, MESSAGE_MAX);
    for (size_t i = 0; i < 4; i++)
        buffer->data[i] = (char)(length >> (8 * i));
    return 0;
}

int message_write_start(struct sn__buffer *buffer, uint64_t tag, const struct uuid *job, const struct spec *spec,
                        struct failure *failure)
{
    int r = message_check_spec(spec, failure);

    if (r < 0)
        return r;
    begin(buffer, MESSAGE_START, tag);
    wire_put_uuid(buffer, job);
    message_put_spec(buffer, spec);
    return end(buffer, failure);
}

int message_write_input(struct sn__buffer *buffer, uint64_t tag, const void *data, size_t length,
                        struct failure *failure)
{
    begin(buffer, MESSAGE_STDIN, tag);
    wire_put_bytes(buffer, data, length);
    return end(buffer, failure);
}

int message_write_plain(struct sn__buffer *buffer, enum message_type type, uint64_t tag, struct failure *failure)
{
    begin(buffer, type, tag);
    return end(buffer, failure);
}

int message_write_hello(struct sn__buffer *buffer, const struct executor_hello *hello, struct failure *failure)
{
    begin(buffer, MESSAGE_HELLO, 0);
    message_put_hello(buffer, hello);
    return end(buffer, failure);
}

int message_write_status(struct sn__buffer *buffer, uint64_t tag, enum job_status status, struct failure *failure)
{
    begin(buffer, MESSAGE_STATUS, tag);
    wire_put_u32(buffer, (uint32_t)status);
    return end(buffer, failure);
}

int message_write_output(struct sn__buffer *buffer, uint64_t tag, enum executor_stream stream, const void *data,
                         size_t length, struct failure *failure)
{
    begin(buffer, MESSAGE_OUTPUT, tag);
    wire_put_u32(buffer, stream);
    wire_put_bytes(buffer, data, length);
    return end(buffer, failure);
}

int message_write_taken(struct sn__buffer *buffer, uint64_t tag, uint64_t taken, struct failure *failure)
{
    begin(buffer, MESSAGE_TAKEN, tag);
    wire_put_u64(buffer, taken);
    return end(buffer, failure);
}

int message_write_case(struct sn__buffer *buffer, uint64_t tag, uint32_t index, const struct case_outcome *test_case,
                       struct failure *failure)
{
    begin(buffer, MESSAGE_CASE, tag);
    wire_put_u32(buffer, index);
    message_put_case(buffer, test_case);
    return end(buffer, failure);
}

int message_write_end(struct sn__buffer *buffer, uint64_t tag, const struct outcome *outcome, struct failure *failure)
{
    begin(buffer, MESSAGE_END, tag);
    message_put_outcome(buffer, outcome);
    return end(buffer, failure);
}
