/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "plan/apparmor.h"
#include "plan/child_probe.h"
#include "plan/confinement.h"
#include "plan/host_probe.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

/* The probes that need a throwaway child, and why namespaces are refused where they are. */

/* Signals stay blocked: a handler of the host program must not run in the child. */
static int probe(uint64_t namespaces, enum sn__trial trial, int *ret_cloned)
{
    sigset_t all, before;
    int r;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r = sn__child_probe(namespaces, trial, ret_cloned);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}

int sn__host_try(enum sn__trial trial)
{
    int cloned = 0;

    return probe(0, trial, &cloned);
}

/* The root of a chroot is seldom the root of a mount (told since 5.8); if it is, it differs from that of process 1. */
static bool in_chroot(void)
{
    struct statx root;
    struct stat own, first;

    if (statx(AT_FDCWD, "/", 0, 0, &root) == 0 && (root.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) &&
        !(root.stx_attributes & STATX_ATTR_MOUNT_ROOT))
        return true;
    return stat("/", &own) == 0 && stat("/proc/1/root/.", &first) == 0 &&
           (own.st_dev != first.st_dev || own.st_ino != first.st_ino);
}

static void explain_filter(struct sn__host_finding *finding, const char *what, int error)
{
    sn__host_say(finding, SN_HOST_MISSING, "%s (%s) by the system call filter this process runs under%s", what,
                 strerrordesc_np(error), sn__confinement_is_container() ? ": this looks like a container" : "");
    sn__host_fix(finding, "start the container with " SN__OPTION_SECCOMP);
}

/* Does AppArmor stand behind it? Says so, then. `made`: the namespace is there, but no capability works in it. */
static bool explain_apparmor(struct sn__host_finding *finding, int error, bool made)
{
    struct sn__apparmor_facts facts;

    sn__apparmor_read_facts(&facts);
    switch (sn__apparmor_blame(&facts, made ? SN__STEP_HOSTNAME : SN__STEP_NONE, error)) {
    case SN__APPARMOR_RESTRICTS_USERNS:
        sn__host_say(finding, SN_HOST_MISSING, "%s (%s): kernel.apparmor_restrict_unprivileged_userns is 1",
                     made ? "made, but without capabilities in them" : "refused", strerrordesc_np(error));
        sn__host_fix(finding, SN__APPARMOR_USERNS_FIX);
        return true;
    case SN__APPARMOR_CONFINES_US:
        sn__host_say(finding, SN_HOST_MISSING, "%s (%s): this process is under the AppArmor profile '%s'",
                     made ? "made, but without capabilities in them" : "refused", strerrordesc_np(error), facts.label);
        sn__host_fix(finding, "run outside of that profile, or give it the rules userns, and capability,");
        return true;
    case SN__APPARMOR_INNOCENT:
        break;
    }
    return false;
}

static void explain_refusal(struct sn__host_finding *finding, int error)
{
    if (explain_apparmor(finding, error, false))
        return;
    if (sn__host_number("/proc/sys/user/max_user_namespaces", 1) == 0) {
        sn__host_say(finding, SN_HOST_MISSING, "switched off: user.max_user_namespaces is 0");
        sn__host_fix(finding, "sysctl -w user.max_user_namespaces=15000");
    } else if (error == ENOSPC || error == EUSERS) {
        sn__host_say(finding, SN_HOST_MISSING, "refused: too many are in use, or too many inside each other");
        sn__host_fix(finding, "sysctl -w user.max_user_namespaces=60000");
    } else if (geteuid() != 0 && sn__host_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0) {
        sn__host_say(finding, SN_HOST_MISSING, "only for root: kernel.unprivileged_userns_clone is 0");
        sn__host_fix(finding, "sysctl -w kernel.unprivileged_userns_clone=1");
    } else if (in_chroot()) {
        sn__host_say(finding, SN_HOST_MISSING, "refused, as always inside a chroot (%s)", strerrordesc_np(error));
        sn__host_fix(finding, "enter the tree by pivot_root instead of chroot (unshare --mount, or a container)");
    } else if (error == EINVAL) {
        sn__host_say(finding, SN_HOST_MISSING, "the kernel is built without them (CONFIG_USER_NS)");
        sn__host_fix(finding, "install the distribution's kernel");
    } else if (sn__confinement_is_filtered()) {
        explain_filter(finding, "refused", error);
    } else {
        sn__host_say(finding, SN_HOST_MISSING, "refused: %s", strerrordesc_np(error));
        sn__host_fix(finding, "look for a security module or service manager that forbids it (systemd: "
                              "RestrictNamespaces=no)");
    }
}

