/* SPDX-License-Identifier: MIT */
/* How an executor, a frontend and their jobs come to an end: asked to, killed, or by a message that is none. */
#include "executor_support.h"

/* A job that ends by being ended only, told from others by its command line. */
struct sleeper {
    char source[64];
    char word[32];
    struct spec spec;
    struct heard heard;
    uint64_t tag;
};

static void make_sleeper(struct sleeper *sleeper, bool speaks)
{
    static int number;

    number++;
    snprintf(sleeper->word, sizeof(sleeper->word), "98765.%d", (int)getpid() * 100 + number);
    snprintf(sleeper->source, sizeof(sleeper->source), "%sexec sleep %s\n", speaks ? "echo up\n" : "", sleeper->word);
    sleeper->spec = make_spec("sh", sleeper->source);
    sleeper->spec.limits.time_ms = 100000000;
}

static void start_sleeper(struct sleeper *sleeper, struct executor_client *client)
{
    make_sleeper(sleeper, true);
    sleeper->tag = start_job(client, &sleeper->spec, &sleeper->heard);
    await_text(&sleeper->heard, &sleeper->heard.out[EXECUTOR_STDOUT], "up");
}

/* Processes whose command line has `word` in it. */
static int count_processes(const char *word)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    int count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        char path[300], line[512];
        ssize_t length;
        int fd;

        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        length = read(fd, line, sizeof(line) - 1);
        close(fd);
        count += length > 0 && memmem(line, (size_t)length, word, strlen(word)) != NULL;
    }
    closedir(dir);
    return count;
}

/* Until there are some, or none. */
static void await_processes(const char *word, bool some)
{
    for (int i = 0; i < PATIENCE_S * 100 && (count_processes(word) > 0) != some; i++)
        poll(NULL, 0, 10);
    assert_int_equal(count_processes(word) > 0, some);
}

/* ---- cancelling ---- */

static void a_compile_step_can_be_cancelled(void **state)
{
    struct executor_process executor = start_executor(1, own_languages(), 0);
    struct spec spec = make_spec("toy", "SLEEP");
    struct heard heard;
    uint64_t tag;

    (void)state;
    connect_to(&executor);
    tag = start_job(executor.client, &spec, &heard);
    await_text(&heard, &heard.statuses, "COMPILING");
    await_processes(long_compile(), true);
    executor_cancel(executor.client, tag);
    await_end(&heard);
    assert_ended(&heard, JOB_CANCELLED);
    assert_string_equal(text(&heard.statuses), "COMPILING ");
    assert_int_equal(heard.outcome.compile.status, JOB_CANCELLED);
    assert_int_equal(count_processes(long_compile()), 0);
    end_hearing(&heard);
    stop_executor(&executor);
}

static void a_run_can_be_cancelled(void **state)
{
    struct executor_process executor = start_executor(1, own_languages(), 0);
    struct sleeper sleeper;

    (void)state;
    connect_to(&executor);
    start_sleeper(&sleeper, executor.client);
    await_processes(sleeper.word, true);
    executor_cancel(executor.client, sleeper.tag);
    await_end(&sleeper.heard);
    assert_ended(&sleeper.heard, JOB_CANCELLED);
    assert_string_equal(sleeper.heard.outcome.run.out.data, "up\n");
    assert_int_equal(count_processes(sleeper.word), 0);
    end_hearing(&sleeper.heard);
    stop_executor(&executor);
}

/* ---- one of both goes ---- */

static void disconnecting_ends_the_jobs_and_tells_nobody(void **state)
{
    struct executor_process executor = start_executor(2, own_languages(), 0);
    struct sleeper sleepers[2];
    unsigned before = gone_count;

    (void)state;
    connect_to(&executor);
    for (int i = 0; i < 2; i++)
        start_sleeper(&sleepers[i], executor.client);
    stop_executor(&executor);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sleepers[i].heard.ends, 0);
        assert_int_equal(count_processes(sleepers[i].word), 0);
        end_hearing(&sleepers[i].heard);
    }
    assert_int_equal(gone_count, before);
}

