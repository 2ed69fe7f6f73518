/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/rules/rule_set.h"

#include <string.h>

#include "base/mem.h"
#include "base/texts.h"
#include "domain/rules/rule_set_parts.h"

enum {
    LINKED_AT_ONCE = 16384,   /* states of an automaton */
    PATTERN_BYTES = 128 << 10 /* what one may come to hold while it runs, roughly */
};

/* --- lists ------------------------------------------------------------------------------------ */

void *rule_set_more(void **items, size_t *count, size_t *room, size_t size)
{
    if (*count == *room) {
        *room = *room == 0 ? 16 : *room * 2;
        *items = xreallocarray(*items, *room, size);
    }
    uint8_t *place = (uint8_t *)*items + *count * size;
    memset(place, 0, size);
    ++*count;
    return place;
}

static uint32_t *use_list(struct rule_uses *uses, uint32_t number)
{
    while (uses->count <= number) {
        uint32_t *first =
            rule_set_more((void **)&uses->first, &uses->count, &uses->room, sizeof *first);
        *first = USE_NONE;
    }
    return &uses->first[number];
}

static void add_use(struct rule_set *set, uint32_t *first, const struct rule_use *use)
{
    uint32_t number = (uint32_t)set->use_count;
    struct rule_use *made =
        rule_set_more((void **)&set->uses, &set->use_count, &set->use_room, sizeof set->uses[0]);
    *made = *use;
    made->next = *first;
    *first = number;
}

/* --- names ------------------------------------------------------------------------------------ */

enum { KEY_BYTES_MAX = 1024 };

static struct slice key_of(uint8_t *key, enum named kind, struct slice name)
{
    size_t len = name.len < KEY_BYTES_MAX - 1 ? name.len : KEY_BYTES_MAX - 1;
    key[0] = (uint8_t)kind;
    if (len > 0) {
        memcpy(key + 1, name.ptr, len);
    }
    return slice_of(key, len + 1);
}

uint32_t rule_set_named(const struct rule_set *set, enum named kind, struct slice name)
{
    uint8_t key[KEY_BYTES_MAX];
    return name.len >= KEY_BYTES_MAX ? TEXT_UNKNOWN
                                     : text_numbers_find(set->names, key_of(key, kind, name));
}

static void add_name(struct rule_set *set, enum named kind, const char *name, bool every,
                     const char *value)
{
    uint8_t key[KEY_BYTES_MAX];
    uint32_t number = text_numbers_add(set->names, key_of(key, kind, slice_str(name)));
    struct rule_use use = {.condition = (uint32_t)set->condition_count - 1, .value = value};
    add_use(set, use_list(every ? &set->every : &set->named, number), &use);
}

static void add_names(struct rule_set *set, enum named kind, struct rule_texts names, bool every)
{
    for (size_t i = 0; i < names.count; i++) {
        add_name(set, kind, names.items[i], every, names.items[i]);
    }
}

static void add_side(struct rule_set *set, enum named kind, enum rule_side side, bool every)
{
    if (side != SIDE_ANY) {
        const char *name = side == SIDE_INSIDE ? "inside" : "outside";
        add_name(set, kind, name, every, name);
    }
}

static void add_groups(struct rule_set *set, struct rule_texts groups)
{
    for (size_t i = 0; i < groups.count; i++) {
        const char **group = rule_set_more((void **)&set->groups, &set->group_count,
                                           &set->group_room, sizeof *group);
        *group = groups.items[i];
    }
}

static void add_sender(struct rule_set *set, const struct rule_condition *c)
{
    add_names(set, NAMED_SENDER_ADDRESS, c->addresses, false);
    add_names(set, NAMED_SENDER_DOMAIN, c->domains, false);
    add_names(set, NAMED_SENDER_GROUP, c->groups, false);
    add_side(set, NAMED_SENDER_SIDE, c->side, false);
    add_groups(set, c->groups);
}

static void add_recipient(struct rule_set *set, const struct rule_condition *c)
{
    add_names(set, NAMED_ADDRESS, c->addresses, c->every);
    add_names(set, NAMED_DOMAIN, c->domains, c->every);
    add_names(set, NAMED_GROUP, c->groups, c->every);
    add_names(set, NAMED_BOUNDARY, c->boundaries, c->every);
    add_side(set, NAMED_SIDE, c->side, c->every);
    add_groups(set, c->groups);
}

/* --- texts ------------------------------------------------------------------------------------ */

