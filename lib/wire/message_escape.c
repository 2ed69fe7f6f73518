/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/utf8.h"
#include "wire/message_field.h"
#include "wire/message_text.h"

/* Recursion is bounded by our own message types, none of which is recursive. */
/* NOLINTBEGIN(misc-no-recursion) */
static rc escape_value(struct arena *arena, const ProtobufCFieldDescriptor *field, void *value,
                       struct err *err)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage *inner = *(ProtobufCMessage **)value;
        return inner == NULL ? OK : message_escape(arena, inner, err);
    }
    if (field->type != PROTOBUF_C_TYPE_STRING) {
        return OK;
    }
    const char **text = value;
    *text = utf8_escaped(arena, *text, UTF8_LINE);
    ARENA_ENSURE(*text, err);
    return OK;
}

/* How many values a field has: one for a field without a list, unless another of its oneof is set. */
static size_t count_of(const ProtobufCFieldDescriptor *field, const uint8_t *base)
{
    size_t count = 1;
    uint32_t kind = field->id;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(&count, base + field->quantifier_offset, sizeof count);
    } else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        memcpy(&kind, base + field->quantifier_offset, sizeof kind);
    }
    return kind == field->id ? count : 0;
}

rc message_escape(struct arena *arena, ProtobufCMessage *message, struct err *err)
{
    uint8_t *base = (uint8_t *)message;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        size_t count = count_of(field, base);
        uint8_t *values = base + field->offset;
        if (count > 0 && field->label == PROTOBUF_C_LABEL_REPEATED) {
            values = *(uint8_t **)values;
        }
        for (size_t at = 0; at < count; at++) {
            TRY(escape_value(arena, field, values + at * message_value_size(field), err));
        }
    }
    return OK;
}
/* NOLINTEND(misc-no-recursion) */
