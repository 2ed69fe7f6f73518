/* SPDX-License-Identifier: Apache-2.0 */
/* PublishingService.AmendPolicy: change the policy of content that was sent, from the next license
 * on. An act that waits for a second admin where an admin lets somebody in by it (docs/policy.md
 * §6.1). Its request is checked by the sub-flow `amend`:
 *
 *   parse   one change: the expiry, why, and how many names it has
 *   grants, recipients, removed   who gets which rights, becomes a recipient, loses what they had
 *   names   each is named once
 *   find    the content, for those who may know of it (common/content_access.c)
 *   rights  of others over its policy, by its publishing license
 *   groups  by all their addresses
 *   read    the amendment that holds
 *   merge   lay the change over it (domain/values/amendment.c); does it let somebody in?
 *   within  the rights of whoever holds EDITRIGHTSDATA
 *
 * Then the sum is stored if no other came between, else it is checked again. The content's row
 * carries the amendment's mark, which the gate compares: no worker decides on another one. */
#include "service/publishing/amend_policy.h"
#include "auth/facts.h"
#include "context/wait.h"
#include "domain/relations/policy_widens.h"
#include "service/common/flows.h"
#include "service/common/reply.h"

enum { DAY_S = 24 * 60 * 60 };

/* --- read ------------------------------------------------------------------------------------- */

static step have_before(struct call *c)
{
    return wait_over(c, &amend_of(c)->access.amendment.op.err);
}

/* With a license it was read to decide by. */
static step read_before(struct call *c)
{
    struct content_access *access = content_access_of(c);
    if (access->license.is_open) {
        return STEP_NEXT;
    }
    wait_store_init(c, &access->amendment.op);
    amendment_store_fetch(&access->amendment, access->tenant, access->content);
    return wait_store(c, have_before, &access->amendment.op);
}

static step have_tenant(struct call *c)
{
    scope_of(c)->tenant = caller_of(c)->found_tenant;
    return scope_of(c)->tenant == NULL ? call_fail(c, R_NOT_FOUND, "no such tenant")
                                       : read_before(c);
}

/* What an admin does may need a second one, which the tenant says; everybody else acts for
 * themself. */
static step read(struct call *c)
{
    const struct content_access *access = content_access_of(c);
    struct scope *scope = scope_of(c);
    scope->tenant_id = access->tenant;
    scope->tenant = NULL;
    return access->standing == STANDING_ADMIN ? facts_need_tenant(c, access->tenant, have_tenant)
                                              : read_before(c);
}

/* --- merge ------------------------------------------------------------------------------------ */

/* Days count from when the content was protected. */
static step fix_expiry(struct call *c)
{
    struct amend *a = amend_of(c);
    if (a->expires_after_days == 0) {
        return STEP_NEXT;
    }
    int64_t protected_at = a->access.find.row.created_at / 1000000;
    a->change.expires_at.s = protected_at + (int64_t)a->expires_after_days * DAY_S;
    return a->change.expires_at.s > call_now(c).s
               ? STEP_NEXT
               : approvable_refuse(c, "expiry.days",
                                   "That day is over, counted from when the content was protected; "
                                   "to end access now, revoke the content.");
}

/* The policy before and after. Without a license what is sealed is not known. */
static void take_policies(struct call *c)
{
    struct amend *a = amend_of(c);
    const struct license_access *license = &a->access.license;
    a->was = (struct effective_policy){.tenant = a->access.tenant, .amendment = amend_before(a)};
    if (license->is_open) {
        a->was.policy = &license->policy;
        a->was.template =
            license->policy.kind == POLICY_TEMPLATE
                ? tenant_find_template(&license->tenant->view, license->policy.template_id)
                : NULL;
    }
    a->becomes = a->was;
    a->becomes.amendment = &a->after;
}

