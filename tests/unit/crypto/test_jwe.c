/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted content keys: what a header may say (each flaw in a token that is sound but for it),
 * and RSA clients. */
#include "chancery_test.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/encode.h"
#include "crypto/aead.h"
#include "crypto/algs.h"
#include "crypto/cek_wrap.h"
#include "crypto/crypto_internal.h"
#include "crypto/json.h"
#include "crypto/jwe.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"

#define CONTENT_KEY "0123456789abcdef0123456789abcdef"

static struct arena *arena;
static struct err err;
static struct jwk_private *key;
static const char *public_members;

static int setup(void **state)
{
    (void)state;
    char members[MEMBERS_MAX];
    arena = arena_new(4 << 20);
    assert_ok(crypto_init(NULL, &err), &err);
    assert_ok(jwk_private_generate(JWK_EC_P256, &key, &err), &err);
    const struct jwk_public *public = jwk_private_public(key);
    assert_ok(public->type->write(public->type, public->pkey, members, &err), &err);
    public_members = arena_strdup(arena, members);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jwk_private_free(key);
    arena_free(arena);
    return 0;
}

/* --- crafted tokens ----------------------------------------------------------------------------- */

/* A token to the key with its own key as the ephemeral one, and this header. */
static const char *craft(const char *header, struct slice apu, struct slice apv)
{
    static const uint8_t cek[CEK_BYTES] = {7}, nonce[AEAD_NONCE_BYTES] = {8};
    uint8_t shared[EC_FIELD_MAX], kek[32], wrapped[CEK_BYTES + 8], tag[AEAD_TAG_BYTES];
    uint8_t cipher[sizeof CONTENT_KEY - 1];
    size_t len;
    assert_ok(ec_agree(key->pub.pkey, key->pub.pkey, shared, &len, &err), &err);
    assert_ok(kdf_concat_sha256(slice_of(shared, len), "ECDH-ES+A256KW", apu, apv, kek, &err),
              &err);
    assert_ok(keywrap_wrap(slice_of(kek, sizeof kek), slice_of(cek, sizeof cek), wrapped, &err),
              &err);
    const char *encoded = base64url_dup(arena, slice_str(header));
    assert_ok(aead_seal(slice_of(cek, sizeof cek), nonce, slice_str(encoded),
                        slice_str(CONTENT_KEY), cipher, tag, &err),
              &err);
    return arena_printf(arena, "%s.%s.%s.%s.%s", encoded,
                        base64url_dup(arena, slice_of(wrapped, sizeof wrapped)),
                        base64url_dup(arena, slice_of(nonce, sizeof nonce)),
                        base64url_dup(arena, slice_of(cipher, sizeof cipher)),
                        base64url_dup(arena, slice_of(tag, sizeof tag)));
}

static bool opens(const char *token)
{
    struct secret *plain = NULL;
    err_clear(&err);
    if (!jwe_decrypt(key, slice_str(token), R_LICENSE_FORGED, &plain, &err).ok) {
        assert_int_equal(err.reason, R_LICENSE_FORGED);
        return false;
    }
    assert_true(slice_eq_str(secret_use(plain), CONTENT_KEY));
    secret_free(plain);
    return true;
}

static const char *header_of(const char *alg, const char *enc, const char *more)
{
    return arena_printf(arena, "{\"alg\":\"%s\",\"enc\":\"%s\",\"epk\":{%s}%s}", alg, enc,
                        public_members, more);
}

static void a_header_says_what_we_do(void **state)
{
    (void)state;
    static const char *const more[] = {",\"crit\":[\"x\"]", ",\"zip\":\"DEF\"", ",\"apu\":7",
                                       ",\"apv\":7",        ",\"apu\":\"?\"",   ",\"apv\":\"AB=\""};
    assert_true(opens(craft(header_of("ECDH-ES+A256KW", "A256GCM", ""), SLICE_NONE, SLICE_NONE)));
    assert_true(opens(
        craft(header_of("ECDH-ES+A256KW", "A256GCM", ",\"cty\":\"JWT\""), SLICE_NONE, SLICE_NONE)));
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        assert_false(
            opens(craft(header_of("ECDH-ES+A256KW", "A256GCM", more[i]), SLICE_NONE, SLICE_NONE)));
    }
    assert_false(opens(craft(header_of("ECDH-ES", "A256GCM", ""), SLICE_NONE, SLICE_NONE)));
    assert_false(opens(craft(header_of("RSA-OAEP-256", "A256GCM", ""), SLICE_NONE, SLICE_NONE)));
    assert_false(opens(craft(header_of("ECDH-ES+A256KW", "A128GCM", ""), SLICE_NONE, SLICE_NONE)));
}

