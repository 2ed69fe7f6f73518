/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and key sets from outside: what each member may be, what a key is good for, and which
 * keys of a set are used. */
#include "chancery_test.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/encode.h"
#include "crypto/algs.h"
#include "crypto/crypto_internal.h"

static struct arena *arena;
static struct err err;
static const char *p256, *p384; /* members of public keys, without braces */

static const char *members_of(enum jwk_kind kind)
{
    struct jwk_private *key = NULL;
    char members[MEMBERS_MAX];
    assert_ok(jwk_private_generate(kind, &key, &err), &err);
    assert_ok(arena_on_free(arena, jwk_private_free, key, &err), &err);
    const struct jwk_public *public = jwk_private_public(key);
    assert_ok(public->type->write(public->type, public->pkey, members, &err), &err);
    return arena_strdup(arena, members);
}

static int setup(void **state)
{
    (void)state;
    arena = arena_new(4 << 20);
    assert_ok(crypto_init(NULL, &err), &err);
    p256 = members_of(JWK_EC_P256);
    p384 = members_of(JWK_EC_P384);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* A key of these members and some more; NULL when it is refused. */
static struct jwk_public *key_with(const char *members, const char *more)
{
    struct jwk_public *key = NULL;
    const char *json = arena_printf(arena, "{%s%s}", members, more);
    err_clear(&err);
    if (!jwk_public_parse(slice_str(json), R_CLIENT_KEY_INVALID, &key, &err).ok) {
        assert_int_equal(err.reason, R_CLIENT_KEY_INVALID);
        return NULL;
    }
    assert_ok(arena_on_free(arena, jwk_public_free, key, &err), &err);
    return key;
}

static const char *zeros(size_t bytes)
{
    return base64url_dup(arena, slice_of(arena_zalloc(arena, bytes), bytes));
}

/* --- what a key is good for --------------------------------------------------------------------- */

static void purposes_are_what_the_key_says(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        bool may_verify, may_wrap;
    } rows[] = {
        {.more = "", .may_verify = true, .may_wrap = true},
        {.more = ",\"use\":\"sig\"", .may_verify = true},
        {.more = ",\"use\":\"enc\"", .may_wrap = true},
        {.more = ",\"use\":\"other\""},
        {.more = ",\"key_ops\":[]"},
        {.more = ",\"key_ops\":[\"verify\"]", .may_verify = true},
        {.more = ",\"key_ops\":[7,\"sign\",\"wrapKey\"]", .may_wrap = true},
        {.more = ",\"key_ops\":[\"deriveKey\"]", .may_wrap = true},
        {.more = ",\"key_ops\":[\"deriveBits\"]", .may_wrap = true},
        {.more = ",\"alg\":\"ES256\"", .may_verify = true},
        {.more = ",\"alg\":\"ES384\""},
        {.more = ",\"alg\":\"ECDH-ES+A256KW\"", .may_wrap = true},
        {.more = ",\"alg\":\"RSA-OAEP-256\""}, /* of another kind of key */
        {.more = ",\"alg\":\"dir\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct jwk_public *key = key_with(p256, rows[i].more);
        assert_non_null(key);
        assert_int_equal(jwk_may_verify(key, JWS_ES256), rows[i].may_verify);
        assert_int_equal(jwk_may_wrap(key), rows[i].may_wrap);
        assert_false(jwk_may_verify(key, JWS_ES384) || jwk_may_verify(key, JWS_RS256) ||
                     jwk_may_verify(key, JWS_EDDSA) || jwk_may_verify(key, JWS_NONE));
    }
}

static void each_kind_is_itself(void **state)
{
    (void)state;
    static const char okp[] = "\"kty\":\"OKP\",\"crv\":\"Ed25519\","
                              "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"";
    assert_int_equal(jwk_kind(key_with(p256, "")), JWK_EC_P256);
    assert_int_equal(jwk_kind(key_with(p384, "")), JWK_EC_P384);
    const struct jwk_public *key = key_with(okp, "");
    assert_int_equal(jwk_kind(key), JWK_ED25519);
    assert_true(jwk_may_verify(key, JWS_EDDSA));
    assert_false(jwk_may_wrap(key)); /* nothing is wrapped to keys that only sign */
    assert_false(jwk_may_wrap(key_with(okp, ",\"alg\":\"ECDH-ES+A256KW\"")));
    assert_string_equal(jwk_kid(key), "");
    assert_string_equal(jwk_issuer(key), "");
}

static void the_canonical_form_reads_as_the_same_key(void **state)
{
    (void)state;
    const struct jwk_public *key = key_with(p384, ",\"kid\":\"mine\"");
    const char *json = jwk_public_json(arena, key, "enc", "ECDH-ES+A256KW");
    struct jwk_public *again = NULL;
    assert_ok(jwk_public_parse(slice_str(json), R_CLIENT_KEY_INVALID, &again, &err), &err);
    assert_true(slice_eq(jwk_thumbprint(key), jwk_thumbprint(again)));
    assert_string_equal(jwk_kid(again), base64url_dup(arena, jwk_thumbprint(key)));
    jwk_public_free(again);
    jwk_public_free(NULL);
    jwk_private_free(NULL);
    jwks_free(NULL);
    arena_fail_at(arena, 1);
    assert_null(jwk_public_json(arena, key, NULL, NULL));
    arena_fail_at(arena, 2);
    assert_null(jwk_public_json(arena, key, NULL, NULL));
}

/* --- what is no key ----------------------------------------------------------------------------- */

static void members_have_their_types(void **state)
{
    (void)state;
    static const char *const more[] = {
        ",\"kid\":7",    ",\"use\":7",  ",\"alg\":7",  ",\"key_ops\":\"verify\"", ",\"key_ops\":{}",
        ",\"d\":\"AA\"", ",\"k\":\"\"", ",\"oth\":[]", ",\"key_ops\":\"[]\"",     ",\"qi\":\"AAA\"",
    };
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        if (key_with(p256, more[i]) != NULL) {
            fail_msg("%s", more[i]);
        }
    }
    char kid[JWK_KID_MAX + 2] = "";
    memset(kid, 'k', JWK_KID_MAX);
    assert_non_null(key_with(p256, arena_printf(arena, ",\"kid\":\"%s\"", kid)));
    kid[JWK_KID_MAX] = 'k';
    kid[JWK_KID_MAX + 1] = '\0';
    assert_null(key_with(p256, arena_printf(arena, ",\"kid\":\"%s\"", kid)));
}

