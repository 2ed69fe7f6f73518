/* SPDX-License-Identifier: Apache-2.0 */
/* BoundaryService: WithdrawPartnerException, ListPartnerExceptions, and what is shared with partner_consent.c. */
#include "service/boundary/partner_exceptions.h"

#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/reply.h"

step partner_find(struct call *c, struct partner_list *list, struct uuid id, step_fn then)
{
    *list = (struct partner_list){.tenant = scope_of(c)->tenant_id, .only = id, .limit = 1};
    wait_store_init(c, &list->op);
    partner_store_list(list);
    return wait_store(c, then, &list->op);
}

step partner_found(struct call *c, const struct partner_list *list)
{
    if (list->op.err.reason != R_NONE) {
        return wait_failed(c, &list->op.err);
    }
    return list->count == 1 ? STEP_NEXT : call_fail(c, R_NOT_FOUND, "no such exception");
}

const char *partner_note(struct call *c, const char *content_tenant, const char *reader_tenant)
{
    return arena_printf(call_arena(c), "content of %s for %s", content_tenant, reader_tenant);
}

Chancery__V1__PartnerException *partner_message(struct call *c, const struct partner_row *row)
{
    Chancery__V1__PartnerException *m =
        call_message(c, &chancery__v1__partner_exception__descriptor);
    if (m != NULL) {
        m->exception_id = reply_text(reply_uuid(c, row->id));
        m->content_tenant = reply_text(row->content_tenant);
        m->reader_tenant = reply_text(row->reader_tenant);
        m->content_tenant_consents = row->content_consents;
        m->reader_tenant_consents = row->reader_consents;
        m->create_time = reply_time(c, row->created_at);
    }
    return m;
}

/* --- WithdrawPartnerException ------------------------------------------------------------------- */

struct withdraw {
    struct scope scope; /* first */
    struct uuid id;
    struct partner_list list;
};

static struct withdraw *withdraw_of(const struct call *c)
{
    return call_state(c);
}

static step parse_withdraw(struct call *c)
{
    const Chancery__V1__WithdrawPartnerExceptionRequest *request =
        withdraw_partner_exception_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return request_uuid_required(c, "exception_id", request->exception_id, &withdraw_of(c)->id);
}

static step found(struct call *c)
{
    return partner_found(c, &withdraw_of(c)->list);
}

static step find(struct call *c)
{
    struct withdraw *w = withdraw_of(c);
    return partner_find(c, &w->list, w->id, found);
}

/* Ending needs nobody's approval. */
static step withdraw(struct call *c)
{
    const struct withdraw *w = withdraw_of(c);
    const struct partner_row *row = &w->list.rows[0];
    partner_store_withdraw(scope_begin(c), w->id,
                           partner_note(c, row->content_tenant, row->reader_tenant));
    return scope_wait(c);
}

/* It is gone: nobody consents any more. */
static step reply_withdraw(struct call *c)
{
    Chancery__V1__WithdrawPartnerExceptionResponse *r = withdraw_partner_exception_response(c);
    struct partner_row row = withdraw_of(c)->list.rows[0];
    row.content_consents = row.reader_consents = false;
    if (r == NULL || (r->exception = partner_message(c, &row)) == NULL) {
        return STEP_FAILED;
    }
    return withdraw_partner_exception_reply(c, r);
}

const struct flow withdraw_partner_exception_flow = {
    .method = "/chancery.v1.BoundaryService/WithdrawPartnerException",
    .name = "withdraw_partner_exception",
    .state = FLOW_STATE_ON(struct withdraw, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_withdraw), SCOPE_STEP, STEP("find", find),
              COMMIT("withdraw", withdraw), STEP("reply", reply_withdraw)},
};

/* --- ListPartnerExceptions ---------------------------------------------------------------------- */

struct partner_page {
    struct scope scope; /* first */
    struct uuid after;
    size_t limit;
    struct partner_list found;
};

static struct partner_page *page_of(const struct call *c)
{
    return call_state(c);
}

static step parse_list(struct call *c)
{
    const Chancery__V1__ListPartnerExceptionsRequest *request = list_partner_exceptions_request(c);
    struct partner_page *l = page_of(c);
    l->scope.tenant_name = request->tenant;
    return request_page(c, request->page_size, request->page_token, &l->limit, &l->after);
}

static step listed(struct call *c)
{
    return wait_over(c, &page_of(c)->found.op.err);
}

/* One more than asked for tells whether there is another page. */
static step list(struct call *c)
{
    struct partner_page *l = page_of(c);
    l->found = (struct partner_list){
        .tenant = l->scope.tenant_id, .after = l->after, .limit = l->limit + 1};
    wait_store_init(c, &l->found.op);
    partner_store_list(&l->found);
    return wait_store(c, listed, &l->found.op);
}

static step reply_list(struct call *c)
{
    const struct partner_page *l = page_of(c);
    Chancery__V1__ListPartnerExceptionsResponse *r = list_partner_exceptions_response(c);
    size_t count = l->found.count < l->limit ? l->found.count : l->limit;
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->exceptions = ARENA_ARRAY(call_arena(c), Chancery__V1__PartnerException *, count + 1);
    if (r->exceptions == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "page");
    }
    for (; r->n_exceptions < count; r->n_exceptions++) {
        Chancery__V1__PartnerException *m = partner_message(c, &l->found.rows[r->n_exceptions]);
        if (m == NULL) {
            return STEP_FAILED;
        }
        r->exceptions[r->n_exceptions] = m;
    }
    if (l->found.count > l->limit) {
        const struct uuid *last = &l->found.rows[count - 1].id;
        r->next_page_token = reply_text(reply_page_token(c, last, sizeof *last));
    }
    return list_partner_exceptions_reply(c, r);
}

const struct flow list_partner_exceptions_flow = {
    .method = "/chancery.v1.BoundaryService/ListPartnerExceptions",
    .name = "list_partner_exceptions",
    .state = FLOW_STATE_ON(struct partner_page, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};
