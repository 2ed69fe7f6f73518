/* SPDX-License-Identifier: Apache-2.0 */
/* A call's memory: allocate as you go, free all at once, never beyond a budget.
 *
 * Over budget an allocation returns NULL and the arena stays usable; functions turn that into
 * R_ARENA_EXHAUSTED, because the size was the peer's choice. Objects that are not memory (a parsed
 * key, a query result) join with arena_on_free. Chunks are wiped before they are freed. One thread.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct arena;

/* Make an arena that will hand out at most `budget` bytes (chunk overhead not counted). */
struct arena *arena_new(size_t budget);
/* The same for what is kept for long, by the ten thousand: it takes little more than what is put
 * into it. */
struct arena *arena_new_small(size_t budget);
/* Run the destructors in reverse order, wipe and free everything; NULL is fine. */
void arena_free(struct arena *arena);
/* For AUTO(). */
void arena_free_at(struct arena **arena);
/* Keep so many of the calling thread's chunks of 8 KiB for the next arena, wiped, instead of giving them back to malloc.
 * 0 gives back those that were kept. Builds with AddressSanitizer keep none. */
void arena_keep_spare(size_t chunks);
/* Empty the arena but keep its first chunk and its budget. */
void arena_reset(struct arena *arena);

/* Allocate zeroed memory, 16-byte aligned; NULL over budget. */
void *arena_zalloc(struct arena *arena, size_t size);
/* Allocate memory that the caller fills; NULL over budget. */
void *arena_alloc(struct arena *arena, size_t size);
/* Allocate a zeroed array; NULL over budget or when count × size overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);
#define ARENA_NEW(arena, type) ((type *)arena_zalloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), (count), sizeof(type)))

/* Copy bytes and add a NUL behind them; NULL over budget. */
char *arena_dup(struct arena *arena, struct slice bytes);
char *arena_strdup(struct arena *arena, const char *s);
/* Copy a slice into the arena. */
rc arena_dup_slice(struct arena *arena, struct slice bytes, struct slice *out, struct err *err);
/* Format a string; NULL over budget. */
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/* Run fn(ptr) when the arena is freed or reset, in reverse order of registration. The arena takes
 * ptr: on failure (over budget) fn(ptr) has been called already. */
typedef void (*arena_free_fn)(void *ptr);
rc arena_on_free(struct arena *arena, arena_free_fn fn, void *ptr, struct err *err);

/* Whether an allocation was refused: what was built in the arena may lack a part. */
bool arena_is_exceeded(const struct arena *arena);
/* Bytes handed out so far, and how many are left. */
size_t arena_used(const struct arena *arena);
size_t arena_left(const struct arena *arena);
/* Tests: let the n-th allocation from now fail (1 = the next); 0 switches that off. */
void arena_fail_at(struct arena *arena, size_t nth);
/* Fail with R_ARENA_EXHAUSTED if the pointer is NULL. */
#define ARENA_ENSURE(ptr, err) ENSURE((ptr) != NULL, (err), R_ARENA_EXHAUSTED)
