/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-flow `authenticate`: from a client certificate and tokens to a component, a user, or both.
 *
 *   certificate   the client certificate → a component, if it is registered
 *   limit         have callers from there failed too often to be looked at, or do they call too often?
 *   credential    the token in `authorization` → a user or a component (token_identity.c), or who keeps a
 *                 directory (directory_token.h)
 *   possession    is that token bound to a key, and does the caller hold it? (sender_constraint.c)
 *   component     the component that this token names; its tenant may insist on bound ones
 *   carried       the token that a component carries for a user, and its binding
 *   vouching      who the user is; may the component ask for them, and is the tenant content with the bindings?
 *   signals       has the user's identity provider disabled them, or revoked their session? (signaled.c)
 *   role          do the caller's role, and the presence of a user, fit the method? May its tenant have one
 *                 more call on its way, and one more in this second?
 *
 * Every row is run for every call and says NEXT where it has nothing to do. */
#include "auth/authenticate.h"

#include "auth/component_lookup.h"
#include "auth/decision_log.h"
#include "auth/directory_token.h"
#include "auth/facts.h"
#include "auth/rate_check.h"
#include "auth/refusals.h"
#include "auth/signaled.h"
#include "context/wait.h"
#include "domain/relations/issuer_authority.h"
#include "domain/relations/vouching.h"
#include "methods.h"

static bool has_component(const struct call *c)
{
    return subject_has_component(&caller_of(c)->subject);
}

static const char CARRIED[] = "x-chancery-user-token";

static struct slice carried_token(const struct call *c)
{
    return call_metadata(c, CARRIED);
}

/* Whether the token in `authorization` names a user, and not a component or nobody. */
static bool credential_names_user(const struct caller *caller)
{
    return caller->proofs->credential.issuer != NULL &&
           !identified_is_component(&caller->proofs->credential);
}

/* --- certificate -------------------------------------------------------------------------------- */

static step take_certified(struct call *c, const struct component_row *row)
{
    caller_of(c)->component_binding = BINDING_MTLS;
    return component_take(c, row);
}

/* Whoever is switched off is refused whatever they bring along: a user whose token is bound to this
 * certificate is the component's, and not alone. */
static step take_registered(struct call *c, const struct component_row *row)
{
    if (row->is_disabled) {
        return call_fail(c, R_COMPONENT_UNKNOWN, "component %s is off", row->component.name);
    }
    return take_certified(c, row);
}

static step certified_found(struct call *c)
{
    struct caller *caller = caller_of(c);
    const struct err *err = &caller->proofs->component_lookup.op.err;
    if (err->reason == R_NONE) { /* TLS has seen that the key is held */
        const struct component_row *row = caller->proofs->component_lookup.component;
        component_remember(c, LOOKUP_COMPONENT, call_peer_fingerprint(c), row);
        return take_registered(c, row);
    }
    if (err->reason != R_NOT_FOUND) {
        return wait_failed(c, err);
    }
    caller->has_unknown_certificate = true;
    return STEP_NEXT; /* a token may vouch for it */
}

static step certificate(struct call *c)
{
    if (step_failed(caller_reset(c))) { /* it may be the second time */
        return STEP_FAILED;
    }
    struct slice fingerprint = call_peer_fingerprint(c);
    if (fingerprint.len == 0) {
        return STEP_NEXT;
    }
    const struct component_row *row = component_known(c, LOOKUP_COMPONENT, fingerprint);
    return row != NULL ? take_certified(c, row)
                       : component_find(c, LOOKUP_COMPONENT, fingerprint, certified_found);
}

/* --- limit -------------------------------------------------------------------------------------- */

/* Whoever is known by a certificate, or by another call of the connection, answers for those behind them: nobody shuts
 * them out by failing from the same address. */
static step limit(struct call *c)
{
    if (has_component(c)) {
        return STEP_NEXT;
    }
    if (step_failed(rate_check_network(c))) {
        return STEP_FAILED;
    }
    if (call_peer_is_known(c)) {
        return STEP_NEXT;
    }
    bool has_credential =
        call_metadata_count(c, "authorization") > 0 || caller_of(c)->has_unknown_certificate;
    return has_credential && refusals_is_limited(services_of(c)->refusals, call_peer_address(c))
               ? call_fail(c, R_TOO_MANY_FAILURES, "from this network")
               : STEP_NEXT;
}

/* --- credential --------------------------------------------------------------------------------- */

/* Neither header is a list (RFC 9110 §5.3): of two, whoever stands before us may look at the other one. */
static bool has_two(const struct call *c)
{
    return call_metadata_count(c, "authorization") > 1 || call_metadata_count(c, CARRIED) > 1;
}

