/* SPDX-License-Identifier: MIT */
/*
 * Fails every system call and every allocation that the library makes, one at a time, and looks at what comes of it:
 * README.md.
 */
#include "errnos.h"
#include "footprint.h"
#include "host.h"
#include "place.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 25000 /* the library waits 10 s for a PID 1 that does not do as it is told */
#define SLOW_MS 3000
#define LATE_MS 5000 /* longer than a machine of ours may take for it */
#define SITES_MAX 8192
#define JOBS_MAX 16
#define PLACES_MAX 65536
#define SHORT_FRAMES 6 /* an allocation and its callers are a place in the code; in the long form all the way up */

static struct settings {
    bool is_long;
    bool is_verbose;
    bool does_list;
    unsigned jobs;
    unsigned first_scenario, last_scenario;
    struct site only; /* error 0: none */
    uid_t uid;
    gid_t gid;
    uint64_t relax;
} settings = {.jobs = 2, .last_scenario = UINT_MAX};

/* ---- a worker: a place, a host program, and what there was before ---- */

struct worker {
    struct place place;
    struct shared *shared;
    int shared_fd;
    struct trace trace;
    struct footprint before;
    uint64_t layers; /* in force when nothing is disturbed */
};

struct totals {
    atomic_uint injected, clean, right, missed, broken, later, degraded, died, slow;
    atomic_uint next;
};
static struct totals *totals;

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void sleep_ms(unsigned ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    nanosleep(&pause, NULL);
}

/* One write, so that workers do not mix their lines. */
static __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
    char text[4096];
    va_list args;
    int length;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() is right above */
    length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (write(STDOUT_FILENO, text, length < (int)sizeof(text) ? (size_t)length : sizeof(text) - 1) < 0)
        exit(2);
}

static int begin_host(struct worker *worker)
{
    char number[16];
    int go[2];
    pid_t pid;

    memset(worker->shared, 0, sizeof(*worker->shared));
    worker->shared->relax = settings.relax;
    snprintf(worker->shared->cgroup_parent, sizeof(worker->shared->cgroup_parent), "%s", worker->place.cgroup_parent);
    snprintf(number, sizeof(number), "%d", worker->shared_fd);
    if (pipe2(go, O_CLOEXEC) < 0)
        return -1;
    pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        char byte;

        close(go[1]);
        if (settings.uid && (setgroups(0, NULL) < 0 || setresgid(settings.gid, settings.gid, settings.gid) < 0 ||
                             setresuid(settings.uid, settings.uid, settings.uid) < 0))
            _exit(2);
        fcntl(worker->shared_fd, F_SETFD, 0);
        /* what a thread keeps for its next allocation would look allocated; what is freed is not what it was */
        setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0:glibc.malloc.perturb=165", 1);
        if (read(go[0], &byte, 1) == 1)
            execl("/proc/self/exe", "inject", "--host", number, (char *)NULL);
        _exit(2);
    }
    close(go[0]);
    if (trace_begin(&worker->trace, pid) < 0 || write(go[1], "", 1) != 1) {
        close(go[1]);
        return -1;
    }
    close(go[1]);
    return trace_cycle(&worker->trace, NULL, TIMEOUT_MS) == TRACE_OVER ? 0 : -1;
}

/* One cycle, disturbed at a site (NULL: not at all). */
static enum trace_end cycle(struct worker *worker, const struct site *site)
{
    bool is_memory = site && site->party == PARTY_MEMORY;

    worker->shared->fault.ordinal = is_memory ? site->ordinal : 0;
    worker->shared->fault.goes_on = is_memory && site->number == MEMORY_FROM;
    return trace_cycle(&worker->trace, is_memory ? NULL : site, TIMEOUT_MS);
}

/* Undisturbed, twice: what is allocated once for all is allocated then. */
static int warm_up(struct worker *worker, unsigned scenario)
{
    size_t met_max = worker->trace.met_max;

    worker->trace.met_max = 0;
    worker->shared->scenario = scenario;
    for (int i = 0; i < 2; i++) {
        if (cycle(worker, NULL) != TRACE_OVER)
            return -1;
        if (worker->shared->report.errors || worker->shared->report.problem[0])
            return -1;
    }
    worker->trace.met_max = met_max;
    worker->layers = worker->shared->report.layers;
    footprint_take(worker->trace.host, worker->shared->memory, &worker->before);
    return 0;
}

