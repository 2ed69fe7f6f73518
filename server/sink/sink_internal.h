/* SPDX-License-Identifier: Apache-2.0 */
/* What sink.c (whose turn it is, and what comes next) and sink_send.c (sending it, and what has arrived) share. */
#pragma once

#include "base/buf.h"
#include "sink/sink.h"
#include "sink/sink_slice.h"
#include "store/resource/sink_store.h"

enum {
    SINK_PAGE_EVENTS = 500,
    SINK_REST_MS = 1000, /* when there is nothing more; when the database fails */
    SINK_RENEW_MS = 5000,
    SINK_LEASE_S = 15,
    SINK_PACE_MS = 5, /* between pages, for whoever else is served here */
};

struct sink {
    struct loop *loop;
    struct store *store;
    const char *name;
    struct sink_way *way;
    struct uuid holder; /* who we are */
    bool is_held;       /* we send */
    bool is_stopped;
    struct loop_timer timer;   /* the next round */
    struct loop_timer renewal; /* while something is sent */
    struct loop_task encoding;
    struct arena *page_arena, *record_arena, *upkeep_arena;
    struct store_op *running; /* of the round; NULL: none */
    struct sink_lease lease;
    struct audit_settled settled;
    struct sink_page page;
    struct sink_move move, renew;
    bool is_renewing;
    struct sink_place place;  /* has arrived, as far as anybody knows */
    struct sink_place kept;   /* can't be lost any more: the database has it, or an earlier one */
    struct sink_place next;   /* is kept when it has outlived way->lost_ms … */
    struct mono_time since;   /* … since then; 0: nothing has arrived since it began */
    struct mono_time last;    /* when a record arrived last; 0: none has since it began */
    bool has_broken;          /* what is behind `kept` is to be sent again */
    int64_t until;            /* the log is read up to here, … */
    struct sink_slice slice;  /* … so much of its time at once */
    struct mono_time reading; /* since when a page is read */
    int64_t asked_at;         /* what the database's clock said, … */
    struct mono_time asked;   /* … and when; 0: by another node */
    struct mono_time moved;
    struct buf bytes;
    size_t encoded;           /* events of the page */
    int64_t sent;             /* since the last move */
    struct mono_time sending; /* since; 0: nothing is */
    const char *problem;      /* a reason's name; "": none */
    unsigned failures;        /* in a row; a place that is kept ends it */
};

static inline struct mono_time sink_now(const struct sink *s)
{
    return loop_now(s->loop);
}

/* Begin an operation of the round. */
void sink_prepare(struct sink *s, struct store_op *op, struct arena *arena,
                  void (*done)(struct store_op *op));
/* Whether it has failed; then the round begins anew after a rest. */
bool sink_has_failed(struct sink *s, const struct store_op *op);
/* The next round, unless it was stopped. */
void sink_again_in(struct sink *s, int64_t ms);
void sink_tell_lag(const struct sink *s, int64_t lag_us);
/* How far the place is behind, while we send. */
void sink_tell_lag_now(const struct sink *s);
/* All before has arrived, and can't be lost any more. */
void sink_begin_at(struct sink *s, struct sink_place place);
/* Whether what came last is to be sent again; then the round begins anew after a rest, maybe by another node. */
bool sink_has_broken(struct sink *s);
/* Ask the database for what is behind the place. */
void sink_read_on(struct sink *s);

/* sink_send.c: encode the page that was read and send it, then remember that it has arrived. */
void sink_send_page(struct sink *s);
/* All of the page has arrived. */
void sink_arrive(struct sink *s);
/* Remember the place that is kept, and go on for so long; 0: let another node. */
void sink_move_to(struct sink *s, int32_t lease_s);
/* Nothing is sent any more. */
void sink_end_sending(struct sink *s);
void sink_send_init(struct sink *s);
