/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_forms.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "wire/json_name.h"
#include "wire/pb_write.h"

enum { NANO_DIGITS = 9, NANOS = 1000000000, SECONDS_DIGITS = 12, TEXT_MAX = 64 };
enum { SECONDS_FIELD = 1, NANOS_FIELD = 2, PATHS_FIELD = 1 }; /* as in google/protobuf */

/* --- fractions of a second -------------------------------------------------------------------- */

/* ".5" at the start: its bytes, and nanoseconds; 0: there is none, SIZE_MAX: too many digits. */
static size_t read_fraction(struct slice text, uint32_t *nanos)
{
    size_t n = 1;
    *nanos = 0;
    if (text.len < 2 || text.ptr[0] != '.') {
        return 0;
    }
    while (n < text.len && text.ptr[n] >= '0' && text.ptr[n] <= '9') {
        *nanos = n <= NANO_DIGITS ? *nanos * 10 + (text.ptr[n] - '0') : 0;
        n++;
    }
    for (size_t i = n; i <= NANO_DIGITS; i++) {
        *nanos *= 10;
    }
    return n == 1 ? 0 : n <= NANO_DIGITS + 1 ? n : SIZE_MAX;
}

static void add_time(struct buf *out, int64_t seconds, int32_t nanos)
{
    pb_write_varint(out, SECONDS_FIELD, (uint64_t)seconds);
    pb_write_varint(out, NANOS_FIELD, (uint64_t)(int64_t)nanos);
}

/* --- Timestamp -------------------------------------------------------------------------------- */

static bool read_timestamp(struct slice text, struct buf *out)
{
    char copy[TEXT_MAX];
    struct unix_time time;
    uint32_t nanos = 0;
    if (text.len >= sizeof copy || memchr(text.ptr, '\0', text.len) != NULL ||
        slice_find(text, 't') >= 0 || slice_find(text, 'z') >= 0) {
        return false; /* RFC 3339 lets T and Z be small; protobuf's JSON does not */
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    ptrdiff_t point = slice_find(text, '.');
    size_t digits = point < 0 ? 0 : read_fraction(slice_cut(text, (size_t)point, text.len), &nanos);
    if (digits == SIZE_MAX || !clock_parse_rfc3339(copy, &time)) {
        return false;
    }
    add_time(out, time.s, (int32_t)nanos);
    return true;
}

/* Microseconds, which all of ours have, or nanoseconds. */
static void write_timestamp(const ProtobufCMessage *message, struct buf *out)
{
    char text[RFC3339_BYTES];
    const Google__Protobuf__Timestamp *time = (const void *)message;
    clock_rfc3339(time->seconds * 1000000 + time->nanos / 1000, text);
    if (time->nanos % 1000 == 0) {
        buf_add_str(out, text);
        return;
    }
    buf_add(out, slice_of(text, strlen(text) - 1)); /* without its Z */
    buf_printf(out, "%03dZ", time->nanos % 1000);
}

/* --- Duration --------------------------------------------------------------------------------- */

static bool read_duration(struct slice text, struct buf *out)
{
    bool is_negative = slice_starts_with(text, "-");
    struct slice rest = slice_cut(text, is_negative, text.len);
    int64_t seconds = 0;
    uint32_t nanos = 0;
    size_t n = 0;
    while (n < rest.len && n <= SECONDS_DIGITS && rest.ptr[n] >= '0' && rest.ptr[n] <= '9') {
        seconds = seconds * 10 + (rest.ptr[n++] - '0');
    }
    size_t digits = n == 0 || n > SECONDS_DIGITS
                        ? SIZE_MAX
                        : read_fraction(slice_cut(rest, n, rest.len), &nanos);
    if (digits == SIZE_MAX || !slice_eq_str(slice_cut(rest, n + digits, rest.len), "s")) {
        return false;
    }
    add_time(out, is_negative ? -seconds : seconds, is_negative ? -(int32_t)nanos : (int32_t)nanos);
    return true;
}

/* With 0, 3, 6 or 9 digits behind the point. */
static void write_duration(const ProtobufCMessage *message, struct buf *out)
{
    const Google__Protobuf__Duration *span = (const void *)message;
    bool is_negative = span->seconds < 0 || span->nanos < 0;
    int nanos = span->nanos < 0 ? -span->nanos : span->nanos;
    buf_printf(out, "%s%" PRId64, is_negative ? "-" : "",
               span->seconds < 0 ? -span->seconds : span->seconds);
    if (nanos % 1000 != 0) {
        buf_printf(out, ".%09d", nanos);
    } else if (nanos % 1000000 != 0) {
        buf_printf(out, ".%06d", nanos / 1000);
    } else if (nanos != 0) {
        buf_printf(out, ".%03d", nanos / 1000000);
    }
    buf_add_byte(out, 's');
}

/* --- FieldMask -------------------------------------------------------------------------------- */

/* More than all fields of any message. Of one text a mask makes as many paths as it has commas. */
enum { MASK_BYTES_MAX = 4096 };

/* "grants.customRights" as grants.custom_rights. */
static bool add_path(struct slice path, struct buf *out)
{
    size_t opened = pb_write_open(out, PATHS_FIELD);
    while (path.len > 0) {
        char name[JSON_NAME_BYTES];
        ptrdiff_t dot = slice_find(path, '.');
        size_t end = dot < 0 ? path.len : (size_t)dot;
        if (end == 0 || end + 1 == path.len || !json_name_to_proto(slice_cut(path, 0, end), name)) {
            return false;
        }
        buf_add_str(out, name);
        buf_add_str(out, dot < 0 ? "" : ".");
        path = slice_cut(path, end + 1, path.len);
    }
    pb_write_close(out, opened);
    return true;
}

static bool read_mask(struct slice text, struct buf *out)
{
    if (text.len > MASK_BYTES_MAX) {
        return false;
    }
    while (text.len > 0) {
        ptrdiff_t comma = slice_find(text, ',');
        size_t end = comma < 0 ? text.len : (size_t)comma;
        if (end == 0 || end + 1 == text.len || !add_path(slice_cut(text, 0, end), out)) {
            return false;
        }
        text = slice_cut(text, end + 1, text.len);
    }
    return true;
}

static void write_mask(const ProtobufCMessage *message, struct buf *out)
{
    const Google__Protobuf__FieldMask *mask = (const void *)message;
    for (size_t i = 0; i < mask->n_paths; i++) {
        char name[JSON_NAME_BYTES];
        json_name_of(mask->paths[i], name);
        buf_add_str(out, i == 0 ? "" : ",");
        buf_add_str(out, name);
    }
}

/* --- all of them ------------------------------------------------------------------------------ */

const struct json_form *json_form_of(const ProtobufCMessageDescriptor *type)
{
    static const struct json_form forms[] = {
        {.type = &google__protobuf__timestamp__descriptor,
         .read = read_timestamp,
         .why = "It must be a time that exists, such as \"2026-11-24T12:00:00Z\".",
         .write = write_timestamp},
        {.type = &google__protobuf__duration__descriptor,
         .read = read_duration,
         .why = "It must be a time in seconds, such as \"1.5s\".",
         .write = write_duration},
        {.type = &google__protobuf__field_mask__descriptor,
         .read = read_mask,
         .why = "It must be names of fields with commas between, such as \"displayName,grants\".",
         .write = write_mask},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (forms[i].type == type) {
            return &forms[i];
        }
    }
    return NULL;
}
