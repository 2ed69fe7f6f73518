/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/offline_seal.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/buf.h"
#include "base/mem.h"
#include "crypto/jwe.h"

/* Each with its NUL. */
static const char KEYS_DOMAIN[] = "chancery offline license 1";
static const char POLICY_DOMAIN[] = "chancery offline policy 1";

/* The JWE's text: domain, publisher, content key, policy key. */
enum {
    PUBLISHER_AT = sizeof KEYS_DOMAIN,
    CONTENT_KEY_AT = PUBLISHER_AT + JWK_THUMBPRINT_BYTES,
    POLICY_KEY_AT = CONTENT_KEY_AT + OFFLINE_KEY_BYTES,
    KEYS_BYTES = POLICY_KEY_AT + AEAD_KEY_BYTES,
};

static rc associated(struct arena *arena, struct slice sealed_key, struct slice *out,
                     struct err *err)
{
    struct buf buf;
    buf_init(&buf, arena);
    buf_add(&buf, slice_of(POLICY_DOMAIN, sizeof POLICY_DOMAIN));
    buf_add(&buf, sealed_key);
    return buf_finish(&buf, out, err);
}

static rc close_box(struct arena *arena, const struct secret *key, struct slice policy,
                    struct offline_seal *out, struct err *err)
{
    struct slice aad;
    size_t len = policy.len + OFFLINE_BOX_OVERHEAD;
    uint8_t *box = arena_alloc(arena, len);
    ARENA_ENSURE(box, err);
    TRY(associated(arena, out->sealed_key, &aad, err));
    ENSURE(RAND_bytes(box, AEAD_NONCE_BYTES) == 1, err, R_CRYPTO_FAILED);
    TRY(aead_seal(secret_use(key), box, aad, policy, box + AEAD_NONCE_BYTES,
                  box + len - AEAD_TAG_BYTES, err));
    out->policy_box = slice_of(box, len);
    return OK;
}

rc offline_seal(struct arena *arena, const struct jwk_public *exchange, struct slice publisher,
                const struct secret *content_key, struct slice policy, struct offline_seal *out,
                struct err *err)
{
    AUTO(secret_free_at) struct secret *keys = secret_new(KEYS_BYTES);
    AUTO(secret_free_at) struct secret *policy_key = secret_random(AEAD_KEY_BYTES);
    uint8_t *at = secret_bytes(keys);
    ENSURE(publisher.len == JWK_THUMBPRINT_BYTES && secret_len(content_key) == OFFLINE_KEY_BYTES,
           err, R_INTERNAL);
    memcpy(at, KEYS_DOMAIN, sizeof KEYS_DOMAIN);
    memcpy(at + PUBLISHER_AT, publisher.ptr, JWK_THUMBPRINT_BYTES);
    memcpy(at + CONTENT_KEY_AT, secret_use(content_key).ptr, OFFLINE_KEY_BYTES);
    memcpy(at + POLICY_KEY_AT, secret_use(policy_key).ptr, AEAD_KEY_BYTES);
    TRY(jwe_encrypt(arena, exchange, secret_use(keys), &out->sealed_key, err));
    return close_box(arena, policy_key, policy, out, err);
}

rc offline_unseal(const struct jwk_private *exchange, struct slice publisher,
                  struct slice sealed_key, enum reason mismatch, struct secret **content_key,
                  struct secret **policy_key, struct err *err)
{
    AUTO(secret_free_at) struct secret *keys = NULL;
    TRY(jwe_decrypt(exchange, sealed_key, mismatch, &keys, err));
    struct slice plain = secret_use(keys);
    ENSURE(plain.len == KEYS_BYTES && memcmp(plain.ptr, KEYS_DOMAIN, sizeof KEYS_DOMAIN) == 0, err,
           mismatch);
    ENSURE(publisher.len == JWK_THUMBPRINT_BYTES &&
               CRYPTO_memcmp(publisher.ptr, plain.ptr + PUBLISHER_AT, JWK_THUMBPRINT_BYTES) == 0,
           err, mismatch);
    *content_key = secret_copy(slice_cut(plain, CONTENT_KEY_AT, POLICY_KEY_AT));
    *policy_key = secret_copy(slice_cut(plain, POLICY_KEY_AT, KEYS_BYTES));
    return OK;
}

rc offline_unseal_policy(struct arena *arena, const struct secret *policy_key,
                         const struct offline_seal *seal, enum reason mismatch, struct slice *out,
                         struct err *err)
{
    struct slice aad, box = seal->policy_box;
    ENSURE(box.len > OFFLINE_BOX_OVERHEAD, err, mismatch);
    TRY(associated(arena, seal->sealed_key, &aad, err));
    size_t len = box.len - OFFLINE_BOX_OVERHEAD;
    uint8_t *policy = arena_alloc(arena, len + 1);
    ARENA_ENSURE(policy, err);
    TRY(aead_open(secret_use(policy_key), box.ptr, aad,
                  slice_cut(box, AEAD_NONCE_BYTES, box.len - AEAD_TAG_BYTES),
                  box.ptr + box.len - AEAD_TAG_BYTES, policy, mismatch, err));
    *out = slice_of(policy, len);
    return OK;
}
