/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/lookups.h"

#include "base/hashmap.h"
#include "base/mem.h"
#include "domain/values/issuer_template.h"
#include "store/cache/issuer_rows.h"
#include "store/cache/limit_rows.h"
#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

enum { ENTRY_BUDGET = 256 * 1024, KEY_MAX = 1024, MIB = 1 << 20 };
/* Of a worker. Rows have up to ENTRY_BUDGET, most of them two kilobytes. */
enum { ROWS_BYTES_MAX = 64 * MIB, NAMES_BYTES_MAX = 32 * MIB };

/* A row that was found; counted, because calls hold it while the cache forgets it. */
struct found {
    struct arena *arena;
    size_t references;
    struct issuer issuer;
    struct component_row component;
};

/* Whose a token's iss is. Of a template there are as many as tenants, and one row. */
struct named {
    struct issuer_id issuer;
    int64_t epoch; /* of the row when it was found: another one may be another's */
};

struct lookups {
    struct hashmap *issuers;    /* struct found, by issuer id */
    struct hashmap *names;      /* struct named, by iss */
    struct hashmap *components; /* struct found */
    struct hashmap *answers;    /* struct lookup_answer */
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

/* Held by the arena; NULL over budget. */
static struct found *hold(struct found *found, struct arena *arena)
{
    found->references++;
    return arena_on_free(arena, unref, found, NULL).ok ? found : NULL;
}

const struct issuer *lookups_issuer(struct lookups *lookups, const char *iss, struct arena *arena)
{
    const struct named *named = hashmap_get(lookups->names, slice_str(iss));
    struct found *found =
        named == NULL ? NULL
                      : hashmap_get(lookups->issuers, slice_of(named->issuer.u.b, UUID_BYTES));
    if (found == NULL || found->issuer.epoch != named->epoch) {
        return NULL;
    }
    found = hold(found, arena);
    return found == NULL ? NULL : &found->issuer;
}

const struct component_row *lookups_component(struct lookups *lookups, enum lookup_kind kind,
                                              struct slice key, struct arena *arena)
{
    uint8_t space[KEY_MAX];
    struct slice where = cache_key(space, kind, key);
    struct found *found = where.len == 0 ? NULL : hashmap_get(lookups->components, where);
    found = found == NULL ? NULL : hold(found, arena);
    return found == NULL ? NULL : &found->component;
}

const struct lookup_answer *lookups_answer(struct lookups *lookups, enum lookup_kind kind,
                                           struct slice key)
{
    uint8_t space[KEY_MAX];
    struct slice where = cache_key(space, kind, key);
    return where.len == 0 ? NULL : hashmap_get(lookups->answers, where);
}

void lookups_drop(struct lookups *lookups, enum lookup_kind kind, struct slice key)
{
    uint8_t space[KEY_MAX];
    bool is_component = kind == LOOKUP_COMPONENT || kind == LOOKUP_COMPONENT_BY_SUBJECT;
    if (kind == LOOKUP_ISSUER) {
        (void)hashmap_remove(lookups->names, key);
        return;
    }
    (void)hashmap_remove(is_component ? lookups->components : lookups->answers,
                         cache_key(space, kind, key));
}

struct lookups *lookups_new(size_t max)
{
    struct lookups *lookups = xcalloc(1, sizeof *lookups);
    lookups->issuers = hashmap_new_shared(max, ROWS_BYTES_MAX, unref);
    lookups->names = hashmap_new_shared(max, NAMES_BYTES_MAX, xfree);
    lookups->components = hashmap_new_shared(max, ROWS_BYTES_MAX, unref);
    lookups->answers = hashmap_new_shared(max, NAMES_BYTES_MAX, xfree);
    return lookups;
}

void lookups_free(struct lookups *lookups)
{
    if (lookups != NULL) {
        hashmap_free(lookups->issuers);
        hashmap_free(lookups->names);
        hashmap_free(lookups->components);
        hashmap_free(lookups->answers);
        xfree(lookups);
    }
}

/* --- remembering what was verified ---------------------------------------------------------------- */

static size_t bytes_of(const struct found *found)
{
    return sizeof *found + arena_used(found->arena);
}

static struct found *found_of_issuer(const struct issuer *issuer)
{
    return LIST_ENTRY((uintptr_t)issuer, struct found, issuer);
}

static struct found *found_of_component(const struct component_row *component)
{
    return LIST_ENTRY((uintptr_t)component, struct found, component);
}

void lookups_remember_issuer(struct lookups *lookups, const char *iss, const struct issuer *issuer,
                             struct uuid owner)
{
    struct found *found = found_of_issuer(issuer);
    struct slice id = slice_of(issuer->id.u.b, UUID_BYTES);
    const struct found *known = hashmap_get(lookups->issuers, id);
    struct named *named = xcalloc(1, sizeof *named);
    *named = (struct named){issuer->id, issuer->epoch};
    if (known == NULL || known->issuer.epoch != issuer->epoch) {
        found->references++;
        hashmap_put_owned(lookups->issuers, id, found, issuer->tenant.u, bytes_of(found));
    }
    hashmap_put_owned(lookups->names, slice_str(iss), named, owner, sizeof *named);
}

void lookups_remember_component(struct lookups *lookups, enum lookup_kind kind, struct slice key,
                                const struct component_row *component)
{
    uint8_t space[KEY_MAX];
    struct found *found = found_of_component(component);
    struct slice where = cache_key(space, kind, key);
    if (where.len > 0 && !component->is_disabled) {
        found->references++;
        hashmap_put_owned(lookups->components, where, found, component->component.tenant.u,
                          bytes_of(found));
    }
}

void lookups_remember_answer(struct lookups *lookups, enum lookup_kind kind, struct slice key,
                             const struct lookup_answer *answer, struct uuid owner)
{
    uint8_t space[KEY_MAX];
    struct slice where = cache_key(space, kind, key);
    if (where.len > 0) {
        struct lookup_answer *kept = xcalloc(1, sizeof *kept);
        *kept = *answer;
        hashmap_put_owned(lookups->answers, where, kept, owner, sizeof *kept);
    }
}

/* --- asking ----------------------------------------------------------------------------------------- */

static rc read_issuer(struct arena *arena, const PGresult *r, struct issuer *out, struct err *err)
{
    struct sql_find_issuer_row row;
    TRY(sql_find_issuer_read(arena, r, 0, &row, err));
    *out = issuer_from_row(&row.issuer);
    out->epoch = row.epoch;
    return OK;
}

static struct component_row component_from_row(const struct sql_found_component *from,
                                               const struct sql_tenant_limits *limits)
{
    return (struct component_row){
        .component = {.tenant = from->tenant,
                      .id = from->component,
                      .name = from->name,
                      .role = (enum role)from->role,
                      .boundary = from->boundary,
                      .sender_domains = from->sender_domains.items,
                      .sender_domain_count = from->sender_domains.count},
        .is_disabled = from->is_disabled,
        .is_of_active_tenant = from->tenant_is_active,
        .limits = limits_from_row(limits),
        .epoch = from->epoch,
    };
}

static rc read_component(struct arena *arena, const PGresult *r, struct component_row *out,
                         struct err *err)
{
    struct sql_find_component_row row;
    TRY(sql_find_component_read(arena, r, 0, &row, err));
    *out = component_from_row(&row.component, &row.limits);
    return OK;
}

static rc read_component_by_subject(struct arena *arena, const PGresult *r,
                                    struct component_row *out, struct err *err)
{
    struct sql_find_component_by_subject_row row;
    TRY(sql_find_component_by_subject_read(arena, r, 0, &row, err));
    *out = component_from_row(&row.component, &row.limits);
    return OK;
}

static rc read_directory_token(struct arena *arena, const PGresult *r, struct component_row *out,
                               struct err *err)
{
    struct sql_find_directory_token_row row;
    TRY(sql_find_directory_token_read(arena, r, 0, &row, err));
    *out = component_from_row(&row.component, &row.limits);
    return OK;
}

/* Read a row into memory of its own, which the cache and the call share. */
static rc read_found(struct lookup *lookup, const PGresult *r, struct err *err)
{
    struct found *found = xcalloc(1, sizeof *found);
    found->arena = arena_new_small(ENTRY_BUDGET);
    found->references = 1;
    TRY(arena_on_free(lookup->op.arena, unref, found, err));
    if (lookup->kind == LOOKUP_ISSUER) {
        TRY(read_issuer(found->arena, r, &found->issuer, err));
    } else if (lookup->kind == LOOKUP_COMPONENT) {
        TRY(read_component(found->arena, r, &found->component, err));
    } else if (lookup->kind == LOOKUP_DIRECTORY_TOKEN) {
        TRY(read_directory_token(found->arena, r, &found->component, err));
    } else {
        TRY(read_component_by_subject(found->arena, r, &found->component, err));
    }
    lookup->issuer = &found->issuer;
    lookup->component = &found->component;
    return OK;
}

/* There is always an answer, also when it is "none". */
static rc take_answer(struct lookup *lookup, struct lookup_answer answer, struct err *err)
{
    lookup->answer = answer;
    lookup->tenant = answer.tenant;
    ENSURE(answer.is_found, err, R_NOT_FOUND);
    return OK;
}

static rc read_taken_domain(struct lookup *lookup, const PGresult *r, struct err *err)
{
    struct sql_find_taken_domain_row row;
    TRY(sql_find_taken_domain_read(lookup->op.arena, r, 0, &row, err));
    return take_answer(lookup, (struct lookup_answer){.is_found = row.is_taken, .epoch = row.epoch},
                       err);
}

static rc read_mapped_tenant(struct lookup *lookup, const PGresult *r, struct err *err)
{
    struct sql_find_mapped_tenant_row row;
    TRY(sql_find_mapped_tenant_read(lookup->op.arena, r, 0, &row, err));
    return take_answer(lookup,
                       (struct lookup_answer){.is_found = !ID_IS_ZERO(row.tenant),
                                              .tenant = row.tenant,
                                              .epoch = row.epoch},
                       err);
}

static rc read_tenant_by_name(struct lookup *lookup, const PGresult *r, struct err *err)
{
    struct sql_find_tenant_by_name_row row;
    TRY(sql_find_tenant_by_name_read(lookup->op.arena, r, 0, &row, err));
    lookup->tenant = row.tenant;
    return OK;
}

static rc read_tenant_by_domain(struct lookup *lookup, const PGresult *r, struct err *err)
{
    struct sql_find_tenant_by_domain_row row;
    TRY(sql_find_tenant_by_domain_read(lookup->op.arena, r, 0, &row, err));
    lookup->tenant = row.tenant;
    return OK;
}

static rc read_row(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct lookup *lookup = LIST_ENTRY(op, struct lookup, op);
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    switch (lookup->kind) {
    case LOOKUP_TENANT_BY_NAME:
        return read_tenant_by_name(lookup, r, err);
    case LOOKUP_TENANT_BY_DOMAIN:
        return read_tenant_by_domain(lookup, r, err);
    case LOOKUP_TENANT_BY_MAPPING:
        return read_mapped_tenant(lookup, r, err);
    case LOOKUP_TAKEN_DOMAIN:
        return read_taken_domain(lookup, r, err);
    case LOOKUP_ISSUER:
    case LOOKUP_COMPONENT:
    case LOOKUP_COMPONENT_BY_SUBJECT:
    case LOOKUP_DIRECTORY_TOKEN:
        break;
    }
    return read_found(lookup, r, err);
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

/* The parts of a key that lookups_issuer_key has made; NULL for the value when there is none. */
static const char *split_key(struct slice key, struct arena *arena, struct uuid *issuer)
{
    *issuer = (struct uuid){{0}};
    if (key.len < UUID_BYTES) {
        return NULL;
    }
    memcpy(issuer->b, key.ptr, UUID_BYTES);
    return arena_dup(arena, slice_cut(key, UUID_BYTES, key.len));
}

static struct pg_params bind_issuer(struct arena *arena, const char *iss)
{
    return sql_find_issuer(
        arena, &(struct sql_find_issuer){
                   .iss = iss, .template = iss == NULL ? NULL : issuer_template_of(arena, iss)});
}

static struct pg_params bind_key(struct arena *arena, enum lookup_kind kind, struct slice key)
{
    struct uuid issuer;
    const char *text;
    switch (kind) {
    case LOOKUP_COMPONENT_BY_SUBJECT:
        text = split_key(key, arena, &issuer);
        return sql_find_component_by_subject(
            arena, &(struct sql_find_component_by_subject){.issuer = issuer, .subject = text});
    case LOOKUP_TENANT_BY_MAPPING:
        text = split_key(key, arena, &issuer);
        return sql_find_mapped_tenant(
            arena, &(struct sql_find_mapped_tenant){.issuer = issuer, .value = text});
    case LOOKUP_COMPONENT:
        return sql_find_component(arena, &(struct sql_find_component){.fingerprint = key});
    case LOOKUP_DIRECTORY_TOKEN:
        return sql_find_directory_token(arena, &(struct sql_find_directory_token){.hash = key});
    case LOOKUP_ISSUER:
        return bind_issuer(arena, arena_dup(arena, key));
    case LOOKUP_TENANT_BY_NAME:
        text = arena_dup(arena, key);
        return sql_find_tenant_by_name(arena, &(struct sql_find_tenant_by_name){.name = text});
    case LOOKUP_TENANT_BY_DOMAIN:
        text = arena_dup(arena, key);
        return sql_find_tenant_by_domain(arena,
                                         &(struct sql_find_tenant_by_domain){.domain = text});
    case LOOKUP_TAKEN_DOMAIN:
        break;
    }
    text = arena_dup(arena, key);
    return sql_find_taken_domain(arena, &(struct sql_find_taken_domain){.domain = text});
}

void lookups_submit(struct lookup *lookup, enum lookup_kind kind, struct slice key)
{
    lookup->kind = kind;
    struct pg_params p = bind_key(lookup->op.arena, kind, key);
    pg_submit_one(&lookup->op, &p, read_row);
}
