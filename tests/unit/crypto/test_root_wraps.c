/* SPDX-License-Identifier: Apache-2.0 */
/* Wrapped root keys, and root keys that are split. */
#include "chancery_test.h"

#include <string.h>

#include "base/encode.h"
#include "crypto/algs.h"
#include "crypto/root_wraps.h"
#include "crypto/shamir.h"

#define ROOT "0123456789abcdef0123456789abcdef"

static struct arena *arena;
static struct err err;
static struct secret *root;
static struct jwk_private *first, *second;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(4 << 20);
    assert_ok(crypto_init(NULL, &err), &err);
    assert_ok(jwk_private_generate(JWK_EC_P256, &first, &err), &err);
    assert_ok(jwk_private_generate(JWK_EC_P384, &second, &err), &err);
    root = secret_copy(slice_str(ROOT));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jwk_private_free(first);
    jwk_private_free(second);
    secret_free(root);
    arena_free(arena);
    crypto_fini();
    return 0;
}

static struct root_wraps both(void)
{
    struct root_wraps wraps = {0};
    assert_ok(root_wraps_add(arena, &wraps, "hsm-a", jwk_private_public(first), root, &err), &err);
    assert_ok(root_wraps_add(arena, &wraps, "drawer", jwk_private_public(second), root, &err),
              &err);
    return wraps;
}

/* --- wraps ------------------------------------------------------------------------------------ */

/* Computed by Python's cryptography: HKDF(SHA256(), 16, None, b"chancery root key thumbprint 1").derive(ROOT). */
static void the_thumbprint_is_the_documented_one(void **state)
{
    (void)state;
    char thumbprint[ROOT_THUMBPRINT_TEXT];
    assert_ok(root_wraps_thumbprint(root, thumbprint, &err), &err);
    assert_string_equal(thumbprint, "0mzZ83zGGDZocNGxJS7YAA");
}

static void each_wrap_opens_by_its_own_key(void **state)
{
    (void)state;
    struct root_wraps wraps = both(), read;
    struct slice text;
    struct jwk_private *keys[] = {first, second};
    assert_ok(root_wraps_print(arena, &wraps, &text, &err), &err);
    assert_ok(root_wraps_parse(arena, text, R_ROOT_KEY_INVALID, &read, &err), &err);
    assert_int_equal(read.count, 2);
    assert_string_equal(read.thumbprint, wraps.thumbprint);
    for (size_t i = 0; i < 2; i++) {
        struct secret *opened = NULL;
        assert_string_equal(read.wraps[i].name, wraps.wraps[i].name);
        assert_string_equal(read.wraps[i].kid,
                            base64url_dup(arena, jwk_thumbprint(jwk_private_public(keys[i]))));
        assert_ok(root_wrap_open(&read, i, keys[i], R_ROOT_KEY_INVALID, &opened, &err), &err);
        assert_true(secret_eq(opened, root));
        secret_free(opened);
        assert_fails(root_wrap_open(&read, i, keys[1 - i], R_ROOT_KEY_INVALID, &opened, &err), &err,
                     R_ROOT_KEY_INVALID);
    }
}

/* A file whose thumbprint was exchanged, or a wrap of another file, doesn't make another root key ours. */
static void a_wrap_of_another_root_key_is_refused(void **state)
{
    (void)state;
    struct root_wraps wraps = both(), others = {0};
    struct secret *other = secret_random(32), *opened = NULL, *short_one = secret_random(16);
    assert_fails(root_wraps_add(arena, &wraps, "x", jwk_private_public(first), other, &err), &err,
                 R_INPUT_INVALID);
    assert_ok(root_wraps_add(arena, &others, "hsm-a", jwk_private_public(first), other, &err),
              &err);
    wraps.wraps[0].jwe = others.wraps[0].jwe;
    assert_fails(root_wrap_open(&wraps, 0, first, R_ROOT_KEY_INVALID, &opened, &err), &err,
                 R_ROOT_KEY_INVALID);
    others.count = 0;
    assert_ok(root_wraps_add(arena, &others, "hsm-a", jwk_private_public(first), short_one, &err),
              &err);
    assert_fails(root_wrap_open(&others, 0, first, R_ROOT_KEY_INVALID, &opened, &err), &err,
                 R_ROOT_KEY_INVALID);
    secret_free(other);
    secret_free(short_one);
}

