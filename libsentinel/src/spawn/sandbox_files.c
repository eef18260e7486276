/* SPDX-License-Identifier: MIT */
/* Files in and out: PID 1 looks them up (init/files.c) and hands over descriptors; bytes are moved here. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "spawn/control.h"
#include "spawn/sandbox.h"
#include "supervise/armed.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define REPLY_TIMEOUT_MS 60000

static int claim(sn_sandbox *sandbox, sn_error **ret_error)
{
    int r = sn__sandbox_claim(sandbox, ret_error);

    if (r == 0)
        sn__sandbox_note_files(sandbox);
    return r;
}

struct sn_file_list {
    sn_file_info *entries;
    size_t count;
    char *bytes; /* what the names point into */
};

/* One line for each way in which a program can spoil a path. */
static int explain(int error, const char *step, const char *path, sn_error **ret_error)
{
    switch (error) {
    case ENOENT:
        return sn__error_set(ret_error, SN_ENOENT, step, "'%s' does not exist in the work directory", path);
    case ELOOP:
        return sn__error_errno(ret_error, error, step, "'%s' is or goes through a symbolic link", path);
    case EISDIR:
        return sn__error_errno(ret_error, error, step, "'%s' is a directory", path);
    case ENXIO:
        return sn__error_errno(ret_error, error, step, "'%s' is not a regular file", path);
    case EXDEV:
        return sn__error_errno(ret_error, error, step, "'%s' leaves the work directory's file system", path);
    case E2BIG:
        return sn__error_set(ret_error, SN_ELIMIT, step, "'%s' has more than %d entries", path, SN__LIST_MAX);
    default:
        return sn__error_errno(ret_error, error, step, "cannot use '%s'", path);
    }
}

/* The answer to this request: one to an earlier request, which could not be taken then, is dropped. */
static int receive_reply(sn_sandbox *sandbox, struct sn__message *ret_message, int *ret_fd)
{
    for (;;) {
        int r = sn__control_receive(sandbox->control, REPLY_TIMEOUT_MS, ret_message, ret_fd);

        if (r <= 0 || (ret_message->type == SN__MSG_FILE_REPLY && ret_message->serial == sandbox->serial))
            return r;
        if (!sn__sandbox_hear(sandbox, ret_message, *ret_fd))
            sn__close(*ret_fd);
        *ret_fd = -1;
    }
}

static int ask(sn_sandbox *sandbox, enum sn__file_op op, uint32_t mode, const char *path, const char *step, int *ret_fd,
               sn_error **ret_error)
{
    struct sn__message message = {.type = SN__MSG_FILE};
    int fd = -1;
    int r = sn__path_relative(path, message.file.path, ret_error);

    sn__armed_await_template(sandbox); /* what is put from here on PID 1 has to count after it looked at the files */
    if (r < 0)
        return r;
    if (!message.file.path[0] && op != SN__FILE_LIST && op != SN__FILE_MKDIR)
        return sn__error_set(ret_error, SN_EINVAL, step, "the path '%s' names the work directory itself", path);
    message.file.op = op;
    message.file.mode = mode;
    message.serial = ++sandbox->serial;
    r = sn__control_send(sandbox->control, &message, NULL, 0);
    if (r == 0)
        r = receive_reply(sandbox, &message, &fd);
    if (r == -EPIPE || r == 0)
        return sn__sandbox_died(sandbox, step, ret_error);
    if (r < 0)
        return sn__error_errno(ret_error, -r, step, "cannot talk to PID 1");
    if (message.failure.error) {
        sn__close(fd);
        return explain(message.failure.error, step, path, ret_error);
    }
    if (ret_fd)
        *ret_fd = fd;
    else
        sn__close(fd);
    return 0;
}

static int put(sn_sandbox *sandbox, const char *path, const void *data, size_t length, uint32_t mode,
               sn_error **ret_error)
{
    cleanup_close int fd = -1;
    struct stat made;
    int r = ask(sandbox, SN__FILE_CREATE, mode ? mode : 0644, path, "put file", &fd, ret_error);

    if (r < 0)
        return r;
    r = sn__fd_write_all(fd, data, length);
    if (r < 0) /* half a file is worse than none */
        ask(sandbox, SN__FILE_REMOVE, 0, path, "put file", NULL, NULL);
    if (r == -ENOSPC)
        return sn__error_errno(ret_error, -r, "put file", "'%s' does not fit: the work directory (work_bytes) is full",
                               path);
    if (r == -EFBIG)
        return sn__error_errno(ret_error, -r, "put file",
                               "'%s' is larger than this process may write: raise RLIMIT_FSIZE (ulimit -f)", path);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "put file", "cannot write '%s'", path);
    if (sandbox->waiting.put_bytes && fstat(fd, &made) == 0)
        *sandbox->waiting.put_bytes += (uint64_t)made.st_blocks * 512;
    return 0;
}

int sn_sandbox_put(sn_sandbox *sandbox, const char *path, const void *data, size_t length, uint32_t mode,
                   sn_error **ret_error)
{
    int r;

    if (!sandbox || (!data && length) || (mode & ~0777U))
        return sn__error_set(ret_error, SN_EINVAL, "put file",
                             "sandbox or data is NULL, or the mode has other bits than 0777");
    r = claim(sandbox, ret_error);
    if (r < 0)
        return r;
    r = put(sandbox, path, data, length, mode, ret_error);
    sn__sandbox_release(sandbox);
    return r;
}

