/* SPDX-License-Identifier: MIT */
#ifndef SERVER_API_STREAM_MESSAGE_H
#define SERVER_API_STREAM_MESSAGE_H

#include "events/events.h"

/*
 * What a client says by the stream of a job: {"type": "stdin", "data": "...", "data_encoding": "base64"}, {"type":
 * "stdin_end"}, {"type": "cancel"}.
 */
struct stream_message {
    enum control_kind kind;
    char *data; /* of stdin; owned; NULL else */
    size_t length;
};

/* FAIL_INVALID, and *ret_detail (a static string) says what is wrong with it; FAIL_NOMEM. */
int stream_message_read(const char *text, size_t length, struct stream_message *ret_message, const char **ret_detail);

#endif
