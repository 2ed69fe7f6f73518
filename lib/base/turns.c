/* SPDX-License-Identifier: Apache-2.0 */
#include "base/turns.h"

#include <string.h>

#include "base/mem.h"

struct turns_line {
    struct list link;   /* in turns->lines */
    struct list bucket; /* in one of turns->buckets */
    struct uuid key;
    struct list waiting; /* of struct turn, the next one first */
    size_t count;
};

void turns_init(struct turns *turns)
{
    *turns = (struct turns){.count = 0};
    list_init(&turns->lines);
    for (size_t i = 0; i < TURNS_BUCKETS; i++) {
        list_init(&turns->buckets[i]);
    }
}

void turns_fini(struct turns *turns)
{
    while (turns_take(turns) != NULL) {
    }
}

/* The end of a UUIDv7 is random, and who picks their own only lengthens the way to a line. */
static struct list *bucket_of(struct turns *turns, struct uuid key)
{
    return &turns->buckets[(key.b[UUID_BYTES - 1] ^ key.b[UUID_BYTES - 2]) % TURNS_BUCKETS];
}

static struct turns_line *line_of(struct turns *turns, struct uuid key)
{
    struct list *bucket = bucket_of(turns, key);
    LIST_EACH (link, bucket) {
        struct turns_line *line = LIST_ENTRY(link, struct turns_line, bucket);
        if (uuid_eq(line->key, key)) {
            return line;
        }
    }
    struct turns_line *line = xcalloc(1, sizeof *line);
    line->key = key;
    list_init(&line->waiting);
    list_append(bucket, &line->bucket);
    list_append(&turns->lines, &line->link);
    turns->line_count++;
    return line;
}

void turns_add(struct turns *turns, struct uuid key, struct turn *turn)
{
    struct turns_line *line = line_of(turns, key);
    turn->line = line;
    list_append(&line->waiting, &turn->link);
    line->count++;
    turns->count++;
}

void turns_remove(struct turns *turns, struct turn *turn)
{
    struct turns_line *line = turn->line;
    if (line == NULL) {
        return;
    }
    turn->line = NULL;
    list_remove(&turn->link);
    turns->count--;
    if (--line->count == 0) {
        list_remove(&line->link);
        list_remove(&line->bucket);
        turns->line_count--;
        xfree(line);
    }
}

static struct turn *take_first(struct turns *turns, struct turns_line *line)
{
    struct turn *turn = LIST_ENTRY(line->waiting.next, struct turn, link);
    list_remove(&line->link);
    list_append(&turns->lines, &line->link);
    turns_remove(turns, turn);
    return turn;
}

struct turn *turns_take(struct turns *turns)
{
    return turns->count == 0
               ? NULL
               : take_first(turns, LIST_ENTRY(turns->lines.next, struct turns_line, link));
}

struct turn *turns_take_if(struct turns *turns, turns_may may, void *ctx)
{
    LIST_EACH (link, &turns->lines) {
        struct turns_line *line = LIST_ENTRY(link, struct turns_line, link);
        if (may(line->key, ctx)) {
            return take_first(turns, line);
        }
    }
    return NULL;
}

struct turn *turns_take_newest_of_longest(struct turns *turns)
{
    struct turns_line *longest = NULL;
    LIST_EACH (link, &turns->lines) {
        struct turns_line *line = LIST_ENTRY(link, struct turns_line, link);
        longest = longest == NULL || line->count > longest->count ? line : longest;
    }
    if (longest == NULL) {
        return NULL;
    }
    struct turn *turn = LIST_ENTRY(longest->waiting.prev, struct turn, link);
    turns_remove(turns, turn);
    return turn;
}
