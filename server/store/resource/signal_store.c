/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/signal_store.h"

#include "store/resource/change_submit.h"

/* A token's hash outlives it by a day, so that clocks that differ don't bring it back; what was said of tokens, the tokens. */
enum { SEEN_KEPT_S = SIGNAL_AGE_MAX_S + 24 * 3600, STATE_KEPT_S = 400 * 24 * 3600 };

/* --- transmitters ----------------------------------------------------------------------------- */

static rc read_added(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    struct transmitter_addition *addition = LIST_ENTRY(op, struct transmitter_addition, change);
    struct sql_add_transmitter_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    TRY(sql_add_transmitter_read(base->arena, r, 0, &row, err));
    addition->row.created_at = row.created_at;
    return OK;
}

void signal_store_add(struct transmitter_addition *addition)
{
    struct change_op *op = &addition->change;
    const struct transmitter_row *row = &addition->row;
    struct pg_params p = sql_add_transmitter(
        op->op.arena, &(struct sql_add_transmitter){
                          .act = change_begin(op, "add_signal_transmitter"),
                          .transmitter = row->id,
                          .iss = row->iss,
                          .audiences = {row->audiences, row->audience_count},
                          .subject_issuers = {row->subject_issuers, row->subject_issuer_count},
                          .jwks_url = row->jwks_url,
                          .jwks_json = row->jwks_json,
                          .push_token_hash = row->push_token_hash,
                          .max = TRANSMITTERS_MAX,
                      });
    change_submit(op, &p, read_added);
}

void signal_store_remove(struct change_op *op, struct uuid id)
{
    struct pg_params p = sql_remove_transmitter(
        op->op.arena, &(struct sql_remove_transmitter){
                          .act = change_begin(op, "remove_signal_transmitter"), .transmitter = id});
    change_submit(op, &p, change_read_done);
}

static struct transmitter_row row_from(const struct sql_transmitter *t)
{
    return (struct transmitter_row){.id = t->transmitter,
                                    .iss = t->iss,
                                    .audiences = t->audiences.items,
                                    .audience_count = t->audiences.count,
                                    .subject_issuers = t->subject_issuers.items,
                                    .subject_issuer_count = t->subject_issuers.count,
                                    .jwks_url = t->jwks_url,
                                    .jwks_json = t->jwks_json,
                                    .push_token_hash = t->push_token_hash,
                                    .stream = (enum signal_stream)t->stream_state};
}

static rc read_list(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct transmitter_list *list = LIST_ENTRY(op, struct transmitter_list, op);
    (void)index;
    list->count = (size_t)PQntuples(r);
    list->rows = ARENA_ARRAY(op->arena, struct transmitter_row, list->count + 1);
    ARENA_ENSURE(list->rows, err);
    for (size_t i = 0; !pg_list_ends(op, i, &list->count); i++) {
        struct sql_list_transmitters_row row;
        TRY(sql_list_transmitters_read(op->arena, r, (int)i, &row, err));
        list->rows[i] = row_from(&row.transmitter);
        list->rows[i].received_at = row.received_at;
        list->rows[i].created_at = row.created_at;
    }
    return OK;
}

void signal_store_list(struct transmitter_list *list)
{
    struct pg_params p = sql_list_transmitters(
        list->op.arena, &(struct sql_list_transmitters){.tenant = list->tenant,
                                                        .after = list->after,
                                                        .limit = (int64_t)list->limit});
    pg_submit_one(&list->op, &p, read_list);
}

static rc read_found(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct transmitter_find *find = LIST_ENTRY(op, struct transmitter_find, op);
    struct sql_find_transmitter_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    TRY(sql_find_transmitter_read(op->arena, r, 0, &row, err));
    find->row = row_from(&row.transmitter);
    find->boundary = row.boundary;
    find->authority_url = row.authority_url;
    find->is_active = row.state == 1;
    find->domains = row.domains.items;
    find->domain_count = row.domains.count;
    return OK;
}

void signal_store_find(struct transmitter_find *find)
{
    struct pg_params p = sql_find_transmitter(
        find->op.arena, &(struct sql_find_transmitter){.tenant = find->tenant, .iss = find->iss});
    pg_submit_one(&find->op, &p, read_found);
}

/* --- what they say ---------------------------------------------------------------------------- */

