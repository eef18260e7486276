/* SPDX-License-Identifier: MIT */
/* Test cases: what is compared, what one case may know of another, and checkers. */
#include "executor_support.h"

static struct executor_process executor; /* of sh and toy */

static struct heard heard;

static void run_cases(const char *language, const char *source, enum spec_compare compare, struct spec_case *cases,
                      size_t count)
{
    struct spec spec = make_spec(language, source);

    spec.cases = cases;
    spec.case_count = count;
    spec.compare = compare;
    spec.tolerance = 0.01;
    run_job(executor.client, &spec, &heard);
}

static void expect_cases(const char *cases)
{
    assert_string_equal(text(&heard.cases), cases);
    end_hearing(&heard);
}

static void the_first_case_that_fails_decides(void **state)
{
    struct spec_case cases[] = {make_case("1", "1\n"), make_case("2", "x\n"), make_case("9", NULL),
                                make_case("4", "4")};

    (void)state;
    run_cases("sh", "read x; echo $x; test $x != 9", COMPARE_TRAILING, cases, 4);
    assert_ended(&heard, JOB_WRONG_ANSWER);
    assert_string_equal(text(&heard.statuses), "RUNNING ");
    assert_int_equal(heard.outcome.case_count, 4);
    assert_false(heard.outcome.has_run);
    assert_string_equal(heard.outcome.cases[0].explanation, "");
    assert_string_equal(heard.outcome.cases[1].explanation, "line 1: expected \"x\", found \"2\"");
    assert_string_equal(heard.outcome.cases[1].step.verdict, "OK");
    assert_int_equal(heard.outcome.cases[1].step.status, JOB_SUCCESS);
    assert_string_equal(heard.outcome.cases[1].step.out.data, "2\n");
    assert_int_equal(heard.outcome.cases[2].step.exit_code, 1);
    assert_int_equal(heard.out[EXECUTOR_STDOUT].length, 0);
    expect_cases("0:SUCCESS 1:WRONG_ANSWER 2:RUNTIME_ERROR 3:SUCCESS ");
}

static void a_case_without_an_expectation_only_has_to_end_well(void **state)
{
    struct spec_case cases[] = {make_case("1", NULL)};

    (void)state;
    run_cases("sh", "cat", COMPARE_EXACT, cases, 1);
    assert_ended(&heard, JOB_SUCCESS);
    expect_cases("0:SUCCESS ");
}

static void outputs_are_compared_in_every_way(void **state)
{
    struct spec_case trailing[] = {make_case("a \n\n", "a"), make_case("a  b", "a b")};
    struct spec_case exact[] = {make_case("a\n", "a\n"), make_case("a\n", "a")};
    struct spec_case tokens[] = {make_case("a\n\nb", "a b"), make_case("1", "1.0")};
    struct spec_case numbers[] = {make_case("1.001", "1"), make_case("1.1", "1")};

    (void)state;
    run_cases("sh", "cat", COMPARE_TRAILING, trailing, 2);
    expect_cases("0:SUCCESS 1:WRONG_ANSWER ");
    run_cases("sh", "cat", COMPARE_EXACT, exact, 2);
    expect_cases("0:SUCCESS 1:WRONG_ANSWER ");
    run_cases("sh", "cat", COMPARE_TOKENS, tokens, 2);
    expect_cases("0:SUCCESS 1:WRONG_ANSWER ");
    run_cases("sh", "cat", COMPARE_FLOAT, numbers, 2);
    expect_cases("0:SUCCESS 1:WRONG_ANSWER ");
}

static void a_hidden_case_is_not_explained(void **state)
{
    struct spec_case cases[] = {make_case("1", "2")};

    (void)state;
    cases[0].is_hidden = true;
    run_cases("sh", "cat", COMPARE_TRAILING, cases, 1);
    assert_ended(&heard, JOB_WRONG_ANSWER);
    assert_string_equal(heard.outcome.cases[0].explanation, "");
    assert_string_equal(heard.outcome.cases[0].step.out.data, "1");
    expect_cases("0:WRONG_ANSWER ");
}

