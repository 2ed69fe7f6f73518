/* SPDX-License-Identifier: Apache-2.0 */
/* Internationalized domains (UTS #46, IDNA 2008) and local parts (RFC 6531): one spelling each,
 * and what is none. */
#include "chancery_test.h"

#include <idn2.h>
#include <string.h>

#include "domain/values/address.h"
#include "domain/values/principal.h"

static struct err err;

struct row {
    const char *text, *expected; /* NULL: refused */
};

typedef rc (*normalize_fn)(struct arena *arena, struct slice text, const char **out,
                           struct err *err);

static void check(normalize_fn normalize, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(arena_free_at) struct arena *arena = arena_new(16384);
        const char *out = NULL, *again = NULL;
        if (rows[i].expected == NULL) {
            assert_fails(normalize(arena, slice_str(rows[i].text), &out, &err), &err,
                         R_FIELD_INVALID);
            continue;
        }
        assert_ok(normalize(arena, slice_str(rows[i].text), &out, &err), &err);
        assert_string_equal(out, rows[i].expected);
        assert_ok(normalize(arena, slice_str(out), &again, &err), &err);
        assert_string_equal(again, out);
    }
}

#define CHECK_DOMAINS(...)                                                \
    do {                                                                  \
        static const struct row rows[] = {__VA_ARGS__};                   \
        check(domain_name_normalize, rows, sizeof rows / sizeof rows[0]); \
    } while (0)
#define CHECK_ADDRESSES(...)                                          \
    do {                                                              \
        static const struct row rows[] = {__VA_ARGS__};               \
        check(address_normalize, rows, sizeof rows / sizeof rows[0]); \
    } while (0)

/* --- domains ------------------------------------------------------------------------------------ */

static void u_labels_become_a_labels(void **state)
{
    (void)state;
    CHECK_DOMAINS({"bücher.example", "xn--bcher-kva.example"}, {"日本語.jp", "xn--wgv71a119e.jp"},
                  {"mail.bücher.example", "mail.xn--bcher-kva.example"},
                  {"bücher.xn--mnchen-3ya.de", "xn--bcher-kva.xn--mnchen-3ya.de"});
}

static void case_is_folded(void **state)
{
    (void)state;
    CHECK_DOMAINS({"BÜCHER.Example", "xn--bcher-kva.example"},
                  {"XN--BCHER-KVA.EXAMPLE", "xn--bcher-kva.example"},
                  {"Example.COM", "example.com"}, {"\u212a.com", "k.com"} /* Kelvin sign */);
}

static void composed_and_decomposed_are_one(void **state)
{
    (void)state;
    CHECK_DOMAINS({"bu\u0308cher.example", "xn--bcher-kva.example"},
                  {"\u0308a.com", NULL} /* begins with a combining mark */);
}

/* Non-transitional: these letters have domains of their own. */
static void deviations_are_kept(void **state)
{
    (void)state;
    CHECK_DOMAINS({"faß.de", "xn--fa-hia.de"}, {"fass.de", "fass.de"},
                  {"βόλος.com", "xn--nxasmm1c.com"}, {"ς.com", "xn--3xa.com"},
                  {"σ.com", "xn--4xa.com"});
}

static void a_trailing_dot_is_dropped(void **state)
{
    (void)state;
    CHECK_DOMAINS({"bücher.example.", "xn--bcher-kva.example"},
                  {"bücher.example\u3002", "xn--bcher-kva.example"},
                  {"example.com.", "example.com"}, {"bücher.example..", NULL},
                  {"example.com..", NULL}, {".", NULL});
}

static void other_dots_are_dots(void **state)
{
    (void)state;
    CHECK_DOMAINS({"bücher\uff0eexample", "xn--bcher-kva.example"} /* fullwidth full stop */,
                  {"example\u3002com", "example.com"} /* ideographic full stop */,
                  {"example\uff61com", "example.com"} /* halfwidth ideographic full stop */);
}

static void empty_labels_are_refused(void **state)
{
    (void)state;
    CHECK_DOMAINS({"", NULL}, {"ü..com", NULL}, {".ü.com", NULL}, {"ü\u3002\u3002com", NULL},
                  {"ü", NULL}, {"ü.", NULL}, {"\u200b.com", NULL}, {"xn--.com", NULL});
}

