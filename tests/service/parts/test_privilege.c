/* SPDX-License-Identifier: MIT */
/* Users, directories, the split into two processes and what each learns of the other, the executor's confinement. */
#include "confined.h"

#include <sentinel/sentinel.h>

#include <dirent.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static bool is_root(void)
{
    return geteuid() == 0;
}

#define NEED_ROOT()                                                                                                    \
    do {                                                                                                               \
        if (!is_root()) {                                                                                              \
            print_message("SKIP: needs root\n");                                                                       \
            skip();                                                                                                    \
        }                                                                                                              \
    } while (0)

/* ---- users ---- */

static void a_user_that_is_missing_comes_with_the_command_that_makes_it(void **state)
{
    struct privilege_user user = {.uid = 7};
    struct failure failure;

    (void)state;
    NEED_ROOT();
    assert_int_equal(privilege_user_find("no-such-user", &user, &failure), FAIL_NOT_FOUND);
    assert_non_null(
        strstr(failure.message, "useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin no-such-user"));
    assert_int_equal(user.uid, 7);
    assert_int_equal(privilege_user_find("", &user, &failure), FAIL_NOT_FOUND);
    assert_int_equal(privilege_user_find("-1", &user, &failure), FAIL_NOT_FOUND);
}

static void a_number_needs_no_entry_and_is_its_own_group(void **state)
{
    struct privilege_user user;
    struct failure failure;

    (void)state;
    NEED_ROOT();
    assert_int_equal(privilege_user_find("54321", &user, &failure), 0);
    assert_true(user.uid == 54321 && user.gid == 54321 && user.is_switched);
    assert_int_equal(privilege_user_find("nobody", &user, &failure), 0);
    assert_true(user.uid != 0 && user.is_switched);
    /* What setresuid(2) takes for "unchanged". */
    assert_int_equal(privilege_user_find("4294967295", &user, &failure), FAIL_NOT_FOUND);
    assert_int_equal(privilege_user_find("99999999999", &user, &failure), FAIL_NOT_FOUND);
}

static void root_is_nobody_to_become(void **state)
{
    struct privilege_user user;
    struct failure failure;

    (void)state;
    NEED_ROOT();
    assert_int_equal(privilege_user_find("root", &user, &failure), FAIL_INVALID);
    assert_int_equal(privilege_user_find("0", &user, &failure), FAIL_INVALID);
    assert_int_equal(privilege_user_find("000", &user, &failure), FAIL_INVALID);
}

/* ---- directories ---- */

static char *below(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", world.dir, name);
    return path;
}

static int directory(const char *name, struct failure *failure)
{
    char path[200];

    return privilege_directory(below(path, sizeof(path), name), &world.user, failure);
}

static struct stat look_at(const char *name)
{
    char path[200];
    struct stat st;

    assert_int_equal(lstat(below(path, sizeof(path), name), &st), 0);
    return st;
}

static void a_missing_directory_is_made_for_the_user(void **state)
{
    struct failure failure = {0};
    struct stat st;

    (void)state;
    assert_int_equal(directory("a/b/c//", &failure), 0);
    st = look_at("a/b/c");
    assert_int_equal(st.st_uid, world.user.uid);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(look_at("a/b").st_uid, geteuid());
    assert_int_equal(directory("a/b/c", &failure), 0);
}

static void a_link_or_a_file_is_refused(void **state)
{
    char path[200];
    struct failure failure = {0};

    (void)state;
    /* Even to a directory that would do. */
    assert_int_equal(symlink(world.writable, below(path, sizeof(path), "elsewhere")), 0);
    assert_int_equal(directory("elsewhere", &failure), FAIL_INVALID);
    assert_non_null(strstr(failure.message, "is a link"));
    assert_true(write_file(below(path, sizeof(path), "plain"), "x"));
    assert_int_equal(directory("plain", &failure), FAIL_INVALID);
    assert_int_equal(privilege_directory("relative", &world.user, &failure), FAIL_INVALID);
    assert_int_equal(privilege_directory("/", &world.user, &failure), FAIL_INVALID);
    assert_int_equal(privilege_directory("", &world.user, &failure), FAIL_INVALID);
    assert_int_equal(directory("a/..", &failure), FAIL_INVALID);
}

