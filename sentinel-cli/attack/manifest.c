/* SPDX-License-Identifier: MIT */
#include "manifest.h"

#include "../message.h"

#include <fnmatch.h>
#include <glob.h>
#include <math.h>
#include <string.h>

static const char *const stage_names[] = {"run", "rerun", "neighbour", "after", "during", "terminal"};
static const char *const operation_names[] = {"get", "put", "mkdir", "list"};

/* What holds besides the layers; README.md says what each is. */
static const char *const mechanisms[] = {"mount-ns",   "init",    "descriptors", "files",   "environment", "rlimits",
                                         "accounting", "devices", "tmpfs",       "new-ipc", "kill-all",    "kernel"};

static const char *const known_keys[] = {"title",   "source",  "safe",     "stopped_by", "program", "args",  "stage",
                                         "ends_by", "verdict", "measured", "options",    "visible", "after", "control"};
static const char *const control_keys[] = {"options", "args", "box", "where", "none"};
static const char *const measured_keys[] = {"cpu_ms", "wall_ms", "memory_kb"};

static int index_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0)
            return (int)i;
    }
    return -1;
}

static int check_keys(const json_t *object, const char *const *keys, size_t count, const char *where, char **ret_why)
{
    const char *key;
    json_t *value;

    if (!json_is_object(object)) {
        *ret_why = xprintf("%s is not an object", where);
        return -1;
    }
    json_object_foreach((json_t *)object, key, value)
    {
        if (index_of(key, keys, count) < 0) {
            *ret_why = xprintf("%s has an unknown key \"%s\"", where, key);
            return -1;
        }
    }
    return 0;
}

static int take_text(const json_t *object, const char *key, bool needed, const char **ret_text, char **ret_why)
{
    const json_t *value = json_object_get(object, key);

    *ret_text = NULL;
    if (!value && !needed)
        return 0;
    if (!json_is_string(value) || !*json_string_value(value)) {
        *ret_why = value ? xprintf("\"%s\" has to be a text", key) : xprintf("\"%s\" is missing", key);
        return -1;
    }
    *ret_text = json_string_value(value);
    return 0;
}

static int take_list(const json_t *object, const char *key, bool needed, struct string_list *ret_list, char **ret_why)
{
    json_t *value = json_object_get(object, key);
    json_t *item;
    size_t i;

    if (!value && !needed)
        return 0;
    if (!json_is_array(value) || (needed && !json_array_size(value))) {
        *ret_why = !value                 ? xprintf("\"%s\" is missing", key)
                   : json_is_array(value) ? xprintf("\"%s\" is empty", key)
                                          : xprintf("\"%s\" has to be a list of texts", key);
        return -1;
    }
    json_array_foreach(value, i, item)
    {
        if (!json_is_string(item)) {
            *ret_why = xprintf("\"%s\" has to be a list of texts", key);
            return -1;
        }
        string_list_add(ret_list, json_string_value(item));
    }
    return 0;
}

static int take_range(const json_t *object, const char *key, struct attack_range *ret_range, char **ret_why)
{
    const json_t *value = json_object_get(object, key);
    const json_t *low = json_array_get(value, 0);
    const json_t *high = json_array_get(value, 1);

    if (!value)
        return 0;
    if (json_array_size(value) != 2 || !(json_is_number(low) || json_is_null(low)) ||
        !(json_is_number(high) || json_is_null(high))) {
        *ret_why = xprintf("\"%s\" has to be [low, high]", key);
        return -1;
    }
    ret_range->given = true;
    ret_range->low = json_is_null(low) ? 0 : json_number_value(low);
    ret_range->high = json_is_null(high) ? INFINITY : json_number_value(high);
    if (ret_range->low > ret_range->high) {
        *ret_why = xprintf("\"%s\": nothing lies between %g and %g", key, ret_range->low, ret_range->high);
        return -1;
    }
    return 0;
}

