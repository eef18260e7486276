/* SPDX-License-Identifier: MIT */
#include "../bpf.h"
#include "base/cleanup.h"
#include "config/policy.h"
#include "plan/seccomp_compile.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#define X32 0x40000000
#define NOTIFY SECCOMP_RET_USER_NOTIF
#define ALLOW SECCOMP_RET_ALLOW
#define RET_ERRNO(n) (SECCOMP_RET_ERRNO | (n))

static uint32_t interpret(const struct sn__bpf *bpf, const struct seccomp_data *data)
{
    uint32_t answer = 0;

    assert_int_equal(bpf_run(bpf, data, &answer), 0);
    return answer;
}

static uint32_t verdict(const struct sn__bpf *bpf, uint32_t arch, int number, const uint64_t args[6])
{
    struct seccomp_data data = {.nr = number, .arch = arch};

    if (args)
        memcpy(data.args, args, sizeof(data.args));
    return interpret(bpf, &data);
}

static sn_policy *parse_good(const char *text)
{
    sn_policy *policy = NULL;
    sn_error *error = NULL;

    if (sn_policy_parse(text, strlen(text), "text", &policy, &error) != 0)
        fail_msg("%s\n  in: %s", sn_error_message(error), text);
    return policy;
}

static struct sn__bpf compile_good(const sn_policy *policy)
{
    struct sn__bpf bpf = {0};
    sn_error *error = NULL;

    if (sn__seccomp_compile(policy, &bpf, &error) != 0)
        fail_msg("%s", sn_error_message(error));
    return bpf;
}

static struct sn__bpf compile_text(const char *text)
{
    sn_policy *policy = parse_good(text);
    struct sn__bpf bpf = compile_good(policy);

    sn_policy_free(policy);
    return bpf;
}

static uint32_t expected(struct sn__policy_action action)
{
    switch (action.kind) {
    case SN__ACTION_ALLOW:
        return ALLOW;
    case SN__ACTION_LOG:
        return SECCOMP_RET_LOG;
    case SN__ACTION_ERRNO:
        return RET_ERRNO(action.value);
    case SN__ACTION_TRAP:
        return SECCOMP_RET_TRAP | action.value;
    default:
        return NOTIFY;
    }
}

static void foreign_abis_are_told(void **state)
{
    static const char *const texts[] = {"#include \"default.policy\"", "DEFAULT ALLOW",
                                        "ALLOW { execve, exit_group } DEFAULT ERRNO(1)"};

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(texts); i++) {
        struct sn__bpf bpf = compile_text(texts[i]);

        for (int number = 0; number < 600; number++) {
            assert_int_equal(verdict(&bpf, AUDIT_ARCH_I386, number, NULL), NOTIFY);
            assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, number | X32, NULL), NOTIFY);
            assert_int_equal(verdict(&bpf, AUDIT_ARCH_AARCH64, number, NULL), NOTIFY);
        }
        assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_execve, NULL), ALLOW);
        free(bpf.instructions);
    }
}

static void actions_become_return_values(void **state)
{
    struct sn__bpf bpf =
        compile_text("ALLOW { execve, exit_group } LOG { read } TRAP(7) { write } ERRNO(ENOSYS) { open }"
                     "ERRNO(0) { sync } KILL { close } ALLOW { SYSCALL[452], fork? } DEFAULT ERRNO(EPERM)");

    (void)state;
    assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_read, NULL), SECCOMP_RET_LOG);
    assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_write, NULL), SECCOMP_RET_TRAP | 7);
    assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_open, NULL), RET_ERRNO(38));
    assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_sync, NULL), RET_ERRNO(0));
    assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_close, NULL), NOTIFY);
    assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, 452, NULL), ALLOW);
    assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, 453, NULL), RET_ERRNO(1));
    assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, -1, NULL), RET_ERRNO(1));
    free(bpf.instructions);
}

