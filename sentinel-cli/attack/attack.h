/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_ATTACK_ATTACK_H
#define SENTINEL_ATTACK_ATTACK_H

/* What `sentinel doctor --attack` is made of; tests/attacks/README.md is the contract that the attacks keep. */

#include "../options.h"

#include <jansson.h>

enum attack_stage { STAGE_RUN, STAGE_RERUN, STAGE_NEIGHBOUR, STAGE_AFTER, STAGE_DURING, STAGE_TERMINAL };

/* What the host does with the files of a program (stages after and during). */
struct attack_operation {
    enum { OPERATION_GET, OPERATION_PUT, OPERATION_MKDIR, OPERATION_LIST } kind;
    const char *name;
};

/* A bound of null in the manifest is 0 or infinity here. */
struct attack_range {
    double low;
    double high;
    bool given;
};

/* A manifest, checked. Its strings belong to `document` unless said otherwise. */
struct attack {
    json_t *document;
    char *name;    /* "egress/tcp-loopback"; owned */
    char *program; /* path of the program on the host; owned */
    enum { PROGRAM_BINARY, PROGRAM_PYTHON, PROGRAM_SHELL } kind;
    enum attack_stage stage;
    const char *title;
    const char *safe;
    const char *visible; /* NULL */
    struct string_list source;
    struct string_list stopped_by;
    size_t relaxable; /* how many of stopped_by, from the first, --relax takes */
    struct string_list args;
    struct string_list options;
    unsigned ends_by;  /* bits 1 << SN_LIMIT_... */
    unsigned verdicts; /* bits 1 << SN_VERDICT_...; 0: any that the program's own word goes with */
    struct attack_range cpu_ms;
    struct attack_range wall_ms;
    struct attack_range memory_kb;
    struct attack_operation *operations; /* owned */
    size_t operation_count;
    struct {
        struct string_list options;
        struct string_list args;
        bool given;
        bool box;
        bool vm;
        const char *none; /* why there is none; NULL */
    } control;
};

struct attack_list {
    struct attack *items;
    size_t count;
};

/* How an attack went. */
enum attack_kind {
    OUTCOME_HELD,
    OUTCOME_BREACHED,
    OUTCOME_VISIBLE,
    OUTCOME_UNTRIED, /* it cannot be tried here */
    OUTCOME_BROKEN   /* the attack, not the sandbox, is at fault */
};
struct attack_outcome {
    enum attack_kind kind;
    char *by;     /* the layer or mechanism that held; NULL; owned */
    bool seen;    /* it was seen to be that; else it is the first one in force of those that the manifest lists */
    char *detail; /* one line; owned */
    double wall_ms;
};
const char *attack_kind_name(enum attack_kind kind);
void attack_outcome_clear(struct attack_outcome *outcome);

/* How it is tried: as the caller would run anything (nothing relaxed), or without some of the layers of stopped_by. */
struct attack_variant {
    uint32_t relaxed; /* bit i: the i-th of stopped_by */
    bool control;     /* the last one: everything relaxed, and what the manifest's control adds */
};
#define STOPPED_BY_MAX 16

static inline bool attack_is_relaxed(const struct attack_variant *variant, size_t layer)
{
    return variant->relaxed & (1U << layer);
}

#endif
