/* SPDX-License-Identifier: MIT */
#ifndef SERVER_PULSE_H
#define SERVER_PULSE_H

#include "api/api.h"

/*
 * Once a second: is the queue there, how many wait, who executes, how busy is the host. For the gauges, and so that a
 * submission need not ask the queue whether it can be accepted.
 */
struct pulse;

int pulse_start(struct api *api, struct pulse **ret_pulse, struct failure *failure);
/* NULL is accepted. */
void pulse_stop(struct pulse *pulse);

#endif
