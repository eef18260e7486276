/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include "base/cleanup.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct sn_error {
    int32_t code;
    int32_t sys_errno;
    uint32_t line;
    uint32_t column;
    bool is_static;
    char step[64];
    char message[1024];
};

static const struct sn_error out_of_memory = {
    .code = SN_ENOMEM,
    .sys_errno = ENOMEM,
    .is_static = true,
    .step = "allocate memory",
    .message = "the process is out of memory",
};

/* Without memory for an error, that there is none is the error, whatever it was to say: code and error are one. */
static int set(sn_error **ret_error, const struct sn_error *shape, const char *step, const char *format, va_list args)
{
    struct sn_error *error;
    int used;

    if (!ret_error)
        return shape->code;
    error = malloc(sizeof(*error));
    if (!error)
        return sn__error_nomem(ret_error);
    sn_error_free(*ret_error);
    *error = *shape;
    snprintf(error->step, sizeof(error->step), "%s", step);
    used = vsnprintf(error->message, sizeof(error->message), format, args);
    if (shape->sys_errno && used >= 0 && (size_t)used < sizeof(error->message)) {
        char text[96];

        /* glibc's strerror_r: thread-safe, and may return a static string instead of filling the buffer */
        snprintf(error->message + used, sizeof(error->message) - (size_t)used, ": %s",
                 strerror_r(shape->sys_errno, text, sizeof(text)));
    }
    *ret_error = error;
    return shape->code;
}

int sn__error_set(sn_error **ret_error, int32_t code, const char *step, const char *format, ...)
{
    struct sn_error shape = {.code = code};
    va_list args;
    int r;

    va_start(args, format);
    r = set(ret_error, &shape, step, format, args);
    va_end(args);
    return r;
}

int sn__error_errno(sn_error **ret_error, int sys_errno, const char *step, const char *format, ...)
{
    struct sn_error shape = {.code = sys_errno == ENOMEM ? SN_ENOMEM : SN_ESYS, .sys_errno = sys_errno};
    va_list args;
    int r;

    va_start(args, format);
    r = set(ret_error, &shape, step, format, args);
    va_end(args);
    return r;
}

int sn__error_parse(sn_error **ret_error, const char *step, uint32_t line, uint32_t column, const char *format, ...)
{
    struct sn_error shape = {.code = SN_EPARSE, .line = line, .column = column};
    va_list args;
    int r;

    va_start(args, format);
    r = set(ret_error, &shape, step, format, args);
    va_end(args);
    return r;
}

int sn__error_nomem(sn_error **ret_error)
{
    if (ret_error) {
        sn_error_free(*ret_error);
        *ret_error = (sn_error *)&out_of_memory;
    }
    return SN_ENOMEM;
}

int sn__error_copy(sn_error **ret_error, const sn_error *error, int32_t code)
{
    sn_error *copy;

    if (!ret_error)
        return code;
    if (!error)
        return sn__error_set(ret_error, code, "", "%s", sn_code_name(code));
    copy = malloc(sizeof(*copy));
    if (!copy)
        return sn__error_nomem(ret_error);
    *copy = *error;
    copy->is_static = false;
    sn_error_free(*ret_error);
    *ret_error = copy;
    return code;
}

int32_t sn_error_code(const sn_error *error)
{
    return error ? error->code : SN_OK;
}

int32_t sn_error_errno(const sn_error *error)
{
    return error ? error->sys_errno : 0;
}

const char *sn_error_step(const sn_error *error)
{
    return error ? error->step : "";
}

const char *sn_error_message(const sn_error *error)
{
    return error ? error->message : "";
}

uint32_t sn_error_line(const sn_error *error)
{
    return error ? error->line : 0;
}

uint32_t sn_error_column(const sn_error *error)
{
    return error ? error->column : 0;
}

void sn_error_free(sn_error *error)
{
    if (error && !error->is_static)
        free(error);
}

const char *sn_code_name(int32_t code)
{
    static const char *const names[] = {"SN_OK",     "SN_EINVAL", "SN_ENOMEM", "SN_ESYS",  "SN_EHOST",     "SN_EBUSY",
                                        "SN_ENOENT", "SN_EPARSE", "SN_ELIMIT", "SN_EDIED", "SN_ETOOLCHAIN"};

    if (code > 0 || -(int64_t)code >= (int64_t)SN_ARRAY_SIZE(names))
        return "SN_UNKNOWN";
    return names[-code];
}
