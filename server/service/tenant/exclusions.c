/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService: AddExclusion, RemoveExclusion. Both hold from the next license on: the tenant's epoch is raised in the
 * same transaction. */
#include "chancery/v1/tenant.pb-c.h"
#include "service/common/flows.h"
#include "service/common/limits.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"

struct exclusion_change {
    struct scope scope; /* first */
    struct exclusion exclusion;
    bool is_removal;
};

static struct exclusion_change *change_of(const struct call *c)
{
    return call_state(c);
}

static step parse_exclusion(struct call *c, const char *user, const char *application,
                            const char *platform)
{
    struct exclusion *out = &change_of(c)->exclusion;
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
    change_of(c)->is_removal = true;
    return parse_exclusion(c, request->user, request->application, request->platform);
}

static step exclude(struct call *c)
{
    const struct exclusion_change *s = change_of(c);
    tenant_store_exclude(scope_begin(c), &s->exclusion, s->is_removal);
    return scope_wait(c);
}

const struct flow add_exclusion_flow = {
    .method = "/chancery.v1.TenantService/AddExclusion",
    .name = "add_exclusion",
    .state = FLOW_STATE_ON(struct exclusion_change, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_add), SCOPE_STEP, COMMIT("exclude", exclude),
              STEP("reply", reply_empty)},
};

const struct flow remove_exclusion_flow = {
    .method = "/chancery.v1.TenantService/RemoveExclusion",
    .name = "remove_exclusion",
    .state = FLOW_STATE_ON(struct exclusion_change, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_remove), SCOPE_STEP, COMMIT("exclude", exclude),
              STEP("reply", reply_empty)},
};
