/* SPDX-License-Identifier: MIT */
/* Sandboxes and their files: create, destroy, put, get, list, mkdir. */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static sn_sandbox *shared; /* one sandbox for the tests that only look at files */

static int make_shared(void **state)
{
    (void)state;
    /* Not make_sandbox(): a set-up cannot skip. The first test says why there is none. */
    (void)create_sandbox(NULL, &shared, NULL);
    return 0;
}

static int drop_shared(void **state)
{
    (void)state;
    sn_sandbox_destroy(shared);
    return 0;
}

static sn_sandbox *need_shared(void)
{
    if (!shared)
        shared = make_sandbox(NULL);
    return shared;
}

static void put(sn_sandbox *sandbox, const char *path, const char *text)
{
    sn_error *error = NULL;

    assert_ok(sn_sandbox_put(sandbox, path, text, strlen(text), 0, &error), error);
}

static void assert_holds(sn_sandbox *sandbox, const char *path, const char *text)
{
    sn_error *error = NULL;
    void *data = NULL;
    size_t length = 0;

    assert_ok(sn_sandbox_get(sandbox, path, 1 << 20, &data, &length, &error), error);
    assert_int_equal(length, strlen(text));
    assert_memory_equal(data, text, length);
    sn_free(data);
}

static int refused_put(sn_sandbox *sandbox, const char *path, sn_error **ret_error)
{
    return sn_sandbox_put(sandbox, path, "x", 1, 0, ret_error);
}

static int refused_get(sn_sandbox *sandbox, const char *path, sn_error **ret_error)
{
    void *data = (void *)1;
    size_t length = 77;
    int code = sn_sandbox_get(sandbox, path, 4096, &data, &length, ret_error);

    if (code != 0) { /* outputs are untouched on failure */
        assert_ptr_equal(data, (void *)1);
        assert_int_equal(length, 77);
    }
    return code;
}

static void shell(sn_sandbox *sandbox, const char *script)
{
    sn_result *result = run_shell(sandbox, script, NULL);

    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
}

static void created_and_destroyed_with_all_layers(void **state)
{
    struct footprint before;
    sn_sandbox *sandbox;
    uint64_t all = ((UINT64_C(1) << SN_LAYER_COUNT) - 1) & ~relaxed_by_environment();

    (void)state;
    sn_sandbox_destroy(make_sandbox(NULL)); /* what is made once (the slot directory) is no leftover */
    footprint_take(&before);
    sandbox = make_sandbox(NULL);
    assert_true((sn_sandbox_layers(sandbox) & ~all) == 0);
    /* a kernel may lack these two alone */
    assert_true((sn_sandbox_layers(sandbox) | SN_LAYER_LANDLOCK | SN_LAYER_APPARMOR) == all);
    sn_sandbox_destroy(sandbox);
    assert_nothing_left(&before);
    sn_sandbox_destroy(NULL);
}

static void put_get_replace_and_modes(void **state)
{
    sn_sandbox *sandbox = need_shared();
    sn_error *error = NULL;
    sn_result *result;
    void *data = NULL;
    size_t length = 1;

    (void)state;
    put(sandbox, "a.txt", "one");
    assert_holds(sandbox, "a.txt", "one");
    put(sandbox, "a.txt", "replaced by something longer");
    assert_holds(sandbox, "a.txt", "replaced by something longer");
    put(sandbox, "a.txt", "short");
    assert_holds(sandbox, "a.txt", "short");
    put(sandbox, "empty", "");
    assert_ok(sn_sandbox_get(sandbox, "empty", 10, &data, &length, &error), error);
    assert_non_null(data);
    assert_int_equal(length, 0);
    sn_free(data);
    assert_ok(sn_sandbox_put(sandbox, "null-data", NULL, 0, 0, &error), error);
    assert_ok(sn_sandbox_put(sandbox, "tool", "#!/bin/sh\necho ran\n", 19, 0755, &error), error);
    put(sandbox, "deep/er/and/deeper.txt", "down here");
    assert_holds(sandbox, "deep/er/and/deeper.txt", "down here");
    result = run_shell(sandbox, "stat -c %a a.txt tool && ./tool && cat deep/er/and/deeper.txt", NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "644\n755\nran\ndown here");
    sn_result_free(result);
}

