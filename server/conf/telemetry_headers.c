/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/telemetry_headers.h"

#include <string.h>

#include "conf/telemetry.h"

static bool is_name(struct slice name)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"; /* RFC 9110 §5.6.2 */
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '\0' || strchr(token, name.ptr[i]) == NULL) {
            return false;
        }
    }
    return name.len > 0;
}

static bool is_value(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < ' ' || value.ptr[i] > '~') {
            return false;
        }
    }
    return value.len > 0;
}

static bool is_header(struct slice line)
{
    ptrdiff_t colon = slice_find(line, ':');
    struct slice value = colon < 0 ? SLICE_NONE : slice_cut(line, (size_t)colon + 1, line.len);
    while (value.len > 0 && value.ptr[0] == ' ') {
        value = slice_cut(value, 1, value.len);
    }
    return colon >= 0 && is_name(slice_cut(line, 0, (size_t)colon)) && is_value(value);
}

static struct slice take_line(struct slice *text)
{
    ptrdiff_t end = slice_find(*text, '\n');
    struct slice line = end < 0 ? *text : slice_cut(*text, 0, (size_t)end);
    *text = end < 0 ? SLICE_NONE : slice_cut(*text, (size_t)end + 1, text->len);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

bool conf_telemetry_next_header(struct slice *text, struct slice *header)
{
    *header = SLICE_NONE;
    while (header->len == 0 && text->len > 0) {
        *header = take_line(text);
    }
    return header->len > 0;
}

static rc check(const char *path, struct slice text, struct err *err)
{
    for (size_t number = 1; text.len > 0; number++) {
        struct slice line = take_line(&text);
        if (number > CONF_TELEMETRY_HEADERS_MAX) {
            FAIL(err, R_OTLP_HEADERS, "%s has more than %d lines", path,
                 CONF_TELEMETRY_HEADERS_MAX);
        }
        if (line.len > 0 && !is_header(line)) {
            FAIL(err, R_OTLP_HEADERS, "line %zu of %s is no header", number, path);
        }
    }
    return OK;
}

rc conf_telemetry_headers(const char *path, struct secret **out, struct err *err)
{
    AUTO(secret_free_at) struct secret *file = NULL;
    struct err why = {0}; /* whose reasons are those of a root key */
    if (!secret_from_file(path, CONF_TELEMETRY_HEADERS_BYTES_MAX, &file, &why).ok) {
        FAIL(err, R_OTLP_HEADERS, "%s", why.detail);
    }
    TRY(check(path, secret_use(file), err));
    *out = file;
    file = NULL;
    return OK;
}
