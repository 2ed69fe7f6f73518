/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService: CreateTenant, GetTenant, ListTenants. */
#include "auth/facts.h"
#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/scope.h"
#include "service/tenant/limits_message.h"
#include "service/tenant/tenant_message.h"

struct tenants {
    struct scope scope; /* first */
    struct tenant_row row;
    struct resource_reading fields; /* of a new tenant */
    struct keys_op keys;
    const char *after;
    struct page page;
};

static struct tenants *tenants_of(const struct call *c)
{
    return call_state(c);
}

/* --- CreateTenant ----------------------------------------------------------------------------- */

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
    row->name = t->tenant;
    row->boundary = t->boundary;
    row->state = TENANT_ACTIVE;
    row->mark = mark_new();
    tenants_of(c)->fields.left =
        resource_changeable(&tenant_resource) & ~resource_field(&tenant_resource, "state");
    return STEP_NEXT;
}

static step read_fields(struct call *c)
{
    const Chancery__V1__CreateTenantRequest *request = create_tenant_request(c);
    struct tenants *t = tenants_of(c);
    return resource_read(c, &tenant_resource, &t->fields, request->tenant, &t->row, read_fields);
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
    if (t->row.license_cap_days == 0) {
        t->row.license_cap_days = LICENSE_CAP_DAYS_DEFAULT;
    }
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
        set[i] = (struct new_key){.purpose = t->keys.set[i].purpose,
                                  .root_version = t->keys.root_version,
                                  .wrapped = t->keys.set[i].wrapped,
                                  .public_jwk = t->keys.set[i].public_jwk};
    }
    tenant_store_create(scope_begin(c), &t->row, (enum suite)t->keys.suite, set, KEY_SET_SIZE);
    return scope_wait(c);
}

static step reply_create(struct call *c)
{
    tenants_of(c)->row.created_at = scope_of(c)->op.created_at;
    return reply_message(c, tenant_message_write(c, &tenants_of(c)->row));
}

const struct flow create_tenant_flow = {
    .method = "/chancery.v1.TenantService/CreateTenant",
    .name = "create_tenant",
    .state = FLOW_STATE_ON(struct tenants, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_create), STEP("fields", read_fields), STEP("keys", keys),
              COMMIT("create", create), STEP("reply", reply_create)},
};

/* --- GetTenant -------------------------------------------------------------------------------- */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetTenantRequest *request = get_tenant_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step get(struct call *c)
{
    tenant_store_get(scope_begin(c), scope_tenant_name(c));
    return scope_wait(c);
}

static step reply_get(struct call *c)
{
    const struct tenant_row *row = scope_of(c)->op.tenant;
    Chancery__V1__GetTenantResponse *r =
        call_message(c, &chancery__v1__get_tenant_response__descriptor);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->tenant = tenant_message_write(c, row);
    return r->tenant != NULL && limits_message_write_quotas(c, row, r) ? get_tenant_reply(c, r)
                                                                       : STEP_FAILED;
}

const struct flow get_tenant_flow = {
    .method = "/chancery.v1.TenantService/GetTenant",
    .name = "get_tenant",
    .state = FLOW_STATE_ON(struct tenants, BASE_SCOPE, struct scope, scope),
    .memory = TENANT_MEMORY,
    .steps = {STEP("parse", parse_get), SCOPE_TENANT_STEP, STEP("get", get),
              STEP("reply", reply_get)},
};

/* --- ListTenants ------------------------------------------------------------------------------ */

static step parse_list(struct call *c)
{
    struct tenants *t = tenants_of(c);
    scope_of(c)->tenant_name = "";
    return step_failed(page_read(c, &t->page)) ? STEP_FAILED
                                               : page_after_text(c, &t->page, &t->after);
}

static step list(struct call *c)
{
    const struct tenants *t = tenants_of(c);
    tenant_store_list(scope_begin(c), t->after, page_limit(&t->page));
    return scope_wait(c);
}

static void *write_row(struct call *c, size_t row)
{
    return tenant_message_write(c, &scope_of(c)->op.tenants[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_str(scope_of(c)->op.tenants[row].name);
}

static step reply_list(struct call *c)
{
    const struct page_rows rows = {.list = {.type = tenant_resource.message,
                                            .count = scope_of(c)->op.tenant_count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = scope_of(c)->op.op.is_cut};
    return page_send(c, &tenants_of(c)->page, &rows, reply_list);
}

const struct flow list_tenants_flow = {
    .method = "/chancery.v1.TenantService/ListTenants",
    .name = "list_tenants",
    .state = FLOW_STATE_ON(struct tenants, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), STEP("list", list), STEP("reply", reply_list)},
};
