/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService: GrantSuperUser, RevokeSuperUser, ListSuperUsers. Power is switched on with a
 * reason and an end; whether it holds is decided at every license, against the clock
 * (domain/relations/super_user.c). */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/tenant.pb-c.h"
#include "context/wait.h"
#include "domain/values/address.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/limits.h"
#include "service/common/list_reply.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "store/resource/component_store.h"
#include "store/resource/super_user_store.h"

enum { SUPER_USER_DAYS_MAX = 30, DAY_S = 24 * 60 * 60 };

#define COMPONENT_PREFIX "component:"

struct principal_field {
    bool is_component;
    struct component_id component;
    const char *text;   /* as it is stored */
    const char *domain; /* of a user's or group's address */
};

/* A component is named by its id, with or without the prefix that lists show. */
static step read_principal(struct call *c, const char *text, struct principal_field *out)
{
    static const size_t prefix = sizeof COMPONENT_PREFIX - 1;
    struct slice all = slice_str(text);
    struct principal principal;
    struct slice id =
        slice_starts_with(all, COMPONENT_PREFIX) ? slice_cut(all, prefix, all.len) : all;
    if (uuid_parse(id, &out->component.u, NULL).ok) {
        char canonical[UUID_TEXT_BYTES];
        uuid_format(out->component.u, canonical);
        out->is_component = true;
        out->text = arena_printf(call_arena(c), COMPONENT_PREFIX "%s", canonical);
    } else if (principal_parse(call_arena(c), all, &principal, NULL).ok &&
               (principal.kind == PRINCIPAL_USER || principal.kind == PRINCIPAL_GROUP)) {
        out->domain = address_domain(principal.name);
        out->text = principal_format(call_arena(c), &principal);
    } else {
        return call_bad_field(
            c, "principal", "It must be user: or group: and an address, or the id of a component.");
    }
    return out->text == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "principal") : STEP_NEXT;
}

/* --- GrantSuperUser --------------------------------------------------------------------------- */

struct grant_value {
    struct principal_field principal;
    const char *component_name; /* "" for users and groups */
    struct super_user_row row;
    const char *target; /* what the log and the approval say */
};

static step parse_grant(struct call *c)
{
    const Chancery__V1__GrantSuperUserRequest *request = grant_super_user_request(c);
    approvable_of(c)->act = &grant_super_user_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

/* "user:eve@contoso.com until 2026-05-01T00:00:00Z: litigation hold" */
static step describe(struct call *c)
{
    struct grant_value *v = approvable_of(c)->value;
    char end[RFC3339_BYTES];
    clock_rfc3339(v->row.expires_at, end);
    bool is_named = v->component_name[0] != '\0';
    v->target = arena_printf(call_arena(c), "%s%s%s%s until %.19sZ: %s", v->row.principal,
                             is_named ? " (" : "", v->component_name, is_named ? ")" : "", end,
                             v->row.reason);
    return v->target == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "target") : STEP_NEXT;
}

static step component_found(struct call *c)
{
    const struct change_op *op = &scope_of(c)->op;
    struct grant_value *v = approvable_of(c)->value;
    if (op->op.err.reason == R_NOT_FOUND) {
        return approvable_refuse(c, "principal", "The tenant has no such component.");
    }
    v->component_name = op->text;
    return op->op.err.reason == R_NONE ? describe(c) : wait_failed(c, &op->op.err);
}

static step check_principal(struct call *c)
{
    struct grant_value *v = approvable_of(c)->value;
    v->row.principal = v->principal.text;
    v->component_name = "";
    if (v->principal.is_component) {
        struct change_op *op = scope_begin(c);
        component_store_find_name(op, v->principal.component);
        return wait_store(c, component_found, &op->op);
    }
    return tenant_has_domain(&scope_of(c)->tenant->view, v->principal.domain)
               ? describe(c)
               : approvable_refuse(
                     c, "principal",
                     "It must lie in a verified domain of the tenant: super users are its members.");
}

