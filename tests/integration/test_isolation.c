/* SPDX-License-Identifier: MIT */
/* Every layer as the program inside meets it, each relaxed layer, and what is left between two runs. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define ALL_LAYERS ((UINT64_C(1) << SN_LAYER_COUNT) - 1)

static sn_sandbox *shared;
static sn_sandbox *unfiltered; /* without seccomp: what the other layers hold alone */

static sn_sandbox *relaxed_sandbox(uint64_t relax, uint32_t network)
{
    sn_sandbox_options options;

    sn_sandbox_options_init(&options);
    options.relax = relax;
    options.network = network;
    return make_sandbox(&options);
}

static sn_sandbox *need_shared(void)
{
    if (!shared)
        shared = make_sandbox(NULL);
    return shared;
}

static sn_sandbox *need_unfiltered(void)
{
    if (!unfiltered)
        unfiltered = relaxed_sandbox(SN_LAYER_SECCOMP, SN_NETWORK_NONE);
    return unfiltered;
}

static int drop_shared(void **state)
{
    (void)state;
    sn_sandbox_destroy(shared);
    sn_sandbox_destroy(unfiltered);
    return 0;
}

/* The script must print exactly this. */
static void expect(sn_sandbox *sandbox, const char *script, const char *expected)
{
    sn_result *result = run_python(sandbox, script, NULL);

    if (strcmp(out(result), expected) != 0)
        print_error("stderr: %s\n", err(result));
    assert_string_equal(out(result), expected);
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
}

/* Python that calls libc directly: call("name", arguments) -> "result errno". */
#define CALL                                                                                                           \
    "import ctypes, os\n"                                                                                              \
    "libc = ctypes.CDLL(None, use_errno=True)\n"                                                                       \
    "def call(name, *args):\n"                                                                                         \
    "    ctypes.set_errno(0)\n"                                                                                        \
    "    r = getattr(libc, name)(*args)\n"                                                                             \
    "    return '%d %d' % (r, ctypes.get_errno())\n"

static void no_capabilities_no_privileges(void **state)
{
    (void)state;
    expect(
        need_shared(),
        "for l in open('/proc/self/status'):\n"
        "    k, v = l.split(':', 1)\n"
        "    if k in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp'): print(k, v.strip())",
        "CapInh 0000000000000000\nCapPrm 0000000000000000\nCapEff 0000000000000000\nCapBnd 0000000000000000\n"
        "CapAmb 0000000000000000\nNoNewPrivs 1\nSeccomp 2\n");
}

static void another_user_without_groups(void **state)
{
    (void)state;
    expect(need_shared(),
           "import os\nprint(os.getuid() != 0, os.getgid() != 0, os.getuid() == os.geteuid())\n"
           "print([g for g in os.getgroups() if g == 0])",
           "True True True\n[]\n");
    expect(need_unfiltered(), CALL "print(call('setuid', 0), call('setgid', 0), call('setgroups', 0, 0))",
           "-1 1 -1 1 -1 1\n");
}

/* Groups of the host (adm, dialout) give access to the host's files: with a user namespace or without, they go. */
static void the_hosts_groups_are_given_up(void **state)
{
    const gid_t groups[] = {4, 20};
    const char script[] = "print([l.split()[1:] for l in open('/proc/self/status') if l.startswith('Groups:')])";
    gid_t before[64];
    int count = getgroups(64, before);
    /* an ordinary user can neither have these nor do without a user namespace */
    bool is_root = geteuid() == 0;

    (void)state;
    assert_true(count >= 0);
    assert_true(!is_root || setgroups(2, groups) == 0);
    for (int relaxed = 0; relaxed <= (is_root ? 1 : 0); relaxed++) {
        sn_sandbox *sandbox = relaxed_sandbox(relaxed ? SN_LAYER_USER_NS : 0, SN_NETWORK_NONE);

        expect(sandbox, script, "[[]]\n");
        sn_sandbox_destroy(sandbox);
    }
    assert_true(!is_root || setgroups((size_t)count, before) == 0);
}

