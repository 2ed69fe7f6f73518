/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/mail_rule.h"

#include "wire/pb.h"

/* What a newer version has put there might be what matters most. */
static bool is_known(const ProtobufCMessage *message)
{
    return message != NULL && message->n_unknown_fields == 0;
}

static bool is_within(int value, int most)
{
    return value >= 0 && value <= most;
}

static struct rule_texts texts_of(char **items, size_t count)
{
    return (struct rule_texts){(const char *const *)items, count};
}

/* --- conditions ------------------------------------------------------------------------------- */

static bool read_person(const Chancery__V1__PersonCondition *from, bool is_sender,
                        struct rule_condition *out)
{
    if (!is_known(&from->base) || !is_within((int)from->side, SIDE_OUTSIDE) ||
        (is_sender && (from->every || from->n_boundaries > 0))) {
        return false;
    }
    out->fact = is_sender ? RULE_SENDER : RULE_RECIPIENT;
    out->addresses = texts_of(from->addresses, from->n_addresses);
    out->domains = texts_of(from->domains, from->n_domains);
    out->groups = texts_of(from->groups, from->n_groups);
    out->boundaries = texts_of(from->boundaries, from->n_boundaries);
    out->side = (enum rule_side)from->side;
    out->every = from->every;
    return true;
}

static bool read_text(const Chancery__V1__TextCondition *from, struct rule_condition *out)
{
    if (!is_known(&from->base) || from->place == 0 ||
        !is_within((int)from->place, PLACE_ATTACHMENT_NAME)) {
        return false;
    }
    out->fact = RULE_TEXT;
    out->place = (enum rule_place)from->place;
    out->header = from->header;
    out->words = texts_of(from->words, from->n_words);
    out->patterns = texts_of(from->patterns, from->n_patterns);
    return true;
}

static bool read_attachment(const Chancery__V1__AttachmentCondition *from,
                            struct rule_condition *out)
{
    if (!is_known(&from->base)) {
        return false;
    }
    out->fact = RULE_ATTACHMENT;
    out->extensions = texts_of(from->extensions, from->n_extensions);
    out->types = texts_of(from->types, from->n_types);
    out->larger_than = from->larger_than;
    out->password_protected = from->password_protected;
    out->unreadable = from->unreadable;
    return true;
}

static bool read_kinds(const Chancery__V1__KindCondition *from, struct rule_condition *out)
{
    if (!is_known(&from->base)) {
        return false;
    }
    out->fact = RULE_KIND;
    for (size_t i = 0; i < from->n_kinds; i++) {
        if (from->kinds[i] == 0 || !is_within((int)from->kinds[i], MESSAGE_KINDS)) {
            return false;
        }
        out->kinds |= 1U << from->kinds[i];
    }
    return true;
}

static bool read_condition(const Chancery__V1__RuleCondition *from, struct rule_condition *out)
{
    *out = (struct rule_condition){.fact = RULE_SENDER};
    if (!is_known(&from->base)) {
        return false;
    }
    switch ((int)from->fact_case) {
    case CHANCERY__V1__RULE_CONDITION__FACT_SENDER:
        return read_person(from->sender, true, out);
    case CHANCERY__V1__RULE_CONDITION__FACT_RECIPIENT:
        return read_person(from->recipient, false, out);
    case CHANCERY__V1__RULE_CONDITION__FACT_TEXT:
        return read_text(from->text, out);
    case CHANCERY__V1__RULE_CONDITION__FACT_ATTACHMENT:
        return read_attachment(from->attachment, out);
    case CHANCERY__V1__RULE_CONDITION__FACT_SIZE:
        out->fact = RULE_SIZE;
        out->larger_than = from->size->larger_than;
        return is_known(&from->size->base);
    case CHANCERY__V1__RULE_CONDITION__FACT_LABEL:
        out->fact = RULE_LABEL;
        out->labels = texts_of(from->label->labels, from->label->n_labels);
        return is_known(&from->label->base);
    case CHANCERY__V1__RULE_CONDITION__FACT_KIND:
        return read_kinds(from->kind, out);
    default: /* not set, or unknown to this version */
        break;
    }
    return false;
}

