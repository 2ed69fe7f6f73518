/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService: UpdateTenant, AddExclusion, RemoveExclusion. What changes here holds from the next license
 * on: the tenant's epoch is raised in the same transaction. */
#include <stdlib.h>
#include <string.h>

#include "domain/address.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "service/flows.h"
#include "service/policy_fields.h"
#include "service/reply.h"
#include "service/tenant_message.h"

struct settings {
    struct admin admin; /* first */
    const Chancery__V1__Tenant *message;
    struct tenant_row row;
    struct exclusion exclusion;
    bool is_removal;
};

static struct settings *settings_of(struct call *c)
{
    return call_state(c);
}

/* --- UpdateTenant ------------------------------------------------------------------------------- */

static step parse_update(struct call *c)
{
    const Chancery__V1__UpdateTenantRequest *request = call_request(c);
    if (request->tenant == NULL || request->update_mask == NULL ||
        request->update_mask->n_paths == 0) {
        return call_bad_field(c, "update_mask", "A tenant and the fields to change are required.");
    }
    settings_of(c)->message = request->tenant;
    admin_of(c)->tenant_name = request->tenant->tenant;
    return STEP_NEXT;
}

static step read(struct call *c)
{
    const struct admin *admin = admin_of(c);
    if (admin->tenant == NULL) {
        return call_bad_field(c, "tenant.tenant", "A platform admin must name the tenant.");
    }
    admin_get_tenant(admin_begin(c), admin->tenant->view.name);
    return admin_wait(c);
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
    if (!admin_is_platform(admin_of(c))) {
        return call_fail(c, R_COMPONENT_ROLE, "only a platform admin may change the state");
    }
    return row->state == TENANT_ACTIVE || row->state == TENANT_IS_DISABLED
               ? STEP_NEXT
               : call_bad_field(c, "tenant.state", "It must be ACTIVE or DISABLED.");
}

static step merge_path(struct call *c, const char *path, struct tenant_row *row)
{
    static const struct {
        const char *path;
        step (*set)(struct call *c, const Chancery__V1__Tenant *from, struct tenant_row *row);
    } fields[] = {{"license_cap_days", set_cap},
                  {"display_name", set_name},
                  {"onboarding", set_onboarding},
                  {"state", set_state}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].path, path) == 0) {
            return fields[i].set(c, settings_of(c)->message, row);
        }
    }
    return call_bad_field(c, "update_mask", "It names a field that can't be changed here.");
}

static step merge(struct call *c)
{
    const Chancery__V1__UpdateTenantRequest *request = call_request(c);
    struct settings *s = settings_of(c);
    s->row = s->admin.op.tenant;
    if (s->message->etag[0] != '\0' && strtoll(s->message->etag, NULL, 10) != s->row.version) {
        return call_fail(c, R_ETAG_MISMATCH, "version %lld", (long long)s->row.version);
    }
    for (size_t i = 0; i < request->update_mask->n_paths; i++) {
        if (merge_path(c, request->update_mask->paths[i], &s->row).kind == STEP_KIND_FAILED) {
            return STEP_FAILED;
        }
    }
    return STEP_NEXT;
}

static step update(struct call *c)
{
    admin_update_tenant(admin_begin(c), &settings_of(c)->row);
    return admin_wait_version(c);
}

static step reply_update(struct call *c)
{
    Chancery__V1__UpdateTenantResponse *r =
        ARENA_NEW(call_arena(c), Chancery__V1__UpdateTenantResponse);
    if (r == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    chancery__v1__update_tenant_response__init(r);
    settings_of(c)->row.version++;
    step result = tenant_write(c, &settings_of(c)->row, &r->tenant);
    return result.kind == STEP_KIND_NEXT ? call_reply(c, &r->base) : result;
}

const struct flow update_tenant_flow = {
    .method = "/chancery.v1.TenantService/UpdateTenant",
    .name = "update_tenant",
    .state_size = sizeof(struct settings),
    .steps = {{"parse", parse_update, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", admin_scope, 0},
              {"read", read, 0},
              {"merge", merge, 0},
              {"update", update, STEP_COMMIT},
              {"reply", reply_update, 0}},
    .on_refusal = caller_refused,
};

/* --- exclusions --------------------------------------------------------------------------------- */

enum { APPLICATION_MAX = 64, PLATFORM_MAX = 32 };

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
    const Chancery__V1__AddExclusionRequest *request = call_request(c);
    admin_of(c)->tenant_name = request->tenant;
    return parse_exclusion(c, request->user, request->application, request->platform);
}

static step parse_remove(struct call *c)
{
    const Chancery__V1__RemoveExclusionRequest *request = call_request(c);
    admin_of(c)->tenant_name = request->tenant;
    settings_of(c)->is_removal = true;
    return parse_exclusion(c, request->user, request->application, request->platform);
}

static step exclude(struct call *c)
{
    const struct settings *s = settings_of(c);
    admin_exclude(admin_begin(c), &s->exclusion, s->is_removal);
    return admin_wait(c);
}

static step reply_add(struct call *c)
{
    Chancery__V1__AddExclusionResponse *r =
        ARENA_NEW(call_arena(c), Chancery__V1__AddExclusionResponse);
    if (r == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    chancery__v1__add_exclusion_response__init(r);
    return call_reply(c, &r->base);
}

static step reply_remove(struct call *c)
{
    Chancery__V1__RemoveExclusionResponse *r =
        ARENA_NEW(call_arena(c), Chancery__V1__RemoveExclusionResponse);
    if (r == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    chancery__v1__remove_exclusion_response__init(r);
    return call_reply(c, &r->base);
}

const struct flow add_exclusion_flow = {
    .method = "/chancery.v1.TenantService/AddExclusion",
    .name = "add_exclusion",
    .state_size = sizeof(struct settings),
    .steps = {{"parse", parse_add, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", admin_scope, 0},
              {"exclude", exclude, STEP_COMMIT},
              {"reply", reply_add, 0}},
    .on_refusal = caller_refused,
};

const struct flow remove_exclusion_flow = {
    .method = "/chancery.v1.TenantService/RemoveExclusion",
    .name = "remove_exclusion",
    .state_size = sizeof(struct settings),
    .steps = {{"parse", parse_remove, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", admin_scope, 0},
              {"exclude", exclude, STEP_COMMIT},
              {"reply", reply_remove, 0}},
    .on_refusal = caller_refused,
};
