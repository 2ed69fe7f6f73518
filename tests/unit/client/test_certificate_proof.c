/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of certificates' keys: what the client makes the authority takes, for every kind of key;
 * and nothing else. */
#include "chancery_test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/encode.h"
#include "base/secret.h"
#include "client/certificate_proof.h"
#include "crypto/algs.h"
#include "identity/certificate_proof.h"

#define URL "https://rms.example.org"
enum { NOW = 1800000000 };

static struct arena *arena;
static struct err err;

/* A self-signed certificate and its key. */
struct pair {
    EVP_PKEY *key;
    struct slice certificate; /* PEM */
    uint8_t fingerprint[X5C_PRINT_BYTES];
};

static int set_up(void **state)
{
    (void)state;
    assert_ok(crypto_init(NULL, &err), &err);
    arena = arena_new(64 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    crypto_fini();
    return 0;
}

static struct slice take_bio(BIO *bio)
{
    char *bytes = NULL;
    struct slice copy;
    long len = BIO_get_mem_data(bio, &bytes);
    assert_ok(arena_dup_slice(arena, slice_of(bytes, (size_t)len), &copy, &err), &err);
    BIO_free(bio);
    return copy;
}

static struct pair certify_with(EVP_PKEY *key, const char *comment)
{
    struct pair pair = {.key = key};
    unsigned len;
    X509 *certificate = X509_new();
    const EVP_MD *digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    assert_non_null(key);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate), -3600); /* its validity is another question */
    X509_set_pubkey(certificate, key);
    if (comment != NULL) {
        X509_EXTENSION *more = X509V3_EXT_conf_nid(NULL, NULL, NID_netscape_comment, comment);
        assert_int_equal(X509_add_ext(certificate, more, -1), 1);
        X509_EXTENSION_free(more);
    }
    assert_true(X509_sign(certificate, key, digest) > 0);
    assert_int_equal(X509_digest(certificate, EVP_sha256(), pair.fingerprint, &len), 1);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
    pair.certificate = take_bio(bio);
    X509_free(certificate);
    return pair;
}

static struct pair certify(EVP_PKEY *key)
{
    return certify_with(key, NULL);
}

