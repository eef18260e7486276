/* SPDX-License-Identifier: MIT */
#include "common/log.h"

#include "base/buffer.h"
#include "common/wallclock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const level_names[] = {"debug", "info", "warn", "error"};

/* Set once before there are threads. */
static const char *process_name = "sentinel";
static enum log_level least_level = LOG_INFO_LEVEL;

void log_setup(const char *process, enum log_level least)
{
    process_name = process;
    least_level = least;
}

void log_rename(const char *process)
{
    process_name = process;
}

bool log_level_parse(const char *text, enum log_level *ret_level)
{
    for (size_t i = 0; i < SN_ARRAY_SIZE(level_names); i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *ret_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* A JSON string; what is not ASCII becomes '?', for a log must be readable whatever was put into it. */
static void add_string(struct sn__buffer *line, const char *key, const char *text)
{
    sn__buffer_addf(line, ",\"%s\":\"", key);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            sn__buffer_addf(line, "\\%c", *c);
        else if (*c < 0x20)
            sn__buffer_addf(line, "\\u%04x", *c);
        else
            sn__buffer_addf(line, "%c", *c < 0x7f ? *c : '?');
    }
    sn__buffer_add_string(line, "\"");
}

void log_line(enum log_level level, const struct log_about *about, const char *format, ...)
{
    cleanup_buffer struct sn__buffer line = {0};
    char now[WALLCLOCK_TEXT_SIZE];
    char message[1000];
    va_list args;

    if (level < least_level)
        return;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    wallclock_print(wallclock_us(), now);
    sn__buffer_addf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"process\":\"%s\"", now, level_names[level],
                    process_name);
    if (about && about->request_id)
        add_string(&line, "request_id", about->request_id);
    if (about && about->job) {
        char id[UUID_TEXT_SIZE];

        uuid_print(about->job, id);
        add_string(&line, "job_id", id);
    }
    if (about && about->traceparent && *about->traceparent)
        add_string(&line, "traceparent", about->traceparent);
    if (about && about->key_id)
        add_string(&line, "key_id", about->key_id);
    if (about && about->address)
        add_string(&line, "address", about->address);
    add_string(&line, "message", message);
    sn__buffer_add_string(&line, "}\n");
    if (!line.failed) {
        ssize_t written = write(STDERR_FILENO, line.data, line.length);

        (void)written; /* there is nowhere to tell that the log cannot be written */
    }
}
