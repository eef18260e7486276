/* SPDX-License-Identifier: MIT */
#include "config/options.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/cpus.h"
#include "base/error.h"
#include "config/policy.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define ALL_LAYERS ((UINT64_C(1) << SN_LAYER_COUNT) - 1)
#define MIB (UINT64_C(1) << 20)
#define MOUNTS_MAX 128
#define HOSTNAME_MAX 64
#define CPUS_LENGTH_MAX 4096

void sn_mount_init_sized(sn_mount *mount, size_t size)
{
    sn__options_init(mount, size);
}

void sn_sandbox_options_init_sized(sn_sandbox_options *options, size_t size)
{
    sn__options_init(options, size);
}

void sn_run_options_init_sized(sn_run_options *options, size_t size)
{
    sn__options_init(options, size);
}

void sn_event_init_sized(sn_event *event, size_t size)
{
    sn__options_init(event, size);
}

void sn_pool_options_init_sized(sn_pool_options *options, size_t size)
{
    sn__options_init(options, size);
}

void sn_pool_status_init_sized(sn_pool_status *status, size_t size)
{
    sn__options_init(status, size);
}

/* Appends the parts of `path` to `out` with one slash between them. */
static int join_parts(const char *path, const char *what, struct sn__buffer *out, sn_error **ret_error)
{
    const char *whole = path;

    while (*path) {
        size_t n = strcspn(path, "/");

        if (n == 2 && memcmp(path, "..", 2) == 0)
            return sn__error_set(ret_error, SN_EINVAL, "check path", "%s '%s' must not contain '..'", what, whole);
        if (n > 255)
            return sn__error_set(ret_error, SN_EINVAL, "check path", "%s '%.80s...' has a name longer than 255 bytes",
                                 what, whole);
        if (n && !(n == 1 && *path == '.')) {
            if (out->length)
                sn__buffer_add(out, "/", 1);
            sn__buffer_add(out, path, n);
        }
        path += n;
        path += strspn(path, "/");
    }
    return 0;
}

int sn__path_normalise(const char *path, const char *what, char **ret_path, sn_error **ret_error)
{
    cleanup_buffer struct sn__buffer buffer = {0};
    cleanup_buffer struct sn__buffer absolute = {0};
    int r;

    if (!path || path[0] != '/')
        return sn__error_set(ret_error, SN_EINVAL, "check path", "%s '%s' must be an absolute path", what,
                             path ? path : "");
    r = join_parts(path, what, &buffer, ret_error);
    if (r < 0)
        return r;
    sn__buffer_add(&absolute, "/", 1);
    sn__buffer_add(&absolute, buffer.data, buffer.length);
    if (buffer.failed || absolute.failed)
        return sn__error_nomem(ret_error);
    if (absolute.length >= 4096)
        return sn__error_set(ret_error, SN_EINVAL, "check path", "%s is longer than 4095 bytes", what);
    *ret_path = sn__buffer_steal(&absolute, NULL);
    return 0;
}

int sn__path_relative(const char *path, char ret_path[4096], sn_error **ret_error)
{
    cleanup_buffer struct sn__buffer buffer = {0};
    int r;

    if (!path)
        return sn__error_set(ret_error, SN_EINVAL, "check path", "the path is NULL");
    if (path[0] == '/')
        return sn__error_set(ret_error, SN_EINVAL, "check path", "'%s' must be relative to the work directory", path);
    r = join_parts(path, "the path", &buffer, ret_error);
    if (r < 0)
        return r;
    if (buffer.failed)
        return sn__error_nomem(ret_error);
    if (buffer.length >= 4096)
        return sn__error_set(ret_error, SN_EINVAL, "check path", "the path is longer than 4095 bytes");
    memcpy(ret_path, buffer.length ? buffer.data : "", buffer.length + 1);
    return 0;
}

