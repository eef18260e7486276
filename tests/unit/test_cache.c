/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "cache/cache.h"
#include "cache/stamps.h"
#include "language/artifact.h"
#include "result/result.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <utime.h>

#include <cmocka.h>

static char directory[64];   /* of this test */
static char cache_path[128]; /* in it */

static void remove_all(const char *path)
{
    char command[700];

    snprintf(command, sizeof(command), "chmod -R u+rwx '%s' 2>/dev/null; rm -rf '%s'", path, path);
    assert_int_equal(system(command), 0);
}

static int begin(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/test-cache.XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(cache_path, sizeof(cache_path), "%s/cache", directory);
    return 0;
}

static int end(void **state)
{
    (void)state;
    remove_all(directory);
    return 0;
}

static struct sn__cache *open_cache(uint64_t max_bytes)
{
    struct sn__cache *cache = NULL;
    sn_error *error = NULL;
    int r = sn__cache_open(cache_path, max_bytes, &cache, &error);

    if (r < 0)
        print_message("%s\n", sn_error_message(error));
    assert_int_equal(r, 0);
    return cache;
}

static const uint8_t *key_of(const char *text)
{
    static _Thread_local uint8_t key[SN__DIGEST_SIZE];

    sn__digest_of(text, strlen(text), key);
    return key;
}

static void put(struct sn__cache *cache, const char *key, const char *data)
{
    assert_int_equal(sn__cache_put(cache, SN__CACHE_ARTIFACTS, key_of(key), data, strlen(data)), 0);
}

/* "" for nothing; lives until the next call. */
static const char *get(struct sn__cache *cache, const char *key)
{
    static char text[4096];
    char *data = NULL;
    size_t length = 0;
    int r = sn__cache_get(cache, SN__CACHE_ARTIFACTS, key_of(key), &data, &length);

    assert_true(r == 0 || r == 1);
    snprintf(text, sizeof(text), "%s", r ? data : "");
    free(data);
    return text;
}

/* The path of an entry. */
static const char *path_of(const char *key)
{
    static char path[300];
    char hex[SN__DIGEST_HEX_SIZE];

    sn__digest_hex(key_of(key), hex);
    snprintf(path, sizeof(path), "%s/artifacts/%s", cache_path, hex);
    return path;
}

static bool exists(const char *path)
{
    struct stat about;

    return lstat(path, &about) == 0;
}

static unsigned count_in(const char *name)
{
    char path[300];
    cleanup_dir DIR *list = NULL;
    const struct dirent *entry;
    unsigned count = 0;

    snprintf(path, sizeof(path), "%s/%s", cache_path, name);
    list = opendir(path);
    assert_non_null(list);
    while ((entry = readdir(list)))
        count += entry->d_name[0] != '.';
    return count;
}

static void what_was_put_is_got(void **state)
{
    struct sn__cache *cache = open_cache(0);

    (void)state;
    assert_string_equal(get(cache, "a"), "");
    put(cache, "a", "one");
    put(cache, "b", "two");
    assert_string_equal(get(cache, "a"), "one");
    assert_string_equal(get(cache, "b"), "two");
    assert_string_equal(get(cache, "c"), "");
    put(cache, "a", "three");
    assert_string_equal(get(cache, "a"), "three");
    sn__cache_close(cache);
    cache = open_cache(0);
    assert_string_equal(get(cache, "b"), "two");
    sn__cache_close(cache);
    assert_int_equal(count_in("tmp"), 0);
}

