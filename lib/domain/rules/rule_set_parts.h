/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/domain/rules only: what a compiled set consists of.
 *
 * Each condition has a number. What a condition looks for is a *value* with a list of *uses*: which
 * conditions hold when it is found, and in which place of a message. */
#pragma once

#include "domain/rules/rule_set.h"
#include "domain/rules/sequences.h"
#include "domain/rules/text_numbers.h"
#include "domain/rules/word_split.h"
#include "pattern/pattern.h"

/* Whether an action says something: NULL says nothing, as "" does. */
static inline bool rule_text_is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

enum { USE_NONE = UINT32_MAX };

/* Places of texts; headers' names have the numbers behind them. */
enum { AT_SUBJECT, AT_BODY, AT_ATTACHMENT_NAME, AT_HEADERS, AT_NOWHERE = UINT32_MAX };

/* What is known by its name: the first byte of the key. */
enum named {
    NAMED_SENDER_ADDRESS = 'a',
    NAMED_SENDER_DOMAIN = 'd',
    NAMED_SENDER_GROUP = 'g',
    NAMED_SENDER_SIDE = 's',
    NAMED_ADDRESS = 'A',
    NAMED_DOMAIN = 'D',
    NAMED_GROUP = 'G',
    NAMED_SIDE = 'S',
    NAMED_BOUNDARY = 'B',
    NAMED_EXTENSION = 'x',
    NAMED_TYPE = 't',
    NAMED_LABEL = 'l',
    NAMED_HEADER = 'h',
};

struct rule_use {
    uint32_t condition;
    uint32_t place; /* of texts */
    uint32_t next;
    const char *value; /* as the rule says it */
};

/* Lists of uses, by the numbers of what is looked for. */
struct rule_uses {
    uint32_t *first;
    size_t count, room;
};

struct rule_pattern {
    struct pattern *pattern;
    uint32_t first_use;
};

/* Which literal of which pattern. */
struct pattern_literal_use {
    uint32_t pattern, literal, next;
};

struct compiled_condition {
    const struct rule_condition *is;
    uint32_t rule;
};

struct compiled_rule {
    const struct mail_rule *is;
    uint32_t conditions, exceptions, end; /* numbers: [conditions, exceptions), [exceptions, end) */
};

struct rule_set {
    const struct mail_rule *from;
    size_t from_count, next, next_part; /* to compile */
    struct rule_use *pending;           /* patterns to compile */
    size_t pending_count, pending_room, next_pending;
    struct compiled_rule *rules; /* those that are not off */
    size_t rule_count;
    struct compiled_condition *conditions;
    size_t condition_count, condition_room;
    struct rule_use *uses;
    size_t use_count, use_room;

    struct text_numbers *names;   /* key → number */
    struct rule_uses named;       /* by number, of conditions that ask for any */
    struct rule_uses every;       /* by number, of conditions that ask for all recipients */
    struct text_numbers *headers; /* names → place - AT_HEADERS */

    struct word_letters *letters;
    struct text_numbers *vocabulary; /* words → symbol - 1; symbol 0 is white space */
    struct sequences *phrases;
    struct rule_uses phrase_uses;
    bool *has_words; /* by place */
    size_t has_words_room;

    struct text_numbers *expressions; /* texts of patterns → number */
    struct rule_pattern *patterns;
    size_t pattern_count, pattern_room;
    struct sequences *literals;
    struct rule_uses literal_uses; /* by number: indexes into pattern_literals */
    struct pattern_literal_use *pattern_literals;
    size_t literal_use_count, literal_use_room;

    const char **groups;
    size_t group_count, group_room;
    bool has_linked_phrases, is_done;
};

/* Append to a growing array of heap memory: the place of one more. */
void *rule_set_more(void **items, size_t *count, size_t *room, size_t size);
/* The number of what has this name; TEXT_UNKNOWN: no condition asks for it. */
uint32_t rule_set_named(const struct rule_set *set, enum named kind, struct slice name);
/* The first use; USE_NONE. */
static inline uint32_t rule_uses_first(const struct rule_uses *uses, uint32_t number)
{
    return number < uses->count ? uses->first[number] : USE_NONE;
}
