/* SPDX-License-Identifier: Apache-2.0 */
/* Running a call: who is asking, then the flow from its first step to the one response. */
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
    list_remove(&c->link);
    c->rpc->active--;
    metric_add(M_CALLS_ACTIVE, NULL, NULL, -1);
    arena_free(c->arena);
    xfree(c);
}

/* What was decided on caches is told only when the database has said that they held. And a call of one message
 * has one: OK without it is an error to every client of gRPC, and none could say which. */
static void check_end(struct call *c)
{
    if (c->err.reason != R_NONE) {
        return;
    }
    if (c->flow->trust == TRUST_CACHES && !c->verified) {
        (void)call_fail(c, R_INTERNAL, "%s answers on caches that nobody verified", c->flow->name);
    } else if (c->reply == NULL && c->method->server_streams == 0) {
        (void)call_fail(c, R_INTERNAL, "%s has no reply", c->flow->name);
    }
}

/* The one place from which a response leaves. */
static void answer(struct call *c)
{
    CH_ASSERT(c->phase != PHASE_ANSWERED);
    c->phase = PHASE_ANSWERED;
    loop_timer_cancel(&c->deadline_timer);
    check_end(c);
    if (!call_client_is_gone(c) && c->err.reason == R_NONE && c->reply != NULL &&
        !call_send(c, c->reply, &c->err).ok) {
        c->reply = NULL;
    }
    observe_call_done(c, call_client_is_gone(c));
    if (!call_client_is_gone(c)) {
        c->codec->finish(c);
    }
}

/* --- refusals ------------------------------------------------------------------------------- */

/* Who records the refusal; NULL: it is no decision, or nobody could tell whose. */
static step_fn recorder_of(const struct call *c)
{
    if (c->committed || c->caller == NULL || reason_info(c->err.reason)->audit != AUDIT) {
        return NULL;
    }
    return c->phase == PHASE_RUNNING && c->flow->on_refusal != NULL
               ? c->flow->on_refusal
               : c->rpc->authenticator->on_refusal;
}

/* A step failed: the refusal is a decision, so it is recorded before it is told. False: it was told. */
static bool refuse(struct call *c, step *result)
{
    if (c->phase == PHASE_REFUSING) {
        answer(c); /* the refusal could not be recorded: tell that, not the refusal */
        return false;
    }
    step_fn recorder = recorder_of(c);
    if (recorder == NULL) {
        answer(c);
        return false;
    }
    c->phase = PHASE_REFUSING;
    *result = recorder(c);
    return true;
}

/* --- steps ---------------------------------------------------------------------------------- */

static bool stop(struct call *c, enum reason reason, const char *why)
{
    c->is_over = true;
    return step_failed(call_fail(c, reason, "%s before %s", why, call_row_name(c)));
}

/* Whether the flow must stop here because nobody waits for its answer any more. */
bool call_must_stop(struct call *c)
{
    if (c->committed || c->phase == PHASE_REFUSING || c->phase == PHASE_ANSWERED) {
        return false;
    }
    if (call_client_is_gone(c)) {
        return stop(c, R_CANCELLED, "client gone");
    }
    return loop_now(c->rpc->loop).ns >= c->deadline.ns && stop(c, R_DEADLINE_EXCEEDED, "deadline");
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
    if (fault_point(c)) {
        return (step){STEP_KIND_WAIT}; /* a test delays this step; its timer goes on */
    }
    if (call_must_stop(c)) {
        return STEP_FAILED;
    }
    if ((row->flags & STEP_COMMIT) != 0) {
        c->committed = true;
    }
    note_start(c);
    return row->run(c);
}

/* The caller is known: take in the request, or go on with the flow when it was asked again. */
static bool authenticated(struct call *c, step *result)
{
    c->is_known = true;
    if (c->has_begun) {
        c->phase = PHASE_RUNNING;
        *result = (step){STEP_KIND_MOVED};
        return true;
    }
    c->phase = PHASE_RECEIVING;
    net_stream_read(c->stream, c->method->max_request_bytes);
    return false;
}

