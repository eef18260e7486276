/* SPDX-License-Identifier: MIT */
#include "result/denied.h"

#include "base/cleanup.h"

#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#define X32 0x40000000

static void calls_read_as_one_expects(void **state)
{
    static const struct {
        uint32_t arch;
        int32_t number;
        uint64_t args[6];
        const char *name, *text;
    } cases[] = {
        {AUDIT_ARCH_X86_64, SYS_socket, {2, 1, 0, 7, 7}, "socket", "socket(AF_INET, SOCK_STREAM, 0)"},
        {AUDIT_ARCH_X86_64,
         SYS_socket,
         {10, 2 | 02000000 | 04000, 17},
         "socket",
         "socket(AF_INET6, SOCK_DGRAM|SOCK_CLOEXEC|SOCK_NONBLOCK, 17)"},
        {AUDIT_ARCH_X86_64, SYS_socket, {99, 9, 0}, "socket", "socket(99, 9, 0)"},
        {AUDIT_ARCH_X86_64,
         SYS_socketpair,
         {1, 5, 0, 0x1000},
         "socketpair",
         "socketpair(AF_UNIX, SOCK_SEQPACKET, 0, 0x1000)"},
        {AUDIT_ARCH_X86_64, SYS_ptrace, {0}, "ptrace", "ptrace(PTRACE_TRACEME, 0, 0x0, 0x0)"},
        {AUDIT_ARCH_X86_64, SYS_ptrace, {16, 42}, "ptrace", "ptrace(PTRACE_ATTACH, 42, 0x0, 0x0)"},
        {AUDIT_ARCH_X86_64, SYS_unshare, {0x10020000}, "unshare", "unshare(CLONE_NEWNS|CLONE_NEWUSER)"},
        {AUDIT_ARCH_X86_64,
         SYS_clone,
         {0x10000011, 0, 0, 0, 0},
         "clone",
         "clone(CLONE_NEWUSER|SIGCHLD, 0x0, 0x0, 0x0, 0x0)"},
        {AUDIT_ARCH_X86_64, SYS_setns, {3, 0}, "setns", "setns(3, 0)"},
        {AUDIT_ARCH_X86_64, SYS_kill, {(uint64_t)-1, 9}, "kill", "kill(-1, SIGKILL)"},
        {AUDIT_ARCH_X86_64, SYS_keyctl, {0, 1}, "keyctl", "keyctl(KEYCTL_GET_KEYRING_ID, 0x1, 0x0, 0x0, 0x0)"},
        {AUDIT_ARCH_X86_64, SYS_prctl, {22, 2}, "prctl", "prctl(PR_SET_SECCOMP, 0x2, 0x0, 0x0, 0x0)"},
        {AUDIT_ARCH_X86_64, SYS_mount, {1, 2, 3, 4096 | 1}, "mount", "mount(0x1, 0x2, 0x3, MS_RDONLY|MS_BIND, 0x0)"},
        {AUDIT_ARCH_X86_64,
         SYS_openat,
         {(uint64_t)-100, 0xabc, 01101, 0644},
         "openat",
         "openat(AT_FDCWD, 0xabc, O_WRONLY|O_CREAT|O_TRUNC, 0644)"},
        {AUDIT_ARCH_X86_64, SYS_openat, {0xffffff9c, 0xabc}, "openat", "openat(AT_FDCWD, 0xabc, O_RDONLY, 0)"},
        {AUDIT_ARCH_X86_64,
         SYS_mmap,
         {0, 1 << 30, 3, 0x22, (uint64_t)-1},
         "mmap",
         "mmap(0x0, 1073741824, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)"},
        {AUDIT_ARCH_X86_64, SYS_ioctl, {0, 0x5412, 0x10}, "ioctl", "ioctl(0, TIOCSTI, 0x10)"},
        {AUDIT_ARCH_X86_64, SYS_bpf, {5, 16, 8}, "bpf", "bpf(BPF_PROG_LOAD, 0x10, 8)"},
        {AUDIT_ARCH_X86_64, SYS_getpid, {1, 2, 3}, "getpid", "getpid()"},
        {AUDIT_ARCH_X86_64, SYS_vserver, {1, 0, 3}, "vserver", "vserver(0x1, 0x0, 0x3)"},
        {AUDIT_ARCH_X86_64, 451, {0}, "cachestat", "cachestat()"},
        {AUDIT_ARCH_X86_64, 452, {3, 1, 06755}, "fchmodat2", "fchmodat2(3, 0x1, 06755, 0)"},
        {AUDIT_ARCH_X86_64, 9999, {1}, "syscall_9999", "syscall_9999(0x1)"},
        {AUDIT_ARCH_X86_64, -1, {0}, "syscall_-1", "syscall_-1()"},
        {AUDIT_ARCH_X86_64, X32 | SYS_getpid, {0}, "getpid", "x32: getpid()"},
        {AUDIT_ARCH_X86_64, X32 | 520, {1, 2, 3}, "execve", "x32: execve(0x1, 0x2, 0x3)"},
        {AUDIT_ARCH_I386, 5, {0x1000, 0, 0}, "open", "i386: open(0x1000, O_RDONLY, 0)"},
        {AUDIT_ARCH_I386, 102, {1}, "socketcall", "i386: socketcall(0x1)"},
        {AUDIT_ARCH_I386, 9999, {0}, "syscall_9999", "i386: syscall_9999()"},
        {AUDIT_ARCH_AARCH64, 198, {2, 1, 0}, "socket", "aarch64: socket(AF_INET, SOCK_STREAM, 0)"},
        {0x1234, 1, {0}, NULL, "architecture 0x1234: "},
    };
    char name[64], text[256];

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++) {
        sn__denied_format(cases[i].arch, cases[i].number, cases[i].args, name, sizeof(name), text, sizeof(text));
        if (cases[i].name) {
            assert_string_equal(text, cases[i].text);
            assert_string_equal(name, cases[i].name);
        } else {
            assert_memory_equal(text, cases[i].text, strlen(cases[i].text));
        }
    }
}

static void small_buffers_are_terminated(void **state)
{
    const uint64_t args[6] = {2, 1, 0};
    char name[8], text[32];

    (void)state;
    for (size_t size = 1; size <= sizeof(name); size++) {
        memset(name, 'x', sizeof(name));
        memset(text, 'x', sizeof(text));
        sn__denied_format(AUDIT_ARCH_X86_64, SYS_socket, args, name, size, text, size * 4);
        assert_true(strlen(name) == (size - 1 < 6 ? size - 1 : 6));
        assert_true(strlen(text) == (size * 4 - 1 < 31 ? size * 4 - 1 : 31));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_read_as_one_expects),
        cmocka_unit_test(small_buffers_are_terminated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
