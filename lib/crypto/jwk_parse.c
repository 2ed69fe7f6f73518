/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JWKs and key sets: every check that a key from outside must pass. */
#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/crypto_internal.h"
#include "crypto/json.h"
#include "crypto/jws.h"

/* A parse's memory: a key of 8192 bits as JSON and decoded. */
enum { PARSE_BUDGET = 64 * 1024 };

rc jwk_decode_member(struct arena *arena, const json_t *jwk, const char *name, enum reason invalid,
                     struct slice *out, struct err *err)
{
    struct slice text;
    TRY(json_need_text(jwk, name, invalid, &text, err));
    if (!base64url_decode(arena, text, out, err).ok) {
        FAIL(err, invalid, "member %s is not base64url", name);
    }
    ENSURE(out->len > 0, err, invalid);
    return OK;
}

/* Whether `key_ops` (RFC 7517 §4.3) allows the operation, or is absent. */
static bool key_ops_allow(const json_t *jwk, const char *a, const char *b, const char *c)
{
    const json_t *ops = json_object_get(jwk, "key_ops");
    if (ops == NULL) {
        return true;
    }
    for (size_t i = 0; i < json_array_size(ops); i++) {
        const char *op = json_string_value(json_array_get(ops, i));
        if (op != NULL && (strcmp(op, a) == 0 || strcmp(op, b) == 0 || strcmp(op, c) == 0)) {
            return true;
        }
    }
    return false;
}

/* kid, use, key_ops and alg: what the key says that it is for. */
static rc parse_purpose(const json_t *jwk, enum reason invalid, struct jwk_public *key,
                        struct err *err)
{
    struct slice kid, use, alg;
    TRY(json_get_text(jwk, "kid", invalid, &kid, err));
    TRY(json_get_text(jwk, "use", invalid, &use, err));
    TRY(json_get_text(jwk, "alg", invalid, &alg, err));
    ENSURE(kid.len <= JWK_KID_MAX, err, invalid);
    memcpy(key->kid, kid.len == 0 ? (const uint8_t *)"" : kid.ptr, kid.len);
    const json_t *ops = json_object_get(jwk, "key_ops");
    ENSURE(ops == NULL || json_typeof(ops) == JSON_ARRAY, err, invalid);
    bool sig = use.len == 0 || slice_eq_str(use, "sig");
    bool enc = use.len == 0 || slice_eq_str(use, "enc");
    key->alg = jws_alg_parse(alg);
    bool wrap_alg = key->type->wrap_alg != NULL && slice_eq_str(alg, key->type->wrap_alg);
    key->may_verify = sig && key_ops_allow(jwk, "verify", "verify", "verify") &&
                      (alg.len == 0 || key->alg != JWS_NONE);
    key->may_wrap = enc && key_ops_allow(jwk, "wrapKey", "deriveKey", "deriveBits") &&
                    (alg.len == 0 || wrap_alg);
    return OK;
}