static void fields_of_a_key_are_apart(void **state)
{
    uint8_t a[SN__DIGEST_SIZE], b[SN__DIGEST_SIZE];
    struct sn__digest digest;

    (void)state;
    sn__digest_init(&digest);
    sn__digest_add_text(&digest, "ab");
    sn__digest_add_text(&digest, "c");
    sn__digest_end(&digest, a);
    sn__digest_init(&digest);
    sn__digest_add_text(&digest, "a");
    sn__digest_add_text(&digest, "bc");
    sn__digest_end(&digest, b);
    assert_memory_not_equal(a, b, sizeof(a));
    sn__digest_init(&digest);
    sn__digest_add_text(&digest, NULL);
    sn__digest_end(&digest, a);
    sn__digest_init(&digest);
    sn__digest_add_text(&digest, "");
    sn__digest_end(&digest, b);
    assert_memory_not_equal(a, b, sizeof(a));
}

/* ---- what may stand in the place of an entry ---- */

static void flip(const char *path, off_t at)
{
    cleanup_close int fd = open(path, O_RDWR | O_CLOEXEC);
    char byte;

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static void nothing_else_is_taken_for_an_entry(void **state)
{
    struct sn__cache *cache = open_cache(0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char other[128], again[400];
    struct stat about;
    int fd;

    (void)state;
    snprintf(other, sizeof(other), "%s/other", directory);
    /* every byte counts: the mark, the key, the length, the digest and the data */
    put(cache, "a", "payload");
    assert_int_equal(stat(path_of("a"), &about), 0);
    for (off_t at = 0; at < about.st_size; at++) {
        put(cache, "a", "payload");
        flip(path_of("a"), at);
        assert_string_equal(get(cache, "a"), "");
        assert_false(exists(path_of("a")));
    }
    /* so does every length */
    for (off_t size = 0; size < about.st_size; size += 5) {
        put(cache, "a", "payload");
        assert_int_equal(truncate(path_of("a"), size), 0);
        assert_string_equal(get(cache, "a"), "");
        assert_false(exists(path_of("a")));
    }
    put(cache, "a", "payload");
    fd = open(path_of("a"), O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    assert_string_equal(get(cache, "a"), "");
    assert_false(exists(path_of("a")));
    /* an entry that is whole, of another key */
    put(cache, "a", "payload");
    put(cache, "b", "payload");
    snprintf(again, sizeof(again), "%s", path_of("a"));
    assert_int_equal(rename(again, path_of("b")), 0);
    assert_string_equal(get(cache, "b"), "");
    assert_false(exists(path_of("b")));
    /* modes, links, other kinds of file */
    put(cache, "a", "payload");
    assert_int_equal(chmod(path_of("a"), 0644), 0);
    assert_string_equal(get(cache, "a"), "");
    assert_false(exists(path_of("a")));
    put(cache, "a", "payload");
    assert_int_equal(link(path_of("a"), other), 0);
    assert_string_equal(get(cache, "a"), "");
    assert_false(exists(path_of("a")));
    assert_int_equal(symlink(other, path_of("a")), 0);
    assert_string_equal(get(cache, "a"), "");
    assert_false(exists(path_of("a")));
    assert_true(exists(other));
    assert_int_equal(mkfifo(path_of("a"), 0600), 0);
    assert_string_equal(get(cache, "a"), "");
    assert_false(exists(path_of("a")));
    assert_int_equal(mkdir(path_of("a"), 0700), 0);
    snprintf(again, sizeof(again), "%s/below", path_of("a"));
    assert_int_equal(mkdir(again, 0700), 0);
    assert_string_equal(get(cache, "a"), "");
    assert_false(exists(path_of("a")));
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", directory);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(rename(address.sun_path, path_of("a")), 0);
    close(fd);
    assert_string_equal(get(cache, "a"), "");
    assert_false(exists(path_of("a")));
    /* and over all of that one can be put */
    assert_int_equal(mkdir(path_of("a"), 0700), 0);
    put(cache, "a", "payload");
    assert_string_equal(get(cache, "a"), "payload");
    if (geteuid() == 0) {
        assert_int_equal(chown(path_of("a"), 12345, (gid_t)-1), 0);
        assert_string_equal(get(cache, "a"), "");
        assert_false(exists(path_of("a")));
    }
    sn__cache_close(cache);
}

/* ---- the directory ---- */

static void refuses(const char *path, int code, const char *word)
{
    struct sn__cache *cache = NULL;
    sn_error *error = NULL;

    assert_int_equal(sn__cache_open(path, 0, &cache, &error), code);
    assert_null(cache);
    assert_non_null(strstr(sn_error_message(error), word));
    sn_error_free(error);
}

static void only_a_directory_of_ones_own_is_used(void **state)
{
    char below[200];
    struct stat about;
    mode_t mask;

    (void)state;
    mask = umask(0777);
    sn__cache_close(open_cache(0));
    umask(mask);
    assert_int_equal(stat(cache_path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);
    assert_int_equal(chmod(cache_path, 0770), 0);
    refuses(cache_path, SN_EHOST, "written by others");
    assert_int_equal(chmod(cache_path, 0700), 0);
    snprintf(below, sizeof(below), "%s/artifacts", cache_path);
    assert_int_equal(chmod(below, 0707), 0);
    refuses(cache_path, SN_EHOST, "written by others");
    assert_int_equal(chmod(below, 0700), 0);
    sn__cache_close(open_cache(0));
    /* one that others could put another in the place of */
    assert_int_equal(chmod(directory, 0777), 0);
    refuses(cache_path, SN_EHOST, "others can change");
    assert_int_equal(chmod(directory, 01777), 0);
    sn__cache_close(open_cache(0));
    assert_int_equal(chmod(directory, 0700), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(cache_path, 12345, (gid_t)-1), 0);
        refuses(cache_path, SN_EHOST, "another user");
        assert_int_equal(chown(cache_path, 0, (gid_t)-1), 0);
    }
    remove_all(below);
    assert_int_equal(symlink("/tmp", below), 0);
    refuses(cache_path, SN_ESYS, "cannot use");
    refuses("relative", SN_EINVAL, "absolute");
    snprintf(below, sizeof(below), "%s/none/cache", directory);
    refuses(below, SN_ESYS, "No such file");
}

/* ---- the bound ---- */

#define KEPT (UINT64_C(40) * 4096)

static void longest_unused_go_first(void **state)
{
    struct sn__cache *cache = open_cache(KEPT);
    char key[32], data[3000];

    (void)state;
    memset(data, 'x', sizeof(data));
    data[sizeof(data) - 1] = '\0';
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof(key), "%d", i);
        put(cache, key, data);
        assert_true(count_in("artifacts") <= 40);
        /* one that is used all the time stays */
        assert_string_equal(get(cache, "0"), data);
        usleep(2000);
    }
    assert_string_equal(get(cache, "199"), data);
    assert_string_equal(get(cache, "1"), "");
    assert_true(count_in("artifacts") >= 30);
    assert_int_equal(sn__cache_put(cache, SN__CACHE_ARTIFACTS, key_of("z"), data, sizeof(data)), 0);
    sn__cache_close(cache);
    cache = open_cache(4096);
    assert_int_equal(sn__cache_put(cache, SN__CACHE_ARTIFACTS, key_of("z"), directory, 8192), -EFBIG);
    put(cache, "y", "alone");
    assert_int_equal(count_in("artifacts"), 1);
    sn__cache_close(cache);
}

/* Whatever the figure of what is kept says, the bound holds. */
static void figure_may_be_lost_or_broken(void **state)
{
    static const char *const broken[] = {"", "x", "99999999999999999999999", "00000000000000000000\n"};
    char data[3000], key[32], path[200];

    (void)state;
    memset(data, 'x', sizeof(data));
    data[sizeof(data) - 1] = '\0';
    snprintf(path, sizeof(path), "%s/usage", cache_path);
    for (size_t k = 0; k < 3; k++) {
        struct sn__cache *cache = open_cache(KEPT);

        for (int i = 0; i < 60; i++) {
            FILE *file = i == 50 ? fopen(path, "we") : NULL;

            if (file) {
                fputs(broken[k], file);
                fclose(file);
            }
            snprintf(key, sizeof(key), "%zu %d", k, i);
            put(cache, key, data);
            assert_true(count_in("artifacts") <= 40);
        }
        sn__cache_close(cache);
    }
}

static void full_disk_leaves_nothing_broken(void **state)
{
    struct sn__cache *cache;
    char data[20000], key[32];
    int stored = 0, refused = 0;

    (void)state;
    if (geteuid() != 0 || mkdir(cache_path, 0700) < 0 ||
        mount("none", cache_path, "tmpfs", 0, "size=200k,mode=0700") < 0) {
        print_message("skipped: a small file system cannot be mounted\n");
        skip();
    }
    cache = open_cache(0);
    memset(data, 'x', sizeof(data));
    for (int i = 0; i < 40; i++) {
        int r;

        snprintf(key, sizeof(key), "%d", i);
        r = sn__cache_put(cache, SN__CACHE_ARTIFACTS, key_of(key), data, sizeof(data));
        assert_true(r == 0 || r == -ENOSPC);
        stored += r == 0;
        refused += r < 0;
    }
    assert_true(stored > 2 && refused > 2);
    assert_int_equal(count_in("artifacts"), stored);
    assert_int_equal(count_in("tmp"), 0);
    for (int i = 0; i < 40; i++) {
        char *got = NULL;
        size_t length;

        snprintf(key, sizeof(key), "%d", i);
        if (sn__cache_get(cache, SN__CACHE_ARTIFACTS, key_of(key), &got, &length) == 1)
            assert_int_equal(length, sizeof(data));
        free(got);
    }
    sn__cache_close(cache);
    assert_int_equal(umount(cache_path), 0);
}

/* ---- many at once, and killed ---- */

/* The value of a key can be told from it, so that whoever reads one knows what must be there. */
static void fill(char *data, size_t size, unsigned number)
{
    memset(data, 'a' + number % 26, size);
    snprintf(data, size, "value of %u", number);
}

static void work(unsigned seed, unsigned times)
{
    struct sn__cache *cache = open_cache(UINT64_C(60) * 4096);

    for (unsigned i = 0; i < times; i++) {
        unsigned number = (seed = seed * 1103515245 + 12345) >> 16 & 127;
        char data[9000], key[32];
        char *got = NULL;
        size_t length = 0;
        int r;

        snprintf(key, sizeof(key), "%u", number);
        fill(data, sizeof(data), number);
        r = sn__cache_get(cache, SN__CACHE_ARTIFACTS, key_of(key), &got, &length);
        assert_true(r >= 0);
        if (r == 1)
            assert_true(length == sizeof(data) && memcmp(got, data, length) == 0);
        else
            sn__cache_put(cache, SN__CACHE_ARTIFACTS, key_of(key), data, sizeof(data));
        free(got);
    }
    sn__cache_close(cache);
}

static void *work_in_thread(void *arg)
{
    work((unsigned)(uintptr_t)arg, 300);
    return NULL;
}

static void threads_and_processes_share_it(void **state)
{
    pthread_t threads[8];
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        work(99, 1000);
        _exit(0);
    }
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work_in_thread, (void *)(uintptr_t)(i + 1)), 0);
    for (unsigned i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(count_in("artifacts") <= 60 / 3);
    assert_int_equal(count_in("tmp"), 0);
}