static void what_can_not_be_added(void **state)
{
    (void)state;
    static const char *const names[] = {"", "a b", "a\"", "a/b", "drawer"};
    struct root_wraps wraps = both();
    struct jwk_private *third = NULL;
    struct jwk_public *rsa = NULL;
    assert_ok(jwk_private_generate(JWK_EC_P256, &third, &err), &err);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_fails(root_wraps_add(arena, &wraps, names[i], jwk_private_public(third), root, &err),
                     &err, R_INPUT_INVALID);
    }
    assert_fails(root_wraps_add(arena, &wraps, "again", jwk_private_public(first), root, &err),
                 &err, R_INPUT_INVALID); /* the same key under another name */
    assert_ok(jwk_public_parse(slice_str("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
                                         "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"),
                               R_INPUT_INVALID, &rsa, &err),
              &err);
    assert_fails(root_wraps_add(arena, &wraps, "signer", rsa, root, &err), &err, R_INPUT_INVALID);
    jwk_public_free(rsa);
    jwk_private_free(third);
}

static void files_that_are_none(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "{}",
        "[]",
        "{\"format\": \"chancery root key 2\", \"thumbprint\": \"a\", \"wraps\": []}",
        "{\"format\": \"chancery root key 1\", \"wraps\": [{\"name\": \"a\", \"kid\": \"b\", \"jwe\": \"c\"}]}",
        "{\"format\": \"chancery root key 1\", \"thumbprint\": \"a\"}",
        "{\"format\": \"chancery root key 1\", \"thumbprint\": \"a\", \"wraps\": []}",
        "{\"format\": \"chancery root key 1\", \"thumbprint\": \"a\", \"wraps\": [1]}",
        "{\"format\": \"chancery root key 1\", \"thumbprint\": \"a\", \"wraps\": [{\"name\": \"a\", \"kid\": \"b\"}]}",
        "{\"format\": \"chancery root key 1\", \"thumbprint\": \"a\", \"wraps\": [{\"name\": \"a b\", \"kid\": \"b\", \"jwe\": \"c\"}]}",
        "{\"format\": \"chancery root key 1\", \"thumbprint\": \"a\", \"wraps\": [{\"name\": \"a\", \"kid\": \"\", \"jwe\": \"c\"}]}",
        "{\"format\": \"chancery root key 1\", \"thumbprint\": \"a\", \"wraps\": [{\"name\": \"a\", \"kid\": \"b\", \"jwe\": \"c\"}, {\"name\": \"a\", \"kid\": \"c\", \"jwe\": \"d\"}]}",
        "{\"format\": \"chancery root key 1\", \"thumbprint\": \"a\", \"wraps\": [{\"name\": \"a\", \"kid\": \"b\", \"jwe\": \"c\\\"d\"}]}",
        "{\"format\": \"chancery root key 1\", \"thumbprint\": \"a\", \"wraps\": [{\"name\": \"a\", \"kid\": \"b\", \"jwe\": \"c d\"}]}",
        "{\"format\": \"chancery root key 1\", \"thumbprint\": \"a\", \"wraps\": [{\"name\": \"a\", \"kid\": \"b\", \"jwe\": \"c\\u0000\"}]}",
        "{\"format\": \"chancery root key 1\", \"format\": \"chancery root key 1\"}",
    };
    struct root_wraps wraps;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_fails(root_wraps_parse(arena, slice_str(rows[i]), R_ROOT_KEY_INVALID, &wraps, &err),
                     &err, R_ROOT_KEY_INVALID);
    }
}

static void there_may_be_so_many(void **state)
{
    (void)state;
    struct root_wraps wraps = {0};
    for (int i = 0; i <= ROOT_WRAPS_MAX; i++) {
        struct jwk_private *key = NULL;
        assert_ok(jwk_private_generate(JWK_EC_P256, &key, &err), &err);
        const char *name = arena_printf(arena, "key-%d", i);
        assert_int_equal(
            root_wraps_add(arena, &wraps, name, jwk_private_public(key), root, &err).ok,
            i < ROOT_WRAPS_MAX);
        jwk_private_free(key);
    }
    assert_int_equal(err.reason, R_INPUT_INVALID);
    err_clear(&err);
}