static void fullwidth_letters_are_mapped(void **state)
{
    (void)state;
    CHECK_DOMAINS({"ｃｏｎｔｏｓｏ.com", "contoso.com"}, {"ｃｏｎｔｏｓｏ．ｃｏｍ", "contoso.com"},
                  {"\U0001d4ebank.com", "bank.com"} /* mathematical script */);
}

/* Nothing that stands for a character of addresses or URLs gets into a domain, nor is it
 * dropped. */
static void mapped_punctuation_is_refused(void **state)
{
    (void)state;
    CHECK_DOMAINS({"a\uff20b.com", NULL} /* @ */, {"a\uff0fb.ü.com", NULL} /* / */,
                  {"ü_x.com", NULL}, {"a\uff3fb.com", NULL} /* _ */, {"ü x.com", NULL},
                  {"a\u2260b.com", NULL}, {"a\uff1ab.com", NULL} /* : */);
}

/* U+200B and the soft hyphen are ignored by UTS #46; joiners count where a script needs them. */
static void zero_width_characters(void **state)
{
    (void)state;
    CHECK_DOMAINS({"con\u200btoso.com", "contoso.com"},
                  {"bü\u00adcher.example", "xn--bcher-kva.example"}, {"con\u200ctoso.com", NULL},
                  {"con\u200dtoso.com", NULL}, {"bü\u200dcher.com", NULL},
                  {"نامه\u200cای.com", "xn--mgba3gch31f060k.com"}, {"bü\u202echer.com", NULL},
                  {"bü\u2066cher.com", NULL},
                  {"\ufeff"
                   "contoso.com",
                   "contoso.com"});
}

static void bidi_rule_holds(void **state)
{
    (void)state;
    CHECK_DOMAINS({"אב.com", "xn--4dbc.com"}, {"אב0.com", "xn--0-zhcd.com"}, {"0אב.com", NULL},
                  {"אaב.com", NULL}, {"aا.com", NULL}, {"\u0661\u06f1.com", NULL});
}

/* RFC 5892 appendix A: characters that a label may hold only beside others of their script. */
static void contextual_rules_hold(void **state)
{
    (void)state;
    CHECK_DOMAINS({"l\u00b7l.com", "xn--ll-0ea.com"}, {"a\u00b7b.com", NULL} /* middle dot */,
                  {"xn--ab-0ea.com", NULL}, {"カ\u30fbナ.com", "xn--lck2c6g.com"},
                  {"\u30fb.com", NULL}, {"a\u30fbb.com", NULL} /* Katakana dot, no Japanese */,
                  {"\u0375a.com", NULL} /* Greek keraia before Latin */,
                  {"ا\u0661\u06f1.com", NULL} /* Arabic-Indic and extended digits */);
}

static void disallowed_and_unassigned_are_refused(void **state)
{
    (void)state;
    CHECK_DOMAINS({"\u2603.net", NULL}, {"\U0001f4a9.la", NULL}, {"xn--ls8h.la", NULL},
                  {"\u0378.com", NULL}, {"\ue000.com", NULL}, {"\ud7ff.com", NULL},
                  {"\xff\xfe.com", NULL}, {"b\xc3.com", NULL});
}

static void false_a_labels_are_refused(void **state)
{
    (void)state;
    CHECK_DOMAINS({"xn--bcher-kva.example", "xn--bcher-kva.example"}, {"xn--a.com", NULL},
                  {"xn--contoso-.com", NULL}, {"xn--contoso-kva.com", NULL},
                  {"xn--BCHER-KVB.example", NULL}, {"xn--99999999.com", NULL},
                  {"xn--bücher.de", NULL}, {"a.xn--.com", NULL}, {"ab--cd.com", "ab--cd.com"},
                  {"ab--cdü.com", NULL}, {"-ü.com", NULL}, {"ü-.com", NULL},
                  {"ab--cd.bücher.example", "ab--cd.xn--bcher-kva.example"},
                  {"xn--bcher-kva\u200b.example", "xn--bcher-kva.example"});
}

static void encode(uint32_t point, char out[8])
{
    size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len; i-- > 1; point >>= 6) {
        out[i] = (char)(0x80 | (point & 0x3f));
    }
    out[0] = (char)(leads[len] | point);
    out[len] = '\0';
}

/* What is accepted as it is, without mapping, is what the mapping of libidn2 gives: for every
 * code point. */
