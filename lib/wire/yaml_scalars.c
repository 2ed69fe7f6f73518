/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/suggestion.h"
#include "wire/yaml_reader.h"

enum { WHAT_BYTES = 160 /* an error has not much more */ };

rc yaml_bad(const struct yaml_reader *r, const yaml_node_t *node, const char *what,
            const char *name)
{
    FAIL(r->err, R_CONFIG_INVALID, "line %zu: %s %s", node->start_mark.line + 1, name, what);
}

const char *yaml_scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

/* Of what stands at a byte of the text, which is not UTF-8 there. */
static size_t line_at(struct slice text, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset && i < text.len; i++) {
        line += text.ptr[i] == '\n';
    }
    return line;
}

rc yaml_not_read(const struct yaml_reader *r, const yaml_parser_t *parser)
{
    bool is_bytes = parser->error == YAML_READER_ERROR;
    size_t line =
        is_bytes ? line_at(r->text, parser->problem_offset) : parser->problem_mark.line + 1;
    FAIL(r->err, R_CONFIG_INVALID, "line %zu: not YAML: %s", line,
         parser->problem == NULL ? "unreadable" : parser->problem);
}

/* Of a node that is known to be a scalar. */
static const char *text_of(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

static rc read_bool(struct yaml_reader *r, const yaml_node_t *node, const char *name,
                    protobuf_c_boolean *out)
{
    const char *text = text_of(node);
    bool is_true = strcmp(text, "true") == 0;
    if (!is_true && strcmp(text, "false") != 0) {
        return yaml_bad(r, node, "must be true or false", name);
    }
    *out = is_true;
    return OK;
}

static rc read_integer(struct yaml_reader *r, const yaml_node_t *node, const char *name,
                       int64_t least, uint64_t most, void *out, size_t size)
{
    const char *text = text_of(node);
    char *end = NULL;
    bool is_negative = text[0] == '-';
    errno = 0;
    uint64_t value = is_negative ? (uint64_t)strtoll(text, &end, 10) : strtoull(text, &end, 10);
    bool is_in_range = is_negative ? (int64_t)value >= least : value <= most;
    if (end == text || *end != '\0' || errno != 0 || !is_in_range) {
        return yaml_bad(r, node, "must be a whole number in range", name);
    }
    memcpy(out, &value, size); /* little-endian, checked by the build */
    return OK;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "read_integer copies the low bytes");

/* What all values of an enumeration begin with, which nobody has to write: the first value is
 * ROLE_UNSPECIFIED or alike (buf lint, ENUM_ZERO_VALUE_SUFFIX). */
static size_t prefix_of(const ProtobufCEnumDescriptor *type)
{
    const char *last = strrchr(type->values[0].name, '_');
    size_t len = last == NULL ? 0 : (size_t)(last - type->values[0].name) + 1;
    for (unsigned i = 0; i < type->n_values; i++) {
        len = strncmp(type->values[i].name, type->values[0].name, len) == 0 ? len : 0;
    }
    return len;
}

/* What it may be comes last, because the room for it is bounded. */
static rc bad_enum(const struct yaml_reader *r, const yaml_node_t *node,
                   const ProtobufCFieldDescriptor *field)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;
    struct suggestion meant = {.word = text_of(node)};
    size_t prefix = prefix_of(type);
    char what[WHAT_BYTES];
    for (unsigned i = 1; i < type->n_values; i++) {
        suggestion_consider(&meant, type->values[i].name + prefix);
        suggestion_consider(&meant, type->values[i].name);
    }
    size_t len = (size_t)snprintf(
        what, sizeof what, "has a value that is not in its enumeration%s%s%s",
        meant.best == NULL ? "" : "; did you mean ", meant.best == NULL ? "" : meant.best,
        meant.best == NULL ? ":" : "? It may be");
    for (unsigned i = 1; i < type->n_values && len < sizeof what; i++) {
        len += (size_t)snprintf(what + len, sizeof what - len, "%s %s", i == 1 ? "" : ",",
                                type->values[i].name + prefix);
    }
    return yaml_bad(r, node, what, field->name);
}

/* "gateway" as well as "ROLE_GATEWAY". */
static rc read_enum(struct yaml_reader *r, const yaml_node_t *node,
                    const ProtobufCFieldDescriptor *field, int *out)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;
    const char *text = text_of(node);
    for (unsigned i = 0; i < type->n_values; i++) {
        const char *name = type->values[i].name;
        size_t len = strlen(name), tail = strlen(text);
        bool is_suffix =
            len > tail && name[len - tail - 1] == '_' && strcasecmp(name + len - tail, text) == 0;
        if (strcmp(name, text) == 0 || is_suffix) {
            *out = type->values[i].value;
            return OK;
        }
    }
    return bad_enum(r, node, field);
}

static rc read_bytes(struct yaml_reader *r, const yaml_node_t *node, const char *name,
                     ProtobufCBinaryData *out)
{
    struct slice bytes;
    if (!base64_decode(r->arena, slice_str(text_of(node)), &bytes, NULL).ok) {
        return yaml_bad(r, node, "must be base64", name);
    }
    out->data = (uint8_t *)(uintptr_t)bytes.ptr;
    out->len = bytes.len;
    return OK;
}

rc yaml_read_scalar(struct yaml_reader *r, const yaml_node_t *node,
                    const ProtobufCFieldDescriptor *field, void *out)
{
    if (yaml_scalar(node) == NULL) {
        return yaml_bad(r, node, "must be a single value", field->name);
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)out = arena_strdup(r->arena, text_of(node));
        ARENA_ENSURE(*(char **)out, r->err);
        return OK;
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(r, node, field->name, out);
    case PROTOBUF_C_TYPE_BOOL:
        return read_bool(r, node, field->name, out);
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(r, node, field, out);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return read_integer(r, node, field->name, INT32_MIN, INT32_MAX, out, 4);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return read_integer(r, node, field->name, 0, UINT32_MAX, out, 4);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return read_integer(r, node, field->name, INT64_MIN, INT64_MAX, out, 8);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return read_integer(r, node, field->name, 0, UINT64_MAX, out, 8);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return yaml_bad(r, node, "is of a kind that can't be written here", field->name);
}
