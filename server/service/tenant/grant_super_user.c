/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService.GrantSuperUser. Power is switched on with a reason and an end; whether it holds is
 * decided at every license, against the clock (domain/relations/super_user.c).
 *
 * Where a second admin approves it, they are shown who would have the power: a component with what
 * it is known by, a person with all their names, a group with its members. Whoever came to stand
 * behind a name while the request waited would have been approved unseen. */
#include "base/encode.h"
#include "chancery/v1/tenant.pb-c.h"
#include "context/wait.h"
#include "domain/values/address.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/limits.h"
#include "service/common/request.h"
#include "service/tenant/super_user_principal.h"
#include "store/resource/component_store.h"
#include "store/resource/super_user_store.h"

enum { SUPER_USER_DAYS_MAX = 30, DAY_S = 24 * 60 * 60 };

struct grant_value {
    struct super_user_principal principal;
    struct component_op component; /* with .principal.is_component; .records NULL: it is none */
    struct power_names names;      /* of a person or group; .count 0: not looked at, or unknown */
    struct super_user_row row;
    char end[RFC3339_BYTES];
    const char *target; /* what the log and the approval say */
};

static struct grant_value *value_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse(struct call *c)
{
    const Chancery__V1__GrantSuperUserRequest *request = grant_super_user_request(c);
    approvable_of(c)->act = &grant_super_user_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

/* --- check ------------------------------------------------------------------------------------ */

/* "user:eve@contoso.com until 2026-05-01T00:00:00Z: litigation hold" */
static step describe(struct call *c)
{
    struct grant_value *v = value_of(c);
    const char *name = v->component.count == 0 ? "" : v->component.records[0].component.name;
    bool is_named = name[0] != '\0';
    clock_rfc3339(v->row.expires_at, v->end);
    v->target =
        arena_printf(call_arena(c), "%s%s%s%s until %.19sZ: %s", v->row.principal,
                     is_named ? " (" : "", name, is_named ? ")" : "", v->end, v->row.reason);
    return v->target == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "target") : STEP_NEXT;
}

static step component_found(struct call *c)
{
    const struct err *err = &value_of(c)->component.change.op.err;
    return err->reason == R_NOT_FOUND
               ? approvable_refuse(c, "principal", "The tenant has no such component.")
           : err->reason == R_NONE ? describe(c)
                                   : wait_failed(c, err);
}

static step find_component(struct call *c)
{
    struct grant_value *v = value_of(c);
    v->component = (struct component_op){
        .change = {.scope = scope_of(c)->tenant_id, .who = caller_of(c)->who}};
    wait_store_init(c, &v->component.change.op);
    component_store_find_own(&v->component, v->principal.component);
    return wait_store(c, component_found, &v->component.change.op);
}

static step names_found(struct call *c)
{
    const struct power_names *names = &value_of(c)->names;
    if (names->op.err.reason != R_NONE) {
        return wait_failed(c, &names->op.err);
    }
    caller_add_scope(c, names->known.scope, names->known.epoch);
    return names->is_whole ? describe(c)
                           : approvable_refuse(c, "principal",
                                               "It has more than 1,000 members, of whom nobody can "
                                               "read who would have the power.");
}

static step find_names(struct call *c)
{
    struct grant_value *v = value_of(c);
    v->names =
        (struct power_names){.tenant = scope_of(c)->tenant_id, .address = v->principal.address};
    wait_store_init(c, &v->names.op);
    super_user_store_find_names(&v->names);
    return wait_store(c, names_found, &v->names.op);
}

static step check_principal(struct call *c)
{
    struct grant_value *v = value_of(c);
    const struct tenant_record *tenant = scope_of(c)->tenant;
    v->row.principal = v->principal.text;
    if (v->principal.is_component) {
        return find_component(c);
    }
    if (!tenant_has_domain(&tenant->view, address_domain(v->principal.address))) {
        return approvable_refuse(
            c, "principal",
            "It must lie in a verified domain of the tenant: super users are its members.");
    }
    bool is_shown = approvable_of(c)->approving != NULL ||
                    tenant_needs_approval(&tenant->view, APPROVAL_CONTENT_ACCESS);
    return is_shown ? find_names(c) : describe(c);
}

