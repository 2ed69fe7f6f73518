/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/fields.h"

#include <stdlib.h>
#include <string.h>

#include "chancery/v1/common.pb-c.h"
#include "wire/message_field.h"
#include "wire/message_members.h"

static void *at(const ProtobufCMessage *message, unsigned offset)
{
    return (char *)(uintptr_t)message + offset;
}

static size_t count_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return *(const size_t *)at(message, field->quantifier_offset);
}

static bool is_repeated(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

/* Whether a oneof has another member. */
static bool is_other_member(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
           *(const uint32_t *)at(message, field->quantifier_offset) != field->id;
}

const ProtobufCFieldDescriptor *field_named(const ProtobufCMessage *message, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
}

static bool is_text(const ProtobufCFieldDescriptor *field)
{
    return field != NULL && field->type == PROTOBUF_C_TYPE_STRING && !is_repeated(field);
}

char *field_text(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = field_named(message, name);
    return is_text(field) && !is_other_member(message, field) ? *(char **)at(message, field->offset)
                                                              : text_field("");
}

void field_set_text(ProtobufCMessage *message, const char *name, const char *text)
{
    const ProtobufCFieldDescriptor *field = field_named(message, name);
    if (is_text(field)) {
        *(char **)at(message, field->offset) = text_field(text);
    }
}

void field_take(ProtobufCMessage *message, const ProtobufCMessage *from,
                const ProtobufCFieldDescriptor *field)
{
    bool is_member = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    size_t size = is_repeated(field) ? sizeof(void *) : message_value_size(field);
    memcpy(at(message, field->offset), at(from, field->offset), size);
    if (is_repeated(field)) {
        memcpy(at(message, field->quantifier_offset), at(from, field->quantifier_offset),
               sizeof(size_t));
    } else if (is_member) {
        memcpy(at(message, field->quantifier_offset), at(from, field->quantifier_offset),
               sizeof(uint32_t));
    }
}

ProtobufCMessage **field_messages(const ProtobufCMessage *answer,
                                  const ProtobufCMessageDescriptor *type, size_t *count)
{
    *count = 0;
    for (unsigned i = 0; i < answer->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &answer->descriptor->fields[i];
        if (field->descriptor != type) {
            continue;
        }
        if (is_repeated(field)) {
            *count = count_of(answer, field);
            return *(ProtobufCMessage ***)at(answer, field->offset);
        }
        ProtobufCMessage **only = at(answer, field->offset);
        *count = *only == NULL ? 0 : 1;
        return only;
    }
    return NULL;
}

/* --- keys ------------------------------------------------------------------------------------- */

static const char *key_part(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = field_named(message, name);
    CH_ASSERT(field != NULL);
    if (field->type == PROTOBUF_C_TYPE_ENUM) {
        const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
            field->descriptor, *(const int *)at(message, field->offset));
        return value == NULL ? "" : value->name;
    }
    if (field->descriptor == &chancery__v1__localized_text__descriptor) {
        return count_of(message, field) == 0
                   ? ""
                   : (*(Chancery__V1__LocalizedText ***)at(message, field->offset))[0]->text;
    }
    return field_text(message, name);
}

/* An application and a platform of one name are two. */
static const char *named_part(struct session *s, const struct kind *kind, const char *field,
                              const char *part)
{
    bool is_named = kind == &KINDS[KIND_EXCLUSION] && strcmp(field, "user") != 0;
    return is_named && part[0] != '\0' ? arena_printf(s->arena, "%s %s", field, part) : part;
}

const char *field_key(struct session *s, const struct kind *kind, const ProtobufCMessage *message)
{
    const char *key = "";
    for (size_t i = 0; i < KIND_KEY_FIELDS && kind->key[i] != NULL; i++) {
        const char *part = named_part(s, kind, kind->key[i], key_part(message, kind->key[i]));
        CH_ASSERT(part != NULL); /* a session's arena is far larger than what is declared */
        bool is_between = key[0] != '\0' && part[0] != '\0';
        key = arena_printf(s->arena, "%s%s%s", key, is_between ? " " : "", part);
        CH_ASSERT(key != NULL); /* a session's arena is far larger than what is declared */
    }
    return key;
}

/* --- what is declared ------------------------------------------------------------------------- */

bool field_is_declared(const struct kind *kind, const ProtobufCFieldDescriptor *field)
{
    if (strcmp(field->name, "tenant") == 0 || strcmp(field->name, "etag") == 0 ||
        (kind->id != NULL && strcmp(field->name, kind->id) == 0)) {
        return false;
    }
    bool is_output =
        (proto_field_behavior(kind->type->name, field->name) & BEHAVIOR_OUTPUT_ONLY) != 0;
    return !is_output || (kind == &KINDS[KIND_TEMPLATE] && strcmp(field->name, "archived") == 0);
}

static int by_number(const void *one, const void *other)
{
    int a = *(const int *)one, b = *(const int *)other;
    return (a > b) - (a < b);
}

