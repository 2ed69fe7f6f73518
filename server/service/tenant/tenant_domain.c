/* SPDX-License-Identifier: Apache-2.0 */
#include "service/tenant/tenant_domain.h"

#include "context/wait.h"
#include "domain/values/domain_name.h"
#include "service/common/scope.h"

step tenant_domain_read(struct call *c, const char *text, const char **out)
{
    return domain_name_normalize(call_arena(c), slice_str(text), out, NULL).ok
               ? STEP_NEXT
               : call_bad_field(c, "domain",
                                "It must be a domain such as contoso.com or bücher.example.");
}

step tenant_domain_find(struct call *c, const char *text, struct domain_op *op, step_fn then)
{
    if (scope_of(c)->tenant == NULL) {
        return call_bad_field(c, "tenant", "A platform admin must name the tenant.");
    }
    if (step_failed(tenant_domain_read(c, text, &op->domain))) {
        return STEP_FAILED;
    }
    op->tenant = scope_of(c)->tenant_id;
    wait_store_init(c, &op->op);
    domain_store_get(op);
    return wait_store(c, then, &op->op);
}
