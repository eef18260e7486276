/* SPDX-License-Identifier: MIT */
/* Every wrong option is refused by name, and nothing is left of the attempt. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static sn_sandbox *shared;
static struct footprint before;

static int prepare(void **state)
{
    sn_sandbox_options options;

    (void)state;
    sn_sandbox_options_init(&options);
    options.arm = SN_ARM_NEVER; /* between two tests it is at rest */
    (void)create_sandbox(&options, &shared, NULL);
    if (shared) /* which keeps its leaf for the next one */
        sn_result_free(run_shell(shared, "exit 0", NULL));
    /* what the library keeps for the next one while there is a sandbox */
    for (int i = 0; i < 3; i++) {
        sn_sandbox *second = NULL;

        (void)create_sandbox(NULL, &second, NULL);
        sn_sandbox_destroy(second);
    }
    footprint_take(&before);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    sn_sandbox_destroy(shared);
    return 0;
}

/* Around every test: what it left. */
static int nothing_is_left(void **state)
{
    (void)state;
    assert_nothing_left(&before);
    return 0;
}

static void need_shared(void)
{
    if (!shared)
        skip_because("no sandbox on this host");
}

/* Creation must fail with this code; the message must contain `word`. */
static void refuse_sandbox(const sn_sandbox_options *options, int wanted, const char *word)
{
    sn_sandbox *sandbox = (sn_sandbox *)1;
    sn_error *error = NULL;
    int code = create_sandbox(options, &sandbox, &error);

    if (code == 0)
        sn_sandbox_destroy(sandbox);
    else
        assert_ptr_equal(sandbox, (sn_sandbox *)1); /* outputs are untouched on failure */
    print_message("%s: %s: %s\n", word, sn_error_step(error), sn_error_message(error));
    if (code == wanted && !strstr(sn_error_message(error), word))
        fail_msg("the message does not name \"%s\"", word);
    assert_refused(code, wanted, error);
    /* The same without anybody to tell. */
    assert_int_equal(create_sandbox(options, &sandbox, NULL), wanted);
}

static void refuse_run(const sn_run_options *options, int wanted, const char *word)
{
    sn_result *result = (sn_result *)1;
    sn_running *running = (sn_running *)1;
    sn_error *error = NULL;
    int code = sn_run(shared, options, &result, &error);

    if (code != 0)
        assert_ptr_equal(result, (sn_result *)1);
    print_message("%s: %s: %s\n", word, sn_error_step(error), sn_error_message(error));
    if (code == wanted && !strstr(sn_error_message(error), word))
        fail_msg("the message does not name \"%s\"", word);
    assert_refused(code, wanted, error);
    error = NULL;
    code = sn_run_start(shared, options, &running, &error);
    if (code != 0)
        assert_ptr_equal(running, (sn_running *)1);
    assert_refused(code, wanted, error);
}

static void missing_outputs_and_arguments(void **state)
{
    sn_error *error = NULL;
    sn_result *result = NULL;
    sn_running *running = NULL;
    sn_run_options options;
    const char *argv[] = {"/bin/true", NULL};

    (void)state;
    need_shared();
    sn_run_options_init(&options);
    options.argv = argv;
    assert_refused(create_sandbox(NULL, NULL, &error), SN_EINVAL, error);
    error = NULL;
    assert_refused(sn_run(NULL, &options, &result, &error), SN_EINVAL, error);
    error = NULL;
    assert_refused(sn_run(shared, NULL, &result, &error), SN_EINVAL, error);
    error = NULL;
    assert_refused(sn_run(shared, &options, NULL, &error), SN_EINVAL, error);
    error = NULL;
    assert_refused(sn_run_start(shared, &options, NULL, &error), SN_EINVAL, error);
    error = NULL;
    assert_refused(sn_run_start(NULL, &options, &running, &error), SN_EINVAL, error);
    error = NULL;
    assert_refused(sn_run_wait(NULL, &result, &error), SN_EINVAL, error);
    error = NULL;
    assert_refused(sn_sandbox_put(NULL, "x", "x", 1, 0, &error), SN_EINVAL, error);
    sn_running_free(NULL);
    sn_result_free(NULL);
    sn_error_free(NULL);
    sn_free(NULL);
    sn_policy_free(NULL);
    sn_sandbox_destroy(NULL);
}