static void stop_at_first_leaves_the_others_out(void **state)
{
    struct spec_case cases[] = {make_case("1", "1"), make_case("2", "x"), make_case("3", "3")};
    struct spec spec = make_spec("sh", "cat");

    (void)state;
    spec.cases = cases;
    spec.case_count = 3;
    spec.stop_at_first = true;
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_WRONG_ANSWER);
    assert_int_equal(heard.outcome.case_count, 3);
    assert_int_equal(heard.outcome.cases[2].status, JOB_CANCELLED);
    assert_string_equal(heard.outcome.cases[2].step.verdict, "");
    expect_cases("0:SUCCESS 1:WRONG_ANSWER ");
}

static void cases_have_arguments_and_limits_of_their_own(void **state)
{
    static char *args[] = {TEXT("own"), NULL}, *job_args[] = {TEXT("job's"), NULL};
    struct spec_case cases[] = {make_case("", "job's\n"), make_case("", "own\n"), make_case("", NULL)};
    struct spec spec = make_spec("sh", "echo $1; test \"$1\" != slow || sleep 100");
    static char *slow[] = {TEXT("slow"), NULL};

    (void)state;
    cases[1].args = args;
    cases[2].args = slow;
    cases[2].limits.time_ms = 200;
    spec.args = job_args;
    spec.limits.time_ms = 100000;
    spec.limits.memory_kb = 32 * 1024;
    spec.cases = cases;
    spec.case_count = 3;
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_TIMEOUT);
    assert_int_equal(heard.outcome.cases[0].step.limits.time_ms, 100000);
    assert_int_equal(heard.outcome.cases[2].step.limits.time_ms, 200);
    assert_int_equal(heard.outcome.cases[2].step.limits.memory_kb, 32 * 1024);
    expect_cases("0:SUCCESS 1:SUCCESS 2:TIMEOUT ");
}

static const char leave_marks[] = "for d in /work /tmp /dev/shm; do test ! -e $d/mark || echo old $d; done\n"
                                  "touch /work/mark /tmp/mark /dev/shm/mark; echo \"rm -f $0\" >>a.out; echo new\n";

static void no_case_sees_what_another_left(void **state)
{
    struct spec_case cases[] = {make_case("", "new\n"), make_case("", "new\n"), make_case("", "new\n")};

    (void)state;
    run_cases("sh", leave_marks, COMPARE_TRAILING, cases, 3);
    assert_ended(&heard, JOB_SUCCESS);
    expect_cases("0:SUCCESS 1:SUCCESS 2:SUCCESS ");
}

/* What the three cases printed behind "compiled " is the same. */
static bool was_compiled_once(void)
{
    const char *first = strstr(heard.outcome.cases[0].step.out.data, "compiled ");
    bool same = first != NULL;

    for (size_t i = 1; same && i < heard.outcome.case_count; i++) {
        const char *other = strstr(heard.outcome.cases[i].step.out.data, "compiled ");

        same = other && strcmp(other, first) == 0;
    }
    return same;
}

static void check_compiled_cases(const char *comment, bool once)
{
    struct spec_case cases[] = {make_case("", NULL), make_case("", NULL), make_case("", NULL)};
    char source[1000];

    snprintf(source, sizeof(source), "# %s %d\n%s", comment, rand(), leave_marks);
    for (int i = 0; i < 2; i++) {
        run_cases("toy", source, COMPARE_TRAILING, cases, 3);
        assert_ended(&heard, JOB_SUCCESS);
        assert_string_equal(text(&heard.statuses), "COMPILING RUNNING ");
        assert_int_equal(was_compiled_once(), once);
        for (size_t j = 0; j < 3; j++)
            assert_null(strstr(heard.outcome.cases[j].step.out.data, "old"));
        expect_cases("0:SUCCESS 1:SUCCESS 2:SUCCESS ");
    }
}

static void compiled_cases_share_the_compiling_and_nothing_else(void **state)
{
    (void)state;
    check_compiled_cases("", true);
}

static void what_the_cache_does_not_take_is_compiled_for_each_case(void **state)
{
    (void)state;
    check_compiled_cases("TODAY", false);
}

static int count_own_caches(void)
{
    DIR *dir = opendir("/tmp");
    struct dirent *entry;
    int count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)))
        count += strncmp(entry->d_name, "sentinel-job.", 13) == 0;
    closedir(dir);
    return count;
}

static void without_a_cache_a_job_still_compiles_once(void **state)
{
    struct executor_process usual = executor;
    int before = count_own_caches();

    (void)state;
    executor = start_executor(2, own_languages(), WITHOUT_CACHE);
    connect_to(&executor);
    check_compiled_cases("", true);
    stop_executor(&executor);
    executor = usual;
    assert_int_equal(count_own_caches(), before);
}