static int check_relax(uint64_t relax, sn_error **ret_error)
{
    if (relax & ~ALL_LAYERS)
        return sn__error_set(ret_error, SN_EINVAL, "check options", "relax has bits that are no layer: 0x%" PRIx64,
                             relax & ~ALL_LAYERS);
    if (relax & SN_LAYER_MOUNT_NS)
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "the layer mount-ns cannot be relaxed: the work directory and the root tree stand on it");
    if ((relax & SN_LAYER_NO_NEW_PRIVS) && (~relax & (SN_LAYER_SECCOMP | SN_LAYER_LANDLOCK)))
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "relaxing no-new-privs needs seccomp and landlock relaxed too: both depend on it");
    if ((relax & SN_LAYER_PID_NS) && (relax & SN_LAYER_CGROUP))
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "pid-ns and cgroup cannot be relaxed together: nothing could find the run's processes");
    if ((relax & SN_LAYER_PROC) && (relax & SN_LAYER_CGROUP))
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "proc and cgroup cannot be relaxed together: limits by polling read the sandbox's /proc");
    return 0;
}

/* A layer that cannot be without another goes with it. */
static uint64_t wanted_layers(uint64_t relax)
{
    uint64_t layers = ALL_LAYERS & ~relax;

    if (relax & SN_LAYER_USER_NS) /* nothing to count namespaces in, and no reason to: root could raise it again */
        layers &= ~SN_LAYER_NESTED_NS;
    if (relax & SN_LAYER_PID_NS) /* proc shows a pid namespace: it would be the host's, and may not be mounted inside */
        layers &= ~(SN_LAYER_PROC | SN_LAYER_NESTED_NS);
    return layers;
}

static int copy_mount(const sn_mount *from, struct sn__spec_mount *to, sn_error **ret_error)
{
    sn_mount mount;
    struct stat stat_of_source;
    int r = sn__options_copy(&mount, sizeof(mount), from, "sn_mount", ret_error);

    if (r < 0)
        return r;
    if (mount.flags & ~(SN_MOUNT_WRITABLE | SN_MOUNT_OPTIONAL | SN_MOUNT_NOEXEC))
        return sn__error_set(ret_error, SN_EINVAL, "check options", "the mount of '%s' has unknown flags 0x%x",
                             mount.source ? mount.source : "", mount.flags);
    if (mount.reserved)
        return sn__error_set(ret_error, SN_EINVAL, "check options", "sn_mount.reserved is not 0");
    to->flags = mount.flags;
    if (!mount.source || mount.source[0] != '/')
        return sn__error_set(ret_error, SN_EINVAL, "check options", "the mount source '%s' must be an absolute path",
                             mount.source ? mount.source : "");
    r = sn__path_normalise(mount.target ? mount.target : mount.source, "the mount target", &to->target, ret_error);
    if (r < 0)
        return r;
    if (strcmp(to->target, "/") == 0)
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "a mount cannot have the target '/': use rootfs for a root file system");
    to->source = realpath(mount.source, NULL);
    if (!to->source && errno == ENOENT && (mount.flags & SN_MOUNT_OPTIONAL))
        return 1;
    if (!to->source && errno == ENOENT)
        return sn__error_set(ret_error, SN_ENOENT, "check options", "the mount source '%s' does not exist",
                             mount.source);
    if (!to->source)
        return sn__error_errno(ret_error, errno, "check options", "cannot resolve the mount source '%s'", mount.source);
    if (stat(to->source, &stat_of_source) == 0 && !S_ISREG(stat_of_source.st_mode) && !S_ISDIR(stat_of_source.st_mode))
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "the mount source '%s' is neither a regular file nor a directory", mount.source);
    return 0;
}

static int copy_mounts(const sn_mount *const *mounts, struct sn__spec *spec, sn_error **ret_error)
{
    size_t count = 0;

    if (!mounts)
        return 0;
    while (mounts[count])
        if (++count > MOUNTS_MAX)
            return sn__error_set(ret_error, SN_EINVAL, "check options", "more than %d mounts", MOUNTS_MAX);
    spec->mounts = calloc(count + 1, sizeof(*spec->mounts));
    if (!spec->mounts)
        return sn__error_nomem(ret_error);
    for (size_t i = 0; i < count; i++) {
        struct sn__spec_mount *to = &spec->mounts[spec->mount_count];
        int r = copy_mount(mounts[i], to, ret_error);

        if (r == 1) { /* optional and absent */
            free(to->target);
            to->target = NULL;
            continue;
        }
        spec->mount_count++; /* counted even on failure: sn__spec_clear() frees what it got */
        if (r < 0)
            return r;
    }
    return 0;
}

