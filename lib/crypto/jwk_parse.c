/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JWKs and key sets: every check that a key from outside must pass. */
#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/crypto_internal.h"
#include "crypto/json_foreign.h"
#include "crypto/jws.h"

/* A parse's memory: a key of 8192 bits as JSON and decoded. */
enum {
    PARSE_BUDGET = 64 * 1024,
    SET_VALUES_MAX = 16 * 1024, /* of JSON: of the smallest keys as many as have room */
};

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

/* A member that says more of a key. Several libraries write what isn't there as null. */
static const json_t *said(const json_t *jwk, const char *name)
{
    const json_t *value = json_object_get(jwk, name);
    return json_is_null(value) ? NULL : value;
}

static rc said_text(const json_t *jwk, const char *name, enum reason invalid, struct slice *out,
                    struct err *err)
{
    *out = SLICE_NONE;
    return said(jwk, name) == NULL ? OK : json_get_text(jwk, name, invalid, out, err);
}

/* Whether `key_ops` (RFC 7517 §4.3) allows the operation, or is absent. */
static bool key_ops_allow(const json_t *jwk, const char *a, const char *b, const char *c)
{
    const json_t *ops = said(jwk, "key_ops");
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
    TRY(said_text(jwk, "kid", invalid, &kid, err));
    TRY(said_text(jwk, "use", invalid, &use, err));
    TRY(said_text(jwk, "alg", invalid, &alg, err));
    ENSURE(kid.len <= JWK_KID_MAX, err, invalid);
    memcpy(key->kid, kid.len == 0 ? (const uint8_t *)"" : kid.ptr, kid.len);
    const json_t *ops = said(jwk, "key_ops");
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
        if (said(jwk, names[i]) != NULL) {
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
    TRY(said_text(jwk, "crv", invalid, &crv, err));
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

static bool is_same(const struct jwk_public *a, const struct jwk_public *b)
{
    return strcmp(a->kid, b->kid) == 0 && strcmp(jwk_issuer(a), jwk_issuer(b)) == 0 &&
           slice_eq(jwk_thumbprint(a), jwk_thumbprint(b)) && a->alg == b->alg &&
           a->may_verify == b->may_verify && a->may_wrap == b->may_wrap;
}

static bool set_has(const struct jwks *set, const struct jwk_public *key)
{
    for (size_t i = 0; i < set->count; i++) {
        if (is_same(set->keys[i], key)) {
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

/* The text behind a byte order mark. */
static struct slice without_mark(struct slice text)
{
    static const char mark[] = "\xef\xbb\xbf";
    return slice_starts_with(text, mark) ? slice_cut(text, sizeof mark - 1, text.len) : text;
}

/* A key that we can use; NULL otherwise. */
static struct jwk_public *read_key(struct arena *arena, const json_t *jwk, enum reason invalid)
{
    struct err ignored = {0};
    struct jwk_public *key = NULL;
    if (!parse_key(arena, jwk, invalid, &key, &ignored).ok) {
        return NULL;
    }
    if (!read_issuer(jwk, invalid, key, &ignored).ok) {
        jwk_public_free(key);
        return NULL;
    }
    return key;
}

/* Sets are for checking signatures: what can't do that takes no room from what can. */
static void add_key(struct jwks *set, struct jwk_public *key)
{
    if (key != NULL && key->may_verify && !set_has(set, key)) {
        set->keys[set->count++] = key;
    } else {
        jwk_public_free(key);
    }
}

struct jwks_reader {
    struct arena *arena;
    const json_t *keys; /* in the arena */
    size_t at;
    enum reason invalid;
    struct jwks *set;
};

static rc open_set(struct jwks_reader *reader, struct slice json, struct err *err)
{
    json_t *root;
    TRY(json_parse_foreign(reader->arena, without_mark(json), JWKS_BYTES_MAX, SET_VALUES_MAX,
                           reader->invalid, &root, err));
    reader->keys = json_object_get(root, "keys");
    ENSURE(json_is_array(reader->keys), err, reader->invalid);
    for (size_t i = 0; i < json_array_size(reader->keys); i++) {
        ENSURE(!has_private_member(json_array_get(reader->keys, i)), err, reader->invalid);
    }
    return OK;
}

rc jwks_reader_new(struct slice json, enum reason invalid, struct jwks_reader **out,
                   struct err *err)
{
    struct jwks_reader *reader = xcalloc(1, sizeof *reader);
    *reader = (struct jwks_reader){.arena = arena_new(4 * JWKS_BYTES_MAX),
                                   .invalid = invalid,
                                   .set = xcalloc(1, sizeof(struct jwks))};
    rc result = open_set(reader, json, err);
    if (!result.ok) {
        jwks_reader_free(reader);
        return result;
    }
    *out = reader;
    return OK;
}

bool jwks_reader_step(struct jwks_reader *reader, size_t entries)
{
    size_t size = json_array_size(reader->keys);
    for (; entries > 0 && reader->at < size && reader->set->count < JWKS_KEYS_MAX; entries--) {
        const json_t *jwk = json_array_get(reader->keys, reader->at++);
        add_key(reader->set, read_key(reader->arena, jwk, reader->invalid));
    }
    return reader->at == size || reader->set->count == JWKS_KEYS_MAX;
}

rc jwks_reader_finish(struct jwks_reader *reader, struct jwks **out, struct err *err)
{
    rc result = OK;
    if (reader->set->count == 0) {
        result = err_raise(err, reader->invalid, __FILE__, __LINE__, "no usable key");
    } else {
        *out = reader->set;
        reader->set = NULL;
    }
    jwks_reader_free(reader);
    return result;
}

void jwks_reader_free(struct jwks_reader *reader)
{
    if (reader != NULL) {
        jwks_free(reader->set);
        arena_free(reader->arena);
        xfree(reader);
    }
}

rc jwks_parse(struct slice json, enum reason invalid, struct jwks **out, struct err *err)
{
    struct jwks_reader *reader = NULL;
    TRY(jwks_reader_new(json, invalid, &reader, err));
    while (!jwks_reader_step(reader, JWKS_KEYS_MAX)) {
    }
    return jwks_reader_finish(reader, out, err);
}

const struct jwk_public *jwks_next(const struct jwks *set, struct slice kid, enum jws_alg alg,
                                   size_t *at)
{
    while (*at < set->count) {
        const struct jwk_public *key = set->keys[(*at)++];
        bool is_named = kid.len == 0 || slice_eq_str(kid, key->kid);
        if (is_named && jwk_may_verify(key, alg)) {
            return key;
        }
    }
    return NULL;
}

const struct jwk_public *jwks_find(const struct jwks *set, struct slice kid, enum jws_alg alg)
{
    size_t at = 0;
    const struct jwk_public *found = jwks_next(set, kid, alg, &at);
    /* Ambiguous: a token without kid against several keys. */
    return found != NULL && jwks_next(set, kid, alg, &at) != NULL ? NULL : found;
}
