/* SPDX-License-Identifier: MIT */
#ifndef JOBS_WORK_PARTS_H
#define JOBS_WORK_PARTS_H

#include "common/json.h"
#include "work/kill_point.h"
#include "work/work.h"

#include <pthread.h>

/* What work.c, slot.c and keeper.c know of each other. */

/* Something the executor said of a job, on its way from the client's thread to the slot's. */
struct notice {
    struct notice *next;
    enum { NOTICE_STATUS, NOTICE_OUTPUT, NOTICE_CASE, NOTICE_INPUT_LOST } what;
    enum job_status status;
    int64_t at;
    enum event_kind kind;
    char *data; /* of output, or a case as JSON text */
    size_t length;
};

enum slot_fate {
    SLOT_RUNNING,
    SLOT_ENDED, /* the outcome is there */
    SLOT_GONE,  /* the executor is gone */
};

struct slot {
    struct work *work;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t changed;
    bool has_taken; /* the job `taken`, from its delivery on; under the work's lock */
    struct uuid taken;
    bool is_busy; /* with the job `id`, which is claimed */
    struct uuid id;
    uint32_t attempt;
    const struct spec *spec;
    uint64_t tag;      /* the executor's name of it; 0: not started yet */
    bool is_cancelled; /* by a client */
    bool is_lost;      /* another attempt has the job */
    bool is_returned;  /* to be handed back */
    enum slot_fate fate;
    struct outcome outcome;
    struct notice *first;
    struct notice **last;
};

struct work {
    struct work_options options;
    struct executor_client *client;
    int64_t started; /* when work_start() was called */
    const struct executor_hello *hello;
    struct slot *slots;
    unsigned slot_count;
    pthread_t keeper;
    bool has_keeper;
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t changed;
    bool is_draining;
    bool is_hurried;
    bool is_stopping; /* nothing is waited for any more */
    bool is_gone;
    json_t *counts; /* {LANGUAGE: {STATUS: n}} since the start */
};

/* The slot's thread: takes and executes until the queue is stopped. */
void *slot_main(void *slot);
/* Asks the executor to end what the slot executes, for the reason that `flag` (one of the slot's) stands for. */
void slot_interrupt(struct slot *slot, bool *flag);
/* Input came faster than the program takes it, and some is lost: who watches is told. */
void slot_input_lost(struct slot *slot);
/* Of the executor's client, with the slot as the job's argument. */
void slot_on_status(void *slot, enum job_status status);
void slot_on_output(void *slot, enum executor_stream stream, const void *data, size_t length);
void slot_on_case(void *slot, size_t index, const struct case_outcome *outcome);
void slot_on_end(void *slot, struct outcome *outcome);

void *keeper_main(void *work);
/* A job ended so: for the worker's report. */
void work_count(struct work *work, const char *language, enum job_status status);
/* Sleeps, but no longer than until everything is to stop: true then. */
bool work_pause(struct work *work, uint64_t ms);

#endif
