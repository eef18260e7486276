/* SPDX-License-Identifier: MIT */
#include "hostfiles.h"

#include "message.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FILES_MAX 4096
#define DEPTH_MAX 32

uint64_t work_size(const struct settings *settings)
{
    return settings->work_bytes ? settings->work_bytes : UINT64_C(64) << 20;
}

/* Everything behind `fd`, at most `max` bytes. 0, or -1 with the reason. */
static int read_all(int fd, size_t expected, uint64_t max, void **ret_data, size_t *ret_length, char **ret_why)
{
    cleanup_free char *data = NULL;
    size_t capacity = expected + 1;
    size_t length = 0;

    data = xrealloc(NULL, capacity, 1);
    while (true) {
        ssize_t got;

        if (length == capacity)
            data = xrealloc(data, capacity *= 2, 1);
        got = read(fd, data + length, capacity - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            *ret_why = xprintf("%s", strerror(errno));
            return -1;
        }
        if (got == 0)
            break;
        length += (size_t)got;
        if (length > max) {
            *ret_why = xprintf("is larger than %llu KiB, the size of the work directory (--work-kb)",
                               (unsigned long long)(max >> 10));
            return -1;
        }
    }
    *ret_data = data;
    *ret_length = length;
    data = NULL;
    return 0;
}

static int read_descriptor(int fd, uint64_t max, void **ret_data, size_t *ret_length, uint32_t *ret_mode,
                           char **ret_why)
{
    struct stat status;

    if (fstat(fd, &status) < 0) {
        *ret_why = xprintf("%s", strerror(errno));
        return -1;
    }
    if (S_ISDIR(status.st_mode)) {
        *ret_why = xprintf("is a directory");
        return -1;
    }
    if (ret_mode)
        *ret_mode = status.st_mode & 0777;
    return read_all(fd, S_ISREG(status.st_mode) && (uint64_t)status.st_size <= max ? (size_t)status.st_size : 4095, max,
                    ret_data, ret_length, ret_why);
}

/* <(...) and /dev/stdin: a pipe that is open already has a writer, or had one. */
static bool names_a_descriptor(const char *path)
{
    return strncmp(path, "/dev/fd/", strlen("/dev/fd/")) == 0 || strcmp(path, "/dev/stdin") == 0 ||
           strncmp(path, "/proc/self/fd/", strlen("/proc/self/fd/")) == 0;
}

/* Why something of this type cannot be a file for the sandbox; NULL: it can. */
static const char *type_fault(const char *path, mode_t mode)
{
    if (S_ISREG(mode) || S_ISDIR(mode) || (S_ISFIFO(mode) && names_a_descriptor(path)))
        return NULL;
    if (S_ISFIFO(mode))
        return "is a FIFO, not a regular file; its content can be given as <(cat FIFO)";
    return S_ISSOCK(mode) ? "is a socket, not a regular file" : "is a device, not a regular file";
}

/* A descriptor of a file or directory of the host, opened without waiting for anybody; -1 with the reason. */
static int open_host(const char *path, char **ret_why)
{
    cleanup_close int fd = -1;
    const char *fault = NULL;
    struct stat status;
    int opened;

    /* a look first: opening a device may do something; another after, on what was opened in truth */
    if (stat(path, &status) < 0) {
        *ret_why = xstrdup(strerror(errno));
        return -1;
    }
    fault = type_fault(path, status.st_mode);
    if (!fault) {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &status) < 0)
            fault = strerror(errno);
        else
            fault = type_fault(path, status.st_mode);
    }
    /* from here on, wait for what a pipe brings */
    if (!fault && fcntl(fd, F_SETFL, 0) < 0)
        fault = strerror(errno);
    if (fault) {
        *ret_why = xstrdup(fault);
        return -1;
    }
    opened = fd;
    fd = -1; /* NOLINT(clang-analyzer-deadcode.DeadStores): the cleanup reads it */
    return opened;
}

int read_host_file(const char *path, uint64_t max, void **ret_data, size_t *ret_length, uint32_t *ret_mode,
                   char **ret_why)
{
    cleanup_close int fd = open_host(path, ret_why);

    if (fd < 0)
        return -1;
    return read_descriptor(fd, max, ret_data, ret_length, ret_mode, ret_why);
}

int read_standard_input(uint64_t max, void **ret_data, size_t *ret_length, char **ret_why)
{
    return read_descriptor(0, max, ret_data, ret_length, NULL, ret_why);
}

