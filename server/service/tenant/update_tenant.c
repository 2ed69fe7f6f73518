/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService.UpdateTenant. What changes here holds from the next license on: the tenant's epoch
 * is raised in the same transaction. To require a second admin for less than before needs one, and
 * so does what makes licenses last longer or tokens worth more (docs/policy.md §6.1). Who approves that gateways open the
 * tenant's mail is shown which ones that are, and another one of them makes it another request. */
#include <string.h>

#include "base/buf.h"
#include "context/wait.h"
#include "service/common/approvable.h"
#include "service/common/etag.h"
#include "service/common/flows.h"
#include "service/common/resource_changes.h"
#include "service/tenant/tenant_message.h"
#include "store/resource/component_store.h"

struct tenant_change {
    struct tenant_row before, row;
    resource_set changed; /* the fields of the mask */
    struct resource_reading fields;
    uint32_t lowered; /* bits of enum approval_operation that would be required no more */
    struct component_op gateways; /* that get power by it; .gateways NULL: not looked at */
};

static struct tenant_change *change_of(struct call *c)
{
    return approvable_of(c)->value;
}

static bool changes_state(struct call *c)
{
    return (change_of(c)->changed & resource_field(&tenant_resource, "state")) != 0;
}

static bool changes_limits(struct call *c)
{
    return (change_of(c)->changed & resource_field(&tenant_resource, "limits")) != 0;
}

static step parse(struct call *c)
{
    const Chancery__V1__UpdateTenantRequest *request = update_tenant_request(c);
    approvable_of(c)->act = &update_tenant_act;
    approvable_of(c)->request = request;
    if (request->tenant == NULL) {
        return call_bad_field(c, "tenant", "It is required.");
    }
    scope_of(c)->tenant_name = request->tenant->tenant;
    return STEP_NEXT;
}

/* --- check ------------------------------------------------------------------------------------ */

static step gateways_found(struct call *c)
{
    return wait_over(c, &change_of(c)->gateways.change.op.err);
}

static step find_gateways(struct call *c)
{
    struct component_op *op = &change_of(c)->gateways;
    *op = (struct component_op){
        .change = {.scope = scope_of(c)->tenant_id, .who = caller_of(c)->who}};
    wait_store_init(c, &op->change.op);
    component_store_find_gateways(op);
    return wait_store(c, gateways_found, &op->change.op);
}

static bool scans(const struct tenant_row *row)
{
    return row->transport_decryption == TRANSPORT_DECRYPTION_OPTIONAL ||
           row->transport_decryption == TRANSPORT_DECRYPTION_MANDATORY;
}

static bool journals(const struct tenant_row *row)
{
    return (row->switches & TENANT_JOURNALS_IN_CLEAR) != 0;
}

static bool gives_gateways_power(const struct tenant_change *change)
{
    return (scans(&change->row) && !scans(&change->before)) ||
           (journals(&change->row) && !journals(&change->before));
}

static step merged(struct call *c)
{
    struct tenant_change *change = change_of(c);
    bool is_shown = approvable_of(c)->approving != NULL || change->before.approvals != 0;
    change->lowered = change->before.approvals & ~change->row.approvals;
    if (change->lowered != 0 && changes_state(c)) {
        return call_bad_field(c, "update_mask", "Change the state in a request of its own.");
    }
    return is_shown && gives_gateways_power(change) ? find_gateways(c) : STEP_NEXT;
}

static step merge(struct call *c)
{
    const Chancery__V1__UpdateTenantRequest *request = approvable_of(c)->request;
    struct tenant_change *change = change_of(c);
    return resource_read(c, &tenant_resource, &change->fields, request->tenant, &change->row,
                         merge);
}

/* Lay the request over what is stored. */
static step have_stored(struct call *c)
{
    const Chancery__V1__UpdateTenantRequest *request = approvable_of(c)->request;
    const struct change_op *read = &scope_of(c)->op;
    if (read->op.err.reason != R_NONE) {
        return wait_failed(c, &read->op.err);
    }
    change_of(c)->before = change_of(c)->row = *read->tenant;
    change_of(c)->row.new_mark = mark_new();
    if (step_failed(etag_check(c, request->tenant->etag, read->tenant->mark))) {
        return STEP_FAILED;
    }
    call_then(c, merged);
    return merge(c);
}

/* Switching a tenant off, and how much it may do, is the operator's decision. */
static step check(struct call *c)
{
    const Chancery__V1__UpdateTenantRequest *request = approvable_of(c)->request;
    const struct scope *scope = scope_of(c);
    struct tenant_change *change = change_of(c);
    if (scope->tenant == NULL) {
        return call_bad_field(c, "tenant.tenant", "A platform admin must name the tenant.");
    }
    if (step_failed(resource_read_mask(c, &tenant_resource, request->tenant, request->update_mask,
                                       &change->changed))) {
        return STEP_FAILED;
    }
    if (changes_state(c) && !scope_is_platforms_word(c)) {
        return call_fail(c, R_COMPONENT_ROLE, "only a platform admin may change the state");
    }
    if (changes_limits(c) && !scope_is_platforms_word(c)) {
        return call_fail(c, R_COMPONENT_ROLE, "only a platform admin may change the limits");
    }
    change->fields.left = change->changed;
    struct change_op *op = scope_begin(c);
    tenant_store_get(op, scope->tenant->view.name);
    return wait_store(c, have_stored, &op->op);
}

