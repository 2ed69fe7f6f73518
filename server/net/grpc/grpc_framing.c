/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc/grpc_framing.h"

#include <string.h>

#include "net/envelope.h"
#include "net/grpc/grpc_headers.h"

/* --- headers -------------------------------------------------------------------------------- */

static bool is_grpc_type(const char *type)
{
    static const char base[] = "application/grpc";
    if (type == NULL || strncmp(type, base, sizeof base - 1) != 0) {
        return false;
    }
    const char *rest = type + sizeof base - 1;
    return *rest == '\0' || *rest == ';' || strcmp(rest, "+proto") == 0;
}

static bool takes(const struct net_request *request)
{
    return strcmp(request->method, "POST") == 0 &&
           is_grpc_type(net_request_header(request, "content-type"));
}

static rc begin(struct net_request *request, struct net_encoding *out, struct err *err)
{
    out->content_type = "application/grpc";
    return grpc_headers_read(request, out, err);
}

/* --- bodies --------------------------------------------------------------------------------- */

static void add_message(struct bytes *body, struct slice message, bool compressed)
{
    envelope_add(body, compressed ? ENVELOPE_COMPRESSED : 0, message);
}

/* --- answers -------------------------------------------------------------------------------- */

static void finish(struct arena *arena, const struct net_encoding *encoding,
                   const struct net_status *status, struct net_head *only,
                   struct net_head *trailers, struct bytes *body)
{
    (void)body;
    if (only == NULL) {
        grpc_headers_add_status(arena, status, trailers);
        return;
    }
    only->status = 200;
    net_head_add(only, "content-type", encoding->content_type);
    if (status->code == GRPC_UNIMPLEMENTED) {
        grpc_headers_add_accepted(only); /* grpc/grpc doc/compression.md */
    }
    grpc_headers_add_status(arena, status, only);
}

const struct net_framing GRPC_FRAMING = {
    .name = "grpc",
    .only_over = "h2",
    .takes = takes,
    .begin = begin,
    .look = envelope_look,
    .head = grpc_headers_add_head,
    .add_message = add_message,
    .finish = finish,
};
