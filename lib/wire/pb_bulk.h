/* SPDX-License-Identifier: Apache-2.0 */
/* Messages beyond what may be unpacked in one turn of the loop whatever is in them: those whose size is
 * that of a few texts, which are copied and not looked into. Pure; any thread. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/slice.h"

enum {
    PB_QUICK_MAX = 512 << 10, /* bytes that are unpacked in well below 5 ms, whatever they say */
    PB_BULK_FIELDS_MAX = 16,  /* fields of bytes, repeated ones too */
};

/* Whether a message has at most PB_QUICK_MAX bytes beside those of its own fields of the type `bytes`. */
bool pb_is_quick(const ProtobufCMessageDescriptor *type, struct slice message);
/* Whether a type has such a field, so that its messages may be larger. */
bool pb_has_bulk(const ProtobufCMessageDescriptor *type);
