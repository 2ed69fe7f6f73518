/* SPDX-License-Identifier: Apache-2.0 */
/* Running a call: step by step, through failures and refusals, to the one response. */
#include <stdio.h>

#include "base/mem.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "rpc/call_internal.h"

/* --- holders and the end of a call ---------------------------------------------------------- */

void call_release(struct call *c, enum call_holder holder)
{
    c->holders &= ~(unsigned)holder;
    if (c->holders != 0) {
        return;
    }
    loop_timer_fini(&c->deadline_timer);
    loop_timer_fini(&c->pause_timer);
    call_leave_party(c);
    list_remove(&c->link);
    c->rpc->active--;
    metric_add(M_CALLS_ACTIVE, NULL, NULL, -1);
    if (c->let_go != NULL) {
        c->let_go(c->held);
    }
    arena_free(c->outgoing);
    arena_free(c->term);
    arena_free(c->taken.arena);
    arena_free(c->waiting.arena);
    arena_free(c->arena);
    struct call_items *part_of = c->part_of;
    xfree(c);
    if (part_of != NULL) {
        call_item_freed(part_of);
    }
}

/* A call of one message has one: OK without it is an error to every client of gRPC, and none could say which. */
static void check_end(struct call *c)
{
    if (c->err.reason != R_NONE) {
        return;
    }
    if (!call_may_tell(c)) {
        (void)call_fail(c, R_INTERNAL, "%s answers on caches that nobody verified", c->flow->name);
    } else if (c->reply == NULL && c->method->server_streams == 0) {
        (void)call_fail(c, R_INTERNAL, "%s has no reply", c->flow->name);
    }
}

void call_answer(struct call *c)
{
    CH_ASSERT(c->phase != PHASE_ANSWERED);
    c->phase = PHASE_ANSWERED;
    loop_timer_cancel(&c->deadline_timer);
    check_end(c);
    if (c->part_of == NULL && !call_client_is_gone(c) && c->err.reason == R_NONE &&
        c->reply != NULL) {
        (void)call_send(c, c->reply, &c->err).ok; /* its failure is the answer then */
    }
    observe_call_done(c, c->failed_row[0] == '\0' ? call_row_name(c) : c->failed_row);
    call_trace_done(c);
    call_drop_items(c);
    if (call_client_is_gone(c)) {
        return;
    }
    if (c->part_of != NULL) {
        call_item_answered(c); /* which looks at the outcome; HOLD_STREAM keeps it */
    } else {
        call_status_finish(c);
        /* net has all that it needs: a client that is slow to read its answer keeps no call. */
        net_stream_set_user(c->stream, NULL);
        c->stream = NULL;
        call_release(c, HOLD_STREAM); /* HOLD_RUN holds it still */
    }
}

/* --- refusals ------------------------------------------------------------------------------- */

/* Who records the refusal; NULL: it is no decision, or nobody could tell whose. */
static step_fn recorder_of(const struct call *c)
{
    enum reason_audit audit = reason_info(c->err.reason)->audit;
    if (c->committed || c->is_recorded || c->caller == NULL || audit == NO_AUDIT) {
        return NULL;
    }
    return c->phase == PHASE_RUNNING && c->flow->on_refusal != NULL && audit == AUDIT
               ? c->flow->on_refusal
               : c->rpc->authenticator->on_refusal;
}

/* A step failed: the refusal is a decision, so it is recorded before it is told. False: it was told. */
static bool refuse(struct call *c, step *result)
{
    if (c->phase == PHASE_REFUSING) {
        call_answer(c); /* the refusal could not be recorded: tell that, not the refusal */
        return false;
    }
    call_trace_rows(c, true);
    step_fn recorder = recorder_of(c);
    if (recorder == NULL) {
        call_answer(c);
        return false;
    }
    c->phase = PHASE_REFUSING;
    *result = recorder(c);
    return true;
}

/* --- steps ---------------------------------------------------------------------------------- */

static void stop(struct call *c, enum reason reason, const char *why)
{
    c->is_over = true;
    (void)call_fail(c, reason, "%s before %s", why, call_row_name(c));
}

/* Whether the flow must stop here because nobody waits for its answer any more. */
bool call_must_stop(struct call *c)
{
    if (!call_may_stop(c)) {
        return false;
    }
    if (call_client_is_gone(c)) {
        stop(c, R_CANCELLED, "client gone");
    } else if (c->body_problem != R_NONE) {
        stop(c, c->body_problem, "body broken");
    } else if (loop_now(c->rpc->loop).ns >= c->deadline.ns) {
        stop(c, R_DEADLINE_EXCEEDED, "deadline");
    }
    return c->is_over;
}

static void note_start(struct call *c)
{
    struct mono_time now = loop_now(c->rpc->loop);
    if (c->depth > 0) {
        c->frames[c->depth - 1].row_started = now;
    } else {
        c->row_started = now;
    }
}

/* Run the row at which the call stands. */
static step run_row(struct call *c)
{
    const struct step_row *row = call_current_row(c);
    CH_ASSERT(c->depth > 0 || c->is_known);
    note_start(c);
    if (fault_point(c)) {
        return (step){STEP_KIND_WAIT}; /* a test delays this step; its timer goes on */
    }
    if (call_must_stop(c)) {
        return STEP_FAILED;
    }
    if ((row->flags & STEP_COMMIT) != 0) {
        c->committed = true;
    }
    return row->run(c);
}

