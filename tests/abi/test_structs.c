/* SPDX-License-Identifier: MIT */
/*
 * Callers that were built with older or newer headers than the library: their structs are smaller or larger than ours.
 * Each struct is laid at the very end of a page, before one that may not be touched, so that reading or writing beyond
 * the caller's size is a crash; what the library has only to read lies on a page that it cannot write.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TAIL 64 /* what newer headers may have added */
#define GARBAGE 0xA5
#define SEEN_MAX 256

/* `size` bytes between pages that may not be touched; the struct itself ends where the last of them begins. */
struct edge {
    char *pages;
    char *at;
    size_t page;
};

static struct edge edge_make(size_t size)
{
    struct edge edge = {.page = (size_t)sysconf(_SC_PAGESIZE)};

    assert_true(size < edge.page);
    edge.pages = mmap(NULL, 3 * edge.page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(edge.pages, MAP_FAILED);
    assert_int_equal(mprotect(edge.pages + edge.page, edge.page, PROT_READ | PROT_WRITE), 0);
    memset(edge.pages + edge.page, GARBAGE, edge.page);
    edge.at = edge.pages + 2 * edge.page - size;
    return edge;
}

static void edge_protect(const struct edge *edge)
{
    assert_int_equal(mprotect(edge->pages + edge->page, edge->page, PROT_READ), 0);
}

static void edge_free(const struct edge *edge)
{
    munmap(edge->pages, 3 * edge->page);
}

static sn_sandbox *shared;
static sn_languages *languages;
static sn_program *program; /* bash */

/* What the programs of these tests print, taken out of a result. */
static int take(int code, sn_result *const *result, char seen[SEEN_MAX])
{
    seen[0] = '\0';
    if (code == 0) {
        assert_verdict(*result, SN_VERDICT_OK);
        snprintf(seen, SEEN_MAX, "%s", out(*result));
        sn_result_free(*result);
    }
    return code;
}

static int run_in(sn_sandbox *sandbox, const char *script, const sn_limits *limits, char seen[SEEN_MAX],
                  sn_error **ret_error)
{
    const char *argv[] = {"/bin/bash", "-c", script, NULL};
    sn_result *result = NULL;
    sn_run_options options;

    sn_run_options_init(&options);
    options.argv = argv;
    options.limits = limits;
    return take(sn_run(sandbox, &options, &result, ret_error), &result, seen);
}

/* sn_limits */

#define SHOW_LIMITS "echo -n $(ulimit -f) $(ulimit -n)"

static void fill_limits(void *options)
{
    sn_limits *limits = options;

    limits->cpu_ms = 4000;
    limits->wall_ms = 9000;
    limits->memory_bytes = 128 * MIB;
    limits->processes = 32;
    limits->output_bytes = 4096;
    limits->file_bytes = 8 * MIB;
    limits->open_files = 77;
    limits->stack_bytes = 4 * MIB;
    limits->cpu_percent = 200;
}

/* Does a caller's struct of this size have the field? */
#define HAS(size, type, field) ((size) >= offsetof(type, field) + sizeof(((type *)0)->field))

static void expect_limits(size_t size, char seen[SEEN_MAX])
{
    snprintf(seen, SEEN_MAX, "%d %d", HAS(size, sn_limits, file_bytes) ? 8 * 1024 : 256 * 1024,
             HAS(size, sn_limits, open_files) ? 77 : 256);
}

static int limits_of_run(const void *options, char seen[SEEN_MAX], sn_error **ret_error)
{
    return run_in(shared, SHOW_LIMITS, options, seen, ret_error);
}

static int limits_of_sandbox(const void *options, char seen[SEEN_MAX], sn_error **ret_error)
{
    sn_sandbox_options sandbox_options;
    sn_sandbox *sandbox = NULL;
    int r;

    sn_sandbox_options_init(&sandbox_options);
    sandbox_options.limits = options;
    r = create_sandbox(&sandbox_options, &sandbox, ret_error);
    if (r == 0)
        r = run_in(sandbox, SHOW_LIMITS, NULL, seen, ret_error);
    sn_sandbox_destroy(sandbox);
    return r;
}

static int limits_of_compiling(const void *options, char seen[SEEN_MAX], sn_error **ret_error)
{
    const char source[] = "int main(void) { return 0; }";
    sn_program_options program_options;
    sn_program *compiled = NULL;
    int r;

    sn_program_options_init(&program_options);
    program_options.source = source;
    program_options.source_length = sizeof(source) - 1;
    program_options.compile_limits = options;
    r = sn_program_create(sn_languages_find(languages, "c"), &program_options, &compiled, ret_error);
    if (r == 0)
        snprintf(seen, SEEN_MAX, "%s", sn_verdict_name(sn_result_verdict(sn_program_compile_result(compiled))));
    sn_program_destroy(compiled);
    return r;
}

static void expect_compiled(size_t size, char seen[SEEN_MAX])
{
    (void)size;
    snprintf(seen, SEEN_MAX, "OK");
}

/* sn_mount */

static void fill_mount(void *options)
{
    sn_mount *mount = options;

    mount->source = "/etc/debian_version";
    mount->target = "/elsewhere";
    mount->flags = SN_MOUNT_OPTIONAL;
}

static void expect_mount(size_t size, char seen[SEEN_MAX])
{
    snprintf(seen, SEEN_MAX, "%s", HAS(size, sn_mount, target) ? "/elsewhere" : "/etc/debian_version");
}

static int mount_of_sandbox(const void *options, char seen[SEEN_MAX], sn_error **ret_error)
{
    const sn_mount *mounts[] = {options, NULL};
    sn_sandbox_options sandbox_options;
    sn_sandbox *sandbox = NULL;
    int r;

    sn_sandbox_options_init(&sandbox_options);
    sandbox_options.mounts = mounts;
    r = create_sandbox(&sandbox_options, &sandbox, ret_error);
    if (r == 0)
        r = run_in(sandbox, "shopt -s nullglob; echo -n /elsewhere* /etc/debian_version*", NULL, seen, ret_error);
    sn_sandbox_destroy(sandbox);
    return r;
}

/* sn_sandbox_options */

static sn_limits few_files;

static void fill_sandbox(void *options)
{
    sn_sandbox_options *sandbox_options = options;

    sn_limits_init(&few_files);
    few_files.open_files = 55;
    sandbox_options->relax = relaxed_by_environment();
    sandbox_options->hostname = "caller";
    sandbox_options->limits = &few_files;
    sandbox_options->work_bytes = 1 * MIB;
    sandbox_options->work_inodes = 100;
    sandbox_options->tmp_bytes = 2 * MIB;
    sandbox_options->tmp_inodes = 200;
    sandbox_options->shm_bytes = 3 * MIB;
    sandbox_options->network = SN_NETWORK_LOOPBACK;
}

#define SHOW_SANDBOX                                                                                                   \
    "echo -n $(hostname) $(ulimit -n) $(stat -f -c '%b %c' /work) $(stat -f -c '%b %c' /tmp) "                         \
    "$(stat -f -c %b /dev/shm)"
#define BLOCKS(bytes) ((int)((bytes) / 4096))

static void expect_sandbox(size_t size, char seen[SEEN_MAX])
{
#define OR_ELSE(field, value, standard) (HAS(size, sn_sandbox_options, field) ? (value) : (standard))
    snprintf(seen, SEEN_MAX, "%s %d %d %d %d %d %d", OR_ELSE(hostname, "caller", "sandbox"), OR_ELSE(limits, 55, 256),
             BLOCKS(OR_ELSE(work_bytes, 1 * MIB, 64 * MIB)), OR_ELSE(work_inodes, 100, 8192),
             BLOCKS(OR_ELSE(tmp_bytes, 2 * MIB, 64 * MIB)), OR_ELSE(tmp_inodes, 200, 8192),
             BLOCKS(OR_ELSE(shm_bytes, 3 * MIB, 64 * MIB)));
}

static int sandbox_by_itself(const void *options, char seen[SEEN_MAX], sn_error **ret_error)
{
    sn_sandbox *sandbox = NULL;
    int r = sn_sandbox_create(options, &sandbox, ret_error); /* what is to be relaxed is among the options */

    if (r == 0)
        r = run_in(sandbox, SHOW_SANDBOX, NULL, seen, ret_error);
    sn_sandbox_destroy(sandbox);
    return r;
}

static int run_program(sn_program *which, char seen[SEEN_MAX], sn_error **ret_error)
{
    sn_result *result = NULL;

    return take(sn_program_run(which, NULL, &result, ret_error), &result, seen);
}

static int sandbox_of_program(const void *options, char seen[SEEN_MAX], sn_error **ret_error)
{
    sn_program_options program_options;
    sn_program *made = NULL;
    int r;

    sn_program_options_init(&program_options);
    program_options.source = SHOW_SANDBOX;
    program_options.source_length = strlen(SHOW_SANDBOX);
    program_options.sandbox = options;
    r = sn_program_create(sn_languages_find(languages, "bash"), &program_options, &made, ret_error);
    if (r == 0)
        r = run_program(made, seen, ret_error);
    sn_program_destroy(made);
    return r;
}

/* sn_run_options */

#define SHOW_RUN "echo -n \"[$A] [$1] $PWD $(ulimit -n) [$(cat)]\""

static const char *const shell_argv[] = {"/bin/bash", "-c", SHOW_RUN, "bash", "argument", NULL};
static const char *const shell_envp[] = {"A=b", "PATH=/usr/bin", NULL};
static const char *const program_argv[] = {"argument", NULL};

static void fill_run(void *options)
{
    sn_run_options *run_options = options;

    sn_limits_init(&few_files);
    few_files.open_files = 55;
    run_options->argv = shell_argv;
    run_options->envp = shell_envp;
    run_options->cwd = "/tmp";
    run_options->stdin_data = "given";
    run_options->stdin_length = 5;
    run_options->limits = &few_files;
    run_options->output_mode = SN_OUTPUT_STREAM;
}

/* A program's source is named relative to /work: no other directory will do. */
static void fill_program_run(void *options)
{
    fill_run(options);
    ((sn_run_options *)options)->argv = program_argv;
    ((sn_run_options *)options)->cwd = NULL;
}

static void expect_run_in(const char *cwd, size_t size, char seen[SEEN_MAX])
{
#undef OR_ELSE
#define OR_ELSE(field, value, standard) (HAS(size, sn_run_options, field) ? (value) : (standard))
    snprintf(seen, SEEN_MAX, "[%s] [%s] %s %d [%s]", OR_ELSE(envp, "b", ""), OR_ELSE(argv, "argument", ""),
             OR_ELSE(cwd, cwd, "/work"), OR_ELSE(limits, 55, 256), OR_ELSE(stdin_length, "given", ""));
    if (HAS(size, sn_run_options, output_mode))
        seen[0] = '\0'; /* nothing was kept */
}

static void expect_run(size_t size, char seen[SEEN_MAX])
{
    expect_run_in("/tmp", size, seen);
}

static void expect_program_run(size_t size, char seen[SEEN_MAX])
{
    expect_run_in("/work", size, seen);
}

static int run_blocking(const void *options, char seen[SEEN_MAX], sn_error **ret_error)
{
    sn_result *result = NULL;

    return take(sn_run(shared, options, &result, ret_error), &result, seen);
}

static int wait_for(int code, sn_running *const *running, char seen[SEEN_MAX], sn_error **ret_error)
{
    sn_result *result = NULL;

    if (code == 0)
        code = sn_run_wait(*running, &result, ret_error);
    sn_running_free(*running);
    return take(code, &result, seen);
}

static int run_started(const void *options, char seen[SEEN_MAX], sn_error **ret_error)
{
    sn_running *running = NULL;

    return wait_for(sn_run_start(shared, options, &running, ret_error), &running, seen, ret_error);
}

static int run_of_program(const void *options, char seen[SEEN_MAX], sn_error **ret_error)
{
    sn_result *result = NULL;

    return take(sn_program_run(program, options, &result, ret_error), &result, seen);
}

static int run_started_of_program(const void *options, char seen[SEEN_MAX], sn_error **ret_error)
{
    sn_running *running = NULL;

    return wait_for(sn_program_run_start(program, options, &running, ret_error), &running, seen, ret_error);
}

/* sn_program_options and sn_file */

#define SHOW_PROGRAM "echo -n ${0##*/} $(hostname) [$(cat beside 2>/dev/null)]"

static sn_file beside;
static const sn_file *const files[] = {&beside, NULL};
static sn_sandbox_options named;

static void fill_program(void *options)
{
    sn_program_options *program_options = options;

    beside = (sn_file){.size = sizeof(beside), .path = "beside", .data = "text", .length = 4};
    sn_sandbox_options_init(&named);
    named.hostname = "caller";
    named.relax = relaxed_by_environment();
    program_options->file_name = "own.sh";
    program_options->source = SHOW_PROGRAM;
    program_options->source_length = strlen(SHOW_PROGRAM);
    program_options->files = files;
    program_options->sandbox = &named;
}

static void expect_program(size_t size, char seen[SEEN_MAX])
{
    seen[0] = '\0';
    if (HAS(size, sn_program_options, source_length))
        snprintf(seen, SEEN_MAX, "own.sh %s [%s]", HAS(size, sn_program_options, sandbox) ? "caller" : "sandbox",
                 HAS(size, sn_program_options, files) ? "text" : "");
}

static int program_by_itself(const void *options, char seen[SEEN_MAX], sn_error **ret_error)
{
    sn_program *made = NULL;
    int r = sn_program_create(sn_languages_find(languages, "bash"), options, &made, ret_error);

    if (r == 0)
        r = run_program(made, seen, ret_error);
    sn_program_destroy(made);
    return r;
}

static void fill_file(void *options)
{
    sn_file *file = options;

    file->path = "beside";
    file->data = "text";
    file->length = 4;
    file->mode = 0600;
}

static void expect_file(size_t size, char seen[SEEN_MAX])
{
    snprintf(seen, SEEN_MAX, "%d %d", HAS(size, sn_file, mode) ? 600 : 644, HAS(size, sn_file, length) ? 4 : 0);
}

static int file_of_program(const void *options, char seen[SEEN_MAX], sn_error **ret_error)
{
    const char source[] = "echo -n $(stat -c '%a %s' beside)";
    const sn_file *const list[] = {options, NULL};
    sn_program_options program_options;
    sn_program *made = NULL;
    int r;

    sn_program_options_init(&program_options);
    program_options.source = source;
    program_options.source_length = sizeof(source) - 1;
    program_options.files = list;
    r = sn_program_create(sn_languages_find(languages, "bash"), &program_options, &made, ret_error);
    if (r == 0)
        r = run_program(made, seen, ret_error);
    sn_program_destroy(made);
    return r;
}

/* Every struct that callers hand in, at every place that takes it. */
static const struct {
    const char *place, *type;
    size_t size, least,
        reserved; /* ours, the smallest that makes sense there, and where its reserved field is (0: none) */
    void (*fill)(void *options);
    void (*expect)(size_t size, char seen[SEEN_MAX]);
    int (*use)(const void *options, char seen[SEEN_MAX], sn_error **ret_error);
} places[] = {
    {"sn_run()'s limits", "sn_limits", sizeof(sn_limits), 8, 0, fill_limits, expect_limits, limits_of_run},
    {"a sandbox's limits", "sn_limits", sizeof(sn_limits), 8, 0, fill_limits, expect_limits, limits_of_sandbox},
    {"compile_limits", "sn_limits", sizeof(sn_limits), 8, 0, fill_limits, expect_compiled, limits_of_compiling},
    {"a sandbox's mount", "sn_mount", sizeof(sn_mount), 16, offsetof(sn_mount, reserved), fill_mount, expect_mount,
     mount_of_sandbox},
    {"sn_sandbox_create()", "sn_sandbox_options", sizeof(sn_sandbox_options), 8, 0, fill_sandbox, expect_sandbox,
     sandbox_by_itself},
    {"a program's sandbox", "sn_sandbox_options", sizeof(sn_sandbox_options), 8, 0, fill_sandbox, expect_sandbox,
     sandbox_of_program},
    {"sn_run()", "sn_run_options", sizeof(sn_run_options), 16, offsetof(sn_run_options, reserved), fill_run, expect_run,
     run_blocking},
    {"sn_run_start()", "sn_run_options", sizeof(sn_run_options), 16, offsetof(sn_run_options, reserved), fill_run,
     expect_run, run_started},
    {"sn_program_run()", "sn_run_options", sizeof(sn_run_options), 8, offsetof(sn_run_options, reserved),
     fill_program_run, expect_program_run, run_of_program},
    {"sn_program_run_start()", "sn_run_options", sizeof(sn_run_options), 8, offsetof(sn_run_options, reserved),
     fill_program_run, expect_program_run, run_started_of_program},
    {"sn_program_create()", "sn_program_options", sizeof(sn_program_options), 8, 0, fill_program, expect_program,
     program_by_itself},
    {"a program's file", "sn_file", sizeof(sn_file), 16, offsetof(sn_file, reserved), fill_file, expect_file,
     file_of_program},
};
#define PLACES (sizeof(places) / sizeof(places[0]))
#define FULL_MAX 512 /* larger than any of them */

/* What the caller fills, as our headers have it; what is not filled is zero. */
static void filled(size_t i, size_t size, void *ret)
{
    memset(ret, 0, FULL_MAX);
    places[i].fill(ret);
    memcpy(ret, &size, sizeof(size));
}

/* Structs end at a multiple of 8, so those were the sizes that older headers can have had. */
static void older_headers(void **state)
{
    _Alignas(16) char full[FULL_MAX];
    char seen[SEEN_MAX], expected[SEEN_MAX];

    (void)state;
    for (size_t i = 0; i < PLACES; i++) {
        for (size_t size = places[i].least; size <= places[i].size; size += 8) {
            struct edge edge = edge_make(size);
            sn_error *error = NULL;

            if (places[i].fill == fill_sandbox && relaxed_by_environment() && size == 8)
                continue;
            filled(i, size, full);
            memcpy(edge.at, full, size);
            edge_protect(&edge);
            assert_ok(places[i].use(edge.at, seen, &error), error);
            places[i].expect(size, expected);
            if (strcmp(seen, expected) != 0)
                fail_msg("%s: %s of %zu bytes: \"%s\" instead of \"%s\"", places[i].place, places[i].type, size, seen,
                         expected);
            edge_free(&edge);
        }
    }
}

static void newer_headers(void **state)
{
    _Alignas(16) char full[FULL_MAX];
    char seen[SEEN_MAX], expected[SEEN_MAX];

    (void)state;
    for (size_t i = 0; i < PLACES; i++) {
        size_t size = places[i].size + TAIL;
        struct edge edge = edge_make(size);
        sn_error *error = NULL;

        filled(i, size, full);
        memcpy(edge.at, full, size);
        edge_protect(&edge);
        assert_ok(places[i].use(edge.at, seen, &error), error);
        places[i].expect(size, expected);
        assert_string_equal(seen, expected);
        edge_free(&edge);
        for (size_t at = 0; at < TAIL; at += TAIL - 1) {
            edge = edge_make(size);
            memcpy(edge.at, full, size);
            edge.at[places[i].size + at] = 1;
            edge_protect(&edge);
            assert_int_equal(places[i].use(edge.at, seen, &error), SN_EINVAL);
            if (!strstr(sn_error_message(error), places[i].type) || !strstr(sn_error_message(error), "does not know"))
                fail_msg("%s: %s", places[i].place, sn_error_message(error));
            sn_error_free(error);
            error = NULL;
            edge_free(&edge);
        }
    }
}

/* What is reserved must be 0, or it could never be put to a use. */
static void reserved_fields(void **state)
{
    _Alignas(16) char full[FULL_MAX];
    char seen[SEEN_MAX];

    (void)state;
    for (size_t i = 0; i < PLACES; i++) {
        sn_error *error = NULL;

        if (!places[i].reserved)
            continue;
        filled(i, places[i].size, full);
        full[places[i].reserved] = 1;
        if (places[i].use(full, seen, &error) != SN_EINVAL || !strstr(sn_error_message(error), "reserved"))
            fail_msg("%s: %s", places[i].place, sn_error_message(error));
        sn_error_free(error);
    }
}

/* A caller that called no init function: nothing but the size may be read. */
static void sizes_that_no_headers_have(void **state)
{
    static const size_t sizes[] = {0, 1, 7, 65537, SIZE_MAX};
    char seen[SEEN_MAX];

    (void)state;
    for (size_t i = 0; i < PLACES; i++) {
        for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
            struct edge edge = edge_make(sizeof(size_t));
            sn_error *error = NULL;

            memcpy(edge.at, &sizes[j], sizeof(sizes[j]));
            edge_protect(&edge);
            assert_int_equal(places[i].use(edge.at, seen, &error), SN_EINVAL);
            if (!strstr(sn_error_message(error), places[i].type))
                fail_msg("%s: %s", places[i].place, sn_error_message(error));
            sn_error_free(error);
            edge_free(&edge);
        }
    }
}