/* --- keys that only agree --------------------------------------------------------------------- */

static rc refuse(void *ctx, struct slice point, uint8_t out[JWE_SHARED_MAX], size_t *len_out,
                 struct err *why)
{
    size_t *seen = ctx;
    (void)out;
    (void)len_out;
    *seen = point.len;
    FAIL(why, R_HSM_UNREACHABLE, "gone");
}

static rc agree_wrongly(void *ctx, struct slice point, uint8_t out[JWE_SHARED_MAX], size_t *len_out,
                        struct err *why)
{
    (void)ctx;
    (void)point;
    (void)why;
    memset(out, 1, 32);
    *len_out = 32;
    return OK;
}

static void what_the_holder_of_the_key_says_is_passed_on(void **state)
{
    (void)state;
    struct root_wraps wraps = both();
    struct secret *opened = NULL;
    size_t seen = 0;
    assert_fails(root_wrap_open_by(&wraps, 0, refuse, &seen, R_ROOT_KEY_INVALID, &opened, &err),
                 &err, R_HSM_UNREACHABLE);
    assert_int_equal(seen, 65);
    assert_fails(root_wrap_open_by(&wraps, 1, refuse, &seen, R_ROOT_KEY_INVALID, &opened, &err),
                 &err, R_HSM_UNREACHABLE);
    assert_int_equal(seen, 97);
    assert_fails(
        root_wrap_open_by(&wraps, 0, agree_wrongly, NULL, R_ROOT_KEY_INVALID, &opened, &err), &err,
        R_ROOT_KEY_INVALID);
}

static void a_point_becomes_a_key(void **state)
{
    (void)state;
    uint8_t point[97] = {4};
    struct jwk_public *key = NULL;
    struct root_wraps wraps = both();
    size_t seen = 0;
    struct secret *opened = NULL;
    assert_fails(root_wrap_open_by(&wraps, 0, refuse, &seen, R_ROOT_KEY_INVALID, &opened, &err),
                 &err, R_HSM_UNREACHABLE);
    assert_fails(jwk_public_of_point(arena, slice_of(point, 65), R_HSM_KEY_UNUSABLE, &key, &err),
                 &err, R_HSM_KEY_UNUSABLE); /* not on the curve */
    assert_fails(jwk_public_of_point(arena, slice_of(point, 64), R_HSM_KEY_UNUSABLE, &key, &err),
                 &err, R_HSM_KEY_UNUSABLE);
    static const char GENERATOR[] =
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"; /* of P-256 */
    uint8_t sound[65];
    struct jwk_public *same = NULL;
    assert_ok(hex_decode(slice_str(GENERATOR), sound, sizeof sound, &err), &err);
    assert_ok(jwk_public_of_point(arena, slice_of(sound, 65), R_HSM_KEY_UNUSABLE, &key, &err),
              &err);
    const char *json =
        arena_printf(arena, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}",
                     base64url_dup(arena, slice_of(sound + 1, 32)),
                     base64url_dup(arena, slice_of(sound + 33, 32)));
    assert_ok(jwk_public_parse(slice_str(json), R_INPUT_INVALID, &same, &err), &err);
    assert_true(slice_eq(jwk_thumbprint(key), jwk_thumbprint(same)));
    jwk_public_free(key);
    jwk_public_free(same);
    point[0] = 2;
    assert_fails(jwk_public_of_point(arena, slice_of(point, 97), R_HSM_KEY_UNUSABLE, &key, &err),
                 &err, R_HSM_KEY_UNUSABLE); /* compressed */
}

/* --- splitting -------------------------------------------------------------------------------- */

static struct secret *join_of(struct secret *const *shares, unsigned chosen, unsigned threshold)
{
    struct secret *some[SHAMIR_SHARES_MAX];
    uint8_t numbers[SHAMIR_SHARES_MAX];
    unsigned count = 0;
    for (unsigned i = 0; i < SHAMIR_SHARES_MAX && count < threshold; i++) {
        if ((chosen >> i & 1) != 0) {
            numbers[count] = (uint8_t)(i + 1);
            some[count++] = shares[i];
        }
    }
    return shamir_join(some, numbers, count);
}

