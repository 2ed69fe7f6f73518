/* SPDX-License-Identifier: Apache-2.0 */
/* A share of a root key as text: what a person keeps (docs/formats.md §4.1.2). */
#pragma once

#include "base/arena.h"
#include "base/secret.h"
#include "crypto/root_wraps.h"

enum { SHARE_SET_TEXT = 9, SHARE_BYTES_MAX = 4096 }; /* of a set's id, with a NUL */

struct share {
    char set[SHARE_SET_TEXT];
    unsigned threshold, number;
    char thumbprint[ROOT_THUMBPRINT_TEXT];
    struct secret *bytes;
};

/* Write it, with a line for people. */
rc share_print(struct arena *arena, const struct share *share, struct slice *out, struct err *err);
/* Read one; free its bytes. R_SHARE_DAMAGED */
rc share_parse(struct arena *arena, struct slice text, struct share *out, struct err *err);