static void coordinates_have_their_size(void **state)
{
    (void)state;
    static const struct {
        const char *head, *first, *second;
        size_t first_bytes, second_bytes;
    } rows[] = {
        {.head = "\"kty\":\"EC\",\"crv\":\"P-256\"", .first = "x", .first_bytes = 32},
        {.head = "\"kty\":\"EC\",\"crv\":\"P-256\"",
         .first = "x",
         .second = "y",
         .first_bytes = 31,
         .second_bytes = 32},
        {.head = "\"kty\":\"EC\",\"crv\":\"P-256\"",
         .first = "x",
         .second = "y",
         .first_bytes = 32,
         .second_bytes = 33},
        {.head = "\"kty\":\"EC\",\"crv\":\"P-256\"",
         .first = "x",
         .second = "y",
         .first_bytes = 32}, /* an empty member is none */
        {.head = "\"kty\":\"EC\",\"crv\":\"P-384\"", .first = "y", .first_bytes = 48},
        {.head = "\"kty\":\"EC\",\"crv\":7",
         .first = "x",
         .second = "y",
         .first_bytes = 32,
         .second_bytes = 32},
        {.head = "\"kty\":\"OKP\",\"crv\":\"Ed25519\"", .first = "x", .first_bytes = 31},
        {.head = "\"kty\":\"OKP\",\"crv\":\"Ed25519\"", .first = "y", .first_bytes = 32},
        {.head = "\"kty\":\"OKP\",\"crv\":\"Ed448\"", .first = "x", .first_bytes = 57},
        {.head = "\"kty\":7,\"crv\":\"P-256\"", .first = "x", .first_bytes = 32},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *second = rows[i].second == NULL
                                 ? ""
                                 : arena_printf(arena, ",\"%s\":\"%s\"", rows[i].second,
                                                zeros(rows[i].second_bytes));
        const char *members = arena_printf(arena, "%s,\"%s\":\"%s\"%s", rows[i].head, rows[i].first,
                                           zeros(rows[i].first_bytes), second);
        if (key_with(members, "") != NULL) {
            fail_msg("%s", members);
        }
    }
}

