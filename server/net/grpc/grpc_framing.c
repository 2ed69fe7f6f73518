/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc/grpc_framing.h"

#include <string.h>

#include "net/grpc/grpc_text.h"

enum { PREFIX_BYTES = 5, FLAG_COMPRESSED = 1 };

static const char ACCEPTS[] = "grpc-accept-encoding";
static const char ENCODINGS[] = "identity,gzip";

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

static bool lists_token(const char *list, const char *token)
{
    size_t len = strlen(token);
    for (const char *at = list; at != NULL && *at != '\0';) {
        at += strspn(at, " ,");
        size_t n = strcspn(at, " ,;");
        if (n == len && memcmp(at, token, n) == 0) {
            return true;
        }
        at += strcspn(at, ",");
    }
    return false;
}

static enum net_compression compression_of(const char *name)
{
    if (name == NULL || strcmp(name, "identity") == 0) {
        return NET_IDENTITY;
    }
    return strcmp(name, "gzip") == 0 ? NET_GZIP : NET_COMPRESSION_UNKNOWN;
}

static rc begin(struct net_request *request, struct net_encoding *out, struct err *err)
{
    const char *timeout = net_request_header(request, "grpc-timeout");
    out->request = compression_of(net_request_header(request, "grpc-encoding"));
    out->accepts_gzip = lists_token(net_request_header(request, "grpc-accept-encoding"), "gzip");
    int64_t ms = timeout == NULL ? 0 : grpc_timeout_parse(timeout);
    if (ms < 0) {
        FAIL(err, R_FRAMING_BROKEN, "grpc-timeout");
    }
    request->timeout_ms = ms;
    return OK;
}

/* --- bodies --------------------------------------------------------------------------------- */

static enum net_look look(struct slice in, bool all_came, struct net_frame *out, struct err *err)
{
    (void)all_came; /* every message says how long it is */
    if (in.len < PREFIX_BYTES) {
        return NET_LOOK_LATER;
    }
    if (in.ptr[0] > FLAG_COMPRESSED) {
        (void)err_raise(err, R_FRAMING_BROKEN, __FILE__, __LINE__, "flags %u", in.ptr[0]);
        return NET_LOOK_BROKEN;
    }
    *out = (struct net_frame){
        .prefix = PREFIX_BYTES,
        .length =
            (size_t)in.ptr[1] << 24 | (size_t)in.ptr[2] << 16 | (size_t)in.ptr[3] << 8 | in.ptr[4],
        .compressed = in.ptr[0] == FLAG_COMPRESSED,
    };
    return NET_LOOK_FRAME;
}

static void add_message(struct bytes *body, struct slice message, bool compressed)
{
    const uint8_t prefix[PREFIX_BYTES] = {
        compressed ? FLAG_COMPRESSED : 0, (uint8_t)(message.len >> 24),
        (uint8_t)(message.len >> 16), (uint8_t)(message.len >> 8), (uint8_t)message.len};
    bytes_add_expecting(body, slice_of(prefix, sizeof prefix), sizeof prefix + message.len);
    bytes_add(body, message);
}

/* --- answers -------------------------------------------------------------------------------- */

static void head(const struct net_encoding *encoding, struct net_head *out)
{
    out->status = 200;
    net_head_add(out, "content-type", "application/grpc");
    if (encoding->accepts_gzip) {
        net_head_add(out, "grpc-encoding", "gzip");
    }
    net_head_add(out, ACCEPTS, ENCODINGS);
}

static void add_status(struct arena *arena, const struct net_status *status, struct net_head *out)
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
}

static void finish(struct arena *arena, const struct net_status *status, struct net_head *only,
                   struct net_head *trailers, struct bytes *body)
{
    (void)body;
    if (only == NULL) {
        add_status(arena, status, trailers);
        return;
    }
    only->status = 200;
    net_head_add(only, "content-type", "application/grpc");
    if (status->code == GRPC_UNIMPLEMENTED) {
        net_head_add(only, ACCEPTS, ENCODINGS); /* grpc/grpc doc/compression.md */
    }
    add_status(arena, status, only);
}

const struct net_framing GRPC_FRAMING = {
    .name = "grpc",
    .only_over = "h2",
    .takes = takes,
    .begin = begin,
    .look = look,
    .head = head,
    .add_message = add_message,
    .finish = finish,
};
