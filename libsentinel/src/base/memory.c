/* SPDX-License-Identifier: MIT */
#include <sentinel/policy.h>

#include <stdlib.h>

void sn_free(void *memory)
{
    free(memory);
}
