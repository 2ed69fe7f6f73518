/* SPDX-License-Identifier: Apache-2.0 */
#include "wiped.h"

#include <string.h>

enum { STACK_BYTES = 256 * 1024 };

void wipe_text(char *text)
{
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
        g_free(text);
    }
}

void wipe_stack(void)
{
    char below[STACK_BYTES]; /* where what was called has had its own */
    explicit_bzero(below, sizeof below);
}

void wipe_string(GString *text)
{
    if (text != NULL) {
        explicit_bzero(text->str, text->allocated_len);
        (void)g_string_free(text, TRUE);
    }
}

void wipe_array(GByteArray *array)
{
    if (array != NULL) {
        if (array->len > 0) {
            explicit_bzero(array->data, array->len);
        }
        g_byte_array_unref(array);
    }
}

static void free_string(void *text)
{
    wipe_string(text);
}

static void free_array(void *array)
{
    wipe_array(array);
}

GBytes *wiped_from_string(GString *text)
{
    return g_bytes_new_with_free_func(text->str, text->len, free_string, text);
}

GBytes *wiped_from_array(GByteArray *array)
{
    return g_bytes_new_with_free_func(array->data, array->len, free_array, array);
}

GBytes *wiped_copy(const void *data, size_t size)
{
    GByteArray *array = g_byte_array_sized_new((guint)size);
    g_byte_array_append(array, data, (guint)size);
    return wiped_from_array(array);
}
