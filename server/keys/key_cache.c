/* SPDX-License-Identifier: Apache-2.0 */
/* Tenant keys under a root key: nonce ‖ AES-256-GCM ‖ tag, bound by the associated data to what the
 * key is, so that a row can't be moved to another tenant, boundary, purpose or version. */
#include <openssl/rand.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "crypto/aead.h"
#include "keys/keys_internal.h"

static void add_ref(struct buf *buf, const struct keys_ref *ref)
{
    buf_add(buf, slice_of(ref->tenant.u.b, UUID_BYTES));
    buf_add_byte(buf, (uint8_t)ref->purpose);
    buf_add_u32(buf, ref->version);
}

static rc associated(struct arena *arena, const struct keys_ref *ref, struct slice *out,
                     struct err *err)
{
    struct buf buf;
    buf_init(&buf, arena);
    buf_add_str(&buf, "chancery tenant key 1");
    buf_add_byte(&buf, 0);
    buf_add_str(&buf, ref->boundary);
    buf_add_byte(&buf, 0);
    add_ref(&buf, ref);
    return buf_finish(&buf, out, err);
}

rc key_wrap_by(const struct root_key *root, struct arena *arena, const struct keys_ref *ref,
               const struct secret *key, struct slice *out, struct err *err)
{
    struct slice aad, plain = secret_use(key);
    size_t len = AEAD_NONCE_BYTES + plain.len + AEAD_TAG_BYTES;
    uint8_t *wrapped = arena_alloc(arena, len);
    ARENA_ENSURE(wrapped, err);
    TRY(associated(arena, ref, &aad, err));
    ENSURE(RAND_bytes(wrapped, AEAD_NONCE_BYTES) == 1, err, R_CRYPTO_FAILED);
    TRY(aead_seal(secret_use(root->secret), wrapped, aad, plain, wrapped + AEAD_NONCE_BYTES,
                  wrapped + len - AEAD_TAG_BYTES, err));
    *out = slice_of(wrapped, len);
    return OK;
}

rc key_wrap(struct keys_op *op, const struct keys_ref *ref, const struct secret *key,
            struct slice *out)
{
    const struct root_key *root = &op->keys->roots[op->keys->wraps];
    op->root_version = root->version;
    return key_wrap_by(root, op->arena, ref, key, out, &op->err);
}

bool key_open_by(const struct root_key *root, struct arena *arena, const struct keys_ref *ref,
                 struct secret **out)
{
    struct slice aad, w = ref->wrapped;
    if (w.len <= KEY_SEAL_BYTES || !associated(arena, ref, &aad, NULL).ok) {
        return false;
    }
    struct slice body = slice_cut(w, AEAD_NONCE_BYTES, w.len - AEAD_TAG_BYTES);
    AUTO(secret_free_at) struct secret *key = secret_new(body.len);
    if (!aead_open(secret_use(root->secret), w.ptr, aad, body, w.ptr + w.len - AEAD_TAG_BYTES,
                   secret_bytes(key), R_KEYS_UNAVAILABLE, NULL)
             .ok) {
        return false;
    }
    *out = key;
    key = NULL;
    return true;
}

/* Whatever a row says of its root key, it opens by the one that has wrapped it: a root key names nothing, and goes back with the database. */
rc key_decrypt(struct keys *keys, struct arena *arena, const struct keys_ref *ref,
               struct secret **out, struct err *err)
{
    for (size_t i = 0; i < keys->root_count; i++) {
        if (key_open_by(&keys->roots[(keys->wraps + i) % keys->root_count], arena, ref, out)) {
            return OK;
        }
    }
    FAIL(err, R_KEYS_UNAVAILABLE, "none of %zu root keys opens it", keys->root_count);
}

void unwrapped_free(void *value)
{
    struct unwrapped *key = value;
    secret_free(key->raw);
    jwk_private_free(key->private);
    xfree(key);
}

/* What the row says that it is. */
static rc cache_id(struct arena *arena, const struct keys_ref *ref, struct slice *out,
                   struct err *err)
{
    struct buf id;
    buf_init(&id, arena);
    add_ref(&id, ref);
    buf_add_str(&id, ref->boundary);
    return buf_finish(&id, out, err);
}

/* Which row it is: the nonce, which is random, and the tag. When the database goes back before a key was
 * made, the next one gets the same version. */
static void read_seal(struct slice wrapped, uint8_t out[KEY_SEAL_BYTES])
{
    memcpy(out, wrapped.ptr, AEAD_NONCE_BYTES);
    memcpy(out + AEAD_NONCE_BYTES, wrapped.ptr + wrapped.len - AEAD_TAG_BYTES, AEAD_TAG_BYTES);
}

rc key_unwrap(struct keys *keys, const struct keys_ref *ref, const struct unwrapped **out,
              struct err *err)
{
    AUTO(arena_free_at) struct arena *arena = arena_new_small(1024);
    struct slice key;
    uint8_t seal[KEY_SEAL_BYTES];
    ENSURE(ref->wrapped.len > sizeof seal, err, R_KEYS_UNAVAILABLE);
    read_seal(ref->wrapped, seal);
    TRY(cache_id(arena, ref, &key, err));
    *out = hashmap_get(keys->cache, key);
    if (*out != NULL && memcmp((*out)->seal, seal, sizeof seal) == 0) {
        return OK;
    }
    AUTO(secret_free_at) struct secret *raw = NULL;
    struct jwk_private *private = NULL;
    TRY(key_decrypt(keys, arena, ref, &raw, err));
    if (ref->purpose != KEY_SEALING) {
        TRY(jwk_private_import(raw, &private, err));
    }
    struct unwrapped *unwrapped = xcalloc(1, sizeof *unwrapped);
    memcpy(unwrapped->seal, seal, sizeof seal);
    unwrapped->private = private;
    if (private == NULL) {
        unwrapped->raw = raw;
        raw = NULL;
    }
    hashmap_put_owned(keys->cache, key, unwrapped, ref->tenant.u, sizeof *unwrapped);
    *out = unwrapped;
    return OK;
}

void keys_forget(struct keys *keys, const struct keys_ref *ref)
{
    AUTO(arena_free_at) struct arena *arena = arena_new_small(1024);
    struct slice key;
    if (cache_id(arena, ref, &key, NULL).ok) {
        (void)hashmap_remove(keys->cache, key);
    }
}