static void what_does_not_compile_has_no_cases(void **state)
{
    struct spec_case cases[] = {make_case("", NULL), make_case("", NULL)};

    (void)state;
    run_cases("toy", "BAD", COMPARE_TRAILING, cases, 2);
    assert_ended(&heard, JOB_COMPILATION_ERROR);
    assert_string_equal(text(&heard.out[EXECUTOR_COMPILE_OUTPUT]), "no\n");
    assert_int_equal(heard.outcome.case_count, 0);
    expect_cases("");
}

static void of_each_case_64_kib_are_kept(void **state)
{
    struct spec_case cases[] = {make_case("", NULL)};

    (void)state;
    run_cases("sh", "head -c 100000 /dev/zero; head -c 65536 /dev/zero >&2", COMPARE_TRAILING, cases, 1);
    assert_ended(&heard, JOB_SUCCESS);
    assert_int_equal(heard.outcome.cases[0].step.out.length, 65536);
    assert_true(heard.outcome.cases[0].step.is_out_truncated);
    assert_int_equal(heard.outcome.cases[0].step.err.length, 65536);
    assert_false(heard.outcome.cases[0].step.is_err_truncated);
    expect_cases("0:SUCCESS ");
}

static void what_is_compared_is_all_of_the_output(void **state)
{
    struct spec_case cases[] = {make_case("", NULL), make_case("", NULL)};
    size_t length = 100000;
    char *expected = malloc(length + 1);

    (void)state;
    assert_non_null(expected);
    memset(expected, 'x', length);
    for (int i = 0; i < 2; i++) {
        cases[i].expected.data = expected;
        cases[i].expected.length = length - (size_t)i;
        cases[i].has_expected = true;
    }
    run_cases("sh", "head -c 100000 /dev/zero | tr '\\0' x", COMPARE_TRAILING, cases, 2);
    expect_cases("0:SUCCESS 1:WRONG_ANSWER ");
    free(expected);
}

static void cancelling_ends_the_cases(void **state)
{
    struct spec_case cases[] = {make_case("1", NULL), make_case("1000", NULL), make_case("1", NULL)};
    struct spec spec = make_spec("sh", "read x; test $x = 1 || sleep $x");
    uint64_t tag;

    (void)state;
    spec.cases = cases;
    spec.case_count = 3;
    spec.limits.time_ms = 10000000;
    tag = start_job(executor.client, &spec, &heard);
    await_text(&heard, &heard.cases, "0:SUCCESS");
    executor_cancel(executor.client, tag);
    await_end(&heard);
    assert_ended(&heard, JOB_CANCELLED);
    assert_int_equal(heard.outcome.case_count, 3);
    assert_int_equal(heard.outcome.cases[1].status, JOB_CANCELLED);
    assert_int_equal(heard.outcome.cases[2].status, JOB_CANCELLED);
    end_hearing(&heard);
}

static void what_is_cancelled_after_a_failure_is_cancelled(void **state)
{
    struct spec_case cases[] = {make_case("1", "2"), make_case("10", NULL), make_case("1000", NULL),
                                make_case("1", NULL)};
    struct spec spec = make_spec("sh", "read x; test $x = 1 || sleep $x");
    uint64_t tag;

    (void)state;
    spec.cases = cases;
    spec.case_count = 4;
    spec.limits.time_ms = 10000000;
    cases[1].limits.time_ms = 100;
    tag = start_job(executor.client, &spec, &heard);
    await_text(&heard, &heard.cases, "1:TIMEOUT");
    executor_cancel(executor.client, tag);
    await_end(&heard);
    assert_ended(&heard, JOB_CANCELLED);
    assert_int_equal(heard.outcome.cases[0].status, JOB_WRONG_ANSWER);
    assert_int_equal(heard.outcome.cases[1].status, JOB_TIMEOUT);
    assert_int_equal(heard.outcome.cases[2].status, JOB_CANCELLED);
    assert_int_equal(heard.outcome.cases[3].status, JOB_CANCELLED);
    end_hearing(&heard);
}

/* ---- checkers ---- */

