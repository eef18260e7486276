/* SPDX-License-Identifier: MIT */
#include "work/parts.h"

#include "base/cleanup.h"
#include "common/log.h"
#include "common/wallclock.h"
#include "work/report.h"

#include <string.h>

/* How often the store hears of this worker; who has not been heard of for some of these is taken for gone. */
enum { BEAT_MS = 2000 };

static void beat(struct work *work)
{
    struct worker_record record = {.beat = wallclock_us()};
    struct work_figures figures;
    struct host_figures host;
    cleanup_free char *report = NULL;

    work_figures(work, &figures);
    host_read(work->options.host, &host);
    host_tell(work->options.metrics, &host);
    snprintf(record.name, sizeof(record.name), "%s", work->options.worker);
    record.slots = figures.slots;
    record.active = figures.active;
    pthread_mutex_lock(&work->lock);
    report = report_print(work->hello, work->started, &host, work->counts);
    pthread_mutex_unlock(&work->lock);
    record.report = report;
    if (report)
        store_worker_beat(work->options.store, &record, NULL); /* the next one comes soon */
}

/* Slots with a job, as leases; which slot each is, in `owners`. */
static size_t gather(struct work *work, struct store_lease *leases, struct slot **owners)
{
    size_t count = 0;

    for (unsigned i = 0; i < work->slot_count; i++) {
        struct slot *slot = &work->slots[i];

        pthread_mutex_lock(&slot->lock);
        if (slot->is_busy && !slot->is_lost) {
            leases[count] = (struct store_lease){.id = slot->id, .attempt = slot->attempt};
            owners[count++] = slot;
        }
        pthread_mutex_unlock(&slot->lock);
    }
    return count;
}

/* The slot may have gone on to another job meanwhile. */
static void tell(struct slot *slot, const struct store_lease *lease)
{
    bool is_this;

    pthread_mutex_lock(&slot->lock);
    is_this = slot->is_busy && slot->attempt == lease->attempt && uuid_compare(&slot->id, &lease->id) == 0;
    pthread_mutex_unlock(&slot->lock);
    if (!is_this)
        return;
    if (lease->is_lost) {
        log_line(LOG_WARN_LEVEL, &(struct log_about){.job = &lease->id}, "attempt %u is not ours any more",
                 lease->attempt);
        slot_interrupt(slot, &slot->is_lost);
    } else if (lease->cancel_requested) {
        slot_interrupt(slot, &slot->is_cancelled);
    }
}

/* *is_failing: what became of it last time, so that it is said once. */
static void renew(struct work *work, struct store_lease *leases, struct slot **owners, bool *is_failing)
{
    const struct work_options *options = &work->options;
    size_t count = gather(work, leases, owners);
    struct failure failure;

    if (count == 0)
        return;
    if (store_renew(options->store, leases, count, wallclock_us() + (int64_t)options->lease_ms * 1000, &failure) < 0) {
        if (!*is_failing)
            log_warn("leases are not prolonged: %s", failure.message);
        *is_failing = true;
        return;
    }
    if (*is_failing)
        log_info("leases are prolonged again");
    *is_failing = false;
    for (size_t i = 0; i < count; i++) {
        char name[UUID_TEXT_SIZE];

        uuid_print(&leases[i].id, name);
        if (!leases[i].is_lost)
            guard_claim(options->guard, name, options->worker, options->lease_ms / 2, NULL);
        tell(owners[i], &leases[i]);
    }
}

void *keeper_main(void *arg)
{
    struct work *work = arg;
    cleanup_free struct store_lease *leases = calloc(work->slot_count, sizeof(*leases));
    cleanup_free struct slot **owners = calloc(work->slot_count, sizeof(*owners));
    uint64_t lease_ms = work->options.lease_ms;
    bool is_failing = false;

    if (!leases || !owners) {
        log_error("out of memory: leases will not be prolonged");
        return NULL;
    }
    do {
        beat(work);
        renew(work, leases, owners, &is_failing);
    } while (!work_pause(work, lease_ms / 4 < BEAT_MS ? lease_ms / 4 : BEAT_MS));
    store_worker_gone(work->options.store, work->options.worker, NULL);
    return NULL;
}
