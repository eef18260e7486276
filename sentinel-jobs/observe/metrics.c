/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. Families are known from the beginning and found by bisection, without a lock. Under the one lock
 * each family has its series in a list (the order of printing) and in a small hash table, which the bound on their
 * number lets have a fixed size. Label values are made valid and cut to length before they are looked up: two that
 * would be printed alike are one series.
 */
#include "observe/metrics.h"

#include "base/buffer.h"
#include "observe/process.h"
#include "observe/text.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABELS_MAX 3
#define LABEL_SIZE 128 /* of a value, with its NUL; longer ones are cut */
#define CHAINS 64

const double metrics_seconds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 0};

struct series {
    struct series *next;     /* of the family */
    struct series *in_chain; /* of the same hash */
    uint64_t hash;
    const char *values[LABELS_MAX];
    double value;   /* of a histogram, the sum */
    uint64_t count; /* of a histogram */
    uint64_t buckets[];
};

struct family {
    const struct metric_family *declared;
    const double *bounds;
    size_t bound_count;
    size_t label_count;
    size_t series_count;
    struct series *first;
    struct series **last;
    struct series *chains[CHAINS];
};

struct metrics {
    pthread_mutex_t mutex;
    double start_seconds;
    size_t family_count;
    struct family **by_name;
    struct family families[];
};

/* Label values as they are kept. */
struct key {
    uint64_t hash;
    char values[LABELS_MAX][LABEL_SIZE];
};

static int compare_families(const void *a, const void *b)
{
    return strcmp((*(struct family *const *)a)->declared->name, (*(struct family *const *)b)->declared->name);
}

static void begin_family(struct family *family, const struct metric_family *declared)
{
    family->declared = declared;
    family->last = &family->first;
    while (family->label_count < LABELS_MAX && declared->labels[family->label_count])
        family->label_count++;
    if (declared->type == METRIC_HISTOGRAM) {
        family->bounds = declared->buckets ? declared->buckets : metrics_seconds;
        while (family->bounds[family->bound_count] != 0)
            family->bound_count++;
    }
}

struct metrics *metrics_make(const struct metric_family *families)
{
    struct metrics *metrics;
    size_t count = 0;

    while (families[count].name)
        count++;
    metrics = calloc(1, sizeof(*metrics) + count * sizeof(metrics->families[0]));
    if (!metrics)
        return NULL;
    metrics->by_name = calloc(count + 1, sizeof(*metrics->by_name));
    if (!metrics->by_name || pthread_mutex_init(&metrics->mutex, NULL) != 0) {
        free(metrics->by_name);
        free(metrics);
        return NULL;
    }
    metrics->family_count = count;
    metrics->start_seconds = process_start_seconds();
    for (size_t i = 0; i < count; i++) {
        begin_family(&metrics->families[i], &families[i]);
        metrics->by_name[i] = &metrics->families[i];
    }
    qsort(metrics->by_name, count, sizeof(*metrics->by_name), compare_families);
    return metrics;
}

static void free_series(struct family *family)
{
    struct series *next;

    for (struct series *series = family->first; series; series = next) {
        next = series->next;
        free(series);
    }
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    for (size_t i = 0; i < metrics->family_count; i++)
        free_series(&metrics->families[i]);
    pthread_mutex_destroy(&metrics->mutex);
    free(metrics->by_name);
    free(metrics);
}

static struct family *find_family(const struct metrics *metrics, const char *name)
{
    size_t from = 0;
    size_t to = metrics->family_count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = strcmp(name, metrics->by_name[middle]->declared->name);

        if (order == 0)
            return metrics->by_name[middle];
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}

/* FNV-1a; each value's NUL is hashed too, so that ("a", "bc") is not ("ab", "c"). */
static void hash_key(const struct family *family, struct key *key)
{
    uint64_t hash = 0xcbf29ce484222325U;

    for (size_t i = 0; i < family->label_count; i++) {
        const char *at = key->values[i];

        do
            hash = (hash ^ (unsigned char)*at) * 0x100000001b3U;
        while (*at++);
    }
    key->hash = hash;
}

static void make_key(const struct family *family, const char *const *labels, struct key *key)
{
    for (size_t i = 0; i < family->label_count; i++) {
        if (labels && !*labels)
            labels = NULL;
        text_copy(key->values[i], LABEL_SIZE, labels ? *labels++ : "");
    }
    hash_key(family, key);
}

static struct series **find_chain(struct family *family, uint64_t hash)
{
    return &family->chains[(hash ^ hash >> 32) % CHAINS];
}