/* A modulus of this many bytes that are all 0xff, but for the last. */
static const char *rsa_members(size_t bytes, uint8_t last, const char *e)
{
    uint8_t *n = arena_alloc(arena, bytes);
    memset(n, 0xff, bytes);
    n[bytes - 1] = last;
    return arena_printf(arena, "\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"",
                        base64url_dup(arena, slice_of(n, bytes)), e);
}

static void rsa_numbers_are_sound(void **state)
{
    (void)state;
    static const struct {
        size_t bytes;
        uint8_t last;
        const char *e;
        bool is_sound;
    } rows[] = {
        {.bytes = 256, .last = 0xfd, .e = "AQAB", .is_sound = true},
        {.bytes = 1024, .last = 0xfd, .e = "AQAB", .is_sound = true},
        {.bytes = 256, .last = 0xfd, .e = "Aw", .is_sound = true}, /* 3 */
        {.bytes = 255, .last = 0xfd, .e = "AQAB"},                 /* 2040 bits */
        {.bytes = 1025, .last = 0xfd, .e = "AQAB"},                /* more than 8192 bits */
        {.bytes = 256, .last = 0xfc, .e = "AQAB"},                 /* even */
        {.bytes = 256, .last = 0xfd, .e = "AQAA"},                 /* 65536 */
        {.bytes = 256, .last = 0xfd, .e = "AQ"},                   /* 1 */
        {.bytes = 256, .last = 0xfd, .e = "AQAAAAAAAAAB"},         /* 9 bytes */
        {.bytes = 256, .last = 0xfd, .e = ""},
        {.bytes = 256, .last = 0xfd, .e = "AQAB=="},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct jwk_public *key =
            key_with(rsa_members(rows[i].bytes, rows[i].last, rows[i].e), "");
        if ((key != NULL) != rows[i].is_sound) {
            fail_msg("row %zu", i);
        }
    }
    assert_null(key_with("\"kty\":\"RSA\",\"n\":\"AQAB\"", ""));
}

static void keys_in_headers(void **state)
{
    (void)state;
    struct jwk_public *key = NULL;
    const char *header = arena_printf(arena, "{\"alg\":\"ES256\",\"jwk\":{%s}}", p256);
    assert_ok(jwk_public_from_header(slice_str(header), R_TOKEN_MALFORMED, &key, &err), &err);
    jwk_public_free(key);
    static const char *const bad[] = {"", "{}", "{\"jwk\":\"\"}", "{\"jwk\":[]}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_fails(jwk_public_from_header(slice_str(bad[i]), R_TOKEN_MALFORMED, &key, &err), &err,
                     R_TOKEN_MALFORMED);
    }
}

/* --- sets --------------------------------------------------------------------------------------- */

static struct jwks *set_of(const char *json)
{
    struct jwks *set = NULL;
    if (!jwks_parse(slice_str(json), R_ISSUER_KEYS_INVALID, &set, NULL).ok) {
        return NULL;
    }
    assert_ok(arena_on_free(arena, jwks_free, set, &err), &err);
    return set;
}

