/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/carry_out.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "chancery/v1/boundary.pb-c.h"
#include "chancery/v1/mail_flow.pb-c.h"
#include "chancery/v1/template.pb-c.h"
#include "cli/declared/fields.h"
#include "cli/declared/make_once.h"
#include "cli/declared/patch.h"
#include "cli/declared/requests.h"
#include "cli/declared/waiting.h"
#include "google/protobuf/field_mask.pb-c.h"

/* --- messages --------------------------------------------------------------------------------- */

/* As it is, or "" fields of its type; the caller sets what it shall be. */
static ProtobufCMessage *copy_of(struct session *s, const ProtobufCMessage *message)
{
    ProtobufCMessage *copy = arena_alloc(s->arena, message->descriptor->sizeof_message);
    CH_ASSERT(copy != NULL); /* a session's arena is far larger */
    memcpy(copy, message, message->descriptor->sizeof_message);
    return copy;
}

static bool is_field(const ProtobufCFieldDescriptor *field, const char *name)
{
    return strcmp(field->name, name) == 0;
}

static bool is_given(const struct change *change, const char *name)
{
    for (size_t i = 0; i < change->field_count; i++) {
        if (is_field(change->fields[i], name)) {
            return true;
        }
    }
    return false;
}

/* What differs, and what can't change without it. `archived` has methods of its own. */
static void name_fields(struct session *s, const struct change *change,
                        Google__Protobuf__FieldMask *mask)
{
    const struct kind *kind = change->kind;
    const char *const *pair = kind->together;
    google__protobuf__field_mask__init(mask);
    mask->paths = ARENA_ARRAY(s->arena, char *, change->field_count + 2);
    CH_ASSERT(mask->paths != NULL); /* a session's arena is far larger */
    for (size_t i = 0; i < change->field_count; i++) {
        if (kind != &KINDS[KIND_TEMPLATE] || !is_field(change->fields[i], "archived")) {
            mask->paths[mask->n_paths++] = text_field(change->fields[i]->name);
        }
    }
    for (size_t i = 0; pair[0] != NULL && i < 2; i++) {
        if (is_given(change, pair[1 - i]) && !is_given(change, pair[i])) {
            mask->paths[mask->n_paths++] = text_field(pair[i]);
        }
    }
}

/* --- acts ------------------------------------------------------------------------------------- */

/* What came of an act. */
struct outcome {
    ProtobufCMessage *answer; /* NULL: nothing was asked */
    const char
        *approval;  /* the id of the request that another admin is to approve; "": there is none */
    bool waits;     /* for another admin */
    bool was_asked; /* by an earlier request, which waits */
};

static int ask(struct state *state, const struct change *change, const char *method_name,
               const ProtobufCMessage *request, struct outcome *out)
{
    const char *name;
    const struct method *method =
        request_method(state->session, change->kind->service, method_name, &name);
    int code =
        waiting_call(state, method, name, change->tenant, request, &out->answer, &out->approval);
    out->was_asked = out->approval[0] != '\0';
    if (code == EXIT_OK && out->answer != NULL) {
        out->approval = field_text(out->answer, "approval_id");
    }
    out->waits = out->approval[0] != '\0';
    return code;
}

/* The same with a request of the resource. */
static int ask_of(struct state *state, const struct change *change, const char *method_name,
                  ProtobufCMessage *resource, struct outcome *out)
{
    const char *name;
    struct session *s = state->session;
    const struct method *method = request_method(s, change->kind->service, method_name, &name);
    return ask(state, change, method_name,
               request_new(s, method, change->kind, change->tenant, resource), out);
}

static int set_archived(struct session *s, const struct change *change, bool is_archived,
                        ProtobufCMessage *template)
{
    ProtobufCMessage *answer = NULL;
    return request_ask(s, change->kind, is_archived ? "ArchiveTemplate" : "PublishTemplate",
                       change->tenant, template, &answer);
}