static void bytes_survive_both_ways(void **state)
{
    sn_sandbox *sandbox = need_shared();
    const size_t length = 3 << 20;
    unsigned char *bytes = malloc(length);
    sn_error *error = NULL;
    void *data = NULL;
    size_t got = 0;

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (unsigned char)(i * 2654435761U >> 13);
    assert_ok(sn_sandbox_put(sandbox, "blob", bytes, length, 0, &error), error);
    shell(sandbox, "cp blob blob2");
    assert_ok(sn_sandbox_get(sandbox, "blob2", length, &data, &got, &error), error);
    assert_int_equal(got, length);
    assert_memory_equal(data, bytes, length);
    sn_free(data);
    free(bytes);
}

static void get_keeps_to_its_bound(void **state)
{
    sn_sandbox *sandbox = need_shared();
    sn_error *error = NULL;
    void *data = NULL;
    size_t length = 0;

    (void)state;
    put(sandbox, "ten", "0123456789");
    assert_ok(sn_sandbox_get(sandbox, "ten", 10, &data, &length, &error), error);
    assert_int_equal(length, 10);
    sn_free(data);
    assert_refused(sn_sandbox_get(sandbox, "ten", 9, &data, &length, &error), SN_ELIMIT, error);
    error = NULL;
    assert_refused(refused_get(sandbox, "not-there", &error), SN_ENOENT, error);
    error = NULL;
    assert_int_not_equal(refused_get(sandbox, "ten/x", &error), 0);
    assert_string_not_equal(sn_error_message(error), "");
    sn_error_free(error);
    /* A sparse file as large as its limit allows must not make the host allocate that much. */
    shell(sandbox, "truncate -s 200M sparse");
    error = NULL;
    assert_refused(refused_get(sandbox, "sparse", &error), SN_ELIMIT, error);
}

static void paths_that_are_no_paths(void **state)
{
    static const char *const bad[] = {"", "/etc/passwd", "..", "../x", "a/../../x", "a/../b", "./../x", "/"};
    sn_sandbox *sandbox = need_shared();
    char *long_name = malloc(8192);
    char component[300];

    (void)state;
    assert_non_null(long_name);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sn_error *error = NULL;

        print_message("path \"%s\"\n", bad[i]);
        assert_refused(refused_put(sandbox, bad[i], &error), SN_EINVAL, error);
        error = NULL;
        assert_refused(refused_get(sandbox, bad[i], &error), SN_EINVAL, error);
    }
    memset(component, 'n', sizeof(component) - 1);
    component[sizeof(component) - 1] = '\0';
    for (size_t i = 0; i < 8190; i++)
        long_name[i] = i % 2 ? '/' : 'd';
    long_name[8190] = '\0';
    for (int i = 0; i < 2; i++) {
        const char *path = i ? component : long_name;
        sn_error *error = NULL;
        int code = refused_put(sandbox, path, &error);

        assert_true(code == SN_EINVAL || code == SN_ESYS || code == SN_ELIMIT);
        assert_string_not_equal(sn_error_message(error), "");
        sn_error_free(error);
    }
    free(long_name);
    for (int i = 0; i < 4; i++) {
        sn_error *error = NULL;
        int code = i == 0   ? refused_put(sandbox, NULL, &error)
                   : i == 1 ? refused_get(sandbox, NULL, &error)
                   : i == 2 ? sn_sandbox_mkdir(sandbox, NULL, &error)
                            : sn_sandbox_put(sandbox, "x", NULL, 5, 0, &error);

        assert_refused(code, SN_EINVAL, error);
    }
}

static void links_and_special_files_are_refused(void **state)
{
    static const char *const traps[] = {"link-out", "link-in",  "link-dangling", "dir-link/sn-test-escape",
                                        "fifo",     "directory"};
    sn_sandbox *sandbox = need_shared();
    struct stat info;

    (void)state;
    put(sandbox, "real.txt", "real");
    shell(sandbox, "ln -s /etc/passwd link-out; ln -s real.txt link-in; ln -s nowhere link-dangling;"
                   "mkdir directory; ln -s /tmp dir-link; mkfifo fifo");
    for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
        sn_error *error = NULL;
        uint64_t start = now_ms();
        int code = refused_get(sandbox, traps[i], &error);

        print_message("%s: %s\n", traps[i], sn_error_message(error));
        assert_int_not_equal(code, 0);
        assert_string_not_equal(sn_error_message(error), "");
        sn_error_free(error);
        error = NULL;
        code = refused_put(sandbox, traps[i], &error);
        assert_int_not_equal(code, 0);
        assert_string_not_equal(sn_error_message(error), "");
        sn_error_free(error);
        assert_true(now_ms() - start < 20000); /* a FIFO must not be waited for */
    }
    assert_holds(sandbox, "real.txt", "real");
    assert_int_equal(lstat("/tmp/sn-test-escape", &info), -1);
}