/* Any of them that are enough give the key back; one less gives something else. */
static void any_that_are_enough_join(void **state)
{
    (void)state;
    for (unsigned threshold = 2; threshold <= 5; threshold++) {
        struct secret *shares[SHAMIR_SHARES_MAX] = {NULL};
        assert_ok(shamir_split(root, threshold, 5, shares, &err), &err);
        for (unsigned chosen = 1; chosen < 1U << 5; chosen++) {
            unsigned count = (unsigned)__builtin_popcount(chosen);
            AUTO(secret_free_at)
            struct secret *joined = join_of(shares, chosen, count < threshold ? count : threshold);
            assert_int_equal(secret_eq(joined, root), count >= threshold);
        }
        for (unsigned i = 0; i < 5; i++) {
            secret_free(shares[i]);
        }
    }
}

static void the_most_shares(void **state)
{
    (void)state;
    struct secret *shares[SHAMIR_SHARES_MAX] = {NULL};
    assert_ok(shamir_split(root, SHAMIR_SHARES_MAX, SHAMIR_SHARES_MAX, shares, &err), &err);
    AUTO(secret_free_at)
    struct secret *joined = join_of(shares, (1U << SHAMIR_SHARES_MAX) - 1, SHAMIR_SHARES_MAX);
    assert_true(secret_eq(joined, root));
    for (unsigned i = 0; i < SHAMIR_SHARES_MAX; i++) {
        secret_free(shares[i]);
    }
}

/* Made by other means: with tables of logarithms of the generator 3, in Python. */
static void shares_of_others_join(void **state)
{
    (void)state;
    static const char *const hex[] = {
        "d8e327954ac7c362ff74b50a302610a764be0ca44e3316146d5d2bd4899fd2a5",
        "a60cad8cdccaf82c2ed98ae7156072ed971d34a357792d8131add77d84bd8d40",
        "bb56b272385f99092eaeca8efea3cbf08ad92d28597714033796f0abcaa8647e"};
    static const uint8_t numbers[] = {1, 3, 16};
    struct secret *shares[3];
    for (size_t i = 0; i < 3; i++) {
        shares[i] = secret_new(32);
        assert_ok(hex_decode(slice_str(hex[i]), secret_bytes(shares[i]), 32, &err), &err);
    }
    AUTO(secret_free_at) struct secret *joined = shamir_join(shares, numbers, 3);
    assert_true(secret_eq(joined, root));
    for (size_t i = 0; i < 3; i++) {
        secret_free(shares[i]);
    }
}

/* Of a secret of zeros each share is random all the same: its bytes are spread over all values. */
static void a_share_alone_tells_nothing(void **state)
{
    (void)state;
    enum { LEN = 64 * 1024 };
    struct secret *zeros = secret_new(LEN), *shares[SHAMIR_SHARES_MAX] = {NULL};
    size_t counts[256] = {0};
    assert_ok(shamir_split(zeros, 2, 2, shares, &err), &err);
    for (size_t i = 0; i < LEN; i++) {
        counts[secret_bytes(shares[0])[i]]++;
    }
    for (size_t value = 0; value < 256; value++) {
        assert_in_range(counts[value], LEN / 256 / 2, LEN / 256 * 2); /* 8 deviations around 256 */
    }
    secret_free(shares[0]);
    secret_free(shares[1]);
    secret_free(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_thumbprint_is_the_documented_one),
        cmocka_unit_test(each_wrap_opens_by_its_own_key),
        cmocka_unit_test(a_wrap_of_another_root_key_is_refused),
        cmocka_unit_test(what_can_not_be_added),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(there_may_be_so_many),
        cmocka_unit_test(what_the_holder_of_the_key_says_is_passed_on),
        cmocka_unit_test(a_point_becomes_a_key),
        cmocka_unit_test(any_that_are_enough_join),
        cmocka_unit_test(the_most_shares),
        cmocka_unit_test(shares_of_others_join),
        cmocka_unit_test(a_share_alone_tells_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
