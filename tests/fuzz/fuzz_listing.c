/* SPDX-License-Identifier: MIT */
/* A directory's listing as PID 1 hands it over. The parser is static: this brings it in with its file. */
#include "../../libsentinel/src/spawn/sandbox_files.c" // NOLINT(bugprone-suspicious-include)
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sn_file_list *made = calloc(1, sizeof(*made));
    /* exactly as long as the listing, without a NUL */
    char *bytes = malloc(size ? size : 1);
    size_t total = 0;
    int r;

    MUST(made && bytes, "no memory");
    memcpy(bytes, data, size);
    r = parse_listing(bytes, size, made);
    free(bytes);
    if (r == 0) {
        for (size_t i = 0; i < sn_file_list_count(made); i++)
            total += sizeof(struct sn__list_entry) + strlen(sn_file_list_entry(made, i)->name);
        MUST(total <= size, "%zu bytes of names from %zu", total, size);
        MUST(!sn_file_list_entry(made, sn_file_list_count(made)), "an entry behind the last");
    } else {
        MUST(r == -EBADMSG, "%d", r);
    }
    sn_file_list_free(made);
    return 0;
}
