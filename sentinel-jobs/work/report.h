/* SPDX-License-Identifier: MIT */
#ifndef JOBS_WORK_REPORT_H
#define JOBS_WORK_REPORT_H

#include "common/json.h"
#include "executor/client.h"
#include "observe/host.h"

/*
 * What a worker tells of itself by its record in the store: {"version", "started_at", "layers", "relaxed",
 * "languages": [...], "host": {"processors", "cpu_used", "memory_total_kb", "memory_available_kb", "load_1m"} (null
 * where unknown), "counts": {LANGUAGE: {STATUS: n}}}.
 */

/* A language as the API shows it. NULL without memory. */
json_t *report_language(const struct executor_language *language);
/* Does not take `counts` over. To be freed with free(); NULL without memory. */
char *report_print(const struct executor_hello *hello, int64_t started, const struct host_figures *host,
                   const json_t *counts);

#endif
