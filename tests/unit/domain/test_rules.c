/* SPDX-License-Identifier: Apache-2.0 */
/* Mail-flow rules: what each condition means, order, exceptions, modes, and what each rule does. */
#include "chancery_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/rules/envelope.h"
#include "domain/rules/extension.h"
#include "domain/rules/rule_decide.h"
#include "domain/rules/rules_away.h"

static struct arena *arena;

#define TEXTS(...)                                                            \
    {                                                                         \
        (const char *const[]){__VA_ARGS__},                                   \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *) \
    }
#define IN_MODE(which, ...) ((struct mail_rule){.name = "rule", .mode = (which), __VA_ARGS__})
#define RULE(...) IN_MODE(RULE_ENFORCE, __VA_ARGS__)
#define WHEN(...)                                               \
    .conditions = (const struct rule_condition[]){__VA_ARGS__}, \
    .condition_count =                                          \
        sizeof((const struct rule_condition[]){__VA_ARGS__}) / sizeof(struct rule_condition)
#define UNLESS(...)                                             \
    .exceptions = (const struct rule_condition[]){__VA_ARGS__}, \
    .exception_count =                                          \
        sizeof((const struct rule_condition[]){__VA_ARGS__}) / sizeof(struct rule_condition)

static const struct message_person ALICE = {"alice@contoso.com", "commercial", true, NULL, 0};

static struct rules_decision decide(const struct mail_rule *rules, size_t count,
                                    const struct message_facts *facts)
{
    struct rule_set *set = rule_set_new(rules, count, 4711);
    struct rules_decision decision;
    struct err err = {0};
    bool done = false;
    while (!done) {
        assert_true(rule_set_step(set, &done, &err).ok);
    }
    struct rule_scan *scan = rule_scan_new(set, facts);
    while (rule_scan_step(scan)) {
    }
    assert_true(rules_decide(arena, set, scan, &decision, &err).ok);
    rule_scan_free(scan);
    rule_set_free(set);
    return decision;
}

static bool holds(struct rule_condition condition, struct message_facts facts)
{
    struct mail_rule rule = RULE(.conditions = &condition, .condition_count = 1);
    if (facts.sender.address == NULL) {
        facts.sender = ALICE;
    }
    return decide(&rule, 1, &facts).findings[0].outcome == RULE_MATCHES;
}

#define HOLDS(condition, ...) \
    holds((struct rule_condition)condition, (struct message_facts){__VA_ARGS__})
#define IF(...)     \
    {               \
        __VA_ARGS__ \
    }
#define BODY(text) .body = {(const uint8_t *)(text), sizeof(text) - 1}
#define SUBJECT(text) .subject = {(const uint8_t *)(text), sizeof(text) - 1}

/* --- people ----------------------------------------------------------------------------------- */

static const char *const LEGAL[] = {"legal@contoso.com"};
static const struct message_person BOB = {"bob@fabrikam.com", "gcc-high", false, NULL, 0};
static const struct message_person CAROL = {"carol@contoso.com", "commercial", true, LEGAL, 1};

static void senders(void **state)
{
    (void)state;
    assert_true(
        HOLDS(IF(.fact = RULE_SENDER, .addresses = TEXTS("x@y.z", "alice@contoso.com")), 0));
    assert_false(HOLDS(IF(.fact = RULE_SENDER, .addresses = TEXTS("bob@contoso.com")), 0));
    assert_true(HOLDS(IF(.fact = RULE_SENDER, .domains = TEXTS("contoso.com")), 0));
    assert_false(HOLDS(IF(.fact = RULE_SENDER, .domains = TEXTS("toso.com")), 0));
    assert_true(HOLDS(IF(.fact = RULE_SENDER, .side = SIDE_INSIDE), 0));
    assert_true(HOLDS(IF(.fact = RULE_SENDER, .side = SIDE_OUTSIDE), .sender = BOB));
    assert_true(
        HOLDS(IF(.fact = RULE_SENDER, .groups = TEXTS("legal@contoso.com")), .sender = CAROL));
    assert_false(HOLDS(IF(.fact = RULE_SENDER, .groups = TEXTS("legal@contoso.com")), 0));
    /* What is asked of the sender is not found in recipients. */
    assert_false(HOLDS(IF(.fact = RULE_SENDER, .addresses = TEXTS("bob@fabrikam.com")),
                       .recipients = &BOB, .recipient_count = 1));
}

