/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers of identity tokens as they are registered. Values. */
#pragma once

#include "base/ids.h"

/* Kinds by the numbers of chancery.v1.IssuerKind. */
enum issuer_kind {
    ISSUER_TENANT = 1,
    ISSUER_MULTI_TENANT = 2,
    ISSUER_CONSUMER = 3,
    ISSUER_PASSCODE = 4,
    ISSUER_COMPONENT = 5,
    ISSUER_SIGNALS =
        6, /* a transmitter of signals (docs/signals.md); never registered as an issuer */
};

enum {
    ISSUER_ISS_MAX = 512,
    ISSUER_CLOCK_SKEW_MAX_S = 300,
    ISSUER_CLOCK_SKEW_S = 60, /* of one that is registered without saying */
    TENANT_VALUE_MAX = 128,   /* bytes of a tenant claim that can be mapped */
};

struct issuer {
    struct tenant_id tenant; /* zero: the platform's */
    struct issuer_id id;
    const char *boundary;
    enum issuer_kind kind;
    const char *iss; /* compared byte by byte; of a multi-tenant issuer it may be a template */
    const char *const *audiences;
    size_t audience_count;
    const char *const *algorithms; /* names of RFC 7518 */
    size_t algorithm_count;
    const char *jwks_url, *jwks_json; /* one is "" */
    const char *claim_address;        /* "": the default, `email` */
    const char *claim_verified; /* what vouches for it; "": email_verified, for `email` only */
    const char *const *claim_aliases;
    size_t claim_alias_count;
    const char *claim_groups;   /* "": groups are not taken from tokens */
    const char *claim_tenant;   /* "": the default, `tid` */
    const char *claim_guest;    /* "": nobody is a guest */
    const char *const *domains; /* of consumer issuers */
    size_t domain_count;
    int64_t clock_skew_s;
    int64_t epoch; /* of the tenant's scope, when it was read */
};
