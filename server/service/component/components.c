/* SPDX-License-Identifier: Apache-2.0 */
/* ComponentService: CreateComponent, DeleteComponent. What changes here holds from the next call on:
 * the scope's epoch is raised in the same transaction. Neither waits for a second admin: power is
 * switched on for components by their ids, and no id comes twice. Who registers admins, and gateways that
 * open mail, is admin_guard.h. */
#include "service/component/components.h"

#include <string.h>

#include "auth/facts.h"
#include "context/wait.h"
#include "service/common/admin_guard.h"
#include "service/common/etag.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/component/component_message.h"

enum { NAME_MAX_BYTES = 63 };

/* --- shared steps ----------------------------------------------------------------------------- */

struct component_op *components_begin(struct call *c)
{
    struct components *s = components_of(c);
    s->op =
        (struct component_op){.change = {.scope = s->scope.tenant_id, .who = caller_of(c)->who}};
    wait_store_init(c, &s->op.change.op);
    return &s->op;
}

static step done(struct call *c)
{
    return wait_over(c, &components_of(c)->op.change.op.err);
}

step components_wait(struct call *c)
{
    return wait_store(c, done, &components_of(c)->op.change.op);
}

static step found(struct call *c)
{
    const struct component_op *op = &components_of(c)->op;
    if (op->change.op.err.reason != R_NONE) {
        return wait_failed(c, &op->change.op.err);
    }
    if (op->count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such component");
    }
    components_of(c)->record = op->records[0];
    return STEP_NEXT;
}

step components_find(struct call *c)
{
    component_store_list(components_begin(c), components_of(c)->id, (struct component_id){{{0}}},
                         1);
    return wait_store(c, found, &components_of(c)->op.change.op);
}

step components_reply(struct call *c)
{
    return reply_message(
        c, component_message_write(c, &components_of(c)->record, scope_tenant_name(c)));
}

static step read_fields(struct call *c)
{
    struct components *s = components_of(c);
    return resource_read(c, &component_resource, &s->fields, s->message, &s->record, read_fields);
}

/* Prepare a change that takes a component from one role to another; ROLE_NONE: there is none. */
static struct change_op *begin_change(struct call *c, enum role before, enum role after)
{
    struct change_op *op = &components_begin(c)->change;
    op->approval.unless = admin_guard_unless(c, before, after);
    return op;
}

static step issuer_found(struct call *c)
{
    return component_message_settle_issuer(c, &components_of(c)->op);
}

/* The issuer, if there is one, must be one that may name this component. */
static step check_issuer(struct call *c)
{
    struct components *s = components_of(c);
    if (step_failed(component_message_check(c, &s->record))) {
        return STEP_FAILED;
    }
    if (ID_IS_ZERO(s->record.issuer)) {
        return STEP_NEXT;
    }
    component_store_find_issuer(components_begin(c), s->record.issuer, &s->record.component,
                                component_message_may_be_platforms(c, NULL, &s->record));
    return wait_store(c, issuer_found, &s->op.change.op);
}

static step check_proofs(struct call *c)
{
    struct components *s = components_of(c);
    return certificate_proofs_check(c, &s->proofs, NULL, &s->record, check_proofs);
}

/* --- CreateComponent -------------------------------------------------------------------------- */

static bool is_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return len > 0 && len <= NAME_MAX_BYTES && name[len] == '\0';
}

static step parse_create(struct call *c)
{
    const Chancery__V1__CreateComponentRequest *request = create_component_request(c);
    const Chancery__V1__Component *from = request->component;
    struct component_record *record = &components_of(c)->record;
    if (from == NULL) {
        return call_bad_field(c, "component", "It is required.");
    }
    scope_of(c)->tenant_name = from->tenant;
    if (!is_name(from->name)) {
        return call_bad_field(c, "component.name", "It must match [a-z0-9-]{1,63}.");
    }
    if ((int)from->role < ROLE_GATEWAY || (int)from->role > ROLE_PLATFORM_ADMIN) {
        return call_bad_field(c, "component.role",
                              "It must be one of chancery.v1.Role but PUBLIC.");
    }
    record->component.name = from->name;
    record->component.role = (enum role)from->role;
    record->component.boundary = from->boundary;
    record->mark = mark_new();
    components_of(c)->proofs = (struct certificate_proofs){
        .texts = request->proofs, .count = request->n_proofs, .asked_at = call_now(c)};
    components_of(c)->message = from;
    components_of(c)->fields.left = resource_changeable(&component_resource);
    return STEP_NEXT;
}

