/* SPDX-License-Identifier: Apache-2.0 */
/* Recording what was decided about a caller: between the flows and the gate. */
#include <string.h>

#include "auth/boundary_guard.h"
#include "context/wait.h"

static bool has_moved(const struct caller *caller, struct uuid scope)
{
    for (size_t i = 0; i < caller->scope_count; i++) {
        if (caller->scopes[i].is_stale && uuid_eq(caller->scopes[i].scope, scope)) {
            return true;
        }
    }
    return false;
}

static void forget_lookups(struct call *c)
{
    struct lookups *lookups = services_of(c)->lookups;
    const struct caller *caller = caller_of(c);
    const struct identified *user = &caller->identified;
    if (user->issuer != NULL && has_moved(caller, user->issuer->tenant.u)) {
        lookups_drop(lookups, LOOKUP_ISSUER, slice_str(user->check.token.iss));
    }
    if (user->asked_key.len > 0 && has_moved(caller, TENANT_PLATFORM.u)) {
        lookups_drop(lookups, user->asked, user->asked_key);
    }
    if (caller->component_issuer != NULL && has_moved(caller, caller->component_issuer->tenant.u)) {
        lookups_drop(lookups, LOOKUP_ISSUER, slice_str(caller->component_issuer->iss));
    }
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
            views_drop(s->views, caller->scopes[i].scope);
            directories_drop(s->directories, caller->scopes[i].scope);
        }
    }
    forget_lookups(c);
}

void caller_forget(struct call *c)
{
    struct caller *caller = caller_of(c);
    for (size_t i = 0; i < caller->scope_count; i++) {
        caller->scopes[i].is_stale = true;
    }
    forget_moved(c);
}

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

struct gate_entry *caller_record(struct call *c, struct tenant_id tenant)
{
    struct caller *caller = caller_of(c);
    struct gate_entry *entry = &caller->entry;
    struct content_facts facts = entry->facts; /* what the gate told before */
    *entry = (struct gate_entry){.tenant = tenant,
                                 .operation = call_flow_name(c),
                                 .who = caller->who,
                                 .rights = "",
                                 .facts = facts,
                                 .arena = call_arena(c),
                                 .scope_count = caller->scope_count,
                                 .done = entry_done,
                                 .user = c};
    memcpy(entry->scopes, caller->scopes, sizeof entry->scopes);
    return entry;
}

step caller_submit(struct call *c, step_fn then)
{
    struct caller *caller = caller_of(c);
    gate_submit(services_of(c)->gate, &caller->entry);
    return call_wait(c, then, cancel_entry, &caller->entry);
}

step caller_recorded(struct call *c, step_fn again, step_fn decide)
{
    struct caller *caller = caller_of(c);
    const struct gate_entry *entry = &caller->entry;
    if (entry->err.reason != R_NONE) {
        return wait_failed(c, &entry->err);
    }
    switch (entry->verdict) {
    case GATE_STALE:
        memcpy(caller->scopes, entry->scopes, sizeof caller->scopes);
        forget_moved(c);
        return call_again_from(c, again);
    case GATE_FACTS_CHANGED:
        /* Whoever was refused before he was known must not go on as if he were. */
        return call_again_from(c, caller->is_authenticated ? decide : again);
    case GATE_RECORDED:
    case GATE_ALREADY:
        break;
    }
    return STEP_NEXT;
}

static step refusal_recorded(struct call *c)
{
    const struct gate_entry *entry = &caller_of(c)->entry;
    return wait_over(c, &entry->err);
}

/* The caller's tenant's log; the platform's when this node doesn't write that one. */
static struct tenant_id served_log(struct call *c)
{
    return is_served(c, caller_boundary(caller_of(c))) ? caller_tenant(caller_of(c))
                                                       : TENANT_PLATFORM;
}

step caller_refused(struct call *c)
{
    struct caller *caller = caller_of(c);
    if (caller->who.client_address == NULL) {
        caller_note_where(c); /* refused before the step authenticate */
    }
    struct gate_entry *entry = caller_record(c, served_log(c));
    entry->reason = call_err(c)->reason;
    entry->scope_count = 0; /* read past the caches, or not at all */
    return caller_submit(c, refusal_recorded);
}