/* The filter, too, looks at nothing of an argument that the kernel does not. */
static void only_what_the_kernel_reads_is_compared(void **state)
{
    static const struct {
        int number;
        uint64_t args[6];
        uint32_t answer;
    } cases[] = {
        {SYS_mkdir, {0, 0700}, RET_ERRNO(1)},
        {SYS_mkdir, {0, 0x10000 | 0700}, RET_ERRNO(1)},
        {SYS_mkdir, {0, UINT64_MAX << 16 | 0700}, RET_ERRNO(1)},
        {SYS_mkdir, {0, 0x8000 | 0700}, ALLOW},
        {SYS_fchmod, {0, 0x10000 | 0100}, RET_ERRNO(1)},
        {SYS_fchmod, {0, 0x10000 | 0101}, ALLOW},
        {SYS_ptrace, {16, UINT64_C(1) << 32 | 5}, RET_ERRNO(1)},
        {SYS_ptrace, {16, 0x10000 | 5}, ALLOW},
        {SYS_mbind, {0, 4096, UINT64_C(1) << 32 | 2}, RET_ERRNO(1)},
        {SYS_mbind, {0, 4096, 3}, ALLOW},
    };
    struct sn__bpf bpf =
        compile_text("ERRNO(EPERM) { mkdir { mode == 0700 }, fchmod { mode < 0101 }, ptrace { pid == 5 }, "
                     "mbind { mode == 2 } } DEFAULT ALLOW");

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++)
        assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, cases[i].number, cases[i].args), cases[i].answer);
    free(bpf.instructions);
}

static void large_mappings_go_to_the_listener(void **state)
{
    static const struct {
        const char *text;
        uint32_t let, log_or_allow_other;
    } policies[] = {
        {"ALLOW { execve, exit_group, mmap, mremap }", ALLOW, NOTIFY},
        {"DEFAULT ALLOW", ALLOW, ALLOW},
        {"ALLOW { mmap, mremap } DEFAULT ALLOW", ALLOW, ALLOW},
        {"ALLOW { execve, exit_group, mmap, mremap } DEFAULT ERRNO(1)", ALLOW, RET_ERRNO(1)},
        {"ALLOW { execve, exit_group } LOG { mmap, mremap } DEFAULT ERRNO(1)", SECCOMP_RET_LOG, RET_ERRNO(1)},
        {"LOG { mmap, mremap } DEFAULT ALLOW", SECCOMP_RET_LOG, ALLOW},
    };
    static const struct {
        uint64_t length, protection, flags;
        bool let;
    } cases[] = {
        {SN__SECCOMP_LARGE_MAPPING - 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, true},
        {SN__SECCOMP_LARGE_MAPPING, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, false},
        {UINT64_C(1) << 40, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, false},
        {UINT64_MAX, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, false},
        {UINT64_C(1) << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, true},
        {UINT64_C(1) << 40, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, true},
        {UINT64_C(1) << 40, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, true},
        {UINT64_C(1) << 40, PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, true},
        {UINT64_C(1) << 40, PROT_WRITE, MAP_PRIVATE, true},
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(policies); i++) {
        struct sn__bpf bpf = compile_text(policies[i].text);

        for (size_t j = 0; j < SN_ARRAY_SIZE(cases); j++) {
            const uint64_t mmap_args[6] = {0, cases[j].length, cases[j].protection, cases[j].flags};
            const uint64_t mremap_args[6] = {0, 4096, cases[j].length, 1};

            assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_mmap, mmap_args),
                             cases[j].let ? policies[i].let : NOTIFY);
            assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_mremap, mremap_args),
                             cases[j].length < SN__SECCOMP_LARGE_MAPPING ? policies[i].let : NOTIFY);
        }
        assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_read, NULL), policies[i].log_or_allow_other);
        free(bpf.instructions);
    }
}

static void mappings_with_conditions_are_left_alone(void **state)
{
    struct sn__bpf bpf =
        compile_text("ALLOW { execve, exit_group, mmap { (prot & PROT_EXEC) == 0 } } ERRNO(1) { mremap }");
    const uint64_t large[6] = {0, UINT64_C(1) << 40, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS};

    (void)state;
    assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_mmap, large), ALLOW);
    assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_mremap, large), RET_ERRNO(1));
    assert_int_equal(bpf.watched, 0);
    free(bpf.instructions);
}

