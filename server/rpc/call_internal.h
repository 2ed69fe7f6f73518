/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the call engine, for server/rpc and its tests only. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/hashmap.h"
#include "base/list.h"
#include "base/turns.h"
#include "loop/loop.h"
#include "methods.h"
#include "net/net.h"
#include "obs/tracer.h"
#include "rpc/call.h"
#include "rpc/codec.h"

/* Why a call object must stay: it is freed, in one function, when the last bit clears. */
enum call_holder {
    HOLD_STREAM =
        1, /* the HTTP/2 stream is open: net may call us, we may send; of an item: its batch waits for it */
    HOLD_OP = 2,     /* an operation is in flight and will call call_resume */
    HOLD_RUN = 4,    /* steps are running */
    HOLD_QUEUED = 8, /* it waits for its turn to run */
    HOLD_ITEMS = 16, /* some of its items have not been freed */
};

enum call_phase {
    PHASE_AUTHENTICATING, /* nothing of the request's body is looked at */
    PHASE_RECEIVING, /* the caller is known, or needs not be; the request is not complete yet */
    PHASE_RUNNING,
    PHASE_REFUSING, /* a refusal is being recorded */
    PHASE_ANSWERED, /* the status was handed to net, or the client is gone */
};

/* What is to go on when something has come to NEXT: a sub-flow at one of its rows, or a continuation. */
struct frame {
    const struct subflow *sub; /* NULL: a continuation */
    size_t row;
    struct mono_time row_started;
    step_fn then;
    bool always; /* also when it failed */
};
/* Deepest today: scope → tenant, and explain_token → identify → person, with their continuations: 6. */
enum { FRAMES_MAX = 10 };

/* For so long a flow that reads everything anew trusts what was read of its caller before the body came. */
enum { KNOWN_FOR_MS = 1000 };

enum { ERROR_METADATA_MAX = 8, VIOLATIONS_MAX = 16, ROW_NAME_MAX = 48 };
/* What a refusal says beside its sentence is made in memory of its own. */
enum { CALL_DETAILS_BYTES = 64 * 1024 };

/* The items of a batch. In its arena. */
struct call_items {
    struct call *batch;
    struct slice *parts;                     /* their requests: as bytes, … */
    const ProtobufCMessage *const *messages; /* … or unpacked already; NULL: they are not */
    size_t count;
    struct call **calls; /* NULL: not begun */
    size_t unanswered, alive;
    size_t next;         /* of a sequence: which one is done next */
    size_t behind;       /* those that have come neither to the next meeting nor to their end */
    struct list meeting; /* those that wait there */
    bool is_over;        /* nobody waits for them any more */
};
/* A batch that is not taken apart is no larger, because unpacking it takes one turn of the loop. */
enum { WHOLE_BATCH_MAX = 512 * 1024 };

/* A message of a client stream, in an arena of its own; NULL: none. */
struct stream_message {
    struct arena *arena;
    const ProtobufCMessage *message;
};

struct call {
    struct list link; /* in rpc->calls */
    struct rpc *rpc;
    struct net_stream *stream; /* valid while HOLD_STREAM; NULL for an item */
    struct net_request facts;  /* a copy: outlives the stream */
    struct arena *arena;       /* the call itself does not live in it */
    struct arena *term; /* of a stream, what was found out since call_renew; NULL: it was never */
    size_t arena_bytes; /* the budget of each of them, and of each message of a stream */
    const struct method *method;
    const struct flow *flow; /* NULL: known method, not built */
    const struct codec *codec;
    void *state;
    void *caller; /* the authenticator's; NULL for public methods */
    unsigned holders;
    enum call_phase phase;
    bool committed; /* a STEP_COMMIT step has started */
    bool verified;  /* call_note_verified */
    bool has_begun; /* the request is complete: the flow runs, or has run */
    bool is_known;  /* who calls is found out, or needs not be: without it nothing of a flow runs */
    bool client_ended;
    enum reason body_problem; /* why no more of the body comes; R_NONE: it does */
    bool is_over;             /* call_must_stop said so: nobody forgives that */
    bool is_recorded;         /* its refusal is: an item's, which was recorded there */
    unsigned agains;

    size_t row; /* of the flow's table: the step that runs or runs next */
    struct mono_time row_started;
    struct frame frames[FRAMES_MAX]; /* the last one goes on first */
    size_t depth;
    struct mono_time started;
    struct mono_time deadline;
    struct mono_time known_at; /* when is_known was said */
    int64_t unix_us;

    struct call_items *items;   /* of a batch; NULL: it is none, or its request has not come */
    struct call_items *part_of; /* of an item; NULL: it came by itself */
    size_t item_index;
    struct list meeting;
    bool is_behind;             /* counts in part_of->behind */
    void (*begin_op)(void *op); /* while it is in part_of->meeting; else NULL */

