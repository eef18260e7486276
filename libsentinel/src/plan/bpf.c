/* SPDX-License-Identifier: MIT */
#include "plan/bpf.h"

#include <stdlib.h>
#include <string.h>

#define REACH 255        /* of a conditional jump: struct sock_filter has a byte for it */
#define RETURN_REACH 128 /* a return further away than this is written again: cheaper than a long jump */

static sn__bpf_label write_one(struct sn__bpf_writer *writer, struct sock_filter instruction)
{
    if (writer->count == BPF_MAXINSNS)
        writer->failed = writer->is_large = true;
    if (!writer->failed && writer->count == writer->capacity) {
        uint32_t capacity = writer->capacity ? writer->capacity * 2 : 256;
        struct sock_filter *larger = realloc(writer->instructions, capacity * sizeof(*larger));

        if (larger) {
            writer->instructions = larger;
            writer->capacity = capacity;
        }
        writer->failed = !larger;
    }
    if (!writer->failed)
        writer->instructions[writer->count++] = instruction;
    return writer->count - 1;
}

sn__bpf_label sn__bpf_return(struct sn__bpf_writer *writer, uint32_t value)
{
    const struct sock_filter wanted = BPF_STMT(BPF_RET | BPF_K, value);

    for (uint32_t i = 0; i < writer->count && i < RETURN_REACH; i++)
        if (memcmp(&writer->instructions[writer->count - 1 - i], &wanted, sizeof(wanted)) == 0)
            return writer->count - 1 - i;
    return write_one(writer, wanted);
}

sn__bpf_label sn__bpf_load(struct sn__bpf_writer *writer, uint32_t offset)
{
    return write_one(writer, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

sn__bpf_label sn__bpf_and(struct sn__bpf_writer *writer, uint32_t mask)
{
    return write_one(writer, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
}

/* How many instructions lie between one that is written now and a label. */
static uint32_t distance(const struct sn__bpf_writer *writer, sn__bpf_label label)
{
    return writer->count - label - 1;
}

static sn__bpf_label jump_far(struct sn__bpf_writer *writer, sn__bpf_label label)
{
    return write_one(writer, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance(writer, label)));
}

sn__bpf_label sn__bpf_jump(struct sn__bpf_writer *writer, uint16_t how, uint32_t value, sn__bpf_label then,
                           sn__bpf_label otherwise)
{
    if (then == otherwise)
        return then;
    /* the long jump of the one makes the way to the other longer by one */
    if (distance(writer, otherwise) > REACH - 1)
        otherwise = jump_far(writer, otherwise);
    if (distance(writer, then) > REACH)
        then = jump_far(writer, then);
    return write_one(writer, (struct sock_filter)BPF_JUMP(BPF_JMP | how | BPF_K, value, (uint8_t)distance(writer, then),
                                                          (uint8_t)distance(writer, otherwise)));
}

struct sock_filter *sn__bpf_steal(struct sn__bpf_writer *writer)
{
    struct sock_filter *instructions = writer->failed ? NULL : writer->instructions;

    for (uint32_t i = 0; instructions && i < writer->count / 2; i++) {
        struct sock_filter swap = instructions[i];

        instructions[i] = instructions[writer->count - 1 - i];
        instructions[writer->count - 1 - i] = swap;
    }
    if (instructions)
        writer->instructions = NULL;
    return instructions;
}

void sn__bpf_clear(struct sn__bpf_writer *writer)
{
    free(writer->instructions);
    *writer = (struct sn__bpf_writer){0};
}
