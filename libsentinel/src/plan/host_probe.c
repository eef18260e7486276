/* SPDX-License-Identifier: MIT */
#include "plan/host_probe.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "plan/apparmor.h"
#include "plan/idmap.h"
#include "plan/slot.h"
#include "supervise/cgroup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

/* One probe a line, in the order in which doctor shows them. */

struct sn_host {
    size_t count;
    sn_host_item items[];
};

static void set_text(struct sn__host_finding *finding, char **text, const char *format, va_list args)
{
    char *made = NULL;

    if (vasprintf(&made, format, args) < 0) {
        finding->failed = true;
        return;
    }
    free(*text);
    *text = made;
}

void sn__host_say(struct sn__host_finding *finding, uint32_t status, const char *format, ...)
{
    va_list args;

    finding->status = status;
    va_start(args, format);
    set_text(finding, &finding->detail, format, args);
    va_end(args);
}

void sn__host_fix(struct sn__host_finding *finding, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_text(finding, &finding->fix, format, args);
    va_end(args);
}

uint64_t sn__host_number(const char *path, uint64_t otherwise)
{
    uint64_t value;

    return sn__file_read_u64_at(AT_FDCWD, path, &value) < 0 ? otherwise : value;
}

static void kernel(struct sn__host_context *context, struct sn__host_finding *finding)
{
    struct utsname name;
    unsigned major = 0;
    unsigned minor = 0;

    (void)context;
    if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2) {
        sn__host_say(finding, SN_HOST_LIMITED, "its release is unknown");
        return;
    }
    if (major < 5 || (major == 5 && minor < 13)) {
        sn__host_say(finding, SN_HOST_MISSING, "%s is older than 5.13", name.release);
        sn__host_fix(finding, "install a kernel of 5.13 or later (Debian 12 has 6.1)");
        return;
    }
    sn__host_say(finding, SN_HOST_OK, "%s", name.release);
}

/* Makes a group, confined to these processors unless that is NULL, and removes it: what pick() found must also work. */
static int try_group(const struct sn__cgroup_driver *driver, const char *parent, const char *cpus, sn_error **ret_error)
{
    struct sn__cgroup *cgroup = NULL;
    cleanup_close int held = -1;
    uint32_t slot;
    int r = sn__slot_take(SN__SLOT_COUNT, &slot, &held, ret_error);

    if (r < 0)
        return r;
    r = driver->create(parent, slot, geteuid(), &cgroup, ret_error);
    if (r == 0 && cpus)
        r = driver->confine(cgroup, cpus, ret_error);
    driver->destroy(cgroup);
    return r;
}

/* "memory /a", "cpu /b": the drivers keep them by lines. */
static void list_groups(struct sn__host_finding *finding, const struct sn__host_context *context)
{
    cleanup_buffer struct sn__buffer list = {0};

    for (const char *at = context->parent; *at; at++) {
        if (*at != '\n')
            sn__buffer_add(&list, at, 1);
        else if (at[1])
            sn__buffer_add_string(&list, ", ");
    }
    sn__buffer_add(&list, "", 1);
    if (list.failed)
        finding->failed = true;
    else
        sn__host_say(finding, SN_HOST_OK, "%s, groups in %s", context->driver->name, list.data);
}

/* An error of this host's is "what is in the way: what changes it", or with a semicolon. */
static void explain_no_groups(struct sn__host_finding *finding, const sn_error *error)
{
    const char *message = sn_error_message(error);
    const char *remedy = strpbrk(message, ":;");

    while (remedy && remedy[1] != ' ')
        remedy = strpbrk(remedy + 1, ":;");
    if (!remedy || sn_error_code(error) != SN_EHOST) {
        sn__host_say(finding, SN_HOST_MISSING, "none that uid %u may use: %s", (unsigned)geteuid(), message);
        return;
    }
    sn__host_say(finding, SN_HOST_MISSING, "none that uid %u may use: %.*s", (unsigned)geteuid(),
                 (int)(remedy - message), message);
    sn__host_fix(finding, "%s", remedy + 2);
}

