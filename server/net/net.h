/* SPDX-License-Identifier: Apache-2.0 */
/* The transport: listeners, TLS, HTTP, framings of calls. Knows nothing of what is called.
 *
 * Every callback of the handler runs after nghttp2 has returned, so it may send and finish at will;
 * no callback runs inside net_stream_send, net_stream_finish or net_stream_reply_http. `closed` is the
 * last callback of a stream and comes exactly once. Loop thread only.
 *
 * Sources: RFC 9113 (HTTP/2); grpc/grpc doc/PROTOCOL-HTTP2.md. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/slice.h"

struct arena;
struct loop;
struct net_framing;
struct net_protocol;
struct net_server;
struct net_stream;
struct net_tickets;

enum {
    NET_HEADERS_MAX = 64,
    /* SETTINGS_MAX_HEADER_LIST_SIZE, enforced by us: two tokens of up to 16 KiB and a proof of 8 KiB, as
     * server/identity takes them, and 8 KiB for all else. */
    NET_HEADER_BYTES_MAX = 48 * 1024,
    NET_FINGERPRINT_BYTES = 32, /* SHA-256 of the client certificate's DER */
    NET_METADATA_MAX = 6,       /* of one answer, headers and trailers together */
};

struct net_header {
    const char *name; /* lower case */
    const char *value;
};

/* What is known when the headers are complete. Lives as long as the stream. */
struct net_request {
    const char *method; /* "POST" */
    const char *path;   /* "/chancery.v1.LicensingService/AcquireLicense" */
    const char *query;  /* what follows its question mark; NULL: there is none */
    /* What was asked for, where a framing has put a method's path in its place; NULL: the two above say it. */
    const char *target, *target_query;
    struct net_header headers[NET_HEADERS_MAX];
    size_t header_count;
    /* A call: the name of the framing that has it, "grpc", static. NULL: it is none. */
    const char *framing;
    /* Its body is a document of another standard and no message, and this is what stands in the path behind what all of
     * them have; `path` is the method's. NULL: it is a message. */
    const char *document_of;
    bool is_json;                    /* its messages are JSON, and protobuf otherwise */
    bool only_unary, only_streaming; /* what methods the framing is for; neither: all */
    int64_t timeout_ms;              /* how long the client waits for it; 0: not said */
    const char *peer;                /* "127.0.0.1:4711", "unix" */
    unsigned listener;               /* at which it came: what net_server_listen was given */
    bool has_certificate;
    uint8_t fingerprint[NET_FINGERPRINT_BYTES];
};

/* A metadata value by its lower-case name; NULL if it is absent. */
const char *net_request_header(const struct net_request *request, const char *name);

/* What the layer above is told. */
struct net_handler {
    void *ctx;
    /* A request's headers are complete. Nothing of its body is unframed, inflated or told before
     * net_stream_read. */
    void (*open)(void *ctx, struct net_stream *stream, const struct net_request *request);
    /* One whole message, unframed and decompressed; borrowed until the callback returns. */
    void (*message)(void *ctx, struct net_stream *stream, struct slice message);
    /* The client has sent all that it will send. */
    void (*end)(void *ctx, struct net_stream *stream);
    /* The framing or the compression of the request is broken, a message too large, or the server has
     * no room for the body (R_OVERLOADED): finish the stream with this. May come at any time after
     * `open`. No `message` or `end` follows. */
    void (*broken)(void *ctx, struct net_stream *stream, const struct err *err);
    /* Room was waited for (net_stream_await_room), and is there. NULL where nobody does. */
    void (*room)(void *ctx, struct net_stream *stream);
    /* The stream, of which `open` told, is gone: answered, reset by the client, or its connection lost. */
    void (*closed)(void *ctx, struct net_stream *stream);
    /* google.rpc.Status of calls that net refuses by itself, in the arena; NULL: none. */
    struct slice (*details)(void *ctx, struct arena *arena, enum reason reason);
};

/* --- streams --------------------------------------------------------------------------------- */

