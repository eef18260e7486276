/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "config/manifest.h"
#include "language/language.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define HEAD "name: toy\nfile: main.toy\npackage: toy-lang\n"
#define RUN "run:\n  command: [/usr/bin/toy, \"{source}\"]\n"
#define MIB (UINT64_C(1) << 20)

static struct sn__manifest *parse(const char *text)
{
    struct sn__manifest *manifest = NULL;
    sn_error *error = NULL;
    int r = sn__manifest_parse(text, strlen(text), "toy.yaml", &manifest, &error);

    if (r < 0)
        print_message("%s\n", sn_error_message(error));
    assert_int_equal(r, 0);
    assert_null(error);
    return manifest;
}

static void least_manifest_gets_defaults(void **state)
{
    struct sn__manifest *manifest = parse(HEAD RUN);

    (void)state;
    assert_string_equal(manifest->name, "toy");
    assert_null(manifest->title);
    assert_null(manifest->compile);
    assert_null(manifest->version);
    assert_int_equal(manifest->run->command_count, 2);
    assert_string_equal(manifest->run->command[1], "{source}");
    assert_null(manifest->run->policy);
    assert_true(manifest->run->limits.size == sizeof(sn_limits));
    assert_true(manifest->run->limits.cpu_ms == 5000);
    assert_true(manifest->run->limits.wall_ms == 10000);
    assert_true(manifest->run->limits.memory_bytes == 256 * MIB);
    assert_true(manifest->run->limits.processes == 64);
    assert_true(manifest->run->limits.cpu_percent == 0);
    assert_true(manifest->work_bytes == 0);
    sn__manifest_free(manifest);
}

static void everything_is_read(void **state)
{
    struct sn__manifest *manifest = parse("name: toy\n"
                                          "title: Toy 2\n"
                                          "aliases: [t, toy++]\n"
                                          "extensions: [toy, T]\n"
                                          "file: main.toy\n"
                                          "package: toy-lang\n"
                                          "requires: [/usr/bin/toy, /usr/bin/toyc]\n"
                                          "compile:\n"
                                          "  command: [/usr/bin/toyc, -o, a.out, \"{args}\", \"{source}\"]\n"
                                          "  policy: toy-compile\n"
                                          "  limits: {cpu_ms: 7000, memory_mb: 768, output_kb: 64}\n"
                                          "run:\n"
                                          "  command: [./a.out]\n"
                                          "  env: [A=b, \"HEAP={heap_mb}\"]\n"
                                          "  policy: /opt/toy.policy\n"
                                          "  limits:\n"
                                          "    wall_ms: 1234\n"
                                          "    processes: 5\n"
                                          "    file_mb: 3\n"
                                          "    open_files: 77\n"
                                          "    stack_mb: 9\n"
                                          "    cpu_percent: 50\n"
                                          "version: {command: [/usr/bin/toy, --version]}\n"
                                          "mounts:\n"
                                          "  - {source: /etc/toy*, optional: true}\n"
                                          "  - {source: /opt/toy, target: /toy}\n"
                                          "work_mb: 10\n"
                                          "tmp_mb: 20\n");

    (void)state;
    assert_string_equal(manifest->title, "Toy 2");
    assert_int_equal(manifest->aliases_count, 2);
    assert_string_equal(manifest->aliases[1], "toy++");
    assert_string_equal(manifest->extensions[1], "T");
    assert_string_equal(manifest->required[1], "/usr/bin/toyc");
    assert_int_equal(manifest->compile->command_count, 5);
    assert_string_equal(manifest->compile->policy, "toy-compile");
    assert_true(manifest->compile->limits.cpu_ms == 7000);
    assert_true(manifest->compile->limits.wall_ms == 60000);
    assert_true(manifest->compile->limits.memory_bytes == 768 * MIB);
    assert_true(manifest->compile->limits.output_bytes == 64 * 1024);
    assert_string_equal(manifest->run->env[1], "HEAP={heap_mb}");
    assert_true(manifest->run->limits.wall_ms == 1234);
    assert_true(manifest->run->limits.cpu_ms == 5000);
    assert_true(manifest->run->limits.processes == 5);
    assert_true(manifest->run->limits.file_bytes == 3 * MIB);
    assert_true(manifest->run->limits.open_files == 77);
    assert_true(manifest->run->limits.stack_bytes == 9 * MIB);
    assert_true(manifest->run->limits.cpu_percent == 50);
    assert_int_equal(manifest->version->command_count, 2);
    assert_int_equal(manifest->mounts_count, 2);
    assert_true(manifest->mounts[0].optional);
    assert_null(manifest->mounts[0].target);
    assert_false(manifest->mounts[1].optional);
    assert_string_equal(manifest->mounts[1].target, "/toy");
    assert_true(manifest->work_bytes == 10 * MIB && manifest->tmp_bytes == 20 * MIB);
    sn__manifest_free(manifest);
}

