/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The shipped languages, loaded once for all tests. */
static sn_languages *shipped;

static int load_shipped(void **state)
{
    sn_error *error = NULL;
    int code = sn_languages_load(NULL, &shipped, &error);

    (void)state;
    if (code < 0)
        print_error("%s\n", sn_error_message(error));
    sn_error_free(error);
    return code;
}

static int free_shipped(void **state)
{
    (void)state;
    sn_languages_free(shipped);
    return 0;
}

/* `file_name` may be NULL. */
static sn_program *make_from(const sn_language *language, const char *source, const char *file_name,
                             const sn_file *const *files)
{
    sn_program_options options;

    assert_non_null(language);
    sn_program_options_init(&options);
    options.source = source;
    options.source_length = strlen(source);
    options.file_name = file_name;
    options.files = files;
    return make_program(language, &options);
}

static sn_program *make_shipped(const char *name, const char *source, const char *file_name)
{
    return make_from(sn_languages_find(shipped, name), source, file_name, NULL);
}

static sn_result *run_program(sn_program *program, const char *input, const char *const *args)
{
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;

    if (!sn_program_is_runnable(program))
        print_error("%s", err(sn_program_compile_result(program)));
    sn_run_options_init(&options);
    options.argv = args;
    options.stdin_data = input;
    options.stdin_length = strlen(input);
    assert_ok(sn_program_run(program, &options, &result, &error), error);
    return result;
}

static void expect_output(sn_program *program, const char *input, const char *const *args, const char *wanted)
{
    sn_result *result = run_program(program, input, args);

    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), wanted);
    sn_result_free(result);
}

/* Reads numbers and words, greets, adds: one for each language, and something that does not compile (or parse). */
static const struct {
    const char *language;
    const char *sum;
    const char *broken;
} languages[] = {
    {"python", "import sys\nprint('hello', sum(map(int, sys.stdin.read().split())), *sys.argv[1:])\n", NULL},
    {"c",
     "#include <math.h>\n#include <stdio.h>\n"
     "int main(int argc, char **argv) { int a, b; if (scanf(\"%d %d\", &a, &b) != 2) return 1;\n"
     "printf(\"hello %.0f\", sqrt((double)b * b) + a); for (int i = 1; i < argc; i++) printf(\" %s\", argv[i]);\n"
     "puts(\"\"); return 0; }\n",
     "int main(void) { return undeclared; }\n"},
    {"cpp",
     "#include <bits/stdc++.h>\n"
     "int main(int argc, char **argv) { int a, b; std::cin >> a >> b; std::cout << \"hello \" << a + b;\n"
     "for (int i = 1; i < argc; i++) std::cout << ' ' << argv[i]; std::cout << std::endl; }\n",
     "int main() { std::cout << 1; }\n"},
    {"javascript",
     "const n = require('fs').readFileSync(0, 'utf8').split(/\\s+/).filter(x => x).map(Number);\n"
     "console.log(['hello', n.reduce((a, b) => a + b), ...process.argv.slice(2)].join(' '));\n",
     NULL},
    {"java",
     "import java.util.Scanner;\npublic class Main { public static void main(String[] args) {\n"
     "Scanner in = new Scanner(System.in); System.out.print(\"hello \" + (in.nextInt() + in.nextInt()));\n"
     "for (String a : args) System.out.print(\" \" + a); System.out.println(); } }\n",
     "public class Main { public static void main(String[] args) { int x = \"text\"; } }\n"},
    {"go",
     "package main\nimport (\n\"fmt\"\n\"os\"\n)\nfunc main() { var a, b int; fmt.Scan(&a, &b)\n"
     "fmt.Print(\"hello \", a+b); for _, s := range os.Args[1:] { fmt.Print(\" \", s) }; fmt.Println() }\n",
     "package main\nfunc main() { undeclared() }\n"},
    {"bash", "read a b\necho \"hello $((a + b))${1:+ $1}${2:+ $2}\"\n", NULL},
};

