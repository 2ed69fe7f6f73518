/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/rules/rule_scan_texts.h"

#include "base/mem.h"

enum {
    WORDS_AT_ONCE = 512,      /* each of at most WORD_CHUNK_MAX bytes */
    BYTES_AT_ONCE = 32 << 10, /* of literals */
    PATTERNS_AT_ONCE = 64,    /* that are passed over */
};

/* --- the texts -------------------------------------------------------------------------------- */

static size_t text_count(const struct message_facts *f)
{
    return 2 + f->attachment_count + f->header_count;
}

static void open_text(struct rule_scan *scan)
{
    const struct message_facts *f = scan->facts;
    size_t number = scan->next_text;
    if (number < 2) {
        scan->text = number == 0 ? f->subject : f->body;
        scan->place = number == 0 ? AT_SUBJECT : AT_BODY;
    } else if (number - 2 < f->attachment_count) {
        scan->text = f->attachments[number - 2].name;
        scan->place = AT_ATTACHMENT_NAME;
    } else {
        const struct message_header *header = &f->headers[number - 2 - f->attachment_count];
        uint32_t name = text_numbers_find(scan->set->headers, slice_str(header->name));
        scan->text = header->value;
        scan->place = name == TEXT_UNKNOWN ? AT_NOWHERE : AT_HEADERS + name;
    }
}

/* --- words ------------------------------------------------------------------------------------ */

static void found_phrase(void *context, uint32_t number)
{
    struct rule_scan *scan = context;
    rule_scan_use(scan, rule_uses_first(&scan->set->phrase_uses, number), scan->place);
}

static bool has_words(const struct rule_scan *scan)
{
    return scan->place < scan->set->has_words_room && scan->set->has_words[scan->place];
}

static void read_word(struct rule_scan *scan, const struct word *word)
{
    uint32_t number =
        word->text.len == 0 ? TEXT_UNKNOWN : text_numbers_find(scan->set->vocabulary, word->text);
    if (number == TEXT_UNKNOWN) {
        sequences_read_other(&scan->phrases);
        return;
    }
    if (word->has_space) {
        sequences_read(&scan->phrases, 0);
    }
    sequences_read(&scan->phrases, number + 1);
}

static bool scan_words(struct rule_scan *scan)
{
    struct word word;
    for (size_t i = 0; i < WORDS_AT_ONCE; i++) {
        if (!word_split_next(&scan->words, &word)) {
            return false;
        }
        read_word(scan, &word);
    }
    return true;
}

/* --- literals --------------------------------------------------------------------------------- */

static void found_literal(void *context, uint32_t number)
{
    struct rule_scan *scan = context;
    const struct rule_set *set = scan->set;
    for (uint32_t at = rule_uses_first(&set->literal_uses, number); at != USE_NONE;
         at = set->pattern_literals[at].next) {
        const struct pattern_literal_use *use = &set->pattern_literals[at];
        scan->found[use->pattern] |= (uint64_t)1 << use->literal;
    }
}

/* Where a part ends that begins at `from`: between two characters. */
static size_t part_end(struct slice text, size_t from, size_t len)
{
    size_t to = text.len - from <= len ? text.len : from + len;
    while (to < text.len && (text.ptr[to] & 0xC0) == 0x80) {
        to--;
    }
    return to;
}

static bool scan_literals(struct rule_scan *scan)
{
    uint8_t folded[BYTES_AT_ONCE];
    size_t to = part_end(scan->text, scan->at, BYTES_AT_ONCE);
    size_t len = pattern_fold(slice_cut(scan->text, scan->at, to), folded);
    for (size_t i = 0; i < len; i++) {
        sequences_read(&scan->literals, folded[i]);
    }
    scan->at = to;
    return scan->at < scan->text.len;
}

/* --- patterns --------------------------------------------------------------------------------- */

/* Whether it would tell anything if the pattern matched here. */
static bool is_asked(const struct rule_scan *scan, const struct rule_pattern *pattern)
{
    const struct rule_set *set = scan->set;
    for (uint32_t at = pattern->first_use; at != USE_NONE; at = set->uses[at].next) {
        if (set->uses[at].place == scan->place && scan->hits[set->uses[at].condition] == NULL) {
            return true;
        }
    }
    return false;
}

