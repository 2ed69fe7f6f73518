/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/resource.h"

#include <string.h>

#include "base/buf.h"
#include "service/common/cursor.h"
#include "service/common/proto_field.h"
#include "service/common/request.h"

static const char MASK[] = "update_mask";

/* --- tables ----------------------------------------------------------------------------------- */

/* The field's place in the table; field_count: it isn't there. */
static size_t find(const struct resource *resource, const char *name)
{
    size_t i = 0;
    while (i < resource->field_count && strcmp(resource->fields[i].name, name) != 0) {
        i++;
    }
    return i;
}

void resource_check(const struct resource *resource)
{
    CH_ASSERT(resource->field_count <= RESOURCE_FIELDS_MAX);
    for (unsigned i = 0; i < resource->message->n_fields; i++) {
        CH_ASSERT(find(resource, resource->message->fields[i].name) < resource->field_count);
    }
    for (size_t i = 0; i < resource->field_count; i++) {
        const struct resource_field *field = &resource->fields[i];
        CH_ASSERT(find(resource, field->name) == i);
        CH_ASSERT((field->begin != NULL) == (field->element != NULL));
        CH_ASSERT((field->behavior == FIELD_CHANGEABLE) ==
                  ((field->read != NULL) != (field->begin != NULL)));
    }
}

resource_set resource_changeable(const struct resource *resource)
{
    resource_set all = 0;
    for (size_t i = 0; i < resource->field_count; i++) {
        all |= resource->fields[i].behavior == FIELD_CHANGEABLE ? 1U << i : 0;
    }
    return all;
}

resource_set resource_field(const struct resource *resource, const char *name)
{
    size_t at = find(resource, name);
    CH_ASSERT(at < resource->field_count);
    return 1U << at;
}

const char *resource_names(struct call *c, const struct resource *resource, resource_set fields)
{
    struct buf text;
    struct slice all;
    buf_init(&text, call_arena(c));
    for (size_t i = 0; i < resource->field_count; i++) {
        if ((fields & 1U << i) != 0) {
            buf_printf(&text, "%s%s", text.len == 0 ? "" : " ", resource->fields[i].name);
        }
    }
    return buf_finish(&text, &all, NULL).ok ? arena_dup(call_arena(c), all) : NULL;
}

/* --- masks ------------------------------------------------------------------------------------ */

static step bad_path(struct call *c, size_t index, const char *why)
{
    const char *field = arena_printf(call_arena(c), "%s.paths[%zu]", MASK, index);
    return call_bad_field(c, field == NULL ? MASK : field, why);
}

static step add_path(struct call *c, const struct resource *resource, const char *path,
                     size_t index, resource_set *out)
{
    size_t at = find(resource, path);
    if (strcmp(path, "*") == 0) {
        *out |= resource_changeable(resource);
        return STEP_NEXT;
    }
    if (at == resource->field_count) {
        return bad_path(c, index, "There is no such field.");
    }
    switch (resource->fields[at].behavior) {
    case FIELD_CHANGEABLE:
        *out |= 1U << at;
        return STEP_NEXT;
    case FIELD_IMMUTABLE:
        return bad_path(c, index, "The field can't be changed after the resource was created.");
    case FIELD_BY_METHOD:
        return bad_path(c, index, "Methods of its own change the field.");
    case FIELD_OUTPUT_ONLY:
        break;
    }
    return bad_path(c, index, "The field is set by the server only.");
}

/* AIP-134: no mask means the fields that are populated. */
static step imply_mask(struct call *c, const struct resource *resource,
                       const ProtobufCMessage *message, resource_set *out)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        size_t at = find(resource, field->name);
        bool is_meant = at < resource->field_count &&
                        resource->fields[at].behavior == FIELD_CHANGEABLE &&
                        proto_field_is_populated(message, field);
        *out |= is_meant ? 1U << at : 0;
    }
    return *out != 0 ? STEP_NEXT
                     : call_bad_field(c, MASK, "It must name the fields to change: none is set.");
}

step resource_read_mask(struct call *c, const struct resource *resource, const void *message,
                        const Google__Protobuf__FieldMask *mask, resource_set *out)
{
    *out = 0;
    if (message == NULL) {
        return call_bad_field(c, resource->name, "It is required.");
    }
    CH_ASSERT(((const ProtobufCMessage *)message)->descriptor == resource->message);
    if (mask == NULL || mask->n_paths == 0) {
        return imply_mask(c, resource, message, out);
    }
    for (size_t i = 0; i < mask->n_paths; i++) {
        if (step_failed(add_path(c, resource, mask->paths[i], i, out)) && !call_may_check_on(c)) {
            break;
        }
    }
    return call_err(c)->reason == R_NONE ? STEP_NEXT : STEP_FAILED;
}

/* --- reading ---------------------------------------------------------------------------------- */

const char **resource_begin_texts(struct call *c, const char *field, size_t count, size_t max,
                                  struct resource_list *list)
{
    if (step_failed(request_count(c, field, count, 0, max))) {
        return NULL;
    }
    const char **texts = ARENA_ARRAY(call_arena(c), const char *, count + 1);
    if (texts == NULL) {
        (void)call_fail(c, R_ARENA_EXHAUSTED, "%s", field);
    }
    *list = (struct resource_list){count, texts};
    return texts;
}

/* The fields that are read together with this one. */
static resource_set same_reader(const struct resource *resource, size_t index)
{
    const struct resource_field *one = &resource->fields[index];
    resource_set same = 1U << index;
    for (size_t i = 0; i < resource->field_count; i++) {
        same |= one->read != NULL && resource->fields[i].read == one->read ? 1U << i : 0;
    }
    return same;
}

/* Go on with a list, up to its end or until it has taken long. */
static step read_list(struct call *c, const struct resource_field *field,
                      struct resource_reading *reading, const void *message, void *row,
                      struct mono_time since)
{
    struct resource_list *list = &reading->list;
    if (list->elements == NULL && step_failed(field->begin(c, message, row, list))) {
        return STEP_FAILED;
    }
    while (reading->next < list->count) {
        if (reading->next > 0 && cursor_should_yield(c, since)) {
            return STEP_NEXT;
        }
        if (step_failed(field->element(c, message, list->elements, reading->next)) &&
            !call_may_check_on(c)) {
            return STEP_FAILED;
        }
        reading->next++;
    }
    *list = (struct resource_list){0};
    reading->next = 0;
    return STEP_NEXT;
}

step resource_read(struct call *c, const struct resource *resource,
                   struct resource_reading *reading, const void *message, void *row, step_fn self)
{
    struct mono_time since = clock_mono();
    for (size_t i = 0; i < resource->field_count; i++) {
        const struct resource_field *field = &resource->fields[i];
        if ((reading->left & 1U << i) == 0) {
            continue;
        }
        if (step_failed(field->read != NULL ? field->read(c, message, row)
                                            : read_list(c, field, reading, message, row, since)) &&
            !call_may_check_on(c)) {
            return STEP_FAILED;
        }
        if (reading->list.elements != NULL) {
            return call_yield(c, self);
        }
        reading->left &= ~same_reader(resource, i);
    }
    return call_err(c)->reason == R_NONE ? STEP_NEXT : STEP_FAILED;
}