static void program_reads_and_prints(void **state)
{
    const char *const args[] = {"@one", "t w o", NULL};
    const size_t i = (size_t)(uintptr_t)*state;
    sn_program *program = make_shipped(languages[i].language, languages[i].sum, NULL);

    assert_true((sn_program_compile_result(program) != NULL) == (languages[i].broken != NULL));
    expect_output(program, "20 22\n", NULL, "hello 42\n");
    /* the same artifact again, with other input and arguments */
    expect_output(program, "-3 4\n", args, "hello 1 @one t w o\n");
    expect_output(program, "1000 1\n", NULL, "hello 1001\n");
    sn_program_destroy(program);
}

static void broken_source_is_a_compilation_error(void **state)
{
    const size_t i = (size_t)(uintptr_t)*state;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_program *program;

    if (!languages[i].broken)
        return;
    program = make_shipped(languages[i].language, languages[i].broken, NULL);
    assert_verdict(sn_program_compile_result(program), SN_VERDICT_COMPILATION_ERROR);
    assert_true(strlen(err(sn_program_compile_result(program))) > 0);
    assert_int_equal(sn_program_is_runnable(program), 0);
    assert_refused(sn_program_run(program, NULL, &result, &error), SN_EINVAL, error);
    sn_program_destroy(program);
}

static void version_is_probed(void **state)
{
    const sn_language *language = sn_languages_find(shipped, languages[(size_t)(uintptr_t)*state].language);
    char *version = NULL;
    sn_error *error = NULL;
    int code = sn_language_probe(language, 0, &version, &error);

    if (code == SN_ETOOLCHAIN || code == SN_EHOST) {
        print_message("%s\n", sn_error_message(error));
        sn_error_free(error);
        skip_because("%s cannot be probed here", sn_language_title(language));
    }
    assert_ok(code, error);
    assert_true(version[0] >= '0' && version[0] <= '9');
    sn_free(version);
}

