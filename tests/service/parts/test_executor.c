/* SPDX-License-Identifier: MIT */
/* Jobs of one run: by a real executor, in real sandboxes. */
#include "executor_support.h"

#define SLOTS 8

static struct executor_process executor;

static const struct executor_language *language(const char *name)
{
    const struct executor_hello *hello = executor_hello(executor.client);

    for (size_t i = 0; i < hello->language_count; i++)
        if (strcmp(hello->languages[i].name, name) == 0)
            return &hello->languages[i];
    fail_msg("no language %s", name);
    return NULL;
}

static void need(const char *name)
{
    if (!language(name)->is_available) {
        print_message("SKIP: %s is not installed\n", name);
        skip();
    }
}

static void the_hello_tells_of_languages_and_layers(void **state)
{
    const struct executor_hello *hello = executor_hello(executor.client);

    (void)state;
    assert_int_equal(hello->slots, SLOTS);
    assert_true(hello->layers != 0);
    assert_int_equal(hello->layers & hello->relaxed, 0);
    assert_true(*hello->version);
    assert_true(language("cpp")->is_compiled && !language("python")->is_compiled);
    assert_string_equal(language("cpp")->title, "C++");
    assert_string_equal(language("cpp")->aliases[0], "c++");
    assert_string_equal(language("python")->file_name, "main.py");
    assert_int_equal(language("python")->run_limits.time_ms, 10000);
    assert_int_equal(language("python")->run_limits.cpu_time_ms, 5000);
    assert_int_equal(language("python")->run_limits.memory_kb, 256 * 1024);
    assert_int_equal(language("cpp")->compile_limits.output_kb, 256);
    need("python");
    assert_int_equal(language("python")->version[0], '3');
}

static void python_says_hello(void **state)
{
    struct spec spec = make_spec("python", "print('hello')\nimport sys; sys.stderr.write('err')\n");
    struct heard heard;

    (void)state;
    need("python");
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_SUCCESS);
    assert_string_equal(text(&heard.statuses), "RUNNING ");
    assert_string_equal(text(&heard.out[EXECUTOR_STDOUT]), "hello\n");
    assert_string_equal(text(&heard.out[EXECUTOR_STDERR]), "err");
    assert_true(heard.outcome.has_run && !heard.outcome.has_compile);
    assert_string_equal(heard.outcome.run.out.data, "hello\n");
    assert_string_equal(heard.outcome.run.err.data, "err");
    assert_string_equal(heard.outcome.run.verdict, "OK");
    assert_string_equal(heard.outcome.run.limit, "");
    assert_string_equal(heard.outcome.policy, "python");
    assert_int_equal(heard.outcome.run.exit_code, 0);
    assert_true(heard.outcome.run.wall_ns > 0 && heard.outcome.run.memory_bytes > 0);
    assert_int_equal(heard.outcome.run.layers, executor_hello(executor.client)->layers);
    assert_int_equal(heard.outcome.compile_start_us, 0);
    assert_true(heard.outcome.run_start_us > 0 && heard.outcome.end_us >= heard.outcome.run_start_us);
    end_hearing(&heard);
}

static void cpp_is_compiled_once(void **state)
{
    struct spec spec = make_spec("c++", "#include <cstdio>\nint main(int c, char **v) { puts(v[c - 1]); }\n");
    static char *args[] = {TEXT("one"), TEXT("two"), NULL};

    (void)state;
    need("cpp");
    spec.args = args;
    for (int i = 0; i < 2; i++) {
        struct heard heard;

        run_job(executor.client, &spec, &heard);
        assert_ended(&heard, JOB_SUCCESS);
        assert_string_equal(text(&heard.statuses), "COMPILING RUNNING ");
        assert_string_equal(text(&heard.out[EXECUTOR_STDOUT]), "two\n");
        assert_true(heard.outcome.has_compile);
        assert_int_equal(heard.outcome.is_compile_cached, i == 1);
        assert_int_equal(heard.outcome.compile.status, JOB_SUCCESS);
        assert_true(heard.outcome.compile_start_us > 0);
        end_hearing(&heard);
    }
}

