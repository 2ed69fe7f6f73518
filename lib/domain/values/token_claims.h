/* SPDX-License-Identifier: Apache-2.0 */
/* What a verified token says, before anybody has decided what of that its issuer may say.
 * Values. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/ids.h"

enum {
    TOKEN_ADDRESSES_MAX = 16,
    TOKEN_GROUPS_MAX = 512,   /* of either sort: addresses, and ids of the identity provider */
    TOKEN_GROUP_ID_MAX = 128, /* bytes */
    TOKEN_BOUND_TO_BYTES = 32,
    TOKEN_SUBJECT_MAX = 256, /* bytes */
};

/* To what a token is bound, so that it is worth nothing without it (`cnf`, RFC 7800). */
enum token_binding {
    BINDING_NONE, /* whoever has the token has all */
    BINDING_DPOP, /* to a key, by its RFC 7638 thumbprint (RFC 9449 §6.1) */
    BINDING_MTLS, /* to a client certificate, by the SHA-256 of its DER (RFC 8705 §3.1) */
};

/* What a token says of whether an address is verified. */
enum address_word {
    ADDRESS_UNSAID,
    ADDRESS_VERIFIED,
    ADDRESS_DENIED, /* that it is not */
};

struct claimed_address {
    const char *text; /* normalized */
    enum address_word word;
    bool
        is_primary; /* it stands in the claim that the issuer's registration names as the address */
};

/* What a token with a good signature claims. Whether its issuer may say so is not decided yet. */
struct token_claims {
    struct claimed_address addresses[TOKEN_ADDRESSES_MAX]; /* the primary one, if any, first */
    size_t address_count;
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
    struct unix_time
        issued_at; /* `iat`, at the end of a second that has begun; 0: it was not there */
    const char
        *subject; /* `sub`; "" for one that is none, which a component's token must not have */
    struct content_id content;  /* of a passcode's token: what it is for; else zero */
    struct component_id portal; /* and through whom; else zero */
    enum token_binding binding;
    uint8_t bound_to[TOKEN_BOUND_TO_BYTES]; /* unless BINDING_NONE */
};

/* The address of the claim that is registered as the address; NULL without one. */
static inline const struct claimed_address *token_claims_primary(const struct token_claims *claims)
{
    bool has_one = claims->address_count > 0 && claims->addresses[0].is_primary;
    return has_one ? &claims->addresses[0] : NULL;
}

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
