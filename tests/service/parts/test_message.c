/* SPDX-License-Identifier: MIT */
#include "executor/message.h" /* before cmocka, which has another fail() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOB(text) ((struct blob){(char *)(uintptr_t)(text), sizeof(text) - 1})
#define TEXT(text) ((char *)(uintptr_t)(text))
#define STRINGS(...)                                                                                                   \
    (char *[])                                                                                                         \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }

/* ---- what is sent; nothing of it is freed ---- */

static const struct uuid job_id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static struct spec_file files[] = {{TEXT("lib/a.py"), {TEXT("x\0y"), 3}}, {TEXT("..b"), {TEXT(""), 0}}};
static struct spec_case cases[] = {
    {.name = TEXT("first"),
     .stdin_data = {TEXT("1\n"), 2},
     .expected = {TEXT("2\n"), 2},
     .limits = {1, 2, 3, 4, 5},
     .has_expected = true},
    {.name = TEXT(""), .stdin_data = {TEXT(""), 0}, .expected = {TEXT("\0"), 1}, .is_hidden = true},
};

static struct spec full_spec(void)
{
    static char *args[] = {TEXT("-v"), TEXT(""), NULL};
    static char *env[] = {TEXT("A=1"), TEXT("B="), NULL};
    static char *options[] = {TEXT("-O3"), NULL};
    static char *case_args[] = {NULL};

    cases[1].args = case_args;
    return (struct spec){
        .language = TEXT("python"),
        .file_name = TEXT("a.py"),
        .source = BLOB("print(1)\0"),
        .files = files,
        .file_count = 2,
        .stdin_data = BLOB("in"),
        .args = args,
        .env = env,
        .compile_options = options,
        .limits = {1000, 900, 65536, 4, 1024},
        .cases = cases,
        .case_count = 2,
        .compare = COMPARE_CHECKER,
        .tolerance = 1e-9,
        .checker = {TEXT("cpp"), {TEXT("int main(){}"), 12}},
        .stop_at_first = true,
    };
}

static struct step_outcome full_step(void)
{
    return (struct step_outcome){
        .status = JOB_TIMEOUT,
        .verdict = TEXT("TIME_LIMIT_EXCEEDED"),
        .limit = TEXT("cpu"),
        .exit_code = -1,
        .signal = 9,
        .wall_ns = UINT64_MAX,
        .cpu_ns = 1,
        .memory_bytes = 2,
        .out = BLOB("out\0put"),
        .err = BLOB("err"),
        .is_err_truncated = true,
        .denied = TEXT("socket(AF_INET)"),
        .notes = TEXT("one\ntwo\n"),
        .layers = 0x3ffff,
        .relaxed = 1,
        .cpu_source = TEXT("cgroup"),
        .memory_source = TEXT("rusage"),
        .limits = {1, 2, 3, 4, 5},
    };
}

static struct outcome full_outcome(void)
{
    return (struct outcome){
        .status = JOB_INTERNAL_ERROR,
        .reason = TEXT("because"),
        .is_checker_to_blame = true,
        .has_compile = true,
        .is_compile_cached = true,
        .compile = full_step(),
        .has_run = true,
        .run = full_step(),
        .case_count = 2,
        .compile_start_us = 1,
        .run_start_us = 2,
        .end_us = 3,
        .policy = TEXT("python"),
    };
}

static struct executor_language languages[] = {
    {.name = TEXT("cpp"),
     .title = TEXT("C++"),
     .version = TEXT("12.2"),
     .package = TEXT("g++"),
     .file_name = TEXT("main.cpp"),
     .is_available = true,
     .is_compiled = true,
     .run_limits = {1, 2, 3, 4, 5},
     .compile_limits = {6, 7, 8, 9, 10}},
    {.name = TEXT("bash")},
};