/* Every way to be wrong: the text, what the message must say, where it must point (0: not looked at). */
static const struct {
    const char *text;
    const char *message;
    uint32_t line;
    uint32_t column;
} bad[] = {
    {"", "the manifest is empty", 1, 1},
    {"# nothing\n", "the manifest is empty", 1, 1},
    {"- name: toy\n", "a mapping of keys to values is expected here, not a list", 0, 0},
    {"just words\n", "a mapping of keys to values is expected here, not a single value", 0, 0},
    {HEAD RUN "colour: red\n", "the key \"colour\" is not known here", 6, 1},
    {HEAD RUN "  colour: red\n", "run: the key \"colour\" is not known here", 6, 3},
    {HEAD RUN "  limits:\n    wall_ms: 5\n    memory: 5\n", "run.limits: the key \"memory\" is not known here", 8, 5},
    {HEAD RUN "mounts:\n  - {source: /x, rw: true}\n", "mounts: the key \"rw\" is not known here", 7, 18},
    {HEAD RUN RUN, "the key \"run\" is given twice", 0, 0},
    {HEAD RUN "---\nname: other\n", "one YAML document", 0, 0},
    {HEAD RUN "title: &x y\naliases: [*x]\n", "alias", 0, 0},
    {"name: \"toy\n", "this is not YAML", 0, 0},
    {"name: toy\n\tfile: x\n", "this is not YAML: found a tab character", 0, 0},
    {"name: \xff\xfe\n", "this is not YAML", 0, 0},

    {"file: main.toy\npackage: p\n" RUN, "name: the key is missing", 0, 0},
    {"name: toy\npackage: p\n" RUN, "file: the key is missing", 0, 0},
    {"name: toy\nfile: main.toy\n" RUN, "package: the key is missing", 0, 0},
    {HEAD, "run: the key is missing", 0, 0},
    {HEAD "run: {policy: x}\n", "run.command: the key is missing", 4, 1},
    {HEAD RUN "compile:\n  policy: x\n", "compile.command: the key is missing", 6, 1},
    {HEAD RUN "mounts:\n  - target: /x\n", "mounts.source: the key is missing in entry 1", 6, 1},

    {HEAD "run: fast\n", "run: a mapping of keys to values is expected here, not a single value", 4, 0},
    {HEAD "run:\n  command: /usr/bin/toy\n", "run.command: a list is expected here, not a single value", 5, 0},
    {HEAD "run:\n  command: [[a]]\n", "run.command: a single value is expected here, not a list", 5, 0},
    {HEAD "run:\n  command: []\n", "run.command: this must not be empty", 5, 0},
    {HEAD "run:\n  command: [\"\"]\n", "run.command: the program's name is empty", 5, 3},
    {HEAD RUN "aliases: toy2\n", "aliases: a list is expected here", 6, 0},
    {HEAD RUN "  limits: {cpu_ms: soon}\n", "run.limits.cpu_ms: \"soon\" is not a whole number", 6, 0},
    {HEAD RUN "  limits: {cpu_ms: 1.5}\n", "run.limits.cpu_ms: \"1.5\" is not a whole number", 6, 0},
    {HEAD RUN "  limits: {cpu_ms: 99999999999999999999}\n", "run.limits.cpu_ms: 99999999999999999999 is too large", 6,
     12},
    {HEAD RUN "  limits: {cpu_ms: 5s}\n", "is not a whole number", 6, 12},
    {HEAD RUN "  limits: {cpu_ms: 0x10}\n", "is not a whole number", 6, 12},
    {HEAD RUN "  limits: {cpu_ms: [5]}\n", "run.limits.cpu_ms: a single value is expected here, not a list", 6, 0},
    {HEAD RUN "  limits:\n    cpu_ms: -4\n", "run.limits.cpu_ms: -4 is negative", 7, 5},
    {HEAD RUN "  limits:\n    memory_mb: 0\n", "run.limits.memory_mb: 0 leaves nothing", 7, 5},
    {HEAD RUN "  limits:\n    memory_mb: 99999999999\n", "run.limits.memory_mb: 99999999999 is too large", 7, 5},
    {HEAD RUN "work_mb: -1\n", "work_mb: -1 is negative", 6, 1},
    {HEAD RUN "tmp_mb: 0\n", "tmp_mb: 0 leaves nothing", 6, 1},
    {HEAD RUN "mounts:\n  - source: /x\n    optional: perhaps\n", "\"perhaps\" is neither true nor false", 8, 0},

    {"name: Toy\nfile: f\npackage: p\n" RUN, "name: \"Toy\" is no name", 1, 1},
    {"name: \"\"\nfile: f\npackage: p\n" RUN, "name: this must not be empty", 1, 0},
    {"name: a/b\nfile: f\npackage: p\n" RUN, "name: \"a/b\" is no name", 1, 1},
    {"name: -x\nfile: f\npackage: p\n" RUN, "name: \"-x\" is no name", 1, 1},
    {HEAD RUN "aliases: [ok, \"no good\"]\n", "aliases: \"no good\" is no name", 6, 1},
    {HEAD RUN "extensions: [.toy]\n", "extensions: \".toy\" is no extension", 6, 1},
    {"name: toy\nfile: ../main.toy\npackage: p\n" RUN, "file: \"../main.toy\" is no plain file name", 2, 1},
    {"name: toy\nfile: -main\npackage: p\n" RUN, "file: \"-main\" is no plain file name", 2, 1},
    {"name: toy\nfile: f\npackage: a b; reboot\n" RUN, "package: \"a b; reboot\" is no name of a Debian package", 3, 1},
    {HEAD RUN "requires: [bin/toy]\n", "requires: \"bin/toy\" is not an absolute path", 6, 1},
    {HEAD RUN "mounts: [{source: etc/toy}]\n", "mounts.source: \"etc/toy\" is not an absolute path", 6, 11},
    {HEAD RUN "mounts: [{source: /etc/../root}]\n", "is not an absolute path", 6, 11},
    {HEAD RUN "mounts:\n  - source: /etc/toy\n    target: toy\n", "mounts.target: \"toy\" is not", 8, 5},
    {HEAD RUN "mounts:\n  - source: /etc/t*\n    target: /t\n", "mounts.target: a pattern (\"/etc/t*\")", 8, 5},
    {HEAD RUN "  env: [\"1A=b\"]\n", "run.env: \"1A=b\" is not of the form NAME=value", 6, 3},
    {HEAD RUN "  env: [PLAIN]\n", "run.env: \"PLAIN\" is not of the form NAME=value", 6, 3},
    {HEAD RUN "  env: [\"A={nothing}\"]\n", "run.env: the placeholder {nothing} is not known; there are {source}, ", 6,
     3},
    {HEAD RUN "  template: ../toy\n", "run.template: \"../toy\" is not the name of a template", 6, 3},
    {HEAD RUN "  modules: [toys]\n", "run.modules: they are what a template imports, and there is no template", 6, 3},
    {HEAD RUN "compile:\n  command: [toyc]\n  template: toy\n", "compile.template: only the run step can have one", 8,
     3},
    {HEAD "run:\n  command: [toy, \"{source}\"]\n  template: toy\n", "run.template: the command must be the absolute",
     6, 3},
    {HEAD "run:\n  command: [/usr/bin/toy, \"-m{memory_mb}\", \"{source}\"]\n  template: toy\n",
     "run.template: the command must be the absolute", 6, 3},
    {HEAD RUN "  policy: ../x\n", "run.policy: \"../x\" is neither", 6, 3},
    {HEAD "run:\n  command: [toy, \"{file}\"]\n", "run.command: the placeholder {file} is not known", 5, 3},
    {HEAD "run:\n  command: [toy, \"x{args}\"]\n", "run.command: the placeholder {args} is not known", 5, 3},
};

