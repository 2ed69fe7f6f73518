/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the call engine, for server/rpc and its tests only. */
#pragma once

#include "base/list.h"
#include "loop/loop.h"
#include "methods.h"
#include "net/net.h"
#include "rpc/call.h"

/* Why a call object must stay: it is freed, in one function, when the last bit clears. */
enum call_holder {
    HOLD_STREAM = 1, /* the HTTP/2 stream is open: net may call us, we may send */
    HOLD_OP = 2,     /* an operation is in flight and will call call_resume */
    HOLD_RUN = 4,    /* steps are running */
    HOLD_QUEUED = 8, /* run_task is deferred */
};

enum call_phase {
    PHASE_RECEIVING, /* the request is not complete yet */
    PHASE_RUNNING,
    PHASE_REFUSING, /* on_refusal is recording */
    PHASE_ANSWERED, /* the status was handed to net, or the client is gone */
};

enum { ERROR_METADATA_MAX = 8, VIOLATIONS_MAX = 8 };

/* A pair of ErrorInfo.metadata, or a field and its description. In the call's arena. */
struct text_pair {
    const char *key;
    const char *value;
};

/* A message of a client stream that nobody waited for yet. In the call's arena. */
struct inbox_item {
    struct inbox_item *next;
    const ProtobufCMessage *message;
};

struct call {
    struct list link; /* in rpc->calls */
    struct rpc *rpc;
    struct net_stream *stream; /* valid while HOLD_STREAM */
    struct net_request facts;  /* a copy: outlives the stream */
    struct arena *arena;       /* the call itself does not live in it */
    const struct method *method;
    const struct flow *flow; /* NULL: known method, not built */
    void *state;
    unsigned holders;
    enum call_phase phase;
    bool committed; /* a STEP_COMMIT step has started */
    bool client_ended;
    unsigned agains;

    size_t row; /* the step that runs or runs next */
    struct mono_time row_started;
    struct mono_time started;
    struct mono_time deadline;
    int64_t unix_us;

    step_fn then; /* continuation of the operation in flight; NULL: run the row */
    void (*cancel)(void *op);
    void *op;
    bool waits_for_message;
    step_fn on_message; /* who gets the next message of a client stream */

    struct loop_timer deadline_timer;
    struct loop_timer fault_timer;
    struct loop_task run_task;
    struct loop_task message_task;
    bool fault_passed; /* the row's fault point was visited */

    const ProtobufCMessage *request;
    const ProtobufCMessage *reply;
    struct inbox_item *inbox, **inbox_end;

    struct err err;
    struct text_pair metadata[ERROR_METADATA_MAX];
    size_t metadata_count;
    struct text_pair violations[VIOLATIONS_MAX];
    size_t violation_count;
    const char *caller;
    char request_id[UUID_TEXT_BYTES];
};

struct rpc {
    struct loop *loop;
    void *services;
    struct rpc_limits limits;
    const struct flow **flows; /* by index in METHODS; NULL where not built */
    struct list calls;
    size_t active;
    enum reason refusal; /* of every method that is not for everybody; R_NONE: none */
    struct net_handler handler;
};

/* call_run.c */
void call_start(struct call *c);
void call_abort(struct call *c, enum reason reason);
void call_release(struct call *c, enum call_holder holder);
/* A message or the end came: go on if the flow waits for it. */
void call_wake_for_message(struct call *c);
const char *call_row_name(const struct call *c);
/* status.c: hand the status to net: OK, or c->err with google.rpc.Status details. */
void call_send_status(struct call *c);
/* rpc.c */
const struct method *rpc_find_method(const char *path, size_t *index_out);
/* stream.c */
extern const struct net_handler RPC_HANDLER;
/* observe.c: log and metrics. */
void observe_step(struct call *c, const char *outcome);
void observe_call_done(struct call *c, bool client_gone);
/* fault.c: a test may delay, fail or kill the process at a step. true: delayed, a timer goes on. */
bool fault_point(struct call *c);