    step_fn then; /* continuation of the operation in flight; NULL: run the row */
    void (*cancel)(void *op);
    void *op;
    bool waits_for_message;
    bool rests;         /* waits for room or for a time: rpc_end_streams ends it */
    bool awaits_room;   /* net_stream_await_room */
    step_fn on_message; /* who gets the next message of a client stream */

    void *held;                  /* call_hold */
    void (*let_go)(void *value); /* NULL: nothing is held */
    bool (*has_failed)(const void *value);

    struct uuid party;
    struct rpc_party *joined; /* counts it; NULL: none yet */
    struct turn turn;         /* in rpc->runnable, while HOLD_QUEUED */
    void (*on_turn)(struct call *c);

    struct loop_timer deadline_timer;
    struct loop_timer pause_timer; /* of call_yield, and of a test's delay */
    struct loop_task message_task;
    bool fault_passed; /* the row's fault point was visited */

    const ProtobufCMessage *request;
    const ProtobufCMessage *reply;
    struct stream_message taken; /* call_request, of a client stream */
    struct stream_message
        waiting;            /* came, and nobody has taken it: net holds what comes behind it */
    struct arena *outgoing; /* of the message that is made; NULL: none was made yet */
    bool makes_message;     /* between call_begin_message and call_send */

    struct err err;
    struct text_pair metadata[ERROR_METADATA_MAX];
    size_t metadata_count;
    struct text_pair violations[VIOLATIONS_MAX];
    size_t violation_count;
    struct text_pair quota;  /* call_note_quota: of whom, and what; its key is NULL: nothing */
    int64_t retry_ms;        /* likewise; 0: a second, where it helps at all */
    const char *caller_name; /* call_note_caller */
    struct tenant_id tenant; /* of the caller (call_join_party); zero: none, or nobody knows yet */
    struct trace *trace;     /* NULL: it is not traced */
    char request_id[UUID_TEXT_BYTES];
    char row_name[ROW_NAME_MAX];   /* of call_row_name */
    char failed_row[ROW_NAME_MAX]; /* where the call failed first, for the log; "": nowhere */
};

/* How often each party had its turn in the present turn of the loop; parties are told apart by a hash. */
struct served {
    struct mono_time turn;
    uint8_t times[64];
    unsigned parties; /* of which it is not 0 */
};

struct rpc {
    struct loop *loop;
    void *services;
    const struct authenticator *authenticator; /* NULL: public methods only */
    struct rpc_limits limits;
    const struct flow **flows; /* by index in METHODS; NULL where not built */
    struct list calls;
    size_t active;
    struct turns runnable; /* calls that may go on */
    struct loop_task run;
    struct served served;
    struct mono_time crowd_until; /* several parties have calls on their way */
    struct hashmap *parties;      /* of rpc_party, by id: those with calls on their way */
    enum reason refusal;          /* of every method that is not for everybody; R_NONE: none */
    bool is_ending;               /* rpc_end_streams */
    struct tracer *tracer;        /* NULL: nothing is traced */
    struct net_handler handler;
};

/* call_start.c */
void call_begin(struct call *c);
/* Take in the body from now on. */
void call_read(struct call *c);
/* The request is complete: run the flow, from the loop. */
void call_start(struct call *c);

/* call_status.c */
/* Hand the end to net: OK, or the call's error with its details. */
void call_status_finish(struct call *c);
/* The details of an error for which there is no call. */
struct slice call_status_details(struct arena *arena, const char *request_id, enum reason reason);

/* call_turns.c: whose turn it is. */
void call_turns_init(struct rpc *rpc);
void call_turns_fini(struct rpc *rpc);
/* Run `body` when it is the call's turn; later in this turn of the loop at the earliest. */
void call_queue(struct call *c, void (*body)(struct call *c));
/* The same, at once when nobody waits, or when others have had more turns by now. */
void call_go_on(struct call *c, void (*body)(struct call *c));
void call_leave_party(struct call *c);
/* Room for the items of a batch, which count as calls do. */
step call_join_items(struct call *c, size_t count);
void call_join_as_item(struct call *c, const struct call *batch);

/* call_sequence.c: batches whose items come one after another. */
static inline bool flow_is_sequence(const struct flow *flow)
{
    return flow->on_item != NULL;
}
static inline bool flow_has_items(const struct flow *flow)
{
    return flow != NULL && (flow->item != NULL || flow_is_sequence(flow));
}
/* An item of one has come to its end. */
void call_sequence_answered(struct call *item);

/* call_items.c: batches. */
/* A call for an item, as `method`, with that flow. */
struct call *call_new_item(struct call_items *items, const struct method *method,
                           const struct flow *flow, size_t index);