static bool may_match(const struct rule_scan *scan, const struct rule_pattern *pattern)
{
    int found[PATTERN_LITERALS_MAX];
    size_t count = 0;
    uint64_t bits = scan->found[scan->pattern];
    for (int i = 0; i < PATTERN_LITERALS_MAX; i++) {
        if ((bits >> i & 1) != 0) {
            found[count++] = i;
        }
    }
    return pattern_may_match(pattern->pattern, found, count);
}

static void next_pattern(struct rule_scan *scan)
{
    scan->pattern++;
    scan->at = 0;
}

/* A piece of the text, which overlaps the one before by what a match may be long: by half, so that a
 * pattern is looked for twice at most wherever it is. */
static void scan_piece(struct rule_scan *scan, const struct rule_pattern *pattern)
{
    size_t to = part_end(scan->text, scan->at, pattern_piece(pattern->pattern));
    if (pattern_find(pattern->pattern, scan->text, scan->at, to)) {
        rule_scan_use(scan, pattern->first_use, scan->place);
        next_pattern(scan);
    } else if (to == scan->text.len) {
        next_pattern(scan);
    } else {
        scan->at = part_end(scan->text, to - pattern_piece(pattern->pattern) / 2, 0);
    }
}

static bool scan_patterns(struct rule_scan *scan)
{
    const struct rule_set *set = scan->set;
    for (size_t i = 0; i < PATTERNS_AT_ONCE && scan->pattern < set->pattern_count; i++) {
        const struct rule_pattern *pattern = &set->patterns[scan->pattern];
        if (scan->at > 0 || (is_asked(scan, pattern) && may_match(scan, pattern))) {
            scan_piece(scan, pattern);
            break;
        }
        next_pattern(scan);
    }
    return scan->pattern < set->pattern_count;
}

/* --- the whole -------------------------------------------------------------------------------- */

void rule_scan_texts_begin(struct rule_scan *scan)
{
    sequences_reader_init(&scan->phrases, scan->set->phrases, found_phrase, scan);
    sequences_reader_init(&scan->literals, scan->set->literals, found_literal, scan);
    scan->found = xcalloc(scan->set->pattern_count + 1, sizeof scan->found[0]);
}

void rule_scan_texts_end(struct rule_scan *scan)
{
    word_split_fini(&scan->words);
    sequences_reader_fini(&scan->phrases);
    sequences_reader_fini(&scan->literals);
    xfree(scan->found);
}

static void begin_phase(struct rule_scan *scan, enum text_phase phase)
{
    scan->phase = phase;
    scan->at = 0;
    if (phase == TEXT_WORDS) {
        word_split_fini(&scan->words);
        word_split_init(&scan->words, scan->set->letters, scan->text);
        sequences_reader_reset(&scan->phrases);
    } else if (phase == TEXT_LITERALS) {
        memset(scan->found, 0, scan->set->pattern_count * sizeof scan->found[0]);
        sequences_reader_reset(&scan->literals);
    } else if (phase == TEXT_PATTERNS) {
        scan->pattern = 0;
    } else {
        scan->next_text++;
    }
}

static void step_begin(struct rule_scan *scan)
{
    open_text(scan);
    if (scan->place == AT_NOWHERE) {
        scan->next_text++;
    } else {
        begin_phase(scan, has_words(scan) ? TEXT_WORDS : TEXT_LITERALS);
    }
}

bool rule_scan_texts_step(struct rule_scan *scan)
{
    if (scan->next_text == text_count(scan->facts)) {
        return false;
    }
    switch (scan->phase) {
    case TEXT_BEGIN:
        step_begin(scan);
        break;
    case TEXT_WORDS:
        if (!scan_words(scan)) {
            begin_phase(scan, TEXT_LITERALS);
        }
        break;
    case TEXT_LITERALS:
        if (!scan_literals(scan)) {
            begin_phase(scan, TEXT_PATTERNS);
        }
        break;
    case TEXT_PATTERNS:
        if (!scan_patterns(scan)) {
            begin_phase(scan, TEXT_BEGIN);
        }
        break;
    }
    return true;
}
