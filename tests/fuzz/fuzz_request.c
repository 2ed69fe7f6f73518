/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery/v1/licensing.pb-c.h"
#include "chancery/v1/publishing.pb-c.h"
#include "fuzz.h"
#include "wire/message_text.h"
#include "wire/pb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct slice input = slice_of(data, size);
    struct err err = {0};
    ProtobufCMessage *message = NULL;
    const char *text;
    if (pb_unpack(arena, &chancery__v1__protect_request__descriptor, input, &message, &err).ok) {
        ignore(message_to_json(arena, message, false, true, &text, &err));
    }
    err_clear(&err);
    ignore(pb_unpack(arena, &chancery__v1__acquire_license_request__descriptor, input, &message,
                     &err));
    arena_free(arena);
    return 0;
}