static int copy_hostname(const char *hostname, struct sn__spec *spec, sn_error **ret_error)
{
    const char *name = hostname ? hostname : "sandbox";
    size_t length = strlen(name);

    if (length == 0 || length > HOSTNAME_MAX ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") != length)
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "the host name must be 1 to %d letters, digits, dots and dashes", HOSTNAME_MAX);
    spec->hostname = strdup(name);
    return spec->hostname ? 0 : sn__error_nomem(ret_error);
}

static int copy_rootfs(const char *rootfs, struct sn__spec *spec, sn_error **ret_error)
{
    struct stat stat_of_root;

    if (!rootfs)
        return 0;
    if (rootfs[0] == '\0')
        return sn__error_set(ret_error, SN_EINVAL, "check options", "rootfs is empty");
    spec->rootfs = realpath(rootfs, NULL);
    if (!spec->rootfs && (errno == ENOENT || errno == ENOTDIR))
        return sn__error_set(ret_error, SN_ENOENT, "check options", "the rootfs '%s' does not exist", rootfs);
    if (!spec->rootfs || stat(spec->rootfs, &stat_of_root) < 0)
        return sn__error_errno(ret_error, errno, "check options", "cannot resolve the rootfs '%s'", rootfs);
    if (!S_ISDIR(stat_of_root.st_mode))
        return sn__error_set(ret_error, SN_EINVAL, "check options", "the rootfs '%s' is not a directory", rootfs);
    return 0;
}

static int copy_sizes(const sn_sandbox_options *options, struct sn__spec *spec, sn_error **ret_error)
{
    const struct {
        const char *name;
        uint64_t value, standard, least, most;
        uint64_t *to;
    } sizes[] = {
        {"work_bytes", options->work_bytes, 64 * MIB, 4096, UINT64_C(1) << 40, &spec->work_bytes},
        {"work_inodes", options->work_inodes, 8192, 2, UINT64_C(1) << 31, &spec->work_inodes},
        {"tmp_bytes", options->tmp_bytes, 64 * MIB, 4096, UINT64_C(1) << 40, &spec->tmp_bytes},
        {"tmp_inodes", options->tmp_inodes, 8192, 2, UINT64_C(1) << 31, &spec->tmp_inodes},
        {"shm_bytes", options->shm_bytes, 64 * MIB, 4096, UINT64_C(1) << 40, &spec->shm_bytes},
    };

    for (size_t i = 0; i < SN_ARRAY_SIZE(sizes); i++) {
        uint64_t value = sizes[i].value ? sizes[i].value : sizes[i].standard;

        if (value < sizes[i].least || value > sizes[i].most)
            return sn__error_set(ret_error, SN_EINVAL, "check options",
                                 "%s is %" PRIu64 ", not between %" PRIu64 " and %" PRIu64, sizes[i].name, value,
                                 sizes[i].least, sizes[i].most);
        *sizes[i].to = value;
    }
    return 0;
}

/* Which of them there are, and which the caller may use, is looked at when the groups are made. */
static int copy_cpus(const char *cpus, struct sn__spec *spec, sn_error **ret_error)
{
    struct sn__cpus set;
    int r;

    if (!cpus)
        return 0;
    if (!(spec->layers & SN_LAYER_CGROUP))
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "cpus needs the layer cgroup, which is relaxed: a program could undo anything else");
    r = strlen(cpus) < CPUS_LENGTH_MAX ? sn__cpus_parse(cpus, &set) : -EINVAL;
    if (r == -ERANGE)
        return sn__error_set(ret_error, SN_EINVAL, "check options", "cpus '%s' has a number above %d", cpus,
                             SN__CPUS_MAX - 1);
    if (r < 0)
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "cpus '%.80s' is no list of processors such as 0-3,8", cpus);
    spec->cpus = strndup(cpus, strcspn(cpus, "\n"));
    return spec->cpus ? 0 : sn__error_nomem(ret_error);
}