static void what_does_not_compile_is_not_run(void **state)
{
    struct spec spec = make_spec("cpp", "int main() { return nothing; }\n");
    struct heard heard;

    (void)state;
    need("cpp");
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_COMPILATION_ERROR);
    assert_string_equal(text(&heard.statuses), "COMPILING ");
    assert_non_null(strstr(text(&heard.out[EXECUTOR_COMPILE_OUTPUT]), "was not declared"));
    assert_non_null(strstr(heard.outcome.compile.err.data, "was not declared"));
    assert_int_equal(heard.outcome.compile.status, JOB_COMPILATION_ERROR);
    assert_true(!heard.outcome.has_run && heard.outcome.run_start_us == 0);
    end_hearing(&heard);
}

static void warnings_of_the_compiler_are_told(void **state)
{
    struct spec spec = make_spec("c", "int main(void) { int unused; return 0; }\n");
    struct heard heard;

    (void)state;
    need("c");
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_SUCCESS);
    assert_non_null(strstr(text(&heard.out[EXECUTOR_COMPILE_OUTPUT]), "unused"));
    end_hearing(&heard);
}

static void files_options_and_environment_get_there(void **state)
{
    static char *options[] = {TEXT("-DANSWER=42"), TEXT("lib/twice.c"), NULL};
    static char *env[] = {TEXT("WHO=me"), NULL};
    struct spec_file files[] = {{TEXT("lib/twice.c"), {TEXT("int twice(int a){return 2*a;}"), 29}}};
    struct spec spec = make_spec("c", "#include <stdio.h>\n#include <stdlib.h>\nint twice(int);\n"
                                      "int main(void){printf(\"%d %s\", twice(ANSWER), getenv(\"WHO\"));return 0;}\n");
    struct heard heard;

    (void)state;
    need("c");
    spec.compile_options = options;
    spec.env = env;
    spec.files = files;
    spec.file_count = 1;
    spec.file_name = TEXT("prog.c");
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_SUCCESS);
    assert_string_equal(heard.outcome.run.out.data, "84 me");
    end_hearing(&heard);
}

static void too_much_time_is_a_timeout(void **state)
{
    struct spec spec = make_spec("bash", "sleep 100\n");
    struct heard heard;

    (void)state;
    spec.limits.time_ms = 300;
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_TIMEOUT);
    assert_string_equal(heard.outcome.run.verdict, "TIME_LIMIT_EXCEEDED");
    assert_string_equal(heard.outcome.run.limit, "wall");
    assert_int_equal(heard.outcome.run.limits.time_ms, 300);
    assert_int_equal(heard.outcome.run.limits.cpu_time_ms, 300);
    end_hearing(&heard);

    spec = make_spec("bash", "while :; do :; done\n");
    spec.limits.time_ms = 100000;
    spec.limits.cpu_time_ms = 200;
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_TIMEOUT);
    assert_string_equal(heard.outcome.run.limit, "cpu");
    end_hearing(&heard);
}

static void too_much_memory_is_told(void **state)
{
    struct spec spec = make_spec("python", "a = bytearray(200 * 1024 * 1024)\nprint(len(a))\n");
    struct heard heard;

    (void)state;
    need("python");
    spec.limits.memory_kb = 64 * 1024;
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_MEMORY_LIMIT_EXCEEDED);
    assert_string_equal(heard.outcome.run.limit, "memory");
    end_hearing(&heard);
}

static void too_much_output_is_told_and_cut(void **state)
{
    struct spec spec = make_spec("bash", "while :; do echo 0123456789012345678901234567890123456789; done\n");
    struct heard heard;

    (void)state;
    spec.limits.output_kb = 40;
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_OUTPUT_LIMIT_EXCEEDED);
    assert_string_equal(heard.outcome.run.limit, "output");
    assert_int_equal(heard.outcome.run.out.length, 40 * 1024);
    assert_true(heard.outcome.run.is_out_truncated);
    assert_int_equal(heard.out[EXECUTOR_STDOUT].length, 40 * 1024);
    end_hearing(&heard);
}

static void a_denied_call_is_named(void **state)
{
    struct spec spec = make_spec("c", "#include <sys/socket.h>\nint main(void){return socket(AF_INET,SOCK_STREAM,0);}");
    struct heard heard;

    (void)state;
    need("c");
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_SECURITY_VIOLATION);
    assert_non_null(strstr(heard.outcome.run.denied, "socket("));
    end_hearing(&heard);
}

