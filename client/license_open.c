/* SPDX-License-Identifier: Apache-2.0 */
#include "client/license_open.h"

#include <string.h>

#include "base/encode.h"
#include "crypto/json.h"
#include "crypto/jwe.h"
#include "crypto/jws.h"
#include "wire/license_issuer.h"
#include "wire/publishing_license.h"

enum {
    CLAIMS_MAX = 64 * 1024,
    METADATA_MAX = 64 * 1024,
    /* How far this machine's clock may be behind. `nbf` is a minute earlier than the license. */
    CLOCK_BEHIND_S = 240,
};

static void jwks_free_at(struct jwks **set)
{
    jwks_free(*set);
}

/* --- checks ----------------------------------------------------------------------------------- */

static rc is_not_ours(const char *what, struct err *err)
{
    FAIL(err, R_USE_LICENSE_INVALID, "its `%s` is not what was asked for", what);
}

static rc verify_signature(const struct jws *jws, struct slice key_set, struct err *err)
{
    AUTO(jwks_free_at) struct jwks *set = NULL;
    if (!jwks_parse(key_set, R_ISSUER_KEYS_INVALID, &set, NULL).ok) {
        FAIL(err, R_AUTHORITY_UNREACHABLE, "the tenant's keys are no JWK set");
    }
    const struct jwk_public *key = jwks_find(set, jws->kid, jws->alg);
    if (key == NULL || !jws_verify(jws, key, R_TOKEN_SIGNATURE, NULL).ok) {
        FAIL(err, R_USE_LICENSE_INVALID, "no key of the content's tenant has signed it");
    }
    return OK;
}

static rc need_text(const json_t *claims, const char *name, struct slice *out, struct err *err)
{
    return json_need_text(claims, name, R_USE_LICENSE_INVALID, out, NULL).ok
               ? OK
               : is_not_ours(name, err);
}

static rc check_text(const json_t *claims, const char *name, const char *expected, struct err *err)
{
    struct slice text;
    TRY(need_text(claims, name, &text, err));
    return slice_eq_str(text, expected) ? OK : is_not_ours(name, err);
}

/* RFC 7519 §4.1.4 and §4.1.5. */
static rc check_time(const json_t *claims, struct unix_time now, struct err *err)
{
    const json_t *ends = json_object_get(claims, "exp"), *begins = json_object_get(claims, "nbf");
    if (!json_is_integer(ends) || (begins != NULL && !json_is_integer(begins))) {
        return is_not_ours(json_is_integer(ends) ? "nbf" : "exp", err);
    }
    if (now.s >= json_integer_value(ends)) {
        FAIL(err, R_USE_LICENSE_EXPIRED, "it has ended");
    }
    if (begins != NULL && now.s < json_integer_value(begins) - CLOCK_BEHIND_S) {
        FAIL(err, R_USE_LICENSE_EXPIRED, "it has not begun");
    }
    return OK;
}

static rc check_claims(struct arena *arena, const json_t *claims,
                       const struct license_wanted *wanted, const struct license_header *header,
                       struct err *err)
{
    char content[UUID_TEXT_BYTES], tenant[UUID_TEXT_BYTES];
    const json_t *confirmation = json_object_get(claims, "cnf");
    const char *own = base64url_dup(arena, jwk_thumbprint(jwk_private_public(wanted->key)));
    ARENA_ENSURE(own, err);
    uuid_format(header->content.u, content);
    uuid_format(header->tenant.u, tenant);
    TRY(check_text(claims, "iss", wanted->issuer, err));
    TRY(check_text(claims, "tid", tenant, err));
    TRY(check_text(claims, "cid", content, err));
    if (!json_is_object(confirmation)) {
        return is_not_ours("cnf", err);
    }
    TRY(check_text(confirmation, "jkt", own, err));
    return check_time(claims, wanted->now, err);
}

/* --- opening ---------------------------------------------------------------------------------- */

static rc read_claims(struct arena *arena, struct slice text, struct jws *jws, json_t **claims,
                      struct err *err)
{
    if (!jws_parse(arena, text, R_USE_LICENSE_INVALID, jws, NULL).ok ||
        !slice_eq_str(jws->typ, "use-license+jwt") ||
        !json_parse_object(arena, jws->payload, CLAIMS_MAX, R_USE_LICENSE_INVALID, claims, NULL)
             .ok) {
        FAIL(err, R_USE_LICENSE_INVALID, "it is no use license");
    }
    return OK;
}

