/* SPDX-License-Identifier: MIT */
#include <sentinel/version.h>

#include <stddef.h>

void sn_version(uint32_t *ret_major, uint32_t *ret_minor, uint32_t *ret_patch)
{
    if (ret_major)
        *ret_major = SN_VERSION_MAJOR;
    if (ret_minor)
        *ret_minor = SN_VERSION_MINOR;
    if (ret_patch)
        *ret_patch = SN_VERSION_PATCH;
}

const char *sn_version_string(void)
{
    return SN_VERSION;
}
