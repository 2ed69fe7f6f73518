/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection speaks: a table of functions. conn.c moves bytes between the socket and `feed` and
 * `fill`; net_stream.c asks the rest. HTTP/2 and HTTP/1.1 are such tables.
 *
 * A protocol makes its streams itself, with a struct net_stream as their first member, and reports what
 * came by the functions at the end of net_stream.h. It never calls the handler. */
#pragma once

#include <sys/types.h>

#include "net/net_framing.h"

struct net_conn;

struct net_protocol {
    const char *alpn;     /* its name in the TLS handshake (RFC 7301) */
    const char *alpn_too; /* another one, of its elder version; NULL: none */
    /* How its connections begin, by which it is known where nothing was agreed on; NULL: anyhow. */
    const char *preface;
    int64_t idle_ms_max; /* a connection rests no longer between streams; 0: as configured */

    /* Begin on a connection whose handshake is over. The session; NULL: it can't. */
    void *(*start)(struct net_conn *conn);
    /* Take in what came. False: the peer broke the protocol; `fill` still says so to it. */
    bool (*feed)(void *session, struct slice data);
    /* Go on with what was taken in before, after streams ended or got room. False: there is nothing. And
     * whether more may be read now. NULL, NULL: all is taken in at once. */
    bool (*go_on)(void *session);
    bool (*wants_input)(void *session);
    /* The client says no more, but may listen still. False (or NULL): nobody is there. */
    bool (*took_eof)(void *session);
    /* Write output into a buffer until it is full or there is no more: how much, −1: broken. */
    ssize_t (*fill)(void *session, uint8_t *out, size_t cap);
    /* Nothing more will come and there is nothing more to say. */
    bool (*is_over)(void *session);
    /* Ask the peer whether it is there still; NULL: there is no way. */
    void (*ping)(void *session);
    /* The graceful end: ask the peer to start no more; later, refuse what it starts. */
    void (*announce_end)(void *session);
    void (*refuse_new)(void *session);
    /* Free the session. Its streams are gone by then. */
    void (*stop)(void *session);

    /* Begin the answer. Without a body it ends at once; else the body is stream->out, which ends when
     * stream->outward is NET_OUT_FINISHED, followed by stream->trailers. The strings are static or in the stream's arena. */
    void (*respond)(struct net_stream *stream, const struct net_head *head, bool has_body);
    /* There is more in stream->out, or its end was reached. */
    void (*resume)(struct net_stream *stream);
    /* Let the client send `bytes` of body from now on, if it may not already. */
    void (*allow)(struct net_stream *stream, size_t bytes);
    /* Bytes of body that came on this connection no longer count against its bound. */
    void (*give_back)(void *session, size_t bytes);
    /* Send an answer that the protocol holds until the request has come; does nothing without one. */
    void (*answer_now)(struct net_stream *stream);
    void (*free_stream)(struct net_stream *stream);
};
