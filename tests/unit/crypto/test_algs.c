/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching by a property query, and what is said when no provider answers to it. Where a FIPS
 * module is active, the tests of its absence are skipped. */
#include "chancery_test.h"

#include <string.h>

#include <jansson.h>
#include <openssl/provider.h>

#include "crypto/algs.h"
#include "crypto/hash.h"

static void no_properties_are_no_fips(void **state)
{
    (void)state;
    struct err err = {0};
    assert_ok(crypto_init(NULL, &err), &err);
    assert_false(crypto_is_fips());
    crypto_fini();
}

/* The default provider's algorithms, asked for by name; "fips=no" must not pass for a demand. */
static void other_properties_are_no_fips(void **state)
{
    (void)state;
    static const char *const queries[] = {"provider=default", "fips=no", "?fips=yes", "-fips"};
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct err err = {0};
        uint8_t digest[32];
        assert_ok(crypto_init(queries[i], &err), &err);
        assert_false(crypto_is_fips());
        assert_ok(hash_sha256(slice_str("x"), digest, &err), &err);
        crypto_fini();
    }
}

static void fips_without_the_module_says_what_to_do(void **state)
{
    (void)state;
    static const char *const queries[] = {"fips=yes", "fips", "provider=fips,fips=yes"};
    if (OSSL_PROVIDER_available(NULL, "fips") == 1) {
        skip_because("OpenSSL's FIPS module is installed here");
    }
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct err err = {0};
        assert_false(crypto_init(queries[i], &err).ok);
        assert_int_equal(err.reason, R_STARTUP_FAILED);
        assert_non_null(strstr(err.detail, "SHA2-256"));
        assert_non_null(strstr(err.detail, "openssl fipsinstall"));
    }
}

static void nonsense_names_what_is_missing(void **state)
{
    (void)state;
    struct err err = {0};
    assert_false(crypto_init("provider=nobody", &err).ok);
    assert_string_equal(err.detail, "no provider offers SHA2-256");
    err_clear(&err);
    assert_false(crypto_init("=,=", &err).ok);
    assert_int_equal(err.reason, R_STARTUP_FAILED);
    assert_ok(crypto_init(NULL, &err), &err); /* a failure leaves nothing behind */
    crypto_fini();
}

/* jansson 2.14 goes on after a failed allocation; ours never fails. */
static void jansson_has_an_allocator_that_ends_the_process(void **state)
{
    (void)state;
    struct err err = {0};
    json_malloc_t allocate = NULL;
    json_free_t release = NULL;
    assert_ok(crypto_init(NULL, &err), &err);
    json_get_alloc_funcs(&allocate, &release);
    assert_true(allocate != malloc);
    crypto_fini();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_properties_are_no_fips),
        cmocka_unit_test(other_properties_are_no_fips),
        cmocka_unit_test(fips_without_the_module_says_what_to_do),
        cmocka_unit_test(nonsense_names_what_is_missing),
        cmocka_unit_test(jansson_has_an_allocator_that_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
