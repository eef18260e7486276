/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "config/policy.h"
#include "config/policy_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cmocka.h>

static sn_policy *parse_good(const char *text)
{
    sn_policy *policy = NULL;
    sn_error *error = NULL;

    if (sn_policy_parse(text, strlen(text), "text", &policy, &error) != 0)
        fail_msg("%s\n  in: %s", sn_error_message(error), text);
    assert_null(error);
    return policy;
}

static struct sn__policy_action decide(const sn_policy *policy, int number, uint64_t a, uint64_t b)
{
    const uint64_t args[6] = {a, b, 0, 0, 0, 0};

    return sn__policy_evaluate(policy, number, args);
}

static void assert_action(const sn_policy *policy, int number, uint64_t a, uint64_t b, enum sn__policy_action_kind kind,
                          uint32_t value)
{
    struct sn__policy_action action = decide(policy, number, a, b);

    assert_int_equal(action.kind, kind);
    assert_int_equal(action.value, value);
}

static void kafel_actions_and_default(void **state)
{
    static const struct {
        const char *text;
        enum sn__policy_action_kind kind;
        uint32_t value;
    } cases[] = {
        {"ALLOW { getpid }", SN__ACTION_ALLOW, 0},
        {"KILL { getpid } DEFAULT ALLOW", SN__ACTION_KILL, 0},
        {"DENY { getpid } DEFAULT ALLOW", SN__ACTION_KILL, 0},
        {"KILL_PROCESS { getpid } DEFAULT ALLOW", SN__ACTION_KILL, 0},
        {"USER_NOTIF { getpid } DEFAULT ALLOW", SN__ACTION_KILL, 0},
        {"ERRNO(EPERM) { getpid }", SN__ACTION_ERRNO, 1},
        {"ERRNO(0x26) { getpid }", SN__ACTION_ERRNO, 38},
        {"TRAP(3) { getpid }", SN__ACTION_TRAP, 3},
        {"LOG { getpid }", SN__ACTION_LOG, 0},
        {"DEFAULT ERRNO(010)", SN__ACTION_ERRNO, 8},
        {"", SN__ACTION_KILL, 0},
        {"POLICY a { ALLOW { getpid } } USE a DEFAULT KILL", SN__ACTION_ALLOW, 0},
        {"POLICY a { ALLOW { getpid } } POLICY b { USE a } USE b DEFAULT KILL", SN__ACTION_ALLOW, 0},
        {"POLICY a { ALLOW { read } } POLICY b { LOG { getpid } } USE a, b DEFAULT KILL;", SN__ACTION_LOG, 0},
        {"POLICY a { ALLOW { getpid } } POLICY b { USE a } USE a, b", SN__ACTION_ALLOW, 0},
        {"POLICY a { ALLOW { read }, ERRNO(1) { getpid } } USE a", SN__ACTION_ERRNO, 1},
        {"#define N 39\nALLOW { N }", SN__ACTION_ALLOW, 0},
        {"define N 39; ALLOW { SYSCALL[N] }", SN__ACTION_ALLOW, 0},
        {"/* a\n * b */ ALLOW { // c\n getpid, }", SN__ACTION_ALLOW, 0},
        {"ALLOW { getpid ON x86_64 }", SN__ACTION_ALLOW, 0},
        {"ALLOW { getpid ON { arm, aarch64 }, arm_fadvise64_64 ON arm }", SN__ACTION_KILL, 0},
        {"ALLOW { nosuch?, socketcall?, getpid? }", SN__ACTION_ALLOW, 0},
        {"#include \"base.policy\"\nUSE base", SN__ACTION_ALLOW, 0},
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++) {
        sn_policy *policy = parse_good(cases[i].text);

        assert_action(policy, SYS_getpid, 0, 0, cases[i].kind, cases[i].value);
        sn_policy_free(policy);
    }
}