/* What it knows of its caller by the batch; and its request. */
rc call_prepare_item(struct call *c, struct err *err);
/* Nobody waits for its answer any more. */
void call_drop_item(struct call *c);
/* The request came: unpacked as a whole, or as bytes that the codec takes apart. */
rc call_take_whole(struct call *c, const ProtobufCMessage *request, struct err *err);
rc call_take_parts(struct call *c, struct slice bytes, struct err *err);
/* Whether it is a batch whose request is never unpacked as one. */
bool call_is_taken_apart(const struct call *c);
/* The field of a batch's request that has its items; NULL: none has. */
const ProtobufCFieldDescriptor *call_items_field(const struct flow *batch,
                                                 const struct method *method);
/* How large the request may be. */
size_t call_body_max(const struct call *c);
/* An item no longer wants to begin together with the others. */
void call_leave_meeting(struct call *c);
/* An item has its outcome; all memory of one is gone; the batch needs none of them any more. */
void call_item_answered(struct call *c);
void call_item_freed(struct call_items *items);
void call_drop_items(struct call *c);

/* call_run.c */
/* The one place from which a response leaves. */
void call_answer(struct call *c);
/* End the call here, unless what it does must be finished: the client has gone, or the deadline has passed. */
void call_abort(struct call *c, enum reason reason);
/* The same, because what the client sends is no good. What must be finished is, and told as it was. */
void call_reject(struct call *c, const struct err *why);
void call_release(struct call *c, enum call_holder holder);
/* Go on after `result`, until something is awaited or all is said. */
void call_run(struct call *c, step result);
bool call_must_stop(struct call *c);
/* Run `body` under the call's log scope, and hold the call meanwhile: a step may end it. */
void call_with_scope(struct call *c, void (*body)(struct call *c));
/* "decide", "authenticate.role": where the call stands. Lends until the call goes on. */
const char *call_row_name(struct call *c);
static inline bool call_client_is_gone(const struct call *c)
{
    return (c->holders & HOLD_STREAM) == 0;
}

/* Before the commit the operation in flight may be detached and the flow end where it is; after it the flow runs on
 * and its outcome is logged. */
static inline bool call_may_stop(const struct call *c)
{
    bool is_meeting = c->begin_op != NULL; /* nothing was submitted yet */
    return (!c->committed || is_meeting) && c->phase != PHASE_REFUSING;
}
/* What was decided on caches is told only when the database has said that they held. */
static inline bool call_may_tell(const struct call *c)
{
    return c->flow->trust != TRUST_CACHES || c->verified;
}

/* call_frames.c */
/* The row that runs or runs next: the innermost sub-flow's, or the flow's. */
const struct step_row *call_current_row(const struct call *c);
/* The error, what goes with it, and where it was. */
void call_forget_failure(struct call *c);
/* Drop continuations up to one that wants to hear of failures; false when there is none. */
bool call_catch(struct call *c, step *result);
/* Go on in the frames after NEXT or DONE. True: *result is what came of it; false: no frame is left, and
 * the table goes on. */
bool call_advance_frames(struct call *c, step *result);

/* call_wait.c */
void call_cancel_op(struct call *c);
/* Wait until the pause timer fires. */
step call_pause(struct call *c, step_fn then, int64_t ms);
/* A message or the end came: go on if the flow waits for it. */
void call_wake_for_message(struct call *c);
/* It waits for a message, and none is there. */
bool call_is_idle(const struct call *c);

/* call_stream.c: streams to the client. */
/* Wiped and given back but for a chunk. */
void call_end_message(struct call *c);
/* The client has read. */
void call_wake_for_room(struct call *c);

/* rpc.c */
const struct method *rpc_find_method(const char *path, size_t *index_out);
bool method_is_public(const struct method *method);
/* document.c: as the request of its method. */
rc document_pack(struct arena *arena, const char *of, struct slice document, struct slice *out,
                 struct err *err);
/* stream.c */
extern const struct net_handler RPC_HANDLER;
/* observe.c: log and metrics. */
void observe_step(const struct call *c, const char *table, const char *row,
                  struct mono_time started);
void observe_call_done(const struct call *c, const char *row);
/* call_trace.c: what is told of it to whoever traces. */
void call_trace_begin(struct call *c);
/* A row is left: it has come to its end, or has failed. */
void call_trace_row(const struct call *c, const char *table, const char *row,
                    struct mono_time started, bool has_failed);
/* All rows at which the call stands are left. */
void call_trace_rows(const struct call *c, bool has_failed);
/* The trace's id in hex digits, for the log; NULL: nothing is told of it. */
const char *call_trace_text(const struct call *c, char out[2 * TRACE_ID_BYTES + 1]);
void call_trace_done(struct call *c);
/* fault.c: a test may delay or kill the process at a step. true: delayed, a timer goes on. */
bool fault_point(struct call *c);
