/* SPDX-License-Identifier: Apache-2.0 */
/* What the custodian does, in process. Each operation works at once and reports through the loop, as a
 * custodian process would. */
#include <openssl/rand.h>

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/aead.h"
#include "crypto/jwe.h"
#include "crypto/jws.h"
#include "crypto/kdf.h"
#include "keys/keys_internal.h"
#include "obs/metrics.h"

static const char SEAL_INFO[] = "chancery publishing license 1";
static const char LICENSE_TYPE[] = "use-license+jwt";

static void report(struct keys_op *op, const char *operation, rc result)
{
    const char *reason = result.ok ? "OK" : reason_info(op->err.reason)->name;
    metric_add(M_KEY_OPERATIONS, operation, reason, 1);
    loop_defer(op->keys->loop, &op->finish);
}

/* --- a key set --------------------------------------------------------------------------------- */

static rc new_private(struct keys_op *op, struct secret **out, const char **jwk_out,
                      const char *use, const char *alg)
{
    struct jwk_private *private = NULL;
    enum jwk_kind kind = op->suite == KEYS_P384 ? JWK_EC_P384 : JWK_EC_P256;
    TRY(jwk_private_generate(kind, &private, &op->err));
    rc exported = jwk_private_export(private, out, &op->err);
    *jwk_out = jwk_public_json(op->arena, jwk_private_public(private), use, alg);
    jwk_private_free(private);
    TRY(exported);
    ARENA_ENSURE(*jwk_out, &op->err);
    return OK;
}

static rc new_key(struct keys_op *op, enum keys_purpose purpose, size_t index)
{
    AUTO(secret_free_at) struct secret *key = NULL;
    struct keys_ref ref = {op->tenant, op->boundary, purpose, 1, SLICE_NONE};
    const char *signing_alg = op->suite == KEYS_P384 ? "ES384" : "ES256";
    op->set[index].purpose = purpose;
    op->set[index].public_jwk = "";
    if (purpose == KEYS_SEALING) {
        key = secret_random(AEAD_KEY_BYTES);
    } else if (purpose == KEYS_SIGNING) {
        TRY(new_private(op, &key, &op->set[index].public_jwk, "sig", signing_alg));
    } else {
        TRY(new_private(op, &key, &op->set[index].public_jwk, "enc", "ECDH-ES+A256KW"));
    }
    return key_wrap(op->keys, op->arena, &ref, key, &op->set[index].wrapped, &op->err);
}

static rc create_set(struct keys_op *op)
{
    TRY(new_key(op, KEYS_SEALING, 0));
    TRY(new_key(op, KEYS_EXCHANGE, 1));
    return new_key(op, KEYS_SIGNING, 2);
}

void keys_create_set(struct keys_op *op)
{
    report(op, "create_set", create_set(op));
}

/* --- publishing licenses ----------------------------------------------------------------------- */

/* A key of its own per content, so that nonces of different contents can't meet. */
static rc content_sealing_key(struct keys_op *op, struct secret **out)
{
    const struct unwrapped *sealing;
    TRY(key_unwrap(op->keys, &op->sealing, &sealing, &op->err));
    *out = secret_new(AEAD_KEY_BYTES);
    return kdf_hkdf_sha256(secret_use(sealing->raw), slice_of(op->content.u.b, UUID_BYTES),
                           slice_str(SEAL_INFO), secret_bytes(*out), AEAD_KEY_BYTES, &op->err);
}

/* A client's key, parsed and checked once; lends until the next call. */
static rc client_key(struct keys *keys, struct slice client_jwk, const struct jwk_public **out,
                     struct err *err)
{
    struct jwk_public *key = hashmap_get(keys->clients, client_jwk);
    if (key == NULL) {
        TRY(jwk_public_parse(client_jwk, R_CLIENT_KEY_INVALID, &key, err));
        hashmap_put(keys->clients, client_jwk, key);
    }
    ENSURE(jwk_may_wrap(key), err, R_CLIENT_KEY_INVALID);
    *out = key;
    return OK;
}

rc keys_check_client_jwk(struct keys *keys, struct slice client_jwk, struct err *err)
{
    const struct jwk_public *key;
    return client_key(keys, client_jwk, &key, err);
}

