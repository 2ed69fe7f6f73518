/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService: UpdateTenant, AddExclusion, RemoveExclusion. What changes here holds from the next license
 * on: the tenant's epoch is raised in the same transaction. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "context/wait.h"
#include "domain/values/address.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/policy_fields.h"
#include "service/common/reply.h"
#include "service/tenant/tenant_message.h"

/* --- UpdateTenant ------------------------------------------------------------------------------- */

enum { UPDATE_PATHS_MAX = 16 };

struct tenant_change {
    struct tenant_row row;
    uint32_t lowered; /* bits of enum approval_operation that would be required no more */
    bool changes_state;
};

static struct tenant_change *change_of(struct call *c)
{
    return approvable_of(c)->value;
}

static step parse_update(struct call *c)
{
    const Chancery__V1__UpdateTenantRequest *request = update_tenant_request(c);
    approvable_of(c)->act = &update_tenant_act;
    approvable_of(c)->request = request;
    if (request->tenant == NULL || request->update_mask == NULL ||
        request->update_mask->n_paths == 0 || request->update_mask->n_paths > UPDATE_PATHS_MAX) {
        return call_bad_field(c, "update_mask",
                              "A tenant and the fields to change, at most 16, are required.");
    }
    scope_of(c)->tenant_name = request->tenant->tenant;
    return STEP_NEXT;
}

static step set_cap(struct call *c, const Chancery__V1__Tenant *from, struct tenant_row *row)
{
    row->license_cap_days = from->license_cap_days;
    return from->license_cap_days <= LICENSE_CAP_DAYS_MAX
               ? STEP_NEXT
               : call_bad_field(c, "tenant.license_cap_days", "It may be at most 365.");
}

static step set_name(struct call *c, const Chancery__V1__Tenant *from, struct tenant_row *row)
{
    row->display_name = from->display_name;
    return request_text(c, "tenant.display_name", from->display_name, TENANT_DISPLAY_NAME_MAX);
}

static step set_onboarding(struct call *c, const Chancery__V1__Tenant *from, struct tenant_row *row)
{
    row->onboarding_count = from->n_onboarding;
    return policy_read_principals(c, "tenant.onboarding", from->onboarding, from->n_onboarding,
                                  &row->onboarding);
}

/* Switching a tenant off is the operator's decision. */
static step set_state(struct call *c, const Chancery__V1__Tenant *from, struct tenant_row *row)
{
    row->state = from->state;
    change_of(c)->changes_state = true;
    if (!scope_is_platform(c)) {
        return call_fail(c, R_COMPONENT_ROLE, "only a platform admin may change the state");
    }
    return row->state == TENANT_ACTIVE || row->state == TENANT_IS_DISABLED
               ? STEP_NEXT
               : call_bad_field(c, "tenant.state", "It must be ACTIVE or DISABLED.");
}

static step set_two_person(struct call *c, const Chancery__V1__Tenant *from, struct tenant_row *row)
{
    return tenant_read_two_person(c, from, &row->approvals);
}

static step set_bound_users(struct call *c, const Chancery__V1__Tenant *from,
                            struct tenant_row *row)
{
    (void)c;
    row->needs_bound_users = from->require_bound_user_tokens;
    return STEP_NEXT;
}

static step set_bound_components(struct call *c, const Chancery__V1__Tenant *from,
                                 struct tenant_row *row)
{
    (void)c;
    row->needs_bound_components = from->require_bound_component_tokens;
    return STEP_NEXT;
}

static step merge_path(struct call *c, const char *path, struct tenant_row *row)
{
    static const struct {
        const char *path;
        step (*set)(struct call *c, const Chancery__V1__Tenant *from, struct tenant_row *row);
    } fields[] = {{"license_cap_days", set_cap},
                  {"display_name", set_name},
                  {"onboarding", set_onboarding},
                  {"state", set_state},
                  {"require_bound_user_tokens", set_bound_users},
                  {"require_bound_component_tokens", set_bound_components},
                  {"two_person", set_two_person}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].path, path) == 0) {
            const Chancery__V1__UpdateTenantRequest *request = approvable_of(c)->request;
            return fields[i].set(c, request->tenant, row);
        }
    }
    return call_bad_field(c, "update_mask", "It names a field that can't be changed here.");
}

static step merge(struct call *c)
{
    const Chancery__V1__UpdateTenantRequest *request = approvable_of(c)->request;
    const struct change_op *read = &scope_of(c)->op;
    struct tenant_change *change = change_of(c);
    if (read->op.err.reason != R_NONE) {
        return wait_failed(c, &read->op.err);
    }
    change->row = *read->tenant;
    const char *etag = request->tenant->etag;
    if (etag[0] != '\0' && strtoll(etag, NULL, 10) != change->row.version) {
        return call_fail(c, R_ETAG_MISMATCH, "version %lld", (long long)change->row.version);
    }
    for (size_t i = 0; i < request->update_mask->n_paths; i++) {
        if (step_failed(merge_path(c, request->update_mask->paths[i], &change->row))) {
            return STEP_FAILED;
        }
    }
    change->lowered = read->tenant->approvals & ~change->row.approvals;
    return change->lowered != 0 && change->changes_state
               ? call_bad_field(c, "update_mask", "Change the state in a request of its own.")
               : STEP_NEXT;
}