static void a_killed_executor_is_told_once_and_takes_its_jobs_along(void **state)
{
    struct executor_process executor = start_executor(2, own_languages(), 0);
    struct sleeper sleeper;
    struct spec spec = make_spec("sh", "echo");
    struct failure failure = {0};
    uint64_t tag;
    unsigned before = gone_count;

    (void)state;
    connect_to(&executor);
    start_sleeper(&sleeper, executor.client);
    kill(executor.pid, SIGKILL);
    await_gone(before + 1);
    assert_int_equal(await_executor(&executor), -SIGKILL);
    assert_int_equal(executor_start(executor.client, &job_id, &spec, NULL, &tag, &failure), FAIL_CLOSED);
    assert_int_equal(executor_stdin(executor.client, sleeper.tag, "x", 1, NULL), FAIL_CLOSED);
    executor_cancel(executor.client, sleeper.tag);
    await_processes(sleeper.word, false);
    executor_disconnect(executor.client);
    assert_int_equal(sleeper.heard.ends, 0);
    assert_int_equal(gone_count, before + 1);
    end_hearing(&sleeper.heard);
}

static struct executor_client *left;
static void leave_at_end(void *arg, struct outcome *outcome)
{
    executor_disconnect(left);
    hear_end(arg, outcome);
}

static void a_listener_may_disconnect(void **state)
{
    const struct executor_listener leaver = {hear_status, hear_output, hear_case, leave_at_end, hear_gone};
    struct executor_process executor = start_executor(1, own_languages(), 0);
    struct spec spec = make_spec("sh", "echo");
    struct heard heard;
    unsigned before = gone_count;

    (void)state;
    assert_int_equal(executor_connect(executor.socket, &leaver, NULL, &left, NULL), 0);
    run_job(left, &spec, &heard);
    assert_ended(&heard, JOB_SUCCESS);
    assert_int_equal(await_executor(&executor), 0);
    assert_int_equal(gone_count, before);
    end_hearing(&heard);
}

static void an_executor_that_cannot_work_says_so_by_ending(void **state)
{
    struct executor_process executor = start_executor(1, "/nonexistent", 0);
    struct executor_client *client = NULL;
    struct failure failure = {0};

    (void)state;
    assert_int_equal(executor_connect(executor.socket, &listener, NULL, &client, &failure), FAIL_CLOSED);
    assert_null(client);
    assert_int_equal(await_executor(&executor), 1);
    executor = start_executor(EXECUTOR_SLOTS_MAX + 1, own_languages(), 0);
    assert_int_equal(executor_connect(executor.socket, &listener, NULL, &client, &failure), FAIL_CLOSED);
    assert_int_equal(await_executor(&executor), 1);
}

static void what_is_no_executor_is_refused(void **state)
{
    cleanup_buffer struct sn__buffer end = {0};
    const struct outcome outcome = {.status = JOB_SUCCESS};
    struct executor_client *client = NULL;
    int pair[2];

    (void)state;
    assert_int_equal(message_write_end(&end, 1, &outcome, NULL), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        if (i == 0)
            assert_int_equal(write(pair[1], "HTTP/1.1 400 Bad Request", 24), 24);
        else
            assert_int_equal(write(pair[1], end.data, end.length), end.length);
        assert_int_equal(executor_connect(pair[0], &listener, NULL, &client, NULL), FAIL_INTERNAL);
        close(pair[1]);
    }
}

/* ---- a frontend that does not keep to it ---- */

static void send_bytes(const struct executor_process *executor, const void *data, size_t length)
{
    while (length) {
        ssize_t n = send(executor->socket, data, length, MSG_NOSIGNAL);

        if (n <= 0)
            return; /* it has had enough already */
        data = (const char *)data + n;
        length -= (size_t)n;
    }
}

static void send_message(const struct executor_process *executor, struct sn__buffer *message)
{
    assert_false(message->failed);
    send_bytes(executor, message->data, message->length);
    sn__buffer_clear(message);
}

/* Reads until a message of this type has come; what was read is dropped. */
static void await_message(const struct executor_process *executor, enum message_type type)
{
    struct message_header header = {0};

    while (header.type != type) {
        uint8_t bytes[MESSAGE_HEADER];
        cleanup_free char *payload = NULL;

        assert_int_equal(recv(executor->socket, bytes, sizeof(bytes), MSG_WAITALL), sizeof(bytes));
        assert_int_equal(message_header_read(bytes, FROM_EXECUTOR, &header, NULL), 0);
        payload = malloc(header.length + 1);
        assert_non_null(payload);
        assert_int_equal(recv(executor->socket, payload, header.length, MSG_WAITALL), header.length);
    }
}

static struct executor_process start_raw(struct sleeper *sleeper)
{
    struct executor_process executor = start_executor(2, own_languages(), 0);
    struct sn__buffer message = {0};

