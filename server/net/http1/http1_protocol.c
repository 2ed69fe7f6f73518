/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http1/http1_protocol.h"

#include "base/mem.h"
#include "net/conn.h"
#include "net/http1/http1_session.h"

static void *start(struct net_conn *conn)
{
    struct http1_session *s = xcalloc(1, sizeof *s);
    s->conn = conn;
    return s;
}

static void stop(void *session)
{
    struct http1_session *s = session;
    bytes_free(&s->in);
    bytes_free(&s->out);
    xfree(s);
}

/* What is wrong is told by an answer, so nothing is broken here. */
static bool feed(void *session, struct slice data)
{
    struct http1_session *s = session;
    bytes_add(&s->in, data);
    (void)http1_receive(s);
    return true;
}

static bool go_on(void *session)
{
    return http1_receive(session);
}

static bool wants_input(void *session)
{
    const struct http1_session *s = session;
    return bytes_view(&s->in).len < HTTP1_IN_MAX;
}

/* A client that says no more may wait for a page still. Of a call it means that nobody waits. */
static bool took_eof(void *session)
{
    struct http1_session *s = session;
    s->has_ended = true;
    return s->stream != NULL && s->stream->stream.all_came && s->stream->stream.framing == NULL;
}

static bool is_over(void *session)
{
    const struct http1_session *s = session;
    bool is_last = s->is_ending || (s->has_ended && bytes_view(&s->in).len == 0);
    return is_last && s->stream == NULL && bytes_view(&s->out).len == 0;
}

static void announce_end(void *session)
{
    struct http1_session *s = session;
    s->is_ending = true;
}

static void allow(struct net_stream *stream, size_t bytes)
{
    struct http1_session *s = stream->conn->session;
    s->credit = bytes > s->credit ? bytes : s->credit;
    http1_say_continue(s);
    conn_schedule_flush(s->conn);
}

/* Bytes are counted for each body: a connection has one at a time. */
static void give_back(void *session, size_t bytes)
{
    (void)session;
    (void)bytes;
}

static void free_stream(struct net_stream *stream)
{
    struct http1_session *s = stream->conn->session;
    /* The rest of a request that was given up belongs to nobody. */
    s->is_ending = s->is_ending || s->inward != HTTP1_WAITING;
    s->inward = s->inward == HTTP1_WAITING ? HTTP1_REQUEST_LINE : HTTP1_REFUSED;
    s->stream = NULL;
    net_stream_fini(stream);
    xfree(stream);
}

const struct net_protocol HTTP1_PROTOCOL = {
    .alpn = "http/1.1",
    .alpn_too = "http/1.0",
    .idle_ms_max = HTTP1_IDLE_MS,
    .start = start,
    .feed = feed,
    .go_on = go_on,
    .wants_input = wants_input,
    .took_eof = took_eof,
    .fill = http1_fill,
    .is_over = is_over,
    .announce_end = announce_end,
    .refuse_new = announce_end,
    .stop = stop,
    .respond = http1_respond,
    .resume = http1_resume,
    .allow = allow,
    .give_back = give_back,
    .answer_now = http1_answer_now,
    .free_stream = free_stream,
};
