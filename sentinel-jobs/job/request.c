/* SPDX-License-Identifier: MIT */
#include "job/request.h"

#include "base/cleanup.h"

#include <stdarg.h>
#include <string.h>

/* Bounds of the format itself: what the executor's messages may hold (executor/message.h). */
enum {
    ARGS_MAX = 256,
    ARG_BYTES_MAX = 64 << 10,
    WORDS_BYTES_MAX = 1 << 20,
    FILES_MAX = 256,
    CASES_MAX = 4096,
    NAME_BYTES_MAX = 200
};

/* Where in the document we are, for messages. */
struct place {
    const struct request_bounds *bounds;
    struct request_error *error;
    char path[64]; /* "", or "test_cases[3]." */
    uint64_t source_bytes;
};

static int refuse(const struct place *place, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int refuse(const struct place *place, const char *field, const char *format, ...)
{
    va_list args;

    snprintf(place->error->field, sizeof(place->error->field), "%s%s", place->path, field);
    va_start(args, format);
    vsnprintf(place->error->reason, sizeof(place->error->reason), format, args);
    va_end(args);
    place->error->is_too_large = false;
    return FAIL_INVALID;
}

static int refuse_size(const struct place *place, const char *field, uint64_t max)
{
    refuse(place, field, "it has more than %llu bytes", (unsigned long long)max);
    place->error->is_too_large = true;
    return FAIL_INVALID;
}

/* Every key must be one of these. */
static int check_keys(const struct place *place, const json_t *object, const char *const *known)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)object, key, value)
    {
        const char *const *name = known;

        while (*name && strcmp(*name, key) != 0)
            name++;
        if (*name)
            continue;
        refuse(place, "", "it is no field of this interface");
        /* The name is the sender's: what is not plain is not repeated. */
        if (strlen(key) < 40 &&
            strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(key))
            snprintf(place->error->field, sizeof(place->error->field), "%s%s", place->path, key);
        return FAIL_INVALID;
    }
    return 0;
}

static int take_blob(const struct place *place, const json_t *object, const char *field, const char *encoding_field,
                     struct blob *ret_blob)
{
    const json_t *value = json_object_get(object, field);
    const json_t *encoding = encoding_field ? json_object_get(object, encoding_field) : NULL;
    int error;

    if (encoding && (!json_is_string(encoding) || (strcmp(json_string_value(encoding), "utf-8") != 0 &&
                                                   strcmp(json_string_value(encoding), "base64") != 0)))
        return refuse(place, encoding_field, "it is neither \"utf-8\" nor \"base64\"");
    if (value && !json_is_string(value))
        return refuse(place, field, "it is no string");
    if (value && encoding && strcmp(json_string_value(encoding), "base64") == 0) {
        error =
            json_decode_base64(json_string_value(value), json_string_length(value), &ret_blob->data, &ret_blob->length);
        return error == FAIL_INVALID ? refuse(place, field, "it is no base64") : error;
    }
    ret_blob->length = value ? json_string_length(value) : 0;
    ret_blob->data = malloc(ret_blob->length + 1);
    if (!ret_blob->data)
        return FAIL_NOMEM;
    memcpy(ret_blob->data, value ? json_string_value(value) : "", ret_blob->length + 1);
    return 0;
}

static bool has_control_character(const json_t *text)
{
    const char *at = json_string_value(text);

    for (size_t i = 0; i < json_string_length(text); i++)
        if ((unsigned char)at[i] < 0x20 || at[i] == 0x7f)
            return true;
    return false;
}

/* A copy of a text without NUL; `otherwise` where there is none (NULL: there must be one). */
static int take_text(const struct place *place, const json_t *object, const char *field, size_t max,
                     const char *otherwise, char **ret_text)
{
    const json_t *value = json_object_get(object, field);

    if (!value && !otherwise)
        return refuse(place, field, "it is missing");
    if (value && !json_is_string(value))
        return refuse(place, field, "it is no string");
    if (value && has_control_character(value))
        return refuse(place, field, "it has control characters");
    if (value && json_string_length(value) > max)
        return refuse(place, field, "it has more than %zu bytes", max);
    if (value && !otherwise && json_string_length(value) == 0)
        return refuse(place, field, "it is empty");
    *ret_text = strdup(value ? json_string_value(value) : otherwise);
    return *ret_text ? 0 : FAIL_NOMEM;
}

