/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http1/http1_head.h"

#include <string.h>

#include "base/encode.h"

enum { LENGTH_DIGITS_MAX = 18, CHUNK_DIGITS_MAX = 8 };

#define FAULT(name, code, text) \
    static const struct http1_fault name = {.status = (code), .sentence = text "\n"}

FAULT(bad_line, 400, "expected METHOD TARGET HTTP/1.1");
FAULT(bad_version, 505, "expected version 1.1 of HTTP, or HTTP/2");
FAULT(bad_target, 400, "expected a path as target");
FAULT(long_target, 414, "the target is too long");
FAULT(bad_field, 400, "expected NAME: VALUE");
FAULT(bad_length, 400, "content-length must be one number");
FAULT(bad_coding, 501, "transfer-encoding may be chunked only");
FAULT(two_lengths, 400, "transfer-encoding and content-length exclude each other");
FAULT(bad_host, 400, "expected one host field");
FAULT(bad_expectation, 417, "expect may be 100-continue only");
FAULT(bad_chunk, 400, "expected the size of a chunk");

/* --- characters (RFC 9110 §5.6, §5.5; RFC 3986 §2) -------------------------------------------- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_token_char(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_value_char(uint8_t c)
{
    return c == '\t' || (c >= ' ' && c != 0x7f);
}

static bool is_target_char(uint8_t c)
{
    return c > ' ' && c < 0x7f && strchr("\"#<>\\^`{|}", c) == NULL;
}

/* Clients send in a query what a URI has no place for; browsers and Node do (WHATWG URL, query state). */
static bool is_query_char(uint8_t c)
{
    return c > ' ' && c != 0x7f && c != '#';
}

static bool is_host_char(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("-._~!$&'()*+,;=%:[]", c) != NULL);
}

static bool are_all(struct slice text, bool (*is_fine)(uint8_t c))
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_fine(text.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool is_target(struct slice text)
{
    ptrdiff_t mark = slice_find(text, '?');
    size_t end = mark < 0 ? text.len : (size_t)mark;
    return are_all(slice_cut(text, 0, end), is_target_char) &&
           are_all(slice_cut(text, end, text.len), is_query_char);
}

static bool is_token(struct slice text)
{
    return text.len > 0 && are_all(text, is_token_char);
}

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

static bool is_word(struct slice text, const char *word)
{
    return slice_eq_nocase(text, slice_str(word));
}

/* --- lines ------------------------------------------------------------------------------------ */

struct http1_line http1_find_line(struct slice in, size_t seen, size_t max)
{
    size_t reach = in.len < max ? in.len : max;
    for (size_t i = seen; i < reach; i++) {
        if (in.ptr[i] == '\n') {
            return (struct http1_line){.found = HTTP1_LINE_BROKEN};
        }
        if (in.ptr[i] != '\r') {
            continue;
        }
        if (i + 1 == in.len) {
            return (struct http1_line){.found = HTTP1_LINE_LATER};
        }
        bool is_end = in.ptr[i + 1] == '\n';
        return (struct http1_line){.found = is_end ? HTTP1_LINE_DONE : HTTP1_LINE_BROKEN,
                                   .text = slice_cut(in, 0, i),
                                   .used = i + 2};
    }
    return (struct http1_line){.found = in.len < max ? HTTP1_LINE_LATER : HTTP1_LINE_BROKEN};
}

static const struct http1_fault *read_version(struct http1_head *head, struct slice version)
{
    head->is_1_0 = slice_eq_str(version, "HTTP/1.0");
    if (head->is_1_0 || slice_eq_str(version, "HTTP/1.1")) {
        return NULL;
    }
    bool is_other = version.len == 8 && slice_starts_with(version, "HTTP/") &&
                    is_digit(version.ptr[5]) && version.ptr[6] == '.' && is_digit(version.ptr[7]);
    return is_other ? &bad_version : &bad_line;
}

const struct http1_fault *http1_read_request_line(struct http1_head *head, struct slice line,
                                                  struct slice *method, struct slice *target)
{
    ptrdiff_t first = slice_find(line, ' '), last = slice_rfind(line, ' ');
    if (first <= 0 || last <= first + 1) {
        return &bad_line;
    }
    *method = slice_cut(line, 0, (size_t)first);
    *target = slice_cut(line, (size_t)first + 1, (size_t)last);
    if (!is_token(*method) || !is_target(*target)) {
        return &bad_line;
    }
    return read_version(head, slice_cut(line, (size_t)last + 1, line.len));
}

/* Its path begins behind the authority, which counts for nothing here. */
static bool skip_authority(struct slice *target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t len = strlen(schemes[i]);
        if (is_word(slice_cut(*target, 0, len), schemes[i])) {
            struct slice rest = slice_cut(*target, len, target->len);
            ptrdiff_t slash = slice_find(rest, '/');
            struct slice authority = slash < 0 ? rest : slice_cut(rest, 0, (size_t)slash);
            *target = slash < 0 ? slice_str("/") : slice_cut(rest, (size_t)slash, rest.len);
            return authority.len > 0 && are_all(authority, is_host_char);
        }
    }
    return false;
}