/* RFC 7518 §4.6.1.2 and §4.6.1.3: they go into the derivation. */
static void parties_are_part_of_the_key(void **state)
{
    (void)state;
    const char *header =
        header_of("ECDH-ES+A256KW", "A256GCM", ",\"apu\":\"QWxpY2U\",\"apv\":\"Qm9i\"");
    assert_true(opens(craft(header, slice_str("Alice"), slice_str("Bob"))));
    assert_false(opens(craft(header, slice_str("Alice"), SLICE_NONE)));
    assert_false(opens(craft(header, SLICE_NONE, slice_str("Bob"))));
}

static void ephemeral_keys_are_public_keys_of_the_same_curve(void **state)
{
    (void)state;
    struct jwk_private *other = NULL;
    char members[MEMBERS_MAX];
    assert_ok(jwk_private_generate(JWK_EC_P384, &other, &err), &err);
    const struct jwk_public *public = jwk_private_public(other);
    assert_ok(public->type->write(public->type, public->pkey, members, &err), &err);
    jwk_private_free(other);
    const char *const headers[] = {
        "{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\"}",
        "{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":\"key\"}",
        "{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":{}}",
        arena_printf(arena, "{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":{%s}}",
                     members),
        arena_printf(arena,
                     "{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":{%s,\"d\":\"AA\"}}",
                     public_members),
        "{\"enc\":\"A256GCM\"}",
        "{\"alg\":\"ECDH-ES+A256KW\"}",
        "[]",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        assert_false(opens(craft(headers[i], SLICE_NONE, SLICE_NONE)));
    }
}

static void memory_runs_out_while_a_key_is_unwrapped(void **state)
{
    (void)state;
    uint8_t cek[CEK_BYTES];
    static const uint8_t wrapped[CEK_BYTES + 8];
    json_t *header = NULL;
    const char *text = header_of("ECDH-ES+A256KW", "A256GCM", "");
    assert_ok(json_parse_object(arena, slice_str(text), 1024, R_LICENSE_FORGED, &header, &err),
              &err);
    for (size_t nth = 1; nth <= 2;
         nth++) { /* the ephemeral key's text, and its place in the arena */
        arena_fail_at(arena, nth);
        assert_fails(cek_unwrap_ecdh(arena, key, header, slice_of(wrapped, sizeof wrapped),
                                     R_LICENSE_FORGED, cek, &err),
                     &err, R_ARENA_EXHAUSTED);
    }
}

/* The parts of a sound token with one of them of another size; and a token without end. */
static void parts_have_their_sizes(void **state)
{
    (void)state;
    const char *token = craft(header_of("ECDH-ES+A256KW", "A256GCM", ""), SLICE_NONE, SLICE_NONE);
    static const int changed[] = {1, 2, 4};
    for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++) {
        char *copy = arena_strdup(arena, token), *save = NULL, *out = arena_strdup(arena, "");
        int part = 0;
        for (char *text = strtok_r(copy, ".", &save); text != NULL;
             text = strtok_r(NULL, ".", &save)) {
            out = arena_printf(arena, "%s%s%s%s", out, part == 0 ? "" : ".", text,
                               part == changed[i] ? "AAAA" : "");
            part++;
        }
        assert_false(opens(out));
    }
    /* A whole number of AES blocks more would be unwrapped beyond the key. */
    const char *longer = base64url_dup(arena, slice_of(arena_zalloc(arena, 48), 48));
    const char *rest = strchr(strchr(token, '.') + 1, '.');
    assert_false(
        opens(arena_printf(arena, "%.*s.%s%s", (int)strcspn(token, "."), token, longer, rest)));
    char *endless = arena_alloc(arena, 20001);
    memset(endless, 'A', 20000);
    endless[20000] = '\0';
    assert_false(opens(endless));
    assert_false(opens(arena_printf(arena, "%s.AAAA", token)));
}

/* --- RSA ---------------------------------------------------------------------------------------- */

static const char *rsa_jwk(const EVP_PKEY *pkey, const char *more)
{
    BIGNUM *n = NULL;
    uint8_t bytes[256];
    assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n), 1);
    int len = BN_bn2bin(n, bytes);
    BN_free(n);
    return arena_printf(arena, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"%s}",
                        base64url_dup(arena, slice_of(bytes, (size_t)len)), more);
}

