/* SPDX-License-Identifier: Apache-2.0 */
/* What the custodian does, in process. Each operation works at once and reports through the loop, as a
 * custodian process would. */
#include "base/buf.h"
#include "base/encode.h"
#include "crypto/aead.h"
#include "crypto/jwe.h"
#include "crypto/jws.h"
#include "crypto/kdf.h"
#include "crypto/online_seal.h"
#include "keys/keys_internal.h"
#include "obs/metrics.h"

static const char CONTENT_INFO[] = "chancery content key 1";
static const char LICENSE_TYPE[] = "use-license+jwt";

void keys_report(struct keys_op *op, const char *operation, rc result)
{
    const char *reason = result.ok ? "OK" : reason_info(op->err.reason)->name;
    metric_add(M_KEY_OPERATIONS, operation, reason, 1);
    loop_defer(op->keys->loop, &op->finish);
}

/* --- a key set --------------------------------------------------------------------------------- */

const char *key_public_text(struct keys_op *op, enum key_purpose purpose,
                            const struct jwk_public *key)
{
    const char *signing_alg = op->suite == KEYS_P384 ? "ES384" : "ES256";
    return purpose == KEY_SIGNING ? jwk_public_json(op->arena, key, "sig", signing_alg)
                                  : jwk_public_json(op->arena, key, "enc", "ECDH-ES+A256KW");
}

static rc new_private(struct keys_op *op, enum key_purpose purpose, struct secret **out,
                      const char **jwk_out)
{
    struct jwk_private *private = NULL;
    enum jwk_kind kind = op->suite == KEYS_P384 ? JWK_EC_P384 : JWK_EC_P256;
    TRY(jwk_private_generate(kind, &private, &op->err));
    rc exported = jwk_private_export(private, out, &op->err);
    *jwk_out = key_public_text(op, purpose, jwk_private_public(private));
    jwk_private_free(private);
    TRY(exported);
    ARENA_ENSURE(*jwk_out, &op->err);
    return OK;
}

static rc new_key(struct keys_op *op, enum key_purpose purpose, uint32_t version, size_t index)
{
    AUTO(secret_free_at) struct secret *key = NULL;
    struct keys_ref ref = {op->tenant, op->boundary, purpose, version, SLICE_NONE};
    op->set[index].purpose = purpose;
    op->set[index].public_jwk = "";
    if (purpose == KEY_SEALING) {
        key = secret_random(AEAD_KEY_BYTES);
    } else {
        TRY(new_private(op, purpose, &key, &op->set[index].public_jwk));
    }
    return key_wrap(op, &ref, key, &op->set[index].wrapped);
}

static rc create_set(struct keys_op *op)
{
    TRY(new_key(op, KEY_SEALING, 1, 0));
    TRY(new_key(op, KEY_EXCHANGE, 1, 1));
    return new_key(op, KEY_SIGNING, 1, 2);
}

void keys_create_set(struct keys_op *op)
{
    keys_report(op, "create_set", create_set(op));
}

void keys_create_version(struct keys_op *op)
{
    keys_report(op, "create_version", new_key(op, op->set[0].purpose, op->version, 0));
}

/* --- publishing licenses ----------------------------------------------------------------------- */

/* Derive 32 bytes for this content from a sealing key. */
static rc derive(struct keys_op *op, const struct keys_ref *from, struct slice info,
                 struct secret **out)
{
    const struct unwrapped *sealing;
    TRY(key_unwrap(op->keys, from, &sealing, &op->err));
    *out = secret_new(AEAD_KEY_BYTES);
    return kdf_hkdf_sha256(secret_use(sealing->raw), slice_of(op->content.u.b, UUID_BYTES), info,
                           secret_bytes(*out), AEAD_KEY_BYTES, &op->err);
}

/* The seal of the operation's license. */
static rc seal_of(struct keys_op *op, struct online_seal *out)
{
    const struct unwrapped *sealing;
    TRY(key_unwrap(op->keys, &op->sealing, &sealing, &op->err));
    *out = (struct online_seal){.sealing = sealing->raw,
                                .content = slice_of(op->content.u.b, UUID_BYTES),
                                .header = op->header};
    return OK;
}

/* Random; or the same one again for the same request, without being stored anywhere. */
static rc make_content_key(struct keys_op *op, struct secret **out)
{
    struct slice info;
    struct buf buf;
    _Static_assert((int)CONTENT_KEY_BYTES == (int)AEAD_KEY_BYTES, "derive");
    if (op->request_hash.len == 0) {
        *out = secret_random(CONTENT_KEY_BYTES);
        return OK;
    }
    buf_init(&buf, op->arena);
    buf_add(&buf, slice_of(CONTENT_INFO, sizeof CONTENT_INFO)); /* with its NUL */
    buf_add(&buf, op->request_hash);
    TRY(buf_finish(&buf, &info, &op->err));
    return derive(op, &op->deriving, info, out);
}

/* Seal a content key with the policy, and wrap it to the client's key. */
static rc seal_key(struct keys_op *op, const struct secret *content_key)
{
    struct online_seal seal;
    TRY(seal_of(op, &seal));
    TRY(online_seal(op->arena, &seal, content_key, op->policy, &op->sealed, &op->err));
    TRY(jwe_encrypt(op->arena, op->client->key, secret_use(content_key), &op->wrapped_content_key,
                    &op->err));
    client_key_remember(op->keys, op->client, op->sealing.tenant);
    return OK;
}

