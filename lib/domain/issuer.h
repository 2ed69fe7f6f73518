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

enum {
    ISSUER_ISS_MAX = 512,
    ISSUER_CLOCK_SKEW_MAX_S = 300,
    TOKEN_ADDRESSES_MAX = 16,
    TOKEN_GROUPS_MAX = 512,   /* of either sort: addresses, and ids of the identity provider */
    TOKEN_GROUP_ID_MAX = 128, /* bytes */
    TENANT_VALUE_MAX = 128,   /* bytes of a tenant claim that can be mapped */
};

struct issuer {
    struct tenant_id tenant; /* zero: the platform's */
    struct issuer_id id;
    const char *boundary;
    enum issuer_kind kind;
    const char
        *iss; /* compared byte by byte; of a multi-tenant issuer it may be a template, see below */
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
    const char *claim_guest;    /* "": nobody is a guest */
    const char *const *domains; /* of consumer issuers */
    size_t domain_count;
    int64_t clock_skew_s;
    int64_t epoch; /* of the tenant's scope, when it was read */
};

/* To what a token is bound, so that it is worth nothing without it (`cnf`, RFC 7800). */
enum token_binding {
    BINDING_NONE, /* whoever has the token has all */
    BINDING_DPOP, /* to a key, by its RFC 7638 thumbprint (RFC 9449 §6.1) */
    BINDING_MTLS, /* to a client certificate, by the SHA-256 of its DER (RFC 8705 §3.1) */
};
enum { TOKEN_BOUND_TO_BYTES = 32, TOKEN_SUBJECT_MAX = 256 };

/* What a token with a good signature claims. Whether its issuer may say so is not decided yet. */
struct token_claims {
    const char *addresses[TOKEN_ADDRESSES_MAX]; /* normalized, the primary one first */
    size_t address_count;
    bool is_email_verified;
    const char *tenant;        /* the tenant claim; "" if there is none */
    const char *const *groups; /* normalized addresses, at most TOKEN_GROUPS_MAX */
    size_t group_count;
    const char *const
        *group_ids; /* groups that the token names by no address (Entra: object ids) */
    size_t group_id_count;
    bool groups_overage; /* the token says that it leaves its groups out; then it has none */
    bool is_guest;
    struct unix_time valid_from; /* the later of nbf and iat; 0: neither was there */
    struct unix_time expires_at; /* clock skew not added */
    const char *subject;         /* `sub` of a component's token; else "" */
    enum token_binding binding;
    uint8_t bound_to[TOKEN_BOUND_TO_BYTES]; /* unless BINDING_NONE */
};

/* The checks of a token in the order in which they are made. */
enum token_stage {
    TOKEN_STAGE_FORM,
    TOKEN_STAGE_ISSUER,
    TOKEN_STAGE_ALGORITHM,
    TOKEN_STAGE_TYPE,
    TOKEN_STAGE_KEY,
    TOKEN_STAGE_SIGNATURE,
    TOKEN_STAGE_TIME,
    TOKEN_STAGE_AUDIENCE,
    TOKEN_STAGE_BINDING,
    TOKEN_STAGE_TENANT,
    TOKEN_STAGE_ADDRESS,
    TOKEN_STAGE_GROUPS,
    TOKEN_STAGES,
};

/* --- templates: one issuer, a different `iss` for each of its tenants ----------------------------
 *
 * As Microsoft Entra writes it: "https://login.microsoftonline.com/{tenantid}/v2.0", where a token has the
 * tenant's UUID in that place and in its tenant claim. */
#define ISSUER_PLACEHOLDER "{tenantid}"

/* Whether braces stand in it at all; a plain iss has none. */
bool issuer_is_template(const char *iss);
/* Whether it is one that can be registered: https, the placeholder once, as a whole segment of the path. */
bool issuer_template_is_sound(const char *iss);
/* The UUID that stands in place of the placeholder; empty when `iss` does not fit the template. Lends. */
struct slice issuer_template_value(const char *pattern, const char *iss);
/* Whether a token's `iss` is this one, or fits this template. */
bool issuer_names(const char *registered, const char *iss);
/* The template under which `iss` may be registered: its first path segment that is a UUID replaced. "" when it
 * has none; NULL over budget. */
const char *issuer_pattern(struct arena *arena, const char *iss);

/* Whether an issuer's tokens may name this component: issuers of kind COMPONENT only, of the component's
 * own tenant or the platform, and in its boundary. A tenant's admins keep its issuers, so one of them could
 * be any other: who is an admin, the platform's issuers say. */
bool issuer_may_name(const struct issuer *issuer, const struct subject_component *component);

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
