/* SPDX-License-Identifier: MIT */
/* Programs that are compiled once, and what is prepared for compilers. */
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64]; /* of this test: cache, manifest, toolchain */
static char cache_dir[100];
static sn_languages *languages; /* of this test */

static int begin(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/test-compile-cache.XXXXXX");
    if (!mkdtemp(directory) || chmod(directory, 0711) < 0)
        return -1;
    snprintf(cache_dir, sizeof(cache_dir), "%s/cache", directory);
    return 0;
}

static int end(void **state)
{
    char command[200];

    (void)state;
    sn_languages_free(languages);
    languages = NULL;
    snprintf(command, sizeof(command), "rm -rf '%s'", directory);
    return system(command) == 0 ? 0 : -1;
}

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
    char command[4096];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

/* The manifest of the test's own language, as it is now. */
static void reload(void)
{
    char path[100];
    sn_error *error = NULL;

    sn_languages_free(languages);
    languages = NULL;
    snprintf(path, sizeof(path), "%s/toy.yaml", directory);
    assert_ok(sn_languages_load(path, &languages, &error), error);
}

/* A language whose compiler is a shell: as quick as a run, and it counts for the test how often it was one. */
static const sn_language *toy(const char *compile, const char *rest)
{
    char path[100];
    FILE *file;

    snprintf(path, sizeof(path), "%s/toy.yaml", directory);
    shell("mkdir -p '%s/toolchain/below' && echo 1 >'%s/toolchain/below/header'", directory, directory);
    file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file,
            "name: toy\nextensions: [toy]\nfile: main.toy\npackage: dash\n"
            "compile:\n  command: [/bin/sh, -euc, '%s', sh, \"{source}\", \"{args}\", \"{prepared}\"]\n"
            "run:\n  command: [/bin/sh, ./a.out]\n"
            "toolchain:\n  trees: [%s/toolchain]\nvolatile: [TODAY]\n%s",
            compile, directory, rest);
    fclose(file);
    reload();
    return sn_languages_entry(languages, 0);
}

static const sn_language *shipped(const char *name)
{
    sn_error *error = NULL;

    sn_languages_free(languages);
    languages = NULL;
    assert_ok(sn_languages_load(NULL, &languages, &error), error);
    assert_non_null(sn_languages_find(languages, name));
    return sn_languages_find(languages, name);
}

static void options_for(sn_program_options *options, const char *source)
{
    sn_program_options_init(options);
    options->source = source;
    options->source_length = strlen(source);
    options->flags = SN_PROGRAM_CACHED | SN_PROGRAM_PREPARED;
    options->cache_dir = cache_dir;
}

static bool is_cached(const sn_language *language, const sn_program_options *options)
{
    sn_program *program = make_program(language, options);
    bool cached = sn_program_is_cached(program);

    if (sn_result_verdict(sn_program_compile_result(program)) != SN_VERDICT_OK)
        print_error("%s\n", err(sn_program_compile_result(program)));
    sn_program_destroy(program);
    return cached;
}

static void expect_run(sn_program *program, const char *wanted)
{
    sn_result *result = NULL;
    sn_error *error = NULL;

    assert_ok(sn_program_run(program, NULL, &result, &error), error);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), wanted);
    sn_result_free(result);
}

/* Its random number is the same only where it was not run. */
#define COMPILER                                                                                                       \
    "echo \"echo $(cat /proc/sys/kernel/random/uuid 2>/dev/null || od -An -N8 -tx8 /dev/urandom)\" >a.out; echo "      \
    "words; echo warnings >&2"