static void cgroups(struct sn__host_context *context, struct sn__host_finding *finding)
{
    const struct sn__cgroup_driver *driver = NULL;
    cleanup_free char *parent = NULL;
    sn_error *error = NULL;
    int r = sn__cgroup_pick(NULL, &driver, &parent, &error);

    if (r == 0)
        r = try_group(driver, parent, NULL, &error);
    if (r < 0) {
        explain_no_groups(finding, error);
        sn_error_free(error);
        return;
    }
    context->driver = driver;
    context->parent = steal_ptr(&parent);
    list_groups(finding, context);
}

/* Is there such a file in the first directory that groups are made in? */
static bool has_file(const struct sn__host_context *context, const char *file)
{
    cleanup_free char *path = NULL;
    const char *directory = strchr(context->parent, '/');

    if (asprintf(&path, "%.*s/%s", (int)strcspn(directory, "\n"), directory, file) < 0) {
        path = NULL;
        return false;
    }
    return access(path, F_OK) == 0;
}

static void memory_peak(struct sn__host_context *context, struct sn__host_finding *finding)
{
    if (!context->driver) {
        sn__host_say(finding, SN_HOST_LIMITED, "sampled, without cgroups");
        sn__host_fix(finding, "see cgroups");
    } else if (has_file(context, "memory.max_usage_in_bytes")) {
        sn__host_say(finding, SN_HOST_OK, "exact: memory.max_usage_in_bytes");
    } else if (has_file(context, "memory.peak")) {
        sn__host_say(finding, SN_HOST_OK, "exact: memory.peak");
    } else {
        sn__host_say(finding, SN_HOST_LIMITED, "sampled: no memory.peak before kernel 5.19");
        sn__host_fix(finding, "install a kernel of 5.19 or later");
    }
}

static void killing(struct sn__host_context *context, struct sn__host_finding *finding)
{
    if (!context->driver) {
        sn__host_say(finding, SN_HOST_OK, "by the pid namespace");
        return;
    }
    sn__host_say(finding, SN_HOST_OK, "%s",
                 has_file(context, "cgroup.kill") ? "cgroup.kill" : "by refusing forks, then each process");
}

static void bandwidth(struct sn__host_context *context, struct sn__host_finding *finding)
{
    if (!context->driver) {
        sn__host_say(finding, SN_HOST_LIMITED, "cpu_percent is refused without cgroups");
        sn__host_fix(finding, "see cgroups");
    } else if (context->driver == &sn__cgroup_v2 && !has_file(context, "cpu.max")) {
        sn__host_say(finding, SN_HOST_LIMITED, "the controller cpu is not delegated: cpu_percent is refused");
        sn__host_fix(finding, "Delegate=cpu memory pids in the unit of this program, or in user@.service");
    } else {
        sn__host_say(finding, SN_HOST_OK, "%s", context->driver == &sn__cgroup_v2 ? "cpu.max" : "cpu.cfs_quota_us");
    }
}

/* One that this process runs on, so there is no reason to refuse it but the lack of a cpuset. */
static void processors(struct sn__host_context *context, struct sn__host_finding *finding)
{
    sn_error *error = NULL;
    const char *remedy;
    cpu_set_t set;
    char list[16];
    int cpu = 0;

    if (!context->driver) {
        sn__host_say(finding, SN_HOST_LIMITED, "a list of processors is refused without cgroups");
        sn__host_fix(finding, "see cgroups");
        return;
    }
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &set))
            cpu++;
    snprintf(list, sizeof(list), "%d", cpu);
    if (try_group(context->driver, context->parent, list, &error) == 0) {
        sn__host_say(finding, SN_HOST_OK, "cpuset.cpus");
        return;
    }
    remedy = strstr(sn_error_message(error), "; ");
    sn__host_say(finding, SN_HOST_LIMITED, "a list of processors is refused: %.*s",
                 (int)(remedy ? remedy - sn_error_message(error) : 400), sn_error_message(error));
    if (remedy)
        sn__host_fix(finding, "%s", remedy + 2);
    sn_error_free(error);
}

