/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService: CreateTenant, GetTenant, ListTenants. */
#include "auth/facts.h"
#include "chancery/v1/tenant.pb-c.h"
#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/policy_fields.h"
#include "service/common/reply.h"
#include "service/common/scope.h"
#include "service/tenant/tenant_message.h"

struct tenants {
    struct scope scope; /* first */
    struct tenant_row row;
    struct keys_op keys;
    struct tenant_id after; /* the page's place: the last tenant of the page before */
    size_t limit;
};

static struct tenants *tenants_of(const struct call *c)
{
    return call_state(c);
}

/* --- CreateTenant ------------------------------------------------------------------------------- */

static step parse_create(struct call *c)
{
    const Chancery__V1__CreateTenantRequest *request = create_tenant_request(c);
    struct tenant_row *row = &tenants_of(c)->row;
    const Chancery__V1__Tenant *t = request->tenant;
    scope_of(c)->tenant_name = ""; /* the act is the platform's */
    if (t == NULL) {
        return call_bad_field(c, "tenant", "It is required.");
    }
    if (!tenant_name_is_valid(slice_str(t->tenant))) {
        return call_bad_field(c, "tenant.tenant",
                              "The short name must match [a-z][a-z0-9-]{0,62}.");
    }
    if (t->license_cap_days > LICENSE_CAP_DAYS_MAX) {
        return call_bad_field(c, "tenant.license_cap_days", "It may be at most 365.");
    }
    row->name = t->tenant;
    row->display_name = t->display_name;
    row->boundary = t->boundary;
    row->state = TENANT_ACTIVE;
    row->version = 1;
    row->needs_bound_users = t->require_bound_user_tokens;
    row->needs_bound_components = t->require_bound_component_tokens;
    row->license_cap_days =
        t->license_cap_days == 0 ? LICENSE_CAP_DAYS_DEFAULT : t->license_cap_days;
    row->onboarding_count = t->n_onboarding;
    if (request_text(c, "tenant.display_name", t->display_name, TENANT_DISPLAY_NAME_MAX).kind ==
            STEP_KIND_FAILED ||
        step_failed(tenant_read_two_person(c, t, &row->approvals))) {
        return STEP_FAILED;
    }
    return policy_read_principals(c, "tenant.onboarding", t->onboarding, t->n_onboarding,
                                  &row->onboarding);
}

static step keys_made(struct call *c)
{
    struct tenants *t = tenants_of(c);
    return wait_over(c, &t->keys.err);
}

static step make_keys(struct call *c)
{
    struct tenants *t = tenants_of(c);
    const struct boundary *boundary =
        boundary_find(&caller_of(c)->found_platform->view, t->row.boundary);
    if (boundary == NULL) {
        return call_bad_field(c, "tenant.boundary", "There is no such boundary.");
    }
    if (step_failed(scope_check_boundary(c, boundary->name))) {
        return STEP_FAILED;
    }
    t->row.id.u = uuid_v7(call_unix_us(c));
    wait_keys_init(c, &t->keys);
    t->keys.tenant = t->row.id;
    t->keys.boundary = boundary->name;
    t->keys.suite = (enum keys_suite)boundary->suite;
    keys_create_set(&t->keys);
    return wait_keys(c, keys_made, &t->keys);
}

static step keys(struct call *c)
{
    return facts_need_platform(c, make_keys);
}

static step create(struct call *c)
{
    struct tenants *t = tenants_of(c);
    struct new_key set[KEY_SET_SIZE];
    for (size_t i = 0; i < KEY_SET_SIZE; i++) {
        set[i] = (struct new_key){t->keys.set[i].purpose, t->keys.set[i].wrapped,
                                  t->keys.set[i].public_jwk};
    }
    tenant_store_create(scope_begin(c), &t->row, (enum suite)t->keys.suite, set, KEY_SET_SIZE);
    return scope_wait(c);
}

static step reply_create(struct call *c)
{
    Chancery__V1__CreateTenantResponse *r = create_tenant_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    tenants_of(c)->row.created_at = scope_of(c)->op.created_at;
    step result = tenant_write(c, &tenants_of(c)->row, &r->tenant);
    return result.kind == STEP_KIND_NEXT ? create_tenant_reply(c, r) : result;
}

const struct flow create_tenant_flow = {
    .method = "/chancery.v1.TenantService/CreateTenant",
    .name = "create_tenant",
    .state = FLOW_STATE_ON(struct tenants, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_create), STEP("keys", keys), COMMIT("create", create),
              STEP("reply", reply_create)},
};

/* --- GetTenant ---------------------------------------------------------------------------------- */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetTenantRequest *request = get_tenant_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step get(struct call *c)
{
    const struct scope *scope = scope_of(c);
    if (scope->tenant == NULL) {
        return call_bad_field(c, "tenant", "A platform admin must name the tenant.");
    }
    tenant_store_get(scope_begin(c), scope->tenant->view.name);
    return scope_wait(c);
}

static step reply_get(struct call *c)
{
    Chancery__V1__GetTenantResponse *r = get_tenant_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    tenants_of(c)->row = *scope_of(c)->op.tenant;
    step result = tenant_write(c, &tenants_of(c)->row, &r->tenant);
    return result.kind == STEP_KIND_NEXT ? get_tenant_reply(c, r) : result;
}

const struct flow get_tenant_flow = {
    .method = "/chancery.v1.TenantService/GetTenant",
    .name = "get_tenant",
    .state = FLOW_STATE_ON(struct tenants, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_get), SCOPE_STEP, STEP("get", get), STEP("reply", reply_get)},
};

/* --- ListTenants -------------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListTenantsRequest *request = list_tenants_request(c);
    struct tenants *t = tenants_of(c);
    scope_of(c)->tenant_name = "";
    return request_page(c, request->page_size, request->page_token, &t->limit, &t->after.u);
}

static step list(struct call *c)
{
    const struct tenants *t = tenants_of(c);
    tenant_store_list(scope_begin(c), t->after, t->limit);
    return scope_wait(c);
}

static step reply_list(struct call *c)
{
    const struct change_op *op = &scope_of(c)->op;
    Chancery__V1__ListTenantsResponse *r = list_tenants_response(c);
    Chancery__V1__Tenant **all =
        ARENA_ARRAY(call_arena(c), Chancery__V1__Tenant *, op->tenant_count + 1);
    if (r == NULL || all == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    r->tenants = all;
    for (; r->n_tenants < op->tenant_count; r->n_tenants++) {
        if (step_failed(tenant_write(c, &op->tenants[r->n_tenants], &all[r->n_tenants]))) {
            return STEP_FAILED;
        }
    }
    if (op->tenant_count == tenants_of(c)->limit) {
        const struct tenant_id *last = &op->tenants[op->tenant_count - 1].id;
        r->next_page_token = reply_text(reply_page_token(c, last, sizeof *last));
    }
    return list_tenants_reply(c, r);
}

const struct flow list_tenants_flow = {
    .method = "/chancery.v1.TenantService/ListTenants",
    .name = "list_tenants",
    .state = FLOW_STATE_ON(struct tenants, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), STEP("list", list), STEP("reply", reply_list)},
};
