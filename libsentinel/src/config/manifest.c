/* SPDX-License-Identifier: MIT */
#include "config/manifest.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

#include <cyaml/cyaml.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Theory of operation
 *
 * libcyaml reads the text by the schema below: it refuses unknown and repeated keys and values of a wrong type, and
 * tells where by a log callback, one line a call. Everything is optional in the schema; what must be there, and what
 * values may be, is checked afterwards by check_manifest(), where a sentence can be said about it.
 */

#define STEP "parse manifest"
#define MIB (INT64_C(1) << 20)
#define LIST_MAX 64
#define TEXT_MAX 8192

static const cyaml_schema_value_t text_entry = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, TEXT_MAX)};

#define OPTIONAL_POINTER (CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER)
#define FIELD_TEXT(structure, key, member) CYAML_FIELD_STRING_PTR(key, OPTIONAL_POINTER, structure, member, 1, TEXT_MAX)
#define FIELD_LIST(structure, key, member)                                                                             \
    CYAML_FIELD_SEQUENCE(key, OPTIONAL_POINTER, structure, member, &text_entry, 1, LIST_MAX)
/* Numbers are read as text: libcyaml would take 1.5 and 5x for numbers. */
#define FIELD_NUMBER(structure, member)                                                                                \
    CYAML_FIELD_STRING_PTR(#member, OPTIONAL_POINTER, structure, member, 1, TEXT_MAX)

static const cyaml_schema_field_t limits_fields[] = {
    FIELD_NUMBER(struct sn__manifest_limits, cpu_ms),      FIELD_NUMBER(struct sn__manifest_limits, wall_ms),
    FIELD_NUMBER(struct sn__manifest_limits, memory_mb),   FIELD_NUMBER(struct sn__manifest_limits, processes),
    FIELD_NUMBER(struct sn__manifest_limits, output_kb),   FIELD_NUMBER(struct sn__manifest_limits, file_mb),
    FIELD_NUMBER(struct sn__manifest_limits, open_files),  FIELD_NUMBER(struct sn__manifest_limits, stack_mb),
    FIELD_NUMBER(struct sn__manifest_limits, cpu_percent), CYAML_FIELD_END,
};

static const cyaml_schema_field_t step_fields[] = {
    FIELD_LIST(struct sn__manifest_step, "command", command),
    FIELD_LIST(struct sn__manifest_step, "env", env),
    FIELD_TEXT(struct sn__manifest_step, "policy", policy),
    FIELD_TEXT(struct sn__manifest_step, "template", template),
    FIELD_LIST(struct sn__manifest_step, "modules", preload),
    CYAML_FIELD_MAPPING_PTR("limits", OPTIONAL_POINTER, struct sn__manifest_step, written_limits, limits_fields),
    CYAML_FIELD_END,
};

static const cyaml_strval_t truths[] = {{"false", 0}, {"true", 1}};

static const cyaml_schema_field_t mount_fields[] = {
    FIELD_TEXT(struct sn__manifest_mount, "source", source),
    FIELD_TEXT(struct sn__manifest_mount, "target", target),
    CYAML_FIELD_ENUM("optional", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct sn__manifest_mount, optional, truths,
                     SN_ARRAY_SIZE(truths)),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t mount_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct sn__manifest_mount, mount_fields),
};

