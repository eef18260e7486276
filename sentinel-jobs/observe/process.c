/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. The frontend is confined so that it opens nothing of /proc, its own files included; what was
 * open before it goes on reading. There is one process to tell of, so these two descriptors are the process's, as its
 * number is: they are set while it has one thread, and only read afterwards.
 */
#include "observe/process.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Fields of /proc/PID/stat after the name, counted as proc(5) does. */
enum { STAT_FIRST = 3, STAT_UTIME = 14, STAT_STIME = 15, STAT_THREADS = 20, STAT_START = 22, STAT_VSIZE, STAT_RSS };
#define STAT_LAST STAT_RSS

#define STAT_PATH "/proc/self/stat"
#define FDS_PATH "/proc/self/fd"
static int kept_stat = -1;
static int kept_fds = -1;
/* Who goes through the directory: its place in it is the descriptor's, hence everybody's. */
static pthread_mutex_t fds_lock = PTHREAD_MUTEX_INITIALIZER;

void process_figures_keep(void)
{
    sn__close(kept_stat);
    sn__close(kept_fds);
    kept_stat = open(STAT_PATH, O_RDONLY | O_CLOEXEC);
    kept_fds = open(FDS_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A descriptor of one's own: of the kept one, or of the file. */
static int open_kept(int kept, const char *path, int flags)
{
    return kept >= 0 ? fcntl(kept, F_DUPFD_CLOEXEC, 0) : open(path, flags | O_RDONLY | O_CLOEXEC);
}

static bool read_stat(uint64_t fields[STAT_LAST + 1])
{
    cleanup_close int fd = open_kept(kept_stat, STAT_PATH, 0);
    char text[1024];
    /* from its beginning, which has the kernel make it anew */
    ssize_t length = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
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
    cleanup_close int fd = open_kept(kept_fds, FDS_PATH, O_DIRECTORY);
    cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    uint64_t count = 0;

    if (!dir)
        return 0;
    steal_fd(&fd);
    pthread_mutex_lock(&fds_lock);
    rewinddir(dir);
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        if (entry->d_name[0] != '.')
            count++;
    pthread_mutex_unlock(&fds_lock);
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
