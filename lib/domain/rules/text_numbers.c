/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/rules/text_numbers.h"

#include "base/mem.h"

enum { ROOM_MIN = 64, BYTES_MIN = 1024 };

struct place {
    uint64_t hash;
    uint32_t number; /* TEXT_UNKNOWN: free */
};

struct known {
    size_t at; /* in the texts */
    size_t len;
};

struct text_numbers {
    uint64_t seed;
    struct place *places; /* open addressing, at most half full */
    size_t room;
    struct known *known; /* by number */
    size_t count, known_room;
    uint8_t *texts;
    size_t len, texts_room;
};

static uint64_t mix(uint64_t value)
{
    value ^= value >> 32;
    value *= 0xD6E8FEB86659FD93U;
    value ^= value >> 32;
    return value * 0xD6E8FEB86659FD93U;
}

static uint64_t hash_of(const struct text_numbers *n, struct slice text)
{
    uint64_t hash = n->seed ^ text.len;
    for (; text.len >= sizeof(uint64_t); text = slice_cut(text, sizeof(uint64_t), text.len)) {
        uint64_t part;
        memcpy(&part, text.ptr, sizeof part);
        hash = mix(hash ^ part);
    }
    uint64_t rest = 0;
    for (size_t i = 0; i < text.len; i++) {
        rest = rest << 8 | text.ptr[i];
    }
    hash = mix(hash ^ rest);
    return hash ^ hash >> 32;
}

static void clear_places(struct text_numbers *n)
{
    n->places = xcalloc(n->room, sizeof n->places[0]);
    for (size_t i = 0; i < n->room; i++) {
        n->places[i].number = TEXT_UNKNOWN;
    }
}

struct text_numbers *text_numbers_new(uint64_t seed)
{
    struct text_numbers *n = xcalloc(1, sizeof *n);
    *n = (struct text_numbers){.seed = seed, .room = ROOM_MIN};
    clear_places(n);
    return n;
}

void text_numbers_free(struct text_numbers *n)
{
    if (n != NULL) {
        xfree(n->places);
        xfree(n->known);
        xfree(n->texts);
        xfree(n);
    }
}

static struct slice text_of(const struct text_numbers *n, uint32_t number)
{
    return slice_of(n->texts + n->known[number].at, n->known[number].len);
}

/* Where the text stands, or would. */
static size_t find(const struct text_numbers *n, struct slice text, uint64_t hash)
{
    size_t at = (size_t)hash & (n->room - 1);
    while (n->places[at].number != TEXT_UNKNOWN &&
           (n->places[at].hash != hash || !slice_eq(text_of(n, n->places[at].number), text))) {
        at = (at + 1) & (n->room - 1);
    }
    return at;
}

static void grow_places(struct text_numbers *n)
{
    struct place *old = n->places;
    size_t room = n->room;
    n->room *= 2;
    clear_places(n);
    for (size_t i = 0; i < room; i++) {
        size_t at = (size_t)old[i].hash & (n->room - 1);
        if (old[i].number == TEXT_UNKNOWN) {
            continue;
        }
        while (n->places[at].number != TEXT_UNKNOWN) {
            at = (at + 1) & (n->room - 1);
        }
        n->places[at] = old[i];
    }
    xfree(old);
}

static void keep(struct text_numbers *n, struct slice text)
{
    if (n->count == n->known_room) {
        n->known_room = n->known_room == 0 ? ROOM_MIN : n->known_room * 2;
        n->known = xreallocarray(n->known, n->known_room, sizeof n->known[0]);
    }
    if (n->len + text.len > n->texts_room) {
        n->texts_room = (n->texts_room + text.len) * 2 + BYTES_MIN;
        n->texts = xreallocarray(n->texts, n->texts_room, 1);
    }
    if (text.len > 0) {
        memcpy(n->texts + n->len, text.ptr, text.len);
    }
    n->known[n->count++] = (struct known){n->len, text.len};
    n->len += text.len;
}

uint32_t text_numbers_add(struct text_numbers *n, struct slice text)
{
    uint64_t hash = hash_of(n, text);
    size_t at = find(n, text, hash);
    if (n->places[at].number != TEXT_UNKNOWN) {
        return n->places[at].number;
    }
    n->places[at] = (struct place){hash, (uint32_t)n->count};
    keep(n, text);
    if (n->count * 2 > n->room) {
        grow_places(n);
    }
    return (uint32_t)n->count - 1;
}

uint32_t text_numbers_find(const struct text_numbers *n, struct slice text)
{
    return n->places[find(n, text, hash_of(n, text))].number;
}

size_t text_numbers_count(const struct text_numbers *n)
{
    return n->count;
}

size_t text_numbers_bytes(const struct text_numbers *n)
{
    return sizeof *n + n->room * sizeof n->places[0] + n->known_room * sizeof n->known[0] +
           n->texts_room;
}