static const cyaml_schema_field_t toolchain_fields[] = {
    FIELD_LIST(struct sn__manifest_toolchain, "files", files),
    FIELD_LIST(struct sn__manifest_toolchain, "directories", directories),
    FIELD_LIST(struct sn__manifest_toolchain, "trees", trees),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t additions_fields[] = {
    FIELD_LIST(struct sn__manifest_additions, "args", args),
    FIELD_LIST(struct sn__manifest_additions, "env", env),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t prepare_fields[] = {
    CYAML_FIELD_MAPPING_PTR("build", OPTIONAL_POINTER, struct sn__manifest_prepare, build, step_fields),
    FIELD_LIST(struct sn__manifest_prepare, "files", files),
    FIELD_TEXT(struct sn__manifest_prepare, "depends", depends),
    FIELD_LIST(struct sn__manifest_prepare, "words", words),
    FIELD_LIST(struct sn__manifest_prepare, "flags", flags),
    FIELD_LIST(struct sn__manifest_prepare, "exact", exact),
    FIELD_LIST(struct sn__manifest_prepare, "betrayed_by", betrayed_by),
    CYAML_FIELD_MAPPING_PTR("compile", OPTIONAL_POINTER, struct sn__manifest_prepare, compile, additions_fields),
    CYAML_FIELD_MAPPING_PTR("run", OPTIONAL_POINTER, struct sn__manifest_prepare, run, additions_fields),
    FIELD_NUMBER(struct sn__manifest_prepare, work_mb),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t manifest_fields[] = {
    FIELD_TEXT(struct sn__manifest, "name", name),
    FIELD_TEXT(struct sn__manifest, "title", title),
    FIELD_LIST(struct sn__manifest, "aliases", aliases),
    FIELD_LIST(struct sn__manifest, "extensions", extensions),
    FIELD_TEXT(struct sn__manifest, "file", file),
    FIELD_TEXT(struct sn__manifest, "package", package),
    FIELD_TEXT(struct sn__manifest, "example", example),
    FIELD_LIST(struct sn__manifest, "requires", required),
    CYAML_FIELD_MAPPING_PTR("compile", OPTIONAL_POINTER, struct sn__manifest, compile, step_fields),
    CYAML_FIELD_MAPPING_PTR("run", OPTIONAL_POINTER, struct sn__manifest, run, step_fields),
    CYAML_FIELD_MAPPING_PTR("version", OPTIONAL_POINTER, struct sn__manifest, version, step_fields),
    CYAML_FIELD_SEQUENCE("mounts", OPTIONAL_POINTER, struct sn__manifest, mounts, &mount_entry, 1, LIST_MAX),
    CYAML_FIELD_MAPPING_PTR("toolchain", OPTIONAL_POINTER, struct sn__manifest, toolchain, toolchain_fields),
    CYAML_FIELD_MAPPING_PTR("prepare", OPTIONAL_POINTER, struct sn__manifest, prepare, prepare_fields),
    FIELD_LIST(struct sn__manifest, "volatile", changing),
    FIELD_NUMBER(struct sn__manifest, work_mb),
    FIELD_NUMBER(struct sn__manifest, tmp_mb),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t manifest_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct sn__manifest, manifest_fields),
};

/* What libcyaml said about a text that it refused. */
struct complaint {
    char message[512];
    char path[128]; /* "run.limits" */
    unsigned line;
    unsigned column;
};

static void listen(cyaml_log_t level, void *context, const char *format, va_list args)
{
    struct complaint *complaint = context;
    char text[512], field[64], longer[sizeof(complaint->path)];
    const char *position;
    unsigned line, column;

    (void)level;
    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = '\0';
    if (!complaint->message[0]) {
        snprintf(complaint->message, sizeof(complaint->message), "%s",
                 strncmp(text, "Load: ", 6) == 0 ? text + 6 : text);
        return;
    }
    position = strstr(text, "(line: ");
    if (!complaint->line && position && sscanf(position, "(line: %u, column: %u)", &line, &column) == 2) {
        complaint->line = line;
        complaint->column = column;
    }
    if (sscanf(text, " in mapping field '%63[^']'", field) == 1) {
        snprintf(longer, sizeof(longer), "%s%s%.60s", field, complaint->path[0] ? "." : "", complaint->path);
        memcpy(complaint->path, longer, sizeof(longer));
    }
}

static const cyaml_config_t *config_with(cyaml_config_t *config, struct complaint *complaint)
{
    *config = (cyaml_config_t){
        .log_fn = complaint ? listen : NULL,
        .log_ctx = complaint,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_WARNING,
        .flags = CYAML_CFG_NO_ALIAS,
    };
    return config;
}

/*
 * Where `key` stands in the text: below the top-level key `outer` if that is not NULL, and from line `from` on. What
 * libcyaml parsed has no positions any more, and for an unknown key it tells that of the value before it. This looks
 * at lines, not at YAML: good enough to point a reader, and 0 where it finds nothing.
 */
static void locate(const char *text, const char *outer, const char *key, uint32_t from, uint32_t *ret_line,
                   uint32_t *ret_column)
{
    size_t key_length = strlen(key), outer_length = outer ? strlen(outer) : 0;
    bool inside = !outer;
    uint32_t number = 1;

    *ret_line = *ret_column = 0;
    for (const char *line = text; *line; number++) {
        size_t length = strcspn(line, "\n");
        const char *start = line;

        if (outer && strncmp(line, outer, outer_length) == 0 && line[outer_length] == ':') {
            inside = true;
            start = line + outer_length;
        } else if (outer && line[0] != ' ' && line[0] != '#' && length > 0) {
            inside = false;
        }
        for (const char *at = start; inside && number >= from && at + key_length < line + length; at++) {
            bool begins = at == line || strchr(" {,-\"'", at[-1]);

            if (!begins || strncmp(at, key, key_length) != 0 || !strchr(":\"'", at[key_length]))
                continue;
            if (!outer && at != line && from <= 1)
                continue;
            *ret_line = number;
            *ret_column = (uint32_t)(at - line) + 1;
            return;
        }
        line += length + (line[length] == '\n');
    }
}

static const char *shape_name(const char *event)
{
    if (strncmp(event, "SEQUENCE", 8) == 0)
        return "a list";
    if (strncmp(event, "MAPPING", 7) == 0)
        return "a mapping of keys to values";
    if (strncmp(event, "ALIAS", 5) == 0)
        return "an alias";
    return "a single value";
}

/* libcyaml's sentence in words that fit a manifest. */
static void say(const struct complaint *complaint, char *ret_text, size_t size)
{
    const char *message = complaint->message, *colon = strstr(message, ": ");
    char wanted[32], got[32];

    colon = colon ? colon + 2 : message;
    if (strncmp(message, "Unexpected key", 14) == 0)
        snprintf(ret_text, size, "the key \"%s\" is not known here", colon);
    else if (strncmp(message, "Mapping field already seen", 26) == 0)
        snprintf(ret_text, size, "the key \"%s\" is given twice", colon);
    else if (sscanf(message, "Expecting %31[A-Z_], got event: %31[A-Z_]", wanted, got) == 2)
        snprintf(ret_text, size, "%s is expected here, not %s", shape_name(wanted), shape_name(got));
    else if (strncmp(message, "Invalid ENUM", 12) == 0)
        snprintf(ret_text, size, "\"%s\" is neither true nor false", colon);
    else if (strncmp(message, "Insufficient entries", 20) == 0 || strncmp(message, "STRING length <", 15) == 0)
        snprintf(ret_text, size, "this must not be empty");
    else if (strncmp(message, "STRING length >", 15) == 0)
        snprintf(ret_text, size, "this is longer than %d bytes", TEXT_MAX);
    else if (strncmp(message, "Excessive entries", 17) == 0)
        snprintf(ret_text, size, "this has more than %d entries", LIST_MAX);
    else if (strncmp(message, "libyaml: ", 9) == 0)
        snprintf(ret_text, size, "this is not YAML: %s", colon);
    else if (strncmp(message, "Ignoring documents", 18) == 0)
        snprintf(ret_text, size, "a manifest is one YAML document, this has more");
    else
        snprintf(ret_text, size, "%s", message[0] ? message : "this cannot be read");
}

/* With the place in the text if there is one, as errors in policies have it. */
static int refuse_at(const char *label, uint32_t line, uint32_t column, sn_error **ret_error, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static int refuse_at(const char *label, uint32_t line, uint32_t column, sn_error **ret_error, const char *format, ...)
{
    char sentence[1000];
    va_list args;

    va_start(args, format);
    vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    if (!line)
        return sn__error_parse(ret_error, STEP, 0, 0, "%s: %s", label, sentence);
    return sn__error_parse(ret_error, STEP, line, column, "%s:%u:%u: %s", label, line, column, sentence);
}

static int refuse_parsed(const char *text, const char *label, const struct complaint *complaint, sn_error **ret_error)
{
    uint32_t line = complaint->line, column = complaint->column, key_line, key_column;
    const char *key = strstr(complaint->message, ": ");
    char sentence[700];

    if (strncmp(complaint->message, "Unexpected key: ", 16) == 0) {
        locate(text, NULL, key + 2, line ? line : 1, &key_line, &key_column);
        if (key_line) {
            line = key_line;
            column = key_column;
        }
    }
    say(complaint, sentence, sizeof(sentence));
    if (complaint->path[0] && strncmp(complaint->message, "libyaml", 7) != 0)
        return refuse_at(label, line, column, ret_error, "%s: %s", complaint->path, sentence);
    return refuse_at(label, line, column, ret_error, "%s", sentence);
}

/* What check_manifest() hands down. */
struct check {
    const char *text;
    const char *label;
    sn_error **ret_error;
};

/* Refuses a value: `outer` is the top-level key around `key`, or NULL. */
static int refuse(const struct check *check, const char *outer, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int refuse(const struct check *check, const char *outer, const char *key, const char *format, ...)
{
    uint32_t line, column;
    char sentence[700];
    va_list args;

    va_start(args, format);
    vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    locate(check->text, outer, strncmp(key, "limits.", 7) == 0 ? key + 7 : key, 1, &line, &column);
    if (!line && outer)
        locate(check->text, NULL, outer, 1, &line, &column);
    return refuse_at(check->label, line, column, check->ret_error, "%s%s%s: %s", outer ? outer : "", outer ? "." : "",
                     key, sentence);
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool is_word(const char *text, const char *first, const char *rest, size_t max)
{
    return text[0] && strchr(first, text[0]) && strlen(text) <= max && text[strspn(text, rest)] == '\0';
}

static bool is_name(const char *text)
{
    return is_word(text, LOWER DIGITS, LOWER DIGITS "+#._-", 32);
}

/* Absolute, and without the components that would make it mean another place. */
static bool is_absolute(const char *path)
{
    size_t length = strlen(path);

    if (path[0] != '/' || strstr(path, "/../") || strstr(path, "//"))
        return false;
    return length < 3 || strcmp(path + length - 3, "/..") != 0;
}

static int check_names(const struct check *check, const struct sn__manifest *manifest)
{
    if (!manifest->name)
        return refuse(check, NULL, "name", "the key is missing");
    if (!is_name(manifest->name))
        return refuse(
            check, NULL, "name",
            "\"%.40s\" is no name: at most 32 of a-z, 0-9, '+', '#', '.', '_', '-', beginning with a letter or "
            "digit",
            manifest->name);
    for (uint32_t i = 0; i < manifest->aliases_count; i++) {
        if (!is_name(manifest->aliases[i]))
            return refuse(check, NULL, "aliases",
                          "\"%.40s\" is no name (small letters, digits, '+', '#', '.', '_', '-')",
                          manifest->aliases[i]);
    }
    for (uint32_t i = 0; i < manifest->extensions_count; i++) {
        if (!is_word(manifest->extensions[i], LOWER UPPER DIGITS, LOWER UPPER DIGITS "+_-", 16))
            return refuse(check, NULL, "extensions",
                          "\"%.40s\" is no extension: letters, digits, '+', '_', '-', without the dot",
                          manifest->extensions[i]);
    }
    if (!manifest->file)
        return refuse(check, NULL, "file", "the key is missing: the name of a source inside, such as main.x");
    if (!is_word(manifest->file, LOWER UPPER DIGITS "_", LOWER UPPER DIGITS "+._-", 64))
        return refuse(check, NULL, "file", "\"%.70s\" is no plain file name", manifest->file);
    if (!manifest->package)
        return refuse(check, NULL, "package", "the key is missing: the Debian package that brings the toolchain");
    if (!is_word(manifest->package, LOWER DIGITS, LOWER DIGITS "+.-", 128))
        return refuse(check, NULL, "package", "\"%.40s\" is no name of a Debian package", manifest->package);
    if (manifest->example && strlen(manifest->example) > SN__EXAMPLE_MAX_BYTES)
        return refuse(check, NULL, "example", "it is longer than %d bytes", SN__EXAMPLE_MAX_BYTES);
    return 0;
}

static int check_paths(const struct check *check, const struct sn__manifest *manifest)
{
    for (uint32_t i = 0; i < manifest->required_count; i++) {
        if (!is_absolute(manifest->required[i]))
            return refuse(check, NULL, "requires", "\"%.100s\" is not an absolute path", manifest->required[i]);
    }
    for (uint32_t i = 0; i < manifest->mounts_count; i++) {
        const struct sn__manifest_mount *mount = &manifest->mounts[i];

        if (!mount->source)
            return refuse(check, "mounts", "source", "the key is missing in entry %u", i + 1);
        if (!is_absolute(mount->source))
            return refuse(check, "mounts", "source", "\"%.100s\" is not an absolute path", mount->source);
        if (mount->target && !is_absolute(mount->target))
            return refuse(check, "mounts", "target", "\"%.100s\" is not an absolute path", mount->target);
        if (mount->target && sn__manifest_is_pattern(mount->source))
            return refuse(check, "mounts", "target", "a pattern (\"%.100s\") cannot have a target", mount->source);
    }
    return 0;
}

static int check_template(const struct check *check, const char *outer, const char *key, const char *text)
{
    size_t offset, length;

    if (!sn__template_find_unknown(text, &offset, &length))
        return 0;
    return refuse(check, outer, key,
                  "the placeholder %.*s is not known; there are " SN__TEMPLATE_NAMES
                  ", and {args} and {prepared} as entries of their own ({{word}} is a literal {word})",
                  (int)(length < 60 ? length : 60), text + offset);
}

/* One number, written in decimal digits; not given, it leaves `*value` at the default. */
static int check_number(const struct check *check, const char *outer, const char *key, const char *written, int64_t max,
                        int64_t unit, uint64_t *value)
{
    const char *digits = written && written[0] == '-' ? written + 1 : written;
    char *end;
    long long number;

    if (!written)
        return 0;
    errno = 0;
    number = strtoll(written, &end, 10);
    if (!digits[0] || !strchr(DIGITS, digits[0]) || *end)
        return refuse(check, outer, key, "\"%.40s\" is not a whole number", written);
    if (number < 0)
        return refuse(check, outer, key, "%.40s is negative", written);
    if (errno == ERANGE || number > max)
        return refuse(check, outer, key, "%.40s is too large: at most %" PRId64, written, max);
    if (number == 0)
        return refuse(check, outer, key, "0 leaves nothing to run with; leave the key out for the default");
    *value = (uint64_t)(number * unit);
    return 0;
}

static int resolve_limits(const struct check *check, const char *outer, struct sn__manifest_step *step, bool compiles)
{
    static const struct sn__manifest_limits nothing;
    const struct sn__manifest_limits *written = step->written_limits ? step->written_limits : &nothing;
    const int64_t day_ms = INT64_C(24) * 3600 * 1000;
    sn_limits *limits = &step->limits;
    int r;

    *limits = (sn_limits){
        .size = sizeof(*limits),
        .cpu_ms = compiles ? 10000 : 5000,
        /* far above the CPU time: a busy host must not decide what compiles */
        .wall_ms = compiles ? 60000 : 10000,
        .memory_bytes = (uint64_t)((compiles ? 512 : 256) * MIB),
        .processes = 64,
        .output_bytes = compiles ? 256 * 1024 : (uint64_t)(16 * MIB),
        .file_bytes = (uint64_t)(256 * MIB),
        .open_files = 256,
        .stack_bytes = (uint64_t)(64 * MIB),
    };
    r = check_number(check, outer, "limits.cpu_ms", written->cpu_ms, day_ms, 1, &limits->cpu_ms);
    if (r == 0)
        r = check_number(check, outer, "limits.wall_ms", written->wall_ms, day_ms, 1, &limits->wall_ms);
    if (r == 0)
        r = check_number(check, outer, "limits.memory_mb", written->memory_mb, MIB, MIB, &limits->memory_bytes);
    if (r == 0)
        r = check_number(check, outer, "limits.processes", written->processes, 32768, 1, &limits->processes);
    if (r == 0)
        r = check_number(check, outer, "limits.output_kb", written->output_kb, MIB, 1024, &limits->output_bytes);
    if (r == 0)
        r = check_number(check, outer, "limits.file_mb", written->file_mb, MIB, MIB, &limits->file_bytes);
    if (r == 0)
        r = check_number(check, outer, "limits.open_files", written->open_files, MIB, 1, &limits->open_files);
    if (r == 0)
        r = check_number(check, outer, "limits.stack_mb", written->stack_mb, MIB, MIB, &limits->stack_bytes);
    if (r == 0)
        r = check_number(check, outer, "limits.cpu_percent", written->cpu_percent, 100000, 1, &limits->cpu_percent);
    return r;
}

static int check_env(const struct check *check, const char *outer, char *const *env, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        size_t name = strspn(env[i], LOWER UPPER DIGITS "_");
        int r;

        if (name == 0 || env[i][name] != '=' || strchr(DIGITS, env[i][0]))
            return refuse(check, outer, "env", "\"%.60s\" is not of the form NAME=value", env[i]);
        r = check_template(check, outer, "env", env[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Its interpreter and flags are started before it is known what will run: nothing of that may depend on it. */
static bool has_fixed_beginning(const struct sn__manifest_step *step)
{
    for (uint32_t i = 0; i < step->command_count; i++) {
        if (strcmp(step->command[i], "{source}") == 0)
            return i > 0 && is_absolute(step->command[0]);
        if (strchr(step->command[i], '{'))
            return false;
    }
    return false;
}

static int check_step(const struct check *check, const char *outer, struct sn__manifest_step *step, bool compiles)
{
    int r;

    if (!step)
        return 0;
    if (step->command_count == 0)
        return refuse(check, outer, "command", "the key is missing");
    if (!step->command[0][0])
        return refuse(check, outer, "command", "the program's name is empty");
    if (strcmp(step->command[0], SN__TEMPLATE_ARGS) == 0)
        return refuse(check, outer, "command", "it begins with %s: without arguments there is no program to run",
                      SN__TEMPLATE_ARGS);
    if (strcmp(step->command[0], SN__TEMPLATE_PREPARED) == 0)
        return refuse(check, outer, "command", "it begins with %s: without what is prepared there is no program to run",
                      SN__TEMPLATE_PREPARED);
    for (uint32_t i = 0; i < step->command_count; i++) {
        r = strcmp(step->command[i], SN__TEMPLATE_ARGS) == 0 || strcmp(step->command[i], SN__TEMPLATE_PREPARED) == 0
                ? 0
                : check_template(check, outer, "command", step->command[i]);
        if (r < 0)
            return r;
    }
    r = check_env(check, outer, step->env, step->env_count);
    if (r < 0)
        return r;
    if (step->policy && !is_absolute(step->policy) && !is_word(step->policy, LOWER DIGITS, LOWER DIGITS "_-", 64))
        return refuse(check, outer, "policy", "\"%.60s\" is neither the name of a policy nor an absolute path",
                      step->policy);
    if (step->preload && !step->template)
        return refuse(check, outer, "modules", "they are what a template imports, and there is no template");
    if (step->template && (compiles || strcmp(outer, "run") != 0))
        return refuse(check, outer, "template", "only the run step can have one");
    if (step->template && !is_word(step->template, LOWER DIGITS, LOWER DIGITS "_-", 64))
        return refuse(check, outer, "template", "\"%.60s\" is not the name of a template", step->template);
    if (step->template && !has_fixed_beginning(step))
        return refuse(check, outer, "template",
                      "the command must be the absolute path of an interpreter, its flags, then {source}");
    return resolve_limits(check, outer, step, compiles);
}

static int check_absolute(const struct check *check, const char *key, char *const *paths, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!is_absolute(paths[i]))
            return refuse(check, "toolchain", key, "\"%.100s\" is not an absolute path", paths[i]);
    }
    return 0;
}

static int check_toolchain(const struct check *check, const struct sn__manifest_toolchain *toolchain)
{
    int r;

    if (!toolchain)
        return 0;
    r = check_absolute(check, "files", toolchain->files, toolchain->files_count);
    if (r == 0)
        r = check_absolute(check, "directories", toolchain->directories, toolchain->directories_count);
    if (r == 0)
        r = check_absolute(check, "trees", toolchain->trees, toolchain->trees_count);
    return r;
}

/* Relative, of plain names: it becomes a path on the host, in a directory of ours. */
static bool is_plain_path(const char *path)
{
    size_t length = strlen(path);

    if (!is_word(path, LOWER UPPER DIGITS "_", LOWER UPPER DIGITS "+._-/", 200) || strstr(path, "//"))
        return false;
    return !strstr(path, "/.") && path[length - 1] != '/';
}

/* What is added to a step has a step to be added to, and for arguments a place there. */
static int check_additions(const struct check *check, const char *key, const struct sn__manifest_additions *additions,
                           const struct sn__manifest_step *step)
{
    bool has_place = false;

    if (!additions)
        return 0;
    if (!step)
        return refuse(check, "prepare", key, "there is no such step");
    for (uint32_t i = 0; i < step->command_count; i++)
        has_place |= strcmp(step->command[i], SN__TEMPLATE_PREPARED) == 0;
    if (additions->args_count && !has_place)
        return refuse(check, "prepare", key, "the step's command has no entry %s for the arguments",
                      SN__TEMPLATE_PREPARED);
    for (uint32_t i = 0; i < additions->args_count; i++) {
        int r = check_template(check, "prepare", key, additions->args[i]);

        if (r < 0)
            return r;
    }
    return check_env(check, "prepare", additions->env, additions->env_count);
}

static int check_prepare(const struct check *check, const struct sn__manifest *manifest)
{
    struct sn__manifest_prepare *prepare = manifest->prepare;
    int r;

    if (!prepare)
        return 0;
    if (!manifest->toolchain)
        return refuse(check, NULL, "prepare", "it needs a toolchain, which says when to prepare anew");
    if (!prepare->build)
        return refuse(check, "prepare", "build", "the key is missing: the step that makes the files");
    if (!prepare->files_count)
        return refuse(check, "prepare", "files", "the key is missing: the files that are kept");
    for (uint32_t i = 0; i < prepare->files_count; i++) {
        if (!is_plain_path(prepare->files[i]))
            return refuse(check, "prepare", "files", "\"%.100s\" is no plain relative path", prepare->files[i]);
    }
    if (prepare->depends && !is_plain_path(prepare->depends))
        return refuse(check, "prepare", "depends", "\"%.100s\" is no plain relative path", prepare->depends);
    r = check_step(check, "prepare", prepare->build, true);
    if (r == 0)
        r = check_additions(check, "compile", prepare->compile, manifest->compile);
    if (r == 0)
        r = check_additions(check, "run", prepare->run, manifest->run);
    if (r == 0)
        r = check_number(check, "prepare", "work_mb", prepare->work_mb, MIB, MIB, &prepare->work_bytes);
    return r;
}

static int check_manifest(const struct check *check, struct sn__manifest *manifest)
{
    int r = check_names(check, manifest);

    if (r == 0 && !manifest->run)
        r = refuse(check, NULL, "run", "the key is missing: how a program of this language is run");
    if (r == 0)
        r = check_step(check, "compile", manifest->compile, true);
    if (r == 0)
        r = check_step(check, "run", manifest->run, false);
    if (r == 0)
        r = check_step(check, "version", manifest->version, true);
    if (r == 0)
        r = check_paths(check, manifest);
    if (r == 0)
        r = check_toolchain(check, manifest->toolchain);
    if (r == 0)
        r = check_prepare(check, manifest);
    if (r == 0)
        r = check_number(check, NULL, "work_mb", manifest->work_mb, MIB, MIB, &manifest->work_bytes);
    if (r == 0)
        r = check_number(check, NULL, "tmp_mb", manifest->tmp_mb, MIB, MIB, &manifest->tmp_bytes);
    return r;
}

int sn__manifest_parse(const char *text, size_t length, const char *label, struct sn__manifest **ret_manifest,
                       sn_error **ret_error)
{
    struct check check = {.text = text, .label = label, .ret_error = ret_error};
    struct sn__manifest *manifest = NULL;
    struct complaint complaint = {0};
    cyaml_config_t config;
    cyaml_err_t e;
    int r;

    if (length > SN__MANIFEST_MAX_BYTES)
        return sn__error_set(ret_error, SN_ELIMIT, STEP, "%s: a manifest has at most %d bytes", label,
                             SN__MANIFEST_MAX_BYTES);
    if (memchr(text, '\0', length))
        return refuse_at(label, 0, 0, ret_error, "this is not YAML: it contains a NUL byte");
    errno = 0;
    e = cyaml_load_data((const uint8_t *)text, length, config_with(&config, &complaint), &manifest_schema,
                        (cyaml_data_t **)&manifest, NULL);
    /* libyaml's want of memory arrives as a text that is wrong: only malloc() itself tells */
    if (e == CYAML_ERR_OOM || (e != CYAML_OK && errno == ENOMEM))
        return sn__error_nomem(ret_error);
    if (e != CYAML_OK || complaint.message[0]) {
        sn__manifest_free(manifest);
        return refuse_parsed(text, label, &complaint, ret_error);
    }
    if (!manifest)
        return refuse_at(label, 1, 1, ret_error, "the manifest is empty");
    r = check_manifest(&check, manifest);
    if (r < 0) {
        sn__manifest_free(manifest);
        return r;
    }
    *ret_manifest = manifest;
    return 0;
}

int sn__manifest_load(const char *path, struct sn__manifest **ret_manifest, sn_error **ret_error)
{
    cleanup_free char *text = NULL;
    struct stat about;
    size_t length = 0;
    int r;

    /* a FIFO would block the caller for ever, a device never end */
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
        return sn__error_set(ret_error, SN_EINVAL, "read manifest", "the manifest %s is not a regular file", path);
    r = sn__file_read_at(AT_FDCWD, path, SN__MANIFEST_MAX_BYTES, &text, &length);
    if (r == -ENOENT)
        return sn__error_set(ret_error, SN_ENOENT, "read manifest", "there is no manifest %s", path);
    if (r == -EFBIG)
        return sn__error_set(ret_error, SN_ELIMIT, "read manifest", "%s: a manifest has at most %d bytes", path,
                             SN__MANIFEST_MAX_BYTES);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "read manifest", "cannot read the manifest %s", path);
    return sn__manifest_parse(text, length, path, ret_manifest, ret_error);
}

void sn__manifest_free(struct sn__manifest *manifest)
{
    cyaml_config_t config;

    if (manifest)
        cyaml_free(config_with(&config, NULL), &manifest_schema, manifest, 0);
}

bool sn__manifest_is_pattern(const char *source)
{
    return strpbrk(source, "*?[") != NULL;
}
