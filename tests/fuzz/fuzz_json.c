/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from JSON is a message of its type, and the same one when it is written and read again. */
#include <stdlib.h>
#include <string.h>

#include "chancery/v1/audit.pb-c.h"
#include "chancery/v1/licensing.pb-c.h"
#include "chancery/v1/template.pb-c.h"
#include "fuzz.h"
#include "methods.h"
#include "wire/message_json.h"
#include "wire/message_text.h"

static ProtobufCMessage *read(struct arena *arena, const ProtobufCMessageDescriptor *type,
                              struct slice text)
{
    struct err err = {0};
    struct pb_flaw flaw;
    struct slice bytes;
    ProtobufCMessage *message = NULL;
    bool is_read = message_from_json(arena, type, text, &flaw, &bytes, &err).ok &&
                   pb_unpack_request(arena, type, bytes, proto_has_lines, &flaw, &message, &err).ok;
    return is_read ? message : NULL;
}

static void read_twice(const ProtobufCMessageDescriptor *type, struct slice text)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct err err = {0};
    struct slice one, other;
    const char *again;
    ProtobufCMessage *message = read(arena, type, text);
    if (message != NULL && message_to_json(arena, message, false, false, &again, &err).ok) {
        ProtobufCMessage *copy = read(arena, type, slice_str(again));
        if ((copy == NULL && !arena_is_exceeded(arena)) ||
            (copy != NULL && pb_pack(arena, message, &one, &err).ok &&
             pb_pack(arena, copy, &other, &err).ok && !slice_eq(one, other))) {
            abort();
        }
    }
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of(data, size);
    struct arena *arena = arena_new(FUZZ_BUDGET);
    read_twice(&chancery__v1__create_template_request__descriptor, text);
    read_twice(&chancery__v1__acquire_license_request__descriptor, text);
    read_twice(&chancery__v1__query_request__descriptor, text);
    /* Paths of a mask may have names that no field has, which don't come back. */
    (void)read(arena, &chancery__v1__update_template_request__descriptor, text);
    arena_free(arena);
    return 0;
}