#define INIT_OF(type)                                                                                                  \
    static void init_##type(void *options, size_t size)                                                                \
    {                                                                                                                  \
        type##_init_sized(options, size);                                                                              \
    }
INIT_OF(sn_limits)
INIT_OF(sn_mount)
INIT_OF(sn_sandbox_options)
INIT_OF(sn_run_options)
INIT_OF(sn_program_options)
INIT_OF(sn_event)
INIT_OF(sn_file)

/* Fails unless the struct says `size`, is zero from there to its end, and nothing before it was written. */
static void assert_blank(const struct edge *edge, size_t size, size_t from)
{
    size_t said;

    memcpy(&said, edge->at, sizeof(said));
    assert_int_equal(said, size);
    for (size_t i = from; i < size; i++)
        assert_int_equal(edge->at[i], 0);
    assert_int_equal((unsigned char)edge->at[-1], GARBAGE);
}

static void init_functions(void **state)
{
    static void (*const inits[])(void *options, size_t size) = {
        init_sn_limits, init_sn_mount, init_sn_sandbox_options, init_sn_run_options, init_sn_program_options,
        init_sn_event,  init_sn_file,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(inits) / sizeof(inits[0]); i++) {
        for (size_t size = 8; size <= FULL_MAX; size += 8) {
            struct edge edge = edge_make(size);

            inits[i](edge.at, size);
            assert_blank(&edge, size, sizeof(size));
            edge_free(&edge);
        }
    }
}

