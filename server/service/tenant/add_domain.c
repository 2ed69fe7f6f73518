/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService.AddDomain. A claim gives nothing: several tenants may have it. */
#include "base/encode.h"
#include "chancery/v1/tenant.pb-c.h"
#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/scope.h"
#include "service/tenant/tenant_domain.h"
#include "service/tenant/tenant_message.h"
#include "store/resource/domain_store.h"

struct claim {
    struct scope scope; /* first */
    struct domain_op op;
};

static struct claim *claim_of(const struct call *c)
{
    return call_state(c);
}

static step parse(struct call *c)
{
    const Chancery__V1__AddDomainRequest *request = add_domain_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return tenant_domain_read(c, request->domain, &claim_of(c)->op.domain);
}

static step added(struct call *c)
{
    return wait_over(c, &claim_of(c)->op.op.err);
}

static step add(struct call *c)
{
    struct domain_op *op = &claim_of(c)->op;
    struct uuid random = uuid_random();
    op->proof = hex_dup(call_arena(c), slice_of(random.b, sizeof random.b));
    if (op->proof == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "proof");
    }
    op->tenant = scope_of(c)->tenant_id;
    op->who = caller_of(c)->who;
    wait_store_init(c, &op->op);
    domain_store_add(op);
    return wait_store(c, added, &op->op);
}

static step reply(struct call *c)
{
    const struct domain_op *op = &claim_of(c)->op;
    const struct domain_state domain = {.name = op->domain, .proof = op->proof};
    return reply_message(c, tenant_message_write_domain(c, domain));
}

const struct flow add_domain_flow = {
    .method = "/chancery.v1.TenantService/AddDomain",
    .name = "add_domain",
    .state = FLOW_STATE_ON(struct claim, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, COMMIT("add", add), STEP("reply", reply)},
};
