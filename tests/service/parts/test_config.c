/* SPDX-License-Identifier: MIT */
/* Keys and values from files and the environment. With --example or --markdown it prints what is generated. */
#include "config/config.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/sentinel-config.XXXXXX";
static char path[64];

static int make_dir(void **state)
{
    (void)state;
    if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
        return -1;
    snprintf(path, sizeof(path), "%s/env", dir);
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void put_bytes(const char *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
    close(fd);
}

static void put(const char *text)
{
    put_bytes(text, strlen(text));
}

static char *const no_environment[] = {(char *)"HOME=/home/somebody", NULL};

static struct config *load(enum config_program program, const char *file, char *const *environment)
{
    struct config *config = NULL;
    struct failure failure = {0};

    if (config_load(program, file, environment, &config, &failure) != 0)
        fail_msg("%s", failure.message);
    return config;
}

static struct config *load_text(const char *text)
{
    put(text);
    return load(CONFIG_SERVER, path, no_environment);
}

static void assert_refused(int code, enum config_program program, const char *file, char *const *environment,
                           const char *word)
{
    struct config *untouched = (struct config *)1;
    struct config *config = untouched;
    struct failure failure = {0};
    int r = config_load(program, file, environment, &config, &failure);

    if (r != code || failure.code != code || !strstr(failure.message, word) || config != untouched)
        fail_msg("wanted %d and \"%s\", got %d and \"%s\"", code, word, r, failure.message);
    assert_true(failure.message[strlen(failure.message) - 1] != '.');
}

static void assert_text_refused(const char *text, const char *word)
{
    put(text);
    assert_refused(FAIL_INVALID, CONFIG_SERVER, path, no_environment, word);
}

static void assert_entry_refused(const char *entry, const char *word)
{
    char *environment[] = {(char *)entry, (char *)"HOME=/", NULL};

    assert_refused(FAIL_INVALID, CONFIG_SERVER, NULL, environment, word);
}

static char *printed(const struct config *config, enum config_program program)
{
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);

    assert_non_null(to);
    assert_int_equal(config_print(config, program, to), 0);
    fclose(to);
    return text;
}

/* ---- values ---- */

static void without_anything_there_are_defaults(void **state)
{
    struct config *config = load(CONFIG_SERVER, NULL, no_environment);

    (void)state;
    assert_string_equal(config->listen, "127.0.0.1:8080");
    assert_string_equal(config->database_url, "");
    assert_string_equal(config->state_dir,
                        geteuid() == 0 ? "/var/lib/sentinel" : "/home/somebody/.local/state/sentinel");
    assert_string_equal(config->user, "sentinel");
    assert_string_equal(config->auth, "auto");
    assert_int_equal(config->rate_limit, 100);
    assert_int_equal(config->body_max, 20 << 20);
    assert_int_equal(config->source_max, 1 << 20);
    assert_int_equal(config->retention_hours, 168);
    assert_true(config->cache);
    assert_non_null(config->relax);
    assert_null(config->relax[0]);
    assert_string_equal(config->webhook_secret, "");
    config_free(config);
    config = load(CONFIG_WORKER, NULL, no_environment);
    assert_string_equal(config->listen, "127.0.0.1:9090");
    config_free(config);
    config_free(NULL);
}

