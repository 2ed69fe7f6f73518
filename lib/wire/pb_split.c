/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pb_split.h"

#include "base/buf.h"
#include "wire/pb_fields.h"

/* Wire types, protobuf's encoding guide. Groups are of proto2 and no message of ours has one. */
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static bool skip(struct slice *rest, uint64_t len)
{
    if (len > rest->len) {
        return false;
    }
    *rest = slice_cut(*rest, (size_t)len, rest->len);
    return true;
}

/* Take one field. Its bytes, if it has a length; else none. */
static bool take(struct slice *rest, uint64_t *number, bool *is_bytes, struct slice *bytes)
{
    uint64_t tag, value = 0;
    if (!pb_take_varint(rest, &tag) || tag >> 3 == 0 || tag >> 3 > PB_NUMBER_MAX) {
        return false;
    }
    *number = tag >> 3;
    *is_bytes = (tag & 7) == WIRE_BYTES;
    switch (tag & 7) {
    case WIRE_VARINT:
        return pb_take_varint(rest, &value);
    case WIRE_64:
        return skip(rest, 8);
    case WIRE_32:
        return skip(rest, 4);
    case WIRE_BYTES:
        if (!pb_take_varint(rest, &value)) {
            return false;
        }
        *bytes = slice_cut(*rest, 0, value < rest->len ? (size_t)value : rest->len);
        return skip(rest, value);
    default:
        return false;
    }
}

rc pb_split(struct arena *arena, struct slice message, uint32_t number, size_t max,
            struct slice **out, size_t *count, struct err *err)
{
    size_t unknown = 0;
    *count = 0;
    *out = ARENA_ARRAY(arena, struct slice, max);
    ARENA_ENSURE(*out, err);
    while (message.len > 0 && *count < max) {
        uint64_t found;
        bool is_bytes;
        struct slice bytes = SLICE_NONE;
        ENSURE(take(&message, &found, &is_bytes, &bytes), err, R_PROTO_MALFORMED);
        if (found == number) {
            ENSURE(is_bytes, err, R_PROTO_MALFORMED);
            (*out)[(*count)++] = bytes;
        } else {
            ENSURE(++unknown <= SPLIT_UNKNOWN_MAX, err, R_ARENA_EXHAUSTED);
        }
    }
    return OK;
}

rc pb_part(struct arena *arena, struct slice message, struct pb_parting *parting, struct err *err)
{
    struct buf rest, apart;
    buf_init(&rest, arena);
    buf_init(&apart, arena);
    while (message.len > 0) {
        uint64_t number;
        bool is_bytes;
        struct slice bytes, before = message;
        ENSURE(take(&message, &number, &is_bytes, &bytes), err, R_PROTO_MALFORMED);
        bool is_apart = parting->is_apart(parting->of, (uint32_t)number);
        buf_add(is_apart ? &apart : &rest, slice_cut(before, 0, before.len - message.len));
    }
    TRY(buf_finish(&rest, &parting->rest, err));
    return buf_finish(&apart, &parting->apart, err);
}
