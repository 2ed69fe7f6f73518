/* SPDX-License-Identifier: Apache-2.0 */
/* A root key, wrapped: several wraps of one root key side by side, each a compact JWE to another key, so that losing one key isn't
 * losing all (docs/formats.md §4.1.1). Loop thread. */
#pragma once

#include "base/arena.h"
#include "base/secret.h"
#include "crypto/jwe.h"

enum {
    ROOT_WRAPS_MAX = 16,
    ROOT_WRAPS_BYTES_MAX = 64 * 1024,
    ROOT_WRAP_NAME_MAX = 63,
    ROOT_THUMBPRINT_BYTES = 16,
    ROOT_THUMBPRINT_TEXT = 23, /* in base64url, with a NUL */
};

struct root_wrap {
    const char *name; /* letters, digits and .-_: whose key it is, for people */
    const char *kid;  /* that key's RFC 7638 thumbprint */
    struct slice jwe;
};

/* All of it lies in the arena. */
struct root_wraps {
    const char *thumbprint; /* of the root key */
    struct root_wrap wraps[ROOT_WRAPS_MAX];
    size_t count;
};

/* What a root key is known by, and which tells nothing of it (docs/formats.md §4.1.1). */
rc root_wraps_thumbprint(const struct secret *root, char out[ROOT_THUMBPRINT_TEXT],
                         struct err *err);
bool root_wraps_name_is_valid(const char *name);

/* Read a file. `invalid` on any flaw. */
rc root_wraps_parse(struct arena *arena, struct slice text, enum reason invalid,
                    struct root_wraps *out, struct err *err);
/* Write one, which ends with a line's end. */
rc root_wraps_print(struct arena *arena, const struct root_wraps *wraps, struct slice *out,
                    struct err *err);
/* Wrap it to one more key, EC P-256 or P-384. R_INPUT_INVALID: the name or the key is there already, or there are too many. */
rc root_wraps_add(struct arena *arena, struct root_wraps *wraps, const char *name,
                  const struct jwk_public *to, const struct secret *root, struct err *err);

/* Of which kind the key of a wrap is, as its JWE says. `mismatch`: it says none. */
rc root_wrap_kind(struct arena *arena, const struct root_wrap *wrap, enum reason mismatch,
                  enum jwk_kind *out, struct err *err);
/* Open one by a key, or by whoever has it. `mismatch`: it is not to this key, or holds another root key. */
rc root_wrap_open(const struct root_wraps *wraps, size_t index, const struct jwk_private *key,
                  enum reason mismatch, struct secret **out, struct err *err);
rc root_wrap_open_by(const struct root_wraps *wraps, size_t index, jwe_agree agree, void *ctx,
                     enum reason mismatch, struct secret **out, struct err *err);
