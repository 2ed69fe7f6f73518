/* SPDX-License-Identifier: Apache-2.0 */
/* TemplateService.DeleteTemplate. Refused while content refers to the template, unless forced; then only owner,
 * issuer and super users open that content. */
#include "chancery/v1/template.pb-c.h"
#include "service/admin.h"
#include "service/flows.h"
#include "service/reply.h"

struct deletion {
    struct admin admin; /* first */
    struct template_id id;
    bool force;
};

static struct deletion *deletion_of(struct call *c)
{
    return call_state(c);
}

static step parse_delete(struct call *c)
{
    const Chancery__V1__DeleteTemplateRequest *request = call_request(c);
    admin_of(c)->tenant_name = request->tenant;
    deletion_of(c)->force = request->force;
    return request_uuid_required(c, "template_id", request->template_id, &deletion_of(c)->id.u);
}

static step delete (struct call *c)
{
    const struct deletion *a = deletion_of(c);
    template_store_delete(admin_begin(c), a->id, a->force);
    return admin_wait(c);
}

const struct flow delete_template_flow = {
    .method = "/chancery.v1.TemplateService/DeleteTemplate",
    .name = "delete_template",
    .state_size = sizeof(struct deletion),
    .steps = {{"parse", parse_delete, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", admin_scope, 0},
              {"delete", delete, STEP_COMMIT},
              {"reply", reply_empty, 0}},
    .on_refusal = caller_refused,
};
