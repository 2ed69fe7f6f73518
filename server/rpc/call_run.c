/* SPDX-License-Identifier: Apache-2.0 */
/* Running a flow: from the first step to the one response. */
#include <string.h>

#include "base/mem.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "rpc/call_internal.h"
#include "wire/pb.h"

static void run_steps(struct call *c, step result);

/* --- holders and the end of a call ---------------------------------------------------------- */

void call_release(struct call *c, enum call_holder holder)
{
    c->holders &= ~(unsigned)holder;
    if (c->holders != 0) {
        return;
    }
    loop_timer_fini(&c->deadline_timer);
    loop_timer_fini(&c->fault_timer);
    list_remove(&c->link);
    c->rpc->active--;
    metric_add(M_CALLS_ACTIVE, NULL, NULL, -1);
    arena_free(c->arena);
    xfree(c);
}

const char *call_row_name(const struct call *c)
{
    const char *name = c->flow == NULL ? NULL : c->flow->steps[c->row].name;
    return name == NULL ? "done" : name;
}

static bool client_is_gone(const struct call *c)
{
    return (c->holders & HOLD_STREAM) == 0;
}

/* The one place from which a response leaves. */
static void answer(struct call *c)
{
    CH_ASSERT(c->phase != PHASE_ANSWERED);
    c->phase = PHASE_ANSWERED;
    loop_timer_cancel(&c->deadline_timer);
    if (!client_is_gone(c) && c->err.reason == R_NONE && c->reply != NULL &&
        !call_send(c, c->reply, &c->err).ok) {
        c->reply = NULL;
    }
    observe_call_done(c, client_is_gone(c));
    if (!client_is_gone(c)) {
        call_send_status(c);
    }
}

/* --- refusals ------------------------------------------------------------------------------- */

static bool must_record_refusal(const struct call *c)
{
    return c->phase == PHASE_RUNNING && !c->committed && c->flow != NULL &&
           c->flow->on_refusal != NULL && reason_info(c->err.reason)->audit == AUDIT;
}

/* NOLINTBEGIN(misc-no-recursion): refuse → run_steps once, because a refusal is refused no more. */
/* A step failed: the refusal is a decision, so it is recorded before it is told. */
static void refuse(struct call *c)
{
    observe_step(c, "failed");
    if (!must_record_refusal(c)) {
        answer(c);
        return;
    }
    c->phase = PHASE_REFUSING;
    run_steps(c, c->flow->on_refusal(c));
}

/* --- steps ---------------------------------------------------------------------------------- */

/* Whether the flow must stop here because nobody waits for its answer any more. */
static bool must_stop(struct call *c)
{
    if (c->committed || c->phase != PHASE_RUNNING) {
        return false;
    }
    if (client_is_gone(c)) {
        (void)call_fail(c, R_CANCELLED, "client gone before step %zu", c->row);
        return true;
    }
    if (loop_now(c->rpc->loop).ns >= c->deadline.ns) {
        (void)call_fail(c, R_DEADLINE_EXCEEDED, "before step %zu", c->row);
        return true;
    }
    return false;
}

static step run_row(struct call *c)
{
    const struct step_row *row = &c->flow->steps[c->row];
    if ((row->flags & STEP_COMMIT) != 0) {
        c->committed = true;
    }
    c->row_started = loop_now(c->rpc->loop);
    return row->run(c);
}

/* Go on with the table after a step returned `result`, until something is awaited or all is said. */
static void run_steps(struct call *c, step result)
{
    for (;;) {
        if (result.kind == STEP_KIND_WAIT) {
            return;
        }
        if (result.kind == STEP_KIND_FAILED) {
            if (c->phase == PHASE_REFUSING) {
                answer(c); /* the refusal could not be recorded: tell that, not the refusal */
            } else {
                refuse(c);
            }
            return;
        }
        if (c->phase == PHASE_REFUSING) {
            answer(c);
            return;
        }
        observe_step(c, "ok");
        c->row++;
        if (result.kind == STEP_KIND_DONE || c->flow->steps[c->row].name == NULL) {
            answer(c);
            return;
        }
        if (fault_point(c)) {
            return; /* a test delays this step; its timer goes on */
        }
        result = must_stop(c) ? STEP_FAILED : run_row(c);
    }
}

/* NOLINTEND(misc-no-recursion) */

/* Run under the call's log scope, and hold the call meanwhile: a step may end it. */
static void with_scope(struct call *c, void (*body)(struct call *c))
{
    bool nested = (c->holders & HOLD_RUN) != 0;
    c->holders |= HOLD_RUN;
    c->unix_us = loop_unix_us(c->rpc->loop);
    struct log_scope outer = log_scope_enter(c->request_id);
    body(c);
    log_scope_leave(outer);
    if (!nested) {
        call_release(c, HOLD_RUN);
    }
}

static void begin(struct call *c)
{
    if (c->phase == PHASE_ANSWERED) {
        return; /* canceled while it was queued */
    }
    if (c->flow == NULL) {
        (void)call_fail(c, R_METHOD_UNIMPLEMENTED, "%s", c->method->path);
        answer(c);
        return;
    }
    if (c->rpc->refusal != R_NONE && (c->method->roles & METHOD_ROLE_PUBLIC) == 0) {
        (void)call_fail(c, c->rpc->refusal, "the node is not serving");
        answer(c);
        return;
    }
    c->state = arena_zalloc(c->arena, c->flow->state_size);
    if (c->state == NULL) {
        (void)call_fail(c, R_ARENA_EXHAUSTED, "state of %s", c->flow->name);
        answer(c);
        return;
    }
    if (fault_point(c)) {
        return;
    }
    run_steps(c, must_stop(c) ? STEP_FAILED : run_row(c));
}

