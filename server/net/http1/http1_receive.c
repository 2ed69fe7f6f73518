/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes to a request: its head, line by line, and its body. */
#include "base/mem.h"
#include "net/conn.h"
#include "net/http1/http1_session.h"

static const struct http1_fault broken_line = {400, "lines must end in CR LF\n"};
static const struct http1_fault large_head = {431, "request headers too large\n"};

static const struct http1_fault large_body = {413, "nobody wants that body\n"};

static void consume(struct http1_session *s, size_t n)
{
    s->seen = 0;
    bytes_consume(&s->in, n);
}

static void set_inward(struct http1_session *s, enum http1_inward to)
{
    s->inward = to;
}

/* --- refusing --------------------------------------------------------------------------------- */

/* Where a request ends is not known any more, so the connection ends with the answer. */
static void refuse(struct http1_session *s, const struct http1_fault *why)
{
    struct net_stream *stream = &s->stream->stream;
    s->is_ending = true;
    set_inward(s, HTTP1_REFUSED);
    if (stream->inward == NET_IN_HEADERS) {
        net_stream_refuse(stream, why->status, why->sentence);
        net_stream_took_headers(stream);
    } else {
        net_stream_took_fault(stream, why->sentence);
    }
    http1_say_held(s);
}

/* The next line of at most `max` bytes; false: later, or never. */
static bool take_line(struct http1_session *s, size_t max, const struct http1_fault *too_long,
                      struct slice *out)
{
    struct slice in = bytes_view(&s->in);
    struct http1_line line = http1_find_line(in, s->seen, max);
    s->seen = line.found == HTTP1_LINE_LATER ? in.len - (in.ptr[in.len - 1] == '\r') : 0;
    if (line.found == HTTP1_LINE_DONE) {
        *out = line.text;
        return true;
    }
    if (line.found == HTTP1_LINE_BROKEN) {
        bool is_long = slice_find(slice_cut(in, 0, max), '\n') < 0 && in.len >= max;
        refuse(s, is_long ? too_long : &broken_line);
    }
    return false;
}

/* --- the head --------------------------------------------------------------------------------- */

static void begin(struct http1_session *s)
{
    s->stream = xcalloc(1, sizeof *s->stream);
    net_stream_init(&s->stream->stream, s->conn);
    s->credit = BODY_LOOSE_MAX;
    s->trailers = s->skipped = 0;
    s->requests++;
}

static char *keep(struct http1_stream *x, struct slice text)
{
    return arena_dup(x->stream.arena, text);
}

static void take_request_line(struct http1_session *s, struct slice line)
{
    struct http1_stream *x = s->stream;
    struct net_request *request = &x->stream.request;
    struct slice method, target, path = SLICE_NONE, query = SLICE_NONE;
    const struct http1_fault *fault = http1_read_request_line(&x->head, line, &method, &target);
    fault = fault != NULL ? fault : http1_read_target(target, &path, &query);
    if (fault != NULL) {
        refuse(s, fault);
        return;
    }
    request->method = keep(x, method);
    request->path = keep(x, path);
    request->query = query.ptr == NULL ? NULL : keep(x, query);
    set_inward(s, HTTP1_FIELDS);
}

static void keep_field(struct http1_session *s, struct slice name, struct slice value)
{
    struct http1_stream *x = s->stream;
    struct net_request *request = &x->stream.request;
    char *kept_name = NULL, *kept_value = NULL;
    x->head_bytes += net_header_size(name.len, value.len);
    if (x->head_bytes <= NET_HEADER_BYTES_MAX && request->header_count < NET_HEADERS_MAX) {
        kept_name = keep(x, name);
        kept_value = keep(x, value);
    }
    if (kept_name == NULL || kept_value == NULL) {
        refuse(s, &large_head);
        return;
    }
    (void)slice_fold(name, kept_name);
    request->headers[request->header_count++] = (struct net_header){kept_name, kept_value};
}

static void request_came(struct http1_session *s)
{
    set_inward(s, HTTP1_WAITING);
    net_stream_took_end(&s->stream->stream);
    http1_say_held(s);
}

static void head_came(struct http1_session *s)
{
    const struct http1_head *head = &s->stream->head;
    const struct http1_fault *fault = http1_check_head(head);
    if (fault != NULL) {
        refuse(s, fault);
        return;
    }
    s->is_ending =
        s->is_ending || head->wants_close || head->is_1_0 || s->requests >= HTTP1_REQUESTS_MAX;
    s->left = head->length;
    net_stream_took_headers(&s->stream->stream);
    if (head->is_chunked) {
        set_inward(s, HTTP1_CHUNK_SIZE);
    } else if (s->left > 0) {
        set_inward(s, HTTP1_LENGTH);
    } else {
        request_came(s);
    }
}

static void take_field(struct http1_session *s, struct slice line)
{
    struct slice name, value;
    if (line.len == 0) {
        head_came(s);
        return;
    }
    const struct http1_fault *fault = http1_read_field(&s->stream->head, line, &name, &value);
    if (fault != NULL) {
        refuse(s, fault);
    } else {
        keep_field(s, name, value);
    }
}

