/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/algs.h"
#include "crypto/json.h"
#include "crypto/jwe.h"
#include "crypto/jws.h"

static struct arena *arena;
static struct err err;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(4 << 20);
    return crypto_init(NULL, &err).ok ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct jwk_private *new_key(enum jwk_kind kind)
{
    struct jwk_private *key = NULL;
    assert_ok(jwk_private_generate(kind, &key, &err), &err);
    assert_ok(arena_on_free(arena, jwk_private_free, key, &err), &err);
    return key;
}

static void signs_and_verifies(void **state)
{
    (void)state;
    static const enum jwk_kind kinds[] = {JWK_EC_P256, JWK_EC_P384};
    for (size_t i = 0; i < 2; i++) {
        struct jwk_private *key = new_key(kinds[i]);
        struct slice token;
        struct jws jws;
        assert_ok(jws_sign(arena, key, "use-license+jwt", slice_str("{\"a\":1}"), &token, &err),
                  &err);
        assert_ok(jws_parse(arena, token, R_TOKEN_MALFORMED, &jws, &err), &err);
        assert_true(slice_eq_str(jws.payload, "{\"a\":1}"));
        assert_true(slice_eq_str(jws.typ, "use-license+jwt"));
        assert_true(slice_eq_str(jws.kid, jwk_kid(jwk_private_public(key))));
        assert_ok(jws_verify(&jws, jwk_private_public(key), R_TOKEN_SIGNATURE, &err), &err);
        struct jwk_private *other = new_key(kinds[i]);
        assert_fails(jws_verify(&jws, jwk_private_public(other), R_TOKEN_SIGNATURE, &err), &err,
                     R_TOKEN_SIGNATURE);
    }
}

/* Every bit of a token flipped: never accepted as anything. */
static void flipped_tokens_are_refused(void **state)
{
    (void)state;
    struct jwk_private *key = new_key(JWK_EC_P256);
    struct slice token;
    assert_ok(jws_sign(arena, key, NULL, slice_str("{\"sub\":\"x\"}"), &token, &err), &err);
    char *copy = arena_dup(arena, token);
    for (size_t bit = 0; bit < token.len * 8; bit++) {
        AUTO(arena_free_at) struct arena *a = arena_new(65536);
        struct jws jws;
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        bool ok = jws_parse(a, slice_of(copy, token.len), R_TOKEN_MALFORMED, &jws, &err).ok &&
                  jws_verify(&jws, jwk_private_public(key), R_TOKEN_SIGNATURE, &err).ok;
        assert_false(ok);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t len = 0; len < token.len; len++) {
        AUTO(arena_free_at) struct arena *a = arena_new(65536);
        struct jws jws;
        bool ok = jws_parse(a, slice_of(copy, len), R_TOKEN_MALFORMED, &jws, &err).ok &&
                  jws_verify(&jws, jwk_private_public(key), R_TOKEN_SIGNATURE, &err).ok;
        assert_false(ok);
    }
}

static char *token_with_header(const char *header)
{
    return arena_printf(arena, "%s.e30.AAAA", base64url_dup(arena, slice_str(header)));
}

static void headers_of_attacks_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        enum reason reason;
    } rows[] = {
        {"{\"alg\":\"none\"}", R_TOKEN_ALGORITHM},
        {"{\"alg\":\"None\"}", R_TOKEN_ALGORITHM},
        {"{\"alg\":\"HS256\"}", R_TOKEN_ALGORITHM},
        {"{\"alg\":\"es256\"}", R_TOKEN_ALGORITHM},
        {"{\"alg\":\"RS512\"}", R_TOKEN_ALGORITHM},
        {"{\"alg\":\"ES256\",\"alg\":\"none\"}", R_TOKEN_MALFORMED},
        {"{\"alg\":\"ES256\",\"crit\":[\"exp\"]}", R_TOKEN_MALFORMED},
        {"{\"alg\":\"ES256\",\"b64\":false}", R_TOKEN_MALFORMED},
        {"{\"alg\":\"ES256\",\"zip\":\"DEF\"}", R_TOKEN_MALFORMED},
        {"{\"alg\":\"ES256\",\"enc\":\"A256GCM\"}", R_TOKEN_MALFORMED},
        {"{\"alg\":1}", R_TOKEN_MALFORMED},
        {"{\"alg\":\"ES256\",\"kid\":7}", R_TOKEN_MALFORMED},
        {"{}", R_TOKEN_MALFORMED},
        {"[]", R_TOKEN_MALFORMED},
        {"\"x\"", R_TOKEN_MALFORMED},
        {"{\"alg\":\"ES256\"} ", R_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jws jws;
        struct slice token = slice_str(token_with_header(rows[i].header));
        if (rows[i].reason == R_NONE) {
            assert_ok(jws_parse(arena, token, R_TOKEN_MALFORMED, &jws, &err), &err);
            continue;
        }
        assert_fails(jws_parse(arena, token, R_TOKEN_MALFORMED, &jws, &err), &err, rows[i].reason);
    }
}