static void same_input_is_compiled_once(void **state)
{
    const sn_language *language = toy(COMPILER, "");
    sn_program_options options;
    sn_program *first, *second;
    const sn_result *a, *b;
    sn_result *ran = NULL;
    char said[100];

    (void)state;
    options_for(&options, "x");
    first = make_program(language, &options);
    assert_false(sn_program_is_cached(first));
    second = make_program(language, &options);
    assert_true(sn_program_is_cached(second));
    a = sn_program_compile_result(first);
    b = sn_program_compile_result(second);
    assert_string_equal(out(a), "words\n");
    assert_string_equal(out(b), "words\n");
    assert_string_equal(err(b), "warnings\n");
    assert_verdict(b, SN_VERDICT_OK);
    assert_int_equal(sn_result_exit_code(b), 0);
    assert_true(sn_result_cpu_ns(a) == sn_result_cpu_ns(b) && sn_result_wall_ns(a) == sn_result_wall_ns(b));
    assert_true(sn_result_memory_bytes(a) == sn_result_memory_bytes(b));
    assert_true(sn_result_layers(a) == sn_result_layers(b));
    assert_null(strstr(sn_result_notes(a), "cache: "));
    assert_non_null(strstr(sn_result_notes(b), "cache: the compiler was not run"));
    assert_ok(sn_program_run(first, NULL, &ran, NULL), NULL);
    snprintf(said, sizeof(said), "%s", out(ran));
    sn_result_free(ran);
    expect_run(second, said);
    sn_program_destroy(first);
    sn_program_destroy(second);
}

static void whoever_does_not_ask_has_no_cache(void **state)
{
    const sn_language *language = toy(COMPILER, "");
    sn_program_options options;
    struct stat about;

    (void)state;
    options_for(&options, "x");
    options.flags = 0;
    assert_false(is_cached(language, &options));
    assert_false(is_cached(language, &options));
    assert_int_equal(stat(cache_dir, &about), -1);
    /* nor has a language that does not say what its toolchain is */
    shell("sed -i /toolchain:/,/trees:/d '%s/toy.yaml'", directory);
    reload();
    options.flags = SN_PROGRAM_CACHED | SN_PROGRAM_PREPARED;
    assert_false(is_cached(sn_languages_entry(languages, 0), &options));
    assert_int_equal(stat(cache_dir, &about), -1);
}

/* Each in turn is another input; then, each is what it was, and there. */
static void whatever_a_compiler_sees_is_in_the_key(void **state)
{
    const sn_language *language = toy(COMPILER, "");
    const char *const args[] = {"-x", NULL}, *const split[] = {"-", "x", NULL};
    sn_file file = {.size = sizeof(file), .path = "f", .data = "1", .length = 1};
    sn_file renamed = {.size = sizeof(file), .path = "g", .data = "1", .length = 1};
    sn_file other = {.size = sizeof(file), .path = "f", .data = "2", .length = 1};
    sn_file mode = {.size = sizeof(file), .path = "f", .data = "1", .length = 1, .mode = 0755};
    const sn_file *const files[][2] = {{&file, NULL}, {&renamed, NULL}, {&other, NULL}, {&mode, NULL}};
    sn_limits cpu = {.size = sizeof(cpu), .cpu_ms = 9000}, memory = {.size = sizeof(cpu), .memory_bytes = 400 * MIB};
    sn_sandbox_options named, small, without, network;
    sn_program_options options[16];
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < 16; i++)
        options_for(&options[i], "x");
    count++;
    options_for(&options[count++], "y");
    options[count++].file_name = "other.toy";
    options[count++].compile_args = args;
    options[count++].compile_args = split;
    for (size_t i = 0; i < 4; i++)
        options[count++].files = files[i];
    options[count++].compile_limits = &cpu;
    options[count++].compile_limits = &memory;
    sn_sandbox_options_init(&named);
    named.hostname = "other";
    options[count++].sandbox = &named;
    sn_sandbox_options_init(&small);
    small.work_bytes = MIB;
    options[count++].sandbox = &small;
    sn_sandbox_options_init(&without);
    without.relax = SN_LAYER_LANDLOCK;
    options[count++].sandbox = &without;
    sn_sandbox_options_init(&network);
    network.network = SN_NETWORK_LOOPBACK;
    options[count++].sandbox = &network;
    for (size_t i = 0; i < count; i++) {
        if (is_cached(language, &options[i]))
            fail_msg("number %zu had the artifact of another", i);
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_cached(language, &options[i]))
            fail_msg("number %zu was not kept", i);
    }
    /* the command of the manifest, and the policy, by what it says and not by its name */
    language = toy("true;" COMPILER, "");
    assert_false(is_cached(language, &options[0]));
    assert_true(is_cached(language, &options[0]));
    shell("cp \"$SENTINEL_DATA_DIR\"/*.policy '%s/' && sed -i 's@^run:@  policy: %s/compile.policy\\nrun:@' "
          "'%s/toy.yaml'",
          directory, directory, directory);
    reload();
    language = sn_languages_entry(languages, 0);
    assert_true(is_cached(language, &options[0]));
    /* which compile.policy includes */
    shell("sed -i 's/ERRNO(EAFNOSUPPORT)/ERRNO(EACCES)/' '%s/java.policy'", directory);
    assert_false(is_cached(language, &options[0]));
}

