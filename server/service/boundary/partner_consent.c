/* SPDX-License-Identifier: Apache-2.0 */
/* BoundaryService: ProposePartnerException and AcceptPartnerException. Content of one tenant opens
 * natively for members of another, across a boundary, while both tenants' admins want it: to
 * propose is the one consent, to accept the other. Either tenant may want a second admin to approve
 * its own (service/common/approvable.h). */
#include <string.h>

#include "auth/facts.h"
#include "context/wait.h"
#include "domain/relations/boundary_rule.h"
#include "service/boundary/partner_exceptions.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/request.h"

/* --- ProposePartnerException ------------------------------------------------------------------ */

struct proposal {
    struct uuid id;
    const struct tenant_view *own, *content, *reader; /* own is one of the two */
    const char *note;
};

static step parse_propose(struct call *c)
{
    const Chancery__V1__ProposePartnerExceptionRequest *request =
        propose_partner_exception_request(c);
    approvable_of(c)->act = &propose_partner_exception_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

/* An exception is for what the rule between two boundaries sends to a portal, and for nothing
 * else. */
static step check_rule(struct call *c)
{
    const struct platform_view *platform = &caller_of(c)->found_platform->view;
    const struct proposal *p = approvable_of(c)->value;
    switch (boundary_rule_between(platform, p->content->boundary, p->reader->boundary)) {
    case DELIVERY_NATIVE:
        return approvable_refuse(c, "partner",
                                 "Its readers open this content natively without an exception.");
    case DELIVERY_BLOCK:
        return approvable_refuse(
            c, "partner", "The rule between the two boundaries blocks; no exception lifts it.");
    case DELIVERY_PORTAL:
        break;
    }
    return p->note == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "note") : STEP_NEXT;
}

static step have_partner(struct call *c)
{
    const Chancery__V1__ProposePartnerExceptionRequest *request = approvable_of(c)->request;
    const struct tenant_record *partner = caller_of(c)->found_tenant;
    struct proposal *p = approvable_of(c)->value;
    p->own = &scope_of(c)->tenant->view;
    if (partner == NULL || ID_EQ(partner->view.id, p->own->id)) {
        return approvable_refuse(c, "partner", "It must be another tenant.");
    }
    p->content = request->ours ? p->own : &partner->view;
    p->reader = request->ours ? &partner->view : p->own;
    p->note = partner_exceptions_note(c, p->content->name, p->reader->name);
    return facts_need_platform(c, check_rule);
}

static step partner_looked_up(struct call *c)
{
    const struct lookup *lookup = &scope_of(c)->lookup;
    if (lookup->op.err.reason == R_NOT_FOUND) {
        return approvable_refuse(c, "partner", "There is no such tenant.");
    }
    return lookup->op.err.reason == R_NONE ? facts_need_tenant(c, lookup->tenant, have_partner)
                                           : wait_failed(c, &lookup->op.err);
}

static step check_propose(struct call *c)
{
    const Chancery__V1__ProposePartnerExceptionRequest *request = approvable_of(c)->request;
    struct proposal *p = approvable_of(c)->value;
    struct lookup *lookup = &scope_of(c)->lookup;
    if (!tenant_name_is_valid(slice_str(request->partner))) {
        return call_bad_field(c, "partner", "It must be the short name of the other tenant.");
    }
    p->id = uuid_v7(call_unix_us(c));
    wait_store_init(c, &lookup->op);
    lookups_submit(lookup, LOOKUP_TENANT_BY_NAME, slice_str(request->partner));
    return wait_store(c, partner_looked_up, &lookup->op);
}

static const char *summary_propose(struct call *c)
{
    const struct proposal *p = approvable_of(c)->value;
    return arena_printf(call_arena(c), "Propose a partner exception: %s opens natively", p->note);
}

static void perform_propose(struct change_op *op, const void *value)
{
    const struct proposal *p = value;
    partner_store_propose(op, p->id, p->content->id, p->reader->id, p->note);
}

