/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/certificate.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

rc certificate_fingerprint(const char *path, uint8_t out[32], struct err *err)
{
    unsigned len = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        FAIL(err, R_FILE_UNREADABLE, "%s: %s", path, strerrordesc_np(errno));
    }
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    bool ok =
        certificate != NULL && X509_digest(certificate, EVP_sha256(), out, &len) == 1 && len == 32;
    X509_free(certificate);
    fclose(file);
    if (!ok) {
        FAIL(err, R_INPUT_INVALID, "%s holds no certificate in PEM", path);
    }
    return OK;
}
