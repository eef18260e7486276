/* SPDX-License-Identifier: MIT */
#include "job/spec.h"

#include <stdlib.h>

static void free_strings(char **texts)
{
    for (size_t i = 0; texts && texts[i]; i++)
        free(texts[i]);
    free(texts);
}

static void free_case(struct spec_case *test_case)
{
    free(test_case->name);
    free(test_case->stdin_data.data);
    free(test_case->expected.data);
    free_strings(test_case->args);
}

void spec_free(struct spec *spec)
{
    free(spec->language);
    free(spec->file_name);
    free(spec->source.data);
    for (size_t i = 0; i < spec->file_count; i++) {
        free(spec->files[i].path);
        free(spec->files[i].content.data);
    }
    free(spec->files);
    free(spec->stdin_data.data);
    free_strings(spec->args);
    free_strings(spec->env);
    free_strings(spec->compile_options);
    for (size_t i = 0; i < spec->case_count; i++)
        free_case(&spec->cases[i]);
    free(spec->cases);
    free(spec->checker.language);
    free(spec->checker.source.data);
    *spec = (struct spec){0};
}
