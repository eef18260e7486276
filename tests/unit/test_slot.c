/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "plan/slot.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A user's slots live where XDG_RUNTIME_DIR says; root's do not, so root only runs what needs no place of its own. */
static char place[48];

static int setup(void **state)
{
    (void)state;
    snprintf(place, sizeof(place), "/tmp/sentinel-test-XXXXXX");
    if (!mkdtemp(place) || setenv("XDG_RUNTIME_DIR", place, 1) < 0)
        return -1;
    return 0;
}

static int teardown(void **state)
{
    char command[192];

    (void)state;
    snprintf(command, sizeof(command), "chmod -R u+rwx %s; rm -rf %s", place, place);
    return system(command);
}

static void a_held_slot_is_refused_and_a_closed_one_is_free(void **state)
{
    uint32_t slot = UINT32_MAX;
    int fd = -1;
    int other = -1;

    (void)state;
    assert_int_equal(sn__slot_take(SN__SLOT_COUNT, &slot, &fd, NULL), 0);
    assert_in_range(slot, 0, SN__SLOT_COUNT - 1);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    /* the lock belongs to the open file description, so the same process is refused too */
    assert_int_equal(sn__slot_try(slot, &other, NULL), 0);
    assert_int_equal(other, -1);
    close(fd);
    assert_int_equal(sn__slot_try(slot, &other, NULL), 1);
    close(other);
}

static void every_copy_of_the_descriptor_holds_it(void **state)
{
    uint32_t slot;
    int fd, copy;
    int other = -1;

    (void)state;
    assert_int_equal(sn__slot_take(SN__SLOT_COUNT, &slot, &fd, NULL), 0);
    copy = dup(fd);
    close(fd);
    assert_int_equal(sn__slot_try(slot, &other, NULL), 0);
    close(copy);
    assert_int_equal(sn__slot_try(slot, &other, NULL), 1);
    close(other);
}

static void the_kernel_gives_back_what_a_dead_process_held(void **state)
{
    uint32_t slot = 0;
    int other = -1;
    int pipes[2];
    int status;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    child = fork();
    if (child == 0) {
        int fd;

        if (sn__slot_take(SN__SLOT_COUNT, &slot, &fd, NULL) < 0 || write(pipes[1], &slot, sizeof(slot)) < 0)
            _exit(1);
        pause();
    }
    assert_int_equal(read(pipes[0], &slot, sizeof(slot)), sizeof(slot));
    assert_int_equal(sn__slot_try(slot, &other, NULL), 0);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    assert_int_equal(sn__slot_try(slot, &other, NULL), 1);
    close(other);
    close(pipes[0]);
    close(pipes[1]);
}

static void many_slots_are_all_different(void **state)
{
    static int fds[300];
    static bool seen[SN__SLOT_COUNT];

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(fds); i++) {
        uint32_t slot;

        assert_int_equal(sn__slot_take(SN__SLOT_COUNT, &slot, &fds[i], NULL), 0);
        assert_false(seen[slot]);
        seen[slot] = true;
    }
    for (size_t i = 0; i < SN_ARRAY_SIZE(fds); i++)
        close(fds[i]);
}

static void the_umask_neither_matters_nor_changes(void **state)
{
    mode_t before = umask(0777);
    uint32_t slot;
    int first = -1;
    int second = -1;
    int r;

    (void)state;
    r = sn__slot_take(SN__SLOT_COUNT, &slot, &first, NULL);
    close(first);
    if (r == 0)
        r = sn__slot_try(slot, &second, NULL);
    assert_int_equal(umask(before), 0777);
    assert_int_equal(r, 1);
    close(second);
}

static void a_number_out_of_range_is_an_error(void **state)
{
    sn_error *error = NULL;
    int fd = -1;

    (void)state;
    assert_int_equal(sn__slot_try(SN__SLOT_COUNT, &fd, &error), SN_EINVAL);
    assert_int_equal(fd, -1);
    assert_non_null(strstr(sn_error_message(error), "8192"));
    sn_error_free(error);
}

