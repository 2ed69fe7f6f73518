/* SPDX-License-Identifier: Apache-2.0 */
/* token → issuer → signature and claims → tenant → what the issuer may say (domain: decide_authority) →
 * groups. Each row below is a row of the sub-flow.
 *
 * Nothing is remembered before the last question is answered: who holds a token that nobody signed, or one
 * that speaks for nobody, leaves nothing behind. */
#include "auth/token_identity.h"

#include <string.h>

#include "auth/boundary_guard.h"
#include "auth/facts.h"
#include "auth/passcode_issuer.h"
#include "context/wait.h"
#include "domain/decide/decide_authority.h"
#include "domain/relations/membership.h"
#include "domain/values/address.h"
#include "wire/passcode_token.h"

static struct identified *who_of(struct call *c)
{
    return caller_of(c)->identifying;
}

static step look_up(struct call *c, enum lookup_kind kind, struct slice key, step_fn found)
{
    struct lookup *lookup = &who_of(c)->lookup;
    wait_store_init(c, &lookup->op);
    lookups_submit(lookup, kind, key);
    return wait_store(c, found, &lookup->op);
}

/* --- issuer ------------------------------------------------------------------------------------- */

static step have_issuer(struct call *c, const struct issuer *issuer)
{
    who_of(c)->issuer = issuer;
    caller_add_scope(c, issuer->tenant.u, issuer->epoch);
    return STEP_NEXT;
}

static step issuer_found(struct call *c)
{
    const struct lookup *lookup = &who_of(c)->lookup;
    if (lookup->op.err.reason == R_NOT_FOUND) {
        return call_fail(c, R_TOKEN_ISSUER_UNKNOWN, "no such issuer");
    }
    return lookup->op.err.reason == R_NONE ? have_issuer(c, lookup->issuer)
                                           : wait_failed(c, &lookup->op.err);
}

static step find_registered(struct call *c)
{
    const struct services *s = services_of(c);
    struct identified *who = who_of(c);
    const struct token *token = &who->check.token;
    const struct issuer *known =
        call_trusts_caches(c) ? lookups_issuer(s->lookups, token->iss, call_arena(c)) : NULL;
    who->has_asked_issuer = known == NULL;
    return known != NULL ? have_issuer(c, known)
                         : look_up(c, LOOKUP_ISSUER, slice_str(token->iss), issuer_found);
}

static step have_content_tenant(struct call *c)
{
    struct identified *who = who_of(c);
    const struct tenant_record *tenant = caller_of(c)->found_tenant;
    const struct issuer *ours = passcode_issuer_of(c, who->check.token.iss, tenant);
    if (ours == NULL) {
        return call_err(c)->reason == R_NONE ? find_registered(c) : STEP_FAILED;
    }
    who->content_tenant = tenant;
    return have_issuer(c, ours);
}

/* Of the form of our own passcodes' issuers, and at our address: else it may be anybody's. */
static step have_addresses(struct call *c)
{
    struct tenant_id tenant;
    return passcode_issuer_may_be(c, who_of(c)->check.token.iss, &tenant)
               ? facts_need_tenant(c, tenant, have_content_tenant)
               : find_registered(c);
}

static step find_issuer(struct call *c)
{
    struct identified *who = who_of(c);
    struct token *token = &who->check.token;
    struct tenant_id ignored;
    /* A portal carries them. On a stranger's word no tenant is loaded. */
    bool is_carried = subject_has_component(&caller_of(c)->subject);
    if (!token_peek(services_of(c)->identity, call_arena(c), who->text, token, call_err(c)).ok) {
        return STEP_FAILED;
    }
    who->check.stage = TOKEN_STAGE_ISSUER;
    return is_carried && passcode_issuer_tenant(token->iss, &ignored)
               ? facts_need_platform(c, have_addresses)
               : find_registered(c);
}

/* --- verify: signature and claims; waits for the issuer's keys when they are not known ------------ */

static step verified(struct call *c)
{
    return wait_over(c, &who_of(c)->check.err);
}

static void check_done(struct token_check *check)
{
    call_resume(check->user);
}

