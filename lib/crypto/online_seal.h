/* SPDX-License-Identifier: Apache-2.0 */
/* How the authority seals content key and policy under a tenant's sealing key (docs/formats.md §6.1): two boxes, each
 * nonce ‖ AES-256-GCM ‖ tag, the content key's first and bound to the policy's by its tag. To issue, only the first is
 * opened, so that a large policy is decrypted once. Loop thread. */
#pragma once

#include "base/arena.h"
#include "base/secret.h"
#include "crypto/aead.h"

enum {
    ONLINE_KEY_BYTES = 32, /* of a content */
    ONLINE_BOX_OVERHEAD = AEAD_NONCE_BYTES + AEAD_TAG_BYTES,
};

/* Under which key, and of what. Borrows. */
struct online_seal {
    const struct secret *sealing;
    struct slice content; /* its id */
    struct slice header;  /* the license's clear header, as it is sent */
};

rc online_seal(struct arena *arena, const struct online_seal *seal,
               const struct secret *content_key, struct slice policy, struct slice *out,
               struct err *err);
/* `policy` NULL: only the content key is opened. `mismatch` when anything of key, content, header or sealed bytes is another
 * one. */
rc online_unseal(struct arena *arena, const struct online_seal *seal, struct slice sealed,
                 enum reason mismatch, struct secret **content_key, struct slice *policy,
                 struct err *err);
