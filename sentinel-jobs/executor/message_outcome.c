/* SPDX-License-Identifier: MIT */
#include "executor/message_parts.h"

#include <stdlib.h>

/* Bytes that the shortest language takes. */
#define LANGUAGE_LEAST (5 * 4 + 4 + 2 + 2 * 40)

/* ---- HELLO ---- */

static void put_language(struct sn__buffer *buffer, const struct executor_language *language)
{
    wire_put_string(buffer, language->name, OUTCOME_NAME_MAX);
    wire_put_string(buffer, language->title, OUTCOME_NAME_MAX);
    wire_put_string(buffer, language->version, OUTCOME_NAME_MAX);
    wire_put_string(buffer, language->package, OUTCOME_NAME_MAX);
    wire_put_string(buffer, language->file_name, OUTCOME_NAME_MAX);
    wire_put_strings(buffer, language->aliases, OUTCOME_NAME_MAX);
    wire_put_bool(buffer, language->is_available);
    wire_put_bool(buffer, language->is_compiled);
    message_put_limits(buffer, &language->run_limits);
    message_put_limits(buffer, &language->compile_limits);
}

static void get_language(struct wire_reader *reader, struct executor_language *language)
{
    language->name = wire_get_string(reader, OUTCOME_NAME_MAX);
    language->title = wire_get_string(reader, OUTCOME_NAME_MAX);
    language->version = wire_get_string(reader, OUTCOME_NAME_MAX);
    language->package = wire_get_string(reader, OUTCOME_NAME_MAX);
    language->file_name = wire_get_string(reader, OUTCOME_NAME_MAX);
    language->aliases = wire_get_strings(reader, HELLO_ALIASES_MAX, OUTCOME_NAME_MAX);
    language->is_available = wire_get_bool(reader);
    language->is_compiled = wire_get_bool(reader);
    message_get_limits(reader, &language->run_limits);
    message_get_limits(reader, &language->compile_limits);
}

void message_put_hello(struct sn__buffer *buffer, const struct executor_hello *hello)
{
    wire_put_u32(buffer, MESSAGE_VERSION);
    wire_put_u32(buffer, hello->slots);
    wire_put_u64(buffer, hello->layers);
    wire_put_u64(buffer, hello->relaxed);
    wire_put_string(buffer, hello->version, OUTCOME_NAME_MAX);
    wire_put_u32(buffer, (uint32_t)hello->language_count);
    for (size_t i = 0; i < hello->language_count; i++)
        put_language(buffer, &hello->languages[i]);
}

void message_get_hello(struct wire_reader *reader, struct executor_hello *hello)
{
    size_t count;

    if (wire_get_u32(reader) != MESSAGE_VERSION)
        wire_refuse(reader, FAIL_INVALID);
    hello->slots = wire_get_u32(reader);
    hello->layers = wire_get_u64(reader);
    hello->relaxed = wire_get_u64(reader);
    hello->version = wire_get_string(reader, OUTCOME_NAME_MAX);
    count = wire_get_count(reader, HELLO_LANGUAGES_MAX, LANGUAGE_LEAST);
    hello->languages = calloc(count ? count : 1, sizeof(*hello->languages));
    if (!hello->languages)
        wire_refuse(reader, FAIL_NOMEM);
    hello->language_count = hello->languages ? count : 0;
    for (size_t i = 0; i < hello->language_count && !reader->code; i++)
        get_language(reader, &hello->languages[i]);
}

void executor_hello_clear(struct executor_hello *hello)
{
    for (size_t i = 0; i < hello->language_count; i++) {
        struct executor_language *language = &hello->languages[i];

        free(language->name);
        free(language->title);
        free(language->version);
        free(language->package);
        free(language->file_name);
        wire_free_strings(language->aliases);
    }
    free(hello->languages);
    free(hello->version);
    *hello = (struct executor_hello){0};
}

/* ---- CASE, END ---- */

static void put_status(struct sn__buffer *buffer, enum job_status status)
{
    wire_put_u32(buffer, (uint32_t)status);
}

/* One that a finished thing can have. */
static enum job_status get_status(struct wire_reader *reader)
{
    uint32_t status = wire_get_u32(reader);

    if (status < JOB_SUCCESS || status > JOB_INTERNAL_ERROR) {
        wire_refuse(reader, FAIL_INVALID);
        return JOB_INTERNAL_ERROR;
    }
    return (enum job_status)status;
}

