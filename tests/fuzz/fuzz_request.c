/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery/v1/licensing.pb-c.h"
#include "chancery/v1/publishing.pb-c.h"
#include "fuzz.h"
#include "wire/message_text.h"
#include "wire/pb.h"
#include "wire/pb_split.h"

enum { PARTS_MAX = 100 };

/* What is both unpacked as a whole and taken apart has the same items. */
static void take_apart(struct arena *arena, struct slice input)
{
    struct err err = {0};
    struct slice *parts;
    size_t count;
    ProtobufCMessage *message = NULL;
    bool is_split = pb_split(arena, input, 1, PARTS_MAX, &parts, &count, &err).ok;
    err_clear(&err);
    if (is_split && count < PARTS_MAX &&
        pb_unpack(arena, &chancery__v1__batch_protect_request__descriptor, input, &message, &err)
            .ok) {
        const Chancery__V1__BatchProtectRequest *whole = (const void *)message;
        CH_ASSERT(whole->n_requests == count);
        for (size_t i = 0; i < count; i++) {
            err_clear(&err);
            CH_ASSERT(pb_unpack(arena, &chancery__v1__protect_request__descriptor, parts[i],
                                &message, &err)
                          .ok ||
                      err.reason == R_ARENA_EXHAUSTED);
        }
    }
}

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
    take_apart(arena, input);
    arena_free(arena);
    return 0;
}
