/* SPDX-License-Identifier: MIT */
/*
 * What a process keeps from one sandbox to the next carries nothing: a network namespace that was used again, a tree
 * that others have a copy of, the policy and the groups that were found before.
 */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACE "import os\nprint(os.readlink('/proc/self/ns/net'))\n"
#define UNIX "print([l.split()[-1] for l in open('/proc/self/net/unix')][1:])\n"

static bool is_root;

static void need_root(void)
{
    if (!is_root)
        skip_because("only root's sandboxes use anything again");
}

/* A new sandbox runs this and goes; what it printed, to be freed. */
static char *once(const sn_sandbox_options *options, const char *script)
{
    sn_sandbox *sandbox = make_sandbox(options);
    sn_result *result = run_python(sandbox, script, NULL);
    char *text;

    assert_verdict(result, SN_VERDICT_OK);
    text = strdup(out(result));
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    return text;
}

static void a_network_is_used_again(void **state)
{
    sn_sandbox *other = make_sandbox(NULL);
    char *first, *next;

    (void)state;
    need_root();
    first = once(NULL, NAMESPACE "import socket\ns = socket.socket(socket.AF_UNIX); s.bind('\\0gone'); s.listen()\n");
    next = once(NULL, NAMESPACE UNIX);
    assert_memory_equal(next, first, strlen(first));
    assert_string_equal(next + strlen(first), "[]\n");
    free(first);
    free(next);
    sn_sandbox_destroy(other);
}

/* Two sockets that hold each other in flight have no owner, and are bound until the kernel collects them. */
static void sockets_that_outlive_their_program_are_not_inherited(void **state)
{
    static const char script[] = NAMESPACE
        "import array, socket\n"
        "def pair():\n"
        "    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "    return a, b\n"
        "for i in range(40):\n"
        "    s = socket.socket(socket.AF_UNIX); s.bind('\\0left%d' % i); s.listen()\n"
        "    a, b = pair()\n"
        "    a.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [a.fileno(), b.fileno(), "
        "s.fileno()]))])\n"
        "    b.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [a.fileno(), b.fileno(), "
        "s.fileno()]))])\n";
    sn_sandbox *other = make_sandbox(NULL);

    (void)state;
    need_root();
    for (int i = 0; i < 10; i++) {
        char *next;

        free(once(NULL, script));
        next = once(NULL, UNIX "import socket\n"
                               "for i in range(40):\n"
                               "    try: socket.socket(socket.AF_UNIX).connect('\\0left%d' % i); print('reached')\n"
                               "    except ConnectionRefusedError: pass\n");
        assert_string_equal(next, "[]\n");
        free(next);
    }
    sn_sandbox_destroy(other);
}

/* Every family and type that this kernel has, and everything that an ordinary user may do with them. */
static const char all_sockets[] =
    "import socket, ctypes\n"
    "kept = []\n"
    "for family in range(1, 46):\n"
    "    for type in (1, 2, 3, 5, 10):\n"
    "        for protocol in (0, 1, 6, 17, 132, 262):\n"
    "            try: s = socket.socket(family, type, protocol)\n"
    "            except OSError: continue\n"
    "            kept.append(s); s.setblocking(False)\n"
    "            for level in (0, 1, 6, 17, 41, 270):\n"
    "                for option in range(80):\n"
    "                    try: s.setsockopt(level, option, 1)\n"
    "                    except (OSError, TypeError): pass\n"
    "            for act in (lambda: s.bind(('127.0.0.1', 4321)), lambda: s.bind(('::', 4321)), lambda: s.bind((0, "
    "0)),\n"
    "                        lambda: s.bind('\\0all%d' % len(kept)), lambda: s.listen(5),\n"
    "                        lambda: s.connect(('127.0.0.1', 4321)), lambda: s.connect(('::1', 4321)),\n"
    "                        lambda: s.connect((0, 0)), lambda: s.sendto(b'x' * 100, ('127.0.0.1', 9)),\n"
    "                        lambda: s.sendto(b'x' * 100, ('::1', 9)), lambda: s.sendto(b'x' * 100, ('ff02::1', 9)),\n"
    "                        lambda: s.sendto(b'x' * 100, ('224.0.0.1', 9)), lambda: s.send(b'x' * 100)):\n"
    "                try: act()\n"
    "                except (OSError, TypeError, ValueError): pass\n"
    "assert any(s.family == socket.AF_INET for s in kept)\n";