/* An error for some of them does not keep the rest from being watched. */
static void mappings_with_errors_are_watched(void **state)
{
    struct sn__bpf bpf = compile_text("ERRNO(12) { mmap { flags & MAP_HUGETLB } }"
                                      "LOG { mmap { fd == 7 } } ALLOW { execve, exit_group, mmap, mremap }");
    const int kind = MAP_PRIVATE | MAP_ANONYMOUS;
    const struct {
        uint64_t args[6];
        uint32_t wanted;
    } cases[] = {
        {{0, 4096, PROT_WRITE, (uint64_t)kind, UINT64_MAX}, ALLOW},
        {{0, UINT64_C(1) << 40, PROT_WRITE, (uint64_t)kind, UINT64_MAX}, NOTIFY},
        {{0, UINT64_C(1) << 40, PROT_WRITE, (uint64_t)kind, 7}, NOTIFY},
        {{0, 4096, PROT_WRITE, (uint64_t)kind, 7}, SECCOMP_RET_LOG},
        {{0, UINT64_C(1) << 40, PROT_WRITE, (uint64_t)(kind | MAP_HUGETLB), UINT64_MAX}, RET_ERRNO(12)},
        {{0, 4096, PROT_WRITE, (uint64_t)(kind | MAP_HUGETLB), UINT64_MAX}, RET_ERRNO(12)},
    };

    (void)state;
    assert_int_equal(bpf.watched, 3);
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++)
        assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_mmap, cases[i].args), cases[i].wanted);
    free(bpf.instructions);
}

/* What the listener gets of a watched call it may let go on: where the policy denies some of it, none is watched. */
static void denied_mappings_are_not_taken_for_large_ones(void **state)
{
    static const char *const texts[] = {
        "KILL { mmap { prot & PROT_EXEC } } ALLOW { execve, exit_group, mmap }",
        "ALLOW { execve, exit_group, mmap { fd == 3 } }",
        "KILL { mmap } DEFAULT ALLOW",
        "ERRNO(1) { mmap } DEFAULT ALLOW",
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(texts); i++) {
        struct sn__bpf bpf = compile_text(texts[i]);

        assert_int_equal(bpf.watched & 1, 0);
        free(bpf.instructions);
    }
}

static void what_cannot_start_a_program_is_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"ALLOW { read }", "execve"},
        {"ALLOW { execve }", "exit_group"},
        {"ALLOW { execve { filename == 1 }, exit_group }", "execve"},
        {"POLICY a { ALLOW { execve, exit_group } }", "POLICY a is never used: add USE a"},
        {"POLICY a { ALLOW { execve } } POLICY b { USE a ALLOW { exit_group } }", "POLICY b is never used: add USE b"},
        {"POLICY a { ALLOW { execve } } USE a", "add ALLOW { exit_group }"},
        {"#include \"base.policy\"\n", "add ALLOW { execve }"},
        {"KILL { exit_group } DEFAULT ALLOW", "exit_group"},
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++) {
        sn_policy *policy = parse_good(cases[i].text);
        struct sn__bpf bpf = {0};
        sn_error *error = NULL;

        assert_int_equal(sn__seccomp_compile(policy, &bpf, &error), SN_EINVAL);
        assert_non_null(strstr(sn_error_message(error), cases[i].says));
        assert_null(bpf.instructions);
        sn_error_free(error);
        sn_policy_free(policy);
    }
}

/* A small generator of its own: the same cases on every machine. */
static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

static const char *const values_text[] = {"0", "1", "2", "3", "4", "7", "8", "0x10", "0xff", "0x7fffffff"};
static const uint64_t values[] = {0, 1, 2, 3, 4, 7, 8, 0x10, 0xff, 0x7fffffff};

