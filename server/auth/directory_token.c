/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/directory_token.h"

#include "auth/component_lookup.h"
#include "context/wait.h"
#include "crypto/hash.h"

static step keeper_found(struct call *c)
{
    const struct lookup *lookup = &caller_of(c)->proofs->component_lookup;
    if (lookup->op.err.reason == R_NOT_FOUND) {
        return call_fail(c, R_DIRECTORY_TOKEN_UNKNOWN, "no such token");
    }
    return lookup->op.err.reason == R_NONE ? component_take(c, lookup->component)
                                           : wait_failed(c, &lookup->op.err);
}

/* It is found by its hash, so that comparing it tells nothing of another one. */
step directory_token_identify(struct call *c, struct slice token)
{
    uint8_t *hash = arena_alloc(call_arena(c), SHA256_BYTES);
    if (subject_has_component(&caller_of(c)->subject) || caller_of(c)->has_unknown_certificate ||
        credential_read(c).scheme != SCHEME_BEARER) {
        return call_fail(c, R_TOKEN_MALFORMED, "a directory's token beside another credential");
    }
    if (hash == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "hash");
    }
    return hash_sha256(token, hash, call_err(c)).ok
               ? component_find(c, LOOKUP_DIRECTORY_TOKEN, slice_of(hash, SHA256_BYTES),
                                keeper_found)
               : STEP_FAILED;
}
