/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table from bytes to pointers with a bound and least-recently-used eviction: the shape
 * of every cache of a worker. Keys are hashed with a per-process random seed (hash flooding).
 *
 * Where entries have owners (tenants, issuers), the bound is one of bytes too, and whoever holds most
 * gives first: what one fills up are their own entries, and others keep theirs. One thread. */
#pragma once

#include <stdint.h>

#include "base/ids.h"
#include "base/slice.h"

struct hashmap;

/* Called for a value that is evicted, replaced, removed or left at the end. */
typedef void (*hashmap_free_fn)(void *value);

/* Make a table of at most `max` entries; free_value may be NULL. */
struct hashmap *hashmap_new(size_t max, hashmap_free_fn free_value);
/* Make a table of at most so many entries and bytes, whose entries have owners. */
struct hashmap *hashmap_new_shared(size_t entries, size_t bytes, hashmap_free_fn free_value);
void hashmap_free(struct hashmap *map);
/* Find a value and mark it as recently used; NULL if absent. */
void *hashmap_get(struct hashmap *map, struct slice key);
/* Put a value under a copy of the key, replacing what is there; the map takes the value. Evicts
 * the entry unused for longest when full. */
void hashmap_put(struct hashmap *map, struct slice key, void *value);
/* The same in a table whose entries have owners; `bytes` is what the value holds. Evicts the entry
 * unused for longest of the owner who holds most. What is larger than the whole table is freed. */
void hashmap_put_owned(struct hashmap *map, struct slice key, void *value, struct uuid owner,
                       size_t bytes);
/* Say that a value has grown or shrunk; others may be evicted for it. Nothing if it is not there. */
void hashmap_charge(struct hashmap *map, struct slice key, size_t bytes);
/* Remove an entry and free its value; false if there was none. */
bool hashmap_remove(struct hashmap *map, struct slice key);
/* Remove every entry. */
void hashmap_clear(struct hashmap *map);
size_t hashmap_count(const struct hashmap *map);
