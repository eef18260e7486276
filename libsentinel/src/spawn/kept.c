/* SPDX-License-Identifier: MIT */
#include "spawn/kept.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "spawn/init_blob.h"
#include "spawn/sandbox.h"
#include "spawn/tree.h"
#include "supervise/cgroup.h"

#include <sentinel/layer.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>

#define LAUNCHES_MAX 4 /* of four descriptors each */
#define SYSCTL_USES 32
#define PLACES_MAX 4    /* of five descriptors each */
#define NETWORKS_MAX 16 /* more than a process starts sandboxes at once */

struct place {
    uint32_t slot;
    struct sn__kept_fd slot_file;
    pid_t owner;
    uint64_t layers; /* on which the ids depend */
    struct sn__idmap ids;
    const struct sn__cgroup_driver *driver;
    struct sn__cgroup *cgroup;
    char *parent;
    uint64_t circumstances; /* of its last sandbox */
    uint64_t kind;
    uint32_t uses; /* by such */
    struct sn__stem *stem;
};

struct sysctl {
    struct sn__kept_fd directory;
    pid_t owner;
    uint32_t uses;
};

/* The process that has them, and how many sandboxes it has: one number, so that both change together. */
static _Atomic(uint64_t) holders;
static _Atomic(struct sn__network *) networks[NETWORKS_MAX];
static _Atomic(struct place *) places[PLACES_MAX];
static _Atomic(struct sysctl *) sysctl;
static _Atomic(struct sn__launch_fds *) launch_fds[LAUNCHES_MAX];

static uint64_t holders_of(pid_t pid, uint32_t count)
{
    return (uint64_t)(uint32_t)pid << 32 | count;
}

void sn__kept_hold(void)
{
    const pid_t self = getpid();
    uint64_t before = atomic_load(&holders), after;

    do
        after = (pid_t)(before >> 32) == self ? before + 1 : holders_of(self, 1);
    while (!atomic_compare_exchange_weak(&holders, &before, after));
}

unsigned sn__kept_holders(void)
{
    return (uint32_t)atomic_load(&holders);
}

bool sn__refused(atomic_uint *left)
{
    unsigned now = atomic_load(left);

    while (now > 0 && !atomic_compare_exchange_weak(left, &now, now - 1))
        continue;
    return now > 0;
}

static void network_free(struct sn__network *network)
{
    if (network)
        sn__kept_fd_close(&network->file);
    free(network);
}

static void launch_fds_free(struct sn__launch_fds *fds)
{
    if (!fds)
        return;
    sn__kept_fd_close(&fds->null);
    sn__kept_fd_close(&fds->init);
    sn__kept_fd_close(&fds->host);
    sn__kept_fd_close(&fds->control);
    free(fds);
}

static void sysctl_free(struct sysctl *kept)
{
    if (kept)
        sn__kept_fd_close(&kept->directory);
    free(kept);
}

static void place_free(struct place *place)
{
    if (!place)
        return;
    sn__stem_free(place->stem, true);
    /* in a child that was forked they stay, and with them what is known of them */
    if (place->owner == getpid())
        place->driver->destroy(place->cgroup);
    else
        place->driver->forget(place->cgroup);
    sn__kept_fd_close(&place->slot_file);
    free(place->parent);
    free(place);
}

void sn__kept_release(void)
{
    uint64_t left = atomic_fetch_sub(&holders, 1) - 1;

    if ((uint32_t)left > 0)
        return;
    for (size_t i = 0; i < PLACES_MAX; i++)
        place_free(atomic_exchange(&places[i], NULL));
    sysctl_free(atomic_exchange(&sysctl, NULL));
    sn__stem_forget();
    sn__tree_forget();
    sn__cgroup_forget();
    for (size_t i = 0; i < LAUNCHES_MAX; i++)
        launch_fds_free(atomic_exchange(&launch_fds[i], NULL));
    for (size_t i = 0; i < NETWORKS_MAX; i++)
        network_free(atomic_exchange(&networks[i], NULL));
}

