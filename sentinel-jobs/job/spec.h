/* SPDX-License-Identifier: MIT */
#ifndef JOBS_JOB_SPEC_H
#define JOBS_JOB_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is to be executed, typed: made of a request's JSON (job/request.h), stored as JSON, carried to the executor as a
 * message (executor/message.h). Everything is owned by it and freed by spec_free().
 */

/* Bytes that may contain anything; `data` is followed by a NUL that does not count. */
struct blob {
    char *data; /* never NULL in a spec */
    size_t length;
};

struct spec_file {
    char *path;
    struct blob content;
};

struct spec_limits {
    uint64_t time_ms;     /* elapsed, and CPU time unless cpu_time_ms says otherwise; 0: the language's */
    uint64_t cpu_time_ms; /* 0: time_ms */
    uint64_t memory_kb;   /* 0: the language's, as are the ones below */
    uint64_t processes;
    uint64_t output_kb; /* of stdout and of stderr each */
};

enum spec_compare {
    COMPARE_TRAILING = 1, /* the default: white space at the ends of lines, and empty lines at the end, do not count */
    COMPARE_EXACT = 2,
    COMPARE_TOKENS = 3, /* what white space separates */
    COMPARE_FLOAT = 4,  /* tokens; numbers within an absolute or relative tolerance */
    COMPARE_CHECKER = 5 /* a program decides: exit status 0 is right, 1 is wrong */
};

struct spec_case {
    char *name; /* "" none */
    struct blob stdin_data;
    struct blob expected;
    char **args;               /* NULL-terminated; NULL: the job's */
    struct spec_limits limits; /* 0: the job's */
    bool has_expected;         /* else it only has to end well */
    bool is_hidden;            /* its input, expected output and output are shown to nobody but an admin */
};

struct spec_checker {
    char *language;
    struct blob source;
};

struct spec {
    char *language;
    char *file_name;    /* of the source; "" the language's */
    struct blob source; /* the source proper */
    struct spec_file *files;
    size_t file_count;
    struct blob stdin_data;
    char **args;            /* NULL-terminated, never NULL */
    char **env;             /* "K=V", NULL-terminated, never NULL */
    char **compile_options; /* NULL-terminated, never NULL */
    struct spec_limits limits;
    struct spec_case *cases;
    size_t case_count; /* 0: one run */
    enum spec_compare compare;
    double tolerance; /* of COMPARE_FLOAT */
    struct spec_checker checker;
    bool stop_at_first;  /* failed case */
    bool is_interactive; /* stdin comes while it runs (after stdin_data), until its end is told */
};

/* All zero is a valid empty spec. Frees what it holds, not the struct. */
void spec_free(struct spec *spec);

#endif