/* clone3's rule: a smaller struct is zero-filled, a larger one is taken only if its tail is zero. */
static void option_structs_of_other_sizes(void **state)
{
    struct {
        sn_sandbox_options options;
        uint64_t tail[4];
    } larger;
    struct {
        sn_limits limits;
        uint64_t tail[4];
    } larger_limits;
    sn_sandbox_options options;
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;

    (void)state;
    need_shared();
    memset(&larger, 0, sizeof(larger));
    sn_sandbox_options_init(&larger.options);
    larger.options.size = sizeof(larger);
    larger.options.relax = relaxed_by_environment();
    assert_ok(create_sandbox(&larger.options, &sandbox, &error), error);
    sn_sandbox_destroy(sandbox);
    larger.tail[3] = 1;
    refuse_sandbox(&larger.options, SN_EINVAL, "sn_sandbox_options");
    larger.tail[3] = 0;
    larger.options.size = 1 << 20; /* more than we would ever look at */
    refuse_sandbox(&larger.options, SN_EINVAL, "sn_sandbox_options");
    sn_sandbox_options_init(&options);
    options.size = 0;
    refuse_sandbox(&options, SN_EINVAL, "sn_sandbox_options");
    options.size = 3;
    refuse_sandbox(&options, SN_EINVAL, "sn_sandbox_options");
    options.size = offsetof(sn_sandbox_options, rootfs);
    options.relax = relaxed_by_environment();
    options.rootfs = "/not/looked/at";
    options.network = 77;
    assert_ok(create_sandbox(&options, &sandbox, &error), error);
    sn_sandbox_destroy(sandbox);

    memset(&larger_limits, 0, sizeof(larger_limits));
    sn_limits_init(&larger_limits.limits);
    larger_limits.limits.size = sizeof(larger_limits);
    sn_sandbox_options_init(&options);
    options.limits = &larger_limits.limits;
    assert_ok(create_sandbox(&options, &sandbox, &error), error);
    sn_sandbox_destroy(sandbox);
    larger_limits.tail[0] = 1;
    refuse_sandbox(&options, SN_EINVAL, "sn_limits");
    larger_limits.limits.size = 0;
    refuse_sandbox(&options, SN_EINVAL, "sn_limits");
}

static void wrong_layers(void **state)
{
    sn_sandbox_options options;

    (void)state;
    need_shared();
    sn_sandbox_options_init(&options);
    options.relax = UINT64_C(1) << SN_LAYER_COUNT;
    refuse_sandbox(&options, SN_EINVAL, "relax");
    options.relax = UINT64_C(1) << 63;
    refuse_sandbox(&options, SN_EINVAL, "relax");
    options.relax = SN_LAYER_MOUNT_NS;
    refuse_sandbox(&options, SN_EINVAL, sn_layer_name(SN_LAYER_MOUNT_NS));
    options.relax = SN_LAYER_NO_NEW_PRIVS; /* needs seccomp and landlock relaxed */
    refuse_sandbox(&options, SN_EINVAL, sn_layer_name(SN_LAYER_NO_NEW_PRIVS));
    options.relax = SN_LAYER_NO_NEW_PRIVS | SN_LAYER_LANDLOCK;
    refuse_sandbox(&options, SN_EINVAL, sn_layer_name(SN_LAYER_NO_NEW_PRIVS));
    options.relax = SN_LAYER_PID_NS | SN_LAYER_CGROUP; /* nothing could find all its processes */
    refuse_sandbox(&options, SN_EINVAL, sn_layer_name(SN_LAYER_PID_NS));
    options.relax = SN_LAYER_PROC | SN_LAYER_CGROUP; /* nothing could be sampled */
    refuse_sandbox(&options, SN_EINVAL, sn_layer_name(SN_LAYER_PROC));
    options.relax = SN_LAYER_NETWORK_NS; /* it would be the host's network that is set up */
    options.network = SN_NETWORK_LOOPBACK;
    refuse_sandbox(&options, SN_EINVAL, sn_layer_name(SN_LAYER_NETWORK_NS));
}