static step check_grant(struct call *c)
{
    const Chancery__V1__GrantSuperUserRequest *request = approvable_of(c)->request;
    struct grant_value *v = approvable_of(c)->value;
    int64_t now = call_now(c).s;
    if (step_failed(read_principal(c, request->principal, &v->principal)) ||
        step_failed(request_text(c, "reason", request->reason, REASON_TEXT_MAX))) {
        return STEP_FAILED;
    }
    if (request->reason[strspn(request->reason, " \t\r\n")] == '\0') {
        return call_bad_field(c, "reason", "It is required: who reads the log must learn why.");
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

static const char *summary_grant(struct call *c)
{
    const struct grant_value *v = approvable_of(c)->value;
    return arena_printf(call_arena(c), "Give super-user power to %s", v->target);
}

static void perform_grant(struct change_op *op, const void *value)
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
    .check = check_grant,
    .summary = summary_grant,
    .perform = perform_grant,
};

static step reply_grant(struct call *c)
{
    return approvable_reply(c, NULL);
}

const struct flow grant_super_user_flow = {
    .method = "/chancery.v1.TenantService/GrantSuperUser",
    .name = "grant_super_user",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse_grant), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("grant"),
              STEP("reply", reply_grant)},
};

/* --- RevokeSuperUser -------------------------------------------------------------------------- */

struct super_users {
    struct scope scope; /* first */
    struct principal_field principal;
    struct super_user_list list;
    struct list_reply reply;
};

static struct super_users *super_users_of(const struct call *c)
{
    return call_state(c);
}

static step parse_revoke(struct call *c)
{
    const Chancery__V1__RevokeSuperUserRequest *request = revoke_super_user_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return read_principal(c, request->principal, &super_users_of(c)->principal);
}

static step revoke(struct call *c)
{
    super_user_store_revoke(scope_begin(c), super_users_of(c)->principal.text);
    return scope_wait(c);
}

const struct flow revoke_super_user_flow = {
    .method = "/chancery.v1.TenantService/RevokeSuperUser",
    .name = "revoke_super_user",
    .state = FLOW_STATE_ON(struct super_users, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_revoke), SCOPE_STEP, COMMIT("revoke", revoke),
              STEP("reply", reply_empty)},
};

/* --- ListSuperUsers --------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListSuperUsersRequest *request = list_super_users_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step listed(struct call *c)
{
    return wait_over(c, &super_users_of(c)->list.op.err);
}

static step list(struct call *c)
{
    struct super_users *s = super_users_of(c);
    wait_store_init(c, &s->list.op);
    super_user_store_list(&s->list, s->scope.tenant_id);
    return wait_store(c, listed, &s->list.op);
}

static void *write_row(struct call *c, size_t row)
{
    const struct super_user_row *from = &super_users_of(c)->list.rows[row];
    Chancery__V1__SuperUser *s = call_message(c, &chancery__v1__super_user__descriptor);
    if (s != NULL) {
        s->principal = reply_text(from->principal);
        s->reason = reply_text(from->reason);
        s->granted_by = reply_text(from->granted_by);
        s->grant_time = reply_time(c, from->granted_at);
        s->expire_time = reply_time(c, from->expires_at);
    }
    return s;
}

static step reply_list(struct call *c)
{
    struct super_users *s = super_users_of(c);
    const struct list_rows rows = {
        .type = &chancery__v1__super_user__descriptor, .count = s->list.count, .write = write_row};
    return list_reply_send(c, &s->reply, &rows, reply_list);
}

const struct flow list_super_users_flow = {
    .method = "/chancery.v1.TenantService/ListSuperUsers",
    .name = "list_super_users",
    .state = FLOW_STATE_ON(struct super_users, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_TENANT_STEP, STEP("list", list),
              STEP("reply", reply_list)},
};