static int worker_begin(struct worker *worker)
{
    char why[200];

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (place_make(&worker->place, why, sizeof(why)) < 0) {
        say("SKIP: no place for the tests: %s\n", why);
        return -1;
    }
    if (settings.uid) {
        mkdir("/run/faults", 0700);
        if (chown("/run/faults", settings.uid, settings.gid) < 0)
            return -1;
        setenv("XDG_RUNTIME_DIR", "/run/faults", 1);
    }
    worker->shared_fd = memfd_create("faults", 0);
    if (worker->shared_fd < 0 || ftruncate(worker->shared_fd, sizeof(*worker->shared)) < 0)
        return -1;
    worker->shared = mmap(NULL, sizeof(*worker->shared), PROT_READ | PROT_WRITE, MAP_SHARED, worker->shared_fd, 0);
    if (worker->shared == MAP_FAILED)
        return -1;
    if (begin_host(worker) < 0) {
        say("FAILED  the host program does not start\n");
        return -1;
    }
    return 0;
}

static void worker_end(struct worker *worker)
{
    trace_kill(&worker->trace);
    place_leave(&worker->place);
}

/* ---- one injection ---- */

static const char *const memory_names[] = {[MEMORY_ONCE] = "once", [MEMORY_FROM] = "from"};

static const char *site_text(const struct site *site, char *text, size_t size)
{
    const struct fault *fault = fault_find(site->number);
    const char *name = fault ? fault->name : "?";

    if (site->party == PARTY_MEMORY)
        name = memory_names[site->number];
    snprintf(text, size, "%s:%s:%u", party_name(site->party), name, site->ordinal);
    return text;
}

/* Where in the program that was: for addr2line. */
static void say_where(const struct met *met)
{
    char text[400];
    size_t used = 0;

    for (size_t i = 0; i < TRACE_FRAMES && met->frames[i]; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, " 0x%llx", (unsigned long long)met->frames[i]);
    say("        arguments %#llx %#llx %#llx %s; addr2line -pfe %s%s\n", (unsigned long long)met->arguments[0],
        (unsigned long long)met->arguments[1], (unsigned long long)met->arguments[2], met->path,
        met->site.party == PARTY_INIT || met->site.party == PARTY_CHILD ? "sentinel-init" : "inject", text);
}

/* What is left that was not there before. `text` is empty if that is nothing. Groups may wait for the next cycle. */
static void compare(struct worker *worker, char *text, size_t size, char *groups, size_t groups_size, bool *ret_grew)
{
    struct footprint after;
    char first[300];
    unsigned count;

    text[0] = groups[0] = '\0';
    *ret_grew = false;
    count = footprint_count_processes(worker->trace.host, first, sizeof(first));
    for (int i = 0; count && i < 10; i++) { /* a killed process may still be on its way out */
        sleep_ms(10);
        count = footprint_count_processes(worker->trace.host, first, sizeof(first));
    }
    footprint_take(worker->trace.host, worker->shared->memory, &after);
    if (count)
        snprintf(text, size, "%u processes are left, the first is %s", count, first);
    else
        footprint_differs(&worker->before, &after, text, size, ret_grew);
    count = place_count_groups(&worker->place, first, sizeof(first));
    if (count)
        snprintf(groups, groups_size, "%u groups are left, the first is %s", count, first);
}