static void unmapped_labels_are_what_mapping_gives(void **state)
{
    (void)state;
    size_t accepted = 0;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    for (uint32_t point = 0x80; point < 0x20000; point++) {
        char letter[8];
        const char *out = NULL;
        uint8_t *mapped = NULL;
        encode(point, letter);
        const char *text = arena_printf(arena, "l%sl.example", letter);
        if (domain_name_normalize(arena, slice_str(text), &out, &err).ok) {
            assert_int_equal(idn2_lookup_u8((const uint8_t *)text, &mapped, IDN2_NONTRANSITIONAL),
                             IDN2_OK);
            assert_string_equal(out, (const char *)mapped);
            idn2_free(mapped);
            accepted++;
        }
        arena_reset(arena);
    }
    assert_true(accepted > 50000);
}

/* A label of n letters ü and the suffix. */
static const char *label_of(struct arena *arena, size_t n, const char *suffix)
{
    char *text = arena_zalloc(arena, 2 * n + strlen(suffix) + 1);
    for (size_t i = 0; i < n; i++) {
        memcpy(text + 2 * i, "ü", 2);
    }
    memcpy(text + 2 * n, suffix, strlen(suffix));
    return text;
}

static void labels_have_63_bytes(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    const char *out = NULL;
    assert_ok(domain_name_normalize(arena, slice_str(label_of(arena, 57, ".com")), &out, &err),
              &err);
    assert_int_equal(strchr(out, '.') - out, 63);
    assert_fails(domain_name_normalize(arena, slice_str(label_of(arena, 58, ".com")), &out, &err),
                 &err, R_FIELD_INVALID);
    assert_fails(domain_name_normalize(arena, slice_str(label_of(arena, 600, ".com")), &out, &err),
                 &err, R_FIELD_INVALID);
}

/* A label of which nothing is left ends it, so that hundreds of them cost nothing. */
static void labels_that_vanish_end_the_name(void **state)
{
    (void)state;
    CHECK_DOMAINS({"\u00ad.\u00ad.\u00ad.com", NULL}, {"a.\u200b.com", NULL}, {"\u200b", NULL},
                  {"a.com.\u200b", NULL});
    AUTO(arena_free_at) struct arena *arena = arena_new(16384);
    const char *out = NULL, *text = "\u00ad.\u00ad.\u00ad.com";
    assert_fails(domain_name_normalize(arena, slice_str(text), &out, &err), &err, R_FIELD_INVALID);
    assert_string_equal(err.check, "name->len > before"); /* by the first, not by what all give */
}

static void domains_have_253_bytes(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    const char *out = NULL, *label = label_of(arena, 57, ".");
    const char *most =
        arena_printf(arena, "%s%s%s%s", label, label, label, label_of(arena, 55, ""));
    const char *more =
        arena_printf(arena, "%s%s%s%s", label, label, label, label_of(arena, 56, ""));
    assert_ok(domain_name_normalize(arena, slice_str(most), &out, &err), &err);
    assert_int_equal(strlen(out), 253);
    assert_fails(domain_name_normalize(arena, slice_str(more), &out, &err), &err, R_FIELD_INVALID);
    assert_fails(domain_name_normalize(arena, slice_str(arena_printf(arena, "a.%s%s", most, most)),
                                       &out, &err),
                 &err, R_FIELD_INVALID);
    /* A last label for which there is no room at all, as it is and mapped; and no room for a
     * dot. */
    const char *three = arena_printf(arena, "%s%s%s", label, label, label);
    static const char *const ends[] = {"", "\u00dc", ".a"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const char *end = label_of(arena, i == 1 ? 56 : 57, ends[i]);
        assert_fails(domain_name_normalize(
                         arena, slice_str(arena_printf(arena, "%s%s", three, end)), &out, &err),
                     &err, R_FIELD_INVALID);
    }
    const char *dotted = arena_printf(arena, "%s%s", three, label_of(arena, 56, "."));
    assert_fails(domain_name_normalize(arena, slice_str(dotted), &out, &err), &err,
                 R_FIELD_INVALID);
    assert_fails(domain_name_normalize(arena, slice_str(label_of(arena, 200, ".com")), &out, &err),
                 &err, R_FIELD_INVALID);
    char *ascii = arena_printf(arena, "%0250d.example", 0);
    for (size_t i = 63; i < 250; i += 64) {
        ascii[i] = '.';
    }
    assert_fails(domain_name_normalize(arena, slice_str(ascii), &out, &err), &err, R_FIELD_INVALID);
    assert_ok(domain_name_normalize(arena, slice_str(ascii + 5), &out, &err), &err);
    assert_int_equal(strlen(out), 253);
    assert_fails(domain_name_normalize(arena, slice_of("ü.com\0b", 8), &out, &err), &err,
                 R_FIELD_INVALID);
}

