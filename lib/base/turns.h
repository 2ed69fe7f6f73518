/* SPDX-License-Identifier: Apache-2.0 */
/* Those who wait for one thing, in turn: a line for each of whom they wait for (a tenant), and one of
 * every line after the other. Whoever waits a thousandfold makes the others wait for one of theirs only.
 *
 * The turn is embedded in its owner. One thread. */
#pragma once

#include "base/ids.h"
#include "base/list.h"

struct turns_line;

struct turn {
    struct list link;
    struct turns_line *line; /* NULL: it doesn't wait */
};

enum { TURNS_BUCKETS = 64 };

struct turns {
    struct list lines;                  /* those with somebody in it, the next one first */
    struct list buckets[TURNS_BUCKETS]; /* the same by key */
    size_t count;                       /* of those who wait, over all lines */
    size_t line_count;
};

void turns_init(struct turns *turns);
/* Let go of everybody who waits. */
void turns_fini(struct turns *turns);
/* Wait behind all others of this key. */
void turns_add(struct turns *turns, struct uuid key, struct turn *turn);
/* Wait no longer; harmless for one that doesn't (zeroed, or taken). */
void turns_remove(struct turns *turns, struct turn *turn);
/* Whose turn it is, taken out; NULL: nobody waits. */
struct turn *turns_take(struct turns *turns);
/* The same among the lines whose key may have it now. */
typedef bool (*turns_may)(struct uuid key, void *ctx);
struct turn *turns_take_if(struct turns *turns, turns_may may, void *ctx);
/* The one who came last in the longest line, taken out; NULL: nobody waits. */
struct turn *turns_take_newest_of_longest(struct turns *turns);
static inline bool turn_waits(const struct turn *turn)
{
    return turn->line != NULL;
}