/* --- the act ---------------------------------------------------------------------------------- */

static void changes(struct call *c, struct approval_changes *out)
{
    const void *before = tenant_message_write(c, &change_of(c)->before);
    const void *after = tenant_message_write(c, &change_of(c)->row);
    out->failed = out->failed || before == NULL || after == NULL;
    if (!out->failed) {
        const struct component_op *found = &change_of(c)->gateways;
        resource_changes_add(out, &tenant_resource, before, after, 0);
        approval_changes_add_texts(out, "gateways", (struct text_list){NULL, 0},
                                   (struct text_list){found->gateways, found->gateway_count});
    }
}

/* Between optional and mandatory gateways open the same. */
#define TRANSPORT_OFF "TRANSPORT_DECRYPTION_OFF"
static bool opens_nothing_more(const struct approval_change *change)
{
    return strcmp(change->before, TRANSPORT_OFF) != 0 || strcmp(change->after, TRANSPORT_OFF) == 0;
}

/* Lowering the requirement has a rule of its own; the state is the operator's. */
static const struct harmless_change harmless[] = {
    {"tenant.display_name", NULL},
    {"tenant.state", NULL},
    {"tenant.license_cap_days", approval_change_is_less},
    {"tenant.onboarding", NULL}, /* who may protect; that opens nothing */
    {"tenant.two_person", NULL},
    {"tenant.require_bound_user_tokens", approval_change_is_on},
    {"tenant.require_bound_component_tokens", approval_change_is_on},
    {"tenant.do_not_forward_off", NULL}, /* how is protected; that opens nothing */
    {"tenant.encrypt_only_off", NULL},
    {"tenant.social_identities_off", approval_change_is_on},
    {"tenant.attachments_freed", approval_change_is_off},
    {"tenant.reject_without_rights", NULL}, /* what is sent; that opens nothing */
    {"tenant.disable_passcodes", approval_change_is_on},
    {"tenant.transport_decryption", opens_nothing_more},
    {"tenant.journal_decryption", approval_change_is_off},
    {"tenant.notify_owners", NULL},     /* what owners may read anyway */
    {"tenant.do_not_track", NULL},      /* who is shown; that opens nothing */
    {"tenant.key_rotation_days", NULL}, /* lets nobody in and shuts nobody out */
    {"tenant.limits", NULL},            /* how much is done; that opens nothing */
};

static uint32_t effect(struct call *c)
{
    bool is_harmless = approval_changes_are_harmless(approvable_changes(c), harmless,
                                                     sizeof harmless / sizeof harmless[0]);
    return (change_of(c)->lowered != 0 ? 1U << APPROVAL_LOWER_REQUIREMENT : 0) |
           (is_harmless ? 0 : 1U << APPROVAL_CONTENT_ACCESS);
}

/* What is not required any more, and which fields change. */
static const char *summary(struct call *c)
{
    static const char *const names[] = {"",
                                        "CONTENT_ACCESS",
                                        "EXPORT_KEYS",
                                        "DESTROY_KEY",
                                        "PARTNER_EXCEPTION",
                                        "LOWER_REQUIREMENT"};
    const struct tenant_change *change = change_of(c);
    const char *fields = resource_names(c, &tenant_resource, change->changed);
    struct buf text;
    struct slice all;
    if (fields == NULL) {
        return NULL;
    }
    buf_init(&text, call_arena(c));
    buf_add_str(&text, change->lowered == 0 ? "Change the tenant's settings"
                                            : "No longer require two-person approval for");
    for (size_t i = 1; i < sizeof names / sizeof names[0]; i++) {
        if ((change->lowered & 1U << i) != 0) {
            buf_printf(&text, " %s", names[i]);
        }
    }
    buf_printf(&text, "%s %s", change->lowered == 0 ? ":" : "; changes", fields);
    return buf_finish(&text, &all, NULL).ok ? arena_dup(call_arena(c), all) : NULL;
}

static void perform(struct change_op *op, const void *value)
{
    tenant_store_update(op, &((const struct tenant_change *)value)->row);
}

const struct approvable_act update_tenant_act = {
    .name = "update_tenant",
    .operation = APPROVAL_LOWER_REQUIREMENT,
    .request = &chancery__v1__update_tenant_request__descriptor,
    .value_size = sizeof(struct tenant_change),
    .check = check,
    .effect = effect,
    .summary = summary,
    .changes = changes,
    .perform = perform,
    .unmatched = R_ETAG_MISMATCH,
};

static void *write_tenant(struct call *c)
{
    change_of(c)->row.mark = change_of(c)->row.new_mark;
    return tenant_message_write(c, &change_of(c)->row);
}

static step reply(struct call *c)
{
    return approvable_reply(c, write_tenant);
}

const struct flow update_tenant_flow = {
    .method = "/chancery.v1.TenantService/UpdateTenant",
    .name = "update_tenant",
    .state = APPROVABLE_STATE,
    .memory = TENANT_MEMORY,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("update"),
              STEP("reply", reply)},
};
