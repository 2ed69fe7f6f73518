/* SPDX-License-Identifier: Apache-2.0 */
/* ComponentService.CreateComponent. What is registered may call from the next moment on: the scope's epoch is raised in
 * the same transaction. Power is switched on for components by their ids, and no id comes twice, so nobody gets any by
 * being registered; but a gateway where the tenant has its mail opened on its way opens all of it. That waits for a second
 * admin, whoever asks (docs/policy.md §6.1). Who registers admins is admin_guard.h. */
#include <string.h>

#include "auth/facts.h"
#include "context/wait.h"
#include "domain/relations/gateway_purpose.h"
#include "service/common/admin_guard.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/resource_changes.h"
#include "service/component/certificate_proofs.h"
#include "service/component/component_message.h"

enum { NAME_MAX_BYTES = 63 };

struct component_creation {
    struct component_op op;
    struct component_record record;
    struct resource_reading fields;
    struct certificate_proofs proofs;
};

static struct component_creation *creation_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static const Chancery__V1__Component *message_of(const struct call *c)
{
    const Chancery__V1__CreateComponentRequest *request = approvable_of(c)->request;
    return request->component;
}

static step parse(struct call *c)
{
    const Chancery__V1__CreateComponentRequest *request = create_component_request(c);
    approvable_of(c)->act = &create_component_act;
    approvable_of(c)->request = request;
    if (request->component == NULL) {
        return call_bad_field(c, "component", "It is required.");
    }
    scope_of(c)->tenant_name = request->component->tenant;
    return STEP_NEXT;
}

/* --- credentials ------------------------------------------------------------------------------ */

static step issuer_found(struct call *c)
{
    return component_message_settle_issuer(c, &creation_of(c)->op);
}

/* The issuer, if there is one, must be one that may name this component. */
static step proven(struct call *c)
{
    struct component_creation *made = creation_of(c);
    if (step_failed(component_message_check(c, &made->record))) {
        return STEP_FAILED;
    }
    if (ID_IS_ZERO(made->record.issuer)) {
        return STEP_NEXT;
    }
    made->op = (struct component_op){
        .change = {.scope = scope_of(c)->tenant_id, .who = caller_of(c)->who}};
    wait_store_init(c, &made->op.change.op);
    component_store_find_issuer(&made->op, made->record.issuer, &made->record.component,
                                component_message_may_be_platforms(c, NULL, &made->record));
    return wait_store(c, issuer_found, &made->op.change.op);
}

static step check_proofs(struct call *c)
{
    struct component_creation *made = creation_of(c);
    return certificate_proofs_check(c, &made->proofs, NULL, &made->record, check_proofs);
}

/* --- who it is -------------------------------------------------------------------------------- */

/* A portal answers for a whole boundary and a platform admin for all: the platform's to register.
 * Whoever acts for one tenant must be in one. */
static step check_role(struct call *c)
{
    const struct scope *scope = scope_of(c);
    enum role role = creation_of(c)->record.component.role;
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
    approvable_of(c)->unless = admin_guard_unless(c, ROLE_NONE, role);
    return admin_guard_check(c, ROLE_NONE, role);
}

static step check_boundary(struct call *c)
{
    const struct subject_component *component = &creation_of(c)->record.component;
    const char *name = component->boundary;
    if (name[0] != '\0' && boundary_find(&caller_of(c)->found_platform->view, name) == NULL) {
        return call_bad_field(c, "component.boundary", "There is no such boundary.");
    }
    if (name[0] == '\0' && component->role == ROLE_PORTAL) {
        return call_bad_field(c, "component.boundary",
                              "A portal must name the boundary for which it answers.");
    }
    if ((name[0] != '\0' && step_failed(scope_check_boundary(c, name))) ||
        step_failed(check_role(c))) {
        return STEP_FAILED;
    }
    call_then(c, proven);
    return check_proofs(c);
}

static step fields_read(struct call *c)
{
    const struct scope *scope = scope_of(c);
    struct subject_component *component = &creation_of(c)->record.component;
    if (scope->tenant != NULL) {
        component->boundary = scope->tenant->view.boundary;
    }
    component->tenant = scope->tenant_id;
    component->id.u = uuid_v7(call_unix_us(c));
    return facts_need_platform(c, check_boundary);
}

static step read_fields(struct call *c)
{
    struct component_creation *made = creation_of(c);
    return resource_read(c, &component_resource, &made->fields, message_of(c), &made->record,
                         read_fields);
}

static bool is_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return len > 0 && len <= NAME_MAX_BYTES && name[len] == '\0';
}

/* A request that waited for its approval had ten minutes from its proofs to itself, not to its
 * approval. */
static struct unix_time asked_at(const struct call *c)
{
    const struct approval_row *row = approvable_of(c)->approving;
    return row == NULL ? call_now(c) : (struct unix_time){row->requested_at / 1000000};
}

static step check(struct call *c)
{
    const Chancery__V1__CreateComponentRequest *request = approvable_of(c)->request;
    const Chancery__V1__Component *from = request->component;
    struct component_creation *made = creation_of(c);
    struct component_record *record = &made->record;
    if (!is_name(from->name)) {
        return call_bad_field(c, "component.name", "It must match [a-z0-9-]{1,63}.");
    }
    if ((int)from->role < ROLE_GATEWAY || (int)from->role > ROLE_PLATFORM_ADMIN) {
        return call_bad_field(c, "component.role",
                              "It must be a role of chancery.v1.Role that a component may have.");
    }
    record->component.name = from->name;
    record->component.role = (enum role)from->role;
    record->component.boundary = from->boundary;
    record->mark = mark_new();
    made->proofs = (struct certificate_proofs){
        .texts = request->proofs, .count = request->n_proofs, .asked_at = asked_at(c)};
    made->fields.left = resource_changeable(&component_resource);
    call_then(c, fields_read);
    return read_fields(c);
}

/* --- the act ---------------------------------------------------------------------------------- */

static void changes(struct call *c, struct approval_changes *out)
{
    const void *after = component_message_write(c, &creation_of(c)->record, "");
    out->failed = out->failed || after == NULL;
    if (!out->failed) {
        resource_changes_add(out, &component_resource, NULL, after, 0);
    }
}

static uint32_t effect(struct call *c)
{
    const struct tenant_record *tenant = scope_of(c)->tenant;
    bool opens = tenant != NULL && creation_of(c)->record.component.role == ROLE_GATEWAY &&
                 gateway_has_power(&tenant->view);
    return opens ? 1U << APPROVAL_CONTENT_ACCESS : 0;
}

static const char *summary(struct call *c)
{
    return arena_printf(call_arena(c),
                        "Register gateway %s, which opens the tenant's mail on its way",
                        creation_of(c)->record.component.name);
}

static void perform(struct change_op *op, const void *value)
{
    component_store_create(op, &((const struct component_creation *)value)->record);
}

const struct approvable_act create_component_act = {
    .name = "create_component",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__create_component_request__descriptor,
    .value_size = sizeof(struct component_creation),
    .check = check,
    .effect = effect,
    .summary = summary,
    .changes = changes,
    .perform = perform,
};

static void *write_component(struct call *c)
{
    return component_message_write(c, &creation_of(c)->record, scope_tenant_name(c));
}

static step reply(struct call *c)
{
    return approvable_reply(c, write_component);
}

const struct flow create_component_flow = {
    .method = "/chancery.v1.ComponentService/CreateComponent",
    .name = "create_component",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("create"),
              STEP("reply", reply)},
};
