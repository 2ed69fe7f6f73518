/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes first: cmocka with the headers that it wants before it. */
#pragma once

/* cmocka.h needs these four, in this order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

/* The program's exit code by which ctest knows that it was skipped, for example without vectors. */
enum { TEST_SKIPPED = 77 };

/* Assert that a call succeeded, and show why not. */
#define assert_ok(call, err)                                                                     \
    do {                                                                                         \
        if (!(call).ok) {                                                                        \
            fail_msg("%s: %s (%s:%d: %s)", #call, reason_info((err)->reason)->name, (err)->file, \
                     (err)->line, (err)->detail);                                                \
        }                                                                                        \
    } while (0)

/* Assert that a call failed for exactly this reason. */
#define assert_fails(call, err, expected)                                                  \
    do {                                                                                   \
        err_clear(err);                                                                    \
        assert_false((call).ok);                                                           \
        if ((err)->reason != (expected)) {                                                 \
            fail_msg("%s: failed for %s, not %s", #call, reason_info((err)->reason)->name, \
                     reason_info(expected)->name);                                         \
        }                                                                                  \
    } while (0)
