/* SPDX-License-Identifier: Apache-2.0 */
#include "service/scim/scim_request.h"

#include <string.h>
#include <strings.h>

#include "base/encode.h"
#include "base/utf8.h"

step scim_request_refuse(struct call *c, const struct scim_fault *fault)
{
    if (fault->type[0] == '\0') {
        return call_fail(c, R_ARENA_EXHAUSTED, "%s", fault->where);
    }
    call_error_metadata(c, "scim_type", fault->type);
    return call_bad_field(c, fault->where, fault->why);
}

/* --- texts of a URI ------------------------------------------------------------------------------- */

/* What percent-encoding means (RFC 3986 §2.1), and "+" as forms have it. NULL: it is none, or over budget. */
static const char *decode(struct call *c, struct slice text)
{
    char *out = arena_alloc(call_arena(c), text.len + 1);
    size_t len = 0;
    for (size_t i = 0; out != NULL && i < text.len; i++) {
        if (text.ptr[i] != '%') {
            out[len++] = text.ptr[i] == '+' ? ' ' : (char)text.ptr[i];
            continue;
        }
        bool is_whole = text.len - i > 2;
        int high = is_whole ? hex_digit_value(text.ptr[i + 1]) : -1;
        int low = is_whole ? hex_digit_value(text.ptr[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return NULL;
        }
        out[len++] = (char)(high << 4 | low);
        i += 2;
    }
    if (out == NULL || !utf8_is_printable(slice_of(out, len))) {
        return NULL;
    }
    out[len] = '\0';
    return out;
}

static struct slice next_part(struct slice *rest, char separator)
{
    ptrdiff_t found = slice_find(*rest, (uint8_t)separator);
    size_t end = found < 0 ? rest->len : (size_t)found;
    struct slice part = slice_cut(*rest, 0, end);
    *rest = slice_cut(*rest, end + 1, rest->len);
    return part;
}

/* --- query ---------------------------------------------------------------------------------------- */

/* Whole numbers; what is below `least` is that, as RFC 7644 §3.4.2.4 has it. */
static bool read_number(const char *text, size_t least, size_t most, size_t *out)
{
    bool is_negative = text[0] == '-';
    const char *digits = text + is_negative;
    size_t value = 0;
    for (const char *at = digits; *at != '\0'; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
        value = value > most ? value : value * 10 + (size_t)(*at - '0');
    }
    value = is_negative || value < least ? least : value;
    *out = value > most ? most : value;
    return digits[0] != '\0';
}

static bool leaves_members_out(const char *list)
{
    struct slice rest = slice_str(list);
    while (rest.len > 0) {
        if (slice_eq_nocase(next_part(&rest, ','), slice_str("members"))) {
            return true;
        }
    }
    return false;
}

static bool read_parameter(struct call *c, struct slice name, const char *value,
                           struct scim_request *out, struct scim_fault *fault)
{
    enum { ENTRIES_MAX = 1000000 };
    static const char WHY[] = "It must be a whole number.";
    if (slice_eq_nocase(name, slice_str("filter"))) {
        return scim_filter_parse(call_arena(c), slice_str(value), &out->filter, fault);
    }
    if (slice_eq_nocase(name, slice_str("startIndex"))) {
        return read_number(value, 1, ENTRIES_MAX + 1, &out->start)
                   ? true
                   : scim_fail(fault, "invalidValue", "startIndex", WHY);
    }
    if (slice_eq_nocase(name, slice_str("count"))) {
        return read_number(value, 0, SCIM_COUNT_MAX, &out->count)
                   ? true
                   : scim_fail(fault, "invalidValue", "count", WHY);
    }
    if (slice_eq_nocase(name, slice_str("excludedAttributes"))) {
        out->leaves_members_out = leaves_members_out(value);
    }
    return true;
}

static step read_query(struct call *c, const char *query, struct scim_request *out)
{
    struct slice rest = slice_str(query);
    while (rest.len > 0) {
        struct slice value = next_part(&rest, '&');
        struct slice name = next_part(&value, '=');
        struct scim_fault fault = {0};
        const char *text = decode(c, value);
        if (text == NULL) {
            (void)scim_fail(&fault, "invalidValue", "query", "It must be percent-encoded UTF-8.");
        }
        if (text == NULL || !read_parameter(c, name, text, out, &fault)) {
            return scim_request_refuse(c, &fault);
        }
    }
    return STEP_NEXT;
}

/* --- path and verb -------------------------------------------------------------------------------- */

static bool read_verb(const char *text, enum scim_verb *out)
{
    static const char *const verbs[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(text, verbs[i]) == 0) {
            *out = (enum scim_verb)i;
            return true;
        }
    }
    return false;
}

static bool read_kind(struct slice name, enum scim_kind *out)
{
    static const char *const kinds[] = {"Users", "Groups", "ServiceProviderConfig", "ResourceTypes",
                                        "Schemas"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (slice_eq_str(name, kinds[i])) {
            *out = (enum scim_kind)i;
            return true;
        }
    }
    return false;
}

/* What is made has no id yet, and everything else that changes has. */
static bool is_verb_for_path(const struct scim_request *request)
{
    return request->verb == SCIM_GET || (request->verb == SCIM_POST) == (request->id[0] == '\0');
}

static step check_fields(struct call *c, const Chancery__V1__ScimExchange *from)
{
    static const char WHY[] = "It is required.";
    if (from == NULL) {
        return call_bad_field(c, "exchange", WHY);
    }
    step verb = from->verb[0] == '\0' ? call_bad_field(c, "exchange.verb", WHY) : STEP_NEXT;
    step path = from->path[0] == '\0' ? call_bad_field(c, "exchange.path", WHY) : STEP_NEXT;
    return step_and(verb, path);
}

step scim_request_read(struct call *c, const Chancery__V1__ScimExchange *from,
                       struct scim_request *out)
{
    *out = (struct scim_request){.id = "", .start = 1, .count = SCIM_COUNT_DEFAULT};
    if (step_failed(check_fields(c, from))) {
        return STEP_FAILED;
    }
    struct slice rest = slice_str(from->path);
    bool is_rooted = next_part(&rest, '/').len == 0;
    struct slice kind = next_part(&rest, '/');
    struct slice id = next_part(&rest, '/');
    out->id = decode(c, id);
    out->if_match = from->if_match;
    out->body = slice_of(from->body.data, from->body.len);
    if (!is_rooted || rest.len > 0 || out->id == NULL || strlen(out->id) > SCIM_ID_MAX ||
        !read_kind(kind, &out->kind) || !read_verb(from->verb, &out->verb) ||
        !is_verb_for_path(out)) {
        return call_fail(c, R_NOT_FOUND, "no such path, or not by this verb");
    }
    return read_query(c, from->query, out);
}

/* --- etags ---------------------------------------------------------------------------------------- */

/* A list of them, or "*" (RFC 9110 §13.1.1). Ours are weak, and compared as what they say. */
step scim_request_check_match(struct call *c, const struct scim_request *request, const char *etag)
{
    struct slice rest = slice_str(request->if_match);
    bool is_met = rest.len == 0;
    while (rest.len > 0 && !is_met) {
        struct slice one = next_part(&rest, ',');
        while (one.len > 0 && one.ptr[0] == ' ') {
            one = slice_cut(one, 1, one.len);
        }
        is_met = slice_eq_str(one, "*") || slice_eq_str(one, etag);
    }
    return is_met ? STEP_NEXT : call_fail(c, R_ETAG_MISMATCH, "another state was meant");
}
