/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "wire/json_name.h"
#include "wire/json_reader.h"
#include "wire/pb_write.h"

const char JSON_READER_ENDS[] = "Here the text stops being JSON.";

/* --- what is wrong ---------------------------------------------------------------------------- */

size_t json_reader_path(struct json_reader *r)
{
    size_t at = 0;
    char *path = r->flaw->path;
    for (size_t i = 0; i < r->depth && at < PB_PATH_MAX; i++) {
        const struct json_place *place = &r->places[i];
        const char *dot = i == 0 ? "" : ".";
        bool is_list = place->field->label == PROTOBUF_C_LABEL_REPEATED;
        int n = is_list ? snprintf(path + at, PB_PATH_MAX - at, "%s%s[%zu]", dot,
                                   place->field->name, place->index)
                        : snprintf(path + at, PB_PATH_MAX - at, "%s%s", dot, place->field->name);
        at += (size_t)n;
    }
    return at;
}

rc json_reader_malformed(struct json_reader *r, const char *why)
{
    (void)json_reader_path(r);
    r->flaw->why = why;
    FAIL(r->err, R_JSON_MALFORMED, "%s: %s", r->flaw->path, why);
}

rc json_reader_invalid(struct json_reader *r, const char *why)
{
    if (r->in.at == r->in.end) {
        return json_reader_malformed(r, JSON_READER_ENDS); /* cut short before anything else */
    }
    (void)json_reader_path(r);
    r->flaw->why = why;
    FAIL(r->err, R_FIELD_INVALID, "%s: %s", r->flaw->path, why);
}

static const char BAD_STRING[] =
    "It must be a text, with escapes that JSON has, of whole characters.";

/* --- texts ------------------------------------------------------------------------------------ */

rc json_reader_text(struct json_reader *r, struct slice *out)
{
    struct json_string string;
    size_t len = 0;
    if (!json_lexer_take_string(&r->in, &string)) {
        return json_lexer_peek(&r->in) == '"' ? json_reader_malformed(r, JSON_READER_ENDS)
                                              : json_reader_invalid(r, BAD_STRING);
    }
    *out = string.raw;
    if (!string.has_escapes) {
        return OK;
    }
    uint8_t *copy = arena_alloc(r->arena, string.raw.len + 1);
    ARENA_ENSURE(copy, r->err);
    if (!json_lexer_unescape(string.raw, copy, &len)) {
        return json_reader_malformed(r, BAD_STRING);
    }
    *out = slice_of(copy, len);
    return OK;
}

static rc read_string(struct json_reader *r, const ProtobufCFieldDescriptor *field)
{
    struct slice text;
    TRY(json_reader_text(r, &text));
    pb_write_bytes(&r->out, field->id, text);
    return OK;
}

static rc read_bytes(struct json_reader *r, const ProtobufCFieldDescriptor *field)
{
    struct slice text;
    size_t len = 0;
    TRY(json_reader_text(r, &text));
    size_t opened = pb_write_open(&r->out, field->id);
    size_t cap = text.len / 4 * 3 + 3;
    uint8_t *bytes = buf_extend(&r->out, cap);
    ARENA_ENSURE(bytes, r->err);
    if (!base64_decode_any_to(text, bytes, cap, &len, NULL).ok) {
        return json_reader_invalid(r, "It must be base64.");
    }
    r->out.len -= cap - len;
    pb_write_close(&r->out, opened);
    return OK;
}

/* --- numbers ---------------------------------------------------------------------------------- */

static const char BAD_NUMBER[] = "It must be a whole number in range.";

struct integer {
    bool is_negative;
    uint64_t magnitude;
};

/* A number of JSON in its parts: digits · 10^exponent, where digits may have a point between them. */
struct decimal {
    struct slice digits;
    bool has_point;
    int64_t exponent;
};

enum { EXPONENT_MAX = 1000000000 }; /* beyond it only 0 is a whole number in range, in any text */

static struct decimal split_number(struct slice text)
{
    struct decimal out = {.digits = text};
    size_t at = 0;
    while (at < text.len && text.ptr[at] != 'e' && text.ptr[at] != 'E') {
        out.has_point = out.has_point || text.ptr[at] == '.';
        at++;
    }
    out.digits.len = at;
    bool is_negative = at + 1 < text.len && text.ptr[at + 1] == '-';
    for (at++; at < text.len; at++) {
        uint8_t c = text.ptr[at];
        if (c >= '0' && c <= '9' && out.exponent < EXPONENT_MAX) {
            out.exponent = out.exponent * 10 + (c - '0');
        }
    }
    out.exponent = is_negative ? -out.exponent : out.exponent;
    return out;
}

/* How many of the digits stand before the point, once the exponent has moved it. */
static int64_t whole_digits(const struct decimal *number)
{
    ptrdiff_t point = number->has_point ? slice_find(number->digits, '.') : -1;
    return (point < 0 ? (int64_t)number->digits.len : point) + number->exponent;
}

