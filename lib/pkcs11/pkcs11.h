/* SPDX-License-Identifier: Apache-2.0 */
/* An EC private key that never leaves its PKCS#11 token (an HSM, a smart card): it agrees on secrets (ECDH).
 *
 * The token's library is code of others, which may hang, crash, or start threads. So a process of its own loads it and logs in, once,
 * and is asked over a socket; whoever asks waits for a bounded time, and then that process is gone. Not for the loop's thread of a
 * server: it blocks. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

enum {
    PKCS11_TIMEOUT_MS = 10000, /* for each answer */
    PKCS11_PIN_MAX = 255,
    PKCS11_POINT_MAX = 97,  /* uncompressed, of P-384 */
    PKCS11_SHARED_MAX = 48, /* its x-coordinate */
};

/* Borrows until pkcs11_open is back. */
struct pkcs11_place {
    const char *module; /* path of the token's library */
    const char *uri;    /* RFC 7512; it says which token and which key */
    struct slice pin;   /* empty: the token asks for none */
};

struct pkcs11;

/* Whether it is a PKCS#11 URI that names a key or a token, and holds no PIN. */
bool pkcs11_uri_is_valid(const char *uri);
/* Whether both may name the same token: nothing that both say of it differs. */
bool pkcs11_uris_share_token(const char *uri, const char *other);
/* Log in, once, and find the key. A PIN that the token would lock at one more failure is not tried.
 * R_HSM_UNREACHABLE, R_HSM_PIN_WRONG, R_HSM_PIN_LOCKED, R_HSM_KEY_UNUSABLE */
rc pkcs11_open(const struct pkcs11_place *place, struct pkcs11 **out, struct err *err);
/* The key's public half, an uncompressed point of P-256 or P-384; empty where the token doesn't show it. Lends. */
struct slice pkcs11_point(const struct pkcs11 *key);
/* The x-coordinate of what the key, a struct pkcs11, and a point of its curve agree on: for jwe_decrypt_by. R_HSM_UNREACHABLE,
 * R_HSM_KEY_UNUSABLE */
rc pkcs11_agree(void *key, struct slice point, uint8_t out[PKCS11_SHARED_MAX], size_t *len_out,
                struct err *err);
/* End its process; NULL is fine. */
void pkcs11_close(struct pkcs11 *key);
