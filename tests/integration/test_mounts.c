/* SPDX-License-Identifier: MIT */
/* What the caller shows a sandbox of the host: mounts, and root file systems. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void shell(sn_sandbox *sandbox, const char *script)
{
    sn_result *result = run_shell(sandbox, script, NULL);

    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
}

/* Skips where there is none; what is made once (the slot directory) is made then. */
static void need_sandbox(void)
{
    sn_sandbox_destroy(make_sandbox(NULL));
}

#define DIRECTORIES 4

/* What a test made on the host: one that fails leaves it to the teardown, too. */
static char directories[DIRECTORIES][32];

static char *make_host_directory(void)
{
    char *path = directories[0];

    while (*path)
        path += sizeof(directories[0]);
    assert_true(path <= directories[DIRECTORIES - 1]);
    strcpy(path, "/tmp/sn-test-XXXXXX");
    assert_non_null(mkdtemp(path));
    assert_int_equal(chmod(path, 0755), 0);
    return path;
}

static void write_host_file(const char *directory, const char *name, const char *text, mode_t mode)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static int remove_host_directories(void **state)
{
    (void)state;
    for (int i = 0; i < DIRECTORIES && directories[i][0]; i++) {
        char below[192], command[192];

        snprintf(below, sizeof(below), "%s/below", directories[i]);
        umount2(below, MNT_DETACH | UMOUNT_NOFOLLOW);
        umount2(directories[i], MNT_DETACH | UMOUNT_NOFOLLOW);
        snprintf(command, sizeof(command), "rm -rf --one-file-system %s", directories[i]);
        assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a path we made */
        directories[i][0] = '\0';
    }
    return 0;
}

static void mounts_read_only_and_writable(void **state)
{
    char *directory = make_host_directory();
    sn_mount read_only, writable, file, noexec;
    const sn_mount *mounts[] = {&read_only, &writable, &file, &noexec, NULL};
    sn_sandbox_options options;
    sn_sandbox *sandbox;
    sn_result *result;
    char source[512];

    (void)state;
    write_host_file(directory, "hello", "from the host\n", 0644);
    write_host_file(directory, "tool", "#!/bin/sh\necho ran\n", 0755);
    snprintf(source, sizeof(source), "%s/hello", directory);
    assert_int_equal(chmod(directory, 0777), 0);
    sn_mount_init(&read_only);
    read_only.source = directory;
    read_only.target = "/data/ro";
    sn_mount_init(&writable);
    writable.source = directory;
    writable.target = "/data/rw";
    writable.flags = SN_MOUNT_WRITABLE;
    sn_mount_init(&file);
    file.source = source;
    file.target = "/data/one-file";
    sn_mount_init(&noexec);
    noexec.source = directory;
    noexec.target = "/data/noexec";
    noexec.flags = SN_MOUNT_NOEXEC;
    sn_sandbox_options_init(&options);
    options.mounts = mounts;
    sandbox = make_sandbox(&options);
    result = run_shell(sandbox,
                       "cat /data/ro/hello /data/one-file; /data/ro/tool;"
                       "(echo x > /data/ro/new) 2>/dev/null || echo read-only;"
                       "(echo x >> /data/one-file) 2>/dev/null || echo file read-only;"
                       "/data/noexec/tool 2>/dev/null || echo not executable;"
                       "echo written > /data/rw/new && cat /data/ro/new",
                       NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "from the host\nfrom the host\nran\nread-only\nfile read-only\nnot executable\n"
                                     "written\n");
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
}

/* What the program sees of a submount of /data, and how that is mounted. */
static void look_below(const char *directory, uint64_t relax)
{
    sn_mount data;
    const sn_mount *mounts[] = {&data, NULL};
    sn_sandbox_options options;
    sn_sandbox *sandbox;
    sn_result *result;

    sn_mount_init(&data);
    data.source = directory;
    data.target = "/data";
    sn_sandbox_options_init(&options);
    options.mounts = mounts;
    options.relax = relax;
    sandbox = make_sandbox(&options);
    result = run_shell(sandbox,
                       "cat /data/below/seen; (echo x > /data/below/new) 2>/dev/null || echo read-only;"
                       "grep ' /data/below ' /proc/self/mountinfo | cut -d ' ' -f 6 | tr , '\\n' |"
                       "grep -E '^(ro|nosuid|nodev)$' | sort",
                       NULL);
    sn_sandbox_destroy(sandbox);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "below\nread-only\nnodev\nnosuid\nro\n");
    sn_result_free(result);
}