static void check_errno(const struct worker *worker, const struct site *site, char *text, size_t size)
{
    const struct report *report = &worker->shared->report;
    const struct fault *fault = fault_find(site->number);

    /* of all layers the kernel may lack only Landlock without being an error; the result says so */
    if (report->layers && report->layers != worker->layers &&
        (site->number != SYS_landlock_create_ruleset || (report->layers ^ worker->layers) != SN_LAYER_LANDLOCK))
        snprintf(text, size, "layers 0x%llx in force instead of 0x%llx", (unsigned long long)report->layers,
                 (unsigned long long)worker->layers);
    if (!report->errors)
        return;
    if (site->party == PARTY_MEMORY && report->code != SN_ENOMEM && report->sys_errno != ENOMEM)
        snprintf(text, size, "the error is %s: %s: %s", sn_code_name(report->code), report->step, report->message);
    else if (site->error == EINTR && fault->is_restarted)
        snprintf(text, size, "an interrupted call became an error: %s, %s: %s", sn_code_name(report->code),
                 report->step, report->message);
    else if (report->code == SN_ESYS && report->sys_errno != site->error)
        snprintf(text, size, "the error has errno %s: %s: %s", errno_name(report->sys_errno), report->step,
                 report->message);
    else if (report->code == SN_ENOMEM && site->error != ENOMEM)
        snprintf(text, size, "the error is SN_ENOMEM: %s: %s", report->step, report->message);
}

/* A new host program in the place of one that is dead, stuck or no longer as it was. */
static int replace_host(struct worker *worker, unsigned scenario)
{
    trace_kill(&worker->trace);
    if (begin_host(worker) < 0 || warm_up(worker, scenario) < 0) {
        say("FAILED  no new host program after that\n");
        return -1;
    }
    return 0;
}

static void say_where_it_hangs(const struct worker *worker)
{
    char command[200];

    snprintf(command, sizeof(command),
             "for p in %d $(cat /proc/%d/task/*/children) $(cat /proc/self/task/*/children); do"
             " echo \"        $p $(cat /proc/$p/comm): $(cat /proc/$p/syscall)\"; done 2>/dev/null",
             (int)worker->trace.host, (int)getpid());
    if (system(command) != 0) /* NOLINT(cert-env33-c): a diagnosis, of our own making */
        say("        nothing is known of it\n");
}

/* Those in the program, which is not PIE: the libraries are not what is to be mended. */
static void take_frames(const uint64_t frames[ALLOCATOR_FRAMES], struct met *ret)
{
    size_t found = 0;

    *ret = (struct met){.site.party = PARTY_MEMORY};
    for (size_t i = 0; i < ALLOCATOR_FRAMES && found < TRACE_FRAMES - 1; i++)
        if (frames[i] >= PROGRAM_BEGIN && frames[i] < PROGRAM_END)
            ret->frames[found++] = frames[i];
}

/*
 * What ends a run is what failed: it ends with its PID 1, after the library's patience. Without memory for the error of
 * that, the error is that there is none.
 */
static bool may_be_late(const struct report *disturbed, const struct site *site)
{
    return disturbed->errors &&
           (disturbed->code == SN_EDIED || (site->party == PARTY_MEMORY && site->number == MEMORY_FROM));
}

/* The same once more, when it took too long: a machine may have been busy with something else. */
static bool is_late_again(struct worker *worker, const struct site *site)
{
    uint64_t began = now_ms();

    return cycle(worker, site) != TRACE_OVER || now_ms() - began > LATE_MS;
}

