/* SPDX-License-Identifier: MIT */
/*
 * Lines of KEY=VALUE, as systemd's EnvironmentFile= and docker's --env-file read them. Where these two, or a shell,
 * would make different things of a line it is refused: a comment behind a value, an escape, a line that goes on.
 */
#include "config/table.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (64U << 10)

int config_texts_make(struct config_texts *ret_texts, struct failure *failure)
{
    struct config_texts texts = {.texts = calloc(config_key_count, sizeof(*texts.texts)),
                                 .places = calloc(config_key_count, sizeof(*texts.places))};

    if (!texts.texts || !texts.places) {
        free(texts.texts);
        free(texts.places);
        return fail_nomem(failure);
    }
    *ret_texts = texts;
    return 0;
}

void config_texts_clear(struct config_texts *texts)
{
    for (size_t i = 0; texts->texts && i < config_key_count; i++)
        free(texts->texts[i]);
    free(texts->texts);
    free(texts->places);
    *texts = (struct config_texts){0};
}

static int keep(struct config_texts *texts, const struct config_key *key, const char *value, size_t length,
                struct config_place place, struct failure *failure)
{
    size_t i = (size_t)(key - config_keys);
    char *copy = strndup(value, length);

    if (!copy)
        return fail_nomem(failure);
    free(texts->texts[i]);
    texts->texts[i] = copy;
    texts->places[i] = place;
    return 0;
}

/* A part of a line. */
struct piece {
    const char *at;
    size_t length;
};

static struct piece trim(struct piece piece)
{
    while (piece.length > 0 && isspace((unsigned char)piece.at[0])) {
        piece.at++;
        piece.length--;
    }
    while (piece.length > 0 && isspace((unsigned char)piece.at[piece.length - 1]))
        piece.length--;
    return piece;
}

static bool is_name(struct piece piece)
{
    if (piece.length == 0 || piece.length > 64 || isdigit((unsigned char)piece.at[0]))
        return false;
    for (size_t i = 0; i < piece.length; i++)
        if (!isalnum((unsigned char)piece.at[i]) && piece.at[i] != '_')
            return false;
    return true;
}

/* Without its quotes. NULL, or what is wrong; that does not repeat the value, which may be a secret. */
static const char *unquote(struct piece *value)
{
    char quote = value->length > 0 ? value->at[0] : '\0';

    if (quote != '"' && quote != '\'') {
        if (memmem(value->at, value->length, " #", 2))
            return "a comment stands on a line of its own (or the value between quotes)";
        if (value->length > 0 && value->at[value->length - 1] == '\\')
            return "a line does not go on in the next one";
        return NULL;
    }
    if (value->length < 2 || value->at[value->length - 1] != quote)
        return "the quotes do not end where the line does";
    value->at++;
    value->length -= 2;
    if (memchr(value->at, quote, value->length))
        return "there are quotes within the quotes";
    if (quote == '"' && memchr(value->at, '\\', value->length))
        return "there is a backslash within double quotes, which not all read alike: use single ones";
    return NULL;
}

static int unknown_key(struct piece name, const struct config_place *place, struct failure *failure)
{
    char text[65];
    char where[100];
    const char *near;

    memcpy(text, name.at, name.length);
    text[name.length] = '\0';
    near = config_nearest(text);
    if (place->line)
        snprintf(where, sizeof(where), "in %.70s, line %u", place->path, place->line);
    else
        snprintf(where, sizeof(where), "in the environment");
    if (config_is_librarys(text, name.length))
        return fail(failure, FAIL_INVALID, "%s %s: the library reads it from the environment only", text, where);
    if (near)
        return fail(failure, FAIL_INVALID, "%s %s: there is no such key; the nearest is %s", text, where, near);
    return fail(failure, FAIL_INVALID, "%s %s: there is no such key; .env.example has them all", text, where);
}