const struct approvable_act propose_partner_exception_act = {
    .name = "propose_partner_exception",
    .operation = APPROVAL_PARTNER_EXCEPTION,
    .request = &chancery__v1__propose_partner_exception_request__descriptor,
    .value_size = sizeof(struct proposal),
    .check = check_propose,
    .summary = summary_propose,
    .perform = perform_propose,
};

static void *write_proposal(struct call *c)
{
    const struct proposal *p = approvable_of(c)->value;
    const struct partner_row row = {.id = p->id,
                                    .content_tenant = p->content->name,
                                    .reader_tenant = p->reader->name,
                                    .content_consents = p->own == p->content,
                                    .reader_consents = p->own == p->reader,
                                    .created_at = call_unix_us(c)};
    return partner_exceptions_write(c, &row);
}

static step reply_propose(struct call *c)
{
    return approvable_reply(c, write_proposal);
}

const struct flow propose_partner_exception_flow = {
    .method = "/chancery.v1.BoundaryService/ProposePartnerException",
    .name = "propose_partner_exception",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse_propose), SCOPE_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("propose"), STEP("reply", reply_propose)},
};

/* --- AcceptPartnerException ------------------------------------------------------------------- */

struct acceptance {
    struct partner_list list;
    struct partner_row row; /* as it is after the act */
    const char *note;
};

static step parse_accept(struct call *c)
{
    const Chancery__V1__AcceptPartnerExceptionRequest *request =
        accept_partner_exception_request(c);
    approvable_of(c)->act = &accept_partner_exception_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

/* Consent again changes nothing, so it is told; above all to a proposer who would consent for the
 * other. */
static step found(struct call *c)
{
    struct acceptance *a = approvable_of(c)->value;
    if (a->list.op.err.reason == R_NONE && a->list.count == 0 &&
        approvable_of(c)->approving != NULL) {
        return call_fail(c, R_PRECONDITION_FAILED, "withdrawn meanwhile");
    }
    if (step_failed(partner_exceptions_found(c, &a->list))) {
        return STEP_FAILED;
    }
    a->row = a->list.rows[0];
    bool is_content_side = strcmp(a->row.content_tenant, scope_of(c)->tenant->view.name) == 0;
    bool *consents = is_content_side ? &a->row.content_consents : &a->row.reader_consents;
    if (*consents) {
        return call_fail(c, R_PRECONDITION_FAILED, "this side consents already");
    }
    *consents = true;
    a->note = partner_exceptions_note(c, a->row.content_tenant, a->row.reader_tenant);
    return a->note == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "note") : STEP_NEXT;
}

static step check_accept(struct call *c)
{
    const Chancery__V1__AcceptPartnerExceptionRequest *request = approvable_of(c)->request;
    struct acceptance *a = approvable_of(c)->value;
    struct uuid id;
    return step_failed(request_uuid_required(c, "exception_id", request->exception_id, &id))
               ? STEP_FAILED
               : partner_exceptions_find(c, &a->list, id, found);
}

static const char *summary_accept(struct call *c)
{
    const struct acceptance *a = approvable_of(c)->value;
    return arena_printf(call_arena(c), "Consent to a partner exception: %s opens natively",
                        a->note);
}

static void perform_accept(struct change_op *op, const void *value)
{
    const struct acceptance *a = value;
    partner_store_accept(op, a->row.id, a->note);
}

const struct approvable_act accept_partner_exception_act = {
    .name = "accept_partner_exception",
    .operation = APPROVAL_PARTNER_EXCEPTION,
    .request = &chancery__v1__accept_partner_exception_request__descriptor,
    .value_size = sizeof(struct acceptance),
    .check = check_accept,
    .summary = summary_accept,
    .perform = perform_accept,
};

static void *write_accepted(struct call *c)
{
    const struct acceptance *a = approvable_of(c)->value;
    return partner_exceptions_write(c, &a->row);
}

static step reply_accept(struct call *c)
{
    return approvable_reply(c, write_accepted);
}

const struct flow accept_partner_exception_flow = {
    .method = "/chancery.v1.BoundaryService/AcceptPartnerException",
    .name = "accept_partner_exception",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse_accept), SCOPE_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("accept"), STEP("reply", reply_accept)},
};
