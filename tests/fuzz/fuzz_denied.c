/* SPDX-License-Identifier: MIT */
/* A denied system call as text: any call of any architecture into buffers of any size. */
#include "fuzz.h"
#include "result/denied.h"

#include <linux/audit.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t known[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM,
                                     AUDIT_ARCH_RISCV64};
    uint8_t choice = (uint8_t)fuzz_take(&data, &size, 1);
    size_t name_size = fuzz_take(&data, &size, 1), text_size = fuzz_take(&data, &size, 2) % 1024;
    uint32_t arch = choice < 128 ? known[choice % 5] : (uint32_t)fuzz_take(&data, &size, 4);
    int32_t number = (int32_t)fuzz_take(&data, &size, choice & 64 ? 4 : 2);
    char *name = malloc(name_size ? name_size : 1), *text = malloc(text_size ? text_size : 1);
    uint64_t args[6];

    MUST(name && text, "no memory");
    for (int i = 0; i < 6; i++)
        args[i] = fuzz_take(&data, &size, 8);
    sn__denied_format(arch, number, args, name, name_size, text, text_size);
    MUST(!name_size || memchr(name, '\0', name_size), "the name has no end");
    MUST(!text_size || memchr(text, '\0', text_size), "the text has no end");
    for (const char *c = text; text_size && *c; c++)
        MUST(*c >= ' ' && *c <= '~', "byte %#x", (unsigned char)*c);
    free(name);
    free(text);
    return 0;
}