static void bad_manifests_are_refused_with_position(void **state)
{
    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(bad); i++) {
        struct sn__manifest *manifest = NULL;
        sn_error *error = NULL;
        int r = sn__manifest_parse(bad[i].text, strlen(bad[i].text), "toy.yaml", &manifest, &error);
        char place[64];
        bool right;

        snprintf(place, sizeof(place), sn_error_line(error) ? "toy.yaml:%u:%u: " : "toy.yaml: ", sn_error_line(error),
                 sn_error_column(error));
        right = r == SN_EPARSE && !manifest && strstr(sn_error_message(error), bad[i].message) &&
                strncmp(sn_error_message(error), place, strlen(place)) == 0 &&
                (!bad[i].line || sn_error_line(error) == bad[i].line) &&
                (!bad[i].column || sn_error_column(error) == bad[i].column);

        if (!right)
            fail_msg("\n%s\nexpected %u:%u %s\n     got %u:%u %s", bad[i].text, bad[i].line, bad[i].column,
                     bad[i].message, sn_error_line(error), sn_error_column(error), sn_error_message(error));
        sn_error_free(error);
    }
}

static void size_is_bounded(void **state)
{
    size_t length = SN__MANIFEST_MAX_BYTES + 1;
    cleanup_free char *text = malloc(length);
    struct sn__manifest *manifest = NULL;
    sn_error *error = NULL;

    (void)state;
    assert_non_null(text);
    memset(text, '#', length);
    assert_int_equal(sn__manifest_parse(text, length, "big", &manifest, &error), SN_ELIMIT);
    sn_error_free(error);
    assert_int_equal(sn__manifest_parse("name: t\0y\n", 10, "nul", &manifest, NULL), SN_EPARSE);
    assert_int_equal(sn__manifest_load("/nonexistent/x.yaml", &manifest, NULL), SN_ENOENT);
    assert_null(manifest);
}

