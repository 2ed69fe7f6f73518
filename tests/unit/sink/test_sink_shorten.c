/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of a record that are too long for a receiver. */
#include "chancery_test.h"

#include <string.h>

#include "sink/sink_shorten.h"

static char *repeated(struct arena *arena, const char *text, size_t count)
{
    size_t len = strlen(text);
    char *out = arena_zalloc(arena, len * count + 1);
    assert_non_null(out);
    for (size_t i = 0; i < count; i++) {
        memcpy(out + i * len, text, len);
    }
    return out;
}

static bool shorten(struct arena *arena, struct audit_event *event)
{
    bool was_cut = false;
    struct err err = {0};
    assert_true(sink_shorten(arena, event, &was_cut, &err).ok);
    return was_cut;
}

static void what_fits_stays(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    (void)state;
    char *most = repeated(arena, "x", SINK_TEXT_MAX);
    struct audit_event event = {.operation = "protect", .reason = "OK", .target = most};
    assert_false(shorten(arena, &event));
    assert_ptr_equal(event.target, most);
    assert_null(event.channel);
    arena_free(arena);
}

/* "ä" has two bytes, "€" three: no character is cut in two. */
static void a_longer_one_ends_between_characters(void **state)
{
    static const char *const characters[] = {"x", "ä", "€", "😀"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct arena *arena = arena_new(1 << 22);
        char end[64];
        size_t one = strlen(characters[i]), count = SINK_TEXT_MAX / one + 1;
        struct audit_event event = {.target = "short",
                                    .user_agent = repeated(arena, characters[i], count)};
        assert_true(shorten(arena, &event));
        assert_string_equal(event.target, "short");
        snprintf(end, sizeof end, "%s… (%zu bytes)", characters[i], one * count);
        size_t len = strlen(event.user_agent);
        assert_string_equal(event.user_agent + len - strlen(end), end);
        assert_int_equal((len - strlen(end)) % one, 0);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_stays),
        cmocka_unit_test(a_longer_one_ends_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
