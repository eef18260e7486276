/* SPDX-License-Identifier: MIT */
#ifndef SN_PLAN_HOST_PROBE_H
#define SN_PLAN_HOST_PROBE_H

#include "plan/child_probe.h"
#include "supervise/cgroup.h"

#include <sentinel/host.h>

#include <stdbool.h>

/* What one probe found; texts are allocated, NULL means there is nothing to say (or no memory, see `failed`). */
struct sn__host_finding {
    uint32_t status; /* SN_HOST_... */
    char *detail;
    char *fix;
    bool failed;
};

/* What later probes need to know of earlier ones. */
struct sn__host_context {
    bool user_namespaces;
    const struct sn__cgroup_driver *driver; /* NULL: no cgroups for us */
    char *parent;
};

typedef void sn__host_probe_function(struct sn__host_context *context, struct sn__host_finding *finding);

void sn__host_say(struct sn__host_finding *finding, uint32_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void sn__host_fix(struct sn__host_finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A number in a file of /proc or /sys, or `otherwise`. */
uint64_t sn__host_number(const char *path, uint64_t otherwise);

/* host_probe_namespaces.c */

/* What a throwaway child in no new namespace ends with. */
int sn__host_try(enum sn__trial trial);
sn__host_probe_function sn__host_user_namespaces;
sn__host_probe_function sn__host_pid_namespaces;
sn__host_probe_function sn__host_mount_namespaces;
sn__host_probe_function sn__host_network_namespaces;
sn__host_probe_function sn__host_ipc_namespaces;
sn__host_probe_function sn__host_uts_namespaces;
sn__host_probe_function sn__host_cgroup_namespaces;
sn__host_probe_function sn__host_private_proc;
sn__host_probe_function sn__host_mount_api;
sn__host_probe_function sn__host_notification;

#endif