static void only_its_own_processes_are_visible(void **state)
{
    (void)state;
    expect(need_shared(),
           "import os\n"
           "print([p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()])\n"
           "print(os.getpid() < 1000)\n"
           "for p in (1, os.getppid() or 1):\n"
           "    try: os.kill(p, 0); print('could signal', p)\n"
           "    except (PermissionError, ProcessLookupError): pass\n"
           "for f in ('/proc/1/environ', '/proc/1/mem', '/proc/1/root', '/proc/1/exe', '/proc/1/fd'):\n"
           "    try: os.stat(f) if f.endswith('d') else open(f); print('could open', f)\n"
           "    except OSError: pass\n",
           "[]\nTrue\n");
}

static void nothing_of_proc_but_processes(void **state)
{
    (void)state;
    expect(need_shared(),
           "import os\nprint([f for f in ('sys', 'kallsyms', 'kcore', 'keys', 'sysrq-trigger', 'modules', 'cmdline', "
           "'sysvipc', 'bus', 'config.gz', 'timer_list', 'mounts_') if os.path.lexists('/proc/' + f)])",
           "[]\n");
}

static void the_tree_is_read_only(void **state)
{
    (void)state;
    expect(need_shared(),
           "import os, errno\n"
           "for d in ('/', '/usr', '/usr/bin', '/etc', '/lib', '/dev', '/proc'):\n"
           "    if not os.path.isdir(d): continue\n"
           "    try: os.close(os.open(d + '/sn-test', os.O_CREAT | os.O_WRONLY)); print('wrote to', d)\n"
           "    except OSError: pass\n"
           "for f in ('/usr/bin/env', '/etc/passwd'):\n"
           "    try: open(f, 'ab'); print('could write', f)\n"
           "    except OSError: pass\n"
           "try: os.chmod('/', 0o777); print('changed /')\n"
           "except OSError: pass\n"
           "for m in open('/proc/self/mountinfo'):\n"
           "    f = m.split()\n"
           "    where, options = f[4], f[5].split(',')\n"
           "    if 'nosuid' not in options: print('suid', where)\n"
           "    if 'nodev' not in options and not where.startswith('/dev'): print('dev', where)\n"
           "    if 'rw' in options and not where.startswith(('/work', '/tmp', '/dev', '/proc')): print('rw', where)\n",
           "");
}

static void the_host_is_not_in_the_tree(void **state)
{
    (void)state;
    expect(need_shared(),
           "import os\n"
           "print([d for d in ('/root', '/home', '/var/lib', '/boot', '/sys/kernel', '/run/sentinel', '/mnt', '/srv', "
           "'/old', '/oldroot', '/etc/shadow', '/etc/ssh') if os.path.exists(d) and (not os.path.isdir(d) or "
           "os.listdir(d))])\n"
           "print(os.path.realpath('/..'), os.stat('/').st_ino == os.stat('/..').st_ino)",
           "[]\n/ True\n");
}

static void minimal_devices(void **state)
{
    (void)state;
    expect(need_shared(),
           "import os, stat\n"
           "known = {'null', 'zero', 'full', 'random', 'urandom', 'tty', 'shm', 'fd', 'stdin', 'stdout', 'stderr'}\n"
           "print(sorted(set(os.listdir('/dev')) - known))\n"
           "open('/dev/null', 'w').write('x')\n"
           "print(len(open('/dev/urandom', 'rb').read(8)), open('/dev/zero', 'rb').read(2))\n"
           "try: os.open('/dev/tty', os.O_RDWR); print('terminal')\n"
           "except OSError: pass\n",
           "[]\n8 b'\\x00\\x00'\n");
}

static void no_device_can_be_made(void **state)
{
    static const char script[] =
        "import os, stat\n"
        "for d in ('/work', '/tmp', '/dev', '/dev/shm'):\n"
        "    try: os.mknod(d + '/sda', stat.S_IFBLK | 0o600, os.makedev(8, 0)); print('made')\n"
        "    except OSError: pass\n";
    sn_result *result;

    (void)state;
    expect(need_unfiltered(), script, "");
    result = run_python(need_shared(), script, NULL); /* refused or killed, as the policy likes */
    assert_string_equal(out(result), "");
    sn_result_free(result);
}

