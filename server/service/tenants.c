/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService: CreateTenant, GetTenant, AddDomain, VerifyDomain. */
#include "base/encode.h"
#include "chancery/v1/tenant.pb-c.h"
#include "domain/address.h"
#include "service/admin.h"
#include "service/flows.h"
#include "service/policy_fields.h"
#include "service/reply.h"
#include "service/tenant_message.h"
#include "service/wait.h"

struct tenants {
    struct admin admin; /* first */
    struct tenant_row row;
    struct keys_op keys;
    const char *domain;
};

static struct tenants *tenants_of(struct call *c)
{
    return call_state(c);
}

/* --- CreateTenant ------------------------------------------------------------------------------- */

static step parse_create(struct call *c)
{
    const Chancery__V1__CreateTenantRequest *request = call_request(c);
    struct tenant_row *row = &tenants_of(c)->row;
    const Chancery__V1__Tenant *t = request->tenant;
    admin_of(c)->tenant_name = ""; /* the act is the platform's */
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
        boundary_find(&t->admin.caller.found_platform->view, t->row.boundary);
    if (boundary == NULL) {
        return call_bad_field(c, "tenant.boundary", "There is no such boundary.");
    }
    if (!views_serves(services_of(c)->views, boundary->name)) {
        call_error_metadata(c, "authority_url", boundary->authority_url);
        return call_fail(c, R_WRONG_BOUNDARY, "boundary %s", boundary->name);
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
    return caller_need_platform(c, make_keys);
}

static step create(struct call *c)
{
    struct tenants *t = tenants_of(c);
    struct new_key set[KEY_SET_SIZE];
    for (size_t i = 0; i < KEY_SET_SIZE; i++) {
        set[i] = (struct new_key){(enum key_purpose)t->keys.set[i].purpose, t->keys.set[i].wrapped,
                                  t->keys.set[i].public_jwk};
    }
    admin_create_tenant(admin_begin(c), &t->row, set, KEY_SET_SIZE);
    return admin_wait(c);
}

static step reply_create(struct call *c)
{
    Chancery__V1__CreateTenantResponse *r =
        ARENA_NEW(call_arena(c), Chancery__V1__CreateTenantResponse);
    if (r == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    chancery__v1__create_tenant_response__init(r);
    tenants_of(c)->row.created_at = admin_of(c)->op.created_at;
    step result = tenant_write(c, &tenants_of(c)->row, &r->tenant);
    return result.kind == STEP_KIND_NEXT ? call_reply(c, &r->base) : result;
}

const struct flow create_tenant_flow = {
    .method = "/chancery.v1.TenantService/CreateTenant",
    .name = "create_tenant",
    .state_size = sizeof(struct tenants),
    .steps = {{"parse", parse_create, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"keys", keys, 0},
              {"create", create, STEP_COMMIT},
              {"reply", reply_create, 0}},
    .on_refusal = caller_refused,
};

/* --- GetTenant ---------------------------------------------------------------------------------- */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetTenantRequest *request = call_request(c);
    admin_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step get(struct call *c)
{
    const struct admin *admin = admin_of(c);
    if (admin->tenant == NULL) {
        return call_bad_field(c, "tenant", "A platform admin must name the tenant.");
    }
    admin_get_tenant(admin_begin(c), admin->tenant->view.name);
    return admin_wait(c);
}

static step reply_get(struct call *c)
{
    Chancery__V1__GetTenantResponse *r = ARENA_NEW(call_arena(c), Chancery__V1__GetTenantResponse);
    if (r == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    chancery__v1__get_tenant_response__init(r);
    tenants_of(c)->row = admin_of(c)->op.tenant;
    step result = tenant_write(c, &tenants_of(c)->row, &r->tenant);
    return result.kind == STEP_KIND_NEXT ? call_reply(c, &r->base) : result;
}

const struct flow get_tenant_flow = {
    .method = "/chancery.v1.TenantService/GetTenant",
    .name = "get_tenant",
    .state_size = sizeof(struct tenants),
    .steps = {{"parse", parse_get, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", admin_scope, 0},
              {"get", get, 0},
              {"reply", reply_get, 0}},
    .on_refusal = caller_refused,
};

/* --- domains ------------------------------------------------------------------------------------ */

static step parse_domain(struct call *c, const char *tenant, const char *domain)
{
    admin_of(c)->tenant_name = tenant;
    if (!domain_normalize(call_arena(c), slice_str(domain), &tenants_of(c)->domain, NULL).ok) {
        return call_bad_field(c, "domain", "It must be a domain such as contoso.com, in A-labels.");
    }
    return STEP_NEXT;
}

static step parse_add(struct call *c)
{
    const Chancery__V1__AddDomainRequest *request = call_request(c);
    return parse_domain(c, request->tenant, request->domain);
}

static step reply_domain(struct call *c, const char *proof, bool verified,
                         Chancery__V1__Domain **out)
{
    Chancery__V1__Domain *d = ARENA_NEW(call_arena(c), Chancery__V1__Domain);
    if (d == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "domain");
    }
    chancery__v1__domain__init(d);
    d->name = reply_text(tenants_of(c)->domain);
    d->proof = reply_text(proof);
    d->verified = verified;
    *out = d;
    return STEP_NEXT;
}

static step domain_added(struct call *c)
{
    const struct err *err = &admin_of(c)->op.op.err;
    if (err->reason == R_ALREADY_EXISTS) {
        return call_fail(c, R_DOMAIN_TAKEN, "claimed before");
    }
    return wait_over(c, err);
}

static step add_domain(struct call *c)
{
    struct admin *admin = admin_of(c);
    if (admin->tenant == NULL) {
        return call_bad_field(c, "tenant", "A platform admin must name the tenant.");
    }
    struct uuid random = uuid_v7(call_unix_us(c));
    char *proof = hex_dup(call_arena(c), slice_of(random.b, sizeof random.b));
    if (proof == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "proof");
    }
    struct admin_op *op = admin_begin(c);
    op->text = proof;
    admin_add_domain(op, tenants_of(c)->domain, proof);
    return wait_store(c, domain_added, &op->op);
}

static step reply_add(struct call *c)
{
    Chancery__V1__AddDomainResponse *r = ARENA_NEW(call_arena(c), Chancery__V1__AddDomainResponse);
    if (r == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    chancery__v1__add_domain_response__init(r);
    step result = reply_domain(c, admin_of(c)->op.text, false, &r->domain);
    return result.kind == STEP_KIND_NEXT ? call_reply(c, &r->base) : result;
}

const struct flow add_domain_flow = {
    .method = "/chancery.v1.TenantService/AddDomain",
    .name = "add_domain",
    .state_size = sizeof(struct tenants),
    .steps = {{"parse", parse_add, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", admin_scope, 0},
              {"add", add_domain, STEP_COMMIT},
              {"reply", reply_add, 0}},
    .on_refusal = caller_refused,
};

static step parse_verify(struct call *c)
{
    const Chancery__V1__VerifyDomainRequest *request = call_request(c);
    return parse_domain(c, request->tenant, request->domain);
}

/* Proof by DNS comes with the work on tenants in full; until then only a platform admin's word counts. */
static step verify_domain(struct call *c)
{
    const Chancery__V1__VerifyDomainRequest *request = call_request(c);
    const struct admin *admin = admin_of(c);
    if (!request->asserted) {
        return call_bad_field(
            c, "asserted",
            "Proof by DNS is not built yet; a platform admin may assert the domain.");
    }
    if (!admin_is_platform(admin)) {
        return call_fail(c, R_COMPONENT_ROLE, "only a platform admin may assert a domain");
    }
    if (admin->tenant == NULL) {
        return call_bad_field(c, "tenant", "A platform admin must name the tenant.");
    }
    admin_verify_domain(admin_begin(c), tenants_of(c)->domain);
    return admin_wait(c);
}

static step reply_verify(struct call *c)
{
    Chancery__V1__VerifyDomainResponse *r =
        ARENA_NEW(call_arena(c), Chancery__V1__VerifyDomainResponse);
    if (r == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    chancery__v1__verify_domain_response__init(r);
    step result = reply_domain(c, admin_of(c)->op.text, true, &r->domain);
    return result.kind == STEP_KIND_NEXT ? call_reply(c, &r->base) : result;
}

const struct flow verify_domain_flow = {
    .method = "/chancery.v1.TenantService/VerifyDomain",
    .name = "verify_domain",
    .state_size = sizeof(struct tenants),
    .steps = {{"parse", parse_verify, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", admin_scope, 0},
              {"verify", verify_domain, STEP_COMMIT},
              {"reply", reply_verify, 0}},
    .on_refusal = caller_refused,
};