static bool is_archived(const struct change *change)
{
    return change->kind == &KINDS[KIND_TEMPLATE] &&
           ((const Chancery__V1__Template *)(const void *)change->document->manifest.spec)
               ->archived;
}

static int make_template(struct state *state, const struct change *change,
                         Chancery__V1__Template *template, struct outcome *out)
{
    Chancery__V1__CreateTemplateRequest request;
    chancery__v1__create_template_request__init(&request);
    template->archived = false;
    request.tenant = text_field(change->tenant);
    request.template_ = template;
    return make_template_once(state, change, &request, &out->answer);
}

static int make(struct state *state, const struct change *change, struct outcome *out)
{
    size_t count;
    struct session *s = state->session;
    ProtobufCMessage *resource = copy_of(s, change->document->asked);
    field_drop_empty(resource);
    field_set_text(resource, "tenant", change->tenant);
    int code = change->kind == &KINDS[KIND_TEMPLATE]
                   ? make_template(state, change, (void *)resource, out)
                   : ask_of(state, change, change->kind->make, resource, out);
    if (code != EXIT_OK || out->waits || !is_archived(change)) {
        return code;
    }
    ProtobufCMessage **made = field_messages(out->answer, change->kind->type, &count);
    return count == 1 ? set_archived(s, change, true, made[0]) : EXIT_OK;
}

/* Its etag is that of the state with which the document was compared: whoever changed it since is not
 * overwritten. */
static int change_it(struct state *state, const struct change *change, struct outcome *out)
{
    const char *name;
    struct session *s = state->session;
    const struct kind *kind = change->kind;
    const struct method *method = request_method(s, kind->service, kind->change, &name);
    Google__Protobuf__FieldMask mask;
    ProtobufCMessage *resource = copy_of(s, change->object->message);
    for (size_t i = 0; i < change->field_count; i++) {
        field_take(resource, change->document->asked, change->fields[i]);
    }
    field_drop_empty(resource);
    field_set_text(resource, "tenant", change->tenant);
    name_fields(s, change, &mask);
    ProtobufCMessage *request = request_new(s, method, kind, change->tenant, resource);
    const ProtobufCFieldDescriptor *field = field_named(request, "update_mask");
    if (field != NULL) {
        *(Google__Protobuf__FieldMask **)(void *)((char *)request + field->offset) = &mask;
    }
    int code = mask.n_paths == 0 ? EXIT_OK : ask(state, change, kind->change, request, out);
    return code == EXIT_OK && is_given(change, "archived")
               ? set_archived(s, change, is_archived(change), resource)
               : code;
}

static int remove_it(struct state *state, const struct change *change, struct outcome *out)
{
    ProtobufCMessage *resource = copy_of(state->session, change->object->message);
    if (change->kind == &KINDS[KIND_BOUNDARY_RULE]) { /* back to the built-in one */
        ((Chancery__V1__BoundaryRule *)(void *)resource)->rule =
            CHANCERY__V1__DELIVERY_RULE__DELIVERY_RULE_UNSPECIFIED;
    }
    return ask_of(state, change, change->kind->remove, resource, out);
}

/* Nothing is asked where the order is so already, or a rule waits for another admin, who knows its id only then. */
static int order(struct plan *plan, const struct change *change, struct outcome *out)
{
    struct session *s = plan->state.session;
    struct objects *rules = NULL;
    const char **is, **shall;
    Chancery__V1__ReorderRulesRequest request;
    chancery__v1__reorder_rules_request__init(&request);
    int code = state_read(&plan->state, change->kind, change->tenant, &rules);
    code = code == EXIT_OK ? state_read_again(&plan->state, rules) : code;
    out->waits = code == EXIT_OK && plan_lacks_rule(plan, rules);
    if (code != EXIT_OK || out->waits || !plan_find_order(plan, rules, false, &is, &shall)) {
        return code;
    }
    request.tenant = text_field(change->tenant);
    request.rule_ids = ARENA_ARRAY(s->arena, char *, rules->count);
    CH_ASSERT(request.rule_ids != NULL); /* a session's arena is far larger */
    for (; request.n_rule_ids < rules->count; request.n_rule_ids++) {
        request.rule_ids[request.n_rule_ids] = text_field(shall[request.n_rule_ids]);
    }
    return ask(&plan->state, change, "ReorderRules", &request.base, out);
}

