/* SPDX-License-Identifier: MIT */
#include "language/artifact.h"

#include "base/error.h"
#include "config/options.h"
#include "result/result.h"
#include "spawn/sandbox.h"

#include <endian.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/*
 * All numbers have 8 bytes, little-endian; texts and data their length before them, texts a NUL behind, which does not
 * count. The result: wall, cpu, user, system, throttled time, memory, layers, relaxed, stdout, stderr, notes. Then a
 * record a file: its kind, mode, path, and data (KIND_FILE) or the input's number (KIND_INPUT).
 */
enum { KIND_END, KIND_DIRECTORY, KIND_FILE, KIND_INPUT };

static const char mark[] = "artifact 2";
static const char figures_source[] = "cache, of the compile that was kept";

static void put_number(struct sn__buffer *out, uint64_t number)
{
    uint64_t bytes = htole64(number);

    sn__buffer_add(out, &bytes, sizeof(bytes));
}

static void put_data(struct sn__buffer *out, const void *data, size_t length)
{
    put_number(out, length);
    sn__buffer_add(out, data, length);
}

static void put_text(struct sn__buffer *out, const char *text)
{
    put_data(out, text, strlen(text));
    sn__buffer_add(out, "", 1);
}

static void put_result(struct sn__buffer *out, const sn_result *result)
{
    put_number(out, result->wall_ns);
    put_number(out, result->usage.cpu_ns);
    put_number(out, result->usage.user_ns);
    put_number(out, result->usage.system_ns);
    put_number(out, result->usage.throttled_ns);
    put_number(out, result->usage.memory_peak);
    put_number(out, result->layers);
    put_number(out, result->relaxed);
    put_data(out, result->out[0].data, result->out[0].length);
    put_data(out, result->out[1].data, result->out[1].length);
    put_text(out, sn_result_notes(result));
}

struct saving {
    sn_sandbox *sandbox;
    const struct sn__input *inputs;
    size_t input_count;
    struct sn__buffer *out;
    size_t files;
    const char *why;
    sn_error **ret_error;
};

/* The number of the input that this file still is, or -1. Of two with one path the last was laid. */
static ssize_t find_input(const struct saving *saving, const char *path, const void *data, size_t length)
{
    for (size_t i = saving->input_count; i-- > 0;) {
        const struct sn__input *input = &saving->inputs[i];

        if (strcmp(input->path, path) == 0)
            return input->length == length && (length == 0 || memcmp(input->data, data, length) == 0) ? (ssize_t)i : -1;
    }
    return -1;
}

static int save_file(struct saving *saving, const char *path, uint32_t mode)
{
    sn_error *error = NULL;
    void *data = NULL;
    size_t length = 0;
    ssize_t input;
    int r;

    r = sn_sandbox_get(saving->sandbox, path, SN__ARTIFACT_MAX_BYTES, &data, &length, &error);
    if (r == SN_ELIMIT) {
        sn_error_free(error);
        saving->why = "it left too much in /work";
        return 0;
    }
    if (r < 0) {
        sn__error_copy(saving->ret_error, error, r);
        sn_error_free(error);
        return r;
    }
    input = find_input(saving, path, data, length);
    put_number(saving->out, input < 0 ? KIND_FILE : KIND_INPUT);
    put_number(saving->out, mode & 0777);
    put_text(saving->out, path);
    if (input < 0)
        put_data(saving->out, data, length);
    else
        put_number(saving->out, (uint64_t)input);
    free(data);
    return 1;
}

static int save_directory(struct saving *saving, const char *directory, int depth);

static int save_entry(struct saving *saving, const char *directory, const sn_file_info *info, int depth)
{
    char path[PATH_MAX];

    if (++saving->files > SN__ARTIFACT_MAX_FILES || saving->out->length > SN__ARTIFACT_MAX_BYTES || depth > 32 ||
        snprintf(path, sizeof(path), "%s%s%s", directory, *directory ? "/" : "", info->name) >= (int)sizeof(path)) {
        saving->why = "it left too much in /work";
        return 0;
    }
    /* a mode of 0 would be made 0644 */
    if (S_ISREG(info->mode) && !(info->mode & 07000) && (info->mode & 0777))
        return save_file(saving, path, info->mode);
    /* as those are made that a path goes through; a directory of another mode could not be made again */
    if (!S_ISDIR(info->mode) || (info->mode & 07777) != 0755) {
        saving->why = "it left something in /work that is neither a plain file nor a plain directory";
        return 0;
    }
    put_number(saving->out, KIND_DIRECTORY);
    put_number(saving->out, 0755);
    put_text(saving->out, path);
    return save_directory(saving, path, depth + 1);
}

static int save_directory(struct saving *saving, const char *directory, int depth)
{
    sn_file_list *list = NULL;
    int r = sn_sandbox_list(saving->sandbox, directory, &list, saving->ret_error);

    if (r == 0)
        r = 1;
    for (size_t i = 0; r == 1 && i < sn_file_list_count(list); i++)
        r = save_entry(saving, directory, sn_file_list_entry(list, i), depth);
    sn_file_list_free(list);
    return r;
}

int sn__artifact_save(sn_sandbox *sandbox, const sn_result *result, const struct sn__input *inputs, size_t count,
                      struct sn__buffer *out, const char **ret_why, sn_error **ret_error)
{
    struct saving saving = {
        .sandbox = sandbox, .inputs = inputs, .input_count = count, .out = out, .ret_error = ret_error};
    int r;