static void exactly_three_descriptors(void **state)
{
    int extra = open("/etc/passwd", O_RDONLY); /* NOLINT(android-cloexec-open): inherited on purpose */
    sn_sandbox *sandbox = make_sandbox(NULL);
    const char *script = "import os\nd = os.open('/proc/self/fd', 0)\n"
                         "print(sorted(int(f) for f in os.listdir('/proc/self/fd') if int(f) != d)[:3], d)\n"
                         "print([f for f in range(3, 1024) if f != d and os.path.exists('/proc/self/fd/%d' % f)])";

    (void)state;
    expect(sandbox, script, "[0, 1, 2] 3\n[]\n");
    expect(need_shared(), script, "[0, 1, 2] 3\n[]\n");
    sn_sandbox_destroy(sandbox);
    close(extra);
}

static void a_session_of_its_own(void **state)
{
    (void)state;
    expect(need_shared(), "import os\nprint(os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid())", "True True\n");
}

static void signals_are_as_a_fresh_process_has_them(void **state)
{
    (void)state;
    expect(need_shared(),
           "for l in open('/proc/self/status'):\n"
           "    k, v = l.split(':', 1)\n"
           "    if k in ('SigBlk', 'SigPnd', 'ShdPnd'): print(k, v.strip())",
           "SigPnd 0000000000000000\nShdPnd 0000000000000000\nSigBlk 0000000000000000\n");
    sn_result *result = run_shell(need_shared(), "grep SigIgn /proc/self/status", NULL);
    assert_string_equal(out(result), "SigIgn:\t0000000000000000\n");
    sn_result_free(result);
}

static void groups_of_the_host_are_not_visible(void **state)
{
    (void)state;
    expect(need_shared(),
           "import os\n"
           "print([l for l in open('/proc/self/cgroup') if '/sentinel' in l or '..' in l.split(':')[2]] "
           "if os.path.exists('/proc/self/cgroup') else [])\n"
           "print([l for l in open('/proc/self/mountinfo') if 'cgroup' in l])",
           "[]\n[]\n");
}

/* Of this kernel, 0 if it has none; what a sandbox without the layer has is not asked. */
static long landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);

    return abi > 0 ? abi : 0;
}

static void an_empty_network(void **state)
{
    static const char script[] = "import socket\n"
                                 "print([n for i, n in socket.if_nameindex()])\n"
                                 "for a in ('127.0.0.1', '10.0.0.1', '192.0.2.1'):\n"
                                 "    s = socket.socket(); s.settimeout(1)\n"
                                 "    try: s.connect((a, 80)); print('connected')\n"
                                 "    except OSError as e: print(e.errno)\n";
    /* the list of interfaces is read from a netlink socket, which AppArmor's profile refuses */
    const uint64_t relax = SN_LAYER_SECCOMP | SN_LAYER_APPARMOR;
    sn_sandbox *sandbox = relaxed_sandbox(relax, SN_NETWORK_NONE);

    (void)state;
    /* Landlock's EACCES comes before ENETUNREACH, which is that there is nothing to reach */
    expect(sandbox, script, landlock_abi() >= 4 ? "['lo']\n13\n13\n13\n" : "['lo']\n101\n101\n101\n");
    sn_sandbox_destroy(sandbox);
    sandbox = relaxed_sandbox(relax | SN_LAYER_LANDLOCK, SN_NETWORK_NONE);
    expect(sandbox, script, "['lo']\n101\n101\n101\n");
    sn_sandbox_destroy(sandbox);
}

static void loopback_when_asked_for(void **state)
{
    sn_sandbox *sandbox = relaxed_sandbox(SN_LAYER_SECCOMP, SN_NETWORK_LOOPBACK);

    (void)state;
    expect(sandbox,
           "import socket\n"
           "for f, a in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):\n"
           "    l = socket.socket(f); l.bind((a, 8080)); l.listen()\n"
           "    c = socket.socket(f); c.connect((a, 8080)); s, _ = l.accept()\n"
           "    c.sendall(b'hello'); print(s.recv(9))\n"
           "s = socket.socket()\n"
           "try: s.connect(('192.0.2.1', 80))\n"
           "except OSError as e: print(e.errno)\n",
           "b'hello'\nb'hello'\n101\n");
    sn_sandbox_destroy(sandbox);
}