static struct series *find_series(struct family *family, const struct key *key)
{
    for (struct series *series = *find_chain(family, key->hash); series; series = series->in_chain) {
        size_t i = 0;

        if (series->hash != key->hash)
            continue;
        while (i < family->label_count && strcmp(series->values[i], key->values[i]) == 0)
            i++;
        if (i == family->label_count)
            return series;
    }
    return NULL;
}

static struct series *add_series(struct family *family, const struct key *key)
{
    size_t size = sizeof(struct series) + family->bound_count * sizeof(uint64_t);
    struct series **chain = find_chain(family, key->hash);
    struct series *series;
    char *text;

    for (size_t i = 0; i < family->label_count; i++)
        size += strlen(key->values[i]) + 1;
    series = calloc(1, size);
    if (!series)
        return NULL;
    series->hash = key->hash;
    text = (char *)&series->buckets[family->bound_count];
    for (size_t i = 0; i < family->label_count; i++) {
        series->values[i] = text;
        text = stpcpy(text, key->values[i]) + 1;
    }
    series->in_chain = *chain;
    *chain = series;
    *family->last = series;
    family->last = &series->next;
    family->series_count++;
    return series;
}

/* The one that is meant, or the family's "other" when it has its number of series. NULL without memory. */
static struct series *get_series(struct family *family, struct key *key)
{
    struct series *series = find_series(family, key);

    if (series)
        return series;
    if (family->series_count >= METRIC_SERIES_MAX) {
        for (size_t i = 0; i < family->label_count; i++)
            stpcpy(key->values[i], "other");
        hash_key(family, key);
        series = find_series(family, key);
    }
    return series ? series : add_series(family, key);
}

/* Of a histogram, one observation; of a counter, an amount, or (is_total) all of it; of a gauge, the value. */
static void tell(struct metrics *metrics, enum metric_type type, const char *name, const char *const *labels,
                 double value, bool is_total)
{
    struct family *family = find_family(metrics, name);
    struct series *series;
    struct key key;

    if (!family || family->declared->type != type)
        return;
    make_key(family, labels, &key);
    pthread_mutex_lock(&metrics->mutex);
    series = get_series(family, &key);
    if (series && is_total)
        series->value = fmax(series->value, value);
    else if (series && type == METRIC_GAUGE)
        series->value = value;
    else if (series)
        series->value += value;
    if (series && type == METRIC_HISTOGRAM) {
        size_t i = 0;

        while (i < family->bound_count && value > family->bounds[i])
            i++;
        if (i < family->bound_count)
            series->buckets[i]++;
        series->count++;
    }
    pthread_mutex_unlock(&metrics->mutex);
}

void metrics_add(struct metrics *metrics, const char *name, const char *const *labels, double amount)
{
    if (amount >= 0) /* a counter never falls; false for NaN too */
        tell(metrics, METRIC_COUNTER, name, labels, amount, false);
}

void metrics_raise(struct metrics *metrics, const char *name, const char *const *labels, double total)
{
    if (total >= 0)
        tell(metrics, METRIC_COUNTER, name, labels, total, true);
}

void metrics_set(struct metrics *metrics, const char *name, const char *const *labels, double value)
{
    tell(metrics, METRIC_GAUGE, name, labels, value, false);
}

void metrics_observe(struct metrics *metrics, const char *name, const char *const *labels, double value)
{
    if (!isnan(value)) /* which would make the sum one for ever */
        tell(metrics, METRIC_HISTOGRAM, name, labels, value, false);
}

/* ---- printing ---------------------------------------------------------------------------------------------------- */

static void add_number(struct sn__buffer *buffer, double value)
{
    char text[40];

    if (isnan(value)) {
        stpcpy(text, "NaN");
    } else if (isinf(value)) {
        stpcpy(text, value > 0 ? "+Inf" : "-Inf");
    } else {
        snprintf(text, sizeof(text), "%.15g", value);
        if (strtod(text, NULL) != value)
            snprintf(text, sizeof(text), "%.17g", value);
        for (char *c = text; *c; c++)
            if (*c == ',') /* the decimal point of some locales */
                *c = '.';
    }
    sn__buffer_add_string(buffer, text);
}

static void add_escaped(struct sn__buffer *buffer, const char *text, bool is_label)
{
    while (*text) {
        size_t plain = strcspn(text, is_label ? "\\\n\"" : "\\\n");

        sn__buffer_add(buffer, text, plain);
        text += plain;
        if (*text) {
            sn__buffer_addf(buffer, "\\%c", *text == '\n' ? 'n' : *text);
            text++;
        }
    }
}

