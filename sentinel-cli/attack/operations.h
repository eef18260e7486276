/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_ATTACK_OPERATIONS_H
#define SENTINEL_ATTACK_OPERATIONS_H

#include "scene.h"

/*
 * What a host does with a program's files. Both return what it got that it must not get, or NULL; to be freed. What is
 * done wrong on the host shows in scene_evidence().
 */

/* By the library's calls. While a run is in progress each has to be SN_EBUSY. */
char *operate_in_sandbox(const struct scene *scene, const struct attack_operation *operation, sn_sandbox *sandbox,
                         bool running);

/* By plain names in a directory that the program may write to, as one would without Sentinel. */
char *operate_plainly(const struct scene *scene, const struct attack_operation *operation);

#endif
