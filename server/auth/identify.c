/* SPDX-License-Identifier: Apache-2.0 */
/* token → issuer → signature and claims → tenant → what the issuer may say (domain/decide_authority.c). */
#include "auth/identify.h"

#include <string.h>

#include "auth/boundary_guard.h"
#include "context/wait.h"
#include "domain/address.h"

static struct identified *who_of(struct call *c)
{
    return caller_of(c)->identifying;
}

static step refuse_with(struct call *c, const struct err *err)
{
    struct identified *who = who_of(c);
    who->err = *err;
    return who->then(c);
}

static step refuse(struct call *c, enum reason reason, const char *detail)
{
    struct err err = {0};
    (void)err_raise(&err, reason, __FILE__, __LINE__, "%s", detail);
    return refuse_with(c, &err);
}

/* --- who it is ---------------------------------------------------------------------------------- */

/* Aliases, nested groups, and whether he is a guest. A directory that this node may not see leaves nobody a member for
 * certain. */
static step have_person(struct call *c)
{
    struct identified *who = who_of(c);
    const struct directory_person *person = caller_of(c)->found_person;
    const struct tenant_view *home = &who->home->view;
    struct err err = {0};
    who->user.is_guest = who->user.is_guest || person->is_guest;
    who->user.is_maybe_guest = !person->is_visible;
    user_add_aliases(&who->user, home, person->aliases, person->alias_count);
    if (!user_add_groups(call_arena(c), &who->user, home, person->groups, person->group_count, &err)
             .ok) {
        return refuse_with(c, &err);
    }
    return who->then(c);
}

