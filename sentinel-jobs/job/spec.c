/* SPDX-License-Identifier: MIT */
#include "job/spec.h"

#include <stdlib.h>

static void free_strings(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

void spec_free(struct spec *spec)
{
    for (size_t i = 0; i < spec->file_count; i++) {
        free(spec->files[i].path);
        free(spec->files[i].content.data);
    }
    for (size_t i = 0; i < spec->case_count; i++) {
        free(spec->cases[i].name);
        free(spec->cases[i].stdin_data.data);
        free(spec->cases[i].expected.data);
        free_strings(spec->cases[i].args);
    }
    free(spec->language);
    free(spec->file_name);
    free(spec->source.data);
    free(spec->files);
    free(spec->stdin_data.data);
    free_strings(spec->args);
    free_strings(spec->env);
    free_strings(spec->compile_options);
    free(spec->cases);
    free(spec->checker.language);
    free(spec->checker.source.data);
    *spec = (struct spec){0};
}
