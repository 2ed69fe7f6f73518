/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/lookups.h"

#include "base/hashmap.h"
#include "base/mem.h"
#include "domain/values/issuer_template.h"
#include "store/cache/issuer_rows.h"
#include "store/pg/pg_submit.h"

enum { ENTRY_BUDGET = 256 * 1024, KEY_MAX = 1024 };

/* A row that was found; counted, because calls hold it while the cache forgets it. */
struct found {
    struct arena *arena;
    size_t references;
    struct issuer issuer;
    struct component_row component;
};

struct lookups {
    struct hashmap *rows;    /* struct found */
    struct hashmap *answers; /* struct lookup_answer */
};

static void unref(void *value)
{
    struct found *found = value;
    if (--found->references == 0) {
        arena_free(found->arena);
        xfree(found);
    }
}

/* One byte of kind before the key; empty for what can't be a key, which is then not remembered. */
static struct slice cache_key(uint8_t space[KEY_MAX], enum lookup_kind kind, struct slice key)
{
    if (key.len == 0 || key.len >= KEY_MAX) {
        return SLICE_NONE;
    }
    space[0] = (uint8_t)kind;
    memcpy(space + 1, key.ptr, key.len);
    return slice_of(space, key.len + 1);
}

static struct found *cached(struct lookups *lookups, enum lookup_kind kind, struct slice key,
                            struct arena *arena)
{
    uint8_t space[KEY_MAX];
    struct slice where = cache_key(space, kind, key);
    struct found *found = where.len == 0 ? NULL : hashmap_get(lookups->rows, where);
    if (found == NULL) {
        return NULL;
    }
    found->references++;
    return arena_on_free(arena, unref, found, NULL).ok ? found : NULL;
}

const struct issuer *lookups_issuer(struct lookups *lookups, const char *iss, struct arena *arena)
{
    const struct found *found = cached(lookups, LOOKUP_ISSUER, slice_str(iss), arena);
    return found == NULL ? NULL : &found->issuer;
}

const struct component_row *lookups_component(struct lookups *lookups, enum lookup_kind kind,
                                              struct slice key, struct arena *arena)
{
    const struct found *found = cached(lookups, kind, key, arena);
    return found == NULL ? NULL : &found->component;
}

const struct lookup_answer *lookups_answer(struct lookups *lookups, enum lookup_kind kind,
                                           struct slice key)
{
    uint8_t space[KEY_MAX];
    struct slice where = cache_key(space, kind, key);
    return where.len == 0 ? NULL : hashmap_get(lookups->answers, where);
}

static struct hashmap *map_of(struct lookups *lookups, enum lookup_kind kind)
{
    bool is_row =
        kind == LOOKUP_ISSUER || kind == LOOKUP_COMPONENT || kind == LOOKUP_COMPONENT_BY_SUBJECT;
    return is_row ? lookups->rows : lookups->answers;
}

void lookups_drop(struct lookups *lookups, enum lookup_kind kind, struct slice key)
{
    uint8_t space[KEY_MAX];
    (void)hashmap_remove(map_of(lookups, kind), cache_key(space, kind, key));
}

struct lookups *lookups_new(size_t max)
{
    struct lookups *lookups = xcalloc(1, sizeof *lookups);
    lookups->rows = hashmap_new(max, unref);
    lookups->answers = hashmap_new(max, xfree);
    return lookups;
}

void lookups_free(struct lookups *lookups)
{
    hashmap_free(lookups->rows);
    hashmap_free(lookups->answers);
    xfree(lookups);
}

static rc read_component(struct arena *arena, const PGresult *r, struct component_row *row,
                         struct err *err)
{
    struct subject_component *c = &row->component;
    c->tenant.u = pg_uuid(r, 0, 0);
    c->id.u = pg_uuid(r, 0, 1);
    TRY(pg_text(arena, r, 0, 2, &c->name, err));
    c->role = (enum role)pg_int(r, 0, 3);
    TRY(pg_text(arena, r, 0, 4, &c->boundary, err));
    TRY(pg_texts(arena, r, 0, 5, &c->sender_domains, &c->sender_domain_count, err));
    row->epoch = pg_int(r, 0, 6);
    return OK;
}