static void a_failing_program_is_a_runtime_error(void **state)
{
    struct spec spec = make_spec("bash", "kill -SEGV $$\n");
    struct heard heard;

    (void)state;
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_RUNTIME_ERROR);
    assert_int_equal(heard.outcome.run.signal, SIGSEGV);
    assert_int_equal(heard.outcome.run.exit_code, -1);
    end_hearing(&heard);
    spec = make_spec("bash", "exit 3\n");
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_RUNTIME_ERROR);
    assert_int_equal(heard.outcome.run.exit_code, 3);
    assert_int_equal(heard.outcome.run.signal, 0);
    end_hearing(&heard);
}

static void too_many_processes_are_a_runtime_error_with_that_limit(void **state)
{
    struct spec spec = make_spec("python", "import os\nos.fork()\n");
    struct heard heard;

    (void)state;
    need("python");
    spec.limits.processes = 1;
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_RUNTIME_ERROR);
    assert_string_equal(heard.outcome.run.limit, "processes");
    assert_string_equal(heard.outcome.run.verdict, "PROCESS_LIMIT_EXCEEDED");
    end_hearing(&heard);
}

static void what_cannot_be_executed_is_an_internal_error(void **state)
{
    struct spec spec = make_spec("cobol", "");
    struct heard heard;

    (void)state;
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_INTERNAL_ERROR);
    assert_string_equal(heard.outcome.reason, "the executor knows no language 'cobol'");
    end_hearing(&heard);
    spec = make_spec("bash", "");
    spec.file_name = TEXT("-rf");
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_INTERNAL_ERROR);
    assert_non_null(strstr(heard.outcome.reason, "file name"));
    end_hearing(&heard);
}

static void input_of_a_job_is_read_to_its_end(void **state)
{
    struct spec spec = make_spec("bash", "cat; echo end\n");
    struct heard heard;

    (void)state;
    spec.stdin_data.data = TEXT("line\n");
    spec.stdin_data.length = 5;
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_SUCCESS);
    assert_string_equal(heard.outcome.run.out.data, "line\nend\n");
    end_hearing(&heard);
}

/* ---- while it runs ---- */

static void give(uint64_t tag, const char *data)
{
    struct failure failure = {0};

    if (executor_stdin(executor.client, tag, data, strlen(data), &failure) < 0)
        fail_msg("executor_stdin: %s", failure.message);
}

/* Each thing is written only after the one before was heard, so the order is the program's. */
static void output_comes_while_it_is_written_and_in_order(void **state)
{
    struct spec spec = make_spec("bash", "echo a; read x; echo b >&2; read x; echo c; echo d >&2; echo e\n");
    struct heard heard;
    uint64_t tag;

    (void)state;
    spec.is_interactive = true;
    tag = start_job(executor.client, &spec, &heard);
    await_text(&heard, &heard.order, "2:a\n ");
    give(tag, "\n");
    await_text(&heard, &heard.order, "3:b\n ");
    give(tag, "\n");
    await_end(&heard);
    assert_ended(&heard, JOB_SUCCESS);
    assert_string_equal(heard.outcome.run.out.data, "a\nc\ne\n");
    assert_string_equal(text(&heard.out[EXECUTOR_STDOUT]), "a\nc\ne\n");
    assert_string_equal(text(&heard.out[EXECUTOR_STDERR]), "b\nd\n");
    end_hearing(&heard);
}

static void an_interactive_job_has_its_first_input_first(void **state)
{
    struct spec spec = make_spec("bash", "while read x; do echo \"<$x>\"; done; echo end\n");
    struct heard heard;
    uint64_t tag;

    (void)state;
    spec.is_interactive = true;
    spec.stdin_data.data = TEXT("first\n");
    spec.stdin_data.length = 6;
    tag = start_job(executor.client, &spec, &heard);
    give(tag, "second\n");
    await_text(&heard, &heard.out[EXECUTOR_STDOUT], "<second>");
    give(tag, "third\n");
    executor_stdin_end(executor.client, tag);
    await_end(&heard);
    assert_ended(&heard, JOB_SUCCESS);
    assert_string_equal(heard.outcome.run.out.data, "<first>\n<second>\n<third>\nend\n");
    /* it is over: without effect */
    give(tag, "fourth\n");
    executor_stdin_end(executor.client, tag);
    executor_cancel(executor.client, tag);
    end_hearing(&heard);
}

