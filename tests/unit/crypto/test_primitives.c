/* SPDX-License-Identifier: Apache-2.0 */
/* The small operations at the edges of their arguments. What they compute, known answers say
 * (test_vectors.c). */
#include "chancery_test.h"

#include <limits.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/aead.h"
#include "crypto/algs.h"
#include "crypto/hash.h"
#include "crypto/jws.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"

static struct err err;
static const uint8_t key_bytes[AEAD_KEY_BYTES] = {1};
static const uint8_t nonce[AEAD_NONCE_BYTES] = {2};

static struct slice key_of(size_t len)
{
    return slice_of(key_bytes, len);
}

static int setup(void **state)
{
    (void)state;
    return crypto_init(NULL, &err).ok ? 0 : -1;
}

/* Text and associated data, each with and without bytes. */
static void sealing_takes_nothing_too(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "text"};
    for (size_t i = 0; i < 4; i++) {
        struct slice aad = slice_str(texts[i & 1]), plain = slice_str(texts[i >> 1]);
        uint8_t cipher[8], opened[8], tag[AEAD_TAG_BYTES];
        assert_ok(aead_seal(key_of(32), nonce, aad, plain, cipher, tag, &err), &err);
        struct slice sealed = slice_of(cipher, plain.len);
        assert_ok(aead_open(key_of(32), nonce, aad, sealed, tag, opened, R_LICENSE_FORGED, &err),
                  &err);
        assert_memory_equal(opened, plain.ptr, plain.len);
        tag[15] ^= 1;
        assert_fails(aead_open(key_of(32), nonce, aad, sealed, tag, opened, R_LICENSE_FORGED, &err),
                     &err, R_LICENSE_FORGED);
    }
}

/* More than an int counts, and keys of another size, are refused before a byte is looked at. */
static void sealing_knows_its_sizes(void **state)
{
    (void)state;
    uint8_t out[8], tag[AEAD_TAG_BYTES] = {0};
    struct slice endless = slice_of(key_bytes, (size_t)INT_MAX + 1), none = SLICE_NONE;
    assert_fails(aead_seal(key_of(31), nonce, none, none, out, tag, &err), &err, R_CRYPTO_FAILED);
    assert_fails(aead_seal(key_of(32), nonce, endless, none, out, tag, &err), &err,
                 R_CRYPTO_FAILED);
    assert_fails(aead_seal(key_of(32), nonce, none, endless, out, tag, &err), &err,
                 R_CRYPTO_FAILED);
    assert_fails(aead_open(key_of(16), nonce, none, none, tag, out, R_LICENSE_FORGED, &err), &err,
                 R_LICENSE_FORGED);
}

static void key_wrap_knows_its_sizes(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4 << 20);
    uint8_t out[64];
    struct slice wrapped, key;
    static const size_t bad[] = {0, 8, 15, 17};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_fails(keywrap_wrap(key_of(32), key_of(bad[i]), out, &err), &err, R_CRYPTO_FAILED);
        assert_fails(keywrap_unwrap(key_of(32), key_of(bad[i]), out, R_ROOT_KEY_WRONG, &err), &err,
                     R_ROOT_KEY_WRONG);
    }
    assert_fails(keywrap_wrap(key_of(16), key_of(16), out, &err), &err, R_CRYPTO_FAILED);
    assert_ok(keywrap_wrap(key_of(32), key_of(16), out, &err), &err);
    assert_fails(keywrap_wrap_padded(arena, key_of(32), SLICE_NONE, &wrapped, &err), &err,
                 R_CRYPTO_FAILED);
    assert_fails(keywrap_wrap_padded(arena, key_of(31), key_of(5), &wrapped, &err), &err,
                 R_CRYPTO_FAILED);
    struct slice large = slice_of(arena_zalloc(arena, (1 << 20) + 1), (1 << 20) + 1);
    assert_fails(keywrap_wrap_padded(arena, key_of(32), large, &wrapped, &err), &err,
                 R_CRYPTO_FAILED);
    assert_ok(keywrap_wrap_padded(arena, key_of(32), key_of(5), &wrapped, &err), &err);
    assert_int_equal(wrapped.len, 16);
    assert_ok(keywrap_unwrap_padded(arena, key_of(32), wrapped, R_ROOT_KEY_WRONG, &key, &err),
              &err);
    assert_int_equal(key.len, 5);
    assert_fails(keywrap_unwrap_padded(arena, key_of(32), slice_cut(wrapped, 0, 8),
                                       R_ROOT_KEY_WRONG, &key, &err),
                 &err, R_ROOT_KEY_WRONG);
    assert_fails(keywrap_unwrap_padded(arena, key_of(32), key_of(17), R_ROOT_KEY_WRONG, &key, &err),
                 &err, R_ROOT_KEY_WRONG);
    arena_fail_at(arena, 1);
    assert_fails(keywrap_wrap_padded(arena, key_of(32), key_of(5), &wrapped, &err), &err,
                 R_ARENA_EXHAUSTED);
    arena_fail_at(arena, 1);
    assert_fails(keywrap_unwrap_padded(arena, key_of(32), wrapped, R_ROOT_KEY_WRONG, &key, &err),
                 &err, R_ARENA_EXHAUSTED);
}

