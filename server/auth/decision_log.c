/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/decision_log.h"

#include <string.h>

#include "auth/boundary_guard.h"
#include "auth/quota.h"
#include "auth/rate_check.h"
#include "auth/refusals.h"
#include "auth/signaled.h"
#include "context/wait.h"
#include "domain/relations/membership.h"

/* --- forgetting what has moved -------------------------------------------------------------------- */

static bool has_moved(const struct caller *caller, struct uuid scope)
{
    for (size_t i = 0; i < caller->scope_count; i++) {
        if (caller->scopes[i].is_stale && uuid_eq(caller->scopes[i].scope, scope)) {
            return true;
        }
    }
    return false;
}

static void forget_token(struct call *c, const struct identified *who)
{
    struct lookups *lookups = services_of(c)->lookups;
    const struct caller *caller = caller_of(c);
    if (who->issuer != NULL && has_moved(caller, who->issuer->tenant.u)) {
        lookups_drop(lookups, LOOKUP_ISSUER, slice_str(who->check.token.iss));
    }
    if (who->asked_key.len > 0 && has_moved(caller, TENANT_PLATFORM.u)) {
        lookups_drop(lookups, who->asked, who->asked_key);
    }
}

static void forget_component(struct call *c)
{
    struct lookups *lookups = services_of(c)->lookups;
    const struct caller *caller = caller_of(c);
    if (has_moved(caller, caller->subject.component.tenant.u)) {
        lookups_drop(lookups, LOOKUP_COMPONENT_BY_SUBJECT, caller->component_subject);
        lookups_drop(lookups, LOOKUP_COMPONENT, call_peer_fingerprint(c));
    }
}

/* Drop from the caches what was known on an epoch that has moved. */
static void forget_moved(struct call *c)
{
    const struct services *s = services_of(c);
    const struct caller *caller = caller_of(c);
    for (size_t i = 0; i < caller->scope_count; i++) {
        if (caller->scopes[i].is_stale) {
            views_drop(s->views, caller->scopes[i].scope, caller->scopes[i].epoch);
            directories_drop(s->directories, caller->scopes[i].scope);
        }
    }
    if (caller->proofs != NULL) {
        forget_token(c, &caller->proofs->credential);
        forget_token(c, &caller->proofs->carried);
    }
    forget_component(c);
    signaled_forget(c);
}

void decision_log_forget(struct call *c)
{
    struct caller *caller = caller_of(c);
    for (size_t i = 0; i < caller->scope_count; i++) {
        caller->scopes[i].is_stale = true;
    }
    forget_moved(c);
}

/* --- recording ------------------------------------------------------------------------------------ */

static void entry_done(struct gate_entry *entry)
{
    call_resume(entry->user);
}

static void cancel_entry(void *op)
{
    struct gate_entry *entry = op;
    struct call *c = entry->user;
    gate_cancel(services_of(c)->gate, entry);
}

struct gate_entry *decision_log_begin(struct call *c, struct tenant_id tenant)
{
    struct caller *caller = caller_of(c);
    struct gate_entry *entry = &caller->entry;
    struct content_facts facts = entry->facts; /* what the gate told before */
    *entry = (struct gate_entry){.tenant = tenant,
                                 .party = call_party(c),
                                 .operation = call_flow_name(c),
                                 .who = caller->who,
                                 .rights = "",
                                 .is_outside = membership_is_outside(&caller->subject, tenant),
                                 .facts = facts,
                                 .arena = call_arena(c),
                                 .scope_count = caller->scope_count,
                                 .done = entry_done,
                                 .user = c};
    memcpy(entry->scopes, caller->scopes, sizeof entry->scopes);
    return entry;
}

static void submit_entry(void *op)
{
    struct gate_entry *entry = op;
    struct call *c = entry->user;
    if (entry->reason == R_NONE && entry->operation != NULL) {
        quota_note_submitted(c);
    }
    gate_submit(services_of(c)->gate, entry);
}

/* The items of a batch pass the gate together. */
step decision_log_submit(struct call *c, step_fn then)
{
    return call_wait_together(c, submit_entry, then, cancel_entry, &caller_of(c)->entry);
}

