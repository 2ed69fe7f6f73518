/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { KEEP_BYTES = 8 << 20, MAPPED_BYTES = 1 << 20 /* larger ones are given back at once */ };

void *xcalloc(size_t count, size_t size)
{
    void *ptr = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
    if (ptr == NULL) {
        abort();
    }
    return ptr;
}

void *xreallocarray(void *ptr, size_t count, size_t size)
{
    void *grown = reallocarray(ptr, count == 0 ? 1 : count, size == 0 ? 1 : size);
    if (grown == NULL) {
        abort();
    }
    return grown;
}

char *xstrdup(const char *s)
{
    size_t len = strlen(s) + 1;
    char *copy = xcalloc(len, 1);
    memcpy(copy, s, len);
    return copy;
}

void xfree(void *ptr)
{
    free(ptr);
}

void mem_keep(void)
{
    (void)mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
}

void mem_wipe(void *ptr, size_t len)
{
    if (len > 0) {
        explicit_bzero(ptr, len);
    }
}
