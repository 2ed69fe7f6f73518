/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/signals.h"

#include <string.h>

#include "base/hashmap.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

struct signals {
    struct hashmap
        *known; /* by scope: struct remembered, of those of whom something was signaled */
};

struct remembered {
    struct known_signal signal;
    bool is_dropped; /* ask, whatever stood here */
};

struct signals *signals_new(size_t max)
{
    struct signals *signals = xcalloc(1, sizeof *signals);
    signals->known = hashmap_new(max, xfree);
    return signals;
}

void signals_free(struct signals *signals)
{
    if (signals != NULL) {
        hashmap_free(signals->known);
        xfree(signals);
    }
}

rc signals_scope(struct arena *arena, struct tenant_id tenant, enum signal_name_kind kind,
                 const char *name, struct uuid *out, struct err *err)
{
    uint8_t digest[SHA256_BYTES];
    char id[UUID_TEXT_BYTES];
    uuid_format(tenant.u, id);
    const char *text = arena_printf(arena, "chancery signal %s %d %s", id, (int)kind, name);
    ARENA_ENSURE(text, err);
    TRY(hash_sha256(slice_str(text), digest, err));
    memcpy(out->b, digest, UUID_BYTES);
    return OK;
}

static struct slice key_of(const struct uuid *scope)
{
    return slice_of(scope->b, UUID_BYTES);
}

static void put(struct signals *signals, const struct uuid *scope, struct remembered value)
{
    struct remembered *entry = xcalloc(1, sizeof *entry);
    *entry = value;
    hashmap_put(signals->known, key_of(scope), entry);
}

void signals_drop(struct signals *signals, struct uuid scope)
{
    put(signals, &scope, (struct remembered){.is_dropped = true});
}

bool signals_known(struct signals *signals, struct uuid scope, struct known_signal *out)
{
    const struct remembered *entry = hashmap_get(signals->known, key_of(&scope));
    *out = entry == NULL ? (struct known_signal){0} : entry->signal;
    return entry == NULL || !entry->is_dropped;
}

/* Of whom nothing was signaled, nothing is kept: the bound is for those of whom something was. */
static void remember(struct signals *signals, const struct uuid *scope, struct known_signal found)
{
    if (found.epoch == 0) {
        (void)hashmap_remove(signals->known, key_of(scope));
    } else {
        put(signals, scope, (struct remembered){.signal = found});
    }
}

static rc read_states(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct signals_find *find = LIST_ENTRY(op, struct signals_find, op);
    (void)index;
    ENSURE((size_t)PQntuples(r) == find->count, err, R_DATABASE_ERROR);
    find->found = ARENA_ARRAY(op->arena, struct known_signal, find->count + 1);
    ARENA_ENSURE(find->found, err);
    for (size_t i = 0; i < find->count; i++) {
        struct sql_signal_states_row row;
        TRY(sql_signal_states_read(op->arena, r, (int)i, &row, err));
        find->found[i] = (struct known_signal){
            .state = {.is_disabled = row.disabled, .not_before = row.not_before},
            .epoch = row.epoch};
        if (op->transaction == NULL) { /* what is not committed is nobody else's */
            remember(find->signals, &find->scopes[i], find->found[i]);
        }
    }
    return OK;
}

/* Arrays of statements are of texts (scripts/gen-statements). Over budget the statement fails as a whole. */
void signals_ask(struct signals *signals, struct signals_find *find)
{
    const char **texts = ARENA_ARRAY(find->op.arena, const char *, find->count + 1);
    char *room = ARENA_ARRAY(find->op.arena, char, find->count *UUID_TEXT_BYTES + 1);
    find->signals = signals;
    for (size_t i = 0; texts != NULL && room != NULL && i < find->count; i++) {
        char *text = room + i * UUID_TEXT_BYTES;
        uuid_format(find->scopes[i], text);
        texts[i] = text;
    }
    struct pg_params p = sql_signal_states(
        find->op.arena, &(struct sql_signal_states){
                            .tenant = find->tenant,
                            .scopes = {texts, texts == NULL || room == NULL ? 0 : find->count}});
    pg_submit_one(&find->op, &p, read_states);
}