/* All that the kernel shows of a network, without what it counts of the whole machine. */
static const char all_shown[] =
    "import os\n"
    "for directory, _, names in sorted(os.walk('/proc/self/net')):\n"
    "    for name in sorted(names):\n"
    "        if name in ('softnet_stat', 'protocols', 'sockstat', 'sockstat6', 'ptype'): continue\n"
    "        try: text = open(directory + '/' + name).read()\n"
    "        except OSError as e: text = str(e.errno)\n"
    "        if name == 'netlink': # the kernel's own, with addresses and numbers of the whole machine\n"
    "            text = str([l.split()[1:-1] for l in text.split('\\n')])\n"
    "        print(name, text)\n";

static void nothing_is_seen_of_what_was_sent(void **state)
{
    sn_sandbox_options options;
    sn_sandbox *other = make_sandbox(NULL);
    char *fresh, *after;

    (void)state;
    need_root();
    sn_sandbox_options_init(&options);
    options.relax = SN_LAYER_SECCOMP | SN_LAYER_LANDLOCK;
    fresh = once(&options, all_shown);
    for (int i = 0; i < 3; i++) {
        free(once(&options, all_sockets));
        after = once(&options, all_shown);
        assert_string_equal(after, fresh);
        free(after);
    }
    free(fresh);
    sn_sandbox_destroy(other);
}

/* One that a program could have other sockets in goes with its sandbox. */
static void a_network_with_other_sockets_is_not_used_again(void **state)
{
    static const struct {
        const char *policy;
        bool is_again;
    } rows[] = {
        {"#include \"base.policy\"\nUSE base DEFAULT KILL", true},
        {"#include \"base.policy\"\nPOLICY more { ALLOW { socket { family == AF_INET } } }\nUSE more, base DEFAULT "
         "KILL",
         false},
    };
    static const char *const python[] = {"/usr/bin/python3", "-c", NAMESPACE, NULL};
    sn_sandbox *other = make_sandbox(NULL);

    (void)state;
    need_root();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sn_sandbox *sandbox = make_sandbox(NULL);
        sn_run_options options;
        sn_result *result = NULL;
        sn_policy *policy = NULL;
        sn_error *error = NULL;
        char *next;

        assert_ok(sn_policy_parse(rows[i].policy, strlen(rows[i].policy), "given", &policy, &error), error);
        sn_run_options_init(&options);
        options.argv = python;
        options.policy = policy;
        assert_ok(sn_run(sandbox, &options, &result, &error), error);
        assert_verdict(result, SN_VERDICT_OK);
        sn_sandbox_destroy(sandbox);
        next = once(NULL, NAMESPACE);
        if (rows[i].is_again)
            assert_string_equal(next, out(result));
        else
            assert_string_not_equal(next, out(result));
        free(next);
        sn_result_free(result);
        sn_policy_free(policy);
    }
    sn_sandbox_destroy(other);
}

static void two_at_once_have_two(void **state)
{
    sn_sandbox *sandboxes[4];
    char names[4][64] = {""};

    (void)state;
    need_root();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 4; i++) {
            sn_result *result;

            sandboxes[i] = make_sandbox(NULL);
            result = run_python(sandboxes[i], NAMESPACE, NULL);
            snprintf(names[i], sizeof(names[i]), "%s", out(result));
            sn_result_free(result);
            for (int j = 0; j < i; j++)
                assert_string_not_equal(names[i], names[j]);
        }
        for (int i = 0; i < 4; i++)
            sn_sandbox_destroy(sandboxes[i]);
    }
}

