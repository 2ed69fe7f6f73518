/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/ids.h"
#include "base/mem.h"
#include "base/texts.h"

static int destroyed[2];
static int destroyed_count;

static void note_destroyed(void *ptr)
{
    destroyed[destroyed_count++] = *(int *)ptr;
}

static void arena_runs_destructors_in_reverse(void **state)
{
    (void)state;
    struct err err = {0};
    struct arena *a = arena_new(4096);
    static int one = 1, two = 2;
    destroyed_count = 0;
    assert_ok(arena_on_free(a, note_destroyed, &one, &err), &err);
    assert_ok(arena_on_free(a, note_destroyed, &two, &err), &err);
    arena_free(a);
    assert_int_equal(destroyed_count, 2);
    assert_int_equal(destroyed[0], 2);
    assert_int_equal(destroyed[1], 1);
}

static void arena_holds_its_budget(void **state)
{
    (void)state;
    struct err err = {0};
    AUTO(arena_free_at) struct arena *a = arena_new(100000);
    assert_non_null(arena_alloc(a, 60000));
    assert_null(arena_alloc(a, 60000));
    assert_non_null(arena_alloc(a, 40000));
    assert_null(arena_alloc(a, 1));
    assert_null(arena_array(a, SIZE_MAX / 2, 3));
    static int one = 1;
    destroyed_count = 0;
    assert_fails(arena_on_free(a, note_destroyed, &one, &err), &err, R_ARENA_EXHAUSTED);
    assert_int_equal(destroyed_count, 1); /* the arena took it, so it was freed */
    arena_reset(a);
    uint8_t *p = arena_alloc(a, 4096);
    assert_non_null(p);
    for (int i = 0; i < 4096; i++) {
        assert_int_equal(p[i], 0); /* wiped by the reset */
    }
}

/* Whatever its chunks are: memory is zeroed where that is promised, aligned, and survives what
 * comes after. */
static void arenas_of_both_sizes_hold_what_is_put_in(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 17, 400, 449, 900, 5000, 9000, 40000};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    for (int round = 0; round < 4; round++) {
        struct arena *a = round < 2 ? arena_new(1 << 20) : arena_new_small(1 << 20);
        uint8_t *blocks[COUNT * 8];
        for (size_t i = 0; i < COUNT * 8; i++) {
            size_t size = sizes[(i * 5) % COUNT];
            blocks[i] = i % 2 == 0 ? arena_zalloc(a, size) : arena_alloc(a, size);
            assert_non_null(blocks[i]);
            assert_int_equal((uintptr_t)blocks[i] % 16, 0);
            for (size_t j = 0; i % 2 == 0 && j < size; j++) {
                assert_int_equal(blocks[i][j], 0);
            }
            memset(blocks[i], (int)i + 1, size);
        }
        for (size_t i = 0; i < COUNT * 8; i++) {
            assert_int_equal(blocks[i][sizes[(i * 5) % COUNT] - 1], (uint8_t)(i + 1));
        }
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
        uint8_t *again = arena_zalloc(a, 300);
        for (size_t j = 0; j < 300; j++) {
            assert_int_equal(again[j], 0);
        }
        arena_free(a);
    }
}

/* What one arena has held is in no later one, whether its chunks went back to malloc or were kept. */
static void kept_chunks_are_wiped(void **state)
{
    (void)state;
    enum { BYTES = 8000, ROUNDS = 6 };
    arena_keep_spare(2);
    for (int round = 0; round < ROUNDS; round++) {
        struct arena *arenas[3] = {arena_new(1 << 20), arena_new_small(1 << 20),
                                   arena_new(1 << 20)};
        for (size_t i = 0; i < 3; i++) {
            uint8_t *first = arena_zalloc(arenas[i], BYTES), *whole = arena_alloc(arenas[i], 8192);
            for (size_t j = 0; j < BYTES; j++) {
                assert_int_equal(first[j], 0);
            }
            memset(first, 0xee, BYTES);
            memset(whole, 0xee, 8192);
            uint8_t *rest = arena_zalloc(arenas[i], 100);
            for (size_t j = 0; j < 100; j++) {
                assert_int_equal(rest[j], 0);
            }
            memset(rest, 0xee, 100);
        }
        arena_free(arenas[0]);
        arena_free(arenas[1]);
        arena_free(arenas[2]);
        arena_keep_spare(round == ROUNDS / 2 ? 0 : 2);
    }
    arena_keep_spare(0);
}

/* Short ones are formatted once, long ones twice. */
static void texts_of_any_length_are_formatted(void **state)
{
    (void)state;
    char long_text[600];
    memset(long_text, 'x', sizeof long_text);
    for (size_t len = 250; len < sizeof long_text; len += len < 260 ? 1 : 67) {
        AUTO(arena_free_at) struct arena *a = arena_new(8192);
        struct buf buf;
        struct slice out;
        char *text = arena_printf(a, "%.*s", (int)len, long_text);
        assert_int_equal(strlen(text), len);
        assert_memory_equal(text, long_text, len);
        buf_init(&buf, a);
        buf_expect(&buf, 255);
        buf_printf(&buf, "%.*s", (int)len, long_text);
        buf_printf(&buf, "%d", 42);
        assert_true(buf_finish(&buf, &out, NULL).ok);
        assert_int_equal(out.len, len + 2);
        assert_memory_equal(out.ptr, long_text, len);
        assert_memory_equal(out.ptr + len, "42", 2);
    }
    AUTO(arena_free_at) struct arena *small = arena_new(16);
    assert_null(arena_printf(small, "%s", "seventeen letters"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_runs_destructors_in_reverse),
        cmocka_unit_test(arena_holds_its_budget),
        cmocka_unit_test(arenas_of_both_sizes_hold_what_is_put_in),
        cmocka_unit_test(kept_chunks_are_wiped),
        cmocka_unit_test(texts_of_any_length_are_formatted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
