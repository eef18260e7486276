/* SPDX-License-Identifier: MIT */
/* How busy a host is: read from files like those of /proc, and from the real ones. */
#include "observe/families.h"
#include "observe/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char directory[PATH_MAX];

/* In place: what is open already is read anew. */
static void put(const char *name, const char *text)
{
    char path[PATH_MAX + 20];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_directory(void **state)
{
    const char *temporary = getenv("TMPDIR");

    (void)state;
    snprintf(directory, sizeof(directory), "%s/host-XXXXXX", temporary ? temporary : "/tmp");
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    static const char *const names[] = {"stat", "meminfo", "loadavg"};
    char path[PATH_MAX + 20];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        unlink(path);
    }
    return rmdir(directory);
}

static void what_was_used_is_of_the_time_between_two_readings(void **state)
{
    struct host_figures figures;
    struct host *host;

    (void)state;
    /* user nice system idle iowait irq softirq steal guest guest_nice: guests count as user already */
    put("stat", "cpu  1000 0 0 1000 0 0 0 0 500 0\ncpu0 1 1 1 1\nintr 7\n");
    host = host_open(directory);
    host_read(host, &figures);
    assert_false(figures.has_cpu); /* no time has passed */
    put("stat", "cpu  1010 5 5 1060 10 5 3 2 500 0\n");
    host_read(host, &figures);
    assert_true(figures.has_cpu);
    assert_true(figures.cpu_used > 0.2999 && figures.cpu_used < 0.3001);
    put("stat", "cpu  1110 5 5 1060 10 5 3 2 500 0\n");
    host_read(host, &figures);
    assert_true(figures.cpu_used == 1);
    put("stat", "cpu  1110 5 5 1160 10 5 3 2 500 0\n");
    host_read(host, &figures);
    assert_true(figures.cpu_used == 0);
    host_close(host);
}

static void no_use_is_negative_or_more_than_all(void **state)
{
    struct host_figures figures;
    struct host *host;

    (void)state;
    put("stat", "cpu  100 0 0 100 50 0 0 0\n");
    host = host_open(directory);
    put("stat", "cpu  150 0 0 100 20 0 0 0\n"); /* iowait stepped back */
    host_read(host, &figures);
    assert_true(figures.has_cpu && figures.cpu_used == 1);
    put("stat", "cpu  10 0 0 10 2 0 0 0\n"); /* all did */
    host_read(host, &figures);
    assert_false(figures.has_cpu);
    put("stat", "cpu  20 0 0 20 2 0 0 0\n");
    host_read(host, &figures);
    assert_true(figures.has_cpu && figures.cpu_used == 0.5);
    host_close(host);
}

static void memory_and_load_are_read_by_their_names(void **state)
{
    struct host_figures figures;
    struct host *host;

    (void)state;
    put("meminfo", "MemTotal:        2048 kB\nMemFree:         10 kB\nXMemAvailable: 3 kB\nMemAvailable:    512 kB\n");
    put("loadavg", "1.25 0.50 0.10 2/345 678\n");
    host = host_open(directory);
    host_read(host, &figures);
    assert_true(figures.has_memory && figures.has_load);
    assert_int_equal(figures.memory_total_kb, 2048);
    assert_int_equal(figures.memory_available_kb, 512);
    assert_true(figures.load_1m == 1.25);
    assert_int_equal(figures.processors, sysconf(_SC_NPROCESSORS_ONLN));
    host_close(host);
}

static void what_cannot_be_read_is_unknown(void **state)
{
    static const char *const nonsense[] = {"", "cpu", "cpu x y z\n", "MemTotal:\nMemAvailable: x\n", "\n\n"};
    struct host_figures figures;
    struct host *host = host_open("/nonexistent");

    (void)state;
    host_read(host, &figures);
    assert_false(figures.has_cpu || figures.has_memory || figures.has_load);
    host_close(host);
    host_read(NULL, &figures);
    assert_false(figures.has_cpu || figures.has_memory || figures.has_load);
    assert_int_equal(figures.processors, 0);
    host_close(NULL);
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        put("stat", nonsense[i]);
        put("meminfo", nonsense[i]);
        put("loadavg", nonsense[i]);
        host = host_open(directory);
        host_read(host, &figures);
        host_read(host, &figures);
        assert_false(figures.has_cpu || figures.has_memory || figures.has_load);
        host_close(host);
    }
}

/* What a confined process does: no file can be opened any more, and the kernel makes each text anew. */
static void the_real_ones_are_read_without_opening_them_again(void **state)
{
    struct host *host = host_open("/proc");
    struct rlimit limit;
    struct rlimit none;
    struct host_figures figures;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < 3000; i++) {
        host_read(host, &figures);
        if (figures.has_cpu)
            break;
        usleep(10000);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(figures.has_cpu && figures.has_memory && figures.has_load);
    assert_true(figures.cpu_used >= 0 && figures.cpu_used <= 1);
    assert_true(figures.memory_available_kb <= figures.memory_total_kb);
    host_close(host);
}

static void gauges_tell_what_is_known(void **state)
{
    struct metrics *metrics = metrics_make(service_families);
    struct host_figures figures = {0};
    size_t length;
    char *text;

    (void)state;
    host_tell(metrics, &figures);
    text = metrics_print(metrics, &length);
    assert_null(strstr(text, "sentinel_host_"));
    free(text);
    figures = (struct host_figures){
        .has_cpu = true, .cpu_used = 0.5, .has_memory = true, .memory_total_kb = 4, .memory_available_kb = 2};
    host_tell(metrics, &figures);
    text = metrics_print(metrics, &length);
    assert_non_null(strstr(text, "\nsentinel_host_cpu_used_ratio 0.5\n"));
    assert_non_null(strstr(text, "\nsentinel_host_memory_total_bytes 4096\n"));
    assert_non_null(strstr(text, "\nsentinel_host_memory_available_bytes 2048\n"));
    free(text);
    metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_used_is_of_the_time_between_two_readings, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(no_use_is_negative_or_more_than_all, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(memory_and_load_are_read_by_their_names, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_unknown, make_directory, remove_directory),
        cmocka_unit_test(the_real_ones_are_read_without_opening_them_again),
        cmocka_unit_test(gauges_tell_what_is_known),
    };

    return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
