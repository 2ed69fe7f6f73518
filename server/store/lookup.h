/* SPDX-License-Identifier: Apache-2.0 */
/* Rows found by what a caller presents: a token's issuer, a certificate, a name. Each comes with the
 * epoch of its scope, so that the gate can tell when it is out of date. Values live in the arena. */
#pragma once

#include "base/ids.h"
#include "domain/subject.h"
#include "store/store.h"

/* A registered issuer of tokens. Kinds as chancery.v1.IssuerKind. */
enum issuer_kind {
    ISSUER_TENANT = 1,
    ISSUER_MULTI_TENANT = 2,
    ISSUER_CONSUMER = 3,
    ISSUER_PASSCODE = 4,
    ISSUER_COMPONENT = 5,
};

struct issuer_row {
    struct tenant_id tenant; /* zero: the platform's */
    struct issuer_id id;
    const char *boundary;
    enum issuer_kind kind;
    const char *iss;
    const char *const *audiences;
    size_t audience_count;
    const char *const *algorithms; /* names of RFC 7518 */
    size_t algorithm_count;
    const char *jwks_url, *jwks_json; /* one is "" */
    const char *claim_address;        /* "" means the default of identity */
    const char *const *claim_aliases;
    size_t claim_alias_count;
    const char *claim_groups, *claim_tenant;
    const char *const *domains; /* of consumer issuers */
    size_t domain_count;
    int64_t clock_skew_s;
    int64_t epoch;
};

struct component_row {
    struct subject_component component;
    int64_t epoch;
};

enum lookup_kind {
    LOOKUP_ISSUER,           /* by iss */
    LOOKUP_COMPONENT,        /* by fingerprint, 32 bytes */
    LOOKUP_TENANT_BY_NAME,
    LOOKUP_TENANT_BY_DOMAIN, /* verified ones only */
};

/* Completes with R_NOT_FOUND when there is no such row, or it is disabled. */
struct lookup {
    struct store_op op;
    enum lookup_kind kind;
    struct issuer_row issuer;
    struct component_row component;
    struct tenant_id tenant;
};
void lookup_submit(struct lookup *lookup, enum lookup_kind kind, struct slice key);