static void abstract_sockets_of_the_host_are_out_of_reach(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0sn-test-abstract"};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t) + 17), 0);
    assert_int_equal(listen(listener, 1), 0);
    expect(need_unfiltered(),
           "import socket\ns = socket.socket(socket.AF_UNIX)\n"
           "try: s.connect('\\0sn-test-abstract'); print('connected')\n"
           "except OSError as e: print(e.errno)",
           "111\n");
    close(listener);
}

static void ipc_objects_of_the_host_are_out_of_reach(void **state)
{
    int id = shmget(0x534e54, 4096, IPC_CREAT | 0666);

    (void)state;
    assert_true(id >= 0);
    expect(need_unfiltered(), CALL "print(call('shmget', 0x534e54, 0, 0))", "-1 2\n");
    shmctl(id, IPC_RMID, NULL);
}

static void no_namespaces_mounts_or_tracing_without_a_filter(void **state)
{
    (void)state;
    expect(need_unfiltered(),
           CALL "print(call('unshare', 0x10000000).split()[0], call('unshare', 0x20000).split()[0])\n"
                "print(call('mount', b'none', b'/tmp', b'tmpfs', 0, 0).split()[0])\n"
                "print(call('umount2', b'/proc', 2).split()[0])\n"
                "print(call('chroot', b'/tmp').split()[0])\n"
                "print(call('sethostname', b'x', 1).split()[0])\n"
                "print(call('ptrace', 16, 1, 0, 0).split()[0])\n"
                "print(call('swapon', b'/work/x', 0).split()[0])\n",
           "-1 -1\n-1\n-1\n-1\n-1\n-1\n-1\n");
}

static void dangerous_calls_are_shut(void **state)
{
    /* number, name: none of them may succeed; whether it is killed or refused is the policy's choice. */
    static const char *const calls[] = {
        "101, 0, 0, 0, 0",                            /* ptrace(PTRACE_TRACEME) */
        "272, 0x10000000",                            /* unshare(CLONE_NEWUSER) */
        "165, b'n', b'/tmp', b'tmpfs', 0, 0",         /* mount */
        "248, b'user', b'k', b'v', 1, -4",            /* add_key */
        "250, 0, -4, 1",                              /* keyctl */
        "321, 0, 0, 0",                               /* bpf */
        "298, 0, 0, -1, -1, 0",                       /* perf_event_open */
        "425, 8, 0",                                  /* io_uring_setup */
        "323, 0",                                     /* userfaultfd */
        "308, 3, 0",                                  /* setns */
        "155, b'/tmp', b'/tmp'",                      /* pivot_root */
        "161, b'/tmp'",                               /* chroot */
        "310, 1, 0, 0, 0, 0, 0",                      /* process_vm_readv */
        "438, 0, 0, 0",                               /* pidfd_getfd */
        "304, 3, 0, 0",                               /* open_by_handle_at */
        "175, 0, 0, b''",                             /* init_module */
        "246, 0, 0, 0, 0",                            /* kexec_load */
        "169, 0xfee1dead, 0x28121969, 0x89abcdef, 0", /* reboot */
        "56, 0x10000011, 0, 0, 0, 0",                 /* clone(CLONE_NEWUSER | SIGCHLD) */
        "16, 0, 0x5412, b'x'",                        /* ioctl(TIOCSTI) */
        "0x40000000 | 39",                            /* x32 getpid */
        "0x40000000 | 520, 0, 0, 0",                  /* x32 execve */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        char script[512];
        sn_result *result;

        snprintf(script, sizeof(script),
                 "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nlibc.syscall.restype = ctypes.c_long\n"
                 "r = libc.syscall(%s)\nprint('refused' if r < 0 else 'worked')",
                 calls[i]);
        result = run_python(need_shared(), script, NULL);
        print_message("syscall(%s): %s %s\n", calls[i], sn_verdict_name(sn_result_verdict(result)), out(result));
        assert_null(strstr(out(result), "worked"));
        if (sn_result_verdict(result) == SN_VERDICT_SECURITY_VIOLATION)
            assert_non_null(sn_result_denied_name(result));
        else
            assert_string_equal(out(result), "refused\n");
        sn_result_free(result);
    }
}

