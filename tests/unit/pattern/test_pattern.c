/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns: what is refused and why, what is found at the edges of pieces, and that a filter never
 * hides what a pattern matches. */
#include "chancery_test.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "pattern/pattern.h"

static struct pattern *pattern(const char *text)
{
    struct pattern *made = NULL;
    struct err err = {0};
    if (!pattern_new(slice_str(text), &made, &err).ok) {
        fail_msg("%s: %s", text, err.detail);
    }
    return made;
}

static bool finds(const char *expression, const char *text, size_t from, size_t to)
{
    struct pattern *p = pattern(expression);
    bool found = pattern_find(p, slice_str(text), from, to);
    pattern_free(p);
    return found;
}

static bool finds_in(const char *expression, const char *text)
{
    return finds(expression, text, 0, strlen(text));
}

/* --- what is refused -------------------------------------------------------------------------- */

static void assert_refused(const char *text, const char *words)
{
    struct pattern *made = NULL;
    struct err err = {0};
    if (pattern_new(slice_str(text), &made, &err).ok) {
        pattern_free(made);
        fail_msg("accepted: %.60s", text);
    }
    assert_int_equal(err.reason, R_FIELD_INVALID);
    if (strstr(err.detail, words) == NULL) {
        fail_msg("%.60s: %s", text, err.detail);
    }
}

static void what_is_no_expression_is_refused(void **state)
{
    (void)state;
    assert_refused("", "1 to 1,024");
    assert_refused("(a", "syntax");
    assert_refused("a**", "syntax");
    assert_refused("[z-a]", "syntax");
    assert_refused("a\\", "syntax");
    assert_refused("\xff", "syntax");
    /* Not regular: they can't be looked for in linear time. */
    assert_refused("(a)\\1", "syntax");
    assert_refused("a(?=b)", "syntax");
    assert_refused("(?<!a)b", "syntax");
}

static void what_is_too_large_or_slow_is_refused(void **state)
{
    (void)state;
    char longest[PATTERN_BYTES_MAX + 2];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_refused(longest, "1 to 1,024");
    assert_refused("a{1001}", "too large");
    assert_refused("((a{100}){100}){100}", "too large");
    assert_refused("(((a?){20}b?){10}){2}c", "too long");
    assert_refused("(?:.?){1000}c", "too long");
}

static void what_people_write_is_taken(void **state)
{
    (void)state;
    static const char *const usual[] = {
        "\\b\\d{4}[- ]?\\d{4}[- ]?\\d{4}[- ]?\\d{4}\\b",
        "\\b[A-Z]{2}\\d{2}[A-Z0-9]{11,30}\\b",
        "(?i)projekt\\s+phönix",
        "\\pL{3,8}-\\d+",
        "(?i)\\b(confidential|internal|secret|restricted|geheim|vertraulich)\\b",
        "^RE: .*\\[ticket \\d+\\]$",
        "[^\\x00-\\x7f]{20}",
        "a.{100}b",
    };
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        struct pattern *p = pattern(usual[i]);
        assert_true(pattern_piece(p) > PATTERN_SPAN_MIN * 2);
        pattern_free(p);
    }
}

/* --- what is found ---------------------------------------------------------------------------- */

static void a_piece_is_seen_within_its_text(void **state)
{
    (void)state;
    const char *text = "one two three";
    assert_true(finds("\\btwo\\b", text, 4, 7));
    assert_false(finds("\\bwo", text, 5, 7)); /* the t before it is no boundary */
    assert_false(finds("thre\\b", text, 8, 12));
    assert_true(finds("^one", text, 0, 3));
    assert_false(finds("^two", text, 4, 7));
    assert_false(finds("two$", text, 4, 7));
    assert_true(finds("three$", text, 8, 13));
    assert_true(finds("(?m)^two$", "one\ntwo\nthree", 4, 7));
    assert_false(finds("two", text, 4, 6));
}

static void text_is_unicode(void **state)
{
    (void)state;
    assert_true(finds_in("^.$", "語"));
    assert_true(finds_in("(?i)STRASSE|STRAßE", "straße"));
    assert_true(finds_in("(?i)ÄRGER", "ärger"));
    assert_true(finds_in("(?i)kelvin", "\xE2\x84\xAA"
                                       "elvin"));
    assert_true(finds_in("(?i)secret", "ſecret"));
    assert_true(finds_in("\\p{Greek}+", "πολιτεία"));
    assert_false(finds_in("secret", "SECRET"));
}

