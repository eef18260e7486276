/* SPDX-License-Identifier: MIT */
#include "plan/plan.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "plan/apparmor.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

uint32_t sn__planner_string(struct sn__planner *planner, const char *text)
{
    uint32_t offset = (uint32_t)planner->strings.length;

    sn__buffer_add(&planner->strings, text, strlen(text) + 1);
    return offset;
}

void sn__plan_add_sysctl(struct sn__planner *planner, int *directory)
{
    struct statfs fs;

    /* whatever else lies there, writing to it would forbid nothing */
    if (*directory < 0 || fstatfs(*directory, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
        return;
    planner->fds[planner->fd_count++] = steal_fd(directory);
    planner->born |= SN__BORN_SYSCTL;
}

int sn__plan_freeze(struct sn__planner *planner, char **ret_plan, size_t *ret_size, sn_error **ret_error)
{
    uint32_t hostname = sn__planner_string(planner, planner->spec->hostname);
    size_t strings_at = sizeof(struct sn__plan) + planner->mounts.length;
    size_t size = strings_at + planner->strings.length;
    struct sn__plan_mount *mounts;
    struct sn__plan *plan;
    char *bytes;

    if (planner->mounts.failed || planner->strings.failed || planner->sources.failed)
        return sn__error_nomem(ret_error);
    bytes = calloc(1, size);
    if (!bytes)
        return sn__error_nomem(ret_error);
    plan = (struct sn__plan *)(void *)bytes;
    mounts = (struct sn__plan_mount *)(void *)(bytes + sizeof(*plan));
    *plan = (struct sn__plan){
        .magic = SN__PLAN_MAGIC,
        .size = (uint32_t)size,
        .layers = planner->spec->layers,
        .uid = planner->ids->program_inside,
        .gid = planner->ids->program_inside,
        .owner_uid = planner->ids->init_inside,
        .network = planner->spec->network,
        .hostname = (uint32_t)strings_at + hostname,
        .mounts = sizeof(*plan),
        .mount_count = (uint32_t)(planner->mounts.length / sizeof(*mounts)),
        .shm = planner->shm,
        .apparmor = planner->spec->layers & SN_LAYER_APPARMOR ? sn__apparmor_look() : SN__APPARMOR_UNASKED,
        .born = planner->born | (planner->ids->privileged ? SN__BORN_APART : 0),
    };
    if (!planner->ids->own_uid)
        plan->layers &= ~SN_LAYER_UID;
    if (planner->mounts.length) /* of a stem there are none */
        memcpy(mounts, planner->mounts.data, planner->mounts.length);
    memcpy(bytes + strings_at, planner->strings.data, planner->strings.length);
    for (uint32_t i = 0; i < plan->mount_count; i++) {
        mounts[i].source += (uint32_t)strings_at;
        mounts[i].target += (uint32_t)strings_at;
    }
    *ret_plan = bytes;
    *ret_size = size;
    return 0;
}

const char *sn__plan_mount_name(const char *bytes, size_t size, uint32_t index)
{
    const struct sn__plan *plan = (const struct sn__plan *)(const void *)bytes;
    const struct sn__plan_mount *mounts;

    if (size < sizeof(*plan) || index >= plan->mount_count)
        return "";
    mounts = (const struct sn__plan_mount *)(const void *)(bytes + plan->mounts);
    return bytes + mounts[index].target;
}

void sn__planner_clear(struct sn__planner *planner)
{
    for (uint32_t i = 0; i < planner->fd_count; i++)
        sn__close(planner->fds[i]);
    planner->fd_count = 0;
    sn__buffer_clear(&planner->mounts);
    sn__buffer_clear(&planner->strings);
    sn__buffer_clear(&planner->sources);
}