static void content_keys_round_trip(void **state)
{
    (void)state;
    static const enum jwk_kind kinds[] = {JWK_EC_P256, JWK_EC_P384};
    for (size_t i = 0; i < 2; i++) {
        struct jwk_private *key = new_key(kinds[i]);
        struct slice token;
        struct secret *plain = NULL;
        struct slice content_key = slice_str("0123456789abcdef0123456789abcdef");
        assert_ok(jwe_encrypt(arena, jwk_private_public(key), content_key, &token, &err), &err);
        assert_ok(jwe_decrypt(key, token, R_LICENSE_FORGED, &plain, &err), &err);
        assert_true(slice_eq(secret_use(plain), content_key));
        secret_free(plain);
        assert_fails(jwe_decrypt(new_key(kinds[i]), token, R_LICENSE_FORGED, &plain, &err), &err,
                     R_LICENSE_FORGED);
        char *copy = arena_dup(arena, token);
        for (size_t at = 0; at < token.len; at++) {
            copy[at] = (char)(copy[at] ^ 1);
            assert_false(
                jwe_decrypt(key, slice_of(copy, token.len), R_LICENSE_FORGED, &plain, &err).ok);
            copy[at] = (char)(copy[at] ^ 1);
        }
    }
}

/* RFC 7638 §3.1's example. */
static void thumbprint_of_rfc7638(void **state)
{
    (void)state;
    static const char jwk[] =
        "{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86z"
        "wu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5"
        "w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpb"
        "ISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8aw"
        "apJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}";
    struct jwk_public *key = NULL;
    assert_ok(jwk_public_parse(slice_str(jwk), R_CLIENT_KEY_INVALID, &key, &err), &err);
    assert_string_equal(base64url_dup(arena, jwk_thumbprint(key)),
                        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_string_equal(jwk_kid(key), "2011-04-29");
    assert_true(jwk_may_verify(key, JWS_RS256));
    assert_false(jwk_may_verify(key, JWS_PS256)); /* the key says RS256 */
    assert_false(jwk_may_verify(key, JWS_ES256));
    assert_false(jwk_may_wrap(key));
    jwk_public_free(key);
}

static void bad_client_keys_are_refused(void **state)
{
    (void)state;
    struct jwk_private *key = new_key(JWK_EC_P256);
    const char *good = jwk_public_json(arena, jwk_private_public(key), NULL, NULL);
    struct jwk_public *out = NULL;
    assert_ok(jwk_public_parse(slice_str(good), R_CLIENT_KEY_INVALID, &out, &err), &err);
    assert_true(slice_eq(jwk_thumbprint(out), jwk_thumbprint(jwk_private_public(key))));
    assert_true(jwk_may_wrap(out));
    jwk_public_free(out);
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AA\",\"y\":\"AA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_fails(jwk_public_parse(slice_str(bad[i]), R_CLIENT_KEY_INVALID, &out, &err), &err,
                     R_CLIENT_KEY_INVALID);
    }
    static const char zeros[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"; /* 32 bytes */
    const char *off_curve = arena_printf(
        arena, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}", zeros, zeros);
    assert_fails(jwk_public_parse(slice_str(off_curve), R_CLIENT_KEY_INVALID, &out, &err), &err,
                 R_CLIENT_KEY_INVALID);
    const char *private = arena_printf(arena, "%.*s,\"d\":\"AA\"}", (int)strlen(good) - 1, good);
    assert_fails(jwk_public_parse(slice_str(private), R_CLIENT_KEY_INVALID, &out, &err), &err,
                 R_CLIENT_KEY_INVALID);
}

