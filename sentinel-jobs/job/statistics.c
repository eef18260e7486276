/* SPDX-License-Identifier: MIT */
#include "job/statistics.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>

#define STATUSES 32 /* more than the greatest number of a status */

/* Values of one kind, sorted when they are asked about. */
struct samples {
    int64_t *us;
    size_t count;
};

struct bucket {
    size_t accepted;
    size_t finished;
    size_t by_status[STATUSES];
    struct samples runs;
};

struct language {
    const char *name;
    size_t finished;
    size_t by_status[STATUSES];
};

enum stage { STAGE_QUEUE, STAGE_COMPILE, STAGE_RUN, STAGE_TOTAL, STAGES };
static const char *const stage_names[] = {"queue", "compile", "run", "total"};

enum { LANGUAGES_MAX = 256 };

/* All of it, while it is counted. */
struct count {
    const struct statistics_span *span;
    struct bucket *buckets;
    struct bucket sum;
    struct samples stages[STAGES];
    struct language languages[LANGUAGES_MAX];
    size_t language_count;
};

void job_history_free(struct job_history *history)
{
    free(steal_ptr(&history->accepted));
    free(steal_ptr(&history->ended));
    *history = (struct job_history){0};
}

struct statistics_span statistics_span(int64_t now, uint32_t seconds, uint32_t count)
{
    int64_t width = (int64_t)seconds * 1000000 / count;
    int64_t last = now - now % width;

    return (struct statistics_span){.since = last - width * (count - 1), .width = width, .count = count};
}

int64_t statistics_span_end(const struct statistics_span *span)
{
    return span->since + span->width * (int64_t)span->count;
}

/* ---- percentiles ------------------------------------------------------------------------------------------------- */