static int take_measured(const json_t *document, struct attack *attack, char **ret_why)
{
    const json_t *measured = json_object_get(document, "measured");

    if (!measured)
        return 0;
    if (check_keys(measured, measured_keys, ARRAY_SIZE(measured_keys), "\"measured\"", ret_why) < 0 ||
        take_range(measured, "cpu_ms", &attack->cpu_ms, ret_why) < 0 ||
        take_range(measured, "wall_ms", &attack->wall_ms, ret_why) < 0)
        return -1;
    return take_range(measured, "memory_kb", &attack->memory_kb, ret_why);
}

/* Names to bits, by the library's own names. */
static int take_bits(const json_t *document, const char *key, unsigned count, const char *(*name_of)(unsigned),
                     unsigned *ret_bits, char **ret_why)
{
    struct string_list names = {0};
    int code = take_list(document, key, false, &names, ret_why);

    for (size_t i = 0; code == 0 && i < names.count; i++) {
        unsigned bit = 0;

        while (bit < count && strcmp(names.items[i], name_of(bit)) != 0)
            bit++;
        if (bit == count) {
            *ret_why = xprintf("\"%s\" names \"%s\", which there is not", key, names.items[i]);
            code = -1;
        }
        *ret_bits |= 1U << bit;
    }
    free(names.items);
    return code;
}

static const char *verdict_name(unsigned verdict)
{
    return sn_verdict_name((sn_verdict)verdict);
}

static const char *limit_name(unsigned limit)
{
    return sn_limit_name((sn_limit)limit);
}

static int take_operations(const json_t *document, struct attack *attack, char **ret_why)
{
    json_t *list = json_object_get(document, "after");
    bool wanted = attack->stage == STAGE_AFTER || attack->stage == STAGE_DURING;
    json_t *item;
    size_t i;

    if (wanted != (json_array_size(list) > 0)) {
        *ret_why = xprintf("the stages after and during, and only these, need a list \"after\"");
        return -1;
    }
    if (!wanted)
        return 0;
    attack->operations = xrealloc(NULL, json_array_size(list), sizeof(*attack->operations));
    json_array_foreach(list, i, item)
    {
        const char *key = json_object_iter_key(json_object_iter(item));
        const char *name = key ? json_string_value(json_object_get(item, key)) : NULL;
        int kind = key ? index_of(key, operation_names, ARRAY_SIZE(operation_names)) : -1;

        if (json_object_size(item) != 1 || kind < 0 || !name) {
            *ret_why = xprintf("\"after\" has to be a list of {\"get\": NAME} and the like");
            return -1;
        }
        attack->operations[i].kind = kind;
        attack->operations[i].name = name;
        attack->operation_count = i + 1;
    }
    return 0;
}

static int take_control(const json_t *document, struct attack *attack, char **ret_why)
{
    const json_t *control = json_object_get(document, "control");
    const char *where;

    if (!control)
        return 0;
    attack->control.given = true;
    if (check_keys(control, control_keys, ARRAY_SIZE(control_keys), "\"control\"", ret_why) < 0 ||
        take_list(control, "options", false, &attack->control.options, ret_why) < 0 ||
        take_list(control, "args", false, &attack->control.args, ret_why) < 0 ||
        take_text(control, "none", false, &attack->control.none, ret_why) < 0 ||
        take_text(control, "where", false, &where, ret_why) < 0)
        return -1;
    attack->control.box = json_is_true(json_object_get(control, "box"));
    attack->control.vm = where != NULL;
    if (where && strcmp(where, "vm") != 0) {
        *ret_why = xprintf("\"where\" can only be \"vm\"");
        return -1;
    }
    return 0;
}

static char *all_mechanisms(void)
{
    char *names = xstrdup(mechanisms[0]);

    for (size_t i = 1; i < ARRAY_SIZE(mechanisms); i++) {
        char *longer = xprintf("%s, %s", names, mechanisms[i]);

        free(names);
        names = longer;
    }
    return names;
}