const struct http1_fault *http1_read_target(struct slice target, struct slice *path,
                                            struct slice *query)
{
    if (target.len > HTTP1_TARGET_MAX) {
        return &long_target;
    }
    if (!slice_starts_with(target, "/") && !skip_authority(&target)) {
        return &bad_target;
    }
    ptrdiff_t mark = slice_find(target, '?');
    *path = mark < 0 ? target : slice_cut(target, 0, (size_t)mark);
    *query = mark < 0 ? SLICE_NONE : slice_cut(target, (size_t)mark + 1, target.len);
    return NULL;
}

/* --- fields ----------------------------------------------------------------------------------- */

static const struct http1_fault *read_length(struct http1_head *head, struct slice value)
{
    if (head->has_length || value.len == 0 || value.len > LENGTH_DIGITS_MAX ||
        !are_all(value, is_digit)) {
        return &bad_length;
    }
    head->has_length = true;
    for (size_t i = 0; i < value.len; i++) {
        head->length = head->length * 10 + (value.ptr[i] - '0');
    }
    return NULL;
}

static const struct http1_fault *read_coding(struct http1_head *head, struct slice value)
{
    if (head->is_chunked || !is_word(value, "chunked")) {
        return &bad_coding;
    }
    head->is_chunked = true;
    return NULL;
}

static const struct http1_fault *read_host(struct http1_head *head, struct slice value)
{
    if (head->has_host || !are_all(value, is_host_char)) {
        return &bad_host;
    }
    head->has_host = true;
    return NULL;
}

static const struct http1_fault *read_connection(struct http1_head *head, struct slice value)
{
    while (value.len > 0) {
        ptrdiff_t comma = slice_find(value, ',');
        size_t end = comma < 0 ? value.len : (size_t)comma;
        head->wants_close = head->wants_close || is_word(trim(slice_cut(value, 0, end)), "close");
        value = slice_cut(value, end + 1, value.len);
    }
    return NULL;
}

static const struct http1_fault *read_expectation(struct http1_head *head, struct slice value)
{
    head->expects_continue = is_word(value, "100-continue");
    return head->expects_continue ? NULL : &bad_expectation;
}

const struct http1_fault *http1_read_field(struct http1_head *head, struct slice line,
                                           struct slice *name, struct slice *value)
{
    static const struct {
        const char *name;
        const struct http1_fault *(*read)(struct http1_head *head, struct slice value);
    } readers[] = {
        {"content-length", read_length}, {"transfer-encoding", read_coding}, {"host", read_host},
        {"connection", read_connection}, {"expect", read_expectation},
    };
    ptrdiff_t colon = slice_find(line, ':');
    if (colon < 0) {
        return &bad_field;
    }
    *name = slice_cut(line, 0, (size_t)colon);
    *value = trim(slice_cut(line, (size_t)colon + 1, line.len));
    if (!is_token(*name) || !are_all(*value, is_value_char)) {
        return &bad_field;
    }
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (is_word(*name, readers[i].name)) {
            return readers[i].read(head, *value);
        }
    }
    return NULL;
}

const struct http1_fault *http1_check_head(const struct http1_head *head)
{
    if (head->is_chunked && head->has_length) {
        return &two_lengths;
    }
    if (head->is_chunked && head->is_1_0) {
        return &bad_coding; /* RFC 9112 §6.1: its framing is faulty */
    }
    return head->is_1_0 || head->has_host ? NULL : &bad_host;
}

/* --- chunks ----------------------------------------------------------------------------------- */

const struct http1_fault *http1_read_chunk_size(struct slice line, uint64_t *size)
{
    size_t digits = 0;
    *size = 0;
    while (digits < line.len && digits < CHUNK_DIGITS_MAX &&
           hex_digit_value(line.ptr[digits]) >= 0) {
        *size = *size << 4 | (uint64_t)hex_digit_value(line.ptr[digits]);
        digits++;
    }
    struct slice rest = slice_cut(line, digits, line.len);
    bool is_fine =
        digits > 0 && (rest.len == 0 || (rest.ptr[0] == ';' && are_all(rest, is_value_char)));
    return is_fine ? NULL : &bad_chunk;
}
