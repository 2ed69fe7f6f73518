/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that are wrapped to an import key (docs/formats.md §4.4). */
#include "chancery_test.h"

#include <string.h>

#include "crypto/algs.h"
#include "crypto/key_import.h"

static struct arena *arena;
static struct secret *import;
static struct jwk_public *pub;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    const char *jwk;
    assert_ok(crypto_init(NULL, &err), &err);
    arena = arena_new(4 << 20);
    assert_ok(import_key_make(NULL, &import, &err), &err);
    assert_ok(import_key_public(arena, import, &jwk, &err), &err);
    assert_null(strstr(jwk, "\"d\""));
    assert_ok(jwk_public_parse(slice_str(jwk), R_INTERNAL, &pub, &err), &err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    jwk_public_free(pub);
    secret_free(import);
    arena_free(arena);
    crypto_fini();
    return 0;
}

static void keys_of_any_length_come_back(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 7, 8, 9, 32, 138, 1000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        AUTO(secret_free_at) struct secret *key = secret_random(lengths[i]);
        AUTO(secret_free_at) struct secret *again = NULL;
        struct slice wrapped;
        assert_ok(import_key_wrap(arena, pub, key, &wrapped, &err), &err);
        assert_ok(import_key_unwrap(arena, import, wrapped, R_FIELD_INVALID, &again, &err), &err);
        assert_true(secret_eq(key, again));
    }
}

static void refuse(struct slice wrapped)
{
    struct secret *none = NULL;
    struct err told = {0};
    rc result = import_key_unwrap(arena, import, wrapped, R_FIELD_INVALID, &none, &told);
    assert_false(result.ok);
    assert_int_equal(told.reason, R_FIELD_INVALID);
    assert_null(none);
}

static void what_was_cut_or_changed_does_not_open(void **state)
{
    (void)state;
    AUTO(secret_free_at) struct secret *key = secret_random(32);
    struct slice wrapped;
    assert_ok(import_key_wrap(arena, pub, key, &wrapped, &err), &err);
    for (size_t len = 0; len < wrapped.len; len += len < 380 ? 76 : 1) {
        refuse(slice_cut(wrapped, 0, len));
    }
    uint8_t *copy = (uint8_t *)arena_dup(arena, wrapped);
    for (size_t at = 0; at < wrapped.len; at += at < 380 ? 38 : 1) {
        copy[at] ^= 0x40;
        refuse(slice_of(copy, wrapped.len));
        copy[at] ^= 0x40;
    }
}

static void another_import_key_opens_nothing(void **state)
{
    (void)state;
    AUTO(secret_free_at) struct secret *key = secret_random(32);
    AUTO(secret_free_at) struct secret *other = NULL;
    struct secret *none = NULL;
    struct slice wrapped;
    assert_ok(import_key_wrap(arena, pub, key, &wrapped, &err), &err);
    assert_ok(import_key_make(NULL, &other, &err), &err);
    assert_false(import_key_unwrap(arena, other, wrapped, R_FIELD_INVALID, &none, NULL).ok);
    assert_null(none);
}

static void making_one_can_be_left(void **state)
{
    (void)state;
    const atomic_bool is_left = true;
    struct secret *key = NULL;
    assert_fails(import_key_make(&is_left, &key, &err), &err, R_CRYPTO_FAILED);
    assert_null(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_any_length_come_back),
        cmocka_unit_test(what_was_cut_or_changed_does_not_open),
        cmocka_unit_test(another_import_key_opens_nothing),
        cmocka_unit_test(making_one_can_be_left),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
