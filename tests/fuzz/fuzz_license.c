/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "wire/publishing_license.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct slice input = slice_of(data, size);
    struct err err = {0};
    struct publishing_license license;
    struct policy policy;
    ignore(publishing_license_parse(arena, input, &license, &err));
    err_clear(&err);
    ignore(sealed_policy_decode(arena, input, &policy, &err));
    arena_free(arena);
    return 0;
}