static void random_condition(uint64_t *seed, int depth, char *text, size_t size)
{
    static const char *const names32[] = {"fd", "cmd", "arg"}; /* ioctl: two of 32 bits, one of 64 */
    static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">="};
    char left[512], right[512];

    if (depth && next_random(seed) % 3) {
        random_condition(seed, depth - 1, left, sizeof(left));
        if (next_random(seed) % 5 == 0) {
            snprintf(text, size, "!(%.500s)", left);
            return;
        }
        random_condition(seed, depth - 1, right, sizeof(right));
        snprintf(text, size, "(%.400s) %s (%.400s)", left, next_random(seed) % 2 ? "&&" : "||", right);
    } else if (next_random(seed) % 3 == 0) {
        snprintf(text, size, "(%s & 0x%x) %s 0", names32[next_random(seed) % 3], 1 + next_random(seed) % 31,
                 ops[next_random(seed) % 6]);
    } else {
        snprintf(text, size, "%s %s %s", names32[next_random(seed) % 3], ops[next_random(seed) % 6],
                 values_text[next_random(seed) % SN_ARRAY_SIZE(values)]);
    }
}

/*
 * Random conditions in up to three rules with different actions: what becomes of them has to agree with the policy read
 * literally, on the constants, their neighbours and with the upper halves set.
 */
static void compiled_and_literal_meaning_agree(void **state)
{
    static const char *const actions[] = {"ALLOW", "ERRNO(1)", "ERRNO(2)", "LOG", "KILL"};
    uint64_t seed = 20240607;

    (void)state;
    for (int round = 0; round < 200; round++) {
        char text[4096] = "ALLOW { execve, exit_group }\n", condition[1024];
        sn_policy *policy;
        struct sn__bpf bpf;

        for (uint32_t rules = 1 + next_random(&seed) % 3; rules; rules--) {
            random_condition(&seed, 2, condition, sizeof(condition));
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s { ioctl { %s } }\n",
                     actions[next_random(&seed) % SN_ARRAY_SIZE(actions)], condition);
        }
        if (next_random(&seed) % 3 == 0)
            strcat(text, "DEFAULT ALLOW\n");
        policy = parse_good(text);
        bpf = compile_good(policy);
        for (int sample = 0; sample < 200; sample++) {
            uint64_t args[6] = {0};
            uint32_t got, want;

            for (int i = 0; i < 3; i++) {
                args[i] = values[next_random(&seed) % SN_ARRAY_SIZE(values)] + next_random(&seed) % 3 - 1;
                if (next_random(&seed) % 4 == 0)
                    args[i] ^= UINT64_C(1) << (next_random(&seed) % 64);
            }
            got = verdict(&bpf, AUDIT_ARCH_X86_64, SYS_ioctl, args);
            want = expected(sn__policy_evaluate(policy, SYS_ioctl, args));
            if (got != want)
                fail_msg("%#x instead of %#x for ioctl(%#lx, %#lx, %#lx) of\n%s", got, want, (unsigned long)args[0],
                         (unsigned long)args[1], (unsigned long)args[2], text);
        }
        free(bpf.instructions);
        sn_policy_free(policy);
    }
}

