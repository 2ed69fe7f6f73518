/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "wire/publishing_license.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct slice input = slice_of(data, size);
    struct err err = {0}, *lent[] = {&err, NULL};
    struct publishing_license license;
    struct policy policy;
    for (size_t i = 0; i < sizeof lent / sizeof lent[0]; i++) {
        ignore(publishing_license_parse(arena, input, &license, lent[i]));
        ignore(sealed_policy_decode(arena, input, &policy, lent[i]));
    }
    arena_free(arena);
    return 0;
}
