/* SPDX-License-Identifier: Apache-2.0 */
/* A token's payload as values: times, audience, addresses, groups. */
#pragma once

#include "identity/identity.h"

/* 9999-12-31T23:59:59Z: what is later is no time. */
static const int64_t TOKEN_TIME_MAX_S = 253402300799;

/* Check exp, nbf and iat (RFC 7519 §4.1), and note them. R_TOKEN_EXPIRED, R_TOKEN_NOT_YET_VALID,
 * R_TOKEN_CLAIM_INVALID. */
rc claims_check_times(const struct token *token, const struct issuer *issuer, struct unix_time now,
                      struct token_claims *claims, struct err *err);
/* One of the issuer's audiences must be named (RFC 7519 §4.1.3). R_TOKEN_AUDIENCE. */
rc claims_check_audience(const struct token *token, const struct issuer *issuer, struct err *err);
/* Read to what the token is bound (RFC 7800): nothing, or exactly one of a DPoP key and a certificate. A
 * confirmation that we don't understand can't be checked: R_TOKEN_TYPE. */
rc claims_check_binding(const struct token *token, struct token_claims *out, struct err *err);
/* What the access token of a component must hold beside `exp` and `aud` (RFC 9068 §2.2), and its subject.
 * R_TOKEN_CLAIM_INVALID. */
rc claims_read_component(struct arena *arena, const struct token *token, struct token_claims *out,
                         struct err *err);
/* The tenant claim by the issuer's mapping; "" without one. Lends from the payload: nothing is verified by asking. */
const char *claims_tenant(const struct token *token, const struct issuer *issuer);
/* Under a template, iss and tenant claim must name the same tenant. R_TOKEN_CLAIM_INVALID. */
rc claims_check_tenant(const struct token *token, const struct issuer *issuer, struct err *err);
/* Read addresses, groups, tenant and guest by the issuer's mapping. R_TOKEN_CLAIM_INVALID. */
rc claims_read(struct arena *arena, const struct token *token, const struct issuer *issuer,
               struct token_claims *out, struct err *err);
/* For which content, and through which portal, a passcode's token counts. R_TOKEN_CLAIM_INVALID. */
rc claims_read_passcode(const struct token *token, struct token_claims *out, struct err *err);
/* What the token says of what a check is about, in sentences that begin with a space, for whoever holds
 * it; "" when that is nothing. Lent by the arena; NULL: over budget. */
const char *claims_said(struct arena *arena, const struct token *token, const struct issuer *issuer,
                        enum token_stage stage, struct unix_time now);
/* The parts of it that are about addresses (claim_addresses.c) and groups (claim_groups.c). */
rc claims_read_addresses(struct arena *arena, const struct token *token,
                         const struct issuer *issuer, struct token_claims *out, struct err *err);
rc claims_read_groups(struct arena *arena, const struct token *token, const struct issuer *issuer,
                      struct token_claims *out, struct err *err);