    await_message(&executor, MESSAGE_HELLO);
    make_sleeper(sleeper, true);
    sleeper->spec.is_interactive = true;
    assert_int_equal(message_write_start(&message, 7, &job_id, &sleeper->spec, NULL), 0);
    send_message(&executor, &message);
    await_message(&executor, MESSAGE_OUTPUT);
    await_processes(sleeper->word, true);
    return executor;
}

/* It ends, and so does what ran. */
static void expect_end(struct executor_process *executor, const struct sleeper *sleeper, int status)
{
    assert_int_equal(await_executor(executor), status);
    assert_int_equal(count_processes(sleeper->word), 0);
    close(executor->socket);
}

static void an_executor_whose_frontend_is_gone_ends_with_all_it_runs(void **state)
{
    struct sleeper sleeper;
    struct executor_process executor = start_raw(&sleeper);

    (void)state;
    close(executor.socket);
    executor.socket = -1;
    assert_int_equal(await_executor(&executor), 0);
    assert_int_equal(count_processes(sleeper.word), 0);
}

static void a_frontend_gone_during_compiling_or_before_the_hello_is_noticed(void **state)
{
    struct executor_process executor = start_executor(1, own_languages(), 0);
    struct spec spec = make_spec("toy", "SLEEP");
    struct sn__buffer message = {0};

    (void)state;
    close(executor.socket);
    assert_int_equal(await_executor(&executor), 0);
    executor = start_executor(1, own_languages(), 0);
    await_message(&executor, MESSAGE_HELLO);
    assert_int_equal(message_write_start(&message, 1, &job_id, &spec, NULL), 0);
    send_message(&executor, &message);
    await_message(&executor, MESSAGE_STATUS);
    close(executor.socket);
    assert_int_equal(await_executor(&executor), 0);
}

static void a_message_that_is_none_ends_the_executor(void **state)
{
    static const uint8_t large[MESSAGE_HEADER] = {0xff, 0xff, 0xff, 0x7f, MESSAGE_CANCEL};
    static const uint8_t unknown[MESSAGE_HEADER] = {0, 0, 0, 0, 99};
    static const uint8_t of_the_executor[MESSAGE_HEADER] = {0, 0, 0, 0, MESSAGE_END};
    static const uint8_t malformed[MESSAGE_HEADER + 4] = {4, 0, 0, 0, MESSAGE_START, 0,    0,   0, 0, 0, 0, 0,
                                                          0, 0, 0, 0, 0xff,          0xff, 0xff};
    const struct {
        const uint8_t *bytes;
        size_t length;
    } bad[] = {{large, sizeof(large)},
               {unknown, sizeof(unknown)},
               {of_the_executor, sizeof(of_the_executor)},
               {malformed, sizeof(malformed)}};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sleeper sleeper;
        struct executor_process executor = start_raw(&sleeper);

        send_bytes(&executor, bad[i].bytes, bad[i].length);
        expect_end(&executor, &sleeper, 1);
    }
}

static void a_message_cut_off_is_the_end(void **state)
{
    static const uint8_t half[MESSAGE_HEADER] = {100, 0, 0, 0, MESSAGE_START};
    struct sleeper sleeper;
    struct executor_process executor = start_raw(&sleeper);

    (void)state;
    send_bytes(&executor, half, sizeof(half));
    shutdown(executor.socket, SHUT_WR);
    expect_end(&executor, &sleeper, 0);
}

static void more_jobs_than_slots_or_a_tag_twice_end_the_executor(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct sleeper sleeper;
        struct executor_process executor = start_raw(&sleeper);

        for (uint64_t tag = 8; tag < 10; tag++) {
            struct sn__buffer message = {0};

            assert_int_equal(message_write_start(&message, i == 0 ? tag : 7, &job_id, &sleeper.spec, NULL), 0);
            send_message(&executor, &message);
        }
        expect_end(&executor, &sleeper, 1);
    }
}

static void input_beyond_what_may_be_on_its_way_ends_the_executor(void **state)
{
    static char piece[1 << 20];
    struct sleeper sleeper;
    struct executor_process executor = start_raw(&sleeper);

    (void)state;
    /* what is for no job, or not much, is no fault */
    for (int i = 0; i < 8; i++) {
        struct sn__buffer message = {0};

        assert_int_equal(message_write_input(&message, i < 4 ? 99 : 7, piece, i < 4 ? sizeof(piece) : 10, NULL), 0);
        send_message(&executor, &message);
    }
    for (int i = 0; i < 8; i++) {
        struct sn__buffer message = {0};

        assert_int_equal(message_write_input(&message, 7, piece, sizeof(piece), NULL), 0);
        send_message(&executor, &message);
    }
    expect_end(&executor, &sleeper, 1);
}

