/* SPDX-License-Identifier: MIT */
#include "common/json.h"

#include "base/cleanup.h"
#include "common/wallclock.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

/* jansson's own bound on depth is two thousand, and it recurses. */
static bool is_too_deep(const char *text, size_t length)
{
    unsigned depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

int json_parse(const char *text, size_t length, json_t **ret_document, struct failure *failure)
{
    json_error_t error;
    json_t *document;

    if (is_too_deep(text, length))
        return fail(failure, FAIL_INVALID, "the JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
    document = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!document && json_error_code(&error) == json_error_out_of_memory)
        return fail_nomem(failure);
    if (!document) {
        /* The text names what it was at ("near '...'"), which may be anything: the place is enough. */
        char *near = strstr(error.text, " near ");

        if (near)
            *near = '\0';
        return fail(failure, FAIL_INVALID, "this is no JSON: %s at line %d, column %d", error.text, error.line,
                    error.column);
    }
    if (!json_is_object(document)) {
        json_decref(document);
        return fail(failure, FAIL_INVALID, "the JSON is no object");
    }
    *ret_document = document;
    return 0;
}

char *json_print(const json_t *document, size_t *ret_length)
{
    char *text = document ? json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;

    if (text && ret_length)
        *ret_length = strlen(text);
    return text;
}

/* Is text of control characters longer when they are escaped than in base64? */
static bool is_costly(const unsigned char *data, size_t length)
{
    size_t escaped = 0;

    for (size_t i = 0; i < length; i++)
        if (data[i] < 0x20 && data[i] != '\n' && data[i] != '\t' && data[i] != '\r')
            escaped += 5;
    return escaped > length / 3 + 4;
}

int json_set_bytes(json_t *object, const char *name, const void *data, size_t length)
{
    char encoding_name[64];
    const char *encoding = "utf-8";
    json_t *text = is_costly(data, length) ? NULL : json_stringn(length > 0 ? data : "", length);

    if (!text && length > 0) {
        cleanup_free char *encoded = malloc((length + 2) / 3 * 4 + 1);

        if (!encoded)
            return FAIL_NOMEM;
        text = json_stringn(encoded, (size_t)EVP_EncodeBlock((unsigned char *)encoded, data, (int)length));
        encoding = "base64";
    }
    snprintf(encoding_name, sizeof(encoding_name), "%s_encoding", name);
    if (json_object_set_new(object, name, text) < 0 ||
        json_object_set_new(object, encoding_name, json_string(encoding)) < 0)
        return FAIL_NOMEM;
    return 0;
}

int json_decode_base64(const char *text, size_t length, char **ret_data, size_t *ret_length)
{
    cleanup_free char *data = NULL;
    int got;

    if (length % 4 != 0 || length > INT32_MAX)
        return FAIL_INVALID;
    data = malloc(length / 4 * 3 + 1);
    if (!data)
        return FAIL_NOMEM;
    /* EVP_DecodeBlock() passes over white space at both ends, which would not match the padding looked at here. */
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] <= ' ')
            return FAIL_INVALID;
    got = length > 0 ? EVP_DecodeBlock((unsigned char *)data, (const unsigned char *)text, (int)length) : 0;
    if (got < 0)
        return FAIL_INVALID;
    if (length > 0 && text[length - 1] == '=')
        got--;
    if (length > 0 && text[length - 2] == '=')
        got--;
    data[got] = '\0';
    *ret_length = (size_t)got;
    *ret_data = steal_ptr(&data);
    return 0;
}

json_t *json_text(const char *text)
{
    json_t *string = json_string(text);
    cleanup_free char *copy = NULL;

    if (string)
        return string;
    copy = strdup(text);
    if (!copy)
        return NULL;
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    return json_string(copy);
}

json_t *json_time(int64_t us)
{
    char text[WALLCLOCK_TEXT_SIZE];

    if (us == 0)
        return json_null();
    wallclock_print(us, text);
    return json_string(text);
}
