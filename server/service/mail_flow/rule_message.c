/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail_flow/rule_message.h"

#include <string.h>

#include "domain/rules/rule.h"
#include "domain/values/policy.h"
#include "pattern/pattern.h"
#include "service/common/cursor.h"
#include "service/common/etag.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "wire/mail_rule.h"
#include "wire/pb.h"

/* --- reading ---------------------------------------------------------------------------------- */

static step read_name(struct call *c, const void *message, void *row)
{
    const Chancery__V1__Rule *from = message;
    struct rule_edit *edit = row;
    edit->row.name = from->name;
    return from->name[0] == '\0' ? call_bad_field(c, "rule.name", "It is required.")
                                 : request_text(c, "rule.name", from->name, RULE_NAME_BYTES_MAX);
}

static step read_mode(struct call *c, const void *message, void *row)
{
    const Chancery__V1__Rule *from = message;
    struct rule_edit *edit = row;
    edit->row.mode = (int16_t)from->mode;
    return (int)from->mode >= RULE_ENFORCE && (int)from->mode <= RULE_OFF
               ? STEP_NEXT
               : call_bad_field(c, "rule.mode", "It must be enforce, test or off.");
}

static step begin_list(struct call *c, const char *field, size_t count, struct rule_edit *edit,
                       struct resource_list *list)
{
    *list = (struct resource_list){count, edit};
    return request_count(c, field, count, 0, RULE_CONDITIONS_MAX);
}

static step begin_conditions(struct call *c, const void *message, void *row,
                             struct resource_list *list)
{
    const Chancery__V1__Rule *from = message;
    struct rule_edit *edit = row;
    edit->rule->conditions = from->conditions;
    edit->rule->n_conditions = from->n_conditions;
    return begin_list(c, "rule.conditions", from->n_conditions, edit, list);
}

static step begin_exceptions(struct call *c, const void *message, void *row,
                             struct resource_list *list)
{
    const Chancery__V1__Rule *from = message;
    struct rule_edit *edit = row;
    edit->rule->exceptions = from->exceptions;
    edit->rule->n_exceptions = from->n_exceptions;
    return begin_list(c, "rule.exceptions", from->n_exceptions, edit, list);
}

static step read_condition(struct call *c, const void *message, void *elements, size_t index)
{
    const Chancery__V1__Rule *from = message;
    return rule_message_check_condition(c, elements,
                                        arena_printf(call_arena(c), "rule.conditions[%zu]", index),
                                        from->conditions[index]);
}

static step read_exception(struct call *c, const void *message, void *elements, size_t index)
{
    const Chancery__V1__Rule *from = message;
    return rule_message_check_condition(c, elements,
                                        arena_printf(call_arena(c), "rule.exceptions[%zu]", index),
                                        from->exceptions[index]);
}

