/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/new_certificate.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum { DAY_S = 24 * 3600, CLOCKS_APART_S = 3600, SERIAL_BYTES = 8 };

void pair_fini(struct pair *pair)
{
    EVP_PKEY_free(pair->key);
    X509_free(pair->certificate);
}

void bio_free_at(BIO **bio)
{
    BIO_free(*bio);
}

rc key_make(EVP_PKEY **out, struct err *err)
{
    *out = EVP_EC_gen("P-256");
    ENSURE(*out != NULL, err, R_CRYPTO_FAILED);
    return OK;
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    if (value == NULL) {
        return true;
    }
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

/* Positive, of 64 bits at random (RFC 5280 §4.1.2.2). */
static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    uint64_t serial = 0;
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        serial = serial << 8 | bytes[i];
    }
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial | 1) == 1;
}

static bool set_names(const struct certificate_wish *wish, X509 *certificate, X509 *issuer)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    return set_serial(certificate) && X509_set_version(certificate, X509_VERSION_3) == 1 &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                      (const unsigned char *)wish->name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -CLOCKS_APART_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), wish->days * DAY_S) != NULL;
}

rc certificate_make(const struct certificate_wish *wish, const struct pair *ca, struct pair *pair,
                    struct err *err)
{
    pair->certificate = X509_new();
    ENSURE(pair->certificate != NULL, err, R_CRYPTO_FAILED);
    X509 *own = pair->certificate, *issuer = ca == NULL ? own : ca->certificate;
    bool ok = set_names(wish, own, issuer) && X509_set_pubkey(own, pair->key) == 1 &&
              add_extension(own, issuer, NID_basic_constraints,
                            wish->is_ca ? "critical,CA:TRUE" : NULL) &&
              add_extension(own, issuer, NID_subject_alt_name, wish->alternatives) &&
              add_extension(own, issuer, NID_ext_key_usage, wish->usage) &&
              X509_sign(own, ca == NULL ? pair->key : ca->key, EVP_sha256()) > 0;
    ENSURE(ok, err, R_CRYPTO_FAILED);
    return OK;
}

rc key_pem(EVP_PKEY *key, BIO **out, struct err *err)
{
    *out = BIO_new(BIO_s_secmem());
    ENSURE(*out != NULL && PEM_write_bio_PrivateKey(*out, key, NULL, NULL, 0, NULL, NULL) == 1, err,
           R_CRYPTO_FAILED);
    return OK;
}

rc certificate_pem(X509 *certificate, BIO **out, struct err *err)
{
    *out = BIO_new(BIO_s_mem());
    ENSURE(*out != NULL && PEM_write_bio_X509(*out, certificate) == 1, err, R_CRYPTO_FAILED);
    return OK;
}