/* Take the token apart as a client with OpenSSL does. */
static void check_as_rsa_client(EVP_PKEY *pkey, struct slice token)
{
    struct slice parts[5];
    char *copy = arena_dup(arena, token), *save = NULL;
    const char *encoded = strtok_r(copy, ".", &save), *text = encoded;
    for (size_t i = 0; i < 5; i++, text = strtok_r(NULL, ".", &save)) {
        assert_ok(base64url_decode(arena, slice_str(text), &parts[i], &err), &err);
    }
    assert_true(slice_eq_str(parts[0], "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\"}"));
    uint8_t cek[256], plain[sizeof CONTENT_KEY - 1];
    size_t len = sizeof cek;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, "SHA2-256", NULL), 1);
    assert_int_equal(EVP_PKEY_decrypt(ctx, cek, &len, parts[1].ptr, parts[1].len), 1);
    EVP_PKEY_CTX_free(ctx);
    assert_int_equal(len, CEK_BYTES);
    assert_int_equal(parts[3].len, sizeof plain);
    assert_ok(aead_open(slice_of(cek, len), parts[2].ptr, slice_str(encoded), parts[3],
                        parts[4].ptr, plain, R_LICENSE_FORGED, &err),
              &err);
    assert_memory_equal(plain, CONTENT_KEY, sizeof plain);
}

static void rsa_clients_get_content_keys(void **state)
{
    (void)state;
    EVP_PKEY *pkey = EVP_RSA_gen(2048);
    struct jwk_public *public = NULL;
    struct slice token;
    assert_ok(jwk_public_parse(slice_str(rsa_jwk(pkey, ",\"alg\":\"RSA-OAEP-256\"")),
                               R_CLIENT_KEY_INVALID, &public, &err),
              &err);
    assert_ok(jwe_encrypt(arena, public, slice_str(CONTENT_KEY), &token, &err), &err);
    check_as_rsa_client(pkey, token);
    jwk_public_free(public);
    assert_ok(jwk_public_parse(slice_str(rsa_jwk(pkey, ",\"use\":\"sig\"")), R_CLIENT_KEY_INVALID,
                               &public, &err),
              &err);
    assert_fails(jwe_encrypt(arena, public, slice_str(CONTENT_KEY), &token, &err), &err,
                 R_CLIENT_KEY_INVALID);
    jwk_public_free(public);
    EVP_PKEY_free(pkey);
}

/* --- JSON --------------------------------------------------------------------------------------- */

static void json_is_bounded_and_owned(void **state)
{
    (void)state;
    json_t *out = NULL;
    struct slice text;
    static const char *const bad[] = {"", "[]", "7", "{\"a\":1}x", "{\"a\":\"\\u0000\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_fails(
            json_parse_object(arena, slice_str(bad[i]), 100, R_TOKEN_MALFORMED, &out, &err), &err,
            R_TOKEN_MALFORMED);
    }
    assert_fails(json_parse_object(arena, slice_str("{}"), 1, R_TOKEN_MALFORMED, &out, &err), &err,
                 R_TOKEN_MALFORMED);
    assert_fails(json_own(arena, NULL, &err), &err, R_ARENA_EXHAUSTED);
    assert_ok(json_parse_object(arena, slice_str("{\"a\":\"\\\\\\\"}]\",\"b\":[1,2]}"), 100,
                                R_TOKEN_MALFORMED, &out, &err),
              &err);
    assert_fails(json_get_text(out, "b", R_TOKEN_MALFORMED, &text, &err), &err, R_TOKEN_MALFORMED);
    assert_fails(json_need_text(out, "c", R_TOKEN_MALFORMED, &text, &err), &err, R_TOKEN_MALFORMED);
    arena_fail_at(arena, 1);
    assert_fails(json_dump(arena, out, &text, &err), &err, R_ARENA_EXHAUSTED);
    arena_fail_at(arena, 1);
    assert_fails(json_own(arena, json_object(), &err), &err, R_ARENA_EXHAUSTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_header_says_what_we_do, setup, teardown),
        cmocka_unit_test_setup_teardown(parties_are_part_of_the_key, setup, teardown),
        cmocka_unit_test_setup_teardown(ephemeral_keys_are_public_keys_of_the_same_curve, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(memory_runs_out_while_a_key_is_unwrapped, setup, teardown),
        cmocka_unit_test_setup_teardown(parts_have_their_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(rsa_clients_get_content_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(json_is_bounded_and_owned, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