/* Two scripts in one label are no error of IDNA: it is the registry that forbids them. They stay
 * what they are, another domain than the one that they look like. */
static void look_alikes_are_other_domains(void **state)
{
    (void)state;
    CHECK_DOMAINS({"\u0440aypal.com", "xn--aypal-uye.com"}, {"\u0430.com", "xn--80a.com"});
}

/* --- local parts -------------------------------------------------------------------------------- */

static void local_parts_are_composed_and_in_lower_case(void **state)
{
    (void)state;
    CHECK_ADDRESSES({"É@c.com", "é@c.com"}, {"E\u0301@c.com", "é@c.com"},
                    {"Éric@BÜCHER.example", "éric@xn--bcher-kva.example"}, {"ΑΣ@c.com", "ας@c.com"},
                    {"İ@c.com", "i\u0307@c.com"}, {"ЖЕНЯ@c.com", "женя@c.com"},
                    {"BOB@bücher.example", "bob@xn--bcher-kva.example"});
}

/* What would make two mailboxes one is not folded. */
static void local_parts_are_folded_no_further(void **state)
{
    (void)state;
    CHECK_ADDRESSES({"ß@c.com", "ß@c.com"}, {"ẞ@c.com", "ß@c.com"}, {"ss@c.com", "ss@c.com"},
                    {"ı@c.com", "ı@c.com"}, {"I@c.com", "i@c.com"}, {"😀@c.com", "😀@c.com"});
}

/* RFC 8264 §9.17: what NFKC makes something else of stands for what it is not. */
static void letters_that_stand_for_others_are_refused(void **state)
{
    (void)state;
    CHECK_ADDRESSES({"\u212aen@c.com", NULL} /* Kelvin */, {"\u212bsa@c.com", NULL} /* Angstrom */,
                    {"\u2126@c.com", NULL} /* ohm */, {"ｂｏｂ@c.com", NULL} /* fullwidth */,
                    {"boｂ@c.com", NULL}, {"ﬁ@c.com", NULL} /* ligature */,
                    {"bo\u017f@c.com", NULL} /* long s */, {"\u2170@c.com", NULL} /* numeral */,
                    {"\U0001d41bob@c.com", NULL} /* bold */, {"bob\u00b2@c.com", NULL} /* square */,
                    {"\u00aa@c.com", NULL}, {"\u0149@c.com", NULL}, {"\u01c6@c.com", NULL},
                    {"\uff76@c.com", NULL} /* halfwidth ka */,
                    {"\uf900@c.com", NULL} /* ideograph */, {"\u0340@c.com", NULL},
                    {"\ufdfa@c.com", NULL} /* the longest form */);
}

/* Of no code point: neither of one that stands for ASCII, nor of one that is another in its stored form. */
static void no_letter_is_taken_for_ascii(void **state)
{
    (void)state;
    size_t accepted = 0;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    for (uint32_t point = 0x80; point < 0x110000; point++) {
        char letter[8];
        const char *once = NULL, *twice = NULL;
        encode(point, letter);
        const char *text = arena_printf(arena, "%s@c.com", letter);
        if (address_normalize(arena, slice_str(text), &once, NULL).ok) {
            assert_true((uint8_t)once[0] >= 0x80 || point == 0x130); /* İ is i with a dot */
            assert_ok(address_normalize(arena, slice_str(once), &twice, &err), &err);
            assert_string_equal(twice, once);
            accepted++;
        }
        arena_reset(arena);
    }
    assert_true(accepted > 100000);
}

static void hidden_characters_in_local_parts_are_refused(void **state)
{
    (void)state;
    CHECK_ADDRESSES({"a\u200bb@c.com", NULL}, {"a\u200db@c.com", NULL}, {"a\u202eb@c.com", NULL},
                    {"a\u00adb@c.com", NULL}, {"a\u3164@c.com", NULL}, {"a\ufe0f@c.com", NULL},
                    {"a\u00a0b@c.com", NULL}, {"a\u3000b@c.com", NULL}, {"a\u2028b@c.com", NULL},
                    {"\ue000@c.com", NULL}, {"\u0378@c.com", NULL}, {"\xed\xa0\x80@c.com", NULL},
                    {"a\u037e@c.com", NULL} /* in NFC a semicolon */, {"\xff@c.com", NULL});
}

