/* SPDX-License-Identifier: MIT */
/* system call policies: loaded, printed, compiled */
#ifndef SENTINEL_POLICY_H
#define SENTINEL_POLICY_H

#include <sentinel/error.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A system call policy: parsed and checked, immutable, reference counted; may be used from any number of threads and
 * sandboxes. Who loads one holds a reference and drops it with sn_policy_free(); a sandbox holds its own. Two syntaxes:
 * Kafel (docs/policies.md says which subset) and OCI/Docker seccomp JSON, told apart by the first character that is not
 * white space ('{' is JSON).
 */
typedef struct sn_policy sn_policy;

/*
 * Loads a policy file. `name` is a path if it contains a slash, else the name of an installed policy ("default",
 * "python"). Includes are searched beside the including file, then in the installed policies. *ret_policy is dropped
 * with sn_policy_free().
 * Errors: SN_ENOENT, SN_EPARSE (with line and column), SN_ESYS, SN_ENOMEM.
 */
SN_API int sn_policy_load(const char *name, sn_policy **ret_policy, sn_error **ret_error);
/*
 * The same from memory (`length` bytes, no NUL needed); `label` stands in error messages where a file name would.
 * Includes find installed policies only. *ret_policy is dropped with sn_policy_free(). Errors: those of
 * sn_policy_load(), and SN_EINVAL.
 */
SN_API int sn_policy_parse(const char *text, size_t length, const char *label, sn_policy **ret_policy,
                           sn_error **ret_error);

/*
 * Compiles to a BPF program for the machine's native architecture (struct sock_filter array, to be freed with
 * sn_free()). `ret_size` is in bytes. The sandbox does this itself; it is here for tools. Errors: SN_EINVAL (it does
 * not allow what every program needs, or is too large), SN_EHOST, SN_ESYS, SN_ENOMEM.
 */
SN_API int sn_policy_compile(const sn_policy *policy, void **ret_bpf, size_t *ret_size, sn_error **ret_error);

/*
 * The flattened policy as text: one line a rule, includes and defines resolved; to be freed with sn_free().
 * format 0: Kafel syntax that parses to the same policy; 1: JSON. Errors: SN_EINVAL, SN_ENOMEM.
 */
SN_API int sn_policy_print(const sn_policy *policy, uint32_t format, char **ret_text, sn_error **ret_error);

/* The name or path it was loaded by; lives as long as the policy. */
SN_API const char *sn_policy_name(const sn_policy *policy);

/* One more reference, to be dropped with sn_policy_free(); returns its argument. */
SN_API sn_policy *sn_policy_ref(sn_policy *policy);
/* Drops a reference. NULL is accepted. */
SN_API void sn_policy_free(sn_policy *policy);

/* Frees memory that this library handed out as plain bytes or text. NULL is accepted. */
SN_API void sn_free(void *memory);

#ifdef __cplusplus
}
#endif
#endif