static void resume(struct call *c)
{
    step_fn then = c->then;
    c->then = NULL;
    if (must_stop(c)) {
        refuse(c);
        return;
    }
    run_steps(c, then == NULL ? run_row(c) : then(c));
}

static void run_task(struct loop_task *task)
{
    struct call *c = LIST_ENTRY(task, struct call, run_task);
    c->holders |= HOLD_RUN;
    c->holders &= ~(unsigned)HOLD_QUEUED;
    with_scope(c, begin);
    call_release(c, HOLD_RUN);
}

void call_start(struct call *c)
{
    CH_ASSERT(c->phase == PHASE_RECEIVING);
    c->phase = PHASE_RUNNING;
    c->holders |= HOLD_QUEUED;
    loop_task_init(&c->run_task, run_task);
    loop_defer(c->rpc->loop, &c->run_task);
}

/* --- waiting -------------------------------------------------------------------------------- */

step call_wait(struct call *c, step_fn then, void (*cancel)(void *op), void *op)
{
    CH_ASSERT((c->holders & HOLD_OP) == 0);
    c->holders |= HOLD_OP;
    c->then = then;
    c->cancel = cancel;
    c->op = op;
    return (step){STEP_KIND_WAIT};
}

void call_resume(struct call *c)
{
    CH_ASSERT((c->holders & HOLD_OP) != 0);
    CH_ASSERT(c->phase != PHASE_ANSWERED); /* an answered call has canceled its operation */
    c->holders &= ~(unsigned)HOLD_OP;
    c->cancel = NULL;
    c->op = NULL;
    with_scope(c, resume);
}

static void cancel_op(struct call *c)
{
    void (*cancel)(void *op) = c->cancel;
    if ((c->holders & HOLD_OP) == 0 || cancel == NULL) {
        return;
    }
    cancel(c->op);
    c->cancel = NULL;
    c->op = NULL;
    c->holders &= ~(unsigned)HOLD_OP;
}

/* --- streams of messages -------------------------------------------------------------------- */

static void stop_waiting_for_message(void *op)
{
    struct call *c = op;
    c->waits_for_message = false;
    loop_task_cancel(&c->message_task);
}

static void take_message(struct call *c)
{
    struct inbox_item *item = c->inbox;
    c->request = item == NULL ? NULL : item->message;
    if (item != NULL) {
        c->inbox = item->next;
        c->inbox_end = c->inbox == NULL ? &c->inbox : c->inbox_end;
    }
}

static step message_came(struct call *c)
{
    take_message(c);
    return c->on_message(c);
}

static void message_task(struct loop_task *task)
{
    struct call *c = LIST_ENTRY(task, struct call, message_task);
    c->waits_for_message = false;
    call_resume(c);
}

void call_wake_for_message(struct call *c)
{
    if (c->waits_for_message && (c->inbox != NULL || c->client_ended)) {
        loop_defer(c->rpc->loop, &c->message_task);
    }
}

/* Always by way of the loop, also when a message is there already: otherwise a client that sends many
 * would nest our steps as deep as it likes. */
step call_next_message(struct call *c, step_fn then)
{
    c->on_message = then;
    c->waits_for_message = true;
    loop_task_init(&c->message_task, message_task);
    step waiting = call_wait(c, message_came, stop_waiting_for_message, c);
    call_wake_for_message(c);
    return waiting;
}

rc call_send(struct call *c, const ProtobufCMessage *message, struct err *err)
{
    struct slice packed;
    TRY(pb_pack(c->arena, message, &packed, err));
    if (!client_is_gone(c)) {
        net_stream_send(c->stream, packed);
    }
    return OK;
}

static void abort_body(struct call *c)
{
    if (c->flow != NULL && c->flow->on_close != NULL && c->state != NULL) {
        c->flow->on_close(c);
    }
    cancel_op(c);
    answer(c);
}

/* The client has gone or the deadline passed. Before the commit the operation in flight is detached
 * and the flow ends here; after it the flow runs on and its outcome is logged. */
void call_abort(struct call *c, enum reason reason)
{
    bool finishing = c->committed || c->phase == PHASE_REFUSING;
    if (c->phase == PHASE_ANSWERED || finishing) {
        return;
    }
    if (c->err.reason != reason) {
        (void)call_fail(c, reason, "at step %s", call_row_name(c));
    }
    with_scope(c, abort_body);
}

/* --- what steps return ---------------------------------------------------------------------- */

step step_from(rc result)
{
    return result.ok ? STEP_NEXT : STEP_FAILED;
}

step call_again_from(struct call *c, step_fn fn)
{
    if (c->agains++ >= CALL_AGAIN_MAX) {
        return call_fail(c, R_STALE, "decided %d times", CALL_AGAIN_MAX);
    }
    for (size_t i = 0; c->flow->steps[i].name != NULL; i++) {
        if (c->flow->steps[i].run == fn) {
            err_clear(&c->err);
            c->metadata_count = 0;
            c->violation_count = 0;
            c->phase = PHASE_RUNNING;
            c->committed = false;
            c->row = i;
            return run_row(c);
        }
    }
    return call_fail(c, R_INTERNAL, "call_again_from names no row of %s", c->flow->name);
}