/* The key's file; with a password, its encrypted form. */
static const char *key_file(EVP_PKEY *key, char *password, mode_t mode)
{
    static char path[256];
    char name[64];
    snprintf(name, sizeof name, "chancery-certificate-%d.pem", (int)getpid());
    temporary_path(path, sizeof path, name);
    (void)unlink(path);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    const EVP_CIPHER *cipher = password == NULL ? NULL : EVP_aes_256_cbc();
    assert_int_equal(PEM_write_PKCS8PrivateKey(file, key, cipher, NULL, 0, NULL, password), 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static rc make(struct slice certificate, const char *key, const char **out)
{
    const struct certificate_proof_request request = {.certificate = certificate,
                                                      .key_file = key,
                                                      .url = URL,
                                                      .tenant = "contoso",
                                                      .component = "edge",
                                                      .now = {NOW}};
    err_clear(&err);
    rc result = certificate_proof_make(arena, &request, out, &err);
    (void)unlink(key);
    return result;
}

static enum certificate_proof_flaw check_for(const char *proof, const char *url, const char *tenant,
                                             const char *component, int64_t now, uint8_t *print)
{
    enum certificate_proof_flaw flaw;
    const char *const urls[] = {"https://other.example.org", url};
    const struct certificate_proof_question question = {.proof = slice_str(proof),
                                                        .urls = urls,
                                                        .url_count = 2,
                                                        .tenant = tenant,
                                                        .component = component,
                                                        .now = {now}};
    err_clear(&err);
    rc result = certificate_proof_check(arena, &question, print, &flaw, &err);
    assert_int_equal(result.ok, flaw == CERTIFICATE_PROOF_SOUND);
    assert_true(result.ok || err.reason == R_FIELD_INVALID);
    return flaw;
}

static enum certificate_proof_flaw check(const char *proof, uint8_t *print)
{
    return check_for(proof, URL, "contoso", "edge", NOW, print);
}

static EVP_PKEY *ed25519(void)
{
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

/* --- kinds of keys ---------------------------------------------------------------------------- */

static void every_kind_of_key_proves_its_certificate(void **state)
{
    const struct {
        EVP_PKEY *key;
        const char *alg;
    } rows[] = {{EVP_EC_gen("P-256"), "ES256"},
                {EVP_EC_gen("P-384"), "ES384"},
                {EVP_RSA_gen(2048), "PS256"},
                {ed25519(), "EdDSA"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair pair = certify(rows[i].key);
        uint8_t print[X5C_PRINT_BYTES];
        struct jws jws;
        const char *proof;
        assert_ok(make(pair.certificate, key_file(pair.key, NULL, 0600), &proof), &err);
        assert_int_equal(check(proof, print), CERTIFICATE_PROOF_SOUND);
        assert_memory_equal(print, pair.fingerprint, sizeof print);
        assert_ok(jws_parse(arena, slice_str(proof), R_FIELD_INVALID, &jws, &err), &err);
        assert_string_equal(jws_alg_name(jws.alg), rows[i].alg);
        assert_true(slice_eq_str(jws.typ, CERTIFICATE_PROOF_TYP));
        EVP_PKEY_free(pair.key);
    }
}

/* Certificates have extensions of any kind, with which they don't fit into the headers of tokens;
 * there is a bound all the same. */
static void a_long_header_is_read(void **state)
{
    uint8_t print[X5C_PRINT_BYTES];
    (void)state;
    for (size_t len = 6000; len <= 16000; len += 10000) {
        char *comment = arena_zalloc(arena, len + 1);
        struct pair pair = certify_with(EVP_EC_gen("P-256"), memset(comment, 'x', len));
        const char *proof;
        assert_ok(make(pair.certificate, key_file(pair.key, NULL, 0600), &proof), &err);
        assert_int_equal(check(proof, print),
                         len == 6000 ? CERTIFICATE_PROOF_SOUND : CERTIFICATE_PROOF_FORM);
        EVP_PKEY_free(pair.key);
    }
}

static void other_kinds_are_refused_before_they_are_sent(void **state)
{
    EVP_PKEY *keys[] = {EVP_EC_gen("P-521"), EVP_EC_gen("secp256k1"), EVP_RSA_gen(1024),
                        EVP_PKEY_Q_keygen(NULL, NULL, "ED448"),
                        EVP_PKEY_Q_keygen(NULL, NULL, "RSA-PSS", (size_t)2048)};
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *proof;
        if (keys[i] != NULL && EVP_PKEY_is_a(keys[i], "ED448") == 0) {
            struct pair pair = certify(keys[i]);
            assert_fails(make(pair.certificate, key_file(keys[i], NULL, 0600), &proof), &err,
                         R_INPUT_INVALID);
        }
        EVP_PKEY_free(keys[i]);
    }
}

static void the_key_is_the_certificate_s_and_its_owner_s(void **state)
{
    struct pair pair = certify(EVP_EC_gen("P-256"));
    EVP_PKEY *stranger = EVP_EC_gen("P-256"), *other = EVP_RSA_gen(2048);
    const char *proof;
    (void)state;
    assert_fails(make(pair.certificate, key_file(stranger, NULL, 0600), &proof), &err,
                 R_INPUT_INVALID);
    assert_non_null(strstr(err.detail, "not the certificate's"));
    assert_fails(make(pair.certificate, key_file(other, NULL, 0600), &proof), &err,
                 R_INPUT_INVALID);
    assert_fails(make(pair.certificate, key_file(pair.key, NULL, 0644), &proof), &err,
                 R_INPUT_INVALID);
    assert_non_null(strstr(err.detail, "chmod 600"));
    char password[] = "secret";
    assert_fails(make(pair.certificate, key_file(pair.key, password, 0600), &proof), &err,
                 R_INPUT_INVALID);
    assert_non_null(strstr(err.detail, "unencrypted"));
    assert_fails(make(slice_str("no certificate"), key_file(pair.key, NULL, 0600), &proof), &err,
                 R_INPUT_INVALID);
    assert_fails(make(pair.certificate, "/nonexistent", &proof), &err, R_INPUT_INVALID);
    EVP_PKEY_free(pair.key);
    EVP_PKEY_free(stranger);
    EVP_PKEY_free(other);
}

/* --- for whom and when ------------------------------------------------------------------------ */

static void a_proof_is_for_one_component_now(void **state)
{
    struct pair pair = certify(EVP_EC_gen("P-256"));
    uint8_t print[X5C_PRINT_BYTES];
    const char *proof;
    (void)state;
    assert_ok(make(pair.certificate, key_file(pair.key, NULL, 0600), &proof), &err);
    EVP_PKEY_free(pair.key);
    const struct {
        const char *url, *tenant, *component;
        int64_t now;
        enum certificate_proof_flaw flaw;
    } rows[] = {
        {URL "/", "contoso", "edge", NOW, CERTIFICATE_PROOF_SOUND},
        {URL, "contoso", "edge", NOW + 600, CERTIFICATE_PROOF_SOUND},
        {URL, "contoso", "edge", NOW - 60, CERTIFICATE_PROOF_SOUND},
        {URL, "contoso", "edge", NOW + 601, CERTIFICATE_PROOF_TIME},
        {URL, "contoso", "edge", NOW - 61, CERTIFICATE_PROOF_TIME},
        {URL ":8443", "contoso", "edge", NOW, CERTIFICATE_PROOF_AUDIENCE},
        {URL "//", "contoso", "edge", NOW, CERTIFICATE_PROOF_AUDIENCE},
        {"https://rms.example.orgs", "contoso", "edge", NOW, CERTIFICATE_PROOF_AUDIENCE},
        {URL, "contos", "edge", NOW, CERTIFICATE_PROOF_SUBJECT},
        {URL, "", "edge", NOW, CERTIFICATE_PROOF_SUBJECT},
        {URL, "contoso", "edge2", NOW, CERTIFICATE_PROOF_SUBJECT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(
            check_for(proof, rows[i].url, rows[i].tenant, rows[i].component, rows[i].now, print),
            rows[i].flaw);
    }
}

/* Every bit of a proof counts: flipped, it proves nothing. */
static void no_bit_of_a_proof_can_be_changed(void **state)
{
    struct pair pair = certify(EVP_EC_gen("P-256"));
    uint8_t print[X5C_PRINT_BYTES];
    const char *proof;
    (void)state;
    assert_ok(make(pair.certificate, key_file(pair.key, NULL, 0600), &proof), &err);
    EVP_PKEY_free(pair.key);
    char *changed = arena_strdup(arena, proof);
    for (size_t i = 0; changed[i] != '\0'; i++) {
        for (unsigned bit = 0; bit < 8; bit += 3) {
            changed[i] = (char)(proof[i] ^ 1 << bit);
            assert_true(changed[i] == '\0' || check(changed, print) != CERTIFICATE_PROOF_SOUND);
        }
        changed[i] = proof[i];
    }
    for (size_t len = 0; len < strlen(proof); len += 7) {
        assert_int_not_equal(check(arena_dup(arena, slice_of(proof, len)), print),
                             CERTIFICATE_PROOF_SOUND);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_key_proves_its_certificate),
        cmocka_unit_test(a_long_header_is_read),
        cmocka_unit_test(other_kinds_are_refused_before_they_are_sent),
        cmocka_unit_test(the_key_is_the_certificate_s_and_its_owner_s),
        cmocka_unit_test(a_proof_is_for_one_component_now),
        cmocka_unit_test(no_bit_of_a_proof_can_be_changed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