/* A collection looks at the toolchain a few times a second, not for each program. */
static void await_look(void)
{
    usleep(250000);
}

/* Whatever a look that was a moment ago said: what a newer toolchain made is not kept as the older one's. */
static void change_between_two_looks_is_not_kept(void **state)
{
    const sn_language *language = toy(COMPILER, "");
    sn_program_options options;

    (void)state;
    options_for(&options, "x");
    assert_false(is_cached(language, &options));
    usleep(15000);
    shell("cd '%s/toolchain' && mv below/header aside && echo 2 >below/header", directory);
    options_for(&options, "y");
    assert_false(is_cached(language, &options));
    shell("cd '%s/toolchain' && mv aside below/header", directory);
    await_look();
    assert_false(is_cached(language, &options));
    assert_true(is_cached(language, &options));
}

static void changed_toolchain_is_seen(void **state)
{
    static const char *const changes[] = {"echo 2 >>below/header", "touch -d 2001-01-01 below/header",
                                          "rm below/header",       "touch new",
                                          "mkdir below/more",      "chmod 600 new"};
    const sn_language *language = toy(COMPILER, "");
    sn_program_options options;

    (void)state;
    options_for(&options, "x");
    assert_false(is_cached(language, &options));
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        assert_true(is_cached(language, &options));
        usleep(15000);
        shell("cd '%s/toolchain' && %s", directory, changes[i]);
        await_look();
        if (is_cached(language, &options))
            fail_msg("not seen: %s", changes[i]);
    }
}

static const char *notes_of(const sn_language *language, const sn_program_options *options)
{
    static char notes[2000];
    sn_program *program = make_program(language, options);

    assert_false(sn_program_is_cached(program));
    snprintf(notes, sizeof(notes), "%s", sn_result_notes(sn_program_compile_result(program)));
    sn_program_destroy(program);
    return notes;
}

static void what_may_not_be_kept_is_not(void **state)
{
    const sn_mount mount = {.size = sizeof(mount), .source = "/usr/share", .target = "/mnt"};
    const sn_mount *const mounts[] = {&mount, NULL};
    static const char *const left[] = {"ln -s a.out link", "mkfifo fifo", "mkdir -m 700 closed", "echo >a; chmod 0 a",
                                       "truncate -s 60M big"};
    sn_sandbox_options sandbox;
    sn_program_options options;
    const sn_language *language = toy(COMPILER, "");

    (void)state;
    options_for(&options, "it is TODAY");
    for (int i = 0; i < 2; i++)
        assert_non_null(strstr(notes_of(language, &options), "cache: not used"));
    options_for(&options, "x");
    sn_sandbox_options_init(&sandbox);
    sandbox.mounts = mounts;
    options.sandbox = &sandbox;
    for (int i = 0; i < 2; i++)
        assert_non_null(strstr(notes_of(language, &options), "cache: not used with mounts"));
    options.sandbox = NULL;
    for (size_t k = 0; k < sizeof(left) / sizeof(left[0]); k++) {
        char compiler[400];

        snprintf(compiler, sizeof(compiler), "%s; %s", COMPILER, left[k]);
        language = toy(compiler, "");
        for (int i = 0; i < 2; i++) {
            if (!strstr(notes_of(language, &options), "cache: not kept"))
                fail_msg("kept: %s", left[k]);
        }
    }
    /* failures */
    language = toy("echo no >&2; exit 1", "");
    for (int i = 0; i < 2; i++) {
        sn_program *program = make_program(language, &options);

        assert_verdict(sn_program_compile_result(program), SN_VERDICT_COMPILATION_ERROR);
        assert_false(sn_program_is_cached(program));
        sn_program_destroy(program);
    }
}

