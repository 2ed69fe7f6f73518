/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of which jansson takes nothing for one number or text. */
#include "chancery_test.h"

#include "crypto/json_foreign.h"

enum { BYTES_MAX = 4096 };

static struct arena *arena;

static json_t *parse(const char *text)
{
    json_t *out = NULL;
    struct err err = {0};
    bool ok = json_parse_foreign(arena, slice_str(text), BYTES_MAX, JSON_VALUES_MAX,
                                 R_TOKEN_MALFORMED, &out, &err)
                  .ok;
    assert_int_equal(err.reason, ok ? R_NONE : R_TOKEN_MALFORMED);
    return ok ? out : NULL;
}

static json_t *value_of(const char *text)
{
    json_t *root = parse(arena_printf(arena, "{\"x\": %s , \"y\":[1,\"z\"]}", text));
    assert_non_null(root);
    const json_t *y = json_object_get(root, "y");
    assert_int_equal(json_integer_value(json_array_get(y, 0)), 1);
    assert_string_equal(json_string_value(json_array_get(y, 1)), "z");
    return json_object_get(root, "x");
}

static void numbers_beyond_64_bits_are_real(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } rows[] = {
        {"18446744073709551615", 1.8446744073709552e19},
        {"9223372036854775808", 9.2233720368547758e18},
        {"-9223372036854775809", -9.2233720368547758e18},
        {"1e400", 1e308},
        {"-1e400", -1e308},
        {"1000000000000000000000000000000", 1e30},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const json_t *value = value_of(rows[i].text);
        assert_true(json_is_real(value) && json_real_value(value) == rows[i].value);
    }
    assert_int_equal(json_integer_value(value_of("9223372036854775807")), INT64_MAX);
    assert_int_equal(json_integer_value(value_of("[18446744073709551615]")), 0);
}

static void a_text_that_is_none_is_of_no_kind(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "\"\\u0000\"",        "\"a\\u0000b\"",      "\"\\ud83d\"",       "\"\\uDE00\\\\\"",
        "\"\\ud83d\\ud83d\"", "\"\\\"\\ud83d\\n\"", "\"\\ude00\\ud83d\""};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const json_t *value = value_of(rows[i]);
        assert_true(json_is_object(value) && json_object_size(value) == 0);
    }
    /* Beside one of them all others are what they were. */
    const json_t *list =
        value_of("[\"\\ud83d\", \"\\ud83d\\ude00\", \"\\\\ud83d\", \"1e999, {\", 7]");
    assert_string_equal(json_string_value(json_array_get(list, 1)), "\xf0\x9f\x98\x80");
    assert_string_equal(json_string_value(json_array_get(list, 2)), "\\ud83d");
    assert_string_equal(json_string_value(json_array_get(list, 3)), "1e999, {");
    assert_int_equal(json_integer_value(json_array_get(list, 4)), 7);
}

static void what_is_malformed_stays_so(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "{",
        "[\"\\ud83d\"]",
        "{\"a\\u0000\":1}",
        "{\"\\ud83d\" :1}",
        "{\"x\":\"\\ud83d}",
        "{\"x\":\"\\ud83",
        "{\"x\":\"\\",
        "{\"x\":01}",
        "{\"x\":--99999999999999999999}",
        "{\"x\":1,\"x\":\"\\ud83d\"}",
        "{\"x\":\"\\ud83d\"} 99999999999999999999",
        "{\"x\":\"\\ud83d\",}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (parse(rows[i]) != NULL) {
            fail_msg("row %zu", i);
        }
    }
    char *deep = arena_zalloc(arena, BYTES_MAX);
    memset(deep, '[', BYTES_MAX - 1);
    assert_null(parse(deep));
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
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
        cmocka_unit_test(numbers_beyond_64_bits_are_real),
        cmocka_unit_test(a_text_that_is_none_is_of_no_kind),
        cmocka_unit_test(what_is_malformed_stays_so),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
