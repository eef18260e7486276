/* SPDX-License-Identifier: MIT */
#ifndef SERVER_API_LANGUAGES_H
#define SERVER_API_LANGUAGES_H

#include "common/failure.h"

#include <stdbool.h>

/*
 * The languages whose names are accepted: those of this host's manifests. Which of them can be executed, and in which
 * version, the executors say. Immutable.
 */
struct languages;

/* Reads files: to be called before confinement. FAIL_NOT_FOUND: none. */
int languages_load(struct languages **ret_languages, struct failure *failure);
void languages_free(struct languages *languages);
/* The canonical name of a name or alias; NULL. */
const char *languages_find(const struct languages *languages, const char *name);
/* A known name that this may have been meant for; NULL. */
const char *languages_nearest(const struct languages *languages, const char *name);

#endif
