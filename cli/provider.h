/* SPDX-License-Identifier: Apache-2.0 */
/* What an identity provider says of itself (OpenID Connect Discovery 1.0 §3 and §4; RFC 8414). The command line asks, over
 * TLS; the authority never does. */
#pragma once

#include "base/arena.h"

enum { PROVIDER_ALGORITHMS_MAX = 5 };

struct provider {
    const char *issuer;   /* as it calls itself */
    const char *jwks_uri; /* https:// */
    const char *algorithms
        [PROVIDER_ALGORITHMS_MAX]; /* of ID tokens: those of them that an authority takes */
    size_t algorithm_count;
    const char *device_endpoint, *token_endpoint, *revocation_endpoint; /* "": there is none */
    bool takes_posted_secret; /* and no other way of client authentication with a password */
    bool has_offline_access;  /* the scope offline_access is known to it */
};

/* Ask an issuer, or the address of its metadata. `issuer` may be Entra's for all directories: with {tenantid}, common or
 * organizations in its path. With the address and what is wrong: R_INPUT_INVALID for no https:// address, R_PROVIDER_UNREACHABLE without
 * an answer, R_PROVIDER_INVALID for one that is no JSON, of another issuer, or names no keys. */
rc provider_discover(struct arena *arena, const char *issuer, const char *ca_file,
                     struct provider *out, struct err *err);