/* Who means to say for whom they ask, and doesn't, must not be taken for a component that asks for itself. */
static bool has_empty(const struct call *c, struct slice token)
{
    bool names_nobody = has_component(c) && token.len == 0;
    return (names_nobody && call_metadata_count(c, "authorization") > 0) ||
           (carried_token(c).len == 0 && call_metadata_count(c, CARRIED) > 0);
}

static step credential(struct call *c)
{
    struct slice token = credential_read(c).token;
    if (caller_of(c)->has_unknown_certificate && token.len == 0) {
        return call_fail(c, R_COMPONENT_UNKNOWN, "certificate of no component");
    }
    if (has_two(c)) {
        return call_fail(c, R_TOKEN_MALFORMED, "two credentials under one name");
    }
    if (has_empty(c, token)) {
        return call_fail(c, R_TOKEN_MALFORMED, "a credential without a token");
    }
    if (slice_starts_with(token, DIRECTORY_TOKEN_PREFIX)) {
        return directory_token_identify(c, token);
    }
    return token.len == 0 ? STEP_NEXT : token_identify(c, &caller_of(c)->proofs->credential, token);
}

/* --- possession --------------------------------------------------------------------------------- */

static step possession(struct call *c)
{
    struct caller *caller = caller_of(c);
    const struct identified *who = &caller->proofs->credential;
    if (who->issuer == NULL) {
        return STEP_NEXT;
    }
    if (caller->has_unknown_certificate && who->check.claims->binding != BINDING_MTLS) {
        return call_fail(c, R_COMPONENT_UNKNOWN, "certificate of no component");
    }
    /* A user's token beside a component's certificate is one that the component carries. */
    bool is_senders = identified_is_component(who) || !has_component(c);
    return is_senders ? sender_constraint_check(c, &who->check)
                      : sender_constraint_check_carried(c, &who->check);
}

/* --- component ---------------------------------------------------------------------------------- */

static step component_tenant_known(struct call *c)
{
    const struct tenant_record *tenant = caller_of(c)->found_tenant;
    if (tenant == NULL) {
        return call_fail(c, R_COMPONENT_UNKNOWN, "of a tenant that is gone");
    }
    return tenant->view.needs_bound_components
               ? call_fail(c, R_TOKEN_UNBOUND, "component of %s", tenant->view.name)
               : STEP_NEXT;
}

/* The component that a token names; with a registered certificate it must be the same one. */
static step take_named(struct call *c, const struct component_row *row)
{
    struct caller *caller = caller_of(c);
    bool has_certificate = has_component(c);
    if (!issuer_authority_covers(caller->proofs->credential.issuer, &row->component) ||
        (has_certificate && !ID_EQ(caller->subject.component.id, row->component.id))) {
        return call_fail(c, R_COMPONENT_UNKNOWN, "not its issuer's, or not the certificate's");
    }
    if (step_failed(component_take(c, row))) {
        return STEP_FAILED;
    }
    token_identity_remember(c, &caller->proofs->credential,
                            ID_IS_ZERO(row->component.tenant)
                                ? caller->proofs->credential.issuer->id.u
                                : row->component.tenant.u);
    if (!has_certificate) {
        caller->component_binding = caller->proofs->credential.check.claims->binding;
    }
    return caller->component_binding == BINDING_MTLS || ID_IS_ZERO(row->component.tenant)
               ? STEP_NEXT
               : facts_need_tenant(c, row->component.tenant, component_tenant_known);
}

static step named_found(struct call *c)
{
    const struct lookup *lookup = &caller_of(c)->proofs->component_lookup;
    if (lookup->op.err.reason == R_NOT_FOUND) {
        return call_fail(c, R_COMPONENT_UNKNOWN, "token of no component");
    }
    if (lookup->op.err.reason != R_NONE) {
        return wait_failed(c, &lookup->op.err);
    }
    component_remember(c, LOOKUP_COMPONENT_BY_SUBJECT, caller_of(c)->component_subject,
                       lookup->component);
    return take_named(c, lookup->component);
}

static step component(struct call *c)
{
    struct caller *caller = caller_of(c);
    const struct identified *who = &caller->proofs->credential;
    if (!identified_is_component(who)) {
        return STEP_NEXT;
    }
    caller->component_subject =
        lookups_issuer_key(call_arena(c), who->issuer->id, who->check.claims->subject);
    if (caller->component_subject.len == 0) {
        return call_fail(c, R_ARENA_EXHAUSTED, "subject");
    }
    const struct component_row *row =
        component_known(c, LOOKUP_COMPONENT_BY_SUBJECT, caller->component_subject);
    return row != NULL ? take_named(c, row)
                       : component_find(c, LOOKUP_COMPONENT_BY_SUBJECT, caller->component_subject,
                                        named_found);
}

/* --- carried ------------------------------------------------------------------------------------ */