static void tree_is_as_the_compiler_left_it(void **state)
{
    static const char compiler[] =
        "mkdir -p out/a/b empty; echo 1 >out/a/b/f; : >out/none; chmod 750 out/none; mv \"$1\" moved; rm gone; "
        "echo changed >kept-name; "
        "echo \"find . | sort; cat kept-name sub/kept; ls -l out/none sub/kept moved | cut -c 1-10\" >a.out";
    sn_file gone = {.size = sizeof(gone), .path = "gone", .data = "1", .length = 1};
    sn_file kept = {.size = sizeof(gone), .path = "sub/./kept", .data = "1234", .length = 4, .mode = 0600};
    sn_file name = {.size = sizeof(gone), .path = "kept-name", .data = "1", .length = 1};
    const sn_file *const files[] = {&gone, &kept, &name, NULL};
    const sn_language *language = toy(compiler, "");
    sn_program_options options;
    sn_program *first, *second;
    sn_result *ran = NULL;
    char listed[4096];
    void *data = NULL;
    size_t length = 0;

    (void)state;
    options_for(&options, "the source");
    options.files = files;
    first = make_program(language, &options);
    second = make_program(language, &options);
    assert_true(sn_program_is_cached(second));
    assert_ok(sn_program_run(first, NULL, &ran, NULL), NULL);
    assert_non_null(strstr(out(ran), "out/a/b/f"));
    snprintf(listed, sizeof(listed), "%s", out(ran));
    sn_result_free(ran);
    expect_run(second, listed);
    assert_ok(sn_sandbox_get(sn_program_sandbox(second), "moved", 100, &data, &length, NULL), NULL);
    assert_int_equal(length, 10);
    sn_free(data);
    sn_program_destroy(first);
    sn_program_destroy(second);
}

static void useless_cache_is_a_note(void **state)
{
    const sn_language *language = toy(COMPILER, "");
    sn_program_options options;

    (void)state;
    options_for(&options, "x");
    assert_int_equal(mkdir(cache_dir, 0700), 0);
    assert_int_equal(chmod(cache_dir, 0777), 0);
    assert_non_null(strstr(notes_of(language, &options), "can be written by others"));
    assert_int_equal(rmdir(cache_dir), 0);
    shell("echo >'%s'", cache_dir);
    assert_non_null(strstr(notes_of(language, &options), "cache: cannot"));
    options.cache_dir = "relative";
    assert_non_null(strstr(notes_of(language, &options), "no absolute path")
                        ? ""
                        : strstr(notes_of(language, &options), "not an absolute path"));
    options.cache_dir = cache_dir;
    shell("rm '%s'", cache_dir);
    options.cache_bytes = 1;
    assert_non_null(strstr(notes_of(language, &options), "larger than the cache may be"));
}

static void unknown_flags_are_refused(void **state)
{
    sn_program_options options;
    sn_program *program = NULL;
    sn_error *error = NULL;

    (void)state;
    options_for(&options, "x");
    options.flags = 4;
    assert_refused(sn_program_create(toy(COMPILER, ""), &options, &program, &error), SN_EINVAL, error);
}

/* ---- many at once ---- */

static const sn_language *shared;

static void *compile_some(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg, wrong = 0;

    for (int i = 0; i < 12; i++) {
        unsigned number = (seed + (unsigned)i * 7) % 5;
        char source[40], wanted[60];
        sn_program_options options;
        sn_program *program = NULL;
        sn_result *result = NULL;

        snprintf(source, sizeof(source), "echo number %u", number);
        snprintf(wanted, sizeof(wanted), "number %u\n", number);
        options_for(&options, source);
        if (sn_program_create(shared, &options, &program, NULL) < 0 ||
            sn_program_run(program, NULL, &result, NULL) < 0) {
            wrong++;
        } else {
            size_t length;
            const char *said = sn_result_stdout(result, &length);

            wrong += length != strlen(wanted) || memcmp(said, wanted, length) != 0;
        }
        sn_result_free(result);
        sn_program_destroy(program);
    }
    return (void *)(uintptr_t)wrong;
}

