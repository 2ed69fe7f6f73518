/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapper against golden files, and against senders and tenants who want to break it.
 * CHANCERY_GOLDEN=write writes the golden files anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "chancery_test.h"
#include "wrapper/fill.h"
#include "wrapper/wrapper.h"

static struct arena *arena;
static struct err err;

static const struct wrapper_texts TEXTS[] = {
    {"en", "A confidential message", "We send what is confidential protected.", "Read it",
     "For the addressee only."},
    {"de-CH", "", "Vertrauliches senden wir geschützt.", "", ""},
    {"he", "הודעה מוגנת", "אנו שולחים מידע חסוי באופן מוגן.", "", ""},
};
static const struct wrapper_look PLAIN = {"Contoso", "", "", "", "", NULL, 0};
static const struct wrapper_look BRANDED = {.name = "Contoso Bank",
                                            .background_color = "#e8f0ee",
                                            .accent_color = "#ffcc00",
                                            .logo_id = "logo.1@chancery.invalid",
                                            .privacy_url =
                                                "https://contoso.example/privacy?a=1&b=2",
                                            .texts = TEXTS,
                                            .text_count = 3};
static const char *const EN_DE[] = {"en-GB", "de-AT"}, *const AR[] = {"ar-EG"},
                         *const CH_HE[] = {"de", "he", "de-CH", "fr"};

static const struct {
    const char *name;
    const struct wrapper_look *look;
    struct wrapper_mail mail;
} goldens[] = {
    {"plain",
     &PLAIN,
     {"alice@contoso.example", "Alice Adams", "", "https://portal.example/?content=1", "2026-12-24",
      EN_DE, 2}},
    {"branded",
     &BRANDED,
     {"alice@contoso.example", "", "Numbers & more", "https://portal.example/", "", NULL, 0}},
    {"no_portal", &PLAIN, {"alice@contoso.example", "", "", "", "", NULL, 0}},
    {"right_to_left",
     &PLAIN,
     {"alice@contoso.example", "Alice", "", "https://portal.example/", "2026-12-24", AR, 1}},
    {"mixed",
     &BRANDED,
     {"alice@contoso.example", "Alice", "", "https://portal.example/", "", CH_HE, 4}},
};

static struct wrapper written(const struct wrapper_look *look, const struct wrapper_mail *mail)
{
    struct wrapper w;
    assert_true(wrapper_write(arena, look, mail, &w, &err).ok);
    return w;
}

/* --- golden files ----------------------------------------------------------------------------- */

static void check_golden(const char *name, const char *extension, struct slice text)
{
    char path[512];
    static char held[64 * 1024];
    snprintf(path, sizeof path, CHANCERY_SOURCE_DIR "/tests/unit/wrapper/golden/%s.%s", name,
             extension);
    if (getenv("CHANCERY_GOLDEN") != NULL) {
        FILE *out = fopen(path, "we");
        assert_non_null(out);
        assert_int_equal(fwrite(text.ptr, 1, text.len, out), text.len);
        assert_int_equal(fclose(out), 0);
    }
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    size_t len = fread(held, 1, sizeof held, in);
    fclose(in);
    if (!slice_eq(slice_of(held, len), text)) {
        fail_msg("%s is not what is written:\n%.*s", path, SLICE_FMT(text));
    }
}

static void wrappers_are_as_they_were(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++) {
        struct wrapper w = written(goldens[i].look, &goldens[i].mail);
        check_golden(goldens[i].name, "html", w.html);
        check_golden(goldens[i].name, "txt", w.text);
    }
}

/* --- languages -------------------------------------------------------------------------------- */

static void each_language_is_said_once(void **state)
{
    (void)state;
    struct wrapper w = written(&BRANDED, &goldens[4].mail);
    assert_int_equal(w.language_count, 3); /* de and de-CH are one; French is not there: English */
    assert_string_equal(w.languages[0], "de-CH");
    assert_string_equal(w.languages[1], "he");
    assert_string_equal(w.languages[2], "en");
    w = written(&PLAIN, &goldens[2].mail);
    assert_int_equal(w.language_count, 1);
    assert_string_equal(w.languages[0], "en");
}

