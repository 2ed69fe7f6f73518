/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of mail-flow rules: what they may say (docs/policy.md §10.2), and their stored form. */
#include <stdio.h>
#include <string.h>

#include "auth/facts.h"
#include "domain/rules/extension.h"
#include "domain/rules/rule.h"
#include "domain/values/address.h"
#include "domain/values/boundary.h"
#include "pattern/pattern.h"
#include "service/common/request.h"
#include "service/mail_flow/rule_message.h"
#include "wire/mail_rule.h"

enum { HEADER_MAX = 128, PATTERNS_MAX = 20 };

/* One value of a list, and where it stands. */
struct value {
    struct call *c;
    const struct rule_edit *edit;
    const char *path; /* of the list */
    size_t index;
    char **text;
};

static step bad_value(const struct value *value, const char *why)
{
    return call_bad_field(
        value->c, arena_printf(call_arena(value->c), "%s[%zu]", value->path, value->index), why);
}

typedef step (*value_fn)(const struct value *value);

static step each(struct call *c, const struct rule_edit *edit, const char *path, const char *list,
                 char **items, size_t count, value_fn check)
{
    struct value value = {
        .c = c, .edit = edit, .path = arena_printf(call_arena(c), "%s.%s", path, list)};
    for (; value.index < count; value.index++) {
        value.text = &items[value.index];
        if (step_failed(check(&value))) {
            return STEP_FAILED;
        }
    }
    return STEP_NEXT;
}

static bool has_length(const char *text, size_t most)
{
    size_t len = strlen(text);
    return len > 0 && len <= most;
}

/* In lower case as far as it is ASCII; the text is of this call. */
static void lower(char *text)
{
    for (; *text != '\0'; text++) {
        *text = *text >= 'A' && *text <= 'Z' ? (char)(*text + ('a' - 'A')) : *text;
    }
}

/* --- people ----------------------------------------------------------------------------------- */

static step take(const struct value *value, const char *normalized)
{
    *value->text = arena_strdup(call_arena(value->c), normalized);
    return *value->text == NULL ? call_fail(value->c, R_ARENA_EXHAUSTED, "values") : STEP_NEXT;
}

static step check_address(const struct value *value)
{
    const char *out;
    return address_normalize(call_arena(value->c), slice_str(*value->text), &out, NULL).ok
               ? take(value, out)
               : bad_value(value, "It must be a mail address such as bob@fabrikam.com.");
}

static step check_domain(const struct value *value)
{
    const char *out;
    return domain_name_normalize(call_arena(value->c), slice_str(*value->text), &out, NULL).ok
               ? take(value, out)
               : bad_value(value, "It must be a domain such as contoso.com.");
}

static step check_boundary(const struct value *value)
{
    const struct platform_view *platform = &caller_of(value->c)->found_platform->view;
    bool is_there = strcmp(*value->text, BOUNDARY_EXTERNAL) == 0 ||
                    boundary_find(platform, *value->text) != NULL;
    return is_there ? STEP_NEXT
                    : bad_value(value, "It must be a boundary of the platform, or external.");
}

static step check_person(struct call *c, const struct rule_edit *edit, const char *path,
                         Chancery__V1__PersonCondition *p, bool is_sender)
{
    if ((int)p->side < 0 || (int)p->side > SIDE_OUTSIDE) {
        return call_bad_field(c, arena_printf(call_arena(c), "%s.side", path),
                              "It must be inside or outside.");
    }
    if (is_sender && (p->n_boundaries > 0 || p->every)) {
        return call_bad_field(c, path, "Boundaries and `every` are for recipients.");
    }
    if (p->side == 0 && p->n_addresses + p->n_domains + p->n_groups + p->n_boundaries == 0) {
        return call_bad_field(c, path, "At least one thing must be named.");
    }
    if (step_failed(
            each(c, edit, path, "addresses", p->addresses, p->n_addresses, check_address)) ||
        step_failed(each(c, edit, path, "domains", p->domains, p->n_domains, check_domain)) ||
        step_failed(each(c, edit, path, "groups", p->groups, p->n_groups, check_address))) {
        return STEP_FAILED;
    }
    return each(c, edit, path, "boundaries", p->boundaries, p->n_boundaries, check_boundary);
}

/* --- texts ------------------------------------------------------------------------------------ */

static step check_word(const struct value *value)
{
    struct word_split split;
    struct word word;
    bool has_word = false, is_sound = has_length(*value->text, RULE_VALUE_BYTES_MAX);
    word_split_init(&split, value->edit->letters, slice_str(*value->text));
    while (is_sound && word_split_next(&split, &word)) {
        has_word = true;
        is_sound = word.text.len > 0;
    }
    word_split_fini(&split);
    return is_sound && has_word
               ? STEP_NEXT
               : bad_value(value, "It must be a word or phrase of 1 to 256 bytes.");
}

static step check_pattern_length(const struct value *value)
{
    return has_length(*value->text, PATTERN_BYTES_MAX)
               ? STEP_NEXT
               : bad_value(value, "A pattern has 1 to 1,024 bytes.");
}

static bool is_header_name(const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        if (*at < '!' || *at > '~' || *at == ':') { /* RFC 5322 §3.6.8 */
            return false;
        }
    }
    return has_length(name, HEADER_MAX);
}

static step check_header(struct call *c, const char *path, Chancery__V1__TextCondition *t)
{
    bool is_header = t->place == CHANCERY__V1__RULE_PLACE__RULE_PLACE_HEADER;
    if (is_header ? !is_header_name(t->header) : t->header[0] != '\0') {
        return call_bad_field(c, arena_printf(call_arena(c), "%s.header", path),
                              "With the place header, and only then, it is the name of one.");
    }
    if (is_header) {
        lower(t->header);
    }
    return is_header || t->n_words + t->n_patterns > 0
               ? STEP_NEXT
               : call_bad_field(c, path, "At least one word or pattern must be named.");
}

