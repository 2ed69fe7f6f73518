/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of the client as the authority checks them, and the key files that it takes. */
#include "chancery_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "client/client.h"
#include "client/proof.h"
#include "crypto/algs.h"
#include "crypto/hash.h"
#include "crypto/jws.h"
#include "identity/dpop.h"

#define URL "https://rms.example.org:8443"
#define PATH "/chancery.v1.LicensingService/AcquireLicense"
enum { NOW = 1800000000 };
static const char TOKEN[] = "a.b.c";

static struct arena *arena;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    assert_ok(crypto_init(NULL, &err), &err);
    arena = arena_new(16 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    crypto_fini();
    return 0;
}

static const char *make(const struct jwk_private *key)
{
    const char *proof = NULL;
    const struct proof_call call = {.url = URL PATH, .token = TOKEN, .now = {NOW}};
    assert_ok(proof_make(arena, key, &call, &proof, &err), &err);
    return proof;
}

static rc check(const char *proof, const struct jwk_private *key, const char *token,
                const char *path, struct dpop_proof *out)
{
    uint8_t hash[SHA256_BYTES];
    const char *url = URL;
    assert_ok(hash_sha256(slice_str(token), hash, &err), &err);
    struct dpop_question question = {.proof = slice_str(proof),
                                     .method = "POST",
                                     .urls = &url,
                                     .url_count = 1,
                                     .path = path,
                                     .token_hash = hash,
                                     .thumbprint = jwk_thumbprint(jwk_private_public(key)).ptr,
                                     .now = {NOW + 1}};
    err_clear(&err);
    return dpop_check(arena, &question, out, &err);
}

static void the_authority_takes_them(void **state)
{
    (void)state;
    static const enum jwk_kind kinds[] = {JWK_EC_P256, JWK_EC_P384};
    struct jwk_private *key, *stranger;
    struct dpop_proof first, second;
    assert_ok(jwk_private_generate(JWK_EC_P256, &stranger, &err), &err);
    for (size_t i = 0; i < 2; i++) {
        assert_ok(jwk_private_generate(kinds[i], &key, &err), &err);
        const char *proof = make(key);
        assert_ok(check(proof, key, TOKEN, PATH, &first), &err);
        assert_int_equal(first.issued_at.s, NOW);
        assert_ok(check(make(key), key, TOKEN, PATH, &second), &err);
        assert_memory_not_equal(first.id, second.id, sizeof first.id);
        assert_false(check(proof, key, "a.b.d", PATH, &second).ok);
        assert_false(check(proof, key, TOKEN, PATH "s", &second).ok);
        assert_false(check(proof, stranger, TOKEN, PATH, &second).ok);
        jwk_private_free(key);
    }
    jwk_private_free(stranger);
}

static void the_header_says_what_it_must_and_nothing_private(void **state)
{
    (void)state;
    static const char *const algs[] = {"ES256", "ES384"};
    static const enum jwk_kind kinds[] = {JWK_EC_P256, JWK_EC_P384};
    struct jwk_private *key;
    struct jws jws;
    for (size_t i = 0; i < 2; i++) {
        assert_ok(jwk_private_generate(kinds[i], &key, &err), &err);
        assert_ok(jws_parse(arena, slice_str(make(key)), R_TOKEN_PROOF_INVALID, &jws, &err), &err);
        const char *header = arena_dup(arena, jws.header);
        assert_string_equal(jws_alg_name(jws.alg), algs[i]);
        assert_true(slice_eq_str(jws.typ, "dpop+jwt"));
        assert_null(strstr(header, "\"d\""));
        assert_non_null(strstr(header, "\"jwk\":{\"crv\":"));
        jwk_private_free(key);
    }
}

/* --- key files ---------------------------------------------------------------------------------- */

static const char *write_key(struct slice text, mode_t mode)
{
    static char path[256];
    char name[64];
    snprintf(name, sizeof name, "chancery-proof-%d.pem", (int)getpid());
    temporary_path(path, sizeof path, name);
    (void)unlink(path);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static void key_files_are_secret(void **state)
{
    (void)state;
    struct jwk_private *key, *read = NULL;
    AUTO(secret_free_at) struct secret *pem = NULL;
    assert_ok(jwk_private_generate(JWK_EC_P384, &key, &err), &err);
    assert_ok(jwk_private_to_pem(key, &pem, &err), &err);
    const char *path = write_key(secret_use(pem), 0600);
    assert_ok(proof_key_read(path, &read, &err), &err);
    assert_true(slice_eq(jwk_thumbprint(jwk_private_public(read)),
                         jwk_thumbprint(jwk_private_public(key))));
    jwk_private_free(read);
    path = write_key(secret_use(pem), geteuid() == 0 ? 0644 : 0640); /* root may let a group in */
    assert_fails(proof_key_read(path, &read, &err), &err, R_INPUT_INVALID);
    assert_non_null(strstr(err.detail, "chmod 600"));
    path = write_key(slice_str("no key"), 0600);
    assert_fails(proof_key_read(path, &read, &err), &err, R_INPUT_INVALID);
    assert_non_null(strstr(err.detail, "P-256"));
    assert_int_equal(unlink(path), 0);
    assert_fails(proof_key_read(path, &read, &err), &err, R_INPUT_INVALID);
    jwk_private_free(key);
}

static void clients_say_what_does_not_fit(void **state)
{
    (void)state;
    struct jwk_private *key;
    AUTO(secret_free_at) struct secret *pem = NULL;
    assert_ok(jwk_private_generate(JWK_EC_P256, &key, &err), &err);
    assert_ok(jwk_private_to_pem(key, &pem, &err), &err);
    jwk_private_free(key);
    const char *path = write_key(secret_use(pem), 0600);
    const struct {
        struct client_config config;
        const char *told; /* NULL: it fits */
    } cases[] = {
        {{.server = URL, .token = TOKEN, .dpop_key_file = path}, NULL},
        {{.server = "unix:/x", .token = TOKEN, .dpop_key_file = path, .authority_url = URL "/"},
         NULL},
        {{.server = "unix:/x", .token = TOKEN, .dpop_key_file = path}, "authority_url"},
        {{.server = URL, .token = TOKEN, .dpop_key_file = path, .authority_url = "http://x"},
         "authority_url"},
        {{.server = URL, .dpop_key_file = path}, "token"},
        {{.server = URL, .token = TOKEN, .dpop_key_file = "/nonexistent"}, "/nonexistent"},
        {{.server = URL,
          .token = TOKEN,
          .dpop_key_file = path,
          .certificate_file = "x",
          .key_file = "y"},
         "component"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct client *client = NULL;
        err_clear(&err);
        rc made = client_new(&cases[i].config, &client, &err);
        assert_int_equal(made.ok, cases[i].told == NULL);
        assert_true(cases[i].told == NULL || strstr(err.detail, cases[i].told) != NULL);
        client_free(client);
    }
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_authority_takes_them),
        cmocka_unit_test(the_header_says_what_it_must_and_nothing_private),
        cmocka_unit_test(key_files_are_secret),
        cmocka_unit_test(clients_say_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