/* A read-only mount covers what is mounted below it too, and not only because Landlock does. */
static void submounts_are_read_only_with_their_parent(void **state)
{
    char *directory = make_host_directory();
    char below[512];

    (void)state;
    if (geteuid() != 0) {
        print_message("SKIP: an ordinary user cannot mount on the host\n");
        skip();
    }
    snprintf(below, sizeof(below), "%s/below", directory);
    assert_int_equal(mkdir(below, 0777), 0);
    if (mount("tmpfs", below, "tmpfs", 0, "mode=0777") != 0)
        skip_because("cannot mount a tmpfs on the host");
    write_host_file(below, "seen", "below\n", 0644);
    look_below(directory, 0);
    look_below(directory, SN_LAYER_LANDLOCK);
}

/*
 * A read-only mount does not keep anybody from writing to a FIFO in it. Landlock does, whose ruleset says by itself
 * that nothing but what was mounted writable is: without that layer the writing shows that the test could see it.
 */
static void a_fifo_in_a_read_only_mount_is_not_written_to(void **state)
{
    char *directory = make_host_directory();
    char path[512];
    sn_mount data;
    const sn_mount *mounts[] = {&data, NULL};
    sn_sandbox_options options;
    int reader;

    (void)state;
    snprintf(path, sizeof(path), "%s/fifo", directory);
    assert_int_equal(mkfifo(path, 0666), 0);
    assert_int_equal(chmod(path, 0666), 0);
    reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    sn_mount_init(&data);
    data.source = directory;
    data.target = "/data";
    sn_sandbox_options_init(&options);
    options.mounts = mounts;
    for (int relaxed = 0; relaxed < 2; relaxed++) {
        sn_sandbox *sandbox;
        sn_result *result;
        bool is_refused;

        options.relax = relaxed ? SN_LAYER_LANDLOCK : 0;
        sandbox = make_sandbox(&options);
        is_refused = sn_sandbox_layers(sandbox) & SN_LAYER_LANDLOCK;
        result = run_shell(sandbox, "(echo x > /data/fifo) 2>/dev/null && echo written || echo refused", NULL);
        sn_sandbox_destroy(sandbox);
        assert_verdict(result, SN_VERDICT_OK);
        assert_string_equal(out(result), is_refused ? "refused\n" : "written\n");
        sn_result_free(result);
    }
    close(reader);
}

