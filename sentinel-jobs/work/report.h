/* SPDX-License-Identifier: MIT */
#ifndef JOBS_WORK_REPORT_H
#define JOBS_WORK_REPORT_H

#include "common/json.h"
#include "executor/client.h"

/*
 * What a worker tells of itself by its record in the store: {"version", "layers", "relaxed", "languages": [...],
 * "counts": {LANGUAGE: {STATUS: n}}}.
 */

/* A language as the API shows it. NULL without memory. */
json_t *report_language(const struct executor_language *language);
/* Does not take `counts` over. To be freed with free(); NULL without memory. */
char *report_print(const struct executor_hello *hello, const json_t *counts);

#endif
