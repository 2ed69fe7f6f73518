/* SPDX-License-Identifier: Apache-2.0 */
/* IssuerService: MapTenant, UnmapTenant, ListTenantMappings. Which of our tenants a multi-tenant issuer means is said
 * here and nowhere else: no name or domain in a token ever makes anybody a member. */
#include <string.h>

#include "base/encode.h"
#include "base/utf8.h"
#include "context/wait.h"
#include "domain/values/issuer_template.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/issuer/issuer_fields.h"

enum { MAPPINGS_USUAL = 200, MAPPINGS_MOST = 1000 };

/* The tenant of all personal Microsoft accounts. Whoever likes can have an account there, under any address: it never
 * means an organization. Source: Microsoft, "Microsoft identity platform ID token claims reference", tid. */
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

/* --- MapTenant ---------------------------------------------------------------------------------- */

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

/* --- UnmapTenant -------------------------------------------------------------------------------- */

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

/* --- ListTenantMappings ------------------------------------------------------------------------- */

/* A page token here is the last value of the page before. */
static step parse_page_token(struct call *c, const char *token)
{
    struct slice after = SLICE_NONE;
    if (!base64url_decode(call_arena(c), slice_str(token), &after, NULL).ok ||
        after.len > TENANT_VALUE_MAX || !utf8_is_printable(after)) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "page token");
    }
    issuers_of(c)->value = reply_slice(c, after);
    return issuers_of(c)->value == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "page token") : STEP_NEXT;
}

static step parse_list(struct call *c)
{
    const Chancery__V1__ListTenantMappingsRequest *request = list_tenant_mappings_request(c);
    struct issuers *s = issuers_of(c);
    if (!request_page_size(request->page_size, MAPPINGS_USUAL, MAPPINGS_MOST, &s->limit)) {
        return call_bad_field(c, "page_size", "It must be 0 to 1,000.");
    }
    return step_failed(parse_page_token(c, request->page_token))
               ? STEP_FAILED
               : request_uuid_required(c, "issuer_id", request->issuer_id, &s->id.u);
}

static step list(struct call *c)
{
    const struct issuers *s = issuers_of(c);
    issuer_store_list_mappings(issuers_begin(c, TENANT_PLATFORM), s->id, s->value, s->limit);
    return issuers_wait(c);
}

static step reply_list(struct call *c)
{
    const struct issuers *s = issuers_of(c);
    size_t count = s->op.mapping_count;
    Chancery__V1__ListTenantMappingsResponse *r = list_tenant_mappings_response(c);
    Chancery__V1__TenantMapping **all =
        ARENA_ARRAY(call_arena(c), Chancery__V1__TenantMapping *, count + 1);
    if (r == NULL || all == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    for (size_t i = 0; i < count; i++) {
        all[i] = call_message(c, &chancery__v1__tenant_mapping__descriptor);
        if (all[i] == NULL) {
            return STEP_FAILED;
        }
        all[i]->value = reply_text(s->op.mappings[i].value);
        all[i]->tenant = reply_text(s->op.mappings[i].tenant);
    }
    r->mappings = all;
    r->n_mappings = count;
    if (count == s->limit) {
        const char *last = s->op.mappings[count - 1].value;
        r->next_page_token = reply_text(reply_page_token(c, last, strlen(last)));
    }
    return list_tenant_mappings_reply(c, r);
}

const struct flow list_tenant_mappings_flow = {
    .method = "/chancery.v1.IssuerService/ListTenantMappings",
    .name = "list_tenant_mappings",
    .state = FLOW_STATE_ON(struct issuers, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), STEP("read", issuers_read_platforms),
              STEP("check", check_kind), STEP("list", list), STEP("reply", reply_list)},
};
