/* SPDX-License-Identifier: MIT */
/* The header as C++17 sees it, and linked as C. */
#include <sentinel/sentinel.h>

#include <cstdio>

int main()
{
    sn_limits limits;

    sn_limits_init(&limits);
    std::printf("%s %zu\n", sn_version_string(), limits.size);
    return limits.size == sizeof(limits) ? 0 : 1;
}
