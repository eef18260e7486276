/* SPDX-License-Identifier: MIT */
/* Sandboxes whose PID 1 a stem forked (spawn/stem.h) are as those that were launched, and have nothing of each other.
 */
#include "support.h"

#include "spawn/sandbox.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER_NS "import os\nprint(os.readlink('/proc/self/ns/user'))\n"

static sn_sandbox *other; /* while there is one, places are kept */

/* Until the next sandbox of these options will be of a stem. */
static void grow_stem(const sn_sandbox_options *options)
{
    for (int i = 0; i < 3; i++)
        sn_sandbox_destroy(make_sandbox(options));
}

static int begin(void **state)
{
    (void)state;
    other = NULL;
    return 0;
}

static int end(void **state)
{
    (void)state;
    sn_sandbox_destroy(other);
    other = NULL;
    return 0;
}

/* Only root's sandboxes on v1 have places, and so stems. */
static void need_stem(const sn_sandbox_options *options)
{
    sn_sandbox *sandbox;
    bool has;

    if (!other)
        other = make_sandbox(NULL);
    if (!other->ids.privileged || !other->driver || !other->driver->is_as_new)
        skip_because("no place is kept on this host");
    grow_stem(options);
    sandbox = make_sandbox(options);
    has = sandbox->stem != NULL;
    sn_sandbox_destroy(sandbox);
    assert_true(has);
}

static sn_sandbox *forked_sandbox(const sn_sandbox_options *options)
{
    sn_sandbox *sandbox = make_sandbox(options);

    assert_non_null(sandbox->stem);
    return sandbox;
}

enum birth { LAUNCHED, FORKED, EITHER };

/* What it prints in a new sandbox, to be freed. No filter helps: what it tries it has no right to. */
static char *once(const sn_sandbox_options *options, const char *script, enum birth birth)
{
    static const char text_of_policy[] =
        "#include \"base.policy\"\nPOLICY more { ALLOW { sethostname, setdomainname, unshare, mount } }\n"
        "USE more, base DEFAULT KILL";
    const char *argv[] = {"/usr/bin/python3", "-c", script, NULL};
    sn_sandbox *sandbox = make_sandbox(options);
    sn_policy *policy = NULL;
    sn_run_options run;
    sn_result *result = NULL;
    sn_error *error = NULL;
    char *text;

    assert_true(birth == EITHER || (birth == FORKED) == (sandbox->stem != NULL));
    assert_ok(sn_policy_parse(text_of_policy, strlen(text_of_policy), "given", &policy, &error), error);
    sn_run_options_init(&run);
    run.argv = argv;
    run.policy = policy;
    assert_ok(sn_run(sandbox, &run, &result, &error), error);
    sn_policy_free(policy);
    assert_verdict(result, SN_VERDICT_OK);
    text = strdup(out(result));
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    return text;
}

/* Number of a process in our own pid namespace, of what its fdinfo says. */
static pid_t pid_of(int pidfd)
{
    char path[64], line[200];
    int pid = -1;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
    file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (strncmp(line, "Pid:", 4) == 0)
            pid = (int)strtol(line + 4, NULL, 10);
    fclose(file);
    return pid;
}

/* The stem is the parent of what it forked. */
static pid_t stem_of(const sn_sandbox *sandbox)
{
    char path[64], text[400] = "";
    int parent = -1;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid_of(sandbox->pidfd));
    file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    fclose(file);
    parent = (int)strtol(strrchr(text, ')') + 4, NULL, 10);
    assert_true(parent > 1);
    return parent;
}

static bool is_gone(int pidfd)
{
    struct pollfd gone = {.fd = pidfd, .events = POLLIN};

    return poll(&gone, 1, (int)(5000 * slowness())) == 1;
}