static int act(struct plan *plan, const struct change *change, struct outcome *out)
{
    switch (change->act) {
    case ACT_MAKE:
        return make(&plan->state, change, out);
    case ACT_CHANGE:
        return change_it(&plan->state, change, out);
    case ACT_REMOVE:
        return remove_it(&plan->state, change, out);
    case ACT_ORDER:
        break;
    }
    return order(plan, change, out);
}

/* --- telling ---------------------------------------------------------------------------------- */

static const char *done_word(enum act act)
{
    static const char *const words[] = {[ACT_MAKE] = "made",
                                        [ACT_CHANGE] = "changed",
                                        [ACT_REMOVE] = "removed",
                                        [ACT_ORDER] = "put in order"};
    return words[act];
}

static void tell_done(const struct change *change, const struct outcome *outcome)
{
    printf("%s ", outcome->was_asked ? "waits already for another admin:"
                  : outcome->waits   ? "waits for another admin:"
                                     : done_word(change->act));
    patch_print_name(change->kind, change->key, change->tenant);
    if (outcome->approval[0] != '\0') {
        fputs("\n  chancery approval approve ", stdout);
        utf8_print(stdout, outcome->approval);
    } else if (outcome->waits) {
        fputs("\n  Not put in order before all of them are there: apply again then.", stdout);
    }
    putchar('\n');
    fflush(stdout);
}

/* The field of a refusal is one of the request: template.grants[0]. */
static size_t refused_line(const struct session *s, const struct change *change)
{
    const char *field = strchr(s->refused_field, '.');
    return manifest_line(&change->document->manifest, field == NULL ? s->refused_field : field + 1);
}

static void tell_stopped(const struct plan *plan, const struct change *change,
                         const struct carried_out *done)
{
    if (change->document != NULL) {
        fputs("  It is in ", stderr);
        utf8_print(stderr, change->document->file);
        fprintf(stderr, ", line %zu.\n", refused_line(plan->state.session, change));
    }
    fprintf(
        stderr,
        "  %zu of %zu changes were made before it, and none after it. Correct what is told, and apply\n"
        "  again: what was made is found as it is, and not made twice.\n",
        done->made, plan->count);
    if (done->waiting > 0) {
        fprintf(stderr, "  %zu more wait for another admin.\n", done->waiting);
    }
}

static void note_stopped(struct plan *plan, size_t at)
{
    struct change *failed = &plan->list[at];
    failed->result = CHANGE_FAILED;
    failed->line = failed->document == NULL ? 0 : refused_line(plan->state.session, failed);
    for (size_t i = at + 1; i < plan->count; i++) {
        plan->list[i].result = CHANGE_NOT_TRIED;
    }
}

int carry_out(struct plan *plan, enum answer answer, struct carried_out *out)
{
    *out = (struct carried_out){0};
    for (size_t i = 0; i < plan->count; i++) {
        struct outcome outcome = {.approval = ""};
        struct change *change = &plan->list[i];
        plan->state.session->refused_field = "";
        int code = act(plan, change, &outcome);
        change->approval = outcome.approval;
        if (code != EXIT_OK) {
            note_stopped(plan, i);
            if (answer == ANSWER_TEXT) {
                tell_stopped(plan, change, out);
            }
            return code;
        }
        change->result = outcome.waits ? CHANGE_WAITING : CHANGE_DONE;
        *(outcome.waits ? &out->waiting : &out->made) += 1;
        if (answer == ANSWER_TEXT) {
            tell_done(change, &outcome);
        }
    }
    return EXIT_OK;
}
