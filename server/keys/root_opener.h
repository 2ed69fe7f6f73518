/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/keys only: what opens wrapped root keys, while files are read. */
#pragma once

#include "base/clock.h"
#include "crypto/root_wraps.h"
#include "keys/root_files.h"
#include "pkcs11/pkcs11.h"

enum { ROOT_TOKENS_MS = 25000 };

/* An opener once it was tried: its key, or why there is none. */
struct root_key_holder {
    bool was_tried;
    struct mono_time until; /* a token is asked no more after that */
    struct err err;         /* why it can't be used */
    struct jwk_private *key;
    struct pkcs11 *token;
    char kid[JWK_THUMBPRINT_TEXT]; /* of its public key; "": the token doesn't show it */
};

/* A path of the configuration as a whole one. Lends `name` or `out`, which has PATH_MAX bytes. */
const char *root_path(const char *name, char *out);
const char *root_opener_name(const struct root_opener *opener);
bool root_opener_is_token(const struct root_opener *opener);
/* Whether both would try the same PIN on the same token. */
bool root_openers_share_pin(const struct root_opener *opener, const struct root_opener *other);
/* Whether what a token is to be asked with is there, without asking it: its library and its PIN file. */
rc root_opener_look(const struct root_opener *opener, struct err *err);
/* Open one of the wraps that are to this opener's key. The holder is all zeros but `until` before the first time. */
rc root_opener_try(const struct root_opener *opener, struct root_key_holder *holder,
                   const struct root_wraps *wraps, const struct root_wrap **wrap,
                   struct secret **out, struct err *err);
void root_key_holder_close(struct root_key_holder *holder);