/* A program writes more than the socket holds to a frontend that does not read: the executor still hears of the end. */
static void a_frontend_that_does_not_read_cannot_keep_the_executor(void **state)
{
    struct executor_process executor = start_executor(2, own_languages(), 0);
    struct spec spec = make_spec("sh", "head -c 10000000 /dev/zero");
    struct sn__buffer message = {0};
    struct pollfd fd = {.fd = executor.socket, .events = POLLIN};

    (void)state;
    await_message(&executor, MESSAGE_HELLO);
    assert_int_equal(message_write_start(&message, 1, &job_id, &spec, NULL), 0);
    send_message(&executor, &message);
    assert_int_equal(poll(&fd, 1, PATIENCE_S * 1000), 1);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(message_write_plain(&message, MESSAGE_CANCEL, 99, NULL), 0);
        send_message(&executor, &message);
    }
    shutdown(executor.socket, SHUT_WR);
    assert_int_equal(await_executor(&executor), 0);
    close(executor.socket);
}

/* ---- its log ---- */

static const char *read_log(void)
{
    static char log[20000];
    FILE *file = fopen(log_path(), "re");

    assert_non_null(file);
    log[fread(log, 1, sizeof(log) - 1, file)] = '\0';
    fclose(file);
    return log;
}

static void a_line_about_a_job_has_its_id(void **state)
{
    struct executor_process executor = start_executor(1, own_languages(), WITH_LOG);
    struct spec_case cases[] = {make_case("a", NULL)};
    struct spec spec = make_spec("sh", "cat");
    struct heard heard;
    const char *log;

    (void)state;
    connect_to(&executor);
    spec.cases = cases;
    spec.case_count = 1;
    spec.compare = COMPARE_CHECKER;
    spec.checker = (struct spec_checker){TEXT("sh"), {TEXT("exit 2"), 6}};
    run_job(executor.client, &spec, &heard);
    assert_ended(&heard, JOB_INTERNAL_ERROR);
    end_hearing(&heard);
    spec = make_spec("cobol", "");
    run_job(executor.client, &spec, &heard);
    end_hearing(&heard);
    stop_executor(&executor);
    log = read_log();
    if (!strstr(log, "\"level\":\"info\",\"process\":\"executor\",\"job_id\":\"" JOB_ID
                     "\",\"message\":\"sh: the checker failed: its exit status is 2") ||
        !strstr(log, "\"level\":\"warn\",\"process\":\"executor\",\"job_id\":\"" JOB_ID
                     "\",\"message\":\"cobol: the executor knows no language"))
        fail_msg("the log is: %s", log);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compile_step_can_be_cancelled),
        cmocka_unit_test(a_run_can_be_cancelled),
        cmocka_unit_test(disconnecting_ends_the_jobs_and_tells_nobody),
        cmocka_unit_test(a_killed_executor_is_told_once_and_takes_its_jobs_along),
        cmocka_unit_test(a_listener_may_disconnect),
        cmocka_unit_test(an_executor_that_cannot_work_says_so_by_ending),
        cmocka_unit_test(what_is_no_executor_is_refused),
        cmocka_unit_test(an_executor_whose_frontend_is_gone_ends_with_all_it_runs),
        cmocka_unit_test(a_frontend_gone_during_compiling_or_before_the_hello_is_noticed),
        cmocka_unit_test(a_message_that_is_none_ends_the_executor),
        cmocka_unit_test(a_message_cut_off_is_the_end),
        cmocka_unit_test(more_jobs_than_slots_or_a_tag_twice_end_the_executor),
        cmocka_unit_test(input_beyond_what_may_be_on_its_way_ends_the_executor),
        cmocka_unit_test(a_frontend_that_does_not_read_cannot_keep_the_executor),
        cmocka_unit_test(a_line_about_a_job_has_its_id),
    };

    if (argc == 7 && strcmp(argv[1], "executor") == 0)
        return be_executor(argv);
    return cmocka_run_group_tests(tests, begin_tests, end_tests);
}
