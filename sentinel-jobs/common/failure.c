/* SPDX-License-Identifier: MIT */
#include "common/failure.h"

#include <stdarg.h>
#include <stdio.h>

int fail(struct failure *failure, int code, const char *format, ...)
{
    va_list args;

    if (!failure)
        return code;
    failure->code = code;
    va_start(args, format);
    vsnprintf(failure->message, sizeof(failure->message), format, args);
    va_end(args);
    return code;
}

int fail_nomem(struct failure *failure)
{
    return fail(failure, FAIL_NOMEM, "out of memory");
}