/* All that a program can see of what it runs in. */
static const char seen[] =
    "import os, re, ctypes\n"
    "print(os.getpid(), os.getppid(), os.getsid(0), sorted(n for n in os.listdir('/proc') if n.isdigit()))\n"
    "print(os.getresuid(), os.getresgid(), os.getgroups(), os.umask(0), os.getcwd(), os.uname(), dict(os.environ))\n"
    "for l in open('/proc/self/status'):\n"
    "    if l.split(':')[0] in ('Name', 'Umask', 'PPid', 'TracerPid', 'Uid', 'Gid', 'FDSize', 'Groups', 'NStgid',\n"
    "            'NSpid', 'NSpgid', 'NSsid', 'SigQ', 'SigPnd', 'ShdPnd', 'SigBlk', 'SigIgn', 'SigCgt', 'CapInh',\n"
    "            'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp', 'Seccomp_filters'): "
    "print(l.strip())\n"
    "for f in ('cgroup', 'oom_score_adj', 'limits', 'uid_map', 'gid_map', 'setgroups', 'attr/current'):\n"
    "    try: print(f, re.sub('/r[0-9]+', '/r', open('/proc/self/' + f).read()))\n"
    "    except OSError as e: print(f, e.errno)\n"
    "for l in sorted(open('/proc/self/mountinfo').read().split('\\n'), key=lambda l: l.split()[4:5]):\n"
    "    f = l.split(); print(f[3:6], f[f.index('-') + 1:] if f else '')\n"
    "print(sorted(os.listdir('/proc/self/fd')), os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0))\n"
    "print([os.listdir(d) for d in ('/work', '/tmp', '/dev/shm', '/dev', '/')])\n"
    "print([(d, oct(os.stat(d).st_mode), os.stat(d).st_uid) for d in ('/', '/work', '/tmp', '/dev', '/dev/shm')])\n"
    "for d in ('/new', '/etc/new', '/dev/new', '/usr/new', '/tmp/new', '/work/new', '/dev/shm/new', '/proc/new'):\n"
    "    try: open(d, 'w').close(); print(d)\n"
    "    except OSError as e: print(d, e.errno)\n"
    "c = ctypes.CDLL(None, use_errno=True)\n"
    "for call in (lambda: c.sethostname(b'x', 1), lambda: c.unshare(0x10000000), lambda: c.unshare(0x20000),\n"
    "        lambda: c.mount(b'none', b'/tmp', b'tmpfs', 0, 0), lambda: c.kill(1, 9), lambda: c.kill(1, 0)):\n"
    "    print(call(), ctypes.get_errno())\n"
    "try: print(open('/proc/sys/user/max_user_namespaces').read())\n"
    "except OSError as e: print(e.errno)\n";

static void one_is_as_one_that_was_launched(void **state)
{
    sn_sandbox_options options;
    char *launched, *forked;

    (void)state;
    need_program("/usr/bin/python3");
    sn_sandbox_options_init(&options);
    options.hostname = "named";
    other = make_sandbox(NULL);
    launched = once(&options, seen, LAUNCHED);
    need_stem(&options);
    for (int i = 0; i < 3; i++) {
        forked = once(&options, seen, FORKED);
        assert_string_equal(forked, launched);
        free(forked);
    }
    free(launched);
}

