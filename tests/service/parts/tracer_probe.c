/* SPDX-License-Identifier: MIT */
/*
 * The tracer, for test_tracer.py: tracer_probe ENDPOINT. Each line of standard input is "add N" (so many spans) or
 * "dropped" (which prints their number); at its end the tracer is closed and the number of dropped ones was printed.
 */
#include "observe/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void add(struct tracer *tracer, unsigned count)
{
    static unsigned made;
    static const struct trace_attribute attributes[] = {
        {"job.language", "c"}, {"odd", "\"quoted\" \xc3\xa4 \xff"}, {"none", NULL}, {NULL, NULL}};

    for (; count > 0; count--, made++) {
        struct trace_context parent;
        char name[40];
        struct trace_span span = {
            .name = name,
            .start_us = INT64_C(1764000000000001),
            .end_us = INT64_C(1764000000250002),
            .is_error = made % 2,
            .attributes = made % 3 ? attributes : NULL,
        };

        snprintf(name, sizeof(name), "span %u", made);
        trace_parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", &parent);
        if (made % 2) {
            trace_begin(&parent, &span.context);
            for (int i = 0; i < 8; i++)
                span.parent_id[i] = parent.span_id[i];
        } else {
            trace_begin(NULL, &span.context);
        }
        tracer_add(tracer, &span);
    }
}

int main(int argc, char **argv)
{
    struct tracer *tracer = NULL;
    struct failure failure;
    char line[100];
    unsigned count;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 2 || tracer_open(argv[1], "sentinel-probe", &tracer, &failure) < 0) {
        fprintf(stderr, "%s\n", argc == 2 ? failure.message : "usage: tracer_probe ENDPOINT");
        return 1;
    }
    while (fgets(line, sizeof(line), stdin)) {
        if (sscanf(line, "add %u", &count) == 1)
            add(tracer, count);
        printf("%" PRIu64 "\n", tracer_dropped(tracer));
    }
    tracer_close(tracer);
    printf("closed\n");
    return 0;
}