static void values_of_every_kind_are_read(void **state)
{
    struct config *config;

    (void)state;
    config = load_text("# a comment\n"
                       "; another\n"
                       "\n"
                       "SENTINEL_LISTEN=[::1]:80\r\n"
                       "  SENTINEL_WEB_ROOT = '/srv/a \"web\" #1'  \n"
                       "DATABASE_URL=\"postgresql://u:p%20w@h1:1,h2:2/db?sslmode=require\"\n"
                       "SENTINEL_BODY_MAX=1G\n"
                       "SENTINEL_SOURCE_MAX=512k\n"
                       "SENTINEL_RATE_LIMIT=0\n"
                       "SENTINEL_CACHE=no\n"
                       "SENTINEL_TRUSTED_PROXIES=10.0.0.0/8, ::1 ,192.168.1.1\n"
                       "SENTINEL_CORS_ORIGINS=https://a.example,http://localhost:5173\n"
                       "SENTINEL_RELAX=apparmor,landlock\n"
                       "SENTINEL_LANGUAGE_PATH=/a:/b/c.conf\n"
                       "RABBITMQ_URL=amqps://u:p@mq.example/v?cacertfile=/a/ca.pem\n"
                       "SENTINEL_AUTH=\n"
                       "SENTINEL_LOG_LEVEL=debug");
    assert_string_equal(config->listen, "[::1]:80");
    assert_string_equal(config->web_root, "/srv/a \"web\" #1");
    assert_string_equal(config->database_url, "postgresql://u:p%20w@h1:1,h2:2/db?sslmode=require");
    assert_int_equal(config->body_max, 1 << 30);
    assert_int_equal(config->source_max, 512 << 10);
    assert_int_equal(config->rate_limit, 0);
    assert_false(config->cache);
    assert_string_equal(config->trusted_proxies[0], "10.0.0.0/8");
    assert_string_equal(config->trusted_proxies[1], "::1");
    assert_string_equal(config->trusted_proxies[2], "192.168.1.1");
    assert_null(config->trusted_proxies[3]);
    assert_string_equal(config->cors_origins[1], "http://localhost:5173");
    assert_string_equal(config->relax[0], "apparmor");
    assert_string_equal(config->language_path, "/a:/b/c.conf");
    assert_string_equal(config->rabbitmq_url, "amqps://u:p@mq.example/v?cacertfile=/a/ca.pem");
    assert_string_equal(config->auth, "auto");
    assert_string_equal(config->log_level, "debug");
    config_free(config);
}

static void the_environment_wins(void **state)
{
    char *environment[] = {(char *)"SENTINEL_SLOTS=5", (char *)"SENTINEL_CASES_MAX=",
                           (char *)"SENTINEL_SLOTS=6", (char *)"UNRELATED",
                           (char *)"HOME=/",           NULL};
    struct config *config;

    (void)state;
    put("SENTINEL_SLOTS=3\nSENTINEL_CASES_MAX=7\nSENTINEL_BATCH_MAX=9\n");
    config = load(CONFIG_SERVER, path, environment);
    assert_int_equal(config->slots, 5);
    assert_int_equal(config->cases_max, 256); /* an empty value is the default */
    assert_int_equal(config->batch_max, 9);
    config_free(config);
}

