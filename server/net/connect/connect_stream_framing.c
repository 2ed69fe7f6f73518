/* SPDX-License-Identifier: Apache-2.0 */
#include "net/connect/connect_stream_framing.h"

#include <string.h>

#include "net/connect/connect_error.h"
#include "net/connect/connect_headers.h"
#include "net/envelope.h"
#include "net/header_value.h"

enum { FLAG_END = 2 };

static const char JSON[] = "application/connect+json", PROTO[] = "application/connect+proto";

static bool takes(const struct net_request *request)
{
    return header_value_is_post_of(request, JSON) || header_value_is_post_of(request, PROTO);
}

static rc begin(struct net_request *request, struct net_encoding *out, struct err *err)
{
    const char *encoding = net_request_header(request, "connect-content-encoding");
    const char *accepted = net_request_header(request, "connect-accept-encoding");
    request->is_json = header_value_is_post_of(request, JSON);
    out->content_type = request->is_json ? JSON : PROTO;
    out->request = header_value_compression(encoding);
    out->accepts_gzip = header_value_lists(accepted, "gzip");
    return connect_headers_read(request, err);
}

static void head(const struct net_encoding *encoding, bool compressed, struct net_head *out)
{
    (void)compressed; /* every message says it of itself */
    out->status = 200;
    net_head_add(out, "content-type", encoding->content_type);
    net_head_add(out, "cache-control", "no-store");
    net_head_add(out, "connect-accept-encoding", "gzip");
    if (encoding->accepts_gzip) {
        net_head_add(out, "connect-content-encoding", "gzip");
    }
}

static void add_message(struct bytes *body, struct slice message, bool compressed)
{
    envelope_add(body, compressed ? ENVELOPE_COMPRESSED : 0, message);
}

static bool has_name(const struct net_header *header, const char *name)
{
    return strcmp(header->name, name) == 0;
}

/* All values of the name that the trailer at `first` has. */
static void add_values(const struct net_status *status, size_t first, struct bytes *out)
{
    for (size_t i = first; i < status->trailer_count; i++) {
        if (has_name(&status->trailers[i], status->trailers[first].name)) {
            bytes_add(out, slice_str(i == first ? "[" : ","));
            connect_error_write_text(slice_str(status->trailers[i].value), out);
        }
    }
    bytes_add(out, slice_str("]"));
}

static bool was_before(const struct net_status *status, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (has_name(&status->trailers[i], status->trailers[at].name)) {
            return true;
        }
    }
    return false;
}

/* "metadata":{"name":["value","value"]} */
static void add_metadata(const struct net_status *status, struct bytes *out)
{
    for (size_t i = 0; i < status->trailer_count; i++) {
        if (was_before(status, i)) {
            continue;
        }
        bytes_add(out, slice_str(i == 0 ? "\"metadata\":{" : ","));
        connect_error_write_text(slice_str(status->trailers[i].name), out);
        bytes_add(out, slice_str(":"));
        add_values(status, i, out);
    }
    bytes_add(out, slice_str(status->trailer_count == 0 ? "" : "}"));
}

static void finish(struct arena *arena, const struct net_encoding *encoding,
                   const struct net_status *status, struct net_head *only,
                   struct net_head *trailers, struct bytes *body)
{
    struct bytes text = {0};
    (void)arena;
    (void)trailers;
    if (only != NULL) {
        head(encoding, false, only);
    }
    bytes_add(&text, slice_str("{"));
    if (status->code != GRPC_OK) {
        bytes_add(&text, slice_str("\"error\":"));
        connect_error_write(status, &text);
    }
    if (status->code != GRPC_OK && status->trailer_count > 0) {
        bytes_add(&text, slice_str(","));
    }
    add_metadata(status, &text);
    bytes_add(&text, slice_str("}"));
    envelope_add(body, FLAG_END, bytes_view(&text));
    bytes_free(&text);
}

const struct net_framing CONNECT_STREAM_FRAMING = {
    .name = "connect-stream",
    .only_streaming = true,
    .takes = takes,
    .begin = begin,
    .look = envelope_look,
    .head = head,
    .add_message = add_message,
    .finish = finish,
};