/* mov eax, 20 (getpid of i386); int 0x80; ret */
static void int_0x80_is_shut(void **state)
{
    sn_result *result =
        run_python(need_shared(),
                   "import ctypes, mmap\n"
                   "m = mmap.mmap(-1, 4096, prot=7)\n"
                   "m.write(bytes.fromhex('b814000000cd80c3'))\n"
                   "f = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))\n"
                   "print('returned', f() > 0)",
                   NULL);

    (void)state;
    assert_int_not_equal(sn_result_verdict(result), SN_VERDICT_INTERNAL_ERROR);
    assert_null(strstr(out(result), "returned True"));
    assert_int_not_equal(sn_result_verdict(result), SN_VERDICT_OK);
    sn_result_free(result);
}

static void set_user_id_programs_gain_nothing(void **state)
{
    (void)state;
    need_program("/usr/bin/su");
    sn_result *result =
        run_shell(need_shared(), "/usr/bin/su -c id root </dev/null; grep -h ^CapEff /proc/self/status", NULL);
    assert_null(strstr(out(result), "uid=0"));
    sn_result_free(result);
}

struct ids {
    long uid, gid;
};

/* The host's numbers of a process whose command line has this word, read from outside; false if there is none. */
static bool host_ids_of(const char *word, struct ids *ret_ids)
{
    DIR *dir = opendir("/proc");
    bool is_found = false;

    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry && !is_found; entry = readdir(dir)) {
        char path[300], text[512] = "", line[256];
        ssize_t length;
        FILE *file;
        int fd;

        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        length = read(fd, text, sizeof(text) - 1);
        close(fd);
        if (length <= 0 || memcmp(text, "/bin/sleep", 10) != 0 || !memmem(text, (size_t)length, word, strlen(word)))
            continue;
        /* the owner of /proc/PID is another for what is not dumpable */
        snprintf(path, sizeof(path), "/proc/%s/status", entry->d_name);
        file = fopen(path, "re");
        while (file && fgets(line, sizeof(line), file)) {
            if (strncmp(line, "Uid:", 4) == 0)
                ret_ids->uid = strtol(line + 4, NULL, 10);
            is_found = strncmp(line, "Gid:", 4) == 0;
            if (is_found) {
                ret_ids->gid = strtol(line + 4, NULL, 10);
                break;
            }
        }
        if (file)
            fclose(file);
    }
    closedir(dir);
    return is_found;
}

static void two_live_sandboxes_have_two_uids(void **state)
{
    sn_sandbox *sandboxes[2];
    sn_running *runs[2] = {NULL, NULL};
    struct ids ids[2];
    bool found = true;

    (void)state;
    for (int i = 0; i < 2; i++) {
        char word[32];
        const char *argv[] = {"/bin/sleep", word, NULL};
        sn_run_options options;
        sn_error *error = NULL;
        uint64_t deadline = now_ms() + 3000 * slowness();

        snprintf(word, sizeof(word), "8%d.%d", i, (int)getpid());
        sandboxes[i] = make_sandbox(NULL);
        sn_run_options_init(&options);
        options.argv = argv;
        assert_ok(sn_run_start(sandboxes[i], &options, &runs[i], &error), error);
        while (!host_ids_of(word, &ids[i]) && found)
            found = now_ms() < deadline;
    }
    for (int i = 0; i < 2; i++) {
        sn_running_free(runs[i]);
        sn_sandbox_destroy(sandboxes[i]);
    }
    assert_true(found);
    print_message("uids %ld and %ld, gids %ld and %ld\n", ids[0].uid, ids[1].uid, ids[0].gid, ids[1].gid);
    assert_true(ids[0].uid > 0 && ids[1].uid > 0 && ids[0].gid > 0 && ids[1].gid > 0);
    if (geteuid() != 0)
        return;
    for (int i = 0; i < 2; i++)
        assert_true(ids[i].uid >= 65536 && ids[i].gid >= 65536); /* nobody of the host's own */
    assert_int_not_equal(ids[0].uid, ids[1].uid);
    assert_int_not_equal(ids[0].gid, ids[1].gid);
}

