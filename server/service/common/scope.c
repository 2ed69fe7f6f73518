/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/scope.h"

#include <string.h>

#include "auth/boundary_guard.h"
#include "auth/facts.h"
#include "context/wait.h"

bool scope_is_platform(const struct call *c)
{
    return caller_of(c)->subject.component.role == ROLE_PLATFORM_ADMIN;
}

bool scope_is_platforms_word(const struct call *c)
{
    return scope_is_platform(c) || scope_of(c)->is_for_platform;
}

step scope_check_node(struct call *c, const char *boundary)
{
    const char *own = caller_of(c)->subject.component.boundary;
    if (scope_is_platform(c) && own[0] != '\0' && strcmp(own, boundary) != 0) {
        return call_fail(c, R_COMPONENT_TENANT, "an admin of boundary %s only", own);
    }
    return boundary_is_served(c, boundary) ? STEP_NEXT : boundary_guard(c, boundary);
}

step scope_check_boundary(struct call *c, const char *boundary)
{
    step result = scope_check_node(c, boundary);
    return result.kind == STEP_KIND_NEXT ? boundary_guard(c, boundary) : result;
}

static step have_boundary(struct call *c)
{
    return scope_check_boundary(c, scope_of(c)->tenant->view.boundary);
}

static step have_tenant(struct call *c)
{
    struct scope *scope = scope_of(c);
    scope->tenant = caller_of(c)->found_tenant;
    if (scope->tenant == NULL) {
        return call_fail(c, R_NOT_FOUND, "no such tenant");
    }
    const char *name = scope->tenant->view.name;
    if (scope->tenant_name[0] != '\0' && strcmp(scope->tenant_name, name) != 0) {
        return call_fail(c, R_COMPONENT_TENANT, "another tenant was named");
    }
    scope->tenant_id = scope->tenant->view.id;
    return facts_need_platform(c, have_boundary);
}

static step found_by_name(struct call *c)
{
    struct scope *scope = scope_of(c);
    return scope->lookup.op.err.reason == R_NONE
               ? facts_need_tenant(c, scope->lookup.tenant, have_tenant)
               : wait_failed(c, &scope->lookup.op.err);
}

static step have_platform(struct call *c)
{
    (void)c;
    return STEP_NEXT;
}

step scope_resolve(struct call *c)
{
    struct scope *scope = scope_of(c);
    const struct subject *subject = &caller_of(c)->subject;
    /* A component administers where it is registered, whomever's token it brings along. */
    struct tenant_id own =
        subject_has_component(subject) ? subject->component.tenant : subject->user.tenant;
    if (!scope_is_platform(c)) {
        return ID_IS_ZERO(own) ? call_fail(c, R_COMPONENT_TENANT, "a caller of no tenant")
                               : facts_need_tenant(c, own, have_tenant);
    }
    if (scope->tenant_name[0] == '\0') {
        scope->tenant_id = TENANT_PLATFORM;
        return facts_need_platform(c, have_platform);
    }
    wait_store_init(c, &scope->lookup.op);
    lookups_submit(&scope->lookup, LOOKUP_TENANT_BY_NAME, slice_str(scope->tenant_name));
    return wait_store(c, found_by_name, &scope->lookup.op);
}

static step need_tenant(struct call *c)
{
    return scope_of(c)->tenant == NULL
               ? call_bad_field(c, "tenant", "A platform admin must name the tenant.")
               : STEP_NEXT;
}

step scope_resolve_tenant(struct call *c)
{
    call_then(c, need_tenant);
    return scope_resolve(c);
}

const char *scope_tenant_name(const struct call *c)
{
    const struct tenant_record *tenant = scope_of(c)->tenant;
    return tenant == NULL ? "" : tenant->view.name;
}

struct change_op *scope_begin(struct call *c)
{
    struct scope *scope = scope_of(c);
    scope->op = (struct change_op){.scope = scope->tenant_id, .who = caller_of(c)->who};
    wait_store_init(c, &scope->op.op);
    return &scope->op;
}

static step done(struct call *c)
{
    return wait_over(c, &scope_of(c)->op.op.err);
}

step scope_wait(struct call *c)
{
    return wait_store(c, done, &scope_of(c)->op.op);
}