void sn__host_user_namespaces(struct sn__host_context *context, struct sn__host_finding *finding)
{
    uint64_t most = sn__host_number("/proc/sys/user/max_user_namespaces", UINT64_MAX);
    int cloned = 0;
    int error = probe(CLONE_NEWUSER | CLONE_NEWUTS, SN__TRIAL_HOSTNAME, &cloned);

    /* podman's own filter lets namespaces be made and forbids sethostname: that is for the uts line to tell */
    if (error && cloned && sn__confinement_is_filtered()) {
        error = probe(CLONE_NEWUSER | CLONE_NEWNS, SN__TRIAL_PRIVATE, &cloned);
        /* a missing capability is EPERM; this is a container's AppArmor profile that forbids mounts: see that line */
        if (error == EACCES && sn__confinement_has_profile())
            error = 0;
    }
    if (error && cloned && sn__confinement_is_filtered() && !sn__confinement_has_profile()) {
        explain_filter(finding, "made, but their use is refused", error);
    } else if (error && cloned) {
        if (explain_apparmor(finding, error, true))
            return;
        sn__host_say(finding, SN_HOST_MISSING, "made, but without capabilities in them (%s)", strerrordesc_np(error));
        sn__host_fix(finding, "look for a security module that takes them away");
    } else if (error) {
        explain_refusal(finding, error);
    } else {
        context->user_namespaces = true;
        if (most < 1024) {
            sn__host_say(finding, SN_HOST_LIMITED, "work, but only %llu at once (user.max_user_namespaces)",
                         (unsigned long long)most);
            sn__host_fix(finding, "sysctl -w user.max_user_namespaces=15000");
        } else {
            sn__host_say(finding, SN_HOST_OK, "work for uid %u", (unsigned)geteuid());
        }
    }
}

/* With a user namespace around it, as the sandbox has it; without one only root gets any. */
static int probe_with_user(const struct sn__host_context *context, uint64_t namespaces, enum sn__trial trial)
{
    int cloned = 0;

    return probe(namespaces | (context->user_namespaces ? CLONE_NEWUSER : 0), trial, &cloned);
}

static int namespace(const struct sn__host_context *context, struct sn__host_finding *finding, uint64_t flag,
                     const char *sysctl)
{
    int error = probe_with_user(context, flag, SN__TRIAL_NOTHING);
    char path[64];

    snprintf(path, sizeof(path), "/proc/sys/user/%s", sysctl);
    if (!error) {
        sn__host_say(finding, SN_HOST_OK, "work");
    } else if (error == ENOSPC) {
        sn__host_say(finding, SN_HOST_MISSING, "refused: user.%s is %llu", sysctl,
                     (unsigned long long)sn__host_number(path, 0));
        sn__host_fix(finding, "sysctl -w user.%s=15000", sysctl);
    } else if (error == EINVAL) {
        sn__host_say(finding, SN_HOST_MISSING, "the kernel is built without them");
        sn__host_fix(finding, "install the distribution's kernel");
    } else {
        sn__host_say(finding, SN_HOST_MISSING, "refused: %s%s", strerrordesc_np(error),
                     context->user_namespaces ? "" : ", as user namespaces are");
        if (context->user_namespaces)
            explain_refusal(finding, error);
        else
            sn__host_fix(finding, "see user namespaces");
    }
    return error;
}

void sn__host_pid_namespaces(struct sn__host_context *context, struct sn__host_finding *finding)
{
    namespace(context, finding, CLONE_NEWPID, "max_pid_namespaces");
}

void sn__host_mount_namespaces(struct sn__host_context *context, struct sn__host_finding *finding)
{
    namespace(context, finding, CLONE_NEWNS, "max_mnt_namespaces");
}