/* 0, or -1 when there is no going on. */
static int inject(struct worker *worker, unsigned scenario, const struct site *site)
{
    const struct report *report = &worker->shared->report;
    char name[64], text[1200] = "", left[400] = "", groups[400] = "", later[400] = "";
    uint64_t began = now_ms(), took;
    enum trace_end end;
    struct report disturbed;
    bool is_hit, is_reached, has_grown = false;

    worker->shared->scenario = scenario;
    end = cycle(worker, site);
    took = now_ms() - began;
    disturbed = *report;
    is_hit = worker->trace.is_injected;
    if (site->party == PARTY_MEMORY) {
        is_hit = worker->shared->fault.is_hit;
        take_frames(worker->shared->fault.frames, &worker->trace.hit);
    }
    if (!is_hit && end == TRACE_OVER && !disturbed.problem[0] && !disturbed.errors) {
        atomic_fetch_add(&totals->missed, 1);
        return 0;
    }
    is_reached = is_hit;
    if (end == TRACE_HUNG)
        snprintf(text, sizeof(text), "no end after %llu ms", (unsigned long long)took);
    else if (end == TRACE_DIED)
        snprintf(text, sizeof(text), "the host program died, status 0x%x", (unsigned)worker->trace.host_status);
    else if (disturbed.problem[0])
        snprintf(text, sizeof(text), "%.650s", disturbed.problem);
    else
        check_errno(worker, site, text, sizeof(text));
    if (!text[0] && took > LATE_MS && !may_be_late(&disturbed, site) && is_late_again(worker, site))
        snprintf(text, sizeof(text), "it took %llu ms, twice", (unsigned long long)took);
    if (end == TRACE_OVER) {
        compare(worker, left, sizeof(left), groups, sizeof(groups), &has_grown);
        /* something that is made once for all may have been made: a leak does it again */
        if (has_grown) {
            worker->before.memory = worker->shared->memory;
            if (cycle(worker, site) == TRACE_OVER)
                compare(worker, left, sizeof(left), groups, sizeof(groups), &has_grown);
        }
        if (!text[0] && left[0])
            snprintf(text, sizeof(text), "%s", left);
        /* the same process must be able to do it all again, and clean up what could not be removed */
        if (!text[0] && (disturbed.errors || groups[0])) {
            if (cycle(worker, NULL) != TRACE_OVER)
                snprintf(text, sizeof(text), "the next cycle did not end");
            else if (report->errors || report->problem[0])
                snprintf(text, sizeof(text), "the next cycle failed: %s: %s %.500s", report->step, report->message,
                         report->problem);
            else
                compare(worker, text, sizeof(text), later, sizeof(later), &has_grown);
            if (!text[0] && later[0])
                snprintf(text, sizeof(text), "after the next cycle %s", later);
        }
    }
    atomic_fetch_add(&totals->injected, is_reached);
    if (text[0]) {
        atomic_fetch_add(&totals->broken, 1);
        say("FAILED  --scenario %s --site %s --errno %s: %s%s%s\n", scenarios[scenario].name,
            site_text(site, name, sizeof(name)), errno_name(site->error), text,
            disturbed.errors ? "; it had said: " : "", disturbed.errors ? disturbed.message : "");
        if (is_hit)
            say_where(&worker->trace.hit);
        if (end == TRACE_HUNG)
            say_where_it_hangs(worker);
        return replace_host(worker, scenario);
    }
    atomic_fetch_add(disturbed.errors ? &totals->clean : &totals->right, 1);
    atomic_fetch_add(&totals->later, groups[0] != 0);
    atomic_fetch_add(&totals->degraded, disturbed.layers && disturbed.layers != worker->layers);
    atomic_fetch_add(&totals->died, disturbed.errors && disturbed.code == SN_EDIED);
    atomic_fetch_add(&totals->slow, took > SLOW_MS);
    if (settings.is_verbose || settings.only.error || took > SLOW_MS)
        say("%s  --scenario %s --site %s --errno %s (%llu ms): %s%s%s%s%s%s%s [%s]\n",
            disturbed.errors ? "clean" : "right", scenarios[scenario].name, site_text(site, name, sizeof(name)),
            errno_name(site->error), (unsigned long long)took, disturbed.errors ? sn_code_name(disturbed.code) : "",
            disturbed.errors ? ", " : "", disturbed.errors ? disturbed.step : "", disturbed.errors ? ": " : "",
            disturbed.errors ? disturbed.message : "", groups[0] ? "; removed by the next cycle: " : "", groups,
            worker->trace.hit.path);
    if (settings.only.error)
        say_where(&worker->trace.hit);
    return 0;
}

/* ---- all of them ---- */

struct recorded {
    struct met *met;
    size_t count;
};

static struct recorded *recorded;

/* In the short form a place in the code is disturbed the first two times it is come by, in whatever scenario. */
static void drop_repeated(struct trace *trace)
{
    static struct {
        struct met met;
        unsigned count;
    } seen[SITES_MAX];
    size_t kept = 0;

    for (size_t i = 0; i < trace->met_count; i++) {
        const struct met *met = &trace->met[i];
        size_t at = 0;

        while (at < SITES_MAX - 1 && seen[at].count &&
               (seen[at].met.site.party != met->site.party || seen[at].met.site.number != met->site.number ||
                memcmp(seen[at].met.frames, met->frames, 3 * sizeof(met->frames[0])) != 0))
            at++;
        seen[at].met = *met;
        if (seen[at].count++ < 2)
            trace->met[kept++] = *met;
    }
    trace->met_count = kept;
}

