/* SPDX-License-Identifier: MIT */
/*
 * PID 1's end of the control socket: plans, requests and messages of a host that has gone wrong. What the checks let
 * through is then walked as PID 1 would walk it, in memory of exactly that size.
 */
#include "fuzz.h"
#include "init/check.h"

/* Every byte of it is read, and it has to end where it may. */
static void walk_string(const char *bytes, size_t size, uint32_t offset)
{
    size_t length = strlen(bytes + offset);

    MUST(offset + length < size, "a string at %u of %zu bytes in %zu", offset, length, size);
}

static void walk_plan(const char *bytes, size_t size, uint32_t fds)
{
    struct sn__plan plan;

    memcpy(&plan, bytes, sizeof(plan));
    walk_string(bytes, size, plan.hostname);
    if (plan.born & SN__BORN_AS_STEM)
        MUST(plan.mount_count == 0, "%u", plan.mount_count);
    else
        MUST(plan.shm < plan.mount_count, "%u", plan.shm);
    for (uint32_t i = 0; i < plan.mount_count; i++) {
        struct sn__plan_mount mount;

        memcpy(&mount, bytes + plan.mounts + i * sizeof(mount), sizeof(mount));
        walk_string(bytes, size, mount.source);
        walk_string(bytes, size, mount.target);
        MUST(bytes[mount.target] == '/', "a relative target");
        MUST(mount.fd == -1 || mount.fd + SN__SETUP_FD_SOURCES < (int)fds, "descriptor %d of %u", mount.fd, fds);
    }
}

static void walk_vector(const char *bytes, size_t size, uint32_t at, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t offset;

        memcpy(&offset, bytes + at + i * sizeof(offset), sizeof(offset));
        walk_string(bytes, size, offset);
    }
}

static void walk_request(const char *bytes, size_t size, uint32_t fds)
{
    struct sn__request request;
    unsigned char sum = 0;

    memcpy(&request, bytes, sizeof(request));
    MUST(request.argc > 0, "nothing to run");
    walk_vector(bytes, size, request.argv, request.argc);
    walk_vector(bytes, size, request.envp, request.envc);
    walk_string(bytes, size, request.cwd);
    if (request.search)
        walk_string(bytes, size, request.search);
    for (uint32_t i = 0; i < request.bpf_count * 8; i++)
        sum ^= (unsigned char)bytes[request.bpf + i];
    MUST(request.rlimit_count <= SN__REQUEST_RLIMITS, "%u, sum %d", request.rlimit_count, sum);
    MUST(SN__RUN_FD_JOIN + request.join_count + request.clone_into == fds, "%u descriptors", fds);
}

/* Numbers that are chosen at random are seldom offsets: the header's are brought into the range. */
static void bring_near(char *bytes, size_t size, size_t first, size_t last)
{
    for (size_t at = first; at + 4 <= last && at + 4 <= size; at += 4) {
        uint32_t value;

        memcpy(&value, bytes + at, 4);
        value %= (uint32_t)size + 8;
        memcpy(bytes + at, &value, 4);
    }
}

static void set_u32(char *bytes, size_t size, size_t at, uint32_t value)
{
    if (at + sizeof(value) <= size)
        memcpy(bytes + at, &value, sizeof(value));
}

static void try_message(const uint8_t *data, size_t size)
{
    struct sn__message *message = calloc(1, sizeof(*message));
    size_t length = size < sizeof(*message) ? size : sizeof(*message);

    MUST(message, "no memory");
    memset(message, 'x', sizeof(*message)); /* what an earlier message left there */
    memcpy(message, data, length);
    if (check_message(message, length) == 0 && message->type == SN__MSG_FILE)
        MUST(strnlen(message->file.path, SN__PATH_MAX) < SN__PATH_MAX, "a path without an end");
    free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t how = (uint8_t)fuzz_take(&data, &size, 1);
    uint32_t fds = (uint32_t)fuzz_take(&data, &size, 1);
    /* exactly as long as what came, so that a read behind the end is seen */
    char *bytes = malloc(size ? size : 1);

    MUST(bytes, "no memory");
    memcpy(bytes, data, size);
    if (how & 4 && size) {
        set_u32(bytes, size, 0, how & 1 ? SN__PLAN_MAGIC : SN__REQUEST_MAGIC);
        set_u32(bytes, size, 4, (uint32_t)size);
        if (how & 8 && how & 1)
            bring_near(bytes, size, offsetof(struct sn__plan, hostname), sizeof(struct sn__plan));
        else if (how & 8)
            bring_near(bytes, size, offsetof(struct sn__request, argv), offsetof(struct sn__request, rlimits));
        bytes[size - 1] = '\0';
    }
    if (how & 2)
        try_message(data, size);
    else if ((how & 1) && check_plan(bytes, size, fds) == 0)
        walk_plan(bytes, size, fds);
    else if (!(how & 1) && check_request(bytes, size, fds) == 0)
        walk_request(bytes, size, fds);
    free(bytes);
    return 0;
}
