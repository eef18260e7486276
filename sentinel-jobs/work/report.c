/* SPDX-License-Identifier: MIT */
#include "work/report.h"

#include "job/result.h"

json_t *report_language(const struct executor_language *language)
{
    json_t *aliases = json_array();

    for (char **alias = language->aliases; alias && *alias; alias++)
        json_array_append_new(aliases, json_text(*alias));
    return json_pack("{s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o}", "name", json_text(language->name), "title",
                     json_text(language->title), "version",
                     language->version && *language->version ? json_text(language->version) : json_null(), "aliases",
                     aliases, "available", language->is_available, "compiled", language->is_compiled, "file_name",
                     json_text(language->file_name), "package", json_text(language->package), "limits",
                     result_limits(&language->run_limits), "compile_limits",
                     language->is_compiled ? result_limits(&language->compile_limits) : json_null());
}

static json_t *report_host(const struct host_figures *host)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o}", "processors", host->processors ? json_integer(host->processors) : json_null(),
        "cpu_used", host->has_cpu ? json_real(host->cpu_used) : json_null(), "memory_total_kb",
        host->has_memory ? json_integer((json_int_t)host->memory_total_kb) : json_null(), "memory_available_kb",
        host->has_memory ? json_integer((json_int_t)host->memory_available_kb) : json_null(), "load_1m",
        host->has_load ? json_real(host->load_1m) : json_null());
}

char *report_print(const struct executor_hello *hello, int64_t started, const struct host_figures *host,
                   const json_t *counts)
{
    json_t *languages = json_array();
    cleanup_json json_t *report = NULL;

    for (size_t i = 0; i < hello->language_count; i++)
        json_array_append_new(languages, report_language(&hello->languages[i]));
    report = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:O}", "version", json_text(hello->version), "started_at",
                       json_time(started), "host", report_host(host), "layers", result_layers(hello->layers), "relaxed",
                       result_layers(hello->relaxed), "languages", languages, "counts", counts);
    return json_print(report, NULL);
}