/* One argument or a piece of environment: anything but NUL. */
static int take_string(const struct place *place, const char *field, const json_t *value, char **ret_text)
{
    if (!json_is_string(value))
        return refuse(place, field, "it holds what is no string");
    if (json_string_length(value) != strlen(json_string_value(value)))
        return refuse(place, field, "it holds a NUL");
    if (json_string_length(value) > ARG_BYTES_MAX)
        return refuse(place, field, "it holds a string of more than %d bytes", ARG_BYTES_MAX);
    *ret_text = strdup(json_string_value(value));
    return *ret_text ? 0 : FAIL_NOMEM;
}

/* A list of strings; none: an empty one, or NULL with `may_lack`. */
static int take_strings(const struct place *place, const json_t *object, const char *field, bool may_lack,
                        char ***ret_list)
{
    const json_t *value = json_object_get(object, field);
    size_t count = json_array_size(value);
    char **list;

    if (value && !json_is_array(value))
        return refuse(place, field, "it is no array of strings");
    if (count > ARGS_MAX)
        return refuse(place, field, "it has more than %d entries", ARGS_MAX);
    if (!value && may_lack)
        return 0;
    list = calloc(count + 1, sizeof(*list));
    if (!list)
        return FAIL_NOMEM;
    *ret_list = list; /* the spec's from here on, whatever comes */
    for (size_t i = 0; i < count; i++) {
        int error = take_string(place, field, json_array_get(value, i), &list[i]);

        if (error < 0)
            return error;
    }
    return 0;
}

/* The kernel takes no more than this of arguments and environment together, with some to spare for a language's own. */
static int check_words(const struct place *place, const struct spec *spec)
{
    char **const lists[] = {spec->args, spec->env, spec->compile_options};
    size_t bytes = 0;

    for (size_t i = 0; i < SN_ARRAY_SIZE(lists); i++)
        for (char **word = lists[i]; *word; word++)
            bytes += strlen(*word) + 1;
    return bytes > WORDS_BYTES_MAX
               ? refuse(place, "args", "with env and compile_options it has more than %d bytes", WORDS_BYTES_MAX)
               : 0;
}

static bool is_variable_name(const char *name)
{
    if (!*name || (*name >= '0' && *name <= '9'))
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(name);
}

/* {"NAME": "value"} */
static int take_environment(const struct place *place, const json_t *object, char ***ret_list)
{
    json_t *value = json_object_get(object, "env");
    size_t count = json_object_size(value);
    const char *key;
    json_t *text;
    char **list;
    size_t at = 0;

    if (value && !json_is_object(value))
        return refuse(place, "env", "it is no object of strings");
    if (count > ARGS_MAX)
        return refuse(place, "env", "it has more than %d entries", ARGS_MAX);
    list = calloc(count + 1, sizeof(*list));
    if (!list)
        return FAIL_NOMEM;
    *ret_list = list;
    json_object_foreach(value, key, text)
    {
        cleanup_free char *copy = NULL;
        int error = take_string(place, "env", text, &copy);

        if (error < 0)
            return error;
        if (!is_variable_name(key) || strlen(key) > NAME_BYTES_MAX)
            return refuse(place, "env", "a name in it is not made of letters, digits and _");
        if (asprintf(&list[at], "%s=%s", key, copy) < 0) {
            list[at] = NULL;
            return FAIL_NOMEM;
        }
        at++;
    }
    return 0;
}

static int take_number(const struct place *place, const json_t *object, const char *field, uint64_t least, uint64_t max,
                       uint64_t *ret_value)
{
    const json_t *value = json_object_get(object, field);

    if (!value)
        return 0;
    if (!json_is_integer(value))
        return refuse(place, field, "it is no whole number");
    if (json_integer_value(value) < (json_int_t)least || (max && (uint64_t)json_integer_value(value) > max))
        return refuse(place, field, "it is not within %llu to %llu", (unsigned long long)least,
                      (unsigned long long)(max ? max : INT64_MAX));
    *ret_value = (uint64_t)json_integer_value(value);
    return 0;
}

static int take_flag(const struct place *place, const json_t *object, const char *field, bool *ret_flag)
{
    const json_t *value = json_object_get(object, field);

    if (value && !json_is_boolean(value))
        return refuse(place, field, "it is neither true nor false");
    *ret_flag = json_is_true(value);
    return 0;
}

