/* SPDX-License-Identifier: MIT */
#include "base/datadir.h"

#include <stdlib.h>

const char *sn__datadir(void)
{
    const char *from_environment = secure_getenv("SENTINEL_DATA_DIR");

    return from_environment && *from_environment ? from_environment : SN_DATA_DIR;
}

const char *sn__language_path(void)
{
    const char *from_environment = secure_getenv("SENTINEL_LANGUAGE_PATH");

    return from_environment ? from_environment : "";
}