static void cancel_check(void *op)
{
    token_check_cancel(op);
}

static step verify(struct call *c)
{
    struct token_check *check = &who_of(c)->check;
    check->arena = call_arena(c);
    check->done = check_done;
    check->user = c;
    check->issuer = who_of(c)->issuer;
    check->now = call_now(c);
    token_check_start(services_of(c)->identity, check);
    return call_wait(c, verified, cancel_check, check);
}

/* --- tenant: for which one the token speaks ------------------------------------------------------- */

static step have_home(struct call *c)
{
    who_of(c)->home = caller_of(c)->found_tenant;
    return STEP_NEXT;
}

/* Which tenant is meant, or whether the address is some tenant's: known on the platform's epoch. */
static step have_answer(struct call *c, const struct lookup_answer *answer)
{
    struct identified *who = who_of(c);
    caller_add_scope(c, TENANT_PLATFORM.u, answer->epoch);
    who->is_domain_of_tenant = who->issuer->kind != ISSUER_MULTI_TENANT && answer->is_found;
    return who->issuer->kind == ISSUER_MULTI_TENANT && answer->is_found
               ? facts_need_tenant(c, answer->tenant, have_home)
               : STEP_NEXT;
}

static step tenant_asked(struct call *c)
{
    const struct lookup *lookup = &who_of(c)->lookup;
    bool is_answer = lookup->op.err.reason == R_NONE || lookup->op.err.reason == R_NOT_FOUND;
    return is_answer ? have_answer(c, &lookup->answer) : wait_failed(c, &lookup->op.err);
}

/* By the token's tenant claim, or by its address's domain. */
static step ask_tenant(struct call *c, enum lookup_kind kind, struct slice key)
{
    struct identified *who = who_of(c);
    who->asked = kind;
    who->asked_key = key;
    const struct lookup_answer *known =
        call_trusts_caches(c) ? lookups_answer(services_of(c)->lookups, kind, key) : NULL;
    who->has_asked_tenant = known == NULL;
    return known != NULL ? have_answer(c, known) : look_up(c, kind, key, tenant_asked);
}

static step ask_mapping(struct call *c)
{
    const struct identified *who = who_of(c);
    const char *value = who->check.claims->tenant;
    if (value[0] == '\0' || strlen(value) > TENANT_VALUE_MAX) {
        return STEP_NEXT; /* it can't be mapped */
    }
    struct slice key = lookups_issuer_key(call_arena(c), who->issuer->id, value);
    return key.len > 0 ? ask_tenant(c, LOOKUP_TENANT_BY_MAPPING, key)
                       : call_fail(c, R_ARENA_EXHAUSTED, "mapping key");
}

static step find_tenant(struct call *c)
{
    const struct identified *who = who_of(c);
    const struct claimed_address *address = token_claims_primary(who->check.claims);
    switch (who->issuer->kind) {
    case ISSUER_TENANT:
        return facts_need_tenant(c, who->issuer->tenant, have_home);
    case ISSUER_MULTI_TENANT:
        return ask_mapping(c);
    case ISSUER_CONSUMER:
    case ISSUER_PASSCODE:
        return address == NULL
                   ? STEP_NEXT
                   : ask_tenant(c, LOOKUP_TAKEN_DOMAIN, slice_str(address_domain(address->text)));
    case ISSUER_COMPONENT:
        return STEP_DONE; /* whom it names is looked up among the components */
    case ISSUER_SIGNALS:
        break; /* no token of theirs comes here */
    }
    return STEP_NEXT;
}

/* --- authority: what the issuer may say ----------------------------------------------------------- */

void token_identity_remember(struct call *c, struct identified *who, struct uuid owner)
{
    struct lookups *lookups = services_of(c)->lookups;
    if (who->check.is_test || !call_may_remember(c)) {
        return;
    }
    if (who->has_asked_issuer) {
        lookups_remember_issuer(lookups, who->check.token.iss, who->issuer, owner);
    }
    if (who->has_asked_tenant) {
        lookups_remember_answer(lookups, who->asked, who->asked_key, &who->lookup.answer, owner);
    }
    token_check_remember(&who->check, owner);
}

