/* SPDX-License-Identifier: MIT */
/* What does it cost to run, and to compile, a program that says hello? */
#include "bare.h"
#include "boxed.h"

#include "../cli.h"
#include "../message.h"

#include <sentinel/sentinel.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The bare commands are those of the manifests, without what they say of limits. */
struct hello {
    const char *language;
    const char *file;
    const char *source;
    const char *const *compile; /* NULL: nothing to compile */
    const char *const *run;
    uint32_t start; /* SN_START_... */
};

static const char *const python_run[] = {"/usr/bin/python3", "main.py", NULL};
static const struct hello python = {"python", "main.py", "print('hello')\n", NULL, python_run, SN_START_EXEC};
static const struct hello template = {"python", "main.py", "print('hello')\n", NULL, python_run, SN_START_TEMPLATE};

static const char *const javascript_run[] = {"/usr/bin/node", "main.js", NULL};
static const struct hello javascript = {"javascript", "main.js",      "console.log('hello');\n",
                                        NULL,         javascript_run, SN_START_EXEC};

static const char *const cpp_compile[] = {"/usr/bin/g++", "-std=gnu++17", "-O2",      "-pipe", "-Wall",
                                          "-o",           "a.out",        "main.cpp", NULL};
static const char *const cpp_run[] = {"./a.out", NULL};
static const struct hello cpp = {
    "cpp",       "main.cpp", "#include <bits/stdc++.h>\nint main() { std::cout << \"hello\" << std::endl; }\n",
    cpp_compile, cpp_run,    SN_START_EXEC};

static const char *const java_compile[] = {"/usr/bin/javac", "-d", ".", "Main.java", NULL};
static const char *const java_run[] = {"/usr/bin/java", "-XX:+UseSerialGC", "-cp", ".", "Main", NULL};
static const struct hello java = {
    "java",
    "Main.java",
    "public class Main { public static void main(String[] args) { System.out.println(\"hello\"); } }\n",
    java_compile,
    java_run,
    SN_START_EXEC};

/* ---- bare ---- */

/* A directory of its own with the source in it, compiled. */
struct workplace {
    char directory[64];
};

static void remove_directory(void *state)
{
    struct workplace *workplace = state;
    const char *const argv[] = {"rm", "-rf", workplace->directory, NULL};
    char *ignored = NULL;
    double time;

    bare_run(argv, NULL, &time, &ignored);
    free(ignored);
    free(workplace);
}

static int write_source(const struct workplace *workplace, const struct hello *hello, char **ret_why)
{
    cleanup_free char *path = xprintf("%s/%s", workplace->directory, hello->file);
    FILE *file = fopen(path, "we");

    if (file && fputs(hello->source, file) >= 0 && fclose(file) == 0)
        return 0;
    *ret_why = xprintf("%s: %s", path, strerror(errno));
    return -1;
}

static struct workplace *make_directory(char **ret_why)
{
    struct workplace *workplace = xrealloc(NULL, 1, sizeof(*workplace));

    snprintf(workplace->directory, sizeof(workplace->directory), "/tmp/sentinel-bench.XXXXXX");
    if (mkdtemp(workplace->directory))
        return workplace;
    *ret_why = xprintf("%s: %s", workplace->directory, strerror(errno));
    free(workplace);
    return NULL;
}

static int workplace_prepare(const struct contender *contender, void **ret_state, char **ret_why)
{
    const struct hello *hello = contender->what;
    struct workplace *workplace = make_directory(ret_why);
    double ignored;

    if (!workplace)
        return -1;
    if (write_source(workplace, hello, ret_why) < 0 ||
        (hello->compile && bare_run(hello->compile, workplace->directory, &ignored, ret_why) < 0)) {
        remove_directory(workplace);
        return -1;
    }
    *ret_state = workplace;
    return 0;
}

static int bare_run_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    const struct hello *hello = contender->what;

    return bare_run(hello->run, ((struct workplace *)state)->directory, ret_ns, ret_why);
}

static int bare_compile_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    const struct hello *hello = contender->what;

    return bare_run(hello->compile, ((struct workplace *)state)->directory, ret_ns, ret_why);
}