static step check_text(struct call *c, const struct rule_edit *edit, const char *path,
                       Chancery__V1__TextCondition *t)
{
    if ((int)t->place < PLACE_SUBJECT || (int)t->place > PLACE_ATTACHMENT_NAME) {
        return call_bad_field(c, arena_printf(call_arena(c), "%s.place", path),
                              "It must be one of the places there are.");
    }
    if (t->n_patterns > PATTERNS_MAX) {
        return call_bad_field(c, arena_printf(call_arena(c), "%s.patterns", path),
                              "A condition has at most 20 patterns.");
    }
    if (step_failed(check_header(c, path, t)) ||
        step_failed(each(c, edit, path, "words", t->words, t->n_words, check_word))) {
        return STEP_FAILED;
    }
    return each(c, edit, path, "patterns", t->patterns, t->n_patterns, check_pattern_length);
}

/* --- attachments and the rest ----------------------------------------------------------------- */

static step check_extension(const struct value *value)
{
    char extension[RULE_VALUE_BYTES_MAX + 1], name[RULE_VALUE_BYTES_MAX + 2];
    const char *bare = **value->text == '.' ? *value->text + 1 : *value->text;
    if (!has_length(bare, RULE_VALUE_BYTES_MAX) || strpbrk(bare, "./\\") != NULL) {
        return bad_value(value, "It must be the end of a name, such as exe.");
    }
    (void)snprintf(name, sizeof name, ".%s", bare);
    return extension_of(slice_str(name), extension)
               ? take(value, extension)
               : bad_value(value, "It must be the end of a name, such as exe.");
}

static step check_type(const struct value *value)
{
    const char *slash = strchr(*value->text, '/');
    const char *star = strchr(*value->text, '*');
    if (!has_length(*value->text, RULE_VALUE_BYTES_MAX) || slash == NULL || slash == *value->text ||
        slash[1] == '\0' || strpbrk(*value->text, "; \t") != NULL ||
        (star != NULL && (star != slash + 1 || star[1] != '\0'))) {
        return bad_value(value, "It must be a media type such as application/pdf or image/*.");
    }
    lower(*value->text);
    return STEP_NEXT;
}

static step check_label(const struct value *value)
{
    return has_length(*value->text, RULE_VALUE_BYTES_MAX)
               ? STEP_NEXT
               : bad_value(value, "A label has 1 to 256 bytes.");
}

static step check_attachment(struct call *c, const struct rule_edit *edit, const char *path,
                             Chancery__V1__AttachmentCondition *a)
{
    return step_failed(
               each(c, edit, path, "extensions", a->extensions, a->n_extensions, check_extension))
               ? STEP_FAILED
               : each(c, edit, path, "types", a->types, a->n_types, check_type);
}

static step check_kinds(struct call *c, const char *path, const Chancery__V1__KindCondition *k)
{
    for (size_t i = 0; i < k->n_kinds; i++) {
        if ((int)k->kinds[i] < 1 || (int)k->kinds[i] > MESSAGE_KINDS) {
            return call_bad_field(c, arena_printf(call_arena(c), "%s.kinds[%zu]", path, i),
                                  "It must be one of the kinds there are.");
        }
    }
    return k->n_kinds > 0 ? STEP_NEXT : call_bad_field(c, path, "At least one kind is needed.");
}

static step check_labels(struct call *c, const struct rule_edit *edit, const char *path,
                         const Chancery__V1__LabelCondition *l)
{
    return l->n_labels == 0 ? call_bad_field(c, path, "At least one label is needed.")
                            : each(c, edit, path, "labels", l->labels, l->n_labels, check_label);
}

/* --- the condition ---------------------------------------------------------------------------- */

step rule_message_check_condition(struct call *c, const struct rule_edit *edit, const char *path,
                                  Chancery__V1__RuleCondition *condition)
{
    const char *inner[] = {"",           "sender", "recipient", "text",
                           "attachment", "size",   "label",     "kind"};
    size_t which = (size_t)condition->fact_case;
    const char *fact = arena_printf(call_arena(c), "%s.%s", path, which < 8 ? inner[which] : "");
    const struct mail_rule_size size = mail_rule_condition_size(condition);
    if (size.values + size.patterns > RULE_VALUES_MAX) {
        return call_bad_field(c, fact, "A condition names at most 500 values.");
    }
    switch ((int)condition->fact_case) {
    case CHANCERY__V1__RULE_CONDITION__FACT_SENDER:
        return check_person(c, edit, fact, condition->sender, true);
    case CHANCERY__V1__RULE_CONDITION__FACT_RECIPIENT:
        return check_person(c, edit, fact, condition->recipient, false);
    case CHANCERY__V1__RULE_CONDITION__FACT_TEXT:
        return check_text(c, edit, fact, condition->text);
    case CHANCERY__V1__RULE_CONDITION__FACT_ATTACHMENT:
        return check_attachment(c, edit, fact, condition->attachment);
    case CHANCERY__V1__RULE_CONDITION__FACT_SIZE:
        return condition->size->larger_than > 0
                   ? STEP_NEXT
                   : call_bad_field(c, fact, "A size above 0 is needed.");
    case CHANCERY__V1__RULE_CONDITION__FACT_LABEL:
        return check_labels(c, edit, fact, condition->label);
    case CHANCERY__V1__RULE_CONDITION__FACT_KIND:
        return check_kinds(c, fact, condition->kind);
    default: /* not set, or unknown to this version */
        break;
    }
    return call_bad_field(c, path, "What it looks at is missing, or unknown to this version.");
}