/* Every message that there is. */
#define KINDS 13
static int write_kind(struct sn__buffer *buffer, unsigned kind)
{
    static char *aliases[] = {TEXT("c++"), TEXT("cxx"), NULL};
    struct executor_hello hello = {4, 1, 2, TEXT("0.1"), languages, 2};
    struct case_outcome test_case = {JOB_WRONG_ANSWER, full_step(), TEXT("line 1")};
    struct outcome outcome = full_outcome(), empty = {.status = JOB_SUCCESS};
    struct spec spec = full_spec(), least = {0};

    languages[0].aliases = aliases;
    switch (kind) {
    case 0:
        return message_write_start(buffer, 7, &job_id, &spec, NULL);
    case 1:
        return message_write_start(buffer, UINT64_MAX, &job_id, &least, NULL);
    case 2:
        return message_write_input(buffer, 7, "abc\0", 4, NULL);
    case 3:
        return message_write_plain(buffer, MESSAGE_STDIN_END, 7, NULL);
    case 4:
        return message_write_plain(buffer, MESSAGE_CANCEL, 7, NULL);
    case 5:
        return message_write_hello(buffer, &hello, NULL);
    case 6:
        return message_write_status(buffer, 7, JOB_COMPILING, NULL);
    case 7:
        return message_write_status(buffer, 7, JOB_RUNNING, NULL);
    case 8:
        return message_write_output(buffer, 7, EXECUTOR_STDERR, "x\0y", 3, NULL);
    case 9:
        return message_write_taken(buffer, 7, 99, NULL);
    case 10:
        return message_write_case(buffer, 7, 1, &test_case, NULL);
    case 11:
        return message_write_end(buffer, 7, &outcome, NULL);
    default:
        return message_write_end(buffer, 7, &empty, NULL);
    }
}

static int write_again(struct sn__buffer *buffer, const struct message *message)
{
    switch (message->type) {
    case MESSAGE_START:
        return message_write_start(buffer, message->tag, &message->job, &message->spec, NULL);
    case MESSAGE_STDIN:
        return message_write_input(buffer, message->tag, message->data, message->length, NULL);
    case MESSAGE_STDIN_END:
    case MESSAGE_CANCEL:
        return message_write_plain(buffer, message->type, message->tag, NULL);
    case MESSAGE_HELLO:
        return message_write_hello(buffer, &message->hello, NULL);
    case MESSAGE_STATUS:
        return message_write_status(buffer, message->tag, message->status, NULL);
    case MESSAGE_OUTPUT:
        return message_write_output(buffer, message->tag, message->stream, message->data, message->length, NULL);
    case MESSAGE_TAKEN:
        return message_write_taken(buffer, message->tag, message->taken, NULL);
    case MESSAGE_CASE:
        return message_write_case(buffer, message->tag, message->index, &message->test_case, NULL);
    default:
        return message_write_end(buffer, message->tag, &message->outcome, NULL);
    }
}

static enum message_side side_of(unsigned kind)
{
    return kind <= 4 ? FROM_FRONTEND : FROM_EXECUTOR;
}

/* Reads from memory of exactly that size, so that a sanitizer sees every byte beyond. */
static int read_exactly(const char *data, size_t length, enum message_side side, struct message *ret_message)
{
    struct message_header header;
    uint8_t *payload;
    int r = message_header_read((const uint8_t *)data, side, &header, NULL);

    if (r < 0)
        return r;
    header.length = (uint32_t)(length - MESSAGE_HEADER);
    payload = malloc(header.length ? header.length : 1);
    assert_non_null(payload);
    memcpy(payload, data + MESSAGE_HEADER, header.length);
    r = message_read(&header, payload, ret_message, NULL);
    if (r == 0 && ret_message->data) /* it points into what goes now */
        ret_message->data = data + MESSAGE_HEADER + ((const uint8_t *)ret_message->data - payload);
    free(payload);
    return r;
}

/* ---- tests ---- */

static void every_message_comes_out_as_it_went_in(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        cleanup_buffer struct sn__buffer first = {0}, second = {0};
        struct message message = {0};

        assert_int_equal(write_kind(&first, kind), 0);
        assert_int_equal(read_exactly(first.data, first.length, side_of(kind), &message), 0);
        assert_int_equal(write_again(&second, &message), 0);
        assert_int_equal(first.length, second.length);
        assert_memory_equal(first.data, second.data, first.length);
        message_clear(&message);
    }
}