static void run_checked(const char *checker_language, const char *checker, struct spec_case *cases, size_t count)
{
    struct spec spec = make_spec("sh", "cat");

    spec.cases = cases;
    spec.case_count = count;
    spec.compare = COMPARE_CHECKER;
    spec.checker.language = TEXT(checker_language);
    spec.checker.source.data = TEXT(checker);
    spec.checker.source.length = strlen(checker);
    run_job(executor.client, &spec, &heard);
}

static void a_checker_decides(void **state)
{
    struct spec_case cases[] = {make_case("right", "e"), make_case("wrong", "e"), make_case("wrong", "e"),
                                make_case("", NULL)};

    (void)state;
    cases[2].is_hidden = true;
    run_checked("sh",
                "test $# = 3 || exit 9\n"
                "test \"$(cat $1)\" = \"$(cat $3)\" || exit 8\n"
                "case $(cat input.txt) in\n"
                "right) test $(cat expected.txt) = e && echo good;;\n"
                "'') test ! -s expected.txt;;\n"
                "*) echo 'not this'; echo more; exit 1;; esac\n",
                cases, 4);
    assert_ended(&heard, JOB_WRONG_ANSWER);
    assert_string_equal(heard.outcome.cases[0].explanation, "good");
    assert_string_equal(heard.outcome.cases[1].explanation, "not this");
    assert_string_equal(heard.outcome.cases[2].explanation, "");
    expect_cases("0:SUCCESS 1:WRONG_ANSWER 2:WRONG_ANSWER 3:SUCCESS ");
}

static void a_checker_is_compiled_once(void **state)
{
    struct spec_case cases[] = {make_case("a", NULL), make_case("b", NULL)};

    (void)state;
    run_checked("toy", "# TODAY\n", cases, 2);
    assert_ended(&heard, JOB_SUCCESS);
    assert_non_null(strstr(heard.outcome.cases[0].explanation, "compiled "));
    assert_string_equal(heard.outcome.cases[0].explanation, heard.outcome.cases[1].explanation);
    expect_cases("0:SUCCESS 1:SUCCESS ");
}

static void expect_broken(const char *language, const char *checker, const char *reason)
{
    struct spec_case cases[] = {make_case("a", NULL), make_case("b", NULL), make_case("c", NULL)};

    run_checked(language, checker, cases, 3);
    assert_ended(&heard, JOB_INTERNAL_ERROR);
    if (!strstr(heard.outcome.reason, reason) || strncmp(heard.outcome.reason, "the checker failed: ", 20) != 0)
        fail_msg("the reason is '%s'", heard.outcome.reason);
}

static void a_checker_that_fails_is_an_internal_error_of_its_own(void **state)
{
    static const struct {
        const char *checker;
        const char *reason;
    } broken[] = {{"exit 2", "exit status is 2"},
                  {"kill -ABRT $$", "signal 6"},
                  {"while :; do :; done", "TIME_LIMIT_EXCEEDED"},
                  {"head -c 100000000 /dev/zero", "OUTPUT_LIMIT_EXCEEDED"}};

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(broken); i++) {
        expect_broken("sh", broken[i].checker, broken[i].reason);
        assert_true(heard.outcome.is_checker_to_blame);
        assert_int_equal(heard.outcome.cases[1].status, JOB_CANCELLED);
        expect_cases("0:INTERNAL_ERROR ");
    }
}

static void a_checker_that_spoils_its_directory_is_to_blame(void **state)
{
    (void)state;
    expect_broken("sh", "rm input.txt && mkdir input.txt", "'input.txt' is a directory");
    assert_true(heard.outcome.is_checker_to_blame);
    expect_cases("0:SUCCESS 1:INTERNAL_ERROR ");
}

static void no_case_is_run_for_a_checker_that_does_not_compile(void **state)
{
    (void)state;
    expect_broken("toy", "BAD", "does not compile (COMPILATION_ERROR): no");
    assert_true(heard.outcome.is_checker_to_blame);
    assert_string_equal(text(&heard.statuses), "COMPILING ");
    assert_int_equal(heard.outcome.case_count, 0);
    assert_int_equal(heard.outcome.run_start_us, 0);
    expect_cases("");
}

/* Whoever accepted the job looked whether there is one: workers differ, and that is the operator's to know. */
static void a_checker_of_no_known_language_is_our_fault(void **state)
{
    (void)state;
    expect_broken("cobol", "", "no language 'cobol'");
    assert_false(heard.outcome.is_checker_to_blame);
    assert_int_equal(heard.outcome.case_count, 0);
    expect_cases("");
}