/* A portal answers for a whole boundary and a platform admin for all: the platform's to register.
 * Whoever acts for one tenant must be in one. */
static step check_role(struct call *c)
{
    const struct scope *scope = scope_of(c);
    enum role role = components_of(c)->record.component.role;
    bool is_platforms = role == ROLE_PORTAL || role == ROLE_PLATFORM_ADMIN;
    bool is_tenants = role == ROLE_DECRYPTOR || role == ROLE_TENANT_ADMIN || role == ROLE_CLIENT;
    if (is_platforms && (scope->tenant != NULL || !scope_is_platform(c))) {
        return call_bad_field(
            c, "component.role",
            "Portals and platform admins are the platform's: leave the tenant empty.");
    }
    if (is_tenants && scope->tenant == NULL) {
        return call_bad_field(c, "component.tenant",
                              "Decryptors, clients and tenant admins belong to a tenant.");
    }
    return admin_guard_check(c, ROLE_NONE, role);
}

static step check_boundary(struct call *c)
{
    const struct subject_component *component = &components_of(c)->record.component;
    const char *name = component->boundary;
    if (name[0] != '\0' && boundary_find(&caller_of(c)->found_platform->view, name) == NULL) {
        return call_bad_field(c, "component.boundary", "There is no such boundary.");
    }
    if (name[0] == '\0' && component->role == ROLE_PORTAL) {
        return call_bad_field(c, "component.boundary",
                              "A portal must name the boundary for which it answers.");
    }
    if (name[0] != '\0' && step_failed(scope_check_boundary(c, name))) {
        return STEP_FAILED;
    }
    return check_role(c);
}

static step check(struct call *c)
{
    const struct scope *scope = scope_of(c);
    struct subject_component *component = &components_of(c)->record.component;
    if (scope->tenant != NULL) {
        component->boundary = scope->tenant->view.boundary;
    }
    component->tenant = scope->tenant_id;
    component->id.u = uuid_v7(call_unix_us(c));
    return facts_need_platform(c, check_boundary);
}

static step create(struct call *c)
{
    const struct component_record *record = &components_of(c)->record;
    component_store_create(begin_change(c, ROLE_NONE, record->component.role), record);
    return components_wait(c);
}

const struct flow create_component_flow = {
    .method = "/chancery.v1.ComponentService/CreateComponent",
    .name = "create_component",
    .state = FLOW_STATE_ON(struct components, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_create), STEP("fields", read_fields), SCOPE_STEP,
              STEP("check", check), STEP("proofs", check_proofs), STEP("issuer", check_issuer),
              COMMIT("create", create), STEP("reply", components_reply)},
};

/* --- DeleteComponent -------------------------------------------------------------------------- */

static step parse_delete(struct call *c)
{
    const Chancery__V1__DeleteComponentRequest *request = delete_component_request(c);
    struct components *s = components_of(c);
    scope_of(c)->tenant_name = request->tenant;
    s->etag = request->etag;
    return request_uuid_required(c, "component_id", request->component_id, &s->id.u);
}

static step check_delete(struct call *c)
{
    const struct components *s = components_of(c);
    return step_failed(component_message_check_boundary(c, &s->record)) ||
                   step_failed(etag_check(c, s->etag, s->record.mark))
               ? STEP_FAILED
               : admin_guard_check(c, s->record.component.role, ROLE_NONE);
}

static step deleted(struct call *c)
{
    return etag_settle(c, &components_of(c)->op.change.op.err);
}

static step delete (struct call *c)
{
    const struct components *s = components_of(c);
    int64_t mark = s->etag[0] == '\0' ? 0 : s->record.mark;
    component_store_delete(begin_change(c, s->record.component.role, ROLE_NONE), s->id, mark);
    return wait_store(c, deleted, &components_of(c)->op.change.op);
}

const struct flow delete_component_flow = {
    .method = "/chancery.v1.ComponentService/DeleteComponent",
    .name = "delete_component",
    .state = FLOW_STATE_ON(struct components, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_delete), SCOPE_STEP, STEP("find", components_find),
              STEP("check", check_delete), COMMIT("delete", delete), STEP("reply", reply_empty)},
};
