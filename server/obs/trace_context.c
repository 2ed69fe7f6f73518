/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/trace_context.h"

/* version "-" trace id "-" parent id "-" flags (§3.2.2) */
enum {
    AT_TRACE = 3,
    AT_SPAN = 36,
    AT_FLAGS = 53,
    LENGTH = 55,
    SAMPLED = 1,
    VERSION_INVALID = 0xff
};

/* Lower case only (§3.2.2.3). -1: no digit. */
static int digit(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_bytes(struct slice text, size_t at, uint8_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int high = digit(text.ptr[at + 2 * i]), low = digit(text.ptr[at + 2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
    uint8_t all = 0;
    for (size_t i = 0; i < count; i++) {
        all |= bytes[i];
    }
    return all == 0;
}

/* What later versions add stands behind another dash (§4.3). */
bool trace_context_parse(struct slice text, struct trace_context *out)
{
    uint8_t version = 0, flags = 0;
    if (text.len < LENGTH || text.ptr[AT_TRACE - 1] != '-' || text.ptr[AT_SPAN - 1] != '-' ||
        text.ptr[AT_FLAGS - 1] != '-' || !read_bytes(text, 0, &version, 1) ||
        !read_bytes(text, AT_TRACE, out->trace, TRACE_ID_BYTES) ||
        !read_bytes(text, AT_SPAN, out->span, SPAN_ID_BYTES) ||
        !read_bytes(text, AT_FLAGS, &flags, 1)) {
        return false;
    }
    bool is_whole = text.len == LENGTH || (version > 0 && text.ptr[LENGTH] == '-');
    out->is_sampled = (flags & SAMPLED) != 0;
    return is_whole && version != VERSION_INVALID && !is_zero(out->trace, TRACE_ID_BYTES) &&
           !is_zero(out->span, SPAN_ID_BYTES);
}
