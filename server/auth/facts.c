/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/facts.h"

#include "context/wait.h"

/* --- tenants ------------------------------------------------------------------------------------ */

static step have_tenant(struct call *c, const struct tenant_record *tenant)
{
    caller_of(c)->found_tenant = tenant;
    if (tenant != NULL) {
        caller_add_scope(c, tenant->view.id.u, tenant->epoch);
    }
    return STEP_NEXT;
}

/* What is destroyed in the database is here, too, from the moment on when this worker reads it. */
static void forget_destroyed(const struct services *s, const struct tenant_record *tenant)
{
    for (size_t i = 0; i < tenant->key_count; i++) {
        const struct key_row *key = &tenant->keys[i];
        if (key->state == KEY_IS_DESTROYED) {
            keys_forget(s->keys, &(struct keys_ref){.tenant = tenant->view.id,
                                                    .boundary = tenant->view.boundary,
                                                    .purpose = key->purpose,
                                                    .version = key->version});
        }
    }
}

static step tenant_loaded(struct call *c)
{
    const struct view_load *load = &caller_of(c)->load;
    if (load->op.err.reason == R_NOT_FOUND) {
        return have_tenant(c, NULL);
    }
    if (load->op.err.reason != R_NONE) {
        return wait_failed(c, &load->op.err);
    }
    forget_destroyed(services_of(c), load->found_tenant);
    return have_tenant(c, load->found_tenant);
}

step facts_need_tenant(struct call *c, struct tenant_id id, step_fn then)
{
    const struct services *s = services_of(c);
    struct view_load *load = &caller_of(c)->load;
    const struct tenant_record *known =
        call_trusts_caches(c) ? views_tenant(s->views, id, call_arena(c)) : NULL;
    call_then(c, then);
    if (known != NULL) {
        return have_tenant(c, known);
    }
    wait_store_init(c, &load->op);
    views_load_tenant(s->views, load, id);
    return wait_store(c, tenant_loaded, &load->op);
}

/* --- the platform ------------------------------------------------------------------------------- */

static step have_platform(struct call *c, const struct platform_record *platform)
{
    caller_of(c)->found_platform = platform;
    caller_add_scope(c, TENANT_PLATFORM.u, platform->epoch);
    return STEP_NEXT;
}

static step platform_loaded(struct call *c)
{
    const struct view_load *load = &caller_of(c)->load;
    return load->op.err.reason == R_NONE ? have_platform(c, load->found_platform)
                                         : wait_failed(c, &load->op.err);
}

step facts_need_platform(struct call *c, step_fn then)
{
    const struct services *s = services_of(c);
    struct view_load *load = &caller_of(c)->load;
    const struct platform_record *known =
        call_trusts_caches(c) ? views_platform(s->views, call_arena(c)) : NULL;
    call_then(c, then);
    if (known != NULL) {
        return have_platform(c, known);
    }
    wait_store_init(c, &load->op);
    views_load_platform(s->views, load);
    return wait_store(c, platform_loaded, &load->op);
}

/* --- people ------------------------------------------------------------------------------------- */

static step have_person(struct call *c)
{
    struct caller *caller = caller_of(c);
    caller->found_person = caller->find.person;
    caller_add_scope(c, caller->find.scope, caller->found_person->epoch);
    return STEP_NEXT;
}

static step looked_up(struct call *c)
{
    const struct err *err = &caller_of(c)->find.op.err;
    return err->reason == R_NONE ? have_person(c) : wait_failed(c, err);
}

step facts_need_person(struct call *c, const struct directory_question *question, step_fn then)
{
    const struct services *s = services_of(c);
    struct directory_find *find = &caller_of(c)->find;
    call_then(c, then);
    wait_store_init(c, &find->op);
    if (call_trusts_caches(c) && directories_remembered(s->directories, find, question)) {
        return have_person(c);
    }
    directories_ask(s->directories, find, question);
    return wait_store(c, looked_up, &find->op);
}
