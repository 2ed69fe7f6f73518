/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/acts.h"

#include <string.h>

#include "chancery/v1/boundary.pb-c.h"
#include "chancery/v1/mail_flow.pb-c.h"
#include "chancery/v1/template.pb-c.h"
#include "cli/declared/fields.h"
#include "cli/declared/make_once.h"
#include "cli/declared/requests.h"
#include "google/protobuf/field_mask.pb-c.h"

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
static Google__Protobuf__FieldMask *name_fields(struct session *s, const struct change *change)
{
    const struct kind *kind = change->kind;
    const char *const *pair = kind->together;
    Google__Protobuf__FieldMask *mask = ARENA_NEW(s->arena, Google__Protobuf__FieldMask);
    CH_ASSERT(mask != NULL); /* a session's arena is far larger */
    google__protobuf__field_mask__init(mask);
    mask->paths = ARENA_ARRAY(s->arena, char *, change->field_count + 2);
    CH_ASSERT(mask->paths != NULL);
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
    return mask;
}

static struct act_request new_request(struct session *s, const struct change *change,
                                      const char *method, ProtobufCMessage *resource)
{
    struct act_request act;
    act.method = request_method(s, change->kind->service, method, &act.name);
    act.request = request_new(s, act.method, change->kind, change->tenant, resource);
    return act;
}

bool change_makes_template(const struct change *change)
{
    return change->act == ACT_MAKE && change->kind == &KINDS[KIND_TEMPLATE];
}

static struct act_request make(struct session *s, const struct change *change)
{
    ProtobufCMessage *resource = copy_of(s, change->document->asked);
    field_drop_empty(resource);
    field_set_text(resource, "tenant", change->tenant);
    struct act_request act = new_request(s, change, change->kind->make, resource);
    if (change_makes_template(change)) {
        field_set_text(act.request, "request_id", make_once_id(s, change));
    }
    return act;
}

static bool is_archived(const struct change *change)
{
    return ((const Chancery__V1__Template *)(const void *)change->document->manifest.spec)
        ->archived;
}

/* Its etag is that of the state with which the document was compared: whoever changed it since is not
 * overwritten. */
static size_t change_it(struct session *s, const struct change *change,
                        struct act_request out[CHANGE_REQUESTS_MAX])
{
    size_t count = 0;
    Google__Protobuf__FieldMask *mask = name_fields(s, change);
    ProtobufCMessage *resource = copy_of(s, change->object->message);
    for (size_t i = 0; i < change->field_count; i++) {
        field_take(resource, change->document->asked, change->fields[i]);
    }
    field_drop_empty(resource);
    field_set_text(resource, "tenant", change->tenant);
    if (mask->n_paths > 0) {
        out[count] = new_request(s, change, change->kind->change, resource);
        const ProtobufCFieldDescriptor *field = field_named(out[count].request, "update_mask");
        if (field != NULL) {
            *(Google__Protobuf__FieldMask **)(void *)((char *)out[count].request + field->offset) =
                mask;
        }
        count++;
    }
    if (change->kind == &KINDS[KIND_TEMPLATE] && is_given(change, "archived")) {
        const char *method = is_archived(change) ? "ArchiveTemplate" : "PublishTemplate";
        out[count++] = new_request(s, change, method, resource);
    }
    return count;
}

static struct act_request remove_it(struct session *s, const struct change *change)
{
    ProtobufCMessage *resource = copy_of(s, change->object->message);
    if (change->kind == &KINDS[KIND_BOUNDARY_RULE]) { /* back to the built-in one */
        ((Chancery__V1__BoundaryRule *)(void *)resource)->rule =
            CHANCERY__V1__DELIVERY_RULE__DELIVERY_RULE_UNSPECIFIED;
    }
    return new_request(s, change, change->kind->remove, resource);
}

/* By names, because what is made together has no ids before. */
static struct act_request order(struct plan *plan, const struct change *change)
{
    struct session *s = plan->state.session;
    struct act_request act = new_request(s, change, "ReorderRules", NULL);
    Chancery__V1__ReorderRulesRequest *request = (void *)act.request;
    request->rule_names = ARENA_ARRAY(s->arena, char *, plan->documents.count + 1);
    CH_ASSERT(request->rule_names != NULL); /* a session's arena is far larger */
    for (size_t i = 0; i < plan->documents.count; i++) {
        const struct document *document = &plan->documents.list[i];
        if (document->kind == change->kind && strcmp(document->tenant, change->tenant) == 0) {
            request->rule_names[request->n_rule_names++] = text_field(document->key);
        }
    }
    return act;
}

size_t change_requests(struct plan *plan, const struct change *change,
                       struct act_request out[CHANGE_REQUESTS_MAX])
{
    struct session *s = plan->state.session;
    switch (change->act) {
    case ACT_MAKE:
        out[0] = make(s, change);
        return 1;
    case ACT_CHANGE:
        return change_it(s, change, out);
    case ACT_REMOVE:
        out[0] = remove_it(s, change);
        return 1;
    case ACT_ORDER:
        break;
    }
    out[0] = order(plan, change);
    return 1;
}
