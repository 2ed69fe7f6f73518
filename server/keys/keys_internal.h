/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/keys only. */
#pragma once

#include "base/hashmap.h"
#include "crypto/jwk.h"
#include "keys/keys.h"

struct keys {
    struct loop *loop;
    struct secret *root;
    struct hashmap *cache;   /* what a wrapped row is, and its seal → struct unwrapped */
    struct hashmap *clients; /* a client's JWK as it came → struct jwk_public: clients come again */
};

/* A tenant key, ready for use. */
struct unwrapped {
    struct secret *raw;          /* sealing key */
    struct jwk_private *private; /* exchange or signing key */
};

/* The unwrapped key of a row, from the cache or by the root key. R_KEYS_UNAVAILABLE when the row is
 * not ours: a wrong boundary, tenant, purpose or version, or damaged. Lends until the next call. */
rc key_unwrap(struct keys *keys, const struct keys_ref *ref, const struct unwrapped **out,
              struct err *err);
/* Wrap a new key's bytes under the root key. */
rc key_wrap(struct keys *keys, struct arena *arena, const struct keys_ref *ref,
            const struct secret *key, struct slice *out, struct err *err);
void unwrapped_free(void *value);