/* Whatever the class is called, and whatever the file was. */
static void java_classes_may_have_any_name(void **state)
{
#define MAIN "public static void main(String[] a) { System.out.println(\"main of \" + "
    static const struct {
        const char *file, *source, *wanted;
    } cases[] = {
        {NULL, "public class Solution { " MAIN "1); } }", "main of 1\n"},
        {"upload.java",
         "/* public class Not */\n// public class Nor\nimport java.util.*;\n"
         "/**\npublic class Never\n*/\nfinal class Helper {}\npublic final class Thing { " MAIN "2); } }",
         "main of 2\n"},
        {"Zed.java", "class Aaa { static void f(String[] a) {} }\nclass Zed { " MAIN "3); } }", "main of 3\n"},
        {NULL, "package com.example;\nclass Only { " MAIN "4); } }", "main of 4\n"},
        {"with blank.java", "public interface Door { static void main(String[] a) { System.out.println(5); } }", "5\n"},
        {NULL, "public enum E$1 { A; " MAIN "A); } }", "main of A\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sn_program *program = make_shipped("java", cases[i].source, cases[i].file);

        expect_output(program, "", NULL, cases[i].wanted);
        sn_program_destroy(program);
    }
}

static void java_without_main_does_not_compile(void **state)
{
    sn_program *program = make_shipped("java", "public class Main { void f() {} }", NULL);

    (void)state;
    assert_verdict(sn_program_compile_result(program), SN_VERDICT_COMPILATION_ERROR);
    assert_non_null(strstr(err(sn_program_compile_result(program)), "public static void main"));
    sn_program_destroy(program);
}

static void full_heaps_are_the_memory_limit(void **state)
{
    static const struct {
        const char *language, *source;
    } cases[] = {
        {"java", "import java.util.*;\npublic class Main { public static void main(String[] a) {\n"
                 "List<int[]> l = new ArrayList<>(); while (true) l.add(new int[100000]); } }"},
        {"javascript", "const l = []; for (;;) l.push(new Array(100000).fill(1.5));"},
        {"go", "package main\nfunc main() { var l [][]byte\nfor { b := make([]byte, 1<<20)\n"
               "for i := range b { b[i] = 1 }\nl = append(l, b) } }"},
        {"python", "l = []\nwhile True: l.append(bytearray(b'x') * 1000000)"},
    };
    const size_t i = (size_t)(uintptr_t)*state;
    sn_program *program = make_shipped(cases[i].language, cases[i].source, NULL);
    sn_result *result = run_program(program, "", NULL);

    assert_verdict(result, SN_VERDICT_MEMORY_LIMIT_EXCEEDED);
    sn_result_free(result);
    sn_program_destroy(program);
}

static void several_source_files_make_one_program(void **state)
{
    static const char header[] = "int twice(int n);\n";
    static const char helper[] = "package main\nfunc twice(n int) int { return 2 * n }\n";
    static const char java[] = "class Helper { static int twice(int n) { return 2 * n; } }\n";
    static const char python[] = "def twice(n):\n    return 2 * int(open('data/n.txt').read()) * n // n\n";
    static const struct {
        const char *language, *source, *path, *data;
    } cases[] = {
        {"c",
         "#include \"twice.h\"\n#include <stdio.h>\nint twice(int n) { return 2 * n; }\n"
         "int main(void) { printf(\"%d\\n\", twice(21)); }\n",
         "twice.h", header},
        {"go", "package main\nimport \"fmt\"\nfunc main() { fmt.Println(twice(21)) }\n", "twice.go", helper},
        {"java", "public class Any { public static void main(String[] a) { System.out.println(Helper.twice(21)); } }",
         "Helper.java", java},
        {"python", "import helper\nprint(helper.twice(21))\n", "helper.py", python},
    };
    const size_t i = (size_t)(uintptr_t)*state;
    const sn_file extra = {
        .size = sizeof(extra), .path = cases[i].path, .data = cases[i].data, .length = strlen(cases[i].data)};
    const sn_file number = {.size = sizeof(number), .path = "data/n.txt", .data = "21", .length = 2};
    const sn_file *const files[] = {&extra, &number, NULL};
    sn_program *program = make_from(sn_languages_find(shipped, cases[i].language), cases[i].source, NULL, files);

    expect_output(program, "", NULL, "42\n");
    sn_program_destroy(program);
}

static void compilers_are_bounded(void **state)
{
    static const struct {
        const char *source;
        bool limit; /* a limit's verdict is as good as a compilation error */
    } cases[] = {
        {"#include \"/etc/shadow\"\nint main(void) { return 0; }\n", false},
        {"__asm__(\".incbin \\\"/etc/shadow\\\"\");\nint main(void) { return 0; }\n", false},
        {"#include </dev/urandom>\nint main(void) { return 0; }\n", true},
        {"#include \"/dev/zero\"\nint main(void) { return 0; }\n", true},
        {"#pragma GCC optimize \"-fplugin=/work/x.so\"\n#error end\n", false},
        {"#include \"main.c\"\nint main(void) { return 0; }\n", true},
        {"#define A B B B B B B B B B B\n#define B C C C C C C C C C C\n#define C D D D D D D D D D D\n"
         "#define D E E E E E E E E E E\n#define E F F F F F F F F F F\n#define F G G G G G G G G G G\n"
         "#define G H H H H H H H H H H\n#define H x; x; x; x; x; x; x; x; x; x;\nint main(void) { A }\n",
         true},
    };
    const size_t i = (size_t)(uintptr_t)*state;
    sn_program *program = make_shipped("c", cases[i].source, NULL);
    const sn_result *result = sn_program_compile_result(program);
    sn_verdict verdict = sn_result_verdict(result);

    if (!cases[i].limit)
        assert_verdict(result, SN_VERDICT_COMPILATION_ERROR);
    if (verdict != SN_VERDICT_TIME_LIMIT_EXCEEDED && verdict != SN_VERDICT_MEMORY_LIMIT_EXCEEDED &&
        verdict != SN_VERDICT_OUTPUT_LIMIT_EXCEEDED && verdict != SN_VERDICT_SECURITY_VIOLATION)
        assert_verdict(result, SN_VERDICT_COMPILATION_ERROR);
    assert_int_equal(sn_program_is_runnable(program), 0);
    assert_true(strlen(err(result)) <= 256 * 1024);
    assert_null(strstr(err(result), "root:"));
    sn_program_destroy(program);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A directory with one manifest, gone after loading. */
static sn_languages *load_one(const char *manifest)
{
    char folder[] = "/tmp/sentinel-test-XXXXXX", path[64];
    sn_languages *loaded = NULL;
    sn_error *error = NULL;
    int code;

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/one.yaml", folder);
    write_file(path, manifest);
    code = sn_languages_load(folder, &loaded, &error);
    unlink(path);
    rmdir(folder);
    assert_ok(code, error);
    return loaded;
}

/* Languages that no code knows: a file is all it takes. */
static void one_file_adds_a_language(void **state)
{
    sn_languages *added = load_one("name: awk\n"
                                   "title: AWK\n"
                                   "extensions: [awk]\n"
                                   "file: main.awk\n"
                                   "package: mawk\n"
                                   "run:\n"
                                   "  command: [/usr/bin/awk, -v, \"limit={memory_mb}\", -f, \"{source}\"]\n"
                                   "  limits: {memory_mb: 32}\n");
    sn_program *program;

    (void)state;
    program = make_from(sn_languages_find(added, "awk"), "{ s += $1 } END { print s, limit }\n", NULL, NULL);
    /* the program keeps what it needs of the collection */
    sn_languages_free(added);
    expect_output(program, "1\n2\n3\n", NULL, "6 32\n");
    expect_output(program, "4\n", NULL, "4 32\n");
    sn_program_destroy(program);
}

static void one_file_adds_a_compiled_language(void **state)
{
    sn_languages *added =
        load_one("name: shout\n"
                 "file: main.shout\n"
                 "package: coreutils\n"
                 "compile:\n"
                 "  command:\n"
                 "    - /bin/sh\n"
                 "    - -euc\n"
                 "    - \"grep -q . \\\"$1\\\"; tr a-z A-Z < \\\"$1\\\" > {stem}.txt; echo {{stem}}\"\n"
                 "    - sh\n"
                 "    - \"{source}\"\n"
                 "run:\n"
                 "  command: [/bin/cat, \"{stem}.txt\"]\n"
                 "version:\n"
                 "  command: [/bin/cat, --version]\n");
    const sn_language *shout = sn_languages_entry(added, 0);
    sn_program *program;

    (void)state;
    program = make_from(shout, "hear me\n", NULL, NULL);
    assert_verdict(sn_program_compile_result(program), SN_VERDICT_OK);
    assert_string_equal(out(sn_program_compile_result(program)), "{stem}\n");
    expect_output(program, "", NULL, "HEAR ME\n");
    expect_output(program, "", NULL, "HEAR ME\n");
    sn_program_destroy(program);

    program = make_from(shout, "", NULL, NULL);
    assert_verdict(sn_program_compile_result(program), SN_VERDICT_COMPILATION_ERROR);
    assert_int_equal(sn_result_exit_code(sn_program_compile_result(program)), 1);
    sn_program_destroy(program);
    sn_languages_free(added);
}

/* One step of a language may make a call that the other may not: each of them in turn is the compile step. */
static void each_step_has_a_policy_of_its_own(void **state)
{
    static const char lax[] = "#include \"base.policy\"\n"
                              "POLICY lax { ALLOW { chroot } }\nUSE lax, base DEFAULT KILL\n";
    static const char step[] = "  command: [/bin/sh, -c, \"/usr/sbin/chroot / /bin/true; exit 0\"]\n";
    char path[] = "/tmp/sentinel-test-XXXXXX", manifest[600];
    int fd = mkstemp(path);

    (void)state;
    need_program("/usr/sbin/chroot");
    assert_true(fd >= 0);
    close(fd);
    write_file(path, lax);
    for (int compile_is_lax = 0; compile_is_lax < 2; compile_is_lax++) {
        sn_languages *made;
        sn_program *program;
        const sn_result *compiled;
        sn_result *result;

        snprintf(manifest, sizeof(manifest),
                 "name: made\nfile: main.made\npackage: coreutils\n"
                 "compile:\n%s  policy: %s\nrun:\n%s  policy: %s\n",
                 step, compile_is_lax ? path : "default", step, compile_is_lax ? "default" : path);
        made = load_one(manifest);
        program = make_from(sn_languages_entry(made, 0), "", NULL, NULL);
        compiled = sn_program_compile_result(program);
        assert_verdict(compiled, compile_is_lax ? SN_VERDICT_OK : SN_VERDICT_SECURITY_VIOLATION);
        assert_int_equal(sn_program_is_runnable(program), compile_is_lax);
        if (compile_is_lax) {
            result = run_program(program, "", NULL);
            assert_verdict(result, SN_VERDICT_SECURITY_VIOLATION);
            assert_string_equal(sn_result_denied_name(result), "chroot");
            sn_result_free(result);
        } else {
            assert_string_equal(sn_result_denied_name(compiled), "chroot");
        }
        sn_program_destroy(program);
        sn_languages_free(made);
    }
    unlink(path);
}

/* language.h: the source is what is compiled, whatever lies beside it. */
static void no_file_replaces_the_source(void **state)
{
    static const char *const paths[] = {"main.sh", "./main.sh", ".//main.sh"};

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const sn_file other = {.size = sizeof(other), .path = paths[i], .data = "echo other", .length = 10};
        const sn_file *const files[] = {&other, NULL};
        sn_program *program = make_from(sn_languages_find(shipped, "bash"), "echo source", "main.sh", files);

        expect_output(program, "", NULL, "source\n");
        sn_program_destroy(program);
    }
}

/* A link of a root file system means what it means inside: the host's toolchain is not that of an image. */
static void a_link_to_the_hosts_toolchain_is_none(void **state)
{
    static const char *const targets[] = {"/usr/bin/env", "../../../../../../usr/bin/env", "/proc/1/exe"};
    char root[] = "/tmp/sentinel-test-XXXXXX", path[64];

    (void)state;
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof(path), "%s/usr", root);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof(path), "%s/usr/bin", root);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof(path), "%s/usr/bin/python3", root);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        sn_sandbox_options sandbox;
        sn_program_options options;
        sn_program *program = NULL;
        sn_error *error = NULL;

        assert_int_equal(symlink(targets[i], path), 0);
        sn_sandbox_options_init(&sandbox);
        sandbox.rootfs = root;
        sn_program_options_init(&options);
        options.source = "";
        options.sandbox = &sandbox;
        assert_refused(sn_program_create(sn_languages_find(shipped, "python"), &options, &program, &error),
                       SN_ETOOLCHAIN, error);
        assert_null(program);
        unlink(path);
    }
    snprintf(path, sizeof(path), "%s/usr/bin", root);
    rmdir(path);
    snprintf(path, sizeof(path), "%s/usr", root);
    rmdir(path);
    rmdir(root);
}

