/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService.ResolvePrincipal: whom a principal stands for, and which principals an address
 * matches, as a decision would see it now. Token claims are not known here, so groups that only a
 * token names are left out. */
#include <string.h>

#include "auth/facts.h"
#include "base/texts.h"
#include "chancery/v1/directory.pb-c.h"
#include "context/wait.h"
#include "domain/relations/membership.h"
#include "domain/values/address.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/directory/directory_entries.h"

enum { MATCHES_MAX = 1000 };

struct resolve {
    struct directory_entries entries; /* first */
    bool is_address;                  /* asked for an address, not for a principal */
    struct principal principal;
    const char **matches;
    size_t match_count;
    const char *explanation;
};

static struct resolve *resolve_of(const struct call *c)
{
    return call_state(c);
}

/* --- parse ------------------------------------------------------------------------------------ */

static step parse(struct call *c)
{
    const Chancery__V1__ResolvePrincipalRequest *request = resolve_principal_request(c);
    struct resolve *r = resolve_of(c);
    struct slice text = slice_str(request->principal);
    scope_of(c)->tenant_name = request->tenant;
    r->matches = ARENA_ARRAY(call_arena(c), const char *, MATCHES_MAX + 1);
    if (r->matches == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "matches");
    }
    if (principal_parse(call_arena(c), text, &r->principal, NULL).ok) {
        return STEP_NEXT;
    }
    r->is_address = true;
    r->principal.kind = PRINCIPAL_USER;
    return address_normalize(call_arena(c), text, &r->principal.name, NULL).ok
               ? STEP_NEXT
               : call_bad_field(c, "principal",
                                "It must be an address, or user:, group:, domain: or tenant: and a "
                                "name, or recipients, authenticated or owner.");
}

/* --- an address: the principals that it matches ----------------------------------------------- */

static void add(struct resolve *r, const char *text)
{
    if (text != NULL && r->match_count < MATCHES_MAX) {
        r->matches[r->match_count++] = text;
    }
}

static void add_principal(struct call *c, enum principal_kind kind, const char *name)
{
    struct principal principal = {kind, name};
    add(resolve_of(c), principal_format(call_arena(c), &principal));
}

/* The person as a caller who proves the address would be seen (identify.c). */
static void add_names(struct call *c, const struct subject_user *user)
{
    for (size_t i = 0; i < user->address_count; i++) {
        add_principal(c, PRINCIPAL_USER, user->addresses[i]);
    }
    for (size_t i = 0; i < user->address_count; i++) {
        add_principal(c, PRINCIPAL_DOMAIN, address_domain(user->addresses[i]));
    }
    for (size_t i = 0; i < user->group_count; i++) {
        add_principal(c, PRINCIPAL_GROUP, user->groups[i]);
    }
}

static step have_address(struct call *c)
{
    struct resolve *r = resolve_of(c);
    const struct tenant_view *tenant = &scope_of(c)->tenant->view;
    const struct directory_person *person = caller_of(c)->found_person;
    bool is_ours = tenant_has_domain(tenant, address_domain(r->principal.name));
    struct subject_user *user = ARENA_NEW(call_arena(c), struct subject_user);
    if (user == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "user");
    }
    user->addresses[user->address_count++] = r->principal.name;
    if (person != NULL && is_ours &&
        !membership_add_aliases(user, tenant, person->aliases, person->alias_count, call_err(c))
             .ok) {
        return STEP_FAILED;
    }
    if (person != NULL && !membership_add_groups(call_arena(c), user, tenant, person->groups,
                                                 person->group_count, call_err(c))
                               .ok) {
        return STEP_FAILED;
    }
    bool is_guest = person != NULL && (person->is_guest || !person->is_visible);
    add_names(c, user);
    if (is_ours && !is_guest) {
        add_principal(c, PRINCIPAL_TENANT, tenant->name);
    }
    add_principal(c, PRINCIPAL_AUTHENTICATED, "");
    r->explanation = !is_ours ? "The address is of no verified domain of the tenant: only its "
                                "groups, and what names the address itself, reach it."
                     : is_guest
                         ? "The user is a guest: no member of the tenant."
                         : "The user is a member of the tenant. Groups that only tokens name "
                           "are not listed.";
    return STEP_NEXT;
}

static step resolve_address(struct call *c)
{
    const struct tenant_view *tenant = &scope_of(c)->tenant->view;
    struct directory_question question = {
        .tenant = tenant, .addresses = &resolve_of(c)->principal.name, .address_count = 1};
    return tenant->has_directory ? facts_need_person(c, &question, have_address) : have_address(c);
}

/* --- a principal: the addresses that it stands for -------------------------------------------- */