static void expect(const char *text, const char *source, const char *wanted)
{
    sn_limits limits = {
        .size = sizeof(limits), .cpu_ms = 1500, .memory_bytes = 256 * MIB, .stack_bytes = 64 * MIB, .processes = 64};
    cleanup_free char *expanded = sn__template_expand(text, source, &limits);

    assert_non_null(expanded);
    assert_string_equal(expanded, wanted);
}

static void templates_are_expanded(void **state)
{
    size_t offset, length;

    (void)state;
    expect("", "main.c", "");
    expect("{source}", "main.c", "main.c");
    expect("x{stem}.o", "dir.d/main.c", "xdir.d/main.o");
    expect("{stem}", "dir.d/main", "dir.d/main");
    expect("{stem}", ".hidden", ".hidden");
    expect("-Xmx{heap_mb}m -m{memory_mb} {memory_bytes}", "a", "-Xmx192m -m256 268435456");
    expect("{stack_kb} {processes} {cpu_seconds}", "a", "57344 64 2");
    expect("{{source}} ${{x}} { } {} {A} {a b} }{", "a", "{source} ${x} { } {} {A} {a b} }{");
    expect("{{source}", "a", "{a");
    expect("{source}}", "a", "a}");
    assert_false(sn__template_find_unknown("{source} {{nothing}} {X} {", &offset, &length));
    /* what a mistake is answered with */
    assert_false(sn__template_find_unknown(SN__TEMPLATE_NAMES, &offset, &length));
    expect(SN__TEMPLATE_NAMES, "m.c", "m.c, m, 268435456, 256, 192, 57344, 64, 2");
    assert_true(sn__template_find_unknown("ab{nothing}", &offset, &length));
    assert_int_equal(offset, 2);
    assert_int_equal(length, 9);
}

