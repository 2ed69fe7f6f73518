/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf messages in a call's arena: unpacked within its budget, packed into it, never freed
 * one by one. protobuf-c takes any bytes for a string and any number for a time, so unpacking also
 * checks every string, Timestamp and Duration of a message. One thread per arena. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/* Unpack a message. R_PROTO_MALFORMED when it is not of this type, or a string in it is not
 * UTF-8 or holds a NUL or another control character than tab and line end; R_FIELD_INVALID when a
 * google.protobuf.Timestamp or Duration in it is beyond its range; R_ARENA_EXHAUSTED when it needs
 * more than the arena has left; R_MESSAGE_TOO_LARGE when it is not quick (pb_bulk.h) (protobuf-c's structures may be 90 times the size on the wire). */
rc pb_unpack(struct arena *arena, const ProtobufCMessageDescriptor *type, struct slice bytes,
             ProtobufCMessage **out, struct err *err);
/* What is wrong with a field, for people: .why is static. */
enum { PB_PATH_MAX = 128 };
struct pb_flaw {
    char path[PB_PATH_MAX]; /* "template.names[1].text"; "": of no field */
    const char *why;
};
/* The same for what a stranger sends: a string has one line (utf8_is_printable) but where
 * `has_lines` says that its field may have several; R_FIELD_INVALID for one that is no text. `flaw`
 * names the field that was R_FIELD_INVALID. */
rc pb_unpack_request(struct arena *arena, const ProtobufCMessageDescriptor *type,
                     struct slice bytes, bool (*has_lines)(const char *message, const char *field),
                     struct pb_flaw *flaw, ProtobufCMessage **out, struct err *err);
/* Pack a message into the arena. */
rc pb_pack(struct arena *arena, const ProtobufCMessage *message, struct slice *out,
           struct err *err);