static void killed_writers_leave_nothing(void **state)
{
    struct sn__cache *cache;

    (void)state;
    for (int i = 0; i < 60; i++) {
        pid_t child = fork();
        int status;

        if (child == 0) {
            work((unsigned)i, 100000);
            _exit(0);
        }
        usleep((useconds_t)(1000 + i * 211));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
    }
    cache = open_cache(UINT64_C(60) * 4096);
    put(cache, "after", "all");
    assert_string_equal(get(cache, "after"), "all");
    assert_int_equal(count_in("tmp"), 0);
    assert_true(count_in("artifacts") <= 60 / 3 + 1);
    sn__cache_close(cache);
    work(7, 200);
}

/* ---- prepared directories ---- */

static int prepare(struct sn__cache *cache, const char *key, const char *stamped)
{
    cleanup_buffer struct sn__buffer stamps = {0};
    const struct sn__prepared_file files[] = {{"bits/all.gch", "header", 6}, {"list", "", 0}};

    assert_int_equal(sn__stamps_add(&stamps, stamped), 0);
    return sn__prepared_put(cache, key_of(key), files, 2, stamps.data, stamps.length);
}

/* Its directory, or NULL; lives until the next call. */
static const char *find(struct sn__cache *cache, const char *key)
{
    static char where[300];
    char *path = NULL;
    int r = sn__prepared_find(cache, key_of(key), &path);

    assert_true(r == 0 || r == 1);
    if (r == 1)
        snprintf(where, sizeof(where), "%s", path);
    free(path);
    return r == 1 ? where : NULL;
}

