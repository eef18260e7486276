/* SPDX-License-Identifier: MIT */
/* Paths in normal form, absolute and relative: what they must not contain, and that they are their own normal form. */
#include "config/options.h"
#include "fuzz.h"

static void check_parts(const char *path)
{
    MUST(strlen(path) < 4096, "%zu bytes", strlen(path));
    while (*path) {
        size_t n = strcspn(path, "/");

        MUST(n > 0 && n <= 255, "a part of %zu bytes", n);
        MUST(!(n == 1 && path[0] == '.') && !(n == 2 && path[0] == '.' && path[1] == '.'), "%s", path);
        MUST(path[n] != '/' || path[n + 1], "a slash at the end");
        path += n + (path[n] == '/');
    }
}

static void absolute(const char *text)
{
    char *path = NULL, *again = NULL;
    sn_error *error = NULL;

    if (sn__path_normalise(text, "the path", &path, &error) < 0) {
        MUST(!path && *sn_error_message(error), "a failure without an error");
        sn_error_free(error);
        return;
    }
    MUST(path[0] == '/', "%s", path);
    check_parts(path + 1);
    MUST(sn__path_normalise(path, "the path", &again, NULL) == 0 && strcmp(path, again) == 0, "%s", path);
    free(again);
    free(path);
}

static void relative(const char *text)
{
    char path[4096] = "untouched", again[4096];
    sn_error *error = NULL;

    if (sn__path_relative(text, path, &error) < 0) {
        MUST(strcmp(path, "untouched") == 0 && *sn_error_message(error), "a failure without an error");
        sn_error_free(error);
        return;
    }
    check_parts(path);
    MUST(sn__path_relative(path, again, NULL) == 0 && strcmp(path, again) == 0, "%s", path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);

    absolute(text);
    relative(text);
    free(text);
    return 0;
}