/* Read a row into memory of its own, which the cache and the call share. */
static rc read_found(struct lookup *lookup, const PGresult *r, struct err *err)
{
    uint8_t space[KEY_MAX];
    struct found *found = xcalloc(1, sizeof *found);
    found->arena = arena_new_small(ENTRY_BUDGET);
    found->references = 1;
    TRY(arena_on_free(lookup->op.arena, unref, found, err));
    if (lookup->kind == LOOKUP_ISSUER) {
        TRY(issuer_read(found->arena, r, 0, &found->issuer, err));
        found->issuer.epoch = pg_int(r, 0, ISSUER_COLUMNS);
    } else {
        TRY(read_component(found->arena, r, &found->component, err));
    }
    lookup->issuer = &found->issuer;
    lookup->component = &found->component;
    struct slice where = cache_key(space, lookup->kind, lookup->key);
    if (where.len > 0) {
        found->references++;
        hashmap_put(lookup->lookups->rows, where, found);
    }
    return OK;
}

/* There is always an answer, and it is remembered also when it is "none". */
static rc read_answer(struct lookup *lookup, const PGresult *r, struct err *err)
{
    uint8_t space[KEY_MAX];
    struct slice where = cache_key(space, lookup->kind, lookup->key);
    struct lookup_answer *answer = &lookup->answer;
    *answer = (struct lookup_answer){.epoch = pg_int(r, 0, 1)};
    if (lookup->kind == LOOKUP_TAKEN_DOMAIN) {
        answer->is_found = pg_bool(r, 0, 0);
    } else {
        answer->tenant.u = pg_uuid(r, 0, 0);
        answer->is_found = !ID_IS_ZERO(answer->tenant);
    }
    lookup->tenant = answer->tenant;
    if (where.len > 0) {
        struct lookup_answer *kept = xcalloc(1, sizeof *kept);
        *kept = *answer;
        hashmap_put(lookup->lookups->answers, where, kept);
    }
    ENSURE(answer->is_found, err, R_NOT_FOUND);
    return OK;
}

static rc read_row(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct lookup *lookup = LIST_ENTRY(op, struct lookup, op);
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    switch (lookup->kind) {
    case LOOKUP_ISSUER:
    case LOOKUP_COMPONENT:
    case LOOKUP_COMPONENT_BY_SUBJECT:
        return read_found(lookup, r, err);
    case LOOKUP_TENANT_BY_MAPPING:
    case LOOKUP_TAKEN_DOMAIN:
        return read_answer(lookup, r, err);
    case LOOKUP_TENANT_BY_NAME:
    case LOOKUP_TENANT_BY_DOMAIN:
        break;
    }
    lookup->tenant.u = pg_uuid(r, 0, 0);
    return OK;
}

struct slice lookups_issuer_key(struct arena *arena, struct issuer_id issuer, const char *value)
{
    size_t len = strlen(value);
    uint8_t *key = arena_alloc(arena, UUID_BYTES + len + 1);
    if (key == NULL) {
        return SLICE_NONE;
    }
    memcpy(key, issuer.u.b, UUID_BYTES);
    memcpy(key + UUID_BYTES, value, len);
    return slice_of(key, UUID_BYTES + len);
}

static void add_key(struct pg_params *p, enum lookup_kind kind, struct slice key)
{
    if (kind == LOOKUP_TENANT_BY_MAPPING || kind == LOOKUP_COMPONENT_BY_SUBJECT) {
        pg_add_bytes(p, slice_cut(key, 0, UUID_BYTES));
        pg_add_bytes(p, slice_cut(key, UUID_BYTES, key.len));
        return;
    }
    pg_add_bytes(p, key);
    if (kind == LOOKUP_ISSUER) {
        const char *iss = arena_dup(p->arena, key);
        const char *pattern = iss == NULL ? NULL : issuer_template_of(p->arena, iss);
        pg_add_text(p, pattern);
        p->failed = p->failed || pattern == NULL;
    }
}

void lookups_submit(struct lookups *lookups, struct lookup *lookup, enum lookup_kind kind,
                    struct slice key)
{
    static const enum statement statements[] = {
        [LOOKUP_ISSUER] = ST_find_issuer,
        [LOOKUP_COMPONENT] = ST_find_component,
        [LOOKUP_COMPONENT_BY_SUBJECT] = ST_find_component_by_subject,
        [LOOKUP_TENANT_BY_NAME] = ST_find_tenant_by_name,
        [LOOKUP_TENANT_BY_DOMAIN] = ST_find_tenant_by_domain,
        [LOOKUP_TENANT_BY_MAPPING] = ST_find_mapped_tenant,
        [LOOKUP_TAKEN_DOMAIN] = ST_find_taken_domain,
    };
    struct pg_params p;
    lookup->kind = kind;
    lookup->lookups = lookups;
    lookup->key = key;
    pg_params_init(&p, lookup->op.arena);
    add_key(&p, kind, key);
    pg_submit_one(&lookup->op, statements[kind], &p, read_row);
}