static void nothing_but_files_is_left_between_runs(void **state)
{
    (void)state;
    expect(need_unfiltered(),
           CALL "import socket\n"
                "print(call('shmget', 0x77, 4096, 0o1666).split()[0] != '-1')\n"
                "print(call('semget', 0x77, 1, 0o1666).split()[0] != '-1')\n"
                "print(call('msgget', 0x77, 0o1666).split()[0] != '-1')\n"

                "call('mq_open', b'/left', os.O_CREAT | os.O_RDWR, 0o666, None)\n" /* Landlock may refuse it */
                "open('/dev/shm/left', 'w').write('x')\n"
                "open('/work/left', 'w').write('x')\n"
                "libc.syscall(248, b'user', b'left', b'v', 1, -4)\n"
                "if os.fork() == 0:\n"
                "    os.setsid()\n"
                "    s = socket.socket(socket.AF_UNIX); s.bind('\\0left'); s.listen()\n"
                "    import time; time.sleep(60)\n"
                "import time; time.sleep(0.2)\n",
           "True\nTrue\nTrue\n");
    expect(need_unfiltered(),
           CALL "import socket\n"
                "print(call('shmget', 0x77, 0, 0), call('semget', 0x77, 0, 0), call('msgget', 0x77, 0))\n"
                "print(call('mq_open', b'/left', os.O_RDWR).split()[0])\n"
                "print(os.listdir('/dev/shm'), os.path.exists('/work/left'))\n"
                "s = socket.socket(socket.AF_UNIX)\n"
                "try: s.connect('\\0left'); print('connected')\n"
                "except OSError as e: print(e.errno)\n"
                "print([p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()])\n",
           "-1 2 -1 2 -1 2\n-1\n[] True\n111\n[]\n");
}

static void each_layer_can_be_relaxed_and_is_told(void **state)
{
    static const uint64_t together[SN_LAYER_COUNT] = {
        [11] = SN_LAYER_SECCOMP | SN_LAYER_LANDLOCK, /* no_new_privs is needed by both */
    };

    (void)state;
    for (int i = 0; i < SN_LAYER_COUNT; i++) {
        uint64_t layer = UINT64_C(1) << i, relax = layer | together[i];
        sn_sandbox_options options;
        sn_sandbox *sandbox = NULL;
        sn_error *error = NULL;
        sn_result *result;
        int code;

        if (layer == SN_LAYER_MOUNT_NS)
            continue;
        sn_sandbox_options_init(&options);
        options.relax = relax;
        code = sn_sandbox_create(&options, &sandbox, &error);
        /* An ordinary user has the right to make the others only inside one. */
        if (layer == SN_LAYER_USER_NS && geteuid() != 0) {
            assert_refused(code, SN_EHOST, error);
            continue;
        }
        if (code != 0)
            print_error("relaxing %s: %s: %s\n", sn_layer_name(layer), sn_error_step(error), sn_error_message(error));
        assert_int_equal(code, 0);
        result = run_shell(sandbox, "echo runs", NULL);
        print_message("%s: layers %llx, relaxed %llx, notes: %s\n", sn_layer_name(layer),
                      (unsigned long long)sn_result_layers(result), (unsigned long long)sn_result_relaxed(result),
                      sn_result_notes(result));
        assert_verdict(result, SN_VERDICT_OK);
        assert_string_equal(out(result), "runs\n");
        assert_true((sn_result_relaxed(result) & relax) == relax);
        assert_true((sn_result_layers(result) & relax) == 0);
        assert_true((sn_sandbox_layers(sandbox) & relax) == 0);
        /* The rest is still there, and no bit is in both. */
        assert_true((sn_result_layers(result) & sn_result_relaxed(result)) == 0);
        assert_true((sn_result_layers(result) | sn_result_relaxed(result) | SN_LAYER_LANDLOCK | SN_LAYER_APPARMOR) ==
                    ALL_LAYERS);
        sn_result_free(result);
        sn_sandbox_destroy(sandbox);
    }
}

