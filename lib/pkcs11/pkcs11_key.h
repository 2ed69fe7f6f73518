/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/pkcs11 only: the calls of PKCS#11 3.1, in the token's process. */
#pragma once

#include <p11-kit/p11-kit.h>

#include "pkcs11/pkcs11.h"

struct pkcs11_key {
    CK_FUNCTION_LIST *module;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    size_t field; /* bytes of a coordinate of its curve */
    uint8_t point[PKCS11_POINT_MAX];
    size_t point_len; /* 0: the token doesn't show it */
};

/* As pkcs11_open and pkcs11_agree. Nothing is freed: the process ends. */
rc pkcs11_key_open(const struct pkcs11_place *place, struct pkcs11_key *out, struct err *err);
rc pkcs11_key_agree(const struct pkcs11_key *key, struct slice point,
                    uint8_t out[PKCS11_SHARED_MAX], size_t *len_out, struct err *err);
