/* SPDX-License-Identifier: Apache-2.0 */
/* IssuerService: CreateIssuer, GetIssuer, ListIssuers, DeleteIssuer. */
#include "service/issuer/issuers.h"

#include <string.h>

#include "auth/facts.h"
#include "base/utf8.h"
#include "context/wait.h"
#include "domain/values/issuer_template.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/issuer/issuer_message.h"

/* --- shared steps ----------------------------------------------------------------------------- */

struct issuer_op *issuers_begin(struct call *c, struct tenant_id scope)
{
    struct issuer_op *op = &issuers_of(c)->op;
    *op = (struct issuer_op){.scope = scope, .who = caller_of(c)->who};
    wait_store_init(c, &op->op);
    return op;
}

static step done(struct call *c)
{
    return wait_over(c, &issuers_of(c)->op.op.err);
}

step issuers_wait(struct call *c)
{
    return wait_store(c, done, &issuers_of(c)->op.op);
}

static step have_row(struct call *c)
{
    struct issuers *s = issuers_of(c);
    if (s->op.op.err.reason != R_NONE) {
        return wait_failed(c, &s->op.op.err);
    }
    if (s->op.issuer_count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such issuer in this scope");
    }
    s->row = s->op.issuers[0];
    return STEP_NEXT;
}

static step read_in(struct call *c, struct tenant_id scope)
{
    struct issuers *s = issuers_of(c);
    issuer_store_list(issuers_begin(c, scope), s->id, (struct issuer_id){{{0}}}, 1);
    return wait_store(c, have_row, &s->op.op);
}

step issuers_read(struct call *c)
{
    return read_in(c, scope_of(c)->tenant_id);
}

step issuers_read_platforms(struct call *c)
{
    return read_in(c, TENANT_PLATFORM);
}

step issuers_read_fields(struct call *c)
{
    struct issuers *s = issuers_of(c);
    return resource_read(c, &issuer_resource, &s->fields, s->message, &s->row, issuers_read_fields);
}

step issuers_reply(struct call *c)
{
    return reply_message(c, issuer_message_write(c, &issuers_of(c)->row, scope_tenant_name(c)));
}

/* --- CreateIssuer ----------------------------------------------------------------------------- */

static step parse_iss(struct call *c, const Chancery__V1__Issuer *from)
{
    const char *iss = from->issuer;
    if (iss[0] == '\0' || strlen(iss) > ISSUER_ISS_MAX || !utf8_is_printable(slice_str(iss))) {
        return call_bad_field(c, "issuer.issuer",
                              "It must be exactly the tokens' iss: 1 to 512 bytes.");
    }
    if (!issuer_template_has_braces(iss)) {
        return STEP_NEXT;
    }
    return issuers_of(c)->row.issuer.kind == ISSUER_MULTI_TENANT && issuer_template_is_sound(iss)
               ? STEP_NEXT
               : call_bad_field(c, "issuer.issuer",
                                "Braces are for multi-tenant issuers: {tenantid}, once, as a whole "
                                "segment of an https address's path.");
}

static step parse_create(struct call *c)
{
    const Chancery__V1__CreateIssuerRequest *request = create_issuer_request(c);
    const Chancery__V1__Issuer *from = request->issuer;
    struct issuer_row *row = &issuers_of(c)->row;
    if (from == NULL) {
        return call_bad_field(c, "issuer", "It is required.");
    }
    if ((int)from->kind < ISSUER_TENANT || (int)from->kind > ISSUER_COMPONENT ||
        (int)from->kind == ISSUER_PASSCODE) {
        return call_bad_field(
            c, "issuer.kind",
            "It must be TENANT, MULTI_TENANT, CONSUMER or COMPONENT; passcodes are our own.");
    }
    scope_of(c)->tenant_name = from->tenant;
    row->issuer.kind = (enum issuer_kind)from->kind;
    row->issuer.iss = from->issuer;
    row->issuer.boundary = from->boundary;
    row->version = 1;
    issuers_of(c)->message = from;
    issuers_of(c)->fields.left = resource_changeable(&issuer_resource);
    return parse_iss(c, from);
}

static step check_boundary(struct call *c)
{
    const char *boundary = issuers_of(c)->row.issuer.boundary;
    if (boundary_find(&caller_of(c)->found_platform->view, boundary) == NULL) {
        return call_bad_field(c, "issuer.boundary", "There is no such boundary.");
    }
    return scope_check_boundary(c, boundary);
}

/* A tenant's issuer speaks for that tenant and lives in its boundary. Who speaks for several
 * tenants, or for people of none, is the platform's. Components belong to either. */
