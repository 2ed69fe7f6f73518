/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/root_key_store.h"

#include "base/clock.h"
#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

/* NULL over budget. */
static const char *uuid_text(struct arena *arena, struct uuid id)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    return arena_printf(arena, "%s", text);
}

static rc read_check(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct root_key_check *check = LIST_ENTRY(op, struct root_key_check, op);
    (void)index;
    check->count = (size_t)PQntuples(r);
    ENSURE(check->count > 0, err, R_NOT_FOUND);
    check->rows = ARENA_ARRAY(op->arena, struct root_key_row, check->count);
    ARENA_ENSURE(check->rows, err);
    for (size_t i = 0; i < check->count; i++) {
        struct sql_root_key_check_row row;
        TRY(sql_root_key_check_read(op->arena, r, (int)i, &row, err));
        check->rows[i] = (struct root_key_row){(uint32_t)row.version, row.wrapped};
    }
    return OK;
}

void root_key_store_check(struct root_key_check *check, struct slice wrapped)
{
    struct pg_params p =
        sql_root_key_check(check->op.arena, &(struct sql_root_key_check){.wrapped = wrapped});
    pg_submit_one(&check->op, &p, read_check);
}

static rc read_meeting(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct root_key_meeting *meeting = LIST_ENTRY(op, struct root_key_meeting, op);
    struct sql_root_key_meet_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_INTERNAL);
    TRY(sql_root_key_meet_read(op->arena, r, 0, &row, err));
    meeting->wraps_now = (uint32_t)row.wraps;
    meeting->waiting = row.waiting;
    meeting->quiet_s = row.quiet_s;
    meeting->lacking = (uint32_t)row.lacking;
    meeting->lacking_rows = row.lacking_rows;
    return OK;
}

void root_key_store_meet(struct root_key_meeting *meeting)
{
    struct pg_params p = sql_root_key_meet(
        meeting->op.arena,
        &(struct sql_root_key_meet){.worker = meeting->worker,
                                    .opens = {meeting->opens, meeting->open_count},
                                    .wraps = (int32_t)meeting->wraps,
                                    .wish = (int32_t)meeting->wish,
                                    .wish_check = meeting->wish_check,
                                    .event.u = uuid_v7(clock_unix_us())});
    pg_submit_one(&meeting->op, &p, read_meeting);
}

static rc read_noted(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sql_note_root_openings_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_INTERNAL);
    return sql_note_root_openings_read(op->arena, r, 0, &row, err);
}

void root_key_store_note(struct root_key_openings *openings)
{
    struct arena *arena = openings->op.arena;
    size_t count = openings->count;
    struct sql_root_opened *rows = ARENA_ARRAY(arena, struct sql_root_opened, count + 1);
    for (size_t i = 0; rows != NULL && i < count; i++) {
        const struct root_key_opening *item = &openings->items[i];
        rows[i] = (struct sql_root_opened){.root = item->root,
                                           .wrap = item->wrap,
                                           .kid = item->kid,
                                           .event = uuid_text(arena, uuid_v7(clock_unix_us()))};
    }
    struct pg_params p =
        sql_note_root_openings(arena, &(struct sql_note_root_openings){.opened = {rows, count}});
    pg_submit_one(&openings->op, &p, read_noted);
}

static rc read_count(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct root_key_count *count = LIST_ENTRY(op, struct root_key_count, op);
    struct sql_root_key_end_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_INTERNAL);
    TRY(sql_root_key_end_read(op->arena, r, 0, &row, err));
    count->wraps_now = (uint32_t)row.wraps;
    count->left = row.lying;
    count->is_over = row.is_over;
    count->has_ended = row.has_ended;
    return OK;
}

void root_key_store_count(struct root_key_count *count)
{
    struct pg_params p = sql_root_key_end(
        count->op.arena, &(struct sql_root_key_end){.wraps = (int32_t)count->wraps,
                                                    .event.u = uuid_v7(clock_unix_us())});
    pg_submit_one(&count->op, &p, read_count);
}

static rc read_former(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct former_wraps *read = LIST_ENTRY(op, struct former_wraps, op);
    (void)index;
    read->count = (size_t)PQntuples(r);
    read->rows = ARENA_ARRAY(op->arena, struct former_wrap, read->count + 1);
    ARENA_ENSURE(read->rows, err);
    for (size_t i = 0; i < read->count; i++) {
        struct sql_read_former_wraps_row row;
        TRY(sql_read_former_wraps_read(op->arena, r, (int)i, &row, err));
        read->rows[i] =
            (struct former_wrap){.at = {(uint32_t)row.root, row.tenant,
                                        (enum key_purpose)row.purpose, (uint32_t)row.version},
                                 .boundary = row.boundary,
                                 .wrapped = row.wrapped};
    }
    return OK;
}

void root_key_store_read(struct former_wraps *read)
{
    struct pg_params p = sql_read_former_wraps(
        read->op.arena,
        &(struct sql_read_former_wraps){.wraps = (int32_t)read->wraps,
                                        .after_root = (int32_t)read->after.root,
                                        .after = read->after.tenant,
                                        .after_purpose = (int16_t)read->after.purpose,
                                        .after_version = (int32_t)read->after.version,
                                        .limit = (int64_t)read->limit});
    pg_submit_one(&read->op, &p, read_former);
}

static rc read_rewrapped(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sql_rewrap_keys_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_INTERNAL);
    TRY(sql_rewrap_keys_read(op->arena, r, 0, &row, err));
    LIST_ENTRY(op, struct root_key_rewrap, op)->done = row.count;
    return OK;
}

void root_key_store_rewrap(struct root_key_rewrap *rewrap)
{
    struct arena *arena = rewrap->op.arena;
    struct sql_rewrapped *rows = ARENA_ARRAY(arena, struct sql_rewrapped, rewrap->count + 1);
    size_t count = 0;
    for (size_t i = 0; rows != NULL && i < rewrap->count; i++) {
        const struct former_wrap *row = &rewrap->rows[i];
        const char *tenant = uuid_text(arena, row->at.tenant.u);
        if (rewrap->wrapped[i].len > 0 && tenant != NULL) {
            rows[count++] = (struct sql_rewrapped){.tenant = tenant,
                                                   .purpose = row->at.purpose,
                                                   .version = row->at.version,
                                                   .former = row->wrapped,
                                                   .wrapped = rewrap->wrapped[i]};
        }
    }
    struct pg_params p = sql_rewrap_keys(
        arena, &(struct sql_rewrap_keys){.wraps = (int32_t)rewrap->wraps, .rows = {rows, count}});
    pg_submit_one(&rewrap->op, &p, read_rewrapped);
}
