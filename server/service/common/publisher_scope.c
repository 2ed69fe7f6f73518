/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/publisher_scope.h"

#include "auth/boundary_guard.h"
#include "auth/facts.h"
#include "context/wait.h"
#include "domain/values/address.h"

static step have_platform(struct call *c)
{
    return boundary_guard(c, scope_of(c)->tenant->view.boundary);
}

static step have_tenant(struct call *c)
{
    struct scope *scope = scope_of(c);
    scope->tenant = caller_of(c)->found_tenant;
    if (scope->tenant == NULL) {
        return call_fail(c, R_NOT_FOUND, "no tenant");
    }
    scope->tenant_id = scope->tenant->view.id;
    return facts_need_platform(c, have_platform);
}

static step domain_found(struct call *c)
{
    struct scope *scope = scope_of(c);
    if (scope->lookup.op.err.reason == R_NOT_FOUND) {
        return call_fail(c, R_COMPONENT_DOMAIN, "the owner's domain is in no tenant");
    }
    return scope->lookup.op.err.reason == R_NONE
               ? facts_need_tenant(c, scope->lookup.tenant, have_tenant)
               : wait_failed(c, &scope->lookup.op.err);
}

step publisher_scope(struct call *c, const char *field, const char *owner)
{
    struct scope *scope = scope_of(c);
    struct tenant_id own = caller_tenant(caller_of(c));
    if (!ID_IS_ZERO(own)) {
        return facts_need_tenant(c, own, have_tenant);
    }
    if (!subject_has_component(&caller_of(c)->subject)) {
        return call_fail(c, R_PROTECT_DENIED, "a user of no tenant");
    }
    if (owner[0] == '\0') {
        return call_bad_field(c, field, "A caller of no tenant must name it.");
    }
    wait_store_init(c, &scope->lookup.op);
    lookups_submit(&scope->lookup, LOOKUP_TENANT_BY_DOMAIN, slice_str(address_domain(owner)));
    return wait_store(c, domain_found, &scope->lookup.op);
}
