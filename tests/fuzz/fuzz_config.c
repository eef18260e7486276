/* SPDX-License-Identifier: MIT */
/* A configuration file; what is accepted is printed, and read again it is the same. No message holds a secret. */
#include "config/config.h"
#include "config/table.h"
#include "fuzz.h"

static char *const environment[] = {(char *)"HOME=/home/somebody", NULL};

static int parse(const char *text, size_t size, enum config_program program, struct config **ret_config,
                 struct failure *failure)
{
    struct config_texts texts;
    int r = config_texts_make(&texts, failure);

    MUST(r == 0, "no memory");
    r = config_read_text(&texts, text, size, "input", failure);
    if (r == 0)
        r = config_finish(program, &texts, environment, ret_config, failure);
    config_texts_clear(&texts);
    return r;
}

static char *print(const struct config *config, enum config_program program)
{
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);

    MUST(to && config_print(config, program, to) == 0, "cannot print");
    fclose(to);
    return text;
}

/* The part of a URL that is a password, if it has one of the plain form. */
static void check_url(const char *url, const char *printed)
{
    const char *user = strstr(url, "://");
    const char *at = user ? strrchr(user, '@') : NULL;
    const char *colon = at ? memchr(user + 3, ':', (size_t)(at - user - 3)) : NULL;
    char *password = colon ? strndup(colon, (size_t)(at + 1 - colon)) : NULL;

    /* ":word@" as a whole: a short word may be anywhere. */
    MUST(!password || !password[2] || !strstr(printed, password), "%s in %s", password, printed);
    free(password);
}

static void check(const struct config *config, enum config_program program)
{
    char *first = print(config, program);
    struct config *again = NULL;
    struct failure failure;

    check_url(config->database_url, first);
    check_url(config->rabbitmq_url, first);
    check_url(config->redis_url, first);
    check_url(config->otlp_endpoint, first);
    if (!strstr(first, "(set)")) {
        int r = parse(first, strlen(first), program, &again, &failure);

        /* Values between quotes are printed without, and a quote or a hash may be at the wrong place then. */
        if (r == 0) {
            char *second = print(again, program);

            MUST(strpbrk(first, "\"' \\") || strcmp(first, second) == 0, "%s\n%s", first, second);
            free(second);
        } else {
            MUST(strpbrk(first, "\"' \\"), "%s: %s", failure.message, first);
        }
        config_free(again);
    }
    MUST(config->relax && config->cors_origins && config->trusted_proxies && config->webhook_allow, "no list");
    MUST(config->source_max > 0 && config->slots <= 256 && *config->state_dir == '/', "out of bounds");
    free(first);
}

/* Values of secret keys that are longer than any word of a message. */
static void check_message(const char *text, const char *message)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const char *at = config_is_secret(&config_keys[i]) ? strstr(text, config_keys[i].name) : NULL;
        size_t length = at ? strcspn(at += strlen(config_keys[i].name), " \t\r\n") : 0;
        char *value = length > 30 && *at == '=' ? strndup(at + 1, length - 1) : NULL;

        MUST(!value || !strstr(message, value), "%s in %s", value, message);
        free(value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);

    for (int program = CONFIG_SERVER; program <= CONFIG_WORKER; program++) {
        struct config *config = NULL;
        struct failure failure = {0};
        int r = parse(text, size, (enum config_program)program, &config, &failure);

        if (r == 0) {
            check(config, (enum config_program)program);
            config_free(config);
        } else {
            MUST(!config && failure.code == r && *failure.message, "a failure without an error");
            check_message(text, failure.message);
        }
    }
    free(text);
    return 0;
}