static step decide_user(struct call *c)
{
    struct identified *who = who_of(c);
    struct authority_question question = {
        .issuer = who->issuer,
        .claims = who->check.claims,
        .tenant = who->home == NULL ? NULL : &who->home->view,
        .content_tenant = who->content_tenant == NULL ? NULL : &who->content_tenant->view,
        .is_domain_of_tenant = who->is_domain_of_tenant,
    };
    bool needs_home =
        who->issuer->kind == ISSUER_TENANT || who->issuer->kind == ISSUER_MULTI_TENANT;
    enum reason reason = decide_authority(&question, &who->user);
    bool is_about_tenant = reason == R_TENANT_DISABLED || (needs_home && who->home == NULL);
    who->check.stage = is_about_tenant ? TOKEN_STAGE_TENANT : TOKEN_STAGE_ADDRESS;
    if (reason != R_NONE) {
        return call_fail(c, reason, "%s", who->issuer->iss);
    }
    token_identity_remember(c, who, who->home == NULL ? who->issuer->id.u : who->home->view.id.u);
    return STEP_NEXT;
}

/* --- groups: the token's, and the directory's of the tenant for which its issuer speaks ----------- */

static step have_person(struct call *c)
{
    struct identified *who = who_of(c);
    const struct directory_person *person = caller_of(c)->found_person;
    const struct tenant_view *home = &who->home->view;
    who->user.is_guest = who->user.is_guest || person->is_guest;
    who->user.is_maybe_guest = !person->is_visible;
    who->is_disabled = person->is_disabled;
    if (!membership_add_aliases(&who->user, home, person->aliases, person->alias_count, call_err(c))
             .ok) {
        return STEP_FAILED;
    }
    return step_from(membership_add_groups(call_arena(c), &who->user, home, person->groups,
                                           person->group_count, call_err(c)));
}

/* By the token's groups, of whichever kind: the directory knows addresses and the provider's ids. */
static step look_into_directory(struct call *c)
{
    struct identified *who = who_of(c);
    const struct token_claims *claims = who->check.claims;
    size_t count = claims->group_count + claims->group_id_count;
    const char **groups = ARENA_ARRAY(call_arena(c), const char *, count + 1);
    if (groups == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "groups");
    }
    for (size_t i = 0; i < count; i++) {
        groups[i] = i < claims->group_count ? claims->groups[i]
                                            : claims->group_ids[i - claims->group_count];
    }
    struct directory_question question = {
        .tenant = &who->home->view,
        .addresses = who->user.addresses,
        .address_count = who->user.address_count,
        .groups = groups,
        .group_count = count,
    };
    return facts_need_person(c, &question, have_person);
}

static step add_groups(struct call *c)
{
    struct identified *who = who_of(c);
    const struct token_claims *claims = who->check.claims;
    who->check.stage = TOKEN_STAGE_GROUPS;
    if (who->home == NULL) {
        return STEP_NEXT;
    }
    if (!membership_add_groups(call_arena(c), &who->user, &who->home->view, claims->groups,
                               claims->group_count, call_err(c))
             .ok) {
        return STEP_FAILED;
    }
    if (!who->home->view.has_directory) {
        return STEP_NEXT;
    }
    if (!boundary_is_served(c, who->home->view.boundary)) {
        /* Another boundary's directory is not for us to read: nobody is a member for certain. */
        who->user.is_maybe_guest = true;
        return STEP_NEXT;
    }
    return look_into_directory(c);
}

const struct subflow identify_subflow = {
    .name = "identify",
    .steps = {{.name = "issuer", .run = find_issuer},
              {.name = "verify", .run = verify},
              {.name = "tenant", .run = find_tenant},
              {.name = "authority", .run = decide_user},
              {.name = "groups", .run = add_groups}},
};

step token_identify(struct call *c, struct identified *who, struct slice token)
{
    caller_of(c)->identifying = who;
    who->text = token;
    return call_enter(c, &identify_subflow);
}