static void a_spec_has_all_its_fields(void **state)
{
    cleanup_buffer struct sn__buffer buffer = {0};
    struct message message = {0};
    const struct spec *spec = &message.spec;

    (void)state;
    assert_int_equal(write_kind(&buffer, 0), 0);
    assert_int_equal(read_exactly(buffer.data, buffer.length, FROM_FRONTEND, &message), 0);
    assert_int_equal(message.tag, 7);
    assert_int_equal(uuid_compare(&message.job, &job_id), 0);
    assert_string_equal(spec->language, "python");
    assert_int_equal(spec->source.length, 9);
    assert_int_equal(spec->source.data[9], 0);
    assert_string_equal(spec->files[0].path, "lib/a.py");
    assert_memory_equal(spec->files[0].content.data, "x\0y", 3);
    assert_int_equal(spec->files[1].content.length, 0);
    assert_non_null(spec->files[1].content.data);
    assert_string_equal(spec->args[1], "");
    assert_null(spec->args[2]);
    assert_string_equal(spec->env[1], "B=");
    assert_int_equal(spec->limits.output_kb, 1024);
    assert_null(spec->cases[0].args);
    assert_non_null(spec->cases[1].args);
    assert_null(spec->cases[1].args[0]);
    assert_true(spec->cases[0].has_expected && !spec->cases[0].is_hidden && spec->cases[1].is_hidden);
    assert_int_equal(spec->compare, COMPARE_CHECKER);
    assert_true(spec->tolerance == 1e-9);
    assert_string_equal(spec->checker.language, "cpp");
    assert_true(spec->stop_at_first && !spec->is_interactive);
    message_clear(&message);
}

static void an_outcome_has_all_its_fields(void **state)
{
    cleanup_buffer struct sn__buffer buffer = {0};
    struct message message = {0};
    const struct step_outcome *run = &message.outcome.run;

    (void)state;
    assert_int_equal(write_kind(&buffer, 11), 0);
    assert_int_equal(read_exactly(buffer.data, buffer.length, FROM_EXECUTOR, &message), 0);
    assert_string_equal(message.outcome.reason, "because");
    assert_true(message.outcome.is_checker_to_blame);
    assert_int_equal(message.outcome.case_count, 2);
    assert_null(message.outcome.cases);
    assert_int_equal(run->exit_code, -1);
    assert_int_equal(run->signal, 9);
    assert_int_equal(run->out.length, 7);
    assert_true(run->is_err_truncated && !run->is_out_truncated);
    assert_string_equal(run->notes, "one\ntwo\n");
    assert_int_equal(run->limits.output_kb, 5);
    assert_string_equal(message.outcome.policy, "python");
    message_clear(&message);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        cleanup_buffer struct sn__buffer buffer = {0};

        assert_int_equal(write_kind(&buffer, kind), 0);
        for (size_t length = MESSAGE_HEADER; length < buffer.length; length++) {
            struct message message = {0};

            assert_int_equal(read_exactly(buffer.data, length, side_of(kind), &message), FAIL_INVALID);
            assert_int_equal(message.type, 0);
        }
    }
}

static void a_byte_too_many_is_refused(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        cleanup_buffer struct sn__buffer buffer = {0};
        struct message message = {0};

        assert_int_equal(write_kind(&buffer, kind), 0);
        sn__buffer_add(&buffer, "", 1);
        assert_int_equal(read_exactly(buffer.data, buffer.length, side_of(kind), &message), FAIL_INVALID);
    }
}

/* What is still accepted is written again as it was read: nothing is understood in two ways. */
static void flipped_bits_never_do_harm(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        cleanup_buffer struct sn__buffer buffer = {0};

        assert_int_equal(write_kind(&buffer, kind), 0);
        for (size_t bit = MESSAGE_HEADER * 8; bit < buffer.length * 8; bit++) {
            cleanup_buffer struct sn__buffer again = {0};
            struct message message = {0};

            buffer.data[bit / 8] ^= (char)(1 << (bit % 8));
            if (read_exactly(buffer.data, buffer.length, side_of(kind), &message) == 0) {
                assert_int_equal(write_again(&again, &message), 0);
                assert_int_equal(again.length, buffer.length);
                assert_memory_equal(again.data, buffer.data, buffer.length);
                message_clear(&message);
            }
            buffer.data[bit / 8] ^= (char)(1 << (bit % 8));
        }
    }
}

