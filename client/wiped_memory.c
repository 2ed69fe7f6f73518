/* SPDX-License-Identifier: Apache-2.0 */
#include "client/wiped_memory.h"

#include <curl/curl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void wipe_and_free(void *ptr)
{
    if (ptr != NULL) {
        mem_wipe(ptr, malloc_usable_size(ptr));
        free(ptr);
    }
}

/* realloc would leave a copy where the memory was. */
static void *move(void *ptr, size_t size)
{
    void *moved = malloc(size);
    if (moved != NULL && ptr != NULL) {
        size_t had = malloc_usable_size(ptr);
        memcpy(moved, ptr, had < size ? had : size);
        wipe_and_free(ptr);
    }
    return moved;
}

void wiped_memory_start(void)
{
    (void)curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_and_free, move, strdup, calloc);
}

void wiped_text_free(char *text)
{
    if (text != NULL) {
        mem_wipe(text, strlen(text));
    }
    xfree(text);
}