/* The caller is known: take in the request, or go on with the flow when it was asked again. */
static bool authenticated(struct call *c, step *result)
{
    c->is_known = true;
    if (c->stream != NULL) {
        net_stream_set_known(c->stream, c->party);
    }
    c->known_at = loop_now(c->rpc->loop);
    if (c->has_begun) {
        c->phase = PHASE_RUNNING;
        *result = (step){STEP_KIND_MOVED};
        return true;
    }
    c->phase = PHASE_RECEIVING;
    call_read(c);
    return false;
}

/* A table has come to its end, or one row of the flow's has. False: nothing is left to do now. */
static bool advance(struct call *c, step *result)
{
    if (c->phase == PHASE_AUTHENTICATING) {
        return authenticated(c, result);
    }
    if (c->phase == PHASE_REFUSING) {
        call_answer(c);
        return false;
    }
    observe_step(c, c->flow->name, c->flow->steps[c->row].name, c->row_started);
    c->row++;
    if (result->kind == STEP_KIND_DONE || c->flow->steps[c->row].name == NULL) {
        call_answer(c);
        return false;
    }
    *result = (step){STEP_KIND_MOVED};
    return true;
}

/* Which row failed, while the call stands there still; whoever hears of it may stand elsewhere. */
static void note_failed_row(struct call *c)
{
    if (c->failed_row[0] == '\0') {
        snprintf(c->failed_row, sizeof c->failed_row, "%s", call_row_name(c));
    }
}

void call_run(struct call *c, step result)
{
    bool goes_on = true;
    while (goes_on) {
        switch (result.kind) {
        case STEP_KIND_WAIT:
            return;
        case STEP_KIND_MOVED:
            result = run_row(c);
            break;
        case STEP_KIND_FAILED:
            note_failed_row(c);
            goes_on = call_catch(c, &result) || refuse(c, &result);
            break;
        case STEP_KIND_NEXT:
        case STEP_KIND_DONE:
            goes_on = call_advance_frames(c, &result) || advance(c, &result);
            break;
        }
    }
}

/* --- running what must not lose the call ---------------------------------------------------- */

void call_with_scope(struct call *c, void (*body)(struct call *c))
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

static void abort_body(struct call *c)
{
    if (c->flow != NULL && c->flow->on_close != NULL && c->state != NULL) {
        c->flow->on_close(c);
    }
    call_cancel_op(c);
    call_trace_rows(c, true);
    call_answer(c);
}

void call_abort(struct call *c, enum reason reason)
{
    if (call_may_stop(c)) {
        (void)call_fail(c, reason, "at step %s", call_row_name(c));
        call_with_scope(c, abort_body);
    }
}

void call_reject(struct call *c, const struct err *why)
{
    if (call_may_stop(c)) {
        c->err = *why;
        call_with_scope(c, abort_body);
    } else {
        c->body_problem = why->reason; /* none of it is waited for if the call goes on after all */
    }
}

/* --- what steps return ---------------------------------------------------------------------- */

step step_from(rc result)
{
    return result.ok ? STEP_NEXT : STEP_FAILED;
}

void call_note_verified(struct call *c)
{
    c->verified = true;
}

/* The index of the row whose function is `fn`. */
static bool find_row(const struct flow *flow, step_fn fn, size_t *row)
{
    for (*row = 0; flow->steps[*row].name != NULL; (*row)++) {
        if (flow->steps[*row].run == fn) {
            return true;
        }
    }
    return false;
}

static bool is_in_vain(const struct call *c)
{
    const struct call *batch = c->part_of == NULL ? NULL : c->part_of->batch;
    return batch != NULL && batch->held != NULL && batch->has_failed(batch->held);
}

static step go_again(struct call *c, step_fn fn)
{
    size_t row = 0;
    if (is_in_vain(c)) { /* whoever asks for all of it again finds what came first */
        return call_fail(c, R_DATABASE_CONFLICT, "in a transaction with others");
    }
    if (c->agains++ >= CALL_AGAIN_MAX) {
        return call_fail(c, R_STALE, "decided %d times", CALL_AGAIN_MAX);
    }
    if (fn != NULL && !find_row(c->flow, fn, &row)) {
        return call_fail(c, R_INTERNAL, "%s has no row to go on from", c->flow->name);
    }
    call_trace_rows(c, false);
    call_forget_failure(c);
    c->reply = NULL;
    c->phase = PHASE_RUNNING;
    c->committed = false;
    c->verified = false;
    c->depth = 0;
    c->row = row;
    return (step){STEP_KIND_MOVED};
}

step call_again_from(struct call *c, step_fn fn)
{
    return c->is_known ? go_again(c, fn)
                       : call_fail(c, R_INTERNAL, "%s would run for a stranger", c->flow->name);
}

step call_authenticate_again(struct call *c, step_fn fn)
{
    CH_ASSERT(c->caller != NULL);
    step result = go_again(c, fn);
    if (result.kind != STEP_KIND_MOVED) {
        return result;
    }
    c->phase = PHASE_AUTHENTICATING;
    c->is_known = false;
    return call_enter(c, c->rpc->authenticator->authenticate);
}