static void values_of_the_wrong_form_are_refused_by_name_place_and_what_is_expected(void **state)
{
    static const char *const wrong[] = {
        "SENTINEL_LISTEN=8080",
        "SENTINEL_LISTEN=:8080",
        "SENTINEL_LISTEN=localhost:65536",
        "SENTINEL_LISTEN=localhost:1x",
        "SENTINEL_LISTEN=[::1:80",
        "SENTINEL_LISTEN=[]:80",
        "SENTINEL_LISTEN=::1:80",
        "SENTINEL_LISTEN=unix:relative",
        "SENTINEL_LISTEN=http://localhost:80",
        "SENTINEL_STATE_DIR=relative/path",
        "SENTINEL_LANGUAGE_PATH=relative",
        "SENTINEL_LANGUAGE_PATH=/a:relative",
        "SENTINEL_LANGUAGE_PATH=/a:",
        "SENTINEL_LANGUAGE_PATH=:/a",
        "SENTINEL_LANGUAGE_PATH=/a::/b",
        "SENTINEL_USER=-x",
        "SENTINEL_USER=a user",
        "SENTINEL_AUTH=Open",
        "SENTINEL_AUTH=none",
        "SENTINEL_SLOTS=-1",
        "SENTINEL_SLOTS=+1",
        "SENTINEL_SLOTS=0x10",
        "SENTINEL_SLOTS=257",
        "SENTINEL_SLOTS=1.5",
        "SENTINEL_SLOTS=1k",
        "SENTINEL_SLOTS=18446744073709551617",
        "SENTINEL_BATCH_MAX=0",
        "SENTINEL_BODY_MAX=20MB",
        "SENTINEL_BODY_MAX=M",
        "SENTINEL_BODY_MAX=2G",
        "SENTINEL_BODY_MAX=18014398509481985k",
        "SENTINEL_CACHE=true",
        "SENTINEL_TRUSTED_PROXIES=10.0.0.0/33",
        "SENTINEL_TRUSTED_PROXIES=10.0.0.0/8,",
        "SENTINEL_TRUSTED_PROXIES=,10.0.0.0/8",
        "SENTINEL_TRUSTED_PROXIES=10.0.0.0/8,,::1",
        "SENTINEL_TRUSTED_PROXIES=proxy.example",
        "SENTINEL_WEBHOOK_ALLOW=::1/129",
        "SENTINEL_CORS_ORIGINS=https://a.example/",
        "SENTINEL_CORS_ORIGINS=a.example",
        "SENTINEL_CORS_ORIGINS=https://",
        "SENTINEL_RELAX=everything",
        "SENTINEL_LOG_LEVEL=trace",
        "OTEL_EXPORTER_OTLP_ENDPOINT=127.0.0.1:4318",
        "SENTINEL_RATE_LIMIT=1000001",
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(wrong); i++) {
        char text[200];
        char place[200];
        int length = (int)strcspn(wrong[i], "=");

        snprintf(text, sizeof(text), "# first\n%s\n", wrong[i]);
        snprintf(place, sizeof(place), "%.*s in %s, line 2: expected ", length, wrong[i], path);
        assert_text_refused(text, place);
        snprintf(place, sizeof(place), "%.*s in the environment: expected ", length, wrong[i]);
        assert_entry_refused(wrong[i], place);
    }
    assert_entry_refused("SENTINEL_SLOTS=257", "expected a number from 0 to 256, not \"257\"");
    assert_entry_refused("SENTINEL_BODY_MAX=1", "bytes from 1k to 1G");
    assert_entry_refused("SENTINEL_AUTH=x\ny", "expected auto, keys or open, not \"x?y\"");
    assert_entry_refused("SENTINEL_WEB_ROOT=/a\tb", "absolute path");
}

static void what_must_go_together_is_checked(void **state)
{
    char *fleet[] = {(char *)"RABBITMQ_URL=amqp://u:secret@h/v", (char *)"HOME=/", NULL};

    (void)state;
    assert_refused(FAIL_INVALID, CONFIG_SERVER, NULL, fleet, "RABBITMQ_URL needs DATABASE_URL");
    assert_refused(FAIL_INVALID, CONFIG_WORKER, NULL, fleet, "RABBITMQ_URL needs DATABASE_URL");
    assert_text_refused("SENTINEL_TLS_CERTIFICATE=/a\n", "both or none");
    assert_text_refused("SENTINEL_TLS_KEY=/a\n", "both or none");
    assert_text_refused("SENTINEL_BODY_MAX=1M\nSENTINEL_SOURCE_MAX=2M\n", "SENTINEL_SOURCE_MAX");
    config_free(load_text("SENTINEL_TLS_CERTIFICATE=/a\nSENTINEL_TLS_KEY=/b\n"));
}

static void a_key_of_the_other_program_is_ignored_whatever_it_says(void **state)
{
    struct config *config;

    (void)state;
    put("SENTINEL_BATCH_MAX=not even a number\nSENTINEL_TLS_KEY=/b\nSENTINEL_SLOTS=3\n");
    config = load(CONFIG_WORKER, path, no_environment);
    assert_int_equal(config->batch_max, 100);
    assert_string_equal(config->tls_key, "");
    assert_int_equal(config->slots, 3);
    config_free(config);
}

/* ---- keys ---- */

