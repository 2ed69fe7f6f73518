/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of requests: how much of them is held, and who may send more.
 *
 * What a body holds is either
 *
 *   loose     it came within the small window that every stream has unasked (BODY_LOOSE_MAX): all that a
 *             caller can make us hold who is not known yet; or
 *   reserved  it belongs to a message that told its length and got room for all of it. Only then is the
 *             stream's window opened. Who has begun can therefore finish, and half messages never wait for
 *             each other.
 *
 *              bytes come           body_reserve            room                taken, dropped
 *     (empty) ───────────> loose ───────────────> waiting ────────> reserved ──────────────────> (empty)
 *                            └──────────────────── taken, dropped, evicted ────────────────────────┘
 *
 * Loose and reserved bytes have a half each of the server's bound, so that neither keeps the other out.
 *  - Loose bytes beyond it: the body that has held some for the longest is evicted. An honest one is
 *    done within milliseconds, so that is one that does not go on.
 *  - Reservations beyond it wait, in turn between connections. One that gets no bytes while others wait
 *    is evicted (body_pool_expire).
 *  - A connection holds at most BODY_LOOSE_MAX for each stream that it may open (more can come only from
 *    a client that ignores our SETTINGS), and BODY_CONN_RESERVED_MAX of reservations or a single larger
 *    one.
 *
 * HTTP/2's window of the connection is given back as soon as a byte is no longer loose: what is reserved
 * has its bound already, so it must not stop the other streams. body_take_owed says how much that is.
 * Loop thread only. */
#pragma once

#include "base/clock.h"
#include "base/list.h"
#include "net/bytes.h"

enum {
    BODY_LOOSE_MAX = 16 * 1024, /* one DATA frame of the default size */
    BODY_CONN_RESERVED_MAX =
        2 * (4 * 1024 + 1) * 1024, /* two of the largest messages of the schema */
    BODY_STALL_MS = 5000,
};

struct body;

/* Of a server. */
struct body_pool {
    size_t loose, loose_max;
    size_t reserved, reserved_max;
    struct list loose_bodies;    /* oldest first */
    struct list reserved_bodies; /* oldest first */
    struct list queue;           /* shares with a body that waits and may have its turn */
    size_t waiting;              /* bodies */
    /* A body that waited has its room now. Must not call back. */
    void (*granted)(struct body *body);
    /* A body was dropped to make room: its call is to be refused. Must not call back. */
    void (*evicted)(struct body *body);
};

/* Of a connection. */
struct body_share {
    struct list link; /* in pool->queue */
    struct list waiting;
    size_t loose, loose_max;
    size_t reserved;
};

/* Of a stream. */
struct body {
    struct body_pool *pool;
    struct body_share *share;
    struct bytes in;
    size_t expected; /* length of the message that is coming, with its prefix; 0: not known */
    size_t loose;
    size_t cover;    /* reserved for bytes of `in`, from its front … */
    size_t beside;   /* … and for what the message becomes when it is inflated */
    size_t inflated; /* bytes that are there of that */
    size_t counted;  /* what the metric knows of us */
    size_t owed;
    bool is_waiting;        /* for cover and beside */
    struct mono_time moved; /* when bytes came last; 0: not yet since it has its room */
    struct list loose_link;
    struct list reserved_link; /* in pool->reserved_bodies or share->waiting */
};

void body_pool_init(struct body_pool *pool, size_t bytes_max);
void body_share_init(struct body_share *share, size_t streams_max);
/* Once all its bodies were dropped. */
void body_share_fini(struct body_share *share);
void body_init(struct body *body, struct body_pool *pool, struct body_share *share);

/* Keep what came. May evict bodies, this one too. */
void body_add(struct body *body, struct slice data, struct mono_time now);
/* Ask for room for a message: `cover` bytes of the queue and `beside` for its inflated form. True: it is
 * there. False: wait for pool->granted. Asking again changes nothing. */
bool body_reserve(struct body *body, size_t cover, size_t beside);
bool body_has_reserved(const struct body *body);
/* A message of `n` bytes was handed over: forget it and its room. */
void body_take(struct body *body, size_t n);
/* Forget everything, also a wish for room. */
void body_drop(struct body *body);
/* Count what was inflated so far. */
void body_set_inflated(struct body *body, size_t bytes);
/* How much more the client may send now. */
size_t body_wish(const struct body *body);
/* Bytes to give back to the connection's window since the last call. */
size_t body_take_owed(struct body *body);
/* Evict reservations without progress, if others wait for room. */
void body_pool_expire(struct body_pool *pool, struct mono_time now);
