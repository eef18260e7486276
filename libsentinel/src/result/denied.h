/* SPDX-License-Identifier: MIT */
#ifndef SN_RESULT_DENIED_H
#define SN_RESULT_DENIED_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes a denied system call as a reader expects it: "socket(AF_INET, SOCK_STREAM, 0)", "ptrace(PTRACE_TRACEME, 0,
 * 0x0, 0x0)", "keyctl(...)"; a foreign ABI as "i386: open(...)" or "x32: getpid()". Pure; never allocates.
 * `arch` is an AUDIT_ARCH_ value. Both buffers are always terminated.
 */
void sn__denied_format(uint32_t arch, int32_t number, const uint64_t args[6], char *ret_name, size_t name_size,
                       char *ret_text, size_t text_size);

#endif
