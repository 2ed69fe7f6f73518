/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hashmap.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/err.h"
#include "base/mem.h"

struct entry {
    struct entry *chain;         /* next in the bucket */
    struct entry *newer, *older; /* recency list */
    void *value;
    uint64_t hash;
    size_t key_len;
    uint8_t key[];
};

enum { BUCKETS_AT_FIRST = 16 /* a power of two */ };

struct hashmap {
    struct entry **buckets; /* bucket_count, a power of two */
    size_t bucket_count;
    size_t count, max;
    struct entry *newest, *oldest;
    hashmap_free_fn free_value;
};

static uint64_t seed(void)
{
    static uint64_t value;
    if (value == 0 && RAND_bytes((unsigned char *)&value, sizeof value) != 1) {
        abort();
    }
    return value;
}

/* Hash with the process's seed (64 bits; SipHash-like strength not claimed: FNV-1a keyed,
 * finished with a mixer). */
static uint64_t hash_bytes(struct slice bytes)
{
    uint64_t h = 0xcbf29ce484222325u ^ seed();
    for (size_t i = 0; i < bytes.len; i++) {
        h = (h ^ bytes.ptr[i]) * 0x100000001b3u;
    }
    h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

struct hashmap *hashmap_new(size_t max, hashmap_free_fn free_value)
{
    struct hashmap *map = xcalloc(1, sizeof *map);
    *map = (struct hashmap){
        .buckets = xcalloc(BUCKETS_AT_FIRST, sizeof(struct entry *)),
        .bucket_count = BUCKETS_AT_FIRST,
        .max = max == 0 ? 1 : max,
        .free_value = free_value,
    };
    return map;
}

static struct entry **bucket_of(const struct hashmap *map, uint64_t hash)
{
    return &map->buckets[hash & (map->bucket_count - 1)];
}

/* The link that points to the entry of this key; *link is NULL when absent. */
static struct entry **find_link(const struct hashmap *map, struct slice key, uint64_t hash)
{
    struct entry **link = bucket_of(map, hash);
    while (*link != NULL &&
           ((*link)->hash != hash || !slice_eq(slice_of((*link)->key, (*link)->key_len), key))) {
        link = &(*link)->chain;
    }
    return link;
}

static void recency_remove(struct hashmap *map, struct entry *e)
{
    *(e->newer == NULL ? &map->newest : &e->newer->older) = e->older;
    *(e->older == NULL ? &map->oldest : &e->older->newer) = e->newer;
}

static void recency_push(struct hashmap *map, struct entry *e)
{
    e->newer = NULL;
    e->older = map->newest;
    *(map->newest == NULL ? &map->oldest : &map->newest->newer) = e;
    map->newest = e;
}

static void remove_at(struct hashmap *map, struct entry **link)
{
    struct entry *e = *link;
    CH_ASSERT(e != NULL);
    *link = e->chain;
    recency_remove(map, e);
    map->count--;
    if (map->free_value != NULL) {
        map->free_value(e->value);
    }
    xfree(e);
}

static void grow(struct hashmap *map)
{
    xfree(map->buckets);
    map->bucket_count *= 2;
    map->buckets = xcalloc(map->bucket_count, sizeof(struct entry *));
    for (struct entry *e = map->newest; e != NULL; e = e->older) {
        struct entry **bucket = bucket_of(map, e->hash);
        e->chain = *bucket;
        *bucket = e;
    }
}

void *hashmap_get(struct hashmap *map, struct slice key)
{
    struct entry *e = *find_link(map, key, hash_bytes(key));
    if (e == NULL) {
        return NULL;
    }
    recency_remove(map, e);
    recency_push(map, e);
    return e->value;
}

void hashmap_put(struct hashmap *map, struct slice key, void *value)
{
    uint64_t hash = hash_bytes(key);
    struct entry **link = find_link(map, key, hash);
    if (*link != NULL) {
        remove_at(map, link);
    } else if (map->count == map->max) {
        struct entry *oldest = map->oldest;
        remove_at(map, find_link(map, slice_of(oldest->key, oldest->key_len), oldest->hash));
    }
    if (map->count >= map->bucket_count) {
        grow(map);
    }
    struct entry *e = xcalloc(1, sizeof *e + key.len);
    struct entry **bucket = bucket_of(map, hash);
    *e = (struct entry){.chain = *bucket, .value = value, .hash = hash, .key_len = key.len};
    if (key.len > 0) {
        memcpy(e->key, key.ptr, key.len);
    }
    *bucket = e;
    recency_push(map, e);
    map->count++;
}

bool hashmap_remove(struct hashmap *map, struct slice key)
{
    struct entry **link = find_link(map, key, hash_bytes(key));
    if (*link == NULL) {
        return false;
    }
    remove_at(map, link);
    return true;
}

void hashmap_clear(struct hashmap *map)
{
    while (map->oldest != NULL) {
        struct entry *e = map->oldest;
        remove_at(map, find_link(map, slice_of(e->key, e->key_len), e->hash));
    }
}

size_t hashmap_count(const struct hashmap *map)
{
    return map->count;
}

void hashmap_free(struct hashmap *map)
{
    if (map == NULL) {
        return;
    }
    hashmap_clear(map);
    xfree(map->buckets);
    xfree(map);
}