static void add_file(struct host_files *files, const char *inside, void *data, size_t length, uint32_t mode)
{
    files->items = xrealloc(files->items, files->count + 1, sizeof(*files->items));
    files->items[files->count++] = (sn_file){.size = sizeof(sn_file),
                                             .path = xstrdup(inside),
                                             .data = data,
                                             .length = length,
                                             /* the sandbox's user owns it: no more of the mode matters */
                                             .mode = mode & 0111 ? 0755 : 0644};
    files->bytes += length;
}

struct collector {
    const struct cli *cli;
    struct host_files *files;
    uint64_t max;
};

static int add_regular(struct collector *collector, int fd, const char *shown, const char *inside)
{
    cleanup_free char *why = NULL;
    void *data;
    size_t length;
    uint32_t mode;

    if (collector->files->count >= FILES_MAX)
        return fail(collector->cli, STATUS_USAGE, "read files", "--file %s: more than %d files", shown, FILES_MAX);
    if (read_descriptor(fd, collector->max, &data, &length, &mode, &why) < 0)
        return fail(collector->cli, STATUS_USAGE, "read files", "--file %s: %s", shown, why);
    add_file(collector->files, inside, data, length, mode);
    if (collector->files->bytes > collector->max)
        return fail(collector->cli, STATUS_USAGE, "read files",
                    "--file %s: the files together are larger than the work directory, %llu KiB (--work-kb)", shown,
                    (unsigned long long)(collector->max >> 10));
    return 0;
}