static int get(sn_sandbox *sandbox, const char *path, uint64_t max_bytes, void **ret_data, size_t *ret_length,
               sn_error **ret_error)
{
    cleanup_buffer struct sn__buffer buffer = {0};
    cleanup_close int fd = -1;
    int r = ask(sandbox, SN__FILE_READ, 0, path, "get file", &fd, ret_error);

    while (r == 0) {
        char *room = sn__buffer_reserve(&buffer, 65536);
        ssize_t n;

        if (!room)
            return sn__error_nomem(ret_error);
        n = read(fd, room, 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sn__error_errno(ret_error, errno, "get file", "cannot read '%s'", path);
        if (n == 0)
            break;
        buffer.length += (size_t)n;
        if (buffer.length > max_bytes)
            return sn__error_set(ret_error, SN_ELIMIT, "get file", "'%s' is larger than %" PRIu64 " bytes", path,
                                 max_bytes);
    }
    if (r < 0)
        return r;
    sn__buffer_add(&buffer, "", 0);
    *ret_data = sn__buffer_steal(&buffer, ret_length);
    return *ret_data ? 0 : sn__error_nomem(ret_error);
}

int sn_sandbox_get(sn_sandbox *sandbox, const char *path, uint64_t max_bytes, void **ret_data, size_t *ret_length,
                   sn_error **ret_error)
{
    int r;

    if (!sandbox || !ret_data || !ret_length)
        return sn__error_set(ret_error, SN_EINVAL, "get file", "sandbox, ret_data or ret_length is NULL");
    r = claim(sandbox, ret_error);
    if (r < 0)
        return r;
    r = get(sandbox, path, max_bytes, ret_data, ret_length, ret_error);
    sn__sandbox_release(sandbox);
    return r;
}

int sn_sandbox_mkdir(sn_sandbox *sandbox, const char *path, sn_error **ret_error)
{
    int r;

    if (!sandbox)
        return sn__error_set(ret_error, SN_EINVAL, "make directory", "sandbox is NULL");
    r = claim(sandbox, ret_error);
    if (r < 0)
        return r;
    r = ask(sandbox, SN__FILE_MKDIR, 0, path, "make directory", NULL, ret_error);
    sn__sandbox_release(sandbox);
    return r;
}

/* Records of PID 1's making, but every length is checked: the listing is names that a program chose. */
static int parse_listing(const char *bytes, size_t length, sn_file_list *list)
{
    size_t names = 0;
    char *name;

    for (size_t at = 0; at < length; list->count++) {
        struct sn__list_entry item;

        if (length - at < sizeof(item))
            return -EBADMSG;
        memcpy(&item, bytes + at, sizeof(item));
        at += sizeof(item);
        if (item.name_length > length - at)
            return -EBADMSG;
        at += item.name_length;
        names += item.name_length + 1;
    }
    list->entries = calloc(list->count + 1, sizeof(*list->entries));
    list->bytes = name = malloc(names + 1);
    if (!list->entries || !name)
        return -ENOMEM;
    for (size_t i = 0, at = 0; i < list->count; i++) {
        struct sn__list_entry item;

        memcpy(&item, bytes + at, sizeof(item));
        at += sizeof(item);
        memcpy(name, bytes + at, item.name_length);
        name[item.name_length] = '\0';
        at += item.name_length;
        list->entries[i] = (sn_file_info){.name = name, .bytes = item.bytes, .mode = item.mode};
        name += item.name_length + 1;
    }
    return 0;
}

static int list(sn_sandbox *sandbox, const char *path, sn_file_list **ret_list, sn_error **ret_error)
{
    cleanup_close int fd = -1;
    cleanup_free char *bytes = NULL;
    sn_file_list *made;
    struct stat stat_of_listing;
    size_t length;
    ssize_t n;
    int r = ask(sandbox, SN__FILE_LIST, 0, path, "list directory", &fd, ret_error);

    if (r < 0)
        return r;
    if (fstat(fd, &stat_of_listing) < 0)
        return sn__error_errno(ret_error, errno, "list directory", "cannot read the listing of '%s'", path);
    length = (size_t)stat_of_listing.st_size;
    bytes = malloc(length + 1);
    made = calloc(1, sizeof(*made));
    if (!bytes || !made) {
        free(made);
        return sn__error_nomem(ret_error);
    }
    n = pread(fd, bytes, length, 0);
    r = n < 0 ? -errno : n == (ssize_t)length ? parse_listing(bytes, length, made) : -EIO;
    if (r < 0) {
        sn_file_list_free(made);
        return sn__error_errno(ret_error, -r, "list directory", "cannot read the listing of '%s'", path);
    }
    *ret_list = made;
    return 0;
}

int sn_sandbox_list(sn_sandbox *sandbox, const char *path, sn_file_list **ret_list, sn_error **ret_error)
{
    int r;

    if (!sandbox || !ret_list)
        return sn__error_set(ret_error, SN_EINVAL, "list directory", "sandbox or ret_list is NULL");
    r = claim(sandbox, ret_error);
    if (r < 0)
        return r;
    r = list(sandbox, path, ret_list, ret_error);
    sn__sandbox_release(sandbox);
    return r;
}

size_t sn_file_list_count(const sn_file_list *file_list)
{
    return file_list ? file_list->count : 0;
}

const sn_file_info *sn_file_list_entry(const sn_file_list *file_list, size_t index)
{
    return file_list && index < file_list->count ? &file_list->entries[index] : NULL;
}

void sn_file_list_free(sn_file_list *file_list)
{
    if (!file_list)
        return;
    free(file_list->entries);
    free(file_list->bytes);
    free(file_list);
}
