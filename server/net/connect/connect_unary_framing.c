/* SPDX-License-Identifier: Apache-2.0 */
#include "net/connect/connect_unary_framing.h"

#include "net/connect/connect_error.h"
#include "net/connect/connect_headers.h"
#include "net/header_value.h"

static const char JSON[] = "application/json", PROTO[] = "application/proto";

static bool takes(const struct net_request *request)
{
    return header_value_is_post_of(request, JSON) || header_value_is_post_of(request, PROTO);
}

static rc begin(struct net_request *request, struct net_encoding *out, struct err *err)
{
    request->is_json = header_value_is_post_of(request, JSON);
    out->content_type = request->is_json ? JSON : PROTO;
    out->length = header_value_length(request);
    header_value_read_encoding(request, out);
    return connect_headers_read(request, err);
}

static void head(const struct net_encoding *encoding, bool compressed, struct net_head *out)
{
    out->status = 200;
    net_head_add(out, "content-type", encoding->content_type);
    net_head_add(out, "cache-control", "no-store");
    if (compressed) {
        net_head_add(out, "content-encoding", "gzip");
    }
}

static void add_message(struct bytes *body, struct slice message, bool compressed)
{
    (void)compressed; /* the head says it */
    bytes_add(body, message);
}

/* Behind a message there is nothing to say: it is the answer. */
static void finish(struct arena *arena, const struct net_encoding *encoding,
                   const struct net_status *status, struct net_head *only,
                   struct net_head *trailers, struct bytes *body)
{
    (void)arena;
    (void)encoding;
    (void)trailers;
    if (only == NULL) {
        return;
    }
    /* A path is not a method's code: to HTTP, nothing is there. */
    only->status = status->is_unknown_path ? 404 : connect_error_http_status(status->code);
    net_head_add(only, "content-type", JSON);
    net_head_add(only, "cache-control", "no-store");
    if (status->code == GRPC_UNAUTHENTICATED) {
        net_head_add(only, "www-authenticate", "Bearer"); /* RFC 9110 §11.6.1, RFC 6750 §3 */
    } else if (status->code == GRPC_UNIMPLEMENTED) {
        net_head_add(only, "accept-encoding", "gzip, identity"); /* RFC 9110 §12.5.3 */
    }
    connect_error_write(status, body);
}

const struct net_framing CONNECT_UNARY_FRAMING = {
    .name = "connect",
    .is_whole = true,
    .trailer_prefix = "trailer-",
    .takes = takes,
    .begin = begin,
    .head = head,
    .add_message = add_message,
    .finish = finish,
};
