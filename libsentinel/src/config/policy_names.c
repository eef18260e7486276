/* SPDX-License-Identifier: MIT */
#include "config/policy_names.h"

#include <ctype.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct numbered {
    const char *name;
    int32_t number;
};

/* Newer than libseccomp 2.5.4, which knows Linux 5.17. From 424 on a call has one number on every architecture. */
static const struct numbered newer[] = {
    {"cachestat", 451},         {"fchmodat2", 452},         {"map_shadow_stack", 453}, {"futex_wake", 454},
    {"futex_wait", 455},        {"futex_requeue", 456},     {"statmount", 457},        {"listmount", 458},
    {"lsm_get_self_attr", 459}, {"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
    {"setxattrat", 463},        {"getxattrat", 464},        {"listxattrat", 465},      {"removexattrat", 466},
    {"open_tree_attr", 467},    {"file_getattr", 468},      {"file_setattr", 469},
};

/* The kernel's internal names, which Kafel takes. */
static const char *const aliases[][2] = {
    {"newstat", "stat"},   {"newfstat", "fstat"},      {"newlstat", "lstat"}, {"newuname", "uname"},
    {"umount", "umount2"}, {"sendfile64", "sendfile"}, {"sysctl", "_sysctl"},
};

int32_t sn__syscall_number(const char *name)
{
    int number = seccomp_syscall_resolve_name(name);

    if (number >= 0)
        return number;
    for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
        if (strcmp(newer[i].name, name) == 0)
            return newer[i].number;
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (strcmp(aliases[i][0], name) == 0)
            return sn__syscall_number(aliases[i][1]);
    return number == __NR_SCMP_ERROR ? SN__SYSCALL_UNKNOWN : SN__SYSCALL_ELSEWHERE;
}

bool sn__syscall_name(uint32_t arch, int32_t number, char *ret_name, size_t size)
{
    char *name = number < 0 ? NULL : seccomp_syscall_resolve_num_arch(arch, number);

    if (name) {
        snprintf(ret_name, size, "%s", name);
        free(name);
        return true;
    }
    for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
        if (newer[i].number == number) {
            snprintf(ret_name, size, "%s", newer[i].name);
            return true;
        }
    return false;
}

/* Levenshtein with two rows; names are short. */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[2][65];
    size_t m = strlen(a), n = strlen(b);

    if (m > 64 || n > 64)
        return 100;
    for (size_t j = 0; j <= n; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= m; i++) {
        unsigned *above = rows[(i - 1) & 1], *row = rows[i & 1];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned best = above[j - 1] + (tolower((unsigned char)a[i - 1]) != b[j - 1]);

            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return rows[m & 1][n];
}

bool sn__syscall_nearest(const char *name, char *ret_name, size_t size)
{
    unsigned best = strlen(name) < 4 ? 2 : 3;

    ret_name[0] = '\0';
    for (int32_t number = 0; number < 512; number++) {
        char candidate[64];
        unsigned d;

        if (!sn__syscall_name(seccomp_arch_native(), number, candidate, sizeof(candidate)))
            continue;
        d = distance(name, candidate);
        if (d < best) {
            best = d;
            snprintf(ret_name, size, "%s", candidate);
        }
    }
    return ret_name[0];
}

/*
 * Name, then each argument's name and kind. Kinds of int (lower case i and so on) are what the kernel reads 32 bits of;
 * it may have declared a long and use an int of it (ptrace's pid). What fcntl's arg is depends on cmd.
 */
static const char *const signatures[] = {
    "read fd:i buf:p count:l",
    "write fd:i buf:p count:l",
    "open filename:p flags:O mode:o",
    "openat dfd:D filename:p flags:O mode:o",
    "openat2 dfd:D filename:p how:p usize:l",
    "creat pathname:p mode:o",
    "close fd:i",
    "close_range fd:i max_fd:i flags:x",
    "stat filename:p statbuf:p",
    "fstat fd:i statbuf:p",
    "lstat filename:p statbuf:p",
    "newfstatat dfd:D filename:p statbuf:p flag:x",
    "statx dfd:D filename:p flags:x mask:x buffer:p",
    "poll ufds:p nfds:i timeout_msecs:i",
    "lseek fd:i offset:l whence:i",
    "mmap addr:p len:l prot:R flags:A fd:i off:l",
    "mprotect start:p len:l prot:R",
    "pkey_mprotect start:p len:l prot:R pkey:i",
    "munmap addr:p len:l",
    "mremap addr:p old_len:l new_len:l flags:X new_addr:p",
    "madvise start:p len_in:l behavior:i",
    "brk brk:p",
    "mincore start:p len:l vec:p",
    "msync start:p len:l flags:x",
    "rt_sigaction sig:S act:p oact:p sigsetsize:l",
    "rt_sigprocmask how:i set:p oset:p sigsetsize:l",
    "rt_sigreturn",
    "ioctl fd:i cmd:I arg:p",
    "pread64 fd:i buf:p count:l pos:l",
    "pwrite64 fd:i buf:p count:l pos:l",
    "access filename:p mode:i",
    "faccessat dfd:D filename:p mode:i",
    "faccessat2 dfd:D filename:p mode:i flags:x",
    "pipe fildes:p",
    "pipe2 fildes:p flags:O",
    "dup fildes:i",
    "dup2 oldfd:i newfd:i",
    "dup3 oldfd:i newfd:i flags:O",
    "sched_setaffinity pid:i len:i user_mask_ptr:p",
    "sched_setscheduler pid:i policy:i param:p",
    "sched_setparam pid:i param:p",
    "sched_setattr pid:i uattr:p flags:x",
    "socket family:F type:T protocol:i",
    "socketpair family:F type:T protocol:i usockvec:p",
    "connect fd:i uservaddr:p addrlen:i",
    "accept fd:i upeer_sockaddr:p upeer_addrlen:p",
    "accept4 fd:i upeer_sockaddr:p upeer_addrlen:p flags:T",
    "bind fd:i umyaddr:p addrlen:i",
    "listen fd:i backlog:i",
    "sendto fd:i buff:p len:l flags:x addr:p addr_len:i",
    "recvfrom fd:i ubuf:p size:l flags:x addr:p addr_len:p",
    "sendmsg fd:i msg:p flags:x",
    "recvmsg fd:i msg:p flags:x",
    "setsockopt fd:i level:i optname:i optval:p optlen:i",
    "getsockopt fd:i level:i optname:i optval:p optlen:p",
    "shutdown fd:i how:i",
    "clone clone_flags:C newsp:p parent_tidptr:p child_tidptr:p tls:p",
    "clone3 uargs:p size:l",
    "fork",
    "vfork",
    "execve filename:p argv:p envp:p",
    "execveat fd:D filename:p argv:p envp:p flags:x",
    "exit error_code:i",
    "exit_group error_code:i",
    "wait4 upid:i stat_addr:p options:x ru:p",
    "kill pid:i sig:S",
    "tkill pid:i sig:S",
    "tgkill tgid:i pid:i sig:S",
    "rt_sigqueueinfo pid:i sig:S uinfo:p",
    "rt_tgsigqueueinfo tgid:i pid:i sig:S uinfo:p",
    "pidfd_open pid:i flags:x",
    "pidfd_send_signal pidfd:i sig:S info:p flags:x",
    "pidfd_getfd pidfd:i fd:i flags:x",
    "uname name:p",
    "fcntl fd:i cmd:f arg:X",
    "flock fd:i cmd:i",
    "ftruncate fd:i length:l",
    "truncate path:p length:l",
    "getdents64 fd:i dirent:p count:i",
    "chdir filename:p",
    "fchdir fd:i",
    "rename oldname:p newname:p",
    "mkdir pathname:p mode:o",
    "mkdirat dfd:D pathname:p mode:o",
    "rmdir pathname:p",
    "unlink pathname:p",
    "symlink oldname:p newname:p",
    "link oldname:p newname:p",
    "chmod filename:p mode:o",
    "fchmod fd:i mode:o",
    "fchmodat dfd:D filename:p mode:o",
    "fchmodat2 dfd:D filename:p mode:o flags:x",
    "chown filename:p user:i group:i",
    "fchown fd:i user:i group:i",
    "lchown filename:p user:i group:i",
    "mknod filename:p mode:o dev:i",
    "mknodat dfd:D filename:p mode:o dev:i",
    "umask mask:o",
    "getuid",
    "getgid",
    "geteuid",
    "getegid",
    "getpid",
    "getppid",
    "gettid",
    "setuid uid:i",
    "setgid gid:i",
    "setreuid ruid:i euid:i",
    "setregid rgid:i egid:i",
    "setresuid ruid:i euid:i suid:i",
    "setresgid rgid:i egid:i sgid:i",
    "setgroups gidsetsize:i grouplist:p",
    "setfsuid uid:i",
    "setfsgid gid:i",
    "setpgid pid:i pgid:i",
    "setsid",
    "setpriority which:i who:i niceval:i",
    "capget header:p dataptr:p",
    "capset header:p data:p",
    "ptrace request:t pid:i addr:p data:p",
    "personality personality:x",
    "prctl option:P arg2:p arg3:p arg4:p arg5:p",
    "arch_prctl option:x arg2:p",
    "seccomp op:i flags:x uargs:p",
    "mount dev_name:p dir_name:p type:p flags:M data:p",
    "umount2 name:p flags:x",
    "pivot_root new_root:p put_old:p",
    "chroot filename:p",
    "open_tree dfd:D filename:p flags:x",
    "move_mount from_dfd:D from_pathname:p to_dfd:D to_pathname:p flags:x",
    "fsopen fs_name:p flags:x",
    "fsconfig fd:i cmd:i key:p value:p aux:i",
    "fsmount fs_fd:i flags:x attr_flags:x",
    "fspick dfd:D path:p flags:x",
    "mount_setattr dfd:D path:p flags:x uattr:p usize:l",
    "unshare unshare_flags:C",
    "setns fd:i flags:C",
    "sethostname name:p len:i",
    "setdomainname name:p len:i",
    "iopl level:i",
    "ioperm from:l num:l turn_on:i",
    "modify_ldt func:i ptr:p bytecount:l",
    "init_module umod:p len:l uargs:p",
    "finit_module fd:i uargs:p flags:x",
    "delete_module name_user:p flags:x",
    "kexec_load entry:p nr_segments:l segments:p flags:X",
    "reboot magic1:x magic2:x cmd:x arg:p",
    "swapon specialfile:p swap_flags:x",
    "swapoff specialfile:p",
    "quotactl cmd:x special:p id:i addr:p",
    "acct name:p",
    "syslog type:i buf:p len:i",
    "add_key _type:p _description:p _payload:p plen:l ringid:i",
    "request_key _type:p _description:p _callout_info:p destringid:i",
    "keyctl option:K arg2:p arg3:p arg4:p arg5:p",
    "perf_event_open attr_uptr:p pid:i cpu:i group_fd:i flags:X",
    "bpf cmd:B uattr:p size:i",
    "userfaultfd flags:O",
    "io_uring_setup entries:i params:p",
    "io_uring_enter fd:i to_submit:i min_complete:i flags:x argp:p argsz:l",
    "io_uring_register fd:i opcode:i arg:p nr_args:i",
    "io_setup nr_reqs:i ctx:p",
    "process_vm_readv pid:i lvec:p liovcnt:l rvec:p riovcnt:l flags:X",
    "process_vm_writev pid:i lvec:p liovcnt:l rvec:p riovcnt:l flags:X",
    "process_madvise pidfd:i vec:p vlen:l behavior:i flags:x",
    "kcmp pid1:i pid2:i type:i idx1:l idx2:l",
    "name_to_handle_at dfd:D name:p handle:p mnt_id:p flag:x",
    "open_by_handle_at mountdirfd:i handle:p flags:O",
    "fanotify_init flags:x event_f_flags:O",
    "mbind start:p len:l mode:i nmask:p maxnode:l flags:x",
    "set_mempolicy mode:i nmask:p maxnode:l",
    "get_mempolicy policy:p nmask:p maxnode:l addr:p flags:X",
    "migrate_pages pid:i maxnode:l old_nodes:p new_nodes:p",
    "move_pages pid:i nr_pages:l pages:p nodes:p status:p flags:x",
    "futex uaddr:p op:u val:i utime:p uaddr2:p val3:i",
    "memfd_create uname_ptr:p flags:x",
    "memfd_secret flags:x",
    "prlimit64 pid:i resource:i new_rlim:p old_rlim:p",
    "setrlimit resource:i rlim:p",
    "getrandom ubuf:p count:l flags:x",
    "rseq rseq:p rseq_len:i flags:x sig:x",
    "settimeofday tv:p tz:p",
    "clock_settime which_clock:i tp:p",
    "clock_adjtime which_clock:i utx:p",
    "adjtimex txc_p:p",
    "shmget key:i size:l shmflg:x",
    "msgget key:i msgflg:x",
    "semget key:i nsems:i semflg:x",
    "mq_open u_name:p oflag:O mode:o u_attr:p",
    "lookup_dcookie cookie64:p buf:p len:l",
    "vhangup",
    "statmount req:p buf:p bufsize:l flags:x",
    "listmount req:p mnt_ids:p nr_mnt_ids:l flags:x",
};

int sn__syscall_arguments(const char *name, struct sn__arg ret_args[6])
{
    size_t length = strlen(name);

    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        const char *at = signatures[i] + length;
        int count = 0;

        if (strncmp(signatures[i], name, length) != 0 || (*at && *at != ' '))
            continue;
        while (*at && count < 6) {
            const char *colon = strchr(++at, ':');

            snprintf(ret_args[count].name, sizeof(ret_args[count].name), "%.*s", (int)(colon - at), at);
            ret_args[count++].kind = (enum sn__arg_kind)colon[1];
            at = colon + 2;
        }
        return count;
    }
    return -1;
}

uint64_t sn__arg_mask(enum sn__arg_kind kind)
{
    if (kind == SN__ARG_MODE) /* umode_t */
        return UINT16_MAX;
    return strchr("plXtMRA", kind) ? UINT64_MAX : UINT32_MAX;
}

bool sn__arg_fits(uint64_t value, uint64_t mask)
{
    return value <= mask || value >= UINT64_MAX - mask / 2;
}
