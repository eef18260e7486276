/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EXECUTOR_TASK_H
#define JOBS_EXECUTOR_TASK_H

#include "base/buffer.h"
#include "common/failure.h"
#include "common/uuid.h"
#include "job/spec.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/*
 * A job between START and END. The reader makes it and says what came for it; a slot executes it. Whoever is neither
 * finds it through the table only.
 */
struct task {
    struct task *next;         /* of all */
    struct task *next_waiting; /* of those that no slot has taken yet */
    uint64_t tag;
    struct uuid id;     /* of the job, as the frontend says */
    uint64_t handed_ns; /* when it came, of the monotonic clock */
    struct spec spec;
    bool lacks_memory; /* there was none for the spec: it is to be answered, not executed */
    atomic_bool is_cancelled;
    int cancel; /* readable for good once it is cancelled */
    int wake;   /* readable when there is input, or its end; -1: not interactive */
    /* under the lock of the table */
    struct sn__buffer input;
    bool has_input_ended;
};

struct tasks {
    pthread_mutex_t lock;
    pthread_cond_t has_waiting;
    struct task *all;
    struct task *first_waiting;
    struct task *last_waiting;
    unsigned count;
    unsigned most;
    bool is_closed;
};

/* Takes what `spec` owns, in any case. */
int task_new(uint64_t tag, const struct uuid *id, struct spec *spec, struct task **ret_task, struct failure *failure);
void task_free(struct task *task);

int tasks_open(struct tasks *tasks, unsigned most, struct failure *failure);
/* Nobody uses it any more. */
void tasks_destroy(struct tasks *tasks);

/* For the reader; none of these waits for a job. FAIL_INVALID is a peer that does not keep to the protocol. */
int tasks_add(struct tasks *tasks, struct task *task, struct failure *failure);
int tasks_give_input(struct tasks *tasks, uint64_t tag, const void *data, size_t length, struct failure *failure);
void tasks_end_input(struct tasks *tasks, uint64_t tag);
void tasks_cancel(struct tasks *tasks, uint64_t tag);
/* Cancels all, and lets no more be taken. */
void tasks_close(struct tasks *tasks);

/* For slots. Waits for one; NULL: there will be no more. */
struct task *tasks_take(struct tasks *tasks);
/* What came since the last time, which may be nothing; the buffer's old content is dropped. */
void tasks_take_input(struct tasks *tasks, struct task *task, struct sn__buffer *input, bool *ret_ended);
/* Before its END is sent: from then on the peer may start another one. It is the slot's alone now. */
void tasks_remove(struct tasks *tasks, struct task *task);

#endif
