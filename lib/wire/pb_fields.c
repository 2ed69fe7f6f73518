/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pb_fields.h"

/* Wire types, protobuf's encoding guide. */
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };
enum { VARINT_BYTES_MAX = 10 };

/* Seven bits a byte, the lowest first. The tenth byte has room for one. */
bool pb_take_varint(struct slice *rest, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < rest->len && i < VARINT_BYTES_MAX; i++) {
        uint64_t byte = rest->ptr[i];
        if (i == VARINT_BYTES_MAX - 1 && byte > 1) {
            return false;
        }
        *out |= (byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *rest = slice_cut(*rest, i + 1, rest->len);
            return true;
        }
    }
    return false;
}

static bool take_field(struct pb_fields *fields, struct pb_field *out)
{
    uint64_t tag;
    struct slice *rest = &fields->rest;
    if (!pb_take_varint(rest, &tag) || tag >> 3 < fields->last || tag >> 3 == 0 ||
        tag >> 3 > PB_NUMBER_MAX || !pb_take_varint(rest, &out->value)) {
        return false;
    }
    out->number = fields->last = (uint32_t)(tag >> 3);
    out->is_bytes = (tag & 7) == WIRE_BYTES;
    out->bytes = SLICE_NONE;
    if (!out->is_bytes) {
        return (tag & 7) == WIRE_VARINT;
    }
    if (out->value > rest->len) {
        return false;
    }
    out->bytes = slice_cut(*rest, 0, (size_t)out->value);
    *rest = slice_cut(*rest, (size_t)out->value, rest->len);
    return true;
}

bool pb_next_field(struct pb_fields *fields, struct pb_field *out)
{
    if (fields->rest.len == 0 || fields->is_malformed) {
        return false;
    }
    fields->is_malformed = !take_field(fields, out);
    return !fields->is_malformed;
}

struct slice pb_first_bytes(struct slice message, uint32_t number)
{
    struct pb_fields fields = pb_fields_of(message);
    struct pb_field field;
    while (pb_next_field(&fields, &field)) {
        if (field.is_bytes && field.number == number) {
            return field.bytes;
        }
    }
    return SLICE_NONE;
}
