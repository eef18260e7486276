/* SPDX-License-Identifier: MIT */
/*
 * A language of one's own: manifests are loaded from a folder, and a program in one of them runs with our standard
 * input. (README.md says how the command gets to know it.)
 *
 *     cc custom_language.c $(pkg-config --cflags --libs sentinel) -o custom_language
 *     echo b a b | sudo ./custom_language languages languages/wordcount.awk
 */
#include <sentinel/sentinel.h>

#include <stdio.h>
#include <stdlib.h>

static char *slurp(FILE *file, size_t *ret_length)
{
    char *text = malloc(1 << 20);

    *ret_length = text && file ? fread(text, 1, 1 << 20, file) : 0;
    return text;
}

static int run(const sn_language *language, FILE *source, sn_error **ret_error)
{
    sn_program_options options;
    sn_program *program = NULL;
    sn_result *result = NULL;
    sn_run_options run_options;
    size_t source_length, input_length, length;
    char *text = slurp(source, &source_length), *input = slurp(stdin, &input_length);
    int r;

    sn_program_options_init(&options);
    options.source = text;
    options.source_length = source_length;
    sn_run_options_init(&run_options);
    run_options.stdin_data = input;
    run_options.stdin_length = input_length;
    r = sn_program_create(language, &options, &program, ret_error);
    if (r == 0 && sn_program_is_runnable(program))
        r = sn_program_run(program, &run_options, &result, ret_error);
    if (result) {
        const void *output = sn_result_stdout(result, &length);

        fwrite(output, 1, length, stdout);
        printf("%s: %s\n", sn_language_title(language), sn_verdict_name(sn_result_verdict(result)));
    }
    sn_result_free(result);
    sn_program_destroy(program);
    free(text);
    free(input);
    return r;
}

int main(int argc, char **argv)
{
    sn_languages *languages = NULL;
    const sn_language *language;
    sn_error *error = NULL;
    FILE *source;
    int r;

    if (argc != 3)
        return fprintf(stderr, "usage: custom_language FOLDER-OF-MANIFESTS FILE\n"), 2;
    source = fopen(argv[2], "rb");
    if (!source)
        return perror(argv[2]), 1;
    r = sn_languages_load(argv[1], &languages, &error);
    language = sn_languages_find_by_file(languages, argv[2]);
    if (r == 0 && !language)
        fprintf(stderr, "%s: none of the %zu languages\n", argv[2], sn_languages_count(languages));
    else if (r == 0)
        r = run(language, source, &error);
    if (error)
        fprintf(stderr, "%s: %s\n", sn_error_step(error), sn_error_message(error));
    fclose(source);
    sn_languages_free(languages);
    sn_error_free(error);
    return r < 0 || !language;
}