/* Jumps over more than the 255 instructions that a conditional one reaches, to answers and to conditions. */
static void far_jumps_arrive(void **state)
{
    static const struct {
        int first, step;
    } kinds[] = {{600, 1}, {600, 7}};

    (void)state;
    for (size_t kind = 0; kind < SN_ARRAY_SIZE(kinds); kind++) {
        char text[65536] = "ALLOW { execve, exit_group }\n";
        size_t used = strlen(text);
        struct sn__bpf bpf;
        sn_policy *policy;

        for (int i = 0; i < 160; i++)
            used += (size_t)snprintf(text + used, sizeof(text) - used,
                                     "ERRNO(%d) { SYSCALL[%d](a, b, c) { a == %d && b > 0x1%08x, c & 0x%x } }\n",
                                     1 + i % 3, kinds[kind].first + i * kinds[kind].step, i, i, 1 << i % 31);
        /* one call with very many rules: past all of them to the default */
        for (int i = 0; i < 120; i++)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "ERRNO(%d) { ioctl { arg == %d } }\n", 1 + i, i);
        policy = parse_good(text);
        bpf = compile_good(policy);
        assert_true(bpf.count > 1000);
        for (int i = -1; i < 160; i++) {
            int number = kinds[kind].first + i * kinds[kind].step;
            const uint64_t samples[][6] = {{(uint64_t)i, UINT64_C(0x200000000)},
                                           {(uint64_t)i, UINT64_C(0x100000000) + (uint64_t)i},
                                           {(uint64_t)i, UINT64_C(0x100000001) + (uint64_t)i},
                                           {0, 0, UINT64_C(1) << (i < 0 ? 40 : i % 31)},
                                           {0, 0, 0}};

            for (size_t j = 0; j < SN_ARRAY_SIZE(samples); j++)
                assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, number, samples[j]),
                                 expected(sn__policy_evaluate(policy, number, samples[j])));
        }
        for (uint64_t i = 0; i < 122; i++)
            assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_ioctl, (uint64_t[6]){0, 0, i}),
                             i < 120 ? RET_ERRNO(1 + i) : NOTIFY);
        assert_int_equal(verdict(&bpf, AUDIT_ARCH_I386, 600, NULL), NOTIFY);
        free(bpf.instructions);
        sn_policy_free(policy);
    }
}

/* More than the kernel takes is refused; so is more than there is memory for, elsewhere (tests/faults). */
static void too_much_is_refused(void **state)
{
    size_t size = 1 << 20, used;
    char *text = malloc(size);
    struct sn__bpf bpf = {0};
    sn_error *error = NULL;
    sn_policy *policy;

    (void)state;
    used = (size_t)snprintf(text, size, "ALLOW { execve, exit_group }\n");
    for (int i = 0; i < 3000; i++)
        used += (size_t)snprintf(text + used, size - used, "ERRNO(%d) { ioctl { arg == %d } }\n", 1 + i % 3, i);
    policy = parse_good(text);
    assert_int_equal(sn__seccomp_compile(policy, &bpf, &error), SN_EINVAL);
    assert_non_null(strstr(sn_error_message(error), "4096"));
    assert_null(bpf.instructions);
    sn_error_free(error);
    sn_policy_free(policy);
    free(text);
}

/* An allow-list is a search among ranges, not a list: what loading it costs depends on that. */
static void installed_policies_are_short(void **state)
{
    sn_policy *policy = NULL;
    struct sn__bpf bpf;

    (void)state;
    assert_int_equal(sn_policy_load("default", &policy, NULL), 0);
    bpf = compile_good(policy);
    assert_in_range(bpf.count, 100, 400);
    free(bpf.instructions);
    sn_policy_free(policy);
}

/* The policies that come with the library: all load, and agree with their literal meaning call by call. */
static void installed_policies(void **state)
{
    static const char *const names[] = {"default",    "compile", "python", "c",    "cpp",
                                        "javascript", "java",    "go",     "bash", "network"};
    static const uint64_t samples[][3] = {{0, 0, 0},          {1, 1, 0},          {AF_INET, SOCK_STREAM, 0},
                                          {AF_INET6, 2, 17},  {16, 3, 0},         {0x11, 0, 0},
                                          {0x10000011, 0, 0}, {1, 0x5412, 0},     {15, 1, 1},
                                          {0xffffffff, 0, 0}, {0x003d0f00, 1, 1}, {1, 0x100005412, 7}};

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(names); i++) {
        sn_policy *policy = NULL;
        sn_error *error = NULL;
        struct sn__bpf bpf;

        if (sn_policy_load(names[i], &policy, &error) != 0)
            fail_msg("%s", sn_error_message(error));
        assert_string_equal(sn_policy_name(policy), names[i]);
        bpf = compile_good(policy);
        for (int number = 0; number < 480; number++)
            for (size_t j = 0; j < SN_ARRAY_SIZE(samples); j++) {
                const uint64_t args[6] = {samples[j][0], samples[j][1], samples[j][2]};
                struct sn__policy_action action = sn__policy_evaluate(policy, number, args);

                assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, number, args), expected(action));
            }
        free(bpf.instructions);
        sn_policy_free(policy);
    }
}