step decision_log_settle(struct call *c, step_fn again, step_fn decide)
{
    struct caller *caller = caller_of(c);
    const struct gate_entry *entry = &caller->entry;
    bool may_be_recorded = entry->err.reason == R_NONE ? entry->verdict == GATE_RECORDED
                                                       : entry->err.reason == R_OUTCOME_UNKNOWN;
    if (!may_be_recorded) {
        quota_note_unrecorded(c);
    }
    if (entry->err.reason != R_NONE) {
        return wait_failed(c, &entry->err);
    }
    switch (entry->verdict) {
    case GATE_STALE:
        memcpy(caller->scopes, entry->scopes, sizeof caller->scopes);
        forget_moved(c);
        return call_authenticate_again(c, again);
    case GATE_FACTS_CHANGED:
        return call_again_from(c, decide);
    case GATE_ALREADY:
        quota_give_back(c);
        break;
    case GATE_RECORDED:
    case GATE_CONTENT_LOST: /* told to who asked for it, and looked at before */
        break;
    }
    call_note_verified(c);
    return STEP_NEXT;
}

/* --- refusals without a content ------------------------------------------------------------------- */

static step refusal_recorded(struct call *c)
{
    return decision_log_settle(c, NULL, NULL);
}

/* The caller's tenant's log; the platform's when this node doesn't write that one. */
static struct tenant_id served_log(struct call *c)
{
    const struct caller *caller = caller_of(c);
    return boundary_is_served(c, caller_boundary(caller)) ? caller_tenant(caller) : TENANT_PLATFORM;
}

/* What was read past the caches is not compared again. */
static step record(struct call *c)
{
    struct gate_entry *entry = decision_log_begin(c, served_log(c));
    entry->reason = call_err(c)->reason;
    entry->facts = (struct content_facts){0};
    entry->scope_count = call_trusts_caches(c) ? entry->scope_count : 0;
    return decision_log_submit(c, refusal_recorded);
}

/* --- refusals of callers whom nobody knows --------------------------------------------------------- */

/* Nobody is known: neither a component nor a person. Or a component is, and not whose token it carries. */
static bool is_of_a_stranger(const struct caller *caller)
{
    const struct identified *who = caller->identifying;
    if (subject_has_user(&caller->subject)) {
        return false;
    }
    return !subject_has_component(&caller->subject) ||
           (who != NULL && !identified_is_component(who));
}

static struct refusal refusal_of(struct call *c)
{
    return (struct refusal){.log = served_log(c),
                            .reason = call_err(c)->reason,
                            .operation = call_flow_name(c),
                            .who = &caller_of(c)->who};
}

/* A connection on which somebody was authenticated may be many people's, so it counts against nobody. */
static step count(struct call *c)
{
    const struct reason_info *info = reason_info(call_err(c)->reason);
    bool is_failure = info->audit == AUDIT && info->code == GRPC_UNAUTHENTICATED &&
                      !call_peer_is_known(c) && !subject_has_component(&caller_of(c)->subject);
    struct refusal refusal = refusal_of(c);
    refusals_add(services_of(c)->refusals, &refusal, is_failure);
    return STEP_NEXT;
}

static step compared(struct call *c)
{
    step result = decision_log_settle(c, NULL, NULL);
    return result.kind == STEP_KIND_NEXT ? count(c) : result;
}

/* What caches said is compared, as for everybody; nothing is written while the caller waits. */
static step count_if_true(struct call *c)
{
    if (!call_trusts_caches(c) || caller_of(c)->scope_count == 0) {
        return count(c);
    }
    struct gate_entry *entry = decision_log_begin(c, TENANT_PLATFORM);
    entry->operation = NULL;
    entry->reason = call_err(c)->reason;
    entry->facts = (struct content_facts){0};
    return decision_log_submit(c, compared);
}

/* Who was refused before their calls were counted has a limit too: each record is a row that stays. */
static step record_within_limits(struct call *c)
{
    return step_failed(rate_check_caller(c)) ? STEP_FAILED : record(c);
}

step decision_log_refusal(struct call *c)
{
    const struct caller *caller = caller_of(c);
    struct refusal refusal = refusal_of(c);
    if (!is_of_a_stranger(caller)) {
        return reason_info(refusal.reason)->audit == AUDIT ? record_within_limits(c) : STEP_NEXT;
    }
    bool is_single = subject_has_component(&caller->subject) &&
                     refusals_is_single(services_of(c)->refusals, &refusal);
    return is_single ? record(c) : count_if_true(c);
}
