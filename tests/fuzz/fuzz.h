/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target has: libFuzzer's entry point over one arena per input. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_BUDGET = 4 * 1024 * 1024 };

/* Results that a target does not look at: what matters is that nothing breaks. */
static inline void ignore(rc result)
{
    (void)result.ok;
}