/* Whether an allocation was made from here before, in whatever scenario. */
static bool is_repeated(const uint64_t frames[ALLOCATOR_FRAMES])
{
    static uint64_t seen[PLACES_MAX];
    uint64_t hash = 14695981039346656037U; /* FNV-1a */
    size_t at;

    for (size_t i = 0; i < (settings.is_long ? ALLOCATOR_FRAMES : SHORT_FRAMES); i++)
        hash = (hash ^ frames[i]) * 1099511628211U;
    at = hash % PLACES_MAX;
    for (size_t i = 0; i < PLACES_MAX && seen[at] && seen[at] != hash; i++)
        at = (at + 1) % PLACES_MAX;
    if (seen[at] == hash)
        return true;
    seen[at] = hash;
    return false;
}

/* One undisturbed cycle, recorded by whoever is set to; what stood in its way is said. */
static int record_cycle(struct worker *worker, unsigned scenario)
{
    const struct report *report = &worker->shared->report;

    if (cycle(worker, NULL) == TRACE_OVER && !report->errors && !report->problem[0])
        return 0;
    say("FAILED  %s, followed: %s %s\n", scenarios[scenario].name, report->message, report->problem);
    return -1;
}

static int record_system_calls(struct worker *worker, unsigned scenario)
{
    struct trace *trace = &worker->trace;
    struct recorded *to = &recorded[scenario];
    int r;

    trace->met = to->met;
    trace->met_max = SITES_MAX;
    r = record_cycle(worker, scenario);
    if (r == 0 && !settings.is_long)
        drop_repeated(trace);
    to->count = trace->met_count;
    trace->met = NULL;
    trace->met_max = 0;
    return r;
}

/* A place in the code that allocates is two sites; in the short form one, by turns. */
static int record_allocations(struct worker *worker, unsigned scenario)
{
    const struct allocator_log *log = &worker->shared->allocations;
    struct recorded *to = &recorded[scenario];
    int r;

    worker->shared->records = true;
    r = record_cycle(worker, scenario);
    worker->shared->records = false;
    for (unsigned i = 0; r == 0 && i < log->count; i++) {
        if (is_repeated(log->met[i].frames))
            continue;
        for (unsigned which = MEMORY_ONCE; which <= MEMORY_FROM; which++)
            if (settings.is_long || which == i % 2)
                to->met[to->count++] = (struct met){.site = {PARTY_MEMORY, which, log->met[i].ordinal, 0}};
    }
    return r;
}

static int record(struct worker *worker, unsigned scenario)
{
    struct recorded *to = &recorded[scenario];

    if (scenarios[scenario].needs_cgroup && (settings.relax & SN_LAYER_CGROUP)) {
        say("SKIP: %s: it needs a cgroup\n", scenarios[scenario].name);
        return 0;
    }
    if (warm_up(worker, scenario) < 0) {
        const struct report *report = &worker->shared->report;

        /* not on this host, or not together with what is relaxed */
        if (report->code == SN_EHOST || (report->code == SN_EINVAL && settings.relax)) {
            say("SKIP: %s: %s: %s\n", scenarios[scenario].name, report->step, report->message);
            return report->errors && worker->trace.host ? 0 : -1;
        }
        say("FAILED  %s, undisturbed: %s: %s: %s %s\n", scenarios[scenario].name, report->call, report->step,
            report->message, report->problem);
        return -1;
    }
    to->met = calloc(SITES_MAX + 2 * ALLOCATOR_LOG_MAX, sizeof(*to->met));
    if (!to->met)
        return -1;
    return record_system_calls(worker, scenario) < 0 ? -1 : record_allocations(worker, scenario);
}

