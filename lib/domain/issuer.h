/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers of identity tokens as they are registered, what a verified token says, and what of that its
 * issuer may say. Pure. */
#pragma once

#include "domain/tenant_view.h"

/* Kinds by the numbers of chancery.v1.IssuerKind. */
enum issuer_kind {
    ISSUER_TENANT = 1,
    ISSUER_MULTI_TENANT = 2,
    ISSUER_CONSUMER = 3,
    ISSUER_PASSCODE = 4,
    ISSUER_COMPONENT = 5,
};

enum { ISSUER_CLOCK_SKEW_MAX_S = 300, TOKEN_ADDRESSES_MAX = 16, TOKEN_GROUPS_MAX = 512 };

struct issuer {
    struct tenant_id tenant; /* zero: the platform's */
    struct issuer_id id;
    const char *boundary;
    enum issuer_kind kind;
    const char *iss; /* compared byte by byte */
    const char *const *audiences;
    size_t audience_count;
    const char *const *algorithms; /* names of RFC 7518 */
    size_t algorithm_count;
    const char *jwks_url, *jwks_json; /* one is "" */
    const char *claim_address;        /* "": the default, `email` */
    const char *const *claim_aliases;
    size_t claim_alias_count;
    const char *claim_groups;   /* "": groups are not taken from tokens */
    const char *claim_tenant;   /* "": the default, `tid` */
    const char *const *domains; /* of consumer issuers */
    size_t domain_count;
    int64_t clock_skew_s;
    int64_t epoch; /* of the tenant's scope, when it was read */
};

/* What a token with a good signature claims. Whether its issuer may say so is not decided yet. */
struct token_claims {
    const char *addresses[TOKEN_ADDRESSES_MAX]; /* normalized, the primary one first */
    size_t address_count;
    bool is_email_verified;
    const char *tenant;                   /* the tenant claim; "" if there is none */
    const char *groups[TOKEN_GROUPS_MAX]; /* normalized addresses */
    size_t group_count;
    struct unix_time expires_at; /* clock skew not added */
};

struct authority_question {
    const struct issuer *issuer;
    const struct token_claims *claims;
    /* The tenant that a tenant issuer belongs to, or that the token's tenant claim names; NULL if none. */
    const struct tenant_view *tenant;
    /* Whether some tenant has verified the domain of the primary address: asked for consumer issuers. */
    bool is_domain_of_tenant;
};

/* Who the token's bearer is: only addresses for whose domain the issuer is authoritative are taken over;
 * groups are user_add_groups' matter. R_NONE, TOKEN_NO_ADDRESS when nothing is left, or TOKEN_TYPE for
 * kinds that make no users. `out` points into the question. */
enum reason decide_authority(const struct authority_question *question, struct subject_user *out);