/* --- literals --------------------------------------------------------------------------------- */

/* Whether the filter lets a text through, by looking for each literal in its folded form. */
static bool passes(const struct pattern *p, struct slice text)
{
    uint8_t *folded = xcalloc(text.len + 1, 1);
    int found[PATTERN_LITERALS_MAX];
    size_t len = pattern_fold(text, folded), count = 0;
    for (size_t i = 0; i < pattern_literal_count(p); i++) {
        struct slice literal = pattern_literal(p, i);
        if (literal.len > 0 && memmem(folded, len, literal.ptr, literal.len) != NULL) {
            found[count++] = (int)i;
        }
    }
    bool may = pattern_may_match(p, found, count);
    xfree(folded);
    return may;
}

static void a_filter_tells_what_cannot_match(void **state)
{
    (void)state;
    struct pattern *p = pattern("(?i)projekt\\s+(phoenix|adler)");
    assert_true(pattern_literal_count(p) > 0);
    assert_true(passes(p, slice_str("Das PROJEKT  Phoenix")));
    assert_false(passes(p, slice_str("phoenix")));
    assert_false(passes(p, slice_str("nothing of it")));
    pattern_free(p);
    p = pattern("\\d{4}");
    assert_int_equal(pattern_literal_count(p), 0);
    assert_true(passes(p, slice_str("")));
    pattern_free(p);
}

/* A pseudo-random number (xorshift), so that a failure comes again. */
static uint32_t next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    return *seed ^= *seed << 5;
}

static const char *const PARTS[] = {
    "secret", "KEY", "ß", "ſ", "\xE2\x84\xAA", "İ",   "i",   "straße", " ",
    "phönix", "k",   "S", "é", "123",          "ΣΑΣ", "σας", "Task",   "\n"};
enum { PART_COUNT = sizeof PARTS / sizeof PARTS[0] };

static void compose(uint32_t *seed, size_t parts, const char *const *between, size_t kinds,
                    char *out)
{
    out[0] = '\0';
    for (size_t i = 0; i < parts; i++) {
        strcat(out, PARTS[next(seed) % PART_COUNT]);
        strcat(out, between[next(seed) % kinds]);
    }
}

/* Some of the letters s and k as the other letters that fold into them. */
static void make_odd(uint32_t *seed, const char *text, char *out)
{
    for (; *text != '\0'; text++) {
        const char letter[] = {*text, '\0'};
        bool is_odd = next(seed) % 2 == 0;
        const char *written = is_odd && (*text | 0x20) == 's'   ? "ſ"
                              : is_odd && (*text | 0x20) == 'k' ? "\xE2\x84\xAA"
                                                                : letter;
        out = stpcpy(out, written);
    }
}

/* On random patterns and texts of letters that fold oddly: what matches always passes. */
static void a_filter_hides_nothing(void **state)
{
    (void)state;
    static const char *const joins[] = {"", "", "?", "+", ".*", "|", "\\s*"};
    static const char *const none[] = {""};
    uint32_t seed = 4711;
    size_t matched = 0, filtered = 0;
    for (int round = 0; round < 3000; round++) {
        char expression[512] = "(?i)", plain[512], text[3 * 512];
        compose(&seed, 1 + next(&seed) % 4, joins, 7, expression + (round % 2 == 0 ? 4 : 0));
        compose(&seed, 1 + next(&seed) % 6, none, 1, plain);
        make_odd(&seed, plain, text);
        struct pattern *p = NULL;
        const char *shown = expression + (round % 2 == 0 ? 4 : 0);
        if (!pattern_new(slice_str(shown), &p, NULL).ok) {
            continue;
        }
        bool is_found = pattern_find(p, slice_str(text), 0, strlen(text));
        bool may = passes(p, slice_str(text));
        matched += is_found ? 1 : 0;
        filtered += may ? 0 : 1;
        if (is_found && !may) {
            fail_msg("hidden: %s in %s", shown, text);
        }
        pattern_free(p);
    }
    assert_true(matched > 200);
    assert_true(filtered > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_expression_is_refused),
        cmocka_unit_test(what_is_too_large_or_slow_is_refused),
        cmocka_unit_test(what_people_write_is_taken),
        cmocka_unit_test(a_piece_is_seen_within_its_text),
        cmocka_unit_test(text_is_unicode),
        cmocka_unit_test(a_filter_tells_what_cannot_match),
        cmocka_unit_test(a_filter_hides_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
