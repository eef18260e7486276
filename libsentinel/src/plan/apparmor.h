/* SPDX-License-Identifier: MIT */
#ifndef SN_PLAN_APPARMOR_H
#define SN_PLAN_APPARMOR_H

#include "init/protocol.h"

#include <sentinel/error.h>

#include <stdbool.h>

/* What AppArmor has to do with this process. */
struct sn__apparmor_facts {
    uint64_t restrict_userns; /* kernel.apparmor_restrict_unprivileged_userns; 0 where there is no such sysctl */
    bool is_root;
    char label[256]; /* the profile this process is under; "" if it is unconfined or there is no AppArmor */
};

enum sn__apparmor_blame {
    SN__APPARMOR_INNOCENT,
    SN__APPARMOR_RESTRICTS_USERNS, /* Ubuntu's rule for ordinary users */
    SN__APPARMOR_CONFINES_US,      /* a profile that does not let us do what making a sandbox takes */
};

void sn__apparmor_read_facts(struct sn__apparmor_facts *ret_facts);

/*
 * Who refused `step` with `error` (positive errno)? SN__STEP_NONE is the clone of the namespaces. Ubuntu's rule lets
 * the namespace be made and takes its capabilities, so that whichever step needs one first fails; or refuses the clone.
 */
enum sn__apparmor_blame sn__apparmor_blame(const struct sn__apparmor_facts *facts, uint32_t step, int error);

/* Makes the SN_EHOST of that blame, or returns 0 and makes nothing. `name` is the step in words. */
int sn__apparmor_say(const struct sn__apparmor_facts *facts, uint32_t step, const char *name, int error,
                     sn_error **ret_error);

/* The same with the facts as they are now. */
int sn__apparmor_explain(uint32_t step, const char *name, int error, sn_error **ret_error);

/* The command that loads the profiles, and the switch that does without them. */
#define SN__APPARMOR_USERNS_FIX                                                                                        \
    "sentinel doctor --install-apparmor (as root; it loads a profile that lets the sentinel command have them, and "   \
    "other programs that are named behind it), or for all programs sysctl -w "                                         \
    "kernel.apparmor_restrict_unprivileged_userns=0"

/*
 * The layer's state as far as it can be told without asking for the profile: SN__APPARMOR_NOT_LOADED, or
 * SN__APPARMOR_UNASKED for not known. Asking for a profile that is not there leaves a line in the kernel's audit log,
 * which is nothing to do for every sandbox of a host without it.
 */
enum sn__apparmor_state sn__apparmor_look(void);

/* Why the layer apparmor is not in force (an enum sn__apparmor_state), as a note of a result; "" if it is. */
const char *sn__apparmor_note(uint32_t state);

#endif
