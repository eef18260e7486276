/* SPDX-License-Identifier: MIT */
#include "operations.h"

#include "../message.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define GET_MAX (1U << 20)

static const char put_text[] = "laid here by the host\n";
static const char token_came_back[] = "a file taken out of the sandbox holds the token of the host";

/* A listing of the scene shows its canary. */
static bool is_listing_of_scene(const char *name)
{
    return strcmp(name, "canary") == 0;
}

static char *list_in_sandbox(const char *name, sn_sandbox *sandbox, int *ret_code, sn_error **ret_error)
{
    sn_file_list *list = NULL;
    char *evidence = NULL;

    *ret_code = sn_sandbox_list(sandbox, name, &list, ret_error);
    for (size_t i = 0; *ret_code == 0 && i < sn_file_list_count(list); i++) {
        if (is_listing_of_scene(sn_file_list_entry(list, i)->name)) {
            free(evidence);
            evidence = xstrdup("a listing of the sandbox shows the host's files");
        }
    }
    sn_file_list_free(list);
    return evidence;
}

char *operate_in_sandbox(const struct scene *scene, const struct attack_operation *operation, sn_sandbox *sandbox,
                         bool running)
{
    sn_error *error = NULL;
    char *evidence = NULL;
    void *data = NULL;
    size_t length = 0;
    int code = 0;

    switch (operation->kind) {
    case OPERATION_GET:
        code = sn_sandbox_get(sandbox, operation->name, GET_MAX, &data, &length, &error);
        if (code == 0 && scene_has_token(scene, data, length))
            evidence = xstrdup(token_came_back);
        sn_free(data);
        break;
    case OPERATION_PUT:
        code = sn_sandbox_put(sandbox, operation->name, put_text, strlen(put_text), 0, &error);
        break;
    case OPERATION_MKDIR:
        code = sn_sandbox_mkdir(sandbox, operation->name, &error);
        break;
    case OPERATION_LIST:
        evidence = list_in_sandbox(operation->name, sandbox, &code, &error);
        break;
    }
    sn_error_free(error);
    if (running && code != SN_EBUSY && !evidence)
        evidence = xprintf("a file operation was done while the program ran");
    return evidence;
}

static char *get_plainly(const struct scene *scene, const char *path)
{
    char data[4096];
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t length = fd < 0 ? -1 : read(fd, data, sizeof(data));

    return length > 0 && scene_has_token(scene, data, (size_t)length) ? xstrdup(token_came_back) : NULL;
}

static char *list_plainly(const char *path)
{
    DIR *directory = opendir(path);
    char *evidence = NULL;
    struct dirent *entry;

    while (directory && (entry = readdir(directory))) {
        if (is_listing_of_scene(entry->d_name) && !evidence)
            evidence = xstrdup("a listing of the shared directory shows the host's files");
    }
    if (directory)
        closedir(directory);
    return evidence;
}

char *operate_plainly(const struct scene *scene, const struct attack_operation *operation)
{
    cleanup_free char *path = xprintf("%s/box/%s", scene->directory, operation->name);

    switch (operation->kind) {
    case OPERATION_GET:
        return get_plainly(scene, path);
    case OPERATION_LIST:
        return list_plainly(path);
    case OPERATION_MKDIR:
        mkdir(path, 0755);
        return NULL;
    case OPERATION_PUT: {
        cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);

        if (fd >= 0 && write(fd, put_text, strlen(put_text)) < 0)
            return NULL; /* a FIFO without a reader, a full disk: nothing was got */
        return NULL;
    }
    }
    return NULL;
}