static rc read_conditions(struct arena *arena, Chancery__V1__RuleCondition *const *from,
                          size_t count, const struct rule_condition **out, struct err *err)
{
    struct rule_condition *conditions = ARENA_ARRAY(arena, struct rule_condition, count + 1);
    ARENA_ENSURE(conditions, err);
    for (size_t i = 0; i < count; i++) {
        ENSURE(read_condition(from[i], &conditions[i]), err, R_RULES_INVALID);
    }
    *out = conditions;
    return OK;
}

/* --- actions ---------------------------------------------------------------------------------- */

static rc read_actions(const Chancery__V1__RuleActions *from, struct rule_actions *out,
                       struct err *err)
{
    ENSURE(from != NULL && is_known(&from->base) &&
               is_within((int)from->protection, PROTECTION_REMOVE),
           err, R_RULES_INVALID);
    *out = (struct rule_actions){
        .protection = (enum rule_protection)from->protection,
        .branding = from->branding,
        .block_text = from->block_text,
        .force_portal = from->force_portal,
        .require_tls = from->require_tls,
        .stop = from->stop,
    };
    if (out->protection == PROTECTION_TEMPLATE) {
        ENSURE(uuid_parse(slice_str(from->template_id), &out->template_id.u, NULL).ok, err,
               R_RULES_INVALID);
    }
    return OK;
}

/* --- the rule --------------------------------------------------------------------------------- */

rc mail_rule_read(struct arena *arena, const Chancery__V1__Rule *message, struct mail_rule *out,
                  struct err *err)
{
    *out = (struct mail_rule){.condition_count = message->n_conditions,
                              .exception_count = message->n_exceptions};
    ENSURE(is_known(&message->base), err, R_RULES_INVALID);
    TRY(read_conditions(arena, message->conditions, message->n_conditions, &out->conditions, err));
    TRY(read_conditions(arena, message->exceptions, message->n_exceptions, &out->exceptions, err));
    return read_actions(message->actions, &out->actions, err);
}

rc mail_rule_unpack(struct arena *arena, struct slice definition, Chancery__V1__Rule **out,
                    struct err *err)
{
    ProtobufCMessage *message;
    struct mail_rule rule;
    struct err why = {0};
    if (!pb_unpack(arena, &chancery__v1__rule__descriptor, definition, &message, &why).ok) {
        FAIL(err, why.reason == R_ARENA_EXHAUSTED ? R_ARENA_EXHAUSTED : R_RULES_INVALID,
             "a rule of %zu bytes", definition.len);
    }
    *out = (Chancery__V1__Rule *)message;
    return mail_rule_read(arena, *out, &rule, err);
}

struct mail_rule_size mail_rule_condition_size(const Chancery__V1__RuleCondition *condition)
{
    struct rule_condition is;
    if (!read_condition(condition, &is)) {
        return (struct mail_rule_size){0};
    }
    return (struct mail_rule_size){
        .values = is.addresses.count + is.domains.count + is.groups.count + is.boundaries.count +
                  is.words.count + is.extensions.count + is.types.count + is.labels.count,
        .patterns = is.patterns.count,
    };
}

static void add_sizes(Chancery__V1__RuleCondition *const *conditions, size_t count,
                      struct mail_rule_size *sum)
{
    for (size_t i = 0; i < count; i++) {
        const struct mail_rule_size size = mail_rule_condition_size(conditions[i]);
        sum->values += size.values;
        sum->patterns += size.patterns;
    }
}

struct mail_rule_size mail_rule_size(const Chancery__V1__Rule *message)
{
    struct mail_rule_size sum = {0};
    add_sizes(message->conditions, message->n_conditions, &sum);
    add_sizes(message->exceptions, message->n_exceptions, &sum);
    return sum;
}
