/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "wire/message_field.h"
#include "wire/message_text.h"

struct writer {
    struct arena *arena;
    bool all;
};

/* Recursion is bounded by our own message types, none of which is recursive. */
/* NOLINTBEGIN(misc-no-recursion) */
static json_t *write_message(const struct writer *w, const ProtobufCMessage *message);

static json_t *write_time(const ProtobufCMessage *message)
{
    char text[RFC3339_BYTES];
    const Google__Protobuf__Timestamp *time = (const void *)message;
    clock_rfc3339(time->seconds * 1000000 + time->nanos / 1000, text);
    return json_string(text);
}

static json_t *write_signed(int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return json_string(text);
}

static json_t *write_unsigned(uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    return json_string(text);
}

static json_t *write_enum(const ProtobufCFieldDescriptor *field, int value)
{
    const ProtobufCEnumValue *found =
        protobuf_c_enum_descriptor_get_value(field->descriptor, value);
    return found == NULL ? json_integer(value) : json_string(found->name);
}

static json_t *write_bytes(const struct writer *w, const ProtobufCBinaryData *bytes)
{
    const char *text = base64_dup(w->arena, slice_of(bytes->data, bytes->len));
    return text == NULL ? NULL : json_string(text);
}

static json_t *write_value(const struct writer *w, const ProtobufCFieldDescriptor *field,
                           const void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return json_string(*(char *const *)value);
    case PROTOBUF_C_TYPE_BYTES:
        return write_bytes(w, value);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)value);
    case PROTOBUF_C_TYPE_ENUM:
        return write_enum(field, *(const int *)value);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return json_integer(*(const int32_t *)value);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return json_integer(*(const uint32_t *)value);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return write_signed(*(const int64_t *)value);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return write_unsigned(*(const uint64_t *)value);
    case PROTOBUF_C_TYPE_FLOAT:
        return json_real((double)*(const float *)value);
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_real(*(const double *)value);
    case PROTOBUF_C_TYPE_MESSAGE:
        return write_message(w, *(ProtobufCMessage *const *)value);
    }
    return NULL;
}

static json_t *write_repeated(const struct writer *w, const ProtobufCFieldDescriptor *field,
                              const uint8_t *items, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, write_value(w, field, items + i * message_value_size(field)));
    }
    return array;
}

/* Whether a field without presence of its own says nothing. */
static bool is_default(const ProtobufCFieldDescriptor *field, const void *value)
{
    static const uint8_t zeros[8];
    const ProtobufCBinaryData *bytes = value;
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return (*(char *const *)value)[0] == '\0';
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        return bytes->len == 0;
    }
    return memcmp(value, zeros, message_value_size(field)) == 0;
}

/* protobuf's JSON name: authority_url → authorityUrl. */
static void json_name(const char *name, char out[64])
{
    size_t len = 0;
    for (bool up = false; *name != '\0' && len < 63; name++) {
        if (*name == '_') {
            up = true;
            continue;
        }
        out[len++] = up ? (char)toupper((unsigned char)*name) : *name;
        up = false;
    }
    out[len] = '\0';
}

static void write_field(const struct writer *w, const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field, json_t *object)
{
    const uint8_t *base = (const uint8_t *)message;
    const void *value = base + field->offset;
    char name[64];
    json_name(field->name, name);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count;
        memcpy(&count, base + field->quantifier_offset, sizeof count);
        if (count > 0 || w->all) {
            json_object_set_new(object, name,
                                write_repeated(w, field, *(uint8_t *const *)value, count));
        }
        return;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t kind;
        memcpy(&kind, base + field->quantifier_offset, sizeof kind);
        if (kind == field->id) {
            json_object_set_new(object, name, write_value(w, field, value));
        }
        return;
    }
    bool is_absent = field->type == PROTOBUF_C_TYPE_MESSAGE && *(void *const *)value == NULL;
    if (!is_absent && (w->all || !is_default(field, value))) {
        json_object_set_new(object, name, write_value(w, field, value));
    }
}

static json_t *write_message(const struct writer *w, const ProtobufCMessage *message)
{
    if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        return write_time(message);
    }
    json_t *object = json_object();
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        write_field(w, message, &message->descriptor->fields[i], object);
    }
    return object;
}

rc message_to_json(struct arena *arena, const ProtobufCMessage *message, bool pretty, bool all,
                   const char **out, struct err *err)
{
    struct writer w = {arena, all};
    json_t *value = write_message(&w, message);
    char *text = json_dumps(value, pretty ? JSON_INDENT(2) : JSON_COMPACT);
    json_decref(value);
    ENSURE(text != NULL, err, R_ARENA_EXHAUSTED);
    const char *own = arena_strdup(arena, text);
    free(text);
    ARENA_ENSURE(own, err);
    *out = utf8_escaped(arena, own, UTF8_JSON);
    ARENA_ENSURE(*out, err);
    return OK;
}
/* NOLINTEND(misc-no-recursion) */
