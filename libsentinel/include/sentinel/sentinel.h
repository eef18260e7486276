/* SPDX-License-Identifier: MIT */
/* runs programs that nobody trusts, in sandboxes */
#ifndef SENTINEL_SENTINEL_H
#define SENTINEL_SENTINEL_H

/*
 * This header brings all of the public API. A sandbox is made (sn_sandbox_create()), programs are run in it (sn_run(),
 * or sn_run_start() and an event loop), each run gives a result (sn_result_verdict() and its kin). sn_program_create()
 * does that for a source in one of the known languages.
 *
 * Handles may be used from any thread, one at a time, unless their page says more. Every function is safe to call from
 * several threads on different handles; nothing is kept outside of handles. The library never exits, prints, installs a
 * signal handler, changes the working directory or umask, or leaves a child to wait for.
 *
 * Functions that hand something out name the one that frees it; strings that are part of a handle live as long as that.
 * Units are in the names: _ms, _ns, _bytes. In option structs zero means the documented default. A struct begins with
 * its size: a program that was built with older headers keeps working with a newer library.
 *
 * Documents that comments name, such as docs/languages.md, are in share/doc/sentinel of an installation.
 */

#include <sentinel/error.h>
#include <sentinel/host.h>
#include <sentinel/language.h>
#include <sentinel/layer.h>
#include <sentinel/limits.h>
#include <sentinel/policy.h>
#include <sentinel/pool.h>
#include <sentinel/result.h>
#include <sentinel/run.h>
#include <sentinel/sandbox.h>
#include <sentinel/steps.h>
#include <sentinel/version.h>

#endif