static void swap(struct sn__host_context *context, struct sn__host_finding *finding)
{
    cleanup_free char *swaps = NULL;
    const char *newline;
    size_t length;

    if (context->driver && (has_file(context, "memory.swap.max") || has_file(context, "memory.memsw.limit_in_bytes"))) {
        sn__host_say(finding, SN_HOST_OK, "accounted: programs get none");
        return;
    }
    if (sn__file_read_at(AT_FDCWD, "/proc/swaps", 1U << 16, &swaps, &length) == 0) {
        newline = strchr(swaps, '\n');
        if (newline && newline[1]) {
            sn__host_say(finding, SN_HOST_LIMITED, "in use and not accounted: programs may be swapped out");
            sn__host_fix(finding, "boot with swapaccount=1, or swapoff -a");
            return;
        }
    }
    sn__host_say(finding, SN_HOST_OK, "the host has none");
}

static void landlock(struct sn__host_context *context, struct sn__host_finding *finding)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    (void)context;
    if (abi > 0) {
        sn__host_say(finding, SN_HOST_OK, "ABI %ld", abi);
        return;
    }
    sn__host_say(finding, SN_HOST_LIMITED, "%s",
                 errno == EOPNOTSUPP ? "built in, but switched off at boot" : "not in this kernel, or filtered");
    if (errno == EOPNOTSUPP)
        sn__host_fix(finding, "boot with lsm=landlock,... in front of the list in /sys/kernel/security/lsm");
    else
        sn__host_fix(finding, "a kernel with CONFIG_SECURITY_LANDLOCK (5.13 or later)");
}

