/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes first: cmocka with the headers that it wants before it. */
#pragma once

/* cmocka.h needs these four, in this order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"

/* The program's exit code by which ctest knows that it was skipped, for example without vectors. */
enum { TEST_SKIPPED = 77 };

/* Leave a case untested, and say why: tests/run lists it, and fails for a skip without a reason. */
#define skip_because(why)                    \
    do {                                     \
        print_message("skipped: %s\n", why); \
        skip();                              \
    } while (0)

/* Make the path of a file in the folder for temporary files. */
static inline void temporary_path(char *path, size_t size, const char *name)
{
    const char *folder = getenv("TMPDIR");
    int len = snprintf(path, size, "%s/%s", folder == NULL ? "/tmp" : folder, name);
    assert_in_range(len, 1, size - 1);
}

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
