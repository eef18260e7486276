/* SPDX-License-Identifier: MIT */
/*
 * Messages between the service's frontend and its executor, from either side: the first byte says which, then messages
 * follow each other as on the socket. What is accepted has one encoding: written again it is the same bytes.
 */
#include "executor/message.h"
#include "fuzz.h"

static int write_again(struct sn__buffer *buffer, const struct message *message)
{
    switch (message->type) {
    case MESSAGE_START:
        return message_write_start(buffer, message->tag, &message->job, &message->spec, NULL);
    case MESSAGE_STDIN:
        return message_write_input(buffer, message->tag, message->data, message->length, NULL);
    case MESSAGE_STDIN_END:
    case MESSAGE_CANCEL:
        return message_write_plain(buffer, message->type, message->tag, NULL);
    case MESSAGE_HELLO:
        return message_write_hello(buffer, &message->hello, NULL);
    case MESSAGE_STATUS:
        return message_write_status(buffer, message->tag, message->status, NULL);
    case MESSAGE_OUTPUT:
        return message_write_output(buffer, message->tag, message->stream, message->data, message->length, NULL);
    case MESSAGE_TAKEN:
        return message_write_taken(buffer, message->tag, message->taken, NULL);
    case MESSAGE_CASE:
        return message_write_case(buffer, message->tag, message->index, &message->test_case, NULL);
    default:
        return message_write_end(buffer, message->tag, &message->outcome, NULL);
    }
}

static void check_path(const char *path)
{
    MUST(path[0] != '/', "'%s'", path);
    MUST(strcmp(path, "..") != 0 && strncmp(path, "../", 3) != 0 && !strstr(path, "/../"), "'%s'", path);
    MUST(strlen(path) < 3 || strcmp(path + strlen(path) - 3, "/..") != 0, "'%s'", path);
}

static void check_spec(const struct spec *spec)
{
    MUST(spec->args && spec->env && spec->compile_options && spec->source.data, "a NULL that may not be one");
    check_path(spec->file_name);
    for (size_t i = 0; i < spec->file_count; i++) {
        MUST(spec->files[i].content.data && *spec->files[i].path, "file %zu", i);
        check_path(spec->files[i].path);
    }
    for (char **variable = spec->env; *variable; variable++)
        MUST(strchr(*variable, '=') > *variable, "'%s'", *variable);
}

/* One message off the front; 0: there is none. */
static size_t take(const uint8_t *data, size_t size, enum message_side side)
{
    struct message_header header;
    struct sn__buffer again = {0};
    struct message message;
    uint8_t *payload;
    int r;

    if (size < MESSAGE_HEADER || message_header_read(data, side, &header, NULL) < 0 ||
        header.length > size - MESSAGE_HEADER)
        return 0;
    /* of exactly that size: a read behind it is seen */
    payload = malloc(header.length ? header.length : 1);
    MUST(payload, "no memory");
    memcpy(payload, data + MESSAGE_HEADER, header.length);
    r = message_read(&header, payload, &message, NULL);
    if (r == 0) {
        if (message.type == MESSAGE_START)
            check_spec(&message.spec);
        MUST(write_again(&again, &message) == 0, "type %u cannot be written", message.type);
        MUST(again.length == MESSAGE_HEADER + header.length && memcmp(again.data, data, again.length) == 0,
             "type %u is written otherwise", message.type);
        message_clear(&message);
        sn__buffer_clear(&again);
    }
    free(payload);
    return MESSAGE_HEADER + header.length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum message_side side = fuzz_take(&data, &size, 1) & 1 ? FROM_FRONTEND : FROM_EXECUTOR;
    size_t taken;

    while ((taken = take(data, size, side))) {
        data += taken;
        size -= taken;
    }
    return 0;
}
