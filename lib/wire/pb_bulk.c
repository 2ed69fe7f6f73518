/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pb_bulk.h"

#include "wire/pb_fields.h"

/* Wire types, protobuf's encoding guide. */
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static bool is_bulk(const ProtobufCMessageDescriptor *type, uint64_t number)
{
    const ProtobufCFieldDescriptor *field =
        number > PB_NUMBER_MAX ? NULL
                               : protobuf_c_message_descriptor_get_field(type, (unsigned)number);
    return field != NULL && field->type == PROTOBUF_C_TYPE_BYTES;
}

/* Take one field; how many bytes its value has. False where it is malformed. */
static bool take(struct slice *rest, uint64_t *tag, uint64_t *len)
{
    uint64_t value = 0;
    if (!pb_take_varint(rest, tag)) {
        return false;
    }
    switch (*tag & 7) {
    case WIRE_VARINT:
        *len = 0;
        return pb_take_varint(rest, &value);
    case WIRE_64:
    case WIRE_32:
        *len = (*tag & 7) == WIRE_64 ? 8 : 4;
        break;
    case WIRE_BYTES:
        if (!pb_take_varint(rest, len)) {
            return false;
        }
        break;
    default:
        return false;
    }
    if (*len > rest->len) {
        return false;
    }
    *rest = slice_cut(*rest, (size_t)*len, rest->len);
    return true;
}

/* What is malformed costs what stands before it, and is for the unpacking to refuse. */
bool pb_is_quick(const ProtobufCMessageDescriptor *type, struct slice message)
{
    size_t bulk = 0, fields = 0;
    struct slice rest = message;
    uint64_t tag = 0, len = 0;
    while (message.len - rest.len <= PB_QUICK_MAX + bulk && rest.len > 0) {
        if (!take(&rest, &tag, &len)) {
            return false;
        }
        if ((tag & 7) == WIRE_BYTES && is_bulk(type, tag >> 3)) {
            bulk += (size_t)len;
            fields++;
        }
    }
    return message.len - bulk <= PB_QUICK_MAX && fields <= PB_BULK_FIELDS_MAX;
}

bool pb_has_bulk(const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type == PROTOBUF_C_TYPE_BYTES) {
            return true;
        }
    }
    return false;
}
