/* SPDX-License-Identifier: MIT */
#include "work/report.h"

#include <sentinel/layer.h>

static json_t *limits_of(const struct spec_limits *limits)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "time_limit_ms", (json_int_t)limits->time_ms, "cpu_time_limit_ms",
                     (json_int_t)limits->cpu_time_ms, "memory_limit_kb", (json_int_t)limits->memory_kb, "process_limit",
                     (json_int_t)limits->processes, "output_limit_kb", (json_int_t)limits->output_kb);
}

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
                     limits_of(&language->run_limits), "compile_limits",
                     language->is_compiled ? limits_of(&language->compile_limits) : json_null());
}

static json_t *layers_of(uint64_t layers)
{
    json_t *names = json_array();

    for (unsigned i = 0; i < SN_LAYER_COUNT; i++)
        if (layers >> i & 1)
            json_array_append_new(names, json_string(sn_layer_name(UINT64_C(1) << i)));
    return names;
}

char *report_print(const struct executor_hello *hello, const json_t *counts)
{
    json_t *languages = json_array();
    cleanup_json json_t *report = NULL;

    for (size_t i = 0; i < hello->language_count; i++)
        json_array_append_new(languages, report_language(&hello->languages[i]));
    report =
        json_pack("{s:o, s:o, s:o, s:o, s:O}", "version", json_text(hello->version), "layers", layers_of(hello->layers),
                  "relaxed", layers_of(hello->relaxed), "languages", languages, "counts", counts);
    return json_print(report, NULL);
}
