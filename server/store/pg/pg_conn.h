/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: one connection, its life and its pipeline. */
#pragma once

#include <libpq-fe.h>

#include "base/list.h"
#include "conninfo/conninfo.h"
#include "store/pg/pg_connect.h"
#include "store/pg/pg_history.h"
#include "store/pg/pg_lane.h"
#include "store/pg/pg_silence.h"
#include "store/pg/pg_submit.h"

enum pg_state {
    PG_DOWN,       /* waiting to connect again */
    PG_DUE,        /* connects in the next turn: for the first time, or to the next host */
    PG_CONNECTING, /* its host is looked up, or PQconnectPoll */
    PG_CHECKING,   /* is the schema ours? */
    PG_PREPARING,  /* every statement of the class */
    PG_PROVING,    /* does a commit come to its end? */
    PG_READY,      /* takes segments */
    PG_RESTING,    /* a spare one that nobody needs */
    PG_CLOSED,     /* the end */
};

/* How far the preparing is (pg_setup.c). */
struct pg_setup {
    enum reason problem;
    size_t checked;   /* results of PG_CHECKING so far */
    size_t statement; /* whose results come next */
    bool is_prepared; /* the first of its two has come */
    bool is_proven;   /* a commit has come to its end */
};

/* A process of the database that serves a connection. */
struct pg_backend {
    char pid[16];     /* "": none */
    char started[40]; /* pg_stat_activity.backend_start, because numbers of processes come again */
};

struct pg_conn {
    struct store *store;
    struct pg_lane *lane;
    bool is_spare;
    enum pg_state state; /* by pg_conn_set_state only */
    PGconn *pg;
    struct loop_fd watch;    /* its fd is -1 while nothing is watched */
    struct loop_timer timer; /* back-off, connect limit, or the oldest operation's limit */
    int backoff_ms;
    int silent_ms;        /* of what is in flight, when the timer fires */
    struct list requests; /* in flight, oldest first */
    size_t in_flight;
    struct store_transaction *transaction; /* that has it for itself; NULL: none has */
    enum reason problem;                   /* why it is not ready */
    struct pg_route route;
    struct pg_setup setup;
    struct pg_backend own;
    struct pg_backend left; /* that fell silent, and may hold what it had begun */
    struct mono_time history_asked_at;
    uint64_t history; /* the generation in which it is */
};

/* What is in flight: outlives an operation that was canceled. */
struct pg_request {
    struct list link;
    struct store_op *op; /* NULL: canceled, or the connection's own */
    struct uuid party;
    pg_reader read;
    size_t at;                        /* which statement of the segment answers now */
    const struct pg_statement *first; /* of the segment, for metrics and log */
    struct mono_time sent_at;
    bool failed;
    struct err err;
};

struct store {
    struct loop *loop;
    struct store_config config;
    struct arena *arena;      /* of what is said once for all */
    struct conninfo conninfo; /* without hosts when it is invalid */
    const char *options[STORE_CLASSES], *checks[STORE_CLASSES]; /* of pg_settings.h */
    size_t good_host; /* where a connection came about last */
    struct pg_scouting scouting;
    struct pg_history history;
    struct pg_lane lanes[STORE_CLASSES];
};

/* A spare one rests until it is opened. */
void pg_conn_init(struct pg_conn *conn, struct pg_lane *lane, bool is_spare);
void pg_conn_open(struct pg_conn *conn);
/* Of a spare one that has done what it was for. */
void pg_conn_rest(struct pg_conn *conn);
void pg_conn_fini(struct pg_conn *conn);
/* Queue a segment on a ready connection; false when libpq would not take it. */
bool pg_conn_send(struct pg_conn *conn, struct store_op *op, const struct pg_segment *segment);
/* Put the connection down and fail what is in flight with OUTCOME_UNKNOWN. */
void pg_conn_lost(struct pg_conn *conn, enum reason problem);
/* Of one that is not ready: connect at once, first at the host where a connection came about last. */
void pg_conn_begin_anew(struct pg_conn *conn);
const char *pg_conn_state_name(enum pg_state state);
void pg_conn_set_state(struct pg_conn *conn, enum pg_state state);
/* Watch libpq's descriptor, which may be another one each time. */
void pg_conn_watch(struct pg_conn *conn, bool readable, bool writable);
void pg_conn_unwatch(struct pg_conn *conn);
void pg_conn_no_notice(void *arg, const PGresult *result);
/* Send what libpq holds back, and watch what is needed. */
void pg_conn_flush(struct pg_conn *conn);
