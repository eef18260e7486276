/* SPDX-License-Identifier: MIT */
/* The bytes of a kept compile step. A seal keeps others' bytes away; what gets past it must lie within them all the
 * same. */
#include "fuzz.h"
#include "language/artifact.h"

static bool is_within(const void *at, size_t length, const void *bytes, size_t size)
{
    const char *begin = bytes, *p = at;

    return p >= begin && p <= begin + size && length <= (size_t)(begin + size - p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sn__input input = {.path = (char *)"main.c", .data = "text", .length = 4};
    char *bytes = malloc(size ? size : 1);
    struct sn__artifact artifact;

    MUST(bytes, "no memory");
    memcpy(bytes, data, size);
    if (sn__artifact_parse(bytes, size, &input, 1, &artifact)) {
        for (size_t i = 0; i < artifact.count; i++) {
            const struct sn__artifact_file *file = &artifact.files[i];

            MUST(is_within(file->path, strlen(file->path) + 1, bytes, size), "a path outside");
            MUST(file->path[0] && file->path[0] != '/', "the path %s", file->path);
            MUST(!file->data || file->data == input.data || is_within(file->data, file->length, bytes, size),
                 "data outside");
        }
        sn__artifact_clear(&artifact);
    }
    free(bytes);
    return 0;
}