static void keys_of_a_set_have_issuers(void **state)
{
    (void)state;
    char longest[JWK_ISSUER_MAX + 2] = "";
    memset(longest, 'i', JWK_ISSUER_MAX);
    const struct jwks *set = set_of(arena_printf(
        arena,
        "{\"keys\":[{%s,\"issuer\":\"https://a.example\"},{%s},{%s,\"issuer\":7},{%s,\"issuer\":\"%s\"}]}",
        p256, p384, p256, p384, longest));
    assert_non_null(set);
    assert_int_equal(set->count, 3); /* whose issuer can't be read is left out */
    assert_string_equal(jwk_issuer(set->keys[0]), "https://a.example");
    assert_string_equal(jwk_issuer(set->keys[1]), "");
    assert_string_equal(jwk_issuer(set->keys[2]), longest);
    longest[JWK_ISSUER_MAX] = 'i';
    assert_null(set_of(arena_printf(arena, "{\"keys\":[{%s,\"issuer\":\"%s\"}]}", p256, longest)));
}

static void a_set_names_its_key_or_has_but_one(void **state)
{
    (void)state;
    const char *other = members_of(JWK_EC_P256);
    const struct jwks *set = set_of(arena_printf(
        arena, "{\"keys\":[{%s,\"kid\":\"a\"},{%s},{%s,\"use\":\"enc\"}]}", p256, other, p384));
    assert_int_equal(set->count, 2); /* one is not for signatures */
    assert_ptr_equal(jwks_find(set, slice_str("a"), JWS_ES256), set->keys[0]);
    assert_null(jwks_find(set, slice_str("b"), JWS_ES256));
    assert_null(jwks_find(set, SLICE_NONE, JWS_ES256)); /* there are two */
    assert_null(jwks_find(set, SLICE_NONE, JWS_ES384));
}

static void what_is_no_set(void **state)
{
    (void)state;
    assert_null(set_of("{\"keys\":{}}"));
    assert_null(set_of("{\"keys\":[7]}"));
    assert_null(set_of("{\"keys\":[{\"kty\":\"new\"}]}"));
    assert_null(set_of("[]"));
    assert_null(
        set_of(arena_printf(arena, "{\"keys\":[{%s},{\"kty\":\"new\",\"k\":\"\"}]}", p256)));
}

/* One entry that can't be used takes no other away. */
static void a_set_is_what_of_it_can_be_used(void **state)
{
    (void)state;
    static const char *const useless[] = {
        "null",
        "7",
        "[]",
        "{}",
        "\"\"",
        "{\"kty\":null}",
        "{\"kty\":\"EC\",\"crv\":\"P-521\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":null,\"y\":null,\"d\":null}"};
    for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++) {
        const struct jwks *set = set_of(arena_printf(arena, "{\"keys\":[%s,{%s,\"d\":null},%s]}",
                                                     useless[i], p256, useless[i]));
        assert_non_null(set);
        assert_int_equal(set->count, 1);
    }
    assert_null(set_of(arena_printf(arena, "{\"keys\":[{%s},{%s,\"d\":\"AA\"}]}", p256, p384)));
    const struct jwks *marked = set_of(arena_printf(arena, "\xef\xbb\xbf{\"keys\":[{%s}]}", p256));
    assert_non_null(marked);
    assert_null(set_of(arena_printf(arena, "\xef\xbb\xbf\xef\xbb\xbf{\"keys\":[{%s}]}", p256)));
}