/* Each slot is somebody's ids: a small range of subordinate ones is as many sandboxes, and the next one is refused. */
static void only_so_many_are_taken_as_there_are_ids(void **state)
{
    bool seen[3] = {false};
    int fds[3];
    size_t taken = 0;
    sn_error *error = NULL;
    uint32_t slot = 0;
    int fd = -1;

    (void)state;
    /* root's are those of the whole machine: somebody may have some of these */
    while (sn__slot_take(3, &slot, &fd, &error) == 0) {
        assert_in_range(slot, 0, 2);
        assert_false(seen[slot]);
        seen[slot] = true;
        fds[taken++] = fd;
    }
    assert_int_equal(sn_error_code(error), SN_EHOST);
    assert_non_null(strstr(sn_error_message(error), "all 3 sandboxes"));
    assert_non_null(strstr(sn_error_message(error), "/etc/subuid"));
    sn_error_free(error);
    if (geteuid() != 0)
        assert_int_equal(taken, 3);
    while (taken)
        close(fds[--taken]);
    if (geteuid() != 0) {
        assert_int_equal(sn__slot_take(1, &slot, &fd, NULL), 0); /* what was given back is there again */
        assert_int_equal(slot, 0);
        close(fd);
    }
}

/* What others could have put in our way must be passed over, never used. */
static void a_runtime_directory_that_others_can_write_is_not_used(void **state)
{
    static const mode_t modes[] = {0777, 0770, 0702, 0720};

    (void)state;
    if (geteuid() == 0) {
        print_message("SKIP: root has /run for its slots; the rootless suite runs this\n");
        skip();
    }
    for (size_t i = 0; i < SN_ARRAY_SIZE(modes); i++) {
        char path[128];
        uint32_t slot;
        int fd;
        struct stat st;

        snprintf(path, sizeof(path), "%s/open%zu", place, i);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_int_equal(chmod(path, modes[i]), 0);
        setenv("XDG_RUNTIME_DIR", path, 1);
        assert_int_equal(sn__slot_take(SN__SLOT_COUNT, &slot, &fd, NULL), 0);
        close(fd);
        snprintf(path, sizeof(path), "%s/open%zu/sentinel", place, i);
        assert_int_equal(stat(path, &st), -1);
        setenv("XDG_RUNTIME_DIR", place, 1);
    }
}

static void a_link_in_place_of_the_directory_is_not_followed(void **state)
{
    char base[128], path[160], target[128];
    uint32_t slot;
    int fd;
    struct stat st;

    (void)state;
    if (geteuid() == 0) {
        print_message("SKIP: root has /run for its slots; the rootless suite runs this\n");
        skip();
    }
    snprintf(base, sizeof(base), "%s/linked", place);
    snprintf(path, sizeof(path), "%s/sentinel", base);
    snprintf(target, sizeof(target), "%s/target", place);
    assert_int_equal(mkdir(base, 0700), 0);
    assert_int_equal(mkdir(target, 0700), 0);
    assert_int_equal(symlink(target, path), 0);
    setenv("XDG_RUNTIME_DIR", base, 1);
    assert_int_equal(sn__slot_take(SN__SLOT_COUNT, &slot, &fd, NULL), 0);
    close(fd);
    snprintf(path, sizeof(path), "%s/slots", target);
    assert_int_equal(stat(path, &st), -1);
    setenv("XDG_RUNTIME_DIR", place, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_held_slot_is_refused_and_a_closed_one_is_free),
        cmocka_unit_test(every_copy_of_the_descriptor_holds_it),
        cmocka_unit_test(the_kernel_gives_back_what_a_dead_process_held),
        cmocka_unit_test(many_slots_are_all_different),
        cmocka_unit_test(the_umask_neither_matters_nor_changes),
        cmocka_unit_test(a_number_out_of_range_is_an_error),
        cmocka_unit_test(only_so_many_are_taken_as_there_are_ids),
        cmocka_unit_test(a_runtime_directory_that_others_can_write_is_not_used),
        cmocka_unit_test(a_link_in_place_of_the_directory_is_not_followed),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
