/* SPDX-License-Identifier: Apache-2.0 */
/* A connection: TLS on the socket, bytes in, bytes out. What the bytes mean is its protocol's matter.
 *
 *     HANDSHAKE ──> GREETING ──> OPEN ──> LEAVING ──> CLOSED   (GREETING may be left out, CLOSED from everywhere)
 *
 *     HANDSHAKE  TLS is being set up; cleartext passes through at once
 *     GREETING   no protocol was agreed on: the first bytes will say which it is
 *     OPEN       the protocol runs
 *     LEAVING    the server drains: the peer was told which streams are the last
 *     CLOSED     torn down within conn_close; nothing is read or written any more
 *
 * A connection owns its streams. Inside server/net. Loop thread only. */
#pragma once

#include <openssl/types.h>

#include "loop/loop.h"
#include "net/body.h"
#include "net/conn_slots.h"
#include "net/net_protocol.h"

enum conn_state { CONN_HANDSHAKE, CONN_GREETING, CONN_OPEN, CONN_LEAVING, CONN_CLOSED };

enum { CONN_GREETING_MAX = 24 }; /* no preface is longer */

/* Whether something that waits goes on: how much of it went since then. */
struct conn_stall {
    struct mono_time since; /* 0: nothing waits */
    size_t bytes;
};

struct net_conn {
    struct list link; /* in server->conns */
    struct net_server *server;
    struct loop_fd watch;
    struct loop_task deliver; /* streams have something to tell */
    struct loop_task flush;   /* at the turn's end: one write for all replies of the turn */
    int fd;
    SSL *ssl; /* NULL: cleartext */
    enum conn_state state;
    const struct net_protocol *protocol; /* NULL until OPEN */
    void *session;                       /* the protocol's */
    uint8_t greeting[CONN_GREETING_MAX]; /* what came before the protocol was known */
    size_t greeting_len;
    bool read_ended;       /* the peer says no more, and may listen still */
    bool write_blocked;    /* the socket took only a part */
    bool read_wants_write; /* TLS must write before it can read on */
    struct list streams;
    struct list ready; /* streams with something to tell the handler */
    struct body_share share;
    struct conn_slot slot;
    size_t queued;                     /* bytes of answers that wait in its streams */
    struct conn_stall answers, socket; /* of those, and of what the socket is to take */
    struct mono_time last_active;      /* when a stream began or ended */
    struct mono_time last_heard;       /* when bytes came */
    struct mono_time pinged_at;        /* 0: not since then */
    struct mono_time old_at;           /* when it is to be replaced by another */
    struct mono_time retired_at;       /* when it was asked to end; 0: not yet */
    bool is_announced;                 /* its end was */
    const char *outcome;               /* why; NULL: nothing of ours */
    struct mono_time headers_since;    /* when an unfinished header block began; 0: there is none */
    uint8_t *out;                      /* one TLS record, only while there is something to write */
    size_t out_start, out_end;
    char peer[64];
    unsigned listener;
    bool has_certificate;
    uint8_t fingerprint[NET_FINGERPRINT_BYTES];
};

/* Where a connection came from and in. */
struct conn_origin {
    struct sockaddr_storage address;
    const char *peer; /* the address as text */
    unsigned listener;
};

/* The protocol runs. */
static inline bool conn_is_running(const struct net_conn *conn)
{
    return conn->state == CONN_OPEN || conn->state == CONN_LEAVING;
}

/* --- among the files conn*.c ----------------------------------------------------------------- */

enum read_result {
    READ_SOME,
    READ_LATER,
    READ_END,  /* the peer says no more */
    READ_LOST, /* the connection is broken */
};

/* When a connection that begins now will be old. */
struct mono_time conn_old_at(const struct net_server *server);
void conn_set_state(struct net_conn *conn, enum conn_state to);
/* Read once; what came is lent until the next read of any connection. */
enum read_result conn_read(struct net_conn *conn, struct slice *out);
/* Bytes written, 0 for "later", −1 for "broken". */
ssize_t conn_write_some(struct net_conn *conn, const uint8_t *data, size_t len);
/* Write until the protocol has no more or the socket takes no more; false: broken. */
bool conn_write_out(struct net_conn *conn);

/* --- for the others -------------------------------------------------------------------------- */

/* Take an accepted socket. `tls` NULL: cleartext. */
void conn_accept(struct net_server *server, int fd, SSL_CTX *tls, const struct conn_origin *origin);
/* Tell the handler that all streams are gone, and free the connection. */
void conn_close(struct net_conn *conn, const char *outcome);
/* The same for one that did nothing wrong: it is told which streams were the last, so that its client
 * tries the others elsewhere. */
void conn_dismiss(struct net_conn *conn, const char *outcome);
/* Why the connection has no right to go on, by now; NULL: it has. Asked a few times a second. */
const char *conn_overdue(struct net_conn *conn, struct mono_time now);
/* Ask one that is idle or old to end well, and a silent one whether it is there. A few times a second. */
void conn_tend(struct net_conn *conn, struct mono_time now);
/* Count what of the answers was taken. */
void conn_note_taken(struct net_conn *conn, size_t bytes);
/* Make sure that what was submitted is written at the end of this turn. */
void conn_schedule_flush(struct net_conn *conn);
/* The server drains: ask the peer to start no more; later, refuse what it starts. */
void conn_announce_end(struct net_conn *conn);
void conn_leave(struct net_conn *conn);
