/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/caller.h"

#include <string.h>

#include "base/buf.h"
#include "context/wait.h"
#include "domain/address.h"
#include "methods.h"

/* --- epochs ------------------------------------------------------------------------------------- */

/* Two views of one scope at different epochs: the older one is kept, so that the gate says stale. */
void caller_add_scope(struct caller *caller, struct uuid scope, int64_t epoch)
{
    for (size_t i = 0; i < caller->scope_count; i++) {
        struct gate_scope *known = &caller->scopes[i];
        if (uuid_eq(known->scope, scope)) {
            known->epoch = known->epoch < epoch ? known->epoch : epoch;
            return;
        }
    }
    CH_ASSERT(caller->scope_count < GATE_SCOPES_MAX);
    caller->scopes[caller->scope_count++] = (struct gate_scope){.scope = scope, .epoch = epoch};
}

static step tenant_loaded(struct call *c)
{
    struct caller *caller = caller_of(c);
    const struct err *err = &caller->load.op.err;
    if (err->reason != R_NONE && err->reason != R_NOT_FOUND) {
        return wait_failed(c, err);
    }
    caller->found_tenant = err->reason == R_NONE ? caller->load.found_tenant : NULL;
    if (caller->found_tenant != NULL) {
        caller_add_scope(caller, caller->found_tenant->view.id.u, caller->found_tenant->epoch);
    }
    return caller->then(c);
}

step caller_need_tenant(struct call *c, struct tenant_id id, step_fn then)
{
    const struct services *s = services_of(c);
    struct caller *caller = caller_of(c);
    caller->found_tenant = caller->is_fresh ? NULL : views_tenant(s->views, id, call_arena(c));
    if (caller->found_tenant != NULL) {
        caller_add_scope(caller, id.u, caller->found_tenant->epoch);
        return then(c);
    }
    caller->then = then;
    wait_store_init(c, &caller->load.op);
    views_load_tenant(s->views, &caller->load, id);
    return wait_store(c, tenant_loaded, &caller->load.op);
}

static step platform_loaded(struct call *c)
{
    struct caller *caller = caller_of(c);
    if (caller->load.op.err.reason != R_NONE) {
        return wait_failed(c, &caller->load.op.err);
    }
    caller->found_platform = caller->load.found_platform;
    caller_add_scope(caller, TENANT_PLATFORM.u, caller->found_platform->epoch);
    return caller->then(c);
}

step caller_need_platform(struct call *c, step_fn then)
{
    const struct services *s = services_of(c);
    struct caller *caller = caller_of(c);
    caller->found_platform = caller->is_fresh ? NULL : views_platform(s->views, call_arena(c));
    if (caller->found_platform != NULL) {
        caller_add_scope(caller, TENANT_PLATFORM.u, caller->found_platform->epoch);
        return then(c);
    }
    caller->then = then;
    wait_store_init(c, &caller->load.op);
    views_load_platform(s->views, &caller->load);
    return wait_store(c, platform_loaded, &caller->load.op);
}

struct tenant_id caller_tenant(const struct caller *caller)
{
    return subject_has_user(&caller->subject) ? caller->subject.user.tenant
                                              : caller->subject.component.tenant;
}

/* --- what is recorded of a caller --------------------------------------------------------------- */

/* The trace id of W3C trace context (§3.2.2.3: version "-" 32 hex digits "-" …), else our request id. */
static const char *correlation_of(struct call *c)
{
    struct slice traceparent = call_metadata(c, "traceparent");
    char *id =
        traceparent.len >= 55 ? arena_dup(call_arena(c), slice_cut(traceparent, 3, 35)) : NULL;
    return id == NULL || strspn(id, "0123456789abcdef") != 32 ? call_request_id(c) : id;
}

void caller_note_where(struct call *c)
{
    struct caller *caller = caller_of(c);
    struct slice agent = call_metadata(c, "user-agent");
    const char *text = arena_dup(call_arena(c), slice_cut(agent, 0, AUDIT_TEXT_MAX));
    caller->who = (struct audit_who){.addresses = "",
                                     .user = "",
                                     .component_name = "",
                                     .client_address = call_peer_address(c),
                                     .user_agent = text == NULL ? "" : text,
                                     .correlation_id = correlation_of(c)};
    caller->subject.user.tenant_name = "";
    caller->subject.user.boundary = BOUNDARY_EXTERNAL;
    caller->subject.component.name = caller->subject.component.boundary = "";
    caller->subject.application = caller->subject.platform = "";
}