static step check(struct call *c)
{
    const struct scope *scope = scope_of(c);
    struct issuer *issuer = &issuers_of(c)->row.issuer;
    bool is_tenants = scope->tenant != NULL;
    if (issuer->kind != ISSUER_COMPONENT && is_tenants != (issuer->kind == ISSUER_TENANT)) {
        return call_bad_field(c, "issuer.kind",
                              "Issuers of a tenant are of kind TENANT or COMPONENT; MULTI_TENANT "
                              "and CONSUMER belong to the platform.");
    }
    if (is_tenants) {
        const char *boundary = scope->tenant->view.boundary;
        if (issuer->boundary[0] != '\0' && strcmp(issuer->boundary, boundary) != 0) {
            return call_bad_field(c, "issuer.boundary",
                                  "It must be the tenant's boundary, or empty.");
        }
        issuer->boundary = boundary;
    }
    issuer->id.u = uuid_v7(call_unix_us(c));
    return facts_need_platform(c, check_boundary);
}

static step created(struct call *c)
{
    const struct issuer_op *op = &issuers_of(c)->op;
    issuers_of(c)->row.proof = op->proof;
    if (op->op.err.reason != R_FIELD_INVALID) {
        return wait_over(c, &op->op.err);
    }
    return op->judgment == ISSUER_COVERED
               ? call_bad_field(c, "issuer.issuer",
                                "A multi-tenant issuer covers it, for another tenant; ask a "
                                "platform admin.")
               : call_bad_field(c, "issuer.issuer",
                                "It must be an https address whose host lies in a verified domain "
                                "of the tenant; any other is for a platform admin to register.");
}

static step create(struct call *c)
{
    struct issuers *s = issuers_of(c);
    issuer_store_create(issuers_begin(c, s->scope.tenant_id), &s->row, scope_is_platform(c));
    return wait_store(c, created, &s->op.op);
}

const struct flow create_issuer_flow = {
    .method = "/chancery.v1.IssuerService/CreateIssuer",
    .name = "create_issuer",
    .state = FLOW_STATE_ON(struct issuers, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_create), STEP("fields", issuers_read_fields), SCOPE_STEP,
              STEP("check", check), COMMIT("create", create), STEP("reply", issuers_reply)},
};

/* --- GetIssuer -------------------------------------------------------------------------------- */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetIssuerRequest *request = get_issuer_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return request_uuid_required(c, "issuer_id", request->issuer_id, &issuers_of(c)->id.u);
}

const struct flow get_issuer_flow = {
    .method = "/chancery.v1.IssuerService/GetIssuer",
    .name = "get_issuer",
    .state = FLOW_STATE_ON(struct issuers, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_get), SCOPE_STEP, STEP("read", issuers_read),
              STEP("reply", issuers_reply)},
};

/* --- ListIssuers ------------------------------------------------------------------------------ */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListIssuersRequest *request = list_issuers_request(c);
    struct issuers *s = issuers_of(c);
    s->scope.tenant_name = request->tenant;
    return step_failed(page_read(c, &s->page)) ? STEP_FAILED
                                               : page_after_uuid(c, &s->page, &s->after.u);
}

static step list(struct call *c)
{
    const struct issuers *s = issuers_of(c);
    issuer_store_list(issuers_begin(c, s->scope.tenant_id), (struct issuer_id){{{0}}}, s->after,
                      page_limit(&s->page));
    return issuers_wait(c);
}

static void *write_row(struct call *c, size_t row)
{
    return issuer_message_write(c, &issuers_of(c)->op.issuers[row], scope_tenant_name(c));
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_of(&issuers_of(c)->op.issuers[row].issuer.id, sizeof(struct issuer_id));
}

static step reply_list(struct call *c)
{
    struct issuers *s = issuers_of(c);
    const struct page_rows rows = {
        .list = {.type = issuer_resource.message, .count = s->op.issuer_count, .write = write_row},
        .key = row_key};
    return page_send(c, &s->page, &rows, reply_list);
}

const struct flow list_issuers_flow = {
    .method = "/chancery.v1.IssuerService/ListIssuers",
    .name = "list_issuers",
    .state = FLOW_STATE_ON(struct issuers, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};

/* --- DeleteIssuer ----------------------------------------------------------------------------- */

static step parse_delete(struct call *c)
{
    const Chancery__V1__DeleteIssuerRequest *request = delete_issuer_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return request_uuid_required(c, "issuer_id", request->issuer_id, &issuers_of(c)->id.u);
}

/* Never refused because somebody uses it: it may have been taken over, and then every second
 * counts. */
static step delete (struct call *c)
{
    issuer_store_delete(issuers_begin(c, scope_of(c)->tenant_id), issuers_of(c)->id);
    return issuers_wait(c);
}

const struct flow delete_issuer_flow = {
    .method = "/chancery.v1.IssuerService/DeleteIssuer",
    .name = "delete_issuer",
    .state = FLOW_STATE_ON(struct issuers, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_delete), SCOPE_STEP, COMMIT("delete", delete),
              STEP("reply", reply_empty)},
};