/* Relaxing a layer changes what is inside: otherwise it was not in force before, either. */
static void relaxed_layers_are_really_off(void **state)
{
    char host[128] = "";
    char expected[300];
    sn_sandbox *sandbox;

    (void)state;
    gethostname(host, sizeof(host) - 1);
    snprintf(expected, sizeof(expected), "%s\n", host);
    sandbox = relaxed_sandbox(SN_LAYER_UTS_NS, SN_NETWORK_NONE);
    expect(sandbox, "import os\nprint(os.uname().nodename)", expected);
    sn_sandbox_destroy(sandbox);
    sandbox = relaxed_sandbox(SN_LAYER_PROC, SN_NETWORK_NONE);
    expect(sandbox, "import os\nprint(os.path.exists('/proc/self'))", "False\n");
    sn_sandbox_destroy(sandbox);
    sandbox = relaxed_sandbox(SN_LAYER_SECCOMP, SN_NETWORK_NONE);
    expect(sandbox, "print([l.split()[1] for l in open('/proc/self/status') if l.startswith('Seccomp:')])", "['0']\n");
    sn_sandbox_destroy(sandbox);
    sandbox = relaxed_sandbox(SN_LAYER_SECCOMP | SN_LAYER_LANDLOCK | SN_LAYER_NO_NEW_PRIVS, SN_NETWORK_NONE);
    expect(sandbox, "print([l.split()[1] for l in open('/proc/self/status') if l.startswith('NoNewPrivs:')])",
           "['0']\n");
    sn_sandbox_destroy(sandbox);
    sandbox = relaxed_sandbox(SN_LAYER_SESSION, SN_NETWORK_NONE);
    expect(sandbox, "import os\nprint(os.getsid(0) == os.getpid())", "False\n");
    sn_sandbox_destroy(sandbox);
    sandbox = relaxed_sandbox(SN_LAYER_ROOT, SN_NETWORK_NONE);
    expect(sandbox,
           "import os\nprint(os.path.exists('/var/lib'))\n"
           "try: open('/var/sn-test', 'w'); print('wrote')\nexcept OSError: print('read-only')\n"
           /* what is the sandbox's own is so still */
           "print([f for f in ('/sys/kernel', '/dev/kmsg', '/proc/kallsyms', '/.old') if os.path.lexists(f)],"
           "os.listdir('/work'), os.listdir('/tmp'))",
           "True\nread-only\n[] [] []\n");
    sn_sandbox_destroy(sandbox);
    sandbox = relaxed_sandbox(SN_LAYER_CGROUP, SN_NETWORK_NONE);
    sn_result *result = run_shell(sandbox, ":", NULL);
    assert_null(strstr(sn_result_cpu_source(result), "cgroup"));
    assert_null(strstr(sn_result_memory_source(result), "cgroup"));
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
}

static void the_hosts_network_only_when_relaxed(void **state)
{
    sn_sandbox *sandbox = relaxed_sandbox(SN_LAYER_NETWORK_NS | SN_LAYER_SECCOMP, SN_NETWORK_NONE);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0sn-test-relaxed"};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t) + 16), 0);
    assert_int_equal(listen(listener, 1), 0);
    sn_result *result = run_python(sandbox,
                                   "import socket\ns = socket.socket(socket.AF_UNIX)\n"
                                   "try: s.connect('\\0sn-test-relaxed'); print('connected')\n"
                                   "except OSError as e: print(e.errno)",
                                   NULL);
    /* Landlock scopes abstract sockets by itself (kernel 6.12): EPERM. */
    assert_string_equal(out(result), landlock_abi() >= 6 ? "1\n" : "connected\n");
    sn_result_free(result);
    close(listener);
    sn_sandbox_destroy(sandbox);
}

static void two_sandboxes_share_nothing(void **state)
{
    sn_sandbox *other = make_sandbox(NULL);

    (void)state;
    sn_result_free(run_shell(need_shared(), "echo mine > /work/private; echo mine > /tmp/private", NULL));
    expect(other, "import os\nprint(os.listdir('/work'), os.listdir('/tmp'), os.listdir('/dev/shm'))", "[] [] []\n");
    sn_sandbox_destroy(other);
}

/* With these the program would own PID 1, root of the same user namespace, and with it the verdict and the mounts. */
static void relaxed_capabilities_do_not_own_pid_1(void **state)
{
    sn_sandbox *sandbox =
        relaxed_sandbox(SN_LAYER_CAPABILITIES | SN_LAYER_LANDLOCK | SN_LAYER_SECCOMP, SN_NETWORK_NONE);

    (void)state;
    expect(sandbox,
           "caps = [int(l.split()[1], 16) for l in open('/proc/self/status') if l.startswith(('CapEff', 'CapBnd'))]\n"
           "print([bool(c >> bit & 1) for c in caps for bit in (16, 19, 21, 22, 24, 40)].count(True), caps[0] & 1)\n"
           "try: open('/proc/1/mem', 'r+b'); print('opened')\n"
           "except OSError: print('refused')",
           "0 1\nrefused\n");
    sn_sandbox_destroy(sandbox);
}