/* A child has a copy of what its parent keeps: the same namespace must not come to be in two sandboxes. */
static void a_forked_child_begins_anew(void **state)
{
    sn_sandbox *other = make_sandbox(NULL), *sandbox;
    sn_result *result;
    char *kept = once(NULL, NAMESPACE);
    int status;
    pid_t child;

    (void)state;
    need_root();
    child = fork();
    if (child == 0) {
        sn_sandbox *its[2];
        bool same = false;

        for (int i = 0; i < 2; i++) {
            if (create_sandbox(NULL, &its[i], NULL) < 0)
                _exit(2);
            result = run_python(its[i], NAMESPACE, NULL);
            same = same || strcmp(out(result), kept) == 0;
            sn_result_free(result);
        }
        sn_sandbox_destroy(its[1]);
        sn_sandbox_destroy(its[0]);
        sn_sandbox_destroy(other); /* a copy */
        _exit(same);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    sandbox = make_sandbox(NULL);
    result = run_python(sandbox, NAMESPACE, NULL);
    assert_string_equal(out(result), kept);
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    sn_sandbox_destroy(other);
    free(kept);
}

static void the_last_one_takes_everything_along(void **state)
{
    int before = count_descriptors();

    (void)state;
    for (int round = 0; round < 3; round++) {
        sn_sandbox *sandboxes[20];

        for (int i = 0; i < 20; i++)
            sandboxes[i] = make_sandbox(NULL);
        for (int i = 0; i < 20; i++)
            sn_sandbox_destroy(sandboxes[i]);
        assert_int_equal(count_descriptors(), before);
    }
}

/* A caller that closes what it does not know, and opens other files under these numbers. */
static void descriptors_that_became_others_are_left_alone(void **state)
{
    sn_sandbox *other = make_sandbox(NULL);
    int first = open("/dev/null", O_RDONLY | O_CLOEXEC), files[64], count = 0;
    struct stat null, now;

    (void)state;
    assert_int_equal(fstat(first, &null), 0);
    close(first);
    free(once(NULL, NAMESPACE));
    for (int fd = first; fd < first + 64; fd++) {
        char path[64], target[256] = "";

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (readlink(path, target, sizeof(target) - 1) < 0 ||
            (!strstr(target, "sentinel-init") && !strstr(target, "net:[") && !strstr(target, "mnt:[") &&
             !strstr(target, "mountinfo")))
            continue;
        int replacement = open("/dev/null", O_RDONLY | O_CLOEXEC);

        assert_int_equal(dup3(replacement, fd, O_CLOEXEC), fd);
        close(replacement);
        files[count++] = fd;
    }
    free(once(NULL, NAMESPACE));
    sn_sandbox_destroy(other);
    for (int i = 0; i < count; i++) {
        assert_int_equal(fstat(files[i], &now), 0);
        assert_int_equal(now.st_rdev, null.st_rdev);
        close(files[i]);
    }
}

static int count_entries(const char *format, pid_t pid)
{
    char path[64];
    DIR *dir;
    int count = 0;

    snprintf(path, sizeof(path), format, (int)pid);
    dir = opendir(path);
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count - 2;
}

/* Of a leaf that is kept for the next run: four to join it, one to watch it, its counters; and of a stem. */
#define KEPT_DESCRIPTORS (12 + 2)

/* PID 1 then begins with the caller's own table. */
static void a_caller_with_many_descriptors(void **state)
{
    sn_sandbox *other = make_sandbox(NULL), *sandbox;
    struct rlimit before, more = {4096, 4096};
    int files[700], descriptors, few = count_entries("/proc/%d/fd", sandbox_pid());
    sn_result *result;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    more.rlim_max = before.rlim_max;
    if (before.rlim_max < more.rlim_cur)
        skip_because("this process may have only %llu descriptors", (unsigned long long)before.rlim_max);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &more), 0);
    for (int i = 0; i < 700; i++)
        assert_true((files[i] = open("/dev/zero", O_RDONLY | O_CLOEXEC)) >= 0);
    sn_sandbox_destroy(make_sandbox(NULL));
    descriptors = count_descriptors();
    for (int i = 0; i < 10; i++) {
        sandbox = make_sandbox(NULL);
        result = run_python(sandbox, "import os\nprint(len(os.listdir('/proc/self/fd')))", NULL);
        assert_string_equal(out(result), "4\n"); /* and that of the listing */
        sn_result_free(result);
        sn_sandbox_destroy(sandbox);
        assert_in_range(count_descriptors(), descriptors, descriptors + KEPT_DESCRIPTORS);
    }
    sn_sandbox_destroy(other);
    other = make_sandbox(NULL); /* now all its numbers are high */
    assert_int_equal(count_entries("/proc/%d/fd", sandbox_pid()), few);
    sandbox = make_sandbox(NULL);
    result = run_python(sandbox, "print('well')", NULL);
    assert_string_equal(out(result), "well\n");
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    sn_sandbox_destroy(other);
    for (int i = 0; i < 700; i++) {
        struct stat st;

        assert_int_equal(fstat(files[i], &st), 0);
        close(files[i]);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* The tree that sandboxes have copies of is made anew when what it shows is not what it was. */
static void a_file_that_was_replaced_is_seen(void **state)
{
    char directory[] = "/tmp/sentinel-reuse-XXXXXX", path[64], new_path[64];
    const sn_mount mount = {.size = sizeof(mount), .source = path, .target = "/etc/given"};
    const sn_mount *const mounts[] = {&mount, NULL};
    sn_sandbox_options options;
    sn_sandbox *other = make_sandbox(NULL);

    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chmod(directory, 0755), 0);
    snprintf(path, sizeof(path), "%s/file", directory);
    snprintf(new_path, sizeof(new_path), "%s/new", directory);
    sn_sandbox_options_init(&options);
    options.mounts = mounts;
    for (int i = 0; i < 6; i++) {
        char wanted[16], *seen;
        FILE *file;

        if (i % 2 == 0) {
            file = fopen(new_path, "we");
            assert_non_null(file);
            fprintf(file, "%d\n", i);
            fclose(file);
            assert_int_equal(chmod(new_path, 0644), 0);
            assert_int_equal(rename(new_path, path), 0);
        }
        snprintf(wanted, sizeof(wanted), "%d\n", i / 2 * 2);
        seen = once(&options, "print(open('/etc/given').read(), end='')");
        assert_string_equal(seen, wanted);
        free(seen);
    }
    sn_sandbox_destroy(other);
    unlink(path);
    rmdir(directory);
}