/* The n-th error of a site, or 0. In the short form one, another for each site, and EINTR where it has to be unseen. */
static int error_of(const struct met *met, size_t index, unsigned n)
{
    const struct fault *fault = fault_find(met->site.number);
    bool is_restarted;
    unsigned count;

    if (met->site.party == PARTY_MEMORY)
        return n == 0 ? ENOMEM : 0;
    is_restarted = fault_is_restarted(fault, met->site.party == PARTY_HOST, met->path);
    count = fault_count(fault, met->path);
    if (!settings.is_long && count) {
        if (n == 0)
            return fault->errnos[index % count];
        return n == 1 && is_restarted ? EINTR : 0;
    }
    if (n < count)
        return fault->errnos[n];
    return n == count && is_restarted ? EINTR : 0;
}

static void list(unsigned scenario)
{
    char name[64];

    for (size_t i = 0; i < recorded[scenario].count; i++) {
        const struct met *met = &recorded[scenario].met[i];

        say("--scenario %s --site %s  %#llx %#llx %#llx %s\n", scenarios[scenario].name,
            site_text(&met->site, name, sizeof(name)), (unsigned long long)met->arguments[0],
            (unsigned long long)met->arguments[1], (unsigned long long)met->arguments[2], met->path);
    }
}

/* Takes one injection after the other from the common counter. */
static int work(struct worker *worker)
{
    unsigned mine = atomic_fetch_add(&totals->next, 1), at = 0;

    for (unsigned scenario = settings.first_scenario; scenario <= settings.last_scenario; scenario++) {
        bool is_warm = false;

        for (size_t i = 0; i < recorded[scenario].count; i++) {
            const struct met *met = &recorded[scenario].met[i];
            struct site site = met->site;

            for (unsigned n = 0; (site.error = error_of(met, i, n)) != 0; n++, at++) {
                if (at != mine)
                    continue;
                if (!is_warm && warm_up(worker, scenario) < 0)
                    return -1;
                is_warm = true;
                if (inject(worker, scenario, &site) < 0)
                    return -1;
                mine = atomic_fetch_add(&totals->next, 1);
            }
        }
    }
    return 0;
}

static int work_in_parallel(void)
{
    pid_t children[JOBS_MAX];
    int result = 0, status;

    for (unsigned i = 0; i < settings.jobs; i++) {
        children[i] = fork();
        if (children[i] < 0)
            return -1;
        if (children[i] == 0) {
            static struct worker worker;
            int r;

            prctl(PR_SET_PDEATHSIG, SIGKILL);
            r = worker_begin(&worker) < 0 || work(&worker) < 0;

            worker_end(&worker);
            _exit(r);
        }
    }
    for (unsigned i = 0; i < settings.jobs; i++) {
        pid_t pid;

        while ((pid = waitpid(children[i], &status, 0)) < 0 && errno == EINTR)
            continue;
        if (pid < 0 || status != 0) {
            say("FAILED  a worker ended with status 0x%x\n", (unsigned)status);
            result = -1;
        }
    }
    return result;
}

/* ---- the command line ---- */

static _Noreturn void usage(int status)
{
    fprintf(status ? stderr : stdout,
            "usage: inject [--scenario NAME] [--long] [--jobs N] [--verbose] [--list]\n"
            "              [--site PARTY:CALL:N --errno E] [--user UID:GID] [--relax LAYER,...]\n\n"
            "Fails the system calls and allocations of the library one after the other (tests/faults/README.md).\n"
            "Scenarios:\n");
    for (unsigned i = 0; i < scenario_count; i++)
        fprintf(status ? stderr : stdout, "  %-10s %s\n", scenarios[i].name, scenarios[i].what);
    exit(status);
}

/* The number of a call of a party by its name, or -1. */
static long number_of(enum party party, const char *name, size_t length)
{
    const struct fault *fault = fault_find_by_name(name, length);

    for (long i = MEMORY_ONCE; party == PARTY_MEMORY && i <= MEMORY_FROM; i++)
        if (strncmp(memory_names[i], name, length) == 0 && memory_names[i][length] == '\0')
            return i;
    return party != PARTY_MEMORY && fault ? fault->number : -1;
}

