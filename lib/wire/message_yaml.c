/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/suggestion.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "wire/message_field.h"
#include "wire/message_text.h"
#include "wire/yaml_reader.h"

/* Recursion is bounded by MESSAGE_DEPTH_MAX. */
/* NOLINTBEGIN(misc-no-recursion) */
static rc read_message(struct yaml_reader *r, const yaml_node_t *node,
                       const ProtobufCMessageDescriptor *type, unsigned depth,
                       ProtobufCMessage **out);

static rc bad_field(const struct yaml_reader *r, const yaml_node_t *key,
                    const ProtobufCMessageDescriptor *type)
{
    const char *name = yaml_scalar(key);
    struct suggestion meant = {.word = name == NULL ? "" : name};
    char what[128];
    for (unsigned i = 0; i < type->n_fields; i++) {
        suggestion_consider(&meant, type->fields[i].name);
    }
    snprintf(what, sizeof what, "has a field that is not known%s%s%s",
             meant.best == NULL ? "" : "; did you mean ", meant.best == NULL ? "" : meant.best,
             meant.best == NULL ? "" : "?");
    return yaml_bad(r, key, what, type->short_name);
}

/* RFC 3339: 2026-11-24T12:00:00Z. */
static rc read_timestamp(struct yaml_reader *r, const yaml_node_t *node, const char *name,
                         ProtobufCMessage **out)
{
    struct unix_time read;
    Google__Protobuf__Timestamp *time = ARENA_NEW(r->arena, Google__Protobuf__Timestamp);
    const char *text = yaml_scalar(node);
    ARENA_ENSURE(time, r->err);
    if (text == NULL || !clock_parse_rfc3339(text, &read)) {
        return yaml_bad(r, node, "must be a time that exists, such as 2026-11-24T12:00:00Z", name);
    }
    google__protobuf__timestamp__init(time);
    time->seconds = read.s;
    *out = &time->base;
    return OK;
}

/* --- fields ----------------------------------------------------------------------------------- */

static rc read_value(struct yaml_reader *r, const yaml_node_t *node,
                     const ProtobufCFieldDescriptor *field, unsigned depth, void *out)
{
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return yaml_read_scalar(r, node, field, out);
    }
    if (field->descriptor == &google__protobuf__timestamp__descriptor) {
        return read_timestamp(r, node, field->name, out);
    }
    return read_message(r, node, field->descriptor, depth + 1, out);
}

static rc read_repeated(struct yaml_reader *r, const yaml_node_t *node,
                        const ProtobufCFieldDescriptor *field, unsigned depth,
                        ProtobufCMessage *message)
{
    uint8_t *base = (uint8_t *)message;
    if (node->type != YAML_SEQUENCE_NODE) {
        return yaml_bad(r, node, "must be a list", field->name);
    }
    size_t count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    size_t size = message_value_size(field);
    uint8_t *items = arena_array(r->arena, count + 1, size);
    ARENA_ENSURE(items, r->err);
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *item =
            yaml_document_get_node(r->document, node->data.sequence.items.start[i]);
        TRY(read_value(r, item, field, depth, items + i * size));
    }
    memcpy(base + field->offset, &items, sizeof items);
    memcpy(base + field->quantifier_offset, &count, sizeof count);
    return OK;
}

static rc read_field(struct yaml_reader *r, const yaml_node_t *node,
                     const ProtobufCFieldDescriptor *field, unsigned depth,
                     ProtobufCMessage *message)
{
    uint8_t *base = (uint8_t *)message;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return read_repeated(r, node, field, depth, message);
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t kind = 0;
        memcpy(&kind, base + field->quantifier_offset, sizeof kind);
        if (kind != 0) {
            return yaml_bad(r, node, "excludes another field that is set", field->name);
        }
        memcpy(base + field->quantifier_offset, &field->id, sizeof field->id);
    }
    return read_value(r, node, field, depth, base + field->offset);
}

