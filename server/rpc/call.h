/* SPDX-License-Identifier: Apache-2.0 */
/* The call engine: an RPC is a table of named steps, run in order on the loop.
 *
 * The engine is the only code that knows about streams. It finds out who is calling before it looks at
 * anything of the request's body, decodes the request, runs the steps, looks between steps whether the
 * client has gone or the deadline has passed, times and names every step, records refusals, and sends
 * exactly one response from one place. Steps never send.
 *
 *   open ──▶ AUTHENTICATING ──▶ RECEIVING ──▶ RUNNING ──▶ ANSWERED     public methods begin at RECEIVING
 *                  ▲    │            │        │  ▲ │ ▲
 *                  │    └─────┬──────┘        │  │ │ └ call_again_from
 *                  │          ▼               │  │ │
 *                  └───── REFUSING ◀──────────┘  │ └── a refusal is recorded before it is told
 *   call_authenticate_again, from RUNNING too ───┘
 *
 * A call's memory is one arena. At most one operation is in flight per call. Loop thread only. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/slice.h"

struct call;
struct method;
struct ProtobufCMessage;
struct ProtobufCMessageDescriptor;
struct call_outcome;

enum step_kind {
    STEP_KIND_NEXT,   /* go on with the next row of the table */
    STEP_KIND_WAIT,   /* an operation is in flight; call_resume goes on */
    STEP_KIND_DONE,   /* skip what is left of the table; of a flow's own: send the reply */
    STEP_KIND_FAILED, /* call_err says why */
    STEP_KIND_MOVED,  /* the engine's own: the call stands at another row; run that */
};

/* What a step returns; a struct, so that it can't be mixed up with rc or int. */
typedef struct [[nodiscard]] {
    enum step_kind kind;
} step;

#define STEP_NEXT ((step){STEP_KIND_NEXT})
#define STEP_DONE ((step){STEP_KIND_DONE})
#define STEP_FAILED ((step){STEP_KIND_FAILED})

static inline bool step_failed(step result)
{
    return result.kind == STEP_KIND_FAILED;
}
/* Two checks that don't rest on each other, so that both are told: FAILED when one has. */
static inline step step_and(step one, step other)
{
    return step_failed(one) ? one : other;
}

typedef step (*step_fn)(struct call *c);

enum step_flags {
    /* Once this step has started, neither cancellation nor the deadline stops the flow: what it
     * commits must be finished and told, or at least logged. */
    STEP_COMMIT = 1,
    /* This step asks the database whether what caches said still holds, and says so by
     * call_note_verified. */
    STEP_VERIFIES = 2,
};

struct step_row {
    const char *name; /* log, metric, fault point; what is true afterwards, or the business verb */
    step_fn run;
    unsigned flags;
    unsigned needs; /* bits of flow_state.bases that the step finds its values by */
};

/* Rows of a table. */
#define STEP(row_name, fn)              \
    {                                   \
        .name = (row_name), .run = (fn) \
    }
#define COMMIT(row_name, fn)                                  \
    {                                                         \
        .name = (row_name), .run = (fn), .flags = STEP_COMMIT \
    }
#define GATE(row_name, fn)                                                    \
    {                                                                         \
        .name = (row_name), .run = (fn), .flags = STEP_COMMIT | STEP_VERIFIES \
    }
/* A row that only asks, before the commit of a later one. */
#define CHECK(row_name, fn)                                     \
    {                                                           \
        .name = (row_name), .run = (fn), .flags = STEP_VERIFIES \
    }

/* The row that does the items of a batch, each with a commit of its own. */
#define ITEMS(row_name)                                                  \
    {                                                                    \
        .name = (row_name), .run = call_do_items, .flags = STEP_VERIFIES \
    }

/* The row that does the items of a sequence, one after another. */
#define SEQUENCE(row_name)                          \
    {                                               \
        .name = (row_name), .run = call_do_sequence \
    }

enum { FLOW_STEPS_MAX = 12, SUBFLOW_STEPS_MAX = 12 };

