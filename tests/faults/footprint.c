/* SPDX-License-Identifier: MIT */
#include "footprint.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned count_lines(const char *path)
{
    FILE *file = fopen(path, "re");
    unsigned count = 0;

    for (int c = file ? getc(file) : EOF; c != EOF; c = getc(file))
        count += c == '\n';
    if (file)
        fclose(file);
    return count;
}

static unsigned count_entries(const char *path)
{
    DIR *dir = opendir(path);
    unsigned count = 0;

    for (const struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir))
        count += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return count;
}

void footprint_take(pid_t host, uint64_t memory, struct footprint *ret)
{
    char path[64], line[256];
    FILE *file;

    *ret = (struct footprint){.memory = memory};
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)host);
    ret->descriptors = count_entries(path);
    snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)host);
    ret->mounts = count_lines(path);
    snprintf(path, sizeof(path), "/proc/%d/status", (int)host);
    file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "SigBlk", 6) == 0 || strncmp(line, "ShdPnd", 6) == 0 || strncmp(line, "SigPnd", 6) == 0) {
            size_t used = strlen(ret->signals);

            line[strcspn(line, "\n")] = ' ';
            snprintf(ret->signals + used, sizeof(ret->signals) - used, "%.40s", line);
        }
    }
    if (file)
        fclose(file);
}

bool footprint_differs(const struct footprint *before, const struct footprint *after, char *text, size_t size,
                       bool *ret_grew)
{
    *ret_grew = false;
    if (after->descriptors != before->descriptors)
        snprintf(text, size, "descriptors %u -> %u", before->descriptors, after->descriptors);
    else if (after->mounts != before->mounts)
        snprintf(text, size, "mounts %u -> %u", before->mounts, after->mounts);
    else if (strcmp(after->signals, before->signals) != 0)
        snprintf(text, size, "signals %s -> %s", before->signals, after->signals);
    else if ((*ret_grew = after->memory != before->memory))
        snprintf(text, size, "allocated memory %llu -> %llu bytes", (unsigned long long)before->memory,
                 (unsigned long long)after->memory);
    else
        return false;
    return true;
}

unsigned footprint_count_processes(pid_t host, char *first, size_t size)
{
    char path[64], text[512] = "";
    unsigned count = 0;
    pid_t pid;
    FILE *file;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
        if (WIFSTOPPED(status) && pid != host)
            continue; /* it stays, and is counted */
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    file = fopen(path, "re");
    if (file && !fgets(text, sizeof(text), file))
        text[0] = '\0';
    if (file)
        fclose(file);
    for (char *at = text; *at;) {
        char *end;
        long child = strtol(at, &end, 10);

        if (end == at)
            break;
        at = end;
        if (child == host)
            continue;
        if (count++ == 0)
            snprintf(first, size, "%ld", child);
    }
    return count;
}