/* ---- sandboxed ---- */

struct boxed {
    sn_languages *languages;
    const sn_language *language;
    sn_program *program; /* that lives through all rounds, or NULL */
    struct workplace *cache;
    uint32_t flags;   /* SN_PROGRAM_... */
    unsigned changes; /* how often the source was another one */
};

static void boxed_clear(void *state)
{
    struct boxed *boxed = state;

    sn_program_destroy(boxed->program);
    sn_languages_free(boxed->languages);
    if (boxed->cache)
        remove_directory(boxed->cache);
    free(boxed);
}

static int make_program(const struct boxed *boxed, const struct hello *hello, sn_program **ret_program, char **ret_why)
{
    cleanup_free char *changed = boxed->changes ? xprintf("%s// %u\n", hello->source, boxed->changes) : NULL;
    const char *source = changed ? changed : hello->source;
    sn_program_options options;
    sn_error *error = NULL;

    sn_program_options_init(&options);
    options.source = source;
    options.source_length = strlen(source);
    options.flags = boxed->flags;
    options.cache_dir = boxed->cache ? boxed->cache->directory : NULL;
    options.start = hello->start;
    if (sn_program_create(boxed->language, &options, ret_program, &error) < 0)
        return because(error, ret_why);
    if (sn_program_is_runnable(*ret_program))
        return 0;
    *ret_why = xprintf("%s does not compile: %s", hello->file,
                       sn_verdict_name(sn_result_verdict(sn_program_compile_result(*ret_program))));
    sn_program_destroy(*ret_program);
    *ret_program = NULL;
    return -1;
}

static int run_program(sn_program *program, char **ret_why)
{
    sn_result *result = NULL;
    sn_error *error = NULL;

    if (sn_program_run(program, NULL, &result, &error) < 0)
        return because(error, ret_why);
    return ended_well(result, ret_why);
}

static int boxed_prepare(const struct contender *contender, void **ret_state, char **ret_why)
{
    const struct hello *hello = contender->what;
    struct boxed *boxed = xrealloc(NULL, 1, sizeof(*boxed));
    sn_error *error = NULL;

    *boxed = (struct boxed){0};
    if (sn_languages_load(NULL, &boxed->languages, &error) < 0) {
        free(boxed);
        return because(error, ret_why);
    }
    boxed->language = sn_languages_find(boxed->languages, hello->language);
    if (!boxed->language) {
        *ret_why = xprintf("there is no language %s", hello->language);
        boxed_clear(boxed);
        return -1;
    }
    *ret_state = boxed;
    return 0;
}

/* A cache of its own, with what is prepared and the artifact in it; contender->number are the flags. */
static int cached_prepare(const struct contender *contender, void **ret_state, char **ret_why)
{
    struct boxed *boxed;
    sn_program *program = NULL;

    if (boxed_prepare(contender, ret_state, ret_why) < 0)
        return -1;
    boxed = *ret_state;
    boxed->flags = contender->number;
    boxed->cache = make_directory(ret_why);
    if (boxed->cache && make_program(boxed, contender->what, &program, ret_why) == 0) {
        sn_program_destroy(program);
        return 0;
    }
    boxed_clear(boxed);
    return -1;
}

static int boxed_run_prepare(const struct contender *contender, void **ret_state, char **ret_why)
{
    struct boxed *boxed;

    if (boxed_prepare(contender, ret_state, ret_why) < 0)
        return -1;
    boxed = *ret_state;
    return make_program(boxed, contender->what, &boxed->program, ret_why);
}

static int boxed_run_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    const struct boxed *boxed = state;
    uint64_t begin = bench_now();
    int r = run_program(boxed->program, ret_why);

    (void)contender;
    *ret_ns = (double)(bench_now() - begin);
    return r;
}

/* From the source to the result of its run, or of its compiler. */
static int measure_program(const struct contender *contender, const struct boxed *boxed, bool is_run, double *ret_ns,
                           char **ret_why)
{
    uint64_t begin = bench_now();
    sn_program *program = NULL;
    int r = make_program(boxed, contender->what, &program, ret_why);

    if (r < 0)
        return r;
    if (is_run)
        r = run_program(program, ret_why);
    *ret_ns = (double)(bench_now() - begin);
    sn_program_destroy(program);
    return r;
}

