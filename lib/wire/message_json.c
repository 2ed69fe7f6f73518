/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/encode.h"
#include "base/utf8.h"
#include "chancery/v1/common.pb-c.h"
#include "methods.h"
#include "wire/json_forms.h"
#include "wire/json_name.h"
#include "wire/message_field.h"
#include "wire/message_text.h"

enum { INDENT = 2 };

struct writer {
    struct buf out;
    bool for_people;
    bool all;
    unsigned depth;
};

/* --- layout ----------------------------------------------------------------------------------- */

static void begin_line(struct writer *w)
{
    if (w->for_people) {
        buf_printf(&w->out, "\n%*s", (int)(w->depth * INDENT), "");
    }
}

static void open(struct writer *w, char bracket)
{
    buf_add_byte(&w->out, (uint8_t)bracket);
    w->depth++;
}

/* `count`: what was written between the brackets. */
static void close(struct writer *w, char bracket, size_t count)
{
    w->depth--;
    if (count > 0) {
        begin_line(w);
    }
    buf_add_byte(&w->out, (uint8_t)bracket);
}

static void begin_item(struct writer *w, size_t *count)
{
    if ((*count)++ > 0) {
        buf_add_byte(&w->out, ',');
    }
    begin_line(w);
}

static void write_name(struct writer *w, const char *name)
{
    buf_add_json_text(&w->out, name);
    buf_add_str(&w->out, w->for_people ? ": " : ":");
}

/* --- values ----------------------------------------------------------------------------------- */

enum { RIGHT_PREFIX = sizeof "RIGHT_" - 1 };

static void write_enum(struct writer *w, const ProtobufCFieldDescriptor *field, int value)
{
    const ProtobufCEnumValue *found =
        protobuf_c_enum_descriptor_get_value(field->descriptor, value);
    if (found == NULL) {
        buf_printf(&w->out, "%d", value);
        return;
    }
    bool is_right = w->for_people && field->descriptor == &chancery__v1__right__descriptor;
    buf_add_json_text(&w->out, found->name + (is_right ? RIGHT_PREFIX : 0));
}

static void write_bytes(struct writer *w, const ProtobufCBinaryData *bytes)
{
    buf_add_byte(&w->out, '"');
    char *at = (char *)buf_extend(&w->out, base64_length(bytes->len));
    if (at != NULL) {
        base64_encode(slice_of(bytes->data, bytes->len), at);
    }
    buf_add_byte(&w->out, '"');
}

/* Recursion is bounded by our own message types, none of which is recursive. */
/* NOLINTBEGIN(misc-no-recursion) */
static void write_message(struct writer *w, const ProtobufCMessage *message);

static void write_value(struct writer *w, const ProtobufCFieldDescriptor *field, const void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        buf_add_json_text(&w->out, *(char *const *)value);
        return;
    case PROTOBUF_C_TYPE_BYTES:
        write_bytes(w, value);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        buf_add_str(&w->out, *(const protobuf_c_boolean *)value ? "true" : "false");
        return;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(w, field, *(const int *)value);
        return;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        buf_printf(&w->out, "%" PRId32, *(const int32_t *)value);
        return;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        buf_printf(&w->out, "%" PRIu32, *(const uint32_t *)value);
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        buf_printf(&w->out, "\"%" PRId64 "\"", *(const int64_t *)value);
        return;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        buf_printf(&w->out, "\"%" PRIu64 "\"", *(const uint64_t *)value);
        return;
    case PROTOBUF_C_TYPE_FLOAT:
        buf_printf(&w->out, "%.9g", (double)*(const float *)value);
        return;
    case PROTOBUF_C_TYPE_DOUBLE:
        buf_printf(&w->out, "%.17g", *(const double *)value);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        write_message(w, *(ProtobufCMessage *const *)value);
        return;
    }
}

static void write_list(struct writer *w, const ProtobufCFieldDescriptor *field,
                       const uint8_t *items, size_t n)
{
    size_t count = 0;
    open(w, '[');
    for (size_t i = 0; i < n; i++) {
        begin_item(w, &count);
        write_value(w, field, items + i * message_value_size(field));
    }
    close(w, ']', count);
}

/* A map's entry is a message of a key, which is a text, and a value. */
static void write_map(struct writer *w, const ProtobufCMessage *const *entries, size_t n)
{
    size_t count = 0;
    open(w, '{');
    for (size_t i = 0; i < n; i++) {
        const ProtobufCFieldDescriptor *fields = entries[i]->descriptor->fields;
        const uint8_t *base = (const uint8_t *)entries[i];
        begin_item(w, &count);
        write_name(w, *(char *const *)(base + fields[0].offset));
        write_value(w, &fields[1], base + fields[1].offset);
    }
    close(w, '}', count);
}

/* --- fields ----------------------------------------------------------------------------------- */

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

static size_t count_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    size_t count;
    memcpy(&count, (const uint8_t *)message + field->quantifier_offset, sizeof count);
    return count;
}

static bool is_written(const struct writer *w, const ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field)
{
    const uint8_t *base = (const uint8_t *)message;
    const void *value = base + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return w->for_people || w->all || count_of(message, field) > 0;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t kind;
        memcpy(&kind, base + field->quantifier_offset, sizeof kind);
        return kind == field->id;
    }
    bool is_absent = field->type == PROTOBUF_C_TYPE_MESSAGE && *(void *const *)value == NULL;
    return !is_absent && (w->all || !is_default(field, value));
}

static bool is_map(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *type = field->descriptor;
    return field->type == PROTOBUF_C_TYPE_MESSAGE && proto_is_map_entry(type->name);
}

static void write_field(struct writer *w, const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field)
{
    const uint8_t *value = (const uint8_t *)message + field->offset;
    char name[JSON_NAME_BYTES];
    json_name_of(field->name, name);
    write_name(w, name);
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        write_value(w, field, value);
        return;
    }
    const void *items = *(void *const *)value;
    size_t n = count_of(message, field);
    if (is_map(field)) {
        write_map(w, items, n);
    } else {
        write_list(w, field, items, n);
    }
}

static void write_message(struct writer *w, const ProtobufCMessage *message)
{
    const struct json_form *form = json_form_of(message->descriptor);
    size_t count = 0;
    if (form != NULL) {
        buf_add_byte(&w->out, '"');
        form->write(message, &w->out);
        buf_add_byte(&w->out, '"');
        return;
    }
    open(w, '{');
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (is_written(w, message, field)) {
            begin_item(w, &count);
            write_field(w, message, field);
        }
    }
    close(w, '}', count);
}
/* NOLINTEND(misc-no-recursion) */

rc message_to_json(struct arena *arena, const ProtobufCMessage *message, bool pretty, bool all,
                   const char **out, struct err *err)
{
    struct writer w = {.for_people = pretty, .all = all};
    struct slice text;
    buf_init(&w.out, arena);
    /* Twice the packed size holds most; then nothing is copied while it grows. */
    (void)buf_extend(&w.out, 2 * protobuf_c_message_get_packed_size(message));
    w.out.len = 0;
    write_message(&w, message);
    buf_add_byte(&w.out, '\0');
    TRY(buf_finish(&w.out, &text, err));
    *out = utf8_escaped(arena, (const char *)text.ptr, UTF8_JSON);
    ARENA_ENSURE(*out, err);
    return OK;
}
