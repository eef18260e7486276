/* SPDX-License-Identifier: MIT */
#include "supervise/suspect.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "supervise/run.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>

#define MS UINT64_C(1000000)
#define SHARE 20            /* suspect from a twentieth of the wall time on */
#define LEAST_NS (5 * MS)   /* and from so much on: nobody's figures are steadier */
#define STAT_MAX (4U << 20) /* /proc/stat of a machine with very many processors */
#define STEAL_FIELD 8       /* proc(5): user nice system idle iowait irq softirq steal */

/* Of a line "cpu3 1 2 3 ..." the field that hypervisors fill, in ticks. */
static uint64_t steal_of(const char *line)
{
    uint64_t ticks = 0;

    for (int field = 0; field < STEAL_FIELD; field++) {
        line += strcspn(line, " \n");
        line += strspn(line, " ");
    }
    while (*line >= '0' && *line <= '9')
        ticks = ticks * 10 + (uint64_t)(*line++ - '0');
    return ticks;
}

uint64_t sn__suspect_stolen_ticks(const char *text, const struct sn__cpus *cpus)
{
    uint64_t ticks = 0;

    while (strncmp(text, "cpu", 3) == 0) {
        bool is_sum = text[3] == ' ';

        if (cpus ? !is_sum && sn__cpus_has(cpus, (unsigned)strtoul(text + 3, NULL, 10)) : is_sum)
            ticks += steal_of(text);
        text = strchrnul(text, '\n');
        text += *text == '\n';
    }
    return ticks;
}

/* What hypervisors took of the sandbox's processors, nanoseconds. */
static uint64_t read_stolen(const char *list)
{
    cleanup_free char *text = NULL;
    struct sn__cpus cpus;
    size_t length;
    long a_second = sysconf(_SC_CLK_TCK);
    bool is_confined = list && sn__cpus_parse(list, &cpus) == 0;

    if (a_second <= 0 || sn__file_read_at(AT_FDCWD, "/proc/stat", STAT_MAX, &text, &length) < 0)
        return 0;
    return sn__suspect_stolen_ticks(text, is_confined ? &cpus : NULL) * (1000 * MS / (uint64_t)a_second);
}

uint64_t sn__suspect_throttled(const char *group, const char *key)
{
    cleanup_free char *at = strdup(group);
    uint64_t most = 0;

    for (char *slash = at; slash; slash = strrchr(at, '/')) {
        cleanup_free char *text = NULL;
        char path[PATH_MAX];
        uint64_t value = 0;
        size_t length;

        if (slash != at)
            *slash = '\0';
        if (snprintf(path, sizeof(path), "%s/cpu.stat", at) >= (int)sizeof(path) ||
            sn__file_read_at(AT_FDCWD, path, 8192, &text, &length) < 0)
            break;
        /* of v2's groups those without the controller cpu have the file and not the key */
        if (sn__text_find_key(text, key, &value) == 0 && value > most)
            most = value;
    }
    return most;
}

static uint64_t read_throttled(const sn_running *running)
{
    return running->group ? running->sandbox->driver->throttled_above(running->sandbox->cgroup) : 0;
}

uint64_t sn__suspect_look(sn_running *running, uint64_t elapsed_ns)
{
    struct sn__suspect *suspect = &running->suspect;

    if (suspect->has_looked)
        return UINT64_MAX;
    if (elapsed_ns < SN__SUSPECT_FROM_NS)
        return SN__SUSPECT_FROM_NS - elapsed_ns;
    suspect->has_looked = true;
    suspect->stolen_ns = read_stolen(running->sandbox->spec.cpus);
    suspect->throttled_ns = read_throttled(running);
    return UINT64_MAX;
}

/* How many processors the run could use. */
static uint64_t count_processors(const sn_sandbox *sandbox)
{
    struct sn__cpus cpus = {0};
    unsigned count;

    if (sandbox->spec.cpus)
        (void)sn__cpus_parse(sandbox->spec.cpus, &cpus);
    else if (syscall(SYS_sched_getaffinity, 0, sizeof(cpus.words), cpus.words) < 0)
        return 1;
    count = sn__cpus_count(&cpus);
    return count ? count : 1;
}

static uint64_t since(uint64_t before, uint64_t now)
{
    return now > before ? now - before : 0;
}

/* A program whose threads had all processors all of the time has waited for itself. */
static bool left_processors(const sn_running *running, const sn_result *result, uint64_t share)
{
    return result->wall_ns * count_processors(running->sandbox) >= result->usage.cpu_ns + share;
}

void sn__suspect_judge(const sn_running *running, sn_result *result)
{
    const struct sn__suspect *before = &running->suspect;
    uint64_t share = result->wall_ns / SHARE;

    /* time at its own cpu_percent is waiting, too */
    result->waited_ns = since(result->usage.throttled_ns, running->done.waited_ns);
    if (before->has_looked) {
        result->stolen_ns = since(before->stolen_ns, read_stolen(running->sandbox->spec.cpus));
        result->throttled_above_ns = since(before->throttled_ns, read_throttled(running));
    }
    share = share > LEAST_NS ? share : LEAST_NS;
    if (result->waited_ns >= share && left_processors(running, result, share)) {
        result->suspect |= SN_SUSPECT_WAITED;
        sn__buffer_addf(&result->notes,
                        "wall: for %" PRIu64 " ms of it the program waited for a processor that others had\n",
                        result->waited_ns / MS);
    }
    if (result->stolen_ns >= share) {
        result->suspect |= SN_SUSPECT_STOLEN;
        sn__buffer_addf(&result->notes,
                        "wall: meanwhile a hypervisor took %" PRIu64 " ms of the processors' time away\n",
                        result->stolen_ns / MS);
    }
    if (result->throttled_above_ns >= share) {
        result->suspect |= SN_SUSPECT_THROTTLED;
        sn__buffer_addf(&result->notes,
                        "wall: meanwhile a cgroup above the sandbox's own was throttled for %" PRIu64 " ms\n",
                        result->throttled_above_ns / MS);
    }
}