static void put_step(struct sn__buffer *buffer, const struct step_outcome *step)
{
    put_status(buffer, step->status);
    wire_put_string(buffer, step->verdict, OUTCOME_NAME_MAX);
    wire_put_string(buffer, step->limit, OUTCOME_NAME_MAX);
    wire_put_u32(buffer, (uint32_t)step->exit_code);
    wire_put_u32(buffer, (uint32_t)step->signal);
    wire_put_u64(buffer, step->wall_ns);
    wire_put_u64(buffer, step->cpu_ns);
    wire_put_u64(buffer, step->memory_bytes);
    wire_put_bytes(buffer, step->out.data, step->out.length);
    wire_put_bytes(buffer, step->err.data, step->err.length);
    wire_put_bool(buffer, step->is_out_truncated);
    wire_put_bool(buffer, step->is_err_truncated);
    wire_put_string(buffer, step->denied, OUTCOME_LINE_MAX);
    wire_put_string(buffer, step->notes, OUTCOME_NOTES_MAX);
    wire_put_u64(buffer, step->layers);
    wire_put_u64(buffer, step->relaxed);
    wire_put_string(buffer, step->cpu_source, OUTCOME_NAME_MAX);
    wire_put_string(buffer, step->memory_source, OUTCOME_NAME_MAX);
    message_put_limits(buffer, &step->limits);
}

static void get_step(struct wire_reader *reader, struct step_outcome *step)
{
    step->status = get_status(reader);
    step->verdict = wire_get_string(reader, OUTCOME_NAME_MAX);
    step->limit = wire_get_string(reader, OUTCOME_NAME_MAX);
    step->exit_code = (int32_t)wire_get_u32(reader);
    step->signal = (int32_t)wire_get_u32(reader);
    step->wall_ns = wire_get_u64(reader);
    step->cpu_ns = wire_get_u64(reader);
    step->memory_bytes = wire_get_u64(reader);
    step->out = wire_get_blob(reader);
    step->err = wire_get_blob(reader);
    step->is_out_truncated = wire_get_bool(reader);
    step->is_err_truncated = wire_get_bool(reader);
    step->denied = wire_get_string(reader, OUTCOME_LINE_MAX);
    step->notes = wire_get_string(reader, OUTCOME_NOTES_MAX);
    step->layers = wire_get_u64(reader);
    step->relaxed = wire_get_u64(reader);
    step->cpu_source = wire_get_string(reader, OUTCOME_NAME_MAX);
    step->memory_source = wire_get_string(reader, OUTCOME_NAME_MAX);
    message_get_limits(reader, &step->limits);
}

void message_put_case(struct sn__buffer *buffer, const struct case_outcome *test_case)
{
    put_status(buffer, test_case->status);
    put_step(buffer, &test_case->step);
    wire_put_string(buffer, test_case->explanation, OUTCOME_LINE_MAX);
}

void message_get_case(struct wire_reader *reader, struct case_outcome *test_case)
{
    test_case->status = get_status(reader);
    get_step(reader, &test_case->step);
    test_case->explanation = wire_get_string(reader, OUTCOME_LINE_MAX);
}

void message_put_outcome(struct sn__buffer *buffer, const struct outcome *outcome)
{
    put_status(buffer, outcome->status);
    wire_put_string(buffer, outcome->reason, OUTCOME_LINE_MAX);
    wire_put_bool(buffer, outcome->is_checker_to_blame);
    wire_put_bool(buffer, outcome->has_compile);
    wire_put_bool(buffer, outcome->is_compile_cached);
    if (outcome->has_compile)
        put_step(buffer, &outcome->compile);
    wire_put_bool(buffer, outcome->has_run);
    if (outcome->has_run)
        put_step(buffer, &outcome->run);
    wire_put_u32(buffer, (uint32_t)outcome->case_count);
    wire_put_u64(buffer, outcome->compile_start_us);
    wire_put_u64(buffer, outcome->run_start_us);
    wire_put_u64(buffer, outcome->end_us);
    wire_put_string(buffer, outcome->policy, OUTCOME_LINE_MAX);
}

void message_get_outcome(struct wire_reader *reader, struct outcome *outcome)
{
    outcome->status = get_status(reader);
    outcome->reason = wire_get_string(reader, OUTCOME_LINE_MAX);
    outcome->is_checker_to_blame = wire_get_bool(reader);
    if (outcome->is_checker_to_blame && outcome->status != JOB_INTERNAL_ERROR)
        wire_refuse(reader, FAIL_INVALID);
    outcome->has_compile = wire_get_bool(reader);
    outcome->is_compile_cached = wire_get_bool(reader);
    if (outcome->has_compile)
        get_step(reader, &outcome->compile);
    outcome->has_run = wire_get_bool(reader);
    if (outcome->has_run)
        get_step(reader, &outcome->run);
    outcome->case_count = wire_get_count(reader, SPEC_CASES_MAX, 0);
    outcome->compile_start_us = wire_get_u64(reader);
    outcome->run_start_us = wire_get_u64(reader);
    outcome->end_us = wire_get_u64(reader);
    outcome->policy = wire_get_string(reader, OUTCOME_LINE_MAX);
}
