/* SPDX-License-Identifier: Apache-2.0 */
/* A call whose memory is used up, at every allocation and every byte: it is refused for that, or served in full.
 *
 * The linker puts __wrap_arena_new in place of arena_new (--wrap), so that a call's arena fails when a test says so; that
 * of a refusal's details does not. */
#include "toy.h"

struct arena *__real_arena_new(size_t budget);
struct arena *__wrap_arena_new(size_t budget);

static size_t fail_at;   /* the n-th allocation of each arena that is made; 0: none */
static size_t budget_is; /* 0: as it is asked for */

struct arena *__wrap_arena_new(size_t budget)
{
    if (budget == CALL_DETAILS_BYTES) {
        return __real_arena_new(budget);
    }
    struct arena *arena = __real_arena_new(budget_is == 0 ? budget : budget_is);
    arena_fail_at(arena, fail_at);
    return arena;
}

static int set_up(void **state)
{
    fail_at = budget_is = 0;
    return toy_set_up(state);
}

/* --- a call that uses memory wherever the engine does ------------------------------------------- */

static step knows_by_its_headers(struct call *c)
{
    call_note_caller(c, "al@contoso.com");
    assert_true(slice_eq(call_metadata(c, "authorization"), slice_str("Bearer token")));
    assert_int_equal(call_metadata_count(c, "dpop"), 2);
    assert_non_null(call_peer_address(c));
    return STEP_NEXT;
}

static step uses_memory(struct call *c)
{
    return arena_zalloc(call_arena(c), 100) == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "toy")
                                                    : STEP_NEXT;
}

static struct net_stream *ask(const struct flow *flow)
{
    struct net_request request = fake_net_request(flow->method);
    fake_net_header(&request, "authorization", "Bearer token");
    fake_net_header(&request, "dpop", "one");
    fake_net_header(&request, "dpop", "two");
    struct net_stream *s = toy_open_with(&request);
    toy_body(s);
    toy_settle();
    return s;
}

/* Ask with less and less missing, until nothing is; how often it was refused. */
static size_t torture(const struct flow *flow, size_t *what, size_t by, size_t most)
{
    size_t refused = 0;
    for (*what = by; *what <= most; *what += by) {
        const struct net_stream *s = ask(flow);
        if (s->code == GRPC_OK) {
            assert_served(s);
        } else {
            assert_refused(s, R_ARENA_EXHAUSTED);
            refused++;
        }
    }
    assert_served(toy.streams[toy.stream_count - 1]);
    return refused;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A1] = knows_by_its_headers;
    toy.on[F2] = uses_memory;
    /* Address, three headers by name and value, caller, state, step, reply, packed: 12 at least. */
    assert_in_range(torture(&TOY_FLOW, &fail_at, 1, 40), 12, 30);
}

static void every_budget_may_be_used_up(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A1] = knows_by_its_headers;
    toy.on[F2] = uses_memory;
    assert_in_range(torture(&TOY_FLOW, &budget_is, 4, 1200), 60, 290);
}

/* A text that finds no room, in a step that does not look. */
static step replies_with_a_part_left_out(struct call *c)
{
    (void)arena_strdup(call_arena(c), "part");
    return call_reply(c, call_message(c, call_method(c)->response));
}

static void nothing_is_left_out_of_a_reply(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    size_t without = torture(&TOY_FLOW, &fail_at, 1, 40);
    toy.on[F4] = replies_with_a_part_left_out;
    assert_int_equal(torture(&TOY_FLOW, &fail_at, 1, 40), without + 1);
}

/* --- refusals are told in any case -------------------------------------------------------------- */

static step refuses_with_details(struct call *c)
{
    call_error_metadata(c, "boundary", "gcc-high");
    return call_bad_field(c, "policy", "It is bad.");
}

static void a_refusal_is_told_with_its_reason(void **state)
{
    (void)state;
    size_t told = 0;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = refuses_with_details;
    for (fail_at = 1; fail_at <= 60; fail_at++) {
        const struct net_stream *s = ask(&TOY_FLOW);
        bool is_exhausted = strcmp(s->text, reason_info(R_ARENA_EXHAUSTED)->text) == 0;
        enum reason reason = is_exhausted ? R_ARENA_EXHAUSTED : R_FIELD_INVALID;
        assert_refused(s, reason);
        assert_true(toy_details_have(s, reason_info(reason)->public_name));
        told += !is_exhausted;
    }
    assert_in_range(told, 45, 52);
    const struct net_stream *last = toy.streams[toy.stream_count - 1];
    assert_true(toy_details_have(last, "gcc-high") && toy_details_have(last, "It is bad."));
}

static void a_full_arena_has_room_for_the_status(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    budget_is = 1;
    const struct net_stream *s = ask(&TOY_FLOW);
    assert_refused(s, R_ARENA_EXHAUSTED);
    assert_int_equal(s->reads, 0);
    assert_true(toy_details_have(s, reason_info(R_ARENA_EXHAUSTED)->public_name));
    assert_story("");
}