static void a_directory_that_others_may_write_is_refused(void **state)
{
    static const mode_t modes[] = {0770, 0707, 01777, 0720};
    char path[200];

    (void)state;
    assert_int_equal(mkdir(below(path, sizeof(path), "shared"), 0700), 0);
    for (size_t i = 0; i < SN_ARRAY_SIZE(modes); i++) {
        struct failure failure = {0};

        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(directory("shared", &failure), FAIL_INVALID);
        assert_non_null(strstr(failure.message, "others may write"));
    }
}

static void roots_directory_changes_hands_if_it_is_empty(void **state)
{
    char path[200];
    struct failure failure = {0};

    (void)state;
    NEED_ROOT();
    assert_int_equal(mkdir(below(path, sizeof(path), "empty"), 0755), 0);
    assert_int_equal(directory("empty", &failure), 0);
    assert_int_equal(look_at("empty").st_uid, world.user.uid);
    assert_int_equal(look_at("empty").st_mode & 07777, 0700);
    assert_int_equal(directory("readable", &failure), FAIL_INVALID);
    assert_non_null(strstr(failure.message, "chown"));
    assert_int_equal(look_at("readable").st_uid, 0);
    assert_int_equal(mkdir(below(path, sizeof(path), "another"), 0700), 0);
    assert_int_equal(chown(path, 1, 1), 0);
    assert_int_equal(directory("another", &failure), FAIL_INVALID);
    assert_int_equal(look_at("another").st_uid, 1);
}

/* ---- the split ---- */

/* Forks a process that splits; what the sides return is the status of each. */
static int in_split(int (*frontend)(const struct privilege_split *), int (*executor)(struct privilege_split *))
{
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        struct privilege_split split;
        struct failure failure;

        alarm(60);
        if (privilege_split(&split, &failure) < 0)
            _exit(UNABLE);
        if (split.is_frontend)
            alarm(60);
        _exit(split.is_frontend ? frontend(&split) : executor(&split));
    }
    assert_true(pid > 0);
    return wait_status(pid);
}

static bool reads_end(int fd)
{
    char byte;

    return read(fd, &byte, 1) == 0;
}

static int end_with_7(const struct privilege_split *split)
{
    char byte;

    return split->pidfd == -1 && split->other == getppid() && write(split->socket, "x", 1) == 1 &&
                   read(split->socket, &byte, 1) == 1 && byte == 'y'
               ? 7
               : 1;
}

static int talk_and_wait(struct privilege_split *split)
{
    char byte;

    if (split->is_frontend || read(split->socket, &byte, 1) != 1 || byte != 'x' || write(split->socket, "y", 1) != 1)
        return 1;
    return reads_end(split->socket) && privilege_wait(split, 0) == 7 && split->pidfd == -1 ? 0 : 2;
}

static void the_executor_learns_that_the_frontend_ended_and_how(void **state)
{
    (void)state;
    assert_int_equal(in_split(end_with_7, talk_and_wait), 0);
}

static int told = -1; /* where a frontend that outlives its executor says so */

static int outlive(const struct privilege_split *split)
{
    return reads_end(split->socket) && write(told, "e", 1) == 1 ? 0 : 1;
}

static int die(struct privilege_split *split)
{
    (void)split;
    return raise(SIGKILL);
}

static void the_frontend_learns_that_the_executor_was_killed(void **state)
{
    int ends[2];
    char byte = 0;

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    told = ends[1];
    in_split(outlive, die);
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, 'e');
    close(ends[0]);
}

static int never_end(const struct privilege_split *split)
{
    signal(SIGTERM, SIG_IGN);
    if (write(split->socket, "x", 1) != 1)
        return 1;
    for (;;)
        pause();
}

