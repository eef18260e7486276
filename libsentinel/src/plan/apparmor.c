/* SPDX-License-Identifier: MIT */
#include "plan/apparmor.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "init/apparmor.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define USERNS_SYSCTL "kernel.apparmor_restrict_unprivileged_userns"
/* Ubuntu puts a process that makes a user namespace without leave under this profile. */
#define USERNS_PROFILE "unprivileged_userns"

void sn__apparmor_read_facts(struct sn__apparmor_facts *ret_facts)
{
    cleanup_free char *label = NULL;
    size_t length = 0;

    *ret_facts = (struct sn__apparmor_facts){.is_root = geteuid() == 0};
    if (sn__file_read_u64_at(AT_FDCWD, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
                             &ret_facts->restrict_userns) < 0)
        ret_facts->restrict_userns = 0;
    /* thread-self: each thread has its own */
    if (sn__file_read_at(AT_FDCWD, "/proc/thread-self/attr/apparmor/current", 4096, &label, &length) < 0 ||
        sn__apparmor_is_unconfined(label, length))
        return;
    label[strcspn(label, "\n")] = '\0';
    snprintf(ret_facts->label, sizeof(ret_facts->label), "%s", label);
}

/* The steps that need a capability in the new user namespace: if the first of them worked, Ubuntu's rule is not it. */
static bool is_early(uint32_t step)
{
    switch (step) {
    case SN__STEP_NONE:
    case SN__STEP_LAUNCH_GROUPS:
    case SN__STEP_LAUNCH_IDS:
    case SN__STEP_LAUNCH_CAPS:
    case SN__STEP_LAUNCH_EXEC:
    case SN__STEP_CGROUP_NS:
    case SN__STEP_HOSTNAME:
    case SN__STEP_NESTED_NS:
    case SN__STEP_PRIVATE:
        return true;
    default:
        return false;
    }
}

/* The other steps of setup that a profile of our own may forbid. */
static bool is_setup(uint32_t step)
{
    switch (step) {
    case SN__STEP_ROOT_TMPFS:
    case SN__STEP_PIVOT_ROOT:
    case SN__STEP_MOUNT:
    case SN__STEP_ROOT_READ_ONLY:
    case SN__STEP_UMOUNT_OLD:
        return true;
    default:
        return is_early(step);
    }
}

enum sn__apparmor_blame sn__apparmor_blame(const struct sn__apparmor_facts *facts, uint32_t step, int error)
{
    if (error != EPERM && error != EACCES)
        return SN__APPARMOR_INNOCENT;
    if (facts->label[0] && strncmp(facts->label, USERNS_PROFILE, strlen(USERNS_PROFILE)) != 0)
        return is_setup(step) ? SN__APPARMOR_CONFINES_US : SN__APPARMOR_INNOCENT;
    if (facts->restrict_userns && !facts->is_root && is_early(step))
        return SN__APPARMOR_RESTRICTS_USERNS;
    return SN__APPARMOR_INNOCENT;
}

int sn__apparmor_say(const struct sn__apparmor_facts *facts, uint32_t step, const char *name, int error,
                     sn_error **ret_error)
{
    switch (sn__apparmor_blame(facts, step, error)) {
    case SN__APPARMOR_RESTRICTS_USERNS:
        return sn__error_set(ret_error, SN_EHOST, name,
                             "AppArmor lets no ordinary user's program have a user namespace with capabilities "
                             "(" USERNS_SYSCTL " is 1, as Ubuntu sets it): " SN__APPARMOR_USERNS_FIX);
    case SN__APPARMOR_CONFINES_US:
        return sn__error_set(
            ret_error, SN_EHOST, name,
            "this process is under the AppArmor profile '%s', which does not let it make a sandbox "
            "(%s): it needs flags=(attach_disconnected) and the rules userns, capability, file, mount, "
            "umount, pivot_root, network, signal and ptrace, or no profile at all",
            facts->label, strerrordesc_np(error));
    case SN__APPARMOR_INNOCENT:
        break;
    }
    return 0;
}

int sn__apparmor_explain(uint32_t step, const char *name, int error, sn_error **ret_error)
{
    struct sn__apparmor_facts facts;

    sn__apparmor_read_facts(&facts);
    return sn__apparmor_say(&facts, step, name, error, ret_error);
}

enum sn__apparmor_state sn__apparmor_look(void)
{
    static const char prefix[] = SN__APPARMOR_PROFILE ".";
    /* a directory "NAME.NUMBER" for each profile; unlike the file `profiles` it is there for everybody to list */
    cleanup_dir DIR *dir = opendir("/sys/kernel/security/apparmor/policy/profiles");
    struct dirent *entry;

    if (!dir)
        return SN__APPARMOR_UNASKED;
    while ((errno = 0, entry = readdir(dir)))
        if (strncmp(entry->d_name, prefix, sizeof(prefix) - 1) == 0)
            return SN__APPARMOR_UNASKED;
    return errno ? SN__APPARMOR_UNASKED : SN__APPARMOR_NOT_LOADED;
}

const char *sn__apparmor_note(uint32_t state)
{
    switch (state) {
    case SN__APPARMOR_READY:
        return "";
    case SN__APPARMOR_ABSENT:
        return "apparmor: not enabled in this kernel\n";
    case SN__APPARMOR_NOT_LOADED:
        return "apparmor: the profile sentinel-program is not loaded\n";
    case SN__APPARMOR_CONFINED:
        return "apparmor: this process is under a profile of its own, and its programs stay under that\n";
    default:
        return "apparmor: no /proc to ask for the profile by\n";
    }
}
