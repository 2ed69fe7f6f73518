/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/component_lookup.h"

#include "context/services.h"
#include "context/wait.h"

step component_find(struct call *c, enum lookup_kind kind, struct slice key, step_fn found)
{
    struct lookup *lookup = &caller_of(c)->proofs->component_lookup;
    wait_store_init(c, &lookup->op);
    lookups_submit(lookup, kind, key);
    return wait_store(c, found, &lookup->op);
}

const struct component_row *component_known(struct call *c, enum lookup_kind kind, struct slice key)
{
    return call_trusts_caches(c)
               ? lookups_component(services_of(c)->lookups, kind, key, call_arena(c))
               : NULL;
}

void component_remember(struct call *c, enum lookup_kind kind, struct slice key,
                        const struct component_row *row)
{
    if (call_may_remember(c)) {
        lookups_remember_component(services_of(c)->lookups, kind, key, row);
    }
}

step component_take(struct call *c, const struct component_row *row)
{
    caller_take_component(c, row);
    return row->is_of_active_tenant
               ? STEP_NEXT
               : call_fail(c, R_TENANT_DISABLED, "component %s's", row->component.name);
}