static void kafel_conditions(void **state)
{
    static const struct {
        const char *condition;
        uint64_t a, b;
        bool holds;
    } cases[] = {
        {"(fd, r) { r == 1 || (r & 0xff) == 2 }", 0, 1, true},
        {"(fd, r) { r == 1 || (r & 0xff) == 2 }", 0, 0x102, true},
        {"(fd, r) { r == 1 || (r & 0xff) == 2 }", 0, 0x101, false},
        {"{ cmd == TIOCSTI }", 0, 0x5412, true},
        {"{ cmd == TIOCSTI }", 0, 0x100005412, true}, /* the kernel reads 32 bits of it */
        {"{ cmd != TIOCSTI }", 0, 0x100005412, false},
        {"{ cmd == -1 }", 0, 0xffffffff, true},
        {"{ cmd == -1 }", 0, UINT64_MAX, true},
        {"{ cmd & 4 }", 0, 6, true},
        {"{ cmd & 4 }", 0, 2, false},
        {"{ !(cmd & 4) && fd }", 1, 2, true},
        {"{ 4 < cmd }", 0, 5, true},
        {"{ 4 < cmd }", 0, 4, false},
        {"{ cmd < 4, cmd >= 10 }", 0, 10, true},
        {"{ cmd < 4, cmd >= 10 }", 0, 7, false},
        {"{ cmd <= 4 && cmd > 2 }", 0, 3, true},
        {"{ cmd <= 4 && cmd > 2 }", 0, 2, false},
        {"{ (cmd & (O_RDWR|O_CREAT)) == O_CREAT }", 0, 0100, true},
        {"{ (cmd & ~0xf) == 0 }", 0, 15, true},
        {"{ (cmd & 0xff & 0x0f) == 0xf }", 0, 0xff, true},
        {"(a, b) { !(a == 1 || b == 2) }", 3, 2, false},
        {"(a, b) { !(a == 1 || b == 2) }", 3, 3, true},
        {"(a, b) { a == 0b101 && b == 0 }", 5, 0, true},
        {"{}", 0, 0, true},
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++) {
        char text[256];
        sn_policy *policy;

        snprintf(text, sizeof(text), "ALLOW { ioctl%s }", cases[i].condition);
        policy = parse_good(text);
        if ((decide(policy, SYS_ioctl, cases[i].a, cases[i].b).kind == SN__ACTION_ALLOW) != cases[i].holds)
            fail_msg("%s of %#lx, %#lx", text, (unsigned long)cases[i].a, (unsigned long)cases[i].b);
        sn_policy_free(policy);
    }
}

