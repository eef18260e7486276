/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_SUPPORT_H
#define SN_TESTS_SUPPORT_H

/* What every integration test needs. Include this instead of <cmocka.h>: cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sentinel/sentinel.h>
#include <stdbool.h>
#include <sys/types.h>

#define MIB (UINT64_C(1) << 20)

/* Prints why and skips the test; with SN_MUST_WORK=1 (or CI=true) fails it instead. Does not return. */
void skip_because(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/*
 * Fails the test unless `code` is 0, printing the error, which is freed. The call comes first: as arguments of one
 * function, `error` might be read before the call that sets it.
 */
#define assert_ok(code, error)                                                                                         \
    do {                                                                                                               \
        int code_ = (code);                                                                                            \
        assert_ok_at(code_, error, #code, __FILE__, __LINE__);                                                         \
    } while (0)
void assert_ok_at(int code, sn_error *error, const char *expression, const char *file, int line);

/* Fails the test unless `code` is `wanted` and the error carries it with a step and a message; prints and frees it. */
#define assert_refused(code, wanted, error)                                                                            \
    do {                                                                                                               \
        int code_ = (code);                                                                                            \
        assert_refused_at(code_, wanted, error, #code, __FILE__, __LINE__);                                            \
    } while (0)
void assert_refused_at(int code, int wanted, sn_error *error, const char *expression, const char *file, int line);

/* sn_sandbox_create() with the layers of $SN_TEST_RELAX ("cgroup,uid") relaxed too: what an ordinary user asks for. */
int create_sandbox(const sn_sandbox_options *options, sn_sandbox **ret_sandbox, sn_error **ret_error);
uint64_t relaxed_by_environment(void);

/* A sandbox with these options (NULL: defaults); skips the test where the host cannot give one (SN_EHOST). */
sn_sandbox *make_sandbox(const sn_sandbox_options *options);
/* A program of this language; skips the test where its toolchain or the sandbox is missing. */
sn_program *make_program(const sn_language *language, const sn_program_options *options);

/* Runs `/bin/sh -c script` or `/usr/bin/python3 -c script` with these limits (NULL: defaults); never NULL. */
sn_result *run_shell(sn_sandbox *sandbox, const char *script, const sn_limits *limits);
sn_result *run_python(sn_sandbox *sandbox, const char *script, const sn_limits *limits);
sn_result *run_argv(sn_sandbox *sandbox, const char *const *argv, const sn_limits *limits);

/* Skips the test unless this program is on the host. */
void need_program(const char *path);

/* Captured output as a string that lives until the next-but-seven call; a NUL in it ends it. */
const char *out(const sn_result *result);
const char *err(const sn_result *result);

/* Fails the test, showing all of the result, unless the verdict is this one. */
#define assert_verdict(result, verdict) assert_verdict_at(result, verdict, __FILE__, __LINE__)
void assert_verdict_at(const sn_result *result, sn_verdict verdict, const char *file, int line);

/* A directory of cgroups, told from another one of that name. */
struct empty_group {
    dev_t device;
    ino_t inode;
    char path[256];
};
#define GROUPS_MAX 256

/* What a library may leave behind in the host. */
struct footprint {
    int descriptors; /* /proc/self/fd */
    int processes;   /* direct and indirect children of this process, zombies included */
    int mounts;      /* of this namespace, but for those below /tmp, /var and /run: there containers and tests mount */
    int temporary;   /* entries of /tmp, /dev/shm and /run that the library makes: "sentinel", "sentinel-<uid>" */
    size_t groups;   /* "s<slot>" groups without any process, in every hierarchy, in folders named sentinel */
    struct empty_group group[GROUPS_MAX];
};

void footprint_take(struct footprint *ret);
/*
 * Waits up to some seconds for what the kernel removes late, and for what other programs make and remove in the same
 * places: only what is there all the time is left.
 */
#define assert_nothing_left(before) assert_nothing_left_at(before, __FILE__, __LINE__)
void assert_nothing_left_at(const struct footprint *before, const char *file, int line);

/* Descriptors of this process, children of any process, and live processes of the system with `word` in their cmdline.
 */
int count_descriptors(void);
int count_children(pid_t parent);
/* The same without a child that PID 1 has armed for the next run. */
int count_programs(pid_t init);
int count_processes_named(const char *word);
/* Waits until there are so many or more (0: none), as long as a busy machine may take; false if it came to nothing. */
bool await_processes_named(const char *word, int count);
/* Kills what descends from this process, and reaps what is its child: after a test that failed half-way. */
void end_children(void);

/* The PID 1 of a sandbox of this process (it holds a pidfd of it), or -1; and whether a process lives (no zombie). */
pid_t sandbox_pid(void);
bool is_alive(pid_t pid);

uint64_t now_ms(void);
void sleep_ms(uint64_t ms);

/*
 * How many times slower than a machine this one may be: $SN_TEST_SLOW, else 1. An emulated one is told so; limits that
 * only catch a hang, and bounds of what a start or an end of a program takes, are multiplied by it.
 */
uint64_t slowness(void);

/* Runs the group; makes the environment right first (data directory, SIGPIPE). */
#define run_group(tests) (tests_prepare(), cmocka_run_group_tests(tests, NULL, NULL))
void tests_prepare(void);

#endif
