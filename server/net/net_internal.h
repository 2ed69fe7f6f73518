/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/net only. A connection owns its streams; a stream is freed after `closed`. */
#pragma once

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include "base/arena.h"
#include "base/list.h"
#include "loop/loop.h"
#include "net/net.h"

enum {
    WRITE_BUFFER_BYTES = 16 * 1024, /* one TLS record */
    READ_BUFFER_BYTES = 16 * 1024,
    READS_PER_TURN = 8, /* fairness between connections */
    GRPC_PREFIX_BYTES = 5,
};

/* A growing byte queue on the heap: what came in, what goes out. */
struct bytes {
    uint8_t *ptr;
    size_t start, end, cap; /* the live bytes are [start, end) */
};
void bytes_add(struct bytes *b, struct slice data);
struct slice bytes_view(const struct bytes *b);
void bytes_consume(struct bytes *b, size_t n);
void bytes_free(struct bytes *b);

enum conn_state { CONN_HANDSHAKE, CONN_OPEN, CONN_CLOSING };

struct net_conn {
    struct list link; /* in server->conns */
    struct net_server *server;
    struct loop_fd watch;
    struct loop_task deliver; /* what came before the handler wanted it */
    struct loop_task flush;   /* at the turn's end: one write for all replies of the turn */
    int fd;
    SSL *ssl; /* NULL: cleartext */
    nghttp2_session *session;
    enum conn_state state;
    bool want_write; /* the last write was partial, or TLS wants it */
    bool read_wants_write;
    bool goaway_sent;
    bool peer_closed;
    struct list streams;
    struct list ready; /* streams with something to tell the handler */
    struct mono_time last_active;
    uint8_t *out; /* WRITE_BUFFER_BYTES, only while there is something to write */
    size_t out_start, out_end;
    struct slice out_rest; /* the tail of nghttp2's last chunk that found no room */
    char peer[64];
    bool has_certificate;
    uint8_t fingerprint[NET_FINGERPRINT_BYTES];
};

struct net_stream {
    struct list link;       /* in conn->streams */
    struct list ready_link; /* in conn->ready */
    struct net_conn *conn;
    int32_t id;
    void *user;
    struct arena *arena; /* the request's headers */
    struct net_request request;
    size_t header_bytes;
    bool headers_too_large;
    /* Inward */
    struct bytes in;
    size_t message_max;
    bool is_told;  /* `open` told of it, so `closed` must */
    bool may_read; /* net_stream_read was called */
    bool headers_done, opened, remote_end, end_told, broken, closed;
    bool request_gzip, accepts_gzip, compression_unknown, timeout_invalid;
    /* Outward */
    struct bytes outq;
    bool answered;  /* response headers were submitted */
    bool finished;  /* no more will be sent */
    bool is_http;   /* plain HTTP reply: no trailers */
    bool rst_after; /* the client still uploads: stop it once the trailers are out */
    enum grpc_code code;
    char *status_text;    /* percent-encoded, in arena */
    char *status_details; /* base64, in arena; NULL: none */
};

struct net_listener {
    struct list link;
    struct net_server *server;
    struct loop_fd watch;
    SSL_CTX *tls;
};

struct net_server {
    struct loop *loop;
    struct net_config config;
    struct net_handler handler;
    struct list conns;
    struct list listeners;
    size_t conn_count;
    struct loop_timer sweep;
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *options;
    bool draining;
    struct mono_time drain_until;
    void (*drained)(void *ctx);
    void *drained_ctx;
};

/* conn.c */
void conn_accept(struct net_server *server, int fd, SSL_CTX *tls, const char *peer);
void conn_close(struct net_conn *conn, const char *outcome);
/* Make sure that what was submitted is written at the end of this turn. */
void conn_schedule_flush(struct net_conn *conn);
/* Bytes written, 0 for "later", −1 for "broken". */
ssize_t conn_write(struct net_conn *conn, const uint8_t *data, size_t len);

/* h2.c */
nghttp2_session_callbacks *h2_callbacks_new(void);
nghttp2_option *h2_option_new(void);
bool h2_start(struct net_conn *conn);
void h2_deliver(struct net_conn *conn);
void h2_detach_streams(struct net_conn *conn);
void stream_mark_ready(struct net_stream *stream);

/* h2_pump.c: the only callers of nghttp2_session_mem_recv and mem_send. */
bool h2_feed(struct net_conn *conn, const uint8_t *data, size_t len);
bool h2_flush(struct net_conn *conn);

/* h2_reply.c */
void stream_after_frame_sent(struct net_stream *stream, const nghttp2_frame *frame);

/* grpc.c */
void grpc_read_headers(struct net_stream *stream);
/* Take over what came of the body. */
void grpc_add_data(struct net_stream *stream, struct slice data);
/* Take the next message out of stream->in. false: none is complete. On a broken one *err is set. */
bool grpc_next_message(struct net_stream *stream, struct bytes *inflated, struct slice *out,
                       struct err *err);
void grpc_add_message(struct bytes *out, struct slice message, bool gzip);

/* grpc_text.c */
/* grpc-timeout (PROTOCOL-HTTP2: 1–8 digits and a unit) in ms, at least 1; −1 when malformed. */
int64_t grpc_timeout_parse(const char *text);
/* Percent-encode grpc-message; NULL over budget. */
char *grpc_percent_encode(struct arena *arena, const char *text);

/* tls.c */
MUST rc tls_context_new(const struct net_tls_config *config, SSL_CTX **out, struct err *err);
void tls_read_peer(struct net_conn *conn);
