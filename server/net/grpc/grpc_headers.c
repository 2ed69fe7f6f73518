/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc/grpc_headers.h"

#include "net/grpc/grpc_text.h"
#include "net/header_value.h"

rc grpc_headers_read(struct net_request *request, struct net_encoding *out, struct err *err)
{
    const char *timeout = net_request_header(request, "grpc-timeout");
    out->request = header_value_compression(net_request_header(request, "grpc-encoding"));
    out->accepts_gzip =
        header_value_lists(net_request_header(request, "grpc-accept-encoding"), "gzip");
    int64_t ms = timeout == NULL ? 0 : grpc_timeout_parse(timeout);
    if (ms < 0) {
        FAIL(err, R_FRAMING_BROKEN, "grpc-timeout");
    }
    request->timeout_ms = ms;
    return OK;
}

void grpc_headers_add_accepted(struct net_head *out)
{
    net_head_add(out, "grpc-accept-encoding", "identity,gzip");
}

void grpc_headers_add_head(const struct net_encoding *encoding, bool compressed,
                           struct net_head *out)
{
    (void)compressed; /* every message says it of itself */
    out->status = 200;
    net_head_add(out, "content-type", encoding->content_type);
    if (encoding->accepts_gzip) {
        net_head_add(out, "grpc-encoding", "gzip");
    }
    grpc_headers_add_accepted(out);
}

void grpc_headers_add_status(struct arena *arena, const struct net_status *status,
                             struct net_head *out)
{
    static const char *const codes[] = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                        "9", "10", "11", "12", "13", "14", "15", "16"};
    bool has_text = status->text != NULL && status->text[0] != '\0';
    const char *text = has_text ? grpc_percent_encode(arena, status->text) : NULL;
    const char *details =
        status->details.len > 0 ? grpc_binary_encode(arena, status->details) : NULL;
    net_head_add(out, "grpc-status", codes[status->code]);
    if (text != NULL) {
        net_head_add(out, "grpc-message", text);
    }
    if (details != NULL) {
        net_head_add(out, "grpc-status-details-bin", details);
    }
    for (size_t i = 0; i < status->trailer_count; i++) {
        net_head_add(out, status->trailers[i].name, status->trailers[i].value);
    }
}