static bool add_digit(uint64_t *magnitude, unsigned digit)
{
    return !__builtin_mul_overflow(*magnitude, 10, magnitude) &&
           !__builtin_add_overflow(*magnitude, digit, magnitude);
}

/* "12", "1.0", "1e3", "1.5e1": whole, digit by digit. A double would round what is not, and what is large. */
static bool read_integer(struct slice text, struct integer *out)
{
    *out = (struct integer){.is_negative = text.ptr[0] == '-'};
    struct decimal number = split_number(slice_cut(text, out->is_negative, text.len));
    int64_t whole = whole_digits(&number), seen = 0;
    for (size_t i = 0; i < number.digits.len; i++) {
        uint8_t c = number.digits.ptr[i];
        if (c == '.') {
            continue;
        }
        bool is_fine = seen++ < whole ? add_digit(&out->magnitude, c - '0') : c == '0';
        if (!is_fine) {
            return false;
        }
    }
    for (; seen < whole && out->magnitude > 0; seen++) {
        if (!add_digit(&out->magnitude, 0)) {
            return false;
        }
    }
    return true;
}

/* A number, or a text of one. */
static rc take_integer(struct json_reader *r, struct integer *out)
{
    struct slice number = SLICE_NONE, text;
    if (json_lexer_peek(&r->in) == '"') {
        TRY(json_reader_text(r, &text));
        struct json_input inner = json_input_of(text);
        bool is_number = text.len > 0 && text.ptr[0] != ' ' &&
                         json_lexer_take_number(&inner, &number) && number.len == text.len;
        number = is_number ? number : SLICE_NONE;
    } else {
        (void)json_lexer_take_number(&r->in, &number);
    }
    return number.len > 0 && read_integer(number, out) ? OK : json_reader_invalid(r, BAD_NUMBER);
}

static rc read_signed(struct json_reader *r, const ProtobufCFieldDescriptor *field, uint64_t max)
{
    struct integer value = {0};
    TRY(take_integer(r, &value));
    if (value.magnitude > max + (value.is_negative ? 1 : 0)) {
        return json_reader_invalid(r, BAD_NUMBER);
    }
    pb_write_varint(&r->out, field->id, value.is_negative ? 0 - value.magnitude : value.magnitude);
    return OK;
}

static rc read_unsigned(struct json_reader *r, const ProtobufCFieldDescriptor *field, uint64_t max)
{
    struct integer value = {0};
    TRY(take_integer(r, &value));
    if (value.magnitude > max || (value.is_negative && value.magnitude > 0)) {
        return json_reader_invalid(r, BAD_NUMBER);
    }
    pb_write_varint(&r->out, field->id, value.magnitude);
    return OK;
}

/* A number that has no name is taken, as protobuf takes it; flows refuse what they don't know. */
static rc read_enum(struct json_reader *r, const ProtobufCFieldDescriptor *field)
{
    struct slice text;
    char name[JSON_NAME_BYTES];
    if (json_lexer_peek(&r->in) != '"') {
        return read_signed(r, field, INT32_MAX);
    }
    TRY(json_reader_text(r, &text));
    const ProtobufCEnumValue *value = NULL;
    if (text.len < sizeof name) {
        memcpy(name, text.ptr, text.len);
        name[text.len] = '\0';
        value = protobuf_c_enum_descriptor_get_value_by_name(field->descriptor, name);
    }
    if (value == NULL || strlen(name) != text.len) {
        return json_reader_invalid(r,
                                   "It must be the name of one of its values, such as RIGHT_VIEW.");
    }
    pb_write_varint(&r->out, field->id, (uint64_t)(int64_t)value->value);
    return OK;
}

static rc read_bool(struct json_reader *r, const ProtobufCFieldDescriptor *field)
{
    bool is_true = json_lexer_take_word(&r->in, "true");
    if (!is_true && !json_lexer_take_word(&r->in, "false")) {
        return json_reader_invalid(r, "It must be true or false.");
    }
    pb_write_varint(&r->out, field->id, is_true);
    return OK;
}

rc json_reader_scalar(struct json_reader *r, const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return read_string(r, field);
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(r, field);
    case PROTOBUF_C_TYPE_BOOL:
        return read_bool(r, field);
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(r, field);
    case PROTOBUF_C_TYPE_INT32:
        return read_signed(r, field, INT32_MAX);
    case PROTOBUF_C_TYPE_INT64:
        return read_signed(r, field, INT64_MAX);
    case PROTOBUF_C_TYPE_UINT32:
        return read_unsigned(r, field, UINT32_MAX);
    case PROTOBUF_C_TYPE_UINT64:
        return read_unsigned(r, field, UINT64_MAX);
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_MESSAGE:
        break; /* scripts/gen-methods refuses them in messages of methods */
    }
    return json_reader_invalid(r, "It can't be written in JSON here.");
}