static int take_limits(const struct place *place, const json_t *object, struct spec_limits *ret_limits)
{
    const struct request_bounds *bounds = place->bounds;
    int error = take_number(place, object, "time_limit_ms", 1, bounds->time_max_ms, &ret_limits->time_ms);

    if (error == 0)
        error = take_number(place, object, "cpu_time_limit_ms", 1, bounds->time_max_ms, &ret_limits->cpu_time_ms);
    if (error == 0)
        error = take_number(place, object, "memory_limit_kb", 1024, bounds->memory_max_kb, &ret_limits->memory_kb);
    if (error == 0)
        error = take_number(place, object, "process_limit", 1, 4096, &ret_limits->processes);
    if (error == 0)
        error = take_number(place, object, "output_limit_kb", 1, bounds->output_max_kb, &ret_limits->output_kb);
    return error;
}

/* Relative, with no part that leads elsewhere: as sn_sandbox_put() wants it. */
static bool is_inner_path(const char *path)
{
    size_t length = strlen(path);

    /* What begins with '-' would be an option of the language's command. */
    if (length == 0 || length > 255 || *path == '/' || *path == '-' || path[length - 1] == '/')
        return false;
    while (*path) {
        size_t part = strcspn(path, "/");

        if (part == 0 || (part == 1 && path[0] == '.') || (part == 2 && path[0] == '.' && path[1] == '.'))
            return false;
        path += part;
        path += *path == '/';
    }
    return true;
}

static int count_source(struct place *place, const char *field, size_t length)
{
    place->source_bytes += length;
    if (place->bounds->source_max && place->source_bytes > place->bounds->source_max)
        return refuse_size(place, field, place->bounds->source_max);
    return 0;
}

/* The same, or one would have to be a directory for the other. */
static bool is_in_the_way(const char *one, const char *other)
{
    size_t length = strlen(one) < strlen(other) ? strlen(one) : strlen(other);

    return strncmp(one, other, length) == 0 && (one[length] == '\0' || one[length] == '/') &&
           (other[length] == '\0' || other[length] == '/');
}

static int take_files(struct place *place, const json_t *document, struct spec *spec)
{
    static const char *const known[] = {"path", "content", "encoding", NULL};
    const json_t *list = json_object_get(document, "files");
    size_t count = json_array_size(list);

    if (list && !json_is_array(list))
        return refuse(place, "files", "it is no array");
    if (count > FILES_MAX)
        return refuse(place, "files", "it has more than %d entries", FILES_MAX);
    spec->files = calloc(count + 1, sizeof(*spec->files));
    if (!spec->files)
        return FAIL_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(list, i);
        struct spec_file *file = &spec->files[i];
        int error;

        snprintf(place->path, sizeof(place->path), "files[%zu].", i);
        spec->file_count = i + 1;
        if (!json_is_object(entry))
            return refuse(place, "", "it is no object");
        error = check_keys(place, entry, known);
        if (error == 0)
            error = take_text(place, entry, "path", 255, NULL, &file->path);
        if (error == 0)
            error = take_blob(place, entry, "content", "encoding", &file->content);
        if (error == 0)
            error = count_source(place, "content", file->content.length);
        if (error < 0)
            return error;
        if (!is_inner_path(file->path))
            return refuse(place, "path", "it is no relative path, or leads out");
        for (size_t j = 0; j < i; j++)
            if (is_in_the_way(spec->files[j].path, file->path))
                return refuse(place, "path", "there is a file of that path, or one where it needs a directory");
    }
    place->path[0] = '\0';
    return 0;
}

/* Which of the files is the source: `entry`, else the first. It leaves the list. */
static int choose_source(struct place *place, const json_t *document, struct spec *spec)
{
    cleanup_free char *entry = NULL;
    size_t chosen = 0;
    int error = take_text(place, document, "entry", 255, "", &entry);

    if (error < 0)
        return error;
    if (*entry && spec->file_count > 0) {
        while (chosen < spec->file_count && strcmp(spec->files[chosen].path, entry) != 0)
            chosen++;
        if (chosen == spec->file_count)
            return refuse(place, "entry", "there is no file of that path");
    } else if (*entry) {
        return refuse(place, "entry", "it names one of files[], and there are none");
    }
    if (spec->file_count == 0)
        return refuse(place, "source_code", "it is missing, and so is files");
    free(spec->file_name);
    spec->file_name = spec->files[chosen].path;
    spec->source = spec->files[chosen].content;
    memmove(&spec->files[chosen], &spec->files[chosen + 1], (spec->file_count - chosen - 1) * sizeof(*spec->files));
    spec->file_count--;
    return 0;
}

