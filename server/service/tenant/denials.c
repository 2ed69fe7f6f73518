/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService: AddDenial, ListDenials (docs/policy.md §7.2). Changes hold from the next license on: the
 * tenant's epoch is raised in the same transaction. */
#include "service/tenant/denials.h"

#include <string.h>

#include "domain/relations/denial.h"
#include "domain/values/domain_name.h"
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"
#include "store/resource/partner_store.h"

/* --- what requests name ----------------------------------------------------------------------- */

static step read_side(struct call *c, Chancery__V1__DenialSide side, enum denial_side *out)
{
    switch (side) {
    case CHANCERY__V1__DENIAL_SIDE__DENIAL_SIDE_READERS:
        *out = DENIAL_READERS;
        return STEP_NEXT;
    case CHANCERY__V1__DENIAL_SIDE__DENIAL_SIDE_CONTENT:
        *out = DENIAL_CONTENT;
        return STEP_NEXT;
    case CHANCERY__V1__DENIAL_SIDE__DENIAL_SIDE_UNSPECIFIED:
    case _CHANCERY__V1__DENIAL_SIDE_IS_INT_SIZE:
        break;
    }
    return call_bad_field(c, "denial.side", "It must say whether readers or content are meant.");
}

static step read_partner(struct call *c, const Chancery__V1__Denial *from, struct principal *out)
{
    switch (from->partner_case) {
    case CHANCERY__V1__DENIAL__PARTNER_PARTNER_TENANT:
        *out = (struct principal){PRINCIPAL_TENANT, from->partner_tenant};
        return tenant_name_is_valid(slice_str(from->partner_tenant))
                   ? STEP_NEXT
                   : call_bad_field(c, "denial.partner_tenant",
                                    "It must be a tenant's short name.");
    case CHANCERY__V1__DENIAL__PARTNER_DOMAIN:
        out->kind = PRINCIPAL_DOMAIN;
        return domain_name_normalize(call_arena(c), slice_str(from->domain), &out->name, NULL).ok
                   ? STEP_NEXT
                   : call_bad_field(c, "denial.domain", "It must be a mail domain.");
    case CHANCERY__V1__DENIAL__PARTNER__NOT_SET:
    case _CHANCERY__V1__DENIAL__PARTNER__CASE_IS_INT_SIZE:
        break;
    }
    return call_bad_field(c, "denial.domain",
                          "Exactly one of partner_tenant and domain is needed.");
}

step denial_read(struct call *c, const Chancery__V1__Denial *from, struct denial_named *out)
{
    struct denial *denial = &out->denial;
    if (from == NULL) {
        return call_bad_field(c, "denial", "It is required.");
    }
    if (step_failed(read_side(c, from->side, &denial->side)) ||
        step_failed(read_partner(c, from, &denial->partner))) {
        return STEP_FAILED;
    }
    out->partner = principal_format(call_arena(c), &denial->partner);
    return out->partner == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "partner") : STEP_NEXT;
}

/* --- AddDenial -------------------------------------------------------------------------------- */

struct denial_addition {
    struct scope scope; /* first */
    struct denial_named named;
};

static struct denial_addition *addition_of(const struct call *c)
{
    return call_state(c);
}

static step parse_add(struct call *c)
{
    const Chancery__V1__AddDenialRequest *request = add_denial_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return denial_read(c, request->denial, &addition_of(c)->named);
}

/* It would shut out nobody: members are never denied what is their tenant's. */
static bool names_itself(const struct tenant_view *tenant, const struct principal *partner)
{
    return partner->kind == PRINCIPAL_TENANT ? strcmp(partner->name, tenant->name) == 0
                                             : tenant_has_domain(tenant, partner->name);
}

static step check(struct call *c)
{
    const struct tenant_view *tenant = &scope_of(c)->tenant->view;
    const struct denial *denial = &addition_of(c)->named.denial;
    if (names_itself(tenant, &denial->partner)) {
        return call_bad_field(c, "denial",
                              "It must not be the tenant itself or a domain of its own.");
    }
    return denial_is_there(tenant, denial) ? call_fail(c, R_ALREADY_EXISTS, "denied already")
                                           : STEP_NEXT;
}

static step deny(struct call *c)
{
    const struct denial_named *named = &addition_of(c)->named;
    partner_store_deny(scope_begin(c), named->denial.side, named->partner);
    return scope_wait(c);
}

const struct flow add_denial_flow = {
    .method = "/chancery.v1.TenantService/AddDenial",
    .name = "add_denial",
    .state = FLOW_STATE_ON(struct denial_addition, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_add), SCOPE_TENANT_STEP, STEP("check", check),
              COMMIT("deny", deny), STEP("reply", reply_empty)},
};

/* --- ListDenials ------------------------------------------------------------------------------ */

struct denials {
    struct scope scope; /* first */
    struct page page;
    const struct denial **rows; /* from the page's beginning, in order */
    size_t count;
};

static struct denials *denials_of(const struct call *c)
{
    return call_state(c);
}

static step parse_list(struct call *c)
{
    const Chancery__V1__ListDenialsRequest *request = list_denials_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return page_read(c, &denials_of(c)->page);
}

/* A digit for the side and one for the kind, then the name: in the order of the tenant's view. */
static struct slice key_of(struct call *c, const struct denial *row)
{
    return slice_str(arena_printf(call_arena(c), "%d%d%s", (int)row->side, (int)row->partner.kind,
                                  row->partner.name));
}

/* They are a part of what every decision on the tenant reads, so they are here already. */
static step list(struct call *c)
{
    struct denials *d = denials_of(c);
    const struct tenant_view *tenant = &d->scope.tenant->view;
    d->rows = ARENA_ARRAY(call_arena(c), const struct denial *, tenant->denial_count + 1);
    for (size_t i = 0; d->rows != NULL && i < tenant->denial_count; i++) {
        if (slice_compare(key_of(c, &tenant->denials[i]), d->page.after) > 0) {
            d->rows[d->count++] = &tenant->denials[i];
        }
    }
    return d->rows == NULL ? reply_over_budget(c) : STEP_NEXT;
}

static void *write_row(struct call *c, size_t row)
{
    const struct denial *from = denials_of(c)->rows[row];
    Chancery__V1__Denial *d = call_message(c, &chancery__v1__denial__descriptor);
    if (d == NULL) {
        return NULL;
    }
    d->side = (Chancery__V1__DenialSide)from->side;
    if (from->partner.kind == PRINCIPAL_TENANT) {
        d->partner_case = CHANCERY__V1__DENIAL__PARTNER_PARTNER_TENANT;
        d->partner_tenant = reply_text(from->partner.name);
    } else {
        d->partner_case = CHANCERY__V1__DENIAL__PARTNER_DOMAIN;
        d->domain = reply_text(from->partner.name);
    }
    return d;
}

static struct slice row_key(struct call *c, size_t row)
{
    return key_of(c, denials_of(c)->rows[row]);
}

static step reply_list(struct call *c)
{
    struct denials *d = denials_of(c);
    const struct page_rows rows = {
        .list = {.type = &chancery__v1__denial__descriptor, .count = d->count, .write = write_row},
        .key = row_key};
    return page_send(c, &d->page, &rows, reply_list);
}

const struct flow list_denials_flow = {
    .method = "/chancery.v1.TenantService/ListDenials",
    .name = "list_denials",
    .state = FLOW_STATE_ON(struct denials, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_TENANT_STEP, STEP("list", list),
              STEP("reply", reply_list)},
};