/* --- what comes from outside ------------------------------------------------------------------ */

static void nothing_gets_out_of_its_place(void **state)
{
    (void)state;
    static const char evil[] = "\"><script>alert(1)</script><img src=https://x.example/ '{{link}}";
    const struct wrapper_texts texts[] = {{"en", evil, evil, evil, evil}};
    const struct wrapper_look look = {evil, "", "", "", "https://x.example/'%22&", texts, 1};
    const struct wrapper_mail mail = {
        "a&b@contoso.example", evil, evil, "https://p.example/", "", NULL, 0};
    struct wrapper w = written(&look, &mail);
    const char *html = arena_dup(arena, w.html);
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "<img"));
    assert_non_null(strstr(html, "&quot;&gt;&lt;script&gt;"));
    assert_non_null(strstr(html, "{{link}}")); /* a value is no template */
    assert_non_null(strstr(html, "href=\"https://x.example/&#39;%22&amp;\""));
    assert_non_null(strstr(html, "a&amp;b@contoso.example"));
    assert_non_null(strstr(arena_dup(arena, w.text), "a&b@contoso.example"));
}

static void a_name_is_not_taken_for_an_address(void **state)
{
    (void)state;
    const struct wrapper_mail mail = {
        "mallory@contoso.example", "ceo@bank.example", "", "", "", NULL, 0};
    struct wrapper w = written(&PLAIN, &mail);
    assert_null(strstr(arena_dup(arena, w.html), "ceo@bank.example"));
    assert_null(strstr(arena_dup(arena, w.text), "ceo@bank.example"));
    assert_non_null(strstr(arena_dup(arena, w.text), "mallory@contoso.example has sent you"));
}

static void assert_called(const char *name, const char *shown)
{
    const struct wrapper_mail mail = {"mallory@contoso.example", name, "", "", "", NULL, 0};
    struct wrapper w = written(&PLAIN, &mail);
    const char *words = arena_printf(arena, "\n%s has sent you", shown);
    assert_non_null(strstr(arena_dup(arena, w.text), words));
}

static void a_name_reads_as_it_is(void **state)
{
    (void)state;
    /* What only looks like an @ is one to a reader. */
    assert_called("ceo＠bank.example", "mallory@contoso.example");
    assert_called("ceo﹫bank.example", "mallory@contoso.example");
    /* White space doesn't move the address out of sight, and nothing is hidden. */
    assert_called("Bank\u00a0\u00a0\u3000 \u2003\u00a0CEO\u00a0",
                  "Bank CEO (mallory@contoso.example)");
    assert_called("\u00a0\u200b\u3164", "mallory@contoso.example");
    assert_called("Ma\u200bl\u2060lo\u00adry\u200f", "Mallory (mallory@contoso.example)");
    /* Joiners belong to words, variation selectors to emoji. */
    assert_called("می\u200cخواهم", "می\u200cخواهم (mallory@contoso.example)");
    assert_called("❤\ufe0f Dot", "❤\ufe0f Dot (mallory@contoso.example)");
}

/* What is loaded, and where links lead: the portal and the privacy statement, nothing else. */
static void nothing_is_loaded_from_elsewhere(void **state)
{
    (void)state;
    static const char *const forbidden[] = {"src=\"http", "url(",          "@import",
                                            "<link",      "<script",       "<form",
                                            "<iframe",    "background=\"", "srcset"};
    for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++) {
        struct wrapper w = written(goldens[i].look, &goldens[i].mail);
        const char *html = arena_dup(arena, w.html);
        for (size_t f = 0; f < sizeof forbidden / sizeof forbidden[0]; f++) {
            assert_null(strstr(html, forbidden[f]));
        }
        for (const char *at = strstr(html, "href=\""); at != NULL; at = strstr(at + 1, "href=\"")) {
            assert_true(strncmp(at + 6, "https://portal.example/", 23) == 0 ||
                        strncmp(at + 6, "https://contoso.example/privacy", 31) == 0);
        }
    }
}