/* Is something mounted there? */
static bool is_mounted_on(const char *directory)
{
    struct statx status;

    assert_int_equal(statx(AT_FDCWD, directory, 0, STATX_BASIC_STATS, &status), 0);
    return status.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* A clone of a shared mount is a peer of it: what is mounted on one of them would appear on the other. */
static void shared_mounts_carry_nothing_over(void **state)
{
    char *directory = make_host_directory();
    char under[512], later[512];
    sn_mount peer, beneath;
    const sn_mount *mounts[] = {&peer, &beneath, NULL};
    sn_sandbox_options options;
    sn_sandbox *sandbox;
    sn_result *result;
    bool appeared;

    (void)state;
    if (geteuid() != 0) {
        print_message("SKIP: an ordinary user cannot mount on the host\n");
        skip();
    }
    if (mount("tmpfs", directory, "tmpfs", 0, "mode=0777") != 0 || mount(NULL, directory, NULL, MS_SHARED, NULL) != 0)
        skip_because("cannot mount a shared tmpfs on the host");
    snprintf(under, sizeof(under), "%s/under", directory);
    snprintf(later, sizeof(later), "%s/later", directory);
    assert_int_equal(mkdir(under, 0777), 0);
    assert_int_equal(mkdir(later, 0777), 0);
    sn_mount_init(&peer);
    peer.source = directory;
    peer.target = "/data";
    sn_mount_init(&beneath);
    beneath.source = "/usr/bin";
    beneath.target = "/data/under";
    sn_sandbox_options_init(&options);
    options.mounts = mounts;
    sandbox = make_sandbox(&options);
    appeared = is_mounted_on(under);
    assert_int_equal(mount("tmpfs", later, "tmpfs", 0, "mode=0777"), 0);
    write_host_file(later, "seen", "later\n", 0644);
    result = run_shell(sandbox,
                       "test -e /data/under/env && ls /data/later && grep -c ' shared:\\| master:' "
                       "/proc/self/mountinfo",
                       NULL);
    assert_string_equal(out(result), "0\n");
    assert_false(appeared);
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
}

/* What is mounted below the work directory is the host's: reading it is no result, and writing would go to the host. */
static void files_in_and_out_stop_at_a_mount(void **state)
{
    char *directory = make_host_directory();
    sn_mount data;
    const sn_mount *mounts[] = {&data, NULL};
    sn_sandbox_options options;
    sn_sandbox *sandbox;
    sn_file_list *list = NULL;
    char path[512], text[16] = "";
    FILE *file;

    (void)state;
    assert_int_equal(chmod(directory, 0777), 0);
    write_host_file(directory, "f", "host's\n", 0666);
    sn_mount_init(&data);
    data.source = directory;
    data.target = "/work/data";
    data.flags = SN_MOUNT_WRITABLE;
    sn_sandbox_options_init(&options);
    options.mounts = mounts;
    sandbox = make_sandbox(&options);
    shell(sandbox, "test \"$(cat data/f)\" = \"host's\"");
    for (int i = 0; i < 6; i++) {
        sn_error *error = NULL;
        void *bytes = NULL;
        size_t length = 0;
        int code = i == 0   ? sn_sandbox_get(sandbox, "data/f", 100, &bytes, &length, &error)
                   : i == 1 ? sn_sandbox_put(sandbox, "data/f", "x", 1, 0, &error)
                   : i == 2 ? sn_sandbox_put(sandbox, "data/new/f", "x", 1, 0, &error)
                   : i == 3 ? sn_sandbox_mkdir(sandbox, "data/new", &error)
                   : i == 4 ? sn_sandbox_list(sandbox, "data", &list, &error)
                            : sn_sandbox_put(sandbox, "data", "x", 1, 0, &error);

        print_message("%d: %s\n", i, sn_error_message(error));
        assert_refused(code, SN_ESYS, error);
    }
    sn_sandbox_destroy(sandbox);
    snprintf(path, sizeof(path), "%s/new", directory);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(path, sizeof(path), "%s/f", directory);
    file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    fclose(file);
    assert_string_equal(text, "host's\n");
}

#define ROUNDS 60
#define EXCHANGES 300

struct replacer {
    pthread_t thread;
    char old[64], new[64];
    struct timespec delay;
};

static void *replace(void *argument)
{
    const struct replacer *replacer = argument;

    nanosleep(&replacer->delay, NULL);
    rename(replacer->new, replacer->old);
    return NULL;
}

/* As ldconfig and editors do it, at every moment of a creation: a file that is gone cannot be mounted, the new one can.
 */
static void a_source_may_be_replaced_meanwhile(void **state)
{
    char *directory = make_host_directory();
    struct replacer replacer;
    sn_mount file;
    const sn_mount *mounts[] = {&file, NULL};
    sn_sandbox_options options;
    uint64_t took = now_ms();

    (void)state;
    for (int i = 0; i < 10; i++)
        need_sandbox();
    took = now_ms() - took + 1;
    snprintf(replacer.old, sizeof(replacer.old), "%.32s/file", directory);
    snprintf(replacer.new, sizeof(replacer.new), "%.32s/new", directory);
    write_host_file(directory, "file", "old", 0644);
    sn_mount_init(&file);
    file.source = replacer.old;
    file.target = "/data/file";
    sn_sandbox_options_init(&options);
    options.mounts = mounts;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        sn_sandbox *sandbox = NULL;
        sn_error *error = NULL;
        int code;

        write_host_file(directory, "new", "new", 0644);
        replacer.delay = (struct timespec){.tv_nsec = (long)(took * 100000 * i / ROUNDS % 1000000000)};
        assert_int_equal(pthread_create(&replacer.thread, NULL, replace, &replacer), 0);
        code = create_sandbox(&options, &sandbox, &error);
        pthread_join(replacer.thread, NULL);
        sn_sandbox_destroy(sandbox);
        assert_ok(code, error);
    }
}