static rc seal(struct keys_op *op)
{
    const struct jwk_public *client;
    AUTO(secret_free_at) struct secret *key = NULL;
    AUTO(secret_free_at) struct secret *plain = secret_new(CONTENT_KEY_BYTES + op->policy.len);
    size_t len = AEAD_NONCE_BYTES + secret_len(plain) + AEAD_TAG_BYTES;
    uint8_t *sealed = arena_alloc(op->arena, len);
    ARENA_ENSURE(sealed, &op->err);
    TRY(client_key(op->keys, op->client_jwk, &client, &op->err));
    TRY(content_sealing_key(op, &key));
    ENSURE(RAND_priv_bytes(secret_bytes(plain), CONTENT_KEY_BYTES) == 1, &op->err, R_CRYPTO_FAILED);
    memcpy(secret_bytes(plain) + CONTENT_KEY_BYTES, op->policy.ptr, op->policy.len);
    ENSURE(RAND_bytes(sealed, AEAD_NONCE_BYTES) == 1, &op->err, R_CRYPTO_FAILED);
    TRY(aead_seal(secret_use(key), sealed, op->header, secret_use(plain), sealed + AEAD_NONCE_BYTES,
                  sealed + len - AEAD_TAG_BYTES, &op->err));
    op->sealed = slice_of(sealed, len);
    return jwe_encrypt(op->arena, client, slice_cut(secret_use(plain), 0, CONTENT_KEY_BYTES),
                       &op->wrapped_content_key, &op->err);
}

void keys_seal(struct keys_op *op)
{
    report(op, "seal", seal(op));
}

/* Content key and policy; R_LICENSE_FORGED when the seal or the clear header does not hold. */
static rc unseal(struct keys_op *op, struct secret **out)
{
    AUTO(secret_free_at) struct secret *key = NULL;
    struct slice s = op->sealed;
    ENSURE(s.len >= AEAD_NONCE_BYTES + CONTENT_KEY_BYTES + AEAD_TAG_BYTES, &op->err,
           R_LICENSE_FORGED);
    TRY(content_sealing_key(op, &key));
    struct slice body = slice_cut(s, AEAD_NONCE_BYTES, s.len - AEAD_TAG_BYTES);
    *out = secret_new(body.len);
    return aead_open(secret_use(key), s.ptr, op->header, body, s.ptr + s.len - AEAD_TAG_BYTES,
                     secret_bytes(*out), R_LICENSE_FORGED, &op->err);
}

static rc open_policy(struct keys_op *op)
{
    AUTO(secret_free_at) struct secret *plain = NULL;
    TRY(unseal(op, &plain));
    struct slice bytes = secret_use(plain);
    return arena_dup_slice(op->arena, slice_cut(bytes, CONTENT_KEY_BYTES, bytes.len), &op->policy,
                           &op->err);
}

void keys_open_policy(struct keys_op *op)
{
    report(op, "open_policy", open_policy(op));
}

/* --- use licenses ------------------------------------------------------------------------------ */

/* The three claims that bind the license to this content, this client key and its content key. They are
 * added here, so that nobody outside can sign a license that says otherwise. */
static rc complete_claims(struct keys_op *op, const struct jwk_public *client, struct slice wrapped,
                          struct slice *out)
{
    struct buf json;
    char content[UUID_TEXT_BYTES];
    char *thumbprint = base64url_dup(op->arena, jwk_thumbprint(client));
    ARENA_ENSURE(thumbprint, &op->err);
    CH_ASSERT(op->claims.len > 2 && op->claims.ptr[op->claims.len - 1] == '}');
    uuid_format(op->content.u, content);
    buf_init(&json, op->arena);
    buf_add(&json, slice_cut(op->claims, 0, op->claims.len - 1));
    buf_printf(&json, ",\"cid\":\"%s\",\"cnf\":{\"jkt\":\"%s\"},\"key\":\"", content, thumbprint);
    buf_add(&json, wrapped);
    buf_add_str(&json, "\"}");
    return buf_finish(&json, out, &op->err);
}

static rc issue(struct keys_op *op)
{
    const struct jwk_public *client;
    AUTO(secret_free_at) struct secret *plain = NULL;
    const struct unwrapped *signing;
    struct slice wrapped, payload;
    TRY(client_key(op->keys, op->client_jwk, &client, &op->err));
    TRY(unseal(op, &plain));
    TRY(jwe_encrypt(op->arena, client, slice_cut(secret_use(plain), 0, CONTENT_KEY_BYTES), &wrapped,
                    &op->err));
    TRY(complete_claims(op, client, wrapped, &payload));
    TRY(key_unwrap(op->keys, &op->signing, &signing, &op->err));
    return jws_sign(op->arena, signing->private, LICENSE_TYPE, payload, &op->use_license, &op->err);
}

void keys_issue(struct keys_op *op)
{
    report(op, "issue", issue(op));
}