static void prepared_is_whole_or_not_there(void **state)
{
    static const char *const spoil[] = {
        "truncate -s 3 files/bits/all.gch",
        "touch files/bits/all.gch",
        "chmod 666 files/bits/all.gch",
        "rm files/list",
        "rm record",
        "cp record r; cat r >record",
        "chmod 644 record",
        "chmod 777 files",
        "rm -r files; ln -s /tmp files",
        "echo >>record",
        "touch -d 2001-01-01 %s",
        "echo more >>%s",
        "rm %s",
        "mv %s %s.x; echo 1 >%s",
    };
    struct sn__cache *cache = open_cache(0);
    char source[100];

    (void)state;
    snprintf(source, sizeof(source), "%s/header.h", directory);
    for (size_t i = 0; i < SN_ARRAY_SIZE(spoil); i++) {
        char command[1200], change[700], path[300];
        FILE *file = fopen(source, "we");

        assert_non_null(file);
        fputs("text", file);
        fclose(file);
        assert_null(find(cache, "p"));
        assert_int_equal(prepare(cache, "p", source), 0);
        assert_non_null(find(cache, "p"));
        snprintf(path, sizeof(path), "%s", find(cache, "p"));
        *strrchr(path, '/') = '\0';
        usleep(2000);
        /* all placeholders are the source */
        snprintf(change, sizeof(change), spoil[i], source, source, source);
        snprintf(command, sizeof(command), "cd '%s' && { %s; }", path, change);
        assert_int_equal(system(command), 0);
        if (strcmp(spoil[i], "cp record r; cat r >record") == 0) {
            /* the same bytes are the same record */
            assert_non_null(find(cache, "p"));
            snprintf(command, sizeof(command), "rm '%s/record'", path);
            assert_int_equal(system(command), 0);
        }
        if (find(cache, "p"))
            fail_msg("still used after: %s", spoil[i]);
        assert_int_equal(count_in("prepared"), 0);
    }
    sn__cache_close(cache);
}