/* Read what is stored, then lay the request over it. */
static step check_update(struct call *c)
{
    const struct scope *scope = scope_of(c);
    if (scope->tenant == NULL) {
        return call_bad_field(c, "tenant.tenant", "A platform admin must name the tenant.");
    }
    struct change_op *op = scope_begin(c);
    tenant_store_get(op, scope->tenant->view.name);
    return wait_store(c, merge, &op->op);
}

static bool lowers_requirement(struct call *c)
{
    return change_of(c)->lowered != 0;
}

/* What is not required any more, and which other fields change with it. */
static const char *summary_update(struct call *c)
{
    static const char *const names[] = {"",
                                        "GRANT_SUPER_USER",
                                        "EXPORT_KEYS",
                                        "DESTROY_KEY",
                                        "PARTNER_EXCEPTION",
                                        "LOWER_REQUIREMENT"};
    const Chancery__V1__UpdateTenantRequest *request = approvable_of(c)->request;
    struct buf text;
    struct slice all;
    buf_init(&text, call_arena(c));
    buf_add_str(&text, "No longer require two-person approval for");
    for (size_t i = 1; i < sizeof names / sizeof names[0]; i++) {
        if ((change_of(c)->lowered & 1U << i) != 0) {
            buf_printf(&text, " %s", names[i]);
        }
    }
    buf_add_str(&text, "; changes");
    for (size_t i = 0; i < request->update_mask->n_paths && i < UPDATE_PATHS_MAX; i++) {
        buf_printf(&text, " %s", request->update_mask->paths[i]);
    }
    return buf_finish(&text, &all, NULL).ok ? arena_dup(call_arena(c), all) : NULL;
}

static void perform_update(struct change_op *op, const void *value)
{
    tenant_store_update(op, &((const struct tenant_change *)value)->row);
}

const struct approvable_act update_tenant_act = {
    .name = "update_tenant",
    .operation = APPROVAL_LOWER_REQUIREMENT,
    .request = &chancery__v1__update_tenant_request__descriptor,
    .value_size = sizeof(struct tenant_change),
    .check = check_update,
    .needs_approval = lowers_requirement,
    .summary = summary_update,
    .perform = perform_update,
    .unmatched = R_ETAG_MISMATCH,
};

static step reply_update(struct call *c)
{
    Chancery__V1__UpdateTenantResponse *r = update_tenant_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->approval_id = approvable_reply_id(c);
    if (r->approval_id[0] != '\0') {
        return update_tenant_reply(c, r);
    }
    change_of(c)->row.version++;
    step result = tenant_write(c, &change_of(c)->row, &r->tenant);
    return step_failed(result) ? result : update_tenant_reply(c, r);
}

const struct flow update_tenant_flow = {
    .method = "/chancery.v1.TenantService/UpdateTenant",
    .name = "update_tenant",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse_update), SCOPE_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("update"), STEP("reply", reply_update)},
};

/* --- exclusions --------------------------------------------------------------------------------- */

enum { APPLICATION_MAX = 64, PLATFORM_MAX = 32 };

struct settings {
    struct scope scope; /* first */
    struct exclusion exclusion;
    bool is_removal;
};

static struct settings *settings_of(const struct call *c)
{
    return call_state(c);
}

static step parse_exclusion(struct call *c, const char *user, const char *application,
                            const char *platform)
{
    struct exclusion *out = &settings_of(c)->exclusion;
    int given = (user[0] != '\0') + (application[0] != '\0') + (platform[0] != '\0');
    if (given != 1) {
        return call_bad_field(c, "user",
                              "Exactly one of user, application and platform is needed.");
    }
    if (user[0] != '\0') {
        out->kind = EXCLUDED_USER;
        return request_address(c, "user", user, &out->value);
    }
    out->kind = application[0] != '\0' ? EXCLUDED_APPLICATION : EXCLUDED_PLATFORM;
    out->value = application[0] != '\0' ? application : platform;
    return application[0] != '\0' ? request_text(c, "application", application, APPLICATION_MAX)
                                  : request_text(c, "platform", platform, PLATFORM_MAX);
}

static step parse_add(struct call *c)
{
    const Chancery__V1__AddExclusionRequest *request = add_exclusion_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return parse_exclusion(c, request->user, request->application, request->platform);
}

static step parse_remove(struct call *c)
{
    const Chancery__V1__RemoveExclusionRequest *request = remove_exclusion_request(c);
    scope_of(c)->tenant_name = request->tenant;
    settings_of(c)->is_removal = true;
    return parse_exclusion(c, request->user, request->application, request->platform);
}

static step exclude(struct call *c)
{
    const struct settings *s = settings_of(c);
    tenant_store_exclude(scope_begin(c), &s->exclusion, s->is_removal);
    return scope_wait(c);
}

const struct flow add_exclusion_flow = {
    .method = "/chancery.v1.TenantService/AddExclusion",
    .name = "add_exclusion",
    .state = FLOW_STATE_ON(struct settings, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_add), SCOPE_STEP, COMMIT("exclude", exclude),
              STEP("reply", reply_empty)},
};

const struct flow remove_exclusion_flow = {
    .method = "/chancery.v1.TenantService/RemoveExclusion",
    .name = "remove_exclusion",
    .state = FLOW_STATE_ON(struct settings, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_remove), SCOPE_STEP, COMMIT("exclude", exclude),
              STEP("reply", reply_empty)},
};
