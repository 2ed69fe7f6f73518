/* SPDX-License-Identifier: Apache-2.0 */
/* The token of somebody who has shown a one-time passcode (docs/formats.md §11.2): who issues it, as an
 * address, and what it says. Pure; any thread. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/slice.h"

enum { PASSCODE_TOKEN_S = 3600 /* how long it lasts: to read, and to write an answer */ };

/* `iss`: of a tenant at an authority. NULL over budget. */
const char *passcode_issuer(struct arena *arena, const char *authority_url,
                            struct tenant_id tenant);
/* Whether an `iss` has that form, and of which tenant it then speaks. Whose address stands before it the
 * caller compares, with the whole. */
bool passcode_issuer_tenant(const char *iss, struct tenant_id *out);

struct passcode_token {
    const char *authority_url;
    struct tenant_id tenant;
    struct uuid passcode;
    struct content_id content;
    const char *address;
    struct component_id portal;
    struct slice certificate; /* SHA-256 of the portal's; empty: it has come by a token */
    struct unix_time now;
};
/* The claims, as JSON. */
rc passcode_token_claims(struct arena *arena, const struct passcode_token *token, struct slice *out,
                         struct err *err);