static step have_user(struct call *c)
{
    struct resolve *r = resolve_of(c);
    const struct directory_person *person = caller_of(c)->found_person;
    add(r, r->principal.name);
    for (size_t i = 0; person != NULL && i < person->alias_count; i++) {
        if (strcmp(person->aliases[i], r->principal.name) != 0) {
            add(r, person->aliases[i]);
        }
    }
    r->explanation = "Whoever proves one of these addresses.";
    return STEP_NEXT;
}

static step resolve_user(struct call *c)
{
    const struct tenant_view *tenant = &scope_of(c)->tenant->view;
    struct directory_question question = {
        .tenant = tenant, .addresses = &resolve_of(c)->principal.name, .address_count = 1};
    return tenant->has_directory ? facts_need_person(c, &question, have_user) : have_user(c);
}

static step have_people(struct call *c)
{
    struct resolve *r = resolve_of(c);
    const struct directory_op *op = &r->entries.op;
    if (op->op.err.reason != R_NONE && op->op.err.reason != R_NOT_FOUND) {
        *call_err(c) = op->op.err;
        return STEP_FAILED;
    }
    for (size_t i = 0; i < op->address_count; i++) {
        add(r, op->addresses[i]);
    }
    if (op->op.err.reason == R_NOT_FOUND) {
        r->explanation = "The directory has no such group; tokens may name it all the same.";
    } else if (op->address_count > MATCHES_MAX) {
        r->explanation = "The first 1,000 are listed; there are more.";
    }
    return STEP_NEXT;
}

/* One more than is told is asked for, so that it can be said that there are more. */
static step resolve_people(struct call *c)
{
    struct resolve *r = resolve_of(c);
    const struct tenant_view *tenant = &scope_of(c)->tenant->view;
    struct directory_op *op = directory_entries_begin(c);
    switch (r->principal.kind) {
    case PRINCIPAL_GROUP:
        r->explanation = "Members of the group in the directory, those of nested groups included, "
                         "and whoever brings the group in their token.";
        directory_store_people_of(op, r->principal.name, tenant->domains, tenant->domain_count,
                                  MATCHES_MAX + 1);
        break;
    case PRINCIPAL_DOMAIN:
        r->explanation = "Whoever proves an address in exactly this domain; those that the "
                         "directory knows are listed.";
        directory_store_people_in(op, r->principal.name, MATCHES_MAX + 1);
        break;
    case PRINCIPAL_TENANT:
        r->explanation = "Every member of the tenant who is no guest; those that the directory "
                         "knows are listed.";
        directory_store_people_in(op, "", MATCHES_MAX + 1);
        break;
    case PRINCIPAL_USER:
    case PRINCIPAL_RECIPIENTS:
    case PRINCIPAL_AUTHENTICATED:
    case PRINCIPAL_OWNER:
    case PRINCIPAL_UNKNOWN:
        return call_fail(c, R_INTERNAL, "no list of people");
    }
    return wait_store(c, have_people, &op->op);
}

static step resolve(struct call *c)
{
    struct resolve *r = resolve_of(c);
    switch (r->principal.kind) {
    case PRINCIPAL_USER:
        return r->is_address ? resolve_address(c) : resolve_user(c);
    case PRINCIPAL_TENANT:
        if (strcmp(r->principal.name, scope_of(c)->tenant->view.name) != 0) {
            r->explanation = "Every member of that other tenant who is no guest.";
            return STEP_NEXT;
        }
        return resolve_people(c);
    case PRINCIPAL_GROUP:
    case PRINCIPAL_DOMAIN:
        return resolve_people(c);
    case PRINCIPAL_RECIPIENTS:
        r->explanation = "The envelope recipients named when the content was protected.";
        return STEP_NEXT;
    case PRINCIPAL_AUTHENTICATED:
        r->explanation = "Any authenticated caller.";
        return STEP_NEXT;
    case PRINCIPAL_OWNER:
        r->explanation = "The owner of the content alone.";
        return STEP_NEXT;
    case PRINCIPAL_UNKNOWN:
        break;
    }
    return call_fail(c, R_INTERNAL, "a principal that can't be parsed");
}

/* --- reply ------------------------------------------------------------------------------------ */

static step reply(struct call *c)
{
    struct resolve *r = resolve_of(c);
    Chancery__V1__ResolvePrincipalResponse *message = resolve_principal_response(c);
    if (message == NULL) {
        return STEP_FAILED;
    }
    r->match_count = texts_sort(r->matches, r->match_count);
    message->matches = reply_texts(c, r->matches, r->match_count);
    if (message->matches == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "matches");
    }
    message->n_matches = r->match_count;
    message->explanation = reply_text(r->explanation);
    return resolve_principal_reply(c, message);
}

const struct flow resolve_principal_flow = {
    .method = "/chancery.v1.DirectoryService/ResolvePrincipal",
    .name = "resolve_principal",
    .state = FLOW_STATE_ON(struct resolve, BASE_SCOPE, struct directory_entries, entries),
    .steps = {STEP("parse", parse), SCOPE_STEP, STEP("resolve", resolve), STEP("reply", reply)},
};
