/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/change_submit.h"

#include "base/clock.h"
#include "store/gate/gate.h"

struct sql_act change_act(struct tenant_id tenant, const char *operation,
                          const struct audit_who *who)
{
    return (struct sql_act){
        .tenant = tenant,
        .event.u = uuid_v7(clock_unix_us()),
        .operation = operation,
        .user_address = who->user[0] == '\0' ? NULL : who->user,
        .component = who->component,
        .component_name = who->component_name,
        .client_address = who->client_address,
        .user_agent = who->user_agent,
        .correlation_id = who->correlation_id,
    };
}

struct sql_act change_begin(struct change_op *op, const char *operation)
{
    struct sql_act act = change_act(op->scope, operation, &op->who);
    op->event = act.event;
    return act;
}

rc change_read_done(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    (void)op;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    return OK;
}

rc change_read_limited(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    (void)op;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_LIMIT_EXCEEDED);
    return OK;
}

/* The statements around an act only fail or don't. */
static rc read_act(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    return index == op->act_index ? op->read(base, 0, r, err) : OK;
}

static void add_statement(struct pg_segment *segment, const struct pg_params *p)
{
    segment->params[segment->count++] = p;
}

/* On which state of which scopes the act was decided. */
static struct pg_params bind_known(struct change_op *op, bool always)
{
    const struct act_approval *approval = &op->approval;
    struct sql_known_scope known[GATE_SCOPES_MAX];
    CH_ASSERT(approval->known_count <= GATE_SCOPES_MAX);
    for (size_t i = 0; i < approval->known_count; i++) {
        known[i] = (struct sql_known_scope){.scope = approval->known[i].scope,
                                            .epoch = approval->known[i].epoch};
    }
    return sql_approval_unmoved(
        op->op.arena, &(struct sql_approval_unmoved){.tenant = op->scope,
                                                     .known = {known, approval->known_count},
                                                     .always = always});
}

/* Before an act: that its request is approved by it, or that one admin is enough; and that it still
 * means what it meant. */
enum { BEFORE_MAX = 3 };
static size_t bind_before(struct change_op *op, struct pg_params out[BEFORE_MAX])
{
    struct arena *arena = op->op.arena;
    const struct act_approval *approval = &op->approval;
    bool is_approved = !ID_IS_ZERO(approval->request);
    size_t count = 0;
    if (!is_approved && approval->unless == 0 && approval->known_count == 0) {
        return 0;
    }
    out[count++] = sql_approval_not_needed(
        arena, &(struct sql_approval_not_needed){
                   .tenant = op->scope, .operations = is_approved ? 0 : (int32_t)approval->unless});
    if (approval->known_count > 0) {
        out[count++] = bind_known(op, is_approved);
    }
    if (is_approved) {
        out[count++] = sql_approval_take(
            arena,
            &(struct sql_approval_take){.act = change_act(op->scope, "approve_request", &op->who),
                                        .approval = approval->request});
    }
    return count;
}

void change_submit(struct change_op *op, const struct pg_params *p, pg_reader read)
{
    change_submit_two(op, p, NULL, read);
}

void change_submit_two(struct change_op *op, const struct pg_params *p,
                       const struct pg_params *second, pg_reader read)
{
    struct pg_segment segment = {.read = read_act};
    struct pg_params before[BEFORE_MAX], after;
    size_t before_count = bind_before(op, before);
    for (size_t i = 0; i < before_count; i++) {
        add_statement(&segment, &before[i]);
    }
    op->act_index = segment.count;
    add_statement(&segment, p);
    if (second != NULL) {
        add_statement(&segment, second);
    }
    if (!ID_IS_ZERO(op->approval.request)) {
        after = sql_approval_performed(op->op.arena, &(struct sql_approval_performed){
                                                         .tenant = op->scope, .event = op->event});
        add_statement(&segment, &after);
    }
    op->read = read;
    pg_submit(&op->op, &segment);
}