static void a_key_that_is_not_known_is_refused_with_the_nearest(void **state)
{
    (void)state;
    assert_text_refused("SENTINEL_RATELIMIT=1\n", "there is no such key; the nearest is SENTINEL_RATE_LIMIT");
    assert_text_refused("DATABASE_URI=x\n", "the nearest is DATABASE_URL");
    assert_text_refused("sentinel_slots=1\n", "there is no such key");
    assert_text_refused("COMPLETELY_DIFFERENT=1\n", "there is no such key; .env.example has them all");
    assert_entry_refused("SENTINEL_SLOT=1", "SENTINEL_SLOT in the environment: there is no such key; the nearest is "
                                            "SENTINEL_SLOTS");
    assert_entry_refused("SENTINEL_=1", "there is no such key");
    assert_entry_refused("SENTINEL_\x01=1", "begins with SENTINEL_");
}

static void keys_of_the_library_are_for_the_environment(void **state)
{
    char *environment[] = {(char *)"SENTINEL_DATA_DIR=/x", (char *)"SENTINEL_CACHE_DIR=/x", (char *)"HOME=/", NULL};

    (void)state;
    config_free(load(CONFIG_SERVER, NULL, environment));
    assert_text_refused("SENTINEL_DATA_DIR=/x\n", "from the environment only");
}

static void lines_that_others_would_read_differently_are_refused(void **state)
{
    (void)state;
    assert_text_refused("no equals sign\n", "line 1: this is not KEY=VALUE");
    assert_text_refused("\n=x\n", "line 2: this is not KEY=VALUE");
    assert_text_refused("export SENTINEL_SLOTS=1\n", "this is not KEY=VALUE");
    assert_text_refused("SENTINEL_SLOTS=1\nSENTINEL_SLOTS=1\n", "line 2: it is in line 1 already");
    assert_text_refused("SENTINEL_SLOTS=1 # one\n", "a comment stands on a line of its own");
    assert_text_refused("SENTINEL_WEB_ROOT=\"/a\n", "quotes");
    assert_text_refused("SENTINEL_WEB_ROOT='/a' b\n", "quotes");
    assert_text_refused("SENTINEL_WEB_ROOT=\"\n", "quotes");
    assert_text_refused("SENTINEL_WEB_ROOT='/a'b'\n", "quotes within");
    assert_text_refused("SENTINEL_WEB_ROOT=\"/a\\n\"\n", "backslash");
    assert_text_refused("SENTINEL_WEB_ROOT=/a\\\n", "does not go on");
}

static void nothing_is_expanded(void **state)
{
    struct config *config = load_text("SENTINEL_WEB_ROOT=/a/$HOME/`id`/~/%h\n");

    (void)state;
    assert_string_equal(config->web_root, "/a/$HOME/`id`/~/%h");
    config_free(config);
}

/* ---- files ---- */

static void a_file_that_is_none_is_refused(void **state)
{
    char *large = malloc(100000);

    (void)state;
    assert_refused(FAIL_NOT_FOUND, CONFIG_SERVER, "/no/such/file", no_environment, "/no/such/file");
    assert_refused(FAIL_INVALID, CONFIG_SERVER, "/dev/zero", no_environment, "not a plain file");
    assert_refused(FAIL_INVALID, CONFIG_SERVER, dir, no_environment, "not a plain file");
    put_bytes("SENTINEL_SLOTS=1\0\n", 18);
    assert_refused(FAIL_INVALID, CONFIG_SERVER, path, no_environment, "NUL");
    assert_non_null(large);
    memset(large, '#', 100000);
    put_bytes(large, 100000);
    free(large);
    assert_refused(FAIL_LIMIT, CONFIG_SERVER, path, no_environment, "longer than");
}

static void root_takes_no_file_that_others_may_write(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("SKIP: needs root\n");
        skip();
    }
    put("SENTINEL_SLOTS=1\n");
    assert_int_equal(chmod(path, 0646), 0);
    assert_refused(FAIL_INVALID, CONFIG_SERVER, path, no_environment, "chmod go-w");
    assert_int_equal(chmod(path, 0664), 0);
    config_free(load(CONFIG_SERVER, path, no_environment)); /* root's group */
    assert_int_equal(chown(path, 0, 12), 0);
    assert_refused(FAIL_INVALID, CONFIG_SERVER, path, no_environment, "chmod go-w");
    assert_int_equal(chown(path, 12, 0), 0);
    assert_refused(FAIL_INVALID, CONFIG_SERVER, path, no_environment, "chown root");
    assert_int_equal(unlink(path), 0);
}

