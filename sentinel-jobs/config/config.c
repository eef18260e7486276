/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include "base/cleanup.h"
#include "config/table.h"

#include <string.h>
#include <unistd.h>

static const char *from_environment(char *const *environment, const char *name)
{
    size_t length = strlen(name);

    for (; environment && *environment; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return *environment + length + 1;
    return "";
}

/* As the XDG Base Directory Specification has it for users. */
static int default_state_dir(struct config *config, char *const *environment, struct failure *failure)
{
    const char *state = from_environment(environment, "XDG_STATE_HOME");
    const char *home = from_environment(environment, "HOME");
    char *path = NULL;
    int r;

    if (geteuid() == 0)
        r = asprintf(&path, "/var/lib/sentinel");
    else if (*state == '/')
        r = asprintf(&path, "%s/sentinel", state);
    else if (*home == '/')
        r = asprintf(&path, "%s/.local/state/sentinel", home);
    else
        return fail(failure, FAIL_INVALID, "SENTINEL_STATE_DIR: expected an absolute path, for there is no HOME");
    if (r < 0)
        return fail_nomem(failure);
    free(config->state_dir);
    config->state_dir = path;
    return 0;
}

static int check_together(const struct config *config, enum config_program program, struct failure *failure)
{
    if (*config->rabbitmq_url && !*config->database_url)
        return fail(failure, FAIL_INVALID,
                    "RABBITMQ_URL needs DATABASE_URL: workers and servers of a fleet share both");
    if (program != CONFIG_SERVER)
        return 0;
    if (!*config->tls_certificate != !*config->tls_key)
        return fail(failure, FAIL_INVALID, "SENTINEL_TLS_CERTIFICATE and SENTINEL_TLS_KEY: expected both or none");
    if (config->source_max > config->body_max)
        return fail(failure, FAIL_INVALID,
                    "SENTINEL_SOURCE_MAX is more than SENTINEL_BODY_MAX: no such source could come");
    return 0;
}

static int fill(struct config *config, enum config_program program, const struct config_texts *texts,
                struct failure *failure)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        const char *fallback = program == CONFIG_WORKER && key->worker_fallback ? key->worker_fallback : key->fallback;
        const char *text = texts->texts[i];
        bool is_given = text && *text && key->programs & program;
        int r = config_set(config, key, is_given ? text : fallback, is_given ? &texts->places[i] : NULL, failure);

        if (r < 0)
            return r;
    }
    return 0;
}

int config_finish(enum config_program program, const struct config_texts *texts, char *const *environment,
                  struct config **ret_config, struct failure *failure)
{
    struct config *config = calloc(1, sizeof(*config));
    int r;

    if (!config)
        return fail_nomem(failure);
    r = fill(config, program, texts, failure);
    if (r == 0 && !*config->state_dir)
        r = default_state_dir(config, environment, failure);
    if (r == 0)
        r = check_together(config, program, failure);
    if (r < 0)
        config_free(config);
    else
        *ret_config = config;
    return r;
}

int config_load(enum config_program program, const char *path, char *const *environment, struct config **ret_config,
                struct failure *failure)
{
    __attribute__((cleanup(config_texts_clear))) struct config_texts texts = {0};
    int r = config_texts_make(&texts, failure);

    if (r == 0 && path)
        r = config_read_file(&texts, path, failure);
    if (r == 0)
        r = config_read_environment(&texts, environment, failure);
    if (r == 0)
        r = config_finish(program, &texts, environment, ret_config, failure);
    return r;
}
