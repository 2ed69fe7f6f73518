/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/domain/rules only: the texts of a message, one after the other: subject, body, names of
 * attachments, headers. Of each first the words, then the literals of patterns, then those patterns
 * that may match. */
#pragma once

#include "domain/rules/rule_scan.h"
#include "domain/rules/rule_set_parts.h"

/* How many recipients fit a condition that asks for all. */
struct every_count {
    uint32_t last, fitting; /* last: 1 + the recipient who was counted last */
    const char *value;
};

enum text_phase { TEXT_BEGIN, TEXT_WORDS, TEXT_LITERALS, TEXT_PATTERNS };

struct rule_scan {
    const struct rule_set *set;
    const struct message_facts *facts;
    const char **hits;         /* by condition: what made it hold; NULL: nothing */
    struct every_count *every; /* by condition */
    bool *seen;                /* by name */
    size_t next_recipient, next_attachment, next_condition;
    bool has_names;

    size_t next_text; /* the one that is looked at */
    enum text_phase phase;
    struct slice text;
    uint32_t place;
    size_t at; /* in the text: of literals, and of the pattern */
    uint32_t pattern;
    struct word_split words;
    struct sequences_reader phrases, literals;
    uint64_t *found; /* by pattern: bits of its literals */
};

/* A value was found in a place: the conditions that ask for it there hold. */
void rule_scan_use(struct rule_scan *scan, uint32_t first, uint32_t place);

void rule_scan_texts_begin(struct rule_scan *scan);
void rule_scan_texts_end(struct rule_scan *scan);
/* Look at a part; false: there is none any more. */
bool rule_scan_texts_step(struct rule_scan *scan);
