/* SPDX-License-Identifier: Apache-2.0 */
#include "net/connect/connect_error.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "wire/pb_fields.h"

/* By their numbers; the last column is the status of an answer without messages. */
static const struct {
    const char *name;
    int http_status;
} codes[] = {
    [GRPC_OK] = {"unknown", 500}, /* no error has it */
    [GRPC_CANCELLED] = {"canceled", 499},
    [GRPC_UNKNOWN] = {"unknown", 500},
    [GRPC_INVALID_ARGUMENT] = {"invalid_argument", 400},
    [GRPC_DEADLINE_EXCEEDED] = {"deadline_exceeded", 504},
    [GRPC_NOT_FOUND] = {"not_found", 404},
    [GRPC_ALREADY_EXISTS] = {"already_exists", 409},
    [GRPC_PERMISSION_DENIED] = {"permission_denied", 403},
    [GRPC_RESOURCE_EXHAUSTED] = {"resource_exhausted", 429},
    [GRPC_FAILED_PRECONDITION] = {"failed_precondition", 400},
    [GRPC_ABORTED] = {"aborted", 409},
    [GRPC_OUT_OF_RANGE] = {"out_of_range", 400},
    [GRPC_UNIMPLEMENTED] = {"unimplemented", 501},
    [GRPC_INTERNAL] = {"internal", 500},
    [GRPC_UNAVAILABLE] = {"unavailable", 503},
    [GRPC_DATA_LOSS] = {"data_loss", 500},
    [GRPC_UNAUTHENTICATED] = {"unauthenticated", 401},
};

int connect_error_http_status(enum grpc_code code)
{
    return codes[code].http_status;
}

static void add(struct bytes *out, const char *text)
{
    bytes_add(out, slice_str(text));
}

/* RFC 8259 §7. */
void connect_error_write_text(struct slice text, struct bytes *out)
{
    add(out, "\"");
    for (size_t i = 0; i < text.len; i++) {
        char escape[8];
        uint8_t c = text.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            bytes_add(out, slice_of(&c, 1));
            continue;
        }
        snprintf(escape, sizeof escape, "\\u%04x", c);
        add(out, escape);
    }
    add(out, "\"");
}

/* Base64 without padding, as the protocol wants it. */
static void add_base64(struct bytes *out, struct slice value)
{
    enum { PIECE = 3 * 64 };
    add(out, "\"");
    for (size_t at = 0; at < value.len; at += PIECE) {
        char chars[PIECE / 3 * 4];
        struct slice piece = slice_cut(value, at, at + PIECE);
        base64_encode(piece, chars);
        size_t padding = (3 - piece.len % 3) % 3;
        bytes_add(out, slice_of(chars, base64_length(piece.len) - padding));
    }
    add(out, "\"");
}

/* A google.protobuf.Any: type_url and value. The name of the type is behind its last slash. */
static void add_detail(struct bytes *out, struct slice any)
{
    enum { TYPE_URL = 1, VALUE = 2 };
    struct slice type = pb_first_bytes(any, TYPE_URL), value = pb_first_bytes(any, VALUE);
    add(out, "{\"type\":");
    connect_error_write_text(slice_cut(type, (size_t)(slice_rfind(type, '/') + 1), type.len), out);
    add(out, ",\"value\":");
    add_base64(out, value);
    add(out, "}");
}

/* Of a google.rpc.Status, which is ours. */
static void add_details(struct bytes *out, struct slice status)
{
    enum { DETAILS = 3 };
    struct pb_fields fields = pb_fields_of(status);
    struct pb_field field;
    size_t count = 0;
    while (pb_next_field(&fields, &field)) {
        if (field.is_bytes && field.number == DETAILS) {
            add(out, count++ == 0 ? ",\"details\":[" : ",");
            add_detail(out, field.bytes);
        }
    }
    add(out, count == 0 ? "" : "]");
}

void connect_error_write(const struct net_status *status, struct bytes *out)
{
    add(out, "{\"code\":\"");
    add(out, codes[status->code].name);
    add(out, "\"");
    if (status->text != NULL && status->text[0] != '\0') {
        add(out, ",\"message\":");
        connect_error_write_text(slice_str(status->text), out);
    }
    add_details(out, status->details);
    add(out, "}");
}
