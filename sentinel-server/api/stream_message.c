/* SPDX-License-Identifier: MIT */
#include "api/stream_message.h"

#include "base/cleanup.h"
#include "common/json.h"

#include <string.h>

static int read_stdin(const json_t *document, struct stream_message *message, const char **ret_detail)
{
    const json_t *data = json_object_get(document, "data");
    const char *encoding = json_string_value(json_object_get(document, "data_encoding"));

    message->kind = CONTROL_STDIN;
    *ret_detail = "its data is no string";
    if (!json_is_string(data))
        return FAIL_INVALID;
    *ret_detail = "its data is no base64";
    if (encoding && strcmp(encoding, "base64") == 0)
        return json_decode_base64(json_string_value(data), json_string_length(data), &message->data, &message->length);
    message->data = malloc(json_string_length(data) + 1);
    if (!message->data)
        return FAIL_NOMEM;
    message->length = json_string_length(data);
    memcpy(message->data, json_string_value(data), message->length + 1);
    return 0;
}

int stream_message_read(const char *text, size_t length, struct stream_message *ret_message, const char **ret_detail)
{
    struct stream_message message = {0};
    cleanup_json json_t *document = NULL;
    const char *type;
    int error = 0;

    *ret_detail = "it is no JSON object";
    if (json_parse(text, length, &document, NULL) < 0)
        return FAIL_INVALID;
    type = json_string_value(json_object_get(document, "type"));
    *ret_detail = "its type is none of stdin, stdin_end, cancel";
    if (!type)
        return FAIL_INVALID;
    if (strcmp(type, "stdin_end") == 0)
        message.kind = CONTROL_STDIN_END;
    else if (strcmp(type, "cancel") == 0)
        message.kind = CONTROL_CANCEL;
    else if (strcmp(type, "stdin") == 0)
        error = read_stdin(document, &message, ret_detail);
    else
        error = FAIL_INVALID;
    if (error == 0)
        *ret_message = message;
    return error;
}
