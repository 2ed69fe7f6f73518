/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/token_cache.h"

#include "base/hashmap.h"
#include "base/mem.h"

enum { ENTRY_BUDGET = 256 * 1024, BYTES_MAX = 64 << 20 };

struct token_cache {
    struct hashmap *entries;
};

static void entry_unref(void *value)
{
    struct token_entry *entry = value;
    if (--entry->references == 0) {
        arena_free(entry->arena);
        xfree(entry);
    }
}

static rc copy_texts(struct arena *arena, const char *const *from, size_t count, const char **to,
                     struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = arena_strdup(arena, from[i]);
        ARENA_ENSURE(to[i], err);
    }
    return OK;
}

static rc copy_list(struct arena *arena, const char *const *from, size_t count,
                    const char *const **out, struct err *err)
{
    const char **copy = ARENA_ARRAY(arena, const char *, count + 1);
    ARENA_ENSURE(copy, err);
    *out = copy;
    return copy_texts(arena, from, count, copy, err);
}

static rc claims_copy(struct arena *arena, const struct token_claims *from,
                      const struct token_claims **out, struct err *err)
{
    struct token_claims *copy = ARENA_NEW(arena, struct token_claims);
    ARENA_ENSURE(copy, err);
    *copy = *from; /* numbers and flags; every text of it follows */
    for (size_t i = 0; i < from->address_count; i++) {
        TRY(copy_texts(arena, &from->addresses[i].text, 1, &copy->addresses[i].text, err));
    }
    TRY(copy_list(arena, from->groups, from->group_count, &copy->groups, err));
    TRY(copy_list(arena, from->group_ids, from->group_id_count, &copy->group_ids, err));
    TRY(copy_texts(arena, &from->tenant, 1, &copy->tenant, err));
    TRY(copy_texts(arena, &from->subject, 1, &copy->subject, err));
    *out = copy;
    return OK;
}

struct token_cache *token_cache_new(size_t max)
{
    struct token_cache *cache = xcalloc(1, sizeof *cache);
    cache->entries = hashmap_new_shared(max, BYTES_MAX, entry_unref);
    return cache;
}

void token_cache_free(struct token_cache *cache)
{
    hashmap_free(cache->entries);
    xfree(cache);
}

const struct token_entry *token_cache_get(struct token_cache *cache, const uint8_t hash[32])
{
    return hashmap_get(cache->entries, slice_of(hash, 32));
}

const struct token_claims *token_cache_hold(struct token_cache *cache, const uint8_t hash[32],
                                            struct arena *arena)
{
    struct token_entry *entry = hashmap_get(cache->entries, slice_of(hash, 32));
    if (entry == NULL) {
        return NULL;
    }
    entry->references++;
    return arena_on_free(arena, entry_unref, entry, NULL).ok ? entry->claims : NULL;
}

void token_cache_put(struct token_cache *cache, const struct token_check *check, struct uuid owner)
{
    struct token_entry *entry = xcalloc(1, sizeof *entry);
    entry->references = 1;
    entry->arena = arena_new_small(ENTRY_BUDGET);
    entry->iss = arena_strdup(entry->arena, check->token.iss);
    entry->issuer = check->issuer->id;
    entry->epoch = check->issuer->epoch;
    entry->generation = check->generation;
    if (entry->iss == NULL || !claims_copy(entry->arena, check->claims, &entry->claims, NULL).ok) {
        entry_unref(entry);
        return;
    }
    hashmap_put_owned(cache->entries, slice_of(check->token.hash, sizeof check->token.hash), entry,
                      owner, sizeof *entry + arena_used(entry->arena));
}

void token_cache_drop(struct token_cache *cache, const uint8_t hash[32])
{
    (void)hashmap_remove(cache->entries, slice_of(hash, 32));
}
