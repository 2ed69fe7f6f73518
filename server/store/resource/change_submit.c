/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/change_submit.h"

#include "base/clock.h"

struct pg_params change_params(struct arena *arena, struct tenant_id tenant, const char *operation,
                               const struct audit_who *who)
{
    struct pg_params p;
    pg_params_init(&p, arena);
    pg_add_uuid(&p, tenant.u);
    pg_add_uuid(&p, uuid_v7(clock_unix_us()));
    pg_add_text(&p, operation);
    pg_add_text(&p, who->user[0] == '\0' ? NULL : who->user);
    pg_add_uuid_or_null(&p, who->component.u);
    pg_add_text(&p, who->component_name);
    pg_add_text(&p, who->client_address);
    pg_add_text(&p, who->user_agent);
    pg_add_text(&p, who->correlation_id);
    return p;
}

struct pg_params change_params_of(const struct change_op *op, const char *operation)
{
    return change_params(op->op.arena, op->scope, operation, &op->who);
}

rc change_read_done(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    (void)op;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    return OK;
}

rc change_read_created(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    TRY(change_read_done(base, index, r, err));
    op->created_at = pg_time(r, 0, 0);
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

static void add_statement(struct pg_segment *segment, enum statement statement,
                          const struct pg_params *p)
{
    segment->statements[segment->count] = statement;
    segment->params[segment->count++] = p;
}

/* Where every act has its tenant and its event among the parameters. */
enum { PARAM_TENANT, PARAM_EVENT };

static void add_same_uuid(struct pg_params *to, const struct pg_params *from, int which)
{
    pg_add_bytes(to, slice_of(from->values[which], UUID_BYTES));
}

void change_submit(struct change_op *op, enum statement statement, const struct pg_params *p,
                   pg_reader read)
{
    change_submit_two(op, statement, p, ST_COUNT_, NULL, read);
}

void change_submit_two(struct change_op *op, enum statement statement, const struct pg_params *p,
                       enum statement second, const struct pg_params *q, pg_reader read)
{
    struct pg_segment segment = {.read = read_act};
    bool is_approved = !ID_IS_ZERO(op->approval.request);
    struct pg_params before, after;
    pg_params_init(&before, op->op.arena);
    pg_params_init(&after, op->op.arena);
    if (is_approved) {
        before = change_params(op->op.arena, op->scope, "approve_request", &op->who);
        pg_add_uuid(&before, op->approval.request.u);
        add_statement(&segment, ST_approval_take, &before);
    } else if (op->approval.unless != 0) {
        pg_add_uuid(&before, op->scope.u);
        pg_add_int4(&before, (int32_t)op->approval.unless);
        add_statement(&segment, ST_approval_not_needed, &before);
    }
    op->act_index = segment.count;
    add_statement(&segment, statement, p);
    if (q != NULL) {
        add_statement(&segment, second, q);
    }
    if (is_approved && !p->failed) {
        add_same_uuid(&after, p, PARAM_TENANT);
        add_same_uuid(&after, p, PARAM_EVENT);
        add_statement(&segment, ST_approval_performed, &after);
    }
    op->read = read;
    pg_submit(&op->op, &segment);
}
