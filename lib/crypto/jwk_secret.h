/* SPDX-License-Identifier: Apache-2.0 */
/* JWKs with what is secret in them (RFC 7518 §6.2.2, §6.4): how a tenant's keys leave, and are read where they came to
 * (docs/formats.md §4.4). Loop thread. */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "base/secret.h"
#include "crypto/jwk.h"

enum { JWK_SECRET_TEXT_MAX = 512 }; /* members of an EC key of ours or of 32 bytes, with a NUL */

/* The members of an EC key, without braces. Wipe `out` after use. */
rc jwk_private_members(const struct jwk_private *key, char out[JWK_SECRET_TEXT_MAX],
                       struct err *err);
/* The same of a symmetric key of 32 bytes. */
rc jwk_symmetric_members(const struct secret *key, char out[JWK_SECRET_TEXT_MAX], struct err *err);

/* The RFC 7638 thumbprint of one, as text. */
rc jwk_symmetric_thumbprint(const struct secret *key, char out[JWK_THUMBPRINT_TEXT],
                            struct err *err);

/* Read one of them. `invalid` on any flaw, also when the two halves of an EC key are not of each other. */
rc jwk_private_read(struct arena *arena, const json_t *jwk, enum reason invalid,
                    struct jwk_private **out, struct err *err);
rc jwk_symmetric_read(const json_t *jwk, enum reason invalid, struct secret **out, struct err *err);
