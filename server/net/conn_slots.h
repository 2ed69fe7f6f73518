/* SPDX-License-Identifier: Apache-2.0 */
/* Which connections there may be, and which one goes when there is no room for another.
 *
 * A connection is a stranger's until a caller was authenticated on it (net_stream_set_known). Anybody
 * can have many of those, so they must not keep the others out:
 *  - From one address (of IPv6, one /64) come at most a quarter of max_connections; the oldest of that
 *    address goes for the next. Unix sockets have no address and no such bound.
 *  - All together they have at most a quarter of max_calls streams; the oldest go for more.
 *  - When max_connections are there, the least useful one goes: the oldest stranger as long as strangers
 *    have more than a quarter of the places, then the known one that has been without a call for the
 *    longest, then the oldest stranger. Known ones with calls in flight stay.
 * An honest newcomer is a stranger for the milliseconds of a handshake and of one token's check, so the
 * oldest one doesn't mean to call. Loop thread only. */
#pragma once

#include <sys/socket.h>

#include "base/ids.h"
#include "loop/loop.h"

struct conn_address;
struct hashmap;
struct net_conn;
struct net_server;

/* Of a server. */
struct conn_slots {
    struct list strangers; /* oldest first */
    struct list idle;      /* known ones without a stream, idle for the longest first */
    size_t stranger_count, stranger_streams;
    struct hashmap *addresses; /* of strangers */
    struct loop_task crowded;  /* strangers have too many streams */
};

/* Of a connection. */
struct conn_slot {
    bool is_known;
    struct uuid party; /* net_stream_party */
    size_t streams;
    struct list link;             /* in strangers or idle, or in neither */
    struct conn_address *address; /* of a stranger; NULL: it has none */
    struct list address_link;
};

void conn_slots_init(struct net_server *server);
/* Once all connections are closed. */
void conn_slots_fini(struct net_server *server);
/* Close the least useful connection. False: all are of use. */
bool conn_slots_evict(struct net_server *server);
/* Make room for a connection from there, closing others. False: there is none. */
bool conn_slots_make_room(struct net_server *server, const struct sockaddr_storage *from);
void conn_slots_enter(struct net_conn *conn, const struct sockaddr_storage *from);
void conn_slots_leave(struct net_conn *conn);
/* A caller was authenticated on it. */
void conn_slots_set_known(struct net_conn *conn);
/* A stream begins or ends. */
void conn_slots_add_stream(struct net_conn *conn);
void conn_slots_remove_stream(struct net_conn *conn);