static int boxed_new_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    return measure_program(contender, state, true, ret_ns, ret_why);
}

static int boxed_first_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    ((struct boxed *)state)->changes++;
    return measure_program(contender, state, false, ret_ns, ret_why);
}

static int boxed_compile_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    return measure_program(contender, state, false, ret_ns, ret_why);
}

#define BARE(of)                                                                                                       \
    {                                                                                                                  \
        .name = "bare", .prepare = workplace_prepare, .measure = bare_run_measure, .clear = remove_directory,          \
        .what = &(of)                                                                                                  \
    }
#define LIVE(of)                                                                                                       \
    {                                                                                                                  \
        .name = "live sandbox, next run", .prepare = boxed_run_prepare, .measure = boxed_run_measure,                  \
        .clear = boxed_clear, .what = &(of)                                                                            \
    }
#define NEW(of)                                                                                                        \
    {                                                                                                                  \
        .name = "new sandbox", .prepare = boxed_prepare, .measure = boxed_new_measure, .clear = boxed_clear,           \
        .what = &(of)                                                                                                  \
    }

/* clang-format off */
static const struct contender python_bare = BARE(python), python_live = LIVE(python), python_new = NEW(python);
static const struct contender template_live = {.name = "live sandbox, template", .prepare = boxed_run_prepare, .measure = boxed_run_measure, .clear = boxed_clear, .what = &template};
static const struct contender template_new = {.name = "new sandbox, template", .prepare = boxed_prepare, .measure = boxed_new_measure, .clear = boxed_clear, .what = &template};
static const struct contender javascript_bare = BARE(javascript), javascript_live = LIVE(javascript), javascript_new = NEW(javascript);
static const struct contender cpp_bare = BARE(cpp), cpp_live = LIVE(cpp);
static const struct contender java_bare = BARE(java), java_live = LIVE(java);
static const struct contender compile_bare = {.name = "bare", .prepare = workplace_prepare, .measure = bare_compile_measure, .clear = remove_directory, .what = &cpp};
static const struct contender compile_first = {.name = "prepared, another source", .prepare = cached_prepare, .measure = boxed_first_measure, .clear = boxed_clear, .what = &cpp, .number = SN_PROGRAM_CACHED | SN_PROGRAM_PREPARED};
static const struct contender compile_again = {.name = "cached, the same source", .prepare = cached_prepare, .measure = boxed_compile_measure, .clear = boxed_clear, .what = &cpp, .number = SN_PROGRAM_CACHED | SN_PROGRAM_PREPARED};
static const struct contender compile_new = {.name = "new sandbox", .prepare = boxed_prepare, .measure = boxed_compile_measure, .clear = boxed_clear, .what = &cpp};

static const struct contender *const in_python[] = {&python_bare, &python_live, &template_live, &python_new, &template_new};
static const struct contender *const in_javascript[] = {&javascript_bare, &javascript_live, &javascript_new};
static const struct contender *const in_cpp[] = {&cpp_bare, &cpp_live};
static const struct contender *const in_java[] = {&java_bare, &java_live};
static const struct contender *const compiling[] = {&compile_bare, &compile_new, &compile_first, &compile_again};

const struct scenario scenarios_language[] = {
    {"python", "a Python program that says hello", UNIT_NANOSECONDS, 60, in_python, ARRAY_SIZE(in_python)},
    {"javascript", "a JavaScript program that says hello", UNIT_NANOSECONDS, 20, in_javascript, ARRAY_SIZE(in_javascript)},
    {"cpp", "a compiled C++ program that says hello", UNIT_NANOSECONDS, 100, in_cpp, ARRAY_SIZE(in_cpp)},
    {"java", "a compiled Java program that says hello", UNIT_NANOSECONDS, 15, in_java, ARRAY_SIZE(in_java)},
    {"cpp-compile", "compiling C++ with bits/stdc++.h", UNIT_NANOSECONDS, 6, compiling, ARRAY_SIZE(compiling)},
    {.name = NULL},
};
/* clang-format on */