static rc read_message(struct yaml_reader *r, const yaml_node_t *node,
                       const ProtobufCMessageDescriptor *type, unsigned depth,
                       ProtobufCMessage **out)
{
    uint64_t seen[4] = {0}; /* bit per field index: YAML allows a key twice, we don't */
    if (node->type != YAML_MAPPING_NODE || depth > MESSAGE_DEPTH_MAX) {
        return yaml_bad(r, node, "must be a mapping of fields", type->short_name);
    }
    ProtobufCMessage *message = arena_zalloc(r->arena, type->sizeof_message);
    ARENA_ENSURE(message, r->err);
    protobuf_c_message_init(type, message);
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(r->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(r->document, pair->value);
        const char *name = yaml_scalar(key);
        const ProtobufCFieldDescriptor *field =
            name == NULL ? NULL : protobuf_c_message_descriptor_get_field_by_name(type, name);
        if (field == NULL) {
            return bad_field(r, key, type);
        }
        size_t index = (size_t)(field - type->fields);
        if (index >= 256 || (seen[index / 64] & 1ULL << index % 64) != 0) {
            return yaml_bad(r, key, "is given twice", name);
        }
        seen[index / 64] |= 1ULL << index % 64;
        TRY(read_field(r, value, field, depth, message));
    }
    *out = message;
    return OK;
}

/* Of several documents none is taken for what the writer meant. */
static rc read_end(struct yaml_reader *r, yaml_parser_t *parser)
{
    if (yaml_parser_load(parser, r->document) == 0) {
        return yaml_not_read(r, parser);
    }
    bool is_end = yaml_document_get_root_node(r->document) == NULL;
    yaml_document_delete(r->document);
    if (!is_end) {
        FAIL(r->err, R_CONFIG_INVALID, "a text holds one document, and this one holds more");
    }
    return OK;
}

rc yaml_read_message(struct yaml_reader *r, const yaml_node_t *node,
                     const ProtobufCMessageDescriptor *type, ProtobufCMessage **out)
{
    return read_message(r, node, type, 0, out);
}

static rc read_document(struct yaml_reader *r, yaml_parser_t *parser,
                        const ProtobufCMessageDescriptor *type, ProtobufCMessage **out)
{
    if (yaml_parser_load(parser, r->document) == 0) {
        return yaml_not_read(r, parser);
    }
    const yaml_node_t *root = yaml_document_get_root_node(r->document);
    rc result = root == NULL
                    ? err_raise(r->err, R_CONFIG_INVALID, __FILE__, __LINE__, "the text is empty")
                    : read_message(r, root, type, 0, out);
    yaml_document_delete(r->document);
    return result;
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* JSON may write a character beyond U+FFFF as two escapes (RFC 8259 §7), YAML as one only. */
static rc join_pairs(struct arena *arena, struct slice text, struct slice *out, struct err *err)
{
    char *copy = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    ARENA_ENSURE(copy, err);
    for (size_t at = 0; at < text.len;) {
        struct slice rest = slice_cut(text, at, text.len);
        int high = utf16_escaped_unit(rest);
        int low = utf16_is_high(high)
                      ? utf16_escaped_unit(slice_cut(rest, UTF16_ESCAPE_BYTES, rest.len))
                      : -1;
        if (utf16_is_low(low)) {
            uint32_t point = 0x10000 + (((uint32_t)high & 0x3ff) << 10 | ((uint32_t)low & 0x3ff));
            len += (size_t)snprintf(copy + len, 2 * UTF16_ESCAPE_BYTES, "\\U%08x", point);
            at += 2 * (size_t)UTF16_ESCAPE_BYTES;
            continue;
        }
        size_t step = text.ptr[at] == '\\' && at + 1 < text.len ? 2 : 1; /* "\\u" is no escape */
        memcpy(copy + len, text.ptr + at, step);
        len += step;
        at += step;
    }
    *out = slice_of(copy, len);
    return OK;
}

static bool is_json(struct slice text)
{
    size_t at = 0;
    while (at < text.len && strchr(" \t\r\n", text.ptr[at]) != NULL && text.ptr[at] != '\0') {
        at++;
    }
    return at < text.len && text.ptr[at] == '{';
}

rc message_from_yaml(struct arena *arena, const ProtobufCMessageDescriptor *type, struct slice text,
                     ProtobufCMessage **out, struct err *err)
{
    yaml_parser_t parser;
    yaml_document_t document;
    struct yaml_reader r = {.arena = arena, .document = &document, .err = err};
    ENSURE(text.len <= MESSAGE_TEXT_MAX, err, R_CONFIG_INVALID);
    if (is_json(text)) {
        TRY(join_pairs(arena, text, &text, err));
    }
    r.text = text;
    TRY(yaml_check_depth(&r));
    CH_ASSERT(yaml_parser_initialize(&parser) == 1);
    yaml_parser_set_input_string(&parser, text.ptr, text.len);
    rc result = read_document(&r, &parser, type, out);
    if (result.ok) {
        result = read_end(&r, &parser);
    }
    yaml_parser_delete(&parser);
    return result;
}
/* NOLINTEND(misc-no-recursion) */
