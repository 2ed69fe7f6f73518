/* SPDX-License-Identifier: Apache-2.0 */
/* ComponentService.UpdateComponent. A component that holds super-user power, or a gateway where the
 * tenant has its mail opened on its way, opens what its tenant has, so whoever changes by what it is known comes to that: such a change waits for a second admin
 * (docs/policy.md §6.1). */
#include "context/wait.h"
#include "domain/relations/gateway_purpose.h"
#include "domain/relations/super_user.h"
#include "service/common/admin_guard.h"
#include "service/common/approvable.h"
#include "service/common/etag.h"
#include "service/common/flows.h"
#include "service/common/request.h"
#include "service/common/resource_changes.h"
#include "service/component/certificate_proofs.h"
#include "service/component/component_message.h"

struct component_change {
    struct component_op op;
    struct component_id id;
    struct component_record before, record;
    resource_set mask;
    struct resource_reading fields;
    struct certificate_proofs proofs;
};

static struct component_change *change_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static const Chancery__V1__Component *message_of(const struct call *c)
{
    const Chancery__V1__UpdateComponentRequest *request = approvable_of(c)->request;
    return request->component;
}

static step parse(struct call *c)
{
    const Chancery__V1__UpdateComponentRequest *request = update_component_request(c);
    approvable_of(c)->act = &update_component_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->component == NULL ? "" : request->component->tenant;
    return STEP_NEXT;
}

/* --- check ------------------------------------------------------------------------------------ */

static struct component_op *begin(struct call *c)
{
    struct component_change *change = change_of(c);
    change->op = (struct component_op){
        .change = {.scope = scope_of(c)->tenant_id, .who = caller_of(c)->who}};
    wait_store_init(c, &change->op.change.op);
    return &change->op;
}

static step issuer_found(struct call *c)
{
    return component_message_settle_issuer(c, &change_of(c)->op);
}

/* The issuer, if there is one, must be one that may name this component. */
static step proven(struct call *c)
{
    struct component_change *change = change_of(c);
    if (step_failed(component_message_check(c, &change->record))) {
        return STEP_FAILED;
    }
    if (ID_IS_ZERO(change->record.issuer)) {
        return STEP_NEXT;
    }
    bool or_platform = component_message_may_be_platforms(c, &change->before, &change->record);
    component_store_find_issuer(begin(c), change->record.issuer, &change->record.component,
                                or_platform);
    return wait_store(c, issuer_found, &change->op.change.op);
}

static step check_proofs(struct call *c)
{
    struct component_change *change = change_of(c);
    return certificate_proofs_check(c, &change->proofs, &change->before, &change->record,
                                    check_proofs);
}

static step merged(struct call *c)
{
    call_then(c, proven);
    return check_proofs(c);
}

static step merge(struct call *c)
{
    struct component_change *change = change_of(c);
    return resource_read(c, &component_resource, &change->fields, message_of(c), &change->record,
                         merge);
}

/* An admin is changed by platform admins only; that the tenant requires nothing is looked at again
 * in the act's transaction. */
static step found(struct call *c)
{
    struct component_change *change = change_of(c);
    const struct component_op *op = &change->op;
    if (op->change.op.err.reason != R_NONE) {
        return wait_failed(c, &op->change.op.err);
    }
    if (op->count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such component");
    }
    change->before = change->record = op->records[0];
    change->record.new_mark = mark_new();
    enum role role = change->record.component.role;
    approvable_of(c)->unless = admin_guard_unless(c, role, role);
    if (step_failed(component_message_check_boundary(c, &change->record)) ||
        step_failed(etag_check(c, message_of(c)->etag, change->record.mark)) ||
        step_failed(admin_guard_check(c, role, role))) {
        return STEP_FAILED;
    }
    call_then(c, merged);
    return merge(c);
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
    const Chancery__V1__UpdateComponentRequest *request = approvable_of(c)->request;
    struct component_change *change = change_of(c);
    if (step_failed(resource_read_mask(c, &component_resource, request->component,
                                       request->update_mask, &change->mask)) ||
        step_failed(request_uuid_required(c, "component.component_id",
                                          request->component->component_id, &change->id.u))) {
        return STEP_FAILED;
    }
    if (request->n_proofs > 0 &&
        (change->mask & resource_field(&component_resource, "certificate_sha256")) == 0) {
        return call_bad_field(c, "proofs", "They need certificate_sha256 in update_mask.");
    }
    change->proofs = (struct certificate_proofs){
        .texts = request->proofs, .count = request->n_proofs, .asked_at = asked_at(c)};
    change->fields.left = change->mask;
    component_store_list(begin(c), change->id, (struct component_id){{{0}}}, 1);
    return wait_store(c, found, &change->op.change.op);
}

/* --- the act ---------------------------------------------------------------------------------- */

static void changes(struct call *c, struct approval_changes *out)
{
    const void *before = component_message_write(c, &change_of(c)->before, "");
    const void *after = component_message_write(c, &change_of(c)->record, "");
    out->failed = out->failed || before == NULL || after == NULL;
    if (!out->failed) {
        resource_changes_add(out, &component_resource, before, after, 0);
    }
}

/* Of a component that holds power. */
static const struct harmless_change harmless[] = {
    {"component.sender_domains", NULL}, /* for whom it protects; that opens nothing */
    {"component.certificate_sha256", approval_change_is_removal},
    {"component.issuer_id", approval_change_is_removal},
    {"component.subject", approval_change_is_removal},
    {"component.disabled", approval_change_is_on},
};

static bool has_power(struct call *c, const struct tenant_view *tenant)
{
    bool is_opener = change_of(c)->before.component.role == ROLE_GATEWAY;
    return (is_opener && gateway_has_power(tenant)) ||
           super_user_names_component(tenant, change_of(c)->id, call_now(c));
}

static uint32_t effect(struct call *c)
{
    const struct tenant_record *tenant = scope_of(c)->tenant;
    if (tenant == NULL || !has_power(c, &tenant->view)) {
        return 0;
    }
    return approval_changes_are_harmless(approvable_changes(c), harmless,
                                         sizeof harmless / sizeof harmless[0])
               ? 0
               : 1U << APPROVAL_CONTENT_ACCESS;
}

static const char *summary(struct call *c)
{
    const struct component_change *change = change_of(c);
    const char *fields = resource_names(c, &component_resource, change->mask);
    return fields == NULL
               ? NULL
               : arena_printf(call_arena(c), "Change component %s, which may open content: %s",
                              change->record.component.name, fields);
}

static void perform(struct change_op *op, const void *value)
{
    component_store_update(op, &((const struct component_change *)value)->record);
}

const struct approvable_act update_component_act = {
    .name = "update_component",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__update_component_request__descriptor,
    .value_size = sizeof(struct component_change),
    .check = check,
    .effect = effect,
    .summary = summary,
    .changes = changes,
    .perform = perform,
    .unmatched = R_ETAG_MISMATCH,
};

static void *write_component(struct call *c)
{
    change_of(c)->record.mark = change_of(c)->record.new_mark;
    return component_message_write(c, &change_of(c)->record, scope_tenant_name(c));
}

static step reply(struct call *c)
{
    return approvable_reply(c, write_component);
}

const struct flow update_component_flow = {
    .method = "/chancery.v1.ComponentService/UpdateComponent",
    .name = "update_component",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("update"),
              STEP("reply", reply)},
};
