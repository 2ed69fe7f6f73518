/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery/config/v1/config.pb-c.h"
#include "chancery/v1/template.pb-c.h"
#include "fuzz.h"
#include "wire/message_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct slice input = slice_of(data, size);
    struct err err = {0};
    ProtobufCMessage *message = NULL;
    ignore(
        message_from_yaml(arena, &chancery__config__v1__config__descriptor, input, &message, &err));
    err_clear(&err);
    ignore(message_from_yaml(arena, &chancery__v1__template__descriptor, input, &message, &err));
    arena_free(arena);
    return 0;
}