static uint32_t place_of(struct rule_set *set, const struct rule_condition *c)
{
    switch (c->place) {
    case PLACE_SUBJECT:
    case PLACE_SUBJECT_OR_BODY:
        return AT_SUBJECT;
    case PLACE_BODY:
        return AT_BODY;
    case PLACE_ATTACHMENT_NAME:
        return AT_ATTACHMENT_NAME;
    case PLACE_HEADER:
        break;
    }
    return AT_HEADERS + text_numbers_add(set->headers, slice_str(c->header));
}

static void note_words(struct rule_set *set, uint32_t place)
{
    while (set->has_words_room <= place) {
        size_t room = set->has_words_room;
        set->has_words_room = room == 0 ? 16 : room * 2;
        set->has_words = xreallocarray(set->has_words, set->has_words_room, sizeof(bool));
        memset(set->has_words + room, 0, (set->has_words_room - room) * sizeof(bool));
    }
    set->has_words[place] = true;
}

/* Symbols of a phrase: its words, and white space where it has some. */
static void add_phrase(struct rule_set *set, const char *text, uint32_t place)
{
    uint32_t symbols[2 * RULE_VALUE_BYTES_MAX];
    struct word_split split;
    struct word word;
    size_t count = 0;
    word_split_init(&split, set->letters, slice_str(text));
    while (word_split_next(&split, &word) && count + 2 <= 2 * RULE_VALUE_BYTES_MAX) {
        if (word.has_space && count > 0) {
            symbols[count++] = 0;
        }
        symbols[count++] = 1 + text_numbers_add(set->vocabulary, word.text);
    }
    word_split_fini(&split);
    if (count > 0) {
        struct rule_use use = {
            .condition = (uint32_t)set->condition_count - 1, .place = place, .value = text};
        uint32_t number = sequences_add(set->phrases, symbols, count);
        add_use(set, use_list(&set->phrase_uses, number), &use);
        note_words(set, place);
    }
}

static void add_literals(struct rule_set *set, uint32_t number, const struct pattern *pattern)
{
    uint32_t symbols[PATTERN_BYTES_MAX];
    for (size_t i = 0; i < pattern_literal_count(pattern); i++) {
        struct slice literal = pattern_literal(pattern, i);
        size_t len = literal.len < PATTERN_BYTES_MAX ? literal.len : PATTERN_BYTES_MAX;
        for (size_t at = 0; at < len; at++) {
            symbols[at] = literal.ptr[at];
        }
        if (len == 0) {
            continue;
        }
        uint32_t *first = use_list(&set->literal_uses, sequences_add(set->literals, symbols, len));
        struct pattern_literal_use *use =
            rule_set_more((void **)&set->pattern_literals, &set->literal_use_count,
                          &set->literal_use_room, sizeof *use);
        *use =
            (struct pattern_literal_use){.pattern = number, .literal = (uint32_t)i, .next = *first};
        *first = (uint32_t)set->literal_use_count - 1;
    }
}

/* To be compiled later, one at a time. */
static void add_texts(struct rule_set *set, const struct rule_condition *c, uint32_t place)
{
    for (size_t i = 0; i < c->words.count; i++) {
        add_phrase(set, c->words.items[i], place);
    }
    for (size_t i = 0; i < c->patterns.count; i++) {
        struct rule_use *pending = rule_set_more((void **)&set->pending, &set->pending_count,
                                                 &set->pending_room, sizeof *pending);
        *pending = (struct rule_use){.condition = (uint32_t)set->condition_count - 1,
                                     .place = place,
                                     .value = c->patterns.items[i]};
    }
}

static rc add_pattern(struct rule_set *set, const struct rule_use *use, struct err *err)
{
    uint32_t number = text_numbers_add(set->expressions, slice_str(use->value));
    if (number == set->pattern_count) {
        struct pattern *pattern;
        TRY(pattern_new(slice_str(use->value), &pattern, err));
        struct rule_pattern *made = rule_set_more((void **)&set->patterns, &set->pattern_count,
                                                  &set->pattern_room, sizeof set->patterns[0]);
        *made = (struct rule_pattern){pattern, USE_NONE};
        add_literals(set, number, pattern);
    }
    add_use(set, &set->patterns[number].first_use, use);
    return OK;
}

static void add_text(struct rule_set *set, const struct rule_condition *c)
{
    if (c->place == PLACE_HEADER && c->words.count + c->patterns.count == 0) {
        add_name(set, NAMED_HEADER, c->header, false, c->header);
        return;
    }
    add_texts(set, c, place_of(set, c));
    if (c->place == PLACE_SUBJECT_OR_BODY) {
        add_texts(set, c, AT_BODY);
    }
}

/* --- rules ------------------------------------------------------------------------------------ */

