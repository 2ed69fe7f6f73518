/* SPDX-License-Identifier: Apache-2.0 */
/* JWKs with secrets: as RFC 7517 has them, and what is none. */
#include "chancery_test.h"

#include <string.h>

#include "crypto/algs.h"
#include "crypto/json.h"
#include "crypto/jwk_secret.h"

static struct arena *arena;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    assert_ok(crypto_init(NULL, &err), &err);
    arena = arena_new(1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    crypto_fini();
    return 0;
}

static const json_t *json_of(const char *text)
{
    json_t *json = NULL;
    assert_ok(json_parse_object(arena, slice_str(text), 4096, R_INTERNAL, &json, &err), &err);
    return json;
}

/* RFC 7517, appendix A.2, in the order of RFC 7638. */
#define RFC_X "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
#define RFC_Y "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
#define RFC_D "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"
#define EC(crv, x, y, d) \
    "\"crv\":\"" crv "\",\"kty\":\"EC\",\"x\":\"" x "\",\"y\":\"" y "\",\"d\":\"" d "\""

static void a_key_of_the_rfc_is_read_and_written(void **state)
{
    (void)state;
    struct jwk_private *key = NULL;
    char members[JWK_SECRET_TEXT_MAX];
    assert_ok(jwk_private_read(arena, json_of("{" EC("P-256", RFC_X, RFC_Y, RFC_D) "}"),
                               R_INPUT_INVALID, &key, &err),
              &err);
    assert_ok(jwk_private_members(key, members, &err), &err);
    assert_string_equal(members, EC("P-256", RFC_X, RFC_Y, RFC_D));
    jwk_private_free(key);
}

static void keys_of_both_curves_come_back(void **state)
{
    (void)state;
    static const enum jwk_kind kinds[] = {JWK_EC_P256, JWK_EC_P384};
    for (int i = 0; i < 200; i++) { /* among them numbers that begin with zeros */
        struct jwk_private *key = NULL, *again = NULL;
        char members[JWK_SECRET_TEXT_MAX];
        assert_ok(jwk_private_generate(kinds[i % 2], &key, &err), &err);
        assert_ok(jwk_private_members(key, members, &err), &err);
        const char *text = arena_printf(arena, "{%s}", members);
        assert_ok(jwk_private_read(arena, json_of(text), R_INPUT_INVALID, &again, &err), &err);
        assert_true(slice_eq(jwk_thumbprint(jwk_private_public(key)),
                             jwk_thumbprint(jwk_private_public(again))));
        jwk_private_free(key);
        jwk_private_free(again);
    }
}

static void what_is_no_private_key_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{}",
        "{" EC("P-256", RFC_X, RFC_Y, "") "}",
        "{" EC("P-384", RFC_X, RFC_Y, RFC_D) "}",
        "{" EC("P-521", RFC_X, RFC_Y, RFC_D) "}",
        /* another's private half */
        "{" EC("P-256", RFC_X, RFC_Y, "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAI") "}",
        /* off the curve */
        "{" EC("P-256", RFC_Y, RFC_X, RFC_D) "}",
        /* one byte more, and less */
        "{" EC("P-256", RFC_X, RFC_Y, RFC_D "AA") "}",
        "{" EC("P-256", RFC_X, RFC_Y, "0MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE") "}",
        "{\"kty\":\"oct\",\"k\":\"" RFC_D "\"}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct jwk_private *key = NULL;
        struct err told = {0};
        rc result = jwk_private_read(arena, json_of(wrong[i]), R_INPUT_INVALID, &key, &told);
        assert_false(result.ok);
        assert_int_equal(told.reason, R_INPUT_INVALID);
        assert_null(key);
    }
}

static void a_symmetric_key_has_32_bytes(void **state)
{
    (void)state;
    AUTO(secret_free_at) struct secret *key = secret_random(32);
    AUTO(secret_free_at) struct secret *again = NULL;
    char members[JWK_SECRET_TEXT_MAX];
    assert_ok(jwk_symmetric_members(key, members, &err), &err);
    const char *text = arena_printf(arena, "{%s}", members);
    assert_ok(jwk_symmetric_read(json_of(text), R_INPUT_INVALID, &again, &err), &err);
    assert_true(secret_eq(key, again));
    static const char *const wrong[] = {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", "{\"kty\":\"oct\"}",
                                        "{\"kty\":\"oct\",\"k\":\"" RFC_D "AA\"}",
                                        "{\"kty\":\"EC\",\"k\":\"" RFC_D "\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct secret *none = NULL;
        assert_false(jwk_symmetric_read(json_of(wrong[i]), R_INPUT_INVALID, &none, NULL).ok);
        assert_null(none);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_of_the_rfc_is_read_and_written),
        cmocka_unit_test(keys_of_both_curves_come_back),
        cmocka_unit_test(what_is_no_private_key_is_refused),
        cmocka_unit_test(a_symmetric_key_has_32_bytes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