static bool receive_request_line(struct http1_session *s)
{
    struct slice line;
    if (s->stream == NULL) {
        begin(s);
    }
    if (!take_line(s, HTTP1_TARGET_MAX + 64, &(struct http1_fault){414, "the target is too long\n"},
                   &line)) {
        return false;
    }
    size_t used = line.len + 2;
    if (line.len == 0 && s->stream->head_bytes == 0) {
        s->stream->head_bytes = used; /* one empty line is none (RFC 9112 §2.2) */
    } else {
        take_request_line(s, line);
    }
    consume(s, used);
    return true;
}

static bool receive_field(struct http1_session *s)
{
    struct slice line;
    if (!take_line(s, NET_HEADER_BYTES_MAX, &large_head, &line)) {
        return false;
    }
    size_t used = line.len + 2;
    take_field(s, line);
    consume(s, used);
    return true;
}

/* --- the body --------------------------------------------------------------------------------- */

/* Hand on what there is room for; false: nothing. */
static bool receive_data(struct http1_session *s, void (*ended)(struct http1_session *s))
{
    struct slice in = bytes_view(&s->in);
    struct net_stream *stream = &s->stream->stream;
    bool is_heard = stream->inward == NET_IN_OPENING || net_stream_is_listening(stream);
    size_t n = s->left < in.len ? (size_t)s->left : in.len;
    n = is_heard && s->credit < n ? s->credit : n;
    if (n == 0) {
        return false;
    }
    s->left -= n;
    s->credit -= is_heard ? n : 0;
    s->skipped += is_heard ? 0 : n;
    net_stream_took_body(stream, slice_cut(in, 0, n));
    consume(s, n);
    if (s->skipped > HTTP1_SKIPPED_MAX) {
        refuse(s, &large_body);
    } else if (s->left == 0) {
        ended(s);
    }
    return true;
}

static void chunk_came(struct http1_session *s)
{
    set_inward(s, HTTP1_CHUNK_END);
}

static bool receive_chunk_line(struct http1_session *s)
{
    static const struct http1_fault too_long = {400, "the line of a chunk is too long\n"};
    struct slice line;
    if (!take_line(s, HTTP1_CHUNK_LINE_MAX, &too_long, &line)) {
        return false;
    }
    size_t used = line.len + 2;
    const struct http1_fault *fault = NULL;
    if (s->inward == HTTP1_CHUNK_END) {
        fault = line.len == 0 ? NULL : &broken_line;
        set_inward(s, HTTP1_CHUNK_SIZE);
    } else {
        fault = http1_read_chunk_size(line, &s->left);
        set_inward(s, s->left > 0 ? HTTP1_CHUNK : HTTP1_TRAILERS);
    }
    if (fault != NULL) {
        refuse(s, fault);
    }
    consume(s, used);
    return true;
}

/* Checked and forgotten: nothing in them may mean anything here (RFC 9110 §6.5.1). */
static bool receive_trailer(struct http1_session *s)
{
    struct slice line, name, value;
    struct http1_head ignored = {0};
    if (!take_line(s, HTTP1_TRAILERS_MAX, &large_head, &line)) {
        return false;
    }
    size_t used = line.len + 2;
    s->trailers += used;
    if (line.len == 0) {
        request_came(s);
    } else if (s->trailers > HTTP1_TRAILERS_MAX) {
        refuse(s, &large_head);
    } else {
        const struct http1_fault *fault = http1_read_field(&ignored, line, &name, &value);
        if (fault != NULL) {
            refuse(s, fault);
        }
    }
    consume(s, used);
    return true;
}

/* --- all of it -------------------------------------------------------------------------------- */

static bool receive_some(struct http1_session *s)
{
    switch (s->inward) {
    case HTTP1_REQUEST_LINE:
        return receive_request_line(s);
    case HTTP1_FIELDS:
        return receive_field(s);
    case HTTP1_LENGTH:
        return receive_data(s, request_came);
    case HTTP1_CHUNK:
        return receive_data(s, chunk_came);
    case HTTP1_CHUNK_SIZE:
    case HTTP1_CHUNK_END:
        return receive_chunk_line(s);
    case HTTP1_TRAILERS:
        return receive_trailer(s);
    case HTTP1_REFUSED:
        consume(s, bytes_view(&s->in).len);
        return false;
    case HTTP1_WAITING:
        return false;
    }
    return false;
}

/* A connection that is to end takes no further request. */
static bool may_begin(const struct http1_session *s)
{
    return s->inward != HTTP1_REQUEST_LINE || s->stream != NULL || !s->is_ending;
}

/* The client has ended in the middle of a head. */
static bool is_cut_short(const struct http1_session *s)
{
    return s->has_ended && s->stream != NULL && s->stream->stream.inward == NET_IN_HEADERS &&
           s->stream->stream.outward == NET_OUT_SILENT;
}

bool http1_receive(struct http1_session *s)
{
    bool is_any = false;
    while (bytes_view(&s->in).len > 0 && may_begin(s) && receive_some(s)) {
        is_any = true;
    }
    if (is_cut_short(s)) {
        net_stream_took_close(&s->stream->stream);
        is_any = true;
    }
    return is_any;
}