static bool is_branding(const char *name)
{
    return strlen(name) <= BRANDING_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static step check_template(struct call *c, const Chancery__V1__RuleActions *a,
                           struct rule_edit *edit)
{
    bool is_needed = a->protection == CHANCERY__V1__RULE_PROTECTION__RULE_PROTECTION_TEMPLATE;
    edit->row.template_id = (struct template_id){{{0}}};
    if (is_needed) {
        return request_uuid_required(c, "rule.actions.template_id", a->template_id,
                                     &edit->row.template_id.u);
    }
    return a->template_id[0] == '\0'
               ? STEP_NEXT
               : call_bad_field(c, "rule.actions.template_id",
                                "It belongs to the protection by a template.");
}

static bool does_more(const Chancery__V1__RuleActions *a)
{
    return a->protection != 0 || a->branding[0] != '\0' || a->force_portal || a->require_tls ||
           a->stop;
}

static step read_actions(struct call *c, const void *message, void *row)
{
    const Chancery__V1__RuleActions *a = ((const Chancery__V1__Rule *)message)->actions;
    struct rule_edit *edit = row;
    edit->rule->actions = ((const Chancery__V1__Rule *)message)->actions;
    if (a == NULL || (a->block_text[0] == '\0' && !does_more(a))) {
        return call_bad_field(c, "rule.actions", "A rule does at least one thing.");
    }
    if (a->block_text[0] != '\0' && does_more(a)) {
        return call_bad_field(c, "rule.actions",
                              "What is blocked is not sent: nothing else is done.");
    }
    if ((int)a->protection < 0 || (int)a->protection > PROTECTION_REMOVE) {
        return call_bad_field(c, "rule.actions.protection", "It must be one of those there are.");
    }
    if (!is_branding(a->branding)) {
        return call_bad_field(c, "rule.actions.branding",
                              "A name has lower-case letters, digits and hyphens, 64 at most.");
    }
    edit->row.branding = a->branding[0] == '\0' ? NULL : a->branding;
    return step_failed(check_template(c, a, edit))
               ? STEP_FAILED
               : request_text(c, "rule.actions.block_text", a->block_text, RULE_BLOCK_BYTES_MAX);
}

static const struct resource_field fields[] = {
    OUTPUT_ONLY("rule_id"),
    CHANGEABLE("name", read_name),
    CHANGEABLE("mode", read_mode),
    CHANGEABLE_LIST("conditions", begin_conditions, read_condition),
    CHANGEABLE_LIST("exceptions", begin_exceptions, read_exception),
    CHANGEABLE("actions", read_actions),
    OUTPUT_ONLY("etag"),
    OUTPUT_ONLY("position"),
    OUTPUT_ONLY("create_time"),
    OUTPUT_ONLY("update_time"),
    OUTPUT_ONLY("unreadable"),
};

const struct resource rule_resource = {
    .name = "rule",
    .message = &chancery__v1__rule__descriptor,
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
};

/* --- a rule that is made or changed ----------------------------------------------------------- */

static void free_letters(void *letters)
{
    word_letters_free(letters);
}

static step begin_edit(struct call *c, struct rule_edit *edit)
{
    edit->letters = word_letters_new();
    return arena_on_free(call_arena(c), free_letters, edit->letters, call_err(c)).ok ? STEP_NEXT
                                                                                     : STEP_FAILED;
}

step rule_message_begin(struct call *c, struct rule_edit *edit)
{
    *edit = (struct rule_edit){.rule = call_message(c, &chancery__v1__rule__descriptor)};
    return edit->rule == NULL ? STEP_FAILED : begin_edit(c, edit);
}

step rule_message_begin_stored(struct call *c, struct rule_edit *edit,
                               const struct mail_rule_row *row)
{
    *edit = (struct rule_edit){.row = *row};
    if (!mail_rule_unpack(call_arena(c), row->definition, &edit->rule, call_err(c)).ok) {
        return STEP_FAILED;
    }
    const Chancery__V1__RuleActions *actions = edit->rule->actions;
    (void)uuid_parse(slice_str(actions->template_id), &edit->row.template_id.u, NULL);
    edit->row.branding = actions->branding[0] == '\0' ? NULL : actions->branding;
    return begin_edit(c, edit);
}

/* The condition or exception with this number of both. */
static const Chancery__V1__RuleCondition *part_of(const Chancery__V1__Rule *rule, size_t index,
                                                  const char **list, size_t *place)
{
    bool is_condition = index < rule->n_conditions;
    *list = is_condition ? "conditions" : "exceptions";
    *place = is_condition ? index : index - rule->n_conditions;
    return is_condition ? rule->conditions[*place] : rule->exceptions[*place];
}

static step check_pattern(struct call *c, const char *list, size_t place, size_t index,
                          const char *text)
{
    struct pattern *pattern;
    struct err err = {0};
    if (pattern_new(slice_str(text), &pattern, &err).ok) {
        pattern_free(pattern);
        return STEP_NEXT;
    }
    return call_bad_field(
        c, arena_printf(call_arena(c), "rule.%s[%zu].text.patterns[%zu]", list, place, index),
        arena_strdup(call_arena(c), err.detail));
}

/* The next pattern of all. */
static step check_next(struct call *c, struct rule_edit *edit, bool *is_over)
{
    const Chancery__V1__Rule *rule = edit->rule;
    size_t left = edit->next_pattern++;
    for (size_t i = 0; i < rule->n_conditions + rule->n_exceptions; i++) {
        const char *list;
        size_t place;
        const Chancery__V1__RuleCondition *part = part_of(rule, i, &list, &place);
        bool is_text = part->fact_case == CHANCERY__V1__RULE_CONDITION__FACT_TEXT;
        size_t count = is_text ? part->text->n_patterns : 0;
        if (left < count) {
            return check_pattern(c, list, place, left, part->text->patterns[left]);
        }
        left -= count;
    }
    *is_over = true;
    return STEP_NEXT;
}

static step make_row(struct call *c, struct rule_edit *edit)
{
    const struct mail_rule_size size = mail_rule_size(edit->rule);
    Chancery__V1__Rule stored;
    chancery__v1__rule__init(&stored);
    stored.conditions = edit->rule->conditions;
    stored.n_conditions = edit->rule->n_conditions;
    stored.exceptions = edit->rule->exceptions;
    stored.n_exceptions = edit->rule->n_exceptions;
    stored.actions = edit->rule->actions;
    edit->row.value_count = (int32_t)size.values;
    edit->row.pattern_count = (int32_t)size.patterns;
    return pb_pack(call_arena(c), &stored.base, &edit->row.definition, call_err(c)).ok
               ? STEP_NEXT
               : STEP_FAILED;
}

step rule_message_finish(struct call *c, struct rule_edit *edit, step_fn self)
{
    bool is_over = false;
    while (!is_over) {
        if (call_should_yield(c)) {
            return call_yield(c, self);
        }
        if (step_failed(check_next(c, edit, &is_over))) {
            return STEP_FAILED;
        }
    }
    return make_row(c, edit);
}

/* --- writing ---------------------------------------------------------------------------------- */

Chancery__V1__Rule *rule_message_write(struct call *c, const struct mail_rule_row *row)
{
    Chancery__V1__Rule *rule;
    struct err err = {0};
    bool is_read = mail_rule_unpack(call_arena(c), row->definition, &rule, &err).ok;
    if (err.reason == R_ARENA_EXHAUSTED) {
        return NULL;
    }
    if (!is_read) {
        rule = call_message(c, &chancery__v1__rule__descriptor);
    }
    if (rule == NULL) {
        return NULL;
    }
    rule->unreadable = !is_read;
    rule->rule_id = reply_text(reply_uuid(c, row->id.u));
    rule->name = reply_text(row->name);
    rule->mode = (Chancery__V1__RuleMode)row->mode;
    rule->position = row->position;
    rule->etag = etag_write(c, row->mark);
    rule->create_time = reply_time(c, row->created_at);
    rule->update_time = reply_time(c, row->updated_at);
    return rule->rule_id == NULL || rule->etag == NULL ? NULL : rule;
}