static void commands_are_put_together(void **state)
{
    struct sn__manifest *manifest = parse(HEAD "compile:\n"
                                               "  command: [cc, \"{args}\", \"{source}\", -lm]\n"
                                               "run:\n"
                                               "  command: [./a.out, \"{stem}\"]\n"
                                               "  env: [LANG=C, \"MEM={memory_mb}\"]\n");
    const char *const args[] = {"-g", "{source}", NULL};
    const char *const env[] = {"MEM=7", "LANGUAGE=de", "HOME=/tmp", NULL};
    struct sn__language_command command = {0};

    (void)state;
    assert_int_equal(sn__language_command_make(manifest->compile, "a.c", &manifest->compile->limits, NULL, args, NULL,
                                               &command, NULL),
                     0);
    assert_string_equal(command.argv[0], "cc");
    assert_string_equal(command.argv[1], "-g");
    assert_string_equal(command.argv[2], "{source}");
    assert_string_equal(command.argv[3], "a.c");
    assert_string_equal(command.argv[4], "-lm");
    assert_null(command.argv[5]);
    sn__language_command_clear(&command);

    assert_int_equal(
        sn__language_command_make(manifest->run, "a.c", &manifest->run->limits, NULL, args, env, &command, NULL), 0);
    assert_string_equal(command.argv[1], "a");
    assert_string_equal(command.argv[2], "-g");
    assert_string_equal(command.argv[3], "{source}");
    assert_null(command.argv[4]);
    assert_string_equal(command.envp[0], "PATH=/usr/local/bin:/usr/bin:/bin");
    assert_string_equal(command.envp[1], "HOME=/tmp");
    assert_string_equal(command.envp[2], "LANG=C");
    assert_string_equal(command.envp[3], "MEM=7");
    assert_string_equal(command.envp[4], "LANGUAGE=de");
    assert_null(command.envp[5]);
    sn__language_command_clear(&command);
    sn__manifest_free(manifest);
}

