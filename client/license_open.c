/* SPDX-License-Identifier: Apache-2.0 */
#include "client/license_open.h"

#include <string.h>

#include "base/encode.h"
#include "crypto/json.h"
#include "crypto/jwe.h"
#include "crypto/jws.h"
#include "wire/license_issuer.h"
#include "wire/publishing_license.h"

enum { CLAIMS_MAX = 64 * 1024 };

static void jwks_free_at(struct jwks **set)
{
    jwks_free(*set);
}

/* --- checks ----------------------------------------------------------------------------------- */

static rc verify_signature(const struct jws *jws, struct slice key_set, struct err *err)
{
    AUTO(jwks_free_at) struct jwks *set = NULL;
    TRY(jwks_parse(key_set, R_ISSUER_KEYS_INVALID, &set, err));
    const struct jwk_public *key = jwks_find(set, jws->kid, jws->alg);
    ENSURE(key != NULL, err, R_TOKEN_KEY_UNKNOWN);
    return jws_verify(jws, key, R_TOKEN_SIGNATURE, err);
}

static rc check_text(const json_t *claims, const char *name, const char *expected, struct err *err)
{
    struct slice text;
    TRY(json_need_text(claims, name, R_TOKEN_CLAIM_INVALID, &text, err));
    if (!slice_eq_str(text, expected)) {
        FAIL(err, R_TOKEN_CLAIM_INVALID, "%s is not what was asked for", name);
    }
    return OK;
}

/* The authority has an address for each boundary, so what stands before the tenant may differ from
 * where the license came from. */
static rc check_issuer(struct arena *arena, const json_t *claims, struct tenant_id tenant,
                       struct err *err)
{
    struct slice iss;
    const char *end = license_issuer(arena, "", tenant);
    ARENA_ENSURE(end, err);
    size_t len = strlen(end);
    TRY(json_need_text(claims, "iss", R_TOKEN_CLAIM_INVALID, &iss, err));
    if (iss.len <= len || !slice_eq_str(slice_cut(iss, iss.len - len, iss.len), end)) {
        FAIL(err, R_TOKEN_CLAIM_INVALID, "iss is not the content's tenant");
    }
    return OK;
}

static rc check_claims(struct arena *arena, const json_t *claims,
                       const struct license_header *header, const struct jwk_private *key,
                       struct err *err)
{
    char content[UUID_TEXT_BYTES], tenant[UUID_TEXT_BYTES];
    const json_t *confirmation = json_object_get(claims, "cnf");
    const char *own = base64url_dup(arena, jwk_thumbprint(jwk_private_public(key)));
    ARENA_ENSURE(own, err);
    uuid_format(header->content.u, content);
    uuid_format(header->tenant.u, tenant);
    TRY(check_issuer(arena, claims, header->tenant, err));
    TRY(check_text(claims, "tid", tenant, err));
    TRY(check_text(claims, "cid", content, err));
    ENSURE(json_is_object(confirmation), err, R_TOKEN_CLAIM_INVALID);
    return check_text(confirmation, "jkt", own, err);
}

/* --- opening ---------------------------------------------------------------------------------- */

rc license_open_with(struct arena *arena, const struct license_wanted *wanted, struct slice key_set,
                     struct secret **key, struct err *err)
{
    struct jws jws;
    json_t *claims;
    struct slice wrapped;
    struct publishing_license published;
    TRY(publishing_license_parse(arena, wanted->publishing_license, &published, err));
    TRY(jws_parse(arena, wanted->text, R_TOKEN_MALFORMED, &jws, err));
    ENSURE(slice_eq_str(jws.typ, "use-license+jwt"), err, R_TOKEN_TYPE);
    TRY(verify_signature(&jws, key_set, err));
    TRY(json_parse_object(arena, jws.payload, CLAIMS_MAX, R_TOKEN_MALFORMED, &claims, err));
    TRY(check_claims(arena, claims, &published.header, wanted->key, err));
    TRY(json_need_text(claims, "key", R_TOKEN_CLAIM_INVALID, &wrapped, err));
    return jwe_decrypt(wanted->key, wrapped, R_CRYPTO_FAILED, key, err);
}

/* The keys are those of the content's tenant, not of whomever the license names. */
rc license_open(struct client *client, struct arena *arena, const struct license_wanted *wanted,
                struct secret **key, struct err *err)
{
    struct slice key_set;
    struct publishing_license published;
    TRY(publishing_license_parse(arena, wanted->publishing_license, &published, err));
    const char *path = license_issuer_keys_path(arena, published.header.tenant);
    ARENA_ENSURE(path, err);
    ENSURE(client_get(client, arena, path, &key_set) == 200, err, R_ISSUER_UNREACHABLE);
    return license_open_with(arena, wanted, key_set, key, err);
}