static void wrong_sandbox_options(void **state)
{
    sn_sandbox_options options;
    char long_name[300];

    (void)state;
    need_shared();
    sn_sandbox_options_init(&options);
    options.network = 2;
    refuse_sandbox(&options, SN_EINVAL, "network");
    sn_sandbox_options_init(&options);
    options.arm = 3;
    refuse_sandbox(&options, SN_EINVAL, "SN_ARM_");
    sn_sandbox_options_init(&options);
    options.hostname = "";
    refuse_sandbox(&options, SN_EINVAL, "host name");
    memset(long_name, 'h', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    options.hostname = long_name;
    refuse_sandbox(&options, SN_EINVAL, "host name");
    options.hostname = "two words";
    refuse_sandbox(&options, SN_EINVAL, "host name");
    sn_sandbox_options_init(&options);
    options.rootfs = "";
    refuse_sandbox(&options, SN_EINVAL, "rootfs");
    options.rootfs = "no/such/relative";
    refuse_sandbox(&options, SN_ENOENT, "no/such/relative");
    options.rootfs = "/no/such/root";
    refuse_sandbox(&options, SN_ENOENT, "/no/such/root");
    sn_sandbox_options_init(&options);
    options.work_bytes = UINT64_MAX;
    refuse_sandbox(&options, SN_EINVAL, "work_bytes");
    sn_sandbox_options_init(&options);
    options.tmp_bytes = UINT64_MAX;
    refuse_sandbox(&options, SN_EINVAL, "tmp_bytes");
    sn_sandbox_options_init(&options);
    options.shm_bytes = UINT64_MAX;
    refuse_sandbox(&options, SN_EINVAL, "shm_bytes");
    sn_sandbox_options_init(&options);
    options.work_inodes = UINT64_MAX;
    refuse_sandbox(&options, SN_EINVAL, "work_inodes");
    sn_sandbox_options_init(&options);
    options.tmp_inodes = UINT64_MAX;
    refuse_sandbox(&options, SN_EINVAL, "tmp_inodes");
}

static void wrong_cgroup_parents(void **state)
{
    static const char *const parents[] = {"", "relative", "/no/such/group", "/tmp", "/etc/passwd"};
    sn_sandbox_options options;

    (void)state;
    need_shared();
    if (relaxed_by_environment() & SN_LAYER_CGROUP) {
        print_message("without groups their parent is not looked at\n");
        return;
    }
    for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
        sn_sandbox *sandbox = NULL;
        sn_error *error = NULL;
        int code;

        sn_sandbox_options_init(&options);
        options.cgroup_parent = parents[i];
        code = create_sandbox(&options, &sandbox, &error);
        print_message("cgroup_parent \"%s\": %s %s\n", parents[i], sn_code_name(code), sn_error_message(error));
        assert_true(code == SN_EINVAL || code == SN_EHOST || code == SN_ENOENT);
        assert_null(sandbox);
        assert_string_not_equal(sn_error_message(error), "");
        sn_error_free(error);
    }
}

static void wrong_mounts(void **state)
{
    static const struct {
        const char *source;
        const char *target;
        uint32_t flags;
        uint32_t reserved;
        int code;
        const char *word;
    } rows[] = {
        {NULL, "/data", 0, 0, SN_EINVAL, "source"},
        {"", "/data", 0, 0, SN_EINVAL, "source"},
        {"relative", "/data", 0, 0, SN_EINVAL, "relative"},
        {"/no/such", "/data", 0, 0, SN_ENOENT, "/no/such"},
        {"/usr", "", 0, 0, SN_EINVAL, "target"},
        {"/usr", "data", 0, 0, SN_EINVAL, "data"},
        {"/usr", "/a/../../b", 0, 0, SN_EINVAL, "/a/../../b"},
        {"/usr", "/", 0, 0, SN_EINVAL, "target"},
        {"/usr", "/data", 1U << 3, 0, SN_EINVAL, "flags"},
        {"/usr", "/data", 0, 1, SN_EINVAL, "reserved"},
        {"/usr", "/proc", 0, 0, SN_EINVAL, "/proc"},
    };
    sn_sandbox_options options;

    (void)state;
    need_shared();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sn_mount mount;
        const sn_mount *mounts[] = {&mount, NULL};

        sn_mount_init(&mount);
        mount.source = rows[i].source;
        mount.target = rows[i].target;
        mount.flags = rows[i].flags;
        mount.reserved = rows[i].reserved;
        sn_sandbox_options_init(&options);
        options.mounts = mounts;
        refuse_sandbox(&options, rows[i].code, rows[i].word);
    }
    {
        sn_mount mount;
        const sn_mount *mounts[] = {&mount, NULL};

        sn_mount_init(&mount);
        mount.source = "/usr";
        mount.target = "/data";
        mount.size = 0;
        sn_sandbox_options_init(&options);
        options.mounts = mounts;
        refuse_sandbox(&options, SN_EINVAL, "sn_mount");
    }
}

