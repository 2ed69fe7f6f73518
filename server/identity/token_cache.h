/* SPDX-License-Identifier: Apache-2.0 */
/* Verified tokens by their SHA-256, so that a second call costs a hash and not a signature. An entry holds
 * for the issuer's row (epoch) and keys (generation) it was verified under. Each owner has their share
 * (hashmap.h). */
#pragma once

#include "identity/identity.h"

struct token_cache;

struct token_entry {
    const char *iss; /* the token's, which need not be the issuer's */
    struct issuer_id issuer;
    int64_t epoch;
    uint64_t generation;
    const struct token_claims *claims;
    struct arena *arena; /* owns the strings */
    int references;      /* the cache's, and those of calls' arenas */
};

struct token_cache *token_cache_new(size_t max);
void token_cache_free(struct token_cache *cache);
/* NULL if it is not there. Lends until the next put. */
const struct token_entry *token_cache_get(struct token_cache *cache, const uint8_t hash[32]);
/* What its claims are, held by the arena: an entry may be dropped while a call still uses it. NULL if it is not there, or
 * over budget. */
const struct token_claims *token_cache_hold(struct token_cache *cache, const uint8_t hash[32],
                                            struct arena *arena);
/* Remember what was verified; copies. Out of budget it is not remembered. */
void token_cache_put(struct token_cache *cache, const struct token_check *check, struct uuid owner);
void token_cache_drop(struct token_cache *cache, const uint8_t hash[32]);