/* A hard link to a file of the host cannot be made because nothing of the host is on the same file system. */
static void hard_links_stay_inside(void **state)
{
    sn_sandbox *sandbox = need_shared();
    sn_result *result;

    (void)state;
    put(sandbox, "original", "content");
    shell(sandbox, "ln original second");
    assert_holds(sandbox, "original", "content");
    result = run_shell(sandbox, "ln /etc/passwd stolen 2>/dev/null || ln /usr/bin/env stolen", NULL);
    assert_verdict(result, SN_VERDICT_RUNTIME_ERROR);
    sn_result_free(result);
    /* Replacing one name must not write through to the other. */
    put(sandbox, "second", "new");
    assert_holds(sandbox, "original", "content");
}

static void unreadable_files_are_still_ours(void **state)
{
    sn_sandbox *sandbox = need_shared();

    (void)state;
    shell(sandbox, "echo hidden > secret; chmod 000 secret; mkdir -p closed; echo in > closed/x; chmod 000 closed");
    assert_holds(sandbox, "secret", "hidden\n");
    put(sandbox, "secret", "replaced");
    assert_holds(sandbox, "secret", "replaced");
    shell(sandbox, "chmod 755 closed; rm -r closed");
}

static void directories_are_made_and_listed(void **state)
{
    sn_sandbox *sandbox = need_shared();
    sn_error *error = NULL;
    sn_file_list *list = NULL;
    bool newline = false, sub = false, data = false;

    (void)state;
    assert_ok(sn_sandbox_mkdir(sandbox, "listed/sub", &error), error);
    assert_ok(sn_sandbox_mkdir(sandbox, "listed/sub", &error), error);
    put(sandbox, "listed/data", "12345");
    shell(sandbox, "cd listed; touch \"$(printf 'two\\nlines')\"; ln -s data soft");
    assert_ok(sn_sandbox_list(sandbox, "listed", &list, &error), error);
    assert_int_equal(sn_file_list_count(list), 4);
    for (size_t i = 0; i < 4; i++) {
        const sn_file_info *info = sn_file_list_entry(list, i);

        assert_non_null(info);
        newline |= strcmp(info->name, "two\nlines") == 0;
        sub |= strcmp(info->name, "sub") == 0 && S_ISDIR(info->mode);
        data |= strcmp(info->name, "data") == 0 && S_ISREG(info->mode) && info->bytes == 5;
        if (strcmp(info->name, "soft") == 0)
            assert_true(S_ISLNK(info->mode));
    }
    assert_true(newline && sub && data);
    assert_null(sn_file_list_entry(list, 4));
    sn_file_list_free(list);
    for (int i = 0; i < 2; i++) {
        list = NULL;
        assert_ok(sn_sandbox_list(sandbox, i ? "." : "", &list, &error), error);
        assert_true(sn_file_list_count(list) >= 1);
        sn_file_list_free(list);
    }
    sn_file_list_free(NULL);
    assert_int_equal(sn_file_list_count(NULL), 0);
    assert_refused(sn_sandbox_list(sandbox, "no-such", &list, &error), SN_ENOENT, error);
    error = NULL;
    assert_refused(sn_sandbox_list(sandbox, "..", &list, &error), SN_EINVAL, error);
    error = NULL;
    assert_int_not_equal(sn_sandbox_list(sandbox, "listed/soft", &list, &error), 0);
    sn_error_free(error);
    error = NULL;
    assert_int_not_equal(sn_sandbox_mkdir(sandbox, "listed/data", &error), 0);
    sn_error_free(error);
}

static void a_listing_has_its_bound(void **state)
{
    sn_sandbox_options options;
    sn_sandbox *sandbox;
    sn_file_list *list = NULL;
    sn_error *error = NULL;
    sn_result *result;

    (void)state;
    sn_sandbox_options_init(&options);
    options.work_inodes = 80000;
    options.work_bytes = 256 * MIB;
    sandbox = make_sandbox(&options);
    result =
        run_python(sandbox, "import os\nfor i in range(65537):\n os.close(os.open('f%05d' % i, os.O_CREAT))", NULL);
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
    assert_refused(sn_sandbox_list(sandbox, "", &list, &error), SN_ELIMIT, error);
    shell(sandbox, "rm f00000");
    error = NULL;
    assert_ok(sn_sandbox_list(sandbox, "", &list, &error), error);
    assert_int_equal(sn_file_list_count(list), 65536);
    sn_file_list_free(list);
    sn_sandbox_destroy(sandbox);
}