/* sn_limits as something the library fills. */
static void limits_that_are_given(void **state)
{
    const sn_language *language = sn_languages_find(languages, "c");
    int (*const givers[])(const sn_language *, sn_limits *) = {sn_language_run_limits, sn_language_compile_limits};
    sn_limits ours[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        sn_limits_init(&ours[i]);
        assert_int_equal(givers[i](language, &ours[i]), 0);
        assert_true(ours[i].cpu_ms > 0);
        for (size_t size = 8; size <= sizeof(sn_limits) + TAIL; size += 8) {
            struct edge edge = edge_make(size);
            size_t common = size < sizeof(sn_limits) ? size : sizeof(sn_limits);

            memcpy(edge.at, &size, sizeof(size));
            assert_int_equal(givers[i](language, (sn_limits *)edge.at), 0);
            assert_blank(&edge, size, common);
            assert_memory_equal(edge.at + sizeof(size), (char *)&ours[i] + sizeof(size), common - sizeof(size));
            edge_free(&edge);
        }
        ours[i].size = 0;
        assert_int_equal(givers[i](language, &ours[i]), SN_EINVAL);
    }
}

/* sn_event: what a caller of the first version has is the least; what newer headers added is empty. */
static void events(void **state)
{
    const char *argv[] = {"/bin/echo", "word", NULL};
    sn_running *running = NULL;
    sn_error *error = NULL;
    sn_run_options options;

    (void)state;
    sn_run_options_init(&options);
    options.argv = argv;
    for (size_t size = 8; size <= sizeof(sn_event) + TAIL; size += 8) {
        struct edge edge = edge_make(size);
        sn_event *event = (sn_event *)edge.at;
        bool was_seen = false;

        assert_ok(sn_run_start(shared, &options, &running, &error), error);
        event->size = size;
        if (size < sizeof(sn_event)) {
            assert_refused(sn_run_next(running, event, &error), SN_EINVAL, error);
            error = NULL;
        }
        for (uint32_t type = SN_EVENT_NONE; size >= sizeof(sn_event) && type != SN_EVENT_DONE; type = event->type) {
            memset(edge.at + sizeof(size), GARBAGE, size - sizeof(size));
            assert_ok(sn_run_next(running, event, &error), error);
            assert_blank(&edge, size, sizeof(sn_event));
            if (event->type == SN_EVENT_STDOUT) {
                was_seen = true;
                assert_memory_equal(event->data, "word\n", event->length);
            }
            sleep_ms(1);
        }
        assert_int_equal(was_seen, size >= sizeof(sn_event));
        sn_running_free(running);
        edge_free(&edge);
    }
}

static int set_up(void **state)
{
    sn_program_options options;
    sn_sandbox_options sandbox;
    sn_error *error = NULL;

    (void)state;
    shared = make_sandbox(NULL);
    assert_ok(sn_languages_load(NULL, &languages, &error), error);
    sn_sandbox_options_init(&sandbox);
    sandbox.relax = relaxed_by_environment();
    sn_program_options_init(&options);
    options.source = SHOW_RUN;
    options.source_length = strlen(SHOW_RUN);
    options.sandbox = &sandbox;
    assert_ok(sn_program_create(sn_languages_find(languages, "bash"), &options, &program, &error), error);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sn_program_destroy(program);
    sn_languages_free(languages);
    sn_sandbox_destroy(shared);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(older_headers),
        cmocka_unit_test(newer_headers),
        cmocka_unit_test(init_functions),
        cmocka_unit_test(reserved_fields),
        cmocka_unit_test(sizes_that_no_headers_have),
        cmocka_unit_test(events),
        cmocka_unit_test(limits_that_are_given),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
