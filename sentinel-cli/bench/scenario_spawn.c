/* SPDX-License-Identifier: MIT */
/* What does it cost to run a program that does nothing? */
#include "../cli.h"
#include "bare.h"
#include "boxed.h"

static const char *const true_argv[] = {"/usr/bin/true", NULL};
/* What a judge needs of them: a root of its own, every namespace, no network. */
static const char *const bwrap_argv[] = {"bwrap",
                                         "--unshare-all",
                                         "--die-with-parent",
                                         "--ro-bind",
                                         "/usr",
                                         "/usr",
                                         "--symlink",
                                         "usr/bin",
                                         "/bin",
                                         "--symlink",
                                         "usr/lib",
                                         "/lib",
                                         "--symlink",
                                         "usr/lib64",
                                         "/lib64",
                                         "--proc",
                                         "/proc",
                                         "--dev",
                                         "/dev",
                                         "--tmpfs",
                                         "/tmp",
                                         "/usr/bin/true",
                                         NULL};
/* The same: it has every namespace by itself, and limits of its own, by rlimits. */
static const char *const nsjail_argv[] = {"nsjail",
                                          "--quiet",
                                          "--mode",
                                          "o",
                                          "--bindmount_ro",
                                          "/usr",
                                          "--symlink",
                                          "usr/bin:/bin",
                                          "--symlink",
                                          "usr/lib:/lib",
                                          "--symlink",
                                          "usr/lib64:/lib64",
                                          "--bindmount",
                                          "/dev/null",
                                          "--tmpfsmount",
                                          "/tmp",
                                          "--",
                                          "/usr/bin/true",
                                          NULL};

const struct contender bare_true = {
    .name = "posix_spawn", .prepare = bare_prepare, .measure = bare_measure, .what = true_argv};
const struct contender live_true = {.name = "live sandbox, next run",
                                    .prepare = live_prepare,
                                    .measure = live_measure,
                                    .clear = live_clear,
                                    .what = true_argv};
const struct contender pooled_true = {.name = "pooled sandbox",
                                      .prepare = pooled_prepare,
                                      .measure = pooled_measure,
                                      .clear = pooled_clear,
                                      .what = true_argv,
                                      .is_shared = true};
const struct contender new_true = {.name = "new sandbox", .measure = new_measure, .what = true_argv};
static const struct contender new_result = {
    .name = "new sandbox, to the result", .measure = new_measure_result, .what = true_argv};
static const struct contender pooled_at_rest = {.name = "pooled sandbox",
                                                .prepare = pooled_prepare,
                                                .measure = pooled_measure_settled,
                                                .clear = pooled_clear,
                                                .what = true_argv};
static const struct contender bwrap = {
    .name = "bwrap --unshare-all", .prepare = bare_prepare, .measure = bare_measure, .what = bwrap_argv};
static const struct contender nsjail = {
    .name = "nsjail", .prepare = bare_prepare, .measure = bare_measure, .what = nsjail_argv};

static const struct contender *const contenders[] = {&bare_true,  &live_true, &pooled_at_rest, &new_true,
                                                     &new_result, &bwrap,     &nsjail};

const struct scenario scenarios_spawn[] = {
    {.name = "spawn",
     .title = "/usr/bin/true, from call to result",
     .unit = UNIT_NANOSECONDS,
     .rounds = 400,
     .contenders = contenders,
     .contender_count = ARRAY_SIZE(contenders)},
    {.name = NULL},
};
