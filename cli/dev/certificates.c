/* SPDX-License-Identifier: Apache-2.0 */
/* A CA and the certificates that it signs: P-256, valid for a year, for this machine only. */
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/dev/dev.h"
#include "cli/new_certificate.h"

enum { YEAR_DAYS = 365, ROOT_KEY_LEN = 32 };

/* Make a key and its certificate, signed by `ca`; without `ca` by itself. */
static rc make(const char *name, const struct pair *ca, struct pair *out, struct err *err)
{
    const struct certificate_wish authority = {.name = name, .is_ca = true, .days = YEAR_DAYS},
                                  other = {.name = name,
                                           .alternatives = "IP:127.0.0.1,IP:::1,DNS:localhost",
                                           .usage = "serverAuth,clientAuth",
                                           .days = YEAR_DAYS};
    TRY(key_make(&out->key, err));
    return certificate_make(ca == NULL ? &authority : &other, ca, out, err);
}

static rc write_bio(BIO *bio, const char *path, struct err *err)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);
    return dev_write_new(path, slice_of(bytes, (size_t)len), err);
}

static rc save(const struct dev *dev, const char *name, const struct pair *pair, struct err *err)
{
    AUTO(bio_free_at) BIO *key = NULL;
    AUTO(bio_free_at) BIO *certificate = NULL;
    TRY(key_pem(pair->key, &key, err));
    TRY(certificate_pem(pair->certificate, &certificate, err));
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
