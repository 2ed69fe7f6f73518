/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/keys only: what opens wrapped root keys, while files are read. */
#pragma once

#include "crypto/root_wraps.h"
#include "keys/root_files.h"
#include "pkcs11/pkcs11.h"

/* An opener once it was tried: its key, or why there is none. */
struct root_key_holder {
    bool was_tried;
    struct err err; /* why it can't be used */
    struct jwk_private *key;
    struct pkcs11 *token;
    char kid[JWK_THUMBPRINT_TEXT]; /* of its public key; "": the token doesn't show it */
};

/* A path of the configuration as a whole one. Lends `name` or `out`, which has PATH_MAX bytes. */
const char *root_path(const char *name, char *out);
const char *root_opener_name(const struct root_opener *opener);
/* Open one of the wraps that are to this opener's key. The holder is all zeros before the first time. */
rc root_opener_try(const struct root_opener *opener, struct root_key_holder *holder,
                   const struct root_wraps *wraps, const struct root_wrap **wrap,
                   struct secret **out, struct err *err);
void root_key_holder_close(struct root_key_holder *holder);
