/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP/2 connection and its streams. Inside server/net/http2.
 *
 * nghttp2 must not be entered again from its callbacks, so they only note what came, and the pump is
 * the only place that feeds it and asks it for output:
 *
 *     conn.c ─ feed ─> nghttp2 ─ callbacks (http2_receive.c) ─> net_stream_took_…
 *       │                                                           noted, not told
 *       ├──── net_streams_deliver ─> handler ─> net_stream_send, _finish
 *       │                                           │ submitted (http2_stream.c), not written
 *       └──── fill <─ nghttp2 <─────────────────────┘
 *
 * Flow control. A stream's window begins with BODY_LOOSE_MAX and is opened by `allow`, for a whole
 * message at once. The connection's window is given back by nghttp2 when half of it was used up, so it
 * is twice what the streams' first windows may fill together, and something for the streams with
 * reservations: whatever the others hold, those can go on. A client that does not know our SETTINGS yet
 * may send 65,535 bytes in all, by the connection's first window (RFC 9113 §6.9.2). */
#pragma once

#include <nghttp2/nghttp2.h>

#include "net/net_stream.h"

struct http2_session {
    struct net_conn *conn;
    nghttp2_session *nghttp2;
    struct slice rest; /* the tail of nghttp2's last chunk that found no room in the buffer */
};

struct http2_stream {
    struct net_stream stream; /* first */
    int32_t id;
    size_t header_bytes;
    bool is_held;         /* the answer waits for the request's end (http2_respond) */
    struct net_head held; /* the head of that answer, which is complete */
    bool held_has_body;
};

static inline struct http2_stream *http2_stream_of(struct net_stream *stream)
{
    return (struct http2_stream *)stream;
}

/* http2_receive.c: the callbacks of every session; abort when out of memory. */
nghttp2_session_callbacks *http2_callbacks_new(void);

/* http2_pump.c: functions of the protocol's table. */
bool http2_feed(void *session, struct slice data);
ssize_t http2_fill(void *session, uint8_t *out, size_t cap);

/* http2_stream.c: functions of the protocol's table. */
void http2_answer_now(struct net_stream *stream);
/* More of the request came: an answer is held no longer than the client can go on sending. */
void http2_took_more(struct http2_stream *s);
/* Who sends one large body loses an answer that comes before its end, if a reset stops the rest (curl 7.88): so
 * the rest may come, and is thrown away, if it is not much and its length was told. */
void http2_let_rest_come(struct net_stream *stream);
void http2_respond(struct net_stream *stream, const struct net_head *head, bool has_body);
void http2_resume(struct net_stream *stream);
void http2_allow(struct net_stream *stream, size_t bytes);
void http2_free_stream(struct net_stream *stream);
