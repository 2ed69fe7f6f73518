/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table from bytes to pointers with a bound and least-recently-used eviction: the shape
 * of every cache of a worker. Keys are hashed with a per-process random seed (hash flooding).
 * One thread. */
#pragma once

#include <stdint.h>

#include "base/slice.h"

struct hashmap;

/* Called for a value that is evicted, replaced, removed or left at the end. */
typedef void (*hashmap_free_fn)(void *value);

/* Make a table of at most `max` entries; free_value may be NULL. */
struct hashmap *hashmap_new(size_t max, hashmap_free_fn free_value);
void hashmap_free(struct hashmap *map);
/* Find a value and mark it as recently used; NULL if absent. */
void *hashmap_get(struct hashmap *map, struct slice key);
/* Put a value under a copy of the key, replacing what is there; the map takes the value. Evicts
 * the entry unused for longest when full. */
void hashmap_put(struct hashmap *map, struct slice key, void *value);
/* Remove an entry and free its value; false if there was none. */
bool hashmap_remove(struct hashmap *map, struct slice key);
/* Remove every entry. */
void hashmap_clear(struct hashmap *map);
size_t hashmap_count(const struct hashmap *map);
