/* SPDX-License-Identifier: Apache-2.0 */
/* Sender-constrained tokens: whether whoever sends one holds the key to which it is bound.
 *
 * A token bound to a certificate (RFC 8705 §3) must come over a connection with that certificate, which may be
 * known here or not. A token bound by DPoP (RFC 9449 §7) must come with a proof for this call, which counts
 * once in all the cluster. An unbound token passes: whether it may is the authenticator's to decide. */
#pragma once

#include "context/services.h"
#include "identity/dpop.h"
#include "store/resource/proof_store.h"

#include "store/resource/proof_store.h"

enum credential_scheme { SCHEME_NONE, SCHEME_BEARER, SCHEME_DPOP };

/* What the metadata `authorization` holds. Its token is empty with SCHEME_NONE. */
struct credential {
    enum credential_scheme scheme;
    struct slice token;
};
struct credential credential_read(struct call *c);

/* Lies in struct caller_proofs. Private. */
struct sender_constraint {
    const struct token_check *check;
    struct dpop_proof proof;
    struct proof_claim claim;
};

/* Check the binding of the caller's own token, which it sends under `authorization`. */
step sender_constraint_check(struct call *c, const struct token_check *check);
/* Check the binding of a token that a component carries for a user, who sends no proofs here. */
step sender_constraint_check_carried(struct call *c, const struct token_check *check);
