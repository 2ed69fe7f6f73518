/* SPDX-License-Identifier: Apache-2.0 */
#include "net/header_value.h"

#include <string.h>
#include <strings.h>

static struct slice trim(struct slice text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text = slice_cut(text, 1, text.len);
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

/* Cut off what stands before the next separator. */
static struct slice next_part(struct slice *rest, char separator)
{
    ptrdiff_t found = slice_find(*rest, (uint8_t)separator);
    size_t end = found < 0 ? rest->len : (size_t)found;
    struct slice part = trim(slice_cut(*rest, 0, end));
    *rest = slice_cut(*rest, end + 1, rest->len);
    return part;
}

bool header_value_is_type(const char *value, const char *type)
{
    struct slice rest = slice_str(value);
    if (value == NULL || !slice_eq_nocase(next_part(&rest, ';'), slice_str(type))) {
        return false;
    }
    return rest.len == 0 || slice_eq_nocase(trim(rest), slice_str("charset=utf-8")) ||
           slice_eq_nocase(trim(rest), slice_str("charset=\"utf-8\""));
}

bool header_value_is_post_of(const struct net_request *request, const char *type)
{
    static const char name[] = "content-type";
    return strcmp(request->method, "POST") == 0 && header_value_count(request, name) == 1 &&
           header_value_is_type(net_request_header(request, name), type);
}

/* ";q=0", ";q=0.000": RFC 9110 §12.4.2. */
static bool is_unwanted(struct slice parameters)
{
    struct slice weight = next_part(&parameters, ';');
    if (!slice_starts_with(weight, "q=0")) {
        return false;
    }
    for (size_t i = 3; i < weight.len; i++) {
        if (weight.ptr[i] != '.' && weight.ptr[i] != '0') {
            return false;
        }
    }
    return true;
}

bool header_value_lists(const char *list, const char *token)
{
    struct slice rest = slice_str(list);
    while (rest.len > 0) {
        struct slice item = next_part(&rest, ',');
        struct slice name = next_part(&item, ';');
        if (slice_eq_nocase(name, slice_str(token))) {
            return !is_unwanted(item);
        }
    }
    return false;
}

enum net_compression header_value_compression(const char *value)
{
    if (value == NULL || strcasecmp(value, "identity") == 0) {
        return NET_IDENTITY;
    }
    return strcasecmp(value, "gzip") == 0 ? NET_GZIP : NET_COMPRESSION_UNKNOWN;
}

size_t header_value_count(const struct net_request *request, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        count += strcmp(request->headers[i].name, name) == 0;
    }
    return count;
}

size_t header_value_length(const struct net_request *request)
{
    const char *value = net_request_header(request, "content-length");
    size_t length = 0;
    if (value == NULL || *value == '\0') {
        return NET_LENGTH_UNKNOWN;
    }
    for (; *value >= '0' && *value <= '9'; value++) {
        if (__builtin_mul_overflow(length, 10, &length) ||
            __builtin_add_overflow(length, (size_t)(*value - '0'), &length)) {
            return NET_LENGTH_UNKNOWN;
        }
    }
    return *value == '\0' ? length : NET_LENGTH_UNKNOWN;
}

void header_value_read_encoding(const struct net_request *request, struct net_encoding *out)
{
    static const char CONTENT_ENCODING[] = "content-encoding";
    out->request = header_value_count(request, CONTENT_ENCODING) > 1
                       ? NET_COMPRESSION_UNKNOWN
                       : header_value_compression(net_request_header(request, CONTENT_ENCODING));
    out->accepts_gzip = header_value_lists(net_request_header(request, "accept-encoding"), "gzip");
}
