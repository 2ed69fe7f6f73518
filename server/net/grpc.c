/* SPDX-License-Identifier: Apache-2.0 */
/* gRPC framing: a flag byte, a big-endian length, the message; each compressed on its own. */
#include <string.h>

#include <zlib.h>

#include "base/mem.h"
#include "net/net_internal.h"

/* Room is made at once for a message that says to be no longer; a longer one has to come first. */
enum { EXPECTED_MAX = 64 * 1024 };

/* --- byte queues ---------------------------------------------------------------------------- */

/* Room for `len` bytes more; what moves leaves nothing behind. */
static void bytes_reserve(struct bytes *b, size_t len)
{
    if (b->start > 0 && b->start == b->end) {
        b->start = b->end = 0;
    }
    if (len <= b->cap - b->end) {
        return;
    }
    size_t live = b->end - b->start;
    size_t cap = b->cap == 0 ? 512 : b->cap;
    while (cap < live + len) {
        cap *= 2;
    }
    uint8_t *grown = xreallocarray(NULL, cap, 1);
    if (live > 0) {
        memcpy(grown, b->ptr + b->start, live);
    }
    bytes_free(b);
    *b = (struct bytes){grown, 0, live, cap};
}

void bytes_add(struct bytes *b, struct slice data)
{
    if (data.len > 0) {
        bytes_reserve(b, data.len);
        memcpy(b->ptr + b->end, data.ptr, data.len);
        b->end += data.len;
    }
}

struct slice bytes_view(const struct bytes *b)
{
    return b->ptr == NULL ? SLICE_NONE : slice_of(b->ptr + b->start, b->end - b->start);
}

void bytes_consume(struct bytes *b, size_t n)
{
    b->start += n;
}

void bytes_free(struct bytes *b)
{
    if (b->ptr != NULL) {
        mem_wipe(b->ptr, b->end); /* requests carry tokens */
    }
    xfree(b->ptr);
    *b = (struct bytes){0};
}

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

void grpc_read_headers(struct net_stream *stream)
{
    struct net_request *r = &stream->request;
    const char *timeout = net_request_header(r, "grpc-timeout");
    const char *encoding = net_request_header(r, "grpc-encoding");
    r->is_grpc = r->method != NULL && strcmp(r->method, "POST") == 0 &&
                 is_grpc_type(net_request_header(r, "content-type"));
    r->timeout_ms = timeout == NULL ? 0 : grpc_timeout_parse(timeout);
    stream->timeout_invalid = r->timeout_ms < 0;
    stream->request_gzip = encoding != NULL && strcmp(encoding, "gzip") == 0;
    stream->compression_unknown =
        encoding != NULL && !stream->request_gzip && strcmp(encoding, "identity") != 0;
    stream->accepts_gzip = lists_token(net_request_header(r, "grpc-accept-encoding"), "gzip");
}

/* --- inward --------------------------------------------------------------------------------- */

enum { GZIP_WINDOW = 15 + 16 /* zlib: expect a gzip header */, INFLATE_STEP = 16 * 1024 };

/* Inflate one gzip member of at most `max` bytes: a bomb stops at the limit. */
static rc inflate_message(struct slice in, size_t max, struct bytes *out, struct err *err)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in.ptr, .avail_in = (uInt)in.len};
    uint8_t step[INFLATE_STEP];
    ENSURE(inflateInit2(&z, GZIP_WINDOW) == Z_OK, err, R_INTERNAL);
    int status = Z_OK;
    size_t total = 0;
    while (status == Z_OK && total <= max) {
        z.next_out = step;
        z.avail_out = sizeof step;
        status = inflate(&z, Z_NO_FLUSH);
        size_t n = sizeof step - z.avail_out;
        bytes_add(out, slice_of(step, n));
        total += n;
        if (n == 0 && z.avail_in == 0) {
            break;
        }
    }
    bool whole = status == Z_STREAM_END && z.avail_in == 0;
    inflateEnd(&z);
    ENSURE(total <= max, err, R_MESSAGE_TOO_LARGE);
    ENSURE(whole, err, R_COMPRESSION_INVALID);
    return OK;
}

static size_t message_length(struct slice in)
{
    return (size_t)in.ptr[1] << 24 | (size_t)in.ptr[2] << 16 | (size_t)in.ptr[3] << 8 | in.ptr[4];
}

/* Check the flag and the length, before the message has arrived. */
static rc check_prefix(const struct net_stream *stream, struct slice in, struct err *err)
{
    ENSURE(in.ptr[0] <= 1, err, R_PROTO_MALFORMED);
    ENSURE(in.ptr[0] == 0 || stream->request_gzip, err,
           stream->compression_unknown ? R_COMPRESSION_UNSUPPORTED : R_PROTO_MALFORMED);
    ENSURE(message_length(in) <= stream->message_max, err, R_MESSAGE_TOO_LARGE);
    return OK;
}

void grpc_add_data(struct net_stream *stream, struct slice data)
{
    bytes_add(&stream->in, data);
    struct slice in = bytes_view(&stream->in);
    size_t whole = in.len < GRPC_PREFIX_BYTES ? 0 : GRPC_PREFIX_BYTES + message_length(in);
    if (whole > in.len && whole <= EXPECTED_MAX) {
        bytes_reserve(&stream->in, whole - in.len);
    }
}

bool grpc_next_message(struct net_stream *stream, struct bytes *inflated, struct slice *out,
                       struct err *err)
{
    struct slice in = bytes_view(&stream->in);
    if (in.len < GRPC_PREFIX_BYTES || !check_prefix(stream, in, err).ok) {
        return false;
    }
    size_t len = message_length(in);
    if (in.len - GRPC_PREFIX_BYTES < len) {
        return false;
    }
    bytes_consume(&stream->in, GRPC_PREFIX_BYTES + len);
    *out = slice_cut(in, GRPC_PREFIX_BYTES, GRPC_PREFIX_BYTES + len);
    if (in.ptr[0] == 0) {
        return true;
    }
    if (!inflate_message(*out, stream->message_max, inflated, err).ok) {
        return false;
    }
    *out = bytes_view(inflated);
    return true;
}

/* --- outward -------------------------------------------------------------------------------- */

static void add_frame(struct bytes *out, struct slice message, uint8_t flag)
{
    const uint8_t prefix[GRPC_PREFIX_BYTES] = {flag, (uint8_t)(message.len >> 24),
                                               (uint8_t)(message.len >> 16),
                                               (uint8_t)(message.len >> 8), (uint8_t)message.len};
    bytes_add(out, slice_of(prefix, sizeof prefix));
    bytes_add(out, message);
}

void grpc_add_message(struct bytes *out, struct slice message, bool gzip)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)message.ptr, .avail_in = (uInt)message.len};
    if (!gzip ||
        deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        add_frame(out, message, 0);
        return;
    }
    size_t cap = deflateBound(&z, message.len);
    uint8_t *packed = xcalloc(cap, 1);
    z.next_out = packed;
    z.avail_out = (uInt)cap;
    bool ok = deflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out < message.len;
    add_frame(out, ok ? slice_of(packed, z.total_out) : message, ok ? 1 : 0);
    deflateEnd(&z);
    xfree(packed);
}