/* ---- secrets ---- */

static void secrets_are_in_no_message(void **state)
{
    static const char *const wrong[] = {
        "DATABASE_URL=mysql://u:hunter2@h/d",
        "DATABASE_URL=postgresql://u:hunter2@h/d e",
        "RABBITMQ_URL=amqps://u:hunter2@h",
        "RABBITMQ_URL=amqp://u:hunter2@h:port",
        "RABBITMQ_URL=amqp://u:hunter2@h",
        "REDIS_URL=http://u:hunter2@h",
        "SENTINEL_WEBHOOK_SECRET=hunter2",
        "OTEL_EXPORTER_OTLP_ENDPOINT=hunter2@h",
        "SENTINEL_WEBHOOK_SECRET=\"hunter2",
        "SENTINEL_WEBHOOK_SECRET=hunter2 # hunter2",
        "hunter2",
        "postgresql://hunter2@h?a=b",
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(wrong); i++) {
        struct config *config = NULL;
        struct failure failure = {0};

        put(wrong[i]);
        assert_int_equal(config_load(CONFIG_SERVER, path, no_environment, &config, &failure), FAIL_INVALID);
        assert_null(strstr(failure.message, "hunter2"));
    }
}

static void secrets_are_not_printed(void **state)
{
    struct config *config = load_text("DATABASE_URL=postgresql://user:hunter2@host:5432/db?password=hunter2\n"
                                      "RABBITMQ_URL=amqp://user:hunter2@host/vhost\n"
                                      "REDIS_URL=redis://:hunter2@host/1\n"
                                      "OTEL_EXPORTER_OTLP_ENDPOINT=http://user:hunter2@host:4318\n"
                                      "SENTINEL_WEBHOOK_SECRET=hunter2hunter2hunter2\n");
    char *text = printed(config, CONFIG_SERVER);

    (void)state;
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "DATABASE_URL=postgresql://user@host:5432/db?(set)\n"));
    assert_non_null(strstr(text, "RABBITMQ_URL=amqp://user@host/vhost\n"));
    assert_non_null(strstr(text, "REDIS_URL=redis://@host/1\n"));
    assert_non_null(strstr(text, "SENTINEL_WEBHOOK_SECRET=(set)\n"));
    free(text);
    config_free(config);
    /* A password that should have been escaped. */
    config = load_text("DATABASE_URL=postgresql://user:hun/ter2@host/db\n");
    text = printed(config, CONFIG_SERVER);
    assert_non_null(strstr(text, "DATABASE_URL=postgresql://(set)\n"));
    free(text);
    config_free(config);
}

/* ---- what is printed ---- */

static void what_is_printed_is_a_file_of_the_same_values(void **state)
{
    struct config *config = load_text("SENTINEL_BODY_MAX=1500\nSENTINEL_SOURCE_MAX=1k\nSENTINEL_CACHE=no\n"
                                      "SENTINEL_RELAX=apparmor,landlock\nDATABASE_URL=sqlite:/a/b@c.db\n");
    char *first = printed(config, CONFIG_SERVER);
    char *second;
    char *third;

    (void)state;
    config_free(config);
    config = load_text(first);
    second = printed(config, CONFIG_SERVER);
    assert_string_equal(first, second);
    assert_non_null(strstr(first, "SENTINEL_BODY_MAX=1500\n"));
    assert_non_null(strstr(first, "DATABASE_URL=sqlite:/a/b@c.db\n"));
    third = printed(config, CONFIG_WORKER);
    assert_null(strstr(third, "SENTINEL_BODY_MAX"));
    config_free(config);
    free(first);
    free(second);
    free(third);
}

static char *example(int (*print)(FILE *))
{
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);

    assert_non_null(to);
    assert_int_equal(print(to), 0);
    fclose(to);
    return text;
}

