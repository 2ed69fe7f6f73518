/* SPDX-License-Identifier: Apache-2.0 */
/* From the stream's opening to the flow: who is asking, and then, when the request is complete, the first step. */
#include "rpc/call_internal.h"

static void begin(struct call *c)
{
    const struct authenticator *authenticator = c->rpc->authenticator;
    if (c->rpc->refusal != R_NONE) {
        (void)call_fail(c, c->rpc->refusal, "the node is not serving");
        call_answer(c);
        return;
    }
    c->caller = arena_zalloc(c->arena, authenticator->caller_size);
    if (c->caller == NULL) {
        (void)call_fail(c, R_ARENA_EXHAUSTED, "caller of %s", c->flow->name);
        call_answer(c);
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

/* A client may hold its body back until its deadline, and be revoked meanwhile. The gate compares what caches said; a
 * flow without one acts on what it reads, so its caller is read as late. */
static bool is_known_for_long(const struct call *c)
{
    return c->caller != NULL && c->flow->trust == TRUST_NOTHING &&
           loop_now(c->rpc->loop).ns >= mono_add_ms(c->known_at, KNOWN_FOR_MS).ns;
}

static void start(struct call *c)
{
    c->phase = PHASE_RUNNING;
    c->has_begun = true;
    if (c->method->server_streams != 0) {
        lift_deadline(c);
    }
    c->state = arena_zalloc(c->arena, c->flow->state.size);
    if (c->state == NULL) {
        (void)call_fail(c, R_ARENA_EXHAUSTED, "state of %s", c->flow->name);
        call_answer(c);
        return;
    }
    call_run(c, is_known_for_long(c) ? call_authenticate_again(c, NULL) : (step){STEP_KIND_MOVED});
}

static void go_on(struct call *c)
{
    if (c->phase == PHASE_ANSWERED) {
        return; /* its client went while it was queued */
    }
    if (c->flow == NULL) {
        (void)call_fail(c, R_METHOD_UNIMPLEMENTED, "%s", c->method->path);
        call_answer(c);
    } else if (c->phase == PHASE_AUTHENTICATING) {
        begin(c);
    } else {
        start(c);
    }
}

void call_read(struct call *c)
{
    net_stream_read(c->stream, call_body_max(c));
}

void call_begin(struct call *c)
{
    if (c->flow != NULL && method_is_public(c->method)) {
        c->phase = PHASE_RECEIVING;
        c->is_known = true; /* as well as need be */
        call_read(c);
        return;
    }
    c->phase = PHASE_AUTHENTICATING;
    call_queue(c, go_on);
}

void call_start(struct call *c)
{
    CH_ASSERT(c->phase == PHASE_RECEIVING && (c->holders & HOLD_QUEUED) == 0);
    call_queue(c, go_on);
}
