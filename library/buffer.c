/* SPDX-License-Identifier: Apache-2.0 */
#include "library/buffer.h"

#include "base/mem.h"

struct chancery_buffer {
    size_t size;
    uint8_t bytes[]; /* and a NUL */
};

chancery_buffer *buffer_of(struct slice bytes)
{
    chancery_buffer *buffer = xcalloc(1, sizeof *buffer + bytes.len + 1);
    buffer->size = bytes.len;
    if (bytes.len > 0) {
        memcpy(buffer->bytes, bytes.ptr, bytes.len);
    }
    return buffer;
}

const void *chancery_buffer_data(const chancery_buffer *buffer)
{
    return buffer->bytes;
}

size_t chancery_buffer_size(const chancery_buffer *buffer)
{
    return buffer->size;
}

void chancery_buffer_free(chancery_buffer *buffer)
{
    if (buffer != NULL) {
        mem_wipe(buffer->bytes, buffer->size);
        xfree(buffer);
    }
}
