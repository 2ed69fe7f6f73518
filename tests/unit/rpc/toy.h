/* SPDX-License-Identifier: Apache-2.0 */
/* A toy service for the tests of the call engine: flows on methods of the schema and an authenticator, whose rows do
 * what a test tells them to, operations that complete from the loop, and clients without sockets (fake_net.h).
 *
 * Every row writes its name into `toy.story`, so that a test reads what was run, and in which order. */
#pragma once

#include "chancery_test.h"

#include <string.h>

#include "fake_net.h"
#include "methods.h"
#include "rpc/call_internal.h"

enum toy_row {
    A1, /* rows of the authenticator: knock.a1 … */
    A2,
    A3,
    S1, /* rows of a sub-flow that anybody may enter: side.s1 … */
    S2,
    S3,
    F1, /* rows of the flows; F3 commits; F4 replies unless it is told otherwise */
    F2,
    F3,
    F4,
    FLOW_RECORDER,
    CALLER_RECORDER, /* the authenticator's */
    TOY_ROWS,
};

/* What the toy authenticator finds out. */
struct toy_caller {
    char name[16];
    unsigned visits;
};
/* What the toy flows keep. */
struct toy_state {
    unsigned visits;
    bool has_yielded;
};

enum { TOY_STREAMS_MAX = 600, TOY_OPS_MAX = 1200, TOY_STORY_MAX = 1024 };

struct toy_op {
    struct call *call;
    bool is_pending;
    struct loop_task task;
};

struct toy {
    struct loop *loop;
    struct rpc *rpc;
    step_fn on[TOY_ROWS]; /* NULL: NEXT */
    char story[TOY_STORY_MAX];
    struct net_stream *streams[TOY_STREAMS_MAX];
    char ids[TOY_STREAMS_MAX][UUID_TEXT_BYTES]; /* of the calls, which may be gone */
    size_t stream_count;
    struct toy_op *ops;
    size_t op_count;
    size_t completed, canceled;
    int log_fd;
    void *services; /* what the engine lends to the flows */
};
extern struct toy toy;

extern const struct authenticator TOY_AUTHENTICATOR;
extern const struct subflow TOY_SIDE;
extern const struct flow TOY_FLOW;   /* unary, a user's: f1 f2 F3 f4, with a recorder of its own */
extern const struct flow TOY_PLAIN;  /* the same on another method, without a recorder */
extern const struct flow TOY_CACHED; /* unary, trusts caches; f3 verifies */
extern const struct flow TOY_PUBLIC; /* unary, for everybody: f1 f4 */
extern const struct flow TOY_WATCH;  /* streams to everybody: f1 */
extern const struct flow TOY_CHAT;   /* streams both ways, for everybody: f1 f4 */
extern const struct flow TOY_TAIL;   /* streams to a component: f1 f2 F3 f4 */

int toy_set_up(void **state);
int toy_tear_down(void **state);
/* The first part of it: all clients go, and what was committed is finished. */
void toy_end_calls(void);
/* Make the engine anew with these limits and an authenticator, which may be NULL; serve nothing. */
void toy_engine(const struct rpc_limits *limits, const struct authenticator *authenticator);
void toy_serve(const struct flow *flow);

/* --- for steps --------------------------------------------------------------------------------- */

void toy_tell(const char *word);
/* Begin an operation. It is over when the test says so, by toy_complete. */
step toy_wait(struct call *c, step_fn then);
step toy_next(struct call *c);
step toy_reply(struct call *c);
/* Rows: wait and then NEXT; enter the side; be done early; refuse with a reason that is recorded, or one that is not. */
step toy_waits(struct call *c);
step toy_enters(struct call *c);
step toy_is_done(struct call *c);
step toy_refuses(struct call *c);
step toy_fails(struct call *c);
#define TOY_REFUSAL R_TOKEN_EXPIRED
#define TOY_FAILURE R_NOT_FOUND
/* Rows: say that the caches held, and go on. */
step toy_verifies(struct call *c);

/* --- driving ----------------------------------------------------------------------------------- */

/* Run what is due in this turn of the loop. */
void toy_settle(void);
void toy_run_ms(int64_t ms);
/* All operations in flight are over; then toy_settle. */
void toy_complete(void);
size_t toy_in_flight(void);

/* A client: headers of a method, a whole call, or piece by piece. */
struct net_stream *toy_open(const struct flow *flow);
struct net_stream *toy_open_with(const struct net_request *request);
/* An empty message and the end of what the client sends. */
void toy_body(struct net_stream *stream);
/* Open, body, settle. */
struct net_stream *toy_ask(const struct flow *flow);
/* A call that is not answered yet. */
struct call *toy_call(const struct net_stream *stream);
/* Its request id, also when it is gone. */
const char *toy_id(const struct net_stream *stream);
/* Whether the client was told this in the details of an error. */
bool toy_details_have(const struct net_stream *stream, const char *text);

/* --- looking ----------------------------------------------------------------------------------- */

#define assert_story(expected)                    \
    do {                                          \
        assert_string_equal(toy.story, expected); \
        toy.story[0] = '\0';                      \
    } while (0)
/* Answered once, with one message and OK, and logged once as that. */
void assert_served(const struct net_stream *stream);
/* Answered once, without a message, for this reason, and logged once for it. */
void assert_refused(const struct net_stream *stream, enum reason reason);
void assert_unanswered(const struct net_stream *stream);
/* The call's one line in the log has this text: "\"reason\":\"CANCELLED\"". */
void assert_logged(const struct net_stream *stream, const char *text);
/* The call is not over: it has no line in the log yet. */
void assert_unlogged(const struct net_stream *stream);
/* Run in a child process and assert that it aborts. */
void assert_aborts(void (*run)(void));
