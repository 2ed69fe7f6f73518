/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/approvable.h"

#include <string.h>

#include "auth/caller.h"
#include "context/wait.h"
#include "service/common/approval_request.h"
#include "service/common/proto_field.h"
#include "service/common/reply.h"

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
    f->unless = 0;
    f->has_changes = false;
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

/* --- what it means ---------------------------------------------------------------------------- */

const struct approval_changes *approvable_changes(struct call *c)
{
    struct approvable *f = approvable_of(c);
    if (!f->has_changes) {
        approval_changes_init(&f->changes, call_arena(c));
        f->has_changes = true;
        if (f->act->changes != NULL) {
            f->act->changes(c, &f->changes);
        }
    }
    return &f->changes;
}

step approvable_describe(struct call *c, struct approval_row *row)
{
    const struct approvable_act *act = approvable_of(c)->act;
    row->act = act->name;
    row->summary = act->summary(c);
    if (row->summary == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "summary");
    }
    CH_ASSERT(strlen(row->summary) <= APPROVAL_SUMMARY_MAX);
    return step_from(approval_changes_keep(approvable_changes(c), row, call_err(c)));
}

struct change_op *approvable_begin(struct call *c)
{
    const struct caller *caller = caller_of(c);
    struct change_op *op = scope_begin(c);
    op->approval.known = caller->scopes;
    op->approval.known_count = caller->scope_count;
    return op;
}

/* R_STALE: the tenant began to require approval meanwhile, or something changed on which it was
 * decided that this needs none, or what it means; that the caller is an admin, for example.
 * R_DATABASE_CONFLICT: another act came first that changed what this one changes. */
step approvable_settle(struct call *c, enum reason unmatched)
{
    const struct err *err = &scope_of(c)->op.op.err;
    enum reason taken = approvable_of(c)->act->taken;
    if (err->reason == R_STALE) {
        return call_authenticate_again(c, NULL);
    }
    if (err->reason == R_DATABASE_CONFLICT) {
        return call_again_from(c, approvable_check);
    }
    if (err->reason != R_NONE && approvable_of(c)->act->explain != NULL) {
        approvable_of(c)->act->explain(c, err->reason);
    }
    if (err->reason == R_NOT_FOUND && unmatched != R_NONE) {
        return call_fail(c, unmatched, "nothing matched");
    }
    return err->reason == R_ALREADY_EXISTS && taken != R_NONE
               ? call_fail(c, taken, "another came first")
               : wait_over(c, err);
}

/* --- the act, or asking ----------------------------------------------------------------------- */

static step asked(struct call *c)
{
    return wait_over(c, &scope_of(c)->op.op.err);
}

/* The operation for which it is asked: the act's own, if that is required. */
static enum approval_operation operation_among(const struct approvable_act *act, uint32_t required)
{
    int operation = (int)act->operation;
    for (int i = 0; (required & 1U << operation) == 0; i++) {
        operation = i;
    }
    return (enum approval_operation)operation;
}

static step ask(struct call *c, uint32_t required)
{
    struct approvable *f = approvable_of(c);
    struct approval_row row = {.id.u = uuid_v7(call_unix_us(c)),
                               .operation = operation_among(f->act, required),
                               .asker.fingerprint = call_peer_fingerprint(c),
                               .asker_role = caller_of(c)->subject.component.role};
    if (step_failed(approvable_describe(c, &row)) ||
        !approval_request_pack(call_arena(c), f->request, &row, call_err(c)).ok) {
        return STEP_FAILED;
    }
    if (f->act->import != NULL) {
        row.import = f->act->import(c);
    }
    f->asked = row.id;
    struct change_op *op = scope_begin(c);
    approval_store_ask(op, &row);
    return wait_store(c, asked, &op->op);
}

/* What has lost its effect since it was refused is looked at again. */
static step ask_after_look(struct call *c)
{
    const struct approvable *f = approvable_of(c);
    uint32_t required = f->scope.tenant->view.approvals & f->act->effect(c);
    return required == 0 ? call_authenticate_again(c, scope_resolve) : ask(c, required);
}

static step performed(struct call *c)
{
    const struct approvable_act *act = approvable_of(c)->act;
    if (scope_of(c)->op.op.err.reason == R_APPROVAL_REQUIRED && act->look != NULL) {
        call_then(c, ask_after_look);
        return act->look(c);
    }
    return approvable_settle(c, act->unmatched);
}

step approvable_perform(struct call *c)
{
    struct approvable *f = approvable_of(c);
    const struct approvable_act *act = f->act;
    const struct tenant_record *tenant = f->scope.tenant;
    uint32_t falls_under = act->effect == NULL ? 1U << act->operation : act->effect(c);
    uint32_t required = tenant == NULL ? 0 : tenant->view.approvals & falls_under;
    if (required != 0) {
        return ask(c, required);
    }
    struct change_op *op = tenant == NULL ? scope_begin(c) : approvable_begin(c);
    op->approval.unless = tenant == NULL ? 0 : falls_under | f->unless;
    act->perform(op, f->value);
    return wait_store(c, performed, &op->op);
}