/* What the kernel does not read of an argument must not decide: by it a condition could be got around. */
static void only_what_the_kernel_reads_counts(void **state)
{
#define WHERE(call, index, number)                                                                                     \
    "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"" call                                      \
    "\"], \"action\": \"SCMP_ACT_ERRNO\", "                                                                            \
    "\"args\": [{\"index\": " index ", \"value\": " number ", \"op\": \"SCMP_CMP_EQ\"}]}]}"
    static const struct {
        const char *kafel, *oci;
        int number, arg;
        uint64_t value, mask;
    } cases[] = {
        {"mkdir { mode == 0700 }", WHERE("mkdir", "1", "448"), SYS_mkdir, 1, 0700, UINT16_MAX},
        {"mkdir(path, m) { m == 1 }", WHERE("mkdir", "1", "1"), SYS_mkdir, 1, 1, UINT16_MAX},
        {"chmod { mode == 04755 }", WHERE("chmod", "1", "2541"), SYS_chmod, 1, 04755, UINT16_MAX},
        {"openat { mode == 07777 }", WHERE("openat", "3", "4095"), SYS_openat, 3, 07777, UINT16_MAX},
        {"mknodat { mode == 65535 }", WHERE("mknodat", "2", "65535"), SYS_mknodat, 2, 65535, UINT16_MAX},
        {"ptrace { pid == 5 }", WHERE("ptrace", "1", "5"), SYS_ptrace, 1, 5, UINT32_MAX},
        {"mbind { mode == 2 }", WHERE("mbind", "2", "2"), SYS_mbind, 2, 2, UINT32_MAX},
        {"read { count == 7 }", WHERE("read", "2", "7"), SYS_read, 2, 7, UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < 2 * SN_ARRAY_SIZE(cases); i++) {
        char text[128];
        sn_policy *policy;

        snprintf(text, sizeof(text), "ERRNO(EPERM) { %s } DEFAULT ALLOW", cases[i / 2].kafel);
        policy = parse_good(i % 2 ? cases[i / 2].oci : text);
        for (int bit = 0; bit < 64; bit++) {
            uint64_t flipped = UINT64_C(1) << bit, args[6] = {0};
            bool is_read = cases[i / 2].mask & flipped;

            args[cases[i / 2].arg] = cases[i / 2].value ^ flipped;
            if ((sn__policy_evaluate(policy, cases[i / 2].number, args).kind == SN__ACTION_ALLOW) != is_read)
                fail_msg("%s: bit %d", i % 2 ? cases[i / 2].oci : text, bit);
        }
        sn_policy_free(policy);
    }
}

static void first_match_decides(void **state)
{
    sn_policy *policy = parse_good("ERRNO(1) { ioctl { cmd == 1 } } LOG { ioctl { cmd < 5 } } ALLOW { ioctl }");

    (void)state;
    assert_action(policy, SYS_ioctl, 0, 1, SN__ACTION_ERRNO, 1);
    assert_action(policy, SYS_ioctl, 0, 2, SN__ACTION_LOG, 0);
    assert_action(policy, SYS_ioctl, 0, 5, SN__ACTION_ALLOW, 0);
    sn_policy_free(policy);
}

static void kafel_errors_have_positions(void **state)
{
    static const struct {
        const char *text;
        uint32_t line, column;
        const char *says;
    } cases[] = {
        {"ALLOW { raed }", 1, 9, "did you mean read"},
        {"ALLOW {\n  read,\n  exeve\n}", 3, 3, "did you mean execve"},
        {"ALLOW { socketcall }", 1, 9, "does not exist on this architecture"},
        {"ALLOW { zzzzzzzzzz }", 1, 9, "there is no system call zzzzzzzzzz"},
        {"ALLOW { read, read }", 1, 15, "text:1:9"},
        {"ALLOW { read }\nKILL { read }", 2, 8, "text:1:9"},
        {"ALLOW { ioctl, ioctl { cmd == 1 } }", 1, 16, "never"},
        {"ALLOW { ioctl { cmd = 1 } }", 1, 21, "=="},
        {"ALLOW { ioctl { nix == 1 } }", 1, 17, "nix"},
        {"ALLOW { ioctl { cmd == arg } }", 1, 21, "another argument"},
        {"ALLOW { ioctl { 1 == 1 } }", 1, 19, "constant"},
        {"ALLOW { ioctl { cmd | 1 == 1 } }", 1, 21, "|"},
        {"ALLOW { ioctl { (cmd & arg) == 1 } }", 1, 22, "another argument"},
        {"ALLOW { ioctl { (cmd & 1) == 2 } }", 1, 30, "never"},
        {"ALLOW { ioctl { cmd == 0x100000000 } }", 1, 24, "32 bits"},
        {"ALLOW { mkdir { mode == 0x10000 } }", 1, 25, "16 bits"},
        {"ALLOW { mkdir { (mode & 0700) == 0200700 } }", 1, 34, "16 bits"},
        {"ALLOW { ptrace { pid == 0x100000005 } }", 1, 25, "32 bits"},
        {"ALLOW { mbind { mode == 0x100000002 } }", 1, 25, "32 bits"},
        {"ALLOW { ioctl { 5 } }", 1, 17, "constant"},
        {"ALLOW { ioctl { cmd == 1 == 2 } }", 1, 26, "expected"},
        {"ALLOW { ioctl { (cmd == 1) & 2 } }", 1, 28, "&&"},
        {"ALLOW { ioctl(a, b, c, d, e, f, g) }", 1, 33, "six"},
        {"ALLOW { ioctl(a, a) }", 1, 18, "two arguments"},
        {"ALLOW { read", 1, 13, "ends"},
        {"ALLOW { read } }", 1, 16, "action"},
        {"PERMIT { read }", 1, 1, "action"},
        {"TRACE(1) { read }", 1, 1, "tracer"},
        {"ERRNO { read }", 1, 7, "("},
        {"ERRNO(5000) { read }", 1, 1, "too large"},
        {"ERRNO(EFOO) { read }", 1, 7, "EFOO"},
        {"USE a DEFAULT KILL", 1, 5, "no POLICY a"},
        {"POLICY a { USE a }", 1, 16, "itself"},
        {"POLICY a { }\nPOLICY a { }", 2, 8, "text:1"},
        {"DEFAULT KILL\nDEFAULT ALLOW", 2, 1, "text:1"},
        {"#define A\nALLOW { read }", 1, 9, "no value"},
        {"#define A 1\n#define A 2", 2, 9, "text:1"},
        {"#define A 1 2", 1, 13, "end of the line"},
        {"#pragma x", 1, 1, "define and include"},
        {"#include <a>", 1, 10, "quotes"},
        {"#include \"nosuch.policy\"", 1, 10, "nosuch.policy"},
        {"#include \"/etc/passwd\"", 1, 10, "memory"},
        {"#include \"../default.policy\"", 1, 10, "memory"},
        {"#include \"a", 1, 10, "closed"},
        {"ALLOW { ioctl { cmd == 0xfg } }", 1, 27, "number"},
        {"ALLOW { ioctl { cmd == 09 } }", 1, 25, "number"},
        {"ALLOW { ioctl { cmd == 0x } }", 1, 24, "digits"},
        {"ALLOW { ioctl { cmd == 99999999999999999999 } }", 1, 24, "64 bits"},
        {"/* x", 1, 1, "closed"},
        {"ALLOW { read @ }", 1, 14, "character"},
        {"ALLOW { SYSCALL[-1] }", 1, 9, "number"},
        {"ALLOW { SYSCALL[0x40000000] }", 1, 9, "x32"},
        {"ALLOW { SYSCALL[0x40000001] }", 1, 9, "x32"},
        {"ALLOW { read ON vax }", 1, 17, "vax"},
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++) {
        sn_policy *policy = NULL;
        sn_error *error = NULL;
        int r = sn_policy_parse(cases[i].text, strlen(cases[i].text), "text", &policy, &error);

        if (r != SN_EPARSE || sn_error_line(error) != cases[i].line || sn_error_column(error) != cases[i].column ||
            !strstr(sn_error_message(error), cases[i].says))
            fail_msg("%s\n  -> %d at %u:%u: %s", cases[i].text, r, sn_error_line(error), sn_error_column(error),
                     sn_error_message(error));
        assert_null(policy);
        sn_error_free(error);
    }
}

static void sizes_are_bounded(void **state)
{
    size_t length = SN__POLICY_FILE_MAX + 1;
    char *text = malloc(length);
    sn_policy *policy = NULL;

    (void)state;
    memset(text, ' ', length);
    assert_int_equal(sn_policy_parse(text, length, "text", &policy, NULL), SN_ELIMIT);
    memset(text, '(', length);
    memcpy(text, "ALLOW { ioctl { ", 16);
    assert_int_equal(sn_policy_parse(text, length - 1, "text", &policy, NULL), SN_EPARSE);
    memset(text, '!', length);
    memcpy(text, "ALLOW { ioctl { ", 16);
    assert_int_equal(sn_policy_parse(text, length - 1, "text", &policy, NULL), SN_EPARSE);
    memset(text, '-', length);
    memcpy(text, "ERRNO(", 6);
    assert_int_equal(sn_policy_parse(text, length - 1, "text", &policy, NULL), SN_EPARSE);
    memset(text, 0, length);
    assert_int_equal(sn_policy_parse(text, length - 1, "text", &policy, NULL), SN_EPARSE);
    free(text);
}

static void write_file(const char *directory, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void includes_are_found_once_and_never_in_a_circle(void **state)
{
    char directory[] = "/tmp/sentinel-test-XXXXXX", path[256];
    static const char *const names[] = {"a.policy", "b.policy", "c.policy", "circle.policy", "bad.policy"};
    sn_policy *policy = NULL;
    sn_error *error = NULL;

    (void)state;
    assert_non_null(mkdtemp(directory));
    write_file(directory, "a.policy", "#include \"b.policy\" \"c.policy\"\nUSE b, c DEFAULT KILL");
    write_file(directory, "b.policy", "#include \"c.policy\"\nPOLICY b { ALLOW { read }, USE c }");
    write_file(directory, "c.policy", "POLICY c { ALLOW { write } }");
    write_file(directory, "circle.policy", "\n #include \"circle.policy\"");
    write_file(directory, "bad.policy", "#include \"b.policy\"\n\nALLOW { wirte }");

    snprintf(path, sizeof(path), "%s/a.policy", directory);
    assert_int_equal(sn_policy_load(path, &policy, &error), 0);
    assert_string_equal(sn_policy_name(policy), path);
    assert_action(policy, SYS_read, 0, 0, SN__ACTION_ALLOW, 0);
    assert_action(policy, SYS_write, 0, 0, SN__ACTION_ALLOW, 0);
    sn_policy_free(policy);

    snprintf(path, sizeof(path), "%s/circle.policy", directory);
    assert_int_equal(sn_policy_load(path, &policy, &error), SN_EPARSE);
    assert_int_equal(sn_error_line(error), 2);
    assert_int_equal(sn_error_column(error), 11);
    assert_non_null(strstr(sn_error_message(error), "includes itself"));

    snprintf(path, sizeof(path), "%s/bad.policy", directory);
    assert_int_equal(sn_policy_load(path, &policy, &error), SN_EPARSE);
    assert_int_equal(sn_error_line(error), 3);
    assert_non_null(strstr(sn_error_message(error), "bad.policy:3:9"));

    assert_int_equal(sn_policy_load(directory, &policy, &error), SN_EINVAL);
    assert_int_equal(sn_policy_load("./nosuch.policy", &policy, &error), SN_ENOENT);
    assert_int_equal(sn_policy_load("nosuch", &policy, &error), SN_ENOENT);
    assert_int_equal(sn_policy_load("", &policy, &error), SN_ENOENT);
    assert_int_equal(sn_policy_load("..", &policy, &error), SN_ENOENT);
    sn_error_free(error);
    for (size_t i = 0; i < SN_ARRAY_SIZE(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        unlink(path);
    }
    rmdir(directory);
}

static void references_are_counted(void **state)
{
    sn_policy *policy = parse_good("ALLOW { read }");

    (void)state;
    assert_ptr_equal(sn_policy_ref(policy), policy);
    sn_policy_free(policy);
    assert_string_equal(sn_policy_name(policy), "text");
    sn_policy_free(policy);
    sn_policy_free(NULL);
}

static void oci_profiles(void **state)
{
    sn_policy *policy = parse_good(
        " {\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"architectures\": [\"SCMP_ARCH_X86\"], "
        "\"syscalls\": ["
        "{\"names\": [\"read\", \"nosuch_call\", \"socketcall\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": null},"
        "{\"name\": \"write\", \"action\": \"SCMP_ACT_KILL\"},"
        "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 1, \"op\": "
        "\"SCMP_CMP_EQ\"}]},"
        "{\"names\": [\"mount\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}},"
        "{\"names\": [\"bpf\"], \"action\": \"SCMP_ACT_LOG\", \"excludes\": {\"caps\": [\"CAP_BPF\"]}},"
        "{\"names\": [\"ptrace\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"minKernel\": \"4.8\"}},"
        "{\"names\": [\"kcmp\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"minKernel\": \"99.0\"}},"
        "{\"names\": [\"chroot\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"arches\": [\"s390x\"]}},"
        "{\"names\": [\"personality\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
        "  {\"index\": 0, \"value\": 8, \"op\": \"SCMP_CMP_EQ\"}, {\"index\": 0, \"value\": 0, \"op\": "
        "\"SCMP_CMP_EQ\"}]},"
        "{\"names\": [\"clone\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
        "  {\"index\": 0, \"value\": 2114060288, \"valueTwo\": 0, \"op\": \"SCMP_CMP_MASKED_EQ\"}]},"
        "{\"names\": [\"setns\"], \"action\": \"SCMP_ACT_ERRNO\"},"
        "{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
        "  {\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}, {\"index\": 1, \"value\": 3, \"op\": "
        "\"SCMP_CMP_LT\"}]}]}");

    (void)state;
    assert_action(policy, SYS_read, 1, 0, SN__ACTION_ALLOW, 0);
    assert_action(policy, SYS_read, 2, 0, SN__ACTION_ALLOW, 0);
    assert_action(policy, SYS_write, 0, 0, SN__ACTION_KILL, 0);
    assert_action(policy, SYS_mount, 0, 0, SN__ACTION_ERRNO, 38);
    assert_action(policy, SYS_bpf, 0, 0, SN__ACTION_LOG, 0);
    assert_action(policy, SYS_ptrace, 0, 0, SN__ACTION_ALLOW, 0);
    assert_action(policy, SYS_kcmp, 0, 0, SN__ACTION_ERRNO, 38);
    assert_action(policy, SYS_chroot, 0, 0, SN__ACTION_ERRNO, 38);
    assert_action(policy, SYS_personality, 8, 0, SN__ACTION_ALLOW, 0);
    assert_action(policy, SYS_personality, 0, 0, SN__ACTION_ALLOW, 0);
    assert_action(policy, SYS_personality, 1, 0, SN__ACTION_ERRNO, 38);
    assert_action(policy, SYS_clone, 0x11, 0, SN__ACTION_ALLOW, 0);
    assert_action(policy, SYS_clone, 0x10000011, 0, SN__ACTION_ERRNO, 38);
    assert_action(policy, SYS_setns, 0, 0, SN__ACTION_ERRNO, 1);
    assert_action(policy, SYS_socket, 1, 2, SN__ACTION_ALLOW, 0);
    assert_action(policy, SYS_socket, 1, 3, SN__ACTION_ERRNO, 38);
    assert_action(policy, SYS_socket, 2, 2, SN__ACTION_ERRNO, 38);
    sn_policy_free(policy);
}

static void oci_errors(void **state)
{
#define PROFILE(entry) "{\"defaultAction\": \"SCMP_ACT_KILL\", \"syscalls\": [" entry "]}"
    static const struct {
        const char *text, *says;
        uint32_t line;
    } cases[] = {
        {"{\n  \"defaultAction\": oops }", "text:2", 2},
        {"{}", "defaultAction is missing", 0},
        {"{\"defaultAction\": \"SCMP_ACT_TRACE\"}", "SCMP_ACT_TRACE", 0},
        {"{\"defaultAction\": \"SCMP_ACT_KILL\", \"sycalls\": []}", "sycalls", 0},
        {PROFILE("{\"names\": [\"read\"]}"), "syscalls[0]: action", 0},
        {PROFILE("{\"names\": [\"read\"], \"action\": \"ALLOW\"}"), "\"ALLOW\"", 0},
        {PROFILE("{\"action\": \"SCMP_ACT_ALLOW\"}"), "names", 0},
        {PROFILE("{\"names\": [5], \"action\": \"SCMP_ACT_ALLOW\"}"), "names[0]", 0},
        {PROFILE("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"arg\": 1}"), "\"arg\"", 0},
        {PROFILE("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 6, \"value\": 1, "
                 "\"op\": \"SCMP_CMP_EQ\"}]}"),
         "0 to 5", 0},
        {PROFILE("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 1, "
                 "\"op\": \"==\"}]}"),
         "op", 0},
        {PROFILE("{\"names\": [\"chmod\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 1, \"value\": 65984, "
                 "\"op\": \"SCMP_CMP_EQ\"}]}"),
         "16 bits of argument 1", 0},
        {PROFILE("{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 255, "
                 "\"valueTwo\": 4294967296, \"op\": \"SCMP_CMP_MASKED_EQ\"}]}"),
         "32 bits of argument 0", 0},
        {PROFILE("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\"}, {\"names\": [\"read\"], \"action\": "
                 "\"SCMP_ACT_LOG\"}"),
         "syscalls[1]", 0},
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++) {
        sn_policy *policy = NULL;
        sn_error *error = NULL;
        int r = sn_policy_parse(cases[i].text, strlen(cases[i].text), "text", &policy, &error);

        if (r != SN_EPARSE || !strstr(sn_error_message(error), cases[i].says) || sn_error_line(error) != cases[i].line)
            fail_msg("%s\n  -> %d: %s", cases[i].text, r, sn_error_message(error));
        assert_null(policy);
        sn_error_free(error);
    }
}

/* Printed and read again it decides the same, in either syntax. */
static void assert_round_trip(const sn_policy *policy, uint32_t format)
{
    static const uint64_t values[] = {0,          1,       2,          3,           4,         5,      9,
                                      10,         15,      16,         17,          38,        0x5412, 0x541c,
                                      0x10000011, 0x40000, 0xffffffff, 0x100000001, UINT64_MAX};
    char *text = NULL, *again = NULL;
    sn_policy *copy;

    assert_int_equal(sn_policy_print(policy, format, &text, NULL), 0);
    copy = parse_good(text);
    for (int number = 0; number < 470; number++)
        for (size_t i = 0; i < SN_ARRAY_SIZE(values); i++)
            for (size_t j = 0; j < SN_ARRAY_SIZE(values); j++) {
                const uint64_t args[6] = {values[i], values[j], values[(i + j) % 3], 0, values[j], values[i]};
                struct sn__policy_action a = sn__policy_evaluate(policy, number, args);
                struct sn__policy_action b = sn__policy_evaluate(copy, number, args);

                if (a.kind != b.kind || (a.kind == SN__ACTION_ERRNO && a.value != b.value))
                    fail_msg("%d(%#lx, %#lx): %d and %d", number, (unsigned long)args[0], (unsigned long)args[1],
                             a.kind, b.kind);
            }
    if (format == 0) {
        assert_int_equal(copy->rules_count, policy->rules_count);
        assert_int_equal(sn_policy_print(copy, 0, &again, NULL), 0);
        assert_string_equal(text, again);
    }
    sn_free(text);
    sn_free(again);
    sn_policy_free(copy);
}

static void printed_policies_parse_to_the_same(void **state)
{
    static const char *const texts[] = {
        "ALLOW { read, ioctl { cmd == 1 || fd != 2 && !(cmd & 4 || fd < 9), cmd > 0x10 } } ERRNO(9) { ioctl } TRAP(2) "
        "{ open }",
        "ALLOW { SYSCALL[400] { }, getpid(a, b, c, d, e, f) { f == 1 && (e & 3) == 2 } } DEFAULT ERRNO(EACCES)",
        "KILL { clone { clone_flags & CLONE_NEWUSER } } LOG { write(a) { !!(a >= 4) } } DEFAULT ALLOW",
        "ALLOW { mkdir { mode == 1 }, fchmod { mode & 6 }, chmod { mode != 3 }, ptrace { pid == 5 }, mbind { mode == 2 "
        "} } "
        "DEFAULT ERRNO(1)",
        "#include \"network.policy\"\n#include \"java.policy\"",
        "#include \"python.policy\"",
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(texts); i++) {
        sn_policy *policy = parse_good(texts[i]);

        assert_round_trip(policy, 0);
        if (i != 1) /* number 400 has no name, and JSON has only names */
            assert_round_trip(policy, 1);
        sn_policy_free(policy);
    }
}

static void names_go_both_ways(void **state)
{
    struct sn__arg args[6];
    uint64_t value;
    char name[64];

    (void)state;
    assert_int_equal(sn__syscall_number("newstat"), SYS_stat);
    assert_int_equal(sn__syscall_number("fchmodat2"), 452);
    assert_int_equal(sn__syscall_number("nix"), SN__SYSCALL_UNKNOWN);
    assert_int_equal(sn__syscall_number("socketcall"), SN__SYSCALL_ELSEWHERE);
    assert_true(sn__syscall_nearest("sockett", name, sizeof(name)));
    assert_string_equal(name, "socket");
    assert_false(sn__syscall_nearest("completely_wrong", name, sizeof(name)));
    assert_int_equal(sn__syscall_arguments("socket", args), 3);
    assert_string_equal(args[0].name, "family");
    assert_int_equal(sn__syscall_arguments("getpid", args), 0);
    assert_int_equal(sn__syscall_arguments("sock", args), -1);
    assert_true(sn__constant_value("CLONE_NEWUSER", &value) && value == 0x10000000);
    assert_string_equal(sn__constant_name("AF_", 1), "AF_UNIX");
    assert_null(sn__constant_name("AF_", 12345));
}

/* What is kept of a sandbox's network stands on this: when in doubt it says no. */
static void only_unix_sockets(void **state)
{
    static const struct {
        const char *text;
        bool wanted;
    } cases[] = {
        {"", true},
        {"DEFAULT ALLOW", false},
        {"DEFAULT LOG", false},
        {"DEFAULT ERRNO(1)", true},
        {"ALLOW { read, sendto, bind, connect }", true},
        {"ALLOW { socket }", false},
        {"LOG { socket }", false},
        {"ERRNO(1) { socket }", true},
        {"ALLOW { socket { family == AF_UNIX } }", true},
        {"ALLOW { socketpair { family == AF_UNIX } }", true},
        {"ALLOW { socketpair }", false},
        {"ALLOW { socket { family == AF_UNIX || family == AF_INET } }", false},
        {"ALLOW { socket { family == AF_UNIX && type == 1 } }", true},
        {"ALLOW { socket { family == AF_UNIX || (family == AF_UNIX && type == 2) } }", true},
        {"ALLOW { socket { type == 1 } }", false},
        {"ALLOW { socket { family <= AF_UNIX } }", false},
        {"ALLOW { socket { family != AF_INET } }", false},
        {"ALLOW { socket { (family & 1) == 1 } }", false},
        {"ALLOW { socket { family == AF_INET && type == 1 && protocol == 6 } }", false},
        {"ALLOW { io_uring_setup }", false},
        {"ALLOW { pidfd_getfd }", false},
        {"ERRNO(38) { io_uring_setup, pidfd_getfd }", true},
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++) {
        sn_policy *policy = parse_good(cases[i].text);

        if (sn__policy_only_unix_sockets(policy) != cases[i].wanted)
            fail_msg("not %d: %s", cases[i].wanted, cases[i].text);
        sn_policy_free(policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kafel_actions_and_default),
        cmocka_unit_test(kafel_conditions),
        cmocka_unit_test(only_what_the_kernel_reads_counts),
        cmocka_unit_test(first_match_decides),
        cmocka_unit_test(kafel_errors_have_positions),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(includes_are_found_once_and_never_in_a_circle),
        cmocka_unit_test(references_are_counted),
        cmocka_unit_test(oci_profiles),
        cmocka_unit_test(oci_errors),
        cmocka_unit_test(printed_policies_parse_to_the_same),
        cmocka_unit_test(only_unix_sockets),
        cmocka_unit_test(names_go_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
