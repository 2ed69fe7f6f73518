/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* Typical calls use 2–6 KiB; a larger first chunk would only cost the wipe. */
enum { CHUNK_BYTES = 8 * 1024, ALIGNMENT = 16 };
/* What is kept for long is made to measure: its chunks begin small and double. */
enum { SMALL_CHUNK_BYTES = 448 };
enum { SMALL_TEXT_BYTES = 256 };

struct chunk {
    struct chunk *next; /* older chunks */
    size_t size;        /* of data, bytes */
    size_t used;
    alignas(ALIGNMENT) uint8_t data[];
};

struct destructor {
    struct destructor *next; /* registered before this one */
    arena_free_fn fn;
    void *ptr;
};

struct arena {
    struct chunk *chunks;  /* newest first; the oldest survives a reset */
    struct chunk *current; /* from which small allocations come */
    size_t next_chunk;     /* bytes of the next such chunk; what is larger gets one of its own */
    struct destructor *destructors;
    size_t budget;
    size_t used;
    size_t fail_in; /* 0 = never; else counts down to the allocation that fails */
    bool is_exceeded;
};

/* --- spare chunks ------------------------------------------------------------------------------- */

/* Chunks of the usual size that nobody uses, wiped: taking one saves zeroing it again. */
static _Thread_local struct {
    struct chunk *first;
    size_t count, max;
} spare;

static void spare_shrink(size_t max)
{
    while (spare.count > max) {
        struct chunk *chunk = spare.first;
        spare.first = chunk->next;
        spare.count--;
        xfree(chunk);
    }
}

void arena_keep_spare(size_t chunks)
{
#if defined(__SANITIZE_ADDRESS__)
    chunks = 0; /* gcc's AddressSanitizer finds what is used after it was freed, if it is freed */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    chunks = 0; /* clang's likewise */
#endif
#endif
    spare.max = chunks;
    spare_shrink(chunks);
}

static struct chunk *chunk_new(size_t size)
{
    if (size == CHUNK_BYTES && spare.first != NULL) {
        struct chunk *chunk = spare.first;
        spare.first = chunk->next;
        spare.count--;
        chunk->next = NULL;
        return chunk;
    }
    struct chunk *chunk = xcalloc(1, sizeof *chunk + size);
    chunk->size = size;
    return chunk;
}

/* Beyond `used` it is zeroed, or it is used whole (chunk_large). */
static void chunk_free(struct chunk *chunk)
{
    mem_wipe(chunk->data, chunk->used);
    if (chunk->size != CHUNK_BYTES || spare.count >= spare.max) {
        xfree(chunk);
        return;
    }
    chunk->used = 0;
    chunk->next = spare.first;
    spare.first = chunk;
    spare.count++;
}

/* --- arenas ------------------------------------------------------------------------------------- */

static struct chunk *chunk_add(struct arena *arena, struct chunk *chunk)
{
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk;
}

static struct arena *new_with_chunks(size_t budget, size_t bytes)
{
    struct arena *arena = xcalloc(1, sizeof *arena);
    struct chunk *first = chunk_new(bytes);
    *arena = (struct arena){
        .chunks = first,
        .current = first,
        .next_chunk = bytes,
        .budget = budget,
    };
    return arena;
}

struct arena *arena_new(size_t budget)
{
    return new_with_chunks(budget, CHUNK_BYTES);
}

struct arena *arena_new_small(size_t budget)
{
    return new_with_chunks(budget, SMALL_CHUNK_BYTES);
}

void arena_reset(struct arena *arena)
{
    while (arena->destructors != NULL) {
        struct destructor *d = arena->destructors;
        arena->destructors = d->next;
        d->fn(d->ptr);
    }
    struct chunk *chunk = arena->chunks;
    while (chunk->next != NULL) {
        struct chunk *older = chunk->next;
        chunk_free(chunk);
        chunk = older;
    }
    mem_wipe(chunk->data, chunk->used);
    chunk->used = 0;
    arena->chunks = arena->current = chunk;
    arena->used = 0;
    arena->is_exceeded = false;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    arena_reset(arena);
    chunk_free(arena->chunks);
    xfree(arena);
}

