/* SPDX-License-Identifier: MIT */
#ifndef JOBS_COMMON_LOG_H
#define JOBS_COMMON_LOG_H

#include "common/uuid.h"

/*
 * One JSON object a line on standard error:
 *   {"time":"...","level":"info","process":"server","request_id":"...","job_id":"...","message":"..."}
 * Written by one write(2), so lines of several processes do not mix. Any thread.
 */
enum log_level { LOG_DEBUG_LEVEL, LOG_INFO_LEVEL, LOG_WARN_LEVEL, LOG_ERROR_LEVEL };

/* Once, before threads. `process` is a static string: "server", "worker", "executor". */
void log_setup(const char *process, enum log_level least);
/* The process is another one from here on: after a fork. */
void log_rename(const char *process);
/* False if it is none of debug, info, warn, error. */
bool log_level_parse(const char *text, enum log_level *ret_level);

/* What a line is about; any of it may be NULL. */
struct log_about {
    const char *request_id;
    const struct uuid *job;
    const char *traceparent;
    const char *key_id;  /* of the API key by which somebody asked, "none" without one; or that a command is about */
    const char *address; /* whoever asked has it: personal data */
};

void log_line(enum log_level level, const struct log_about *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_debug(...) log_line(LOG_DEBUG_LEVEL, NULL, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO_LEVEL, NULL, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN_LEVEL, NULL, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR_LEVEL, NULL, __VA_ARGS__)

#endif
