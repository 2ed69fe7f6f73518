/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers' key sets: inline ones parsed once, others fetched once per issuer for all who wait, refreshed
 * before they are old, kept while their server is down, and never replaced by a broken one. They are kept within
 * a bound of bytes, and each tenant's issuers have their share of it.
 * Source of the rules: RFC 8725 §3; OpenID Connect Core §10.1.1 (rotation). */
#pragma once

#include "crypto/jwk.h"
#include "identity/identity.h"

struct issuer_keys;

enum { ISSUER_KEYS_MAX = 10000, ISSUER_KEYS_BYTES_MAX = 64 << 20 };

struct issuer_keys *issuer_keys_new(struct loop *loop, const struct identity_config *config);
void issuer_keys_free(struct issuer_keys *cache);

enum key_found { KEY_FOUND, KEY_WAIT, KEY_FAILED };

/* Find the keys of which one may have signed the check's token. KEY_WAIT: check->go will run when keys came or
 * failed to; then ask again. KEY_FAILED fills err. Lends until the loop's next turn, and notes their generation with
 * the check: it changes whenever the issuer's keys do. */
enum key_found issuer_keys_find(struct issuer_keys *cache, struct token_check *check,
                                const struct jwks **keys, struct err *err);
/* None of them has signed it: ask the issuer once more, as seldom as for an unknown key. False when that is of no use
 * now; else check->go will run. */
bool issuer_keys_ask_again(struct issuer_keys *cache, struct token_check *check);
/* The generation of an issuer's keys as they are now; 0 when none are held. */
uint64_t issuer_keys_generation(struct issuer_keys *cache, const struct issuer *issuer);
