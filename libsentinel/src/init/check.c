/* SPDX-License-Identifier: MIT */
#include "init/check.h"

#include "init/rt.h"

#include <linux/errno.h>

/* What begins behind the header and ends with the NUL that is the last byte of all. */
static int is_string(uint32_t offset, size_t header, size_t size)
{
    return offset >= header && offset < size;
}

static int is_array(uint32_t offset, uint64_t count, size_t element, size_t alignment, size_t header, size_t size)
{
    return offset >= header && offset % alignment == 0 && offset <= size && count <= (size - offset) / element;
}

static int check_mount(const struct sn__plan_mount *mount, const char *bytes, size_t size, uint32_t sources)
{
    if (mount->kind > SN__MOUNT_PROC || !is_string(mount->source, sizeof(struct sn__plan), size) ||
        !is_string(mount->target, sizeof(struct sn__plan), size) || bytes[mount->target] != '/')
        return -EBADMSG;
    return mount->fd == -1 || (mount->fd >= 0 && (uint32_t)mount->fd < sources) ? 0 : -EBADMSG;
}

int check_plan(const char *bytes, size_t size, uint32_t fds)
{
    struct sn__plan plan;
    int r = 0;

    if (size < sizeof(plan) || size > UINT32_MAX || fds < SN__SETUP_FD_SOURCES)
        return -EBADMSG;
    memcpy(&plan, bytes, sizeof(plan));
    if (plan.magic != SN__PLAN_MAGIC || plan.size != size || bytes[size - 1] != '\0' ||
        !is_string(plan.hostname, sizeof(plan), size) ||
        !is_array(plan.mounts, plan.mount_count, sizeof(struct sn__plan_mount), 8, sizeof(plan), size) ||
        (plan.born & SN__BORN_AS_STEM ? plan.mount_count != 0 : plan.shm >= plan.mount_count))
        return -EBADMSG;
    if (plan.born & SN__BORN_SYSCTL && fds-- <= SN__SETUP_FD_SOURCES)
        return -EBADMSG;
    for (uint32_t i = 0; r == 0 && i < plan.mount_count; i++) {
        struct sn__plan_mount mount;

        memcpy(&mount, bytes + plan.mounts + i * sizeof(mount), sizeof(mount));
        r = check_mount(&mount, bytes, size, fds - SN__SETUP_FD_SOURCES);
    }
    return r;
}

static int is_vector(const char *bytes, size_t size, uint32_t at, uint32_t count)
{
    if (!is_array(at, count, sizeof(uint32_t), sizeof(uint32_t), sizeof(struct sn__request), size))
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t offset;

        memcpy(&offset, bytes + at + i * sizeof(offset), sizeof(offset));
        if (!is_string(offset, sizeof(struct sn__request), size))
            return 0;
    }
    return 1;
}

int check_request(const char *bytes, size_t size, uint32_t fds)
{
    const size_t header = sizeof(struct sn__request);
    struct sn__request request;

    if (size < header || size > UINT32_MAX)
        return -EBADMSG;
    memcpy(&request, bytes, header);
    if (request.magic != SN__REQUEST_MAGIC || request.size != size || bytes[size - 1] != '\0' ||
        (request.argc == 0 && !request.is_armed) || !is_vector(bytes, size, request.argv, request.argc) ||
        !is_vector(bytes, size, request.envp, request.envc) || !is_string(request.cwd, header, size) ||
        (request.search && !is_string(request.search, header, size)) ||
        !is_array(request.bpf, request.bpf_count, 8, 8, header, size) || request.rlimit_count > SN__REQUEST_RLIMITS)
        return -EBADMSG;
    if (request.is_armed > 1 ||
        (request.is_armed && ((uint64_t)request.argc + request.envc > SN__ARMED_STRINGS || size != SN__ARMED_REQUEST)))
        return -EBADMSG;
    if (request.join_count > SN__MESSAGE_FDS_MAX || request.clone_into > 1 ||
        fds != SN__RUN_FD_JOIN + request.join_count + request.clone_into)
        return -EBADMSG;
    return 0;
}

int check_message(const struct sn__message *message, size_t size)
{
    const size_t path = offsetof(struct sn__message, file.path);

    if (size < offsetof(struct sn__message, failure) || size > sizeof(*message))
        return -EBADMSG;
    if (message->type != SN__MSG_FILE)
        return 0;
    for (size_t i = path; i < size; i++) {
        if (((const char *)message)[i] == '\0')
            return 0;
    }
    return -EBADMSG;
}
