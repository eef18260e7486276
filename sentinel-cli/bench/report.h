/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_BENCH_REPORT_H
#define SENTINEL_BENCH_REPORT_H

#include "scenario.h"

#include <jansson.h>

/* A scenario as a table on stdout, or as an object for the document. */
void bench_print(const struct scenario *scenario, unsigned rounds, const struct figures *figures);
json_t *bench_document(const struct scenario *scenario, unsigned rounds, const struct figures *figures);

#endif
