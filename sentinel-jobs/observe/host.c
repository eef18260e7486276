/* SPDX-License-Identifier: MIT */
#include "observe/host.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is looked for is near the beginning of each of the files. */
#define TEXT_SIZE 4096

struct cpu_time {
    uint64_t idle; /* or waiting for a device */
    uint64_t total;
};

struct host {
    int stat;
    int meminfo;
    int loadavg;
    bool has_before;
    struct cpu_time before;
};

static int open_in(const char *directory, const char *name)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* From its beginning, which has the kernel make it anew. */
static bool read_text(int fd, char text[TEXT_SIZE])
{
    ssize_t length = fd < 0 ? -1 : pread(fd, text, TEXT_SIZE - 1, 0);

    if (length <= 0)
        return false;
    text[length] = '\0';
    return true;
}

/* cpu user nice system idle iowait irq softirq steal guest guest_nice; the guests' are in user and nice already. */
static bool read_cpu(const struct host *host, struct cpu_time *ret_time)
{
    char text[TEXT_SIZE];
    uint64_t parts[8] = {0};
    struct cpu_time time = {0};
    int count;

    if (!read_text(host->stat, text))
        return false;
    count =
        sscanf(text, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
               &parts[0], &parts[1], &parts[2], &parts[3], &parts[4], &parts[5], &parts[6], &parts[7]);
    if (count < 4)
        return false;
    for (size_t i = 0; i < SN_ARRAY_SIZE(parts); i++)
        time.total += parts[i];
    time.idle = parts[3] + parts[4];
    *ret_time = time;
    return true;
}

/* The number after a name at the beginning of a line. */
static bool find_number(const char *text, const char *name, uint64_t *ret_number)
{
    size_t length = strlen(name);

    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0)
            return sscanf(line + length, "%" SCNu64, ret_number) == 1;
    }
    return false;
}

struct host *host_open(const char *proc)
{
    struct host *host = calloc(1, sizeof(*host));

    if (!host)
        return NULL;
    host->stat = open_in(proc, "stat");
    host->meminfo = open_in(proc, "meminfo");
    host->loadavg = open_in(proc, "loadavg");
    host->has_before = read_cpu(host, &host->before);
    return host;
}

void host_close(struct host *host)
{
    if (!host)
        return;
    sn__close(host->stat);
    sn__close(host->meminfo);
    sn__close(host->loadavg);
    free(host);
}

/* What waits for devices is counted by each processor for itself and may step back: no time is negative. */
static void read_use(struct host *host, struct host_figures *figures)
{
    struct cpu_time now;
    uint64_t total;
    uint64_t idle;

    if (!read_cpu(host, &now))
        return;
    if (host->has_before && now.total > host->before.total) {
        total = now.total - host->before.total;
        idle = now.idle > host->before.idle ? now.idle - host->before.idle : 0;
        figures->has_cpu = true;
        figures->cpu_used = idle < total ? (double)(total - idle) / (double)total : 0;
    }
    host->before = now;
    host->has_before = true;
}

void host_read(struct host *host, struct host_figures *ret_figures)
{
    struct host_figures figures = {0};
    char text[TEXT_SIZE];
    long processors;

    *ret_figures = figures;
    if (!host)
        return;
    read_use(host, &figures);
    figures.has_memory = read_text(host->meminfo, text) && find_number(text, "MemTotal:", &figures.memory_total_kb) &&
                         find_number(text, "MemAvailable:", &figures.memory_available_kb);
    figures.has_load = read_text(host->loadavg, text) && sscanf(text, "%lf", &figures.load_1m) == 1;
    processors = sysconf(_SC_NPROCESSORS_ONLN);
    figures.processors = processors > 0 ? (unsigned)processors : 0;
    *ret_figures = figures;
}

void host_tell(struct metrics *metrics, const struct host_figures *figures)
{
    if (figures->has_cpu)
        metrics_set(metrics, "sentinel_host_cpu_used_ratio", NULL, figures->cpu_used);
    if (!figures->has_memory)
        return;
    metrics_set(metrics, "sentinel_host_memory_total_bytes", NULL, (double)figures->memory_total_kb * 1024);
    metrics_set(metrics, "sentinel_host_memory_available_bytes", NULL, (double)figures->memory_available_kb * 1024);
}
