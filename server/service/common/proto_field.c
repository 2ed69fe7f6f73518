/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/proto_field.h"

#include <string.h>

#include "base/err.h"
#include "wire/message_field.h"

const ProtobufCFieldDescriptor *proto_field_named(const ProtobufCMessageDescriptor *type,
                                                  const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(type, name);
    CH_ASSERT(field != NULL);
    return field;
}

static bool holds(const ProtobufCFieldDescriptor *field, const ProtobufCMessageDescriptor *of)
{
    return of == NULL ? field->type == PROTOBUF_C_TYPE_STRING
                      : field->type == PROTOBUF_C_TYPE_MESSAGE && field->descriptor == of;
}

const ProtobufCFieldDescriptor *proto_field_of(const ProtobufCMessageDescriptor *type,
                                               bool is_repeated,
                                               const ProtobufCMessageDescriptor *of)
{
    const ProtobufCFieldDescriptor *found = NULL;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if ((field->label == PROTOBUF_C_LABEL_REPEATED) == is_repeated && holds(field, of)) {
            CH_ASSERT(found == NULL);
            found = field;
        }
    }
    CH_ASSERT(found != NULL);
    return found;
}

void *proto_field_at(void *message, const ProtobufCFieldDescriptor *field)
{
    return (char *)message + field->offset;
}

size_t *proto_field_count_at(void *message, const ProtobufCFieldDescriptor *field)
{
    return (size_t *)(void *)((char *)message + field->quantifier_offset);
}

bool proto_field_is_populated(const ProtobufCMessage *message,
                              const ProtobufCFieldDescriptor *field)
{
    static const uint8_t zero[sizeof(uint64_t)];
    const void *value = (const char *)message + field->offset;
    const void *quantifier = (const char *)message + field->quantifier_offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return *(const size_t *)quantifier > 0;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        return *(const uint32_t *)quantifier == field->id;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(const char *const *)value;
        return text != NULL && text[0] != '\0';
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        return ((const ProtobufCBinaryData *)value)->len > 0;
    }
    return memcmp(value, zero, message_value_size(field)) != 0;
}
