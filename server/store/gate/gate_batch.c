/* SPDX-License-Identifier: Apache-2.0 */
#include "store/gate/gate_batch.h"

#include <string.h>

#include "store/cache/amendment_rows.h"

void gate_batch_forget(struct gate_batch *batch, const struct gate_entry *entry)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->entries[i] == entry) {
            batch->entries[i] = NULL;
        }
    }
}

/* --- one array per column ---------------------------------------------------------------------- */

typedef const char *(*text_of)(const struct gate_entry *e);
typedef struct uuid (*uuid_of)(const struct gate_entry *e);
typedef bool (*bool_of)(const struct gate_entry *e);
typedef int64_t (*int_of)(const struct gate_entry *e);

static void add_texts(struct pg_params *p, const struct gate_batch *b, text_of get)
{
    struct pg_array array;
    size_t bytes = 0;
    for (size_t i = 0; i < b->count; i++) {
        const char *text = get(b->entries[i]);
        bytes += text == NULL ? 0 : strlen(text);
    }
    pg_array_begin(&array, p, PG_TEXT, b->count, bytes);
    for (size_t i = 0; i < b->count; i++) {
        pg_array_text(&array, get(b->entries[i]));
    }
    pg_array_end(&array);
}

static void add_uuids(struct pg_params *p, const struct gate_batch *b, uuid_of get,
                      bool zero_is_null)
{
    struct pg_array array;
    pg_array_begin(&array, p, PG_UUID, b->count, b->count * UUID_BYTES);
    for (size_t i = 0; i < b->count; i++) {
        struct uuid id = get(b->entries[i]);
        if (zero_is_null && uuid_is_zero(id)) {
            pg_array_null(&array);
        } else {
            pg_array_bytes(&array, id.b, UUID_BYTES);
        }
    }
    pg_array_end(&array);
}

static void add_bools(struct pg_params *p, const struct gate_batch *b, bool_of get)
{
    struct pg_array array;
    pg_array_begin(&array, p, PG_BOOL, b->count, b->count);
    for (size_t i = 0; i < b->count; i++) {
        pg_array_bool(&array, get(b->entries[i]));
    }
    pg_array_end(&array);
}

static void add_ints(struct pg_params *p, const struct gate_batch *b, int_of get)
{
    struct pg_array array;
    pg_array_begin(&array, p, PG_INT8, b->count, b->count * 8);
    for (size_t i = 0; i < b->count; i++) {
        pg_array_int8(&array, get(b->entries[i]));
    }
    pg_array_end(&array);
}

#define TEXT_GETTER(name, expression)                   \
    static const char *name(const struct gate_entry *e) \
    {                                                   \
        return expression;                              \
    }
#define UUID_GETTER(name, expression)                   \
    static struct uuid name(const struct gate_entry *e) \
    {                                                   \
        return expression;                              \
    }
#define BOOL_GETTER(name, expression)            \
    static bool name(const struct gate_entry *e) \
    {                                            \
        return expression;                       \
    }

#define INT_GETTER(name, expression)                \
    static int64_t name(const struct gate_entry *e) \
    {                                               \
        return expression;                          \
    }

UUID_GETTER(tenant_of, e->tenant.u)
UUID_GETTER(event_of, e->event.u)
TEXT_GETTER(operation_of, e->operation)
TEXT_GETTER(reason_of, e->reason == R_NONE ? "OK" : reason_info(e->reason)->name)
TEXT_GETTER(addresses_of, e->who.addresses)
UUID_GETTER(component_of, e->who.component.u)
TEXT_GETTER(component_name_of, e->who.component_name)
UUID_GETTER(content_of, e->content.u)
UUID_GETTER(template_of, e->template.u)
TEXT_GETTER(rights_of, e->rights)
TEXT_GETTER(channel_of, channel_name(e->channel))
TEXT_GETTER(power_of, power_name(e->power))
TEXT_GETTER(client_address_of, e->who.client_address)
TEXT_GETTER(user_agent_of, e->who.user_agent)
TEXT_GETTER(correlation_of, e->who.correlation_id)
BOOL_GETTER(revoked_of, e->facts.is_revoked)
BOOL_GETTER(user_revoked_of, e->facts.user_is_revoked)
INT_GETTER(version_of, e->policy_version)
INT_GETTER(amendment_of, e->facts.amendment == NULL ? 0 : e->facts.amendment->version)
BOOL_GETTER(is_new_of, e->new_content != NULL)
TEXT_GETTER(owner_of, e->new_content == NULL ? NULL : e->new_content->owner)
TEXT_GETTER(issuer_of, e->new_content == NULL ? NULL : e->new_content->issuer)
TEXT_GETTER(display_name_of, e->new_content == NULL ? NULL : e->new_content->display_name)
UUID_GETTER(request_id_of, e->new_content == NULL ? (struct uuid){{0}} : e->new_content->request_id)

static void add_hashes(struct pg_params *p, const struct gate_batch *b)
{
    struct pg_array array;
    pg_array_begin(&array, p, PG_BYTEA, b->count, b->count * 32);
    for (size_t i = 0; i < b->count; i++) {
        if (uuid_is_zero(request_id_of(b->entries[i]))) {
            pg_array_null(&array);
        } else {
            pg_array_bytes(&array, b->entries[i]->new_content->request_hash, 32);
        }
    }
    pg_array_end(&array);
}

