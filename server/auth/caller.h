/* SPDX-License-Identifier: Apache-2.0 */
/* Who is calling: what the sub-flow `authenticate` (authenticate.h) finds out before any flow begins, and
 * on which state of which scopes it is known. */
#pragma once

#include "auth/sender_constraint.h"
#include "auth/signaled.h"
#include "auth/token_identity.h"

struct quota_hold;
/* By what the caller was found out. The items of a batch lend their batch's, until they begin anew. */
struct caller_proofs {
    struct identified credential; /* whom the token in `authorization` names; .issuer NULL: none */
    struct identified carried;    /* whom the token names that a component carries for a user */
    struct lookup component_lookup;
    struct sender_constraint constraint;
};

struct caller {
    struct subject subject; /* what decisions are made about */
    struct audit_who who;   /* what every record says of it */

    /* The epochs of what was looked at; the gate compares them. */
    struct gate_scope scopes[GATE_SCOPES_MAX];
    size_t scope_count;

    /* --- the credentials --- */
    struct caller_proofs *proofs;  /* NULL before caller_reset */
    const struct identified *user; /* by whom of the proofs there is a user; NULL: none */
    /* A certificate that nobody registered is no credential: a token bound to it has to vouch for it. */
    bool has_unknown_certificate;
    /* What the component's credential is bound to; a registered certificate counts as BINDING_MTLS. */
    enum token_binding component_binding;
    struct slice component_subject; /* by what a token's component was looked up; else empty */
    struct identified *identifying; /* in the sub-flow `identify` */

    /* --- facts.h: what was asked for last --- */
    const struct tenant_record *found_tenant; /* NULL: there is none */
    const struct platform_record *found_platform;
    const struct directory_person *found_person; /* never NULL */
    struct view_load load;
    struct directory_find find;
    struct signaled signaled;    /* signaled.h */
    const char *wanted_boundary; /* boundary_guard.h */

    struct gate_entry entry; /* decision_log.h */

    /* --- how much (docs/policy.md §11.1) --- */
    struct tenant_limits limits;         /* of caller_tenant; of none: zero */
    uint32_t component_calls_per_second; /* the component's, as its tenant says; 0: nothing */
    bool is_proof_used,                  /* the DPoP proof of this call: it counts once */
        is_network_counted,
        is_counted;           /* in this second's calls; once, however often it is looked at */
    struct quota_hold *quota; /* quota.h; NULL: nothing was taken */
};

static inline struct caller *caller_of(const struct call *c)
{
    return call_caller(c);
}

/* The tenant to which the caller belongs: the user's, else the component's; zero if neither. */
struct tenant_id caller_tenant(const struct caller *caller);
/* The boundary to which the caller belongs: the user's, else the component's; "" for the platform's own. */
const char *caller_boundary(const struct caller *caller);
/* Note on which epoch of a scope something is known: the gate will compare it. */
void caller_add_scope(struct call *c, struct uuid scope, int64_t epoch);
/* What a record says of whoever nothing else is known of: from where the call comes. For public methods too. */
struct audit_who caller_nobody(struct call *c);
/* Begin anew with where the call comes from; nothing is known of the caller after it. */
step caller_reset(struct call *c);
/* Take over a component's row, or a user; the log line and the records name it from then on. */
void caller_take_component(struct call *c, const struct component_row *row);
step caller_take_user(struct call *c, const struct identified *who);
