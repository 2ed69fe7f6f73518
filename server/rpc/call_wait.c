/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting: for an operation, for the next turn of the loop, for a client stream's next message. */
#include "rpc/call_internal.h"
#include "wire/pb.h"

/* --- operations ----------------------------------------------------------------------------- */

step call_wait(struct call *c, step_fn then, void (*cancel)(void *op), void *op)
{
    CH_ASSERT((c->holders & HOLD_OP) == 0 && cancel != NULL);
    c->holders |= HOLD_OP;
    c->then = then;
    c->cancel = cancel;
    c->op = op;
    return (step){STEP_KIND_WAIT};
}

static void resume(struct call *c)
{
    if (c->phase == PHASE_ANSWERED) {
        return; /* its client went while it waited for its turn */
    }
    step_fn then = c->then;
    c->then = NULL;
    if (call_must_stop(c)) {
        call_run(c, STEP_FAILED);
    } else {
        call_run(c, then == NULL ? (step){STEP_KIND_MOVED} : then(c));
    }
}

void call_resume(struct call *c)
{
    CH_ASSERT((c->holders & HOLD_OP) != 0);
    CH_ASSERT(c->phase != PHASE_ANSWERED); /* an answered call has canceled its operation */
    c->holders &= ~(unsigned)HOLD_OP;
    c->cancel = NULL;
    c->op = NULL;
    c->rests = false;
    call_go_on(c, resume);
}

void call_cancel_op(struct call *c)
{
    if ((c->holders & HOLD_OP) != 0) {
        if (c->begin_op != NULL) {
            call_leave_meeting(c);
        } else {
            c->cancel(c->op);
        }
        c->cancel = NULL;
        c->op = NULL;
        c->rests = false;
        c->holders &= ~(unsigned)HOLD_OP;
    }
}

/* --- pauses --------------------------------------------------------------------------------- */

static void pause_over(struct loop_timer *timer)
{
    call_resume(LIST_ENTRY(timer, struct call, pause_timer));
}

static void cancel_pause(void *op)
{
    struct call *c = op;
    loop_timer_cancel(&c->pause_timer);
}

step call_pause(struct call *c, step_fn then, int64_t ms)
{
    if (c->pause_timer.event == NULL) {
        loop_timer_init(&c->pause_timer, c->rpc->loop, pause_over);
    }
    loop_timer_arm(&c->pause_timer, ms);
    return call_wait(c, then, cancel_pause, c);
}

bool call_should_yield(const struct call *c)
{
    return clock_mono().ns - loop_now(c->rpc->loop).ns >= CALL_TURN_MS * 1000000LL;
}

/* By a timer, which fires in the next turn at the earliest: a deferred task would run in this one. */
step call_yield(struct call *c, step_fn then)
{
    return call_pause(c, then, 0);
}

/* --- streams of messages -------------------------------------------------------------------- */

static void stop_waiting_for_message(void *op)
{
    struct call *c = op;
    c->waits_for_message = false;
    loop_task_cancel(&c->message_task);
}

/* The message before it is over, and the next one may come. */
static void take_message(struct call *c)
{
    arena_free(c->taken.arena);
    c->taken = c->waiting;
    c->waiting = (struct stream_message){0};
    c->request = c->taken.message;
    if (!call_client_is_gone(c) && !c->client_ended) {
        call_read(c);
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

bool call_is_idle(const struct call *c)
{
    return c->waits_for_message && c->waiting.message == NULL && !c->client_ended;
}

void call_wake_for_message(struct call *c)
{
    if (c->waits_for_message && !call_is_idle(c)) {
        loop_defer(c->rpc->loop, &c->message_task);
    }
}

/* Always by way of the loop, also when a message is there already: otherwise a client that sends many
 * would nest our steps as deep as it likes. */
step call_next_message(struct call *c, step_fn then)
{
    if (c->rpc->is_ending && c->waiting.message == NULL && !c->client_ended) {
        return call_fail(c, R_SHUTTING_DOWN, "waits for a message");
    }
    c->on_message = then;
    c->waits_for_message = true;
    loop_task_init(&c->message_task, message_task);
    step waiting = call_wait(c, message_came, stop_waiting_for_message, c);
    call_wake_for_message(c);
    return waiting;
}