void arena_free_at(struct arena **arena)
{
    arena_free(*arena);
    *arena = NULL;
}

static bool fault_due(struct arena *arena)
{
    return arena->fail_in > 0 && --arena->fail_in == 0;
}

/* A chunk of its own for one large allocation. It is not used again, so it need not be zeroed
 * for somebody who fills it. */
static struct chunk *chunk_large(size_t size, bool zeroed)
{
    if (zeroed) {
        return chunk_new(size);
    }
    struct chunk *chunk = xreallocarray(NULL, 1, sizeof *chunk + size);
    *chunk = (struct chunk){.size = size};
    return chunk;
}

static void *allocate(struct arena *arena, size_t size, bool zeroed)
{
    if (size == 0) {
        size = 1;
    }
    if (fault_due(arena) || size > arena->budget || arena->used > arena->budget - size) {
        arena->is_exceeded = true;
        return NULL;
    }
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct chunk *chunk = arena->current;
    if (rounded > arena->next_chunk) {
        chunk = chunk_add(arena, chunk_large(rounded, zeroed));
    } else if (rounded > chunk->size - chunk->used) {
        size_t twice = 2 * arena->next_chunk;
        chunk = arena->current = chunk_add(arena, chunk_new(arena->next_chunk));
        arena->next_chunk = twice < CHUNK_BYTES ? twice : CHUNK_BYTES;
    }
    /* Small ones: chunks start zeroed and are wiped on reset, so the memory is zero already. */
    void *ptr = chunk->data + chunk->used;
    chunk->used += rounded;
    arena->used += size;
    return ptr;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    return allocate(arena, size, true);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return allocate(arena, size, false);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        arena->is_exceeded = true;
        return NULL;
    }
    return arena_zalloc(arena, total);
}

char *arena_dup(struct arena *arena, struct slice bytes)
{
    char *copy = arena_alloc(arena, bytes.len + 1);
    if (copy != NULL && bytes.len > 0) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    if (copy != NULL) {
        copy[bytes.len] = '\0';
    }
    return copy;
}

char *arena_strdup(struct arena *arena, const char *s)
{
    return arena_dup(arena, slice_str(s));
}

rc arena_dup_slice(struct arena *arena, struct slice bytes, struct slice *out, struct err *err)
{
    const char *copy = arena_dup(arena, bytes);
    ARENA_ENSURE(copy, err);
    *out = slice_of(copy, bytes.len);
    return OK;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    char small[SMALL_TEXT_BYTES]; /* most texts fit, and are formatted once */
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
    if (text != NULL && (size_t)len < sizeof small) {
        memcpy(text, small, (size_t)len + 1);
    } else if (text != NULL) {
        vsnprintf(text, (size_t)len + 1, format, again);
    }
    va_end(again);
    mem_wipe(small, len < 0 || (size_t)len >= sizeof small ? sizeof small : (size_t)len);
    return text;
}

rc arena_on_free(struct arena *arena, arena_free_fn fn, void *ptr, struct err *err)
{
    struct destructor *d = ARENA_NEW(arena, struct destructor);
    if (d == NULL) {
        fn(ptr);
        FAIL(err, R_ARENA_EXHAUSTED, "destructor");
    }
    *d = (struct destructor){.next = arena->destructors, .fn = fn, .ptr = ptr};
    arena->destructors = d;
    return OK;
}

bool arena_is_exceeded(const struct arena *arena)
{
    return arena->is_exceeded;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

size_t arena_left(const struct arena *arena)
{
    return arena->budget - arena->used;
}

void arena_fail_at(struct arena *arena, size_t nth)
{
    arena->fail_in = nth;
}
