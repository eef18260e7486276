/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EXECUTOR_MESSAGE_H
#define JOBS_EXECUTOR_MESSAGE_H

#include "executor/client.h"
#include "executor/outcome.h"

#include "base/buffer.h"
#include "common/failure.h"
#include "common/uuid.h"

/*
 * The messages between the frontend and the executor. Each is a header of 16 bytes (the length of what follows it, the
 * type, the tag of the job that it is about) and its fields (wire.h). Every field has a bound, here; a message that is
 * beyond one, or that is not exactly as long as its fields, is refused as a whole. Neither side reads what the other
 * keeps in memory, so both must be of one build: HELLO says the version of the protocol first.
 */
#define MESSAGE_VERSION 2
#define MESSAGE_HEADER 16
#define MESSAGE_MAX (48U << 20) /* with its header */

#define INPUT_MAX (1U << 20) /* of an interactive job, told and not yet taken */

/* Of a spec. */
#define SPEC_NAME_MAX 255U     /* of a language, of a source, of a case */
#define SPEC_PATH_MAX 1023U    /* of a file */
#define SPEC_FILES_MAX 1024U   /* files beside the source */
#define SPEC_STRING_MAX 65535U /* one argument, one variable */
#define SPEC_STRINGS_MAX 1024U
#define SPEC_CASES_MAX 4096U
#define SPEC_LIMIT_MAX (UINT64_C(1) << 40)

/* Of what the executor tells. Longer text is cut off there. */
#define OUTCOME_NAME_MAX 255U
#define OUTCOME_LINE_MAX 4095U
#define OUTCOME_NOTES_MAX 65535U
#define HELLO_LANGUAGES_MAX 1024U
#define HELLO_ALIASES_MAX 256U

enum message_type {
    /* from the frontend */
    MESSAGE_START = 1,
    MESSAGE_STDIN = 2,
    MESSAGE_STDIN_END = 3,
    MESSAGE_CANCEL = 4,
    /* from the executor */
    MESSAGE_HELLO = 16,
    MESSAGE_STATUS = 17,
    MESSAGE_OUTPUT = 18,
    MESSAGE_TAKEN = 19, /* so many bytes of input are not in the executor's buffer any more */
    MESSAGE_CASE = 20,
    MESSAGE_END = 21
};

enum message_side { FROM_FRONTEND = 1, FROM_EXECUTOR = 2 };

struct message_header {
    uint32_t length; /* of what follows */
    uint32_t type;
    uint64_t tag;
};

/* One message as it was read. What is owned is freed by message_clear(); zeros are a valid empty one. */
struct message {
    enum message_type type;
    uint64_t tag;
    struct uuid job;             /* START: what logs call it, never zero */
    struct spec spec;            /* START */
    struct executor_hello hello; /* HELLO */
    enum job_status status;      /* STATUS */
    enum executor_stream stream; /* OUTPUT */
    const void *data;            /* STDIN, OUTPUT; points into what was read */
    size_t length;
    uint64_t taken;                /* TAKEN */
    uint32_t index;                /* CASE */
    struct case_outcome test_case; /* CASE */
    struct outcome outcome;        /* END; case_count says how many there are, `cases` were told by CASE */
};

/* FAIL_INVALID: longer than a message may be, or of a type that this side does not send. */
int message_header_read(const uint8_t bytes[MESSAGE_HEADER], enum message_side side, struct message_header *ret_header,
                        struct failure *failure);
/*
 * FAIL_INVALID; then *ret_message is untouched. FAIL_NOMEM; then it has what says which job it was about (type, tag,
 * and the job of START), and nothing that is to be freed.
 */
int message_read(const struct message_header *header, const void *payload, struct message *ret_message,
                 struct failure *failure);
void message_clear(struct message *message);

/*
 * Each appends a whole message to an empty buffer; FAIL_NOMEM, FAIL_LIMIT (it is longer than a message may be). Of the
 * outcome of END the cases are not written, only their number.
 */
int message_write_start(struct sn__buffer *buffer, uint64_t tag, const struct uuid *job, const struct spec *spec,
                        struct failure *failure);
int message_write_input(struct sn__buffer *buffer, uint64_t tag, const void *data, size_t length,
                        struct failure *failure);
/* STDIN_END, CANCEL. */
int message_write_plain(struct sn__buffer *buffer, enum message_type type, uint64_t tag, struct failure *failure);
int message_write_hello(struct sn__buffer *buffer, const struct executor_hello *hello, struct failure *failure);
int message_write_status(struct sn__buffer *buffer, uint64_t tag, enum job_status status, struct failure *failure);
int message_write_output(struct sn__buffer *buffer, uint64_t tag, enum executor_stream stream, const void *data,
                         size_t length, struct failure *failure);
int message_write_taken(struct sn__buffer *buffer, uint64_t tag, uint64_t taken, struct failure *failure);
int message_write_case(struct sn__buffer *buffer, uint64_t tag, uint32_t index, const struct case_outcome *test_case,
                       struct failure *failure);
int message_write_end(struct sn__buffer *buffer, uint64_t tag, const struct outcome *outcome, struct failure *failure);

/*
 * Is a spec within the bounds? The frontend asks before it sends one, so that no request can bring the executor down:
 * FAIL_INVALID, and the message names the field.
 */
int message_check_spec(const struct spec *spec, struct failure *failure);

void executor_hello_clear(struct executor_hello *hello);

#endif
