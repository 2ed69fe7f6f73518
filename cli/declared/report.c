/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/report.h"

#include <string.h>

#include "chancery/config/v1/plan.pb-c.h"
#include "cli/declared/fields.h"

typedef Chancery__Config__V1__Plan Plan;
typedef Chancery__Config__V1__PlanChange PlanChange;
typedef Chancery__Config__V1__PlanField PlanField;

/* --- enumerations ----------------------------------------------------------------------------- */

static Chancery__Config__V1__PlanAction action_of(enum act act)
{
    static const Chancery__Config__V1__PlanAction actions[] = {
        [ACT_MAKE] = CHANCERY__CONFIG__V1__PLAN_ACTION__PLAN_ACTION_MAKE,
        [ACT_CHANGE] = CHANCERY__CONFIG__V1__PLAN_ACTION__PLAN_ACTION_CHANGE,
        [ACT_REMOVE] = CHANCERY__CONFIG__V1__PLAN_ACTION__PLAN_ACTION_REMOVE,
        [ACT_ORDER] = CHANCERY__CONFIG__V1__PLAN_ACTION__PLAN_ACTION_ORDER};
    return actions[act];
}

static Chancery__Config__V1__PlanResult result_of(enum change_result result)
{
    static const Chancery__Config__V1__PlanResult results[] = {
        [CHANGE_PLANNED] = CHANCERY__CONFIG__V1__PLAN_RESULT__PLAN_RESULT_PLANNED,
        [CHANGE_DONE] = CHANCERY__CONFIG__V1__PLAN_RESULT__PLAN_RESULT_DONE,
        [CHANGE_WAITING] = CHANCERY__CONFIG__V1__PLAN_RESULT__PLAN_RESULT_WAITING,
        [CHANGE_FAILED] = CHANCERY__CONFIG__V1__PLAN_RESULT__PLAN_RESULT_FAILED,
        [CHANGE_NOT_TRIED] = CHANCERY__CONFIG__V1__PLAN_RESULT__PLAN_RESULT_NOT_TRIED};
    return results[result];
}

/* --- fields ----------------------------------------------------------------------------------- */

static const ProtobufCMessage *before_of(const struct change *change)
{
    return change->object == NULL ? NULL : change->object->message;
}

static const ProtobufCMessage *after_of(const struct change *change)
{
    return change->document == NULL ? NULL : change->document->manifest.spec;
}

static const char *const *texts_of(struct session *s, const ProtobufCMessage *message)
{
    return message == NULL ? NULL : field_texts(s, message, false, 0);
}

static bool is_touched(const struct change *change, const ProtobufCFieldDescriptor *field)
{
    for (size_t i = 0; i < change->field_count; i++) {
        if (change->fields[i] == field) {
            return true;
        }
    }
    return change->act != ACT_CHANGE && field_is_declared(change->kind, field);
}

static PlanField *new_field(struct session *s, const char *name, const char *before,
                            const char *after)
{
    PlanField *field = ARENA_NEW(s->arena, PlanField);
    CH_ASSERT(field != NULL); /* a session's arena is far larger */
    chancery__config__v1__plan_field__init(field);
    field->name = text_field(name);
    field->before = text_field(before);
    field->after = text_field(after);
    return field;
}

/* Of what is made or removed those that say something. */
static void add_fields(struct session *s, const struct change *change, PlanChange *out)
{
    const ProtobufCMessageDescriptor *type = change->kind->type;
    const char *const *before = texts_of(s, before_of(change)), *const *after =
                                                                    texts_of(s, after_of(change));
    out->fields = ARENA_ARRAY(s->arena, PlanField *, type->n_fields);
    CH_ASSERT(out->fields != NULL); /* a session's arena is far larger */
    for (unsigned i = 0; i < type->n_fields; i++) {
        const char *is = before == NULL ? "" : before[i], *shall = after == NULL ? "" : after[i];
        if (is_touched(change, &type->fields[i]) && (is[0] != '\0' || shall[0] != '\0')) {
            out->fields[out->n_fields++] = new_field(s, type->fields[i].name, is, shall);
        }
    }
}

/* --- changes ---------------------------------------------------------------------------------- */

static void add_order(struct session *s, const struct change *change, PlanChange *out)
{
    size_t count = 0;
    while (change->after[count] != NULL) {
        count++;
    }
    out->order = ARENA_ARRAY(s->arena, char *, count + 1);
    CH_ASSERT(out->order != NULL); /* a session's arena is far larger */
    for (; out->n_order < count; out->n_order++) {
        out->order[out->n_order] = text_field(change->after[out->n_order]);
    }
}

static PlanChange *new_change(struct session *s, const struct change *change)
{
    PlanChange *out = ARENA_NEW(s->arena, PlanChange);
    CH_ASSERT(out != NULL); /* a session's arena is far larger */
    chancery__config__v1__plan_change__init(out);
    out->kind = text_field(change->kind->name);
    out->name = text_field(change->key);
    out->tenant = text_field(change->tenant);
    out->id = text_field(change->object == NULL ? "" : change->object->id);
    out->action = action_of(change->act);
    out->result = result_of(change->result);
    out->approval_id = text_field(change->approval);
    if (change->document != NULL) {
        size_t line = change->line == 0 ? change->document->manifest.line : change->line;
        out->file = text_field(change->document->file);
        out->line = (uint32_t)line;
    }
    if (change->act == ACT_ORDER) {
        add_order(s, change, out);
    } else {
        add_fields(s, change, out);
    }
    return out;
}

int report_print(const struct plan *plan, enum answer answer)
{
    struct session *s = plan->state.session;
    Plan document;
    chancery__config__v1__plan__init(&document);
    document.changes = ARENA_ARRAY(s->arena, PlanChange *, plan->count + 1);
    CH_ASSERT(document.changes != NULL); /* a session's arena is far larger */
    for (; document.n_changes < plan->count; document.n_changes++) {
        document.changes[document.n_changes] = new_change(s, &plan->list[document.n_changes]);
    }
    document.unchanged = (uint32_t)plan->same;
    return answer_print(s, answer, &document.base);
}
