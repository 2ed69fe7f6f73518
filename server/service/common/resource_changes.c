/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/resource_changes.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/encode.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "service/common/proto_field.h"
#include "wire/message_field.h"
#include "wire/message_text.h"

/* --- values ----------------------------------------------------------------------------------- */

static const char *enum_text(const ProtobufCEnumDescriptor *type, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);
    return value == NULL ? "?" : value->name;
}

static const char *message_text(struct arena *arena, const ProtobufCMessage *message)
{
    const char *text = NULL;
    if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        char time[RFC3339_BYTES];
        clock_rfc3339(((const Google__Protobuf__Timestamp *)message)->seconds * 1000000, time);
        return arena_strdup(arena, time);
    }
    return message_to_json(arena, message, false, false, &text, NULL).ok ? text : NULL;
}

/* One value, or one element of a list; NULL over budget. */
static const char *value_text(struct arena *arena, const ProtobufCFieldDescriptor *field,
                              const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return *(const char *const *)at;
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *bytes = at;
        return hex_dup(arena, slice_of(bytes->data, bytes->len));
    }
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)at ? "true" : "false";
    case PROTOBUF_C_TYPE_ENUM:
        return enum_text(field->descriptor, *(const int *)at);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return arena_printf(arena, "%" PRId32, *(const int32_t *)at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return arena_printf(arena, "%" PRIu32, *(const uint32_t *)at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return arena_printf(arena, "%" PRId64, *(const int64_t *)at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return arena_printf(arena, "%" PRIu64, *(const uint64_t *)at);
    case PROTOBUF_C_TYPE_FLOAT:
        return arena_printf(arena, "%a", (double)*(const float *)at);
    case PROTOBUF_C_TYPE_DOUBLE:
        return arena_printf(arena, "%a", *(const double *)at);
    case PROTOBUF_C_TYPE_MESSAGE:
        return message_text(arena, *(const ProtobufCMessage *const *)at);
    }
    return NULL;
}

static const void *value_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (const char *)message + field->offset;
}

/* Whether there is a value at all, as opposed to its type's default. */
static bool is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return message != NULL && proto_field_is_populated(message, field);
}

/* --- fields ----------------------------------------------------------------------------------- */

/* No message of ours holds itself, so this ends. */
/* NOLINTBEGIN(misc-no-recursion) */

static struct text_list list_texts(struct approval_changes *changes,
                                   const ProtobufCMessage *message,
                                   const ProtobufCFieldDescriptor *field)
{
    if (!is_set(message, field)) {
        return (struct text_list){NULL, 0};
    }
    size_t count =
        *(const size_t *)(const void *)((const char *)message + field->quantifier_offset);
    const char *elements = *(const char *const *)value_at(message, field);
    const char **texts = ARENA_ARRAY(changes->arena, const char *, count + 1);
    for (size_t i = 0; texts != NULL && i < count; i++) {
        texts[i] = value_text(changes->arena, field, elements + i * message_value_size(field));
        changes->failed = changes->failed || texts[i] == NULL;
    }
    changes->failed = changes->failed || texts == NULL;
    return changes->failed ? (struct text_list){NULL, 0} : (struct text_list){texts, count};
}

/* A message of our own that is one value stands for its fields. */
static bool has_parts(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           field->descriptor != &google__protobuf__timestamp__descriptor;
}

static const ProtobufCMessage *part_of(const ProtobufCMessage *message,
                                       const ProtobufCFieldDescriptor *field)
{
    return is_set(message, field) ? *(const ProtobufCMessage *const *)value_at(message, field)
                                  : NULL;
}

static bool is_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* What isn't there is shown as nothing; a default is shown where there is another value now. */
static const char *field_text(struct approval_changes *changes, const ProtobufCMessage *message,
                              const ProtobufCFieldDescriptor *field)
{
    bool may_be_null = is_oneof(field) || field->type == PROTOBUF_C_TYPE_MESSAGE;
    return message == NULL || (may_be_null && !is_set(message, field))
               ? ""
               : value_text(changes->arena, field, value_at(message, field));
}

static void add_field(struct approval_changes *changes, const char *path,
                      const ProtobufCFieldDescriptor *field, const ProtobufCMessage *before,
                      const ProtobufCMessage *after);

static void add_parts(struct approval_changes *changes, const char *path,
                      const ProtobufCMessageDescriptor *type, const ProtobufCMessage *before,
                      const ProtobufCMessage *after)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const char *name = arena_printf(changes->arena, "%s.%s", path, type->fields[i].name);
        changes->failed = changes->failed || name == NULL;
        if (!changes->failed) {
            add_field(changes, name, &type->fields[i], before, after);
        }
    }
}

static void add_field(struct approval_changes *changes, const char *path,
                      const ProtobufCFieldDescriptor *field, const ProtobufCMessage *before,
                      const ProtobufCMessage *after)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        struct text_list was = list_texts(changes, before, field);
        approval_changes_add_texts(changes, path, was, list_texts(changes, after, field));
    } else if (has_parts(field)) {
        add_parts(changes, path, field->descriptor, part_of(before, field), part_of(after, field));
    } else if (is_set(before, field) || is_set(after, field)) {
        const char *was = field_text(changes, before, field);
        approval_changes_add(changes, path, was, field_text(changes, after, field));
    }
}

/* NOLINTEND(misc-no-recursion) */

/* --- resources -------------------------------------------------------------------------------- */

static bool may_be_set(const struct resource *resource, const char *field, resource_set except)
{
    resource_set bit = resource_field(resource, field);
    for (size_t i = 0; i < resource->field_count; i++) {
        enum field_behavior behavior = resource->fields[i].behavior;
        if ((bit & 1U << i) != 0 &&
            (behavior == FIELD_OUTPUT_ONLY || behavior == FIELD_BY_METHOD)) {
            return false;
        }
    }
    return (bit & except) == 0;
}

void resource_changes_add(struct approval_changes *changes, const struct resource *resource,
                          const void *before, const void *after, resource_set except)
{
    for (unsigned i = 0; i < resource->message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &resource->message->fields[i];
        const char *path = arena_printf(changes->arena, "%s.%s", resource->name, field->name);
        changes->failed = changes->failed || path == NULL;
        if (!changes->failed && may_be_set(resource, field->name, except)) {
            add_field(changes, path, field, before, after);
        }
    }
}