/* When the content expires by its policy, amendments left aside; false: not known. */
static bool find_expiry(struct call *c, struct policy_expiry *out)
{
    const struct amend *a = amend_of(c);
    const struct content_row *row = &a->access.find.row;
    const struct tenant_record *tenant = scope_of(c)->tenant;
    if (a->was.policy != NULL) {
        struct effective_policy sealed = a->was;
        sealed.amendment = NULL;
        *out = (struct policy_expiry){.at = effective_policy_expiry(&sealed)};
        return true;
    }
    const struct template_policy *template =
        tenant == NULL || ID_IS_ZERO(row->template)
            ? NULL
            : tenant_find_template(&tenant->view, row->template);
    if (template == NULL) {
        return false;
    }
    int64_t days = template->expires_after_days;
    *out = (struct policy_expiry){.at = template->expires_at};
    if (days > 0) {
        out->at.s = row->created_at / 1000000 + days * DAY_S;
    }
    return true;
}

static step merge(struct call *c)
{
    struct amend *a = amend_of(c);
    struct policy_expiry expiry;
    if (!a->access.amendment.amendment.is_valid) {
        return call_fail(c, R_PRECONDITION_FAILED, "the stored amendment can't be read");
    }
    if (step_failed(fix_expiry(c)) ||
        !amendment_merge(call_arena(c), amend_before(a), &a->change, &a->after, call_err(c)).ok) {
        return STEP_FAILED;
    }
    take_policies(c);
    a->put = (struct amendment_put){.content = a->access.content,
                                    .before = a->access.amendment.amendment.mark,
                                    .amendment = &a->after,
                                    .target = amend_target(c)};
    if (a->put.target == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "target");
    }
    return step_from(amendment_widens(call_arena(c), amend_before(a), &a->after,
                                      find_expiry(c, &expiry) ? &expiry : NULL,
                                      &a->lets_somebody_in, call_err(c)));
}

/* --- the act ---------------------------------------------------------------------------------- */

static const struct subflow amend_subflow = {
    .name = "amend",
    .steps = {STEP("parse", amend_parse), STEP("grants", amend_grants),
              STEP("recipients", amend_recipients), STEP("removed", amend_removed),
              STEP("names", amend_names), STEP("find", content_access_find),
              STEP("rights", content_access_decide), STEP("groups", amend_groups),
              STEP("read", read), STEP("merge", merge), STEP("within", amend_within)},
};

static step check(struct call *c)
{
    return call_enter(c, &amend_subflow);
}

/* Owner, issuer and whoever the policy gives rights over itself need nobody's approval. */
static uint32_t effect(struct call *c)
{
    const struct amend *a = amend_of(c);
    return a->access.standing == STANDING_ADMIN && a->lets_somebody_in
               ? 1U << APPROVAL_CONTENT_ACCESS
               : 0;
}

static void perform(struct change_op *op, const void *value)
{
    const struct amend *a = value;
    amendment_store_put(op, &a->put);
}

const struct approvable_act amend_policy_act = {
    .name = "amend_policy",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__amend_policy_request__descriptor,
    .value_size = sizeof(struct amend),
    .check = check,
    .effect = effect,
    .summary = amend_summary,
    .changes = amend_changes,
    .perform = perform,
};

/* --- the flow --------------------------------------------------------------------------------- */

static step parse(struct call *c)
{
    approvable_of(c)->act = &amend_policy_act;
    approvable_of(c)->request = amend_policy_request(c);
    scope_of(c)->tenant_name = "";
    return STEP_NEXT;
}

static step reply(struct call *c)
{
    const struct approvable *f = approvable_of(c);
    Chancery__V1__AmendPolicyResponse *r = amend_policy_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->approval_id = reply_text(reply_uuid(c, f->asked.u));
    r->version = ID_IS_ZERO(f->asked) ? amend_of(c)->after.version : 0;
    return amend_policy_reply(c, r);
}

const struct flow amend_policy_flow = {
    .method = "/chancery.v1.PublishingService/AmendPolicy",
    .name = "amend_policy",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), APPROVABLE_CHECK, APPROVABLE_PERFORM("amend"),
              STEP("reply", reply)},
    .subflow = &amend_subflow,
    .on_refusal = content_access_record_refusal,
};
