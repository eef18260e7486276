/* SPDX-License-Identifier: MIT */
/* A frontend that was taken over: what it tries fails, or kills it. */
#include "confined.h"

#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/if_packet.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <netinet/ip.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

/* Who plays the executor: a process of whoever started the tests, which does nothing. */
static pid_t executor;
static int executor_end = -1;
static char executor_secret[] = "the executor's";

static int start_executor(void **state)
{
    int ends[2];

    if (world_make(state) < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    executor = fork();
    if (executor == 0) {
        char byte;

        close(ends[0]);
        alarm(600);
        /* Until the tests close their end. */
        _exit(read(ends[1], &byte, 1) == 0 ? 0 : 1);
    }
    close(ends[1]);
    executor_end = ends[0];
    return executor > 0 ? 0 : -1;
}

static int end_executor(void **state)
{
    int status;

    close(executor_end);
    status = wait_status(executor);
    if (status != 0)
        print_error("the executor did not live to the end: wait status %x\n", (unsigned)status);
    return world_end(state) < 0 || status != 0 ? -1 : 0;
}

/* ---- attacks: 1 if it succeeded, 0 if it failed; most do not return ---- */

static int did(long result)
{
    return result >= 0;
}

static int can_open(const char *path, int flags)
{
    return did(open(path, flags | O_CLOEXEC, 0600));
}

static int reads_a_file_elsewhere(void)
{
    return can_open(world.secret, O_RDONLY);
}

static int reads_etc_shadow(void)
{
    return can_open("/etc/shadow", O_RDONLY) || can_open("/etc/fstab", O_RDONLY) || can_open("/etc/hostname", O_RDONLY);
}

static int lists_the_root(void)
{
    return can_open("/", O_RDONLY | O_DIRECTORY);
}

static int climbs_out_of_the_readable(void)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/../secret", world.readable);
    return can_open(path, O_RDONLY);
}

static int writes_what_is_readable(void)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/new", world.readable);
    return can_open(world.readable_file, O_WRONLY) || can_open(path, O_WRONLY | O_CREAT);
}

static int writes_elsewhere(void)
{
    return can_open("/tmp/sentinel-confined-escaped", O_WRONLY | O_CREAT) || can_open("/dev/shm/x", O_RDWR | O_CREAT);
}

static int moves_a_file_out(void)
{
    char inside[200];
    char outside[200];

    snprintf(inside, sizeof(inside), "%s/moved", world.writable);
    snprintf(outside, sizeof(outside), "%s/moved", world.dir);
    return !write_file(inside, "x") || did(rename(inside, outside)) || unlink(inside) != 0;
}

static int reads_the_executors_memory(void)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/mem", (int)executor);
    return can_open(path, O_RDONLY) || can_open(path, O_RDWR);
}

static int reads_the_executors_maps(void)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/maps", (int)executor);
    return can_open(path, O_RDONLY);
}

static int opens_a_disk(void)
{
    return can_open("/dev/vda", O_RDONLY) || can_open("/dev/mem", O_RDONLY) || can_open("/dev/kmsg", O_RDONLY) ||
           can_open("/dev/ptmx", O_RDWR);
}

static int connects_to_an_abstract_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0sentinel-test-abstract"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return did(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int uses_a_keyring(void)
{
    return did(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1)) ||
           did(syscall(SYS_add_key, "user", "k", "v", 1, KEY_SPEC_SESSION_KEYRING));
}

static int makes_a_process_by_clone3(void)
{
    struct clone_args args = {.exit_signal = SIGCHLD};

    return did(syscall(SYS_clone3, &args, sizeof(args)));
}

static int executes(void)
{
    char *const argv[] = {(char *)"false", NULL};

    /* Its exit status is the one of an attack that succeeded. */
    return did(execv("/bin/false", argv));
}

static int executes_by_descriptor(void)
{
    return did(syscall(SYS_execveat, STDIN_FILENO, "", NULL, NULL, AT_EMPTY_PATH));
}

static int forks(void)
{
    return did(syscall(SYS_fork));
}

static int vforks(void)
{
    /* As the C library calls it, but nothing is shared. */
    return did(syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0));
}