static int lose_patience(struct privilege_split *split)
{
    char byte;

    return read(split->socket, &byte, 1) == 1 && privilege_wait(split, 50) == 128 + SIGKILL ? 0 : 1;
}

static void a_frontend_that_does_not_end_is_killed(void **state)
{
    (void)state;
    assert_int_equal(in_split(never_end, lose_patience), 0);
}

static volatile sig_atomic_t was_signalled;

static void on_signal(int number)
{
    was_signalled = number;
}

static int drain(const struct privilege_split *split)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t none;
    sigset_t blocked;

    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    if (confine(&world.user) < 0 || write(split->socket, "x", 1) != 1)
        return UNCONFINED;
    while (!was_signalled)
        sigsuspend(&none);
    return was_signalled;
}

static int hand_on(struct privilege_split *split, int number)
{
    struct failure failure;
    char byte;

    /* A handler must not interrupt what the executor does. */
    if (privilege_forward_signals(split, &failure) < 0 || read(split->socket, &byte, 1) != 1 ||
        kill(getpid(), number) < 0)
        return 1;
    return reads_end(split->socket) && privilege_wait(split, 0) == number ? 0 : 2;
}

static int hand_on_term(struct privilege_split *split)
{
    return hand_on(split, SIGTERM);
}

static int hand_on_int(struct privilege_split *split)
{
    return hand_on(split, SIGINT);
}

static void signals_of_the_executor_are_the_frontends(void **state)
{
    (void)state;
    assert_int_equal(in_split(drain, hand_on_term), 0);
    assert_int_equal(in_split(drain, hand_on_int), 0);
}

static int do_what_it_must_not(const struct privilege_split *split)
{
    (void)split;
    return confine(&world.user) < 0 ? UNCONFINED : (int)syscall(SYS_mount, NULL, NULL, NULL, 0, NULL);
}

static int end_with_the_frontends_status(struct privilege_split *split)
{
    return reads_end(split->socket) ? privilege_wait(split, 0) : 1;
}

static void a_frontend_that_the_filter_killed_is_told(void **state)
{
    int ends[2];
    char log[4096];
    size_t length = 0;
    ssize_t got;
    int saved = dup(STDERR_FILENO);
    int status;

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    dup2(ends[1], STDERR_FILENO);
    status = in_split(do_what_it_must_not, end_with_the_frontends_status);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    while (length < sizeof(log) - 1 && (got = read(ends[0], log + length, sizeof(log) - 1 - length)) > 0)
        length += (size_t)got;
    log[length] = '\0';
    close(ends[0]);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 128 + SIGSYS);
    assert_non_null(strstr(log, "killed for a system call"));
}

/* ---- the executor ---- */

static int wait_for_the_executor(const struct privilege_split *split)
{
    return reads_end(split->socket) ? 0 : 1;
}

static bool is_only_open(const struct privilege_split *split)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    bool only = dir != NULL;

    while (dir && (entry = readdir(dir))) {
        int fd = atoi(entry->d_name);

        if (entry->d_name[0] != '.' && fd > 2 && fd != split->socket && fd != split->pidfd && fd != dirfd(dir)) {
            fprintf(stderr, "  descriptor %d is open\n", fd);
            only = false;
        }
    }
    if (dir)
        closedir(dir);
    return only;
}

static bool is_off_the_network(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(world.port)};
    struct if_nameindex *interfaces = if_nameindex();
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool off = interfaces != NULL && fd >= 0;

    for (struct if_nameindex *at = interfaces; off && at->if_index; at++) {
        strncpy(request.ifr_name, at->if_name, sizeof(request.ifr_name) - 1);
        off = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && !(request.ifr_flags & IFF_UP);
    }
    off = off && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 && errno == ENETUNREACH;
    if_freenameindex(interfaces);
    close(fd);
    return off;
}

/* As an ordinary user without cgroups, whatever this host has. */
static uint64_t relaxed(void)
{
    return is_root() ? 0 : SN_LAYER_CGROUP | SN_LAYER_UID;
}