/* The length of this user's range in a file such as /etc/subuid: "name-or-uid:first:count". */
static uint64_t sub_range(const char *path)
{
    cleanup_free char *text = NULL;
    char *saved = NULL;
    char buffer[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    size_t length;

    if (sn__file_read_at(AT_FDCWD, path, 1U << 22, &text, &length) < 0)
        return 0;
    (void)getpwuid_r(geteuid(), &entry, buffer, sizeof(buffer), &found);
    for (char *line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
        char *colon = strchr(line, ':');
        char *second = colon ? strchr(colon + 1, ':') : NULL;
        char *end;

        if (!second)
            continue;
        *colon = '\0';
        if ((found && strcmp(line, found->pw_name) == 0) ||
            (strtoul(line, &end, 10) == geteuid() && *end == '\0' && end != line))
            return strtoull(second + 1, NULL, 10);
    }
    return 0;
}

static void id_ranges(struct sn__host_context *context, struct sn__host_finding *finding)
{
    uint64_t uids = sub_range("/etc/subuid");
    uint64_t gids = sub_range("/etc/subgid");
    bool privileged = false;

    (void)context;
    if (geteuid() == 0) {
        (void)sn__idmap_privileged(&privileged);
        if (privileged) {
            sn__host_say(finding, SN_HOST_OK, "root maps any uid");
        } else {
            sn__host_say(finding, SN_HOST_MISSING, "root without the capabilities SETUID and SETGID maps no uid");
            sn__host_fix(finding, "in a container: --cap-add SETUID,SETGID, or --user 1000:1000 and relax the layer "
                                  "uid");
        }
        return;
    }
    if (access("/usr/bin/newuidmap", X_OK) < 0) {
        sn__host_say(finding, SN_HOST_LIMITED, "newuidmap is not installed: programs have your own uid");
        sn__host_fix(finding, "apt-get install uidmap");
    } else if (!uids || !gids) {
        sn__host_say(finding, SN_HOST_LIMITED, "no range in /etc/subuid and /etc/subgid: programs have your own uid");
        sn__host_fix(finding, "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER (as root)");
    } else {
        sn__host_say(finding, SN_HOST_OK, "newuidmap, with %" PRIu64 " uids and %" PRIu64 " gids", uids, gids);
    }
}

static void apparmor(struct sn__host_context *context, struct sn__host_finding *finding)
{
    struct sn__apparmor_facts facts;
    int state = sn__apparmor_look();

    (void)context;
    if (state == SN__APPARMOR_UNASKED)
        state = sn__host_try(SN__TRIAL_APPARMOR);
    switch (state) {
    case SN__APPARMOR_READY:
        sn__host_say(finding, SN_HOST_OK, "programs run under the profile sentinel-program");
        break;
    case SN__APPARMOR_NOT_LOADED:
        sn__host_say(finding, SN_HOST_LIMITED, "enabled, but the profile sentinel-program is not loaded");
        sn__host_fix(finding, "sentinel doctor --install-apparmor (as root)");
        break;
    case SN__APPARMOR_CONFINED:
        sn__apparmor_read_facts(&facts);
        sn__host_say(finding, SN_HOST_LIMITED, "this process is under the profile '%s', and its programs stay under it",
                     facts.label);
        break;
    case SN__APPARMOR_ABSENT:
        /* other layers cover the same, and many distributions have another module in its place: nothing to mend */
        sn__host_say(finding, SN_HOST_OK, "not enabled in this kernel: sandboxes do without the layer apparmor");
        break;
    default:
        sn__host_say(finding, SN_HOST_LIMITED, "unknown: /proc is not mounted");
        break;
    }
}

static void overcommit(struct sn__host_context *context, struct sn__host_finding *finding)
{
    (void)context;
    if (sn__host_number("/proc/sys/vm/overcommit_memory", 0) != 2) {
        sn__host_say(finding, SN_HOST_OK, "allowed");
        return;
    }
    sn__host_say(finding, SN_HOST_LIMITED,
                 "vm.overcommit_memory is 2: runtimes that reserve much address space (Java, Go, ASan) may fail");
    sn__host_fix(finding, "sysctl -w vm.overcommit_memory=0");
}

static const struct {
    const char *name;
    sn__host_probe_function *probe;
} probes[] = {
    {"kernel", kernel},
    {"user namespaces", sn__host_user_namespaces},
    {"pid namespaces", sn__host_pid_namespaces},
    {"mount namespaces", sn__host_mount_namespaces},
    {"network namespaces", sn__host_network_namespaces},
    {"ipc namespaces", sn__host_ipc_namespaces},
    {"uts namespaces", sn__host_uts_namespaces},
    {"cgroup namespaces", sn__host_cgroup_namespaces},
    {"mount interface", sn__host_mount_api},
    {"private /proc", sn__host_private_proc},
    {"seccomp notification", sn__host_notification},
    {"Landlock", landlock},
    {"cgroups", cgroups},
    {"memory peak", memory_peak},
    {"killing groups", killing},
    {"cpu bandwidth", bandwidth},
    {"processors", processors},
    {"swap", swap},
    {"uid ranges", id_ranges},
    {"AppArmor", apparmor},
    {"overcommit", overcommit},
};

int sn_host_probe(sn_host **ret_host, sn_error **ret_error)
{
    struct sn__host_context context = {0};
    bool failed = false;
    sn_host *host;

    if (!ret_host)
        return sn__error_set(ret_error, SN_EINVAL, "probe", "ret_host is NULL");
    host = calloc(1, sizeof(*host) + SN_ARRAY_SIZE(probes) * sizeof(host->items[0]));
    if (!host)
        return sn__error_nomem(ret_error);
    for (size_t i = 0; i < SN_ARRAY_SIZE(probes); i++) {
        struct sn__host_finding finding = {0};

        probes[i].probe(&context, &finding);
        host->items[i] = (sn_host_item){probes[i].name, finding.detail, finding.fix, finding.status, 0};
        host->count = i + 1;
        failed = failed || finding.failed || !finding.detail;
    }
    free(context.parent);
    if (failed) {
        sn_host_free(host);
        return sn__error_nomem(ret_error);
    }
    *ret_host = host;
    return 0;
}

size_t sn_host_count(const sn_host *host)
{
    return host ? host->count : 0;
}

const sn_host_item *sn_host_entry(const sn_host *host, size_t index)
{
    return host && index < host->count ? &host->items[index] : NULL;
}

void sn_host_free(sn_host *host)
{
    if (!host)
        return;
    for (size_t i = 0; i < host->count; i++) {
        free((char *)host->items[i].detail);
        free((char *)host->items[i].fix);
    }
    free(host);
}
