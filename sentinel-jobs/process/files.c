/* SPDX-License-Identifier: MIT */
#include "process/files.h"

#include "base/cleanup.h"
#include "queue/queue.h"
#include "store/store.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- in URLs ----------------------------------------------------------------------------------------------------- */

/* Takes the path over. */
static int add_file(struct named_files *files, const char *key, const char *parameter, char *path,
                    struct failure *failure)
{
    if (*path != '/') {
        fail(failure, FAIL_INVALID, "%s, %s: expected an absolute path, not \"%.100s\"", key, parameter, path);
        free(path);
        return FAIL_INVALID;
    }
    files->all[files->count++] = (struct named_file){.key = key, .parameter = parameter, .path = path};
    return 0;
}

static int find_of_database(const struct config *config, struct named_files *files, struct failure *failure)
{
    static const char *const parameters[] = {"sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir", "passfile"};
    int r = 0;

    for (size_t i = 0; r == 0 && i < SN_ARRAY_SIZE(parameters); i++) {
        char *path = store_parameter(config->database_url, parameters[i]);

        /* "system" is a newer libpq's name for the authorities that OpenSSL knows by itself. */
        if (path && *path && strcmp(path, "system") != 0)
            r = add_file(files, "DATABASE_URL", parameters[i], path, failure);
        else
            free(path);
    }
    return r;
}

int files_find(const struct config *config, struct named_files *ret_files, struct failure *failure)
{
    struct named_files files = {0};
    char *authorities = NULL;
    struct failure why;
    int r = find_of_database(config, &files, failure);

    if (r == 0 && *config->rabbitmq_url) {
        r = queue_check_url(config->rabbitmq_url, &authorities, &why);
        if (r < 0)
            fail(failure, r, "RABBITMQ_URL: %s", why.message);
    }
    if (r == 0 && authorities)
        r = add_file(&files, "RABBITMQ_URL", "cacertfile", authorities, failure);
    if (r < 0)
        files_free(&files);
    else
        *ret_files = files;
    return r;
}

void files_free(struct named_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->all[i].path);
    files->count = 0;
}

/* ---- what is allowed --------------------------------------------------------------------------------------------- */

#define PLACES_MAX (3 * (NAMED_FILES_MAX + 2) + 1)

struct places {
    char **list;
    size_t count;
};

bool files_has_directory(const char *path)
{
    const char *end = strrchr(path, '/');

    return end > path && memrchr(path, '/', (size_t)(end - path)) != path;
}

static int add_place(struct places *places, char *path, struct failure *failure)
{
    if (!path)
        return fail_nomem(failure);
    places->list[places->count++] = path;
    return 0;
}

static int add_directory_of(struct places *places, const char *path, struct failure *failure)
{
    if (!files_has_directory(path))
        return add_place(places, strdup(path), failure);
    return add_place(places, strndup(path, (size_t)(strrchr(path, '/') - path)), failure);
}

static int allow_file(struct places *places, const char *key, const char *path, struct failure *failure)
{
    cleanup_free char *real = realpath(path, NULL);
    int r;

    if (!real)
        return fail(failure, FAIL_NOT_FOUND, "%s: cannot read %.150s: %s", key, path, strerror(errno));
    r = add_directory_of(places, path, failure);
    if (r == 0 && strcmp(real, path) != 0)
        r = add_directory_of(places, real, failure);
    return r;
}

static int fill_places(const struct config *config, const struct named_files *files, struct places *places,
                       struct failure *failure)
{
    int r = 0;

    if (*config->web_root)
        r = add_place(places, strdup(config->web_root), failure);
    if (r == 0 && *config->tls_certificate)
        r = allow_file(places, "SENTINEL_TLS_CERTIFICATE", config->tls_certificate, failure);
    if (r == 0 && *config->tls_key)
        r = allow_file(places, "SENTINEL_TLS_KEY", config->tls_key, failure);
    for (size_t i = 0; r == 0 && i < files->count; i++) {
        const struct named_file *file = &files->all[i];

        /* Of all of them, libpq does without this one. */
        if (strcmp(file->parameter, "passfile") != 0 || access(file->path, F_OK) == 0)
            r = allow_file(places, file->key, file->path, failure);
    }
    return r;
}

int files_places(const struct config *config, char ***ret_places, struct failure *failure)
{
    cleanup_files struct named_files files = {0};
    struct places places = {.list = calloc(PLACES_MAX, sizeof(*places.list))};
    int r = places.list ? files_find(config, &files, failure) : fail_nomem(failure);

    if (r == 0)
        r = fill_places(config, &files, &places, failure);
    if (r < 0)
        files_free_places(&places.list);
    else
        *ret_places = places.list;
    return r;
}

void files_free_places(char ***places)
{
    for (size_t i = 0; *places && (*places)[i]; i++)
        free((*places)[i]);
    free(*places);
    *places = NULL;
}
