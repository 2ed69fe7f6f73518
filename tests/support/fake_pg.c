/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_pg.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/pg/pg_conn.h"
#include "store/pg/pg_error.h"

/* What a statement will be answered. */
struct answer {
    struct list link;
    const struct pg_statement *statement;
    PGresult *rows;       /* NULL: it fails */
    const char *sqlstate; /* then */
};

/* An operation on its way. */
struct sent {
    struct list link;
    struct pg_request *request; /* as the real one has it, for store_op_cancel */
    size_t count;
    const struct pg_statement *statements[PG_SEGMENT_MAX];
};

struct fake_pg {
    struct store store;
    struct arena *arena;
    struct loop_task deliver;
    bool is_held;
    struct list answers;
    struct list sent;
    struct buf names;
    struct pg_params *last; /* by statement: as it was sent last */
};

static struct fake_pg *fake_of(struct store *store)
{
    return LIST_ENTRY(store, struct fake_pg, store);
}

static void deliver(struct loop_task *task);

struct fake_pg *fake_pg_new(struct loop *loop)
{
    struct fake_pg *fake = xcalloc(1, sizeof *fake);
    fake->store.loop = loop;
    fake->arena = arena_new(16 << 20);
    fake->last = xcalloc(STATEMENT_COUNT, sizeof *fake->last);
    loop_task_init(&fake->deliver, deliver);
    list_init(&fake->answers);
    list_init(&fake->sent);
    buf_init(&fake->names, fake->arena);
    return fake;
}

void fake_pg_free(struct fake_pg *fake)
{
    if (!list_is_empty(&fake->answers)) {
        const struct answer *left = LIST_ENTRY(fake->answers.next, struct answer, link);
        fail_msg("nobody has sent %s", left->statement->name);
    }
    assert_true(list_is_empty(&fake->sent));
    loop_task_cancel(&fake->deliver);
    arena_free(fake->arena);
    xfree(fake->last);
    xfree(fake);
}

struct store *fake_pg_store(struct fake_pg *fake)
{
    return &fake->store;
}

/* --- answers ---------------------------------------------------------------------------------- */

static const struct pg_statement *statement_of(const char *name)
{
    const struct pg_statement *statement = pg_statement_find(name);
    if (statement == NULL) {
        fail_msg("there is no statement %s", name);
    }
    return statement;
}

static void add_answer(struct fake_pg *fake, const char *name, PGresult *rows, const char *sqlstate)
{
    struct answer *answer = ARENA_NEW(fake->arena, struct answer);
    answer->statement = statement_of(name);
    answer->rows = rows;
    answer->sqlstate = sqlstate;
    list_append(&fake->answers, &answer->link);
}

static PGresult *empty_result(const struct pg_statement *statement)
{
    PGresAttDesc columns[64] = {{.name = NULL}};
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    assert_in_range(statement->column_count, 0, 64);
    for (size_t i = 0; i < statement->column_count; i++) {
        columns[i] = (PGresAttDesc){.name = (char *)(uintptr_t)statement->columns[i].name,
                                    .typid = pg_statement_oid(&statement->columns[i]),
                                    .format = 1,
                                    .atttypmod = -1};
    }
    if (statement->column_count > 0) {
        assert_true(PQsetResultAttrs(result, (int)statement->column_count, columns));
    }
    return result;
}

/* One value of a row, encoded as a parameter would be: the formats of both ways are the same. */
static void set_value(struct fake_pg *fake, PGresult *result, int row, int i,
                      const struct pg_field *column, const void *item)
{
    struct pg_field field = *column;
    field.is_nullable = field.type == PG_TEXT || field.type == PG_BYTEA || field.type == PG_UUID ||
                        field.type == PG_TIMESTAMPTZ;
    struct pg_statement one = {.params = &field, .param_count = 1};
    struct pg_params p = pg_params_bind(fake->arena, &one, item);
    char none[1] = "";
    assert_false(p.failed);
    assert_true(PQsetvalue(result, row, i,
                           p.values[0] == NULL ? none : (char *)(uintptr_t)p.values[0],
                           p.values[0] == NULL ? -1 : p.lengths[0]));
}

void fake_pg_answer(struct fake_pg *fake, const char *name, const struct fake_pg_rows *rows)
{
    const struct pg_statement *statement = statement_of(name);
    PGresult *result = empty_result(statement);
    char none[1] = "";
    for (size_t row = 0; row < rows->count; row++) {
        for (size_t i = 0; i < statement->column_count; i++) {
            const struct pg_field *column = &statement->columns[i];
            const struct fake_pg_part *part = &rows->parts[column->apart];
            if (column->type == PG_UNREAD || part->items == NULL) {
                assert_true(PQsetvalue(result, (int)row, (int)i, none, -1));
            } else {
                set_value(fake, result, (int)row, (int)i, column,
                          (const char *)part->items + row * part->size);
            }
        }
    }
    add_answer(fake, name, result, NULL);
}

void fake_pg_matched(struct fake_pg *fake, const char *statement, size_t count)
{
    fake_pg_answer(fake, statement, &(struct fake_pg_rows){.count = count});
}

void fake_pg_fail(struct fake_pg *fake, const char *statement, const char *sqlstate)
{
    add_answer(fake, statement, NULL, sqlstate);
}

/* --- the lowest interface --------------------------------------------------------------------- */

