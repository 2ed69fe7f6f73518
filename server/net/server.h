/* SPDX-License-Identifier: Apache-2.0 */
/* The server object, as connections and listeners see it. Inside server/net. */
#pragma once

#include "loop/loop.h"
#include "net/body.h"
#include "net/conn_slots.h"
#include "net/net.h"
#include "net/tls_failure.h"

struct net_server {
    struct loop *loop;
    struct net_config config; /* defaults filled in */
    struct net_handler handler;
    struct list conns;
    struct list listeners;
    size_t conn_count;
    struct conn_slots slots;
    struct tls_failures tls_failures;
    size_t stream_count;    /* of all connections */
    size_t strangers_queue; /* bytes of answers that wait: of strangers, and … */
    size_t known_queue;     /* … of those who are known */
    struct body_pool bodies;
    struct list inflating; /* streams that go on in the next turn */
    struct loop_task inflate_on;
    struct mono_time inflate_turn;
    size_t inflated; /* in that turn */
    struct loop_timer sweep;
    bool draining;
    struct mono_time drain_until;
    void (*drained)(void *ctx);
    void *drained_ctx;
};
