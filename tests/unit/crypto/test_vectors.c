/* SPDX-License-Identifier: Apache-2.0 */
/* Wycheproof: nothing invalid is accepted; what is valid and of an algorithm of ours is
 * accepted. */
#include "chancery_test.h"

#include "crypto/jwe.h"
#include "vectors.h"

#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "crypto/aead.h"
#include "crypto/algs.h"
#include "crypto/json.h"
#include "crypto/jwk.h"
#include "crypto/jws.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"

/* Counts of one file, printed so that a silent zero is seen. */
struct tally {
    const char *name;
    int accepted, refused, wrong;
};

typedef bool (*try_fn)(struct arena *arena, const json_t *group, const json_t *test);

static void count(struct tally *tally, const json_t *test, bool accepted)
{
    tally->accepted += accepted ? 1 : 0;
    tally->refused += accepted ? 0 : 1;
    if (accepted && vector_is(test, "invalid")) {
        tally->wrong++;
        print_error("%s: accepted invalid tcId %lld: %s\n", tally->name,
                    (long long)json_integer_value(json_object_get(test, "tcId")),
                    json_string_value(json_object_get(test, "comment")));
    }
}

static struct tally run_file(const char *name, try_fn attempt)
{
    struct tally tally = {.name = name};
    json_t *root = vectors_load(name);
    assert_non_null(root);
    size_t g, t;
    json_t *group, *test;
    json_array_foreach(json_object_get(root, "testGroups"), g, group)
    {
        json_array_foreach(json_object_get(group, "tests"), t, test)
        {
            AUTO(arena_free_at) struct arena *arena = arena_new(1 << 20);
            count(&tally, test, attempt(arena, group, test));
        }
    }
    json_decref(root);
    print_message("%s: accepted %d, refused %d\n", name, tally.accepted, tally.refused);
    assert_int_equal(tally.wrong, 0);
    return tally;
}

/* --- JWS ------------------------------------------------------------------------------------ */

static bool verify_token(struct arena *arena, const struct jwk_public *key, const char *token)
{
    struct jws jws;
    struct err err = {0};
    return jws_parse(arena, slice_str(token), R_TOKEN_MALFORMED, &jws, &err).ok &&
           jws_verify(&jws, key, R_TOKEN_SIGNATURE, &err).ok;
}

static bool try_jws(struct arena *arena, const json_t *group, const json_t *test)
{
    struct slice json;
    struct err err = {0};
    struct jwk_public *key = NULL;
    const json_t *public = json_object_get(group, "public");
    const json_t *jwk = public == NULL ? json_object_get(group, "private") : public;
    if (!json_dump(arena, jwk, &json, &err).ok ||
        !jwk_public_parse(json, R_CLIENT_KEY_INVALID, &key, &err).ok) {
        return false;
    }
    const char *token = json_string_value(json_object_get(test, "jws"));
    bool ok = token != NULL && verify_token(arena, key, token);
    jwk_public_free(key);
    return ok;
}

static void wycheproof_jws(void **state)
{
    (void)state;
    struct tally tally = run_file("wycheproof/json_web_signature_test.json", try_jws);
    /* All 16 valid ones of ES256, RS256 and PS256; the others are HMAC, SHA-384/512 or P-521. */
    assert_int_equal(tally.accepted, 16);
}

static bool try_jwk_set(struct arena *arena, const json_t *group, const json_t *test)
{
    struct slice json;
    struct err err = {0};
    struct jwks *set = NULL;
    struct jws jws;
    const json_t *public = json_object_get(group, "public");
    const json_t *keys = public == NULL ? json_object_get(group, "private") : public;
    const char *token = json_string_value(json_object_get(test, "jws"));
    if (token == NULL || !json_dump(arena, keys, &json, &err).ok ||
        !jwks_parse(json, R_ISSUER_KEYS_INVALID, &set, &err).ok) {
        return false;
    }
    const struct jwk_public *key = NULL;
    if (jws_parse(arena, slice_str(token), R_TOKEN_MALFORMED, &jws, &err).ok) {
        key = jwks_find(set, jws.kid, jws.alg);
    }
    bool ok = key != NULL && jws_verify(&jws, key, R_TOKEN_SIGNATURE, &err).ok;
    jwks_free(set);
    return ok;
}

static void wycheproof_jwk(void **state)
{
    (void)state;
    struct tally tally = run_file("wycheproof/json_web_key_test.json", try_jwk_set);
    assert_int_equal(tally.accepted, 1); /* the RS256 one; the other valid ones are HMAC */
}