static void a_header_is_bounded_and_of_its_side(void **state)
{
    uint8_t bytes[MESSAGE_HEADER] = {0};
    struct message_header header;

    (void)state;
    bytes[4] = MESSAGE_CANCEL;
    assert_int_equal(message_header_read(bytes, FROM_FRONTEND, &header, NULL), 0);
    assert_int_equal(message_header_read(bytes, FROM_EXECUTOR, &header, NULL), FAIL_INVALID);
    bytes[4] = MESSAGE_END;
    assert_int_equal(message_header_read(bytes, FROM_FRONTEND, &header, NULL), FAIL_INVALID);
    assert_int_equal(message_header_read(bytes, FROM_EXECUTOR, &header, NULL), 0);
    bytes[4] = 0;
    assert_int_equal(message_header_read(bytes, FROM_FRONTEND, &header, NULL), FAIL_INVALID);
    bytes[4] = MESSAGE_START;
    bytes[3] = 3; /* 48 MiB, without its header: one header too long */
    assert_int_equal(message_header_read(bytes, FROM_FRONTEND, &header, NULL), FAIL_INVALID);
    bytes[3] = 2;
    bytes[2] = bytes[1] = 0xff;
    bytes[0] = 0xf0;
    assert_int_equal(message_header_read(bytes, FROM_FRONTEND, &header, NULL), 0);
    bytes[0] = 0xf1;
    assert_int_equal(message_header_read(bytes, FROM_FRONTEND, &header, NULL), FAIL_INVALID);
}

static void expect_refused(const struct spec *spec)
{
    cleanup_buffer struct sn__buffer buffer = {0};
    struct failure failure = {0};

    assert_int_equal(message_write_start(&buffer, 1, &job_id, spec, &failure), FAIL_INVALID);
    assert_true(failure.message[0]);
}

static void a_path_that_leaves_the_work_directory_is_refused(void **state)
{
    static const char *const bad[] = {"/etc/passwd", "..", "../a", "a/..", "a/../b", "a//../b", ""};
    static const char *const good[] = {"a", "..a", "a..", "a/b..c", "...", "./a"};
    struct spec spec = full_spec();
    struct spec_file file = {.content = {TEXT(""), 0}};

    (void)state;
    spec.files = &file;
    spec.file_count = 1;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        file.path = TEXT(bad[i]);
        expect_refused(&spec);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        file.path = TEXT(good[i]);
        assert_int_equal(message_check_spec(&spec, NULL), 0);
    }
    spec.file_name = TEXT("../x.py");
    expect_refused(&spec);
}

static void a_spec_beyond_its_bounds_is_refused(void **state)
{
    char *many[SPEC_STRINGS_MAX + 2];
    char long_name[SPEC_NAME_MAX + 2];
    struct spec spec = full_spec();

    (void)state;
    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    spec.language = long_name;
    expect_refused(&spec);
    spec = full_spec();
    for (size_t i = 0; i <= SPEC_STRINGS_MAX; i++)
        many[i] = TEXT("a");
    many[SPEC_STRINGS_MAX + 1] = NULL;
    spec.args = many;
    expect_refused(&spec);
    spec = full_spec();
    spec.env = STRINGS(TEXT("NO_VALUE"));
    expect_refused(&spec);
    spec = full_spec();
    spec.limits.memory_kb = UINT64_MAX;
    expect_refused(&spec);
    spec = full_spec();
    spec.tolerance = NAN;
    expect_refused(&spec);
    spec.tolerance = -1;
    expect_refused(&spec);
    spec = full_spec();
    spec.checker.language = NULL;
    expect_refused(&spec);
    spec = full_spec();
    spec.compare = (enum spec_compare)6;
    expect_refused(&spec);
}

static void a_string_with_a_nul_is_refused(void **state)
{
    cleanup_buffer struct sn__buffer buffer = {0};
    struct message message = {0};

    (void)state;
    assert_int_equal(write_kind(&buffer, 0), 0);
    /* "python" is the first field behind the job's id */
    assert_memory_equal(buffer.data + MESSAGE_HEADER + 16 + 4, "python", 6);
    buffer.data[MESSAGE_HEADER + 16 + 6] = '\0';
    assert_int_equal(read_exactly(buffer.data, buffer.length, FROM_FRONTEND, &message), FAIL_INVALID);
}

