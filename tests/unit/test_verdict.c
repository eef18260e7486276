/* SPDX-License-Identifier: MIT */
#include "result/verdict.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)
#define MIB (UINT64_C(1) << 20)

/* Limits of every row unless it brings its own: 1 s of CPU, 2 s of wall time, 100 MiB. */
static const sn_limits standard = {
    .size = sizeof(sn_limits), .cpu_ms = 1000, .wall_ms = 2000, .memory_bytes = 100 * MIB};
static const sn_limits small = {.size = sizeof(sn_limits), .cpu_ms = 1000, .wall_ms = 2000, .memory_bytes = 10 * MIB};
static const sn_limits tiny = {.size = sizeof(sn_limits), .cpu_ms = 1000, .wall_ms = 2000, .memory_bytes = 1 * MIB};
static const sn_limits endless = {
    .size = sizeof(sn_limits), .cpu_ms = SN_UNLIMITED, .wall_ms = SN_UNLIMITED, .memory_bytes = 100 * MIB};

#define BY_SIGNAL(n) .exit_code = -1, .signal = (n)

static const struct {
    const char *name;
    struct sn__evidence evidence;
    const sn_limits *limits; /* NULL: standard */
    sn_verdict verdict;
    sn_limit limit;
} rows[] = {
    /* exit status alone */
    {"exit 0", {.exit_code = 0}, NULL, SN_VERDICT_OK, SN_LIMIT_NONE},
    {"exit 1", {.exit_code = 1}, NULL, SN_VERDICT_RUNTIME_ERROR, SN_LIMIT_NONE},
    {"exit 139 is no signal", {.exit_code = 139}, NULL, SN_VERDICT_RUNTIME_ERROR, SN_LIMIT_NONE},
    {"exit 137 is no kill", {.exit_code = 137}, NULL, SN_VERDICT_RUNTIME_ERROR, SN_LIMIT_NONE},
    {"exit 255", {.exit_code = 255}, NULL, SN_VERDICT_RUNTIME_ERROR, SN_LIMIT_NONE},
    {"SIGSEGV", {BY_SIGNAL(SIGSEGV)}, NULL, SN_VERDICT_RUNTIME_ERROR, SN_LIMIT_NONE},
    {"its own SIGKILL", {BY_SIGNAL(SIGKILL)}, NULL, SN_VERDICT_RUNTIME_ERROR, SN_LIMIT_NONE},
    {"its own SIGXCPU", {BY_SIGNAL(SIGXCPU)}, NULL, SN_VERDICT_RUNTIME_ERROR, SN_LIMIT_NONE},
    {"its own SIGXFSZ", {BY_SIGNAL(SIGXFSZ)}, NULL, SN_VERDICT_RUNTIME_ERROR, SN_LIMIT_NONE},
    {"its own SIGSYS", {BY_SIGNAL(SIGSYS)}, NULL, SN_VERDICT_RUNTIME_ERROR, SN_LIMIT_NONE},

    /* CPU time */
    {"cpu just below", {.usage.cpu_ns = 1000 * MS - 1}, NULL, SN_VERDICT_OK, SN_LIMIT_NONE},
    {"cpu exactly at the limit", {.usage.cpu_ns = 1000 * MS}, NULL, SN_VERDICT_OK, SN_LIMIT_NONE},
    {"cpu over and exit 0", {.usage.cpu_ns = 1000 * MS + 1}, NULL, SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_CPU},
    {"cpu killed, figure below",
     {BY_SIGNAL(SIGKILL), .cpu_killed = true, .usage.cpu_ns = 999 * MS},
     NULL,
     SN_VERDICT_TIME_LIMIT_EXCEEDED,
     SN_LIMIT_CPU},
    {"cpu over beats its own failure",
     {.exit_code = 3, .usage.cpu_ns = 1001 * MS},
     NULL,
     SN_VERDICT_TIME_LIMIT_EXCEEDED,
     SN_LIMIT_CPU},
    {"no cpu limit", {.usage.cpu_ns = UINT64_MAX}, &endless, SN_VERDICT_OK, SN_LIMIT_NONE},

    /* wall time */
    {"wall exactly at the limit", {.wall_ns = 2000 * MS}, NULL, SN_VERDICT_OK, SN_LIMIT_NONE},
    {"wall over and exit 0", {.wall_ns = 2000 * MS + 1}, NULL, SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_WALL},
    {"wall killed",
     {BY_SIGNAL(SIGKILL), .wall_killed = true, .wall_ns = 1999 * MS},
     NULL,
     SN_VERDICT_TIME_LIMIT_EXCEEDED,
     SN_LIMIT_WALL},
    {"no wall limit", {.wall_ns = UINT64_MAX}, &endless, SN_VERDICT_OK, SN_LIMIT_NONE},

    /* memory */
    {"killed for memory by us",
     {BY_SIGNAL(SIGKILL), .memory_killed = true, .usage.memory_peak = 100 * MIB},
     NULL,
     SN_VERDICT_MEMORY_LIMIT_EXCEEDED,
     SN_LIMIT_MEMORY},
    {"oom-killed itself",
     {BY_SIGNAL(SIGKILL), .usage.oom_kills = 1, .usage.memory_peak = 75 * MIB},
     NULL,
     SN_VERDICT_MEMORY_LIMIT_EXCEEDED,
     SN_LIMIT_MEMORY},
    {"a grandchild was the victim, exit 0",
     {.exit_code = 0, .usage.oom_kills = 1, .usage.memory_peak = 99 * MIB},
     NULL,
     SN_VERDICT_MEMORY_LIMIT_EXCEEDED,
     SN_LIMIT_MEMORY},
    {"reclaim under pressure and exit 0",
     {.usage.memory_refused = 9, .usage.memory_peak = 100 * MIB},
     NULL,
     SN_VERDICT_OK,
     SN_LIMIT_NONE},
    {"malloc returned NULL at the limit",
     {.exit_code = 1, .usage.memory_refused = 1, .usage.memory_peak = 100 * MIB},
     NULL,
     SN_VERDICT_MEMORY_LIMIT_EXCEEDED,
     SN_LIMIT_MEMORY},
    {"aborted 2 % below the limit",
     {BY_SIGNAL(SIGABRT), .usage.memory_refused = 1, .usage.memory_peak = 98 * MIB},
     NULL,
     SN_VERDICT_MEMORY_LIMIT_EXCEEDED,
     SN_LIMIT_MEMORY},
    {"peak more than 2 % below",
     {.exit_code = 1, .usage.memory_refused = 1, .usage.memory_peak = 98 * MIB - 1},
     NULL,
     SN_VERDICT_RUNTIME_ERROR,
     SN_LIMIT_NONE},
    {"small limit: 1 MiB below",
     {.exit_code = 1, .usage.memory_refused = 1, .usage.memory_peak = 9 * MIB},
     &small,
     SN_VERDICT_MEMORY_LIMIT_EXCEEDED,
     SN_LIMIT_MEMORY},
    {"small limit: more than 1 MiB below",
     {.exit_code = 1, .usage.memory_refused = 1, .usage.memory_peak = 9 * MIB - 1},
     &small,
     SN_VERDICT_RUNTIME_ERROR,
     SN_LIMIT_NONE},
    {"limit no larger than the slack",
     {.exit_code = 1, .usage.memory_refused = 1, .usage.memory_peak = 0},
     &tiny,
     SN_VERDICT_MEMORY_LIMIT_EXCEEDED,
     SN_LIMIT_MEMORY},
    {"peak above the limit",
     {.exit_code = 1, .usage.memory_refused = 1, .usage.memory_peak = 101 * MIB},
     NULL,
     SN_VERDICT_MEMORY_LIMIT_EXCEEDED,
     SN_LIMIT_MEMORY},
    {"peak at the limit without a refusal",
     {.exit_code = 1, .usage.memory_peak = 100 * MIB},
     NULL,
     SN_VERDICT_RUNTIME_ERROR,
     SN_LIMIT_NONE},
    {"large mapping refused and failed",
     {.exit_code = 1, .memory_refused_large = true},
     NULL,
     SN_VERDICT_MEMORY_LIMIT_EXCEEDED,
     SN_LIMIT_MEMORY},
    {"large mapping refused and crashed",
     {BY_SIGNAL(SIGSEGV), .memory_refused_large = true},
     NULL,
     SN_VERDICT_MEMORY_LIMIT_EXCEEDED,
     SN_LIMIT_MEMORY},
    {"large mapping refused and survived", {.memory_refused_large = true}, NULL, SN_VERDICT_OK, SN_LIMIT_NONE},

    /* processes */
    {"fork refused and failed",
     {.exit_code = 2, .usage.processes_refused = 1},
     NULL,
     SN_VERDICT_PROCESS_LIMIT_EXCEEDED,
     SN_LIMIT_PROCESSES},
    {"fork refused and aborted",
     {BY_SIGNAL(SIGABRT), .usage.processes_refused = 7},
     NULL,
     SN_VERDICT_PROCESS_LIMIT_EXCEEDED,
     SN_LIMIT_PROCESSES},
    {"fork refused and survived", {.usage.processes_refused = 7}, NULL, SN_VERDICT_OK, SN_LIMIT_NONE},

    /* the others */
    {"output", {BY_SIGNAL(SIGKILL), .output_exceeded = true}, NULL, SN_VERDICT_OUTPUT_LIMIT_EXCEEDED, SN_LIMIT_OUTPUT},
    {"output and exit 0", {.output_exceeded = true}, NULL, SN_VERDICT_OUTPUT_LIMIT_EXCEEDED, SN_LIMIT_OUTPUT},
    {"denied", {BY_SIGNAL(SIGKILL), .denied = true}, NULL, SN_VERDICT_SECURITY_VIOLATION, SN_LIMIT_NONE},
    {"denied in a child, exit 0", {.denied = true}, NULL, SN_VERDICT_SECURITY_VIOLATION, SN_LIMIT_NONE},
    {"cancelled", {BY_SIGNAL(SIGKILL), .cancelled = true}, NULL, SN_VERDICT_CANCELLED, SN_LIMIT_NONE},
    {"broken", {.broken = true}, NULL, SN_VERDICT_INTERNAL_ERROR, SN_LIMIT_NONE},

    /* ties: each pair of neighbours in the order of the rules, the first wins */
    {"broken before denied", {.broken = true, .denied = true}, NULL, SN_VERDICT_INTERNAL_ERROR, SN_LIMIT_NONE},
    {"denied before output",
     {BY_SIGNAL(SIGKILL), .denied = true, .output_exceeded = true},
     NULL,
     SN_VERDICT_SECURITY_VIOLATION,
     SN_LIMIT_NONE},
    {"output before cpu",
     {BY_SIGNAL(SIGKILL), .output_exceeded = true, .cpu_killed = true, .usage.cpu_ns = 2000 * MS},
     NULL,
     SN_VERDICT_OUTPUT_LIMIT_EXCEEDED,
     SN_LIMIT_OUTPUT},
    {"cpu before wall",
     {BY_SIGNAL(SIGKILL), .cpu_killed = true, .wall_killed = true},
     NULL,
     SN_VERDICT_TIME_LIMIT_EXCEEDED,
     SN_LIMIT_CPU},
    {"cpu figure before wall kill",
     {BY_SIGNAL(SIGKILL), .usage.cpu_ns = 1001 * MS, .wall_killed = true},
     NULL,
     SN_VERDICT_TIME_LIMIT_EXCEEDED,
     SN_LIMIT_CPU},
    {"killed for memory before wall: what went on afterwards waited for the victim",
     {BY_SIGNAL(SIGKILL), .wall_killed = true, .usage.oom_kills = 1, .usage.memory_peak = 100 * MIB},
     NULL,
     SN_VERDICT_MEMORY_LIMIT_EXCEEDED,
     SN_LIMIT_MEMORY},
    {"killed for memory far below the limit: for one above it",
     {BY_SIGNAL(SIGKILL), .usage.oom_kills = 1, .usage.memory_peak = 75 * MIB - 1},
     NULL,
     SN_VERDICT_INTERNAL_ERROR,
     SN_LIMIT_NONE},
    {"wall before refused memory",
     {BY_SIGNAL(SIGKILL), .wall_killed = true, .memory_refused_large = true},
     NULL,
     SN_VERDICT_TIME_LIMIT_EXCEEDED,
     SN_LIMIT_WALL},
    {"memory before processes",
     {.exit_code = 1, .usage.oom_kills = 1, .usage.memory_peak = 100 * MIB, .usage.processes_refused = 1},
     NULL,
     SN_VERDICT_MEMORY_LIMIT_EXCEEDED,
     SN_LIMIT_MEMORY},
    {"cancelled before processes: it did not die of them",
     {BY_SIGNAL(SIGKILL), .usage.processes_refused = 1, .cancelled = true},
     NULL,
     SN_VERDICT_CANCELLED,
     SN_LIMIT_NONE},
    {"cancelled before exit status", {.exit_code = 7, .cancelled = true}, NULL, SN_VERDICT_CANCELLED, SN_LIMIT_NONE},
    {"everything at once",
     {BY_SIGNAL(SIGKILL), .broken = true, .denied = true, .output_exceeded = true, .cpu_killed = true,
      .wall_killed = true, .memory_killed = true, .cancelled = true, .usage.processes_refused = 1},
     NULL,
     SN_VERDICT_INTERNAL_ERROR,
     SN_LIMIT_NONE},
};