static void memory_has_an_end(void **state)
{
    (void)state;
    struct wrapper w;
    for (size_t at = 1; at < 12; at++) {
        struct arena *small = arena_new(1 << 20);
        arena_fail_at(small, at);
        rc result = wrapper_write(small, &BRANDED, &goldens[4].mail, &w, &err);
        if (arena_is_exceeded(small)) {
            assert_false(result.ok);
            assert_int_equal(err.reason, R_ARENA_EXHAUSTED);
            err_clear(&err);
        }
        arena_free(small);
    }
}

/* --- colors ----------------------------------------------------------------------------------- */

static void text_is_readable_on_any_color(void **state)
{
    (void)state;
    assert_string_equal(wrapper_color_on("#000000"), "#ffffff");
    assert_string_equal(wrapper_color_on("#ffffff"), "#000000");
    assert_string_equal(wrapper_color_on("#1f4e79"), "#ffffff");
    assert_string_equal(wrapper_color_on("#FFCC00"), "#000000");
    assert_true(wrapper_color_is_valid(slice_str("#0aF9c1")));
    static const char *const bad[] = {"",         "#fff",    "red",    "#12345g",
                                      "#1234567", "123456#", "#12345;"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(wrapper_color_is_valid(slice_str(bad[i])));
    }
}

/* --- the templates' language ------------------------------------------------------------------ */

static const char *filled(const char *template, enum fill_escape escape)
{
    static const struct fill_value inner[] = {{"x", "1"}}, other[] = {{"x", "2"}};
    static const struct fill_view list[] = {{.values = inner, .value_count = 1},
                                            {.values = other, .value_count = 1}};
    static const struct fill_value values[] = {{"x", "<0>"}, {"none", ""}};
    const struct fill_view view = {
        .values = values, .value_count = 2, .list_name = "all", .list = list, .list_count = 2};
    struct buf out;
    struct slice text;
    buf_init(&out, arena);
    fill(&out, slice_str(template), &view, escape);
    assert_true(buf_finish(&out, &text, &err).ok);
    return arena_dup(arena, text);
}

static void templates_are_filled(void **state)
{
    (void)state;
    static const struct {
        const char *template, *text;
    } rows[] = {
        {"", ""},
        {"a{{x}}b", "a<0>b"},
        {"{{#none}}no{{/none}}{{^none}}yes{{/none}}", "yes"},
        {"{{#x}}yes{{/x}}{{^x}}no{{/x}}", "yes"},
        {"{{#all}}({{x}}){{/all}}{{x}}{{^all}}no{{/all}}", "(1)(2)<0>"},
        {"{{#all}}{{#none}}{{#x}}no{{/x}}{{/none}}{{/all}}", ""},
        {"a\n{{#x}}\nb\n{{/x}}\nc\n", "a\nb\nc\n"},
        {"a {{#x}}\nb{{/x}} c", "a \nb c"},
        {"{ {{x}} }", "{ <0> }"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(filled(rows[i].template, FILL_TEXT), rows[i].text);
    }
    assert_string_equal(filled("{{x}}<b>", FILL_HTML), "&lt;0&gt;<b>");
}

static int begin(void **state)
{
    (void)state;
    arena = arena_new(8 << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(wrappers_are_as_they_were),
                                       cmocka_unit_test(each_language_is_said_once),
                                       cmocka_unit_test(nothing_gets_out_of_its_place),
                                       cmocka_unit_test(a_name_is_not_taken_for_an_address),
                                       cmocka_unit_test(a_name_reads_as_it_is),
                                       cmocka_unit_test(nothing_is_loaded_from_elsewhere),
                                       cmocka_unit_test(memory_has_an_end),
                                       cmocka_unit_test(text_is_readable_on_any_color),
                                       cmocka_unit_test(templates_are_filled)};
    return cmocka_run_group_tests(tests, begin, end);
}
