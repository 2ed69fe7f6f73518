/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/message_members.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/json_name.h"
#include "wire/message_text.h"
#include "wire/yaml_print.h"

static void json_free(json_t **value)
{
    json_decref(*value);
}

static bool is_empty(const json_t *value)
{
    return (json_is_object(value) && json_object_size(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

/* Elements of lists stay, because a list of two is not one of one. Recursion is bounded by our own message
 * types, none of which is recursive. */
/* NOLINTBEGIN(misc-no-recursion) */
static void prune(json_t *value)
{
    const char *name;
    json_t *member;
    void *next;
    size_t i;
    json_object_foreach_safe(value, next, name, member)
    {
        prune(member);
        if (is_empty(member)) {
            json_object_del(value, name);
        }
    }
    json_array_foreach(value, i, member)
    {
        prune(member);
    }
}
/* NOLINTEND(misc-no-recursion) */

static json_t *default_of(const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return json_array();
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return json_object();
    }
    if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES) {
        return json_string("");
    }
    if (field->type == PROTOBUF_C_TYPE_ENUM) {
        return json_string(((const ProtobufCEnumDescriptor *)field->descriptor)->values[0].name);
    }
    return field->type == PROTOBUF_C_TYPE_BOOL ? json_false() : json_integer(0);
}

/* An object of one member, as YAML. */
static const char *print(struct arena *arena, const json_t *object, int depth)
{
    char *text = NULL, *json = json_dumps(object, JSON_COMPACT);
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    CH_ASSERT(json != NULL && file != NULL); /* memory that ends ends the program */
    yaml_print_within(file, json, depth);
    CH_ASSERT(fclose(file) == 0);
    const char *copy = arena_dup(arena, slice_of(text, len));
    free(text);
    free(json);
    return copy;
}

static const char *member(struct arena *arena, const json_t *whole,
                          const ProtobufCFieldDescriptor *field, bool all, int depth)
{
    char name[JSON_NAME_BYTES];
    json_name_of(field->name, name);
    json_t *value = json_object_get(whole, name);
    bool is_member = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (value == NULL && (is_member || !all)) {
        return "";
    }
    AUTO(json_free) json_t *one = json_object();
    json_object_set_new(one, name, value != NULL ? json_incref(value) : default_of(field));
    return print(arena, one, depth);
}

rc message_members(struct arena *arena, const ProtobufCMessage *message, bool all, int depth,
                   const char *const **out, struct err *err)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const char *text, **texts = ARENA_ARRAY(arena, const char *, type->n_fields + 1);
    ARENA_ENSURE(texts, err);
    TRY(message_to_json(arena, message, true, false, &text, err));
    AUTO(json_free) json_t *whole = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    CH_ASSERT(whole != NULL); /* we have written it */
    prune(whole);
    for (unsigned i = 0; i < type->n_fields; i++) {
        texts[i] = member(arena, whole, &type->fields[i], all, depth);
        ARENA_ENSURE(texts[i], err);
    }
    *out = texts;
    return OK;
}