/* A table of steps that other steps enter (call_enter). Its rows have fault points, times and names of
 * their own: "authenticate.role". Static and constant. */
struct subflow {
    const char *name;
    struct step_row steps[SUBFLOW_STEPS_MAX + 1]; /* ends at name == NULL */
};

/* A flow's own zeroed struct, in the call's arena. Made by FLOW_STATE, or FLOW_STATE_ON when the struct
 * begins with another one, by which shared steps find their values. */
struct flow_state {
    size_t size;
    unsigned bases; /* which shared structs it begins with */
};

/* Zero, if the condition holds at compile time. */
#define STATIC_ZERO(condition, message)        \
    (0 * sizeof(struct {                       \
         _Static_assert((condition), message); \
         int unused;                           \
     }))
#define FLOW_STATE(type)     \
    {                        \
        .size = sizeof(type) \
    }
#define FLOW_STATE_ON(type, base_bits, base_type, member)                                         \
    {                                                                                             \
        .size =                                                                                   \
            sizeof(type) +                                                                        \
            STATIC_ZERO(offsetof(type, member) == 0, #type " begins with " #member) +             \
            STATIC_ZERO(__builtin_types_compatible_p(__typeof__(((type *)0)->member), base_type), \
                        #member " is a " #base_type),                                             \
        .bases = (base_bits),                                                                     \
    }

/* On what a flow may decide. */
enum flow_trust {
    /* Everything is read anew: of the caller at most a second before the flow begins. */
    TRUST_NOTHING,
    /* What a worker remembers may be used, because a row with STEP_VERIFIES asks whether it still holds
     * before anything is told. The engine refuses to answer without it. */
    TRUST_CACHES,
};

/* How one method is answered. Static and constant. The engine authenticates the caller of every method
 * that is not public before the first step; no flow can forget to. */
struct flow {
    const char *method; /* "/chancery.v1.LicensingService/AcquireLicense" */
    const char *name;   /* "acquire_license" */
    struct flow_state state;
    enum flow_trust trust;
    size_t memory; /* bytes of a call that it needs beyond what rpc_limits give to all */
    /* A batch: this is done for each item of its request (ITEMS). When they are its one field, the engine never unpacks
     * it whole, so it may be large. NULL: no batch. */
    const struct flow *item;
    size_t items_max;
    /* Of an item that is no method by itself: its messages and how large they may be; `method` is the batch's. Of a
     * sequence, which says it itself: what each item of its request is. */
    const struct method *item_method;
    /* A sequence: an item has a oneof of requests of other methods. Their flows are done one after another, as if each had
     * been called by itself, until one fails (SEQUENCE). Told of each that did not: `item` is its call, which goes after
     * this. FAILED fails the sequence. NULL: it is none. */
    step (*on_item)(struct call *c, const struct call *item, const struct call_outcome *outcome);
    const char *item_word; /* "act": in the metadata of its failure, which item it was */
    struct step_row steps[FLOW_STEPS_MAX + 1]; /* ends at name == NULL */
    const struct subflow
        *subflow; /* of its own, which its rows enter; NULL: none. Commits nothing */
    /* Record a refusal whose reason is marked AUDIT, before it is told. NEXT: recorded. May return
     * call_again_from or call_authenticate_again when the facts turned out stale. FAILED: the client
     * gets that error instead of the refusal. NULL: the authenticator's. */
    step_fn on_refusal;
    /* The client reset the stream or the deadline passed while the flow waited for an event that
     * has no operation of its own (a stream that watches something). May be NULL. */
    void (*on_close)(struct call *c);
};

/* How callers are known: what the engine runs before every flow that is not public. Static and constant. */
struct authenticator {
    size_t caller_size; /* bytes of what is found out, zeroed, in the call's arena: call_caller */
    const struct subflow *authenticate;
    step_fn on_refusal; /* of refusals before the caller is known, and of flows without their own */
    /* A batch has so many items: may they be done? NULL: always. */
    step (*on_items)(struct call *c, size_t count);
    const struct subflow *const *subflows; /* all that are entered from there; ends at NULL */
};

/* --- what a step may ask ------------------------------------------------------------------ */

/* The flow's own struct, zeroed at the start; and with which shared structs it begins
 * (flow_state.bases). */
void *call_state(const struct call *c);
unsigned call_state_bases(const struct call *c);
/* What the authenticator finds out of the caller. Not for public methods, which have none. */
void *call_caller(const struct call *c);
/* Whether what a worker remembers may be used (flow.trust); and whether it may remember what this reads: not where the
 * call holds something, in which nothing is committed. */
bool call_trusts_caches(const struct call *c);
bool call_may_remember(const struct call *c);
struct arena *call_arena(struct call *c);
struct err *call_err(struct call *c);
/* The decoded request. Flows use the typed accessor of rpc/typed.h: acquire_license_request(c). */
const void *call_request(const struct call *c);
/* The service layer's own context, given at rpc_new. */
void *call_services(const struct call *c);
const struct method *call_method(const struct call *c);
/* The flow's name, "acquire_license": what audit rows call the operation. */
const char *call_flow_name(const struct call *c);
/* A metadata value (name in lower case), or an empty slice. Lends until the call ends. */
struct slice call_metadata(const struct call *c, const char *name);
/* How many values a metadata name has. */
size_t call_metadata_count(const struct call *c, const char *name);
/* The client certificate's SHA-256, 32 bytes; empty without one. */
struct slice call_peer_fingerprint(const struct call *c);
/* For whom the call waits where the parties take turns: the tenant of its caller, and as long as nobody
 * knows that, its connection. What a tenant's admins do is another party than what its people open. */
struct uuid call_party(const struct call *c);
/* The caller's tenant is known. Fails with R_TENANT_BUSY when it has as many calls on their way in this
 * worker as one may have (rpc_limits.party_calls), with R_TOO_MANY_STREAMS for a stream that is one too many. Zero changes
 * nothing, but that streams count by where they come from. */
step call_join_party(struct call *c, struct tenant_id tenant);
/* Text of the peer's address, for audit. */
const char *call_peer_address(const struct call *c);
/* Whether a caller was authenticated on this connection before. */
bool call_peer_is_known(const struct call *c);
/* Microseconds since the epoch, the same for the whole call's current turn. */
int64_t call_unix_us(const struct call *c);
struct unix_time call_now(const struct call *c);
/* Milliseconds until the deadline, at least 1: the limit for the next operation. */
int64_t call_remaining_ms(const struct call *c);
/* The id that the client is told with errors and that every log line of this call carries. */
const char *call_request_id(const struct call *c);

/* --- what a step may say ------------------------------------------------------------------ */

/* Fail with a reason; the detail goes to our log only. */
step call_fail_at(struct call *c, enum reason reason, const char *file, int line,
                  const char *format, ...) PRINTF_LIKE(5, 6);
#define call_fail(c, reason, ...) call_fail_at((c), (reason), __FILE__, __LINE__, __VA_ARGS__)
/* NEXT if ok, FAILED otherwise (call_err was filled by who failed). */
step step_from(rc result);
/* Go on at the flow's row whose function is `fn`, for example to decide again on fresh facts. Fails with
 * R_STALE after CALL_AGAIN_MAX times, and with R_INTERNAL while nobody knows who is calling. Forgets call_err,
 * the reply and what was to go on. */
step call_again_from(struct call *c, step_fn fn);
/* Find out anew who is calling, then go on at that row (NULL: the flow's first): what is known of the
 * caller was stale. Counts as call_again_from does. Not for public methods. */
step call_authenticate_again(struct call *c, step_fn fn);
enum { CALL_AGAIN_MAX = 8 };
/* What caches said was asked of the database and holds (STEP_VERIFIES). */
void call_note_verified(struct call *c);

/* The engine carries what a step still has to do. `then` runs when the operations and sub-flows that are
 * begun after this have come to NEXT, before the table's next row; last in, first out. */
void call_then(struct call *c, step_fn then);
/* The same, and when they fail as well: `then` looks at call_err, and fails on, or forgives; without that the
 * failure stays one. That the client has gone or the deadline passed ends the call and is told to nobody. */
void call_then_always(struct call *c, step_fn then);
/* Forget the failure of which call_then_always told; a copy of it in *err. */
void call_forgive(struct call *c, struct err *err);
/* Run a sub-flow's rows. DONE ends it early. */
step call_enter(struct call *c, const struct subflow *sub);

/* Long work yields: a step that has items left and finds that its turn of the loop has lasted long
 * returns call_yield(c, itself or a part of it) and goes on in the next turn. */
bool call_should_yield(const struct call *c);
step call_yield(struct call *c, step_fn then);
enum { CALL_TURN_MS = 2 };

/* Wait for an operation. Its completion must call call_resume exactly once, never from inside the
 * function that started it; `then` runs after that. `cancel(op)`, never NULL, detaches the operation: after it
 * call_resume must not come. */
step call_wait(struct call *c, step_fn then, void (*cancel)(void *op), void *op);
void call_resume(struct call *c);
/* The same for what the items of a batch do together: `begin` starts the operation when all of them wait for theirs or
 * have ended. A call by itself begins at once. */
step call_wait_together(struct call *c, void (*begin)(void *op), step_fn then,
                        void (*cancel)(void *op), void *op);

/* A pair of ErrorInfo.metadata, or a field and its description. */
struct text_pair {
    const char *key;
    const char *value;
};
/* What became of one item. Lends until the batch ends. */
struct call_outcome {
    const struct ProtobufCMessage *reply; /* NULL: it was refused, for `reason` */
    enum reason reason;
    const struct text_pair *metadata, *violations;
    size_t metadata_count, violation_count;
};
/* How many items the request has; more than flow.items_max are not all counted. */
size_t call_item_count(const struct call *c);
/* The row ITEMS: do flow.item for each, and wait for all. There are 1 to items_max. */
step call_do_items(struct call *c);
struct call_outcome call_item_outcome(const struct call *c, size_t index);
/* The row SEQUENCE: the items one after another. FAILED as the first one that does, its bad fields told by paths from here. */
step call_do_sequence(struct call *c);
/* Of an item: the state of its batch, which waits for it and does not change meanwhile, and its place there. */
const void *call_batch_state(const struct call *c);
size_t call_item_index(const struct call *c);

/* What a call and its items have until its end, which `let_go` is. Once. No item goes again when it `has_failed`. */
void call_hold(struct call *c, void *value, void (*let_go)(void *value),
               bool (*has_failed)(const void *value));
void *call_held(const struct call *c); /* of an item, its batch's; NULL: nothing is held */

/* An empty message in the call's arena; NULL over budget, with call_err filled. */
void *call_message(struct call *c, const struct ProtobufCMessageDescriptor *type);
/* Set the reply (in the call's arena or static), of the method's type; sent when the flow is done. Fails when anything
 * did not fit into the arena by now, so that nobody is answered with a part left out. */
step call_reply(struct call *c, const struct ProtobufCMessage *reply);
/* Streams: make a message. From here to call_send, what call_arena gives lasts until that has sent, also while something
 * is waited for, so that a stream that lives for ever keeps nothing of what it has sent. */
void call_begin_message(struct call *c);
/* Streams: there is nothing to send; what call_arena has given since call_begin_message is gone. */
void call_drop_message(struct call *c);
/* Streams: send one message now. */
rc call_send(struct call *c, const struct ProtobufCMessage *message, struct err *err);
/* Streams: go on when the client has read most of what was sent. No message is being made. Fails with R_SHUTTING_DOWN
 * when streams are to end (rpc_end_streams), as call_rest does: so a stream that lasts looks every now and then. */
step call_await_room(struct call *c, step_fn then);
/* Streams: go on in so many milliseconds. */
step call_rest(struct call *c, step_fn then, int64_t ms);
/* Streams that last: whether the caller was found out longer than CALL_TERM_MS ago, and has to be anew. */
bool call_must_renew(const struct call *c);
/* Streams that last: find out anew who is calling, then go on at that row of the flow, which looks anew at all that was
 * found out: what was allocated since the last time is gone, and the message that is being made. */
step call_renew(struct call *c, step_fn fn);
enum { CALL_TERM_MS = 10000 };
/* Streams: wait for the client's next message; then call_request is it, or NULL at the end. What was of the
 * one before is gone then. */
step call_next_message(struct call *c, step_fn then);

/* Tell the client more about a failure: a pair of ErrorInfo.metadata. Copies. */
void call_error_metadata(struct call *c, const char *key, const char *value);
/* Name a bad field (google.rpc.BadRequest) and fail with R_FIELD_INVALID. `field` is its path. A request is told
 * of its bad fields together, 16 of them at most: by checks that go on (step_and, call_may_check_on). */
step call_bad_field(struct call *c, const char *field, const char *description);
/* After a check that failed: whether others may add to what it found. */
bool call_may_check_on(const struct call *c);
/* Name a bad field beside another reason. */
void call_note_bad_field(struct call *c, const char *field, const char *description);
/* Tell of whom a limit is reached, what it is (google.rpc.QuotaFailure), and when to ask again (RetryInfo); then fail. Copies. */
void call_note_quota(struct call *c, const char *subject, const char *description,
                     int64_t retry_ms);
/* Note who is calling, for the call's log line (escaped and truncated there). Copies. */
void call_note_caller(struct call *c, const char *caller);

/* --- the registry ------------------------------------------------------------------------- */

struct rpc;
struct loop;
struct net_handler;
struct tracer;

struct rpc_limits {
    size_t arena_base_bytes; /* a call's budget: this … (0: 1 MiB) */
    unsigned arena_factor;   /* … plus this times the message's size (0: 4) */
    int64_t max_deadline_ms; /* also the deadline of calls without one (0: 30 s) */
    size_t party_calls;      /* calls of one party at the same time (0: 1,024) */
    size_t party_streams;    /* of these, streams that last (0: 8) */
};

/* Make the engine; borrows loop, services and authenticator. Without an authenticator (NULL) public methods
 * only can be registered. Aborts when a row of the authenticator's commits. */
struct rpc *rpc_new(struct loop *loop, void *services, const struct authenticator *authenticator,
                    const struct rpc_limits *limits);
void rpc_free(struct rpc *rpc);
/* Answer a method by a flow. Aborts when what can be checked is wrong: no such method, or it has a flow
 * already; nobody could authenticate its callers; a public one would record refusals; caches are trusted and no
 * row verifies, or the other way round; a step's base is not what the flow's state begins with. */
void rpc_register(struct rpc *rpc, const struct flow *flow);
/* Refuse every method but those for everybody (health, reflection) for this reason from now on; R_NONE:
 * serve. For a node that is not ready yet, or no longer. */
void rpc_refuse(struct rpc *rpc, enum reason reason);
/* The worker drains: end what would never end by itself, a stream that waits for its client's next
 * message, with R_SHUTTING_DOWN; from now on none waits for another. What is being answered is finished. */
void rpc_end_streams(struct rpc *rpc);
/* The callbacks that net wants. */
const struct net_handler *rpc_net_handler(struct rpc *rpc);
/* Visit every row of every registered flow, those of the authenticator's sub-flows and of its own
 * one before the flow's: the
 * cancel and crash matrices are made from this. `sub`: the sub-flow's name; NULL: the flow's own row. */
typedef void (*step_visit)(const struct flow *flow, const char *sub, const struct step_row *row,
                           void *ctx);
void rpc_each_step(const struct rpc *rpc, step_visit visit, void *ctx);
/* Trace calls of callers who are known (obs/tracer.h) from now on. Borrows. */
void rpc_trace(struct rpc *rpc, struct tracer *tracer);
/* Calls in flight. */
size_t rpc_calls_active(const struct rpc *rpc);
