/* SPDX-License-Identifier: MIT */
#include "executor/message_parts.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that the shortest file, and the shortest case, take. */
#define FILE_LEAST 8
#define CASE_LEAST (4 + 4 + 4 + 1 + 40 + 1 + 1)

/* ---- what may be in a spec ---- */

/* Relative, and nowhere above where it begins. */
static bool is_beneath(const char *path)
{
    if (path[0] == '/')
        return false;
    for (const char *at = path; *at;) {
        size_t length = strcspn(at, "/");

        if (length == 2 && memcmp(at, "..", 2) == 0)
            return false;
        at += length + (at[length] == '/');
    }
    return true;
}

static int check_string(const char *field, const char *text, size_t most, struct failure *failure)
{
    if (text && strnlen(text, most + 1) > most)
        return fail(failure, FAIL_INVALID, "%s is longer than %zu bytes", field, most);
    return 0;
}

static int check_strings(const char *field, char *const *texts, struct failure *failure)
{
    int r = 0;

    for (size_t i = 0; r == 0 && texts && texts[i]; i++) {
        if (i >= SPEC_STRINGS_MAX)
            return fail(failure, FAIL_INVALID, "%s has more than %u entries", field, SPEC_STRINGS_MAX);
        r = check_string(field, texts[i], SPEC_STRING_MAX, failure);
    }
    return r;
}

static int check_env(char *const *env, struct failure *failure)
{
    for (size_t i = 0; env && env[i]; i++) {
        const char *equals = strchr(env[i], '=');

        if (!equals || equals == env[i])
            return fail(failure, FAIL_INVALID, "an entry of env is not NAME=value");
    }
    return check_strings("env", env, failure);
}

static int check_limits(const char *field, const struct spec_limits *limits, struct failure *failure)
{
    if (limits->time_ms > SPEC_LIMIT_MAX || limits->cpu_time_ms > SPEC_LIMIT_MAX ||
        limits->memory_kb > SPEC_LIMIT_MAX || limits->processes > SPEC_LIMIT_MAX || limits->output_kb > SPEC_LIMIT_MAX)
        return fail(failure, FAIL_INVALID, "one of %s is too large", field);
    return 0;
}

static int check_files(const struct spec *spec, struct failure *failure)
{
    if (spec->file_count > SPEC_FILES_MAX)
        return fail(failure, FAIL_INVALID, "there are more than %u files", SPEC_FILES_MAX);
    for (size_t i = 0; i < spec->file_count; i++) {
        const char *path = spec->files[i].path;

        if (!path || !*path || strnlen(path, SPEC_PATH_MAX + 1) > SPEC_PATH_MAX)
            return fail(failure, FAIL_INVALID, "a file's path has not 1 to %u bytes", SPEC_PATH_MAX);
        if (!is_beneath(path))
            return fail(failure, FAIL_INVALID, "a file's path is absolute or has '..' in it");
    }
    return 0;
}

static int check_cases(const struct spec *spec, struct failure *failure)
{
    int r = 0;

    if (spec->case_count > SPEC_CASES_MAX)
        return fail(failure, FAIL_INVALID, "there are more than %u test cases", SPEC_CASES_MAX);
    for (size_t i = 0; r == 0 && i < spec->case_count; i++) {
        const struct spec_case *test_case = &spec->cases[i];

        r = check_string("the name of a test case", test_case->name, SPEC_NAME_MAX, failure);
        if (r == 0)
            r = check_strings("args of a test case", test_case->args, failure);
        if (r == 0)
            r = check_limits("the limits of a test case", &test_case->limits, failure);
    }
    return r;
}

static int check_comparing(const struct spec *spec, struct failure *failure)
{
    if ((unsigned)spec->compare > COMPARE_CHECKER)
        return fail(failure, FAIL_INVALID, "compare is no known value");
    if (!(spec->tolerance >= 0 && spec->tolerance <= DBL_MAX))
        return fail(failure, FAIL_INVALID, "tolerance is negative, or no number");
    if (spec->compare == COMPARE_CHECKER && (!spec->checker.language || !*spec->checker.language))
        return fail(failure, FAIL_INVALID, "the checker has no language");
    return check_string("the checker's language", spec->checker.language, SPEC_NAME_MAX, failure);
}

int message_check_spec(const struct spec *spec, struct failure *failure)
{
    int r = check_string("language", spec->language, SPEC_NAME_MAX, failure);

    if (r == 0)
        r = check_string("file_name", spec->file_name, SPEC_NAME_MAX, failure);
    if (r == 0 && spec->file_name && !is_beneath(spec->file_name))
        r = fail(failure, FAIL_INVALID, "file_name is absolute or has '..' in it");
    if (r == 0)
        r = check_files(spec, failure);
    if (r == 0)
        r = check_strings("args", spec->args, failure);
    if (r == 0)
        r = check_env(spec->env, failure);
    if (r == 0)
        r = check_strings("compile_options", spec->compile_options, failure);
    if (r == 0)
        r = check_limits("the limits", &spec->limits, failure);
    if (r == 0)
        r = check_cases(spec, failure);
    return r < 0 ? r : check_comparing(spec, failure);
}

/* ---- its fields ---- */

void message_put_limits(struct sn__buffer *buffer, const struct spec_limits *limits)
{
    wire_put_u64(buffer, limits->time_ms);
    wire_put_u64(buffer, limits->cpu_time_ms);
    wire_put_u64(buffer, limits->memory_kb);
    wire_put_u64(buffer, limits->processes);
    wire_put_u64(buffer, limits->output_kb);
}

