/* SPDX-License-Identifier: Apache-2.0 */
#include "service/admin.h"

#include <string.h>

#include "service/served.h"
#include "service/wait.h"

bool admin_is_platform(const struct admin *admin)
{
    return admin->caller.subject.component.role == ROLE_PLATFORM_ADMIN;
}

step admin_check_place(struct call *c, const char *boundary)
{
    const struct admin *admin = admin_of(c);
    const char *own = admin->caller.subject.component.boundary;
    if (admin_is_platform(admin) && own[0] != '\0' && strcmp(own, boundary) != 0) {
        return call_fail(c, R_COMPONENT_TENANT, "an admin of boundary %s only", own);
    }
    return is_served(c, boundary) ? STEP_NEXT : served_check(c, boundary);
}

step admin_check_boundary(struct call *c, const char *boundary)
{
    step result = admin_check_place(c, boundary);
    return result.kind == STEP_KIND_NEXT ? served_check(c, boundary) : result;
}

static step have_boundary(struct call *c)
{
    struct admin *admin = admin_of(c);
    step result = admin_check_boundary(c, admin->tenant->view.boundary);
    return result.kind == STEP_KIND_NEXT ? admin->then(c) : result;
}

static step have_tenant(struct call *c)
{
    struct admin *admin = admin_of(c);
    admin->tenant = admin->caller.found_tenant;
    if (admin->tenant == NULL) {
        return call_fail(c, R_NOT_FOUND, "no such tenant");
    }
    const char *name = admin->tenant->view.name;
    if (admin->tenant_name[0] != '\0' && strcmp(admin->tenant_name, name) != 0) {
        return call_fail(c, R_COMPONENT_TENANT, "another tenant was named");
    }
    admin->scope = admin->tenant->view.id;
    return caller_need_platform(c, have_boundary);
}

static step found_by_name(struct call *c)
{
    struct admin *admin = admin_of(c);
    return admin->lookup.op.err.reason == R_NONE
               ? caller_need_tenant(c, admin->lookup.tenant, have_tenant)
               : wait_failed(c, &admin->lookup.op.err);
}

step admin_find_scope(struct call *c, step_fn then)
{
    struct admin *admin = admin_of(c);
    const struct subject *subject = &admin->caller.subject;
    /* A component administers where it is registered, whomever's token it brings along. */
    struct tenant_id own =
        subject_has_component(subject) ? subject->component.tenant : subject->user.tenant;
    admin->then = then;
    if (!admin_is_platform(admin)) {
        return ID_IS_ZERO(own) ? call_fail(c, R_COMPONENT_TENANT, "a caller of no tenant")
                               : caller_need_tenant(c, own, have_tenant);
    }
    if (admin->tenant_name[0] == '\0') {
        admin->scope = TENANT_PLATFORM;
        return caller_need_platform(c, then);
    }
    wait_store_init(c, &admin->lookup.op);
    lookups_submit(services_of(c)->lookups, &admin->lookup, LOOKUP_TENANT_BY_NAME,
                   slice_str(admin->tenant_name));
    return wait_store(c, found_by_name, &admin->lookup.op);
}

static step go_on(struct call *c)
{
    (void)c;
    return STEP_NEXT;
}

step admin_scope(struct call *c)
{
    return admin_find_scope(c, go_on);
}

struct change_op *admin_begin(struct call *c)
{
    struct admin *admin = admin_of(c);
    admin->op = (struct change_op){.scope = admin->scope, .who = admin->caller.who};
    wait_store_init(c, &admin->op.op);
    return &admin->op;
}

static step done(struct call *c)
{
    return wait_over(c, &admin_of(c)->op.op.err);
}

step admin_wait(struct call *c)
{
    return wait_store(c, done, &admin_of(c)->op.op);
}

static step updated(struct call *c)
{
    const struct err *err = &admin_of(c)->op.op.err;
    if (err->reason == R_NOT_FOUND) {
        return call_fail(c, R_ETAG_MISMATCH, "changed meanwhile");
    }
    return wait_over(c, err);
}

step admin_wait_version(struct call *c)
{
    return wait_store(c, updated, &admin_of(c)->op.op);
}
