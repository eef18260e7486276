/* SPDX-License-Identifier: MIT */
/*
 * A number behind its key in files such as cpu.stat: the first line is the key, the rest the file. And the version in
 * what a tool prints about itself.
 */
#include "base/file.h"
#include "fuzz.h"
#include "language/language.h"

#include <errno.h>

/* The same by another way: line by line. */
static int is_there(const char *text, const char *key)
{
    size_t length = strlen(key);

    while (1) {
        if (strncmp(text, key, length) == 0 && text[length] == ' ')
            return 1;
        text += strcspn(text, "\n");
        if (!*text++)
            return 0;
    }
}

static void find_version(const char *text)
{
    char *version = sn__version_find(text);

    MUST(version && strstr(text, version), "%s is not in the text", version ? version : "NULL");
    free(version);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    size_t key_size = end ? (size_t)(end - data) : size;
    char *key = fuzz_text(data, key_size);
    char *text = end ? fuzz_text(end + 1, size - key_size - 1) : fuzz_text(data, 0);
    uint64_t value = 4711;
    int r = sn__text_find_key(text, key, &value);

    MUST(r == 0 || r == -ENOENT || r == -EINVAL, "%d", r);
    MUST(r == 0 || value == 4711, "touched in a failure");
    MUST((r != -ENOENT) == is_there(text, key), "%d for %s", r, key);
    find_version(text);
    free(key);
    free(text);
    return 0;
}