static void a_job_is_not_started_without_its_id(void **state)
{
    cleanup_buffer struct sn__buffer buffer = {0};
    struct message message = {0};

    (void)state;
    assert_int_equal(write_kind(&buffer, 0), 0);
    memset(buffer.data + MESSAGE_HEADER, 0, sizeof(job_id));
    assert_int_equal(read_exactly(buffer.data, buffer.length, FROM_FRONTEND, &message), FAIL_INVALID);
}

static void a_checker_is_to_blame_for_an_internal_error_only(void **state)
{
    cleanup_buffer struct sn__buffer buffer = {0};
    struct outcome outcome = {.status = JOB_SUCCESS, .is_checker_to_blame = true};
    struct message message = {0};

    (void)state;
    assert_int_equal(message_write_end(&buffer, 7, &outcome, NULL), 0);
    assert_int_equal(read_exactly(buffer.data, buffer.length, FROM_EXECUTOR, &message), FAIL_INVALID);
}

static void a_count_that_cannot_be_true_costs_nothing(void **state)
{
    /* a hello of 1000 languages, of which there is not one byte */
    static const uint8_t payload[] = {MESSAGE_VERSION,
                                      0,
                                      0,
                                      0,
                                      1,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0xe8,
                                      3,
                                      0,
                                      0};
    struct message_header header = {sizeof(payload), MESSAGE_HELLO, 0};
    struct message message = {0};

    (void)state;
    assert_int_equal(message_read(&header, payload, &message, NULL), FAIL_INVALID);
}

static void a_hello_is_about_no_job(void **state)
{
    cleanup_buffer struct sn__buffer buffer = {0};
    struct message message = {0};

    (void)state;
    assert_int_equal(write_kind(&buffer, 5), 0);
    buffer.data[8] = 1;
    assert_int_equal(read_exactly(buffer.data, buffer.length, FROM_EXECUTOR, &message), FAIL_INVALID);
}

static void what_is_larger_than_a_message_is_not_written(void **state)
{
    cleanup_buffer struct sn__buffer buffer = {0};
    struct spec spec = full_spec();

    (void)state;
    spec.source.length = MESSAGE_MAX;
    spec.source.data = calloc(1, MESSAGE_MAX);
    assert_non_null(spec.source.data);
    assert_int_equal(message_write_start(&buffer, 1, &job_id, &spec, NULL), FAIL_LIMIT);
    free(spec.source.data);
}

static void text_of_the_executor_is_cut_to_its_bound(void **state)
{
    cleanup_buffer struct sn__buffer buffer = {0};
    struct outcome outcome = {.status = JOB_INTERNAL_ERROR, .reason = malloc(OUTCOME_LINE_MAX + 100)};
    struct message message = {0};

    (void)state;
    assert_non_null(outcome.reason);
    memset(outcome.reason, 'x', OUTCOME_LINE_MAX + 99);
    outcome.reason[OUTCOME_LINE_MAX + 99] = '\0';
    assert_int_equal(message_write_end(&buffer, 1, &outcome, NULL), 0);
    assert_int_equal(read_exactly(buffer.data, buffer.length, FROM_EXECUTOR, &message), 0);
    assert_int_equal(strlen(message.outcome.reason), OUTCOME_LINE_MAX);
    message_clear(&message);
    free(outcome.reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_comes_out_as_it_went_in),
        cmocka_unit_test(a_spec_has_all_its_fields),
        cmocka_unit_test(an_outcome_has_all_its_fields),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(a_byte_too_many_is_refused),
        cmocka_unit_test(flipped_bits_never_do_harm),
        cmocka_unit_test(a_header_is_bounded_and_of_its_side),
        cmocka_unit_test(a_path_that_leaves_the_work_directory_is_refused),
        cmocka_unit_test(a_spec_beyond_its_bounds_is_refused),
        cmocka_unit_test(a_string_with_a_nul_is_refused),
        cmocka_unit_test(a_job_is_not_started_without_its_id),
        cmocka_unit_test(a_checker_is_to_blame_for_an_internal_error_only),
        cmocka_unit_test(a_count_that_cannot_be_true_costs_nothing),
        cmocka_unit_test(a_hello_is_about_no_job),
        cmocka_unit_test(what_is_larger_than_a_message_is_not_written),
        cmocka_unit_test(text_of_the_executor_is_cut_to_its_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
