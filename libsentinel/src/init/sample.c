/* SPDX-License-Identifier: MIT */
/* What lives in the sandbox right now, by /proc: only used where there is no cgroup to ask. */
#include "init/init.h"

#include <linux/fcntl.h>

#define TICK_NS 10000000U /* USER_HZ is 100 on every architecture we know of */
#define PAGE_BYTES 4096U

/* Fields 14 and 15 (utime, stime) and 24 (rss) of /proc/PID/stat: proc(5). The name in field 2 may contain anything. */
static void add_stat(const char *text, size_t length, struct sn__message_sampled *sample)
{
    const char *at = text + length;
    unsigned field = 2;

    while (at > text && at[-1] != ')')
        at--;
    while (*at == ' ') {
        uint64_t value;

        at++;
        field++;
        if (*at == '-')
            at++;
        value = rt_parse_u64(&at);
        if (field == 14 || field == 15)
            sample->cpu_ns += value * TICK_NS;
        if (field == 24) {
            sample->rss_bytes += value * PAGE_BYTES;
            break;
        }
        while (*at && *at != ' ')
            at++;
    }
    sample->processes++;
}

static void add_process(long proc, const char *name, struct sn__message_sampled *sample)
{
    char path[64], text[1024];
    size_t used = rt_append(path, sizeof(path), 0, name);
    long fd, n;

    used = rt_append(path, sizeof(path), used, "/stat");
    if (used >= sizeof(path))
        return;
    fd = sn__sys(__NR_openat, proc, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return; /* gone meanwhile */
    n = sn__sys(__NR_read, fd, text, sizeof(text) - 1);
    sn__sys(__NR_close, fd);
    if (n <= 0)
        return;
    text[n] = '\0';
    add_stat(text, (size_t)n, sample);
}

void sample_processes(struct sn__message_sampled *ret_sample)
{
    static char bytes[8192] __attribute__((aligned(8)));
    long proc = sn__sys(__NR_openat, AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    long n;

    if (proc < 0)
        return;
    while ((n = sn__sys(__NR_getdents64, proc, bytes, sizeof(bytes))) > 0) {
        for (long at = 0; at < n;) {
            const struct directory_entry *entry = (const struct directory_entry *)(const void *)(bytes + at);
            int is_self = entry->name[0] == '1' && entry->name[1] == '\0';

            at += entry->length;
            if (entry->name[0] >= '1' && entry->name[0] <= '9' && !is_self)
                add_process(proc, entry->name, ret_sample);
        }
    }
    sn__sys(__NR_close, proc);
}