/* By the token's groups, of whichever kind: the directory knows addresses and the provider's ids. */
static step look_into_directory(struct call *c)
{
    struct identified *who = who_of(c);
    const struct token_claims *claims = who->check.claims;
    size_t count = claims->group_count + claims->group_id_count;
    const char **groups = ARENA_ARRAY(call_arena(c), const char *, count + 1);
    if (groups == NULL) {
        return refuse(c, R_ARENA_EXHAUSTED, "groups");
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
    return caller_need_person(c, &question, have_person);
}

/* Groups of the token and of the directory: those of the tenant for which the token's issuer speaks. */
static step add_groups(struct call *c)
{
    struct identified *who = who_of(c);
    const struct token_claims *claims = who->check.claims;
    struct err err = {0};
    who->check.stage = TOKEN_STAGE_GROUPS;
    if (who->home == NULL) {
        return who->then(c);
    }
    if (!user_add_groups(call_arena(c), &who->user, &who->home->view, claims->groups,
                         claims->group_count, &err)
             .ok) {
        return refuse_with(c, &err);
    }
    if (!who->home->view.has_directory) {
        return who->then(c);
    }
    if (!is_served(c, who->home->view.boundary)) {
        who->user.is_maybe_guest = true; /* another boundary's directory: not for us to read */
        return who->then(c);
    }
    return look_into_directory(c);
}

static step decide_user(struct call *c, bool is_domain_of_tenant)
{
    struct identified *who = who_of(c);
    struct authority_question question = {
        .issuer = who->issuer,
        .claims = who->check.claims,
        .tenant = who->home == NULL ? NULL : &who->home->view,
        .is_domain_of_tenant = is_domain_of_tenant,
    };
    bool needs_home =
        who->issuer->kind == ISSUER_TENANT || who->issuer->kind == ISSUER_MULTI_TENANT;
    who->check.stage = needs_home && who->home == NULL ? TOKEN_STAGE_TENANT : TOKEN_STAGE_ADDRESS;
    enum reason reason = decide_authority(&question, &who->user);
    return reason == R_NONE ? add_groups(c) : refuse(c, reason, who->issuer->iss);
}

static step have_home(struct call *c)
{
    who_of(c)->home = caller_of(c)->found_tenant;
    return decide_user(c, false);
}

static step look_up(struct call *c, enum lookup_kind kind, struct slice key, step_fn then)
{
    struct lookup *lookup = &who_of(c)->lookup;
    wait_store_init(c, &lookup->op);
    lookup_submit(services_of(c)->lookups, lookup, kind, key);
    return wait_store(c, then, &lookup->op);
}

/* Which tenant is meant, or whether the address is some tenant's: known on the platform's epoch. */
static step have_answer(struct call *c, const struct lookup_answer *answer)
{
    caller_add_scope(caller_of(c), TENANT_PLATFORM.u, answer->epoch);
    if (who_of(c)->issuer->kind == ISSUER_CONSUMER) {
        return decide_user(c, answer->is_found);
    }
    return answer->is_found ? caller_need_tenant(c, answer->tenant, have_home)
                            : decide_user(c, false);
}

static step tenant_asked(struct call *c)
{
    const struct lookup *lookup = &who_of(c)->lookup;
    bool is_answer = lookup->op.err.reason == R_NONE || lookup->op.err.reason == R_NOT_FOUND;
    return is_answer ? have_answer(c, &lookup->answer) : refuse_with(c, &lookup->op.err);
}

/* By the token's tenant claim, or by its address's domain. */
static step ask_tenant(struct call *c, enum lookup_kind kind, struct slice key)
{
    struct identified *who = who_of(c);
    who->asked = kind;
    who->asked_key = key;
    const struct lookup_answer *known =
        caller_of(c)->is_fresh ? NULL : lookups_answer(services_of(c)->lookups, kind, key);
    return known != NULL ? have_answer(c, known) : look_up(c, kind, key, tenant_asked);
}

static step ask_mapping(struct call *c)
{
    const struct identified *who = who_of(c);
    const char *value = who->check.claims->tenant;
    if (value[0] == '\0' || strlen(value) > TENANT_VALUE_MAX) {
        return decide_user(c, false); /* it can't be mapped */
    }
    struct slice key = lookup_issuer_key(call_arena(c), who->issuer->id, value);
    return key.len > 0 ? ask_tenant(c, LOOKUP_TENANT_BY_MAPPING, key)
                       : refuse(c, R_ARENA_EXHAUSTED, "mapping key");
}

/* The token is good: ask what its issuer's authority is measured by. */
static step token_checked(struct call *c)
{
    struct identified *who = who_of(c);
    const struct token_claims *claims = who->check.claims;
    if (who->check.err.reason != R_NONE) {
        return refuse_with(c, &who->check.err);
    }
    switch (who->issuer->kind) {
    case ISSUER_TENANT:
        return caller_need_tenant(c, who->issuer->tenant, have_home);
    case ISSUER_MULTI_TENANT:
        return ask_mapping(c);
    case ISSUER_CONSUMER:
        if (claims->address_count == 0) {
            break;
        }
        return ask_tenant(c, LOOKUP_TAKEN_DOMAIN, slice_str(address_domain(claims->addresses[0])));
    case ISSUER_PASSCODE:
    case ISSUER_COMPONENT:
        break;
    }
    return decide_user(c, false);
}

/* --- the token ---------------------------------------------------------------------------------- */

static void check_done(struct token_check *check)
{
    call_resume(check->user);
}

static void cancel_check(void *op)
{
    token_check_cancel(op);
}

static step check_token(struct call *c)
{
    struct identified *who = who_of(c);
    struct token_check *check = &who->check;
    caller_add_scope(caller_of(c), who->issuer->tenant.u, who->issuer->epoch);
    check->arena = call_arena(c);
    check->done = check_done;
    check->user = c;
    check->issuer = who->issuer;
    check->now = call_now(c);
    token_check_start(services_of(c)->identity, check);
    return call_wait(c, token_checked, cancel_check, check);
}

static step issuer_found(struct call *c)
{
    struct identified *who = who_of(c);
    if (who->lookup.op.err.reason == R_NOT_FOUND) {
        return refuse(c, R_TOKEN_ISSUER_UNKNOWN, "no such issuer");
    }
    if (who->lookup.op.err.reason != R_NONE) {
        return refuse_with(c, &who->lookup.op.err);
    }
    who->issuer = who->lookup.issuer;
    return check_token(c);
}

step identify_user(struct call *c, struct identified *who, struct slice token, step_fn then)
{
    const struct services *s = services_of(c);
    struct caller *caller = caller_of(c);
    caller->identifying = who;
    who->then = then;
    if (!token_peek(s->identity, call_arena(c), token, &who->check.token, &who->err).ok) {
        return then(c);
    }
    const char *iss = who->check.token.iss;
    who->check.stage = TOKEN_STAGE_ISSUER;
    who->issuer = caller->is_fresh ? NULL : lookups_issuer(s->lookups, iss, call_arena(c));
    return who->issuer != NULL ? check_token(c)
                               : look_up(c, LOOKUP_ISSUER, slice_str(iss), issuer_found);
}
