/* SPDX-License-Identifier: Apache-2.0 */
/* What mail-flow rules cost: 1,000 rules over a body of 1 MB, in worker time, and the longest time in
 * which the loop would be held. Answers are checked: rules that were made to match match, the others
 * don't.
 *
 *   mail_rules [usual|german|hard]
 *
 * usual   600 rules with words, 250 with phrases, 150 with patterns; English text
 * german  the same over German text, of which every third word is not ASCII
 * hard    patterns that outgrow RE2's automaton, over the text that is worst for them: by how much a
 *         tenant can exceed; the server ends such an evaluation (RULES_TOO_SLOW) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "domain/rules/rule_decide.h"

enum { RULES = 1000, WORD_RULES = 600, PHRASE_RULES = 250, BODY = 1 << 20, VALUES = 8 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint32_t random_next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    return *seed ^= *seed << 5;
}

/* --- texts ------------------------------------------------------------------------------------ */

static const char *const ENGLISH[] = {
    "the",      "quarterly", "report",  "of",      "our",      "project", "team",     "is",
    "attached", "please",    "confirm", "that",    "numbers",  "are",     "correct",  "before",
    "Friday",   "14:30",     "2026",    "3.14",    "contract", "meeting", "customer", "don't",
    "and",      "review",    "\n",      "invoice", "7,250.00", "regards", "with",     "internal"};
static const char *const GERMAN[] = {
    "für",       "Prüfung", "der",    "Verträge", "über",      "und",   "mit",      "größere",
    "Maßnahme",  "bitte",   "bis",    "Freitag",  "Kündigung", "die",   "Anlage",   "Straße",
    "Übersicht", "zurück",  "schöne", "Grüße",    "\n",        "2026",  "Vorstand", "nächste",
    "das",       "wir",     "können", "ist",      "Änderung",  "nicht", "Angebot",  "natürlich"};
enum { TEXT_WORDS = 32 };

static char *body_of(const char *const *words)
{
    char *body = xcalloc(BODY + 64, 1);
    uint32_t seed = 99;
    size_t len = 0;
    while (len < BODY) {
        const char *word = words[random_next(&seed) % TEXT_WORDS];
        memcpy(body + len, word, strlen(word));
        len += strlen(word);
        body[len++] = ' ';
    }
    body[len] = '\0';
    return body;
}

/* The texts that worst of all drive the hard patterns. */
static char *hard_body(void)
{
    char *body = xcalloc(BODY + 1, 1);
    uint32_t seed = 7;
    for (size_t i = 0; i < BODY; i++) {
        body[i] = "ab"[random_next(&seed) % 2];
    }
    return body;
}

/* --- rules ------------------------------------------------------------------------------------ */

/* The text with the number in the place of its '#'. */
static char *text_no(const char *with, size_t number)
{
    char text[256];
    const char *place = strchr(with, '#');
    snprintf(text, sizeof text, "%.*s%zu%s", (int)(place - with), with, number, place + 1);
    return xstrdup(text);
}

/* What people look for without any fixed letters, with what people look for by a name. */
static const char *const OPEN_PATTERNS[] = {
    "\\b\\d{4}[- ]?\\d{4}[- ]?\\d{4}[- ]?\\d{4}\\b", /* cards */
    "\\b[A-Z]{2}\\d{2}[A-Z0-9]{11,30}\\b",           /* IBAN */
    "\\b\\d{3}-\\d{2}-\\d{4}\\b",                    /* SSN */
    "\\b\\d{2} ?\\d{6} ?[A-Z] ?\\d{3}\\b",           /* German social insurance */
    "\\b[0-9]{1,3}(\\.[0-9]{1,3}){3}\\b",            /* addresses of hosts */
};
enum { OPEN = sizeof OPEN_PATTERNS / sizeof OPEN_PATTERNS[0] };
static const char *const NAMED_PATTERNS[] = {
    "(?i)\\bprojekt[ -]adler[ -]?#\\b", "PRJ-#-\\d{4}", "(?i)case\\s+no\\.?\\s*#",
    "[a-z]+#@(corp|intern)\\.example", "(?i)patient(en)?nummer\\D{0,5}#"};

static const char *pattern_no(size_t number)
{
    return number < OPEN ? OPEN_PATTERNS[number] : text_no(NAMED_PATTERNS[number % 5], number);
}

static const char *value_no(size_t rule, size_t value)
{
    if (rule % 10 == 0 && value == 0) {
        return rule < WORD_RULES ? "2026" : "nowhere  to be found"; /* the former matches */
    }
    return text_no(rule < WORD_RULES ? "codeword#" : "strictly confidential #",
                   rule * VALUES + value);
}