static int clones_a_process(void)
{
    return did(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int clones_into_a_namespace(void)
{
    return did(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

static int traces_the_executor(void)
{
    return did(ptrace(PTRACE_ATTACH, executor, NULL, NULL)) || did(ptrace(PTRACE_SEIZE, executor, NULL, NULL));
}

static int reads_by_process_vm_readv(void)
{
    char got[sizeof(executor_secret)];
    struct iovec to = {got, sizeof(got)};
    struct iovec from = {executor_secret, sizeof(executor_secret)};

    return did(process_vm_readv(executor, &to, 1, &from, 1, 0));
}

static int kills_the_executor(void)
{
    return did(kill(executor, SIGKILL));
}

static int kills_all(void)
{
    return did(kill(-1, 0)) || did(kill(0, 0));
}

static int kills_a_thread_of_the_executor(void)
{
    return did(syscall(SYS_tgkill, executor, executor, SIGKILL));
}

static int takes_the_executors_descriptors(void)
{
    return did(syscall(SYS_pidfd_open, executor, 0));
}

static int signals_by_descriptor(void)
{
    return did(syscall(SYS_pidfd_send_signal, executor_end, SIGKILL, NULL, 0));
}

static int signals_by_owner(void)
{
    return did(fcntl(executor_end, F_SETOWN, executor));
}

static int becomes_root(void)
{
    return did(setuid(0));
}

static int becomes_another(void)
{
    return did(setresuid(1, 1, 1));
}

static int joins_groups(void)
{
    gid_t root = 0;

    return did(syscall(SYS_setgroups, 1, &root));
}

static int takes_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.effective = 1, .permitted = 1}};

    return did(syscall(SYS_capset, &header, data));
}

static int unlocks_securebits(void)
{
    return did(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0));
}

static int mounts(void)
{
    return did(mount("none", world.writable, "tmpfs", 0, NULL));
}

static int opens_a_mount(void)
{
    return did(syscall(SYS_open_tree, AT_FDCWD, "/", 1));
}

static int unshares(void)
{
    return did(unshare(CLONE_NEWUSER));
}

static int enters_a_namespace(void)
{
    return did(setns(STDIN_FILENO, 0));
}

static int changes_its_root(void)
{
    return did(chroot(world.writable));
}

static int opens_by_handle(void)
{
    return did(syscall(SYS_open_by_handle_at, STDIN_FILENO, NULL, O_RDONLY));
}

static int opens_packets(void)
{
    return did(socket(AF_PACKET, SOCK_RAW, htons(3)));
}