/* All of a tree that was copied is as in one that was made: flags, files, and nothing of the host's. */
static void a_copied_tree_is_like_one_that_was_made(void **state)
{
    static const char script[] =
        "import os\n"
        "for l in open('/proc/self/mountinfo'):\n"
        "    f = l.split(); print(f[3], f[4], f[5], f[f.index('-') + 1])\n"
        "for d, ds, fs in os.walk('/'):\n"
        "    ds[:] = sorted(x for x in ds if d != '/' or x not in ('usr', 'proc', 'lib64', 'lib32', 'libx32'))\n"
        "    print(d, ds, sorted(fs))\n"
        "for n in ('/new', '/etc/new', '/dev/new', '/etc/passwd', '/proc/new'):\n"
        "    try: open(n, 'w'); print('written', n)\n"
        "    except OSError as e: print(n, e.errno)\n";
    sn_sandbox *other;
    char *made = once(NULL, script), *copied;

    (void)state;
    other = make_sandbox(NULL);
    copied = once(NULL, script);
    free(copied);
    copied = once(NULL, script);
    /* but for the proc that lies beneath: of no process */
    if (strcmp(made, copied) != 0) {
        char *first = strstr(copied, "/ /proc "), *second = first ? strstr(first + 1, "/ /proc ") : NULL;

        assert_non_null(second);
    }
    assert_null(strstr(copied, ".old"));
    assert_null(strstr(copied, "written"));
    assert_string_equal(strstr(made, "\n/ ["), strstr(copied, "\n/ ["));
    free(made);
    free(copied);
    sn_sandbox_destroy(other);
}

/* What a run leaves in the leaf of its figures is not the next sandbox's, which may have that leaf. */
static void figures_begin_at_nothing(void **state)
{
    static const char *const scripts[] = {
        "pass",
        "b = bytearray(200 << 20)",
        "while True: pass",
        "import os\nwhile True: os.fork()",
        "open('/tmp/f', 'wb').write(bytes(20 << 20))",
        "import os\nfor i in range(3):\n    if os.fork() == 0: os.kill(os.getpid(), 9)",
        "open('/usr/bin/python3', 'rb').read()",
    };
    sn_sandbox *other = make_sandbox(NULL), *sandbox;
    sn_limits limits;
    sn_result *result;

    (void)state;
    sn_limits_init(&limits);
    limits.memory_bytes = 128 * MIB;
    limits.cpu_ms = 500 * slowness();
    limits.processes = 8;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        sandbox = make_sandbox(NULL);
        result = run_python(sandbox, scripts[i], &limits);
        sn_result_free(result);
        sn_sandbox_destroy(sandbox);
        sandbox = make_sandbox(NULL);
        result = run_shell(sandbox, "exit 0", &limits);
        print_message("%s\n", scripts[i]);
        assert_verdict(result, SN_VERDICT_OK);
        assert_true(sn_result_memory_bytes(result) < 8 * MIB);
        assert_true(sn_result_cpu_ns(result) < UINT64_C(100000000) * slowness());
        assert_null(strstr(sn_result_notes(result), "memory:"));
        assert_null(strstr(sn_result_notes(result), "processes:"));
        sn_result_free(result);
        sn_sandbox_destroy(sandbox);
    }
    sn_sandbox_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_is_used_again),
        cmocka_unit_test(sockets_that_outlive_their_program_are_not_inherited),
        cmocka_unit_test(nothing_is_seen_of_what_was_sent),
        cmocka_unit_test(a_network_with_other_sockets_is_not_used_again),
        cmocka_unit_test(two_at_once_have_two),
        cmocka_unit_test(a_forked_child_begins_anew),
        cmocka_unit_test(the_last_one_takes_everything_along),
        cmocka_unit_test(descriptors_that_became_others_are_left_alone),
        cmocka_unit_test(a_caller_with_many_descriptors),
        cmocka_unit_test(a_file_that_was_replaced_is_seen),
        cmocka_unit_test(a_copied_tree_is_like_one_that_was_made),
        cmocka_unit_test(figures_begin_at_nothing),
    };

    is_root = geteuid() == 0;
    tests_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
