/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern, a word, a name and a text, with NUL between them: what rules make of a message of that text,
 * with an attachment and a recipient of that name. And whatever it is, as a stored rule. */
#include <string.h>

#include "base/utf8.h"
#include "domain/rules/envelope.h"
#include "domain/rules/extension.h"
#include "domain/rules/rule_decide.h"
#include "fuzz.h"
#include "pattern/pattern.h"
#include "wire/mail_rule.h"

static struct slice next_field(struct slice *rest)
{
    ptrdiff_t end = slice_find(*rest, 0);
    size_t len = end < 0 ? rest->len : (size_t)end;
    struct slice field = slice_cut(*rest, 0, len);
    *rest = slice_cut(*rest, len < rest->len ? len + 1 : len, rest->len);
    return field;
}

static struct rules_decision decide(struct arena *arena, struct rule_set *set,
                                    const struct message_facts *facts)
{
    struct rules_decision decision;
    struct rule_scan *scan = rule_scan_new(set, facts);
    while (rule_scan_step(scan)) {
    }
    CH_ASSERT(rules_decide(arena, set, scan, &decision, NULL).ok);
    rule_scan_free(scan);
    return decision;
}

/* What a pattern matches in a text that is seen at once, the rules must find: no filter hides it. */
static void check_pattern(struct slice text, struct slice body, const struct rule_finding *finding)
{
    struct pattern *pattern;
    CH_ASSERT(pattern_new(text, &pattern, NULL).ok);
    if (body.len <= pattern_piece(pattern) && pattern_find(pattern, body, 0, body.len)) {
        CH_ASSERT(finding->outcome == RULE_MATCHES);
    }
    pattern_free(pattern);
}

static void run(struct arena *arena, struct slice pattern, struct slice word, struct slice name,
                struct slice text)
{
    const char *patterns[] = {arena_dup(arena, pattern)}, *words[] = {arena_dup(arena, word)};
    char extension[RULE_VALUE_BYTES_MAX + 1];
    bool has_extension = extension_of(name, extension);
    const char *extensions[] = {has_extension ? extension : "exe"};
    struct address_batch batch;
    struct envelope_address address;
    address_batch_init(&batch, arena);
    CH_ASSERT(envelope_address_read(&batch, name, &address, NULL).ok);
    const char *addresses[] = {address.seen};
    const struct rule_condition conditions[] = {
        {.fact = RULE_TEXT, .place = PLACE_BODY, .patterns = {patterns, 1}},
        {.fact = RULE_TEXT, .place = PLACE_SUBJECT_OR_BODY, .words = {words, 1}},
        {.fact = RULE_ATTACHMENT, .extensions = {extensions, 1}},
        {.fact = RULE_RECIPIENT, .addresses = {addresses, 1}, .every = true},
        {.fact = RULE_TEXT, .place = PLACE_HEADER, .header = "x", .patterns = {patterns, 1}},
    };
    enum { RULES = sizeof conditions / sizeof conditions[0] };
    struct mail_rule rules[RULES];
    for (size_t i = 0; i < RULES; i++) {
        rules[i] = (struct mail_rule){.name = "",
                                      .mode = RULE_ENFORCE,
                                      .conditions = &conditions[i],
                                      .condition_count = 1,
                                      .actions = {.branding = "", .block_text = ""}};
    }
    const struct message_header header = {"x", text};
    const struct message_attachment attachment = {.name = name, .type = ""};
    const struct message_person person = {.address = address.seen, .boundary = "external"};
    const struct message_facts facts = {.sender = person,
                                        .recipients = &person,
                                        .recipient_count = 1,
                                        .subject = text,
                                        .body = text,
                                        .headers = &header,
                                        .header_count = 1,
                                        .attachments = &attachment,
                                        .attachment_count = 1};
    struct rule_set *set = rule_set_new(rules, RULES, 1);
    bool is_done = false, is_sound = true;
    while (is_sound && !is_done) {
        is_sound = rule_set_step(set, &is_done, NULL).ok;
    }
    if (is_sound) {
        const struct rules_decision decision = decide(arena, set, &facts);
        check_pattern(pattern, text, &decision.findings[0]);
        check_pattern(pattern, text, &decision.findings[4]);
        CH_ASSERT(!has_extension || decision.findings[2].outcome == RULE_MATCHES);
        CH_ASSERT(decision.findings[3].outcome == RULE_MATCHES);
    }
    rule_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct slice input = slice_of(data, size), rest = input;
    Chancery__V1__Rule *stored;
    ignore(mail_rule_unpack(arena, input, &stored, NULL));
    struct slice pattern = next_field(&rest), word = next_field(&rest), name = next_field(&rest);
    bool fits = pattern.len <= PATTERN_BYTES_MAX && word.len <= RULE_VALUE_BYTES_MAX;
    if (fits && utf8_is_valid(input)) {
        run(arena, pattern, word, name, rest);
    }
    arena_free(arena);
    return 0;
}