void pg_fail_later(struct store_op *op, enum reason reason, const char *detail)
{
    err_clear(&op->err);
    (void)err_raise(&op->err, reason, __FILE__, __LINE__, "%s", detail);
    loop_defer(op->store->loop, &op->fail);
}

/* Values are copied, because the operation's arena may go before the test looks. */
static void keep(struct fake_pg *fake, const struct pg_params *p)
{
    struct pg_params *last = &fake->last[p->statement - STATEMENTS];
    *last = *p;
    for (size_t i = 0; i < p->statement->param_count; i++) {
        if (p->values[i] != NULL) {
            last->values[i] = arena_dup(fake->arena, slice_of(p->values[i], (size_t)p->lengths[i]));
        }
    }
    buf_add_str(&fake->names, p->statement->name);
    buf_add_byte(&fake->names, ' ');
}

void pg_submit(struct store_op *op, const struct pg_segment *segment)
{
    struct fake_pg *fake = fake_of(op->store);
    err_clear(&op->err);
    for (size_t i = 0; i < segment->count; i++) {
        if (segment->params[i]->failed) {
            pg_fail_later(op, R_ARENA_EXHAUSTED, "statement parameters");
            return;
        }
    }
    struct sent *sent = ARENA_NEW(fake->arena, struct sent);
    sent->request = ARENA_NEW(fake->arena, struct pg_request);
    sent->request->op = op;
    sent->request->read = segment->read;
    sent->count = segment->count;
    for (size_t i = 0; i < segment->count; i++) {
        sent->statements[i] = segment->params[i]->statement;
        keep(fake, segment->params[i]);
    }
    buf_add_str(&fake->names, "| ");
    op->request = sent->request;
    list_append(&fake->sent, &sent->link);
    loop_defer(fake->store.loop, &fake->deliver);
}

static struct answer *take_answer(struct fake_pg *fake, const struct pg_statement *statement)
{
    LIST_EACH (link, &fake->answers) {
        struct answer *answer = LIST_ENTRY(link, struct answer, link);
        if (answer->statement == statement) {
            list_remove(&answer->link);
            return answer;
        }
    }
    fail_msg("no answer to %s", statement->name);
    return NULL;
}

static rc answer_failed(const struct answer *answer, struct err *err)
{
    if (strcmp(answer->sqlstate, "lost") == 0) {
        FAIL(err, R_OUTCOME_UNKNOWN, "connection lost");
    }
    FAIL(err, pg_reason(answer->sqlstate), "%s: SQLSTATE %s", answer->statement->name,
         answer->sqlstate);
}

/* As pg_conn.c does: after an error the rest of the segment is skipped. */
static rc answer_all(struct fake_pg *fake, const struct sent *sent, struct err *err)
{
    rc result = OK;
    for (size_t i = 0; result.ok && i < sent->count; i++) {
        struct answer *answer = take_answer(fake, sent->statements[i]);
        struct store_op *op = sent->request->op;
        if (answer->rows == NULL) {
            return answer_failed(answer, err);
        }
        result = op == NULL ? OK : sent->request->read(op, i, answer->rows, err);
        PQclear(answer->rows);
    }
    return result;
}

static void deliver(struct loop_task *task)
{
    struct fake_pg *fake = LIST_ENTRY(task, struct fake_pg, deliver);
    while (!fake->is_held && !list_is_empty(&fake->sent)) {
        struct sent *sent = LIST_ENTRY(list_pop(&fake->sent), struct sent, link);
        struct err err = {.reason = R_NONE};
        rc result = answer_all(fake, sent, &err);
        struct store_op *op = sent->request->op;
        assert_true(result.ok || err.reason != R_NONE);
        if (op != NULL) {
            op->request = NULL;
            op->err = err;
            op->done(op);
        }
    }
}

void fake_pg_hold(struct fake_pg *fake)
{
    fake->is_held = true;
}

void fake_pg_go_on(struct fake_pg *fake)
{
    fake->is_held = false;
    loop_defer(fake->store.loop, &fake->deliver);
}

/* --- what was sent ---------------------------------------------------------------------------- */

const char *fake_pg_sent(const struct fake_pg *fake)
{
    size_t len = fake->names.len;
    return arena_dup(fake->arena, slice_of(fake->names.ptr, len == 0 ? 0 : len - 1));
}

struct slice fake_pg_param(const struct fake_pg *fake, const char *statement, const char *param)
{
    const struct pg_statement *s = statement_of(statement);
    const struct pg_params *last = &fake->last[s - STATEMENTS];
    if (last->statement == NULL) {
        fail_msg("nobody has sent %s", statement);
    }
    for (size_t i = 0; i < s->param_count; i++) {
        if (strcmp(s->params[i].name, param) == 0) {
            return last->values[i] == NULL ? SLICE_NONE
                                           : slice_of(last->values[i], (size_t)last->lengths[i]);
        }
    }
    fail_msg("%s has no parameter %s", statement, param);
    return SLICE_NONE;
}

int64_t fake_pg_param_int(const struct fake_pg *fake, const char *statement, const char *param)
{
    struct slice value = fake_pg_param(fake, statement, param);
    uint64_t number = value.len > 0 && value.ptr[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < value.len; i++) {
        number = number << 8 | value.ptr[i];
    }
    return (int64_t)number;
}
