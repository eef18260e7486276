/* SPDX-License-Identifier: MIT */
/* Keys of the kernel (keyrings(7)): they outlive processes, and reach them by other ways than names. */
#include "support.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Python that makes a system call: call(number, ...) -> result; numbers are those of x86-64. */
#define CALL                                                                                                           \
    "import ctypes\n"                                                                                                  \
    "libc = ctypes.CDLL(None, use_errno=True)\n"                                                                       \
    "def call(*args):\n"                                                                                               \
    "    r = libc.syscall(*args)\n"                                                                                    \
    "    return r if r >= 0 else -ctypes.get_errno()\n"                                                                \
    "add_key, request_key, keyctl = 248, 249, 250\n"                                                                   \
    "READ, SEARCH, LINK, GET_PERSISTENT = 11, 10, 8, 22\n"                                                             \
    "THREAD, PROCESS, SESSION, USER, USER_SESSION = -1, -2, -3, -4, -5\n"

static sn_sandbox *unfiltered_sandbox(void)
{
    sn_sandbox_options options;

    sn_sandbox_options_init(&options);
    options.relax = SN_LAYER_SECCOMP;
    return make_sandbox(&options);
}

/* The script must print exactly this, under this policy (NULL: the sandbox's). */
static void expect(sn_sandbox *sandbox, const sn_policy *policy, const char *script, const char *expected)
{
    const char *argv[] = {"/usr/bin/python3", "-I", "-S", "-c", script, NULL};
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_limits limits;

    need_program(argv[0]);
    sn_limits_init(&limits);
    limits.cpu_ms = 5000 * slowness();
    limits.wall_ms = 10000 * slowness();
    sn_run_options_init(&options);
    options.argv = argv;
    options.policy = policy;
    options.limits = &limits;
    assert_ok(sn_run(sandbox, &options, &result, &error), error);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), expected);
    sn_result_free(result);
}

static void need_keys(void)
{
    if (syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1) < 0)
        skip_because("no keys in this kernel, or a container's filter: %s", strerror(errno));
}

/* A login's session keyring is handed on from process to process, whoever they become. */
static void the_hosts_session_keyring_is_out_of_reach(void **state)
{
    sn_sandbox *sandbox;

    (void)state;
    need_keys();
    assert_true(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) > 0);
    assert_true(syscall(SYS_add_key, "user", "sn-test-host", "secret", 6, KEY_SPEC_SESSION_KEYRING) > 0);
    assert_true(syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "sn-test-host", 0) > 0);
    sandbox = unfiltered_sandbox();
    expect(sandbox, NULL, CALL "print(call(keyctl, SEARCH, SESSION, b'user', b'sn-test-host', 0))",
           "-126\n"); /* ENOKEY */
    sn_sandbox_destroy(sandbox);
}

static void keys_are_gone_between_runs(void **state)
{
    sn_sandbox *sandbox = unfiltered_sandbox();

    (void)state;
    need_keys();
    /* a kernel may be without keyrings that persist: nothing is kept there, then */
    expect(sandbox, NULL,
           CALL "ring = call(keyctl, GET_PERSISTENT, -1, PROCESS)\n"
                "print([call(add_key, b'user', b'kept', b'v', 1, r) > 0 for r in (USER, USER_SESSION, ring)] ==\n"
                "      [True, True, ring > 0])",
           "True\n");
    expect(sandbox, NULL,
           CALL
           "ring = call(keyctl, GET_PERSISTENT, -1, PROCESS)\n"
           "print([call(keyctl, SEARCH, r, b'user', b'kept', 0) > 0 for r in (SESSION, USER, USER_SESSION, ring)])",
           "[False, False, False, False]\n");
    sn_sandbox_destroy(sandbox);
}

static sn_policy *policy_with(const char *call)
{
    sn_policy *policy = NULL;
    sn_error *error = NULL;
    char text[200];

    snprintf(text, sizeof(text),
             "#include \"base.policy\"\nPOLICY keys { ALLOW { %s } }\nUSE base, keys DEFAULT KILL\n", call);
    assert_ok(sn_policy_parse(text, strlen(text), "keys", &policy, &error), error);
    return policy;
}

/* Each of the calls makes something that stays in a keyring, whatever a policy says of the other two. */
static void one_call_alone_leaves_nothing(void **state)
{
    static const struct {
        const char *call, *script, *printed;
    } rows[] = {
        {"add_key", CALL "print(call(add_key, b'user', b'left', b'v', 1, USER) > 0)", "True\n"},
        /* a request that nobody answers is a key, too: that there is none */
        {"request_key", CALL "print(call(request_key, b'user', b'left', b'x', USER) < 0)", "True\n"},
        {"keyctl",
         CALL "ring = call(keyctl, 0, THREAD, 1)\n" /* KEYCTL_GET_KEYRING_ID */
              "print(call(keyctl, LINK, ring, USER))",
         "0\n"},
    };
    sn_sandbox *sandbox = make_sandbox(NULL);
    sn_policy *reading = policy_with("keyctl");

    (void)state;
    need_keys();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sn_policy *policy = policy_with(rows[i].call);

        print_message("%s\n", rows[i].call);
        expect(sandbox, policy, rows[i].script, rows[i].printed);
        sn_policy_free(policy);
        expect(sandbox, reading, CALL "print(call(keyctl, READ, USER, 0, 0))", "0\n"); /* bytes of key numbers in it */
    }
    sn_policy_free(reading);
    sn_sandbox_destroy(sandbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hosts_session_keyring_is_out_of_reach),
        cmocka_unit_test(keys_are_gone_between_runs),
        cmocka_unit_test(one_call_alone_leaves_nothing),
    };

    return run_group(tests);
}
