/* SPDX-License-Identifier: Apache-2.0 */
/* Requests in protobuf's JSON mapping (https://protobuf.dev/programming-guides/json), read strictly.
 *
 * A text becomes the bytes of protobuf, which pb.h then unpacks and checks like any other: so nothing
 * that JSON says is checked less. It is read once, from front to end, without a tree; what the type has
 * no place for is refused where it stands, so neither depth nor size of it costs anything.
 *
 *  - Names: lowerCamelCase, or as in the .proto file. A field is given once; what the type has not is
 *    refused, and so are two members of a oneof. null is a field that is not given, but not in lists.
 *  - Numbers may be texts, and end in .0 or an exponent where they are whole. Enumerations are names, or
 *    numbers. Bytes are base64 in either alphabet, with its padding or without.
 *  - Timestamp is RFC 3339, Duration is "1.5s", FieldMask "displayName,grants" (names as above).
 *
 *  - Strings are checked when they are unpacked: UTF-8, of one line.
 *
 * A text has at most 65,536 values: what has more is R_ARENA_EXHAUSTED.
 *
 * Maps, wrappers, Struct and Any are no part of any request; scripts/gen-methods sees to it. Any thread. */
#pragma once

#include "wire/pb.h"

/* Write the bytes of a message of this type into the arena. R_JSON_MALFORMED: no JSON;
 * R_FIELD_INVALID: no message of this type. `flaw` says where and why, as far as that can be told. */
rc message_from_json(struct arena *arena, const ProtobufCMessageDescriptor *type, struct slice text,
                     struct pb_flaw *flaw, struct slice *out, struct err *err);