static bool has_private_member(const json_t *jwk)
{
    static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (json_object_get(jwk, names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Fill in a key; on failure its pkey may be set already. */
static rc parse_object(struct arena *arena, const json_t *jwk, enum reason invalid,
                       struct jwk_public *key, struct err *err)
{
    struct slice kty, crv;
    ENSURE(json_is_object(jwk), err, invalid);
    ENSURE(!has_private_member(jwk), err, invalid);
    TRY(json_need_text(jwk, "kty", invalid, &kty, err));
    TRY(json_get_text(jwk, "crv", invalid, &crv, err));
    key->type = key_type_find(kty, crv);
    if (key->type == NULL) {
        FAIL(err, invalid, "kty %.*s, crv %.*s", SLICE_FMT(slice_cut(kty, 0, 16)),
             SLICE_FMT(slice_cut(crv, 0, 16)));
    }
    TRY(key->type->read(arena, key->type, jwk, invalid, &key->pkey, err));
    TRY(parse_purpose(jwk, invalid, key, err));
    return jwk_set_thumbprint(key, err);
}

static rc parse_key(struct arena *arena, const json_t *jwk, enum reason invalid,
                    struct jwk_public **out, struct err *err)
{
    struct jwk_public parsed = {.type = NULL};
    rc result = parse_object(arena, jwk, invalid, &parsed, err);
    if (!result.ok) {
        EVP_PKEY_free(parsed.pkey);
        return result;
    }
    struct jwk_public *key = xcalloc(1, sizeof *key);
    *key = parsed;
    *out = key;
    return OK;
}

rc jwk_public_parse(struct slice json, enum reason invalid, struct jwk_public **out,
                    struct err *err)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(PARSE_BUDGET);
    json_t *jwk;
    TRY(json_parse_object(arena, json, JWK_BYTES_MAX, invalid, &jwk, err));
    return parse_key(arena, jwk, invalid, out, err);
}

rc jwk_public_from_header(struct slice header, enum reason invalid, struct jwk_public **out,
                          struct err *err)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(PARSE_BUDGET);
    json_t *json;
    TRY(json_parse_object(arena, header, JWK_BYTES_MAX, invalid, &json, err));
    return parse_key(arena, json_object_get(json, "jwk"), invalid, out, err);
}

/* --- sets ----------------------------------------------------------------------------------- */

void jwks_free(void *set)
{
    struct jwks *s = set;
    for (size_t i = 0; s != NULL && i < s->count; i++) {
        jwk_public_free(s->keys[i]);
    }
    xfree(s);
}

static bool set_has_kid(const struct jwks *set, const char *kid)
{
    for (size_t i = 0; i < set->count; i++) {
        if (kid[0] != '\0' && strcmp(set->keys[i]->kid, kid) == 0) {
            return true;
        }
    }
    return false;
}

/* For whom alone the key speaks. Not part of RFC 7517; a key that says it in a way that we can't
 * read is not used. */
static rc read_issuer(const json_t *jwk, enum reason invalid, struct jwk_public *key,
                      struct err *err)
{
    struct slice issuer;
    TRY(json_get_text(jwk, "issuer", invalid, &issuer, err));
    ENSURE(issuer.len <= JWK_ISSUER_MAX, err, invalid);
    key->issuer =
        issuer.len == 0 ? NULL : xstrdup((const char *)issuer.ptr); /* jansson ends it by NUL */
    return OK;
}

/* A key that we can't use is left out (RFC 7517 §5), but one that is secret must not be
 * published. */
static rc add_key(struct arena *arena, struct jwks *set, const json_t *jwk, enum reason invalid,
                  struct err *err)
{
    ENSURE(json_typeof(jwk) == JSON_OBJECT && !has_private_member(jwk), err, invalid);
    struct jwk_public *key = NULL;
    if (!parse_key(arena, jwk, invalid, &key, err).ok) {
        err_clear(err);
        return OK;
    }
    if (!read_issuer(jwk, invalid, key, err).ok) {
        jwk_public_free(key);
        err_clear(err);
        return OK;
    }
    bool duplicate = set_has_kid(set, key->kid);
    set->keys[set->count++] = key;
    ENSURE(!duplicate, err, invalid);
    return OK;
}

static rc fill_set(struct slice json, enum reason invalid, struct jwks *set, struct err *err)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(4 * JWKS_BYTES_MAX);
    json_t *root;
    TRY(json_parse_object(arena, json, JWKS_BYTES_MAX, invalid, &root, err));
    const json_t *keys = json_object_get(root, "keys");
    ENSURE(json_is_array(keys), err, invalid);
    ENSURE(json_array_size(keys) <= JWKS_KEYS_MAX, err, invalid);
    for (size_t i = 0; i < json_array_size(keys); i++) {
        TRY(add_key(arena, set, json_array_get(keys, i), invalid, err));
    }
    ENSURE(set->count > 0, err, invalid);
    return OK;
}

rc jwks_parse(struct slice json, enum reason invalid, struct jwks **out, struct err *err)
{
    struct jwks *set = xcalloc(1, sizeof *set);
    struct err local = {0};
    rc result = fill_set(json, invalid, set, err == NULL ? &local : err);
    if (!result.ok) {
        jwks_free(set);
        return result;
    }
    *out = set;
    return OK;
}

const struct jwk_public *jwks_find(const struct jwks *set, struct slice kid, enum jws_alg alg)
{
    const struct jwk_public *found = NULL;
    for (size_t i = 0; i < set->count; i++) {
        const struct jwk_public *key = set->keys[i];
        bool named = kid.len == 0 || slice_eq_str(kid, key->kid);
        if (!named || !jwk_may_verify(key, alg)) {
            continue;
        }
        if (found != NULL) {
            return NULL; /* ambiguous: a token without kid against several keys */
        }
        found = key;
    }
    return found;
}
