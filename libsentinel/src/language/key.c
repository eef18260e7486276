/* SPDX-License-Identifier: MIT */
#include "language/key.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

void sn__key_add_limits(struct sn__digest *digest, const sn_limits *limits)
{
    sn__digest_add_number(digest, limits->cpu_ms);
    sn__digest_add_number(digest, limits->wall_ms);
    sn__digest_add_number(digest, limits->memory_bytes);
    sn__digest_add_number(digest, limits->processes);
    sn__digest_add_number(digest, limits->output_bytes);
    sn__digest_add_number(digest, limits->file_bytes);
    sn__digest_add_number(digest, limits->open_files);
    sn__digest_add_number(digest, limits->stack_bytes);
    sn__digest_add_number(digest, limits->cpu_percent);
}

void sn__key_add_command(struct sn__digest *digest, const struct sn__language_command *command)
{
    for (char **entry = command->argv; *entry; entry++)
        sn__digest_add_text(digest, *entry);
    sn__digest_add_text(digest, NULL);
    for (char **entry = command->envp; *entry; entry++)
        sn__digest_add_text(digest, *entry);
    sn__digest_add_text(digest, NULL);
}

int sn__key_add_policy(struct sn__digest *digest, const char *name, const sn_policy *policy, sn_error **ret_error)
{
    sn_policy *loaded = NULL;
    void *program = NULL;
    size_t size = 0;
    int r = policy ? 0 : sn_policy_load(name, &loaded, ret_error);

    if (r == 0)
        r = sn_policy_compile(policy ? policy : loaded, &program, &size, ret_error);
    if (r == 0)
        sn__digest_add(digest, program, size);
    sn_free(program);
    sn_policy_free(loaded);
    return r;
}

void sn__key_add_processor(struct sn__digest *digest)
{
#ifdef __x86_64__
    unsigned a = 0, b = 0, c = 0, d = 0;

    /* model and features; b of the first has the number of the core that is asked */
    __get_cpuid(1, &a, &b, &c, &d);
    sn__digest_add_number(digest, a);
    sn__digest_add_number(digest, (uint64_t)c << 32 | d);
    a = b = c = d = 0;
    __get_cpuid_count(7, 0, &a, &b, &c, &d);
    sn__digest_add_number(digest, (uint64_t)b << 32 | c);
    sn__digest_add_number(digest, d);
#else
    sn__digest_add_text(digest, "processor unknown");
#endif
}
