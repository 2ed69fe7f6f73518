/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens by which identity providers keep a directory over SCIM (docs/scim.md): the prefix, by which they are told
 * from JWTs and found by whoever looks for secrets that have leaked, and 256 random bits in base64url. */
#pragma once

#include "rpc/call.h"

#define DIRECTORY_TOKEN_PREFIX "chancery_scim_"
enum { DIRECTORY_TOKEN_RANDOM_BYTES = 32 };

/* Whose it is; the caller has their place from then on. Of a call that has nothing beside it. */
step directory_token_identify(struct call *c, struct slice token);
