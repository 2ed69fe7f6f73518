/* SPDX-License-Identifier: Apache-2.0 */
/* BoundaryService: WithdrawPartnerException, ListPartnerExceptions, and what is shared with
 * partner_consent.c. */
#include "service/boundary/partner_exceptions.h"

#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/request.h"

step partner_exceptions_find(struct call *c, struct partner_list *list, struct uuid id,
                             step_fn then)
{
    *list = (struct partner_list){.tenant = scope_of(c)->tenant_id, .only = id, .limit = 1};
    wait_store_init(c, &list->op);
    partner_store_list(list);
    return wait_store(c, then, &list->op);
}

step partner_exceptions_found(struct call *c, const struct partner_list *list)
{
    if (list->op.err.reason != R_NONE) {
        return wait_failed(c, &list->op.err);
    }
    return list->count == 1 ? STEP_NEXT : call_fail(c, R_NOT_FOUND, "no such exception");
}

const char *partner_exceptions_note(struct call *c, const char *content_tenant,
                                    const char *reader_tenant)
{
    return arena_printf(call_arena(c), "content of %s for %s", content_tenant, reader_tenant);
}

Chancery__V1__PartnerException *partner_exceptions_write(struct call *c,
                                                         const struct partner_row *row)
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

/* --- WithdrawPartnerException ----------------------------------------------------------------- */

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
    return partner_exceptions_found(c, &withdraw_of(c)->list);
}

static step find(struct call *c)
{
    struct withdraw *w = withdraw_of(c);
    return partner_exceptions_find(c, &w->list, w->id, found);
}

/* Ending needs nobody's approval. */
static step withdraw(struct call *c)
{
    const struct withdraw *w = withdraw_of(c);
    const struct partner_row *row = &w->list.rows[0];
    partner_store_withdraw(scope_begin(c), w->id,
                           partner_exceptions_note(c, row->content_tenant, row->reader_tenant));
    return scope_wait(c);
}

/* It is gone: nobody consents any more. */
static step reply_withdraw(struct call *c)
{
    struct partner_row row = withdraw_of(c)->list.rows[0];
    row.content_consents = row.reader_consents = false;
    return reply_message(c, partner_exceptions_write(c, &row));
}

const struct flow withdraw_partner_exception_flow = {
    .method = "/chancery.v1.BoundaryService/WithdrawPartnerException",
    .name = "withdraw_partner_exception",
    .state = FLOW_STATE_ON(struct withdraw, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_withdraw), SCOPE_STEP, STEP("find", find),
              COMMIT("withdraw", withdraw), STEP("reply", reply_withdraw)},
};

/* --- ListPartnerExceptions -------------------------------------------------------------------- */

struct partner_exceptions {
    struct scope scope; /* first */
    struct page page;
    struct partner_list found;
};

static struct partner_exceptions *exceptions_of(const struct call *c)
{
    return call_state(c);
}

static step parse_list(struct call *c)
{
    const Chancery__V1__ListPartnerExceptionsRequest *request = list_partner_exceptions_request(c);
    struct partner_exceptions *e = exceptions_of(c);
    e->scope.tenant_name = request->tenant;
    return step_failed(page_read(c, &e->page)) ? STEP_FAILED
                                               : page_after_uuid(c, &e->page, &e->found.after);
}

static step listed(struct call *c)
{
    return wait_over(c, &exceptions_of(c)->found.op.err);
}

static step list(struct call *c)
{
    struct partner_exceptions *e = exceptions_of(c);
    e->found.tenant = e->scope.tenant_id;
    e->found.limit = page_limit(&e->page);
    wait_store_init(c, &e->found.op);
    partner_store_list(&e->found);
    return wait_store(c, listed, &e->found.op);
}

static void *write_row(struct call *c, size_t row)
{
    return partner_exceptions_write(c, &exceptions_of(c)->found.rows[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_of(&exceptions_of(c)->found.rows[row].id, sizeof(struct uuid));
}

static step reply_list(struct call *c)
{
    struct partner_exceptions *e = exceptions_of(c);
    const struct page_rows rows = {.list = {.type = &chancery__v1__partner_exception__descriptor,
                                            .count = e->found.count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = e->found.op.is_cut};
    return page_send(c, &e->page, &rows, reply_list);
}

const struct flow list_partner_exceptions_flow = {
    .method = "/chancery.v1.BoundaryService/ListPartnerExceptions",
    .name = "list_partner_exceptions",
    .state = FLOW_STATE_ON(struct partner_exceptions, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};
