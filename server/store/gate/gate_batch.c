/* SPDX-License-Identifier: Apache-2.0 */
/* A batch as one statement: its entries become the rows of three lists, and each row of the answer
 * goes back to its entry. The order of the rows is the order of the entries; the answer has as many
 * rows, numbered from 1, also where an entry was canceled meanwhile. */
#include "store/gate/gate_batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/cache/amendment_rows.h"
#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

void gate_batch_forget(struct gate_batch *batch, const struct gate_entry *entry)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->entries[i] == entry) {
            batch->entries[i] = NULL;
        }
    }
}

/* --- the question ----------------------------------------------------------------------------- */

static struct sql_gate_content content_of(const struct gate_content *content, size_t index)
{
    struct sql_gate_content row = {.entry = (int64_t)index + 1,
                                   .owner = content->owner,
                                   .issuer = content->issuer,
                                   .display_name = content->display_name,
                                   .protected_at = content->protected_at,
                                   .request_id = content->request_id,
                                   .key_version = content->key_version,
                                   .notify_owner = content->notify_owner};
    if (!uuid_is_zero(content->request_id)) {
        row.request_hash = slice_of(content->request_hash, sizeof content->request_hash);
    }
    return row;
}

static struct sql_gate_entry row_of(const struct gate_entry *e)
{
    const struct amendment *amendment = e->facts.amendment;
    return (struct sql_gate_entry){
        .tenant = e->tenant,
        .event = e->event,
        .operation = e->operation == NULL ? "" : e->operation,
        .reason = e->reason == R_NONE ? "OK" : reason_info(e->reason)->name,
        .addresses = e->is_outside ? e->who.addresses_outside : e->who.addresses,
        .component = e->who.component,
        .component_name = e->who.component_name,
        .content = e->content,
        .template = e->template,
        .policy_version = e->policy_version,
        .rights = e->rights,
        .channel = channel_name(e->channel),
        .power = power_name(e->power),
        .client_address = e->who.client_address,
        .user_agent = e->who.user_agent,
        .correlation_id = e->who.correlation_id,
        .target = e->target == NULL ? "" : e->target,
        .tracking = (int16_t)e->tracking,
        .was_revoked = e->facts.is_revoked,
        .was_user_revoked = e->facts.user_is_revoked,
        .was_amendment = amendment == NULL ? 0 : amendment->mark,
    };
}

static const struct gate_content *content_to_make(const struct gate_entry *e)
{
    return e->is_lost ? e->sealed : e->new_content;
}

static size_t count_epochs(const struct gate_batch *b)
{
    size_t count = 0;
    for (size_t i = 0; i < b->count; i++) {
        count += b->entries[i]->scope_count;
    }
    return count;
}

static rc read_verdicts(struct store_op *op, size_t index, const PGresult *r, struct err *err);

void gate_batch_send(struct gate_batch *b)
{
    size_t epoch_count = count_epochs(b), content_count = 0, at = 0;
    struct sql_gate_entry *rows = ARENA_ARRAY(b->arena, struct sql_gate_entry, b->count);
    struct sql_gate_content *contents = ARENA_ARRAY(b->arena, struct sql_gate_content, b->count);
    struct sql_gate_epoch *epochs = ARENA_ARRAY(b->arena, struct sql_gate_epoch, epoch_count + 1);
    CH_ASSERT(rows != NULL && contents != NULL && epochs != NULL);
    for (size_t i = 0; i < b->count; i++) {
        const struct gate_entry *e = b->entries[i];
        rows[i] = row_of(e);
        if (content_to_make(e) != NULL) {
            contents[content_count++] = content_of(content_to_make(e), i);
        }
        for (size_t j = 0; j < e->scope_count; j++) {
            epochs[at++] = (struct sql_gate_epoch){
                .n = (int64_t)i + 1, .scope = e->scopes[j].scope, .epoch = e->scopes[j].epoch};
        }
    }
    struct pg_params p =
        sql_gate(b->arena, &(struct sql_gate){.entries = {rows, b->count},
                                              .contents = {contents, content_count},
                                              .epochs = {epochs, epoch_count}});
    pg_submit_one(&b->op, &p, read_verdicts);
}

/* --- the answer ------------------------------------------------------------------------------- */

/* stale: "scope=epoch " for each that has moved. */
static void take_stale(struct gate_entry *entry, const char *stale)
{
    for (size_t i = 0; i < entry->scope_count; i++) {
        char scope[UUID_TEXT_BYTES];
        char state[UUID_TEXT_BYTES + 32];
        uuid_format(entry->scopes[i].scope, scope);
        (void)snprintf(state, sizeof state, "%s=%" PRId64 " ", scope, entry->scopes[i].epoch);
        entry->scopes[i].is_stale = strstr(stale, state) != NULL;
    }
}

static void take_made(struct gate_entry *entry, const struct sql_gate_difference *made)
{
    entry->made = (struct gate_made){.content = made->made_content,
                                     .key_version = (uint32_t)made->made_key_version,
                                     .made_at = made->made_at,
                                     .now = made->now};
    if (made->made_hash.len == sizeof entry->made.request_hash) {
        memcpy(entry->made.request_hash, made->made_hash.ptr, sizeof entry->made.request_hash);
    }
}

static rc take_facts(const struct gate_batch *batch, struct gate_entry *entry,
                     const struct sql_gate_difference *facts, const PGresult *r, int row,
                     struct err *err)
{
    entry->facts = (struct content_facts){.is_revoked = facts->revoked,
                                          .user_is_revoked = facts->user_revoked};
    return facts->is_amended ? amendments_take(batch->amendments, entry->tenant, entry->content,
                                               entry->arena, r, row, &entry->facts.amendment, err)
                             : OK;
}

static rc read_row(const struct gate_batch *batch, struct gate_entry *entry, const PGresult *r,
                   int i, struct err *err)
{
    struct sql_gate_row row;
    struct sql_gate_difference difference;
    TRY(sql_gate_read(batch->arena, r, i, &row, err));
    ENSURE(row.n == (int64_t)i + 1, err, R_DATABASE_ERROR);
    ENSURE(row.verdict >= GATE_RECORDED && row.verdict <= GATE_CONTENT_LOST, err, R_DATABASE_ERROR);
    entry->verdict = (enum gate_verdict)row.verdict;
    if (entry->verdict == GATE_RECORDED) {
        return OK;
    }
    TRY(sql_gate_read_difference(batch->arena, r, i, &difference, err));
    switch (entry->verdict) {
    case GATE_FACTS_CHANGED:
        return take_facts(batch, entry, &difference, r, i, err);
    case GATE_STALE:
        take_stale(entry, difference.stale);
        break;
    case GATE_ALREADY:
        take_made(entry, &difference);
        break;
    case GATE_CONTENT_LOST:
    case GATE_RECORDED:
        break;
    }
    return OK;
}

/* The batch is committed, so what is wrong with one row is that entry's error and no other's. */
static rc read_verdicts(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct gate_batch *batch = LIST_ENTRY(op, struct gate_batch, op);
    (void)index;
    ENSURE((size_t)PQntuples(r) == batch->count, err, R_DATABASE_ERROR);
    for (size_t i = 0; i < batch->count; i++) {
        struct gate_entry *entry = batch->entries[i];
        if (entry != NULL) {
            rc taken = read_row(batch, entry, r, (int)i, &entry->err);
            CH_ASSERT(taken.ok || entry->err.reason != R_NONE);
        }
    }
    return OK;
}