static void a_checker_that_fails_after_a_wrong_answer_is_to_blame_for_nothing(void **state)
{
    struct spec_case cases[] = {make_case("a", NULL), make_case("b", NULL)};

    (void)state;
    run_checked("sh", "test $(cat input.txt) = a && exit 1; exit 2", cases, 2);
    assert_ended(&heard, JOB_WRONG_ANSWER);
    assert_false(heard.outcome.is_checker_to_blame);
    expect_cases("0:WRONG_ANSWER 1:INTERNAL_ERROR ");
}

static void cancelling_ends_the_compiling_of_a_checker(void **state)
{
    struct spec_case cases[] = {make_case("a", NULL)};
    struct spec spec = make_spec("sh", "cat");
    uint64_t tag;

    (void)state;
    spec.cases = cases;
    spec.case_count = 1;
    spec.compare = COMPARE_CHECKER;
    spec.checker = (struct spec_checker){TEXT("toy"), {TEXT("SLEEP"), 5}};
    tag = start_job(executor.client, &spec, &heard);
    await_text(&heard, &heard.statuses, "COMPILING");
    executor_cancel(executor.client, tag);
    await_end(&heard);
    assert_ended(&heard, JOB_CANCELLED);
    assert_false(heard.outcome.is_checker_to_blame);
    expect_cases("");
}

static void a_checker_is_not_asked_about_a_run_that_failed(void **state)
{
    struct spec_case cases[] = {make_case("a", NULL)};
    struct spec spec = make_spec("sh", "exit 1");

    (void)state;
    spec.cases = cases;
    spec.case_count = 1;
    spec.compare = COMPARE_CHECKER;
    spec.checker = (struct spec_checker){TEXT("sh"), {TEXT("exit 2"), 6}};
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_RUNTIME_ERROR);
    assert_string_equal(heard.outcome.reason, "");
    expect_cases("0:RUNTIME_ERROR ");
}

static int begin(void **state)
{
    if (begin_tests(state) < 0)
        return -1;
    executor = start_executor(2, own_languages(), 0);
    connect_to(&executor);
    return 0;
}

static int end(void **state)
{
    stop_executor(&executor);
    return end_tests(state);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_case_that_fails_decides),
        cmocka_unit_test(a_case_without_an_expectation_only_has_to_end_well),
        cmocka_unit_test(outputs_are_compared_in_every_way),
        cmocka_unit_test(a_hidden_case_is_not_explained),
        cmocka_unit_test(stop_at_first_leaves_the_others_out),
        cmocka_unit_test(cases_have_arguments_and_limits_of_their_own),
        cmocka_unit_test(no_case_sees_what_another_left),
        cmocka_unit_test(compiled_cases_share_the_compiling_and_nothing_else),
        cmocka_unit_test(what_the_cache_does_not_take_is_compiled_for_each_case),
        cmocka_unit_test(without_a_cache_a_job_still_compiles_once),
        cmocka_unit_test(what_does_not_compile_has_no_cases),
        cmocka_unit_test(of_each_case_64_kib_are_kept),
        cmocka_unit_test(what_is_compared_is_all_of_the_output),
        cmocka_unit_test(cancelling_ends_the_cases),
        cmocka_unit_test(what_is_cancelled_after_a_failure_is_cancelled),
        cmocka_unit_test(a_checker_decides),
        cmocka_unit_test(a_checker_is_compiled_once),
        cmocka_unit_test(a_checker_that_fails_is_an_internal_error_of_its_own),
        cmocka_unit_test(a_checker_that_spoils_its_directory_is_to_blame),
        cmocka_unit_test(no_case_is_run_for_a_checker_that_does_not_compile),
        cmocka_unit_test(a_checker_of_no_known_language_is_our_fault),
        cmocka_unit_test(a_checker_that_fails_after_a_wrong_answer_is_to_blame_for_nothing),
        cmocka_unit_test(cancelling_ends_the_compiling_of_a_checker),
        cmocka_unit_test(a_checker_is_not_asked_about_a_run_that_failed),
    };

    if (argc == 7 && strcmp(argv[1], "executor") == 0)
        return be_executor(argv);
    return cmocka_run_group_tests(tests, begin, end);
}
