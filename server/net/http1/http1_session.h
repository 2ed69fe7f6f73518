/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP/1.1 connection. Inside server/net/http1.
 *
 * It has one stream at a time: what a client sends beyond its request waits in `in` until the answer is
 * out. What comes:
 *
 *     REQUEST_LINE ──> FIELDS ──> LENGTH ─────────────────────────> WAITING ──> REQUEST_LINE
 *                        │  └───> CHUNK_SIZE <──> CHUNK, CHUNK_END      │
 *                        │            └───> TRAILERS ──────────────────>┤
 *                        └─────────────────── (no body) ───────────────>┘
 *     REFUSED, from everywhere: what comes is thrown away, and the connection ends with the answer
 *
 * The stream is there from the first byte of a request to the last one of its answer. */
#pragma once

#include "net/bytes.h"
#include "net/http1/http1_head.h"
#include "net/net_stream.h"

enum http1_inward {
    HTTP1_REQUEST_LINE,
    HTTP1_FIELDS,
    HTTP1_LENGTH,
    HTTP1_CHUNK_SIZE,
    HTTP1_CHUNK,
    HTTP1_CHUNK_END,
    HTTP1_TRAILERS,
    HTTP1_WAITING,
    HTTP1_REFUSED,
};

enum {
    HTTP1_IN_MAX = 64 * 1024,  /* what waits: more than any head */
    HTTP1_REQUESTS_MAX = 1000, /* of one connection */
    HTTP1_TRAILERS_MAX = 8 * 1024,
    HTTP1_SKIPPED_MAX = 64 * 1024, /* of a body after the answer; longer ones end the connection */
    HTTP1_IDLE_MS = 60 * 1000,
};

struct http1_stream {
    struct net_stream stream; /* first */
    struct http1_head head;
    size_t head_bytes;
    bool has_begun;    /* its answer */
    bool is_chunked;   /* the answer */
    bool is_out;       /* the answer, but for what is in session->out */
    bool has_lingered; /* long enough for the rest of the request */
    bool is_held;      /* the whole answer, until the request has come */
    bool held_has_body;
    struct net_head held;
};

struct http1_session {
    struct net_conn *conn;
    struct http1_stream *stream; /* NULL: between two exchanges */
    enum http1_inward inward;
    struct bytes in;
    size_t seen;      /* bytes of `in` without an end of a line */
    uint64_t left;    /* bytes of the body, or of the chunk */
    size_t skipped;   /* bytes of a body that nobody wants */
    size_t trailers;  /* bytes of them */
    size_t credit;    /* bytes of a body that net has room for */
    struct bytes out; /* heads, and what is around chunks */
    unsigned requests;
    bool is_ending; /* no request after this one */
    bool has_ended; /* the client says no more than what lies in `in` */
};

/* http1_receive.c: take in what lies in `in`, as far as that goes now. False: nothing of it. */
bool http1_receive(struct http1_session *s);

/* http1_answer.c: functions of the protocol's table. */
void http1_respond(struct net_stream *stream, const struct net_head *head, bool has_body);
void http1_resume(struct net_stream *stream);
void http1_answer_now(struct net_stream *stream);
ssize_t http1_fill(void *session, uint8_t *out, size_t cap);
/* Nothing more of the request is waited for: send the answer that did. */
void http1_say_held(struct http1_session *s);
/* Ask the client for the body that it holds back (RFC 9110 §10.1.1). */
void http1_say_continue(struct http1_session *s);