/* Through these a program would reach what is behind them, whatever the mount's flags say. */
static void sources_that_are_neither_file_nor_directory(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char directory[] = "/tmp/sn-test-XXXXXX", fifo[64], link[64];
    const char *const sources[] = {"/dev/null", "/dev/zero", fifo, address.sun_path, link};
    sn_sandbox_options options;

    (void)state;
    need_shared();
    assert_non_null(mkdtemp(directory));
    snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
    snprintf(link, sizeof(link), "%s/link", directory);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", directory);
    assert_int_equal(mkfifo(fifo, 0666), 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(symlink("/dev/null", link), 0);
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        sn_mount mount;
        const sn_mount *mounts[] = {&mount, NULL};

        sn_mount_init(&mount);
        mount.source = sources[i];
        mount.target = "/data";
        mount.flags = SN_MOUNT_OPTIONAL;
        sn_sandbox_options_init(&options);
        options.mounts = mounts;
        refuse_sandbox(&options, SN_EINVAL, sources[i]);
    }
    close(listener);
    unlink(address.sun_path);
    unlink(fifo);
    unlink(link);
    rmdir(directory);
}

static void wrong_limits(void **state)
{
    static const struct {
        const char *name;
        size_t offset;
        uint64_t value;
    } rows[] = {
        {"cpu_ms", offsetof(sn_limits, cpu_ms), UINT64_MAX - 1},
        {"wall_ms", offsetof(sn_limits, wall_ms), UINT64_MAX - 1},
        {"memory_bytes", offsetof(sn_limits, memory_bytes), 1},
        {"memory_bytes", offsetof(sn_limits, memory_bytes), MIB - 1},
        {"memory_bytes", offsetof(sn_limits, memory_bytes), SN_UNLIMITED},
        {"processes", offsetof(sn_limits, processes), SN_UNLIMITED},
        {"output_bytes", offsetof(sn_limits, output_bytes), SN_UNLIMITED},
        {"open_files", offsetof(sn_limits, open_files), SN_UNLIMITED},
        {"open_files", offsetof(sn_limits, open_files), 1},
        {"cpu_percent", offsetof(sn_limits, cpu_percent), SN_UNLIMITED},
    };

    (void)state;
    need_shared();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *argv[] = {"/bin/true", NULL};
        sn_sandbox_options options;
        sn_run_options run_options;
        sn_limits limits;

        sn_limits_init(&limits);
        memcpy((char *)&limits + rows[i].offset, &rows[i].value, sizeof(uint64_t));
        print_message("%s = %llu\n", rows[i].name, (unsigned long long)rows[i].value);
        sn_sandbox_options_init(&options);
        options.limits = &limits;
        refuse_sandbox(&options, SN_EINVAL, rows[i].name);
        sn_run_options_init(&run_options);
        run_options.argv = argv;
        run_options.limits = &limits;
        refuse_run(&run_options, SN_EINVAL, rows[i].name);
    }
}

static void wrong_runs(void **state)
{
    const char *argv[] = {"/bin/true", NULL};
    const char *none[] = {NULL};
    const char *empty[] = {"", NULL};
    const char *no_equals[] = {"NOVALUE", NULL};
    const char *no_name[] = {"=value", NULL};
    sn_run_options options;

    (void)state;
    need_shared();
    sn_run_options_init(&options);
    refuse_run(&options, SN_EINVAL, "argv");
    options.argv = none;
    refuse_run(&options, SN_EINVAL, "argv");
    options.argv = empty;
    refuse_run(&options, SN_EINVAL, "argv");
    options.argv = argv;
    options.envp = no_equals;
    refuse_run(&options, SN_EINVAL, "NOVALUE");
    options.envp = no_name;
    refuse_run(&options, SN_EINVAL, "=value");
    options.envp = NULL;
    options.cwd = "relative";
    refuse_run(&options, SN_EINVAL, "relative");
    options.cwd = "";
    refuse_run(&options, SN_EINVAL, "cwd");
    options.cwd = NULL;
    options.stdin_mode = 2;
    refuse_run(&options, SN_EINVAL, "stdin_mode");
    options.stdin_mode = SN_STDIN_DATA;
    options.output_mode = 2;
    refuse_run(&options, SN_EINVAL, "output_mode");
    options.output_mode = SN_OUTPUT_CAPTURE;
    options.stdin_length = 5;
    refuse_run(&options, SN_EINVAL, "stdin");
    options.stdin_length = 0;
    options.stdin_data = "both";
    options.stdin_length = 4;
    options.stdin_mode = SN_STDIN_FEED;
    refuse_run(&options, SN_EINVAL, "SN_STDIN_FEED");
    sn_run_options_init(&options);
    options.argv = argv;
    options.size = 0;
    refuse_run(&options, SN_EINVAL, "sn_run_options");
    options.size = sizeof(options) + 100000;
    refuse_run(&options, SN_EINVAL, "sn_run_options");
}

