/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService.RemoveDomain. The addresses of a domain that was given up are whoever's comes next:
 * another tenant's that proves it, or a consumer's. Old content still names them, so giving up a
 * verified one waits for a second admin where the tenant requires one. The platform's word is
 * enough: it settles whose a domain is (docs/policy.md §8.5). */
#include "chancery/v1/tenant.pb-c.h"
#include "context/wait.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/tenant/tenant_domain.h"

static struct domain_op *claim_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse(struct call *c)
{
    const Chancery__V1__RemoveDomainRequest *request = remove_domain_request(c);
    approvable_of(c)->act = &remove_domain_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step have_claim(struct call *c)
{
    return wait_over(c, &claim_of(c)->op.err);
}

static step check(struct call *c)
{
    const Chancery__V1__RemoveDomainRequest *request = approvable_of(c)->request;
    return tenant_domain_find(c, request->domain, claim_of(c), have_claim);
}

static uint32_t effect(struct call *c)
{
    return claim_of(c)->is_verified && !scope_is_platforms_word(c) ? 1U << APPROVAL_CONTENT_ACCESS
                                                                   : 0;
}

static const char *summary(struct call *c)
{
    return arena_printf(call_arena(c), "Give up domain %s, which others may prove then",
                        claim_of(c)->domain);
}

static void changes(struct call *c, struct approval_changes *out)
{
    approval_changes_add(out, "domain", claim_of(c)->domain, "");
    approval_changes_add(out, "domain.verified", claim_of(c)->is_verified ? "true" : "false", "");
}

static void perform(struct change_op *op, const void *value)
{
    domain_store_remove(op, ((const struct domain_op *)value)->domain);
}

const struct approvable_act remove_domain_act = {
    .name = "remove_domain",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__remove_domain_request__descriptor,
    .value_size = sizeof(struct domain_op),
    .check = check,
    .effect = effect,
    .summary = summary,
    .changes = changes,
    .perform = perform,
};

static step reply(struct call *c)
{
    return approvable_reply(c, NULL);
}

const struct flow remove_domain_flow = {
    .method = "/chancery.v1.TenantService/RemoveDomain",
    .name = "remove_domain",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("remove"),
              STEP("reply", reply)},
};
