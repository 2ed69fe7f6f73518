/* SPDX-License-Identifier: Apache-2.0 */
/* IssuerService.MapTenant. Which of our tenants a multi-tenant issuer means is said here and
 * nowhere else: no name or domain in a token ever makes anybody a member. From then on the issuer
 * speaks for the tenant's people, so the tenant's requirement of a second admin holds for the
 * platform's admins too: they ask, and one of the tenant's approves. */
#include <string.h>

#include "chancery/v1/issuer.pb-c.h"
#include "context/wait.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/request.h"
#include "service/issuer/tenant_value.h"
#include "store/resource/issuer_store.h"

/* The tenant of all personal Microsoft accounts. Whoever likes can have an account there, under any
 * address: it never means an organization. Source: Microsoft, "Microsoft identity platform ID token
 * claims reference", tid. */
static const char MICROSOFT_CONSUMERS[] = "9188040d-6c67-4c5b-b112-36a304b66dad";

struct mapping {
    struct issuer_op op;
    struct issuer_id id;
    const char *iss, *value;
};

static struct mapping *mapping_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse(struct call *c)
{
    const Chancery__V1__MapTenantRequest *request = map_tenant_request(c);
    approvable_of(c)->act = &map_tenant_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return request->tenant[0] == '\0' ? call_bad_field(c, "tenant", "It is required.") : STEP_NEXT;
}

static step have_issuer(struct call *c)
{
    const Chancery__V1__MapTenantRequest *request = approvable_of(c)->request;
    struct mapping *m = mapping_of(c);
    if (m->op.op.err.reason != R_NONE) {
        return wait_failed(c, &m->op.op.err);
    }
    if (m->op.issuer_count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such issuer of the platform");
    }
    const struct issuer *issuer = &m->op.issuers[0].issuer;
    m->iss = issuer->iss;
    if (step_failed(tenant_value_normalize(c, issuer, request->value, &m->value))) {
        return STEP_FAILED;
    }
    if (slice_eq_nocase(slice_str(m->value), slice_str(MICROSOFT_CONSUMERS))) {
        return call_bad_field(c, "value",
                              "That is where Microsoft's personal accounts are: register them as a "
                              "consumer issuer.");
    }
    return strcmp(issuer->boundary, scope_of(c)->tenant->view.boundary) == 0
               ? STEP_NEXT
               : call_bad_field(c, "tenant", "It is in another boundary than the issuer.");
}

static step check(struct call *c)
{
    const Chancery__V1__MapTenantRequest *request = approvable_of(c)->request;
    struct mapping *m = mapping_of(c);
    step all = tenant_value_read(c, request->value);
    all = step_and(all, request_uuid_required(c, "issuer_id", request->issuer_id, &m->id.u));
    if (step_failed(all)) {
        return STEP_FAILED;
    }
    m->op = (struct issuer_op){.scope = TENANT_PLATFORM};
    wait_store_init(c, &m->op.op);
    issuer_store_list(&m->op, m->id, (struct issuer_id){{{0}}}, 1);
    return wait_store(c, have_issuer, &m->op.op);
}

static const char *summary(struct call *c)
{
    const struct mapping *m = mapping_of(c);
    return arena_printf(call_arena(c), "Let value %s of issuer %s mean the tenant", m->value,
                        m->iss);
}

static void changes(struct call *c, struct approval_changes *out)
{
    const struct mapping *m = mapping_of(c);
    approval_changes_add(out, "issuer", "", m->iss);
    approval_changes_add(out, "value", "", m->value);
    approval_changes_add(out, "tenant", "", scope_tenant_name(c));
}

static void perform(struct change_op *op, const void *value)
{
    const struct mapping *m = value;
    issuer_store_map(op, m->id, m->value);
}

const struct approvable_act map_tenant_act = {
    .name = "map_tenant",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__map_tenant_request__descriptor,
    .value_size = sizeof(struct mapping),
    .check = check,
    .summary = summary,
    .changes = changes,
    .perform = perform,
};

static step reply(struct call *c)
{
    return approvable_reply(c, NULL);
}

const struct flow map_tenant_flow = {
    .method = "/chancery.v1.IssuerService/MapTenant",
    .name = "map_tenant",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("map"),
              STEP("reply", reply)},
};
