/* SPDX-License-Identifier: Apache-2.0 */
#include "store/amendments.h"

#include "base/hashmap.h"
#include "base/mem.h"
#include "obs/log.h"
#include "store/amendment_rows.h"

enum { ENTRY_BUDGET = 1 << 20 };

struct amendments {
    struct hashmap *entries; /* by content id */
};

/* Counted, because calls hold it while the cache forgets it. */
struct remembered {
    struct arena *arena;
    size_t references;
    struct amendment amendment;
};

static void unref(void *value)
{
    struct remembered *entry = value;
    if (--entry->references == 0) {
        arena_free(entry->arena);
        xfree(entry);
    }
}

struct amendments *amendments_new(size_t max)
{
    struct amendments *amendments = xcalloc(1, sizeof *amendments);
    amendments->entries = hashmap_new(max, unref);
    return amendments;
}

void amendments_free(struct amendments *amendments)
{
    if (amendments != NULL) {
        hashmap_free(amendments->entries);
        xfree(amendments);
    }
}

const struct amendment *amendments_get(struct amendments *amendments, struct content_id content,
                                       struct arena *arena)
{
    struct remembered *entry = hashmap_get(amendments->entries, slice_of(content.u.b, UUID_BYTES));
    if (entry == NULL) {
        return NULL;
    }
    entry->references++;
    return arena_on_free(arena, unref, entry, NULL).ok ? &entry->amendment : NULL;
}

/* --- reading ----------------------------------------------------------------------------------- */

static void note_unknown(struct amendment *out, const char *text)
{
    out->problem = out->is_valid ? text : out->problem;
    out->is_valid = false;
}

static struct principal read_principal(struct arena *arena, const char *text, struct amendment *out)
{
    struct principal principal;
    if (principal_parse(arena, slice_str(text), &principal, NULL).ok) {
        return principal;
    }
    note_unknown(out, text);
    return (struct principal){PRINCIPAL_UNKNOWN, text};
}

static rc read_grants(struct arena *arena, const struct amendment_cell *cell, struct amendment *out,
                      struct err *err)
{
    const char *const *principals = NULL, *const *rights = NULL;
    size_t rights_count = 0;
    TRY(pg_texts(arena, cell->r, cell->row, cell->column + 1, &principals, &out->grant_count, err));
    TRY(pg_texts(arena, cell->r, cell->row, cell->column + 2, &rights, &rights_count, err));
    ENSURE(rights_count == out->grant_count, err, R_DATABASE_ERROR);
    struct grant *grants = ARENA_ARRAY(arena, struct grant, out->grant_count + 1);
    struct rights *own = ARENA_ARRAY(arena, struct rights, out->grant_count + 1);
    ARENA_ENSURE(grants, err);
    ARENA_ENSURE(own, err);
    for (size_t i = 0; i < out->grant_count; i++) {
        grants[i] = (struct grant){read_principal(arena, principals[i], out), &own[i]};
        if (!rights_parse(arena, slice_str(rights[i]), &own[i], NULL).ok) {
            note_unknown(out, rights[i]);
        }
    }
    out->grants = grants;
    return OK;
}

static rc read_removed(struct arena *arena, const struct amendment_cell *cell,
                       struct amendment *out, struct err *err)
{
    const char *const *texts = NULL;
    TRY(pg_texts(arena, cell->r, cell->row, cell->column + 4, &texts, &out->removed_count, err));
    struct principal *removed = ARENA_ARRAY(arena, struct principal, out->removed_count + 1);
    ARENA_ENSURE(removed, err);
    for (size_t i = 0; i < out->removed_count; i++) {
        removed[i] = read_principal(arena, texts[i], out);
    }
    out->removed = removed;
    return OK;
}

rc amendment_read(struct arena *arena, const struct amendment_cell *cell, struct amendment *out,
                  struct err *err)
{
    *out =
        (struct amendment){.version = pg_int(cell->r, cell->row, cell->column), .is_valid = true};
    TRY(read_grants(arena, cell, out, err));
    TRY(pg_texts(arena, cell->r, cell->row, cell->column + 3, &out->recipients,
                 &out->recipient_count, err));
    TRY(read_removed(arena, cell, out, err));
    out->changes_expiry = pg_bool(cell->r, cell->row, cell->column + 5);
    out->expires_at.s = pg_time(cell->r, cell->row, cell->column + 6) / 1000000;
    return OK;
}

rc amendments_take(struct amendments *amendments, struct content_id content, struct arena *arena,
                   const struct amendment_cell *cell, const struct amendment **out, struct err *err)
{
    struct remembered *entry = xcalloc(1, sizeof *entry);
    entry->arena = arena_new_small(ENTRY_BUDGET);
    entry->references = 1;
    TRY(arena_on_free(arena, unref, entry, err));
    TRY(amendment_read(entry->arena, cell, &entry->amendment, err));
    if (!entry->amendment.is_valid) {
        log_event(LOG_ERROR, "amendment.invalid", F_ID("content", content),
                  F_USER("text", entry->amendment.problem));
    }
    entry->references++;
    hashmap_put(amendments->entries, slice_of(content.u.b, UUID_BYTES), entry);
    *out = &entry->amendment;
    return OK;
}
