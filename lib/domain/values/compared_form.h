/* SPDX-License-Identifier: Apache-2.0 */
/* The form in which texts are compared as people read them (docs/policy.md §10.2): full case folding and
 * NFKC of what is left without default-ignorable characters. Pure; any thread. */
#pragma once

#include "base/slice.h"

enum { COMPARED_MAX = 1024 + 4 /* bytes that are brought into it at once */ };

/* Heap memory of libunistring, for free(); NULL without memory. At most COMPARED_MAX bytes of valid
 * UTF-8. */
uint8_t *compared_form(struct slice text, size_t *len);
