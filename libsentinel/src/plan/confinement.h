/* SPDX-License-Identifier: MIT */
#ifndef SN_PLAN_CONFINEMENT_H
#define SN_PLAN_CONFINEMENT_H

#include <stdbool.h>

/*
 * What a container's runtime (or a service manager) has put around this process. Only for saying what to change: no
 * decision depends on it, because every one of these can be there and be harmless.
 */

/* The options that the messages name; docs/containers.md has the reasons and the same for other runtimes. */
#define SN__OPTION_SECCOMP "--security-opt seccomp=FILE, where FILE is Sentinel's containers/seccomp.json"
#define SN__OPTION_PROC                                                                                                \
    "--security-opt unmask=/proc/* (podman), --security-opt systempaths=unconfined (docker), procMount: Unmasked "     \
    "(kubernetes)"
#define SN__OPTION_APPARMOR "--security-opt apparmor=unconfined"

/* Does this look like a container of podman, docker or kubernetes? */
bool sn__confinement_is_container(void);
/* Is a system call filter on this process? */
bool sn__confinement_is_filtered(void);
/* Does an AppArmor profile confine this process? */
bool sn__confinement_has_profile(void);
/* Is something mounted below /proc? The kernel then refuses a fresh proc in a user namespace, which would uncover it.
 */
bool sn__confinement_covers_proc(void);

#endif