static void every_row_gets_its_verdict(void **state)
{
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const sn_limits *limits = rows[i].limits ? rows[i].limits : &standard;
        sn_limit limit = (sn_limit)-1;
        sn_verdict verdict = sn__verdict_decide(&rows[i].evidence, limits, &limit);

        if (verdict != rows[i].verdict || limit != rows[i].limit) {
            print_error("%s: verdict %d, limit %d; expected %d, %d\n", rows[i].name, (int)verdict, (int)limit,
                        (int)rows[i].verdict, (int)rows[i].limit);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* Ties that the table names only in pairs: whatever is added below a rule, the rule stays the verdict. */
static void a_rule_is_not_moved_by_what_ranks_below(void **state)
{
    static const sn_verdict order[] = {
        SN_VERDICT_INTERNAL_ERROR,
        SN_VERDICT_SECURITY_VIOLATION,
        SN_VERDICT_OUTPUT_LIMIT_EXCEEDED,
        SN_VERDICT_MEMORY_LIMIT_EXCEEDED,
        SN_VERDICT_TIME_LIMIT_EXCEEDED,
        SN_VERDICT_TIME_LIMIT_EXCEEDED,
        SN_VERDICT_CANCELLED,
        SN_VERDICT_PROCESS_LIMIT_EXCEEDED,
        SN_VERDICT_RUNTIME_ERROR,
    };
    static const sn_limit limits[] = {SN_LIMIT_NONE, SN_LIMIT_NONE, SN_LIMIT_OUTPUT,    SN_LIMIT_MEMORY, SN_LIMIT_CPU,
                                      SN_LIMIT_WALL, SN_LIMIT_NONE, SN_LIMIT_PROCESSES, SN_LIMIT_NONE};

    (void)state;
    for (unsigned set = 0; set < 1U << 8; set++) {
        struct sn__evidence evidence = {
            .exit_code = -1,
            .signal = SIGKILL,
            .broken = set & 1,
            .denied = set & 2,
            .output_exceeded = set & 4,
            .memory_killed = set & 8,
            .usage.memory_peak = 100 * MIB,
            .cpu_killed = set & 16,
            .wall_killed = set & 32,
            .cancelled = set & 64,
            .usage.processes_refused = (set & 128) ? 1 : 0,
        };
        int first = set ? __builtin_ctz(set) : 8;
        sn_limit limit;

        assert_int_equal(sn__verdict_decide(&evidence, &standard, &limit), order[first]);
        assert_int_equal(limit, limits[first]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_gets_its_verdict),
        cmocka_unit_test(a_rule_is_not_moved_by_what_ranks_below),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