static void callers_options_come_first(void **state)
{
    const char *const compile_args[] = {"-DWORD=\"given\"", NULL};
    const char *const env[] = {"FROM=caller", "LANG=C", NULL};
    sn_program_options options;
    sn_run_options run;
    sn_program *program;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_limits limits;

    (void)state;
    sn_program_options_init(&options);
    options.source = "#include <stdio.h>\n#include <stdlib.h>\nint main(void) { puts(WORD); puts(getenv(\"FROM\"));\n"
                     "puts(getenv(\"HOME\")); puts(getenv(\"LANG\")); fflush(stdout); for (;;); }\n";
    options.source_length = strlen(options.source);
    options.compile_args = compile_args;
    program = make_program(sn_languages_find(shipped, "c"), &options);
    assert_verdict(sn_program_compile_result(program), SN_VERDICT_OK);
    sn_run_options_init(&run);
    sn_limits_init(&limits);
    limits.cpu_ms = 300;
    run.limits = &limits;
    run.envp = env;
    assert_ok(sn_program_run(program, &run, &result, &error), error);
    assert_verdict(result, SN_VERDICT_TIME_LIMIT_EXCEEDED);
    assert_int_equal(sn_result_limit(result), SN_LIMIT_CPU);
    assert_string_equal(out(result), "given\ncaller\n/work\nC\n");
    sn_result_free(result);
    sn_program_destroy(program);
}