static void nothing_is_smuggled(void **state)
{
    static const char leave[] =
        USER_NS "import ctypes, signal, socket, time\n"
                "c = ctypes.CDLL(None)\n"
                "c.shmget(4711, 4096, 0o1666); c.msgget(4711, 0o1666); c.semget(4711, 1, 0o1666)\n"
                "c.mq_open(b'/left', os.O_CREAT | os.O_RDWR, 0o666, None)\n"
                "for d in ('/work', '/tmp', '/dev/shm'):\n"
                "    os.makedirs(d + '/left/below'); os.chmod(d + '/left', 0)\n"
                "os.chmod('/work', 0o777)\n"
                "c.sethostname(b'left', 4); c.setdomainname(b'left', 4)\n"
                "s = socket.socket(socket.AF_UNIX); s.bind('\\0left'); s.listen()\n"
                "os.setpriority(os.PRIO_PROCESS, 0, 19)\n"
                "for i in range(20):\n"
                "    if os.fork() == 0:\n"
                "        os.setsid(); signal.signal(signal.SIGTERM, signal.SIG_IGN); os.close(1); os.close(2); "
                "time.sleep(60)\n";
    static const char look[] = USER_NS
        "import ctypes, socket\n"
        "c = ctypes.CDLL(None)\n"
        "print(c.shmget(4711, 4096, 0), c.msgget(4711, 0), c.semget(4711, 1, 0), c.mq_open(b'/left', 0))\n"
        "print(c.shmget(1, 4096, 0o1666), c.msgget(1, 0o1666), c.semget(1, 1, 0o1666))\n" /* their numbers count up */
        "print([os.listdir(d) for d in ('/work', '/tmp', '/dev/shm')], oct(os.stat('/work').st_mode))\n"
        "print(os.uname()[1], os.getpriority(os.PRIO_PROCESS, 0))\n"
        "print([l.split()[-1] for l in open('/proc/self/net/unix')][1:])\n"
        "try: socket.socket(socket.AF_UNIX).connect('\\0left')\n"
        "except OSError as e: print(e)\n"
        "p = os.fork()\n"
        "if p == 0: os._exit(0)\n"
        "os.waitpid(p, 0)\n"
        "print(os.getpid(), p, [n for n in os.listdir('/proc') if n.isdigit()])\n";
    char *first, *left, *next;
    size_t name = strlen("user:[4026531837]\n");

    (void)state;
    need_program("/usr/bin/python3");
    need_stem(NULL);
    first = once(NULL, look, FORKED);
    for (int i = 0; i < 3; i++) {
        left = once(NULL, leave, FORKED);
        next = once(NULL, look, FORKED);
        assert_memory_equal(left, first, name - 1); /* of the same stem, or it proves nothing */
        assert_string_equal(next, first);
        free(left);
        free(next);
    }
    free(first);
}

/* Sockets that hold each other stay bound until the kernel collects them. */
static void sockets_in_flight_end_it(void **state)
{
    static const char leave[] = USER_NS
        "import array, socket\n"
        "s = socket.socket(socket.AF_UNIX); s.bind('\\0left'); s.listen()\n"
        "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "for x in (a, b):\n"
        "    x.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [a.fileno(), b.fileno(), "
        "s.fileno()]))])\n";
    static const char look[] = USER_NS "import socket\n"
                                       "print([l.split()[-1] for l in open('/proc/self/net/unix')][1:])\n"
                                       "try: socket.socket(socket.AF_UNIX).connect('\\0left'); print('reached')\n"
                                       "except ConnectionRefusedError: pass\n";
    size_t name = strlen("user:[4026531837]\n");

    (void)state;
    need_program("/usr/bin/python3");
    need_stem(NULL);
    for (int i = 0; i < 5; i++) {
        char *left = once(NULL, leave, FORKED), *next = once(NULL, look, EITHER);

        assert_string_equal(next + name, "[]\n");
        free(left);
        free(next);
        grow_stem(NULL);
    }
}

/* Where a program could have left something in what is shared, it goes with its sandbox. */
static void what_a_policy_lets_behind_ends_it(void **state)
{
    static const struct {
        const char *policy, *script;
        bool is_kept;
    } rows[] = {
        {"#include \"base.policy\"\nUSE base DEFAULT KILL", "pass", true},
        {"#include \"base.policy\"\nPOLICY keys { ALLOW { add_key, keyctl } }\nUSE keys, base DEFAULT KILL",
         "import ctypes; c = ctypes.CDLL(None); print(c.syscall(248, b'user', b'left', b'secret', 6, -4) > 0)", false},
        {"#include \"base.policy\"\nPOLICY more { ALLOW { socket { family == AF_INET } } }\nUSE more, base DEFAULT "
         "KILL",
         "import socket; socket.socket(socket.AF_INET)", false},
    };

    (void)state;
    need_program("/usr/bin/python3");
    need_stem(NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *argv[] = {"/usr/bin/python3", "-c", rows[i].script, NULL};
        sn_sandbox *sandbox = forked_sandbox(NULL);
        int stem = pidfd_open(stem_of(sandbox), 0);
        sn_run_options options;
        sn_result *result = NULL;
        sn_policy *policy = NULL;
        sn_error *error = NULL;
        struct pollfd gone = {.fd = stem, .events = POLLIN};

        assert_true(stem >= 0);
        assert_ok(sn_policy_parse(rows[i].policy, strlen(rows[i].policy), "given", &policy, &error), error);
        sn_run_options_init(&options);
        options.argv = argv;
        options.policy = policy;
        assert_ok(sn_run(sandbox, &options, &result, &error), error);
        assert_verdict(result, SN_VERDICT_OK);
        sn_sandbox_destroy(sandbox);
        assert_int_equal(poll(&gone, 1, 0), !rows[i].is_kept);
        sn_result_free(result);
        sn_policy_free(policy);
        close(stem);
        grow_stem(NULL);
    }
}

