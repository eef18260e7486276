/* SPDX-License-Identifier: MIT */
#ifndef JOBS_JOB_REQUEST_H
#define JOBS_JOB_REQUEST_H

#include "common/json.h"
#include "job/spec.h"

/*
 * A submission as a client writes it, and as a store keeps it: JSON. docs/api.md names the fields. The same parser
 * reads both, so what was accepted can be executed.
 */

/* What is accepted at most; 0: no bound but those of the format. */
struct request_bounds {
    uint64_t source_max; /* bytes, of the source and of all files together */
    uint64_t time_max_ms;
    uint64_t memory_max_kb;
    uint64_t output_max_kb;
    uint64_t cases_max;
};

/* What is wrong with it: for an answer. */
struct request_error {
    char field[120];   /* "test_cases[3].stdin"; "" the whole */
    char reason[160];  /* a sentence without a full stop */
    bool is_too_large; /* it is a bound on size that was passed: 413 */
};

/*
 * Fields that are unknown, of another type, or out of bounds are FAIL_INVALID and *ret_error says which and why.
 * user_id and callback_url are not of the spec: the caller reads them by request_text(). The language is any name here.
 * *ret_spec ends by spec_free().
 */
int request_parse(const json_t *document, const struct request_bounds *bounds, struct spec *ret_spec,
                  struct request_error *ret_error);
/*
 * A text field of the document without control characters, at most `max` bytes; "" if it is not there. FAIL_INVALID and
 * *ret_error. The text is the document's.
 */
int request_text(const json_t *document, const char *name, size_t max, const char **ret_text,
                 struct request_error *ret_error);

#endif
