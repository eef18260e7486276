/* SPDX-License-Identifier: MIT */
#ifndef JOBS_CONFIG_TABLE_H
#define JOBS_CONFIG_TABLE_H

#include "config/config.h"

/* One table drives what is accepted, what is checked, what is printed and what is documented. */

enum config_kind {
    KIND_LISTEN,  /* char *: HOST:PORT, [IPV6]:PORT, unix:/PATH */
    KIND_URL,     /* char *: begins with one of `words`, or "" */
    KIND_PATH,    /* char *: absolute, or "" */
    KIND_PATHS,   /* char *: absolute ones with colons between, or "" */
    KIND_USER,    /* char * */
    KIND_WORD,    /* char *: one of `words` */
    KIND_SECRET,  /* char *: `least` to `most` characters, or "" */
    KIND_NUMBER,  /* uint64_t */
    KIND_SIZE,    /* uint64_t: bytes; k, M and G are multiples of 1024 */
    KIND_YES_NO,  /* bool */
    KIND_RANGES,  /* char **: addresses and CIDR ranges */
    KIND_ORIGINS, /* char **: scheme://host[:port], or * */
    KIND_LAYERS   /* char **: libsentinel's names */
};

struct config_key {
    const char *name;
    enum config_kind kind;
    unsigned programs; /* bits of enum config_program */
    size_t offset;     /* in struct config */
    const char *fallback;
    const char *worker_fallback; /* NULL: the same */
    uint64_t least;
    uint64_t most;
    const char *const *words;
    const char *heading; /* of the group that begins here; NULL */
    const char *meaning; /* a sentence or two, on one line */
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

/* The entry of a name, or NULL. */
const struct config_key *config_find(const char *name, size_t length);
/* A key that libsentinel or its command reads from the environment by itself. */
bool config_is_librarys(const char *name, size_t length);
/* The name that somebody may have meant; NULL: none is near. */
const char *config_nearest(const char *name);

/* What a value has to be: "a number from 0 to 256". */
#define CONFIG_EXPECTED_SIZE 160
void config_expected(const struct config_key *key, char text[CONFIG_EXPECTED_SIZE]);
/* May a message repeat a value of it? */
bool config_is_secret(const struct config_key *key);

/* Where somebody's value stands: a file and a line, or (line 0) the environment. */
struct config_place {
    const char *path;
    unsigned line;
};
/*
 * Checks a text and stores it in the config's field, whose former value it frees. FAIL_INVALID: the message names key,
 * place and what is expected, and the value if that is no secret. FAIL_NOMEM.
 */
int config_set(struct config *config, const struct config_key *key, const char *text, const struct config_place *place,
               struct failure *failure);

/* What was read so far: a text for each key of the table, or NULL. */
struct config_texts {
    char **texts;
    struct config_place *places;
};
int config_texts_make(struct config_texts *ret_texts, struct failure *failure);
void config_texts_clear(struct config_texts *texts);
/* A file's content. `path` for messages; it must live as long as the texts. */
int config_read_text(struct config_texts *texts, const char *content, size_t length, const char *path,
                     struct failure *failure);
/* A file: of bounded size, and not one that others may write if we are root. */
int config_read_file(struct config_texts *texts, const char *path, struct failure *failure);
int config_read_environment(struct config_texts *texts, char *const *environment, struct failure *failure);
/* Makes the config of what was read and of defaults, and checks what must fit together. */
int config_finish(enum config_program program, const struct config_texts *texts, char *const *environment,
                  struct config **ret_config, struct failure *failure);

#endif