static void much_input_flows_as_it_is_read(void **state)
{
    static char piece[100000];
    struct spec spec = make_spec("bash", "exec wc -c\n");
    struct heard heard;
    uint64_t tag;
    size_t refused = 0;

    (void)state;
    memset(piece, 'x', sizeof(piece));
    spec.is_interactive = true;
    spec.limits.time_ms = 100000;
    tag = start_job(executor.client, &spec, &heard);
    for (int i = 0; i < 100;) {
        int r = executor_stdin(executor.client, tag, piece, sizeof(piece), NULL);

        assert_true(r == 0 || r == FAIL_LIMIT);
        i += r == 0;
        refused += r != 0;
        if (r != 0)
            poll(NULL, 0, 1);
        assert_true(refused < PATIENCE_S * 1000);
    }
    executor_stdin_end(executor.client, tag);
    await_end(&heard);
    assert_ended(&heard, JOB_SUCCESS);
    assert_string_equal(heard.outcome.run.out.data, "10000000\n");
    end_hearing(&heard);
}

static void input_that_nobody_reads_is_bounded(void **state)
{
    static char piece[256 * 1024];
    struct spec spec = make_spec("bash", "echo up; exec sleep 1000\n");
    struct heard heard;
    uint64_t tag;
    int given = 0, refused = 0;

    (void)state;
    spec.is_interactive = true;
    spec.limits.time_ms = 1000000;
    tag = start_job(executor.client, &spec, &heard);
    await_text(&heard, &heard.out[EXECUTOR_STDOUT], "up");
    /* what the library holds, and a pipe, come to the executor's own */
    while (refused < 1000) {
        if (executor_stdin(executor.client, tag, piece, sizeof(piece), NULL) == 0)
            given++, refused = 0;
        else
            refused++, poll(NULL, 0, 1);
        assert_true(given < 16);
    }
    assert_true(given >= 4);
    executor_cancel(executor.client, tag);
    await_end(&heard);
    assert_ended(&heard, JOB_CANCELLED);
    end_hearing(&heard);
}

static void a_job_that_is_not_interactive_takes_no_input(void **state)
{
    struct spec spec = make_spec("bash", "echo up; exec sleep 1000\n");
    struct heard heard;
    uint64_t tag;

    (void)state;
    spec.limits.time_ms = 1000000;
    tag = start_job(executor.client, &spec, &heard);
    await_text(&heard, &heard.out[EXECUTOR_STDOUT], "up");
    assert_int_equal(executor_stdin(executor.client, tag, "x", 1, NULL), FAIL_CONFLICT);
    executor_cancel(executor.client, tag);
    await_end(&heard);
    assert_ended(&heard, JOB_CANCELLED);
    assert_int_equal(heard.outcome.run.status, JOB_CANCELLED);
    end_hearing(&heard);
}

static void a_job_cancelled_at_once_ends_at_once(void **state)
{
    struct spec spec = make_spec("bash", "exec sleep 1000\n");

    (void)state;
    spec.limits.time_ms = 1000000;
    for (int i = 0; i < 20; i++) {
        struct heard heard;
        uint64_t tag = start_job(executor.client, &spec, &heard);

        executor_cancel(executor.client, tag);
        await_end(&heard);
        assert_ended(&heard, JOB_CANCELLED);
        end_hearing(&heard);
    }
}

static void as_many_jobs_run_at_once_as_there_are_slots(void **state)
{
    struct spec spec = make_spec("bash", "echo up; read x; echo $x\n");
    struct heard heard[SLOTS];
    uint64_t tags[SLOTS], tag;
    struct failure failure = {0};

    (void)state;
    spec.is_interactive = true;
    spec.limits.time_ms = 1000000;
    for (int i = 0; i < SLOTS; i++)
        tags[i] = start_job(executor.client, &spec, &heard[i]);
    for (int i = 0; i < SLOTS; i++)
        await_text(&heard[i], &heard[i].out[EXECUTOR_STDOUT], "up");
    assert_int_equal(executor_start(executor.client, &job_id, &spec, NULL, &tag, &failure), FAIL_LIMIT);
    for (int i = 0; i < SLOTS; i++) {
        char line[16];

        snprintf(line, sizeof(line), "%d\n", i);
        give(tags[i], line);
    }
    for (int i = 0; i < SLOTS; i++) {
        char line[16];

        snprintf(line, sizeof(line), "up\n%d\n", i);
        await_end(&heard[i]);
        assert_ended(&heard[i], JOB_SUCCESS);
        assert_string_equal(heard[i].outcome.run.out.data, line);
        end_hearing(&heard[i]);
    }
}

