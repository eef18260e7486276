/* SPDX-License-Identifier: MIT */
#ifndef JOBS_OBSERVE_FAMILIES_H
#define JOBS_OBSERVE_FAMILIES_H

#include "observe/metrics.h"

/* Every family that server and worker tell of; docs/operations.md explains them. Ended by a NULL name. */
extern const struct metric_family service_families[];

#endif
