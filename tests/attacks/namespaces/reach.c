/* SPDX-License-Identifier: MIT */
/*
 * System calls that have no business in a sandbox: each of them has been the way into the kernel, or is power over the
 * whole machine. Reaching it is the breach; nothing is done with it. Where a call would change the host, its arguments
 * are such that the kernel's answer tells "you may not" from "you may, but that makes no sense".
 */
#include "attack.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <sys/fanotify.h>
#include <sys/io.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/quota.h>
#include <sys/syscall.h>
#include <sys/time.h>

static long try_add_key(void)
{
    return syscall(SYS_add_key, "user", "sentinel-attack", "x", 1, KEY_SPEC_PROCESS_KEYRING);
}

static long try_keyctl(void)
{
    return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1);
}

static long try_request_key(void)
{
    long r = syscall(SYS_request_key, "user", "sentinel-attack", NULL, 0);

    return r < 0 && errno == ENOKEY ? 0 : r; /* it looked */
}

static long try_bpf(void)
{
    union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

    return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static long try_userfaultfd(void)
{
    return syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
}

static long try_io_uring(void)
{
    struct io_uring_params params = {0};

    return syscall(SYS_io_uring_setup, 4, &params);
}

static long try_aio(void)
{
    unsigned long context = 0;

    return syscall(SYS_io_setup, 4, &context);
}

static long try_perf(void)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_TASK_CLOCK, .exclude_kernel = 1};

    return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static long try_fanotify(void)
{
    return syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID, 0);
}

static long try_name_to_handle(void)
{
    struct {
        struct file_handle head;
        unsigned char room[128];
    } handle = {.head.handle_bytes = 128};
    int mount_id;

    return syscall(SYS_name_to_handle_at, AT_FDCWD, "/usr", &handle, &mount_id, 0);
}

static long try_kcmp(void)
{
    return syscall(SYS_kcmp, getpid(), getpid(), 0 /* KCMP_FILE */, 1, 1);
}

static long try_ldt(void)
{
    char room[64];

    return syscall(SYS_modify_ldt, 0, room, sizeof(room));
}

static long try_personality(void)
{
    return personality(READ_IMPLIES_EXEC);
}

static long try_move_pages(void)
{
    return syscall(SYS_move_pages, 0, 0L, NULL, NULL, NULL, 0);
}

static long try_mbind(void)
{
    return syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0L);
}

static long try_memfd_secret(void)
{
    return syscall(SYS_memfd_secret, 0);
}

static long try_quotactl(void)
{
    return quotactl(QCMD(Q_SYNC, USRQUOTA), NULL, 0, NULL);
}

static long try_module(void)
{
    long r = syscall(SYS_init_module, NULL, 0L, "");

    return r < 0 && errno != EPERM && errno != ENOSYS ? 0 : r; /* ENOEXEC: it was read */
}

static long try_finit_module(void)
{
    long r = syscall(SYS_finit_module, -1, "", 0);

    return r < 0 && errno != EPERM && errno != ENOSYS ? 0 : r;
}

/* A kernel without kexec has no file for it. */
static long try_kexec(void)
{
    long r = syscall(SYS_kexec_load, 0L, 0L, NULL, ~0L);

    return r < 0 && errno == EINVAL ? 0 : r;
}

static long try_reboot(void)
{
    long r = syscall(SYS_reboot, 0, 0, 0, NULL); /* wrong magic numbers */

    return r < 0 && errno == EINVAL ? 0 : r;
}

static long try_swapon(void)
{
    long r = syscall(SYS_swapon, "/no/such/file", 0);

    return r < 0 && errno == ENOENT ? 0 : r;
}

static long try_swapoff(void)
{
    long r = syscall(SYS_swapoff, "/no/such/file");

    return r < 0 && errno == ENOENT ? 0 : r;
}

static long try_acct(void)
{
    long r = syscall(SYS_acct, "/no/such/file");

    return r < 0 && errno == ENOENT ? 0 : r;
}

static long try_sethostname(void)
{
    return sethostname("sandbox", 7);
}

static long try_settimeofday(void)
{
    return syscall(SYS_settimeofday, NULL, NULL); /* asks for permission and changes nothing */
}

static long try_iopl(void)
{
    return syscall(SYS_iopl, 3);
}

static long try_ioperm(void)
{
    return syscall(SYS_ioperm, 0x80L, 1L, 1);
}

static long try_syslog(void)
{
    return syscall(SYS_syslog, 10 /* the size of the log */, NULL, 0);
}

static const struct {
    const char *name;
    long (*try)(void);
} calls[] = {
    {"add_key", try_add_key},
    {"keyctl", try_keyctl},
    {"request_key", try_request_key},
    {"bpf", try_bpf},
    {"userfaultfd", try_userfaultfd},
    {"io_uring_setup", try_io_uring},
    {"io_setup", try_aio},
    {"perf_event_open", try_perf},
    {"fanotify_init", try_fanotify},
    {"name_to_handle_at", try_name_to_handle},
    {"kcmp", try_kcmp},
    {"modify_ldt", try_ldt},
    {"personality", try_personality},
    {"move_pages", try_move_pages},
    {"set_mempolicy", try_mbind},
    {"memfd_secret", try_memfd_secret},
    {"quotactl", try_quotactl},
    {"init_module", try_module},
    {"finit_module", try_finit_module},
    {"kexec_load", try_kexec},
    {"reboot", try_reboot},
    {"swapon", try_swapon},
    {"swapoff", try_swapoff},
    {"acct", try_acct},
    {"sethostname", try_sethostname},
    {"settimeofday", try_settimeofday},
    {"iopl", try_iopl},
    {"ioperm", try_ioperm},
    {"syslog", try_syslog},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (strcmp(calls[i].name, argv[1]) != 0)
            continue;
        if (calls[i].try() >= 0)
            breach("%s was reached", argv[1]);
        /* where no filter answers, the kernel does */
        if (errno == ENOSYS && prctl(PR_GET_SECCOMP) == 0)
            cannot("this kernel has no %s", argv[1]);
        if (errno == EACCES && strcmp(argv[1], "perf_event_open") == 0 && prctl(PR_GET_SECCOMP) == 0)
            cannot("kernel.perf_event_paranoid is above 2");
        held_by_errno(argv[1]);
    }
    return 1;
}
