/* SPDX-License-Identifier: MIT */
#ifndef SN_SUPERVISE_ARMED_H
#define SN_SUPERVISE_ARMED_H

#include "supervise/request.h"
#include "supervise/run.h"

/*
 * Theory of operation
 *
 * What a run costs beside its program is mostly what comes before the exec: a group with its limits, pipes, a process
 * with its ids, its groups, its filter. None of that depends on the arguments or the input, so it can be done before
 * they are known: the child is *armed*. It goes through all of its steps, the filter included, and then waits in a
 * system call that the filter hands to the listener (SN__ARMED_CALL). To start it the host writes argv and envp into
 * memory that both share, fills standard input, and answers the notification; PID 1 is not asked, and sees the
 * program's end as any other.
 *
 * An armed child fits runs of the same policy, cwd, limits and kind of input as the one it was made for, which is the
 * latest one. Any other run drops it and starts as if there had been none; so does one whose child went lost. While it
 * waits, files can be put and read as ever.
 *
 * It is used only where nothing is weaker or told otherwise by it: with the layers seccomp, pid-ns and cgroup; with
 * PID 1 on the same clock as the host; with a memory limit that its exec cannot reach (until then it has PID 1's
 * memory, and the OOM killer would end both).
 *
 * The host asks for the next one while a run is on: PID 1 makes it when that is over and told, without another word,
 * and the host has nothing more to do for it. Two leaves take turns, so the figures of one run are read while the next
 * one is made.
 */
struct sn__armed;

/* So many failures of living templates in a row, and a sandbox tries no more. */
#define SN__BAD_FORKS_MAX 3

/*
 * Has the next run got ready, for a sandbox that the caller has claimed and that has nothing armed, after the run that
 * is on, if there is one. Never blocks. That it could not be done is no error: the run will start without. `template`:
 * the child is a fork of it (template/template.h), which asks PID 1 to adopt it, and no run may be on; else one of PID
 * 1's, which will exec. `is_fed`: its input is a pipe.
 */
void sn__armed_prepare(sn_sandbox *sandbox, sn_policy *policy, const sn_limits *limits, const char *cwd,
                       struct sn__template *template, bool is_fed);

/* Waits until it is ready, or lost. */
void sn__armed_await(sn_sandbox *sandbox);

/* The same of a child that a template forks, which PID 1 may not know yet. */
void sn__armed_await_template(sn_sandbox *sandbox);

/*
 * Gives a run that is being started what was armed for it, pipes and leaf: 1; 0: there is nothing, or it did not fit
 * and is gone; or an error. Waits for a child that is on its way. `of_group` are the limits as the leaf has them.
 */
int sn__armed_take(sn_running *running, struct sn__request_builder *builder, const sn_run_options *options,
                   const sn_limits *of_group, sn_error **ret_error);
/* What was taken cannot be used after all: before the run's leaf is ended. */
void sn__armed_drop(sn_sandbox *sandbox);
/* Now the program's time begins. false: its process was killed from outside, and everything is to be begun anew. */
bool sn__armed_go(sn_running *running);

/* When a run has been started: gets the next one ready, if there will be one, for when this one is over. */
void sn__armed_prepare_next(sn_running *running);
/* The same by a template, when the run is over. */
void sn__armed_fork_next(sn_running *running);

/* Gives everything back; PID 1 is gone. In a forked child only the copies. NULL is accepted. */
void sn__armed_free(sn_sandbox *sandbox);

#endif
