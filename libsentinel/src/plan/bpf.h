/* SPDX-License-Identifier: MIT */
#ifndef SN_PLAN_BPF_H
#define SN_PLAN_BPF_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Classic BPF, written from its end to its beginning: whatever an instruction jumps to has been written already, so a
 * label is a number that is known, and a conditional jump, which reaches 255 instructions, gets a long one beside it
 * where that is not enough. Only what seccomp's own evaluation of a filter knows is written (is_const_allow in
 * kernel/seccomp.c): calls that are allowed whatever their arguments are then cost nothing at run time.
 */
struct sn__bpf_writer {
    struct sock_filter *instructions; /* the last one first */
    uint32_t count;
    uint32_t capacity;
    bool failed;   /* what is written from there on goes nowhere */
    bool is_large; /* because it is more than the kernel takes, not for want of memory */
};

/* The place of an instruction, counted from the end. */
typedef uint32_t sn__bpf_label;

/* All return the label of the first instruction of what they wrote, in the order of the program. */
sn__bpf_label sn__bpf_return(struct sn__bpf_writer *writer, uint32_t value);
/* A load of a word of struct seccomp_data, in front of what was written last. */
sn__bpf_label sn__bpf_load(struct sn__bpf_writer *writer, uint32_t offset);
sn__bpf_label sn__bpf_and(struct sn__bpf_writer *writer, uint32_t mask);
/* BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET. */
sn__bpf_label sn__bpf_jump(struct sn__bpf_writer *writer, uint16_t how, uint32_t value, sn__bpf_label then,
                           sn__bpf_label otherwise);

/* In the kernel's order; to be freed. NULL: it has failed. */
struct sock_filter *sn__bpf_steal(struct sn__bpf_writer *writer);
void sn__bpf_clear(struct sn__bpf_writer *writer);

#endif