static int take_source(struct place *place, const json_t *document, struct spec *spec)
{
    int error = take_text(place, document, "file_name", 255, "", &spec->file_name);

    if (error < 0)
        return error;
    if (*spec->file_name && !is_inner_path(spec->file_name))
        return refuse(place, "file_name", "it is no relative path, or leads out");
    if (json_object_get(document, "source_code")) {
        error = take_blob(place, document, "source_code", "source_code_encoding", &spec->source);
        if (error == 0 && json_object_get(document, "entry"))
            error = refuse(place, "entry", "it is for files[] without source_code");
        if (error == 0 && spec->source.length == 0)
            error = refuse(place, "source_code", "it is empty");
        if (error == 0)
            error = count_source(place, "source_code", spec->source.length);
        if (error == 0)
            error = take_files(place, document, spec);
        return error;
    }
    error = take_files(place, document, spec);
    return error < 0 ? error : choose_source(place, document, spec);
}

static int take_case(struct place *place, const json_t *entry, struct spec_case *test)
{
    static const char *const known[] = {"name",
                                        "stdin",
                                        "stdin_encoding",
                                        "expected_output",
                                        "args",
                                        "hidden",
                                        "time_limit_ms",
                                        "memory_limit_kb",
                                        "process_limit",
                                        "output_limit_kb",
                                        "cpu_time_limit_ms",
                                        "expected_output_encoding",
                                        NULL};
    int error;

    if (!json_is_object(entry))
        return refuse(place, "", "it is no object");
    error = check_keys(place, entry, known);
    if (error == 0)
        error = take_text(place, entry, "name", NAME_BYTES_MAX, "", &test->name);
    if (error == 0)
        error = take_blob(place, entry, "stdin", "stdin_encoding", &test->stdin_data);
    if (error == 0)
        error = take_blob(place, entry, "expected_output", "expected_output_encoding", &test->expected);
    if (error == 0)
        error = take_strings(place, entry, "args", true, &test->args);
    if (error == 0)
        error = take_flag(place, entry, "hidden", &test->is_hidden);
    if (error == 0)
        error = take_limits(place, entry, &test->limits);
    test->has_expected = json_object_get(entry, "expected_output") != NULL;
    return error;
}

static int take_cases(struct place *place, const json_t *document, struct spec *spec)
{
    const json_t *list = json_object_get(document, "test_cases");
    size_t count = json_array_size(list);
    uint64_t max =
        place->bounds->cases_max && place->bounds->cases_max < CASES_MAX ? place->bounds->cases_max : CASES_MAX;

    if (list && !json_is_array(list))
        return refuse(place, "test_cases", "it is no array");
    if (count > max)
        return refuse(place, "test_cases", "it has more than %llu entries", (unsigned long long)max);
    spec->cases = calloc(count + 1, sizeof(*spec->cases));
    if (!spec->cases)
        return FAIL_NOMEM;
    for (size_t i = 0; i < count; i++) {
        int error;

        snprintf(place->path, sizeof(place->path), "test_cases[%zu].", i);
        spec->case_count = i + 1;
        error = take_case(place, json_array_get(list, i), &spec->cases[i]);
        if (error < 0)
            return error;
    }
    place->path[0] = '\0';
    return 0;
}

static int take_checker(struct place *place, const json_t *object, struct spec *spec)
{
    static const char *const known[] = {"language", "source_code", "source_code_encoding", NULL};
    const json_t *checker = json_object_get(object, "checker");
    int error;

    if (spec->compare != COMPARE_CHECKER)
        return checker ? refuse(place, "checker", "it is for the mode \"checker\"") : 0;
    if (!json_is_object(checker))
        return refuse(place, "checker", "it is missing or no object");
    snprintf(place->path, sizeof(place->path), "compare.checker.");
    error = check_keys(place, checker, known);
    if (error == 0)
        error = take_text(place, checker, "language", 64, NULL, &spec->checker.language);
    if (error == 0)
        error = take_blob(place, checker, "source_code", "source_code_encoding", &spec->checker.source);
    if (error == 0 && spec->checker.source.length == 0)
        error = refuse(place, "source_code", "it is missing or empty");
    if (error == 0)
        error = count_source(place, "source_code", spec->checker.source.length);
    return error;
}

