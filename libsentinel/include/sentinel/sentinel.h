/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_SENTINEL_H
#define SENTINEL_SENTINEL_H

/* libsentinel: runs programs that nobody trusts. This header brings all of the public API. */
#include <sentinel/error.h>
#include <sentinel/host.h>
#include <sentinel/language.h>
#include <sentinel/layer.h>
#include <sentinel/limits.h>
#include <sentinel/policy.h>
#include <sentinel/result.h>
#include <sentinel/run.h>
#include <sentinel/sandbox.h>
#include <sentinel/version.h>

#endif
