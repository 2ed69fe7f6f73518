/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/caller.h"

#include <string.h>

#include "base/buf.h"

struct tenant_id caller_tenant(const struct caller *caller)
{
    return subject_has_user(&caller->subject) ? caller->subject.user.tenant
                                              : caller->subject.component.tenant;
}

const char *caller_boundary(const struct caller *caller)
{
    return subject_has_user(&caller->subject) ? caller->subject.user.boundary
                                              : caller->subject.component.boundary;
}

/* Two views of one scope at different epochs: one of them is out of date, and nobody here can say which one, because the
 * database may have gone back. So the gate is asked for both, and tells. */
void caller_add_scope(struct call *c, struct uuid scope, int64_t epoch)
{
    struct caller *caller = caller_of(c);
    for (size_t i = 0; i < caller->scope_count; i++) {
        const struct gate_scope *known = &caller->scopes[i];
        if (uuid_eq(known->scope, scope) && known->epoch == epoch) {
            return;
        }
    }
    CH_ASSERT(caller->scope_count < GATE_SCOPES_MAX);
    caller->scopes[caller->scope_count++] = (struct gate_scope){.scope = scope, .epoch = epoch};
}

/* The trace id of W3C trace context (§3.2.2.3: version "-" 32 hex digits "-" …), else our request id. */
static const char *correlation_of(struct call *c)
{
    struct slice traceparent = call_metadata(c, "traceparent");
    char *id =
        traceparent.len >= 55 ? arena_dup(call_arena(c), slice_cut(traceparent, 3, 35)) : NULL;
    return id == NULL || strspn(id, "0123456789abcdef") != 32 ? call_request_id(c) : id;
}

/* What the client says of itself, in printable ASCII (RFC 9110 §10.1.5, §5.5). Header values may hold any bytes, and
 * the database takes no record with a text that is no UTF-8: whoever sent one would leave no trace. */
static const char *user_agent_of(struct call *c)
{
    struct slice agent = slice_cut(call_metadata(c, "user-agent"), 0, AUDIT_TEXT_MAX);
    char *text = arena_dup(call_arena(c), agent);
    for (size_t i = 0; text != NULL && i < agent.len; i++) {
        text[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    }
    return text == NULL ? "" : text;
}

struct audit_who caller_nobody(struct call *c)
{
    return (struct audit_who){.addresses = "",
                              .addresses_outside = "",
                              .user = "",
                              .component_name = "",
                              .client_address = call_peer_address(c),
                              .user_agent = user_agent_of(c),
                              .correlation_id = correlation_of(c)};
}

/* A proof of possession that this call has used stays used: it counts once. So do the call itself, and what it has
 * taken of a quota. Nothing else of before is looked at: a stream's former term is gone with its arena. */
step caller_reset(struct call *c)
{
    struct caller *caller = caller_of(c);
    struct caller_proofs *proofs = ARENA_NEW(call_arena(c), struct caller_proofs);
    if (proofs == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "caller");
    }
    *caller = (struct caller){
        .subject = {.user = {.tenant_name = "", .boundary = BOUNDARY_EXTERNAL},
                    .component = {.name = "", .boundary = ""},
                    .application = "",
                    .platform = ""},
        .who = caller_nobody(c),
        .proofs = proofs,
        .is_proof_used = caller->is_proof_used,
        .is_network_counted = caller->is_network_counted,
        .is_counted = caller->is_counted,
        .quota = caller->quota,
    };
    return STEP_NEXT;
}

void caller_take_component(struct call *c, const struct component_row *row)
{
    struct caller *caller = caller_of(c);
    caller->subject.component = row->component;
    caller->who.component = row->component.id;
    caller->who.component_name = row->component.name;
    caller->limits = row->limits;
    caller->component_calls_per_second = row->limits.component_calls_per_second;
    call_note_caller(c, row->component.name);
    caller_add_scope(c, row->component.tenant.u, row->epoch);
}

step caller_take_user(struct call *c, const struct identified *who)
{
    struct caller *caller = caller_of(c);
    const struct subject_user *user = &who->user;
    struct buf text;
    struct slice joined;
    buf_init(&text, call_arena(c));
    for (size_t i = 0; i < user->address_count; i++) {
        buf_add_str(&text, i == 0 ? "" : " ");
        buf_add_str(&text, user->addresses[i]);
    }
    if (!buf_finish(&text, &joined, call_err(c)).ok) {
        return STEP_FAILED;
    }
    const char *addresses = arena_dup(call_arena(c), joined);
    const char *outside =
        addresses == NULL ? NULL : arena_printf(call_arena(c), "%s " AUDIT_WHO_OUTSIDE, addresses);
    if (addresses == NULL || outside == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "addresses");
    }
    caller->user = who;
    caller->subject.user = *user;
    caller->limits = who->home == NULL ? (struct tenant_limits){0} : who->home->view.limits;
    caller->who.addresses = addresses;
    caller->who.addresses_outside = outside;
    caller->who.user = user->addresses[0];
    call_note_caller(c, caller->who.user);
    return STEP_NEXT;
}
