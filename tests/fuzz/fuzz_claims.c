/* SPDX-License-Identifier: Apache-2.0 */
/* The payload of a token with a good signature: what an identity provider, or whoever controls one, writes there. */
#include <jansson.h>

#include "crypto/json.h"
#include "fuzz.h"
#include "identity/claims.h"

static const char *const audiences[] = {"a"}, *const aliases[] = {"upn", "email", "b"};

static const struct issuer issuer = {
    .boundary = "commercial",
    .kind = ISSUER_TENANT,
    .iss = "https://idp.example",
    .audiences = audiences,
    .audience_count = 1,
    .claim_address = "",
    .claim_verified = "v",
    .claim_aliases = aliases,
    .claim_alias_count = 3,
    .claim_groups = "groups",
    .claim_tenant = "",
    .claim_guest = "acct",
    .clock_skew_s = 60,
};

/* What is taken over keeps its bounds, and no time lies before the beginning. */
static void check(const struct token_claims *claims)
{
    CH_ASSERT(claims->address_count <= TOKEN_ADDRESSES_MAX);
    CH_ASSERT(claims->group_count <= TOKEN_GROUPS_MAX);
    CH_ASSERT(claims->group_id_count <= TOKEN_GROUPS_MAX);
    CH_ASSERT(claims->valid_from.s >= 0 && claims->expires_at.s >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct unix_time now = {1800000000};
    struct err err = {0};
    struct token token = {.iss = issuer.iss};
    struct token_claims claims = {0};
    json_t *payload = NULL;
    if (json_parse_object(arena, slice_of(data, size), TOKEN_BYTES_MAX, R_TOKEN_MALFORMED, &payload,
                          &err)
            .ok) {
        token.payload = payload;
        ignore(claims_check_times(&token, &issuer, now, &claims, &err));
        ignore(claims_check_audience(&token, &issuer, &err));
        ignore(claims_check_binding(&token, &claims, &err));
        ignore(claims_check_tenant(&token, &issuer, &err));
        err_clear(&err);
        if (claims_read(arena, &token, &issuer, &claims, &err).ok) {
            check(&claims);
        }
    }
    arena_free(arena);
    return 0;
}