    put_text(out, mark);
    put_number(out, sandbox->left_bytes);
    put_result(out, result);
    r = save_directory(&saving, "", 0);
    put_number(out, KIND_END);
    if (r == 0)
        *ret_why = saving.why;
    if (r == 1 && out->failed)
        return sn__error_nomem(ret_error);
    return r;
}

/* ---- back ---- */

struct reader {
    const char *at;
    size_t left;
    bool failed;
};

static uint64_t get_number(struct reader *reader)
{
    uint64_t bytes;

    if (reader->left < sizeof(bytes)) {
        reader->failed = true;
        return 0;
    }
    memcpy(&bytes, reader->at, sizeof(bytes));
    reader->at += sizeof(bytes);
    reader->left -= sizeof(bytes);
    return le64toh(bytes);
}

static const void *get_data(struct reader *reader, size_t *ret_length)
{
    uint64_t length = get_number(reader);
    const char *data = reader->at;

    *ret_length = 0;
    if (reader->failed || length > reader->left) {
        reader->failed = true;
        return "";
    }
    reader->at += length;
    reader->left -= length;
    *ret_length = length;
    return data;
}

static const char *get_text(struct reader *reader)
{
    size_t length;
    const char *text = get_data(reader, &length);

    if (reader->failed || reader->left == 0 || *reader->at != '\0' || memchr(text, '\0', length)) {
        reader->failed = true;
        return "";
    }
    reader->at++;
    reader->left--;
    return text;
}

static sn_result *get_result(struct reader *reader)
{
    sn_result *result = calloc(1, sizeof(*result));

    if (!result)
        return NULL;
    result->verdict = SN_VERDICT_OK;
    result->usage.cpu_source = result->usage.memory_source = figures_source;
    result->wall_ns = get_number(reader);
    result->usage.cpu_ns = get_number(reader);
    result->usage.user_ns = get_number(reader);
    result->usage.system_ns = get_number(reader);
    result->usage.throttled_ns = get_number(reader);
    result->usage.memory_peak = get_number(reader);
    result->layers = get_number(reader);
    result->relaxed = get_number(reader);
    for (int i = 0; i < 2; i++) {
        size_t length;
        const void *data = get_data(reader, &length);

        sn__buffer_add(&result->out[i], data, length);
    }
    sn__buffer_add_string(&result->notes, get_text(reader));
    reader->failed |= result->out[0].failed || result->out[1].failed || result->notes.failed;
    return result;
}

/* Is it a path as artifacts have it? The sandbox looks again. */
static bool is_normal(const char *path)
{
    char normal[4096];

    return sn__path_relative(path, normal, NULL) == 0 && normal[0] && strcmp(normal, path) == 0;
}

static void get_file(struct reader *reader, uint64_t kind, const struct sn__input *inputs, size_t count,
                     struct sn__artifact_file *ret_file)
{
    uint64_t input;

    ret_file->mode = (uint32_t)(get_number(reader) & 0777);
    ret_file->path = get_text(reader);
    if (reader->failed || !is_normal(ret_file->path)) {
        reader->failed = true;
        return;
    }
    switch (kind) {
    case KIND_DIRECTORY:
        break;
    case KIND_FILE:
        ret_file->data = get_data(reader, &ret_file->length);
        break;
    case KIND_INPUT:
        input = get_number(reader);
        if (input >= count) {
            reader->failed = true;
            break;
        }
        ret_file->data = inputs[input].data ? inputs[input].data : "";
        ret_file->length = inputs[input].length;
        break;
    default:
        reader->failed = true;
    }
}

bool sn__artifact_parse(const char *bytes, size_t length, const struct sn__input *inputs, size_t count,
                        struct sn__artifact *ret_artifact)
{
    struct reader reader = {.at = bytes, .left = length};
    struct sn__artifact artifact = {0};
    uint64_t kind;

    if (strcmp(get_text(&reader), mark) != 0)
        return false;
    artifact.left_bytes = get_number(&reader);
    artifact.result = get_result(&reader);
    while (artifact.result && !reader.failed && (kind = get_number(&reader)) != KIND_END) {
        struct sn__artifact_file *grown;

        grown = artifact.count < SN__ARTIFACT_MAX_FILES
                    ? reallocarray(artifact.files, artifact.count + 1, sizeof(*artifact.files))
                    : NULL;
        if (!grown) {
            reader.failed = true;
            break;
        }
        artifact.files = grown;
        grown[artifact.count] = (struct sn__artifact_file){0};
        get_file(&reader, kind, inputs, count, &grown[artifact.count++]);
    }
    if (!artifact.result || reader.failed || reader.left) {
        sn__artifact_clear(&artifact);
        return false;
    }
    *ret_artifact = artifact;
    return true;
}

void sn__artifact_clear(struct sn__artifact *artifact)
{
    sn_result_free(artifact->result);
    free(artifact->files);
    *artifact = (struct sn__artifact){0};
}

int sn__artifact_lay(const struct sn__artifact *artifact, sn_sandbox *sandbox, sn_error **ret_error)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < artifact->count; i++) {
        const struct sn__artifact_file *file = &artifact->files[i];

        r = file->data ? sn_sandbox_put(sandbox, file->path, file->data, file->length, file->mode, ret_error)
                       : sn_sandbox_mkdir(sandbox, file->path, ret_error);
    }
    return r;
}
