/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EXECUTOR_MESSAGE_PARTS_H
#define JOBS_EXECUTOR_MESSAGE_PARTS_H

#include "executor/message.h"
#include "executor/wire.h"

/* The long ones among the fields of messages. What was read before something was wrong is the caller's to free. */
void message_put_spec(struct sn__buffer *buffer, const struct spec *spec);
void message_get_spec(struct wire_reader *reader, struct spec *spec);
void message_put_limits(struct sn__buffer *buffer, const struct spec_limits *limits);
void message_get_limits(struct wire_reader *reader, struct spec_limits *limits);

void message_put_hello(struct sn__buffer *buffer, const struct executor_hello *hello);
void message_get_hello(struct wire_reader *reader, struct executor_hello *hello);
void message_put_case(struct sn__buffer *buffer, const struct case_outcome *test_case);
void message_get_case(struct wire_reader *reader, struct case_outcome *test_case);
void message_put_outcome(struct sn__buffer *buffer, const struct outcome *outcome);
void message_get_outcome(struct wire_reader *reader, struct outcome *outcome);

#endif
