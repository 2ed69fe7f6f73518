/* SPDX-License-Identifier: Apache-2.0 */
/* Text of other people as it is shown: nothing of it moves, hides or ends what stands around it. */
#include "chancery_test.h"

#include <string.h>

#include "base/utf8.h"

static struct arena *arena;
static struct err err;

static const char *shown(const char *text, enum utf8_escapes escapes)
{
    return utf8_escaped(arena, text, escapes);
}

static void controls_and_hidden_characters_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
    } rows[] = {
        {"a\nb\rc\td", "a\\nb\\rc\\td"},
        {"\x1b]0;owned\x07", "\\u001b]0;owned\\u0007"},
        {"\x01\x7f", "\\u0001\\u007f"},
        {"\xc2\x85\xc2\x9b"
         "31m",
         "\\u0085\\u009b31m"}, /* C1: NEL and CSI */
        {"\x9b"
         "31m\xff",
         "\\x9b31m\\xff"}, /* C1 on a terminal that knows no UTF-8 */
        {"\u2028\u2029", "\\u2028\\u2029"},
        {"\u202a\u202e\u2066\u2069\u200e\u200f\u061c",
         "\\u202a\\u202e\\u2066\\u2069\\u200e\\u200f\\u061c"},
        {"b\u200bo\u200c\u200db\u2060\ufeff\u00ad\u180e\u3164",
         "b\\u200bo\\u200c\\u200db\\u2060\\ufeff\\u00ad\\u180e\\u3164"},
        {"\U000e0041\U000e007f", "\\U000e0041\\U000e007f"}, /* tags */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(shown(rows[i].text, UTF8_LINE), rows[i].line);
        const char *longer = arena_printf(arena, "%s%s%s", "0123456789abcdef", rows[i].text, "xyz");
        const char *line = arena_printf(arena, "%s%s%s", "0123456789abcdef", rows[i].line, "xyz");
        assert_string_equal(shown(longer, UTF8_LINE), line);
    }
}

static void what_can_be_seen_stays(void **state)
{
    (void)state;
    static const char *const texts[] = {"",         "plain",      "Grüße aus Köln", "عربي",
                                        "中文",     "😀",          "⚠\ufe0f",        "葛\U000e0100",
                                        "a\u00a0b", "back\\slash"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_ptr_equal(shown(texts[i], UTF8_LINE), texts[i]);
        assert_ptr_equal(shown(texts[i], UTF8_JSON), texts[i]);
    }
}

static void documents_keep_their_lines(void **state)
{
    (void)state;
    const char *text = "{\n\t\"a\": \"\u202e\x7f\U000e0041\"\n}";
    assert_string_equal(shown(text, UTF8_JSON), "{\n\t\"a\": \"\\u202e\\u007f\\udb40\\udc41\"\n}");
    assert_string_equal(shown(text, UTF8_YAML), "{\n\t\"a\": \"\\u202e\\u007f\\U000e0041\"\n}");
}

static void over_budget_nothing_is_shown(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *small = arena_new(16);
    assert_null(utf8_escaped(small, "0123456789\n0123456789", UTF8_LINE));
}

static rc refuse(bool is_given)
{
    ENSURE(is_given, &err, R_FIELD_INVALID);
    return OK;
}

/* A condition in C says nothing to a person, so it is no detail. */
static void conditions_are_no_words(void **state)
{
    (void)state;
    (void)err_raise(&err, R_INTERNAL, "f", 1, "before").ok;
    assert_fails(refuse(false), &err, R_FIELD_INVALID);
    assert_string_equal(err.check, "is_given");
    assert_string_equal(err.detail, "");
    assert_string_equal(err_words(&err), reason_info(R_FIELD_INVALID)->text);
    (void)err_raise(&err, R_INTERNAL, "f", 1, "%s", "words").ok;
    assert_null(err.check);
    assert_string_equal(err_words(&err), "words");
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(64 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(controls_and_hidden_characters_are_escaped),
        cmocka_unit_test(what_can_be_seen_stays),
        cmocka_unit_test(documents_keep_their_lines),
        cmocka_unit_test(over_budget_nothing_is_shown),
        cmocka_unit_test(conditions_are_no_words),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
