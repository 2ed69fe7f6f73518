/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService: RevokeSuperUser, ListSuperUsers. */
#include "chancery/v1/tenant.pb-c.h"
#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/list_reply.h"
#include "service/common/reply.h"
#include "service/tenant/super_user_principal.h"
#include "store/resource/super_user_store.h"

/* --- RevokeSuperUser -------------------------------------------------------------------------- */

struct super_users {
    struct scope scope; /* first */
    struct super_user_principal principal;
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
    return super_user_principal_read(c, request->principal, &super_users_of(c)->principal);
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