/* Everything in a directory. Takes `fd` over. */
static int add_directory(struct collector *collector, int fd, const char *shown, const char *inside, int depth)
{
    DIR *directory = fdopendir(fd);
    struct dirent *entry;
    int status = 0;

    if (!directory) {
        close(fd);
        return fail(collector->cli, STATUS_USAGE, "read files", "--file %s: %s", shown, strerror(errno));
    }
    if (depth > DEPTH_MAX)
        status = fail(collector->cli, STATUS_USAGE, "read files", "--file %s: more than %d directories deep", shown,
                      DEPTH_MAX);
    while (status == 0 && (entry = readdir(directory))) {
        cleanup_free char *below_shown = xprintf("%s/%s", shown, entry->d_name);
        cleanup_free char *below_inside = xprintf("%s/%s", inside, entry->d_name);
        cleanup_close int below = -1;
        struct stat info;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        /* O_NONBLOCK: a FIFO must not hold us up before it is refused */
        below = openat(dirfd(directory), entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
        if (below < 0 && errno != ELOOP && errno != ENXIO)
            status = fail(collector->cli, STATUS_USAGE, "read files", "--file %s: %s", below_shown, strerror(errno));
        else if (below >= 0 && fstat(below, &info) == 0 && S_ISDIR(info.st_mode))
            status = add_directory(collector, fcntl(below, F_DUPFD_CLOEXEC, 3), below_shown, below_inside, depth + 1);
        else if (below >= 0 && S_ISREG(info.st_mode))
            status = add_regular(collector, below, below_shown, below_inside);
        else
            status = fail(collector->cli, STATUS_USAGE, "read files",
                          "--file %s: is not a regular file (a symbolic link, a pipe or a device); name a file itself "
                          "to take what it points at",
                          below_shown);
    }
    closedir(directory);
    return status;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Two files of one name, or a file where another needs a directory. */
static int check_targets(const struct cli *cli, const struct host_files *files, const char *source_name)
{
    cleanup_free const char **paths = xrealloc(NULL, files->count + 1, sizeof(*paths));
    size_t count = 0;

    for (; count < files->count; count++)
        paths[count] = files->items[count].path;
    if (source_name)
        paths[count++] = source_name;
    qsort(paths, count, sizeof(*paths), compare_paths);
    for (size_t i = 0; i < count; i++) {
        cleanup_free char *parent = xstrdup(paths[i]);
        const char *key = parent;
        char *slash;

        if (i + 1 < count && strcmp(paths[i], paths[i + 1]) == 0)
            return fail(cli, STATUS_USAGE, "read files",
                        "--file: two files would be \"%s\" in the work directory; rename one, as in --file PATH:NAME",
                        paths[i]);
        while ((slash = strrchr(parent, '/'))) {
            *slash = '\0';
            if (bsearch(&key, paths, count, sizeof(*paths), compare_paths))
                return fail(cli, STATUS_USAGE, "read files",
                            "--file: \"%s\" would be both a file and a directory in the work directory", parent);
        }
    }
    return 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* One --file. */
static int collect_one(struct collector *collector, const struct transfer *transfer)
{
    cleanup_free char *host = xstrdup(transfer->host);
    size_t length = strlen(host);
    const char *inside = transfer->inside;
    const char *fault;
    cleanup_free char *why = NULL;
    struct stat info;
    int fd;

    while (length > 1 && host[length - 1] == '/')
        host[--length] = '\0';
    if (!inside)
        inside = base_name(host);
    fault = relative_path_fault(inside);
    if (fault)
        return fail(collector->cli, STATUS_USAGE, "read files",
                    "--file %s: its name inside \"%s\" %s; give one, as in --file %s:NAME", transfer->host, inside,
                    fault, transfer->host);
    fd = open_host(host, &why);
    if (fd < 0)
        return fail(collector->cli, STATUS_USAGE, "read files", "--file %s: %s", host, why);
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
        return add_directory(collector, fd, host, inside, 0);
    {
        cleanup_close int file = fd;

        return add_regular(collector, file, host, inside);
    }
}

int host_files_collect(const struct cli *cli, const struct settings *settings, const char *source_name,
                       struct host_files *ret_files)
{
    struct host_files files = {0};
    struct collector collector = {cli, &files, work_size(settings)};
    int status = 0;

    for (size_t i = 0; status == 0 && i < settings->file_count; i++)
        status = collect_one(&collector, &settings->files[i]);
    if (status == 0)
        status = check_targets(cli, &files, source_name);
    if (status != 0) {
        host_files_clear(&files);
        return status;
    }
    files.list = xrealloc(NULL, files.count + 1, sizeof(*files.list));
    for (size_t i = 0; i < files.count; i++)
        files.list[i] = &files.items[i];
    files.list[files.count] = NULL;
    *ret_files = files;
    return 0;
}

void host_files_clear(struct host_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free((void *)files->items[i].path);
        free((void *)files->items[i].data);
    }
    free(files->items);
    free(files->list);
    *files = (struct host_files){0};
}

int check_gets(const struct cli *cli, struct settings *settings)
{
    for (size_t i = 0; i < settings->get_count; i++) {
        struct transfer *get = &settings->gets[i];
        cleanup_free char *parent = NULL;
        char *slash;
        struct stat info;

        /* like cp: a directory means the same name in it */
        if (stat(get->host, &info) == 0 && S_ISDIR(info.st_mode)) {
            char *longer = xprintf("%s/%s", get->host, base_name(get->inside));

            free(get->host);
            get->host = longer;
        }
        if (lstat(get->host, &info) == 0)
            return fail(cli, STATUS_USAGE, "command line", "--get %s: %s exists already; it is never replaced",
                        get->inside, get->host);
        for (size_t j = 0; j < i; j++) {
            if (strcmp(settings->gets[j].host, get->host) == 0)
                return fail(cli, STATUS_USAGE, "command line", "--get %s: two files would become %s", get->inside,
                            get->host);
        }
        parent = xstrdup(get->host);
        slash = strrchr(parent, '/');
        if (slash)
            slash[slash == parent] = '\0';
        if (access(slash ? parent : ".", W_OK | X_OK) < 0)
            return fail(cli, STATUS_USAGE, "command line", "--get %s: %s: %s", get->inside, slash ? parent : ".",
                        strerror(errno));
    }
    return 0;
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length) {
        ssize_t written = write(fd, data, length);

        if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            data += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

int take_file(const struct cli *cli, const struct settings *settings, size_t index, sn_sandbox *sandbox,
              size_t *ret_length)
{
    const struct transfer *get = &settings->gets[index];
    cleanup_free char *what = xprintf("--get %s", get->inside);
    sn_error *error = NULL;
    void *data = NULL;
    size_t length = 0;
    int saved = 0;
    int fd;

    /* A sparse file may claim to be larger than the work directory it is in: that is refused, not read. */
    if (sn_sandbox_get(sandbox, get->inside, work_size(settings), &data, &length, &error) < 0)
        return fail_error(cli, STATUS_INTERNAL, what, NULL, error);
    fd = open(get->host, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0 || write_all(fd, data, length) < 0)
        saved = errno;
    if (fd >= 0 && close(fd) < 0 && !saved)
        saved = errno;
    sn_free(data);
    if (saved && fd >= 0)
        unlink(get->host);
    if (saved)
        return fail(cli, STATUS_INTERNAL, "write file", "%s: writing %s: %s", what, get->host, strerror(saved));
    *ret_length = length;
    return 0;
}
