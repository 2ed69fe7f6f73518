/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/answer_store.h"

#include "base/clock.h"
#include "domain/decide/decide_retry.h"
#include "store/resource/change_submit.h"

/* What make_answer answers. */
enum {
    ANSWER_MADE = 0,
    ANSWER_CHANGED = 1,
    ANSWER_TOO_MANY = 2,
    ANSWER_AGAIN = 3,
    ANSWER_OTHER_REQUEST = 4,
    ANSWER_IS_REVOKED = 5,
};

static rc read_made(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct answer_make *make = LIST_ENTRY(op, struct answer_make, op);
    struct sql_make_answer_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_make_answer_read(op->arena, r, 0, &row, err));
    ENSURE(row.problem != ANSWER_TOO_MANY, err, R_ANSWER_LIMIT);
    ENSURE(row.problem != ANSWER_OTHER_REQUEST, err, R_REQUEST_ID_REUSED);
    ENSURE(row.problem != ANSWER_IS_REVOKED, err, R_REVOKED);
    make->is_changed = row.problem == ANSWER_CHANGED;
    make->is_again = row.problem == ANSWER_AGAIN;
    if (!make->is_changed) {
        make->content = row.content;
        make->key_version = (uint32_t)row.key_version;
    }
    return OK;
}

static struct sql_answer row_of(const struct answer_make *make)
{
    struct sql_answer row = {.content = make->content,
                             .kind = make->kind,
                             .owner = make->row.owner,
                             .issuer = make->row.issuer,
                             .template = make->template,
                             .display_name = make->row.display_name,
                             .request = make->row.request_id,
                             .key_version = make->row.key_version,
                             .drops_added = make->drops_added};
    if (!uuid_is_zero(make->row.request_id)) {
        row.request_hash = slice_of(make->row.request_hash, sizeof make->row.request_hash);
    }
    return row;
}

void answer_store_make(struct answer_make *make)
{
    const struct gate_entry *entry = make->entry;
    const struct amendment *amendment = entry->facts.amendment;
    struct sql_known_epoch known[GATE_SCOPES_MAX];
    for (size_t i = 0; i < entry->scope_count; i++) {
        known[i] = (struct sql_known_epoch){.scope = entry->scopes[i].scope,
                                            .epoch = entry->scopes[i].epoch};
    }
    struct pg_params p = sql_make_answer(
        make->op.arena,
        &(struct sql_make_answer){.act = change_act(make->tenant, "answer", &make->who),
                                  .content = make->answered,
                                  .mark = amendment == NULL ? 0 : amendment->mark,
                                  .addresses = entry->is_outside ? make->who.addresses_outside
                                                                 : make->who.addresses,
                                  .known = {known, entry->scope_count},
                                  .made = row_of(make),
                                  .protected.u = uuid_v7(clock_unix_us()),
                                  .policy_version = make->policy_version,
                                  .rights = make->rights,
                                  .channel = channel_name(CHANNEL_PORTAL),
                                  .power = power_name(make->power),
                                  .life_s = RETRY_LIFE_S,
                                  .reader_max = ANSWERS_OF_READER_MAX,
                                  .thread_max = ANSWERS_OF_THREAD_MAX});
    pg_submit_one(&make->op, &p, read_made);
}

static rc read_answerer(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct answerer_find *find = LIST_ENTRY(op, struct answerer_find, op);
    struct sql_find_answerer_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    TRY(sql_find_answerer_read(op->arena, r, 0, &row, err));
    find->reader = row.reader;
    return OK;
}

void answer_store_find_answerer(struct answerer_find *find, struct tenant_id tenant,
                                struct content_id content)
{
    struct pg_params p =
        sql_find_answerer(find->op.arena, &(struct sql_find_answerer){tenant, content});
    pg_submit_one(&find->op, &p, read_answerer);
}