/* Where each would cost one its stem, none is made. */
static void sandboxes_that_spoil_stems_have_none(void **state)
{
    static const char text[] =
        "#include \"base.policy\"\nPOLICY keys { ALLOW { add_key, keyctl } }\nUSE keys, base DEFAULT KILL";
    sn_policy *policy = NULL;
    sn_sandbox_options options;
    sn_error *error = NULL;

    (void)state;
    assert_ok(sn_policy_parse(text, strlen(text), "given", &policy, &error), error);
    sn_sandbox_options_init(&options);
    options.policy = policy;
    other = make_sandbox(NULL);
    for (int i = 0; i < 8; i++) {
        sn_sandbox *sandbox = make_sandbox(&options);

        assert_null(sandbox->stem);
        sn_result_free(run_shell(sandbox, "exit 0", NULL));
        sn_sandbox_destroy(sandbox);
    }
    sn_policy_free(policy);
}

/* Two kinds by turns have none either: each would end the other's. */
static void kinds_by_turns_have_none(void **state)
{
    sn_sandbox_options options;

    (void)state;
    sn_sandbox_options_init(&options);
    other = make_sandbox(NULL);
    for (int i = 0; i < 8; i++) {
        sn_sandbox *sandbox;

        options.hostname = i % 2 ? "one" : "two";
        sandbox = make_sandbox(&options);
        assert_null(sandbox->stem);
        sn_sandbox_destroy(sandbox);
    }
}

/* One for each kind of sandbox, or none: not another's. */
static void others_are_not_born_of_it(void **state)
{
    const sn_mount mount = {.size = sizeof(mount), .source = "/tmp", .target = "/data", .flags = SN_MOUNT_WRITABLE};
    const sn_mount *const mounts[] = {&mount, NULL};
    sn_sandbox_options options;
    sn_sandbox *sandbox;
    char *name;

    (void)state;
    need_program("/usr/bin/python3");
    need_stem(NULL);
    sn_sandbox_options_init(&options);
    options.hostname = "another";
    grow_stem(&options);
    name = once(&options, "import os; print(os.uname()[1])", FORKED); /* another one */
    assert_string_equal(name, "another\n");
    free(name);
    sn_sandbox_options_init(&options);
    options.relax = SN_LAYER_CAPABILITIES;
    for (int i = 0; i < 4; i++) {
        sandbox = make_sandbox(&options);
        assert_null(sandbox->stem);
        sn_sandbox_destroy(sandbox);
    }
    grow_stem(NULL);
    sn_sandbox_options_init(&options);
    options.mounts = mounts;
    sandbox = make_sandbox(&options);
    assert_null(sandbox->stem);
    sn_sandbox_destroy(sandbox);
    sandbox = make_sandbox(NULL);
    sn_sandbox_destroy(sandbox);
}

static int lower_limit(void)
{
    const struct rlimit limit = {100000, 100000};

    return setrlimit(RLIMIT_MSGQUEUE, &limit);
}

/* 1: there is but one. */
static int one_processor_less(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) < 0)
        return -1;
    if (CPU_COUNT(&set) < 2)
        return 1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set)) {
            CPU_CLR(cpu, &set);
            break;
        }
    return sched_setaffinity(0, sizeof(set), &set);
}

static int be_nice(void)
{
    int now = getpriority(PRIO_PROCESS, 0);

    return now == 19 ? 1 : setpriority(PRIO_PROCESS, 0, now + 1);
}