/* name_suffix{labels,le="..."} and a blank. `bound` NULL: no le. */
static void add_name(struct sn__buffer *buffer, const struct family *family, const struct series *series,
                     const char *suffix, const double *bound)
{
    const char *before = "{";

    sn__buffer_addf(buffer, "%s%s", family->declared->name, suffix);
    for (size_t i = 0; i < family->label_count; i++) {
        sn__buffer_addf(buffer, "%s%s=\"", before, family->declared->labels[i]);
        add_escaped(buffer, series->values[i], true);
        sn__buffer_add_string(buffer, "\"");
        before = ",";
    }
    if (bound) {
        sn__buffer_addf(buffer, "%sle=\"", before);
        add_number(buffer, *bound);
        sn__buffer_add_string(buffer, "\"");
        before = ",";
    }
    sn__buffer_add_string(buffer, *before == ',' ? "} " : " ");
}

static void add_histogram(struct sn__buffer *buffer, const struct family *family, const struct series *series)
{
    static const double infinity = INFINITY;
    uint64_t below = 0;

    for (size_t i = 0; i <= family->bound_count; i++) {
        bool is_last = i == family->bound_count;

        below = is_last ? series->count : below + series->buckets[i];
        add_name(buffer, family, series, "_bucket", is_last ? &infinity : &family->bounds[i]);
        sn__buffer_addf(buffer, "%llu\n", (unsigned long long)below);
    }
    add_name(buffer, family, series, "_sum", NULL);
    add_number(buffer, series->value);
    sn__buffer_add_string(buffer, "\n");
    add_name(buffer, family, series, "_count", NULL);
    sn__buffer_addf(buffer, "%llu\n", (unsigned long long)series->count);
}

static void add_heading(struct sn__buffer *buffer, const char *name, const char *help, const char *type)
{
    sn__buffer_addf(buffer, "# HELP %s ", name);
    add_escaped(buffer, help ? help : "", false);
    sn__buffer_addf(buffer, "\n# TYPE %s %s\n", name, type);
}

static void add_family(struct sn__buffer *buffer, const struct family *family)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    const struct metric_family *declared = family->declared;

    if (!family->first)
        return;
    add_heading(buffer, declared->name, declared->help, types[declared->type]);
    for (const struct series *series = family->first; series; series = series->next) {
        if (declared->type == METRIC_HISTOGRAM) {
            add_histogram(buffer, family, series);
        } else {
            add_name(buffer, family, series, "", NULL);
            add_number(buffer, series->value);
            sn__buffer_add_string(buffer, "\n");
        }
    }
}

static void add_plain(struct sn__buffer *buffer, const char *name, const char *help, const char *type, double value)
{
    add_heading(buffer, name, help, type);
    sn__buffer_addf(buffer, "%s ", name);
    add_number(buffer, value);
    sn__buffer_add_string(buffer, "\n");
}

static void add_process(struct sn__buffer *buffer, double start_seconds)
{
    struct process_figures figures;

    if (!process_figures_read(&figures))
        return;
    add_plain(buffer, "process_cpu_seconds_total", "User and system CPU time spent.", "counter", figures.cpu_seconds);
    add_plain(buffer, "process_resident_memory_bytes", "Resident memory.", "gauge", (double)figures.resident_bytes);
    add_plain(buffer, "process_virtual_memory_bytes", "Virtual memory.", "gauge", (double)figures.virtual_bytes);
    add_plain(buffer, "process_threads", "Threads.", "gauge", (double)figures.threads);
    if (figures.open_fds)
        add_plain(buffer, "process_open_fds", "Open descriptors.", "gauge", (double)figures.open_fds);
    if (figures.max_fds)
        add_plain(buffer, "process_max_fds", "The most descriptors it may have.", "gauge", (double)figures.max_fds);
    if (start_seconds > 0)
        add_plain(buffer, "process_start_time_seconds", "When the process began, since the epoch.", "gauge",
                  start_seconds);
}

char *metrics_print(struct metrics *metrics, size_t *ret_length)
{
    cleanup_buffer struct sn__buffer buffer = {0};

    pthread_mutex_lock(&metrics->mutex);
    for (size_t i = 0; i < metrics->family_count; i++)
        add_family(&buffer, &metrics->families[i]);
    pthread_mutex_unlock(&metrics->mutex);
    add_process(&buffer, metrics->start_seconds);
    return sn__buffer_steal(&buffer, ret_length);
}