static void writing_where_nothing_is_fed(void **state)
{
    const char *argv[] = {"/bin/sleep", "5", NULL};
    sn_running *running = NULL;
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL, *errors[4] = {NULL};
    int codes[4];
    size_t taken = 99;
    sn_event event;

    (void)state;
    need_shared();
    sn_run_options_init(&options);
    options.argv = argv;
    assert_ok(sn_run_start(shared, &options, &running, &error), error);
    memset(&event, 0, sizeof(event)); /* size 0 */
    codes[0] = sn_run_write(running, "x", 1, &taken, &errors[0]);
    codes[1] = sn_run_next(running, NULL, &errors[1]);
    codes[2] = sn_run_next(running, &event, &errors[2]);
    sn_run_cancel(running);
    assert_ok(sn_run_wait(running, &result, &error), error);
    sn_result_free(result);
    codes[3] = sn_run_wait(running, &result, &errors[3]); /* once only */
    sn_running_free(running);
    for (int i = 0; i < 4; i++) {
        print_message("%d: %s\n", i, sn_error_message(errors[i]));
        assert_refused(codes[i], SN_EINVAL, errors[i]);
    }
    assert_int_equal(taken, 99);
}

static void wrong_policies(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
    } rows[] = {
        {"POLICY p { ALLOW { no_such_call_xyz } }\nUSE p DEFAULT KILL\n", 1},
        {"POLICY p {\n  ALLOW {\n read, write\n", 4},
        {"\n\n!", 3},
        {"{ \"defaultAction\": 7", 1},
    };
    sn_policy *policy = (sn_policy *)1;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sn_error *error = NULL;
        int code = sn_policy_parse(rows[i].text, strlen(rows[i].text), "given", &policy, &error);

        print_message("%u:%u %s\n", sn_error_line(error), sn_error_column(error), sn_error_message(error));
        assert_true(sn_error_line(error) > 0);
        assert_true(sn_error_line(error) <= rows[i].line);
        assert_ptr_equal(policy, (sn_policy *)1);
        assert_refused(code, SN_EPARSE, error);
    }
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"no-such-policy", "/no/such/file.policy", "../../etc/passwd"};
        sn_error *error = NULL;
        int code = sn_policy_load(names[i], &policy, &error);

        assert_true(code == SN_ENOENT || (i == 2 && (code == SN_EPARSE || code == SN_EINVAL)));
        assert_string_not_equal(sn_error_message(error), "");
        sn_error_free(error);
    }
}

/* As an unprivileged process would meet it: the root file system exists but cannot be read. */
static void a_root_that_is_a_file_or_empty(void **state)
{
    char directory[] = "/tmp/sn-test-XXXXXX";
    sn_sandbox_options options;
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    int code;

    (void)state;
    need_shared();
    sn_sandbox_options_init(&options);
    options.rootfs = "/etc/passwd";
    refuse_sandbox(&options, SN_EINVAL, "/etc/passwd");
    /* An empty tree is no error by itself, but no program is there to be run. */
    assert_non_null(mkdtemp(directory));
    options.rootfs = directory;
    code = create_sandbox(&options, &sandbox, &error);
    if (code == 0) {
        const char *argv[] = {"/bin/true", NULL};
        sn_run_options run_options;
        sn_result *result = NULL;

        sn_run_options_init(&run_options);
        run_options.argv = argv;
        assert_refused(sn_run(sandbox, &run_options, &result, &error), SN_ENOENT, error);
        sn_sandbox_destroy(sandbox);
    } else {
        assert_string_not_equal(sn_error_message(error), "");
        sn_error_free(error);
    }
    rmdir(directory);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, nothing_is_left)
    const struct CMUnitTest tests[] = {
        TEST(missing_outputs_and_arguments),
        TEST(option_structs_of_other_sizes),
        TEST(wrong_layers),
        TEST(wrong_sandbox_options),
        TEST(wrong_cgroup_parents),
        TEST(wrong_mounts),
        TEST(sources_that_are_neither_file_nor_directory),
        TEST(wrong_limits),
        TEST(wrong_runs),
        TEST(writing_where_nothing_is_fed),
        TEST(wrong_policies),
        TEST(a_root_that_is_a_file_or_empty),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, prepare, finish);
}