static void local_parts_have_512_bytes(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    const char *out = NULL;
    assert_ok(address_normalize(arena, slice_str(label_of(arena, 256, "@c.com")), &out, &err),
              &err);
    assert_fails(address_normalize(arena, slice_str(label_of(arena, 257, "@c.com")), &out, &err),
                 &err, R_FIELD_INVALID);
    /* U+1D160 is 4 bytes, and 12 in NFC. */
    char *notes = arena_zalloc(arena, 512);
    for (int i = 0; i < 43; i++) {
        strcat(notes, "\U0001d160");
    }
    strcat(notes, "@c.com");
    assert_fails(address_normalize(arena, slice_str(notes), &out, &err), &err, R_FIELD_INVALID);
}

/* --- batches ------------------------------------------------------------------------------------ */

/* The same texts give the same in a batch, whatever came before: also a domain that is none. */
static void batches_change_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a@bücher.example", "B@bücher.example",   "c@BÜCHER.example",
        "d@bücher",         "e@bücher",           "f@bücher.example",
        "@bücher.example",  "g h@bücher.example", "i@xn--a.example",
        "j@xn--a.example",  "k@contoso.com",      "l@contoso.com",
        "ЖЕНЯ@contoso.com", "m@Contoso.com",      "n"};
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    struct address_batch batch;
    address_batch_init(&batch, arena);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *one = "", *other = "";
        bool is_address = address_normalize(arena, slice_str(texts[i]), &one, NULL).ok;
        assert_int_equal(address_batch_normalize(&batch, slice_str(texts[i]), &other, NULL).ok,
                         is_address);
        assert_string_equal(one, other);
    }
}

static void batches_stay_within_the_budget(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    struct address_batch batch;
    const char *out = NULL;
    address_batch_init(&batch, arena);
    arena_fail_at(arena, 1);
    assert_fails(address_batch_normalize(&batch, slice_str("a@bücher.example"), &out, &err), &err,
                 R_ARENA_EXHAUSTED);
    arena_fail_at(arena, 1);
    assert_fails(domain_name_normalize(arena, slice_str("bücher.example"), &out, &err), &err,
                 R_ARENA_EXHAUSTED);
    assert_ok(address_batch_normalize(&batch, slice_str("a@bücher.example"), &out, &err), &err);
    assert_string_equal(out, "a@xn--bcher-kva.example");
}

static void principals_take_u_labels(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(16384);
    struct principal p;
    assert_ok(principal_parse(arena, slice_str("domain:BÜCHER.example"), &p, &err), &err);
    assert_string_equal(principal_format(arena, &p), "domain:xn--bcher-kva.example");
    assert_ok(principal_parse(arena, slice_str("user:Éric@bücher.example"), &p, &err), &err);
    assert_string_equal(p.name, "éric@xn--bcher-kva.example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(u_labels_become_a_labels),
        cmocka_unit_test(case_is_folded),
        cmocka_unit_test(composed_and_decomposed_are_one),
        cmocka_unit_test(deviations_are_kept),
        cmocka_unit_test(a_trailing_dot_is_dropped),
        cmocka_unit_test(other_dots_are_dots),
        cmocka_unit_test(empty_labels_are_refused),
        cmocka_unit_test(fullwidth_letters_are_mapped),
        cmocka_unit_test(mapped_punctuation_is_refused),
        cmocka_unit_test(zero_width_characters),
        cmocka_unit_test(bidi_rule_holds),
        cmocka_unit_test(contextual_rules_hold),
        cmocka_unit_test(disallowed_and_unassigned_are_refused),
        cmocka_unit_test(false_a_labels_are_refused),
        cmocka_unit_test(unmapped_labels_are_what_mapping_gives),
        cmocka_unit_test(labels_have_63_bytes),
        cmocka_unit_test(labels_that_vanish_end_the_name),
        cmocka_unit_test(domains_have_253_bytes),
        cmocka_unit_test(look_alikes_are_other_domains),
        cmocka_unit_test(local_parts_are_composed_and_in_lower_case),
        cmocka_unit_test(local_parts_are_folded_no_further),
        cmocka_unit_test(letters_that_stand_for_others_are_refused),
        cmocka_unit_test(no_letter_is_taken_for_ascii),
        cmocka_unit_test(hidden_characters_in_local_parts_are_refused),
        cmocka_unit_test(local_parts_have_512_bytes),
        cmocka_unit_test(batches_change_nothing),
        cmocka_unit_test(batches_stay_within_the_budget),
        cmocka_unit_test(principals_take_u_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
