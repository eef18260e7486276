/* SPDX-License-Identifier: MIT */
/*
 * A judge with worker threads: every file of a folder is a submission, compiled if its language needs that, run once on
 * the same input and compared with the expected answer. Sandboxes have nothing in common: a thread needs no lock but
 * the one for the next submission.
 *
 *     cc judge_threads.c $(pkg-config --cflags --libs sentinel) -pthread -o judge_threads
 *     sudo ./judge_threads FOLDER INPUT ANSWER [THREADS]
 */
#include <sentinel/sentinel.h>

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_MAX 65536

struct submission {
    const char *folder, *file;
    const char *verdict; /* static strings */
    double cpu_ms;
};

static struct submission *submissions;
static int count, next;
static pthread_mutex_t next_lock = PTHREAD_MUTEX_INITIALIZER;
static const char *input, *answer;
static const sn_languages *languages;

static char *read_file(const struct submission *submission, size_t *ret_length)
{
    char path[4096];
    char *text = malloc(SOURCE_MAX);
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", submission->folder, submission->file);
    file = fopen(path, "rb");
    *ret_length = file && text ? fread(text, 1, SOURCE_MAX, file) : 0;
    if (file)
        fclose(file);
    return text;
}

static int is_right(const sn_result *result)
{
    size_t length;
    const char *output = sn_result_stdout(result, &length);

    while (length && output[length - 1] == '\n')
        length--;
    return length == strlen(answer) && memcmp(output, answer, length) == 0;
}

static void judge(struct submission *submission)
{
    const sn_language *language = sn_languages_find_by_file(languages, submission->file);
    size_t length;
    char *source = read_file(submission, &length);
    sn_program_options options;
    sn_program *program = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options run;
    sn_limits limits;
    int r = SN_ENOENT;

    sn_limits_init(&limits); /* what stays 0 is as the language's manifest says */
    limits.cpu_ms = 500;
    sn_program_options_init(&options);
    options.source = source;
    options.source_length = length;
    sn_run_options_init(&run);
    run.limits = &limits;
    run.stdin_data = input;
    run.stdin_length = strlen(input);
    submission->verdict = language ? "(not judged)" : "(unknown language)";
    if (language)
        r = sn_program_create(language, &options, &program, &error);
    if (r == 0 && !sn_program_is_runnable(program))
        submission->verdict = sn_verdict_name(sn_result_verdict(sn_program_compile_result(program)));
    else if (r == 0 && sn_program_run(program, &run, &result, &error) == 0)
        submission->verdict = sn_verdict_name(sn_result_verdict(result));
    if (result && sn_result_verdict(result) == SN_VERDICT_OK)
        submission->verdict = is_right(result) ? "ACCEPTED" : "WRONG_ANSWER";
    if (result)
        submission->cpu_ms = (double)sn_result_cpu_ns(result) / 1e6;
    if (error) /* the judge's trouble, not the submission's */
        fprintf(stderr, "%s: %s: %s\n", submission->file, sn_error_step(error), sn_error_message(error));
    sn_result_free(result);
    sn_program_destroy(program);
    sn_error_free(error);
    free(source);
}

static void *worker(void *unused)
{
    for (;;) {
        int mine;

        pthread_mutex_lock(&next_lock);
        mine = next++;
        pthread_mutex_unlock(&next_lock);
        if (mine >= count)
            return unused;
        judge(&submissions[mine]);
    }
}

static int is_plain(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    int threads = argc > 4 ? atoi(argv[4]) : 4;
    sn_languages *loaded = NULL;
    struct dirent **entries = NULL;
    sn_error *error = NULL;
    pthread_t *workers;

    if (argc < 4 || threads < 1)
        return fprintf(stderr, "usage: judge_threads FOLDER INPUT ANSWER [THREADS]\n"), 2;
    if (sn_languages_load(NULL, &loaded, &error) < 0)
        return fprintf(stderr, "%s: %s\n", sn_error_step(error), sn_error_message(error)), 1;
    languages = loaded;
    input = argv[2];
    answer = argv[3];
    count = scandir(argv[1], &entries, is_plain, alphasort);
    submissions = calloc(count > 0 ? (size_t)count : 1, sizeof(*submissions));
    workers = calloc((size_t)threads, sizeof(*workers));
    if (count < 0 || !submissions || !workers)
        return perror(argv[1]), 1;
    for (int i = 0; i < count; i++)
        submissions[i] = (struct submission){.folder = argv[1], .file = entries[i]->d_name};
    for (int i = 0; i < threads; i++)
        if (pthread_create(&workers[i], NULL, worker, NULL) != 0)
            return fprintf(stderr, "cannot start a thread\n"), 1;
    for (int i = 0; i < threads; i++)
        pthread_join(workers[i], NULL);
    for (int i = 0; i < count; i++) {
        printf("%-20s %-24s %8.1f ms\n", submissions[i].file, submissions[i].verdict, submissions[i].cpu_ms);
        free(entries[i]);
    }
    free(entries);
    free(workers);
    free(submissions);
    sn_languages_free(loaded);
    return 0;
}