/* What has to be shut is shut in every one of them. */
static void doors_are_shut(void **state)
{
    static const char *const names[] = {"default",    "compile", "python", "c",    "cpp",
                                        "javascript", "java",    "go",     "bash", "network"};
    static const int shut[] = {SYS_unshare,
                               SYS_setns,
                               SYS_ptrace,
                               SYS_process_vm_readv,
                               SYS_process_vm_writev,
                               SYS_keyctl,
                               SYS_add_key,
                               SYS_request_key,
                               SYS_bpf,
                               SYS_userfaultfd,
                               SYS_mount,
                               SYS_umount2,
                               SYS_fsopen,
                               SYS_fsconfig,
                               SYS_fsmount,
                               SYS_fspick,
                               SYS_open_tree,
                               SYS_move_mount,
                               SYS_mount_setattr,
                               SYS_pivot_root,
                               SYS_chroot,
                               SYS_kexec_load,
                               SYS_kexec_file_load,
                               SYS_init_module,
                               SYS_finit_module,
                               SYS_delete_module,
                               SYS_swapon,
                               SYS_swapoff,
                               SYS_reboot,
                               SYS_quotactl,
                               SYS_open_by_handle_at,
                               SYS_name_to_handle_at,
                               SYS_acct,
                               SYS_syslog,
                               SYS_pidfd_getfd,
                               SYS_modify_ldt,
                               SYS_iopl,
                               SYS_ioperm,
                               SYS_sethostname,
                               SYS_kcmp,
                               SYS_vhangup};
    static const struct {
        int number;
        uint64_t a, b;
        uint32_t verdict;
    } cases[] = {
        {SYS_clone, CLONE_NEWUSER | 17, 0, NOTIFY},
        {SYS_clone, CLONE_NEWNS, 0, NOTIFY},
        {SYS_clone, CLONE_NEWNET | CLONE_VM, 0, NOTIFY},
        {SYS_clone, 0x3d0f00, 0, ALLOW},
        {SYS_clone, 17, 0, ALLOW},
        {SYS_clone3, 0, 0, RET_ERRNO(38)},
        {SYS_io_uring_setup, 0, 0, RET_ERRNO(38)},
        {SYS_perf_event_open, 0, 0, RET_ERRNO(13)},
        {SYS_ioctl, 0, TIOCSTI, RET_ERRNO(1)},
        {SYS_ioctl, 0, TIOCSTI | UINT64_C(1) << 32, RET_ERRNO(1)},
        {SYS_ioctl, 0, 0x541c, RET_ERRNO(1)},
        {SYS_ioctl, 0, TIOCGWINSZ, ALLOW},
        {SYS_socket, AF_UNIX, SOCK_STREAM, ALLOW},
        {SYS_socket, AF_NETLINK + 1, SOCK_RAW, NOTIFY},
        {SYS_socket, AF_PACKET, SOCK_RAW, NOTIFY},
        {SYS_socket, AF_VSOCK, SOCK_STREAM, NOTIFY},
        {SYS_socket, AF_ALG, SOCK_SEQPACKET, NOTIFY},
        {SYS_personality, 0x400000, 0, NOTIFY},
        {SYS_personality, 0xffffffff, 0, ALLOW},
        {SYS_prctl, PR_SET_SECCOMP, 2, RET_ERRNO(22)},
        {SYS_prctl, PR_SET_NAME, 0, ALLOW},
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(names); i++) {
        sn_policy *policy = NULL;
        struct sn__bpf bpf;

        assert_int_equal(sn_policy_load(names[i], &policy, NULL), 0);
        bpf = compile_good(policy);
        for (size_t j = 0; j < SN_ARRAY_SIZE(shut); j++)
            if (verdict(&bpf, AUDIT_ARCH_X86_64, shut[j], NULL) != NOTIFY)
                fail_msg("%s lets %d through", names[i], shut[j]);
        for (size_t j = 0; j < SN_ARRAY_SIZE(cases); j++) {
            const uint64_t args[6] = {cases[j].a, cases[j].b};

            if (verdict(&bpf, AUDIT_ARCH_X86_64, cases[j].number, args) != cases[j].verdict)
                fail_msg("%s: case %zu", names[i], j);
        }
        free(bpf.instructions);
        sn_policy_free(policy);
    }
}

