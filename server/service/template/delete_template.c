/* SPDX-License-Identifier: Apache-2.0 */
/* TemplateService.DeleteTemplate. Refused while content refers to the template, unless forced; then
 * only owner, issuer and super users open that content. */
#include "chancery/v1/template.pb-c.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"

struct deletion {
    struct scope scope; /* first */
    struct template_id id;
    bool force;
};

static struct deletion *deletion_of(const struct call *c)
{
    return call_state(c);
}

static step parse_delete(struct call *c)
{
    const Chancery__V1__DeleteTemplateRequest *request = delete_template_request(c);
    scope_of(c)->tenant_name = request->tenant;
    deletion_of(c)->force = request->force;
    return request_uuid_required(c, "template_id", request->template_id, &deletion_of(c)->id.u);
}

static step delete (struct call *c)
{
    const struct deletion *a = deletion_of(c);
    template_store_delete(scope_begin(c), a->id, a->force);
    return scope_wait(c);
}

const struct flow delete_template_flow = {
    .method = "/chancery.v1.TemplateService/DeleteTemplate",
    .name = "delete_template",
    .state = FLOW_STATE_ON(struct deletion, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_delete), SCOPE_STEP, COMMIT("delete", delete),
              STEP("reply", reply_empty)},
};
