/* SPDX-License-Identifier: Apache-2.0 */
/* Words: where they end, their compared form, and that the fast way and libunistring's agree. */
#include "chancery_test.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "domain/rules/word_split.h"

static struct word_letters *letters;

/* The words of a text with | between them, and _ before those that stand behind white space. */
static void split_with(struct word_letters *with, struct slice text, char *out, size_t size)
{
    struct word_split split;
    struct word word;
    size_t len = 0;
    word_split_init(&split, with, text);
    out[0] = '\0';
    while (word_split_next(&split, &word)) {
        len += (size_t)snprintf(out + len, size - len, "%s%.*s|", word.has_space ? "_" : "",
                                SLICE_FMT(word.text));
        assert_true(len < size);
    }
    word_split_fini(&split);
}

static void assert_words(const char *text, const char *words)
{
    char out[4096];
    split_with(letters, slice_str(text), out, sizeof out);
    assert_string_equal(out, words);
}

static void words_end_at_boundaries(void **state)
{
    (void)state;
    assert_words("", "");
    assert_words(" \t\r\n ", "");
    assert_words("Top  secret", "top|_secret|");
    assert_words("top-secret", "top|-|secret|");
    assert_words("Don't pay 3,250.00 to A.B.", "don't|_pay|_3,250.00|_to|_a.b|.|");
    assert_words("a_b C++ x's'", "a_b|_c|+|+|_x's|'|");
    assert_words("1.a", "1|.|a|");
    assert_words("機密 文書", "機|密|_文|書|");
}

static void forms_are_compared(void **state)
{
    (void)state;
    assert_words("STRASSE Straße", "strasse|_strasse|");
    assert_words("ΣΊΣΥΦΟΣ Σίσυφος", "σίσυφοσ|_σίσυφοσ|");
    assert_words("ﬁnal ｓｅｃｒｅｔ", "final|_secret|");
    assert_words("e\xCC\x81t\xC3\xA9", "été|"); /* decomposed and composed */
    assert_words("sec\xC2\xADret s\xE2\x80\x8B"
                 "ecret",
                 "secret|_secret|"); /* soft hyphen, ZWSP */
    assert_words("a\xC2\xA0"
                 "b",
                 "a|_b|"); /* no-break space */
    assert_words("\xE2\x84\xAA"
                 "elvin",
                 "kelvin|");
}

static void long_words_are_none(void **state)
{
    (void)state;
    char text[WORD_BYTES_MAX + 3], words[WORD_BYTES_MAX + 8];
    memset(text, 'a', sizeof text);
    split_with(letters, slice_of(text, WORD_BYTES_MAX), words, sizeof words);
    assert_int_equal(strlen(words), WORD_BYTES_MAX + 1);
    text[WORD_BYTES_MAX + 1] = ' ';
    text[WORD_BYTES_MAX + 2] = 'b';
    split_with(letters, slice_of(text, sizeof text), words, sizeof words);
    assert_string_equal(words, "|_b|");
}

/* A pseudo-random number (xorshift), so that a failure comes again. */
static uint32_t next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    return *seed ^= *seed << 5;
}

static void both_ways_agree(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "a",  "Z", "9", ".",  ",",         "'",        ":", "_",        "-", " ",
        "ß",  "É", "ö", "σ",  "Ж",         "İ",        "ŉ", "·",        "«", "½",
        "\n", "ǆ", "ﬁ", "語", "e\xCC\x81", "\xC2\xAD", "א", "\xC2\xA0", ";", "é"};
    struct word_letters *none = xcalloc(1, 0x600 * 8);
    memset(none, 9, 0x600 * 8); /* NOT_PLAIN, all of them */
    uint32_t seed = 4711;
    for (int round = 0; round < 20000; round++) {
        char text[256] = "", fast[2048], slow[2048];
        size_t count = 1 + next(&seed) % 12;
        for (size_t i = 0; i < count; i++) {
            strcat(text, parts[next(&seed) % (sizeof parts / sizeof parts[0])]);
        }
        split_with(letters, slice_str(text), fast, sizeof fast);
        split_with(none, slice_str(text), slow, sizeof slow);
        if (strcmp(fast, slow) != 0) {
            fail_msg("%s: %s, %s", text, fast, slow);
        }
    }
    xfree(none);
}

/* What is cut because it has no white space for long loses no word. */
static void a_cut_loses_no_word(void **state)
{
    (void)state;
    static const char *const units[] = {"機密文書。", "geheim/", "größe/", "a.b;"};
    for (size_t unit = 0; unit < sizeof units / sizeof units[0]; unit++) {
        char *text = xcalloc(1, 1 << 16), *all = xcalloc(1, 1 << 18), *one = xcalloc(1, 256);
        char *expected = xcalloc(1, 1 << 18);
        for (size_t i = 0; i < 1500; i++) {
            strcat(text, units[unit]);
        }
        split_with(letters, slice_str(units[unit]), one, 256);
        for (size_t i = 0; i < 1500; i++) {
            strcat(expected, one);
        }
        split_with(letters, slice_str(text), all, 1 << 18);
        assert_true(strcmp(all, expected) == 0);
        xfree(text);
        xfree(all);
        xfree(one);
        xfree(expected);
    }
}

static int set_up(void **state)
{
    (void)state;
    letters = word_letters_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    word_letters_free(letters);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_end_at_boundaries), cmocka_unit_test(forms_are_compared),
        cmocka_unit_test(long_words_are_none),     cmocka_unit_test(both_ways_agree),
        cmocka_unit_test(a_cut_loses_no_word),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
