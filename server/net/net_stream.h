/* SPDX-License-Identifier: Apache-2.0 */
/* A stream: one HTTP exchange, whatever the protocol and the framing. Inside server/net.
 *
 * Inward life: what of the request came, and what the handler was told of it.
 *
 *     HEADERS ──> OPENING ──> HELD <─> READING ──> ENDED
 *                    │         └─────────┴───────────┴──> DEAF
 *                    └──> REFUSED
 *
 *     HEADERS  the request's headers are coming
 *     OPENING  they are complete; `open` is to be told
 *     HELD     it was told; the body waits, within its small window, for net_stream_read (again, after
 *              net_stream_hold)
 *     READING  messages are told as they come
 *     ENDED    `end` was told
 *     DEAF     the call was answered, or `broken` was told: what still comes is thrown away
 *     REFUSED  net answered by itself, and the handler never hears of the stream
 *
 * Outward life: what was said.
 *
 *     SILENT ──> ANSWERING ──> FINISHED ──> GONE        (each may be left out)
 *
 *     ANSWERING  the head went to the protocol; messages may follow
 *     FINISHED   the end was handed over; bytes may still wait to be sent
 *     GONE       the protocol has closed the stream: nothing reaches the client any more
 *
 * A stream is freed when it is GONE and `closed` was told. The protocol only notes what came
 * (net_stream_took_…): everything is told from net_streams_deliver, after the protocol has returned. */
#pragma once

#include "net/body.h"
#include "net/net_framing.h"
#include "net/text_body.h"

struct gunzip;
struct net_conn;
struct net_server;

enum net_inward {
    NET_IN_HEADERS,
    NET_IN_OPENING,
    NET_IN_HELD,
    NET_IN_READING,
    NET_IN_ENDED,
    NET_IN_DEAF,
    NET_IN_REFUSED,
};

enum net_outward { NET_OUT_SILENT, NET_OUT_ANSWERING, NET_OUT_FINISHED, NET_OUT_GONE };

/* What an answer says beside its messages. */
struct net_metadata {
    struct net_header headers[NET_METADATA_MAX], trailers[NET_METADATA_MAX];
    size_t header_count, trailer_count;
};

struct net_stream {
    struct list link;       /* in conn->streams */
    struct list ready_link; /* in conn->ready or server->inflating */
    struct net_conn *conn;
    const struct net_framing *framing; /* NULL: plain HTTP */
    void *user;
    struct arena *arena; /* headers, inward and outward */
    struct net_request request;
    struct net_encoding encoding;

    enum net_inward inward;
    bool has_too_many;   /* headers */
    bool all_came;       /* the body is complete */
    bool is_telling;     /* a callback of the handler runs: what it was lent stays */
    struct err fault;    /* `broken` is to be told with this, unless its reason is R_NONE */
    const char *refusal; /* why net answers by itself; NULL: it does not */
    int refusal_status;
    size_t message_max;
    struct body body;
    struct text_body text; /* of a body in base64 */
    bool has_told_whole;   /* the message that is the body */
    struct gunzip *gunzip; /* of the message that is being inflated */

    enum net_outward outward;
    struct mono_time finished_at; /* when outward became NET_OUT_FINISHED */
    struct bytes out;
    size_t queued;            /* of it, as counted */
    bool awaits_room;         /* `room` is to be told */
    bool is_unread;           /* an answer found no room: the client doesn't read the ones before */
    struct net_head trailers; /* none: count is 0 */
    struct net_metadata *metadata; /* in the arena; NULL: none */
};

/* --- among the files net_stream*.c ----------------------------------------------------------- */

/* The only places where the two lives change. */
void net_stream_set_inward(struct net_stream *stream, enum net_inward to);
void net_stream_set_outward(struct net_stream *stream, enum net_outward to);
/* `open` told of it, so `closed` must. */
bool net_stream_is_told(const struct net_stream *stream);
/* The handler may still be told of the body. */
bool net_stream_is_listening(const struct net_stream *stream);
/* Hear no more of the body, because the answer is complete. */
void net_stream_stop_listening(struct net_stream *stream);
/* What clients are told of a reason for which net refuses, in the stream's arena. */
struct slice net_stream_details(struct net_stream *stream, enum reason reason);
void net_stream_drop_body(struct net_stream *stream);
/* Tell the protocol what the body's bounds allow by now. */
void net_stream_update_windows(struct net_stream *stream);
/* `room` is waited for, and is there. */
bool net_stream_has_room_again(const struct net_stream *stream);
/* Count what waits in stream->out, after every change of it. */
void net_stream_count_queue(struct net_stream *stream);
/* Into the head of the answer: headers, and trailers where the framing has no other place for them. */
void net_stream_say_metadata(const struct net_stream *stream, struct net_head *head);
/* Have it delivered, from outside of the connection's own events. */
void net_stream_schedule(struct net_stream *stream);

/* --- for conn.c ------------------------------------------------------------------------------ */

/* Tell the handler what is to be told of the connection's streams. */
void net_streams_deliver(struct net_conn *conn);
/* Wait no longer for the rest of requests that were answered a while ago. */
void net_streams_expire(struct net_conn *conn, struct mono_time now);
/* The connection is lost: tell `closed` of all its streams and free them. */
void net_streams_close(struct net_conn *conn);

/* --- for the server -------------------------------------------------------------------------- */

/* A turn later: go on with those that inflate. */
void net_streams_inflate_on(struct net_server *server);
/* What body.h calls back. */
void net_stream_body_granted(struct body *body);
void net_stream_body_evicted(struct body *body);

/* --- for protocols --------------------------------------------------------------------------- */

/* What a header counts of NET_HEADER_BYTES_MAX (RFC 9113 §6.5.2). */
static inline size_t net_header_size(size_t name_len, size_t value_len)
{
    return name_len + value_len + 32;
}
void net_stream_init(struct net_stream *stream, struct net_conn *conn);
void net_stream_fini(struct net_stream *stream);
/* Answer with an HTTP status and a sentence, instead of telling the handler. */
void net_stream_refuse(struct net_stream *stream, int status, const char *sentence);
/* A header found no room: a call is refused with R_METADATA_TOO_LARGE, anything else with 431. */
void net_stream_took_too_many_headers(struct net_stream *stream);
void net_stream_took_headers(struct net_stream *stream);
void net_stream_took_body(struct net_stream *stream, struct slice data);
void net_stream_took_end(struct net_stream *stream);
/* The body can't be understood, and no more of it comes. */
void net_stream_took_fault(struct net_stream *stream, const char *sentence);
/* `bytes` of stream->out were taken. */
void net_stream_took_answer(struct net_stream *stream, size_t bytes);
/* The stream is closed on both sides, or was reset. */
void net_stream_took_close(struct net_stream *stream);
/* Deliver the stream although nothing came, because its windows changed. */
void net_stream_mark_ready(struct net_stream *stream);