static bool try_raw(struct arena *arena, const json_t *group, const json_t *test, enum jws_alg alg)
{
    struct slice json;
    struct err err = {0};
    struct jwk_public *key = NULL;
    const json_t *jwk = json_object_get(group, "publicKeyJwk");
    jwk = jwk == NULL ? json_object_get(group, "keyJwk") : jwk;
    if (!json_dump(arena, jwk, &json, &err).ok ||
        !jwk_public_parse(json, R_CLIENT_KEY_INVALID, &key, &err).ok) {
        return false;
    }
    struct jws jws = {.alg = alg,
                      .signed_ = vector_hex(arena, test, "msg"),
                      .signature = vector_hex(arena, test, "sig")};
    bool ok = jws_verify(&jws, key, R_TOKEN_SIGNATURE, &err).ok;
    jwk_public_free(key);
    return ok;
}

static bool try_es256(struct arena *arena, const json_t *group, const json_t *test)
{
    return try_raw(arena, group, test, JWS_ES256);
}

static bool try_es384(struct arena *arena, const json_t *group, const json_t *test)
{
    return try_raw(arena, group, test, JWS_ES384);
}

static bool try_eddsa(struct arena *arena, const json_t *group, const json_t *test)
{
    return try_raw(arena, group, test, JWS_EDDSA);
}

static bool try_rs256(struct arena *arena, const json_t *group, const json_t *test)
{
    return try_raw(arena, group, test, JWS_RS256);
}

static bool try_ps256(struct arena *arena, const json_t *group, const json_t *test)
{
    return try_raw(arena, group, test, JWS_PS256);
}

static void wycheproof_signatures(void **state)
{
    (void)state;
    struct tally t = run_file("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", try_es256);
    assert_true(t.accepted > 100);
    t = run_file("wycheproof/ecdsa_secp384r1_sha384_p1363_test.json", try_es384);
    assert_true(t.accepted > 100);
    t = run_file("wycheproof/ed25519_test.json", try_eddsa);
    assert_int_equal(t.accepted, 88);
    t = run_file("wycheproof/rsa_signature_2048_sha256_test.json", try_rs256);
    assert_true(t.accepted > 5);
    t = run_file("wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json", try_ps256);
    assert_true(t.accepted > 30);
}

/* --- JWE ------------------------------------------------------------------------------------ */

static bool text_member(struct arena *arena, const json_t *jwk, const char *name, struct slice *out)
{
    struct err err = {0};
    return base64url_decode(arena, slice_str(json_string_value(json_object_get(jwk, name))), out,
                            &err)
        .ok;
}

/* A P-256 private JWK as PKCS #8: the form in which our own keys rest. */
static struct secret *pkcs8_of(struct arena *arena, const json_t *jwk)
{
    struct slice x, y, d;
    uint8_t point[65] = {4}, *der = NULL;
    EVP_PKEY *key = NULL;
    const char *curve = json_string_value(json_object_get(jwk, "crv"));
    if (curve == NULL || strcmp(curve, "P-256") != 0 || !text_member(arena, jwk, "x", &x) ||
        !text_member(arena, jwk, "y", &y) || !text_member(arena, jwk, "d", &d) || x.len != 32 ||
        y.len != 32) {
        return NULL;
    }
    memcpy(point + 1, x.ptr, 32);
    memcpy(point + 33, y.ptr, 32);
    BIGNUM *number = BN_bin2bn(d.ptr, (int)d.len, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_utf8_string(builder, "group", "P-256", 0);
    OSSL_PARAM_BLD_push_octet_string(builder, "pub", point, sizeof point);
    OSSL_PARAM_BLD_push_BN(builder, "priv", number);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    bool ok = EVP_PKEY_fromdata_init(ctx) == 1 &&
              EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) == 1;
    PKCS8_PRIV_KEY_INFO *info = ok ? EVP_PKEY2PKCS8(key) : NULL;
    int len = info == NULL ? 0 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    struct secret *secret = len > 0 ? secret_copy(slice_of(der, (size_t)len)) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(number);
    return secret;
}

static bool try_jwe(struct arena *arena, const json_t *group, const json_t *test)
{
    struct err err = {0};
    struct jwk_private *key = NULL;
    struct secret *der = pkcs8_of(arena, json_object_get(group, "private")), *plain = NULL;
    const char *token = json_string_value(json_object_get(test, "jwe"));
    if (der == NULL || token == NULL || !jwk_private_import(der, &key, &err).ok) {
        secret_free(der);
        return false;
    }
    bool ok = jwe_decrypt(key, slice_str(token), R_CRYPTO_FAILED, &plain, &err).ok &&
              slice_eq(secret_use(plain), vector_hex(arena, test, "pt"));
    secret_free(plain);
    secret_free(der);
    jwk_private_free(key);
    return ok;
}

