/* SPDX-License-Identifier: Apache-2.0 */
/* IssuerService: GetIssuer, ListIssuers. */
#include "service/issuer/issuers.h"

#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/issuer/issuer_message.h"

/* --- shared steps ----------------------------------------------------------------------------- */

struct issuer_op *issuers_begin(struct call *c, struct tenant_id scope)
{
    struct issuer_op *op = &issuers_of(c)->op;
    *op = (struct issuer_op){.scope = scope};
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

static step read(struct call *c)
{
    return read_in(c, scope_of(c)->tenant_id);
}

step issuers_read_platforms(struct call *c)
{
    return read_in(c, TENANT_PLATFORM);
}

/* --- GetIssuer -------------------------------------------------------------------------------- */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetIssuerRequest *request = get_issuer_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return request_uuid_required(c, "issuer_id", request->issuer_id, &issuers_of(c)->id.u);
}

static step reply_get(struct call *c)
{
    return reply_message(c, issuer_message_write(c, &issuers_of(c)->row, scope_tenant_name(c)));
}

const struct flow get_issuer_flow = {
    .method = "/chancery.v1.IssuerService/GetIssuer",
    .name = "get_issuer",
    .state = FLOW_STATE_ON(struct issuers, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_get), SCOPE_STEP, STEP("read", read), STEP("reply", reply_get)},
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
        .key = row_key,
        .is_cut = s->op.op.is_cut};
    return page_send(c, &s->page, &rows, reply_list);
}

const struct flow list_issuers_flow = {
    .method = "/chancery.v1.IssuerService/ListIssuers",
    .name = "list_issuers",
    .state = FLOW_STATE_ON(struct issuers, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};
