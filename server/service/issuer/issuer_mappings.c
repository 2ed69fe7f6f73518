/* SPDX-License-Identifier: Apache-2.0 */
/* IssuerService: MapTenant, UnmapTenant, ListTenantMappings. Which of our tenants a multi-tenant
 * issuer means is said here and nowhere else: no name or domain in a token ever makes anybody a
 * member. */
#include <string.h>

#include "base/utf8.h"
#include "chancery/v1/issuer.pb-c.h"
#include "domain/values/issuer_template.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/issuer/issuers.h"

enum { PAGE_DEFAULT = 200, PAGE_MAX = 1000 };

/* The tenant of all personal Microsoft accounts. Whoever likes can have an account there, under any
 * address: it never means an organization. Source: Microsoft, "Microsoft identity platform ID token
 * claims reference", tid. */
static const char MICROSOFT_CONSUMERS[] = "9188040d-6c67-4c5b-b112-36a304b66dad";

static step parse_value(struct call *c, const char *issuer_id, const char *value)
{
    struct issuers *s = issuers_of(c);
    size_t len = strlen(value);
    s->value = value;
    if (len == 0 || len > TENANT_VALUE_MAX || !utf8_is_printable(slice_str(value))) {
        return call_bad_field(c, "value",
                              "It must be a value of the issuer's tenant claim: 1 to 128 bytes.");
    }
    return request_uuid_required(c, "issuer_id", issuer_id, &s->id.u);
}

/* Step, after the issuer was read. */
static step check_kind(struct call *c)
{
    return issuers_of(c)->row.issuer.kind == ISSUER_MULTI_TENANT
               ? STEP_NEXT
               : call_bad_field(c, "issuer_id", "It must be a multi-tenant issuer.");
}

/* Under a template a value is a UUID, as tokens write it: in lower case. */
static step check_value(struct call *c)
{
    struct issuers *s = issuers_of(c);
    struct uuid id;
    if (step_failed(check_kind(c))) {
        return STEP_FAILED;
    }
    if (!issuer_template_has_braces(s->row.issuer.iss)) {
        return STEP_NEXT;
    }
    if (!uuid_parse(slice_str(s->value), &id, NULL).ok) {
        return call_bad_field(c, "value", "Under a template it must be the tenant's UUID.");
    }
    s->value = reply_uuid(c, id);
    return s->value == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "value") : STEP_NEXT;
}

/* --- MapTenant -------------------------------------------------------------------------------- */

static step parse_map(struct call *c)
{
    const Chancery__V1__MapTenantRequest *request = map_tenant_request(c);
    scope_of(c)->tenant_name = request->tenant;
    if (request->tenant[0] == '\0') {
        return call_bad_field(c, "tenant", "It is required.");
    }
    return parse_value(c, request->issuer_id, request->value);
}

static step check_map(struct call *c)
{
    struct issuers *s = issuers_of(c);
    if (step_failed(check_value(c))) {
        return STEP_FAILED;
    }
    if (slice_eq_nocase(slice_str(s->value), slice_str(MICROSOFT_CONSUMERS))) {
        return call_bad_field(c, "value",
                              "That is where Microsoft's personal accounts are: register them as a "
                              "consumer issuer.");
    }
    if (strcmp(s->row.issuer.boundary, s->scope.tenant->view.boundary) != 0) {
        return call_bad_field(c, "tenant", "It is in another boundary than the issuer.");
    }
    return STEP_NEXT;
}

static step map(struct call *c)
{
    const struct issuers *s = issuers_of(c);
    issuer_store_map(issuers_begin(c, s->scope.tenant_id), s->id, s->value);
    return issuers_wait(c);
}

const struct flow map_tenant_flow = {
    .method = "/chancery.v1.IssuerService/MapTenant",
    .name = "map_tenant",
    .state = FLOW_STATE_ON(struct issuers, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_map), SCOPE_STEP, STEP("read", issuers_read_platforms),
              STEP("check", check_map), COMMIT("map", map), STEP("reply", reply_empty)},
};

/* --- UnmapTenant ------------------------------------------------------------------------------ */

static step parse_unmap(struct call *c)
{
    const Chancery__V1__UnmapTenantRequest *request = unmap_tenant_request(c);
    return parse_value(c, request->issuer_id, request->value);
}

static step unmap(struct call *c)
{
    const struct issuers *s = issuers_of(c);
    issuer_store_unmap(issuers_begin(c, TENANT_PLATFORM), s->id, s->value);
    return issuers_wait(c);
}

const struct flow unmap_tenant_flow = {
    .method = "/chancery.v1.IssuerService/UnmapTenant",
    .name = "unmap_tenant",
    .state = FLOW_STATE_ON(struct issuers, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_unmap), STEP("read", issuers_read_platforms),
              STEP("check", check_value), COMMIT("unmap", unmap), STEP("reply", reply_empty)},
};

/* --- ListTenantMappings ----------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListTenantMappingsRequest *request = list_tenant_mappings_request(c);
    struct issuers *s = issuers_of(c);
    return step_failed(page_read_sized(c, PAGE_DEFAULT, PAGE_MAX, &s->page)) ||
                   step_failed(page_after_text(c, &s->page, &s->value))
               ? STEP_FAILED
               : request_uuid_required(c, "issuer_id", request->issuer_id, &s->id.u);
}

static step list(struct call *c)
{
    const struct issuers *s = issuers_of(c);
    issuer_store_list_mappings(issuers_begin(c, TENANT_PLATFORM), s->id, s->value,
                               page_limit(&s->page));
    return issuers_wait(c);
}

static void *write_row(struct call *c, size_t row)
{
    const struct tenant_mapping *mapping = &issuers_of(c)->op.mappings[row];
    Chancery__V1__TenantMapping *m = call_message(c, &chancery__v1__tenant_mapping__descriptor);
    if (m != NULL) {
        m->value = reply_text(mapping->value);
        m->tenant = reply_text(mapping->tenant);
    }
    return m;
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_str(issuers_of(c)->op.mappings[row].value);
}

static step reply_list(struct call *c)
{
    struct issuers *s = issuers_of(c);
    const struct page_rows rows = {.list = {.type = &chancery__v1__tenant_mapping__descriptor,
                                            .count = s->op.mapping_count,
                                            .write = write_row},
                                   .key = row_key};
    return page_send(c, &s->page, &rows, reply_list);
}

const struct flow list_tenant_mappings_flow = {
    .method = "/chancery.v1.IssuerService/ListTenantMappings",
    .name = "list_tenant_mappings",
    .state = FLOW_STATE_ON(struct issuers, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), STEP("read", issuers_read_platforms),
              STEP("check", check_kind), STEP("list", list), STEP("reply", reply_list)},
};
