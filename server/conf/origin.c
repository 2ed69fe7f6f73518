/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/origin.h"

#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

enum { HOST_MAX = 253, PORT_DIGITS_MAX = 5, PORT_MAX = 65535 };

static bool is_host(struct slice host)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    static const char address[] = "0123456789abcdef:";
    bool is_address = slice_starts_with(host, "[") && host.ptr[host.len - 1] == ']';
    struct slice inner = is_address && host.len > 2 ? slice_cut(host, 1, host.len - 1) : host;
    for (size_t i = 0; i < inner.len; i++) {
        if (inner.ptr[i] == '\0' || strchr(is_address ? address : name, inner.ptr[i]) == NULL) {
            return false;
        }
    }
    return host.len > 0 && host.len <= HOST_MAX && host.ptr[0] != '.' &&
           host.ptr[host.len - 1] != '.';
}

/* Behind a colon; the port that the scheme has anyway is never sent. */
static bool is_port(struct slice digits, unsigned usual)
{
    unsigned port = 0;
    if (digits.len == 0 || digits.len > PORT_DIGITS_MAX || digits.ptr[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9') {
            return false;
        }
        port = port * 10 + (digits.ptr[i] - '0');
    }
    return port <= PORT_MAX && port != usual;
}

static bool is_this_machine(struct slice host)
{
    return slice_eq_str(host, "localhost") || slice_eq_str(host, "127.0.0.1") ||
           slice_eq_str(host, "[::1]");
}

bool origin_is_valid(const char *text)
{
    struct slice rest = slice_str(text);
    bool is_plain = slice_starts_with(rest, "http://");
    if (!is_plain && !slice_starts_with(rest, "https://")) {
        return false;
    }
    rest = slice_cut(rest, is_plain ? 7 : 8, rest.len);
    ptrdiff_t bracket = slice_find(rest, ']');
    ptrdiff_t colon = slice_rfind(rest, ':');
    size_t end = colon > bracket ? (size_t)colon : rest.len;
    struct slice host = slice_cut(rest, 0, end);
    return is_host(host) && (!is_plain || is_this_machine(host)) &&
           (end == rest.len || is_port(slice_cut(rest, end + 1, rest.len), is_plain ? 80 : 443));
}
