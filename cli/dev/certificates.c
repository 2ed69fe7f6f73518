/* SPDX-License-Identifier: Apache-2.0 */
/* A CA and the certificates that it signs: P-256, valid for a year, for this machine only. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/dev/dev.h"

enum { YEAR_S = 365 * 24 * 3600, ROOT_KEY_LEN = 32 };

struct pair {
    EVP_PKEY *key;
    X509 *certificate;
};

static void pair_fini(struct pair *pair)
{
    EVP_PKEY_free(pair->key);
    X509_free(pair->certificate);
}

static void bio_free_at(BIO **bio)
{
    BIO_free(*bio);
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool set_names(X509 *certificate, X509 *issuer, const char *name)
{
    unsigned char serial[8];
    X509_NAME *subject = X509_get_subject_name(certificate);
    return RAND_bytes(serial, sizeof serial) == 1 &&
           X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate),
                                   (uint64_t)serial[0] << 48 | serial[1] << 16 | 1) == 1 &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), YEAR_S) != NULL;
}

/* Make a key and its certificate, signed by `ca`; without `ca` by itself. */
static rc make(const char *name, const struct pair *ca, struct pair *out, struct err *err)
{
    out->key = EVP_EC_gen("P-256");
    out->certificate = X509_new();
    ENSURE(out->key != NULL && out->certificate != NULL, err, R_CRYPTO_FAILED);
    X509 *issuer = ca == NULL ? out->certificate : ca->certificate;
    bool ok = set_names(out->certificate, issuer, name) &&
              X509_set_pubkey(out->certificate, out->key) == 1;
    if (ca == NULL) {
        ok = ok &&
             add_extension(out->certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
    } else {
        ok = ok &&
             add_extension(out->certificate, issuer, NID_subject_alt_name,
                           "IP:127.0.0.1,IP:::1,DNS:localhost") &&
             add_extension(out->certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
    }
    ok = ok && X509_sign(out->certificate, ca == NULL ? out->key : ca->key, EVP_sha256()) > 0;
    ENSURE(ok, err, R_CRYPTO_FAILED);
    return OK;
}

static rc write_bio(BIO *bio, const char *path, struct err *err)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);
    return dev_write_new(path, slice_of(bytes, (size_t)len), err);
}

static rc save(const struct dev *dev, const char *name, const struct pair *pair, struct err *err)
{
    AUTO(bio_free_at) BIO *key = BIO_new(BIO_s_mem());
    AUTO(bio_free_at) BIO *certificate = BIO_new(BIO_s_mem());
    ENSURE(PEM_write_bio_PrivateKey(key, pair->key, NULL, NULL, 0, NULL, NULL) == 1, err,
           R_CRYPTO_FAILED);
    ENSURE(PEM_write_bio_X509(certificate, pair->certificate) == 1, err, R_CRYPTO_FAILED);
    TRY(write_bio(key, dev_path(dev, "certificates/%s.key", name), err));
    return write_bio(certificate, dev_path(dev, "certificates/%s.pem", name), err);
}

static rc load(const struct dev *dev, const char *name, struct pair *out, struct err *err)
{
    AUTO(bio_free_at) BIO *key = BIO_new_file(dev_path(dev, "certificates/%s.key", name), "r");
    AUTO(bio_free_at)
    BIO *certificate = BIO_new_file(dev_path(dev, "certificates/%s.pem", name), "r");
    out->key = key == NULL ? NULL : PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
    out->certificate =
        certificate == NULL ? NULL : PEM_read_bio_X509(certificate, NULL, NULL, NULL);
    if (out->key == NULL || out->certificate == NULL) {
        FAIL(err, R_STARTUP_FAILED, "certificates/%s.key or .pem is missing or can't be read",
             name);
    }
    return OK;
}

static rc ensure_certificate(const struct dev *dev, const char *name, const struct pair *ca,
                             struct err *err)
{
    AUTO(pair_fini) struct pair pair = {0};
    if (dev_exists(dev_path(dev, "certificates/%s.pem", name))) {
        return OK;
    }
    (void)unlink(dev_path(dev, "certificates/%s.key", name)); /* of one that was never finished */
    TRY(make(name, ca, &pair, err));
    return save(dev, name, &pair, err);
}

static rc ensure_root_key(const struct dev *dev, struct err *err)
{
    unsigned char key[ROOT_KEY_LEN];
    const char *path = dev_path(dev, "root.key");
    if (dev_exists(path)) {
        return OK;
    }
    ENSURE(RAND_priv_bytes(key, sizeof key) == 1, err, R_CRYPTO_FAILED);
    rc result = dev_write_new(path, slice_of(key, sizeof key), err);
    OPENSSL_cleanse(key, sizeof key);
    return result;
}

rc dev_certificates(struct dev *dev, struct err *err)
{
    AUTO(pair_fini) struct pair ca = {0};
    TRY(dev_mkdir(dev_path(dev, "certificates"), err));
    TRY(ensure_root_key(dev, err));
    TRY(ensure_certificate(dev, "ca", NULL, err));
    TRY(load(dev, "ca", &ca, err));
    TRY(ensure_certificate(dev, "server", &ca, err));
    TRY(ensure_certificate(dev, "platform-admin", &ca, err));
    for (size_t i = 0; i < DEV_COMPONENT_COUNT; i++) {
        TRY(ensure_certificate(dev, DEV_COMPONENTS[i].name, &ca, err));
    }
    return OK;
}

rc dev_fingerprint(const struct dev *dev, const char *name, unsigned char out[32], struct err *err)
{
    AUTO(pair_fini) struct pair pair = {0};
    unsigned len = 0;
    TRY(load(dev, name, &pair, err));
    ENSURE(X509_digest(pair.certificate, EVP_sha256(), out, &len) == 1 && len == 32, err,
           R_CRYPTO_FAILED);
    return OK;
}