static step check(struct call *c)
{
    const Chancery__V1__GrantSuperUserRequest *request = approvable_of(c)->request;
    struct grant_value *v = value_of(c);
    int64_t now = call_now(c).s;
    if (step_failed(super_user_principal_read(c, request->principal, &v->principal)) ||
        step_failed(request_text(c, "reason", request->reason, REASON_TEXT_MAX)) ||
        step_failed(request_reason_given(c, request->reason))) {
        return STEP_FAILED;
    }
    if (request->expire_time == NULL) {
        return call_bad_field(c, "expire_time", "It is required: the power ends by itself.");
    }
    if (request->expire_time->seconds <= now ||
        request->expire_time->seconds > now + (int64_t)SUPER_USER_DAYS_MAX * DAY_S) {
        return approvable_refuse(c, "expire_time",
                                 "It must lie in the future, at most 30 days ahead.");
    }
    v->row.reason = request->reason;
    v->row.expires_at = request->expire_time->seconds * 1000000;
    return check_principal(c);
}

/* --- the act ---------------------------------------------------------------------------------- */

static const char *summary(struct call *c)
{
    return arena_printf(call_arena(c), "Give super-user power to %s", value_of(c)->target);
}

static void add_component(const struct component_op *found, struct approval_changes *out)
{
    const struct component_record *record = &found->records[0];
    size_t count = record->fingerprints.len / FINGERPRINT_BYTES;
    approval_changes_add(out, "principal.name", "", record->component.name);
    approval_changes_add(out, "principal.role", "", role_name(record->component.role));
    approval_changes_add(out, "principal.issuer", "", found->iss);
    approval_changes_add(out, "principal.subject", "", record->subject);
    for (size_t i = 0; i < count; i++) {
        size_t at = i * FINGERPRINT_BYTES;
        approval_changes_add(
            out, "principal.certificate_sha256", "",
            hex_dup(out->arena, slice_cut(record->fingerprints, at, at + FINGERPRINT_BYTES)));
    }
}

/* First what the sentence doesn't say. */
static void changes(struct call *c, struct approval_changes *out)
{
    const struct grant_value *v = value_of(c);
    if (v->component.count > 0) {
        add_component(&v->component, out);
    }
    approval_changes_add_texts(
        out, v->principal.kind == PRINCIPAL_GROUP ? "principal.members" : "principal.names",
        (struct text_list){NULL, 0}, (struct text_list){v->names.names, v->names.count});
    approval_changes_add(out, "principal", "", v->row.principal);
    approval_changes_add(out, "expire_time", "", v->end);
    approval_changes_add(out, "reason", "", v->row.reason);
}

static void perform(struct change_op *op, const void *value)
{
    const struct grant_value *v = value;
    struct super_user_row row = v->row;
    row.granted_by = op->approval.asked_by == NULL
                         ? op->who.component_name
                         : arena_printf(op->op.arena, "%s, approved by %s", op->approval.asked_by,
                                        op->who.component_name);
    super_user_store_grant(op, &row, v->target);
}

const struct approvable_act grant_super_user_act = {
    .name = "grant_super_user",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__grant_super_user_request__descriptor,
    .value_size = sizeof(struct grant_value),
    .check = check,
    .summary = summary,
    .changes = changes,
    .perform = perform,
};

static step reply(struct call *c)
{
    return approvable_reply(c, NULL);
}

const struct flow grant_super_user_flow = {
    .method = "/chancery.v1.TenantService/GrantSuperUser",
    .name = "grant_super_user",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("grant"),
              STEP("reply", reply)},
};
