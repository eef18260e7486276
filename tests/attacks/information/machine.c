/* SPDX-License-Identifier: MIT */
/*
 * What a shared kernel and a shared processor show to whoever runs on them. A virtual machine is what hides these; a
 * policy can refuse some of the calls.
 */
#include "attack.h"

#include <cpuid.h>
#include <elf.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <time.h>

static void brand(void)
{
    unsigned words[13] = {0};

    for (unsigned i = 0; i < 3; i++)
        __get_cpuid(0x80000002 + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]);
    visible("cpuid: %s", (char *)words);
}

static void grep(const char *path, const char *what)
{
    FILE *file = fopen(path, "r");
    char line[4096];

    if (!file)
        held_by_errno(path);
    while (fgets(line, sizeof(line), file)) {
        if (strstr(line, what))
            visible("%s", strtok(line, "\n"));
    }
    held("%s has no %s", path, what);
}

static void kernel_log(void)
{
    static char text[1 << 16];
    int length;

    /* how much there is may be asked only by who may read it all */
    if (klogctl(9, NULL, 0) < 0)
        held_by_errno("syslog");
    length = klogctl(3, text, sizeof(text));
    breach("%d bytes of the kernel's log", length);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "sysinfo";
    struct timespec now;
    struct sysinfo info;
    struct statfs disk;
    struct stat status;
    cpu_set_t set;

    if (strcmp(what, "sysinfo") == 0) {
        if (sysinfo(&info) < 0)
            held_by_errno("sysinfo");
        visible("up %ld s, load %.2f, %lu MiB, %u threads", info.uptime, info.loads[0] / 65536.0, info.totalram >> 20,
                info.procs);
    }
    if (strcmp(what, "boot") == 0) {
        clock_gettime(CLOCK_BOOTTIME, &now);
        visible("%ld s since boot, %ld ticks", (long)now.tv_sec, (long)times(NULL));
    }
    if (strcmp(what, "processors") == 0) {
        if (sched_getaffinity(0, sizeof(set), &set) < 0)
            held_by_errno("sched_getaffinity");
        visible("%d processors, this is number %d", CPU_COUNT(&set), sched_getcpu());
    }
    if (strcmp(what, "cpuid") == 0)
        brand();
    if (strcmp(what, "disk") == 0) {
        if (statfs("/usr", &disk) < 0)
            held_by_errno("statfs");
        visible("/usr: %lu MiB of %lu MiB are free", disk.f_bfree * disk.f_bsize >> 20,
                disk.f_blocks * disk.f_bsize >> 20);
    }
    if (strcmp(what, "mounts") == 0)
        grep("/proc/self/mountinfo", " /usr ");
    if (strcmp(what, "packets") == 0)
        grep("/proc/self/net/softnet_stat", "0000");
    if (strcmp(what, "links") == 0) {
        /* the kernel counts all processes as directories of every /proc */
        if (stat("/proc", &status) < 0)
            held_by_errno("/proc");
        if (status.st_nlink < 20)
            held("/proc has %lu links", (unsigned long)status.st_nlink);
        visible("/proc has %lu links, one for each process of the machine", (unsigned long)status.st_nlink);
    }
    if (strcmp(what, "start") == 0) {
        char text[1024] = "";
        int fd = open("/proc/self/stat", O_RDONLY);

        if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
            held_by_errno("/proc/self/stat");
        visible("the time since boot, and addresses of its own: %.60s", text);
    }
    if (strcmp(what, "auxiliary") == 0) {
        /* addresses would be the kernel's if the upper half were not all ones of a vDSO in user space */
        if (getauxval(AT_SYSINFO_EHDR) >> 47)
            breach("an address of the kernel: %lx", getauxval(AT_SYSINFO_EHDR));
        if (strcmp((const char *)getauxval(AT_EXECFN), "/work/attack") != 0)
            breach("started as %s", (const char *)getauxval(AT_EXECFN));
        held("nothing of the host: %s", (const char *)getauxval(AT_EXECFN));
    }
    if (strcmp(what, "log") == 0)
        kernel_log();
    cannot("nothing called %s", what);
}