/* Layers first, then at most one mechanism, which needs a control of its own or the reason why there is none. */
static int check_stopped_by(struct attack *attack, char **ret_why)
{
    if (attack->stopped_by.count > STOPPED_BY_MAX) {
        *ret_why = xprintf("\"stopped_by\" has more than %d entries", STOPPED_BY_MAX);
        return -1;
    }
    for (size_t i = 0; i < attack->stopped_by.count; i++) {
        cleanup_free char *why = NULL;
        uint64_t layers = 0;

        if (index_of(attack->stopped_by.items[i], mechanisms, ARRAY_SIZE(mechanisms)) >= 0)
            continue;
        if (parse_layers(attack->stopped_by.items[i], &layers, &why) < 0) {
            cleanup_free char *names = all_mechanisms();

            *ret_why =
                xprintf("\"stopped_by\": %s: %s; besides layers there are %s", attack->stopped_by.items[i], why, names);
            return -1;
        }
        if (attack->relaxable < i) {
            *ret_why =
                xprintf("\"stopped_by\": the layer %s comes after what cannot be relaxed", attack->stopped_by.items[i]);
            return -1;
        }
        attack->relaxable = i + 1;
    }
    if (attack->relaxable < attack->stopped_by.count && !attack->control.none && !attack->control.box &&
        !attack->control.options.count && !attack->control.args.count) {
        *ret_why = xprintf("\"%s\" cannot be relaxed: \"control\" has to say how it is shown, or why not",
                           attack->stopped_by.items[attack->relaxable]);
        return -1;
    }
    return 0;
}

/* <class>/<program>, .py or .sh beside the manifest, else a binary. */
static int find_program(const char *directory, const char *programs, struct attack *attack, char **ret_why)
{
    const char *slash = strchr(attack->name, '/');
    cleanup_free char *class = xstrndup(attack->name, (size_t)(slash - attack->name));
    const char *program;

    if (take_text(attack->document, "program", false, &program, ret_why) < 0)
        return -1;
    if (!program)
        program = slash + 1;
    if (strchr(program, '/')) {
        *ret_why = xprintf("\"program\": %s is not of the class %s", program, class);
        return -1;
    }
    attack->program = xprintf("%s/%s/%s.py", directory, class, program);
    attack->kind = PROGRAM_PYTHON;
    if (access(attack->program, R_OK) == 0)
        return 0;
    free(attack->program);
    attack->program = xprintf("%s/%s/%s.sh", directory, class, program);
    attack->kind = PROGRAM_SHELL;
    if (access(attack->program, R_OK) == 0)
        return 0;
    free(attack->program);
    attack->program = xprintf("%s/%s/%s", programs, class, program);
    attack->kind = PROGRAM_BINARY;
    if (access(attack->program, R_OK) == 0)
        return 0;
    *ret_why =
        xprintf("there is no program %s.py or .sh beside it, and no %s (a program in C has to be compiled: list it in "
                "meson.build, or see README.md)",
                program, attack->program);
    return -1;
}

