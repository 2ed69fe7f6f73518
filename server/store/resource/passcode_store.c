/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/passcode_store.h"

#include "base/clock.h"
#include "base/texts.h"
#include "store/resource/change_submit.h"

/* --- start ------------------------------------------------------------------------------------ */

/* What start_passcode answers. */
enum { LIMIT_NONE = 0, LIMIT_STARTED = 1, LIMIT_OF_TENANT = 2, REQUEST_REUSED = 3 };

static rc read_started(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct passcode_start *start = LIST_ENTRY(op, struct passcode_start, op);
    struct sql_start_passcode_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_start_passcode_read(op->arena, r, 0, &row, err));
    ENSURE(row.problem != LIMIT_OF_TENANT, err, R_PASSCODE_QUEUE_FULL);
    ENSURE(row.problem != REQUEST_REUSED, err, R_REQUEST_ID_REUSED);
    ENSURE(row.problem == LIMIT_NONE, err, R_PASSCODE_LIMIT);
    start->passcode = row.passcode;
    start->reference = row.reference;
    start->expires_at = row.expires_at;
    return OK;
}

void passcode_store_start(struct passcode_start *start)
{
    struct pg_params p = sql_start_passcode(
        start->op.arena, &(struct sql_start_passcode){
                             .act = change_act(start->tenant, "start_passcode", &start->who),
                             .passcode = start->passcode,
                             .content = start->content,
                             .template = start->template,
                             .address = start->address,
                             .network = start->network,
                             .portal = start->portal,
                             .request = start->request,
                             .reference = start->reference,
                             .language = start->language,
                             .key_version = (int32_t)start->key_version,
                             .is_nobodys = start->is_nobodys,
                             .target = start->target,
                             .lasts_s = PASSCODE_LASTS_S,
                             .address_max = PASSCODES_OF_ADDRESS_MAX,
                             .address_network_max = PASSCODES_OF_ADDRESS_AND_NETWORK_MAX,
                             .content_max = PASSCODES_OF_CONTENT_MAX,
                             .network_max = PASSCODES_OF_NETWORK_MAX,
                             .portal_max = PASSCODES_OF_PORTAL_MAX,
                             .tenant_max = PASSCODES_OF_TENANT_MAX,
                         });
    pg_submit_one(&start->op, &p, read_started);
}

/* --- verify ----------------------------------------------------------------------------------- */

static rc read_found(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct passcode_find *find = LIST_ENTRY(op, struct passcode_find, op);
    struct sql_find_passcode_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    TRY(sql_find_passcode_read(op->arena, r, 0, &row, err));
    find->tenant = row.tenant;
    find->content = row.content;
    find->address = row.address;
    find->key_version = (uint32_t)row.key_version;
    return OK;
}

void passcode_store_find(struct passcode_find *find, struct uuid passcode,
                         struct component_id portal)
{
    struct pg_params p = sql_find_passcode(
        find->op.arena, &(struct sql_find_passcode){.passcode = passcode, .portal = portal});
    pg_submit_one(&find->op, &p, read_found);
}

static rc read_tried(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sql_try_passcode_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_try_passcode_read(op->arena, r, 0, &row, err));
    ENSURE(!row.is_over, err, R_PASSCODE_ENDED);
    ENSURE(row.is_used, err, R_PASSCODE_WRONG);
    return OK;
}

void passcode_store_try(struct passcode_try *try)
{
    struct audit_who who = try->who;
    who.user = try->address;
    struct pg_params p = sql_try_passcode(
        try->op.arena,
        &(struct sql_try_passcode){.act = change_act(try->tenant, "verify_passcode", &who),
                                   .passcode = try->passcode,
                                   .content = try->content,
                                   .is_right = try->is_right,
                                   .tries_max = PASSCODE_TRIES_MAX});
    pg_submit_one(&try->op, &p, read_tried);
}

/* --- mails ------------------------------------------------------------------------------------ */

static struct passcode_mail_row mail_from(const struct sql_claim_passcode_mails_row *row)
{
    return (struct passcode_mail_row){.passcode = row->passcode,
                                      .tenant = row->tenant,
                                      .boundary = row->boundary,
                                      .content = row->content,
                                      .address = row->address,
                                      .reference = row->reference,
                                      .language = row->language,
                                      .key_version = (uint32_t)row->key_version,
                                      .wrapped = row->wrapped,
                                      .is_nobodys = row->is_nobodys,
                                      .is_over = row->is_over,
                                      .tries = (uint32_t)row->mail_tries};
}

static rc read_claimed(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct passcode_mail_claim *claim = LIST_ENTRY(op, struct passcode_mail_claim, op);
    size_t count = (size_t)PQntuples(r);
    (void)index;
    claim->rows = ARENA_ARRAY(op->arena, struct passcode_mail_row, count + 1);
    ARENA_ENSURE(claim->rows, err);
    for (size_t i = 0; i < count; i++) {
        struct sql_claim_passcode_mails_row row;
        TRY(sql_claim_passcode_mails_read(op->arena, r, (int)i, &row, err));
        claim->rows[i] = mail_from(&row);
    }
    claim->count = count;
    return OK;
}

void passcode_store_claim_mails(struct passcode_mail_claim *claim, const char *const *served,
                                size_t max, int32_t lease_s)
{
    struct pg_params p = sql_claim_passcode_mails(
        claim->op.arena, &(struct sql_claim_passcode_mails){.served = {served, texts_count(served)},
                                                            .max = (int64_t)max,
                                                            .lease_s = lease_s});
    pg_submit_one(&claim->op, &p, read_claimed);
}

void passcode_store_settle_mail(struct store_op *op, struct uuid passcode, enum mail_state state,
                                int32_t wait_s, enum reason reason, const char *target)
{
    struct pg_params p = sql_settle_passcode_mail(
        op->arena, &(struct sql_settle_passcode_mail){
                       .passcode = passcode,
                       .event = {uuid_v7(clock_unix_us())},
                       .state = (int16_t)state,
                       .wait_s = wait_s,
                       .reason = reason == R_NONE ? "OK" : reason_info(reason)->name,
                       .target = target});
    pg_submit_one(op, &p, pg_read_nothing);
}

/* --- sweep ------------------------------------------------------------------------------------ */

static rc read_swept(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct passcode_sweep *sweep = LIST_ENTRY(op, struct passcode_sweep, op);
    struct sql_sweep_passcodes_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_sweep_passcodes_read(op->arena, r, 0, &row, err));
    sweep->count = row.swept;
    return OK;
}

void passcode_store_sweep(struct passcode_sweep *sweep)
{
    struct pg_params p = sql_sweep_passcodes(
        sweep->op.arena,
        &(struct sql_sweep_passcodes){.keep_s = PASSCODE_KEPT_S, .max = PASSCODES_SWEPT_MAX});
    pg_submit_one(&sweep->op, &p, read_swept);
}