static void few_prepared_stay(void **state)
{
    struct sn__cache *cache = open_cache(0);
    char key[32];

    (void)state;
    for (int i = 0; i < 30; i++) {
        snprintf(key, sizeof(key), "%d", i);
        assert_int_equal(prepare(cache, key, "/"), 0);
        assert_non_null(find(cache, key));
        assert_non_null(find(cache, "0"));
        usleep(2000);
    }
    assert_int_equal(count_in("prepared"), SN__CACHE_PREPARED_MAX);
    sn__cache_close(cache);
}

static void one_prepares_at_a_time(void **state)
{
    struct sn__cache *a = open_cache(0), *b = open_cache(0);
    int lock = sn__prepared_lock(a, key_of("p"));

    (void)state;
    assert_true(lock >= 0);
    assert_int_equal(sn__prepared_lock(b, key_of("p")), -EWOULDBLOCK);
    close(lock);
    lock = sn__prepared_lock(b, key_of("p"));
    assert_true(lock >= 0);
    /* what a writer does meanwhile leaves the lock alone */
    put(a, "a", "x");
    assert_int_equal(sn__prepared_lock(a, key_of("p")), -EWOULDBLOCK);
    close(lock);
    put(a, "b", "x");
    assert_int_equal(count_in("tmp"), 0);
    sn__cache_close(a);
    sn__cache_close(b);
}