static int take_compare(struct place *place, const json_t *document, struct spec *spec)
{
    static const char *const known[] = {"mode", "tolerance", "checker", NULL};
    static const struct {
        const char *name;
        enum spec_compare compare;
    } modes[] = {{"trailing", COMPARE_TRAILING},
                 {"exact", COMPARE_EXACT},
                 {"tokens", COMPARE_TOKENS},
                 {"float", COMPARE_FLOAT},
                 {"checker", COMPARE_CHECKER}};
    const json_t *object = json_object_get(document, "compare");
    const json_t *tolerance = json_object_get(object, "tolerance");
    cleanup_free char *mode = NULL;
    int error;

    spec->compare = COMPARE_TRAILING;
    spec->tolerance = 1e-6;
    if (!object)
        return 0;
    if (!json_is_object(object))
        return refuse(place, "compare", "it is no object");
    snprintf(place->path, sizeof(place->path), "compare.");
    error = check_keys(place, object, known);
    if (error == 0)
        error = take_text(place, object, "mode", 20, "trailing", &mode);
    if (error < 0)
        return error;
    spec->compare = 0;
    for (size_t i = 0; i < SN_ARRAY_SIZE(modes); i++)
        if (strcmp(mode, modes[i].name) == 0)
            spec->compare = modes[i].compare;
    if (!spec->compare)
        return refuse(place, "mode", "it is none of trailing, exact, tokens, float, checker");
    if (tolerance && (!json_is_number(tolerance) || spec->compare != COMPARE_FLOAT))
        return refuse(place, "tolerance", "it is a number, for the mode \"float\"");
    if (tolerance)
        spec->tolerance = json_number_value(tolerance);
    if (!(spec->tolerance >= 0 && spec->tolerance <= 1))
        return refuse(place, "tolerance", "it is not within 0 to 1");
    error = take_checker(place, object, spec);
    place->path[0] = '\0';
    return error;
}

static int take_all(struct place *place, const json_t *document, struct spec *spec)
{
    static const char *const known[] = {"language",
                                        "source_code",
                                        "source_code_encoding",
                                        "files",
                                        "entry",
                                        "file_name",
                                        "stdin",
                                        "stdin_encoding",
                                        "args",
                                        "env",
                                        "user_id",
                                        "callback_url",
                                        "time_limit_ms",
                                        "cpu_time_limit_ms",
                                        "memory_limit_kb",
                                        "test_cases",
                                        "compare",
                                        "stop_at_first_failure",
                                        "process_limit",
                                        "output_limit_kb",
                                        "compile_options",
                                        "interactive",
                                        NULL};
    int error = check_keys(place, document, known);

    if (error == 0)
        error = take_text(place, document, "language", 64, NULL, &spec->language);
    if (error == 0)
        error = take_source(place, document, spec);
    if (error == 0)
        error = take_blob(place, document, "stdin", "stdin_encoding", &spec->stdin_data);
    if (error == 0)
        error = take_strings(place, document, "args", false, &spec->args);
    if (error == 0)
        error = take_environment(place, document, &spec->env);
    if (error == 0)
        error = take_strings(place, document, "compile_options", false, &spec->compile_options);
    if (error == 0)
        error = check_words(place, spec);
    if (error == 0)
        error = take_limits(place, document, &spec->limits);
    if (error == 0)
        error = take_cases(place, document, spec);
    if (error == 0)
        error = take_compare(place, document, spec);
    if (error == 0)
        error = take_flag(place, document, "stop_at_first_failure", &spec->stop_at_first);
    if (error == 0)
        error = take_flag(place, document, "interactive", &spec->is_interactive);
    if (error == 0 && spec->case_count == 0 && json_object_get(document, "compare"))
        error = refuse(place, "compare", "it is for jobs with test cases");
    if (error == 0 && spec->case_count > 0 && json_object_get(document, "stdin"))
        error = refuse(place, "stdin", "each test case has its own");
    if (error == 0 && spec->is_interactive && spec->case_count > 0)
        error = refuse(place, "interactive", "it is for jobs without test cases");
    return error;
}

int request_parse(const json_t *document, const struct request_bounds *bounds, struct spec *ret_spec,
                  struct request_error *ret_error)
{
    struct place place = {.bounds = bounds, .error = ret_error};
    struct spec spec = {0};
    int error = take_all(&place, document, &spec);

    if (error < 0) {
        spec_free(&spec);
        return error;
    }
    *ret_spec = spec;
    return 0;
}

int request_text(const json_t *document, const char *name, size_t max, const char **ret_text,
                 struct request_error *ret_error)
{
    struct place place = {.error = ret_error};
    const json_t *value = json_object_get(document, name);

    *ret_text = "";
    if (!value)
        return 0;
    if (!json_is_string(value))
        return refuse(&place, name, "it is no string");
    if (has_control_character(value))
        return refuse(&place, name, "it has control characters");
    if (json_string_length(value) > max)
        return refuse(&place, name, "it has more than %zu bytes", max);
    *ret_text = json_string_value(value);
    return 0;
}
