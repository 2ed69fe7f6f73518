/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a message as YAML, each by itself: to compare two messages, and to show in what they differ.
 * Any thread. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/* One text for each field of the descriptor, such as "offline_days: 7\n": "" for one that has its default. What is
 * empty within a field is left out, so equal texts are equal values. With `all`, fields with their defaults are
 * written, too, but for members of a oneof. `depth`: within how many mappings. The texts are lent by the
 * arena. */
rc message_members(struct arena *arena, const ProtobufCMessage *message, bool all, int depth,
                   const char *const **out, struct err *err);