/* Keycloak publishes a key to sign and one to encrypt with under one kid, Microsoft one key for several issuers. */
static void keys_share_a_kid(void **state)
{
    (void)state;
    const char *other = members_of(JWK_EC_P256);
    const struct jwks *set = set_of(arena_printf(
        arena,
        "{\"keys\":[{%s,\"kid\":\"a\",\"use\":\"enc\"},{%s,\"kid\":\"a\",\"use\":\"sig\"},"
        "{%s,\"kid\":\"a\"},{%s,\"kid\":\"a\",\"use\":\"sig\",\"x5t\":\"t\"},{%s,\"kid\":\"a\","
        "\"issuer\":\"https://a.example\"},{%s,\"kid\":\"b\"}]}",
        p256, p256, p384, p256, other, p256));
    assert_non_null(set);
    assert_int_equal(set->count, 4); /* one verifies nothing, and one is there twice */
    size_t at = 0;
    assert_ptr_equal(jwks_next(set, slice_str("a"), JWS_ES256, &at), set->keys[0]);
    assert_ptr_equal(jwks_next(set, slice_str("a"), JWS_ES256, &at), set->keys[2]);
    assert_null(jwks_next(set, slice_str("a"), JWS_ES256, &at));
    assert_null(jwks_find(set, slice_str("a"), JWS_ES256)); /* there are two */
    assert_ptr_equal(jwks_find(set, slice_str("a"), JWS_ES384), set->keys[1]);
    assert_ptr_equal(jwks_find(set, slice_str("b"), JWS_ES256), set->keys[3]);
}

/* Those that stand first count; whatever stands behind them takes none of them away. */
static void sets_are_bounded(void **state)
{
    (void)state;
    enum { KEYS = JWKS_KEYS_MAX + 100 };
    char *json = arena_zalloc(arena, JWKS_BYTES_MAX);
    size_t len = (size_t)snprintf(json, JWKS_BYTES_MAX, "{\"keys\":[null");
    for (size_t i = 0; i < KEYS; i++) {
        len +=
            (size_t)snprintf(json + len, JWKS_BYTES_MAX - len, ",{%s,\"kid\":\"k%zu\"}", p256, i);
    }
    snprintf(json + len, JWKS_BYTES_MAX - len, "]}");
    const struct jwks *set = set_of(json);
    assert_non_null(set);
    assert_int_equal(set->count, JWKS_KEYS_MAX);
    assert_non_null(jwks_find(set, slice_str("k255"), JWS_ES256));
    assert_null(jwks_find(set, slice_str("k256"), JWS_ES256));
}

/* --- private keys ------------------------------------------------------------------------------- */

/* A sound key on a curve on which we make none. */
static void private_keys_are_of_our_kinds(void **state)
{
    (void)state;
    EVP_PKEY *p521 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(bio, p521, NULL, NULL, 0, NULL, NULL), 1);
    char *text = NULL;
    size_t len = (size_t)BIO_get_mem_data(bio, &text);
    AUTO(secret_free_at) struct secret *pem = secret_copy(slice_of(text, len));
    struct jwk_private *key = NULL;
    assert_fails(jwk_private_from_pem(pem, &key, &err), &err, R_CRYPTO_FAILED);
    BIO_free(bio);
    EVP_PKEY_free(p521);
    assert_null(key_type_of_group("secp521r1"));
    assert_ptr_equal(key_type_of_group("P-384"), key_type_of(JWK_EC_P384));
    assert_ptr_equal(key_type_of_group("secp384r1"), key_type_of(JWK_EC_P384));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(purposes_are_what_the_key_says, setup, teardown),
        cmocka_unit_test_setup_teardown(each_kind_is_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(the_canonical_form_reads_as_the_same_key, setup, teardown),
        cmocka_unit_test_setup_teardown(members_have_their_types, setup, teardown),
        cmocka_unit_test_setup_teardown(coordinates_have_their_size, setup, teardown),
        cmocka_unit_test_setup_teardown(rsa_numbers_are_sound, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_in_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_of_a_set_have_issuers, setup, teardown),
        cmocka_unit_test_setup_teardown(a_set_names_its_key_or_has_but_one, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_set, setup, teardown),
        cmocka_unit_test_setup_teardown(a_set_is_what_of_it_can_be_used, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_share_a_kid, setup, teardown),
        cmocka_unit_test_setup_teardown(sets_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(private_keys_are_of_our_kinds, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