void sn__host_network_namespaces(struct sn__host_context *context, struct sn__host_finding *finding)
{
    namespace(context, finding, CLONE_NEWNET, "max_net_namespaces");
}

void sn__host_ipc_namespaces(struct sn__host_context *context, struct sn__host_finding *finding)
{
    namespace(context, finding, CLONE_NEWIPC, "max_ipc_namespaces");
}

void sn__host_uts_namespaces(struct sn__host_context *context, struct sn__host_finding *finding)
{
    int error;

    if (namespace(context, finding, CLONE_NEWUTS, "max_uts_namespaces") != 0 || !context->user_namespaces)
        return;
    error = probe_with_user(context, CLONE_NEWUTS, SN__TRIAL_HOSTNAME);
    if (!error)
        return;
    sn__host_say(finding, SN_HOST_MISSING, "made, but setting the host name is refused: %s%s", strerrordesc_np(error),
                 sn__confinement_is_filtered() ? ", by the system call filter this process runs under" : "");
    sn__host_fix(finding, "in a container: " SN__OPTION_SECCOMP "; or relax the layer uts-ns");
}

void sn__host_cgroup_namespaces(struct sn__host_context *context, struct sn__host_finding *finding)
{
    namespace(context, finding, CLONE_NEWCGROUP, "max_cgroup_namespaces");
}

void sn__host_private_proc(struct sn__host_context *context, struct sn__host_finding *finding)
{
    int error = probe_with_user(context, CLONE_NEWNS | CLONE_NEWPID, SN__TRIAL_PROC);

    if (!error) {
        sn__host_say(finding, SN_HOST_OK, "can be mounted");
        return;
    }
    sn__host_say(finding, SN_HOST_MISSING, "cannot be mounted: %s%s", strerrordesc_np(error),
                 error == EPERM && context->user_namespaces ? "; parts of this /proc are masked, as in a container"
                                                            : "");
    if (error != EPERM || !context->user_namespaces) {
        sn__host_fix(finding, "see user namespaces, mount namespaces and mount interface");
        return;
    }
    sn__host_fix(finding, "in a container: " SN__OPTION_PROC "; or relax the layers proc and nested-ns");
}

void sn__host_mount_api(struct sn__host_context *context, struct sn__host_finding *finding)
{
    int error = probe_with_user(context, CLONE_NEWNS, SN__TRIAL_MOUNTS);

    if (!error) {
        sn__host_say(finding, SN_HOST_OK, "open_tree, mount_setattr and move_mount work");
        return;
    }
    sn__host_say(finding, SN_HOST_MISSING, "open_tree, mount_setattr or move_mount fail: %s", strerrordesc_np(error));
    if (!context->user_namespaces)
        sn__host_fix(finding, "see user namespaces");
    else if (error == EACCES && sn__confinement_has_profile())
        sn__host_fix(finding, "an AppArmor profile forbids mounts; in a container: " SN__OPTION_APPARMOR);
    else if (error == ENOSYS || sn__confinement_is_filtered())
        sn__host_fix(finding, "a kernel of 5.12 or later; in a container: " SN__OPTION_SECCOMP);
    else
        sn__host_fix(finding, "see user namespaces and mount namespaces; a security module may forbid mounts");
}

void sn__host_notification(struct sn__host_context *context, struct sn__host_finding *finding)
{
    int cloned = 0;
    int error = probe(0, SN__TRIAL_NOTIFY, &cloned);

    (void)context;
    if (!error) {
        sn__host_say(finding, SN_HOST_OK, "works: denied system calls are named in results");
        return;
    }
    if (error == EBUSY) {
        sn__host_say(finding, SN_HOST_MISSING, "another listener is on this process already, as inside a sandbox");
        sn__host_fix(finding, "run outside of that sandbox, or relax the layer seccomp");
        return;
    }
    if (!cloned && sn__confinement_is_filtered()) {
        /* this one needs no namespace: without clone3 nothing can be tried at all */
        explain_filter(finding, "clone3 is refused", error);
        return;
    }
    sn__host_say(finding, SN_HOST_MISSING, "refused: %s", strerrordesc_np(error));
    sn__host_fix(finding, "a kernel with CONFIG_SECCOMP_FILTER, 5.5 or later; or relax the layer seccomp");
}