static void fill(struct mail_rule *rule, struct rule_condition *c, size_t number)
{
    bool has_pattern = number >= WORD_RULES + PHRASE_RULES;
    size_t count = has_pattern ? 1 : VALUES;
    const char **values = xcalloc(count, sizeof values[0]);
    for (size_t i = 0; i < count; i++) {
        values[i] =
            has_pattern ? pattern_no(number - WORD_RULES - PHRASE_RULES) : value_no(number, i);
    }
    *c = (struct rule_condition){.fact = RULE_TEXT,
                                 .place = number % 2 == 0 ? PLACE_BODY : PLACE_SUBJECT_OR_BODY};
    *(has_pattern ? &c->patterns : &c->words) = (struct rule_texts){values, count};
    *rule = (struct mail_rule){.name = "rule",
                               .mode = RULE_ENFORCE,
                               .conditions = c,
                               .condition_count = 1,
                               .actions = {.branding = "", .block_text = "", .require_tls = true}};
}

static void fill_hard(struct mail_rule *rule, struct rule_condition *c, size_t number)
{
    const char **values = xcalloc(1, sizeof values[0]);
    values[0] = text_no("(?:a|b)*a(?:a|b){#}c", 60 + number % 80);
    fill(rule, c, 0);
    c->words = (struct rule_texts){0};
    c->patterns = (struct rule_texts){values, 1};
}

/* --- measuring -------------------------------------------------------------------------------- */

static void fail(const char *what, size_t number)
{
    fprintf(stderr, "mail_rules: wrong answer: %s (rule %zu)\n", what, number);
    exit(1);
}

static struct rule_set *compile(const struct mail_rule *rules, size_t count)
{
    struct rule_set *set = rule_set_new(rules, count, 4711);
    double begin = now_ms(), longest = 0;
    bool done = false;
    while (!done) {
        double from = now_ms();
        if (!rule_set_step(set, &done, NULL).ok) {
            fail("a rule could not be compiled", 0);
        }
        longest = now_ms() - from > longest ? now_ms() - from : longest;
    }
    printf("compile: %.1f ms, longest part %.2f ms, %.1f MiB\n", now_ms() - begin, longest,
           (double)rule_set_bytes(set) / (1 << 20));
    return set;
}

static void check_usual(const struct rules_decision *decision)
{
    for (size_t i = 0; i < decision->finding_count; i++) {
        bool should = i < WORD_RULES && i % 10 == 0;
        if ((decision->findings[i].outcome == RULE_MATCHES) != should) {
            fail(should ? "it should match" : "it should not match", i);
        }
    }
}

static double evaluate(const struct rule_set *set, const char *body, bool is_usual, double limit)
{
    const struct message_facts facts = {.sender = {.address = "alice@contoso.com", .boundary = ""},
                                        .subject = slice_str("the report of 2025"),
                                        .body = slice_str(body)};
    struct rule_scan *scan = rule_scan_new(set, &facts);
    double begin = now_ms(), longest = 0, from = begin;
    while (rule_scan_step(scan)) {
        double to = now_ms();
        longest = to - from > longest ? to - from : longest;
        from = to;
        if (to - begin > limit) {
            break;
        }
    }
    double spent = now_ms() - begin;
    printf("evaluate: %.1f ms, longest part %.2f ms\n", spent, longest);
    if (is_usual) {
        struct arena *arena = arena_new(16 << 20);
        struct rules_decision decision;
        if (!rules_decide(arena, set, scan, &decision, NULL).ok) {
            fail("no decision", 0);
        }
        check_usual(&decision);
        arena_free(arena);
    }
    rule_scan_free(scan);
    return spent;
}

int main(int argc, char **argv)
{
    const char *mix = argc > 1 ? argv[1] : "usual";
    bool is_hard = strcmp(mix, "hard") == 0;
    size_t count = is_hard ? 100 : RULES;
    struct mail_rule *rules = xcalloc(RULES, sizeof rules[0]);
    struct rule_condition *conditions = xcalloc(RULES, sizeof conditions[0]);
    for (size_t i = 0; i < count; i++) {
        (is_hard ? fill_hard : fill)(&rules[i], &conditions[i], i);
    }
    const char *body = is_hard                      ? hard_body()
                       : strcmp(mix, "german") == 0 ? body_of(GERMAN)
                                                    : body_of(ENGLISH);
    struct rule_set *set = compile(rules, count);
    double least = 1e9;
    for (int round = 0; round < (is_hard ? 1 : 7); round++) {
        double spent = evaluate(set, body, !is_hard, is_hard ? 2000 : 1e9);
        least = spent < least ? spent : least;
    }
    printf("%s: %zu rules, %.2f MB: %.1f ms\n", mix, count, (double)strlen(body) / 1e6, least);
    rule_set_free(set);
    return 0;
}
