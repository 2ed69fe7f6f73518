/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x5c.h"

#include <stdio.h>
#include <string.h>

#include <openssl/decoder.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/encode.h"
#include "crypto/crypto_internal.h"
#include "crypto/json.h"

enum { READ_BUDGET = 128 * 1024 };

static void certificate_free(X509 **certificate)
{
    X509_free(*certificate);
}

static void key_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void bio_free(BIO **bio)
{
    BIO_free(*bio);
}

/* --- reading ---------------------------------------------------------------------------------- */

static const struct key_type *type_of(const EVP_PKEY *pkey)
{
    char group[32] = "";
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        return EVP_PKEY_get_bits(pkey) <= JWK_RSA_BITS_MAX ? key_type_of(JWK_RSA) : NULL;
    case EVP_PKEY_ED25519:
        return key_type_of(JWK_ED25519);
    case EVP_PKEY_EC:
        return EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1
                   ? key_type_of_group(group)
                   : NULL;
    default:
        return NULL;
    }
}

/* By way of its JWK, so that it passes every check that a key from outside must pass. */
static rc public_key(const EVP_PKEY *pkey, enum reason invalid, struct jwk_public **out,
                     struct err *err)
{
    char json[MEMBERS_MAX + 2] = "{";
    const struct key_type *type = pkey == NULL ? NULL : type_of(pkey);
    openssl_errors_clear();
    if (type == NULL || !type->write(type, pkey, json + 1, NULL).ok) {
        FAIL(err, invalid, "the certificate's key is of no kind that we know");
    }
    size_t len = strlen(json);
    json[len] = '}';
    return jwk_public_parse(slice_of(json, len + 1), invalid, out, err);
}

static rc read_certificate(struct slice der, enum reason invalid, struct x5c *out, struct err *err)
{
    const uint8_t *at = der.ptr;
    unsigned len = 0;
    AUTO(certificate_free) X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    bool is_whole = certificate != NULL && at == der.ptr + der.len &&
                    X509_digest(certificate, algs()->sha256, out->fingerprint, &len) == 1 &&
                    len == X5C_PRINT_BYTES;
    openssl_errors_clear();
    ENSURE(is_whole, err, invalid);
    return public_key(X509_get0_pubkey(certificate), invalid, &out->key, err);
}

rc x5c_read(struct slice header, enum reason invalid, struct x5c *out, struct err *err)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(READ_BUDGET);
    json_t *json;
    struct slice der;
    *out = (struct x5c){.key = NULL};
    TRY(json_parse_object(arena, header, X5C_HEADER_MAX, invalid, &json, err));
    const char *first = json_string_value(json_array_get(json_object_get(json, "x5c"), 0));
    ENSURE(first != NULL, err, invalid);
    if (!base64_decode(arena, slice_str(first), &der, NULL).ok) {
        FAIL(err, invalid, "x5c is not base64");
    }
    return read_certificate(der, invalid, out, err);
}

void x5c_fini(struct x5c *x5c)
{
    jwk_public_free(x5c->key);
    x5c->key = NULL;
}

/* --- signing ---------------------------------------------------------------------------------- */

static EVP_PKEY *read_key(const struct secret *pem)
{
    EVP_PKEY *pkey = NULL;
    struct slice data = secret_use(pem);
    const unsigned char *at = data.ptr;
    size_t left = data.len;
    OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(
        &pkey, "PEM", NULL, NULL, EVP_PKEY_KEYPAIR, NULL, algs()->properties);
    if (ctx != NULL && OSSL_DECODER_from_data(ctx, &at, &left) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    OSSL_DECODER_CTX_free(ctx);
    return pkey;
}

static enum jws_alg alg_of(enum jwk_kind kind)
{
    static const enum jws_alg algs[JWK_KINDS] = {[JWK_EC_P256] = JWS_ES256,
                                                 [JWK_EC_P384] = JWS_ES384,
                                                 [JWK_RSA] = JWS_PS256,
                                                 [JWK_ED25519] = JWS_EDDSA};
    return algs[kind];
}

/* The certificate in base64, and the algorithm with which its key signs. */
static rc describe(struct arena *arena, X509 *certificate, const char **base64, enum jws_alg *alg,
                   struct err *err)
{
    struct jwk_public *key = NULL;
    uint8_t *der = NULL;
    TRY(public_key(X509_get0_pubkey(certificate), R_FIELD_INVALID, &key, err));
    *alg = alg_of(jwk_kind(key));
    jwk_public_free(key);
    int len = i2d_X509(certificate, &der);
    *base64 = len > 0 ? base64_dup(arena, slice_of(der, (size_t)len)) : NULL;
    OPENSSL_free(der);
    ARENA_ENSURE(*base64, err);
    return OK;
}

rc x5c_sign(struct arena *arena, struct slice certificate_pem, const struct secret *key_pem,
            const char *typ, struct slice payload, struct slice *out, struct err *err)
{
    const char *base64;
    enum jws_alg alg;
    AUTO(bio_free) BIO *bio = BIO_new_mem_buf(certificate_pem.ptr, (int)certificate_pem.len);
    AUTO(certificate_free)
    X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
    AUTO(key_free) EVP_PKEY *pkey = read_key(key_pem);
    openssl_errors_clear();
    if (certificate == NULL || pkey == NULL) {
        FAIL(err, R_FIELD_INVALID, "there is no %s in PEM",
             certificate == NULL ? "certificate" : "unencrypted private key");
    }
    TRY(describe(arena, certificate, &base64, &alg, err));
    bool is_its_key = X509_check_private_key(certificate, pkey) == 1;
    openssl_errors_clear();
    if (!is_its_key) {
        FAIL(err, R_FIELD_INVALID, "the key is not the certificate's");
    }
    const char *header = arena_printf(arena, "{\"alg\":\"%s\",\"typ\":\"%s\",\"x5c\":[\"%s\"]}",
                                      jws_alg_name(alg), typ, base64);
    ARENA_ENSURE(header, err);
    return jws_sign_with_pkey(arena, pkey, alg, slice_str(header), payload, out, err);
}
