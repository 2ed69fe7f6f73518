/* SPDX-License-Identifier: Apache-2.0 */
/* How a call lies in an HTTP exchange: how a body becomes messages, and how messages and a status
 * become headers, bytes and trailers. gRPC, gRPC-Web and Connect are such tables. A framing keeps nothing
 * of its own and calls nobody: net_stream.c does the work. */
#pragma once

#include "base/arena.h"
#include "net/bytes.h"
#include "net/net.h"

enum { NET_HEAD_MAX = 16 };

/* The head of an answer, or its trailers (which have no status). Strings are static or in the stream's
 * arena. */
struct net_head {
    int status;
    size_t count;
    struct net_header headers[NET_HEAD_MAX];
};

static inline void net_head_add(struct net_head *head, const char *name, const char *value)
{
    CH_ASSERT(head->count < NET_HEAD_MAX);
    head->headers[head->count++] = (struct net_header){name, value};
}

enum net_compression { NET_IDENTITY, NET_GZIP, NET_COMPRESSION_UNKNOWN };

#define NET_LENGTH_UNKNOWN SIZE_MAX

/* What the request's headers say of how both bodies are encoded. */
struct net_encoding {
    enum net_compression request;
    bool accepts_gzip;
    size_t length;            /* of the request's body; or NET_LENGTH_UNKNOWN */
    const char *content_type; /* of the answer, static */
};

/* Where the next message of a body lies. */
struct net_frame {
    size_t prefix; /* bytes before it */
    size_t length; /* of itself, as it came */
    bool compressed;
};

enum net_look {
    NET_LOOK_LATER, /* more must come before the message's length is known */
    NET_LOOK_FRAME, /* *out says where it lies; it need not be complete */
    NET_LOOK_BROKEN,
};

struct net_status {
    enum grpc_code code;
    const char *text;     /* NULL or empty: none */
    struct slice details; /* google.rpc.Status, may be empty */
    bool is_unknown_path; /* nothing is there (net_stream_finish_unknown) */
    /* Said behind the messages, by framings without a trailer_prefix. */
    const struct net_header *trailers;
    size_t trailer_count;
};

struct net_framing {
    const char *name;
    const char *only_over; /* the only protocol that can carry it, by its ALPN name; NULL: any */
    bool is_whole;         /* a body is one message, and ends with it: there is no `look` */
    bool is_text;          /* bodies of requests are base64 around all else */
    bool only_streaming; /* it is for methods that stream; one that is_whole for those that don't */
    /* Of one that is_whole, and has nothing behind the message: trailers stand in the head, under names that begin
     * with this; NULL: `finish` says them. */
    const char *trailer_prefix;
    /* Whether a request is a call in this framing. */
    bool (*takes)(const struct net_request *request);
    /* Read what the headers say: the encoding, request->timeout_ms and is_json. What can be said is also
     * said when this fails. */
    rc (*begin)(struct net_request *request, struct net_encoding *out, struct err *err);
    /* Of one that is_whole, and translates: make a message of the request and its body, and what is sent of a reply:
     * its status and headers into *head, and its body, which may lie in the message. NULL: bodies are messages. */
    void (*wrap)(const struct net_request *request, struct slice body, struct bytes *message);
    struct slice (*unwrap)(struct arena *arena, struct slice message, struct net_head *head);
    /* Look at what is there of a body. */
    enum net_look (*look)(struct slice in, struct net_frame *out, struct err *err);
    /* The head of an answer that begins with a message, which may be compressed. */
    void (*head)(const struct net_encoding *encoding, bool compressed, struct net_head *out);
    /* Frame one message into the answer's body. */
    void (*add_message)(struct bytes *body, struct slice message, bool compressed);
    /* End an answer. `head` is set if nothing was said so far, NULL otherwise; `trailers` or `body` may
     * be filled. Over the arena's budget the text is left out, never the code. */
    void (*finish)(struct arena *arena, const struct net_encoding *encoding,
                   const struct net_status *status, struct net_head *head,
                   struct net_head *trailers, struct bytes *body);
};
