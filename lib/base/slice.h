/* SPDX-License-Identifier: Apache-2.0 */
/* A borrowed view of bytes: pointer and length, never owning, not NUL-terminated. Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *ptr; /* may be NULL only when len is 0 */
    size_t len;         /* bytes */
};

#define SLICE_NONE ((struct slice){NULL, 0})
/* printf arguments for "%.*s" of a slice that holds text. */
#define SLICE_FMT(s) (int)(s).len, (const char *)(s).ptr

static inline struct slice slice_of(const void *ptr, size_t len)
{
    return (struct slice){(const uint8_t *)ptr, len};
}

/* View a C string without its NUL; NULL gives an empty slice. */
static inline struct slice slice_str(const char *s)
{
    return s == NULL ? SLICE_NONE : slice_of(s, strlen(s));
}

/* Compare public bytes; for secrets use secret_eq or slice_eq_secret. */
bool slice_eq(struct slice a, struct slice b);
bool slice_eq_str(struct slice a, const char *s);
/* Compare ASCII without regard to case (mail domains, header names). */
bool slice_eq_nocase(struct slice a, struct slice b);
/* Copy ASCII letters in lower case and the rest as it is, with a NUL behind; `out` has room for both.
 * Whether all of it is ASCII. */
bool slice_fold(struct slice text, char *out);
/* Compare in time that depends on the length only. */
bool slice_eq_secret(struct slice a, struct slice b);
bool slice_starts_with(struct slice s, const char *prefix);
/* Order by bytes, the shorter first; for sorting and binary search. */
int slice_compare(struct slice a, struct slice b);
/* Find a byte; the index, or -1. */
ptrdiff_t slice_find(struct slice s, uint8_t byte);
/* Find the last such byte; the index, or -1. */
ptrdiff_t slice_rfind(struct slice s, uint8_t byte);
/* Cut [from, to); both are clamped to the slice. */
struct slice slice_cut(struct slice s, size_t from, size_t to);
