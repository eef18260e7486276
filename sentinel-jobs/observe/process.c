/* SPDX-License-Identifier: MIT */
#include "observe/process.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Fields of /proc/PID/stat after the name, counted as proc(5) does. */
enum { STAT_FIRST = 3, STAT_UTIME = 14, STAT_STIME = 15, STAT_THREADS = 20, STAT_START = 22, STAT_VSIZE, STAT_RSS };
#define STAT_LAST STAT_RSS

static bool read_stat(uint64_t fields[STAT_LAST + 1])
{
    cleanup_close int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    char text[1024];
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    char *at;

    if (length <= 0)
        return false;
    text[length] = '\0';
    /* the name, in parentheses, may hold blanks and parentheses itself */
    at = strrchr(text, ')');
    if (!at)
        return false;
    at++;
    for (int i = STAT_FIRST; i <= STAT_LAST; i++) {
        at += strspn(at, " ");
        if (!*at)
            return false;
        fields[i] = strtoull(at, NULL, 10);
        at += strcspn(at, " ");
    }
    return true;
}

static uint64_t count_descriptors(void)
{
    cleanup_dir DIR *dir = opendir("/proc/self/fd");
    uint64_t count = 0;

    if (!dir)
        return 0;
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        if (entry->d_name[0] != '.')
            count++;
    return count > 0 ? count - 1 : 0; /* but for the directory's own */
}

bool process_figures_read(struct process_figures *ret_figures)
{
    uint64_t fields[STAT_LAST + 1];
    struct rlimit limit;
    double ticks = (double)sysconf(_SC_CLK_TCK);

    if (!read_stat(fields))
        return false;
    *ret_figures = (struct process_figures){
        .cpu_seconds = (double)(fields[STAT_UTIME] + fields[STAT_STIME]) / ticks,
        .resident_bytes = fields[STAT_RSS] * (uint64_t)sysconf(_SC_PAGESIZE),
        .virtual_bytes = fields[STAT_VSIZE],
        .threads = fields[STAT_THREADS],
        .open_fds = count_descriptors(),
    };
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        ret_figures->max_fds = limit.rlim_cur;
    return true;
}

double process_start_seconds(void)
{
    uint64_t fields[STAT_LAST + 1];
    struct timespec now;
    struct timespec up;

    if (!read_stat(fields) || clock_gettime(CLOCK_REALTIME, &now) < 0 || clock_gettime(CLOCK_BOOTTIME, &up) < 0)
        return 0;
    return (double)(now.tv_sec - up.tv_sec) + (double)(now.tv_nsec - up.tv_nsec) / 1e9 +
           (double)fields[STAT_START] / (double)sysconf(_SC_CLK_TCK);
}