static void work_and_tmp_stay_shm_does_not(void **state)
{
    sn_sandbox *sandbox = need_shared();
    sn_result *result;

    (void)state;
    shell(sandbox, "echo w > /work/kept; echo t > /tmp/kept; echo s > /dev/shm/gone");
    result = run_shell(sandbox, "cat /work/kept /tmp/kept; ls -A /dev/shm", NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "w\nt\n");
    sn_result_free(result);
}

static void quotas_of_the_work_directory_hold_for_put(void **state)
{
    sn_sandbox_options options;
    sn_sandbox *sandbox;
    sn_error *error = NULL;
    char *big = calloc(1, 2 << 20);

    (void)state;
    assert_non_null(big);
    sn_sandbox_options_init(&options);
    options.work_bytes = MIB;
    sandbox = make_sandbox(&options);
    assert_refused(sn_sandbox_put(sandbox, "big", big, 2 << 20, 0, &error), SN_ESYS, error);
    put(sandbox, "small", "fits"); /* what was half written is gone again */
    assert_holds(sandbox, "small", "fits");
    sn_sandbox_destroy(sandbox);
    free(big);
}

static void busy_while_a_run_goes_on(void **state)
{
    const char *argv[] = {"/bin/sleep", "20", NULL};
    sn_sandbox *sandbox = make_sandbox(NULL);
    sn_running *running = NULL, *second = NULL;
    sn_file_list *list = NULL;
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;

    (void)state;
    sn_run_options_init(&options);
    options.argv = argv;
    assert_ok(sn_run_start(sandbox, &options, &running, &error), error);
    assert_refused(sn_run_start(sandbox, &options, &second, &error), SN_EBUSY, error);
    assert_null(second);
    error = NULL;
    assert_refused(sn_run(sandbox, &options, &result, &error), SN_EBUSY, error);
    error = NULL;
    assert_refused(refused_put(sandbox, "x", &error), SN_EBUSY, error);
    error = NULL;
    assert_refused(refused_get(sandbox, "x", &error), SN_EBUSY, error);
    error = NULL;
    assert_refused(sn_sandbox_mkdir(sandbox, "x", &error), SN_EBUSY, error);
    error = NULL;
    assert_refused(sn_sandbox_list(sandbox, "", &list, &error), SN_EBUSY, error);
    error = NULL;
    sn_run_cancel(running);
    assert_ok(sn_run_wait(running, &result, &error), error);
    assert_verdict(result, SN_VERDICT_CANCELLED);
    sn_result_free(result);
    sn_running_free(running);
    put(sandbox, "x", "free again");
    sn_sandbox_destroy(sandbox);
}

static void the_host_name_is_the_callers(void **state)
{
    sn_sandbox_options options;
    sn_sandbox *sandbox;
    sn_result *result;

    (void)state;
    result = run_shell(need_shared(), "cat /proc/sys/kernel/hostname 2>/dev/null || uname -n", NULL);
    assert_string_equal(out(result), "sandbox\n");
    sn_result_free(result);
    sn_sandbox_options_init(&options);
    options.hostname = "judge-7";
    sandbox = make_sandbox(&options);
    result = run_shell(sandbox, "uname -n", NULL);
    assert_string_equal(out(result), "judge-7\n");
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(created_and_destroyed_with_all_layers),
        cmocka_unit_test(put_get_replace_and_modes),
        cmocka_unit_test(bytes_survive_both_ways),
        cmocka_unit_test(get_keeps_to_its_bound),
        cmocka_unit_test(paths_that_are_no_paths),
        cmocka_unit_test(links_and_special_files_are_refused),
        cmocka_unit_test(hard_links_stay_inside),
        cmocka_unit_test(unreadable_files_are_still_ours),
        cmocka_unit_test(directories_are_made_and_listed),
        cmocka_unit_test(a_listing_has_its_bound),
        cmocka_unit_test(work_and_tmp_stay_shm_does_not),
        cmocka_unit_test(quotas_of_the_work_directory_hold_for_put),
        cmocka_unit_test(busy_while_a_run_goes_on),
        cmocka_unit_test(the_host_name_is_the_callers),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, make_shared, drop_shared);
}