static int run_python(void)
{
    const char *argv[] = {"/usr/bin/python3", "-c", "print(6 * 7)", NULL};
    sn_sandbox_options sandbox_options;
    sn_run_options options;
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    const char *output;
    size_t length = 0;
    int status = 1;

    sn_sandbox_options_init(&sandbox_options);
    sandbox_options.relax = relaxed();
    sn_run_options_init(&options);
    options.argv = argv;
    if (sn_sandbox_create(&sandbox_options, &sandbox, &error) < 0 || sn_run(sandbox, &options, &result, &error) < 0) {
        fprintf(stderr, "  %s\n", sn_error_message(error));
        status = sn_error_code(error) == SN_EHOST ? UNABLE : 1;
    } else {
        output = sn_result_stdout(result, &length);
        status = sn_result_exit_code(result) == 0 && length == 3 && memcmp(output, "42\n", 3) == 0 ? 0 : 1;
    }
    sn_error_free(error);
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    return status;
}

static int execute(struct privilege_split *split)
{
    struct privilege_user user = world.user;
    struct failure failure;
    struct rlimit core;
    int spare = open("/dev/null", O_RDONLY); /* not close-on-exec: as from a careless supervisor */
    int status;

    user.is_switched = is_root();
    if (dup2(spare, 100) != 100 || dup2(spare, 900) != 900 || privilege_confine_executor(&user, split, &failure) < 0)
        return UNCONFINED;
    if (!is_only_open(split))
        return 2;
    if (is_root() && (!is_off_the_network() || prctl(PR_GET_DUMPABLE) != 0))
        return 3;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0 || getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max != 0)
        return 4;
    status = run_python();
    close(split->socket);
    return privilege_wait(split, 0) == 0 ? status : 5;
}

static void check_executor(int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == UNABLE) {
        print_message("SKIP: no sandbox on this host\n");
        skip();
    }
    assert_int_equal(status, 0);
}

static void the_executor_is_off_the_network_and_runs_sandboxes(void **state)
{
    (void)state;
    check_executor(in_split(wait_for_the_executor, execute));
}

static void an_ordinary_users_executor_runs_sandboxes(void **state)
{
    pid_t pid;
    int status;

    (void)state;
    NEED_ROOT();
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        if (!become_ordinary() || chdir("/") < 0)
            _exit(UNABLE);
        unsetenv("XDG_RUNTIME_DIR");
        setenv("HOME", "/", 1);
        world.user = (struct privilege_user){.uid = ORDINARY_UID, .gid = ORDINARY_UID};
        status = in_split(wait_for_the_executor, execute);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
    status = wait_status(pid);
    assert_int_equal(chown(world.writable, world.user.uid, world.user.gid), 0);
    check_executor(status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_that_is_missing_comes_with_the_command_that_makes_it),
        cmocka_unit_test(a_number_needs_no_entry_and_is_its_own_group),
        cmocka_unit_test(root_is_nobody_to_become),
        cmocka_unit_test(a_missing_directory_is_made_for_the_user),
        cmocka_unit_test(a_link_or_a_file_is_refused),
        cmocka_unit_test(a_directory_that_others_may_write_is_refused),
        cmocka_unit_test(roots_directory_changes_hands_if_it_is_empty),
        cmocka_unit_test(the_executor_learns_that_the_frontend_ended_and_how),
        cmocka_unit_test(the_frontend_learns_that_the_executor_was_killed),
        cmocka_unit_test(a_frontend_that_does_not_end_is_killed),
        cmocka_unit_test(signals_of_the_executor_are_the_frontends),
        cmocka_unit_test(a_frontend_that_the_filter_killed_is_told),
        cmocka_unit_test(the_executor_is_off_the_network_and_runs_sandboxes),
        cmocka_unit_test(an_ordinary_users_executor_runs_sandboxes),
    };

    log_setup("test", LOG_WARN_LEVEL);
    return cmocka_run_group_tests(tests, world_make, world_end);
}
