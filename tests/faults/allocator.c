/* SPDX-License-Identifier: MIT */
#include "allocator.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdlib.h>
#include <string.h>

/* The C library's own, under the names that it has for those who stand in front of them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

#define OWN_FRAMES 2 /* note() and the function that is called */

static struct {
    bool counts;
    bool looks; /* backtrace() allocates, the first time */
    bool fails;
    unsigned count;
    struct allocator_fault *fault;
    struct allocator_log *log;
} state;

static void look_back(uint64_t frames[ALLOCATOR_FRAMES])
{
    void *found[ALLOCATOR_FRAMES + OWN_FRAMES + 1];
    int count;

    state.looks = true;
    count = backtrace(found, ALLOCATOR_FRAMES + OWN_FRAMES + 1);
    state.looks = false;
    memset(frames, 0, ALLOCATOR_FRAMES * sizeof(frames[0]));
    for (int i = OWN_FRAMES + 1; i < count; i++)
        frames[i - OWN_FRAMES - 1] = (uint64_t)(uintptr_t)found[i];
}

static bool is_jansson(uint64_t frame)
{
    Dl_info where;

    return dladdr((void *)(uintptr_t)frame, &where) && strstr(where.dli_fname, "/libjansson.");
}

static void log_one(struct allocator_log *log)
{
    if (log->count == ALLOCATOR_LOG_MAX)
        return;
    look_back(log->met[log->count].frames);
    log->met[log->count].ordinal = state.count;
    log->count += !is_jansson(log->met[log->count].frames[0]);
}

/* Counts an allocation; whether it is to fail. */
static __attribute__((noinline)) bool note(void)
{
    if (!state.counts || state.looks)
        return false;
    state.count++;
    if (state.log) {
        log_one(state.log);
    } else if (state.count == state.fault->ordinal) {
        state.fault->is_hit = true;
        state.fails = state.fault->goes_on;
        look_back(state.fault->frames);
        return true;
    }
    return state.fails;
}

void *malloc(size_t size)
{
    if (!note())
        return __libc_malloc(size);
    errno = ENOMEM;
    return NULL;
}

void *calloc(size_t count, size_t size)
{
    if (!note())
        return __libc_calloc(count, size);
    errno = ENOMEM;
    return NULL;
}

void *realloc(void *memory, size_t size)
{
    /* with nothing to allocate it is free() */
    if (size == 0 || !note())
        return __libc_realloc(memory, size);
    errno = ENOMEM;
    return NULL;
}

void allocator_begin(struct allocator_fault *fault, struct allocator_log *log)
{
    uint64_t unused[ALLOCATOR_FRAMES];

    look_back(unused);
    fault->is_hit = false;
    if (log)
        log->count = 0;
    state.count = 0;
    state.fails = false;
    state.fault = fault;
    state.log = log;
    state.counts = true;
}

void allocator_mend(void)
{
    state.fails = false;
}

void allocator_end(void)
{
    state.counts = false;
}