static void threads_and_processes_share_one_cache(void **state)
{
    pthread_t threads[8];
    uintptr_t wrong = 0;
    pid_t child;
    int status;

    (void)state;
    shared = toy("cp \"$1\" a.out; read x </prepared/file; [ \"$x\" = made ]",
                 "prepare:\n  build:\n    command: [/bin/sh, -c, 'sleep 0.2; echo made >file']\n  files: [file]\n");
    child = fork();
    if (child == 0)
        _exit(compile_some((void *)(uintptr_t)3) ? 1 : 0);
    /* whoever comes while it is built goes without, which this compiler does not like */
    {
        sn_error *error = NULL;
        int code = sn_language_prepare(
            shared, &(sn_program_options){.size = sizeof(sn_program_options), .cache_dir = cache_dir}, &error);

        if (code == SN_EHOST)
            skip_because("%s", sn_error_message(error));
        assert_true(code == 0 || code == SN_EBUSY);
        sn_error_free(error);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    child = fork();
    if (child == 0)
        _exit(compile_some((void *)(uintptr_t)4) ? 1 : 0);
    for (uintptr_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, compile_some, (void *)i), 0);
    for (size_t i = 0; i < 8; i++) {
        void *ret;

        pthread_join(threads[i], &ret);
        wrong += (uintptr_t)ret;
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* ---- what is prepared ---- */

#define BUILD "mkdir sub; echo \"made for $*\" >sub/file; echo %s/toolchain/below/header >depends"

/* What the compiler of this language found: "", or what was prepared. */
static const char *found_by(const sn_language *language, const sn_program_options *options)
{
    static char text[200];
    sn_program *program = make_program(language, options);

    assert_verdict(sn_program_compile_result(program), SN_VERDICT_OK);
    snprintf(text, sizeof(text), "%s", out(sn_program_compile_result(program)));
    sn_program_destroy(program);
    return text;
}

static const sn_language *toy_prepared(const char *build)
{
    char rest[1500], where[1000];

    snprintf(where, sizeof(where), build, directory);
    snprintf(rest, sizeof(rest),
             "prepare:\n  build: {command: [/bin/sh, -euc, '%s', sh, \"{args}\"]}\n  files: [sub/file]\n"
             "  depends: depends\n  words: [PLEASE]\n  flags: [-O]\n  betrayed_by: [slipped]\n"
             "  compile: {args: [prepared], env: [P=1]}\n  run: {env: [R=1]}\n",
             where);
    return toy(
        "cat /prepared/sub/file 2>/dev/null || true; echo \"arguments: $* ${P-}\"; grep SLIP \"$1\" >/dev/null && "
        "[ -n \"${P-}\" ] && echo slipped >&2; echo \"echo run \\$R\" >a.out",
        rest);
}

static void prepared_is_built_once_and_used(void **state)
{
    const char *const good[] = {"-O3", NULL}, *const bad[] = {"-I.", NULL}, *const file[] = {"more.toy", NULL};
    const sn_language *language = toy_prepared(BUILD);
    sn_program_options options;
    sn_program *program;
    sn_error *error = NULL;

    (void)state;
    options_for(&options, "PLEASE");
    options.flags = SN_PROGRAM_PREPARED;
    assert_string_equal(found_by(language, &options), "made for \narguments: main.toy prepared 1\n");
    program = make_program(language, &options);
    expect_run(program, "run 1\n");
    sn_program_destroy(program);
    /* not wanted: by the word, the flags, a mount in the way, the caller */
    options.compile_args = bad;
    assert_string_equal(found_by(language, &options), "arguments: main.toy -I. \n");
    options.compile_args = file;
    assert_string_equal(found_by(language, &options), "made for \narguments: main.toy more.toy prepared 1\n");
    options.compile_args = good;
    assert_string_equal(found_by(language, &options), "made for \narguments: main.toy -O3 prepared 1\n");
    assert_ok(sn_language_prepare(language, &options, &error), error);
    assert_string_equal(found_by(language, &options), "made for -O3\narguments: main.toy -O3 prepared 1\n");
    options.compile_args = bad;
    assert_refused(sn_language_prepare(language, &options, &error), SN_EINVAL, error);
    error = NULL; /* it was freed */
    options.compile_args = NULL;
    options.flags = 0;
    assert_string_equal(found_by(language, &options), "arguments: main.toy \n");
    options_for(&options, "no word");
    assert_string_equal(found_by(language, &options), "arguments: main.toy \n");
    assert_refused(sn_language_prepare(toy(COMPILER, ""), NULL, &error), SN_EINVAL, error);
}

static void prepared_is_not_to_be_noticed(void **state)
{
    const sn_language *language = toy_prepared(BUILD);
    sn_program_options options;
    sn_program *program;

    (void)state;
    options_for(&options, "PLEASE SLIP");
    program = make_program(language, &options);
    assert_string_equal(out(sn_program_compile_result(program)), "arguments: main.toy \n");
    assert_string_equal(err(sn_program_compile_result(program)), "");
    expect_run(program, "run\n");
    sn_program_destroy(program);
}

static void failed_build_is_told_and_not_repeated(void **state)
{
    const sn_language *language = toy_prepared("echo it is broken >&2; sleep 1; exit 3; #%s");
    sn_program_options options;
    sn_error *error = NULL;
    uint64_t begun;

    (void)state;
    options_for(&options, "PLEASE 1");
    assert_non_null(
        strstr(notes_of(language, &options), "prepared: preparing toy ended with RUNTIME_ERROR: it is broken"));
    begun = now_ms();
    options_for(&options, "PLEASE 2");
    assert_non_null(strstr(notes_of(language, &options), "it is broken, "));
    assert_true(now_ms() - begun < 900 * slowness());
    assert_refused(sn_language_prepare(language, &options, &error), SN_ETOOLCHAIN, error);
    /* what is not left, is no absolute path */
    options_for(&options, "PLEASE 3");
    assert_non_null(strstr(notes_of(toy_prepared("echo %s"), &options), "prepared: "));
    assert_non_null(strstr(notes_of(toy_prepared("mkdir sub; echo >sub/file; echo no >depends #%s"), &options),
                           "no absolute path"));
}

static void killed_builders_leave_nothing_that_counts(void **state)
{
    const sn_language *language = toy_prepared(BUILD);
    sn_program_options options;

    (void)state;
    options_for(&options, "PLEASE");
    options.flags = SN_PROGRAM_PREPARED;
    found_by(language, &options);
    for (int i = 0; i < 25; i++) {
        pid_t child;
        int status;

        shell("rm -rf '%s'", cache_dir);
        child = fork();
        if (child == 0) {
            sn_language_prepare(language, &options, NULL);
            _exit(0);
        }
        usleep((useconds_t)(i * 2000));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        /* its sandbox has the lock, too, until it has ended */
        for (int k = 0; k < 500 && sn_language_prepare(language, &options, NULL) == SN_EBUSY; k++)
            usleep(10000);
        assert_string_equal(found_by(language, &options), "made for \narguments: main.toy prepared 1\n");
    }
}

/* ---- C++ ---- */

static char cpp_cache[64]; /* the header takes long to make: one for all of these */

static int begin_group(void **state)
{
    (void)state;
    snprintf(cpp_cache, sizeof(cpp_cache), "/tmp/test-compile-cache.XXXXXX");
    return mkdtemp(cpp_cache) ? 0 : -1;
}

static int end_group(void **state)
{
    (void)state;
    shell("rm -rf '%s'", cpp_cache);
    return 0;
}

static void cpp_options_for(sn_program_options *options, const char *source)
{
    options_for(options, source);
    options->flags = SN_PROGRAM_PREPARED;
    options->cache_dir = cpp_cache;
}

/* Each with its flags: what a header that was compiled beforehand could make of them. */
static const struct {
    const char *source;
    const char *flag;
} translated[] = {
    /* warnings, of the source and of the headers; the last tells where the header comes from */
    {"#include <bits/stdc++.h>\nint main() { std::cout << \"hello\" << __COUNTER__ << __FILE__ << __LINE__; int "
     "unused; }\n",
     NULL},
    {"#include <bits/stdc++.h>\nint main() { int x = nope; std::string s = 3; return \"a\"; }\n", NULL},
    {"#include <bits/stdc++.h>\nstruct S {}; int main() { std::vector<S> v(3); std::sort(v.begin(), v.end()); }\n",
     NULL},
    /* macros that the headers know, before them and on the command line */
    {"#define NDEBUG\n#include <bits/stdc++.h>\nint main() { assert(!\"never\"); std::cout << \"no\"; }\n", NULL},
    {"#include <bits/stdc++.h>\nint main() { assert(!\"never\"); std::cout << \"no\"; }\n", "-DNDEBUG"},
    {"#define _GLIBCXX_DEBUG\n#include <bits/stdc++.h>\nint main() { std::vector<int> v; std::cout << sizeof(v); }\n",
     NULL},
    /* not the first thing in the source; another option of code */
    {"int first;\n#include <bits/stdc++.h>\nint main() { std::cout << sizeof(first) << __cplusplus; }\n", NULL},
    {"#include \"bits/stdc++.h\"\nint main() { std::cout << std::min(1, 2) << __cplusplus; }\n", "-std=gnu++20"},
};

#define TRANSLATED (sizeof(translated) / sizeof(translated[0]))

/* With what is prepared, and without; compilers take their time, so by two threads. */
static sn_program *translations[TRANSLATED][2];

static void *translate(void *argument)
{
    const size_t is_without = *(size_t *)argument;

    for (size_t i = 0; i < TRANSLATED; i++) {
        const char *const args[] = {translated[i].flag, NULL};
        sn_program_options options;

        cpp_options_for(&options, translated[i].source);
        options.flags = is_without ? 0 : SN_PROGRAM_PREPARED;
        options.compile_args = args;
        sn_program_create(shared, &options, &translations[i][is_without], NULL);
    }
    return NULL;
}

/* But for what the machine did meanwhile: "wall: " is the last of them. */
static void assert_same_notes(const char *a, const char *b)
{
    const char *a_end = strstr(a, "wall: "), *b_end = strstr(b, "wall: ");
    size_t length = a_end ? (size_t)(a_end - a) : strlen(a);

    assert_int_equal(length, b_end ? (size_t)(b_end - b) : strlen(b));
    assert_memory_equal(a, b, length);
}

static void messages_and_meaning_are_the_same(void **state)
{
    size_t without_it = 1, with_it = 0;
    sn_program_options options;
    pthread_t thread;

    (void)state;
    shared = shipped("cpp");
    options_for(&options, "int main() {}\n");
    options.flags = 0;
    sn_program_destroy(make_program(shared, &options)); /* skips the test where there is no compiler */
    assert_int_equal(pthread_create(&thread, NULL, translate, &without_it), 0);
    translate(&with_it);
    pthread_join(thread, NULL);
    for (size_t i = 0; i < TRANSLATED; i++) {
        const sn_result *a, *b;
        sn_program *with = translations[i][0], *without = translations[i][1];

        assert_non_null(with);
        assert_non_null(without);
        a = sn_program_compile_result(with);
        b = sn_program_compile_result(without);
        assert_same_notes(sn_result_notes(a), sn_result_notes(b));
        assert_string_equal(err(a), err(b));
        assert_int_equal(sn_result_verdict(a), sn_result_verdict(b));
        if (sn_program_is_runnable(without)) {
            sn_result *ran = NULL;
            char said[200];

            assert_ok(sn_program_run(without, NULL, &ran, NULL), NULL);
            snprintf(said, sizeof(said), "%s", out(ran));
            sn_result_free(ran);
            expect_run(with, said);
        }
        sn_program_destroy(with);
        sn_program_destroy(without);
    }
}

/* -Winvalid-pch says of a header that is there and cannot be used, why. */
static void compiled_header_is_used(void **state)
{
    static const char source[] = "#include <bits/stdc++.h>\nint main() {}\n";
    const char *const fits[] = {"-Winvalid-pch", NULL}, *const other[] = {"-Winvalid-pch", "-O0", NULL};
    const sn_language *language = shipped("cpp");
    sn_program_options options;
    sn_program *program;

    (void)state;
    cpp_options_for(&options, source);
    options.compile_args = fits;
    program = make_program(language, &options);
    assert_string_equal(err(sn_program_compile_result(program)), "");
    assert_null(strstr(sn_result_notes(sn_program_compile_result(program)), "prepared: "));
    sn_program_destroy(program);
    options.compile_args = other; /* it is not even shown to a compiler that does not want it */
    program = make_program(language, &options);
    assert_string_equal(err(sn_program_compile_result(program)), "");
    assert_verdict(sn_program_compile_result(program), SN_VERDICT_OK);
    sn_program_destroy(program);
    /* built for these flags, it is */
    {
        sn_error *error = NULL;

        assert_ok(sn_language_prepare(language, &options, &error), error);
    }
    program = make_program(language, &options);
    assert_string_equal(err(sn_program_compile_result(program)), "");
    sn_program_destroy(program);
}

/* A header of another -O is one that GCC takes, and then makes another program of the source. */
static void other_optimizations_are_not_helped(void **state)
{
    static const char source[] =
        "#include <bits/stdc++.h>\nint main() { std::map<int, std::string> m; for (int i; std::cin >> i;) m[i] += "
        "std::to_string(i); for (auto &[k, v] : m) std::cout << k << v; std::vector<int> v(m.size()); "
        "std::sort(v.begin(), "
        "v.end()); }\n";
    const char *const args[] = {"-O1", NULL};
    const sn_language *language = shipped("cpp");
    sn_program_options options;
    void *data[2] = {NULL, NULL};
    size_t length[2] = {0, 0};

    (void)state;
    cpp_options_for(&options, source);
    sn_program_destroy(make_program(language, &options)); /* with the header, which then is there */
    options.compile_args = args;
    for (int i = 0; i < 2; i++) {
        sn_program *program = make_program(language, &options);

        assert_verdict(sn_program_compile_result(program), SN_VERDICT_OK);
        assert_ok(sn_sandbox_get(sn_program_sandbox(program), "a.out", 64 * MIB, &data[i], &length[i], NULL), NULL);
        sn_program_destroy(program);
        options.flags = 0;
    }
    assert_int_equal(length[0], length[1]);
    assert_memory_equal(data[0], data[1], length[0]);
    sn_free(data[0]);
    sn_free(data[1]);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(same_input_is_compiled_once),
        IN_DIRECTORY(whoever_does_not_ask_has_no_cache),
        IN_DIRECTORY(whatever_a_compiler_sees_is_in_the_key),
        IN_DIRECTORY(change_between_two_looks_is_not_kept),
        IN_DIRECTORY(changed_toolchain_is_seen),
        IN_DIRECTORY(what_may_not_be_kept_is_not),
        IN_DIRECTORY(tree_is_as_the_compiler_left_it),
        IN_DIRECTORY(useless_cache_is_a_note),
        IN_DIRECTORY(unknown_flags_are_refused),
        IN_DIRECTORY(threads_and_processes_share_one_cache),
        IN_DIRECTORY(prepared_is_built_once_and_used),
        IN_DIRECTORY(prepared_is_not_to_be_noticed),
        IN_DIRECTORY(failed_build_is_told_and_not_repeated),
        IN_DIRECTORY(killed_builders_leave_nothing_that_counts),
        IN_DIRECTORY(messages_and_meaning_are_the_same),
        IN_DIRECTORY(compiled_header_is_used),
        IN_DIRECTORY(other_optimizations_are_not_helped),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, begin_group, end_group);
}
