/* SPDX-License-Identifier: Apache-2.0 */
/* DeliveryService.EvaluateMessage: what do the tenant's mail-flow rules say of a message?
 *
 *   parse       the message's facts
 *   recipients  their addresses
 *   tenant      the gateway's own, else the sender's
 *   check       may this gateway ask for this sender?
 *   rules       of the tenant, compiled
 *   ask         whose people are sender and recipients? One snapshot, with whether what we know holds
 *   groups      in which of those that rules name are they?
 *   scan        the message against all conditions, in parts
 *   decide      which rules match, what is to be done; how each recipient gets it
 *   rights      who would have none by the rule's template (evaluation_rights.c)
 *   record      is it still true? then record it, once: the commit
 *   reply */
#include "auth/decision_log.h"
#include "domain/decide/decide_sender.h"
#include "domain/relations/denial.h"
#include "service/common/flows.h"
#include "service/delivery/evaluation.h"

static step parse(struct call *c)
{
    const Chancery__V1__EvaluateMessageRequest *request = evaluate_message_request(c);
    return evaluation_read(c, request->facts, request->body);
}

/* Who is of the tenant has an address that can be named: else rules for its people would not see them. */
static step check(struct call *c)
{
    const struct evaluation *e = evaluation_of(c);
    bool is_named = e->by.sender[0] != '@' ||
                    !tenant_has_domain(&e->by.tenant->view, address_domain(e->by.sender));
    if (!is_named) {
        return call_bad_field(c, "facts.sender",
                              "It must be a mail address such as a@contoso.com.");
    }
    enum reason reason =
        decide_message_sender(&e->by.tenant->view, &caller_of(c)->subject.component, e->by.sender);
    return reason == R_NONE ? STEP_NEXT : call_fail(c, reason, "decided");
}

/* --- decide ----------------------------------------------------------------------------------- */

/* A portal that is forced is for whoever is not of the tenant; `native` becomes `portal` for them. */
static void force_portal(const struct evaluation *e, const struct platform_view *platform,
                         size_t index)
{
    struct delivery_decision *delivery = &e->deliveries[index];
    if (e->decision.actions.force_portal && !e->people[index].is_inside &&
        delivery->channel == CHANNEL_NATIVE) {
        delivery->channel = CHANNEL_PORTAL;
        delivery->portal_url = boundary_portal_url(platform, e->by.tenant->view.boundary);
    }
}

static struct reader reader_of(const struct evaluation *e, const char *address)
{
    struct reader reader = READER_OUTSIDE;
    for (size_t low = 0, high = e->readers.count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(address, e->readers.rows[middle].address);
        if (order == 0) {
            return e->readers.rows[middle].reader;
        }
        low = order > 0 ? middle + 1 : low;
        high = order > 0 ? high : middle;
    }
    return reader;
}

static step decide_one(struct call *c, size_t index)
{
    struct evaluation *e = evaluation_of(c);
    const struct platform_view *platform = &caller_of(c)->found_platform->view;
    if (!e->envelope[index].is_exact) {
        e->deliveries[index] = (struct delivery_decision){.reason = R_FIELD_INVALID};
        return STEP_NEXT;
    }
    const struct tenant_view *tenant = &e->by.tenant->view;
    struct reader reader = reader_of(e, e->addresses[index]);
    decide_delivery(&(struct delivery_question){.platform = platform,
                                                .tenant = tenant,
                                                .reader = reader,
                                                .is_denied = denial_reaches(tenant, &reader,
                                                                            e->addresses[index])},
                    &e->deliveries[index]);
    force_portal(e, platform, index);
    return STEP_NEXT;
}

static step deliver(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    size_t count = e->decision.is_blocked ? 0 : e->recipient_count;
    return cursor_each(c, &e->cursor, count, decide_one, deliver);
}

static step decide(struct call *c)
{
    return evaluation_decide(c).ok ? deliver(c) : STEP_FAILED;
}

/* --- record ----------------------------------------------------------------------------------- */

static step recorded(struct call *c)
{
    return decision_log_settle(c, delivery_sender_tenant, decide);
}

static step record(struct call *c)
{
    const struct evaluation *e = evaluation_of(c);
    struct gate_entry *entry = delivery_sender_record(c);
    entry->reason = e->decision.is_blocked ? R_RULE_BLOCKED : evaluation_rejects(c);
    entry->target = evaluation_summary(c);
    return entry->target == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "record")
                                 : decision_log_submit(c, recorded);
}

static step refused(struct call *c)
{
    struct gate_entry *entry = delivery_sender_record(c);
    entry->reason = call_err(c)->reason;
    entry->target = evaluation_refusal(c);
    return decision_log_submit(c, recorded);
}

const struct flow evaluate_message_flow = {
    .method = "/chancery.v1.DeliveryService/EvaluateMessage",
    .name = "evaluate_message",
    .state = FLOW_STATE(struct evaluation),
    .trust = TRUST_CACHES,
    .memory = 4 << 20, /* the rules as they are stored, when they are compiled */
    .steps = {STEP("parse", parse), STEP("recipients", evaluation_recipients),
              STEP("tenant", delivery_sender_tenant), STEP("check", check),
              STEP("rules", evaluation_rules), STEP("ask", evaluation_ask),
              STEP("groups", evaluation_groups), STEP("scan", evaluation_scan),
              STEP("decide", decide), STEP("rights", evaluation_rights), GATE("record", record),
              STEP("reply", evaluation_reply)},
    .on_refusal = refused,
};