static void add_condition(struct rule_set *set, const struct rule_condition *c)
{
    struct compiled_condition *made =
        rule_set_more((void **)&set->conditions, &set->condition_count, &set->condition_room,
                      sizeof set->conditions[0]);
    *made = (struct compiled_condition){c, (uint32_t)set->rule_count};
    switch (c->fact) {
    case RULE_SENDER:
        add_sender(set, c);
        break;
    case RULE_RECIPIENT:
        add_recipient(set, c);
        break;
    case RULE_TEXT:
        add_text(set, c);
        break;
    case RULE_ATTACHMENT:
        add_names(set, NAMED_EXTENSION, c->extensions, false);
        add_names(set, NAMED_TYPE, c->types, false);
        break;
    case RULE_LABEL:
        add_names(set, NAMED_LABEL, c->labels, false);
        break;
    case RULE_SIZE:
    case RULE_KIND:
        break; /* numbers, compared when the rules are decided on */
    }
}

/* One condition or exception of the rule whose turn it is, or its end. */
static void add_part(struct rule_set *set)
{
    const struct mail_rule *rule = &set->from[set->next];
    struct compiled_rule *made = &set->rules[set->rule_count];
    size_t part = set->next_part++;
    if (rule->mode == RULE_OFF) {
        set->next++;
        set->next_part = 0;
        return;
    }
    if (part == 0) {
        *made = (struct compiled_rule){.is = rule, .conditions = (uint32_t)set->condition_count};
    }
    if (part == rule->condition_count) {
        made->exceptions = (uint32_t)set->condition_count;
    }
    if (part < rule->condition_count) {
        add_condition(set, &rule->conditions[part]);
    } else if (part - rule->condition_count < rule->exception_count) {
        add_condition(set, &rule->exceptions[part - rule->condition_count]);
    } else {
        made->end = (uint32_t)set->condition_count;
        set->rule_count++;
        set->next++;
        set->next_part = 0;
    }
}

struct rule_set *rule_set_new(const struct mail_rule *rules, size_t count, uint64_t seed)
{
    struct rule_set *set = xcalloc(1, sizeof *set);
    *set = (struct rule_set){
        .from = rules,
        .from_count = count,
        .rules = xcalloc(count + 1, sizeof set->rules[0]),
        .letters = word_letters_new(),
        .names = text_numbers_new(seed),
        .headers = text_numbers_new(seed),
        .vocabulary = text_numbers_new(seed),
        .expressions = text_numbers_new(seed),
        .phrases = sequences_new(),
        .literals = sequences_new(),
    };
    return set;
}

void rule_set_free(struct rule_set *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->pattern_count; i++) {
        pattern_free(set->patterns[i].pattern);
    }
    word_letters_free(set->letters);
    text_numbers_free(set->names);
    text_numbers_free(set->headers);
    text_numbers_free(set->vocabulary);
    text_numbers_free(set->expressions);
    sequences_free(set->phrases);
    sequences_free(set->literals);
    void *owned[] = {set->rules,
                     set->conditions,
                     set->uses,
                     set->named.first,
                     set->every.first,
                     set->phrase_uses.first,
                     set->has_words,
                     set->patterns,
                     set->literal_uses.first,
                     set->pattern_literals,
                     set->pending};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        xfree(owned[i]);
    }
    xfree((void *)set->groups);
    xfree(set);
}

rc rule_set_step(struct rule_set *set, bool *done, struct err *err)
{
    *done = false;
    if (set->next < set->from_count) {
        add_part(set);
    } else if (set->next_pending < set->pending_count) {
        TRY(add_pattern(set, &set->pending[set->next_pending++], err));
    } else if (!set->has_linked_phrases) {
        set->has_linked_phrases = sequences_link(set->phrases, LINKED_AT_ONCE);
    } else if (!set->is_done) {
        set->is_done = sequences_link(set->literals, LINKED_AT_ONCE);
        set->group_count = texts_sort(set->groups, set->group_count);
    }
    *done = set->is_done;
    return OK;
}

size_t rule_set_bytes(const struct rule_set *set)
{
    return sizeof *set + text_numbers_bytes(set->names) + text_numbers_bytes(set->vocabulary) +
           text_numbers_bytes(set->headers) + text_numbers_bytes(set->expressions) +
           sequences_bytes(set->phrases) + sequences_bytes(set->literals) +
           set->use_room * sizeof set->uses[0] + set->condition_room * sizeof set->conditions[0] +
           set->from_count * sizeof set->rules[0] + set->pattern_count * PATTERN_BYTES;
}

const char *const *rule_set_groups(const struct rule_set *set, size_t *count)
{
    *count = set->group_count;
    return set->groups;
}