static rc read_received(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct signal_receipt *receipt = LIST_ENTRY(op, struct signal_receipt, op);
    struct sql_receive_signal_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_receive_signal_read(op->arena, r, 0, &row, err));
    receipt->is_new = row.is_new;
    return OK;
}

void signal_store_receive(struct signal_receipt *receipt)
{
    struct sql_signal_change *changes =
        ARENA_ARRAY(receipt->op.arena, struct sql_signal_change, receipt->change_count + 1);
    for (size_t i = 0; changes != NULL && i < receipt->change_count; i++) {
        const struct signal_change *from = &receipt->changes[i];
        changes[i] = (struct sql_signal_change){.kind = from->kind,
                                                .name = from->name,
                                                .turn = from->turn,
                                                .at = from->at,
                                                .not_before = from->not_before};
    }
    struct pg_params p = sql_receive_signal(
        receipt->op.arena,
        &(struct sql_receive_signal){
            .act = change_act(receipt->tenant, "receive_signal", &receipt->who),
            .transmitter = receipt->transmitter,
            .token_hash = slice_of(receipt->token_hash, sizeof receipt->token_hash),
            .stream_state = receipt->stream,
            .note = receipt->note,
            .changes = {changes, changes == NULL ? 0 : receipt->change_count},
        });
    pg_submit_one(&receipt->op, &p, read_received);
}

/* --- people ----------------------------------------------------------------------------------- */

static rc read_people(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct signaled_list *list = LIST_ENTRY(op, struct signaled_list, op);
    (void)index;
    list->count = (size_t)PQntuples(r);
    list->rows = ARENA_ARRAY(op->arena, struct signaled_row, list->count + 1);
    ARENA_ENSURE(list->rows, err);
    for (size_t i = 0; !pg_list_ends(op, i, &list->count); i++) {
        struct sql_list_signaled_row row;
        TRY(sql_list_signaled_read(op->arena, r, (int)i, &row, err));
        list->rows[i] = (struct signaled_row){
            .scope = row.scope,
            .transmitter = row.transmitter,
            .kind = (enum signal_name_kind)row.kind,
            .name = row.name,
            .state = {.is_disabled = row.disabled, .not_before = row.not_before},
            .updated_at = row.updated_at};
    }
    return OK;
}

void signal_store_list_people(struct signaled_list *list)
{
    struct pg_params p = sql_list_signaled(
        list->op.arena, &(struct sql_list_signaled){.tenant = list->tenant,
                                                    .after_scope = list->after_scope,
                                                    .after_transmitter = list->after_transmitter,
                                                    .limit = (int64_t)list->limit});
    pg_submit_one(&list->op, &p, read_people);
}

static rc read_person(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sql_find_signaled_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_find_signaled_read(op->arena, r, 0, &row, err));
    ENSURE(row.found, err, R_NOT_FOUND);
    return OK;
}

void signal_store_find_person(struct signaled_find *find)
{
    struct pg_params p = sql_find_signaled(
        find->op.arena, &(struct sql_find_signaled){.tenant = find->tenant, .scope = find->scope});
    pg_submit_one(&find->op, &p, read_person);
}

void signal_store_clear(struct change_op *op, enum signal_name_kind kind, const char *name)
{
    struct pg_params p = sql_clear_signaled(
        op->op.arena, &(struct sql_clear_signaled){.act = change_begin(op, "clear_signaled_person"),
                                                   .kind = (int16_t)kind,
                                                   .name = name});
    change_submit(op, &p, change_read_done);
}

/* --- upkeep ----------------------------------------------------------------------------------- */

static rc read_sweep(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct signal_sweep *sweep = LIST_ENTRY(op, struct signal_sweep, op);
    struct sql_sweep_signals_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_sweep_signals_read(op->arena, r, 0, &row, err));
    sweep->count = row.swept;
    return OK;
}

void signal_store_sweep(struct signal_sweep *sweep)
{
    struct pg_params p =
        sql_sweep_signals(sweep->op.arena, &(struct sql_sweep_signals){.keep_s = SEEN_KEPT_S,
                                                                       .keep_state_s = STATE_KEPT_S,
                                                                       .max = SIGNALS_SWEPT_MAX});
    pg_submit_one(&sweep->op, &p, read_sweep);
}
