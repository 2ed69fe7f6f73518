/* SPDX-License-Identifier: Apache-2.0 */
#include "net/scim/scim_error.h"

#include <stdio.h>

#include "net/connect/connect_error.h"
#include "wire/pb_fields.h"

/* What a google.rpc.Status says, as far as SCIM has a place for it. */
struct said {
    struct slice reason, request_id, scim_type; /* of google.rpc.ErrorInfo */
    struct slice field, description; /* of the first violation of google.rpc.BadRequest */
    struct slice sentences;          /* of google.rpc.LocalizedMessage */
};

/* Reasons to which HTTP or SCIM has a better word than the code's. */
static const struct {
    const char *reason;
    int status;
    const char *scim_type;
} words[] = {
    {"ALREADY_EXISTS", 409, "uniqueness"},     {"ETAG_MISMATCH", 412, NULL},
    {"MESSAGE_TOO_LARGE", 413, NULL},          {"MESSAGE_TOO_COMPLEX", 413, NULL},
    {"APPROVAL_REQUIRED", 403, NULL},          {"JSON_MALFORMED", 400, "invalidSyntax"},
    {"PROTO_MALFORMED", 400, "invalidSyntax"}, {"GROUP_CYCLE", 400, "invalidValue"},
};

static void read_info(struct slice info, struct said *out)
{
    enum { REASON = 1, METADATA = 3, KEY = 1, VALUE = 2 };
    struct pb_fields fields = pb_fields_of(info);
    struct pb_field field;
    out->reason = pb_first_bytes(info, REASON);
    while (pb_next_field(&fields, &field)) {
        if (!field.is_bytes || field.number != METADATA) {
            continue;
        }
        struct slice key = pb_first_bytes(field.bytes, KEY);
        if (slice_eq_str(key, "scim_type")) {
            out->scim_type = pb_first_bytes(field.bytes, VALUE);
        } else if (slice_eq_str(key, "request_id")) {
            out->request_id = pb_first_bytes(field.bytes, VALUE);
        }
    }
}

static void read_detail(struct slice any, struct said *out)
{
    enum { TYPE_URL = 1, VALUE = 2, VIOLATIONS = 1, FIELD = 1, DESCRIPTION = 2, MESSAGE = 2 };
    struct slice url = pb_first_bytes(any, TYPE_URL), value = pb_first_bytes(any, VALUE);
    struct slice type = slice_cut(url, (size_t)(slice_rfind(url, '/') + 1), url.len);
    if (slice_eq_str(type, "google.rpc.ErrorInfo")) {
        read_info(value, out);
    } else if (slice_eq_str(type, "google.rpc.BadRequest")) {
        struct slice violation = pb_first_bytes(value, VIOLATIONS);
        out->field = pb_first_bytes(violation, FIELD);
        out->description = pb_first_bytes(violation, DESCRIPTION);
    } else if (slice_eq_str(type, "google.rpc.LocalizedMessage")) {
        out->sentences = pb_first_bytes(value, MESSAGE);
    }
}

static struct said read_status(struct slice details)
{
    enum { DETAILS = 3 };
    struct said said = {0};
    struct pb_fields fields = pb_fields_of(details);
    struct pb_field field;
    while (pb_next_field(&fields, &field)) {
        if (field.is_bytes && field.number == DETAILS) {
            read_detail(field.bytes, &said);
        }
    }
    return said;
}

static void add(struct bytes *out, const char *text)
{
    bytes_add(out, slice_str(text));
}

/* What is wrong, where, and by which words an operator finds it. */
static void add_detail(struct bytes *out, const struct net_status *status, const struct said *said)
{
    struct bytes text = {0};
    if (said->description.len > 0) {
        bytes_add(&text, said->field);
        add(&text, ": ");
        bytes_add(&text, said->description);
    } else if (said->sentences.len > 0) {
        bytes_add(&text, said->sentences);
    } else {
        add(&text, status->text);
    }
    if (said->reason.len > 0) {
        add(&text, " (");
        bytes_add(&text, said->reason);
        add(&text, said->request_id.len > 0 ? ", request " : "");
        bytes_add(&text, said->request_id);
        add(&text, ")");
    }
    add(out, ",\"detail\":");
    connect_error_write_text(bytes_view(&text), out);
    bytes_free(&text);
}

int scim_error_write(const struct net_status *status, struct bytes *out)
{
    struct said said = read_status(status->details);
    int http = status->is_unknown_path ? 404 : connect_error_http_status(status->code);
    struct slice type = said.scim_type;
    char number[24];
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (slice_eq_str(said.reason, words[i].reason)) {
            http = words[i].status;
            type = type.len > 0 ? type : slice_str(words[i].scim_type);
        }
    }
    add(out, "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"]");
    if (type.len > 0) {
        add(out, ",\"scimType\":");
        connect_error_write_text(type, out);
    }
    add_detail(out, status, &said);
    snprintf(number, sizeof number, ",\"status\":\"%d\"}", http);
    add(out, number);
    return http;
}