static step carried_identified(struct call *c)
{
    const struct identified *who = &caller_of(c)->proofs->carried;
    return identified_is_component(who) ? call_fail(c, R_TOKEN_TYPE, "a component is no user")
                                        : sender_constraint_check_carried(c, &who->check);
}

/* A component says for whom it asks in metadata of its own; a user alone is who authorization says. Of two users none
 * counts, as of two headers. */
static step carried(struct call *c)
{
    struct caller *caller = caller_of(c);
    if (credential_names_user(caller) && carried_token(c).len > 0) {
        return call_fail(c, R_TOKEN_MALFORMED, "two users");
    }
    if (!has_component(c)) {
        return credential_names_user(caller) ? STEP_NEXT
                                             : call_fail(c, R_CREDENTIAL_MISSING, "none");
    }
    if (credential_names_user(caller) || carried_token(c).len == 0) {
        return STEP_NEXT;
    }
    call_then(c, carried_identified);
    return token_identify(c, &caller->proofs->carried, carried_token(c));
}

/* --- vouching ----------------------------------------------------------------------------------- */

static const struct identified *user_of(const struct caller *caller)
{
    if (caller->proofs->carried.issuer != NULL) {
        return &caller->proofs->carried;
    }
    return credential_names_user(caller) ? &caller->proofs->credential : NULL;
}

/* A tenant may insist on bound tokens. Behind its own component it is the component that sends, so its
 * credential may be the bound one. */
static bool lacks_binding(const struct caller *caller, const struct identified *who)
{
    bool is_bound = who->check.claims->binding != BINDING_NONE;
    bool stands_in = caller->component_binding != BINDING_NONE && vouching_binds(&caller->subject);
    return who->home != NULL && who->home->view.needs_bound_users && !is_bound && !stands_in;
}

static step vouching(struct call *c)
{
    struct caller *caller = caller_of(c);
    const struct identified *who = user_of(caller);
    if (who == NULL) {
        return STEP_NEXT;
    }
    if (step_failed(caller_take_user(c, who))) {
        return STEP_FAILED;
    }
    if (who->is_disabled) {
        return call_fail(c, R_USER_DISABLED, "deactivated in the directory");
    }
    if (has_component(c) && !vouching_covers(&caller->subject)) {
        return call_fail(c, R_COMPONENT_TENANT, "it carries a user of %s",
                         who->home == NULL ? "no tenant" : who->home->view.name);
    }
    return lacks_binding(caller, who)
               ? call_fail(c, R_TOKEN_UNBOUND, "user of %s", who->home->view.name)
               : STEP_NEXT;
}

/* --- signals ------------------------------------------------------------------------------------ */

/* The token's addresses come first. */
static step signals(struct call *c)
{
    const struct identified *who = caller_of(c)->user;
    if (who == NULL) {
        return STEP_NEXT;
    }
    return signaled_check(
        c, &(struct signaled_question){.tenant = who->home == NULL ? NULL : &who->home->view,
                                       .addresses = who->user.addresses,
                                       .address_count = who->user.address_count,
                                       .iss = who->check.token.iss,
                                       .subject = who->check.claims->subject,
                                       .issued_at = who->check.claims->issued_at});
}

/* --- role --------------------------------------------------------------------------------------- */

static step role(struct call *c)
{
    const struct caller *caller = caller_of(c);
    const struct method *method = call_method(c);
    enum role own = has_component(c) ? caller->subject.component.role : ROLE_CLIENT;
    if ((method->roles & 1U << own) == 0) {
        return call_fail(c, R_COMPONENT_ROLE, "role %s", role_name(own));
    }
    bool is_for_user = method->user == METHOD_USER_REQUIRED ||
                       (method->user == METHOD_USER_OPTIONAL && own == ROLE_PORTAL);
    if (is_for_user && caller->user == NULL) {
        return call_fail(c, R_USER_TOKEN_REQUIRED, "no user");
    }
    step joined = call_join_party(c, caller_tenant(caller));
    return step_failed(joined) ? joined : rate_check_caller(c);
}

static const struct subflow authenticate_subflow = {
    .name = "authenticate",
    .steps = {{.name = "certificate", .run = certificate},
              {.name = "limit", .run = limit},
              {.name = "credential", .run = credential},
              {.name = "possession", .run = possession},
              {.name = "component", .run = component},
              {.name = "carried", .run = carried},
              {.name = "vouching", .run = vouching},
              {.name = "signals", .run = signals},
              {.name = "role", .run = role}},
};

static const struct subflow *const subflows[] = {&authenticate_subflow, &identify_subflow, NULL};

const struct authenticator AUTHENTICATOR = {
    .caller_size = sizeof(struct caller),
    .authenticate = &authenticate_subflow,
    .on_refusal = decision_log_refusal,
    .on_items = rate_check_items,
    .subflows = subflows,
};
