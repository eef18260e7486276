/* SPDX-License-Identifier: MIT */
/* What PID 1 takes from its host: each number at its bound, and one beyond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "init/check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A number that is put in the place of another, and whether what comes of it may pass. */
struct row {
    const char *what;
    size_t at;
    uint32_t value;
    bool is_good;
};

/* A copy of exactly that size, so that a sanitizer sees a read behind it. */
static char *copy_of(const void *bytes, size_t size)
{
    char *copy = malloc(size);

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

static void try_rows(int (*check)(const char *bytes, size_t size, uint32_t fds), const void *valid, size_t size,
                     uint32_t fds, const struct row *rows, size_t count)
{
    assert_int_equal(check(valid, size, fds), 0);
    for (size_t i = 0; i < count; i++) {
        char *bytes = copy_of(valid, size);
        int r;

        memcpy(bytes + rows[i].at, &rows[i].value, sizeof(rows[i].value));
        r = check(bytes, size, fds);
        free(bytes);
        if (r != (rows[i].is_good ? 0 : -EBADMSG))
            fail_msg("%s = %u: %d", rows[i].what, rows[i].value, r);
    }
}

/* What is shorter than its header is not looked into. */
static void try_short(int (*check)(const char *bytes, size_t size, uint32_t fds), const void *valid, size_t size,
                      uint32_t fds)
{
    char *bytes = copy_of(valid, size);
    int r = check(bytes, size, fds);

    free(bytes);
    assert_int_equal(r, -EBADMSG);
    assert_int_equal(check(NULL, 0, fds), -EBADMSG);
}

/* The mounts are at the very end, whose last byte is 0. */
struct plan {
    struct sn__plan head;
    char strings[24];
    struct sn__plan_mount mounts[2];
};

#define PLAN_STRING(n) (offsetof(struct plan, strings) + (n))
#define PLAN_FDS (SN__SETUP_FD_SOURCES + 1)

static const struct plan valid_plan = {
    .head = {.magic = SN__PLAN_MAGIC,
             .size = sizeof(struct plan),
             .hostname = PLAN_STRING(0),
             .mounts = offsetof(struct plan, mounts),
             .mount_count = 2,
             .shm = 1},
    .strings = "host\0/a\0/b\0source",
    .mounts = {{.source = PLAN_STRING(11), .target = PLAN_STRING(5), .fd = -1},
               {.source = PLAN_STRING(11), .target = PLAN_STRING(8), .fd = 0}},
};

static void plans(void **state)
{
#define AT(field) "plan." #field, offsetof(struct plan, head.field)
#define MOUNT(n, field) "mounts[" #n "]." #field, offsetof(struct plan, mounts[n].field)
    enum { HEAD = sizeof(struct sn__plan), SIZE = sizeof(struct plan) };
    static const struct row rows[] = {
        {AT(magic), SN__PLAN_MAGIC + 1, false},
        {AT(magic), SN__REQUEST_MAGIC, false},
        {AT(size), SIZE - 1, false},
        {AT(size), SIZE + 1, false},
        {AT(hostname), HEAD - 1, false},
        {AT(hostname), HEAD, true},
        {AT(hostname), SIZE - 1, true},
        {AT(hostname), SIZE, false},
        {AT(hostname), UINT32_MAX, false},
        {AT(mounts), HEAD - 8, false},
        {AT(mounts), offsetof(struct plan, mounts) - 4, false}, /* not aligned */
        {AT(mounts), offsetof(struct plan, mounts) + 8, false}, /* the last one would end behind the end */
        {AT(mounts), SIZE + 8, false},
        {AT(mounts), UINT32_MAX - 7, false},
        {AT(mount_count), 3, false},
        {AT(mount_count), UINT32_MAX, false},
        {AT(mount_count), 1, false}, /* then shm is none of them */
        {AT(mount_count), 0, false},
        {AT(shm), 0, true},
        {AT(shm), 2, false},
        {AT(born), SN__BORN_AS_STEM, false}, /* which mounts nothing */
        {MOUNT(1, kind), SN__MOUNT_PROC, true},
        {MOUNT(1, kind), SN__MOUNT_PROC + 1, false},
        {MOUNT(1, source), HEAD - 1, false},
        {MOUNT(1, source), HEAD, true},
        {MOUNT(1, source), SIZE - 1, true},
        {MOUNT(1, source), SIZE, false},
        {MOUNT(1, target), PLAN_STRING(5), true},
        {MOUNT(1, target), PLAN_STRING(6), false}, /* relative */
        {MOUNT(1, target), HEAD - 1, false},
        {MOUNT(1, target), SIZE, false},
        {MOUNT(1, fd), (uint32_t)-1, true},
        {MOUNT(1, fd), (uint32_t)-2, false},
        {MOUNT(1, fd), 1, false},
        {MOUNT(1, fd), INT32_MAX, false},
        {MOUNT(1, fd), (uint32_t)INT32_MIN, false},
        {MOUNT(0, source), SIZE, false},
        {MOUNT(0, fd), 0, true},
        {MOUNT(0, fd), 1, false},
        {"the last bytes", SIZE - 4, 0x01000000, false},
    };
    struct plan without_source = valid_plan;

    (void)state;
    try_rows(check_plan, &valid_plan, SIZE, PLAN_FDS, rows, sizeof(rows) / sizeof(rows[0]));
    assert_int_equal(check_plan((const char *)&valid_plan, SIZE, PLAN_FDS - 1), -EBADMSG);
    without_source.mounts[1].fd = -1;
    assert_int_equal(check_plan((const char *)&without_source, SIZE, SN__SETUP_FD_SOURCES), 0);
    assert_int_equal(check_plan((const char *)&without_source, SIZE, SN__SETUP_FD_SOURCES - 1), -EBADMSG);
    try_short(check_plan, &valid_plan, HEAD - 1, PLAN_FDS);
#undef AT
}

/* The offsets of argv are at the very end; their highest byte is 0. */
struct request {
    struct sn__request head;
    uint64_t bpf[2];
    char strings[16];
    uint32_t envp[1];
    uint32_t argv[1];
};

#define REQUEST_STRING(n) (offsetof(struct request, strings) + (n))

static const struct request valid_request = {
    .head = {.magic = SN__REQUEST_MAGIC,
             .size = sizeof(struct request),
             .argv = offsetof(struct request, argv),
             .argc = 1,
             .envp = offsetof(struct request, envp),
             .envc = 1,
             .cwd = REQUEST_STRING(5),
             .search = REQUEST_STRING(7),
             .bpf = offsetof(struct request, bpf),
             .bpf_count = 2},
    .strings = "prog\0/\0/bin\0A=1",
    .envp = {REQUEST_STRING(12)},
    .argv = {REQUEST_STRING(0)},
};

static void requests(void **state)
{
#define AT(field) "request." #field, offsetof(struct request, head.field)
#define VECTOR(field) #field "[0]", offsetof(struct request, field)
    enum { HEAD = sizeof(struct sn__request), SIZE = sizeof(struct request) };
    static const struct row rows[] = {
        {AT(magic), SN__REQUEST_MAGIC - 1, false},
        {AT(magic), SN__PLAN_MAGIC, false},
        {AT(size), SIZE - 1, false},
        {AT(size), SIZE + 1, false},
        {AT(argv), offsetof(struct request, envp), true},
        {AT(argv), offsetof(struct request, argv) + 4, false},
        {AT(argv), offsetof(struct request, envp) + 2, false}, /* not aligned */
        {AT(argv), HEAD - 4, false},
        {AT(argc), 0, false},
        {AT(argc), 2, false},
        {AT(argc), UINT32_MAX, false},
        {AT(envp), offsetof(struct request, argv), true},
        {AT(envp), SIZE, false},
        {AT(envp), UINT32_MAX - 3, false},
        {AT(envc), 0, true},
        {AT(envc), 2, true}, /* argv's is an offset, too */
        {AT(envc), 3, false},
        {VECTOR(argv), HEAD - 1, false},
        {VECTOR(argv), HEAD, true},
        {VECTOR(argv), SIZE - 1, true},
        {VECTOR(argv), SIZE, false},
        {VECTOR(envp), HEAD - 1, false},
        {VECTOR(envp), SIZE - 1, true},
        {VECTOR(envp), SIZE, false},
        {AT(cwd), HEAD - 1, false},
        {AT(cwd), HEAD, true},
        {AT(cwd), SIZE - 1, true},
        {AT(cwd), SIZE, false},
        {AT(search), 0, true}, /* none */
        {AT(search), 1, false},
        {AT(search), HEAD - 1, false},
        {AT(search), SIZE - 1, true},
        {AT(search), SIZE, false},
        {AT(bpf), HEAD + 4, false}, /* not aligned */
        {AT(bpf), HEAD - 8, false},
        {AT(bpf), SIZE - 16, true},
        {AT(bpf), SIZE - 8, false},
        {AT(bpf_count), 0, true},
        {AT(bpf_count), (SIZE - HEAD) / 8, true},
        {AT(bpf_count), (SIZE - HEAD) / 8 + 1, false},
        {AT(bpf_count), UINT32_MAX, false},
        {AT(rlimit_count), SN__REQUEST_RLIMITS, true},
        {AT(rlimit_count), SN__REQUEST_RLIMITS + 1, false},
        {AT(join_count), 1, false}, /* no descriptor came for it */
        {AT(clone_into), 1, false},
        {"the last bytes", SIZE - 4, 0x01000000, false},
    };
    struct request without_envp = valid_request;

    (void)state;
    try_rows(check_request, &valid_request, SIZE, SN__RUN_FD_JOIN, rows, sizeof(rows) / sizeof(rows[0]));
    try_short(check_request, &valid_request, HEAD - 1, SN__RUN_FD_JOIN);
    /* nothing may begin at the end, but nothing more */
    without_envp.head.envc = 0;
    without_envp.head.envp = SIZE;
    assert_int_equal(check_request((const char *)&without_envp, SIZE, SN__RUN_FD_JOIN), 0);
    without_envp.head.envp = SIZE + 4;
    assert_int_equal(check_request((const char *)&without_envp, SIZE, SN__RUN_FD_JOIN), -EBADMSG);
#undef AT
}

/* As many descriptors come as the request speaks of. */
static void descriptors_of_requests(void **state)
{
    static const struct {
        uint32_t join_count, clone_into, fds;
        bool is_good;
    } rows[] = {
        {0, 0, SN__RUN_FD_JOIN, true},
        {0, 0, SN__RUN_FD_JOIN - 1, false},
        {0, 0, SN__RUN_FD_JOIN + 1, false},
        {4, 0, SN__RUN_FD_JOIN + 4, true},
        {4, 1, SN__RUN_FD_JOIN + 5, true},
        {4, 1, SN__RUN_FD_JOIN + 4, false},
        {0, 2, SN__RUN_FD_JOIN + 2, false},
        {SN__MESSAGE_FDS_MAX, 0, SN__RUN_FD_JOIN + SN__MESSAGE_FDS_MAX, true},
        {SN__MESSAGE_FDS_MAX + 1, 0, SN__RUN_FD_JOIN + SN__MESSAGE_FDS_MAX + 1, false},
        {UINT32_MAX, 1, SN__RUN_FD_JOIN, false}, /* their sum is what it should be */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct request request = valid_request;

        request.head.join_count = rows[i].join_count;
        request.head.clone_into = rows[i].clone_into;
        if (check_request((const char *)&request, sizeof(request), rows[i].fds) != (rows[i].is_good ? 0 : -EBADMSG))
            fail_msg("row %zu", i);
    }
}

static void messages(void **state)
{
    const size_t least = offsetof(struct sn__message, failure), path = offsetof(struct sn__message, file.path);
    struct sn__message *message = malloc(sizeof(*message));

    (void)state;
    assert_non_null(message);
    memset(message, 'x', sizeof(*message));
    message->type = SN__MSG_RUN;
    assert_int_equal(check_message(message, least), 0);
    assert_int_equal(check_message(message, least - 1), -EBADMSG);
    assert_int_equal(check_message(message, 0), -EBADMSG);
    assert_int_equal(check_message(message, sizeof(*message)), 0);
    assert_int_equal(check_message(message, sizeof(*message) + 1), -EBADMSG);
    /* the name of a file ends within what came */
    message->type = SN__MSG_FILE;
    assert_int_equal(check_message(message, sizeof(*message)), -EBADMSG);
    assert_int_equal(check_message(message, least), -EBADMSG);
    assert_int_equal(check_message(message, path), -EBADMSG);
    message->file.path[SN__PATH_MAX - 1] = '\0';
    assert_int_equal(check_message(message, path + SN__PATH_MAX), 0);
    assert_int_equal(check_message(message, path + SN__PATH_MAX - 1), -EBADMSG);
    message->file.path[0] = '\0';
    assert_int_equal(check_message(message, path + 1), 0);
    free(message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans),
        cmocka_unit_test(requests),
        cmocka_unit_test(descriptors_of_requests),
        cmocka_unit_test(messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