/* Take in the body from now on, in messages of at most `message_max` bytes. Called from `open` or later;
 * what has come already is told from the loop, not from within. Until then the body holds 16 KiB at most,
 * and the client is let send no more. */
void net_stream_read(struct net_stream *stream, size_t message_max);
/* Tell no more messages, nor the end, until net_stream_read is called again: meanwhile the body is held as
 * before it. For who takes messages one by one; from `message` too. */
void net_stream_hold(struct net_stream *stream);
void net_stream_set_user(struct net_stream *stream, void *user);
void *net_stream_user(const struct net_stream *stream);
/* A caller of this party was authenticated: the stream's connection is no stranger's any longer
 * (net/conn_slots.h). */
void net_stream_set_known(struct net_stream *stream, struct uuid party);
bool net_stream_is_known(const struct net_stream *stream);
/* Whose the stream's connection is: the party of the caller who was authenticated on it last. All
 * strangers of one network (an IPv4 address, the /64 of an IPv6 one) are one party; where there is no
 * network, as on Unix sockets, each connection is. Those are nobody's ids, as no UUID's version is 0. */
struct uuid net_stream_party(const struct net_stream *stream);
/* Send one message (copied); gzip-compressed when the client accepts that, and it is worth it and done
 * soon: from net_config.gzip_min_bytes to 128 KiB.
 *
 * Answers that wait for their clients are bounded: 4 MiB of one connection, max_queue_bytes of all, a
 * quarter of that of strangers. Beyond it an answer of more than 1 KiB is not kept: the stream ends with
 * R_ANSWERS_UNREAD, whatever it is finished with, or with status 503. */
void net_stream_send(struct net_stream *stream, struct slice message);
/* Say something beside the messages of an answer, in the form that the framing has for it: in front of them, for
 * which none may have been sent yet, or behind them. Copies. `name` is in lower case. False: there are
 * NET_METADATA_MAX already, no memory is left, or it can't stand in a header: a value is printable ASCII. */
bool net_stream_add_header(struct net_stream *stream, const char *name, const char *value);
bool net_stream_add_trailer(struct net_stream *stream, const char *name, const char *value);
/* Bytes that wait to be sent; a streaming call should stop above NET_STREAM_QUEUE_MAX. */
size_t net_stream_queued(const struct net_stream *stream);
enum { NET_STREAM_QUEUE_MAX = 256 * 1024 };
/* Tell `room` once, from the loop, when no more than half of NET_STREAM_QUEUE_MAX waits to be sent. A client that
 * reads nothing has its connection closed (net_config.stall_timeout_ms), and `closed` is told instead. */
void net_stream_await_room(struct net_stream *stream);
/* End the stream with a status: as trailers, or trailers-only when no message was sent. `text` is
 * percent-encoded, `details` (google.rpc.Status, may be empty) base64-encoded here. Once only. */
void net_stream_finish(struct net_stream *stream, enum grpc_code code, const char *text,
                       struct slice details);
/* The same with GRPC_UNIMPLEMENTED, because nothing is at the call's path: where a status of HTTP says how a call
 * ended, it is 404. */
void net_stream_finish_unknown(struct net_stream *stream, const char *text, struct slice details);
/* Answer a plain HTTP request, with what must not be kept. Once only. Copies the body. */
void net_stream_reply_http(struct net_stream *stream, int status, const char *content_type,
                           struct slice body);
/* The same with what may be kept (RFC 9111). Copies all but the static texts. */
struct net_page {
    int status;                /* 304: the client has the page; there is no body then */
    const char *content_type;  /* static */
    const char *cache_control; /* static */
    const char *etag;          /* with its quotes; NULL: none */
    const char *allow;         /* of 405: the methods, static; NULL: not said */
    const char *accept_post;   /* of 415: the content types, static; NULL: not said */
    struct slice body;
};
void net_stream_reply_page(struct net_stream *stream, const struct net_page *page);

/* --- server ---------------------------------------------------------------------------------- */

struct net_tls_config {
    const char *certificate_file; /* PEM chain */
    const char *key_file;         /* PEM; NULL certificate_file means cleartext */
    /* PEM bundle: client certificates must chain to it. NULL: any self-consistent, unexpired
     * certificate is let in, because components are known by their registered fingerprint. */
    const char *client_ca_file;
};