static rc read_published(struct arena *arena, struct slice bytes, struct publishing_license *out,
                         struct err *err)
{
    if (!publishing_license_parse(arena, bytes, out, NULL).ok) {
        FAIL(err, R_INPUT_NOT_PROTECTED, "the publishing license is incomplete or damaged");
    }
    return OK;
}

rc license_open_with(struct arena *arena, const struct license_wanted *wanted, struct slice key_set,
                     struct secret **key, const char **reader, struct err *err)
{
    struct jws jws;
    json_t *claims;
    struct slice wrapped, subject = SLICE_NONE;
    struct publishing_license published;
    TRY(read_published(arena, wanted->publishing_license, &published, err));
    TRY(read_claims(arena, wanted->text, &jws, &claims, err));
    TRY(verify_signature(&jws, key_set, err));
    TRY(check_claims(arena, claims, wanted, &published.header, err));
    TRY(need_text(claims, "key", &wrapped, err));
    if (json_object_get(claims, "sub") != NULL) {
        TRY(need_text(claims, "sub", &subject, err));
    }
    *reader = arena_dup(arena, subject);
    ARENA_ENSURE(*reader, err);
    return jwe_decrypt(wanted->key, wrapped, R_CRYPTO_FAILED, key, NULL).ok
               ? OK
               : is_not_ours("key", err);
}

/* --- whose license ---------------------------------------------------------------------------- */

static rc get(struct client *client, struct arena *arena, const char *path, struct slice *out,
              struct err *err)
{
    ARENA_ENSURE(path, err);
    int status = client_get(client, arena, path, out);
    if (status != 200) {
        FAIL(err, R_AUTHORITY_UNREACHABLE, "%s: no answer, or HTTP %d instead of 200", path,
             status);
    }
    return OK;
}

/* Ask the authority by which name it signs for the tenant. Its address may be the boundary's, or the
 * one of a node, so none that we know is taken for it. What the license says is not verified yet and
 * only leads to the page, which is asked of the server that the profile names: the answer must be the
 * same, letter by letter (RFC 8414 §3.1 and §3.3). */
static rc find_issuer(struct client *client, struct arena *arena, struct slice text,
                      const char **issuer, struct err *err)
{
    struct jws jws;
    json_t *claims, *metadata;
    struct slice said, page, own;
    TRY(read_claims(arena, text, &jws, &claims, err));
    TRY(need_text(claims, "iss", &said, err));
    const char *iss = arena_dup(arena, said);
    ARENA_ENSURE(iss, err);
    if (!authority_url_is_valid(iss)) {
        return is_not_ours("iss", err);
    }
    TRY(get(client, arena, license_issuer_metadata_path(arena, iss), &page, err));
    if (!json_parse_object(arena, page, METADATA_MAX, R_USE_LICENSE_INVALID, &metadata, NULL).ok ||
        !json_need_text(metadata, "issuer", R_USE_LICENSE_INVALID, &own, NULL).ok) {
        FAIL(err, R_AUTHORITY_UNREACHABLE, "it doesn't say who signs the tenant's licenses");
    }
    *issuer = arena_dup(arena, own);
    ARENA_ENSURE(*issuer, err);
    return OK;
}

static rc check_tenant(struct arena *arena, const char *issuer, struct tenant_id tenant,
                       struct err *err)
{
    const char *end = license_issuer(arena, "", tenant);
    ARENA_ENSURE(end, err);
    size_t len = strlen(issuer), tail = strlen(end);
    return len > tail && strcmp(issuer + len - tail, end) == 0 ? OK : is_not_ours("iss", err);
}

/* The keys are those of the content's tenant, not of whomever the license names. */
rc license_open(struct client *client, struct arena *arena, const struct license_wanted *wanted,
                struct secret **key, const char **reader, struct err *err)
{
    struct slice key_set;
    struct license_wanted whole = *wanted;
    struct publishing_license published;
    TRY(read_published(arena, wanted->publishing_license, &published, err));
    TRY(find_issuer(client, arena, wanted->text, &whole.issuer, err));
    TRY(check_tenant(arena, whole.issuer, published.header.tenant, err));
    TRY(get(client, arena, license_issuer_keys_path(arena, published.header.tenant), &key_set,
            err));
    return license_open_with(arena, &whole, key_set, key, reader, err);
}
