/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hashmap.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/err.h"
#include "base/mem.h"

struct share;

struct entry {
    struct entry *chain;         /* next in the bucket */
    struct entry *newer, *older; /* recency list of its share */
    struct share *share;
    size_t charge;
    void *value;
    uint64_t hash;
    size_t key_len;
    uint8_t key[];
};

/* What one owner holds, or several whose ids meet in the hash. */
struct share {
    struct entry *newest, *oldest;
    size_t used; /* sum of charges */
};

enum {
    BUCKETS_AT_FIRST = 16, /* a power of two */
    SHARES = 1024,         /* looking for the largest costs less than a microsecond */
};

struct hashmap {
    struct entry **buckets; /* bucket_count, a power of two */
    size_t bucket_count;
    size_t count;
    struct share *shares; /* share_count; 1 where entries have no owners */
    size_t share_count;
    size_t used, capacity; /* sum of charges */
    size_t least;          /* that an entry is charged: capacity by so much are the most entries */
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

static struct hashmap *new_with_shares(size_t count, size_t capacity, size_t least,
                                       hashmap_free_fn free_value)
{
    struct hashmap *map = xcalloc(1, sizeof *map);
    *map = (struct hashmap){
        .buckets = xcalloc(BUCKETS_AT_FIRST, sizeof(struct entry *)),
        .bucket_count = BUCKETS_AT_FIRST,
        .shares = xcalloc(count, sizeof(struct share)),
        .share_count = count,
        .capacity = capacity,
        .least = least,
        .free_value = free_value,
    };
    return map;
}

struct hashmap *hashmap_new(size_t max, hashmap_free_fn free_value)
{
    return new_with_shares(1, max == 0 ? 1 : max, 1, free_value);
}

struct hashmap *hashmap_new_shared(size_t entries, size_t bytes, hashmap_free_fn free_value)
{
    CH_ASSERT(entries > 0 && bytes >= entries);
    return new_with_shares(SHARES, bytes, (bytes + entries - 1) / entries, free_value);
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

static void recency_remove(struct entry *e)
{
    struct share *share = e->share;
    *(e->newer == NULL ? &share->newest : &e->newer->older) = e->older;
    *(e->older == NULL ? &share->oldest : &e->older->newer) = e->newer;
}

static void recency_push(struct entry *e)
{
    struct share *share = e->share;
    e->newer = NULL;
    e->older = share->newest;
    *(share->newest == NULL ? &share->oldest : &share->newest->newer) = e;
    share->newest = e;
}

static void charge(struct hashmap *map, struct entry *e, size_t amount)
{
    map->used += amount - e->charge;
    e->share->used += amount - e->charge;
    e->charge = amount;
}

static void remove_at(struct hashmap *map, struct entry **link)
{
    struct entry *e = *link;
    CH_ASSERT(e != NULL);
    *link = e->chain;
    recency_remove(e);
    charge(map, e, 0);
    map->count--;
    if (map->free_value != NULL) {
        map->free_value(e->value);
    }
    xfree(e);
}

static void remove_entry(struct hashmap *map, const struct entry *e)
{
    remove_at(map, find_link(map, slice_of(e->key, e->key_len), e->hash));
}

/* Whose entry goes: whoever holds most, and of two alike the one who asks for room. */
static struct share *largest(const struct hashmap *map, struct share *asking, size_t wanted)
{
    struct share *found = asking;
    size_t most = asking->oldest == NULL ? 0 : asking->used + wanted;
    for (size_t i = 0; i < map->share_count; i++) {
        if (map->shares[i].used > most) {
            found = &map->shares[i];
            most = found->used;
        }
    }
    return found;
}

/* Evict what was unused for longest until there is room for what a share wants; never `kept`. */
static void make_room(struct hashmap *map, struct share *asking, size_t wanted,
                      const struct entry *kept)
{
    while (map->used > map->capacity - wanted) {
        const struct entry *oldest = largest(map, asking, wanted)->oldest;
        if (oldest == NULL || oldest == kept) {
            return;
        }
        remove_entry(map, oldest);
    }
}

static void rehash_share(struct hashmap *map, const struct share *share)
{
    for (struct entry *e = share->newest; e != NULL; e = e->older) {
        struct entry **bucket = bucket_of(map, e->hash);
        e->chain = *bucket;
        *bucket = e;
    }
}

static void grow(struct hashmap *map)
{
    xfree(map->buckets);
    map->bucket_count *= 2;
    map->buckets = xcalloc(map->bucket_count, sizeof(struct entry *));
    for (size_t i = 0; i < map->share_count; i++) {
        rehash_share(map, &map->shares[i]);
    }
}

void *hashmap_get(struct hashmap *map, struct slice key)
{
    struct entry *e = *find_link(map, key, hash_bytes(key));
    if (e == NULL) {
        return NULL;
    }
    recency_remove(e);
    recency_push(e);
    return e->value;
}

static void put(struct hashmap *map, struct slice key, void *value, struct share *share,
                size_t amount)
{
    uint64_t hash = hash_bytes(key);
    struct entry **link = find_link(map, key, hash);
    if (*link != NULL) {
        remove_at(map, link);
    }
    if (amount > map->capacity) {
        if (map->free_value != NULL) {
            map->free_value(value);
        }
        return;
    }
    make_room(map, share, amount, NULL);
    if (map->count >= map->bucket_count) {
        grow(map);
    }
    struct entry *e = xcalloc(1, sizeof *e + key.len);
    struct entry **bucket = bucket_of(map, hash);
    *e = (struct entry){
        .chain = *bucket, .share = share, .value = value, .hash = hash, .key_len = key.len};
    if (key.len > 0) {
        memcpy(e->key, key.ptr, key.len);
    }
    *bucket = e;
    recency_push(e);
    charge(map, e, amount);
    map->count++;
}

void hashmap_put(struct hashmap *map, struct slice key, void *value)
{
    put(map, key, value, &map->shares[0], map->least);
}

/* The table's own memory counts too: a flood of small values is one of entries. */
static size_t amount_of(const struct hashmap *map, struct slice key, size_t bytes)
{
    size_t all = sizeof(struct entry) + key.len + bytes;
    return all > map->least ? all : map->least;
}

void hashmap_put_owned(struct hashmap *map, struct slice key, void *value, struct uuid owner,
                       size_t bytes)
{
    CH_ASSERT(map->share_count == SHARES);
    uint64_t hash = hash_bytes(slice_of(owner.b, sizeof owner.b));
    put(map, key, value, &map->shares[hash % SHARES], amount_of(map, key, bytes));
}

void hashmap_charge(struct hashmap *map, struct slice key, size_t bytes)
{
    struct entry *e = *find_link(map, key, hash_bytes(key));
    if (e == NULL) {
        return;
    }
    recency_remove(e);
    recency_push(e);
    charge(map, e, amount_of(map, key, bytes));
    make_room(map, e->share, 0, e);
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
    for (size_t i = 0; i < map->share_count; i++) {
        while (map->shares[i].oldest != NULL) {
            remove_entry(map, map->shares[i].oldest);
        }
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
    xfree(map->shares);
    xfree(map->buckets);
    xfree(map);
}
