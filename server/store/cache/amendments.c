/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/amendments.h"

#include "base/hashmap.h"
#include "base/mem.h"
#include "obs/log.h"
#include "store/cache/amendment_rows.h"

enum { ENTRY_BUDGET = 1 << 20, BYTES_MAX = 64 << 20 };

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
    amendments->entries = hashmap_new_shared(max, BYTES_MAX, unref);
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

rc amendments_take(struct amendments *amendments, struct tenant_id tenant,
                   struct content_id content, struct arena *arena, const PGresult *r, int row,
                   const struct amendment **out, struct err *err)
{
    struct sql_amendment columns;
    struct remembered *entry = xcalloc(1, sizeof *entry);
    entry->arena = arena_new_small(ENTRY_BUDGET);
    entry->references = 1;
    TRY(arena_on_free(arena, unref, entry, err));
    TRY(sql_gate_read_amendment(entry->arena, r, row, &columns, err));
    TRY(amendment_read(entry->arena, &columns, &entry->amendment, err));
    if (!entry->amendment.is_valid) {
        log_event(LOG_ERROR, "amendment.invalid", F_ID("content", content),
                  F_USER("text", entry->amendment.problem));
    }
    entry->references++;
    hashmap_put_owned(amendments->entries, slice_of(content.u.b, UUID_BYTES), entry, tenant.u,
                      sizeof *entry + arena_used(entry->arena));
    *out = &entry->amendment;
    return OK;
}
