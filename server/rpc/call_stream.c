/* SPDX-License-Identifier: Apache-2.0 */
/* Streams to the client: messages that are made and forgotten, a client that reads slowly, and a caller who is found out
 * anew, because a stream may outlive what its caller may do. */
#include "rpc/call_internal.h"

/* --- messages --------------------------------------------------------------------------------- */

void call_begin_message(struct call *c)
{
    c->outgoing = c->outgoing == NULL ? arena_new(c->arena_bytes) : c->outgoing;
    c->makes_message = true;
}

void call_end_message(struct call *c)
{
    if (c->makes_message) {
        arena_reset(c->outgoing);
        c->makes_message = false;
    }
}

void call_drop_message(struct call *c)
{
    CH_ASSERT(c->makes_message);
    call_end_message(c);
}

rc call_send(struct call *c, const struct ProtobufCMessage *message, struct err *err)
{
    struct slice packed;
    ENSURE(call_may_tell(c), err, R_INTERNAL);
    ENSURE(!c->makes_message || !arena_is_exceeded(c->outgoing), err, R_ARENA_EXHAUSTED);
    size_t own_bytes = c->codec->reply_bytes;
    AUTO(arena_free_at) struct arena *own = own_bytes == 0 ? NULL : arena_new(own_bytes);
    TRY(c->codec->encode(own == NULL ? call_arena(c) : own, message, &packed, err));
    if (!call_client_is_gone(c)) {
        net_stream_send(c->stream, packed);
    }
    call_end_message(c);
    return OK;
}

/* --- waiting ---------------------------------------------------------------------------------- */

static step rest(struct call *c, step waiting)
{
    c->rests = true;
    return waiting;
}

static void stop_awaiting_room(void *op)
{
    struct call *c = op;
    c->awaits_room = false;
}

void call_wake_for_room(struct call *c)
{
    if (c->awaits_room) {
        c->awaits_room = false;
        call_resume(c);
    }
}

step call_await_room(struct call *c, step_fn then)
{
    CH_ASSERT(!c->makes_message);
    if (c->rpc->is_ending) {
        return call_fail(c, R_SHUTTING_DOWN, "between two messages");
    }
    if (call_client_is_gone(c) || net_stream_queued(c->stream) <= NET_STREAM_QUEUE_MAX / 2) {
        return then(c);
    }
    c->awaits_room = true;
    net_stream_await_room(c->stream);
    return rest(c, call_wait(c, then, stop_awaiting_room, c));
}

step call_rest(struct call *c, step_fn then, int64_t ms)
{
    CH_ASSERT(!c->makes_message);
    return c->rpc->is_ending ? call_fail(c, R_SHUTTING_DOWN, "at rest")
                             : rest(c, call_pause(c, then, ms));
}

/* --- terms ------------------------------------------------------------------------------------ */

bool call_must_renew(const struct call *c)
{
    return loop_now(c->rpc->loop).ns >= mono_add_ms(c->known_at, CALL_TERM_MS).ns;
}

step call_renew(struct call *c, step_fn fn)
{
    CH_ASSERT(c->method->server_streams != 0 && c->is_known);
    call_end_message(c);
    arena_free(c->term);
    c->term = arena_new(c->arena_bytes);
    c->agains = 0; /* who is asked again in time has decided nothing wrong */
    return call_authenticate_again(c, fn);
}