enum { NET_PROTOCOLS_MAX = 2, NET_FRAMINGS_MAX = 7 };

struct net_config {
    /* What is spoken, ended by NULL: HTTP2_PROTOCOL … By ALPN it is the first that the client offers too;
     * without ALPN, and in cleartext, the first whose preface the client sends. */
    const struct net_protocol *protocols[NET_PROTOCOLS_MAX + 1];
    /* How calls lie in it, ended by NULL: GRPC_FRAMING … The first that takes a request has it. */
    const struct net_framing *framings[NET_FRAMINGS_MAX + 1];
    /* Whose pages may call: "https://app.example.org". Borrowed. Of others no call is taken. */
    const char *const *origins;
    size_t origin_count;
    unsigned max_connections;     /* 0: 20,000 */
    unsigned max_streams;         /* per connection; 0: 256; at most 4,096 */
    unsigned max_calls;           /* open streams of all connections; 0: 32,768 */
    size_t max_body_bytes;        /* of requests on their way, net/body.h; 0: 64 MiB */
    size_t max_queue_bytes;       /* of answers that wait to be sent (net_stream_send); 0: 64 MiB */
    int64_t handshake_timeout_ms; /* also for a block of headers; 0: 10 s */
    int64_t idle_timeout_ms;      /* without any stream, then GOAWAY; 0: 10 min */
    /* How old a connection gets, give or take a tenth, until GOAWAY; 0: 30 min. And how much longer its
     * streams may last; 0: 1 min. */
    int64_t age_ms, age_grace_ms;
    /* The peer was silent for so long while it has a stream: a ping; 0: 5 min. And how long an answer, or
     * the acknowledgment of data (TCP_USER_TIMEOUT), is waited for; 0: 20 s. */
    int64_t keepalive_ms, keepalive_timeout_ms;
    struct net_tickets
        *tickets;             /* NULL: each listener has keys of its own for TLS session tickets */
    int64_t ticket_ms;        /* how long a TLS session may be resumed; 0: 2 h */
    int64_t stall_timeout_ms; /* in which a client must take 16 KiB of what waits; 0: 30 s */
    size_t gzip_min_bytes;    /* smallest message worth compressing; 0: 1 KiB */
};

struct net_server *net_server_new(struct loop *loop, const struct net_config *config,
                                  const struct net_handler *handler);
/* Serve on a listening socket (taken). `tls` may be NULL: cleartext, refused with R_CONFIG_INVALID
 * unless the socket is a Unix one or bound to loopback. Requests that come there carry `number`. */
rc net_server_listen(struct net_server *server, int fd, const struct net_tls_config *tls,
                     unsigned number, struct err *err);
/* Stop accepting, announce GOAWAY, let streams end, and call `done` when the last connection is gone
 * or `limit_ms` has passed (what is left is cut then). */
void net_server_drain(struct net_server *server, int64_t limit_ms, void (*done)(void *ctx),
                      void *ctx);
void net_server_free(struct net_server *server);
size_t net_server_connections(const struct net_server *server);

/* Keys of TLS session tickets, in memory that child processes share. */
rc net_tickets_new(struct net_tickets **out, struct err *err);
/* Make a new key if the last one has made tickets for a period. By one process, a few times a minute. */
void net_tickets_rotate(struct net_tickets *tickets, struct mono_time now, int64_t period_ms);

/* Open a listening socket: "host:port" with a numeric address (port 0: any), or "unix:/path". Each
 * call for the same TCP address gives a socket of its own (SO_REUSEPORT); the first one must find
 * nobody there. A socket that a crash left at a path is taken away, a file or somebody's socket is
 * not. R_STARTUP_FAILED, R_CONFIG_INVALID. */
rc net_listen(const char *address, bool is_first, int *fd_out, struct err *err);
/* The address that a socket is bound to, as text: "127.0.0.1:8443". */
void net_bound_address(int fd, char *out, size_t cap);