static void recipients(void **state)
{
    (void)state;
    const struct message_person both[] = {CAROL, BOB};
#define TO_BOTH .recipients = both, .recipient_count = 2
    assert_true(HOLDS(IF(.fact = RULE_RECIPIENT, .side = SIDE_OUTSIDE), TO_BOTH));
    assert_true(HOLDS(IF(.fact = RULE_RECIPIENT, .side = SIDE_INSIDE), TO_BOTH));
    assert_false(HOLDS(IF(.fact = RULE_RECIPIENT, .side = SIDE_INSIDE, .every = true), TO_BOTH));
    assert_true(HOLDS(IF(.fact = RULE_RECIPIENT, .every = true, .side = SIDE_INSIDE,
                         .domains = TEXTS("fabrikam.com")),
                      TO_BOTH));
    assert_false(HOLDS(IF(.fact = RULE_RECIPIENT, .every = true, .side = SIDE_INSIDE), 0));
    /* Who fits in two ways is one person. */
    assert_false(HOLDS(IF(.fact = RULE_RECIPIENT, .every = true, .side = SIDE_INSIDE,
                          .domains = TEXTS("contoso.com")),
                       TO_BOTH));
    assert_true(HOLDS(IF(.fact = RULE_RECIPIENT, .boundaries = TEXTS("gcc-high")), TO_BOTH));
    assert_false(HOLDS(IF(.fact = RULE_RECIPIENT, .boundaries = TEXTS("dod")), TO_BOTH));
    assert_true(HOLDS(IF(.fact = RULE_RECIPIENT, .groups = TEXTS("legal@contoso.com")), TO_BOTH));
    assert_true(HOLDS(IF(.fact = RULE_RECIPIENT, .addresses = TEXTS("bob@fabrikam.com")), TO_BOTH));
}

/* --- texts ------------------------------------------------------------------------------------ */

static void words(void **state)
{
    (void)state;
#define WORDS(where, ...) IF(.fact = RULE_TEXT, .place = (where), .words = TEXTS(__VA_ARGS__))
    assert_true(HOLDS(WORDS(PLACE_BODY, "secret"), BODY("It is SECRET.")));
    assert_false(HOLDS(WORDS(PLACE_BODY, "secret"), BODY("the secretary")));
    assert_false(HOLDS(WORDS(PLACE_BODY, "secret"), SUBJECT("secret")));
    assert_true(HOLDS(WORDS(PLACE_SUBJECT_OR_BODY, "secret"), SUBJECT("secret")));
    assert_true(HOLDS(WORDS(PLACE_SUBJECT_OR_BODY, "secret"), BODY("secret")));
    assert_true(HOLDS(WORDS(PLACE_BODY, "top secret"), BODY("this is top\r\n  Secret!")));
    assert_false(HOLDS(WORDS(PLACE_BODY, "top secret"), BODY("top-secret topsecret top secretly")));
    assert_true(HOLDS(WORDS(PLACE_BODY, "top-secret"), BODY("Top-Secret")));
    assert_true(HOLDS(WORDS(PLACE_BODY, "straße"), BODY("HAUPT STRASSE 1")));
    /* One within another, and one that begins within another. */
    assert_true(HOLDS(WORDS(PLACE_BODY, "b c d"), BODY("a b c c b c d")));
    assert_true(HOLDS(WORDS(PLACE_BODY, "a b c x", "b c"), BODY("a b c")));
}

