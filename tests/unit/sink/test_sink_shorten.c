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

/* "ä" has two bytes, "€" three: no character is cut in two. What comes was cut by the database already, by characters. */
static void a_longer_one_ends_between_characters(void **state)
{
    static const char *const characters[] = {"x", "ä", "€", "😀"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct arena *arena = arena_new(1 << 22);
        char end[64];
        size_t one = strlen(characters[i]);
        struct audit_event event = {
            .target = "short",
            .user_agent = arena_printf(arena, "%s… (3000000000 bytes)",
                                       repeated(arena, characters[i], SINK_TEXT_MAX))};
        assert_true(shorten(arena, &event));
        assert_string_equal(event.target, "short");
        snprintf(end, sizeof end, "%s… (3000000000 bytes)", characters[i]);
        size_t len = strlen(event.user_agent);
        assert_string_equal(event.user_agent + len - strlen(end), end);
        assert_int_equal((len - strlen(end)) % one, 0);
        assert_in_range(len, SINK_TEXT_MAX, SINK_TEXT_MAX + strlen(end));
        arena_free(arena);
    }
}

static void rights_that_are_none_are_left_out(void **state)
{
    static const char *const kept[] = {"", "VIEW", "VIEW,PRINT"};
    static const char *const none[] = {"no right", "VIEW,no right", "VIEW\x01"};
    struct arena *arena = arena_new(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        struct audit_event event = {.rights = kept[i]};
        assert_false(shorten(arena, &event));
        assert_string_equal(event.rights, kept[i]);
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct audit_event event = {.rights = none[i]};
        assert_true(shorten(arena, &event));
        assert_string_equal(event.rights, "");
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_stays),
        cmocka_unit_test(a_longer_one_ends_between_characters),
        cmocka_unit_test(rights_that_are_none_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
