/* SPDX-License-Identifier: MIT */
#ifndef SN_TEMPLATE_TEMPLATE_H
#define SN_TEMPLATE_TEMPLATE_H

#include "config/manifest.h"
#include "init/protocol.h"
#include "spawn/sandbox.h"

/*
 * Theory of operation
 *
 * A *template* is a process of a language's interpreter that has started up and imported what programs usually import,
 * and runs nobody's program: the child of a run is a fork of it that enters the sandbox (template/helper.h), instead of
 * one of PID 1's that execs the interpreter anew. What it saves is the interpreter's start, most of a short program's
 * time.
 *
 * One belongs to a language of a collection; the sandboxes of all its programs share it. It is started once that pays,
 * or when a caller wants it, and started anew when it died, was used often, or is old: its forks have the same hash
 * seed and addresses, so a program learns those of others by its own. It is outside of every sandbox, in the caller's
 * user and pid namespace, and has no capabilities; as root it has a network of its own, that is none, and a mount
 * namespace in which nothing can be written. It holds nothing of a run but while it forks. It ends with the library's
 * end of its socket, or with the process of the library.
 *
 * Everything here may be called by several threads at once.
 */
struct sn__template;

/* For a run step that names a template. Nothing is started yet. NULL without memory. */
struct sn__template *sn__template_new(const struct sn__manifest_step *step);
/* Ends it. NULL is accepted. */
void sn__template_free(struct sn__template *template);

/*
 * Can a run with these be a fork of it? Only one that is told nothing else by that: an interpreter of the host's, the
 * template's flags, and an environment that differs in nothing that is read when the interpreter or the C library
 * starts.
 */
bool sn__template_fits(const struct sn__template *template, const sn_sandbox *sandbox, const char *const *argv,
                       const char *const *envp);

/*
 * Says that a run would use it. Is it there, and warm? With `wait` it is started now if it was not, and waited for;
 * else it is started once runs are many enough, and used from when it is warm.
 */
bool sn__template_is_ready(struct sn__template *template, bool wait);

/* Is it there, and warm? Of a run that has said so, or of the one after it: nothing is counted or started. */
bool sn__template_is_warm(struct sn__template *template);

/*
 * Asks for a child in the sandbox. `fds` are those of RUN. Never blocks: what becomes of it is told by PID 1, under
 * `serial`. 0 or -errno; *ret_process tells which process was asked.
 */
int sn__template_fork(struct sn__template *template, const sn_sandbox *sandbox, uint32_t serial, const int *fds,
                      uint32_t count, uint64_t *ret_process);

/* Will what that process was asked for still be told? */
bool sn__template_is_alive(struct sn__template *template, uint64_t process);

#endif
