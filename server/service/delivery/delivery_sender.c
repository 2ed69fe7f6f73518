/* SPDX-License-Identifier: Apache-2.0 */
#include "service/delivery/delivery_sender.h"

#include "auth/boundary_guard.h"
#include "auth/decision_log.h"
#include "context/wait.h"
#include "domain/values/address.h"

static step have_tenant(struct call *c)
{
    struct delivery_sender *d = delivery_sender_of(c);
    d->tenant = caller_of(c)->found_tenant;
    if (d->tenant == NULL) {
        return call_fail(c, R_COMPONENT_TENANT, "no such tenant");
    }
    return boundary_guard(c, d->tenant->view.boundary);
}

static step sender_found(struct call *c)
{
    const struct lookup *lookup = &delivery_sender_of(c)->lookup;
    if (lookup->op.err.reason == R_NOT_FOUND) {
        return call_fail(c, R_COMPONENT_DOMAIN, "the sender's domain is in no tenant");
    }
    return lookup->op.err.reason == R_NONE ? facts_need_tenant(c, lookup->tenant, have_tenant)
                                           : wait_failed(c, &lookup->op.err);
}

static step have_platform(struct call *c)
{
    struct delivery_sender *d = delivery_sender_of(c);
    struct tenant_id own = caller_of(c)->subject.component.tenant;
    if (!ID_IS_ZERO(own)) {
        return facts_need_tenant(c, own, have_tenant);
    }
    if (d->sender[0] == '\0') {
        return call_fail(c, R_COMPONENT_DOMAIN, "nobody has sent it, so it is of no tenant");
    }
    wait_store_init(c, &d->lookup.op);
    lookups_submit(&d->lookup, LOOKUP_TENANT_BY_DOMAIN, slice_str(address_domain(d->sender)));
    return wait_store(c, sender_found, &d->lookup.op);
}

step delivery_sender_tenant(struct call *c)
{
    return facts_need_platform(c, have_platform);
}

struct gate_entry *delivery_sender_record(struct call *c)
{
    const struct delivery_sender *d = delivery_sender_of(c);
    bool is_ours = d->tenant != NULL && boundary_is_served(c, d->tenant->view.boundary);
    return decision_log_begin(c, is_ours ? d->tenant->view.id : TENANT_PLATFORM);
}
