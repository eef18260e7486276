/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "executor/engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MOST 8

/* ---- what a sandbox has ---- */

static const sn_error *or_nomem(const sn_error *error, const char **ret_message)
{
    *ret_message = *sn_error_message(error) ? sn_error_message(error) : "out of memory";
    return error;
}

/* A run says more than a sandbox does: which layers are missing, and that programs start at all. */
static int try_run(sn_sandbox *sandbox, struct executor_hello *hello, sn_error **ret_error)
{
    static const char *const argv[] = {"true", NULL};
    sn_run_options options;
    sn_result *result = NULL;
    int r;

    sn_run_options_init(&options);
    options.argv = argv;
    r = sn_run(sandbox, &options, &result, ret_error);
    if (r == 0) {
        hello->layers = sn_result_layers(result);
        hello->relaxed = sn_result_relaxed(result);
        if (sn_result_verdict(result) != SN_VERDICT_OK)
            log_warn("'true' in a sandbox ended with %s: %s", sn_verdict_name(sn_result_verdict(result)),
                     sn_result_notes(result));
    }
    sn_result_free(result);
    return r;
}

static int try_sandbox(const struct executor_options *own, struct executor_hello *hello, struct failure *failure)
{
    sn_sandbox_options options;
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    const char *message;
    int r;

    sn_sandbox_options_init(&options);
    options.relax = own->relax;
    options.work_bytes = own->work_bytes;
    options.arm = SN_ARM_NEVER;
    r = sn_sandbox_create(&options, &sandbox, &error);
    if (r == 0)
        r = try_run(sandbox, hello, &error);
    sn_sandbox_destroy(sandbox);
    if (r < 0) {
        or_nomem(error, &message);
        fail(failure, FAIL_UNAVAILABLE, "no program can be run here: %s", message);
        sn_error_free(error);
    }
    return r < 0 ? FAIL_UNAVAILABLE : 0;
}

/* ---- what languages there are ---- */

struct probing {
    const struct executor *executor;
    struct executor_hello *hello;
    const sn_language **languages;
    atomic_size_t next;
};

static void probe(const struct executor_options *own, const sn_language *from, struct executor_language *language)
{
    sn_error *error = NULL;
    char *version = NULL;
    const char *message;

    if (sn_language_probe(from, own->relax, &version, &error) == 0) {
        language->is_available = true;
        language->version = strdup(version);
    } else {
        or_nomem(error, &message);
        log_info("the language %s is not available: %s", sn_language_name(from), message);
    }
    sn_free(version);
    sn_error_free(error);
}

static void *probe_some(void *arg)
{
    struct probing *probing = arg;

    for (;;) {
        size_t i = atomic_fetch_add(&probing->next, 1);

        if (i >= probing->hello->language_count)
            return NULL;
        probe(probing->executor->options, probing->languages[i], &probing->hello->languages[i]);
    }
}

/* Most of probing is waiting for toolchains to start, so the slots-to-be do it side by side. */
static void probe_all(struct probing *probing)
{
    pthread_t threads[THREADS_MOST];
    size_t most = probing->executor->options->slots, count = 0;

    if (most > THREADS_MOST)
        most = THREADS_MOST;
    while (count + 1 < most && count + 1 < probing->hello->language_count &&
           pthread_create(&threads[count], NULL, probe_some, probing) == 0)
        count++;
    probe_some(probing);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

static char **list_aliases(const sn_language *from)
{
    size_t count = 0;
    char **aliases;

    while (sn_language_alias(from, count) && count < HELLO_ALIASES_MAX)
        count++;
    aliases = calloc(count + 1, sizeof(*aliases));
    for (size_t i = 0; aliases && i < count; i++) {
        aliases[i] = strdup(sn_language_alias(from, i));
        if (!aliases[i])
            return aliases; /* shorter: there is no memory for anything now */
    }
    return aliases;
}

static void describe(const sn_language *from, struct executor_language *language)
{
    sn_limits limits;

    language->name = strdup(sn_language_name(from));
    language->title = strdup(sn_language_title(from));
    language->package = strdup(sn_language_package(from));
    language->file_name = strdup(sn_language_file_name(from));
    language->aliases = list_aliases(from);
    language->is_compiled = sn_language_compile_policy(from) != NULL;
    sn_limits_init(&limits);
    if (sn_language_run_limits(from, &limits) == 0)
        language->run_limits = program_limits_told(&limits);
    sn_limits_init(&limits);
    if (sn_language_compile_limits(from, &limits) == 0)
        language->compile_limits = program_limits_told(&limits);
}

/* One that another of the same name hides cannot be asked for. */
static size_t choose(const sn_languages *all, const sn_language **chosen, size_t most)
{
    size_t count = 0;

    for (size_t i = 0; i < sn_languages_count(all) && count < most; i++) {
        const sn_language *language = sn_languages_entry(all, i);

        if (sn_languages_find(all, sn_language_name(language)) == language)
            chosen[count++] = language;
    }
    return count;
}

static int find_languages(const struct executor *executor, struct executor_hello *hello, struct failure *failure)
{
    struct probing probing = {.executor = executor, .hello = hello};
    cleanup_free const sn_language **chosen = calloc(HELLO_LANGUAGES_MAX, sizeof(const sn_language *));
    size_t count;

    if (!chosen)
        return fail_nomem(failure);
    count = choose(executor->languages, chosen, HELLO_LANGUAGES_MAX);
    if (!count)
        return fail(failure, FAIL_UNAVAILABLE, "there are no languages: no manifest could be loaded");
    hello->languages = calloc(count, sizeof(*hello->languages));
    if (!hello->languages)
        return fail_nomem(failure);
    hello->language_count = count;
    for (size_t i = 0; i < count; i++)
        describe(chosen[i], &hello->languages[i]);
    probing.languages = chosen;
    probe_all(&probing);
    return 0;
}

int hello_make(const struct executor *executor, struct executor_hello *ret_hello, struct failure *failure)
{
    struct executor_hello hello = {.slots = executor->options->slots};
    int r = try_sandbox(executor->options, &hello, failure);

    if (r == 0) {
        hello.version = strdup(sn_version_string());
        r = find_languages(executor, &hello, failure);
    }
    if (r < 0) {
        executor_hello_clear(&hello);
        return r;
    }
    *ret_hello = hello;
    return 0;
}