/* The next job begins when the end of the one before was heard, which must never be too early. */
static void slots_are_free_when_their_jobs_have_ended(void **state)
{
    struct spec spec = make_spec("bash", "echo $RANDOM\n");
    struct heard heard[SLOTS];

    (void)state;
    for (int i = 0; i < SLOTS; i++)
        start_job(executor.client, &spec, &heard[i]);
    for (int i = 0; i < 5 * SLOTS; i++) {
        await_end(&heard[i % SLOTS]);
        assert_ended(&heard[i % SLOTS], JOB_SUCCESS);
        end_hearing(&heard[i % SLOTS]);
        start_job(executor.client, &spec, &heard[i % SLOTS]);
    }
    for (int i = 0; i < SLOTS; i++) {
        await_end(&heard[i]);
        end_hearing(&heard[i]);
    }
}

static void a_large_job_gets_there(void **state)
{
    struct spec spec = make_spec("bash", "exec wc -c\n");
    size_t length = 30U << 20;
    struct heard heard;

    (void)state;
    spec.stdin_data.data = calloc(1, length);
    assert_non_null(spec.stdin_data.data);
    spec.stdin_data.length = length;
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_SUCCESS);
    assert_string_equal(heard.outcome.run.out.data, "31457280\n");
    end_hearing(&heard);
    spec.source.data = spec.stdin_data.data;
    spec.source.length = 20U << 20;
    begin_hearing(&heard);
    assert_int_equal(executor_start(executor.client, &job_id, &spec, &heard, &(uint64_t){0}, NULL), FAIL_LIMIT);
    end_hearing(&heard);
    free(spec.stdin_data.data);
}

static void much_output_comes_whole(void **state)
{
    struct spec spec = make_spec("bash", "head -c 10000000 /dev/zero; head -c 9000000 /dev/zero >&2\n");
    struct heard heard;

    (void)state;
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_SUCCESS);
    assert_int_equal(heard.outcome.run.out.length, 10000000);
    assert_int_equal(heard.outcome.run.err.length, 9000000);
    assert_int_equal(heard.out[EXECUTOR_STDOUT].length, 10000000);
    assert_int_equal(heard.out[EXECUTOR_STDERR].length, 9000000);
    end_hearing(&heard);
}

static int begin(void **state)
{
    if (begin_tests(state) < 0)
        return -1;
    executor = start_executor(SLOTS, NULL, 0);
    connect_to(&executor);
    return 0;
}

static int end(void **state)
{
    stop_executor(&executor);
    assert_int_equal(gone_count, 0);
    return end_tests(state);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hello_tells_of_languages_and_layers),
        cmocka_unit_test(python_says_hello),
        cmocka_unit_test(cpp_is_compiled_once),
        cmocka_unit_test(what_does_not_compile_is_not_run),
        cmocka_unit_test(warnings_of_the_compiler_are_told),
        cmocka_unit_test(files_options_and_environment_get_there),
        cmocka_unit_test(too_much_time_is_a_timeout),
        cmocka_unit_test(too_much_memory_is_told),
        cmocka_unit_test(too_much_output_is_told_and_cut),
        cmocka_unit_test(a_denied_call_is_named),
        cmocka_unit_test(a_failing_program_is_a_runtime_error),
        cmocka_unit_test(too_many_processes_are_a_runtime_error_with_that_limit),
        cmocka_unit_test(what_cannot_be_executed_is_an_internal_error),
        cmocka_unit_test(input_of_a_job_is_read_to_its_end),
        cmocka_unit_test(output_comes_while_it_is_written_and_in_order),
        cmocka_unit_test(an_interactive_job_has_its_first_input_first),
        cmocka_unit_test(much_input_flows_as_it_is_read),
        cmocka_unit_test(input_that_nobody_reads_is_bounded),
        cmocka_unit_test(a_job_that_is_not_interactive_takes_no_input),
        cmocka_unit_test(a_job_cancelled_at_once_ends_at_once),
        cmocka_unit_test(as_many_jobs_run_at_once_as_there_are_slots),
        cmocka_unit_test(slots_are_free_when_their_jobs_have_ended),
        cmocka_unit_test(a_large_job_gets_there),
        cmocka_unit_test(much_output_comes_whole),
    };

    if (argc == 7 && strcmp(argv[1], "executor") == 0)
        return be_executor(argv);
    return cmocka_run_group_tests(tests, begin, end);
}
