/* SPDX-License-Identifier: Apache-2.0 */
/* How a publisher seals content key and policy to a tenant's exchange key (docs/formats.md §6.2.3): the keys as a
 * compact JWE, and the policy in a box under one of them, so that issuing opens 123 bytes and not a policy of a
 * thousand names. Loop thread. */
#pragma once

#include "base/arena.h"
#include "crypto/aead.h"
#include "crypto/jwk.h"

enum {
    OFFLINE_KEY_BYTES = 32, /* of a content */
    OFFLINE_BOX_OVERHEAD = AEAD_NONCE_BYTES + AEAD_TAG_BYTES,
};

struct offline_seal {
    struct slice sealed_key; /* a compact JWE */
    struct slice policy_box; /* nonce, ciphertext, tag; bound to the JWE */
};

/* `publisher`: the RFC 7638 thumbprint of the key that signs what is sealed. */
rc offline_seal(struct arena *arena, const struct jwk_public *exchange, struct slice publisher,
                const struct secret *content_key, struct slice policy, struct offline_seal *out,
                struct err *err);
/* The content's key and the policy's. `mismatch` for what was not sealed by this publisher to this key: else
 * somebody with a certificate of their own could put their name on another's license, and own its content. */
rc offline_unseal(const struct jwk_private *exchange, struct slice publisher,
                  struct slice sealed_key, enum reason mismatch, struct secret **content_key,
                  struct secret **policy_key, struct err *err);
rc offline_unseal_policy(struct arena *arena, const struct secret *policy_key,
                         const struct offline_seal *seal, enum reason mismatch, struct slice *out,
                         struct err *err);
