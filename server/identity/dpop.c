/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/dpop.h"

#include "base/encode.h"
#include "crypto/hash.h"
#include "crypto/json.h"
#include "crypto/jws.h"

/* --- addresses ---------------------------------------------------------------------------------- */

/* An https address in the parts in which addresses are compared (RFC 3986 §6.2.2.1 and §6.2.3). */
struct address {
    struct slice host; /* in any case; brackets of IPv6 included */
    struct slice port; /* empty for the scheme's own */
    struct slice path; /* "" or from the slash on */
};

/* False for what is no https address, or has user information, a query or a fragment. */
static bool address_parse(struct slice text, struct address *out)
{
    static const char scheme[] = "https://";
    struct slice rest = slice_cut(text, sizeof scheme - 1, text.len);
    if (!slice_eq_nocase(slice_cut(text, 0, sizeof scheme - 1), slice_str(scheme)) ||
        slice_find(text, '?') >= 0 || slice_find(text, '#') >= 0) {
        return false;
    }
    ptrdiff_t slash = slice_find(rest, '/');
    size_t end = slash < 0 ? rest.len : (size_t)slash;
    struct slice authority = slice_cut(rest, 0, end);
    ptrdiff_t colon = slice_rfind(authority, ':'), bracket = slice_rfind(authority, ']');
    out->path = slice_cut(rest, end, rest.len);
    out->host = authority;
    out->port = SLICE_NONE;
    if (colon > bracket) {
        out->host = slice_cut(authority, 0, (size_t)colon);
        out->port = slice_cut(authority, (size_t)colon + 1, authority.len);
    }
    if (slice_eq_str(out->port, "443")) {
        out->port = SLICE_NONE;
    }
    return out->host.len > 0 && slice_find(authority, '@') < 0;
}

/* Whether `htu` is this path under this address of ours, whose own path may end in a slash. */
static bool is_under(const struct address *htu, const char *url, const char *path)
{
    struct address own;
    if (!address_parse(slice_str(url), &own)) {
        return false;
    }
    size_t prefix = own.path.len;
    prefix -= prefix > 0 && own.path.ptr[prefix - 1] == '/';
    return slice_eq_nocase(htu->host, own.host) && slice_eq(htu->port, own.port) &&
           slice_eq(slice_cut(htu->path, 0, prefix), slice_cut(own.path, 0, prefix)) &&
           slice_eq_str(slice_cut(htu->path, prefix, htu->path.len), path);
}

static bool is_ours(struct slice htu, const struct dpop_question *q)
{
    struct address address;
    if (!address_parse(htu, &address)) {
        return false;
    }
    for (size_t i = 0; i < q->url_count; i++) {
        if (is_under(&address, q->urls[i], q->path)) {
            return true;
        }
    }
    return false;
}

/* --- the proof ---------------------------------------------------------------------------------- */

static void free_key(struct jwk_public **key)
{
    jwk_public_free(*key);
}

/* Signed by the key that it carries; which must be the one to which the token is bound. */
static rc check_key(const struct jws *jws, const struct dpop_question *q, struct err *err)
{
    AUTO(free_key) struct jwk_public *key = NULL;
    TRY(jwk_public_from_header(jws->header, R_TOKEN_PROOF_INVALID, &key, err));
    struct slice wanted = slice_of(q->thumbprint, JWK_THUMBPRINT_BYTES);
    ENSURE(slice_eq(jwk_thumbprint(key), wanted), err, R_TOKEN_PROOF_INVALID);
    return jws_verify(jws, key, R_TOKEN_PROOF_INVALID, err);
}

static rc check_ath(const json_t *payload, const struct dpop_question *q, struct err *err)
{
    char expected[44]; /* base64url_length(32) is 43 */
    struct slice ath;
    size_t len = base64url_encode(slice_of(q->token_hash, SHA256_BYTES), expected);
    TRY(json_need_text(payload, "ath", R_TOKEN_PROOF_INVALID, &ath, err));
    ENSURE(slice_eq(ath, slice_of(expected, len)), err, R_TOKEN_PROOF_INVALID);
    return OK;
}

static rc check_time(const json_t *payload, struct unix_time now, struct unix_time *out,
                     struct err *err)
{
    const json_t *iat = json_object_get(payload, "iat");
    ENSURE(json_is_integer(iat), err, R_TOKEN_PROOF_INVALID);
    out->s = json_integer_value(iat);
    ENSURE(out->s >= now.s - DPOP_AGE_MAX_S && out->s <= now.s + DPOP_AGE_MAX_S, err,
           R_TOKEN_PROOF_INVALID);
    return OK;
}

static rc identify(const struct dpop_question *q, struct slice jti, uint8_t id[SHA256_BYTES],
                   struct err *err)
{
    uint8_t text[JWK_THUMBPRINT_BYTES + DPOP_JTI_MAX];
    memcpy(text, q->thumbprint, JWK_THUMBPRINT_BYTES);
    memcpy(text + JWK_THUMBPRINT_BYTES, jti.ptr, jti.len);
    return hash_sha256(slice_of(text, JWK_THUMBPRINT_BYTES + jti.len), id, err);
}

static rc check_claims(struct arena *arena, struct slice text, const struct dpop_question *q,
                       struct dpop_proof *out, struct err *err)
{
    json_t *payload;
    struct slice htm, htu, jti;
    TRY(json_parse_object(arena, text, DPOP_PROOF_MAX, R_TOKEN_PROOF_INVALID, &payload, err));
    TRY(json_need_text(payload, "htm", R_TOKEN_PROOF_INVALID, &htm, err));
    TRY(json_need_text(payload, "htu", R_TOKEN_PROOF_INVALID, &htu, err));
    TRY(json_need_text(payload, "jti", R_TOKEN_PROOF_INVALID, &jti, err));
    ENSURE(slice_eq_str(htm, q->method), err, R_TOKEN_PROOF_INVALID);
    ENSURE(is_ours(htu, q), err, R_TOKEN_PROOF_INVALID);
    TRY(check_time(payload, q->now, &out->issued_at, err));
    ENSURE(jti.len > 0 && jti.len <= DPOP_JTI_MAX, err, R_TOKEN_PROOF_INVALID);
    TRY(check_ath(payload, q, err));
    return identify(q, jti, out->id, err);
}

rc dpop_check(struct arena *arena, const struct dpop_question *question, struct dpop_proof *out,
              struct err *err)
{
    struct jws jws;
    ENSURE(question->proof.len <= DPOP_PROOF_MAX, err, R_TOKEN_PROOF_INVALID);
    if (!jws_parse(arena, question->proof, R_TOKEN_PROOF_INVALID, &jws, err).ok) {
        FAIL(err, err->reason == R_TOKEN_ALGORITHM ? R_TOKEN_PROOF_INVALID : err->reason,
             "no JWS that we can check");
    }
    ENSURE(slice_eq_nocase(jws.typ, slice_str("dpop+jwt")), err, R_TOKEN_PROOF_INVALID);
    TRY(check_key(&jws, question, err));
    return check_claims(arena, jws.payload, question, out, err);
}
