/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/certificate.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The first one of a file; NULL if it has none. */
static rc read_first(const char *path, X509 **out, struct err *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        FAIL(err, R_FILE_UNREADABLE, "%s: %s", path, strerrordesc_np(errno));
    }
    *out = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    return OK;
}

static rc no_certificate(const char *path, struct err *err)
{
    FAIL(err, R_INPUT_INVALID, "%s holds no certificate in PEM", path);
}

rc certificate_read(const char *path, X509 **out, struct err *err)
{
    TRY(read_first(path, out, err));
    return *out == NULL ? no_certificate(path, err) : OK;
}

rc certificate_fingerprint(const char *path, uint8_t out[32], struct err *err)
{
    unsigned len = 0;
    X509 *certificate = NULL;
    TRY(read_first(path, &certificate, err));
    bool ok =
        certificate != NULL && X509_digest(certificate, EVP_sha256(), out, &len) == 1 && len == 32;
    X509_free(certificate);
    return ok ? OK : no_certificate(path, err);
}

rc certificate_end(const char *path, int64_t *unix_s, struct err *err)
{
    struct tm tm = {0};
    X509 *certificate = NULL;
    TRY(read_first(path, &certificate, err));
    bool ok = certificate != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) == 1;
    X509_free(certificate);
    *unix_s = timegm(&tm);
    return ok ? OK : no_certificate(path, err);
}