static void the_example_with_its_keys_switched_on_is_what_is_default(void **state)
{
    char *text = example(config_print_example);
    struct config *config = load(CONFIG_SERVER, NULL, no_environment);
    char *defaults = printed(config, CONFIG_SERVER);
    char *same;
    unsigned keys = 0;

    (void)state;
    config_free(config);
    for (char *at = text; (at = strstr(at, "\n#")); at++)
        if (at[2] != ' ') {
            at[1] = ' ';
            keys++;
        }
    config = load_text(text);
    same = printed(config, CONFIG_SERVER);
    assert_string_equal(same, defaults);
    assert_int_equal(keys, 35);
    config_free(config);
    free(text);
    free(same);
    free(defaults);
}

/* The file at the top of the source tree, above wherever this was built. */
static char *read_committed(const char *name)
{
    char place[4096];
    ssize_t length = readlink("/proc/self/exe", place, sizeof(place) - 100);

    assert_true(length > 0);
    place[length] = '\0';
    for (char *slash; (slash = strrchr(place, '/')) && slash != place;) {
        cleanup_file FILE *file = NULL;
        char *text;
        size_t got;

        strcpy(slash + 1, name);
        file = fopen(place, "re");
        *slash = '\0';
        if (!file)
            continue;
        text = calloc(1, 100000);
        assert_non_null(text);
        got = fread(text, 1, 99999, file);
        assert_true(got > 0);
        return text;
    }
    return NULL;
}

static void the_committed_example_is_the_generated_one(void **state)
{
    char *committed = read_committed(".env.example");
    char *generated = example(config_print_example);

    (void)state;
    if (!committed) {
        free(generated);
        print_message("SKIP: there is no .env.example above the build directory\n");
        skip();
    }
    /* Else: build/tests/service/test_config --example > .env.example */
    assert_string_equal(committed, generated);
    assert_non_null(strstr(generated, "# Expected: debug, info, warn or error.\n#SENTINEL_LOG_LEVEL=info\n"));
    free(committed);
    free(generated);
}

static void the_table_has_a_row_for_every_key(void **state)
{
    char *text = example(config_print_markdown);
    unsigned rows = 0;

    (void)state;
    for (const char *at = text; (at = strstr(at, "\n| `")); at++)
        rows++;
    assert_int_equal(rows, 35);
    assert_non_null(strstr(text, "| `SENTINEL_SLOTS` | server, worker | `0` | "));
    free(text);
}

static void what_cannot_be_written_is_told(void **state)
{
    FILE *full = fopen("/dev/full", "we");

    (void)state;
    assert_non_null(full);
    assert_int_equal(config_print_example(full), FAIL_UNAVAILABLE);
    fclose(full);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_anything_there_are_defaults),
        cmocka_unit_test(values_of_every_kind_are_read),
        cmocka_unit_test(the_environment_wins),
        cmocka_unit_test(values_of_the_wrong_form_are_refused_by_name_place_and_what_is_expected),
        cmocka_unit_test(what_must_go_together_is_checked),
        cmocka_unit_test(a_key_of_the_other_program_is_ignored_whatever_it_says),
        cmocka_unit_test(a_key_that_is_not_known_is_refused_with_the_nearest),
        cmocka_unit_test(keys_of_the_library_are_for_the_environment),
        cmocka_unit_test(lines_that_others_would_read_differently_are_refused),
        cmocka_unit_test(nothing_is_expanded),
        cmocka_unit_test(a_file_that_is_none_is_refused),
        cmocka_unit_test(root_takes_no_file_that_others_may_write),
        cmocka_unit_test(secrets_are_in_no_message),
        cmocka_unit_test(secrets_are_not_printed),
        cmocka_unit_test(what_is_printed_is_a_file_of_the_same_values),
        cmocka_unit_test(the_example_with_its_keys_switched_on_is_what_is_default),
        cmocka_unit_test(the_committed_example_is_the_generated_one),
        cmocka_unit_test(the_table_has_a_row_for_every_key),
        cmocka_unit_test(what_cannot_be_written_is_told),
    };

    if (argc == 2 && strcmp(argv[1], "--example") == 0)
        return config_print_example(stdout) != 0;
    if (argc == 2 && strcmp(argv[1], "--markdown") == 0)
        return config_print_markdown(stdout) != 0;
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
