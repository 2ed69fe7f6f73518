/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/address.h"
#include "domain/principal.h"
#include "domain/rights.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct slice input = slice_of(data, size);
    struct err err = {0};
    struct principal principal;
    struct rights rights = {0};
    const char *text;
    ignore(address_normalize(arena, input, &text, &err));
    err_clear(&err);
    ignore(domain_normalize(arena, input, &text, &err));
    err_clear(&err);
    if (principal_parse(arena, input, &principal, &err).ok) {
        CH_ASSERT(principal_format(arena, &principal) != NULL);
    }
    err_clear(&err);
    ignore(rights_parse(arena, input, &rights, &err));
    arena_free(arena);
    return 0;
}