static void wycheproof_jwe(void **state)
{
    (void)state;
    /* One of the valid ones is ECDH-ES+A256KW with A256GCM on P-256; all other algorithms are
     * refused. */
    assert_int_equal(run_file("wycheproof/json_web_encryption_test.json", try_jwe).accepted, 1);
}

/* --- symmetric ------------------------------------------------------------------------------ */

static bool try_gcm(struct arena *arena, const json_t *group, const json_t *test)
{
    (void)group;
    struct err err = {0};
    struct slice key = vector_hex(arena, test, "key"), iv = vector_hex(arena, test, "iv"),
                 aad = vector_hex(arena, test, "aad"), msg = vector_hex(arena, test, "msg"),
                 ct = vector_hex(arena, test, "ct"), tag = vector_hex(arena, test, "tag");
    uint8_t *plain = arena_alloc(arena, ct.len);
    if (iv.len != AEAD_NONCE_BYTES || tag.len != AEAD_TAG_BYTES ||
        !aead_open(key, iv.ptr, aad, ct, tag.ptr, plain, R_LICENSE_FORGED, &err).ok) {
        return false;
    }
    uint8_t *again = arena_alloc(arena, msg.len);
    uint8_t new_tag[AEAD_TAG_BYTES];
    assert_ok(aead_seal(key, iv.ptr, aad, msg, again, new_tag, &err), &err);
    assert_true(slice_eq(slice_of(again, msg.len), ct));
    assert_memory_equal(new_tag, tag.ptr, sizeof new_tag);
    return slice_eq(slice_of(plain, ct.len), msg);
}

static bool try_kw(struct arena *arena, const json_t *group, const json_t *test)
{
    (void)group;
    struct err err = {0};
    struct slice ct = vector_hex(arena, test, "ct"), msg = vector_hex(arena, test, "msg");
    uint8_t *key = arena_alloc(arena, ct.len + 8);
    return keywrap_unwrap(vector_hex(arena, test, "key"), ct, key, R_ROOT_KEY_WRONG, &err).ok &&
           slice_eq(slice_of(key, ct.len - 8), msg);
}

static bool try_kwp(struct arena *arena, const json_t *group, const json_t *test)
{
    (void)group;
    struct err err = {0};
    struct slice key, kek = vector_hex(arena, test, "key"), ct = vector_hex(arena, test, "ct"),
                      msg = vector_hex(arena, test, "msg"), wrapped;
    if (!keywrap_unwrap_padded(arena, kek, ct, R_ROOT_KEY_WRONG, &key, &err).ok) {
        return false;
    }
    assert_ok(keywrap_wrap_padded(arena, kek, msg, &wrapped, &err), &err);
    return slice_eq(key, msg) && slice_eq(wrapped, ct);
}

static bool try_hkdf(struct arena *arena, const json_t *group, const json_t *test)
{
    (void)group;
    struct err err = {0};
    size_t size = (size_t)json_integer_value(json_object_get(test, "size"));
    uint8_t *okm = arena_alloc(arena, size);
    return kdf_hkdf_sha256(vector_hex(arena, test, "ikm"), vector_hex(arena, test, "salt"),
                           vector_hex(arena, test, "info"), okm, size, &err)
               .ok &&
           slice_eq(slice_of(okm, size), vector_hex(arena, test, "okm"));
}

static void wycheproof_symmetric(void **state)
{
    (void)state;
    assert_true(run_file("wycheproof/aes_gcm_test.json", try_gcm).accepted > 30);
    assert_true(run_file("wycheproof/aes_wrap_test.json", try_kw).accepted > 10);
    assert_true(run_file("wycheproof/aes_kwp_test.json", try_kwp).accepted > 10);
    assert_true(run_file("wycheproof/hkdf_sha256_test.json", try_hkdf).accepted > 70);
}

static int setup(void **state)
{
    (void)state;
    struct err err = {0};
    return crypto_init(NULL, &err).ok ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    crypto_fini();
    return 0;
}

int main(void)
{
    json_t *probe = vectors_load("wycheproof/hkdf_sha256_test.json");
    if (probe == NULL) {
        puts("skipped: wycheproof vectors are not there; set CHANCERY_VECTORS");
        return TEST_SKIPPED;
    }
    json_decref(probe);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wycheproof_jws),        cmocka_unit_test(wycheproof_jwk),
        cmocka_unit_test(wycheproof_signatures), cmocka_unit_test(wycheproof_jwe),
        cmocka_unit_test(wycheproof_symmetric),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