/* RFC 4231 has no empty key; RFC 2104 pads it like every other, so it is the key of one zero
 * byte. */
static void an_empty_key_is_a_key(void **state)
{
    (void)state;
    static const uint8_t zero[1];
    uint8_t one[SHA256_BYTES], other[SHA256_BYTES];
    assert_ok(hmac_sha256(slice_of(key_bytes, 4), slice_str("x"), one, &err), &err);
    assert_ok(hmac_sha256(SLICE_NONE, slice_str("x"), one, &err), &err);
    assert_ok(hmac_sha256(slice_of(zero, 1), slice_str("x"), other, &err), &err);
    assert_memory_equal(one, other, sizeof one);
}

/* RFC 5869 §2.2: no salt is a salt of zeros, and §2.3: at most 255 blocks. */
static void derivation_has_a_bound(void **state)
{
    (void)state;
    static uint8_t out[HKDF_SHA256_MAX + 1], again[64];
    static const uint8_t zeros[SHA256_BYTES];
    struct slice secret = slice_str("secret"), info = slice_str("info");
    assert_ok(kdf_hkdf_sha256(secret, SLICE_NONE, info, out, HKDF_SHA256_MAX, &err), &err);
    assert_ok(
        kdf_hkdf_sha256(secret, slice_of(zeros, sizeof zeros), info, again, sizeof again, &err),
        &err);
    assert_memory_equal(out, again, sizeof again);
    assert_ok(kdf_hkdf_sha256(secret, SLICE_NONE, info, out, 0, &err), &err);
    assert_fails(kdf_hkdf_sha256(secret, SLICE_NONE, info, out, HKDF_SHA256_MAX + 1, &err), &err,
                 R_CRYPTO_FAILED);
}

static void algorithms_have_names(void **state)
{
    (void)state;
    static const char *const names[] = {"RS256", "PS256", "ES256", "ES384", "EdDSA"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        enum jws_alg alg = jws_alg_parse(slice_str(names[i]));
        assert_int_not_equal(alg, JWS_NONE);
        assert_string_equal(jws_alg_name(alg), names[i]);
    }
    assert_int_equal(jws_alg_parse(slice_str("none")), JWS_NONE);
    assert_string_equal(jws_alg_name(JWS_NONE), "none");
}

/* Without an error to fill, and with a header whose typ is none. */
static void tokens_are_refused_in_silence_too(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(1 << 16);
    struct jws jws;
    const char *header = base64url_dup(arena, slice_str("{\"alg\":\"ES256\",\"typ\":7}"));
    assert_false(jws_parse(arena, slice_str("?.e30.AAAA"), R_TOKEN_MALFORMED, &jws, NULL).ok);
    assert_fails(jws_parse(arena, slice_str(arena_printf(arena, "%s.e30.AAAA", header)),
                           R_TOKEN_MALFORMED, &jws, &err),
                 &err, R_TOKEN_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealing_takes_nothing_too),
        cmocka_unit_test(sealing_knows_its_sizes),
        cmocka_unit_test(key_wrap_knows_its_sizes),
        cmocka_unit_test(an_empty_key_is_a_key),
        cmocka_unit_test(derivation_has_a_bound),
        cmocka_unit_test(algorithms_have_names),
        cmocka_unit_test(tokens_are_refused_in_silence_too),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
