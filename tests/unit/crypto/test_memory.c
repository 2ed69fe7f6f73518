/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL runs out of memory at each of its allocations in turn: an operation then fails with a
 * reason, or gives what it gives with memory, and nothing stays behind. */
#include "chancery_test.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/arena.h"
#include "base/secret.h"
#include "crypto/algs.h"
#include "crypto/jwe.h"
#include "crypto/jws.h"

/* The allocation that fails, counted from the next; 0: none. */
static size_t fail_at;
static size_t allocations;

static bool must_fail(void)
{
    allocations++;
    return fail_at != 0 && allocations == fail_at;
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : malloc(size);
}

static void *openssl_realloc(void *ptr, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : realloc(ptr, size);
}

static void openssl_free(void *ptr, const char *file, int line)
{
    (void)file;
    (void)line;
    free(ptr);
}

/* --- the operations ----------------------------------------------------------------------------- */

#define RSA_N                                                                                      \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP" \
    "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Qvzqy" \
    "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f" \
    "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"

static struct {
    struct jwk_private *key;
    struct slice token, jwe;
    struct secret *pem;
    const char *ec_jwk;
} made;

static rc read_key(const char *json, struct err *err)
{
    struct jwk_public *key = NULL;
    TRY(jwk_public_parse(slice_str(json), R_CLIENT_KEY_INVALID, &key, err));
    jwk_public_free(key);
    return OK;
}

static rc read_ec(struct arena *arena, struct err *err)
{
    (void)arena;
    return read_key(made.ec_jwk, err);
}

static rc read_rsa(struct arena *arena, struct err *err)
{
    (void)arena;
    return read_key("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N "\"}", err);
}

static rc read_okp(struct arena *arena, struct err *err)
{
    (void)arena;
    return read_key("{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
                    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
                    err);
}

static rc read_set(struct arena *arena, struct err *err)
{
    struct jwks *set = NULL;
    const char *json = arena_printf(arena, "{\"keys\":[%s]}", made.ec_jwk);
    ARENA_ENSURE(json, err);
    TRY(jwks_parse(slice_str(json), R_ISSUER_KEYS_INVALID, &set, err));
    jwks_free(set);
    return OK;
}

static rc generate(struct arena *arena, struct err *err)
{
    (void)arena;
    struct jwk_private *key = NULL;
    TRY(jwk_private_generate(JWK_EC_P384, &key, err));
    jwk_private_free(key);
    return OK;
}

static rc export(struct arena *arena, struct err *err)
{
    (void)arena;
    struct secret *pem = NULL;
    TRY(jwk_private_to_pem(made.key, &pem, err));
    secret_free(pem);
    return OK;
}

static rc import(struct arena *arena, struct err *err)
{
    (void)arena;
    struct jwk_private *key = NULL;
    TRY(jwk_private_from_pem(made.pem, &key, err));
    jwk_private_free(key);
    return OK;
}

/* What was signed verifies, with memory again. Each payload is another, so that nothing of an earlier signature, which
 * may still lie on the stack, passes for this one. */
static rc sign(struct arena *arena, struct err *err)
{
    static unsigned count;
    char payload[32];
    struct slice token;
    struct jws jws;
    snprintf(payload, sizeof payload, "{\"n\":%u}", count++);
    rc result = jws_sign(arena, made.key, "jwt", slice_str(payload), &token, err);
    if (!result.ok) {
        return result;
    }
    fail_at = 0;
    assert_ok(jws_parse(arena, token, R_TOKEN_MALFORMED, &jws, err), err);
    assert_ok(jws_verify(&jws, jwk_private_public(made.key), R_TOKEN_SIGNATURE, err), err);
    return OK;
}

static rc prove(struct arena *arena, struct err *err)
{
    struct slice token;
    return jws_sign_with_jwk(arena, made.key, "dpop+jwt", slice_str("{}"), &token, err);
}

static rc verify(struct arena *arena, struct err *err)
{
    struct jws jws;
    TRY(jws_parse(arena, made.token, R_TOKEN_MALFORMED, &jws, err));
    return jws_verify(&jws, jwk_private_public(made.key), R_TOKEN_SIGNATURE, err);
}

