/* SPDX-License-Identifier: MIT */
#include "api/languages.h"

#include "api/admit.h"
#include "api/api.h"
#include "base/cleanup.h"
#include "common/wallclock.h"
#include "work/report.h"

#include <sentinel/language.h>
#include <string.h>
#include <strings.h>

struct languages {
    sn_languages *manifests;
};

int languages_load(struct languages **ret_languages, struct failure *failure)
{
    struct languages *languages = calloc(1, sizeof(*languages));
    sn_error *error = NULL;

    if (!languages)
        return fail_nomem(failure);
    if (sn_languages_load(NULL, &languages->manifests, &error) < 0 || sn_languages_count(languages->manifests) == 0) {
        fail(failure, FAIL_NOT_FOUND, "no language is known: %s",
             error ? sn_error_message(error) : "there is no manifest");
        sn_error_free(error);
        languages_free(languages);
        return FAIL_NOT_FOUND;
    }
    for (size_t i = 0;; i++) {
        const char *path = NULL;
        const sn_error *one = sn_languages_error(languages->manifests, i, &path);

        if (!one)
            break;
        log_warn("the manifest %s is left out: %s", path, sn_error_message(one));
    }
    *ret_languages = languages;
    return 0;
}

void languages_free(struct languages *languages)
{
    if (!languages)
        return;
    sn_languages_free(languages->manifests);
    free(languages);
}

const char *languages_find(const struct languages *languages, const char *name)
{
    /* The library would take a file name for the language of its extension; here a name is a name. */
    const sn_language *found = strchr(name, '.') ? NULL : sn_languages_find(languages->manifests, name);

    return found ? sn_language_name(found) : NULL;
}

const char *languages_nearest(const struct languages *languages, const char *name)
{
    for (size_t i = 0; i < sn_languages_count(languages->manifests); i++) {
        const sn_language *one = sn_languages_entry(languages->manifests, i);
        const char *known = sn_language_name(one);
        size_t length = strlen(known);

        /* "python3" for "python", "javascrip" for "javascript": more is not needed, the list is short. */
        if (strncasecmp(known, name, length) == 0 || (strlen(name) >= 3 && strncasecmp(known, name, strlen(name)) == 0))
            return known;
    }
    return NULL;
}

/* What the living workers report, by name; each language from the first that can execute it. */
static json_t *reported_by_workers(struct api *api)
{
    struct worker_record *workers = NULL;
    json_t *by_name = json_object();
    size_t count = 0;

    if (store_worker_list(api->store, wallclock_us() - WORKER_AGE_US, &workers, &count, NULL) < 0)
        return by_name;
    for (size_t i = 0; i < count; i++) {
        cleanup_json json_t *report = NULL;
        json_t *language;
        size_t index;

        if (json_parse(workers[i].report, strlen(workers[i].report), &report, NULL) < 0)
            continue;
        json_array_foreach(json_object_get(report, "languages"), index, language)
        {
            const char *name = json_string_value(json_object_get(language, "name"));

            if (name && (!json_object_get(by_name, name) || json_is_true(json_object_get(language, "available"))))
                json_object_set(by_name, name, language);
        }
    }
    store_workers_free(workers, count);
    return by_name;
}

static json_t *reported_here(struct api *api)
{
    const struct executor_hello *hello = work_hello(api->work);
    json_t *by_name = json_object();

    for (size_t i = 0; i < hello->language_count; i++)
        json_object_set_new(by_name, hello->languages[i].name, report_language(&hello->languages[i]));
    return by_name;
}

/* One that no executor has told of. */
static json_t *of_manifest(const sn_language *language)
{
    json_t *aliases = json_array();
    const char *alias;

    for (size_t i = 0; (alias = sn_language_alias(language, i)); i++)
        json_array_append_new(aliases, json_string(alias));
    return json_pack("{s:s, s:s, s:n, s:o, s:b, s:b, s:s, s:s, s:n, s:n}", "name", sn_language_name(language), "title",
                     sn_language_title(language), "version", "aliases", aliases, "available", 0, "compiled",
                     sn_language_compile_policy(language) != NULL, "file_name", sn_language_file_name(language),
                     "package", sn_language_package(language) ? sn_language_package(language) : "", "limits",
                     "compile_limits");
}

/* What a submission may ask for at most, by the names of its fields. */
static json_t *most_of(const struct config *config)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "time_limit_ms", (json_int_t)config->time_max_ms, "memory_limit_kb",
                     (json_int_t)config->memory_max_kb, "output_limit_kb", (json_int_t)config->output_max_kb,
                     "test_cases", (json_int_t)config->cases_max);
}

void handle_languages(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    struct caller caller;
    cleanup_json json_t *reported = NULL;
    json_t *list;
    const char *name;
    json_t *language;

    if (!admit(api, request, response, 0, ADMIT_FREE, 0, &caller))
        return;
    reported = api->work ? reported_here(api) : reported_by_workers(api);
    list = json_array();
    for (size_t i = 0; i < sn_languages_count(api->languages->manifests); i++) {
        const sn_language *one = sn_languages_entry(api->languages->manifests, i);
        json_t *told = json_object_get(reported, sn_language_name(one));

        json_t *shown = told ? json_incref(told) : of_manifest(one);

        json_object_set_new(shown, "example",
                            sn_language_example(one) ? json_text(sn_language_example(one)) : json_null());
        json_array_append_new(list, shown);
        json_object_del(reported, sn_language_name(one));
    }
    /* What workers have beyond this host's manifests is shown, and accepted nowhere: their manifests are missing here.
     */
    json_object_foreach(reported, name, language)
    {
        log_debug("workers have the language %s, this server has no manifest of it", name);
    }
    answer_json(response, request, 200, json_pack("{s:o, s:o}", "languages", list, "limits_max", most_of(api->config)));
}
