/* SPDX-License-Identifier: Apache-2.0 */
/* From answers to bytes. */
#include <stdio.h>
#include <string.h>

#include "net/conn.h"
#include "net/http1/http1_session.h"

enum { CHUNK_AROUND = 20 }; /* bytes before and behind a chunk, at most */

static struct http1_session *session_of(const struct net_stream *stream)
{
    return stream->conn->session;
}

static struct http1_stream *stream_of(struct net_stream *stream)
{
    return (struct http1_stream *)stream;
}

static void say(struct http1_session *s, const char *text)
{
    bytes_add(&s->out, slice_str(text));
}

static const char *phrase_of(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } all[] = {
        {200, "OK"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {499, "Client Closed Request"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].status == status) {
            return all[i].phrase;
        }
    }
    return "";
}

static void say_fields(struct http1_session *s, const struct net_head *head)
{
    for (size_t i = 0; i < head->count; i++) {
        say(s, head->headers[i].name);
        say(s, ": ");
        say(s, head->headers[i].value);
        say(s, "\r\n");
    }
}

static bool has_field(const struct net_head *head, const char *name)
{
    for (size_t i = 0; i < head->count; i++) {
        if (strcmp(head->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* How the client knows where the answer ends (RFC 9112 §6.3). */
static void say_framing(struct http1_session *s, const struct net_head *head, bool has_body)
{
    bool may_have_body = head->status >= 200 && head->status != 204 && head->status != 304;
    if (has_field(head, "content-length") || !may_have_body) {
        return;
    }
    if (!has_body) {
        say(s, "content-length: 0\r\n");
    } else if (s->stream->head.is_1_0) {
        s->is_ending = true;
    } else {
        s->stream->is_chunked = true;
        say(s, "transfer-encoding: chunked\r\n");
    }
}

/* A client that asked whether to send its body may keep it now, or not (RFC 9110 §10.1.1). And where more may come than
 * is thrown away, the connection can't go on behind it: who isn't told so asks again on it, in vain. */
static bool is_last(const struct http1_session *s)
{
    const struct http1_stream *x = s->stream;
    bool is_rest_unknown = x->head.is_chunked && !x->stream.all_came;
    return s->is_ending || x->head.expects_continue || s->left > HTTP1_SKIPPED_MAX ||
           is_rest_unknown;
}

static void speak(struct http1_session *s, const struct net_head *head, bool has_body)
{
    struct http1_stream *x = s->stream;
    char line[64];
    snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\n", head->status, phrase_of(head->status));
    say(s, line);
    say_fields(s, head);
    say_framing(s, head, has_body);
    s->is_ending = is_last(s);
    say(s, s->is_ending ? "connection: close\r\n\r\n" : "\r\n");
    x->has_begun = true;
    x->is_out = !has_body;
    conn_schedule_flush(s->conn);
}

/* A whole answer waits for the rest of a chunked request, which mostly is on its way: then the connection goes on. It waits
 * until the request has come, is too long or broken, or takes long (net_streams_expire). */
static bool is_rest_awaited(const struct http1_session *s)
{
    const struct http1_stream *x = s->stream;
    return x->stream.outward == NET_OUT_FINISHED && x->head.is_chunked && !x->stream.all_came &&
           !x->head.expects_continue && s->inward != HTTP1_REFUSED;
}

void http1_respond(struct net_stream *stream, const struct net_head *head, bool has_body)
{
    struct http1_session *s = session_of(stream);
    struct http1_stream *x = stream_of(stream);
    if (is_rest_awaited(s)) {
        x->is_held = true;
        x->held = *head;
        x->held_has_body = has_body;
    } else {
        speak(s, head, has_body);
    }
}

void http1_say_held(struct http1_session *s)
{
    struct http1_stream *x = s->stream;
    if (x->is_held) {
        x->is_held = false;
        speak(s, &x->held, x->held_has_body);
    }
}

void http1_resume(struct net_stream *stream)
{
    conn_schedule_flush(stream->conn);
}

void http1_say_continue(struct http1_session *s)
{
    struct http1_stream *x = s->stream;
    bool is_held_back = x->head.expects_continue && !x->head.is_1_0 && !x->has_begun;
    x->head.expects_continue = false;
    if (is_held_back && !x->stream.all_came && bytes_view(&s->in).len == 0) {
        say(s, "HTTP/1.1 100 Continue\r\n\r\n");
    }
}

/* --- writing ---------------------------------------------------------------------------------- */

static size_t take_said(struct http1_session *s, uint8_t *out, size_t cap)
{
    struct slice said = bytes_view(&s->out);
    size_t n = said.len < cap ? said.len : cap;
    if (n > 0) {
        memcpy(out, said.ptr, n);
        bytes_consume(&s->out, n);
    }
    return n;
}

static size_t take_chunk(struct net_stream *stream, uint8_t *out, size_t cap)
{
    struct slice queued = bytes_view(&stream->out);
    if (queued.len == 0 || cap <= CHUNK_AROUND) {
        return 0;
    }
    char size[CHUNK_AROUND];
    size_t n = queued.len < cap - CHUNK_AROUND ? queued.len : cap - CHUNK_AROUND;
    size_t before = (size_t)snprintf(size, sizeof size, "%zx\r\n", n);
    memcpy(out, size, before);
    memcpy(out + before, queued.ptr, n);
    memcpy(out + before + n, "\r\n", 2);
    net_stream_took_answer(stream, n);
    return before + n + 2;
}

static size_t take_plain(struct net_stream *stream, uint8_t *out, size_t cap)
{
    struct slice queued = bytes_view(&stream->out);
    size_t n = queued.len < cap ? queued.len : cap;
    if (n > 0) {
        memcpy(out, queued.ptr, n);
        net_stream_took_answer(stream, n);
    }
    return n;
}

static void end_body(struct http1_session *s)
{
    struct http1_stream *x = s->stream;
    if (x->is_out || x->stream.outward != NET_OUT_FINISHED || bytes_view(&x->stream.out).len > 0) {
        return;
    }
    x->is_out = true;
    if (x->is_chunked) {
        say(s, "0\r\n");
        say_fields(s, &x->stream.trailers);
        say(s, "\r\n");
    }
}

static size_t take_body(struct http1_session *s, uint8_t *out, size_t cap)
{
    struct http1_stream *x = s->stream;
    if (x == NULL || !x->has_begun || x->is_out) {
        return 0;
    }
    size_t n = x->is_chunked ? take_chunk(&x->stream, out, cap) : take_plain(&x->stream, out, cap);
    end_body(s);
    return n;
}

/* The exchange is over once the request has come as well: to close before would reset the connection,
 * and the client might lose the answer. */
static void end_exchange(struct http1_session *s)
{
    struct http1_stream *x = s->stream;
    bool is_out = x != NULL && x->is_out && bytes_view(&s->out).len == 0;
    if (is_out && (x->stream.all_came || x->has_lingered) && x->stream.outward != NET_OUT_GONE) {
        net_stream_took_close(&x->stream);
    }
}

ssize_t http1_fill(void *session, uint8_t *out, size_t cap)
{
    struct http1_session *s = session;
    size_t end = take_said(s, out, cap);
    if (bytes_view(&s->out).len == 0) {
        end += take_body(s, out + end, cap - end);
        end += take_said(s, out + end, cap - end);
    }
    end_exchange(s);
    return (ssize_t)end;
}

/* Where the next request would begin is not known without the rest of this one. */
void http1_answer_now(struct net_stream *stream)
{
    session_of(stream)->is_ending = true;
    stream_of(stream)->has_lingered = true;
    http1_say_held(session_of(stream));
    conn_schedule_flush(stream->conn);
}