static step note_user(struct call *c)
{
    struct caller *caller = caller_of(c);
    const struct subject_user *user = &caller->subject.user;
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
    caller->who.addresses = arena_dup(call_arena(c), joined);
    if (caller->who.addresses == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "addresses");
    }
    caller->who.user = user->addresses[0];
    call_note_caller(c, caller->who.user);
    return STEP_NEXT;
}

/* --- the step authenticate: certificate → component; authorization → component or user; user's token; role */

/* Whether the caller's role, and the presence or absence of a user, fit the method. */
static step check_role(struct call *c)
{
    struct caller *caller = caller_of(c);
    const struct method *method = call_method(c);
    bool has_user = subject_has_user(&caller->subject);
    enum role role =
        subject_has_component(&caller->subject) ? caller->subject.component.role : ROLE_CLIENT;
    if ((method->roles & 1U << role) == 0) {
        return call_fail(c, R_COMPONENT_ROLE, "role %s", role_name(role));
    }
    if ((method->user == METHOD_USER_REQUIRED || role == ROLE_PORTAL) && !has_user) {
        return call_fail(c, R_USER_TOKEN_REQUIRED, "no user");
    }
    caller->is_authenticated = true;
    return has_user ? note_user(c) : STEP_NEXT;
}

/* A tenant may insist on bound tokens. Behind a component it is the component that sends, so its credential
 * may be the bound one. */
static step take_user(struct call *c)
{
    struct caller *caller = caller_of(c);
    const struct identified *who = &caller->identified;
    bool is_bound =
        who->check.claims->binding != BINDING_NONE || caller->component_binding != BINDING_NONE;
    caller->subject.user = who->user;
    if (who->home != NULL && who->home->view.needs_bound_users && !is_bound) {
        return step_failed(note_user(c))
                   ? STEP_FAILED
                   : call_fail(c, R_TOKEN_UNBOUND, "user of %s", who->home->view.name);
    }
    return check_role(c);
}

/* A certificate that nobody registered is no credential, but may be what a token is bound to. */
static bool is_refused_stranger(struct call *c)
{
    const struct caller *caller = caller_of(c);
    return caller->is_stranger && caller->identified.check.claims->binding != BINDING_MTLS;
}

static step user_identified(struct call *c)
{
    const struct caller *caller = caller_of(c);
    if (caller->identified.err.reason != R_NONE) {
        return wait_failed(c, &caller->identified.err);
    }
    return is_refused_stranger(c)
               ? call_fail(c, R_COMPONENT_UNKNOWN, "certificate of no component")
               : binding_check(c, !subject_has_component(&caller->subject), take_user);
}

/* A component says for whom it asks in metadata of its own; a user alone is who authorization says. */
static step ask_user(struct call *c)
{
    struct caller *caller = caller_of(c);
    struct slice token = call_metadata(c, "x-chancery-user-token");
    if (!subject_has_component(&caller->subject)) {
        bool is_public = (call_method(c)->roles & METHOD_ROLE_PUBLIC) != 0;
        return is_public ? STEP_NEXT : call_fail(c, R_CREDENTIAL_MISSING, "none");
    }
    return token.len == 0 ? check_role(c)
                          : identify_user(c, &caller->identified, token, user_identified);
}

static void take_component(struct call *c, const struct component_row *row)
{
    struct caller *caller = caller_of(c);
    caller->subject.component = row->component;
    caller->who.component = row->component.id;
    caller->who.component_name = row->component.name;
    call_note_caller(c, row->component.name);
    caller_add_scope(caller, row->component.tenant.u, row->epoch);
}

static step component_tenant_known(struct call *c)
{
    const struct tenant_record *tenant = caller_of(c)->found_tenant;
    if (tenant == NULL) {
        return call_fail(c, R_COMPONENT_UNKNOWN, "of a tenant that is gone");
    }
    return tenant->view.needs_bound_components
               ? call_fail(c, R_TOKEN_UNBOUND, "component of %s", tenant->view.name)
               : ask_user(c);
}

/* The component that a token names; with a registered certificate it must be the same one. */
static step take_named(struct call *c, const struct component_row *row)
{
    struct caller *caller = caller_of(c);
    bool has_certificate = subject_has_component(&caller->subject);
    if (!issuer_may_name(caller->component_issuer, &row->component) ||
        (has_certificate && !ID_EQ(caller->subject.component.id, row->component.id))) {
        return call_fail(c, R_COMPONENT_UNKNOWN, "not its issuer's, or not the certificate's");
    }
    take_component(c, row);
    caller->is_stranger = false; /* a token bound to the certificate has vouched for it */
    if (!has_certificate) {
        caller->component_binding = caller->identified.check.claims->binding;
    }
    memset(&caller->identified, 0, sizeof caller->identified); /* now for the user */
    return caller->component_binding == BINDING_MTLS || ID_IS_ZERO(row->component.tenant)
               ? ask_user(c)
               : caller_need_tenant(c, row->component.tenant, component_tenant_known);
}