static int opens_a_raw_socket(void)
{
    return did(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int opens_a_ping_socket(void)
{
    return did(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
}

static int opens_netfilter(void)
{
    return did(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER));
}

static int opens_a_vsock(void)
{
    return did(socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int opens_a_kernel_cipher(void)
{
    return did(socket(AF_ALG, SOCK_SEQPACKET, 0));
}

static int opens_a_back_door(void)
{
    return did(listen(socket(AF_INET, SOCK_STREAM, 0), 1));
}

static int raises_a_limit(void)
{
    struct rlimit limit = {1 << 20, 1 << 20};

    return did(setrlimit(RLIMIT_CORE, &limit));
}

static int changes_the_executors_limits(void)
{
    struct rlimit limit = {0, 0};

    return did(prlimit(executor, RLIMIT_NOFILE, &limit, NULL));
}

static int reads_the_executors_limits(void)
{
    struct rlimit limit;

    return did(prlimit(executor, RLIMIT_NOFILE, NULL, &limit));
}

static int becomes_dumpable(void)
{
    return did(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int uses_io_uring(void)
{
    char parameters[120] = {0};

    return did(syscall(SYS_io_uring_setup, 1, parameters));
}

static int loads_bpf(void)
{
    return did(syscall(SYS_bpf, 0, NULL, 0));
}

static int counts_events(void)
{
    return did(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}

static int handles_faults(void)
{
    return did(syscall(SYS_userfaultfd, 0));
}

static int changes_its_personality(void)
{
    return did(syscall(SYS_personality, 0x0040000));
}

static int reboots(void)
{
    return did(syscall(SYS_reboot, 0, 0, 0, NULL));
}

static int loads_a_module(void)
{
    return did(syscall(SYS_finit_module, STDIN_FILENO, "", 0));
}

static int types_into_the_terminal(void)
{
    return did(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

static int makes_a_device(void)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/device", world.writable);
    return did(mknod(path, S_IFIFO | 0600, 0));
}

static int links_a_file(void)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/link", world.writable);
    return did(symlink("/etc/shadow", path)) || did(link(world.secret, path));
}

static int changes_a_mode(void)
{
    return did(chmod(world.writable, 0777));
}

static int runs_memory(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return did(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int runs_writable_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int calls_as_x32(void)
{
    return did(syscall(0x40000000 | SYS_getpid));
}

static int calls_as_i386(void)
{
    long result;

    /* getpid(2) of the other architecture; the kernel may be built without it, which is a signal, too. */
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
    return did(result);
}

struct attack {
    const char *name;
    int (*body)(void);
};
#define ATTACK(body)                                                                                                   \
    {                                                                                                                  \
#body, body                                                                                                    \
    }

/* Landlock, permissions or an answer of the filter: errno. */
static const struct attack failing[] = {
    ATTACK(reads_a_file_elsewhere),
    ATTACK(reads_etc_shadow),
    ATTACK(lists_the_root),
    ATTACK(climbs_out_of_the_readable),
    ATTACK(writes_what_is_readable),
    ATTACK(writes_elsewhere),
    ATTACK(moves_a_file_out),
    ATTACK(reads_the_executors_memory),
    ATTACK(reads_the_executors_maps),
    ATTACK(opens_a_disk),
    ATTACK(connects_to_an_abstract_socket),
    ATTACK(uses_a_keyring),
    ATTACK(makes_a_process_by_clone3),
};

static const struct attack deadly[] = {
    ATTACK(executes),
    ATTACK(executes_by_descriptor),
    ATTACK(forks),
    ATTACK(vforks),
    ATTACK(clones_a_process),
    ATTACK(clones_into_a_namespace),
    ATTACK(traces_the_executor),
    ATTACK(reads_by_process_vm_readv),
    ATTACK(kills_the_executor),
    ATTACK(kills_all),
    ATTACK(kills_a_thread_of_the_executor),
    ATTACK(takes_the_executors_descriptors),
    ATTACK(signals_by_descriptor),
    ATTACK(signals_by_owner),
    ATTACK(becomes_root),
    ATTACK(becomes_another),
    ATTACK(joins_groups),
    ATTACK(takes_capabilities),
    ATTACK(unlocks_securebits),
    ATTACK(mounts),
    ATTACK(opens_a_mount),
    ATTACK(unshares),
    ATTACK(enters_a_namespace),
    ATTACK(changes_its_root),
    ATTACK(opens_by_handle),
    ATTACK(opens_packets),
    ATTACK(opens_a_raw_socket),
    ATTACK(opens_a_ping_socket),
    ATTACK(opens_netfilter),
    ATTACK(opens_a_vsock),
    ATTACK(opens_a_kernel_cipher),
    ATTACK(opens_a_back_door),
    ATTACK(raises_a_limit),
    ATTACK(changes_the_executors_limits),
    ATTACK(reads_the_executors_limits),
    ATTACK(becomes_dumpable),
    ATTACK(uses_io_uring),
    ATTACK(loads_bpf),
    ATTACK(counts_events),
    ATTACK(handles_faults),
    ATTACK(changes_its_personality),
    ATTACK(reboots),
    ATTACK(loads_a_module),
    ATTACK(types_into_the_terminal),
    ATTACK(makes_a_device),
    ATTACK(links_a_file),
    ATTACK(changes_a_mode),
    ATTACK(runs_memory),
    ATTACK(runs_writable_memory),
    ATTACK(calls_as_x32),
    ATTACK(calls_as_i386),
};

static bool is_killed(int status)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static bool has_landlock(long *ret_abi)
{
    *ret_abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
    return *ret_abi >= 1;
}

/* What only Landlock keeps from an ordinary user or a file that all may read, and from which version on. */
static bool needs_landlock(const struct attack *attack)
{
    return attack->body == connects_to_an_abstract_socket;
}

static unsigned check_failing(void)
{
    unsigned wrong = 0;
    long abi;

    if (!has_landlock(&abi)) {
        print_message("SKIP: this kernel has no Landlock\n");
        skip();
    }
    for (size_t i = 0; i < SN_ARRAY_SIZE(failing); i++) {
        int status;

        if (needs_landlock(&failing[i]) && abi < 6)
            continue;
        status = in_confined(failing[i].body);
        if (status != 0) {
            print_error("%s: wait status %x\n", failing[i].name, (unsigned)status);
            wrong++;
        }
    }
    return wrong;
}

/* A build with a sanitizer allows a few of them, in which case they fail by permissions. */
static unsigned check_deadly(void)
{
    unsigned wrong = 0;

    for (size_t i = 0; i < SN_ARRAY_SIZE(deadly); i++) {
        int status = in_confined(deadly[i].body);

        if (is_killed(status) || (IS_SANITIZED && status == 0))
            continue;
        /* What looks for leaks needs it. */
        if (IS_SANITIZED && deadly[i].body == becomes_dumpable)
            continue;
        /* There may be no such architecture in the kernel at all. */
        if (deadly[i].body == calls_as_i386 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
            continue;
        print_error("%s: wait status %x\n", deadly[i].name, (unsigned)status);
        wrong++;
    }
    return wrong;
}

/* Somebody outside for connects_to_an_abstract_socket(). */
static int open_abstract(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0sentinel-test-abstract"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void what_lies_elsewhere_is_out_of_reach(void **state)
{
    int fd = open_abstract();
    unsigned wrong = check_failing();

    (void)state;
    close(fd);
    assert_int_equal(wrong, 0);
}

static void what_no_frontend_does_kills_it(void **state)
{
    (void)state;
    assert_int_equal(check_deadly(), 0);
}

/* The same for a service that an ordinary user started: nothing but filter and Landlock stands between the two. */
static void an_ordinary_users_frontend_is_held_as_well(void **state)
{
    pid_t pid;

    (void)state;
    if (geteuid() != 0) {
        print_message("SKIP: it is what all the others were about already\n");
        skip();
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        struct failure failure;
        int ends[2];
        unsigned wrong;
        int fd = open_abstract();

        if (!become_ordinary() || privilege_user_find("nobody at all", &world.user, &failure) < 0 ||
            world.user.is_switched || world.user.uid != ORDINARY_UID || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
            _exit(UNABLE);
        /* An executor of the same user, which the frontend could signal and trace by permissions alone. */
        executor = fork();
        if (executor == 0) {
            char byte;

            close(ends[0]);
            close(executor_end);
            alarm(600);
            _exit(read(ends[1], &byte, 1) == 0 ? 0 : 1);
        }
        close(ends[1]);
        wrong = check_failing() + check_deadly();
        close(ends[0]);
        close(fd);
        _exit(wait_status(executor) == 0 && wrong == 0 ? 0 : 1);
    }
    assert_int_equal(wait_status(pid), 0);
    assert_int_equal(chown(world.writable, world.user.uid, world.user.gid), 0);
}

static int every_attack_is_one(void)
{
    return 0;
}

/* The tests' own control: unconfined, attacks succeed (those that harm nobody). */
static void without_confinement_attacks_succeed(void **state)
{
    static const struct attack harmless[] = {
        ATTACK(reads_a_file_elsewhere),
        ATTACK(lists_the_root),
        ATTACK(writes_what_is_readable),
        ATTACK(moves_a_file_out),
        ATTACK(opens_a_back_door),
        ATTACK(reads_the_executors_limits),
        ATTACK(runs_writable_memory),
        ATTACK(runs_memory),
        ATTACK(takes_the_executors_descriptors),
        ATTACK(changes_a_mode),
        ATTACK(connects_to_an_abstract_socket),
    };
    int fd = open_abstract();

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(harmless); i++) {
        pid_t pid = fork();
        int status;

        if (pid == 0)
            _exit(harmless[i].body());
        status = wait_status(pid);
        print_message("%s\n", harmless[i].name);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    }
    close(fd);
    assert_int_equal(chmod(world.writable, 0700), 0);
    assert_int_equal(in_confined(every_attack_is_one), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_confinement_attacks_succeed),
        cmocka_unit_test(what_lies_elsewhere_is_out_of_reach),
        cmocka_unit_test(what_no_frontend_does_kills_it),
        cmocka_unit_test(an_ordinary_users_frontend_is_held_as_well),
    };

    log_setup("test", LOG_WARN_LEVEL);
    return cmocka_run_group_tests(tests, start_executor, end_executor);
}
