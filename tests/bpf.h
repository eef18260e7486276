/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_BPF_H
#define SN_TESTS_BPF_H

#include "plan/seccomp_compile.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

/*
 * Classic BPF as the kernel runs it on a struct seccomp_data: 0 with the answer, or -1 for a program that the kernel
 * would not take (an unknown instruction, a load outside, a run off its end).
 */
static inline int bpf_run(const struct sn__bpf *bpf, const struct seccomp_data *data, uint32_t *ret_answer)
{
    uint32_t a = 0;

    for (uint32_t pc = 0; pc < bpf->count; pc++) {
        const struct sock_filter *in = &bpf->instructions[pc];

        switch (in->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (in->k + sizeof(a) > sizeof(*data))
                return -1;
            memcpy(&a, (const char *)data + in->k, sizeof(a));
            break;
        case BPF_JMP | BPF_JA:
            pc += in->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            pc += a == in->k ? in->jt : in->jf;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            pc += a > in->k ? in->jt : in->jf;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            pc += a >= in->k ? in->jt : in->jf;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            pc += a & in->k ? in->jt : in->jf;
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= in->k;
            break;
        case BPF_RET | BPF_K:
            *ret_answer = in->k;
            return 0;
        default:
            return -1;
        }
    }
    return -1;
}

#endif