static void wrong_options_are_refused(void **state)
{
    static const char *const names[] = {"", "-x.c", "@x.c", "/etc/x.c", "../x.c", "a/../../x.c", "x\n.c", "dir/"};
    const sn_language *c = sn_languages_find(shipped, "python");
    sn_program_options options;
    sn_program *program = NULL;
    sn_error *error = NULL;
    sn_limits limits;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        sn_program_options_init(&options);
        options.source = "";
        options.file_name = names[i];
        error = NULL;
        assert_refused(sn_program_create(c, &options, &program, &error), SN_EINVAL, error);
    }
    sn_program_options_init(&options);
    options.source_length = 5;
    error = NULL;
    assert_refused(sn_program_create(c, &options, &program, &error), SN_EINVAL, error);
    sn_limits_init(&limits);
    limits.memory_bytes = 1;
    sn_program_options_init(&options);
    options.compile_limits = &limits;
    error = NULL;
    assert_refused(sn_program_create(sn_languages_find(shipped, "c"), &options, &program, &error), SN_EINVAL, error);
    error = NULL;
    assert_refused(sn_program_create(NULL, &options, &program, &error), SN_EINVAL, error);
    error = NULL;
    assert_refused(sn_program_run(NULL, NULL, &(sn_result *){NULL}, &error), SN_EINVAL, error);
    assert_null(program);
}