/* Three parallel arrays: which entry (from 1), which scope, which epoch. */
static void add_scopes(struct pg_params *p, const struct gate_batch *b)
{
    struct pg_array entries, scopes, epochs;
    size_t count = 0;
    for (size_t i = 0; i < b->count; i++) {
        count += b->entries[i]->scope_count;
    }
    pg_array_begin(&entries, p, PG_INT8, count, count * 8);
    for (size_t i = 0; i < b->count; i++) {
        for (size_t j = 0; j < b->entries[i]->scope_count; j++) {
            pg_array_int8(&entries, (int64_t)i + 1);
        }
    }
    pg_array_end(&entries);
    pg_array_begin(&scopes, p, PG_UUID, count, count * UUID_BYTES);
    for (size_t i = 0; i < b->count; i++) {
        for (size_t j = 0; j < b->entries[i]->scope_count; j++) {
            pg_array_bytes(&scopes, b->entries[i]->scopes[j].scope.b, UUID_BYTES);
        }
    }
    pg_array_end(&scopes);
    pg_array_begin(&epochs, p, PG_INT8, count, count * 8);
    for (size_t i = 0; i < b->count; i++) {
        for (size_t j = 0; j < b->entries[i]->scope_count; j++) {
            pg_array_int8(&epochs, b->entries[i]->scopes[j].epoch);
        }
    }
    pg_array_end(&epochs);
}

/* --- the answer -------------------------------------------------------------------------------- */

enum { FIRST_AMENDMENT_COLUMN = 6, STALE_SCOPES_COLUMN = 13 };

static void read_stale(struct gate_entry *entry, const PGresult *r, int row)
{
    for (size_t i = 0; i < entry->scope_count; i++) {
        char scope[UUID_TEXT_BYTES];
        uuid_format(entry->scopes[i].scope, scope);
        entry->scopes[i].is_stale = strstr(PQgetvalue(r, row, STALE_SCOPES_COLUMN), scope) != NULL;
    }
}

static rc read_facts(const struct gate_batch *batch, struct gate_entry *entry, const PGresult *r,
                     int row, struct err *err)
{
    entry->facts.is_revoked = pg_bool(r, row, 2);
    entry->facts.user_is_revoked = pg_bool(r, row, 3);
    entry->facts.amendment = NULL;
    if (pg_is_null(r, row, FIRST_AMENDMENT_COLUMN)) {
        return OK;
    }
    return amendments_take(batch->amendments, entry->content, entry->arena,
                           &(struct amendment_cell){r, row, FIRST_AMENDMENT_COLUMN},
                           &entry->facts.amendment, err);
}

static void read_row(const struct gate_batch *batch, struct gate_entry *entry, const PGresult *r,
                     int row)
{
    entry->verdict = (enum gate_verdict)pg_int(r, row, 1);
    if (entry->verdict == GATE_STALE) {
        read_stale(entry, r, row);
    }
    if (entry->verdict == GATE_FACTS_CHANGED) {
        rc facts = read_facts(batch, entry, r, row, &entry->err);
        CH_ASSERT(facts.ok || entry->err.reason != R_NONE);
    }
    if (entry->verdict == GATE_ALREADY) {
        entry->made_content.u = pg_uuid(r, row, 4);
        memset(entry->made_hash, 0, sizeof entry->made_hash);
        if (PQgetlength(r, row, 5) == (int)sizeof entry->made_hash) {
            memcpy(entry->made_hash, PQgetvalue(r, row, 5), sizeof entry->made_hash);
        }
    }
}

static rc read_verdicts(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct gate_batch *batch = LIST_ENTRY(op, struct gate_batch, op);
    (void)index;
    ENSURE((size_t)PQntuples(r) == batch->count, err, R_DATABASE_ERROR);
    for (size_t i = 0; i < batch->count; i++) {
        int64_t verdict = pg_int(r, (int)i, 1);
        ENSURE(pg_int(r, (int)i, 0) == (int64_t)i + 1, err, R_DATABASE_ERROR);
        ENSURE(verdict >= GATE_RECORDED && verdict <= GATE_ALREADY, err, R_DATABASE_ERROR);
        if (batch->entries[i] != NULL) {
            read_row(batch, batch->entries[i], r, (int)i);
        }
    }
    return OK;
}

void gate_batch_send(struct gate_batch *b)
{
    struct pg_params *p = ARENA_NEW(b->arena, struct pg_params);
    CH_ASSERT(p != NULL);
    pg_params_init(p, b->arena);
    add_uuids(p, b, tenant_of, false);
    add_uuids(p, b, event_of, false);
    add_texts(p, b, operation_of);
    add_texts(p, b, reason_of);
    add_texts(p, b, addresses_of);
    add_uuids(p, b, component_of, true);
    add_texts(p, b, component_name_of);
    add_uuids(p, b, content_of, true);
    add_uuids(p, b, template_of, true);
    add_ints(p, b, version_of);
    add_texts(p, b, rights_of);
    add_texts(p, b, channel_of);
    add_texts(p, b, power_of);
    add_texts(p, b, client_address_of);
    add_texts(p, b, user_agent_of);
    add_texts(p, b, correlation_of);
    add_bools(p, b, revoked_of);
    add_bools(p, b, user_revoked_of);
    add_ints(p, b, amendment_of);
    add_bools(p, b, is_new_of);
    add_texts(p, b, owner_of);
    add_texts(p, b, issuer_of);
    add_texts(p, b, display_name_of);
    add_uuids(p, b, request_id_of, true);
    add_hashes(p, b);
    add_scopes(p, b);
    pg_submit(&b->op,
              &(struct pg_segment){
                  .count = 1, .statements = {ST_gate}, .params = {p}, .read = read_verdicts});
}
