/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/address.h"
#include "domain/values/principal.h"
#include "domain/values/rights.h"
#include "fuzz.h"

typedef rc (*normalize_fn)(struct arena *arena, struct slice text, const char **out,
                           struct err *err);

/* Whatever is accepted has one form: in it, it is accepted again and stays the same. */
static void check_form(struct arena *arena, normalize_fn normalize, struct slice input)
{
    struct err err = {0};
    const char *once, *twice;
    if (normalize(arena, input, &once, &err).ok) {
        CH_ASSERT(normalize(arena, slice_str(once), &twice, &err).ok);
        CH_ASSERT(strcmp(once, twice) == 0);
        CH_ASSERT(strlen(once) <= ADDRESS_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(FUZZ_BUDGET);
    struct slice input = slice_of(data, size);
    struct err err = {0};
    struct principal principal;
    struct rights rights = {0};
    check_form(arena, address_normalize, input);
    check_form(arena, domain_name_normalize, input);
    if (principal_parse(arena, input, &principal, &err).ok) {
        CH_ASSERT(principal_format(arena, &principal) != NULL);
    }
    err_clear(&err);
    ignore(rights_parse(arena, input, &rights, &err));
    arena_free(arena);
    return 0;
}
