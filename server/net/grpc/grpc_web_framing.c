/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc/grpc_web_framing.h"

#include "net/envelope.h"
#include "net/grpc/grpc_headers.h"
#include "net/header_value.h"
#include "net/text_body.h"

enum { FLAG_TRAILERS = 0x80 };

/* --- headers -------------------------------------------------------------------------------- */

static bool takes_binary(const struct net_request *request)
{
    return header_value_is_post_of(request, "application/grpc-web") ||
           header_value_is_post_of(request, "application/grpc-web+proto");
}

static bool takes_text(const struct net_request *request)
{
    return header_value_is_post_of(request, "application/grpc-web-text") ||
           header_value_is_post_of(request, "application/grpc-web-text+proto");
}

static rc begin_binary(struct net_request *request, struct net_encoding *out, struct err *err)
{
    out->content_type = "application/grpc-web+proto";
    return grpc_headers_read(request, out, err);
}

static rc begin_text(struct net_request *request, struct net_encoding *out, struct err *err)
{
    out->content_type = "application/grpc-web-text+proto";
    return grpc_headers_read(request, out, err);
}

/* --- answers -------------------------------------------------------------------------------- */

static void add_binary(struct bytes *body, struct slice message, bool compressed)
{
    envelope_add(body, compressed ? ENVELOPE_COMPRESSED : 0, message);
}

static void add_text(struct bytes *body, struct slice message, bool compressed)
{
    struct bytes frame = {0};
    add_binary(&frame, message, compressed);
    text_body_encode(bytes_view(&frame), body);
    bytes_free(&frame);
}

/* The head too is that of an answer with messages: the status is in the body whatever happened. */
static void finish_binary(struct arena *arena, const struct net_encoding *encoding,
                          const struct net_status *status, struct net_head *only,
                          struct net_head *trailers, struct bytes *body)
{
    struct net_head said = {0};
    struct bytes text = {0};
    (void)trailers;
    if (only != NULL) {
        grpc_headers_add_head(encoding, false, only);
    }
    grpc_headers_add_status(arena, status, &said);
    for (size_t i = 0; i < said.count; i++) {
        bytes_add(&text, slice_str(said.headers[i].name));
        bytes_add(&text, slice_str(": "));
        bytes_add(&text, slice_str(said.headers[i].value));
        bytes_add(&text, slice_str("\r\n"));
    }
    envelope_add(body, FLAG_TRAILERS, bytes_view(&text));
    bytes_free(&text);
}

static void finish_text(struct arena *arena, const struct net_encoding *encoding,
                        const struct net_status *status, struct net_head *only,
                        struct net_head *trailers, struct bytes *body)
{
    struct bytes frame = {0};
    finish_binary(arena, encoding, status, only, trailers, &frame);
    text_body_encode(bytes_view(&frame), body);
    bytes_free(&frame);
}

const struct net_framing GRPC_WEB_FRAMING = {
    .name = "grpc-web",
    .takes = takes_binary,
    .begin = begin_binary,
    .look = envelope_look,
    .head = grpc_headers_add_head,
    .add_message = add_binary,
    .finish = finish_binary,
};

const struct net_framing GRPC_WEB_TEXT_FRAMING = {
    .name = "grpc-web-text",
    .is_text = true,
    .takes = takes_text,
    .begin = begin_text,
    .look = envelope_look,
    .head = grpc_headers_add_head,
    .add_message = add_text,
    .finish = finish_text,
};
