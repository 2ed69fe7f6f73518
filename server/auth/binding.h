/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that are bound to a key: whether whoever sends one holds that key.
 *
 * A token bound to a certificate (RFC 8705 §3) must come over a connection with that certificate, which may be
 * known here or not. A token bound by DPoP (RFC 9449 §7) must come with a proof for this call, which counts
 * once in all the cluster. An unbound token passes: whether it may is the caller's to decide. */
#pragma once

#include "context/services.h"
#include "identity/dpop.h"
#include "store/proofs.h"

enum credential_scheme { SCHEME_NONE, SCHEME_BEARER, SCHEME_DPOP };

/* What the metadata `authorization` holds. Its token is empty with SCHEME_NONE. */
struct credential {
    enum credential_scheme scheme;
    struct slice token;
};
struct credential credential_read(struct call *c);

/* Lies in struct caller, and outlives deciding again. */
struct binding {
    bool is_claimed; /* this call has used its proof */
    /* Private. */
    step_fn then;
    struct dpop_proof proof;
    struct proof_claim claim;
};

/* Check the token that was identified last; go on with `then` or fail. `is_senders`: it is the caller's own
 * credential; else a component carries it for a user, who sends no proofs here. */
step binding_check(struct call *c, bool is_senders, step_fn then);
