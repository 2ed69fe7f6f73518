/* SPDX-License-Identifier: Apache-2.0 */
/* MailFlowService.Explain: what would the tenant's rules make of this message, each of them? It reads the
 * same facts by the same steps as EvaluateMessage, does nothing, and leaves no record: an admin may try
 * rules on what was written in confidence.
 *
 *   parse       the message's facts
 *   recipients  their addresses
 *   tenant      the admin's own
 *   named       is it the one that was asked for?
 *   rules       of the tenant, compiled
 *   ask         whose people are sender and recipients? One snapshot, with whether what we know holds
 *   groups      in which of those that rules name are they?
 *   scan        the message against all conditions, in parts
 *   decide      which rules match, and why the others don't
 *   reply       all of them */
#include <string.h>

#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/delivery/evaluation.h"

static step parse(struct call *c)
{
    const Chancery__V1__ExplainRequest *request = explain_request(c);
    return evaluation_read(c, request->facts, request->body);
}

static step check_named(struct call *c)
{
    const char *named = explain_request(c)->tenant;
    return named[0] == '\0' || strcmp(named, evaluation_of(c)->by.tenant->view.name) == 0
               ? STEP_NEXT
               : call_fail(c, R_COMPONENT_TENANT, "another tenant was named");
}

static step decide(struct call *c)
{
    return evaluation_decide(c).ok ? STEP_NEXT : STEP_FAILED;
}

/* --- the reply -------------------------------------------------------------------------------- */

static bool write_findings(struct call *c, Chancery__V1__ExplainResponse *out)
{
    const struct rules_decision *d = &evaluation_of(c)->decision;
    out->findings = ARENA_ARRAY(call_arena(c), Chancery__V1__RuleFinding *, d->finding_count + 1);
    for (size_t i = 0; out->findings != NULL && i < d->finding_count; i++) {
        out->findings[i] = evaluation_write_finding(c, &d->findings[i]);
        if (out->findings[i] == NULL) {
            return false;
        }
        out->n_findings++;
    }
    return out->findings != NULL;
}

static step reply(struct call *c)
{
    Chancery__V1__ExplainResponse *response = explain_response(c);
    if (response == NULL) {
        return reply_over_budget(c);
    }
    response->actions = evaluation_write_actions(c);
    response->rule_id = evaluation_write_rule(c);
    return response->actions == NULL || !write_findings(c, response) ? reply_over_budget(c)
                                                                     : explain_reply(c, response);
}

const struct flow explain_flow = {
    .method = "/chancery.v1.MailFlowService/Explain",
    .name = "explain",
    .state = FLOW_STATE(struct evaluation),
    .memory = 4 << 20, /* the rules as they are stored, when they are compiled */
    .steps = {STEP("parse", parse), STEP("recipients", evaluation_recipients),
              STEP("tenant", delivery_sender_tenant), STEP("named", check_named),
              STEP("rules", evaluation_rules), STEP("ask", evaluation_ask),
              STEP("groups", evaluation_groups), STEP("scan", evaluation_scan),
              STEP("decide", decide), STEP("reply", reply)},
};
