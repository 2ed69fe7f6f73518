/* SPDX-License-Identifier: Apache-2.0 */
/* Compact JWS whose header carries the signer's certificate (`x5c`, RFC 7515 §4.1.6): proofs that
 * the key of a certificate is held. Whether anybody trusts the certificate is the caller's
 * question; its validity and its issuer are not looked at. Loop thread. */
#pragma once

#include "base/arena.h"
#include "base/secret.h"
#include "crypto/jws.h"

enum {
    X5C_HEADER_MAX = 16 * 1024, /* bytes of a header: a certificate of 8,192 bits with extensions */
    X5C_PRINT_BYTES = 32,
};

struct x5c {
    uint8_t fingerprint[X5C_PRINT_BYTES]; /* SHA-256 of the certificate's DER, as in TLS */
    struct jwk_public *key;               /* free with x5c_fini */
};

/* Read the certificate with which a JWS says that it is signed, the first of its header's list.
 * `invalid` for no certificate, and for one whose key is not of a kind that we check (jwk.h). */
rc x5c_read(struct slice header, enum reason invalid, struct x5c *out, struct err *err);
void x5c_fini(struct x5c *x5c);

/* Sign a payload with the key of a certificate, both in PEM: ES256, ES384, PS256 or EdDSA by the
 * key. The token carries that certificate alone. R_FIELD_INVALID for what is no certificate or no
 * unencrypted private key, a key of another kind, or one that is not the certificate's. */
rc x5c_sign(struct arena *arena, struct slice certificate_pem, const struct secret *key_pem,
            const char *typ, struct slice payload, struct slice *out, struct err *err);