static void patterns(void **state)
{
    (void)state;
#define PATTERNS(where, ...) IF(.fact = RULE_TEXT, .place = (where), .patterns = TEXTS(__VA_ARGS__))
    assert_true(HOLDS(PATTERNS(PLACE_BODY, "PRJ-\\d{4}"), BODY("about PRJ-4711")));
    assert_false(HOLDS(PATTERNS(PLACE_BODY, "PRJ-\\d{4}"), BODY("about PRJ-471")));
    assert_false(HOLDS(PATTERNS(PLACE_BODY, "PRJ-\\d{4}"), SUBJECT("about PRJ-4711")));
    assert_true(HOLDS(PATTERNS(PLACE_SUBJECT, "^RE: "), SUBJECT("RE: x")));
    assert_true(HOLDS(PATTERNS(PLACE_BODY, "a\\d", "\\d{3}"), BODY("x 123")));
}

/* Wherever it lies in a long text, across every edge of a piece. */
static void patterns_in_long_texts(void **state)
{
    (void)state;
    size_t size = 200000;
    char *text = xcalloc(size, 1);
    static const char *const found[] = {"\\b\\d{4}-\\d{4}\\b", "needle.{8}end", "(?:x|é){30}y"};
    static const char *const needle[] = {"4711-0815", "needle12345678end",
                                         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy"};
    for (size_t i = 0; i < 3; i++) {
        struct rule_condition c = {.fact = RULE_TEXT, .place = PLACE_BODY};
        c.patterns = (struct rule_texts){&found[i], 1};
        for (size_t at = 0; at < size - 64; at += 9973) {
            memset(text, ' ', size);
            memcpy(text + at, needle[i], strlen(needle[i]));
            assert_true(holds(c, (struct message_facts){.body = slice_of(text, size)}));
        }
        memset(text, ' ', size);
        assert_false(holds(c, (struct message_facts){.body = slice_of(text, size)}));
    }
    xfree(text);
}

/* A match may be as long as half of what is looked at at once: here more than 512 bytes. */
static void long_matches_in_long_texts(void **state)
{
    (void)state;
    size_t size = 100000, len = 3000;
    char *text = xcalloc(size, 1);
    static const char *const found[] = {"begin[^!]*end"};
    struct rule_condition c = {.fact = RULE_TEXT, .place = PLACE_BODY, .patterns = {found, 1}};
    for (size_t at = 0; at + len < size; at += 997) {
        memset(text, ' ', size);
        text[at > 0 ? at - 1 : size - 1] = '!';
        memcpy(text + at, "begin", 5);
        memcpy(text + at + len - 3, "end", 3);
        assert_true(holds(c, (struct message_facts){.body = slice_of(text, size)}));
    }
    xfree(text);
}

/* --- names of files --------------------------------------------------------------------------- */

static bool has_end(const char *name, const char *end)
{
    char found[RULE_VALUE_BYTES_MAX + 1];
    return extension_of(slice_str(name), found) && strcmp(found, end) == 0;
}

static void ends_of_names(void **state)
{
    (void)state;
    assert_true(has_end("plan.tar.GZ", "gz"));
    assert_true(has_end(".exe", "exe"));
    /* What Windows leaves out when it saves a file. */
    assert_true(has_end("a.exe.", "exe"));
    assert_true(has_end("a.exe . ", "exe"));
    assert_true(has_end("a.exe\u00a0", "exe"));
    assert_true(has_end("a.exe\r\n", "exe"));
    /* As words are compared. */
    assert_true(has_end("a.ｅｘｅ", "exe"));
    assert_true(has_end("a.e\u00adxe\u200b", "exe"));
    assert_true(has_end("a．exe", "exe"));
    assert_true(has_end("a.ÄX", "äx"));
    char found[RULE_VALUE_BYTES_MAX + 1], name[5000];
    assert_false(extension_of(slice_str(""), found));
    assert_false(extension_of(slice_str("exe"), found));
    assert_false(extension_of(slice_str("..."), found));
    memset(name, 'x', sizeof name);
    memcpy(name + sizeof name - 5, ".exe", 5);
    assert_true(has_end(name, "exe"));
    name[sizeof name - 5 - 1000] = '.';
    name[sizeof name - 5] = 'x';
    assert_false(extension_of(slice_str(name), found)); /* longer than one that a rule can name */
}

/* --- envelopes -------------------------------------------------------------------------------- */

static void assert_seen(const char *text, const char *seen, const char *known, bool is_exact)
{
    struct address_batch batch;
    struct envelope_address address;
    address_batch_init(&batch, arena);
    assert_true(envelope_address_read(&batch, slice_str(text), &address, NULL).ok);
    assert_string_equal(address.seen, seen);
    assert_string_equal(address.known, known);
    assert_int_equal(address.is_exact, is_exact);
}

static void recipients_that_nobody_else_takes(void **state)
{
    (void)state;
    static const char bob[] = "bob@fabrikam.com";
    assert_seen("Bob@Fabrikam.com", bob, bob, true);
    assert_seen("\"taro.\"@docomo.example", "taro.@docomo.example", "taro.@docomo.example", true);
    assert_seen("\"bob\"@fabrikam.com", bob, bob, false);
    assert_seen("\"b\\ob\"@FABRIKAM.com", bob, bob, false);
    assert_seen("<bob@fabrikam.com>", bob, bob, false);
    assert_seen(" bob@fabrikam.com ", bob, bob, false);
    assert_seen("@relay.example,@x.example:bob@fabrikam.com", bob, bob, false);
    assert_seen("\"john doe\"@fabrikam.com", "@fabrikam.com", "", false);
    assert_seen("\"a@b\"@fabrikam.com", "@fabrikam.com", "", false);
    assert_seen("bob(x)@fabrikam.com.", "@fabrikam.com", "", false);
    assert_seen("@fabrikam.com", "@fabrikam.com", "", false);
    assert_seen("bob@[192.0.2.1]", "", "", false);
    assert_seen("bob", "", "", false);
    assert_seen("", "", "", false);
    assert_seen("<", "", "", false);
    assert_seen("\"", "", "", false);
    assert_true(envelope_is_bounce("<>"));
    assert_false(envelope_is_bounce(""));
}

static void headers(void **state)
{
    (void)state;
    const struct message_header all[] = {{"x-class", {(const uint8_t *)"public", 6}},
                                         {"x-class", {(const uint8_t *)"top secret", 10}}};
#define HEADERS .headers = all, .header_count = 2
    assert_true(HOLDS(
        IF(.fact = RULE_TEXT, .place = PLACE_HEADER, .header = "x-class", .words = TEXTS("secret")),
        HEADERS));
    assert_false(HOLDS(
        IF(.fact = RULE_TEXT, .place = PLACE_HEADER, .header = "x-other", .words = TEXTS("secret")),
        HEADERS));
    assert_true(HOLDS(IF(.fact = RULE_TEXT, .place = PLACE_HEADER, .header = "x-class",
                         .patterns = TEXTS("^pub")),
                      HEADERS));
    assert_true(HOLDS(IF(.fact = RULE_TEXT, .place = PLACE_HEADER, .header = "x-class"), HEADERS));
    assert_false(HOLDS(IF(.fact = RULE_TEXT, .place = PLACE_HEADER, .header = "x-other"), HEADERS));
    /* A phrase doesn't go from one value into the next. */
    assert_false(HOLDS(IF(.fact = RULE_TEXT, .place = PLACE_HEADER, .header = "x-class",
                          .words = TEXTS("public top")),
                       HEADERS));
}

/* --- attachments, size, labels, kinds --------------------------------------------------------- */

static void attachments(void **state)
{
    (void)state;
    const struct message_attachment all[] = {
        {{(const uint8_t *)"Plan.DOCX", 9}, "application/zip", 100, false, false},
        {{(const uint8_t *)"photo", 5}, "image/png", 5000, true, false}};
#define ATTACHED .attachments = all, .attachment_count = 2
#define ATTACHMENT(...) IF(.fact = RULE_ATTACHMENT, __VA_ARGS__)
    assert_true(HOLDS(ATTACHMENT(.extensions = TEXTS("docx")), ATTACHED));
    assert_false(HOLDS(ATTACHMENT(.extensions = TEXTS("png")), ATTACHED));
    assert_true(HOLDS(ATTACHMENT(.types = TEXTS("image/png")), ATTACHED));
    assert_true(HOLDS(ATTACHMENT(.types = TEXTS("image/*")), ATTACHED));
    assert_false(HOLDS(ATTACHMENT(.types = TEXTS("image/jpeg")), ATTACHED));
    assert_true(HOLDS(ATTACHMENT(.larger_than = 4999), ATTACHED));
    assert_false(HOLDS(ATTACHMENT(.larger_than = 5000), ATTACHED));
    assert_true(HOLDS(ATTACHMENT(.password_protected = true), ATTACHED));
    assert_false(HOLDS(ATTACHMENT(.unreadable = true), ATTACHED));
    assert_true(HOLDS(ATTACHMENT(.every = false), ATTACHED));
    assert_false(HOLDS(ATTACHMENT(.every = false), 0));
    assert_true(HOLDS(PATTERNS(PLACE_ATTACHMENT_NAME, "^photo$"), ATTACHED));
    assert_true(HOLDS(WORDS(PLACE_ATTACHMENT_NAME, "plan.docx"), ATTACHED));
}

static void numbers_and_labels(void **state)
{
    (void)state;
    static const char *const labels[] = {"Geheim"};
    assert_true(HOLDS(IF(.fact = RULE_SIZE, .larger_than = 10), .size = 11));
    assert_false(HOLDS(IF(.fact = RULE_SIZE, .larger_than = 10), .size = 10));
    assert_true(HOLDS(IF(.fact = RULE_LABEL, .labels = TEXTS("x", "Geheim")), .labels = labels,
                      .label_count = 1));
    assert_false(HOLDS(IF(.fact = RULE_LABEL, .labels = TEXTS("geheim")), .labels = labels,
                       .label_count = 1));
    assert_true(HOLDS(IF(.fact = RULE_KIND, .kinds = 6), .kinds = 4));
    assert_false(HOLDS(IF(.fact = RULE_KIND, .kinds = 6), .kinds = 8));
}

/* --- rules ------------------------------------------------------------------------------------ */

#define INSIDE IF(.fact = RULE_SENDER, .side = SIDE_INSIDE)
#define OUTSIDE IF(.fact = RULE_SENDER, .side = SIDE_OUTSIDE)
#define DOES(...) .actions = {__VA_ARGS__}

static struct rules_decision decide_all(const struct mail_rule *rules, size_t count)
{
    return decide(rules, count, &(struct message_facts){.sender = ALICE});
}

static void all_conditions_and_no_exception(void **state)
{
    (void)state;
    const struct mail_rule rules[] = {
        RULE(WHEN(INSIDE, OUTSIDE)),
        RULE(WHEN(INSIDE, INSIDE)),
        RULE(WHEN(INSIDE), UNLESS(OUTSIDE, INSIDE)),
        RULE(WHEN(INSIDE), UNLESS(OUTSIDE)),
        RULE(.condition_count = 0),
    };
    struct rules_decision d = decide_all(rules, 5);
    assert_int_equal(d.findings[0].outcome, RULE_LACKS_CONDITION);
    assert_int_equal(d.findings[0].part, 1);
    assert_int_equal(d.findings[1].outcome, RULE_MATCHES);
    assert_int_equal(d.findings[1].reason_count, 2);
    assert_string_equal(d.findings[1].reasons[0], "inside");
    assert_int_equal(d.findings[2].outcome, RULE_IS_EXCEPTED);
    assert_int_equal(d.findings[2].part, 1);
    assert_int_equal(d.findings[3].outcome, RULE_MATCHES);
    assert_int_equal(d.findings[4].outcome, RULE_MATCHES); /* without conditions: every message */
}

static void the_first_word_counts(void **state)
{
    (void)state;
    const struct mail_rule rules[] = {
        RULE(WHEN(OUTSIDE), DOES(.protection = PROTECTION_REMOVE)),
        RULE(WHEN(INSIDE), DOES(.protection = PROTECTION_ENCRYPT_ONLY, .require_tls = true)),
        RULE(WHEN(INSIDE), .actions = {.protection = PROTECTION_DO_NOT_FORWARD,
                                       .branding = "blue",
                                       .block_text = "",
                                       .require_tls = true}),
        RULE(WHEN(INSIDE), .actions = {.branding = "red", .block_text = "", .force_portal = true}),
    };
    struct rules_decision d = decide_all(rules, 4);
    assert_int_equal(d.actions.protection, PROTECTION_ENCRYPT_ONLY);
    assert_string_equal(d.actions.branding, "blue");
    assert_true(d.actions.require_tls && d.actions.force_portal);
    assert_ptr_equal(d.decided_by, &rules[1]);
    assert_int_equal(d.findings[1].effects, 1 << EFFECT_PROTECTION | 1 << EFFECT_TLS);
    assert_int_equal(d.findings[2].effects, 1 << EFFECT_BRANDING);
    assert_int_equal(d.findings[3].effects, 1 << EFFECT_PORTAL);
}

static void stop_and_block_end(void **state)
{
    (void)state;
    const struct mail_rule rules[] = {
        RULE(WHEN(INSIDE), DOES(.require_tls = true)),
        RULE(WHEN(INSIDE), DOES(.stop = true)),
        RULE(WHEN(INSIDE), .actions = {.branding = "", .block_text = "No.", .require_tls = true}),
        RULE(WHEN(INSIDE), DOES(.force_portal = true)),
    };
    struct rules_decision d = decide_all(rules, 4);
    assert_true(d.actions.stop && d.actions.require_tls);
    assert_false(d.is_blocked);
    assert_int_equal(d.findings[2].outcome, RULE_NOT_REACHED);
    d = decide(&rules[2], 2, &(struct message_facts){.sender = ALICE});
    assert_true(d.is_blocked);
    assert_string_equal(d.actions.block_text, "No.");
    assert_false(d.actions.require_tls); /* nothing else is to be done */
    assert_ptr_equal(d.decided_by, &rules[2]);
    assert_int_equal(d.findings[1].outcome, RULE_NOT_REACHED);
}

static void modes(void **state)
{
    (void)state;
    const struct mail_rule rules[] = {
        IN_MODE(RULE_OFF, WHEN(INSIDE), DOES(.require_tls = true)),
        IN_MODE(RULE_TEST, WHEN(INSIDE), .actions = {.branding = "", .block_text = "No."}),
        IN_MODE(RULE_TEST, WHEN(INSIDE), DOES(.stop = true, .require_tls = true)),
        RULE(WHEN(INSIDE), DOES(.force_portal = true)),
    };
    struct rules_decision d = decide_all(rules, 4);
    assert_int_equal(d.finding_count, 3);
    assert_false(d.is_blocked || d.actions.stop || d.actions.require_tls);
    assert_true(d.actions.force_portal);
    assert_int_equal(d.findings[0].effects, 1 << EFFECT_BLOCK); /* what it would have done */
    assert_int_equal(d.findings[1].effects, 1 << EFFECT_TLS | 1 << EFFECT_STOP);
}

static void a_broken_pattern_breaks_all(void **state)
{
    (void)state;
    const struct mail_rule rule = RULE(WHEN(PATTERNS(PLACE_BODY, "(a")));
    struct rule_set *set = rule_set_new(&rule, 1, 1);
    bool done = false, ok = true;
    while (!done && ok) {
        ok = rule_set_step(set, &done, NULL).ok;
    }
    assert_false(ok);
    rule_set_free(set);
}

/* --- while nobody can be asked ------------------------------------------------------------------ */

static struct rule_actions while_away(const struct mail_rule *rules, size_t count, bool rejects)
{
    struct rule_set *set = rule_set_new(rules, count, 1);
    struct rule_actions actions;
    bool done = false;
    while (!done) {
        assert_true(rule_set_step(set, &done, NULL).ok);
    }
    rules_while_away(set, rejects, &actions);
    rule_set_free(set);
    return actions;
}

static void what_holds_for_any_message_is_allowed_unasked(void **state)
{
    (void)state;
    const struct mail_rule rules[] = {
        RULE(WHEN(OUTSIDE), DOES(.protection = PROTECTION_REMOVE, .stop = true)),
        RULE(WHEN(INSIDE), DOES(.protection = PROTECTION_ENCRYPT_ONLY)),
        RULE(WHEN(INSIDE), .actions = {.branding = "red", .block_text = "", .require_tls = true}),
        RULE(WHEN(OUTSIDE), DOES(.protection = PROTECTION_DO_NOT_FORWARD)),
        IN_MODE(RULE_TEST, WHEN(INSIDE), .actions = {.branding = "", .block_text = "No."}),
        RULE(WHEN(INSIDE), .actions = {.branding = "blue", .block_text = ""}),
    };
    assert_int_equal(while_away(rules, 1, false).protection, PROTECTION_NONE);
    assert_int_equal(while_away(rules, 2, false).protection, PROTECTION_ENCRYPT_ONLY);
    struct rule_actions all = while_away(rules, 5, true);
    assert_int_equal(all.protection, PROTECTION_DO_NOT_FORWARD); /* the one that gives less */
    assert_string_equal(all.branding, "red");
    assert_true(all.require_tls);
    all = while_away(rules, 6, false); /* two brandings limit differently */
    assert_int_equal(all.protection, PROTECTION_NONE);
    assert_string_equal(all.branding, "");
    assert_false(all.require_tls);
}

static void what_may_be_refused_is_not_sent_unasked(void **state)
{
    (void)state;
    const struct template_id one = {.u.b = {1}}, other = {.u.b = {2}};
    const struct mail_rule rules[] = {
        RULE(WHEN(INSIDE), DOES(.protection = PROTECTION_TEMPLATE, .template_id = one)),
        RULE(WHEN(OUTSIDE), DOES(.protection = PROTECTION_TEMPLATE, .template_id = one)),
        RULE(WHEN(INSIDE), DOES(.protection = PROTECTION_TEMPLATE, .template_id = other)),
        RULE(WHEN(INSIDE), DOES(.protection = PROTECTION_DO_NOT_FORWARD)),
        RULE(WHEN(OUTSIDE), .actions = {.branding = "", .block_text = "No."}),
    };
    struct rule_actions both = while_away(rules, 2, false);
    assert_int_equal(both.protection, PROTECTION_TEMPLATE);
    assert_true(ID_EQ(both.template_id, one));
    assert_int_equal(while_away(rules, 2, true).protection, PROTECTION_NONE);
    assert_int_equal(while_away(rules, 3, false).protection, PROTECTION_NONE);
    assert_int_equal(while_away(&rules[2], 2, false).protection, PROTECTION_NONE);
    assert_int_equal(while_away(&rules[3], 1, true).protection, PROTECTION_DO_NOT_FORWARD);
    assert_int_equal(while_away(&rules[3], 2, false).protection, PROTECTION_NONE);
    assert_int_equal(while_away(rules, 0, false).protection, PROTECTION_NONE);
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(16 << 20);
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
        cmocka_unit_test(senders),
        cmocka_unit_test(recipients),
        cmocka_unit_test(words),
        cmocka_unit_test(patterns),
        cmocka_unit_test(patterns_in_long_texts),
        cmocka_unit_test(long_matches_in_long_texts),
        cmocka_unit_test(ends_of_names),
        cmocka_unit_test(recipients_that_nobody_else_takes),
        cmocka_unit_test(headers),
        cmocka_unit_test(attachments),
        cmocka_unit_test(numbers_and_labels),
        cmocka_unit_test(all_conditions_and_no_exception),
        cmocka_unit_test(the_first_word_counts),
        cmocka_unit_test(stop_and_block_end),
        cmocka_unit_test(modes),
        cmocka_unit_test(a_broken_pattern_breaks_all),
        cmocka_unit_test(what_holds_for_any_message_is_allowed_unasked),
        cmocka_unit_test(what_may_be_refused_is_not_sent_unasked),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