/* Puts a link in the place of a directory and takes it away again, without a pause. */
struct exchanger {
    pthread_t thread;
    char directory[64], link[64];
    atomic_bool is_over;
};

static void *exchange(void *argument)
{
    struct exchanger *exchanger = argument;
    const struct timespec moment = {.tv_nsec = 20000};

    while (!atomic_load(&exchanger->is_over)) {
        renameat2(AT_FDCWD, exchanger->directory, AT_FDCWD, exchanger->link, RENAME_EXCHANGE);
        nanosleep(&moment, NULL);
    }
    return NULL;
}

/* A program that may write to a root file system must not choose by it what of the host's its next run sees. */
static void a_directory_that_becomes_a_link_is_never_followed(void **state)
{
    char *root = make_host_directory(), *outside = make_host_directory(), *links = make_host_directory();
    struct exchanger exchanger;
    sn_sandbox_options options;
    sn_sandbox *sandbox;
    char command[512];
    int made = 0, refused = 0, seen = 0;
    uint64_t begun = now_ms();

    (void)state;
    need_sandbox();
    write_host_file(outside, "canary", "of the host\n", 0644);
    snprintf(exchanger.directory, sizeof(exchanger.directory), "%.32s/etc", root);
    snprintf(exchanger.link, sizeof(exchanger.link), "%.32s/link", links);
    assert_int_equal(mkdir(exchanger.directory, 0755), 0);
    assert_int_equal(symlink(outside, exchanger.link), 0);
    snprintf(command, sizeof(command),
             "cd '%s' && for f in /bin/sh $(ldd /bin/sh | grep -o '/[^ ]*' | sort -u); do mkdir -p \".${f%%/*}\" && "
             "cp -L \"$f\" \".$f\"; done",
             root);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): nothing of it comes from outside */
    sn_sandbox_options_init(&options);
    options.rootfs = root;
    sn_sandbox_destroy(make_sandbox(&options));
    atomic_init(&exchanger.is_over, false);
    assert_int_equal(pthread_create(&exchanger.thread, NULL, exchange, &exchanger), 0);
    for (int i = 0; i < EXCHANGES && now_ms() - begun < 60000; i++) {
        sn_error *error = NULL;
        sn_result *result;

        if (create_sandbox(&options, &sandbox, &error) < 0) {
            refused++;
            sn_error_free(error);
            continue;
        }
        made++;
        result = run_shell(sandbox, "[ ! -e /etc/canary ]", NULL);
        seen += sn_result_exit_code(result) != 0;
        sn_result_free(result);
        sn_sandbox_destroy(sandbox);
    }
    atomic_store(&exchanger.is_over, true);
    pthread_join(exchanger.thread, NULL);
    print_message("%d made, %d refused\n", made, refused);
    assert_int_equal(seen, 0);
    assert_true(made > 0);
}

static void missing_mount_sources(void **state)
{
    sn_mount absent;
    const sn_mount *mounts[] = {&absent, NULL};
    sn_sandbox_options options;
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    struct footprint before;

    (void)state;
    need_sandbox();
    footprint_take(&before);
    sn_mount_init(&absent);
    absent.source = "/no/such/directory";
    absent.target = "/data";
    sn_sandbox_options_init(&options);
    options.mounts = mounts;
    assert_int_equal(create_sandbox(&options, &sandbox, &error), SN_ENOENT);
    assert_null(sandbox);
    assert_non_null(strstr(sn_error_message(error), "/no/such/directory"));
    sn_error_free(error);
    assert_nothing_left(&before);
    absent.flags = SN_MOUNT_OPTIONAL;
    sandbox = make_sandbox(&options);
    shell(sandbox, "! ls /data/x 2>/dev/null");
    sn_sandbox_destroy(sandbox);
}

