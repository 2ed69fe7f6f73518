/* SPDX-License-Identifier: Apache-2.0 */
/* The call engine: an RPC is a table of named steps, run in order on the loop.
 *
 * The engine is the only code that knows about streams. It decodes the request, runs the steps,
 * looks between steps whether the client has gone or the deadline has passed, times and names every
 * step, records refusals, and sends exactly one response from one place. Steps never send.
 *
 * A call's memory is one arena. At most one operation is in flight per call. Loop thread only. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/slice.h"

struct call;
struct method;

enum step_kind {
    STEP_KIND_NEXT,   /* go on with the next row of the table */
    STEP_KIND_WAIT,   /* an operation is in flight; call_resume goes on */
    STEP_KIND_DONE,   /* the reply is set: skip what is left and send it */
    STEP_KIND_FAILED, /* call_err says why */
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

typedef step (*step_fn)(struct call *c);

enum step_flags {
    /* Once this step has started, neither cancellation nor the deadline stops the flow: what it
     * commits must be finished and told, or at least logged. */
    STEP_COMMIT = 1,
};

struct step_row {
    const char *name; /* log, metric, fault point; what is true afterwards, or the business verb */
    step_fn run;
    unsigned flags;
};

enum { FLOW_STEPS_MAX = 12 };

/* How one method is answered. Static and constant. */
struct flow {
    const char *method; /* "/chancery.v1.LicensingService/AcquireLicense" */
    const char *name;   /* "acquire_license" */
    size_t state_size;  /* bytes of the flow's own zeroed struct, in the call's arena */
    struct step_row steps[FLOW_STEPS_MAX + 1]; /* ends at name == NULL */
    /* Record a refusal whose reason is marked AUDIT, before it is told. NEXT: recorded. May return
     * call_again_from when the facts turned out stale. FAILED: the client gets that error instead of
     * the refusal. NULL: this flow's refusals are no decisions. */
    step_fn on_refusal;
    /* The client reset the stream or the deadline passed while the flow waited for an event that
     * has no operation of its own (a stream that watches something). May be NULL. */
    void (*on_close)(struct call *c);
};

/* --- what a step may ask ------------------------------------------------------------------ */

/* The flow's own struct, zeroed at the start. */
void *call_state(struct call *c);
struct arena *call_arena(struct call *c);
struct err *call_err(struct call *c);
/* The decoded request; the step casts it to the generated type of the flow's method. */
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
/* Text of the peer's address, for audit. */
const char *call_peer_address(const struct call *c);
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
/* Go on at the row whose function is `fn`, for example to decide again on fresh facts. Fails with
 * R_STALE after CALL_AGAIN_MAX times. Forgets call_err. */
step call_again_from(struct call *c, step_fn fn);
enum { CALL_AGAIN_MAX = 8 };

/* Wait for an operation. Its completion must call call_resume exactly once, never from inside the
 * function that started it; `then` runs after that. `cancel(op)` detaches the operation: after it
 * call_resume must not come. */
step call_wait(struct call *c, step_fn then, void (*cancel)(void *op), void *op);
void call_resume(struct call *c);

/* Set the reply (in the call's arena or static); sent when the flow is done. */
step call_reply(struct call *c, const ProtobufCMessage *reply);
/* Streams: send one message now. */
MUST rc call_send(struct call *c, const ProtobufCMessage *message, struct err *err);
/* Streams: wait for the client's next message; then call_request is it, or NULL at the end. */
step call_next_message(struct call *c, step_fn then);

/* Tell the client more about a failure: a pair of ErrorInfo.metadata. Copies. */
void call_error_metadata(struct call *c, const char *key, const char *value);
/* Name a bad field (google.rpc.BadRequest) and fail with R_FIELD_INVALID. `field` is its path. */
step call_bad_field(struct call *c, const char *field, const char *description);
/* Name a bad field beside another reason. */
void call_note_bad_field(struct call *c, const char *field, const char *description);
/* Note who is calling, for the call's log line (escaped and truncated there). Copies. */
void call_note_caller(struct call *c, const char *caller);

/* --- the registry ------------------------------------------------------------------------- */

struct rpc;
struct loop;
struct net_handler;

struct rpc_limits {
    size_t arena_base_bytes; /* a call's budget: this … (0: 1 MiB) */
    unsigned arena_factor;   /* … plus this times the message's size (0: 4) */
    int64_t max_deadline_ms; /* also the deadline of calls without one (0: 30 s) */
};

/* Make the engine; borrows loop and services. */
struct rpc *rpc_new(struct loop *loop, void *services, const struct rpc_limits *limits);
void rpc_free(struct rpc *rpc);
/* Answer a method by a flow; aborts when the method does not exist or has a flow already. */
void rpc_register(struct rpc *rpc, const struct flow *flow);
/* Refuse every method but those for everybody (health, reflection) for this reason from now on; R_NONE:
 * serve. For a node that is not ready yet, or no longer. */
void rpc_refuse(struct rpc *rpc, enum reason reason);
/* The callbacks that net wants. */
const struct net_handler *rpc_net_handler(struct rpc *rpc);
/* Visit every registered flow (the cancel and crash matrices are made from this). */
void rpc_each_flow(const struct rpc *rpc, void (*visit)(const struct flow *flow, void *ctx),
                   void *ctx);
/* Calls in flight. */
size_t rpc_calls_active(const struct rpc *rpc);