static int compare_us(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* Either moment unknown: no sample. */
static void add_sample(struct samples *samples, int64_t from, int64_t to)
{
    if (from > 0 && to > 0)
        samples->us[samples->count++] = to > from ? to - from : 0;
}

/* NULL of one in which something is missing, for want of memory. */
static json_t *whole(json_t *document, int failed)
{
    if (!failed)
        return document;
    json_decref(document);
    return NULL;
}

/* {"p50": ms, ...} of the percentiles (ended by 0); null of nothing. */
static json_t *percentiles(struct samples *samples, const unsigned *wanted)
{
    json_t *document;
    int failed = 0;

    if (samples->count == 0)
        return json_null();
    qsort(samples->us, samples->count, sizeof(*samples->us), compare_us);
    document = json_object();
    for (; *wanted; wanted++) {
        size_t rank = (samples->count * *wanted + 99) / 100;
        char name[16];

        snprintf(name, sizeof(name), "p%u", *wanted);
        failed |= json_object_set_new(document, name, json_real((double)samples->us[rank - 1] / 1000));
    }
    return whole(document, failed);
}

/* ---- counting ---------------------------------------------------------------------------------------------------- */

/* NULL: outside of the span. */
static struct bucket *bucket_of(const struct count *count, int64_t at)
{
    const struct statistics_span *span = count->span;

    if (at < span->since || at >= statistics_span_end(span))
        return NULL;
    return &count->buckets[(at - span->since) / span->width];
}

static void count_status(size_t *by_status, enum job_status status)
{
    if ((unsigned)status < STATUSES)
        by_status[status]++;
}

/* By name. What comes beyond so many is "other": languages are manifests of the operator's, so there are few. */
static struct language *language_of(struct count *count, const char *name)
{
    struct language *languages = count->languages;

    for (size_t i = 0; i < count->language_count; i++)
        if (strcmp(languages[i].name, name) == 0)
            return &languages[i];
    if (count->language_count == LANGUAGES_MAX)
        return &languages[LANGUAGES_MAX - 1];
    if (count->language_count == LANGUAGES_MAX - 1)
        name = "other";
    languages[count->language_count].name = name;
    return &languages[count->language_count++];
}

static void count_jobs(struct count *count, const struct job_history *history)
{
    struct bucket *bucket;

    for (size_t i = 0; i < history->accepted_count; i++) {
        bucket = bucket_of(count, history->accepted[i]);
        if (!bucket)
            continue;
        bucket->accepted++;
        count->sum.accepted++;
    }
    for (size_t i = 0; i < history->ended_count; i++) {
        const struct job_end *end = &history->ended[i];
        struct language *language;

        bucket = bucket_of(count, end->times.finished);
        if (!bucket)
            continue;
        language = language_of(count, end->language);
        bucket->finished++;
        language->finished++;
        count->sum.finished++;
        count_status(bucket->by_status, end->status);
        count_status(language->by_status, end->status);
        count_status(count->sum.by_status, end->status);
    }
}

/* After the counting, which says how much of `space` each has: all jobs that ended for each stage, and for buckets. */
static void take_times(struct count *count, const struct job_history *history, int64_t *space)
{
    for (size_t i = 0; i < STAGES; i++, space += count->sum.finished)
        count->stages[i].us = space;
    for (size_t i = 0; i < count->span->count; i++) {
        count->buckets[i].runs.us = space;
        space += count->buckets[i].finished;
    }
    for (size_t i = 0; i < history->ended_count; i++) {
        const struct job_times *times = &history->ended[i].times;
        struct bucket *bucket = bucket_of(count, times->finished);

        if (!bucket)
            continue;
        add_sample(&bucket->runs, times->running, times->finished);
        add_sample(&count->stages[STAGE_QUEUE], times->created, times->claimed);
        add_sample(&count->stages[STAGE_COMPILE], times->compiling, times->running);
        add_sample(&count->stages[STAGE_RUN], times->running, times->finished);
        add_sample(&count->stages[STAGE_TOTAL], times->created, times->finished);
    }
}

/* ---- the document ------------------------------------------------------------------------------------------------ */

/* Those that occurred. */
static json_t *status_counts(const size_t *by_status)
{
    json_t *document = json_object();
    int failed = 0;

    for (size_t i = 0; i < STATUSES; i++)
        if (by_status[i] > 0)
            failed |= json_object_set_new(document, job_status_name((enum job_status)i),
                                          json_integer((json_int_t)by_status[i]));
    return whole(document, failed);
}

static json_t *bucket_list(const struct count *count)
{
    static const unsigned wanted[] = {50, 95, 0};
    json_t *list = json_array();
    int failed = 0;

    for (size_t i = 0; i < count->span->count; i++) {
        struct bucket *bucket = &count->buckets[i];

        failed |= json_array_append_new(
            list, json_pack("{s:o, s:I, s:I, s:o, s:o}", "at",
                            json_time(count->span->since + count->span->width * (int64_t)i), "accepted",
                            (json_int_t)bucket->accepted, "finished", (json_int_t)bucket->finished, "by_status",
                            status_counts(bucket->by_status), "run_ms", percentiles(&bucket->runs, wanted)));
    }
    return whole(list, failed);
}

static json_t *totals(const struct count *count)
{
    json_t *languages = json_object();
    int failed = 0;

    for (size_t i = 0; i < count->language_count; i++) {
        const struct language *language = &count->languages[i];

        failed |= json_object_set_new(languages, language->name,
                                      json_pack("{s:I, s:o}", "finished", (json_int_t)language->finished, "by_status",
                                                status_counts(language->by_status)));
    }
    return json_pack("{s:I, s:I, s:o, s:o}", "accepted", (json_int_t)count->sum.accepted, "finished",
                     (json_int_t)count->sum.finished, "by_status", status_counts(count->sum.by_status), "by_language",
                     whole(languages, failed));
}

static json_t *latencies(struct count *count)
{
    static const unsigned wanted[] = {50, 90, 95, 99, 0};
    json_t *document = json_object();
    int failed = 0;

    for (size_t i = 0; i < STAGES; i++)
        failed |= json_object_set_new(document, stage_names[i], percentiles(&count->stages[i], wanted));
    return whole(document, failed);
}

json_t *statistics_document(const struct statistics_span *span, const struct job_history *history)
{
    cleanup_free struct count *count = calloc(1, sizeof(*count));
    cleanup_free struct bucket *buckets = calloc(span->count, sizeof(*buckets));
    cleanup_free int64_t *space = calloc((STAGES + 1) * (history->ended_count + 1), sizeof(*space));
    json_t *list;
    json_t *sums;
    json_t *times;

    if (!count || !buckets || !space)
        return NULL;
    count->span = span;
    count->buckets = buckets;
    count_jobs(count, history);
    take_times(count, history, space);
    list = bucket_list(count);
    sums = totals(count);
    times = latencies(count);
    return json_pack("{s:f, s:o, s:o, s:o, s:b}", "bucket_seconds", (double)span->width / 1e6, "buckets", list,
                     "totals", sums, "latency_ms", times, "is_sampled", history->is_cut);
}
