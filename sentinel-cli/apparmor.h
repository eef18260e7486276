/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_APPARMOR_H
#define SENTINEL_APPARMOR_H

#include "cli.h"

/* Is this doctor's --install-apparmor or --remove-apparmor? */
bool apparmor_is_asked(int argc, char **argv);

/* Carries it out, with doctor's own arguments and help; the exit status. */
int apparmor_main(struct cli *cli, int argc, char **argv, const char *help);

#define APPARMOR_USAGE                                                                                                 \
    "       sentinel doctor --install-apparmor [--json] [PROGRAM]...\n"                                                \
    "       sentinel doctor --remove-apparmor [--json]\n"
#define APPARMOR_HELP                                                                                                  \
    "\n"                                                                                                               \
    "--install-apparmor, as root, writes AppArmor profiles to /etc/apparmor.d and loads them: one that sandboxed\n"    \
    "programs run under and, where ordinary users may not have user namespaces (Ubuntu 24.04), one that lets\n"        \
    "this command have them, and each PROGRAM that uses libsentinel. --remove-apparmor takes them away again.\n"

#endif
