/* SPDX-License-Identifier: MIT */
/* The header as C++17 sees it, and linked as C. */
#include <sentinel/sentinel.h>

#include <cstdio>

int main()
{
    sn_limits limits;
    sn_event event;
    sn_file file;

    sn_limits_init(&limits);
    sn_event_init(&event);
    sn_file_init(&file);
    std::printf("%s %zu\n", sn_version_string(), limits.size);
    return limits.size == sizeof(limits) && event.size == sizeof(event) && file.size == sizeof(file) ? 0 : 1;
}
