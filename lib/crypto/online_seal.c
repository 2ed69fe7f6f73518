/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/online_seal.h"

#include <string.h>

#include <openssl/rand.h>

#include "base/buf.h"
#include "crypto/kdf.h"

static const char SEAL_INFO[] = "chancery publishing license 1";

enum { KEY_BOX_BYTES = ONLINE_KEY_BYTES + ONLINE_BOX_OVERHEAD };

/* A key of its own per content, so that nonces of different contents can't meet. */
static rc derive(const struct online_seal *seal, struct secret **out, struct err *err)
{
    *out = secret_new(AEAD_KEY_BYTES);
    return kdf_hkdf_sha256(secret_use(seal->sealing), seal->content, slice_str(SEAL_INFO),
                           secret_bytes(*out), AEAD_KEY_BYTES, err);
}

/* What a box is bound to: which of the two it is, the clear header, and for the content key the policy's tag, so that
 * the two stay together. */
static rc associated(struct arena *arena, const char *which, struct slice tag, struct slice header,
                     struct slice *out, struct err *err)
{
    struct buf buf;
    buf_init(&buf, arena);
    buf_add(&buf, slice_of(which, strlen(which) + 1));
    buf_add(&buf, tag);
    buf_add(&buf, header);
    return buf_finish(&buf, out, err);
}

static rc policy_associated(struct arena *arena, const struct online_seal *seal, struct slice *out,
                            struct err *err)
{
    return associated(arena, "policy", SLICE_NONE, seal->header, out, err);
}

static rc key_associated(struct arena *arena, const struct online_seal *seal,
                         struct slice policy_box, struct slice *out, struct err *err)
{
    struct slice tag = slice_cut(policy_box, policy_box.len - AEAD_TAG_BYTES, policy_box.len);
    return associated(arena, "content key", tag, seal->header, out, err);
}

static rc close_box(const struct secret *key, struct slice aad, struct slice plain, uint8_t *out,
                    struct err *err)
{
    uint8_t *cipher = out + AEAD_NONCE_BYTES;
    ENSURE(RAND_bytes(out, AEAD_NONCE_BYTES) == 1, err, R_CRYPTO_FAILED);
    return aead_seal(secret_use(key), out, aad, plain, cipher, cipher + plain.len, err);
}

/* Into `out`, which is ONLINE_BOX_OVERHEAD shorter than the box. */
static rc open_box(const struct secret *key, struct slice aad, struct slice box,
                   enum reason mismatch, uint8_t *out, struct err *err)
{
    struct slice cipher = slice_cut(box, AEAD_NONCE_BYTES, box.len - AEAD_TAG_BYTES);
    return aead_open(secret_use(key), box.ptr, aad, cipher, cipher.ptr + cipher.len, out, mismatch,
                     err);
}

rc online_seal(struct arena *arena, const struct online_seal *seal,
               const struct secret *content_key, struct slice policy, struct slice *out,
               struct err *err)
{
    AUTO(secret_free_at) struct secret *key = NULL;
    struct slice aad;
    size_t len = KEY_BOX_BYTES + policy.len + ONLINE_BOX_OVERHEAD;
    uint8_t *sealed = arena_alloc(arena, len);
    ARENA_ENSURE(sealed, err);
    ENSURE(secret_len(content_key) == ONLINE_KEY_BYTES, err, R_INTERNAL);
    TRY(derive(seal, &key, err));
    TRY(policy_associated(arena, seal, &aad, err));
    TRY(close_box(key, aad, policy, sealed + KEY_BOX_BYTES, err));
    TRY(key_associated(arena, seal, slice_of(sealed + KEY_BOX_BYTES, len - KEY_BOX_BYTES), &aad,
                       err));
    TRY(close_box(key, aad, secret_use(content_key), sealed, err));
    *out = slice_of(sealed, len);
    return OK;
}

static rc open_policy(struct arena *arena, const struct online_seal *seal, const struct secret *key,
                      struct slice box, enum reason mismatch, struct slice *out, struct err *err)
{
    struct slice aad;
    uint8_t *policy = arena_alloc(arena, box.len - ONLINE_BOX_OVERHEAD + 1);
    ARENA_ENSURE(policy, err);
    TRY(policy_associated(arena, seal, &aad, err));
    TRY(open_box(key, aad, box, mismatch, policy, err));
    *out = slice_of(policy, box.len - ONLINE_BOX_OVERHEAD);
    return OK;
}

rc online_unseal(struct arena *arena, const struct online_seal *seal, struct slice sealed,
                 enum reason mismatch, struct secret **content_key, struct slice *policy,
                 struct err *err)
{
    AUTO(secret_free_at) struct secret *key = NULL;
    AUTO(secret_free_at) struct secret *opened = NULL;
    struct slice aad;
    ENSURE(sealed.len >= KEY_BOX_BYTES + ONLINE_BOX_OVERHEAD, err, mismatch);
    struct slice policy_box = slice_cut(sealed, KEY_BOX_BYTES, sealed.len);
    TRY(derive(seal, &key, err));
    TRY(key_associated(arena, seal, policy_box, &aad, err));
    opened = secret_new(ONLINE_KEY_BYTES);
    TRY(open_box(key, aad, slice_cut(sealed, 0, KEY_BOX_BYTES), mismatch, secret_bytes(opened),
                 err));
    if (policy != NULL) {
        TRY(open_policy(arena, seal, key, policy_box, mismatch, policy, err));
    }
    *content_key = opened;
    opened = NULL;
    return OK;
}