static void versions_are_found(void **state)
{
    static const struct {
        const char *text, *version;
    } cases[] = {
        {"Python 3.11.2\n", "3.11.2"},
        {"12.2.0\n", "12.2.0"},
        {"v18.20.4\n", "18.20.4"},
        {"go version go1.19.8 linux/amd64\n", "1.19.8"},
        {"openjdk 17.0.15 2025-04-15\nOpenJDK Runtime Environment (build 17.0.15+6)\n", "17.0.15"},
        {"openjdk 21 2023-09-19\nbuild 21+35.1\n", "21"},
        {"GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n", "5.2.15"},
        {"\nThis is perl 5, version 36, subversion 0 (v5.36.0) built for x86_64\n", "5.36.0"},
        {"Toy compiler\nversion 2.5.\n", "2.5"},
        {"nameless\n", "nameless"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++) {
        cleanup_free char *version = sn__version_find(cases[i].text);

        assert_string_equal(version, cases[i].version);
    }
}

/* A directory of manifests that goes when the test is over. */
struct folder {
    char path[64];
};

static void folder_make(struct folder *folder)
{
    strcpy(folder->path, "/tmp/sentinel-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

static void folder_put(const struct folder *folder, const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void folder_remove(const struct folder *folder)
{
    cleanup_dir DIR *dir = opendir(folder->path);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        unlinkat(dirfd(dir), entry->d_name, 0);
    rmdir(folder->path);
}

static void directory_is_loaded_in_order(void **state)
{
    sn_languages *languages = NULL;
    const sn_language *language;
    struct folder folder;
    sn_limits limits;

    (void)state;
    folder_make(&folder);
    folder_put(&folder, "1.yaml", "name: zig\nfile: m.zig\npackage: z\nextensions: [zig]\n" RUN);
    folder_put(&folder, "2.yaml",
               "name: awk\ntitle: AWK\naliases: [mawk, a+]\nfile: m.awk\npackage: mawk\n" RUN
               "compile: {command: [x], policy: p}\n");
    folder_put(&folder, "readme.txt", "no manifest\n");
    folder_put(&folder, ".hidden.yaml", "no manifest\n");
    folder_put(&folder, ".yaml", "no manifest\n");
    assert_int_equal(sn_languages_load(folder.path, &languages, NULL), 0);
    folder_remove(&folder);
    assert_int_equal(sn_languages_count(languages), 2);
    language = sn_languages_entry(languages, 0);
    assert_string_equal(sn_language_name(language), "awk");
    assert_string_equal(sn_language_title(language), "AWK");
    assert_string_equal(sn_language_alias(language, 1), "a+");
    assert_null(sn_language_alias(language, 2));
    assert_string_equal(sn_language_file_name(language), "m.awk");
    assert_string_equal(sn_language_package(language), "mawk");
    assert_string_equal(sn_language_policy(language), "default");
    assert_string_equal(sn_language_compile_policy(language), "p");
    sn_limits_init(&limits);
    assert_int_equal(sn_language_compile_limits(language, &limits), 0);
    assert_true(limits.memory_bytes == 512 * MIB);
    assert_ptr_equal(sn_languages_find(languages, "A+"), language);
    assert_ptr_equal(sn_languages_find(languages, "Mawk"), language);
    language = sn_languages_entry(languages, 1);
    assert_string_equal(sn_language_title(language), "zig");
    assert_null(sn_language_compile_policy(language));
    assert_int_equal(sn_language_compile_limits(language, &limits), SN_EINVAL);
    assert_ptr_equal(sn_languages_find_by_file(languages, "dir.d/a.b.zig"), language);
    assert_ptr_equal(sn_languages_find(languages, "a.zig"), language);
    assert_null(sn_languages_find_by_file(languages, "dir.zig/a"));
    assert_null(sn_languages_find_by_file(languages, "zig"));
    assert_null(sn_languages_find(languages, "nothing"));
    assert_null(sn_languages_entry(languages, 2));
    sn_languages_free(languages);
}

static void common_names_are_refused(void **state)
{
    static const struct {
        const char *second, *message;
    } cases[] = {
        {"name: awk\nfile: b\npackage: b\n" RUN,
         "b.yaml: the name or alias \"awk\" already belongs to the language awk"},
        {"name: b\naliases: [x, mawk]\nfile: b\npackage: b\n" RUN, "the name or alias \"mawk\""},
        {"name: mawk\nfile: b\npackage: b\n" RUN, "the name or alias \"mawk\""},
        {"name: b\nextensions: [awk]\nfile: b\npackage: b\n" RUN, "the extension \"awk\""},
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++) {
        sn_languages *languages = NULL;
        sn_error *error = NULL;
        struct folder folder;

        folder_make(&folder);
        folder_put(&folder, "a.yaml", "name: awk\naliases: [mawk]\nextensions: [awk]\nfile: a\npackage: a\n" RUN);
        folder_put(&folder, "b.yaml", cases[i].second);
        assert_int_equal(sn_languages_load(folder.path, &languages, &error), SN_EPARSE);
        folder_remove(&folder);
        assert_null(languages);
        assert_non_null(strstr(sn_error_message(error), cases[i].message));
        sn_error_free(error);
    }
    assert_int_equal(sn_languages_load("/nonexistent", &(sn_languages *){NULL}, NULL), SN_ENOENT);
}

static void shipped_manifests_load(void **state)
{
    static const char *const names[] = {"bash", "c", "cpp", "go", "java", "javascript", "python"};
    sn_languages *languages = NULL;
    sn_error *error = NULL;

    (void)state;
    if (sn_languages_load(NULL, &languages, &error) < 0)
        fail_msg("%u:%u %s", sn_error_line(error), sn_error_column(error), sn_error_message(error));
    for (size_t i = 0; i < SN_ARRAY_SIZE(names); i++) {
        const sn_language *language = sn_languages_find(languages, names[i]);
        sn_limits limits;

        assert_non_null(language);
        assert_string_equal(sn_language_name(language), names[i]);
        sn_limits_init(&limits);
        assert_int_equal(sn_language_run_limits(language, &limits), 0);
        assert_true(limits.memory_bytes == 256 * MIB && limits.processes == 64);
        assert_true(limits.cpu_ms == 5000 && limits.wall_ms == 10000);
    }
    assert_string_equal(sn_language_name(sn_languages_find(languages, "C++")), "cpp");
    assert_string_equal(sn_language_name(sn_languages_find_by_file(languages, "x/Solution.java")), "java");
    sn_languages_free(languages);
}

/* What the user names comes before what is installed, and a broken manifest takes nothing away but itself. */
static void places_of_the_user_come_first(void **state)
{
    sn_languages *languages = NULL;
    const sn_error *broken;
    const char *path;
    struct folder first, second;
    char list[256], expected[128];

    (void)state;
    folder_make(&first);
    folder_make(&second);
    folder_put(&first, "own.yaml", "name: python\ntitle: Ours\nfile: m.py\npackage: p\nextensions: [py, js]\n" RUN);
    folder_put(&first, "broken.yaml", "name: broken\nnonsense: 1\n");
    folder_put(&second, "one.language", "name: one\naliases: [c]\nfile: m.one\npackage: one\n" RUN);
    folder_put(&second, "python.yaml", "name: python\nfile: m.py\npackage: hidden\n" RUN);
    snprintf(list, sizeof(list), ":%s:%s/one.language::/nonexistent:%s", first.path, second.path, second.path);
    setenv("SENTINEL_LANGUAGE_PATH", list, 1);
    assert_int_equal(sn_languages_load(NULL, &languages, NULL), 0);
    unsetenv("SENTINEL_LANGUAGE_PATH");

    snprintf(expected, sizeof(expected), "%s/own.yaml", first.path);
    assert_string_equal(sn_language_manifest(sn_languages_find(languages, "python")), expected);
    assert_string_equal(sn_language_title(sn_languages_find_by_file(languages, "a.js")), "Ours");
    assert_string_equal(sn_language_name(sn_languages_find(languages, "javascript")), "javascript");
    /* an alias of an earlier place hides a name of a later one */
    assert_string_equal(sn_language_name(sn_languages_find(languages, "c")), "one");
    assert_string_equal(sn_language_name(sn_languages_find_by_file(languages, "a.c")), "c");
    for (size_t i = 1; i < sn_languages_count(languages); i++)
        assert_true(strcmp(sn_language_name(sn_languages_entry(languages, i - 1)),
                           sn_language_name(sn_languages_entry(languages, i))) < 0);

    broken = sn_languages_error(languages, 0, &path);
    snprintf(expected, sizeof(expected), "%s/broken.yaml", first.path);
    assert_string_equal(path, expected);
    assert_int_equal(sn_error_code(broken), SN_EPARSE);
    assert_int_equal(sn_error_line(broken), 2);
    broken = sn_languages_error(languages, 1, NULL);
    assert_int_equal(sn_error_code(broken), SN_ENOENT);
    assert_non_null(strstr(sn_error_message(broken), "/nonexistent"));
    assert_non_null(strstr(sn_error_message(broken), "SENTINEL_LANGUAGE_PATH"));
    assert_null(sn_languages_error(languages, 2, &path));
    sn_languages_free(languages);

    /* what the caller names is loaded as a whole or not at all */
    languages = NULL;
    assert_int_equal(sn_languages_load(first.path, &languages, NULL), SN_EPARSE);
    assert_null(languages);
    folder_remove(&first);
    folder_remove(&second);
}

static void one_manifest_is_loaded_by_its_path(void **state)
{
    sn_languages *languages = NULL;
    sn_error *error = NULL;
    struct folder folder;
    char path[128];

    (void)state;
    folder_make(&folder);
    folder_put(&folder, "1.yaml", "name: zig\nfile: m.zig\npackage: z\n" RUN);
    folder_put(&folder, "2.yaml", "nonsense\n");
    snprintf(path, sizeof(path), "%s/1.yaml", folder.path);
    assert_int_equal(sn_languages_load(path, &languages, NULL), 0);
    assert_int_equal(sn_languages_count(languages), 1);
    assert_string_equal(sn_language_name(sn_languages_entry(languages, 0)), "zig");
    sn_languages_free(languages);

    languages = NULL;
    snprintf(path, sizeof(path), "%s/fifo", folder.path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(sn_languages_load(path, &languages, &error), SN_EINVAL);
    assert_non_null(strstr(sn_error_message(error), path));
    sn_error_free(error);
    folder_remove(&folder);
}

static void policies_of_a_language_are_checked(void **state)
{
    static const struct {
        const char *steps, *message; /* NULL: it is fine */
    } cases[] = {
        {RUN, NULL},
        {"run: {command: [x], policy: none}\n", "1.yaml: the policy of its step run: there is no policy \"none\""},
        {RUN "compile: {command: [x], policy: none}\n", "the policy of its step compile: "},
        {RUN "version: {command: [x], policy: /nonexistent}\n", "the policy of its step version: "},
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++) {
        sn_languages *languages = NULL;
        sn_error *error = NULL;
        struct folder folder;
        char text[256];

        folder_make(&folder);
        snprintf(text, sizeof(text), "name: zig\nfile: m.zig\npackage: z\n%s", cases[i].steps);
        folder_put(&folder, "1.yaml", text);
        assert_int_equal(sn_languages_load(folder.path, &languages, NULL), 0);
        folder_remove(&folder);
        assert_int_equal(sn_language_check(sn_languages_entry(languages, 0), &error), cases[i].message ? SN_ENOENT : 0);
        if (cases[i].message && !strstr(sn_error_message(error), cases[i].message))
            fail_msg("%s", sn_error_message(error));
        sn_error_free(error);
        sn_languages_free(languages);
    }
    assert_int_equal(sn_language_check(NULL, NULL), SN_EINVAL);
}

static void missing_toolchain_is_told_exactly(void **state)
{
    sn_languages *languages = NULL;
    sn_error *error = NULL;
    struct folder folder;
    char *version = NULL;

    (void)state;
    folder_make(&folder);
    folder_put(&folder, "a.yaml",
               "name: toy\ntitle: Toy\nfile: a\npackage: toy-lang\n"
               "requires: [/bin/sh, /usr/bin/no-such-toy]\n" RUN);
    assert_int_equal(sn_languages_load(folder.path, &languages, NULL), 0);
    folder_remove(&folder);
    assert_int_equal(sn_language_probe(sn_languages_entry(languages, 0), 0, &version, &error), SN_ETOOLCHAIN);
    assert_null(version);
    assert_string_equal(sn_error_message(error),
                        "Toy is not installed (/usr/bin/no-such-toy is missing): apt-get install toy-lang");
    sn_error_free(error);
    sn_languages_free(languages);
}

static atomic_bool is_enough;

/* What makes openat2(2) give up at a ".." with EAGAIN, on every host where there is work. */
static void *rename_to_and_fro(void *arg)
{
    const struct folder *folder = arg;
    char here[128], there[128];

    snprintf(here, sizeof(here), "%s/here", folder->path);
    snprintf(there, sizeof(there), "%s/there", folder->path);
    while (!is_enough && rename(here, there) == 0 && rename(there, here) == 0)
        continue;
    return NULL;
}

static void a_toolchain_behind_a_link_is_found_whatever_is_renamed_meanwhile(void **state)
{
    sn_languages *languages = NULL;
    struct folder folder, root, busy[2];
    pthread_t threads[2];
    char bin[128], link[128], usr[128];

    (void)state;
    folder_make(&folder);
    folder_put(&folder, "a.yaml", "name: toy\nfile: a\npackage: toy-lang\nrequires: [/bin/toy]\n" RUN);
    assert_int_equal(sn_languages_load(folder.path, &languages, NULL), 0);
    folder_remove(&folder);
    folder_make(&root);
    folder_put(&root, "toy", "");
    snprintf(bin, sizeof(bin), "%s/bin", root.path);
    snprintf(link, sizeof(link), "%s/bin/toy", root.path);
    snprintf(usr, sizeof(usr), "%s/usr", root.path);
    assert_int_equal(mkdir(bin, 0755), 0);
    assert_int_equal(symlink("../toy", link), 0);
    assert_int_equal(symlink(".", usr), 0);
    for (size_t i = 0; i < SN_ARRAY_SIZE(threads); i++) {
        folder_make(&busy[i]);
        folder_put(&busy[i], "here", "");
        assert_int_equal(pthread_create(&threads[i], NULL, rename_to_and_fro, &busy[i]), 0);
    }
    for (int i = 0; i < 20000; i++) {
        sn_error *error = NULL;

        if (sn__language_check_installed(sn_languages_entry(languages, 0), root.path, &error) < 0)
            fail_msg("%s", sn_error_message(error));
    }
    is_enough = true;
    for (size_t i = 0; i < SN_ARRAY_SIZE(threads); i++) {
        pthread_join(threads[i], NULL);
        folder_remove(&busy[i]);
    }
    unlink(link);
    rmdir(bin);
    folder_remove(&root);
    sn_languages_free(languages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_manifest_gets_defaults),
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(bad_manifests_are_refused_with_position),
        cmocka_unit_test(size_is_bounded),
        cmocka_unit_test(templates_are_expanded),
        cmocka_unit_test(commands_are_put_together),
        cmocka_unit_test(versions_are_found),
        cmocka_unit_test(directory_is_loaded_in_order),
        cmocka_unit_test(common_names_are_refused),
        cmocka_unit_test(shipped_manifests_load),
        cmocka_unit_test(places_of_the_user_come_first),
        cmocka_unit_test(one_manifest_is_loaded_by_its_path),
        cmocka_unit_test(policies_of_a_language_are_checked),
        cmocka_unit_test(missing_toolchain_is_told_exactly),
        cmocka_unit_test(a_toolchain_behind_a_link_is_found_whatever_is_renamed_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