static void private_keys_survive_export(void **state)
{
    (void)state;
    struct jwk_private *key = new_key(JWK_EC_P384), *back = NULL;
    struct secret *der = NULL, *pem = NULL;
    assert_ok(jwk_private_export(key, &der, &err), &err);
    assert_ok(jwk_private_import(der, &back, &err), &err);
    assert_true(slice_eq(jwk_thumbprint(jwk_private_public(key)),
                         jwk_thumbprint(jwk_private_public(back))));
    jwk_private_free(back);
    assert_ok(jwk_private_to_pem(key, &pem, &err), &err);
    assert_ok(jwk_private_from_pem(pem, &back, &err), &err);
    jwk_private_free(back);
    secret_bytes(der)[secret_len(der) / 2] ^= 1;
    assert_false(jwk_private_import(der, &back, &err).ok && (jwk_private_free(back), false));
    secret_free(der);
    secret_free(pem);
}

static void a_set_has_a_usable_key_and_no_secret_one(void **state)
{
    (void)state;
    const char *a =
        jwk_public_json(arena, jwk_private_public(new_key(JWK_EC_P256)), "sig", "ES256");
    const char *b =
        jwk_public_json(arena, jwk_private_public(new_key(JWK_EC_P384)), "sig", "ES384");
    struct jwks *set = NULL;
    const char *two = arena_printf(arena, "{\"keys\":[%s,%s,{\"kty\":\"new\"}]}", a, b);
    assert_ok(jwks_parse(slice_str(two), R_ISSUER_KEYS_INVALID, &set, &err), &err);
    assert_int_equal(set->count, 2);
    assert_non_null(jwks_find(set, SLICE_NONE, JWS_ES256));
    assert_null(jwks_find(set, slice_str("unknown"), JWS_ES256));
    assert_null(jwks_find(set, SLICE_NONE, JWS_RS256));
    jwks_free(set);
    const char *const bad[] = {
        "{\"keys\":[]}",
        "{}",
        "{\"keys\":[null]}",
        arena_printf(arena, "{\"keys\":[%s,{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", a),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_fails(jwks_parse(slice_str(bad[i]), R_ISSUER_KEYS_INVALID, &set, &err), &err,
                     R_ISSUER_KEYS_INVALID);
    }
}

static void json_bombs_are_refused(void **state)
{
    (void)state;
    json_t *out;
    char deep[256] = "{\"a\":";
    memset(deep + 5, '[', 200);
    assert_fails(json_parse_object(arena, slice_str(deep), 4096, R_TOKEN_MALFORMED, &out, &err),
                 &err, R_TOKEN_MALFORMED);
    assert_fails(json_parse_object(arena, slice_str("{\"a\":1,\"a\":2}"), 4096, R_TOKEN_MALFORMED,
                                   &out, &err),
                 &err, R_TOKEN_MALFORMED);
    char *wide = arena_alloc(arena, 20000);
    memset(wide, ',', 20000);
    assert_fails(
        json_parse_object(arena, slice_of(wide, 20000), 65536, R_TOKEN_MALFORMED, &out, &err), &err,
        R_TOKEN_MALFORMED);
    assert_ok(json_parse_object(arena, slice_str("{\"a\":\"[[[[[[[[[[[[[[[[[[[[[\"}"), 4096,
                                R_TOKEN_MALFORMED, &out, &err),
              &err);
}

/* Fail each allocation in turn: an error or success, never a crash or a leak. */
static void survives_every_failed_allocation(void **state)
{
    (void)state;
    struct jwk_private *key = new_key(JWK_EC_P256);
    for (size_t nth = 1;; nth++) {
        AUTO(arena_free_at) struct arena *a = arena_new(1 << 20);
        struct slice token, wrapped;
        struct jws jws;
        arena_fail_at(a, nth);
        bool ok = jws_sign(a, key, NULL, slice_str("{}"), &token, &err).ok &&
                  jws_parse(a, token, R_TOKEN_MALFORMED, &jws, &err).ok &&
                  jwe_encrypt(a, jwk_private_public(key), slice_str("key"), &wrapped, &err).ok;
        if (ok) {
            assert_true(nth > 5);
            return;
        }
        assert_int_equal(err.reason, R_ARENA_EXHAUSTED);
        err_clear(&err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(signs_and_verifies, setup, teardown),
        cmocka_unit_test_setup_teardown(flipped_tokens_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(headers_of_attacks_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(content_keys_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(thumbprint_of_rfc7638, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_client_keys_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(private_keys_survive_export, setup, teardown),
        cmocka_unit_test_setup_teardown(a_set_has_a_usable_key_and_no_secret_one, setup, teardown),
        cmocka_unit_test_setup_teardown(json_bombs_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_every_failed_allocation, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
