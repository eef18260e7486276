/* SPDX-License-Identifier: MIT */
#include "api/errands.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum { LANES = 4 };

struct errand {
    struct errand *next;
    void (*function)(void *arg);
    void *arg;
};

struct lane {
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct errand *first;
    struct errand **last;
    bool is_stopping;
};

struct errands {
    struct lane lanes[LANES];
};

static void *lane_main(void *arg)
{
    struct lane *lane = arg;

    for (;;) {
        struct errand *errand;

        pthread_mutex_lock(&lane->lock);
        while (!lane->first && !lane->is_stopping)
            pthread_cond_wait(&lane->changed, &lane->lock);
        errand = lane->first;
        if (errand) {
            lane->first = errand->next;
            if (!lane->first)
                lane->last = &lane->first;
        }
        pthread_mutex_unlock(&lane->lock);
        if (!errand)
            return NULL;
        errand->function(errand->arg);
        free(errand);
    }
}

int errands_start(struct errands **ret_errands, struct failure *failure)
{
    struct errands *errands = calloc(1, sizeof(*errands));

    if (!errands)
        return fail_nomem(failure);
    for (int i = 0; i < LANES; i++) {
        struct lane *lane = &errands->lanes[i];

        pthread_mutex_init(&lane->lock, NULL);
        pthread_cond_init(&lane->changed, NULL);
        lane->last = &lane->first;
        lane->has_thread = pthread_create(&lane->thread, NULL, lane_main, lane) == 0;
        if (!lane->has_thread) {
            errands_stop(errands);
            return fail(failure, FAIL_INTERNAL, "no thread for errands");
        }
    }
    *ret_errands = errands;
    return 0;
}

int errands_add(struct errands *errands, const void *lane_of, void (*function)(void *arg), void *arg)
{
    struct lane *lane = &errands->lanes[((uintptr_t)lane_of >> 6) % LANES];
    struct errand *errand = malloc(sizeof(*errand));
    bool is_stopping;

    if (!errand)
        return FAIL_NOMEM;
    *errand = (struct errand){.function = function, .arg = arg};
    pthread_mutex_lock(&lane->lock);
    is_stopping = lane->is_stopping;
    if (!is_stopping) {
        *lane->last = errand;
        lane->last = &errand->next;
        pthread_cond_signal(&lane->changed);
    }
    pthread_mutex_unlock(&lane->lock);
    if (is_stopping)
        free(errand);
    return is_stopping ? FAIL_CLOSED : 0;
}

void errands_stop(struct errands *errands)
{
    if (!errands)
        return;
    for (int i = 0; i < LANES; i++) {
        struct lane *lane = &errands->lanes[i];

        if (!lane->has_thread)
            continue;
        pthread_mutex_lock(&lane->lock);
        lane->is_stopping = true;
        pthread_cond_signal(&lane->changed);
        pthread_mutex_unlock(&lane->lock);
        pthread_join(lane->thread, NULL);
        pthread_mutex_destroy(&lane->lock);
        pthread_cond_destroy(&lane->changed);
    }
    free(errands);
}