static int fill(const char *directory, const char *programs, struct attack *attack, char **ret_why)
{
    const json_t *document = attack->document;
    const char *stage;
    int index = 0;

    if (check_keys(document, known_keys, ARRAY_SIZE(known_keys), "the manifest", ret_why) < 0 ||
        take_text(document, "title", true, &attack->title, ret_why) < 0 ||
        take_text(document, "safe", true, &attack->safe, ret_why) < 0 ||
        take_text(document, "visible", false, &attack->visible, ret_why) < 0 ||
        take_text(document, "stage", false, &stage, ret_why) < 0 ||
        take_list(document, "source", true, &attack->source, ret_why) < 0 ||
        take_list(document, "stopped_by", !attack->visible, &attack->stopped_by, ret_why) < 0 ||
        take_list(document, "args", false, &attack->args, ret_why) < 0 ||
        take_list(document, "options", false, &attack->options, ret_why) < 0)
        return -1;
    if (stage)
        index = index_of(stage, stage_names, ARRAY_SIZE(stage_names));
    if (index < 0) {
        *ret_why = xprintf("there is no stage \"%s\"", stage);
        return -1;
    }
    attack->stage = (enum attack_stage)index;
    if (take_bits(document, "ends_by", SN_LIMIT_PROCESSES + 1, limit_name, &attack->ends_by, ret_why) < 0 ||
        take_bits(document, "verdict", SN_VERDICT_INTERNAL_ERROR + 1, verdict_name, &attack->verdicts, ret_why) < 0 ||
        take_measured(document, attack, ret_why) < 0 || take_operations(document, attack, ret_why) < 0 ||
        take_control(document, attack, ret_why) < 0 || check_stopped_by(attack, ret_why) < 0)
        return -1;
    return find_program(directory, programs, attack, ret_why);
}

static void attack_clear(struct attack *attack)
{
    json_decref(attack->document);
    free(attack->name);
    free(attack->program);
    free(attack->source.items);
    free(attack->stopped_by.items);
    free(attack->args.items);
    free(attack->options.items);
    free(attack->operations);
    free(attack->control.options.items);
    free(attack->control.args.items);
}

/* Marks the patterns that match in `hits`. */
static bool is_wanted(const char *name, const struct string_list *only, bool *hits)
{
    bool wanted = only->count == 0;

    for (size_t i = 0; i < only->count; i++) {
        if (fnmatch(only->items[i], name, 0) == 0)
            hits[i] = wanted = true;
    }
    return wanted;
}

static int load_one(const char *path, const char *directory, const char *programs, const struct string_list *only,
                    bool *hits, struct attack_list *list, char **ret_why)
{
    const char *relative = path + strlen(directory) + 1;
    struct attack attack = {.name = xstrndup(relative, strlen(relative) - strlen(".json"))};
    cleanup_free char *why = NULL;
    json_error_t error;

    if (!is_wanted(attack.name, only, hits)) {
        free(attack.name);
        return 0;
    }
    attack.document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!attack.document) {
        *ret_why = xprintf("%s:%d: %s", path, error.line, error.text);
    } else if (fill(directory, programs, &attack, &why) < 0) {
        *ret_why = xprintf("%s: %s", path, why);
    } else {
        list->items = xrealloc(list->items, list->count + 1, sizeof(*list->items));
        list->items[list->count++] = attack;
        return 0;
    }
    attack_clear(&attack);
    return -1;
}

int attack_list_load(const char *directory, const char *programs, const struct string_list *only,
                     struct attack_list *ret_list, char **ret_why)
{
    cleanup_free char *pattern = xprintf("%s/*/*.json", directory);
    cleanup_free bool *hits = xrealloc(NULL, only->count + 1, sizeof(*hits));
    glob_t found;
    int code;

    memset(ret_list, 0, sizeof(*ret_list));
    memset(hits, 0, only->count + 1);
    code = glob(pattern, GLOB_ERR, NULL, &found);
    if (code != 0) {
        *ret_why = xprintf("there are no attacks in %s", directory);
        return -1;
    }
    for (size_t i = 0; code == 0 && i < found.gl_pathc; i++)
        code = load_one(found.gl_pathv[i], directory, programs, only, hits, ret_list, ret_why);
    globfree(&found);
    for (size_t i = 0; code == 0 && i < only->count; i++) {
        if (hits[i])
            continue;
        *ret_why = xprintf("no attack in %s is called %s; names are CLASS/NAME, as in 'egress/*' or '*/tcp6'",
                           directory, only->items[i]);
        code = -1;
    }
    if (code < 0)
        attack_list_clear(ret_list);
    return code;
}

void attack_list_clear(struct attack_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        attack_clear(&list->items[i]);
    free(list->items);
    memset(list, 0, sizeof(*list));
}
