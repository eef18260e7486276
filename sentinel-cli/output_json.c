/* SPDX-License-Identifier: MIT */
#include "output_json.h"

#include "cli.h"
#include "message.h"
#include "output_text.h"

#include <stdio.h>
#include <string.h>

json_t *json_text(const char *text)
{
    json_t *string = json_string(text);
    cleanup_free char *copy = NULL;

    if (string)
        return string;
    copy = xstrdup(text);
    for (char *c = copy; *c; c++) {
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    }
    return json_string(copy);
}

int json_print(json_t *document)
{
    int failed;

    if (!document) {
        say("out of memory");
        return -1;
    }
    failed = json_dumpf(document, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) < 0 || fputc('\n', stdout) < 0 ||
             fflush(stdout) != 0;
    json_decref(document);
    return failed ? -1 : 0;
}

void json_print_error(const struct json_error *error)
{
    json_print(json_pack("{s:i, s:{s:s, s:i, s:s, s:o, s:i, s:i}}", "exit_status", error->status, "error", "code",
                         error->code, "errno", error->system_errno, "step", error->step, "message",
                         json_text(error->message), "line", (int)error->line, "column", (int)error->column));
}

static char *base64(const unsigned char *data, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = xrealloc(NULL, length / 3 + 2, 4); /* padding, and the NUL */
    size_t at = 0;

    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        unsigned group = data[i] << 16 | (left > 1 ? data[i + 1] << 8 : 0) | (left > 2 ? data[i + 2] : 0);

        text[at++] = digits[group >> 18];
        text[at++] = digits[group >> 12 & 63];
        text[at++] = left > 1 ? digits[group >> 6 & 63] : '=';
        text[at++] = left > 2 ? digits[group & 63] : '=';
    }
    text[at] = '\0';
    return text;
}

/* "stdout", "stdout_encoding" and "stdout_truncated": output is any bytes, a JSON string is Unicode. */
static void add_output(json_t *step, const char *name, const void *data, size_t length, bool truncated)
{
    cleanup_free char *encoding_key = xprintf("%s_encoding", name);
    cleanup_free char *truncated_key = xprintf("%s_truncated", name);
    json_t *text = json_stringn(length ? data : "", length); /* NULL if it is not UTF-8 */
    const char *encoding = "utf-8";

    if (!text) {
        cleanup_free char *encoded = base64(data, length);

        text = json_string(encoded);
        encoding = "base64";
    }
    json_object_set_new(step, name, text);
    json_object_set_new(step, encoding_key, json_string(encoding));
    json_object_set_new(step, truncated_key, json_boolean(truncated));
}

json_t *json_layers(uint64_t layers)
{
    json_t *names = json_array();

    for (unsigned i = 0; i < 64; i++) {
        const char *name = layers >> i & 1 ? sn_layer_name(UINT64_C(1) << i) : NULL;

        if (name)
            json_array_append_new(names, json_string(name));
    }
    return names;
}

static json_t *json_limit(uint64_t value)
{
    return value == SN_UNLIMITED ? json_string("unlimited") : json_integer((json_int_t)value);
}

json_t *json_limits(const sn_limits *limits)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "cpu_ms", json_limit(limits->cpu_ms), "wall_ms",
                     json_limit(limits->wall_ms), "memory_bytes", json_limit(limits->memory_bytes), "processes",
                     json_limit(limits->processes), "output_bytes", json_limit(limits->output_bytes), "file_bytes",
                     json_limit(limits->file_bytes), "open_files", json_limit(limits->open_files), "stack_bytes",
                     json_limit(limits->stack_bytes), "cpu_percent",
                     limits->cpu_percent ? json_limit(limits->cpu_percent) : json_null());
}

static json_t *json_signal(int number)
{
    char name[SIGNAL_NAME_SIZE];

    if (!number)
        return json_null();
    return json_pack("{s:i, s:s}", "number", number, "name", signal_name(number, name));
}

