/* SPDX-License-Identifier: Apache-2.0 */
/* Who is calling: the first member of every flow's state, filled by the step `authenticate`, and what
 * every flow records of him. */
#pragma once

#include "auth/binding.h"
#include "auth/identify.h"

struct caller {
    struct subject subject;
    struct identified identified; /* whom the token names; .issuer is NULL without one */
    bool is_authenticated;        /* the step authenticate has let him through */
    /* What the component's credential is bound to; a certificate of its own counts as BINDING_MTLS. */
    enum token_binding component_binding;
    struct audit_who who;
    struct gate_scope scopes[GATE_SCOPES_MAX]; /* the epochs on which we know all this */
    size_t scope_count;

    /* What caller_need_tenant and caller_need_platform found; NULL: there is none. */
    const struct tenant_record *found_tenant;
    const struct platform_record *found_platform;
    const struct directory_person *found_person; /* what caller_need_person found; never NULL */

    /* Private. */
    bool is_fresh;
    step_fn then;
    const char *wanted_boundary; /* served.c */
    step_fn served;
    struct lookup lookup;
    struct binding binding;
    bool
        is_stranger; /* with a certificate that is not registered: only a token bound to it counts */
    const struct issuer *component_issuer; /* of the component's token; NULL without one */
    struct slice component_subject;        /* by what that token was looked up */
    struct view_load load;
    struct directory_find find;
    struct identified *identifying; /* in flight */
    struct gate_entry entry;
};

static inline struct caller *caller_of(struct call *c)
{
    return call_state(c);
}

/* The step `authenticate`: component certificate, user token, role. Rows may come from caches, whose
 * epochs the gate checks: only for flows that end there. */
step caller_authenticate(struct call *c);
/* The same, past all caches: for flows without a gate. */
step caller_authenticate_fresh(struct call *c);

/* Note on which epoch of a scope something is known: the gate will compare it. */
void caller_add_scope(struct caller *caller, struct uuid scope, int64_t epoch);
/* Load a tenant or the platform's boundaries, note its epoch, and go on with `then`. */
step caller_need_tenant(struct call *c, struct tenant_id id, step_fn then);
step caller_need_platform(struct call *c, step_fn then);
/* Look somebody up in a tenant's directory (which has one), note the directory's epoch, and go on with `then`. The
 * question is only read before this returns. */
step caller_need_person(struct call *c, const struct directory_question *question, step_fn then);
/* The tenant to which the caller belongs: the user's, else the component's; zero if neither. */
struct tenant_id caller_tenant(const struct caller *caller);

/* Where the call comes from; the step authenticate does it first. */
void caller_note_where(struct call *c);

/* --- recording (record.c) ---------------------------------------------------------------------------------- */

/* Drop from the caches all on which was decided, because some of it is out of date. */
void caller_forget(struct call *c);
/* Begin the record of a decision in a tenant's log (TENANT_PLATFORM: the platform's). */
struct gate_entry *caller_record(struct call *c, struct tenant_id tenant);
/* Hand it to the gate; `then` calls caller_recorded. */
step caller_submit(struct call *c, step_fn then);
/* What the gate said. NEXT: recorded. Stale: everything used is forgotten and the flow goes on again from
 * `again`. Facts changed: from `decide`, which finds them in the entry. */
step caller_recorded(struct call *c, step_fn again, step_fn decide);
/* on_refusal of flows without content: record it in the platform's or the caller's tenant's log. */
step caller_refused(struct call *c);
