/* SPDX-License-Identifier: Apache-2.0 */
/* A message of many parts, each as the bytes that it has, so that they can be unpacked one at a time.
 * As lenient as protobuf: fields come in any order, and what is not known is passed over. Pure; any
 * thread. */
#pragma once

#include "base/arena.h"

/* The values of the repeated message field `number`, in their order and lent by `message`, at most
 * `max`: whatever follows is not looked at. R_PROTO_MALFORMED; R_ARENA_EXHAUSTED also when more than
 * SPLIT_UNKNOWN_MAX fields are of other numbers. */
enum { SPLIT_UNKNOWN_MAX = 1000 };
rc pb_split(struct arena *arena, struct slice message, uint32_t number, size_t max,
            struct slice **out, size_t *count, struct err *err);

/* Part the fields of a message: `apart` gets those whose numbers `is_apart` names, `rest` all others,
 * each in their order; one behind the other they are the same message. R_PROTO_MALFORMED,
 * R_ARENA_EXHAUSTED. */
struct pb_parting {
    bool (*is_apart)(const void *of, uint32_t number);
    const void *of;
    struct slice rest, apart;
};
rc pb_part(struct arena *arena, struct slice message, struct pb_parting *parting, struct err *err);
