/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slice.h"

#include <openssl/crypto.h>

bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool slice_eq_str(struct slice a, const char *s)
{
    return slice_eq(a, slice_str(s));
}

/* Not tolower(): that depends on the locale. */
static uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool slice_fold(struct slice text, char *out)
{
    uint8_t all = 0;
    for (size_t i = 0; i < text.len; i++) {
        all |= text.ptr[i];
        out[i] = (char)ascii_lower(text.ptr[i]);
    }
    out[text.len] = '\0';
    return all < 0x80;
}

bool slice_eq_secret(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool slice_starts_with(struct slice s, const char *prefix)
{
    size_t len = strlen(prefix);
    return s.len >= len && memcmp(s.ptr, prefix, len) == 0;
}

int slice_compare(struct slice a, struct slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);
    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

ptrdiff_t slice_find(struct slice s, uint8_t byte)
{
    const uint8_t *hit = s.len == 0 ? NULL : memchr(s.ptr, byte, s.len);
    return hit == NULL ? -1 : hit - s.ptr;
}

ptrdiff_t slice_rfind(struct slice s, uint8_t byte)
{
    const uint8_t *hit = s.len == 0 ? NULL : memrchr(s.ptr, byte, s.len);
    return hit == NULL ? -1 : hit - s.ptr;
}

struct slice slice_cut(struct slice s, size_t from, size_t to)
{
    if (to > s.len) {
        to = s.len;
    }
    if (from >= to) {
        return SLICE_NONE;
    }
    return slice_of(s.ptr + from, to - from);
}
