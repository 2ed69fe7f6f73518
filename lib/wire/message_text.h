/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as text, by their descriptors: read from YAML (so from JSON too, which is YAML 1.2),
 * written as JSON. One transcoder serves configuration, what admins write, and what the command
 * line shows.
 *
 * Reading takes field names as in the .proto files; writing follows protobuf's JSON mapping:
 * lowerCamelCase, enums by name, 64-bit numbers and bytes as text, times in RFC 3339. One thread
 * per arena. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

enum { MESSAGE_TEXT_MAX = 4 * 1024 * 1024, MESSAGE_DEPTH_MAX = 16 };

/* Read a message from YAML, or from JSON with the fields' names of YAML. R_CONFIG_INVALID with "line N: …" as its detail: not YAML, an unknown or
 * repeated field, a value of another type or out of range. The detail quotes names of fields,
 * never values. */
rc message_from_yaml(struct arena *arena, const ProtobufCMessageDescriptor *type, struct slice text,
                     ProtobufCMessage **out, struct err *err);
/* Write a message, NUL-terminated. `pretty`: as the command line shows it, over several lines, with
 * empty lists, and rights by the names that licenses and texts have for them (VIEW). Fields with
 * default values are left out unless `all` is set. What can't be seen is escaped (utf8_escaped), so
 * that the document shows as it reads. */
rc message_to_json(struct arena *arena, const ProtobufCMessage *message, bool pretty, bool all,
                   const char **out, struct err *err);
/* Replace every text of a message by what is shown of it to a person, in one line (utf8_escaped).
 * In place: nothing else may be done with the message afterwards. R_ARENA_EXHAUSTED. */
rc message_escape(struct arena *arena, ProtobufCMessage *message, struct err *err);