static json_t *json_denied(const sn_result *result)
{
    const uint64_t *args = sn_result_denied_args(result);
    json_t *list;

    if (!sn_result_denied(result))
        return json_null();
    /* as text: 64 bits do not fit the numbers of every JSON reader */
    list = json_array();
    for (size_t i = 0; args && i < 6; i++) {
        char text[24];

        snprintf(text, sizeof(text), "0x%llx", (unsigned long long)args[i]);
        json_array_append_new(list, json_string(text));
    }
    return json_pack("{s:o, s:o, s:o}", "call", json_text(sn_result_denied(result)), "name",
                     json_text(sn_result_denied_name(result) ? sn_result_denied_name(result) : ""), "args", list);
}

static json_t *json_notes(const char *notes)
{
    json_t *list = json_array();

    while (*notes) {
        cleanup_free char *line = xstrndup(notes, strcspn(notes, "\n"));

        if (*line)
            json_array_append_new(list, json_text(line));
        notes += strlen(line);
        notes += *notes == '\n';
    }
    return list;
}

static json_t *json_u64(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* The times, and which of them are long enough to make the wall figure suspect. */
static json_t *json_suspect(const sn_result *result)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } reasons[] = {
        {SN_SUSPECT_WAITED, "waited"}, {SN_SUSPECT_STOLEN, "stolen"}, {SN_SUSPECT_THROTTLED, "throttled_above"}};
    json_t *names = json_array();

    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        if (sn_result_suspect(result) & reasons[i].bit)
            json_array_append_new(names, json_string(reasons[i].name));
    return json_pack("{s:o, s:o, s:o, s:o}", "reasons", names, "waited_ns", json_u64(sn_result_waited_ns(result)),
                     "stolen_ns", json_u64(sn_result_stolen_ns(result)), "throttled_above_ns",
                     json_u64(sn_result_throttled_above_ns(result)));
}

json_t *json_step(const sn_result *result, const sn_limits *limits)
{
    const char *limit = sn_result_limit(result) == SN_LIMIT_NONE ? NULL : sn_limit_name(sn_result_limit(result));
    json_t *step = json_object();
    size_t length = 0;
    const void *data;

    json_object_set_new(step, "verdict", json_string(sn_verdict_name(sn_result_verdict(result))));
    json_object_set_new(step, "limit", limit ? json_string(limit) : json_null());
    json_object_set_new(step, "exit_code",
                        sn_result_exit_code(result) < 0 ? json_null() : json_integer(sn_result_exit_code(result)));
    json_object_set_new(step, "signal", json_signal(sn_result_signal(result)));
    json_object_set_new(step, "cpu_ns", json_u64(sn_result_cpu_ns(result)));
    json_object_set_new(step, "user_ns", json_u64(sn_result_user_ns(result)));
    json_object_set_new(step, "system_ns", json_u64(sn_result_system_ns(result)));
    json_object_set_new(step, "cpu_source", json_string(sn_result_cpu_source(result)));
    json_object_set_new(step, "wall_ns", json_u64(sn_result_wall_ns(result)));
    json_object_set_new(step, "memory_bytes", json_u64(sn_result_memory_bytes(result)));
    json_object_set_new(step, "memory_source", json_string(sn_result_memory_source(result)));
    json_object_set_new(step, "throttled_ns", json_u64(sn_result_throttled_ns(result)));
    json_object_set_new(step, "suspect", json_suspect(result));
    data = sn_result_stdout(result, &length);
    add_output(step, "stdout", data, length, sn_result_stdout_truncated(result));
    data = sn_result_stderr(result, &length);
    add_output(step, "stderr", data, length, sn_result_stderr_truncated(result));
    json_object_set_new(step, "denied", json_denied(result));
    json_object_set_new(step, "layers",
                        json_pack("{s:o, s:o}", "in_force", json_layers(sn_result_layers(result)), "relaxed",
                                  json_layers(sn_result_relaxed(result))));
    json_object_set_new(step, "notes", json_notes(sn_result_notes(result)));
    json_object_set_new(step, "limits", json_limits(limits));
    return step;
}
