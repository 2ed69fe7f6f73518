/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf fields where they lie: for our own formats that are large and read with every call,
 * of which protobuf-c would copy each part. Stricter than protobuf: fields come in the order of
 * their numbers, which is how every library writes them, and only varints and lengths are known.
 * Pure; any thread. */
#pragma once

#include "base/slice.h"

struct pb_fields {
    struct slice rest;
    uint32_t last; /* number of the field before */
    bool is_malformed;
};

struct pb_field {
    uint32_t number;
    bool is_bytes;      /* else a varint */
    uint64_t value;     /* of a varint */
    struct slice bytes; /* lent by what is read */
};

static inline struct pb_fields pb_fields_of(struct slice message)
{
    return (struct pb_fields){.rest = message};
}

/* Take the next field. False at the end, and when what follows is malformed: then is_malformed
 * says so. */
bool pb_next_field(struct pb_fields *fields, struct pb_field *out);

/* The first field of bytes with this number; empty: there is none. */
struct slice pb_first_bytes(struct slice message, uint32_t number);

/* Take a varint off the front; false when there is none. */
bool pb_take_varint(struct slice *rest, uint64_t *out);
/* The largest number that a field may have. */
enum { PB_NUMBER_MAX = (1 << 29) - 1 };
