/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_ATTACK_DOCTOR_ATTACK_H
#define SENTINEL_ATTACK_DOCTOR_ATTACK_H

#include "../cli.h"

/* Is this a command line of doctor that asks for attacks? */
bool doctor_attack_wanted(int argc, char **argv);

/* sentinel doctor --attack [--controls] [--only PATTERN] [--json] [-- OPTIONS OF EXEC]: the exit status. */
int doctor_attack(struct cli *cli, int argc, char **argv);

#endif