static void inet_sockets_are_told(void **state)
{
    static const struct {
        const char *name;
        uint32_t stream, datagram, raw;
    } cases[] = {
        {"default", NOTIFY, NOTIFY, NOTIFY},
        {"python", NOTIFY, NOTIFY, NOTIFY},
        {"c", NOTIFY, NOTIFY, NOTIFY},
        {"java", RET_ERRNO(97), NOTIFY, NOTIFY},
        {"network", ALLOW, ALLOW, RET_ERRNO(93)},
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++) {
        const uint64_t stream[6] = {AF_INET, SOCK_STREAM | SOCK_CLOEXEC}, datagram[6] = {AF_INET6, SOCK_DGRAM, 17};
        const uint64_t raw[6] = {AF_INET, SOCK_RAW, 1};
        sn_policy *policy = NULL;
        struct sn__bpf bpf;

        assert_int_equal(sn_policy_load(cases[i].name, &policy, NULL), 0);
        bpf = compile_good(policy);
        assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_socket, stream), cases[i].stream);
        assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_socket, datagram), cases[i].datagram);
        assert_int_equal(verdict(&bpf, AUDIT_ARCH_X86_64, SYS_socket, raw), cases[i].raw);
        free(bpf.instructions);
        sn_policy_free(policy);
    }
}

/* The kernel takes the program: loaded in a child, with a denied call answered by an errno instead of a listener. */
static void the_kernel_takes_it(void **state)
{
    struct sn__bpf bpf = compile_text("#include \"base.policy\"\nUSE base DEFAULT ERRNO(EXFULL)");
    struct sock_fprog program = {bpf.count, bpf.instructions};
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
            _exit(77);
        if (syscall(SYS_ptrace, 0, 0, 0, 0) != -1 || errno != EXFULL)
            _exit(1);
        if (syscall(SYS_getpid) <= 0 || syscall(SYS_clone3, 0, 0) != -1 || errno != ENOSYS)
            _exit(2);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    free(bpf.instructions);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

static void public_compile_gives_the_bytes(void **state)
{
    sn_policy *policy = parse_good("ALLOW { execve, exit_group }");
    void *bytes = NULL;
    size_t size = 0;

    (void)state;
    assert_int_equal(sn_policy_compile(policy, &bytes, &size, NULL), 0);
    assert_true(size > 0 && size % sizeof(struct sock_filter) == 0);
    sn_free(bytes);
    sn_policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_abis_are_told),
        cmocka_unit_test(actions_become_return_values),
        cmocka_unit_test(only_what_the_kernel_reads_is_compared),
        cmocka_unit_test(large_mappings_go_to_the_listener),
        cmocka_unit_test(mappings_with_conditions_are_left_alone),
        cmocka_unit_test(mappings_with_errors_are_watched),
        cmocka_unit_test(denied_mappings_are_not_taken_for_large_ones),
        cmocka_unit_test(what_cannot_start_a_program_is_refused),
        cmocka_unit_test(compiled_and_literal_meaning_agree),
        cmocka_unit_test(far_jumps_arrive),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(installed_policies_are_short),
        cmocka_unit_test(installed_policies),
        cmocka_unit_test(doors_are_shut),
        cmocka_unit_test(inet_sockets_are_told),
        cmocka_unit_test(the_kernel_takes_it),
        cmocka_unit_test(public_compile_gives_the_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