static int by_bytes(const void *one, const void *other)
{
    const ProtobufCBinaryData *a = one, *b = other;
    int order = memcmp(a->data, b->data, a->len < b->len ? a->len : b->len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static void sort_set(int *values, size_t *count)
{
    size_t kept = 1;
    qsort(values, *count, sizeof *values, by_number);
    for (size_t i = 1; i < *count; i++) {
        values[kept] = values[i];
        kept += values[kept] != values[kept - 1] ? 1 : 0;
    }
    *count = kept;
}

static void clear(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if (is_repeated(field)) {
        *(size_t *)at(message, field->quantifier_offset) = 0;
    } else if (is_text(field)) {
        field_set_text(message, field->name, "");
    } else {
        memset(at(message, field->offset), 0, message_value_size(field));
    }
}

/* Call for each message within a message. Recursion is bounded by our own message types, none of which is
 * recursive. */
/* NOLINTBEGIN(misc-no-recursion) */
static void each_inner(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       void (*visit)(ProtobufCMessage *inner))
{
    if (field->type != PROTOBUF_C_TYPE_MESSAGE || is_other_member(message, field)) {
        return;
    }
    bool is_list = is_repeated(field);
    size_t count = is_list ? count_of(message, field) : 1;
    ProtobufCMessage **inner = is_list ? *(ProtobufCMessage ***)at(message, field->offset)
                                       : (ProtobufCMessage **)at(message, field->offset);
    for (size_t i = 0; i < count; i++) {
        if (inner[i] != NULL) {
            visit(inner[i]);
        }
    }
}

static void copy_list(struct session *s, ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field)
{
    void **list = at(message, field->offset);
    size_t size = count_of(message, field) * message_value_size(field);
    void *copy = arena_alloc(s->arena, size + 1);
    CH_ASSERT(copy != NULL); /* a session's arena is far larger than what is declared */
    if (size > 0) {
        memcpy(copy, *list, size);
        *list = copy;
    }
}

ProtobufCMessage *field_copy(struct session *s, const ProtobufCMessage *message)
{
    ProtobufCMessage *copy = arena_alloc(s->arena, message->descriptor->sizeof_message);
    CH_ASSERT(copy != NULL); /* a session's arena is far larger than what is declared */
    memcpy(copy, message, message->descriptor->sizeof_message);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (is_repeated(field)) {
            copy_list(s, copy, field);
        }
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || is_other_member(copy, field)) {
            continue;
        }
        size_t count = is_repeated(field) ? count_of(copy, field) : 1;
        ProtobufCMessage **inner = is_repeated(field)
                                       ? *(ProtobufCMessage ***)at(copy, field->offset)
                                       : (ProtobufCMessage **)at(copy, field->offset);
        for (size_t at_inner = 0; at_inner < count; at_inner++) {
            inner[at_inner] = inner[at_inner] == NULL ? NULL : field_copy(s, inner[at_inner]);
        }
    }
    return copy;
}

void field_each_text(struct session *s, ProtobufCMessage *message,
                     void (*visit)(struct session *s, const ProtobufCMessageDescriptor *type,
                                   const char *field, char **text))
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        bool is_list = is_repeated(field);
        size_t count = is_list ? count_of(message, field) : 1;
        void *values = at(message, field->offset);
        values = is_list ? *(void **)values : values;
        if (is_other_member(message, field)) {
            continue;
        }
        for (size_t k = 0; field->type == PROTOBUF_C_TYPE_STRING && k < count; k++) {
            visit(s, message->descriptor, field->name, (char **)values + k);
        }
        for (size_t k = 0; field->type == PROTOBUF_C_TYPE_MESSAGE && k < count; k++) {
            ProtobufCMessage *inner = ((ProtobufCMessage **)values)[k];
            if (inner != NULL) {
                field_each_text(s, inner, visit);
            }
        }
    }
}

void field_sort_sets(ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (is_repeated(field) && field->type == PROTOBUF_C_TYPE_ENUM &&
            count_of(message, field) > 1) {
            sort_set(*(int **)at(message, field->offset), at(message, field->quantifier_offset));
        }
        if (is_repeated(field) && field->type == PROTOBUF_C_TYPE_BYTES &&
            count_of(message, field) > 1) { /* hashes of certificates */
            qsort(*(void **)at(message, field->offset), count_of(message, field),
                  sizeof(ProtobufCBinaryData), by_bytes);
        }
        each_inner(message, field, field_sort_sets);
    }
}

static void clear_output(ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        unsigned behavior = proto_field_behavior(message->descriptor->name, field->name);
        if ((behavior & BEHAVIOR_OUTPUT_ONLY) != 0 && !is_other_member(message, field)) {
            clear(message, field);
        }
        each_inner(message, field, clear_output);
    }
}

void field_clear_output(ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        each_inner(message, &message->descriptor->fields[i], clear_output);
    }
}

/* NOLINTEND(misc-no-recursion) */

void field_drop_empty(ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        bool is_member = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
        ProtobufCMessage **inner = at(message, field->offset);
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && !is_repeated(field) && !is_member &&
            *inner != NULL && protobuf_c_message_get_packed_size(*inner) == 0) {
            *inner = NULL;
        }
    }
}

const char *const *field_texts(struct session *s, const ProtobufCMessage *message, bool all,
                               int depth)
{
    const char *const *texts = NULL;
    bool is_written = message_members(s->arena, message, all, depth, &texts, NULL).ok;
    CH_ASSERT(is_written); /* a session's arena is far larger than what is declared */
    return texts;
}