/* What a PID 1 has of its caller is that of the caller as he is now. In a child: it does not come back. */
static void callers_circumstances_count(void **state)
{
    static const char script[] = "import os, resource\n"
                                 "print(os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0),\n"
                                 "      resource.getrlimit(resource.RLIMIT_MSGQUEUE))\n";
    static int (*const changes[])(void) = {lower_limit, one_processor_less, be_nice};

    (void)state;
    need_program("/usr/bin/python3");
    need_stem(NULL);
    sn_sandbox_destroy(other);
    other = NULL;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        pid_t child = fork();
        int status;

        if (child == 0) {
            char *launched, *forked;
            int r;

            other = make_sandbox(NULL);
            grow_stem(NULL);
            launched = once(NULL, script, FORKED);
            r = changes[i]();
            if (r != 0)
                _exit(r < 0 ? 2 : 0);
            forked = once(NULL, script, LAUNCHED);
            grow_stem(NULL);
            free(launched);
            launched = once(NULL, script, FORKED);
            _exit(strcmp(launched, forked) == 0 ? 0 : 3);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

/* Who may not signal a stem any more ends it all the same, and at once. */
static void it_ends_without_privilege(void **state)
{
    pid_t child;
    int status;

    (void)state;
    need_stem(NULL);
    sn_sandbox_destroy(other);
    other = NULL;
    child = fork();
    if (child == 0) {
        uint64_t begun;

        other = make_sandbox(NULL);
        grow_stem(NULL);
        sn_sandbox_destroy(forked_sandbox(NULL));
        if (setgid(65534) < 0 || setuid(65534) < 0)
            _exit(2);
        begun = now_ms();
        sn_sandbox_destroy(other);
        _exit(now_ms() - begun < 5000 ? 0 : 3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* What the caller asked for wrongly is no fault of the stem's, which has forked already. */
static void a_refused_sandbox_leaves_it(void **state)
{
    const sn_mount mount = {.size = sizeof(mount), .source = "/usr/share", .target = "/proc/x"};
    const sn_mount *const mounts[] = {&mount, NULL};
    sn_sandbox_options options;
    sn_sandbox *sandbox;
    pid_t stem;

    (void)state;
    need_stem(NULL);
    sandbox = forked_sandbox(NULL);
    stem = stem_of(sandbox);
    sn_sandbox_destroy(sandbox);
    sn_sandbox_options_init(&options);
    options.mounts = mounts;
    for (int i = 0; i < 3; i++) {
        sn_error *error = NULL;

        sandbox = NULL;
        assert_refused(create_sandbox(&options, &sandbox, &error), SN_EINVAL, error);
    }
    sandbox = forked_sandbox(NULL);
    assert_int_equal(stem_of(sandbox), stem);
    assert_int_equal(count_children(stem), 1);
    sn_sandbox_destroy(sandbox);
}

static void its_death_is_its_sandboxes(void **state)
{
    static const char *const argv[] = {"/bin/sleep", "60", NULL};
    sn_sandbox *sandbox;
    sn_run_options options;
    sn_running *running = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    int program;

    (void)state;
    need_stem(NULL);
    /* with a program */
    sandbox = forked_sandbox(NULL);
    sn_run_options_init(&options);
    options.argv = argv;
    assert_ok(sn_run_start(sandbox, &options, &running, &error), error);
    program = pidfd_open(pid_of(sandbox->pidfd), 0);
    assert_int_equal(kill(stem_of(sandbox), SIGKILL), 0);
    assert_refused(sn_run_wait(running, &result, &error), SN_EDIED, error);
    sn_running_free(running);
    assert_true(is_gone(program));
    close(program);
    sn_sandbox_destroy(sandbox);
    /* while it waits for the next sandbox, which then has none, or another */
    grow_stem(NULL);
    sandbox = forked_sandbox(NULL);
    assert_int_equal(kill(stem_of(sandbox), SIGKILL), 0);
    sn_sandbox_destroy(sandbox);
    grow_stem(NULL);
    sandbox = forked_sandbox(NULL);
    {
        pid_t stem = stem_of(sandbox);

        sn_sandbox_destroy(sandbox);
        assert_int_equal(kill(stem, SIGKILL), 0);
    }
    sandbox = make_sandbox(NULL);
    result = run_shell(sandbox, "echo works", NULL);
    assert_string_equal(out(result), "works\n");
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
}

/* It stops answering: whoever wants a sandbox waits a while, and has one that was launched. */
static void one_that_hangs_is_given_up(void **state)
{
    sn_sandbox *sandbox;
    sn_result *result;
    pid_t stem;
    int pidfd;

    (void)state;
    need_stem(NULL);
    sandbox = forked_sandbox(NULL);
    stem = stem_of(sandbox);
    pidfd = pidfd_open(stem, 0);
    sn_sandbox_destroy(sandbox);
    assert_int_equal(kill(stem, SIGSTOP), 0);
    sandbox = make_sandbox(NULL);
    assert_null(sandbox->stem);
    assert_true(is_gone(pidfd));
    result = run_shell(sandbox, "echo works", NULL);
    assert_string_equal(out(result), "works\n");
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    close(pidfd);
}

static void it_ends_with_the_last_sandbox(void **state)
{
    sn_sandbox *sandbox;
    int stem;

    (void)state;
    need_stem(NULL);
    sandbox = forked_sandbox(NULL);
    stem = pidfd_open(stem_of(sandbox), 0);
    sn_sandbox_destroy(other);
    other = NULL;
    sn_sandbox_destroy(sandbox);
    assert_true(is_gone(stem));
    close(stem);
}

static void it_ends_with_its_host(void **state)
{
    pid_t pids[2], child;
    int told[2], status;

    (void)state;
    need_stem(NULL);
    assert_int_equal(pipe(told), 0);
    child = fork();
    if (child == 0) {
        sn_sandbox *its[5];

        for (int i = 0; i < 5; i++) {
            if (create_sandbox(NULL, &its[i], NULL) < 0)
                _exit(2);
            if (i > 0 && i < 4)
                sn_sandbox_destroy(its[i]);
        }
        pids[0] = its[4]->stem ? stem_of(its[4]) : 0;
        pids[1] = pid_of(its[4]->pidfd);
        if (write(told[1], pids, sizeof(pids)) != sizeof(pids))
            _exit(3);
        pause();
    }
    close(told[1]);
    assert_int_equal(read(told[0], pids, sizeof(pids)), sizeof(pids));
    close(told[0]);
    assert_true(pids[0] > 0);
    for (int i = 0; i < 2; i++)
        pids[i] = pidfd_open(pids[i], 0);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    for (int i = 0; i < 2; i++) {
        assert_true(is_gone(pids[i]));
        close(pids[i]);
    }
}

/* A child that was forked has a copy of its parent's, which stays the parent's. */
static void a_forked_child_leaves_it_alone(void **state)
{
    sn_sandbox *sandbox;
    pid_t stem, child;
    int status;

    (void)state;
    need_stem(NULL);
    sandbox = forked_sandbox(NULL);
    stem = stem_of(sandbox);
    sn_sandbox_destroy(sandbox);
    child = fork();
    if (child == 0) {
        sn_sandbox *its = NULL;

        if (create_sandbox(NULL, &its, NULL) < 0 || its->stem)
            _exit(1);
        sn_sandbox_destroy(its);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    sandbox = forked_sandbox(NULL);
    assert_int_equal(stem_of(sandbox), stem);
    sn_sandbox_destroy(sandbox);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_is_as_one_that_was_launched), TEST(nothing_is_smuggled),
        TEST(sockets_in_flight_end_it),        TEST(what_a_policy_lets_behind_ends_it),
        TEST(others_are_not_born_of_it),       TEST(sandboxes_that_spoil_stems_have_none),
        TEST(kinds_by_turns_have_none),        TEST(a_refused_sandbox_leaves_it),
        TEST(its_death_is_its_sandboxes),      TEST(one_that_hangs_is_given_up),
        TEST(it_ends_with_the_last_sandbox),   TEST(it_ends_with_its_host),
        TEST(a_forked_child_leaves_it_alone),  TEST(callers_circumstances_count),
        TEST(it_ends_without_privilege),
    };

    return run_group(tests);
}
