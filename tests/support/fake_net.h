/* SPDX-License-Identifier: Apache-2.0 */
/* net.h without sockets, for tests of what stands above it: linked in place of server/net's streams.
 *
 * It keeps net's rules and fails the test when the layer above breaks one: nothing of a body is told before
 * net_stream_read, what came earlier is told from the loop, a stream is finished once, nothing is done with it
 * after `closed`, and no callback runs inside a function of net. */
#pragma once

#include "base/slice.h"
#include "loop/loop.h"
#include "net/net.h"

enum { FAKE_SENT_MAX = 16, FAKE_PARTS_MAX = 64 };

struct net_stream {
    const struct net_handler *handler;
    struct loop *loop;
    void *user;
    struct net_request request;

    /* What the client has sent and was not told yet, in order. */
    struct fake_part {
        enum { PART_MESSAGE, PART_END, PART_BROKEN } kind;
        uint8_t bytes[256];
        size_t len;
        enum reason reason;
    } parts[FAKE_PARTS_MAX];
    size_t part_count, told;
    struct loop_task deliver;

    /* What the layer above has done. */
    size_t reads; /* net_stream_read */
    bool is_held; /* net_stream_hold */
    size_t message_max;
    size_t sent_count;
    struct fake_sent {
        uint8_t bytes[512];
        size_t len;
    } sent[FAKE_SENT_MAX];
    size_t backlog;   /* of what was sent before, a test says */
    bool awaits_room; /* net_stream_await_room */
    size_t finishes;  /* net_stream_finish and net_stream_reply_http */
    enum grpc_code code;
    int http_status;
    char header[64];  /* the last of net_stream_add_header, "name: value" */
    char trailer[64]; /* of net_stream_add_trailer, likewise */
    char text[256];
    uint8_t details[2048];
    size_t details_len;
    bool is_known; /* net_stream_set_known */
    struct uuid party;
    bool is_closed;
};

/* Headers of a gRPC call for a path; more of them by fake_net_header. */
struct net_request fake_net_request(const char *path);
/* Borrows both texts until the stream is opened. */
void fake_net_header(struct net_request *request, const char *name, const char *value);
/* A client opens a stream: tells `open`. The stream lasts until fake_net_free, so that a test can look at it. */
struct net_stream *fake_net_open(struct loop *loop, const struct net_handler *handler,
                                 const struct net_request *request);
void fake_net_message(struct net_stream *stream, struct slice bytes);
void fake_net_end(struct net_stream *stream);
/* At any time, also before the body is asked for. */
void fake_net_broken(struct net_stream *stream, enum reason reason);
/* The client has read all of the backlog: tells `room`, if that is waited for. */
void fake_net_room(struct net_stream *stream);
/* The client resets the stream, or it is over: tells `closed`. */
void fake_net_close(struct net_stream *stream);
void fake_net_free(struct net_stream *stream);