static rc seal(struct keys_op *op)
{
    AUTO(secret_free_at) struct secret *content_key = NULL;
    TRY(make_content_key(op, &content_key));
    return seal_key(op, content_key);
}

void keys_seal(struct keys_op *op)
{
    keys_report(op, "seal", seal(op));
}

/* The content key of a license, whoever has made it. R_LICENSE_FORGED. */
static rc open_key(struct keys_op *op, struct secret **out)
{
    struct online_seal seal;
    if (op->publisher.len > 0) {
        return offline_open_key(op, out);
    }
    TRY(seal_of(op, &seal));
    return online_unseal(op->arena, &seal, op->sealed, R_LICENSE_FORGED, out, NULL, &op->err);
}

static rc reseal(struct keys_op *op)
{
    AUTO(secret_free_at) struct secret *content_key = NULL;
    TRY(open_key(op, &content_key));
    op->sealing = op->resealing;
    op->header = op->new_header;
    return seal_key(op, content_key);
}

void keys_reseal(struct keys_op *op)
{
    keys_report(op, "reseal", reseal(op));
}

/* Both boxes are checked: what the gate records must not fail when it is issued. */
static rc open_policy(struct keys_op *op)
{
    AUTO(secret_free_at) struct secret *content_key = NULL;
    struct online_seal seal;
    TRY(seal_of(op, &seal));
    return online_unseal(op->arena, &seal, op->sealed, R_LICENSE_FORGED, &content_key, &op->policy,
                         &op->err);
}

void keys_open_policy(struct keys_op *op)
{
    keys_report(op, "open_policy",
                op->publisher.len > 0 ? offline_open_policy(op) : open_policy(op));
}

/* --- use licenses ------------------------------------------------------------------------------ */

/* What the claims that are added take, beside the wrapped key. */
enum { BINDING_BYTES = 160 };

/* The three claims that bind the license to this content, this client key and its content key. They are
 * added here, so that nobody outside can sign a license that says otherwise. */
static rc complete_claims(struct keys_op *op, struct slice wrapped, struct slice *out)
{
    struct buf json;
    char content[UUID_TEXT_BYTES];
    char *thumbprint = base64url_dup(op->arena, jwk_thumbprint(op->client->key));
    ARENA_ENSURE(thumbprint, &op->err);
    CH_ASSERT(op->claims.len > 2 && op->claims.ptr[op->claims.len - 1] == '}');
    uuid_format(op->content.u, content);
    buf_init(&json, op->arena);
    buf_expect(&json, op->claims.len + wrapped.len + BINDING_BYTES);
    buf_add(&json, slice_cut(op->claims, 0, op->claims.len - 1));
    buf_printf(&json, ",\"cid\":\"%s\",\"cnf\":{\"jkt\":\"%s\"},\"key\":\"", content, thumbprint);
    buf_add(&json, wrapped);
    buf_add_str(&json, "\"}");
    return buf_finish(&json, out, &op->err);
}

/* A content key that is used more than once, and of what it is. */
struct opened_content {
    struct tenant_id tenant;
    struct content_id content;
    struct slice header, sealed;
    struct secret *key;
};

static rc open_content(struct keys_op *op)
{
    AUTO(secret_free_at) struct secret *key = NULL;
    struct opened_content *opened = ARENA_NEW(op->arena, struct opened_content);
    ARENA_ENSURE(opened, &op->err);
    TRY(open_key(op, &key));
    *opened = (struct opened_content){.tenant = op->sealing.tenant,
                                      .content = op->content,
                                      .header = op->header,
                                      .sealed = op->sealed,
                                      .key = key};
    key = NULL;
    TRY(arena_on_free(op->arena, secret_free, opened->key, &op->err));
    op->content_opened = opened;
    return OK;
}

void keys_open_content(struct keys_op *op)
{
    keys_report(op, "open_content", open_content(op));
}

static bool are_the_same(struct slice a, struct slice b)
{
    return a.ptr == b.ptr && a.len == b.len;
}

/* Nothing of one license is ever issued by another's key. */
static bool is_opened(const struct keys_op *op)
{
    const struct opened_content *opened = op->opened;
    return opened != NULL && ID_EQ(opened->tenant, op->sealing.tenant) &&
           ID_EQ(opened->content, op->content) && are_the_same(opened->header, op->header) &&
           are_the_same(opened->sealed, op->sealed);
}

static rc wrap_key(struct keys_op *op, struct slice *wrapped)
{
    AUTO(secret_free_at) struct secret *content_key = NULL;
    if (is_opened(op)) {
        return jwe_encrypt(op->arena, op->client->key, secret_use(op->opened->key), wrapped,
                           &op->err);
    }
    TRY(open_key(op, &content_key));
    return jwe_encrypt(op->arena, op->client->key, secret_use(content_key), wrapped, &op->err);
}

static rc issue(struct keys_op *op)
{
    const struct unwrapped *signing;
    struct slice wrapped, payload;
    TRY(wrap_key(op, &wrapped));
    TRY(complete_claims(op, wrapped, &payload));
    TRY(key_unwrap(op->keys, &op->signing, &signing, &op->err));
    TRY(jws_sign(op->arena, signing->private, LICENSE_TYPE, payload, &op->use_license, &op->err));
    client_key_remember(op->keys, op->client, op->sealing.tenant);
    return OK;
}

void keys_issue(struct keys_op *op)
{
    keys_report(op, "issue", issue(op));
}
