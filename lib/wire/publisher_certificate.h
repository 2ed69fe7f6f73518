/* SPDX-License-Identifier: Apache-2.0 */
/* Publisher certificates (docs/formats.md §6.2.1): a compact JWS by a tenant's signing key that says whose
 * offline licenses are to be taken. Pure; any thread. */
#pragma once

#include "base/arena.h"
#include "crypto/jws.h"
#include "domain/values/publisher.h"

#define PUBLISHER_CERTIFICATE_TYP "publisher-certificate+jwt"

enum {
    PUBLISHER_CERTIFICATE_MAX = 24 * 1024, /* bytes */
};

/* What stands in one beside what it allows. */
struct publisher_keys {
    const char *issuer;         /* `iss`: the tenant at its authority, and /publishers */
    struct slice publisher_jwk; /* the publisher's public key, as JSON */
    struct slice exchange_kid;  /* thumbprint of the exchange key, as text */
};

/* `iss` of a tenant's certificates. NULL over budget. */
const char *publisher_certificate_issuer(struct arena *arena, const char *authority_url,
                                         struct tenant_id tenant);
/* Write the claims, compact, members sorted. R_LIMIT_EXCEEDED when a certificate would be too large. */
rc publisher_certificate_claims(struct arena *arena, const struct publisher *publisher,
                                const struct publisher_keys *keys, struct slice *out,
                                struct err *err);

/* One that is taken apart; nothing is verified yet. */
struct publisher_certificate {
    struct jws jws;
    struct publisher publisher;
    struct publisher_keys keys;
};
/* R_LICENSE_MALFORMED for what is no such certificate. */
rc publisher_certificate_read(struct arena *arena, struct slice text,
                              struct publisher_certificate *out, struct err *err);
