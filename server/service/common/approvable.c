/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/approvable.h"

#include <string.h>

#include "context/wait.h"
#include "service/common/proto_field.h"
#include "service/common/reply.h"
#include "wire/pb.h"

const struct approvable_act *approvable_act_find(const struct call *c, const char *name)
{
    const struct approvable_act *const *act = services_of(c)->approvable_acts;
    while (*act != NULL && strcmp((*act)->name, name) != 0) {
        act++;
    }
    return *act;
}

step approvable_check(struct call *c)
{
    struct approvable *f = approvable_of(c);
    f->value = arena_zalloc(call_arena(c), f->act->value_size);
    return f->value == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "%s", f->act->name)
                            : f->act->check(c);
}

step approvable_refuse(struct call *c, const char *field, const char *why)
{
    return approvable_of(c)->approving == NULL ? call_bad_field(c, field, why)
                                               : call_fail(c, R_PRECONDITION_FAILED, "%s", field);
}

step approvable_reply(struct call *c, void *(*write)(struct call *c))
{
    const ProtobufCMessageDescriptor *type = call_method(c)->response;
    struct approval_id asked = approvable_of(c)->asked;
    void *response = call_message(c, type);
    char *id = reply_uuid(c, asked.u);
    if (response == NULL || id == NULL) {
        return reply_over_budget(c);
    }
    *(char **)proto_field_at(response, proto_field_named(type, "approval_id")) = id;
    if (ID_IS_ZERO(asked) && write != NULL) {
        void *message = write(c);
        if (message == NULL) {
            return reply_over_budget(c);
        }
        reply_set_message(response, message);
    }
    return call_reply(c, response);
}

/* --- the act, or asking ----------------------------------------------------------------------- */

static step asked(struct call *c)
{
    return wait_over(c, &scope_of(c)->op.op.err);
}

static step ask(struct call *c)
{
    struct approvable *f = approvable_of(c);
    struct approval_row row = {.id.u = uuid_v7(call_unix_us(c)),
                               .act = f->act->name,
                               .operation = f->act->operation,
                               .summary = f->act->summary(c),
                               .asker.fingerprint = call_peer_fingerprint(c)};
    if (row.summary == NULL || !pb_pack(call_arena(c), f->request, &row.request, NULL).ok) {
        return call_fail(c, R_ARENA_EXHAUSTED, "approval");
    }
    CH_ASSERT(strlen(row.summary) <= APPROVAL_SUMMARY_MAX);
    f->asked = row.id;
    struct change_op *op = scope_begin(c);
    approval_store_ask(op, &row);
    return wait_store(c, asked, &op->op);
}

/* R_STALE: the tenant began to require approval meanwhile. */
static step performed(struct call *c)
{
    const struct approvable_act *act = approvable_of(c)->act;
    const struct err *err = &scope_of(c)->op.op.err;
    if (err->reason == R_STALE) {
        return call_again_from(c, scope_resolve);
    }
    return err->reason == R_NOT_FOUND && act->unmatched != R_NONE
               ? call_fail(c, act->unmatched, "nothing matched")
               : wait_over(c, err);
}

step approvable_perform(struct call *c)
{
    struct approvable *f = approvable_of(c);
    const struct approvable_act *act = f->act;
    const struct tenant_record *tenant = f->scope.tenant;
    CH_ASSERT(tenant != NULL);
    if (act->needs_approval != NULL ? act->needs_approval(c)
                                    : tenant_needs_approval(&tenant->view, act->operation)) {
        return ask(c);
    }
    struct change_op *op = scope_begin(c);
    op->approval.unless = act->needs_approval != NULL ? 0 : 1U << act->operation;
    act->perform(op, f->value);
    return wait_store(c, performed, &op->op);
}
