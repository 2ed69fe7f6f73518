/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/algs.h"
#include "crypto/json.h"
#include "crypto/jws.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct slice input = slice_of(data, size);
    struct err err = {0};
    struct jws jws;
    json_t *payload;
    if (jws_parse(arena, input, R_TOKEN_MALFORMED, &jws, &err).ok) {
        ignore(json_parse_object(arena, jws.payload, 16384, R_TOKEN_MALFORMED, &payload, &err));
    }
    arena_free(arena);
    return 0;
}