/* ---- stamps ---- */

static void stamps_tell_changes(void **state)
{
    static const char *const changes[] = {"touch t/sub/new", "rm t/sub/f", "mv t/sub/f t/sub/g; echo f >t/sub/f",
                                          "mkdir t/sub/d", "rm -r t"};
    static const char *const in_place[] = {"echo more >>t/sub/f", "touch -d 2001-01-01 t/sub/f", "chmod 600 t/sub/f"};
    char command[300], top[100];

    (void)state;
    snprintf(top, sizeof(top), "%s/t", directory);
    for (size_t i = 0; i < SN_ARRAY_SIZE(changes) + SN_ARRAY_SIZE(in_place); i++) {
        cleanup_buffer struct sn__buffer directories = {0}, files = {0};
        bool is_in_place = i >= SN_ARRAY_SIZE(changes);

        snprintf(command, sizeof(command), "cd '%s' && rm -rf t && mkdir -p t/sub && echo f >t/sub/f", directory);
        assert_int_equal(system(command), 0);
        assert_int_equal(sn__stamps_add_tree(&directories, top, false), 0);
        assert_int_equal(sn__stamps_add_tree(&files, top, true), 0);
        assert_true(sn__stamps_hold(directories.data, directories.length));
        assert_true(sn__stamps_hold(files.data, files.length));
        usleep(15000); /* times of files are those of the kernel's ticks */
        snprintf(command, sizeof(command), "cd '%s' && { %s; }", directory,
                 is_in_place ? in_place[i - SN_ARRAY_SIZE(changes)] : changes[i]);
        assert_int_equal(system(command), 0);
        assert_int_equal(sn__stamps_hold(directories.data, directories.length), is_in_place);
        assert_false(sn__stamps_hold(files.data, files.length));
    }
}

static void what_is_no_list_of_stamps_does_not_hold(void **state)
{
    static const char *const texts[] = {
        "", "\n", "x", "- /no/such\nx\n", "-", "- relative\n", "1 2 3 4 5 relative\n", "- /no/such", "1 2 3 4 /\n"};
    cleanup_buffer struct sn__buffer list = {0};

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(texts); i++)
        assert_false(sn__stamps_hold(texts[i], strlen(texts[i])));
    assert_true(sn__stamps_hold("- /no/such\n", 11));
    assert_int_equal(sn__stamps_add(&list, "/a\nb"), -EINVAL);
    assert_int_equal(sn__stamps_add(&list, "b"), -EINVAL);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(what_was_put_is_got),
        cmocka_unit_test(fields_of_a_key_are_apart),
        IN_DIRECTORY(nothing_else_is_taken_for_an_entry),
        IN_DIRECTORY(only_a_directory_of_ones_own_is_used),
        IN_DIRECTORY(longest_unused_go_first),
        IN_DIRECTORY(figure_may_be_lost_or_broken),
        IN_DIRECTORY(full_disk_leaves_nothing_broken),
        IN_DIRECTORY(threads_and_processes_share_it),
        IN_DIRECTORY(killed_writers_leave_nothing),
        IN_DIRECTORY(prepared_is_whole_or_not_there),
        IN_DIRECTORY(few_prepared_stay),
        IN_DIRECTORY(one_prepares_at_a_time),
        IN_DIRECTORY(stamps_tell_changes),
        cmocka_unit_test(what_is_no_list_of_stamps_does_not_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
