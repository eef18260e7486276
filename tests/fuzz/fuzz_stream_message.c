/* SPDX-License-Identifier: MIT */
/* What a client says by the stream of a job. */
#include "api/stream_message.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stream_message message = {0};
    const char *detail = NULL;

    if (stream_message_read((const char *)data, size, &message, &detail) < 0) {
        if (!detail || message.data)
            abort();
        return 0;
    }
    if (message.kind != CONTROL_STDIN && message.data)
        abort();
    if (message.length > size)
        abort();
    free(message.data);
    return 0;
}
