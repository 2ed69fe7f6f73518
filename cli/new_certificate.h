/* SPDX-License-Identifier: Apache-2.0 */
/* New keys on P-256 and certificates for them, as files in PEM have them. */
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/err.h"

struct pair {
    EVP_PKEY *key;
    X509 *certificate;
};

/* For AUTO(). */
void pair_fini(struct pair *pair);
void bio_free_at(BIO **bio);

struct certificate_wish {
    const char *name; /* its CN */
    const char
        *alternatives; /* subjectAltName as OpenSSL writes it, "DNS:a,IP:127.0.0.1"; NULL: none */
    const char *usage; /* extendedKeyUsage; NULL: any */
    bool is_ca;
    long days;
};

/* R_CRYPTO_FAILED */
rc key_make(EVP_PKEY **out, struct err *err);
/* A certificate for pair->key, signed by `ca`, or by itself if that is NULL. R_CRYPTO_FAILED */
rc certificate_make(const struct certificate_wish *wish, const struct pair *ca, struct pair *pair,
                    struct err *err);
/* Both in PEM; the caller's to free. R_CRYPTO_FAILED */
rc key_pem(EVP_PKEY *key, BIO **out, struct err *err);
rc certificate_pem(X509 *certificate, BIO **out, struct err *err);
