/* SPDX-License-Identifier: Apache-2.0 */
/* IssuerService: UnmapTenant, ListTenantMappings. That a value means a tenant no longer lets nobody
 * in, so it waits for nobody. */
#include "chancery/v1/issuer.pb-c.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/issuer/issuers.h"
#include "service/issuer/tenant_value.h"

enum { PAGE_DEFAULT = 200, PAGE_MAX = 1000 };

/* --- UnmapTenant ------------------------------------------------------------------------------ */

static step parse_unmap(struct call *c)
{
    const Chancery__V1__UnmapTenantRequest *request = unmap_tenant_request(c);
    return step_failed(tenant_value_read(c, request->value))
               ? STEP_FAILED
               : request_uuid_required(c, "issuer_id", request->issuer_id, &issuers_of(c)->id.u);
}

static step check_value(struct call *c)
{
    struct issuers *s = issuers_of(c);
    return tenant_value_normalize(c, &s->row.issuer, unmap_tenant_request(c)->value, &s->value);
}

static step unmap(struct call *c)
{
    const struct issuers *s = issuers_of(c);
    issuer_store_unmap(scope_begin(c), s->id, s->value);
    return scope_wait(c);
}

const struct flow unmap_tenant_flow = {
    .method = "/chancery.v1.IssuerService/UnmapTenant",
    .name = "unmap_tenant",
    .state = FLOW_STATE_ON(struct issuers, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_unmap), STEP("read", issuers_read_platforms),
              STEP("check", check_value), COMMIT("unmap", unmap), STEP("reply", reply_empty)},
};

/* --- ListTenantMappings ----------------------------------------------------------------------- */

/* Of an issuer, or of a tenant. */
static bool is_of_issuer(struct call *c)
{
    return list_tenant_mappings_request(c)->issuer_id[0] != '\0';
}

static step parse_list(struct call *c)
{
    const Chancery__V1__ListTenantMappingsRequest *request = list_tenant_mappings_request(c);
    struct issuers *s = issuers_of(c);
    s->scope.tenant_name = request->tenant;
    if (is_of_issuer(c) == (request->tenant[0] != '\0')) {
        return call_bad_field(c, "issuer_id", "Either an issuer or a tenant is required.");
    }
    if (step_failed(page_read_sized(c, PAGE_DEFAULT, PAGE_MAX, &s->page)) ||
        step_failed(page_after_text(c, &s->page, &s->value))) {
        return STEP_FAILED;
    }
    return is_of_issuer(c) ? request_uuid_required(c, "issuer_id", request->issuer_id, &s->id.u)
                           : STEP_NEXT;
}

static step read_whose(struct call *c)
{
    return is_of_issuer(c) ? issuers_read_platforms(c) : scope_resolve_tenant(c);
}

static step check_kind(struct call *c)
{
    return is_of_issuer(c) ? tenant_value_check_issuer(c, &issuers_of(c)->row.issuer) : STEP_NEXT;
}

static step list(struct call *c)
{
    const struct issuers *s = issuers_of(c);
    struct issuer_op *op = issuers_begin(c, TENANT_PLATFORM);
    size_t limit = page_limit(&s->page);
    if (is_of_issuer(c)) {
        issuer_store_list_mappings(op, s->id, s->value, limit);
    } else {
        issuer_store_list_mappings_of(op, s->scope.tenant_id, s->value, limit);
    }
    return issuers_wait(c);
}

static void *write_row(struct call *c, size_t row)
{
    const struct tenant_mapping *mapping = &issuers_of(c)->op.mappings[row];
    Chancery__V1__TenantMapping *m = call_message(c, &chancery__v1__tenant_mapping__descriptor);
    if (m != NULL) {
        m->value = reply_text(mapping->value);
        m->tenant = reply_text(mapping->tenant);
        m->issuer_id = reply_text(reply_uuid(c, mapping->issuer.u));
    }
    return m;
}

static struct slice row_key(struct call *c, size_t row)
{
    const struct tenant_mapping *mapping = &issuers_of(c)->op.mappings[row];
    return is_of_issuer(c) ? slice_str(mapping->value)
                           : issuer_store_mapping_key(call_arena(c), mapping);
}

static step reply_list(struct call *c)
{
    struct issuers *s = issuers_of(c);
    const struct page_rows rows = {.list = {.type = &chancery__v1__tenant_mapping__descriptor,
                                            .count = s->op.mapping_count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = s->op.op.is_cut};
    return page_send(c, &s->page, &rows, reply_list);
}

const struct flow list_tenant_mappings_flow = {
    .method = "/chancery.v1.IssuerService/ListTenantMappings",
    .name = "list_tenant_mappings",
    .state = FLOW_STATE_ON(struct issuers, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), STEP("read", read_whose), STEP("check", check_kind),
              STEP("list", list), STEP("reply", reply_list)},
};