static void started_runs_stream(void **state)
{
    sn_program *program = make_shipped("bash", "read line; echo \"got $line\"", NULL);
    sn_running *running = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options options;
    size_t taken = 0;

    (void)state;
    sn_run_options_init(&options);
    options.stdin_mode = SN_STDIN_FEED;
    assert_ok(sn_program_run_start(program, &options, &running, &error), error);
    assert_ok(sn_run_write(running, "word\n", 5, &taken, &error), error);
    assert_int_equal(taken, 5);
    assert_ok(sn_run_close_stdin(running, &error), error);
    assert_ok(sn_run_wait(running, &result, &error), error);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "got word\n");
    sn_result_free(result);
    sn_running_free(running);
    sn_program_destroy(program);
}

/* One entry a case: a test that skips takes only its own with it. */
#define EACH(function, index, label)                                                                                   \
    {                                                                                                                  \
        .name = #function "(" label ")", .test_func = function, .initial_state = (void *)(uintptr_t)(index)            \
    }
#define EACH_LANGUAGE(function)                                                                                        \
    EACH(function, 0, "python"), EACH(function, 1, "c"), EACH(function, 2, "cpp"), EACH(function, 3, "javascript"),    \
        EACH(function, 4, "java"), EACH(function, 5, "go"), EACH(function, 6, "bash")

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH_LANGUAGE(version_is_probed),
        EACH_LANGUAGE(program_reads_and_prints),
        EACH_LANGUAGE(broken_source_is_a_compilation_error),
        EACH(full_heaps_are_the_memory_limit, 0, "java"),
        EACH(full_heaps_are_the_memory_limit, 1, "javascript"),
        EACH(full_heaps_are_the_memory_limit, 2, "go"),
        EACH(full_heaps_are_the_memory_limit, 3, "python"),
        EACH(several_source_files_make_one_program, 0, "c"),
        EACH(several_source_files_make_one_program, 1, "go"),
        EACH(several_source_files_make_one_program, 2, "java"),
        EACH(several_source_files_make_one_program, 3, "python"),
        EACH(compilers_are_bounded, 0, "shadow"),
        EACH(compilers_are_bounded, 1, "incbin"),
        EACH(compilers_are_bounded, 2, "urandom"),
        EACH(compilers_are_bounded, 3, "zero"),
        EACH(compilers_are_bounded, 4, "plugin"),
        EACH(compilers_are_bounded, 5, "itself"),
        EACH(compilers_are_bounded, 6, "macros"),
        cmocka_unit_test(java_classes_may_have_any_name),
        cmocka_unit_test(java_without_main_does_not_compile),
        cmocka_unit_test(one_file_adds_a_language),
        cmocka_unit_test(one_file_adds_a_compiled_language),
        cmocka_unit_test(each_step_has_a_policy_of_its_own),
        cmocka_unit_test(no_file_replaces_the_source),
        cmocka_unit_test(a_link_to_the_hosts_toolchain_is_none),
        cmocka_unit_test(callers_options_come_first),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(started_runs_stream),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, load_shipped, free_shipped);
}