static int parse_site(const char *text, struct site *ret)
{
    const char *first = strchr(text, ':');
    const char *second = first ? strchr(first + 1, ':') : NULL;

    if (!second)
        return -1;
    for (ret->party = 0; ret->party < PARTY_COUNT; ret->party++)
        if (strncmp(text, party_name(ret->party), (size_t)(first - text)) == 0 &&
            party_name(ret->party)[first - text] == '\0')
            break;
    ret->number = number_of(ret->party, first + 1, (size_t)(second - first - 1));
    ret->ordinal = (unsigned)strtoul(second + 1, NULL, 10);
    return ret->party < PARTY_COUNT && ret->number >= 0 ? 0 : -1;
}

static uint64_t parse_layers(const char *text)
{
    uint64_t layers = 0;

    while (*text) {
        size_t length = strcspn(text, ",");
        char name[64];

        snprintf(name, sizeof(name), "%.*s", (int)length, text);
        if (!sn_layer_by_name(name))
            usage(2);
        layers |= sn_layer_by_name(name);
        text += length + (text[length] == ',');
    }
    return layers;
}

static void parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"scenario", required_argument, NULL, 'c'}, {"long", no_argument, NULL, 'l'},
        {"jobs", required_argument, NULL, 'j'},     {"verbose", no_argument, NULL, 'v'},
        {"list", no_argument, NULL, 'L'},           {"site", required_argument, NULL, 's'},
        {"errno", required_argument, NULL, 'e'},    {"user", required_argument, NULL, 'u'},
        {"relax", required_argument, NULL, 'r'},    {"host", required_argument, NULL, 'H'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
    };
    int option, scenario;
    bool has_site = false;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            scenario = scenario_find(optarg);
            if (scenario < 0)
                usage(2);
            settings.first_scenario = settings.last_scenario = (unsigned)scenario;
            break;
        case 'l':
            settings.is_long = true;
            break;
        case 'j':
            settings.jobs = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'v':
            settings.is_verbose = true;
            break;
        case 'L':
            settings.does_list = true;
            break;
        case 's':
            if (parse_site(optarg, &settings.only) < 0)
                usage(2);
            has_site = true;
            break;
        case 'e':
            settings.only.error = errno_by_name(optarg);
            break;
        case 'u':
            if (sscanf(optarg, "%u:%u", &settings.uid, &settings.gid) != 2)
                usage(2);
            break;
        case 'r':
            settings.relax = parse_layers(optarg);
            break;
        case 'H':
            exit(host_main((int)strtol(optarg, NULL, 10)));
        case 'h':
            usage(0);
        default:
            usage(2);
        }
    }
    if (settings.last_scenario >= scenario_count)
        settings.last_scenario = scenario_count - 1;
    if (has_site != (settings.only.error > 0) || settings.jobs < 1 || settings.jobs > JOBS_MAX ||
        (has_site && settings.first_scenario != settings.last_scenario))
        usage(2);
}

int main(int argc, char **argv)
{
    static struct worker worker;
    int r = 0;

    parse(argc, argv);
    totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    recorded = calloc(scenario_count, sizeof(*recorded));
    if (totals == MAP_FAILED || !recorded)
        return 2;
    if (worker_begin(&worker) < 0) {
        worker_end(&worker);
        return 77;
    }
    for (unsigned i = settings.first_scenario; r == 0 && i <= settings.last_scenario; i++) {
        if (!settings.only.error) {
            r = record(&worker, i);
            if (r == 0 && settings.does_list)
                list(i);
        } else if (warm_up(&worker, i) < 0 || inject(&worker, i, &settings.only) < 0) {
            r = -1;
        }
    }
    worker_end(&worker);
    if (r == 0 && !settings.does_list && !settings.only.error)
        r = work_in_parallel();
    if (!settings.does_list)
        say("faults: %u injected, %u clean errors, %u right results, %u wrong; %u not met again, %u left a group to "
            "the "
            "next cycle, %u without landlock, %u lost PID 1, %u took longer than %d s\n",
            totals->injected, totals->clean, totals->right, totals->broken, totals->missed, totals->later,
            totals->degraded, totals->died, totals->slow, SLOW_MS / 1000);
    return r < 0 || totals->broken ? 1 : 0;
}