/* --- streams ----------------------------------------------------------------------------------- */

static step keeps_waiting(struct call *c)
{
    return toy_wait(c, toy_next);
}

/* Of what the client sends and nobody takes one message waits here, and the rest with the client. */
static void an_inbox_is_bounded(void **state)
{
    (void)state;
    toy_serve(&TOY_CHAT);
    toy.on[F1] = keeps_waiting;
    struct net_stream *s = toy_open(&TOY_CHAT);
    for (int i = 0; i < FAKE_PARTS_MAX; i++) {
        fake_net_message(s, SLICE_NONE);
    }
    toy_settle();
    assert_int_equal(s->told, 1);
    assert_unanswered(s);
    fake_net_close(s);
    toy_settle();
    assert_int_equal(toy.canceled, 1);
}

static size_t used_by_the_call;

static step repeats(struct call *c);

/* Each time nearly all of the budget, for what is read and for what is made. */
static step answers_at_length(struct call *c)
{
    if (call_request(c) == NULL) {
        return STEP_NEXT;
    }
    assert_int_equal(arena_used(call_arena(c)), used_by_the_call);
    call_begin_message(c);
    assert_int_equal(arena_used(call_arena(c)), 0);
    const ProtobufCMessage *message = call_message(c, call_method(c)->response);
    assert_non_null(arena_alloc(call_arena(c), arena_left(call_arena(c)) - 512));
    assert_true(call_send(c, message, call_err(c)).ok);
    return repeats(c);
}

static step repeats(struct call *c)
{
    used_by_the_call = arena_used(call_arena(c));
    return call_next_message(c, answers_at_length);
}

static void a_stream_keeps_nothing_of_its_messages(void **state)
{
    (void)state;
    toy_serve(&TOY_CHAT);
    toy.on[F1] = repeats;
    struct net_stream *s = toy_open(&TOY_CHAT);
    for (int i = 1; i < FAKE_SENT_MAX; i++) {
        fake_net_message(s, SLICE_NONE);
    }
    fake_net_end(s);
    toy_settle();
    assert_int_equal(s->sent_count, FAKE_SENT_MAX); /* with the reply at the end */
    assert_int_equal(s->code, GRPC_OK);
}

static step makes_too_much(struct call *c)
{
    call_begin_message(c);
    const ProtobufCMessage *message = call_message(c, call_method(c)->response);
    assert_null(arena_alloc(call_arena(c), arena_left(call_arena(c)) + 1));
    return step_from(call_send(c, message, call_err(c)));
}

/* Nobody is sent a message that lacks a part. */
static void a_message_beyond_the_budget_is_not_sent(void **state)
{
    (void)state;
    toy_serve(&TOY_TAIL);
    toy.on[F2] = makes_too_much;
    struct net_stream *s = toy_ask(&TOY_TAIL);
    assert_int_equal(s->sent_count, 0);
    assert_refused(s, R_ARENA_EXHAUSTED);
}

static step sends(struct call *c)
{
    const ProtobufCMessage *message = call_message(c, call_method(c)->response);
    return message == NULL ? STEP_FAILED : step_from(call_send(c, message, call_err(c)));
}

static void every_allocation_of_a_stream_may_fail(void **state)
{
    (void)state;
    toy_serve(&TOY_CHAT);
    toy.on[F1] = sends;
    toy.on[F4] = toy_is_done;
    assert_in_range(torture(&TOY_CHAT, &fail_at, 1, 40), 10, 25);
}

/* Budgets grow with what a method may be sent. */
static void budgets_have_defaults(void **state)
{
    (void)state;
    assert_int_equal(toy.rpc->limits.arena_base_bytes, 1 << 20);
    assert_int_equal(toy.rpc->limits.arena_factor, 4);
    toy_engine(&(const struct rpc_limits){0}, &TOY_AUTHENTICATOR);
    assert_int_equal(toy.rpc->limits.max_deadline_ms, 30000);
    const struct rpc_limits own = {.arena_base_bytes = 64,
                                   .arena_factor = 2,
                                   .max_deadline_ms = 5,
                                   .party_calls = 7,
                                   .party_streams = 3};
    toy_engine(&own, &TOY_AUTHENTICATOR);
    assert_memory_equal(&toy.rpc->limits, &own, sizeof own);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_allocation_may_fail),
        TEST(every_budget_may_be_used_up),
        TEST(nothing_is_left_out_of_a_reply),
        TEST(a_refusal_is_told_with_its_reason),
        TEST(a_full_arena_has_room_for_the_status),
        TEST(an_inbox_is_bounded),
        TEST(a_stream_keeps_nothing_of_its_messages),
        TEST(a_message_beyond_the_budget_is_not_sent),
        TEST(every_allocation_of_a_stream_may_fail),
        TEST(budgets_have_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