static rc encrypt_to(struct arena *arena, const char *json, struct err *err)
{
    struct slice token;
    struct jwk_public *key = NULL;
    TRY(jwk_public_parse(slice_str(json), R_CLIENT_KEY_INVALID, &key, err));
    rc result = jwe_encrypt(arena, key, slice_str("content key"), &token, err);
    jwk_public_free(key);
    return result;
}

static rc encrypt_ec(struct arena *arena, struct err *err)
{
    return encrypt_to(arena, made.ec_jwk, err);
}

static rc encrypt_rsa(struct arena *arena, struct err *err)
{
    return encrypt_to(arena, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N "\"}", err);
}

static rc decrypt(struct arena *arena, struct err *err)
{
    (void)arena;
    struct secret *plain = NULL;
    TRY(jwe_decrypt(made.key, made.jwe, R_LICENSE_FORGED, &plain, err));
    secret_free(plain);
    return OK;
}

static rc start(struct arena *arena, struct err *err)
{
    (void)arena;
    crypto_fini();
    rc result = crypto_init(NULL, err);
    fail_at = 0;
    return result.ok ? OK : crypto_init(NULL, NULL).ok ? result : OK;
}

/* --- the torture -------------------------------------------------------------------------------- */

typedef rc (*operation)(struct arena *arena, struct err *err);

/* Fail each allocation in turn. Where a failure goes unnoticed, the library could do without
 * what it asked for. */
static void run_out_of_memory_in(operation operate)
{
    bool is_over = false;
    size_t failures = 0;
    for (size_t nth = 1; !is_over; nth++) {
        AUTO(arena_free_at) struct arena *arena = arena_new(1 << 20);
        struct err err = {0};
        allocations = 0;
        fail_at = nth;
        rc result = operate(arena, &err);
        is_over = allocations < nth;
        fail_at = 0;
        assert_int_equal(result.ok, err.reason == R_NONE);
        failures += result.ok ? 0 : 1;
        assert_true(result.ok || !is_over);
    }
    assert_true(failures > 0);
}

#define TORTURE(operation)                       \
    static void memory_for_##operation(void **s) \
    {                                            \
        (void)s;                                 \
        run_out_of_memory_in(operation);         \
    }
TORTURE(read_ec)
TORTURE(read_rsa)
TORTURE(read_okp)
TORTURE(read_set)
TORTURE(generate)
TORTURE(export)
TORTURE(import)
TORTURE(sign)
TORTURE(prove)
TORTURE(verify)
TORTURE(encrypt_ec)
TORTURE(encrypt_rsa)
TORTURE(decrypt)
TORTURE(start)

static struct arena *fixture;

static int setup(void **state)
{
    (void)state;
    struct err err = {0};
    fixture = arena_new(1 << 20);
    assert_ok(secret_heap_init(1 << 20, &err), &err); /* so that secrets are not counted */
    assert_ok(crypto_init(NULL, &err), &err);
    assert_ok(jwk_private_generate(JWK_EC_P256, &made.key, &err), &err);
    const struct jwk_public *public = jwk_private_public(made.key);
    made.ec_jwk = jwk_public_json(fixture, public, NULL, NULL);
    assert_ok(jws_sign(fixture, made.key, NULL, slice_str("{}"), &made.token, &err), &err);
    assert_ok(jwe_encrypt(fixture, public, slice_str("content key"), &made.jwe, &err), &err);
    assert_ok(jwk_private_to_pem(made.key, &made.pem, &err), &err);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jwk_private_free(made.key);
    secret_free(made.pem);
    arena_free(fixture);
    crypto_fini();
    return 0;
}

int main(void)
{
    if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1) {
        return EXIT_FAILURE;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_for_read_ec),    cmocka_unit_test(memory_for_read_rsa),
        cmocka_unit_test(memory_for_read_okp),   cmocka_unit_test(memory_for_read_set),
        cmocka_unit_test(memory_for_generate),   cmocka_unit_test(memory_for_export),
        cmocka_unit_test(memory_for_import),     cmocka_unit_test(memory_for_sign),
        cmocka_unit_test(memory_for_prove),      cmocka_unit_test(memory_for_verify),
        cmocka_unit_test(memory_for_encrypt_ec), cmocka_unit_test(memory_for_encrypt_rsa),
        cmocka_unit_test(memory_for_decrypt),    cmocka_unit_test(memory_for_start),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