static int read_line(struct config_texts *texts, struct piece line, struct config_place place, struct failure *failure)
{
    const char *equals;
    const char *wrong;
    const struct config_key *key;
    struct piece name;
    struct piece value;

    line = trim(line);
    if (line.length == 0 || line.at[0] == '#' || line.at[0] == ';')
        return 0;
    equals = memchr(line.at, '=', line.length);
    name = trim((struct piece){line.at, equals ? (size_t)(equals - line.at) : 0});
    if (!is_name(name))
        return fail(failure, FAIL_INVALID, "%.100s, line %u: this is not KEY=VALUE", place.path, place.line);
    key = config_find(name.at, name.length);
    if (!key)
        return unknown_key(name, &place, failure);
    if (texts->texts[key - config_keys])
        return fail(failure, FAIL_INVALID, "%s in %.100s, line %u: it is in line %u already", key->name, place.path,
                    place.line, texts->places[key - config_keys].line);
    value = trim((struct piece){equals + 1, line.length - (size_t)(equals + 1 - line.at)});
    wrong = unquote(&value);
    if (wrong)
        return fail(failure, FAIL_INVALID, "%s in %.100s, line %u: %s", key->name, place.path, place.line, wrong);
    return keep(texts, key, value.at, value.length, place, failure);
}

int config_read_text(struct config_texts *texts, const char *content, size_t length, const char *path,
                     struct failure *failure)
{
    struct config_place place = {.path = path};

    if (length > FILE_MAX)
        return fail(failure, FAIL_LIMIT, "%.100s is longer than %u bytes", path, FILE_MAX);
    if (memchr(content, '\0', length))
        return fail(failure, FAIL_INVALID, "%.100s is not a text: there is a NUL in it", path);
    while (length > 0) {
        const char *end = memchr(content, '\n', length);
        size_t taken = end ? (size_t)(end - content) : length;
        int r;

        place.line++;
        r = read_line(texts, (struct piece){content, taken}, place, failure);
        if (r < 0)
            return r;
        taken += end != NULL;
        content += taken;
        length -= taken;
    }
    return 0;
}

/* What root does must not be decided by who may write this file. */
static int check_owner(const struct stat *st, const char *path, struct failure *failure)
{
    if (geteuid() != 0)
        return 0;
    if (st->st_uid != 0)
        return fail(failure, FAIL_INVALID,
                    "%.100s belongs to uid %u, who decides by it what root does: chown root %.60s", path,
                    (unsigned)st->st_uid, path);
    if ((st->st_mode & 002) || ((st->st_mode & 020) && st->st_gid != 0))
        return fail(failure, FAIL_INVALID, "others may write %.100s and so decide what root does: chmod go-w %.60s",
                    path, path);
    return 0;
}

int config_read_file(struct config_texts *texts, const char *path, struct failure *failure)
{
    /* A pipe or a device would wait for who writes to it. */
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    cleanup_free char *content = NULL;
    size_t length = 0;
    struct stat st;
    ssize_t got;
    int r;

    if (fd < 0)
        return fail(failure, errno == ENOENT ? FAIL_NOT_FOUND : FAIL_INVALID, "cannot read %.100s: %s", path,
                    strerror(errno));
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return fail(failure, FAIL_INVALID, "%.100s is not a plain file", path);
    r = check_owner(&st, path, failure);
    if (r < 0)
        return r;
    content = malloc(FILE_MAX + 1);
    if (!content)
        return fail_nomem(failure);
    do {
        got = read(fd, content + length, FILE_MAX + 1 - length);
        if (got > 0)
            length += (size_t)got;
    } while (length <= FILE_MAX && (got > 0 || (got < 0 && errno == EINTR)));
    if (got < 0)
        return fail(failure, FAIL_INVALID, "cannot read %.100s: %s", path, strerror(errno));
    return config_read_text(texts, content, length, path, failure);
}

int config_read_environment(struct config_texts *texts, char *const *environment, struct failure *failure)
{
    cleanup_free bool *seen = calloc(config_key_count, sizeof(*seen));

    if (!seen)
        return fail_nomem(failure);
    for (; environment && *environment; environment++) {
        const char *entry = *environment;
        struct piece name = {entry, strcspn(entry, "=")};
        const struct config_key *key = config_find(name.at, name.length);
        int r = 0;

        if (entry[name.length] != '=')
            continue;
        /* Of two entries getenv(3) takes the first. */
        if (key && !seen[key - config_keys]) {
            seen[key - config_keys] = true;
            r = keep(texts, key, entry + name.length + 1, strlen(entry + name.length + 1), (struct config_place){0},
                     failure);
        } else if (!key && strncmp(entry, "SENTINEL_", 9) == 0 && !config_is_librarys(name.at, name.length)) {
            name.length = name.length < 64 ? name.length : 64;
            if (!is_name(name))
                return fail(failure, FAIL_INVALID, "a key in the environment begins with SENTINEL_ and is none");
            r = unknown_key(name, &(struct config_place){0}, failure);
        }
        if (r < 0)
            return r;
    }
    return 0;
}
