/* SPDX-License-Identifier: Apache-2.0 */
/* Acts that a second admin may have to approve (docs/policy.md §6).
 *
 * Such an act is described once, by a struct approvable_act: how its request is checked, what it
 * says and changes, how it is carried out. Its own flow and ApproveRequest run the same functions:
 *
 *   its own flow     parse → scope → approvable_check → approvable_perform → reply
 *   ApproveRequest   the same on the stored request, after looking at who approves
 *                    (approval/approve_request.c)
 *
 * To add one: a `const struct approvable_act NAME_act`, `struct approvable` at the beginning of the
 * flow's state, SCOPE_STEP and its two steps in the flow's table, and `approval_id` in its
 * response. The act's statement begins as every admin statement does and writes an audit row for
 * its act; change_submit adds the approval to its transaction.
 *
 * What `check` reads of a tenant, the platform or a directory stays what it was until the act: the
 * epochs of all scopes that the call has looked at (caller_add_scope) are compared in the act's
 * transaction, and when one has moved everything is looked at again, the caller too. */
#pragma once

#include "service/common/approval_changes.h"
#include "service/common/scope.h"

struct approvable_act {
    const char *name; /* the flow's */
    enum approval_operation operation;
    const struct ProtobufCMessageDescriptor *request;
    size_t value_size; /* of the act's own value, zeroed before `check` */
    /* Read the request into the value, with everything that can be wrong with it by now. May wait.
     * Holds for a stored request too: scope_of(c)->tenant is the tenant, approvable_of(c)->request
     * the message. */
    step (*check)(struct call *c);
    /* Under which operations this request falls by what it does, as bits of enum
     * approval_operation; 0: under none, so that one admin is enough. NULL: under `operation`,
     * whatever it says. Decided on what `check` has read. */
    uint32_t (*effect)(struct call *c);
    /* What would be done, in one sentence of at most APPROVAL_SUMMARY_MAX bytes; NULL over budget.
     * The same request must give the same sentence and the same changes as long as it means the
     * same, because those are approved. */
    const char *(*summary)(struct call *c);
    /* Add what would change, from what to what: all of it. NULL: the sentence says it all. */
    void (*changes)(struct call *c, struct approval_changes *out);
    /* Submit the act by a function of the store that ends in change_submit. */
    void (*perform)(struct change_op *op, const void *value);
    /* Of an act whose statement itself sees what it does, and fails with R_APPROVAL_REQUIRED where
     * a second admin must approve that: read what `effect`, `summary` and `changes` need to know.
     * `check` does it for who approves, so that nobody else pays for it. May wait. */
    step (*look)(struct call *c);
    /* The import key that the request needs: it stays while the request waits, which ends with it. NULL: none. */
    struct uuid (*import)(struct call *c);
    enum reason unmatched; /* for R_NOT_FOUND of `perform`; R_NONE: that itself */
    enum reason taken;     /* for R_ALREADY_EXISTS of it; R_NONE: that itself */
    /* Tell more of why `perform` failed, beside the reason; NULL: there is no more to tell. */
    void (*explain)(struct call *c, enum reason reason);
};

/* The state of a flow with such an act begins with it. */
struct approvable {
    struct scope scope;               /* first */
    const struct approvable_act *act; /* set by the step `parse`, as is: */
    const void *request;
    void *value;
    /* `check` may set it: whatever the effect, one admin alone may do it only while the tenant
     * requires approval of none of these, as bits. */
    uint32_t unless;
    struct approval_changes changes; /* once they were asked for (approvable_changes) */
    bool has_changes;
    struct approval_id asked;             /* not zero: nothing was done, a second admin was asked */
    const struct approval_row *approving; /* in ApproveRequest: what is approved; else NULL */
};

#define ACT(name) extern const struct approvable_act name##_act;
#include "service/acts.def"
#undef ACT

static inline struct approvable *approvable_of(const struct call *c)
{
    return call_state(c);
}

/* NULL when there is no act of this name. */
const struct approvable_act *approvable_act_find(const struct call *c, const char *name);
/* The step before the act. */
step approvable_check(struct call *c);
/* What the act changes, after `check`: for `effect`, which decides on it. */
const struct approval_changes *approvable_changes(struct call *c);
/* Put into a request's row what the act says and changes. */
step approvable_describe(struct call *c, struct approval_row *row);
/* Prepare the act's operation, which rests on what the call has looked at. */
struct change_op *approvable_begin(struct call *c);
/* Go on after it: NEXT, or FAILED; or begin again if something has changed on which it rests.
 * `unmatched`: for R_NOT_FOUND. */
step approvable_settle(struct call *c, enum reason unmatched);
/* The act, with STEP_COMMIT: perform it, or ask a second admin. */
step approvable_perform(struct call *c);
/* Their rows, and the state of a flow that has nothing but the act. */
#define APPROVABLE_CHECK                                                   \
    {                                                                      \
        .name = "check", .run = approvable_check, .needs = BASE_APPROVABLE \
    }
#define APPROVABLE_PERFORM(verb)                                                                  \
    {                                                                                             \
        .name = (verb), .run = approvable_perform, .flags = STEP_COMMIT, .needs = BASE_APPROVABLE \
    }
#define APPROVABLE_STATE \
    FLOW_STATE_ON(struct approvable, BASE_SCOPE | BASE_APPROVABLE, struct scope, scope)
/* Refuse a request for what may have been right when it was asked for: a bad field then, a failed
 * precondition now. */
step approvable_refuse(struct call *c, const char *field, const char *why);
/* Answer with the approval's id when a second admin was asked; else with what `write` makes of what
 * was performed (NULL: over budget), in the response's field of that type. `write` NULL: the
 * response has no such field. */
step approvable_reply(struct call *c, void *(*write)(struct call *c));
