/* SPDX-License-Identifier: Apache-2.0 */
/* W3C trace context, level 1: whose trace a request says that it belongs to. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum { TRACE_ID_BYTES = 16, SPAN_ID_BYTES = 8 };

struct trace_context {
    uint8_t trace[TRACE_ID_BYTES];
    uint8_t span[SPAN_ID_BYTES]; /* the caller's */
    bool is_sampled;             /* the caller's span is recorded */
};

/* Parse a `traceparent` (§3.2). False: it is none, and such a request belongs to no trace. */
bool trace_context_parse(struct slice traceparent, struct trace_context *out);