/* Without a uid of its own the program has PID 1's. Between them is that it has no capabilities, PID 1 all of them. */
static void a_program_of_pid_1s_uid_does_not_own_it(void **state)
{
    sn_sandbox *sandbox = relaxed_sandbox(SN_LAYER_UID | SN_LAYER_LANDLOCK | SN_LAYER_SECCOMP, SN_NETWORK_NONE);

    (void)state;
    expect(sandbox,
           CALL "for f in ('mem', 'environ', 'maps', 'auxv', 'exe'):\n"
                "    try: open('/proc/1/' + f, 'rb'); print('opened', f)\n"
                "    except OSError: pass\n"
                "byte = ctypes.create_string_buffer(1)\n"
                "class Piece(ctypes.Structure): _fields_ = [('at', ctypes.c_void_p), ('size', ctypes.c_size_t)]\n"
                "own, other = Piece(ctypes.addressof(byte), 1), Piece(0x400000, 1)\n"
                "print(call('process_vm_readv', 1, ctypes.byref(own), 1, ctypes.byref(other), 1, 0))",
           "-1 1\n");
    sn_sandbox_destroy(sandbox);
}

/* The host kills by cgroup then, before PID 1 renews /dev/shm. */
static void shared_memory_is_gone_without_a_pid_namespace(void **state)
{
    sn_sandbox *sandbox = relaxed_sandbox(SN_LAYER_PID_NS, SN_NETWORK_NONE);

    (void)state;
    for (int i = 0; i < 5; i++) {
        sn_result_free(run_shell(sandbox, "(while :; do echo secret > /dev/shm/left; done) & sleep 0.05", NULL));
        expect(sandbox, "import os\nprint(os.listdir('/dev/shm'))", "[]\n");
    }
    sn_sandbox_destroy(sandbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_capabilities_no_privileges),
        cmocka_unit_test(another_user_without_groups),
        cmocka_unit_test(the_hosts_groups_are_given_up),
        cmocka_unit_test(only_its_own_processes_are_visible),
        cmocka_unit_test(nothing_of_proc_but_processes),
        cmocka_unit_test(the_tree_is_read_only),
        cmocka_unit_test(the_host_is_not_in_the_tree),
        cmocka_unit_test(minimal_devices),
        cmocka_unit_test(no_device_can_be_made),
        cmocka_unit_test(exactly_three_descriptors),
        cmocka_unit_test(a_session_of_its_own),
        cmocka_unit_test(signals_are_as_a_fresh_process_has_them),
        cmocka_unit_test(groups_of_the_host_are_not_visible),
        cmocka_unit_test(an_empty_network),
        cmocka_unit_test(loopback_when_asked_for),
        cmocka_unit_test(abstract_sockets_of_the_host_are_out_of_reach),
        cmocka_unit_test(ipc_objects_of_the_host_are_out_of_reach),
        cmocka_unit_test(no_namespaces_mounts_or_tracing_without_a_filter),
        cmocka_unit_test(dangerous_calls_are_shut),
        cmocka_unit_test(int_0x80_is_shut),
        cmocka_unit_test(set_user_id_programs_gain_nothing),
        cmocka_unit_test(two_live_sandboxes_have_two_uids),
        cmocka_unit_test(nothing_but_files_is_left_between_runs),
        cmocka_unit_test(each_layer_can_be_relaxed_and_is_told),
        cmocka_unit_test(relaxed_layers_are_really_off),
        cmocka_unit_test(the_hosts_network_only_when_relaxed),
        cmocka_unit_test(two_sandboxes_share_nothing),
        cmocka_unit_test(relaxed_capabilities_do_not_own_pid_1),
        cmocka_unit_test(a_program_of_pid_1s_uid_does_not_own_it),
        cmocka_unit_test(shared_memory_is_gone_without_a_pid_namespace),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, NULL, drop_shared);
}