static int copy_rest(const sn_sandbox_options *options, struct sn__spec *spec, sn_error **ret_error)
{
    int r;

    if (options->network != SN_NETWORK_NONE && options->network != SN_NETWORK_LOOPBACK)
        return sn__error_set(ret_error, SN_EINVAL, "check options", "network is %u, which is no SN_NETWORK_ value",
                             options->network);
    if (options->arm > SN_ARM_ALWAYS)
        return sn__error_set(ret_error, SN_EINVAL, "check options", "arm is %u, which is no SN_ARM_ value",
                             options->arm);
    if (options->network != SN_NETWORK_NONE && (options->relax & SN_LAYER_NETWORK_NS))
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "network asks for one of the sandbox's own, relaxing network-ns for the host's: choose");
    spec->network = options->network;
    spec->arm = options->arm;
    if (options->cgroup_parent) {
        r = sn__path_normalise(options->cgroup_parent, "cgroup_parent", &spec->cgroup_parent, ret_error);
        if (r < 0)
            return r;
    }
    r = sn__limits_resolve(options->limits, NULL, &spec->limits, ret_error);
    if (r < 0)
        return r;
    if (options->policy) {
        spec->policy = sn_policy_ref((sn_policy *)options->policy);
        return 0;
    }
    if (spec->layers & SN_LAYER_SECCOMP)
        return sn__policy_load_standard(spec->network != SN_NETWORK_NONE, &spec->policy, ret_error);
    return 0;
}

int sn__spec_make(const sn_sandbox_options *options, struct sn__spec *ret_spec, sn_error **ret_error)
{
    sn_sandbox_options checked;
    struct sn__spec spec = {0};
    int r;

    sn_sandbox_options_init(&checked);
    if (options) {
        r = sn__options_copy(&checked, sizeof(checked), options, "sn_sandbox_options", ret_error);
        if (r < 0)
            return r;
    }
    r = check_relax(checked.relax, ret_error);
    if (r < 0)
        return r;
    spec.layers = wanted_layers(checked.relax);
    r = copy_rootfs(checked.rootfs, &spec, ret_error);
    if (r == 0)
        r = copy_mounts(checked.mounts, &spec, ret_error);
    if (r == 0)
        r = copy_hostname(checked.hostname, &spec, ret_error);
    if (r == 0)
        r = copy_sizes(&checked, &spec, ret_error);
    if (r == 0)
        r = copy_cpus(checked.cpus, &spec, ret_error);
    if (r == 0)
        r = copy_rest(&checked, &spec, ret_error);
    if (r < 0) {
        sn__spec_clear(&spec);
        return r;
    }
    *ret_spec = spec;
    return 0;
}

static char *copy_string(const char *text, bool *failed)
{
    char *copy = text ? strdup(text) : NULL;

    *failed = *failed || (text && !copy);
    return copy;
}

int sn__spec_copy(const struct sn__spec *spec, struct sn__spec *ret_copy, sn_error **ret_error)
{
    struct sn__spec copy = *spec;
    bool failed = false;

    copy.rootfs = copy_string(spec->rootfs, &failed);
    copy.hostname = copy_string(spec->hostname, &failed);
    copy.cgroup_parent = copy_string(spec->cgroup_parent, &failed);
    copy.cpus = copy_string(spec->cpus, &failed);
    copy.policy = spec->policy ? sn_policy_ref(spec->policy) : NULL;
    copy.mounts = calloc(spec->mount_count + 1, sizeof(*copy.mounts));
    copy.mount_count = copy.mounts ? spec->mount_count : 0;
    for (size_t i = 0; i < copy.mount_count; i++) {
        copy.mounts[i] = spec->mounts[i];
        copy.mounts[i].source = copy_string(spec->mounts[i].source, &failed);
        copy.mounts[i].target = copy_string(spec->mounts[i].target, &failed);
    }
    if (!copy.mounts || failed) {
        sn__spec_clear(&copy);
        return sn__error_nomem(ret_error);
    }
    *ret_copy = copy;
    return 0;
}

void sn__spec_clear(struct sn__spec *spec)
{
    for (size_t i = 0; i < spec->mount_count; i++) {
        free(spec->mounts[i].source);
        free(spec->mounts[i].target);
    }
    free(spec->mounts);
    free(spec->rootfs);
    free(spec->hostname);
    free(spec->cgroup_parent);
    free(spec->cpus);
    sn_policy_free(spec->policy);
    *spec = (struct sn__spec){0};
}