static step named_found(struct call *c)
{
    const struct lookup *lookup = &caller_of(c)->lookup;
    if (lookup->op.err.reason == R_NOT_FOUND) {
        return call_fail(c, R_COMPONENT_UNKNOWN, "token of no component");
    }
    return lookup->op.err.reason == R_NONE ? take_named(c, lookup->component)
                                           : wait_failed(c, &lookup->op.err);
}

static step find_component(struct call *c, enum lookup_kind kind, struct slice key, step_fn found)
{
    struct caller *caller = caller_of(c);
    wait_store_init(c, &caller->lookup.op);
    lookup_submit(services_of(c)->lookups, &caller->lookup, kind, key);
    return wait_store(c, found, &caller->lookup.op);
}

static step find_named(struct call *c)
{
    struct caller *caller = caller_of(c);
    const struct issuer *issuer = caller->identified.issuer;
    caller->component_issuer = issuer;
    caller->component_subject =
        lookup_issuer_key(call_arena(c), issuer->id, caller->identified.check.claims->subject);
    if (caller->component_subject.len == 0) {
        return call_fail(c, R_ARENA_EXHAUSTED, "subject");
    }
    const struct component_row *row =
        caller->is_fresh ? NULL
                         : lookups_component(services_of(c)->lookups, LOOKUP_COMPONENT_BY_SUBJECT,
                                             caller->component_subject, call_arena(c));
    return row != NULL ? take_named(c, row)
                       : find_component(c, LOOKUP_COMPONENT_BY_SUBJECT, caller->component_subject,
                                        named_found);
}

static step own_identified(struct call *c)
{
    if (!identified_is_component(&caller_of(c)->identified)) {
        return user_identified(c);
    }
    return is_refused_stranger(c) ? call_fail(c, R_COMPONENT_UNKNOWN, "certificate of no component")
                                  : binding_check(c, true, find_named);
}

/* What authorization says counts unless the certificate has said who calls, and metadata for whom. */
static step ask_own(struct call *c)
{
    struct caller *caller = caller_of(c);
    struct credential own = credential_read(c);
    bool is_known = subject_has_component(&caller->subject) &&
                    call_metadata(c, "x-chancery-user-token").len > 0;
    return own.token.len == 0 || is_known
               ? ask_user(c)
               : identify_user(c, &caller->identified, own.token, own_identified);
}

static step take_certified(struct call *c, const struct component_row *row)
{
    take_component(c, row);
    caller_of(c)->component_binding = BINDING_MTLS;
    return ask_own(c);
}

static step certified_found(struct call *c)
{
    struct caller *caller = caller_of(c);
    const struct err *err = &caller->lookup.op.err;
    if (err->reason == R_NOT_FOUND) {
        caller->is_stranger = true;
        return credential_read(c).token.len > 0
                   ? ask_own(c)
                   : call_fail(c, R_COMPONENT_UNKNOWN, "certificate of no component");
    }
    return err->reason == R_NONE ? take_certified(c, caller->lookup.component)
                                 : wait_failed(c, err);
}

static step authenticate(struct call *c, bool is_fresh)
{
    struct caller *caller = caller_of(c);
    struct slice fingerprint = call_peer_fingerprint(c);
    const struct component_row *row = NULL;
    bool is_claimed = caller->binding.is_claimed;
    memset(caller, 0, sizeof *caller); /* it may be the second time */
    caller->binding.is_claimed = is_claimed;
    caller->is_fresh = is_fresh;
    caller_note_where(c);
    if (fingerprint.len == 0) {
        return ask_own(c);
    }
    if (!is_fresh) {
        row = lookups_component(services_of(c)->lookups, LOOKUP_COMPONENT, fingerprint,
                                call_arena(c));
    }
    return row != NULL ? take_certified(c, row)
                       : find_component(c, LOOKUP_COMPONENT, fingerprint, certified_found);
}

step caller_authenticate(struct call *c)
{
    return authenticate(c, false);
}

step caller_authenticate_fresh(struct call *c)
{
    return authenticate(c, true);
}