static void a_root_file_system_of_its_own(void **state)
{
    char *root = make_host_directory();
    sn_sandbox_options options;
    sn_sandbox *sandbox;
    sn_result *result;
    char command[1024];

    (void)state;
    need_sandbox();
    if (access("/usr/bin/busybox", X_OK) != 0 && access("/bin/busybox", X_OK) != 0) {
        /* No static shell: a tree of copies of what /bin/sh needs. */
        snprintf(command, sizeof(command),
                 "cd '%s' && for f in /bin/sh /bin/cat /bin/ls $(ldd /bin/sh /bin/cat /bin/ls | grep -o '/[^ ]*' | "
                 "grep -v ':$' | sort -u); do mkdir -p \".${f%%/*}\" && cp -L \"$f\" \".$f\"; done",
                 root);
    } else {
        snprintf(command, sizeof(command),
                 "cd '%s' && mkdir bin && cp \"$(command -v busybox)\" bin/busybox && for n in sh cat ls; do ln -s "
                 "busybox bin/$n; done",
                 root);
    }
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): nothing of it comes from outside */
    write_host_file(root, "marker", "another root\n", 0644);
    sn_sandbox_options_init(&options);
    options.rootfs = root;
    sandbox = make_sandbox(&options);
    result = run_shell(sandbox,
                       "cat /marker; (echo x > /marker) 2>/dev/null || echo read-only; ls /usr/share/doc 2>/dev/null;"
                       "echo w > /work/f && cat /work/f",
                       NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "another root\nread-only\nw\n");
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
}

/* The host's tree is still there, at /.old, while mount points are made: a stranger's tree may point to it. */
static void links_of_a_root_file_system_are_not_followed(void **state)
{
    char *host = make_host_directory(), *root = make_host_directory();
    char target[512], path[512];
    sn_mount mounted;
    const sn_mount *mounts[] = {&mounted, NULL};
    sn_sandbox_options options;
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    int code;

    (void)state;
    need_sandbox();
    assert_int_equal(chmod(host, 0777), 0);
    snprintf(target, sizeof(target), "/.old%s", host);
    snprintf(path, sizeof(path), "%s/data", root);
    assert_int_equal(symlink(target, path), 0);
    sn_mount_init(&mounted);
    mounted.source = "/usr/bin";
    mounted.target = "/data/x";
    sn_sandbox_options_init(&options);
    options.rootfs = root;
    options.mounts = mounts;
    code = create_sandbox(&options, &sandbox, &error);
    sn_sandbox_destroy(sandbox);
    snprintf(path, sizeof(path), "%s/x", host);
    assert_int_equal(access(path, F_OK), -1);
    assert_non_null(strstr(sn_error_message(error), "/data/x goes through a symbolic link"));
    assert_int_equal(sn_error_errno(error), ELOOP);
    assert_refused(code, SN_ESYS, error);
}

static void a_missing_root_file_system(void **state)
{
    sn_sandbox_options options;
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;

    (void)state;
    need_sandbox();
    sn_sandbox_options_init(&options);
    options.rootfs = "/no/such/root";
    assert_int_equal(create_sandbox(&options, &sandbox, &error), SN_ENOENT);
    assert_non_null(strstr(sn_error_message(error), "/no/such/root"));
    sn_error_free(error);
    error = NULL;
    options.rootfs = "relative/root";
    assert_int_not_equal(create_sandbox(&options, &sandbox, &error), 0);
    assert_non_null(strstr(sn_error_message(error), "relative/root"));
    sn_error_free(error);
    error = NULL;
    options.rootfs = "/etc/passwd";
    assert_int_not_equal(create_sandbox(&options, &sandbox, &error), 0);
    assert_string_not_equal(sn_error_message(error), "");
    sn_error_free(error);
}

int main(void)
{
#define MOUNT_TEST(name) cmocka_unit_test_teardown(name, remove_host_directories)
    const struct CMUnitTest tests[] = {
        MOUNT_TEST(mounts_read_only_and_writable),
        MOUNT_TEST(submounts_are_read_only_with_their_parent),
        MOUNT_TEST(a_fifo_in_a_read_only_mount_is_not_written_to),
        MOUNT_TEST(shared_mounts_carry_nothing_over),
        MOUNT_TEST(files_in_and_out_stop_at_a_mount),
        MOUNT_TEST(a_source_may_be_replaced_meanwhile),
        MOUNT_TEST(a_directory_that_becomes_a_link_is_never_followed),
        MOUNT_TEST(missing_mount_sources),
        MOUNT_TEST(a_root_file_system_of_its_own),
        MOUNT_TEST(links_of_a_root_file_system_are_not_followed),
        MOUNT_TEST(a_missing_root_file_system),
    };

    return run_group(tests);
}
