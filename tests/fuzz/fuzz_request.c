/* SPDX-License-Identifier: MIT */
/* A submission as anybody may send it: JSON, then the fields. What is accepted must read the same from the store. */
#include "common/json.h"
#include "job/request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct request_bounds bounds = {.source_max = 1 << 20,
                                                 .time_max_ms = 60000,
                                                 .memory_max_kb = 1 << 20,
                                                 .output_max_kb = 16384,
                                                 .cases_max = 256};
    static const struct request_bounds no_bounds;
    struct request_error why;
    struct failure failure;
    struct spec spec = {0};
    struct spec again = {0};
    json_t *document = NULL;
    const char *text;
    char *stored;

    if (json_parse((const char *)data, size, &document, &failure) < 0)
        return 0;
    if (request_text(document, "user_id", 200, &text, &why) == 0 && strlen(text) > 200)
        abort();
    if (request_parse(document, &bounds, &spec, &why) < 0) {
        if (!*why.reason)
            abort();
        json_decref(document);
        return 0;
    }
    stored = json_print(document, NULL);
    json_decref(document);
    if (!stored || json_parse(stored, strlen(stored), &document, &failure) < 0)
        abort();
    if (request_parse(document, &no_bounds, &again, &why) < 0)
        abort();
    if (again.source.length != spec.source.length ||
        memcmp(again.source.data, spec.source.data, spec.source.length) != 0 || again.case_count != spec.case_count ||
        again.file_count != spec.file_count)
        abort();
    spec_free(&again);
    spec_free(&spec);
    json_decref(document);
    free(stored);
    return 0;
}