static int open_proc_instance(void)
{
    cleanup_close int fs = fsopen("proc", FSOPEN_CLOEXEC);
    cleanup_close int mount = -1;

    if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    mount = fsmount(fs, FSMOUNT_CLOEXEC, 0);
    return mount < 0 ? -1 : openat(mount, "sys/user", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int sn__kept_sysctl(void)
{
    struct sysctl *kept = atomic_exchange(&sysctl, NULL), *none = NULL;
    int fd = -1;

    if (kept && (kept->owner != getpid() || kept->uses >= SYSCTL_USES || !sn__kept_fd_is_ours(&kept->directory))) {
        sysctl_free(kept);
        kept = NULL;
    }
    if (!kept && sn__kept_holders() >= 2) {
        kept = calloc(1, sizeof(*kept));
        fd = kept ? open_proc_instance() : -1;
        if (fd < 0 || sn__kept_fd_take(&kept->directory, fd) < 0) {
            sn__close(fd);
            free(kept);
            kept = NULL;
        } else {
            kept->owner = getpid();
        }
    }
    fd = kept ? fcntl(kept->directory.fd, F_DUPFD_CLOEXEC, 0)
              : open("/proc/sys/user", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (kept) {
        kept->uses++;
        if (!atomic_compare_exchange_strong(&sysctl, &none, kept))
            sysctl_free(kept);
    }
    return fd;
}

static int take_fd(struct sn__kept_fd *kept, int fd)
{
    int r = fd < 0 ? -errno : sn__kept_fd_take(kept, fd);

    if (r < 0 && fd >= 0)
        sn__close(fd);
    return r;
}

static int launch_fds_open(struct sn__launch_fds *fds, const char **ret_what)
{
    int r, init;

    *ret_what = "cannot open /dev/null";
    r = take_fd(&fds->null, open("/dev/null", O_RDWR | O_CLOEXEC));
    if (r < 0)
        return r;
    *ret_what = "cannot make a pidfd of this process";
    r = take_fd(&fds->host, pidfd_open(getpid(), 0));
    if (r < 0)
        return r;
    *ret_what = "cannot make a memfd for sentinel-init";
    init = sn__file_sealed_memfd("sentinel-init", sn__init_blob, sn__init_blob_size);
    r = init < 0 ? init : take_fd(&fds->init, init);
    if (r < 0)
        return r;
    *ret_what = "cannot make the control socket";
    return take_fd(&fds->control, fcntl(fds->null.fd, F_DUPFD_CLOEXEC, 0));
}

int sn__launch_fds_take(struct sn__launch_fds **ret_fds, const char **ret_what)
{
    struct sn__launch_fds *fds;
    int r;

    for (size_t i = 0; i < LAUNCHES_MAX; i++) {
        fds = atomic_load(&launch_fds[i]) ? atomic_exchange(&launch_fds[i], NULL) : NULL;
        /* the pidfd of a parent is not one of this process */
        if (fds && fds->owner == getpid() && sn__kept_fd_is_ours(&fds->null) && sn__kept_fd_is_ours(&fds->init) &&
            sn__kept_fd_is_ours(&fds->host) && sn__kept_fd_is_ours(&fds->control)) {
            *ret_fds = fds;
            return 0;
        }
        launch_fds_free(fds);
    }
    fds = calloc(1, sizeof(*fds));
    *ret_what = "no memory";
    if (!fds)
        return -ENOMEM;
    fds->null.fd = fds->init.fd = fds->host.fd = fds->control.fd = -1;
    fds->owner = getpid();
    r = launch_fds_open(fds, ret_what);
    if (r < 0) {
        launch_fds_free(fds);
        return r;
    }
    *ret_fds = fds;
    return 0;
}

void sn__launch_fds_give(struct sn__launch_fds *fds)
{
    bool is_kept = false;

    /* a copy of PID 1's end would hide its death from us */
    if (dup3(fds->null.fd, fds->control.fd, O_CLOEXEC) < 0) {
        sn__close(fds->control.fd);
        fds->control.fd = -1;
        launch_fds_free(fds);
        return;
    }
    for (size_t i = 0; !is_kept && i < LAUNCHES_MAX; i++) {
        struct sn__launch_fds *none = NULL;

        is_kept = atomic_compare_exchange_strong(&launch_fds[i], &none, fds);
    }
    if (!is_kept)
        launch_fds_free(fds);
}

static bool is_like(const struct place *place, const sn_sandbox *sandbox, const struct sn__cgroup_driver *driver,
                    const char *parent)
{
    return place->owner == getpid() && place->layers == sandbox->spec.layers && place->driver == driver &&
           strcmp(place->parent, parent) == 0 && sn__kept_fd_is_ours(&place->slot_file);
}

/* Of the same circumstances, or of any. */
static bool take_place(sn_sandbox *sandbox, const struct sn__cgroup_driver *driver, const char *parent, bool is_any)
{
    for (size_t i = 0; i < PLACES_MAX; i++) {
        struct place *place = atomic_load(&places[i]) ? atomic_exchange(&places[i], NULL) : NULL, *none = NULL;

        if (place && !is_like(place, sandbox, driver, parent)) {
            place_free(place);
            place = NULL;
        }
        if (!place)
            continue;
        if ((is_any || place->circumstances == sandbox->circumstances) && driver->is_as_new(place->cgroup)) {
            sandbox->slot = place->slot;
            sandbox->slot_fd = place->slot_file.fd;
            sandbox->ids = place->ids;
            sandbox->driver = driver;
            sandbox->cgroup = place->cgroup;
            sandbox->kind = place->kind;
            sandbox->uses = place->uses;
            sandbox->stem = place->stem;
            free(place->parent);
            free(place);
            return true;
        }
        /* later, perhaps */
        if (!atomic_compare_exchange_strong(&places[i], &none, place))
            place_free(place);
    }
    return false;
}

bool sn__place_take(sn_sandbox *sandbox, const struct sn__cgroup_driver *driver, const char *parent)
{
    return take_place(sandbox, driver, parent, false) || take_place(sandbox, driver, parent, true);
}

bool sn__place_give(sn_sandbox *sandbox)
{
    struct place *place;

    /* without a pid namespace the end of PID 1 says nothing of the others */
    if (!(sandbox->spec.layers & SN_LAYER_PID_NS) || !sandbox->cgroup || !sandbox->cgroup_parent ||
        !sandbox->driver->is_as_new || !sandbox->ids.privileged || sn__kept_holders() < 2 ||
        !sn__kept_fd_is_low(sandbox->slot_fd, 2))
        return false;
    place = calloc(1, sizeof(*place));
    if (!place || sn__kept_fd_take(&place->slot_file, sandbox->slot_fd) < 0) {
        free(place);
        return false;
    }
    place->slot = sandbox->slot;
    place->owner = getpid();
    place->layers = sandbox->spec.layers;
    place->ids = sandbox->ids;
    place->driver = sandbox->driver;
    place->cgroup = sandbox->cgroup;
    place->parent = sandbox->cgroup_parent;
    place->circumstances = sandbox->circumstances;
    place->kind = sandbox->kind;
    place->uses = sandbox->uses + 1;
    place->stem = sandbox->stem;
    for (size_t i = 0; i < PLACES_MAX; i++) {
        struct place *none = NULL;

        if (atomic_compare_exchange_strong(&places[i], &none, place)) {
            sandbox->slot_fd = -1;
            sandbox->cgroup = NULL;
            sandbox->cgroup_parent = NULL;
            sandbox->stem = NULL;
            return true;
        }
    }
    free(place);
    return false;
}

struct sn__network *sn__network_new(void)
{
    struct sn__network *network = calloc(1, sizeof(*network));

    if (network) {
        network->file.fd = -1;
        network->owner = getpid();
    }
    return network;
}

struct sn__network *sn__network_take(void)
{
    for (size_t i = 0; i < NETWORKS_MAX; i++) {
        struct sn__network *network = atomic_load(&networks[i]) ? atomic_exchange(&networks[i], NULL) : NULL;

        /* a parent's is still the parent's to use: two sandboxes would have it at once */
        if (network && network->owner == getpid() && sn__kept_fd_is_ours(&network->file))
            return network;
        network_free(network);
    }
    return NULL;
}

void sn__network_give(struct sn__network *network, bool is_clean)
{
    for (size_t i = 0; network && is_clean && network->file.fd >= 0 && i < NETWORKS_MAX; i++) {
        struct sn__network *none = NULL;

        if (atomic_compare_exchange_strong(&networks[i], &none, network))
            return;
    }
    network_free(network);
}