/* A table has come to its end, or one row of the flow's has. False: nothing is left to do now. */
static bool advance(struct call *c, step *result)
{
    if (c->phase == PHASE_AUTHENTICATING) {
        return authenticated(c, result);
    }
    if (c->phase == PHASE_REFUSING) {
        answer(c);
        return false;
    }
    observe_step(c->flow->name, c->flow->steps[c->row].name,
                 loop_now(c->rpc->loop).ns - c->row_started.ns);
    c->row++;
    if (result->kind == STEP_KIND_DONE || c->flow->steps[c->row].name == NULL) {
        answer(c);
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

/* --- from the stream's opening to the flow -------------------------------------------------- */

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

static void begin(struct call *c)
{
    const struct authenticator *authenticator = c->rpc->authenticator;
    if (c->phase == PHASE_ANSWERED) {
        return; /* canceled while it was queued */
    }
    if (c->rpc->refusal != R_NONE) {
        (void)call_fail(c, c->rpc->refusal, "the node is not serving");
        answer(c);
        return;
    }
    c->caller = arena_zalloc(c->arena, authenticator->caller_size);
    if (c->caller == NULL) {
        (void)call_fail(c, R_ARENA_EXHAUSTED, "caller of %s", c->flow->name);
        answer(c);
        return;
    }
    call_run(c, call_enter(c, authenticator->authenticate));
}

/* A stream to the client lasts as long as the client wants; what is longer than any process lasts is for ever. */
static void lift_deadline(struct call *c)
{
    static const int64_t endless_ms = 366 * 24 * 3600 * INT64_C(1000);
    int64_t asked_ms = c->facts.timeout_ms;
    loop_timer_cancel(&c->deadline_timer);
    if (asked_ms == 0 || asked_ms > endless_ms) {
        c->deadline.ns = INT64_MAX;
        return;
    }
    c->deadline = mono_add_ms(c->started, asked_ms);
    loop_timer_arm(&c->deadline_timer, call_remaining_ms(c));
}

static void start(struct call *c)
{
    if (c->phase == PHASE_ANSWERED) {
        return;
    }
    c->phase = PHASE_RUNNING;
    c->has_begun = true;
    if (c->method->server_streams != 0) {
        lift_deadline(c);
    }
    c->state = arena_zalloc(c->arena, c->flow->state.size);
    if (c->state == NULL) {
        (void)call_fail(c, R_ARENA_EXHAUSTED, "state of %s", c->flow->name);
        answer(c);
        return;
    }
    call_run(c, (step){STEP_KIND_MOVED});
}

static void unimplemented(struct call *c)
{
    if (c->phase != PHASE_ANSWERED) {
        (void)call_fail(c, R_METHOD_UNIMPLEMENTED, "%s", c->method->path);
        answer(c);
    }
}

static void run_task(struct loop_task *task)
{
    struct call *c = LIST_ENTRY(task, struct call, run_task);
    c->holders |= HOLD_RUN;
    c->holders &= ~(unsigned)HOLD_QUEUED;
    call_with_scope(c, c->flow == NULL                    ? unimplemented
                       : c->phase == PHASE_AUTHENTICATING ? begin
                                                          : start);
    call_release(c, HOLD_RUN);
}

static void queue(struct call *c)
{
    c->holders |= HOLD_QUEUED;
    loop_task_init(&c->run_task, run_task);
    loop_defer(c->rpc->loop, &c->run_task);
}

void call_begin(struct call *c)
{
    if (c->flow != NULL && method_is_public(c->method)) {
        c->phase = PHASE_RECEIVING;
        c->is_known = true; /* as well as need be */
        net_stream_read(c->stream, c->method->max_request_bytes);
        return;
    }
    c->phase = PHASE_AUTHENTICATING;
    queue(c);
}

void call_start(struct call *c)
{
    CH_ASSERT(c->phase == PHASE_RECEIVING && (c->holders & HOLD_QUEUED) == 0);
    queue(c);
}

static void abort_body(struct call *c)
{
    if (c->flow != NULL && c->flow->on_close != NULL && c->state != NULL) {
        c->flow->on_close(c);
    }
    call_cancel_op(c);
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
    call_with_scope(c, abort_body);
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

static step go_again(struct call *c, step_fn fn)
{
    size_t row = 0;
    if (c->agains++ >= CALL_AGAIN_MAX) {
        return call_fail(c, R_STALE, "decided %d times", CALL_AGAIN_MAX);
    }
    if (fn != NULL && !find_row(c->flow, fn, &row)) {
        return call_fail(c, R_INTERNAL, "%s has no row to go on from", c->flow->name);
    }
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
