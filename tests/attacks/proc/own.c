/* SPDX-License-Identifier: MIT */
/* Writes to its own files in /proc what would give it more than it was given. */
#include "attack.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);

    if (fd < 0)
        held_by_errno(path);
    if (write(fd, text, strlen(text)) < 0)
        held_by_errno(path);
    breach("%s took %s", path, text);
}

/* The last of all candidates when memory is short: somebody else is killed instead. */
static void oom_score(void)
{
    char text[16] = "";
    int fd = open("/proc/self/oom_score_adj", O_RDONLY);

    if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
        held_by_errno("/proc/self/oom_score_adj");
    snprintf(text, sizeof(text), "%d", atoi(text) > -990 ? atoi(text) - 10 : -1000);
    put("/proc/self/oom_score_adj", text);
}

/* /proc/self/mem writes to read-only mappings: does a shared one of a file carry it to the file (CVE-2016-5195)? */
static void through_mem(void)
{
    int file = open("/usr/bin/env", O_RDONLY);
    int mem = open("/proc/self/mem", O_RDWR);
    char *shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
    char byte = '\x7e';
    struct stat status;

    if (file < 0 || shared == MAP_FAILED || fstat(file, &status) < 0)
        cannot("/usr/bin/env: %s", strerror(errno));
    if (mem < 0)
        held_by_errno("/proc/self/mem");
    /* the page's own first byte, so that even a success changes nothing */
    byte = shared[0];
    if (pwrite(mem, &byte, 1, (off_t)(uintptr_t)shared) == 1)
        breach("a shared read-only mapping of a file was written to");
    held_by_errno("/proc/self/mem");
}

/* Who has none may take one, of a uid that is known where it asks. */
static void login(void)
{
    char text[16] = "";
    int fd = open("/proc/self/loginuid", O_RDONLY);

    if (fd < 0 && errno == ENOENT && access("/proc/self/status", F_OK) == 0)
        cannot("this kernel has no logins");
    if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
        held_by_errno("/proc/self/loginuid");
    if (strcmp(text, "4294967295") != 0)
        cannot("the caller has a login, which the kernel does not change");
    put("/proc/self/loginuid", "33");
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "oom";

    if (strcmp(what, "oom") == 0)
        oom_score();
    if (strcmp(what, "mem") == 0)
        through_mem();
    if (strcmp(what, "uid-map") == 0)
        put("/proc/self/uid_map", "0 0 1\n");
    if (strcmp(what, "gid-map") == 0)
        put("/proc/self/gid_map", "0 0 1\n");
    if (strcmp(what, "setgroups") == 0)
        put("/proc/self/setgroups", "allow\n");
    if (strcmp(what, "loginuid") == 0)
        login();
    if (strcmp(what, "timens") == 0)
        put("/proc/self/timens_offsets", "monotonic 1000 0\n");
    if (strcmp(what, "label") == 0)
        put("/proc/self/attr/exec", "unconfined");
    if (strcmp(what, "fail") == 0)
        put("/proc/self/make-it-fail", "1");
    cannot("no way called %s", what);
}