void message_get_limits(struct wire_reader *reader, struct spec_limits *limits)
{
    limits->time_ms = wire_get_u64(reader);
    limits->cpu_time_ms = wire_get_u64(reader);
    limits->memory_kb = wire_get_u64(reader);
    limits->processes = wire_get_u64(reader);
    limits->output_kb = wire_get_u64(reader);
}

static void put_blob(struct sn__buffer *buffer, const struct blob *blob)
{
    wire_put_bytes(buffer, blob->data, blob->length);
}

static void put_case(struct sn__buffer *buffer, const struct spec_case *test_case)
{
    wire_put_string(buffer, test_case->name, SPEC_NAME_MAX);
    put_blob(buffer, &test_case->stdin_data);
    put_blob(buffer, &test_case->expected);
    wire_put_bool(buffer, test_case->args != NULL);
    if (test_case->args)
        wire_put_strings(buffer, test_case->args, SPEC_STRING_MAX);
    message_put_limits(buffer, &test_case->limits);
    wire_put_bool(buffer, test_case->has_expected);
    wire_put_bool(buffer, test_case->is_hidden);
}

static void get_case(struct wire_reader *reader, struct spec_case *test_case)
{
    test_case->name = wire_get_string(reader, SPEC_NAME_MAX);
    test_case->stdin_data = wire_get_blob(reader);
    test_case->expected = wire_get_blob(reader);
    if (wire_get_bool(reader))
        test_case->args = wire_get_strings(reader, SPEC_STRINGS_MAX, SPEC_STRING_MAX);
    message_get_limits(reader, &test_case->limits);
    test_case->has_expected = wire_get_bool(reader);
    test_case->is_hidden = wire_get_bool(reader);
}

void message_put_spec(struct sn__buffer *buffer, const struct spec *spec)
{
    wire_put_string(buffer, spec->language, SPEC_NAME_MAX);
    wire_put_string(buffer, spec->file_name, SPEC_NAME_MAX);
    put_blob(buffer, &spec->source);
    wire_put_u32(buffer, (uint32_t)spec->file_count);
    for (size_t i = 0; i < spec->file_count; i++) {
        wire_put_string(buffer, spec->files[i].path, SPEC_PATH_MAX);
        put_blob(buffer, &spec->files[i].content);
    }
    put_blob(buffer, &spec->stdin_data);
    wire_put_strings(buffer, spec->args, SPEC_STRING_MAX);
    wire_put_strings(buffer, spec->env, SPEC_STRING_MAX);
    wire_put_strings(buffer, spec->compile_options, SPEC_STRING_MAX);
    message_put_limits(buffer, &spec->limits);
    wire_put_u32(buffer, (uint32_t)spec->case_count);
    for (size_t i = 0; i < spec->case_count; i++)
        put_case(buffer, &spec->cases[i]);
    wire_put_u32(buffer, spec->compare);
    wire_put_double(buffer, spec->tolerance);
    wire_put_string(buffer, spec->checker.language, SPEC_NAME_MAX);
    put_blob(buffer, &spec->checker.source);
    wire_put_bool(buffer, spec->stop_at_first);
    wire_put_bool(buffer, spec->is_interactive);
}

/* Room for `count` things that are all zero; none for none. The count is that of what is there to be freed. */
static void *make_room(struct wire_reader *reader, size_t count, size_t size, size_t *ret_count)
{
    void *room = count ? calloc(count, size) : NULL;

    if (count && !room)
        wire_refuse(reader, FAIL_NOMEM);
    *ret_count = room ? count : 0;
    return room;
}

void message_get_spec(struct wire_reader *reader, struct spec *spec)
{
    spec->language = wire_get_string(reader, SPEC_NAME_MAX);
    spec->file_name = wire_get_string(reader, SPEC_NAME_MAX);
    spec->source = wire_get_blob(reader);
    spec->files =
        make_room(reader, wire_get_count(reader, SPEC_FILES_MAX, FILE_LEAST), sizeof(*spec->files), &spec->file_count);
    for (size_t i = 0; i < spec->file_count && !reader->code; i++) {
        spec->files[i].path = wire_get_string(reader, SPEC_PATH_MAX);
        spec->files[i].content = wire_get_blob(reader);
    }
    spec->stdin_data = wire_get_blob(reader);
    spec->args = wire_get_strings(reader, SPEC_STRINGS_MAX, SPEC_STRING_MAX);
    spec->env = wire_get_strings(reader, SPEC_STRINGS_MAX, SPEC_STRING_MAX);
    spec->compile_options = wire_get_strings(reader, SPEC_STRINGS_MAX, SPEC_STRING_MAX);
    message_get_limits(reader, &spec->limits);
    spec->cases =
        make_room(reader, wire_get_count(reader, SPEC_CASES_MAX, CASE_LEAST), sizeof(*spec->cases), &spec->case_count);
    for (size_t i = 0; i < spec->case_count && !reader->code; i++)
        get_case(reader, &spec->cases[i]);
    spec->compare = (enum spec_compare)wire_get_u32(reader);
    spec->tolerance = wire_get_double(reader);
    spec->checker.language = wire_get_string(reader, SPEC_NAME_MAX);
    spec->checker.source = wire_get_blob(reader);
    spec->stop_at_first = wire_get_bool(reader);
    spec->is_interactive = wire_get_bool(reader);
}
